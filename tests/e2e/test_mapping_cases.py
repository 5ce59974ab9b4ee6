# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""Each case of the conformance data for mappings is a spec of tests/lua/mapping, and passes."""

import json
import re

import pytest

from support import ROOT, liaison

CASES = ROOT.parent / "shared" / "conformance" / "mapping-cases.json"
SPECS = ROOT / "tests" / "lua" / "mapping"


def specs():
    """{case: category} of the files of specs."""
    return {name: path.name.split(".")[0]
            for path in SPECS.glob("*.spec.lua")
            for name in re.findall(r'^  it\("([^"]+)"', path.read_text(), re.MULTILINE)}


def test_each_case_has_a_spec():
    if not CASES.exists():
        pytest.skip("the conformance data aren't here")
    cases = {case["id"]: case["category"] for case in json.loads(CASES.read_text())["cases"]}
    assert {name: category for name, category in specs().items() if name in cases} == cases


def test_the_specs_pass():
    result = liaison("test", ROOT, "mapping ")
    assert (result.status, result.out.splitlines()[-1]) == (0, f"{len(specs())} passed, 0 failed")
