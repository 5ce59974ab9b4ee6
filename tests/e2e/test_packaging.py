# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""What is said twice about packages says the same. `make package-check` tries the package itself."""

import re

from support import ROOT, liaison

PACKAGING = ROOT / "packaging"


def test_the_changelog_s_newest_version_is_the_program_s():
    newest = re.match(r"liaison \((\S+)\) ", (PACKAGING / "debian" / "changelog").read_text())
    assert f"liaison {newest[1]}\n" == liaison("version").out


def test_the_package_s_licence_is_the_repository_s():
    licence = (ROOT / "LICENSE").read_text().split("Permission is", 1)[1].split()
    copyright = (PACKAGING / "debian" / "copyright").read_text().split("Permission is", 1)[1].split()
    assert [word for word in copyright if word != "."] == licence
