# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""What the documentation shows is true: its examples load, its tables are those of the program."""

import re

import pytest

from support import ROOT, Authority, liaison

NAME = r"(?:(?:scripts|connectors|transformers|lib|tests)/\w+|liaison)\.lua"
BLOCK = re.compile(rf"^```lua\n(-- ({NAME})\n.*?)^```$", re.MULTILINE | re.DOTALL)
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
SECRET = re.compile(r'secret\(? ?"(\w+)"')
NO_SCRIPTS = "scripts: warning: there are no scripts: put them into scripts/, as in scripts/sync.lua\n"


def text_of(page):
    """Without the guide of MAPPING.md, which has a test of its own, and without the blocks that show
    expressions and their values, which a unit test runs."""
    text = page.read_text()
    if page.name == "MAPPING.md":
        text = text.split("\n## Cookbook\n")[1]
    return re.sub(r"^```lua\n(?:(?!```).*\n)*?.*-->(?:.*\n)*?```$", "", text, flags=re.MULTILINE)


def sections(text):
    """(title, text) of what stands between two headings."""
    parts = re.split(r"^#+ (.*)$", text, flags=re.MULTILINE)
    return zip(parts[1::2], parts[2::2])


def examples(with_file=""):
    """One project for each section that shows complete files, one of them called so."""
    for page in PAGES:
        for title, text in sections(text_of(page)):
            blocks = [(name, block) for block, name in BLOCK.findall(text)]
            if any(name.startswith(with_file) for name, _ in blocks):
                yield pytest.param(blocks, id=f"{page.stem}: {title}")


def add_own_connectors(project):
    """The repository's, over which the examples lie."""
    for path in (ROOT / "connectors").glob("*.lua"):
        project.write(f"connectors/{path.name}", path.read_text())


def add_own_script(project):
    path = ROOT / "scripts" / "register_sync.lua"
    project.write(f"scripts/{path.name}", path.read_text())


def check(project):
    text = "".join(path.read_text() for path in project.path.rglob("*.lua"))
    if '"tls/' in text:
        Authority(project.path / "tls").make("liaison")
    keys = {name: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" if name.startswith("WEBHOOK") else "s3cret"
            for name in SECRET.findall(text)}
    return liaison("check", project.path, env=keys)


@pytest.mark.parametrize("blocks", examples())
def test_an_example_loads(project, blocks):
    add_own_connectors(project)
    names = [name for name, _ in blocks]
    assert len(names) == len(set(names)), "two blocks of one section are the same file"
    for name, block in blocks:
        project.write(name, block)
    result = check(project)
    has_scripts = any(name.startswith("scripts/") for name in names)
    assert (result.status, result.err) == (0, "" if has_scripts else NO_SCRIPTS)


@pytest.mark.parametrize("blocks", examples(with_file="tests/"))
def test_an_example_s_specs_pass(project, blocks):
    add_own_connectors(project)
    add_own_script(project)
    for name, block in blocks:
        project.write(name, block)
    result = liaison("test", project.path)
    assert (result.status, result.err) == (0, ""), result.out


def test_each_page_that_shows_lua_shows_complete_files():
    for page in PAGES:
        text = text_of(page)
        assert text.count("```lua\n") == len(BLOCK.findall(text)), page.name


def test_the_examples_of_values_are_held_against_the_program(project):
    text = (ROOT / "docs" / "SCRIPTING.md").read_text()
    [values] = [block for block, name in BLOCK.findall(text) if name == "scripts/values.lua"]
    project.script(values.replace("== 7", "== 8", 1))
    result = liaison("check", project.path)
    assert result.status == 1
    assert "scripts/sync.lua:5: assertion failed!" in result.err


def test_the_readme_shows_the_repository_s_own_files():
    def without_comments(text):
        return [line for line in text.splitlines() if line.strip() and not line.startswith("--")]

    shown = dict((name, block) for block, name in BLOCK.findall((ROOT / "README.md").read_text()))
    assert without_comments(shown["scripts/register_sync.lua"]) == \
        without_comments((ROOT / "scripts" / "register_sync.lua").read_text())
    assert set(shown) == {"scripts/register_sync.lua", "connectors/calendarApi.lua"}


def test_the_metrics_are_the_program_s(project, make_daemon):
    project.script("""
        local sync = SyncManager.new {}
        sync:on("t", function(event) sync:send { connector = "c", data = 1 } end)
        sync:start()
    """)
    project.connector("c", "return function() end")
    daemon = make_daemon().start()
    daemon.emit("t", time="2026-11-26T00:00:00Z")
    daemon.wait_delivered("c", 1)
    given = {}
    for name, family in daemon.metrics().items():
        labels = {label for _, pairs in family.samples for label, _ in pairs} - {"le"}
        given[name] = (family.type, labels)
    row = re.compile(r"^\| `((?:liaison|process)_\w+)` \| (\w+) \| ([\w, ]*) ?\|", re.MULTILINE)
    told = dict(sections((ROOT / "docs" / "OPERATING.md").read_text()))["Metrics and alerts"]
    shown = {name: (type, set(re.findall(r"\w+", labels))) for name, type, labels in row.findall(told)}
    assert len(shown) > 20
    assert shown == given


def test_the_alerts_are_those_of_the_rules():
    told = dict(sections((ROOT / "docs" / "OPERATING.md").read_text()))["Metrics and alerts"]
    rules = (ROOT / "packaging" / "prometheus" / "liaison.rules.yml").read_text()
    assert re.findall(r"`(Liaison\w+)`", told) == re.findall(r"- alert: (\w+)", rules)


def test_the_configuration_s_keys_are_the_program_s():
    # A key without a default has its help where the others' default stands.
    row = re.compile(r"^  (?!settings)(\w+(?:\.\w+)?) +[a-z|]+ +(?:(\S+) {2,})?\S", re.MULTILINE)
    listed = liaison("run", "--help").out.split("Keys of liaison.lua")[1]
    keys = dict(row.findall(listed))
    cell = re.compile(r"^\| `(?!settings)(\w+(?:\.\w+)?)` \| (?:`(\S+)`)?", re.MULTILINE)
    told = dict(sections((ROOT / "docs" / "OPERATING.md").read_text()))["Configuration"]
    shown = dict(cell.findall(told))
    assert len(keys) > 10
    assert shown == keys
