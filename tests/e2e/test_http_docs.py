# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""docs/HTTP.md: its commands answer what it shows."""

import subprocess

from support import ROOT, SLOWNESS
from support.console import console_examples, is_shown

ADDRESS = "http://127.0.0.1:8750"


def test_each_command_answers_what_is_shown(project, make_daemon):
    project.script("""
        local sync = SyncManager.new {}
        sync:on("*", function(event) end)
        sync:start()
    """)
    daemon = make_daemon().start()
    commands = list(console_examples((ROOT / "docs" / "HTTP.md").read_text()))
    assert len(commands) >= 10
    for command, shown in commands:
        assert ADDRESS in command
        command = command.replace("--max-time 1", f"--max-time {SLOWNESS}")
        said = subprocess.run(command.replace(ADDRESS, daemon.url), shell=True, text=True,
                              cwd=project.path,
                              capture_output=True, timeout=30 * SLOWNESS).stdout.replace("\r", "")
        assert is_shown(shown, said), f"{command}\nshown: {shown}\nsaid:  {said}"
