# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""`liaison new` makes a project that runs."""

import re

import pytest

from support import ROOT, liaison

FILES = [".gitignore", ".luarc.json", "README.md", "connectors/calendarApi.lua",
         "connectors/dataWarehouse.lua", "liaison.lua", "scripts/register_sync.lua",
         "tests/schedules.lua", "types/liaison.lua"]


def files_in(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("path", ["one", "several/folders/deep", "trailing/"])
def test_makes_all_files(tmp_path, path):
    result = liaison("new", path, cwd=tmp_path)
    assert result.status == 0
    assert files_in(tmp_path / path) == FILES


def test_the_script_and_connectors_are_those_of_the_repository(tmp_path):
    liaison("new", "p", cwd=tmp_path)
    for name in FILES[3:5] + FILES[6:7]:
        assert (tmp_path / "p" / name).read_text() == (ROOT / name).read_text()


def test_its_specs_pass(tmp_path):
    liaison("new", "p", cwd=tmp_path)
    result = liaison("test", "p", cwd=tmp_path)
    assert (result.status, result.err) == (0, "")
    assert result.out.endswith("2 passed, 0 failed\n")


def commented_settings(text):
    """Numbers of the lines that set something once their dashes are taken away."""
    return [n for n, line in enumerate(text.splitlines()) if re.match(r" *-- \w+ *= ", line)]


def settings_shown(text):
    """What the commented lines say: the key with its table's name before it, and the value."""
    shown, table = {}, ""
    for line in text.splitlines():
        if opened := re.match(r"  (\w+) = {$", line):
            table = opened[1] + "."
        elif line == "  },":
            table = ""
        elif said := re.match(r' *-- (\w+) *= "?([^",]+)', line):
            shown[table + said[1]] = said[2]
    return shown


def uncomment(text, numbers):
    return "".join(re.sub(r"-- ", "", line, count=1) if n in numbers else line
                   for n, line in enumerate(text.splitlines(keepends=True)))


def test_each_commented_setting_is_accepted_without_its_dashes(tmp_path):
    liaison("new", "p", cwd=tmp_path)
    file = tmp_path / "p" / "liaison.lua"
    text = file.read_text()
    numbers = commented_settings(text)
    assert len(numbers) == 16
    for chosen in [*([n] for n in numbers), numbers]:
        file.write_text(uncomment(text, chosen))
        result = liaison("check", "p", cwd=tmp_path, env={"LIAISON_TOKEN": "t"})
        assert (result.status, result.err) == (0, ""), file.read_text()


def test_the_commented_settings_are_the_keys_that_there_are_with_their_defaults(tmp_path):
    liaison("new", "p", cwd=tmp_path)
    text = (tmp_path / "p" / "liaison.lua").read_text()
    told = liaison("run", "--help").out.split("Keys of liaison.lua")[1]
    rows = re.findall(r"^  ([a-zA-Z.]+) +[a-z|]+ +([^ ]+)  ", told, re.MULTILINE)
    defaults = {key: value for key, value in rows if not key.startswith("token")}
    shown = settings_shown(text)
    del shown["token"]
    assert shown == defaults


def test_says_what_to_type_next(tmp_path):
    result = liaison("new", "my-sync", cwd=tmp_path)
    for words in ("cd my-sync", "liaison test", "liaison run", "liaison sink", "liaison emit schedule.updated"):
        assert words in result.err
    assert result.out == ""


def test_the_readme_has_four_lines(tmp_path):
    liaison("new", "p", cwd=tmp_path)
    assert len((tmp_path / "p" / "README.md").read_text().splitlines()) == 4


def test_the_journal_is_left_out_of_git(tmp_path):
    liaison("new", "p", cwd=tmp_path)
    assert "var/" in (tmp_path / "p" / ".gitignore").read_text().splitlines()


def test_takes_an_empty_folder(tmp_path):
    (tmp_path / "p").mkdir()
    assert liaison("new", "p", cwd=tmp_path).status == 0
    assert files_in(tmp_path / "p") == FILES


@pytest.mark.parametrize("name", ["file.txt", ".hidden"])
def test_refuses_a_folder_that_holds_anything(tmp_path, name):
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / name).write_text("mine")
    result = liaison("new", "p", cwd=tmp_path)
    assert result.status == 1
    assert "p isn't empty" in result.err
    assert files_in(tmp_path / "p") == [name]


def test_refuses_a_path_that_is_a_file(tmp_path):
    (tmp_path / "p").write_text("mine")
    result = liaison("new", "p", cwd=tmp_path)
    assert result.status == 1
    assert (tmp_path / "p").read_text() == "mine"
