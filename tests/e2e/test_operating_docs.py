# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""docs/OPERATING.md: its commands say what it shows, and those that it only names are understood."""

import os
import re
import subprocess

import pytest

from support import LIAISON, ROOT, SLOWNESS, relay, wait_until
from support.console import console_examples, is_shown

PAGE = (ROOT / "docs" / "OPERATING.md").read_text()
ADDRESS = "http://127.0.0.1:8750"
BLOCK = re.compile(r"^```\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# For people who look after a daemon; `run`, `new` and the like are for those who write its scripts.
COMMANDS = {"status", "top", "tail", "explain", "dead", "replay", "pause", "resume", "backup", "fsck",
            "check", "emit", "reload"}
ENDLESS = {"top", "tail"}

SCRIPT = relay("schedule.updated", "calendarApi")

CONNECTOR = """
    return {
      send = function(data) return http.post(setting "url", { json = data }) end,
    }
"""


class Shell:
    """In the daemon's project; `liaison` is the one under test."""

    def __init__(self, folder, daemon, receiver):
        self.daemon = daemon
        (folder / "liaison").symlink_to(LIAISON)
        self.environment = {
            **os.environ, "PATH": f"{folder}:{os.environ['PATH']}",
            "LIAISON_URL": daemon.url, "LIAISON_SETTINGS_URL": receiver.url}

    def run(self, command):
        return subprocess.run(command, shell=True, text=True, cwd=self.daemon.project.path,
                              env=self.environment, timeout=60 * SLOWNESS,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def settle(self):
        """What the command before brought about has happened."""
        wait_until(lambda: not self.daemon.channel_sums().get("open")
                   and not self.daemon.connector_sums("calendarApi").get("waiting"), "all to end")


@pytest.fixture
def shell(tmp_path, project, make_daemon, receiver):
    project.script(SCRIPT)
    project.connector("calendarApi", CONNECTOR)
    receiver.answer_next(400)
    return Shell(tmp_path, make_daemon(settings={"url": receiver.url}).start(), receiver)


def test_each_command_says_what_is_shown(shell):
    id = None
    for command, shown in console_examples(PAGE):
        letters = shell.daemon.dead_letters()
        id = letters[0]["id"] if letters else id
        result = shell.run(re.sub(r"\bID\b", str(id), command))
        said = result.stdout.replace(shell.daemon.url, ADDRESS)
        assert is_shown(shown, said), f"{command}\nshown: {shown}\nsaid:  {said}"
        assert result.returncode == 0, command
        shell.settle()


def named_commands():
    """Of the blocks that show commands without what they say."""
    for block in BLOCK.findall(PAGE):
        for line in block.splitlines():
            if line.startswith("liaison "):
                yield line.partition(" #")[0].strip()


@pytest.mark.parametrize("line", named_commands())
def test_each_command_that_is_named_is_understood(shell, line, tmp_path):
    verb = line.split()[1]
    limit = f"timeout {2 * SLOWNESS:.0f} " if verb in ENDLESS else ""
    result = shell.run(limit + line.replace("/etc/", f"{tmp_path}/"))
    assert result.returncode in (0, 1, 124), result.stdout
    assert "Usage:" not in result.stdout


def test_each_command_for_operators_has_an_example():
    lines = [command for command, _ in console_examples(PAGE)] + list(named_commands())
    shown = {line.split()[1] for line in lines if line.startswith("liaison ")}
    assert COMMANDS <= shown
