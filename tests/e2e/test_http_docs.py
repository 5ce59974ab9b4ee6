# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""docs/HTTP.md: its commands answer what it shows."""

import re
import subprocess

from support import ROOT, SLOWNESS

BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ADDRESS = "http://127.0.0.1:8750"


def examples(text):
    """(command, what it shows), block after block."""
    for block in BLOCK.findall(text):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, shown = part.partition("\n")
            yield command, shown


def matches(shown, said):
    pattern = ".*?".join(re.escape(piece) for piece in shown.strip("\n").split("…"))
    return re.fullmatch(pattern, said.strip("\n")) is not None


def test_each_command_answers_what_is_shown(project, make_daemon):
    project.script("""
        local sync = SyncManager.new {}
        sync:on("*", function(event) end)
        sync:start()
    """)
    daemon = make_daemon().start()
    commands = list(examples((ROOT / "docs" / "HTTP.md").read_text()))
    assert len(commands) >= 10
    for command, shown in commands:
        assert ADDRESS in command
        command = command.replace("--max-time 1", f"--max-time {SLOWNESS}")
        said = subprocess.run(command.replace(ADDRESS, daemon.url), shell=True, text=True,
                              capture_output=True, timeout=30 * SLOWNESS).stdout.replace("\r", "")
        assert matches(shown, said), f"{command}\nshown: {shown}\nsaid:  {said}"
