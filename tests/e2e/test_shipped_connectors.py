# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""`liaison connectors`: what ships, with options, and the same as its README says."""

import json
import re

from support import ROOT, liaison

README = ROOT / "connectors" / "clickhouse" / "README.md"


def options():
    return json.loads(liaison("connectors", "clickhouse", "--json").out)["options"]


def test_what_ships_is_listed():
    result = liaison("connectors")
    assert result.status == 0
    assert result.out.splitlines() == [
        "CONNECTOR   WHAT",
        "clickhouse  Inserts rows into a table of ClickHouse",
    ]
    listed = json.loads(liaison("connectors", "--json").out)
    assert [connector["name"] for connector in listed] == ["clickhouse"]


def test_one_is_shown_with_its_options_and_an_example():
    out = liaison("connectors", "clickhouse").out
    assert out.startswith("clickhouse: Inserts rows into a table of ClickHouse\n\nOPTION ")
    assert re.search(r"^table +string +\(needed\) +the table, whose columns", out, re.M)
    assert re.search(r"^database +string +- +the table's", out, re.M)
    assert re.search(r'^timeout +duration +"30s" +of one attempt$', out, re.M)
    assert re.search(r"^rows +number +500 +deliveries inserted at once$", out, re.M)
    assert out.endswith("\n\n" + (README.parent / "example.lua").read_text())


def test_the_example_is_a_connector(project):
    project.connector("out", liaison("connectors", "clickhouse").out.split("\n\n", 2)[2])
    project.script("SyncManager.new {}:start()")
    result = liaison("check", project.path, env={"CLICKHOUSE_PASSWORD": "secret"})
    assert result.status == 0, result.err


def test_the_readme_names_the_same_options():
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \|", README.read_text(), re.M)
    assert [name for name, _ in rows] == [option["name"] for option in options()]
    for (_, said), option in zip(rows, options()):
        if "default" in option:
            assert said == f"`{option['default']}`"


def test_an_unknown_one_is_told_with_those_that_are_there():
    result = liaison("connectors", "clikhouse")
    assert result.status == 1
    assert result.err == "liaison: no connector `clikhouse` ships with Liaison; there is clickhouse\n"
