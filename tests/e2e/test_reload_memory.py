# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""What was loaded before goes, its memory too: hundreds of reloads while events come leave none behind."""

import os
from pathlib import Path

import pytest

from support import assert_sums_hold, wait_until

# A sanitizer keeps for a while what is freed.
pytestmark = pytest.mark.skipif(os.environ.get("LIAISON_PRESET") in ("asan", "tsan", "valgrind"),
                                reason="memory isn't what it is without")

BEFORE, RELOADS = 50, 250  # buffers have grown by then
EVENTS = 4                 # each time
GROWTH = 8 << 20           # of it all: 32 KiB a reload

SCRIPT = """
    local shared = require "shared"
    local sync = SyncManager.new {}
    sync:on("thing", function(event)
      local name = lookup("rooms", "id")[event.data.room].name
      sync:send { connector = "out", transformer = "shape", data = { n = event.data.n, name = name } }
      shared.n = shared.n + 1
    end)
    sync:start()
"""
CONNECTOR = """
    return function(data) return http.post(setting "url", { json = data }) end -- VERSION
"""


@pytest.fixture
def daemon(project, make_daemon, receiver):
    project.script(SCRIPT)
    project.write("lib/shared.lua", "return { n = 0 }")
    project.write("transformers/shape.lua", "return function(data) return merge(data, { m = 1 }) end")
    project.write("data/rooms.csv", "id,name\n" + "".join(f"{n},room {n}\n" for n in range(500)))
    project.connector("out", CONNECTOR)
    return make_daemon("--set", "reload=manual", settings={"url": receiver.url}).start()


def resident(daemon):
    line = next(line for line in Path(f"/proc/{daemon.process.pid}/status").read_text().splitlines()
                if line.startswith("VmRSS:"))
    return int(line.split()[1]) << 10


def reload(daemon, project, n):
    """With a few events in progress."""
    for i in range(EVENTS):
        daemon.emit("thing", {"n": n * EVENTS + i, "room": str(i)})
    project.connector("out", CONNECTOR.replace("VERSION", str(n)))
    answer = daemon.post("/api/reload")
    assert answer.status == 200, answer.body


def test_memory_comes_back_after_each_reload(daemon, project, receiver):
    for n in range(BEFORE):
        reload(daemon, project, n)
    before = resident(daemon)
    for n in range(BEFORE, BEFORE + RELOADS):
        reload(daemon, project, n)
    daemon.wait_delivered("out", EVENTS * (BEFORE + RELOADS))
    wait_until(lambda: resident(daemon) - before < GROWTH,
               "the memory of the replaced scripts to come back")
    assert len(receiver.requests) == EVENTS * (BEFORE + RELOADS)
    assert_sums_hold(daemon.status())
