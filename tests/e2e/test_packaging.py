# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""What is said twice about packages says the same. `make package-check` tries the package itself."""

import re
import subprocess

from support import ROOT, liaison

PACKAGING = ROOT / "packaging"


def test_the_changelog_s_newest_version_is_the_program_s():
    newest = re.match(r"liaison \((\S+)\) ", (PACKAGING / "debian" / "changelog").read_text())
    assert f"liaison {newest[1]}\n" == liaison("version").out


def test_the_package_s_licence_is_the_repository_s():
    licence = (ROOT / "LICENSE").read_text().split("Permission is", 1)[1].split()
    copyright = (PACKAGING / "debian" / "copyright").read_text().split("Permission is", 1)[1].split()
    assert [word for word in copyright if word != "."] == licence


def instructions():
    """(word, rest) of each instruction of the Containerfile, its lines joined."""
    text = re.sub(r"^#.*\n", "", (PACKAGING / "Containerfile").read_text(), flags=re.MULTILINE)
    for line in text.replace("\\\n", " ").splitlines():
        if line:
            yield line.split(None, 1)


def test_the_container_names_no_packages_of_its_own_but_certificates():
    """Those to build with are the list's, those to run with the package's."""
    lines = [rest for word, rest in instructions() if word == "RUN"]
    sections = [name for line in lines for name in re.findall(r"--section (\S+)", line)]
    list_text = (PACKAGING / "debian-packages.txt").read_text()
    assert sections
    assert all(f"\n# {section}\n" in list_text for section in sections)
    installed = [name for line in lines for part in line.split("&&") if " install -y " in part
                 for name in part.split("--no-install-recommends")[1].split()]
    assert installed == ["ca-certificates", "/tmp/liaison_*.deb"]


def test_the_container_runs_without_root_and_tells_its_health():
    said = dict(instructions())
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", said["USER"])
    assert said["HEALTHCHECK"].endswith('CMD ["liaison", "status"]')
    assert said["ENTRYPOINT"] == '["liaison"]'
    assert f"STATE_DIRECTORY={said['VOLUME']}" == said["ENV"]


def test_the_container_s_steps_are_sound_shell():
    lines = "\n".join(rest for word, rest in instructions() if word == "RUN")
    process = subprocess.run(["shellcheck", "--shell=sh", "-"], input=lines, text=True,
                             capture_output=True)
    assert (process.returncode, process.stdout) == (0, "")
