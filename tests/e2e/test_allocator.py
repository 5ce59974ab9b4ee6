# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""The allocator that the daemon is linked with is the one that it uses."""

import os
from pathlib import Path

import pytest


@pytest.mark.skipif(os.environ.get("LIAISON_PRESET") in ("asan", "tsan", "valgrind"),
                    reason="it has the allocator of its preset")
def test_a_daemon_allocates_by_mimalloc(make_daemon, project):
    project.write("liaison.lua", "return {}")
    daemon = make_daemon().start()
    maps = Path(f"/proc/{daemon.process.pid}/maps").read_text(encoding="utf-8")
    assert "libmimalloc" in maps
