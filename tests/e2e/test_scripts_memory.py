# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""A script that keeps ever more in a variable is named, and costs nobody else an event."""

import pytest

from support import assert_sums_hold, wait_until

HOARDER = """
    local sync = SyncManager.new {}
    local kept = {}
    sync:on("thing.kept", function(event)
      kept[#kept + 1] = ("x"):rep(1000000 + #kept)
    end)
    sync:start()
"""

INNOCENT = """
    local sync = SyncManager.new {}
    sync:on("thing.made", function(event)
      local much = ("y"):rep(3000000)
      sync:send { connector = "out", data = { n = event.data.n, size = #much } }
    end)
    sync:start()
"""

CONNECTOR = """
    return {
      retry = { attempts = 1 },
      send = function(data)
        data.size = data.size + #("z"):rep(3000000)
        return http.post(setting "url", { json = data })
      end,
    }
"""

EVENTS = 5


@pytest.fixture
def daemon(project, make_daemon, receiver):
    project.script(HOARDER, name="hoarder")
    project.script(INNOCENT, name="innocent")
    project.connector("out", CONNECTOR)
    return make_daemon("--set", "limits.memory=16MB", "--set", "limits.handlerTime=10s",
                       settings={"url": receiver.url}).start()


def problem(daemon):
    for problem in daemon.status()["problems"]:
        if problem["code"] == "scripts-memory":
            return problem
    return None


def fill(daemon):
    for _ in range(20):
        daemon.emit("thing.kept", {})
    return wait_until(lambda: problem(daemon), "the memory to be full")


def test_full_memory_is_a_problem_that_names_who_holds_it(daemon):
    assert problem(daemon) is None
    found = fill(daemon)
    assert found["about"] == "limits.memory"
    assert "of the 16 MB of limits.memory" in found["text"]
    assert "scripts/hoarder.lua holds some " in found["text"]
    assert "raise limits.memory" in found["text"]
    assert daemon.metrics().value("liaison_problems", code="scripts-memory") == 1


def test_others_wait_until_there_is_room_again_and_lose_nothing(daemon, project, receiver):
    fill(daemon)
    for n in range(EVENTS):
        daemon.emit("thing.made", {"n": n})
    wait_until(lambda: "was stopped: the scripts hold nearly all" in daemon.log(), "one to starve")
    status = daemon.status()
    assert daemon.dead_letters() == [] and not receiver.requests
    assert "set-aside" not in str(status["problems"])
    project.script(HOARDER.replace("kept[#kept + 1]", "local nothing"), name="hoarder")
    receiver.wait_for(EVENTS, deadline=60)
    assert problem(daemon) is None
    assert daemon.dead_letters() == []
    wait_until(lambda: daemon.channel_sums()["open"] == 0, "the events to end", 60)
    assert_sums_hold(daemon.status())
