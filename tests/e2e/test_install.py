# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""What `make install` puts where, and that it runs from there."""

import os
import re
import stat
import subprocess
from pathlib import Path

import pytest

from support import LIAISON, ROOT, clean_environment
from support.links import fault, links

BUILD = Path(os.environ.get("LIAISON_BINARY", LIAISON)).parents[1]
CACHE = (BUILD / "CMakeCache.txt").read_text()
PREFIX = re.search(r"^CMAKE_INSTALL_PREFIX:PATH=(.*)$", CACHE, re.MULTILINE)[1]


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The prefix within a staging folder."""
    stage = tmp_path_factory.mktemp("stage")
    subprocess.run(["cmake", "--install", BUILD], env={**os.environ, "DESTDIR": str(stage)},
                   check=True, stdout=subprocess.DEVNULL)
    return stage / PREFIX.lstrip("/")


def run(program, *arguments, **options):
    return subprocess.run([program, *map(str, arguments)], env=clean_environment(), text=True,
                          capture_output=True, **options)


@pytest.mark.parametrize("path", [
    "bin/liaison",
    "lib/liaison/regex.so",
    "lib/liaison/unicode.so",
    "lib/liaison/xml.so",
    "lib/liaison/zones.so",
    "share/liaison/connectors/calendarApi.lua",
    "share/liaison/transformers/omitNulls.lua",
    "share/liaison/scripts/register_sync.lua",
    "share/liaison/prometheus/liaison.rules.yml",
    "share/doc/liaison/README.md",
    "share/doc/liaison/docs/OPERATING.md",
    "share/doc/liaison/examples/two-step/liaison.lua",
    "share/man/man1/liaison.1",
    "share/man/man1/liaison-dead.1",
    "share/bash-completion/completions/liaison",
    "share/fish/vendor_completions.d/liaison.fish",
    "share/zsh/site-functions/_liaison",
    "lib/systemd/system/liaison@.service",
])
def test_it_is_installed(installed, path):
    assert (installed / path).is_file()


def test_who_builds_the_program_alone_gets_its_modules():
    built = subprocess.run(["ninja", "-C", BUILD, "-t", "query", "bin/liaison"], text=True,
                           capture_output=True, check=True).stdout
    modules = re.findall(r"lib/liaison/(\w+)\.so", built)
    assert sorted(set(modules)) == sorted(p.stem for p in (ROOT / "src" / "modules").glob("*.c"))


def test_the_pages_find_what_they_link_to(installed):
    """But for the licence, which is called `copyright` there, as Debian wants it."""
    root = installed / "share" / "doc" / "liaison"
    faults = {(page.name, target): fault(page, target, root)
              for page in root.rglob("*.md") for target in links(page)}
    assert {link for link, why in faults.items() if why} == {("README.md", "LICENSE")}


def test_nothing_is_installed_that_is_a_link_or_writable_by_all(installed):
    for path in installed.rglob("*"):
        assert not path.is_symlink(), path
        assert not path.stat().st_mode & stat.S_IWOTH, path


def test_the_unit_starts_what_is_installed(installed):
    unit = (installed / "lib/systemd/system/liaison@.service").read_text()
    assert f"\nExecStart={PREFIX}/bin/liaison run /etc/liaison/%i\n" in unit
    assert "@CMAKE" not in unit


def test_what_ships_is_a_project(installed):
    result = run(installed / "bin/liaison", "check", installed / "share/liaison")
    assert (result.returncode, result.stderr) == (0, "")


def test_the_installed_program_finds_its_modules(installed, project):
    project.write("scripts/sync.lua", """
        assert(text.upper "é" == "É")
        assert(regex.find("a1", [[\\d]])[0] == "1")
        assert(time.iso("2026-07-01T10:00:00Z", "Europe/Berlin") == "2026-07-01T12:00:00+02:00")
        SyncManager.new {}:start()
        """)
    result = run(installed / "bin/liaison", "check", project.path)
    assert (result.returncode, result.stderr) == (0, "")


def test_the_installed_program_delivers_with_what_is_beside_it(installed, project, make_daemon, receiver):
    project.write("scripts/sync.lua", (ROOT / "scripts" / "register_sync.lua").read_text())
    daemon = make_daemon(program=installed / "bin/liaison", settings={
        "eventBusUrl": "embedded", "calendarUrl": receiver.url, "warehouseUrl": receiver.url})
    daemon.start().emit("schedule.updated", {"id": 7, "startTime": "2026-11-23T09:00:00Z"})
    receiver.wait_for(2)
    assert daemon.stop() == 0
