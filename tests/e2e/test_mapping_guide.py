# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""The guide of docs/MAPPING.md, from top to bottom, as its reader would do it. (The cookbook's
recipes are run by test_docs.py and by a unit test.)"""

import os
import re
import subprocess
from itertools import takewhile

import pytest

from support import LIAISON, ROOT, SLOWNESS, Project, wait_until
from support.console import console_examples, is_shown

GUIDE, COOKBOOK = (ROOT / "docs" / "MAPPING.md").read_text().split("\n## Cookbook\n")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"-- (\w+/\w+\.lua)\n")


class Reader:
    def __init__(self, folder):
        programs = folder / "programs"  # the program may have another name there
        programs.mkdir()
        (programs / "liaison").symlink_to(LIAISON)
        self.folder = folder
        self.environment = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"}

    @property
    def project(self):
        return self.folder / "my-sync"

    def run(self, command):
        cwd = self.project if self.project.exists() else self.folder
        return subprocess.run(command, shell=True, text=True, cwd=cwd, env=self.environment,
                              timeout=60 * SLOWNESS, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)

    def follow(self, block):
        for command, shown in console_examples(f"```console\n{block}```"):
            said = self.run(command).stdout
            assert is_shown(shown, said), f"{command}\nshown: {shown}\nsaid:  {said}"

    def do(self, language, block):
        if language == "console":
            self.follow(block)
        elif language == "json":
            (self.project / "visit.json").write_text(block)
        elif language == "lua":
            name = FILE.match(block)[1]
            (self.project / name).write_text(block)


@pytest.fixture
def reader(tmp_path):
    reader = Reader(tmp_path)
    for language, block in FENCE.findall(GUIDE):
        reader.do(language, block)
    return reader


def test_all_comes_out_as_it_is_shown(reader):
    result = reader.run("liaison test")
    assert result.stdout.splitlines()[-1].endswith(" passed, 0 failed"), result.stdout


def named_commands():
    """Those that the guide shows without what they say."""
    for language, block in FENCE.findall(GUIDE):
        if language == "":
            for line in block.splitlines():
                yield "".join(takewhile(lambda c: c != "#", line)).strip()


def test_the_commands_on_a_daemon_do_what_they_are_for(reader, make_daemon, receiver):
    commands = list(named_commands())
    assert commands[0] == "liaison sink"
    port = receiver.url.rsplit(":", 1)[1].split("/")[0]
    settings = dict(part.removeprefix("settings.").split("=") for part in commands[1].split()
                    if part.startswith("settings."))
    assert set(settings) == {"warehousePort", "officeCalendar"}
    assert all("9999" in value for value in settings.values())
    for name, value in settings.items():
        variable = "LIAISON_SETTINGS_" + re.sub("([A-Z])", r"_\1", name).upper()
        reader.environment[variable] = value.replace("9999", port)
    daemon = make_daemon(project=Project(reader.project), env=reader.environment).start()
    reader.environment["LIAISON_URL"] = daemon.url
    event = None
    for command in commands[2:]:
        result = reader.run(command.replace(" ID", f" {event}"))
        assert result.returncode == 0, f"{command}: {result.stdout}"
        if "emit" in command:
            wait_until(lambda: not daemon.channel_sums().get("open"), "the event to end")
            event = daemon.get("/api/events").json()["items"][0]["seq"]
    assert {request.method for request in receiver.requests} == {"POST", "PUT"}


def test_there_are_thirty_recipes():
    numbers = [int(n) for n in re.findall(r"^### (\d+)\. ", COOKBOOK, re.MULTILINE)]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) >= 30
    for recipe in re.split(r"^### ", COOKBOOK, flags=re.MULTILINE)[1:]:
        blocks = [block for language, block in FENCE.findall(recipe) if language == "lua"]
        assert any("-->" in block or block.startswith("-- tests/") for block in blocks), recipe
