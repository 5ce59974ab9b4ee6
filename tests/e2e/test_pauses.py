# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""Connectors that people pause: what is for them waits in its order, also over restarts."""

import json

import pytest

from support import Reply, assert_sums_hold, wait_until

SCRIPT = """
    local sync = SyncManager.new {}
    sync:on("thing", function(event)
      for _, name in ipairs(array { "held", "free" }) do
        sync:send { connector = name, data = event.data }
      end
    end)
    sync:start()
"""

CONNECTOR = """
    return { retry = { base = "10ms", jitter = false, attempts = 3 },
             send = function(data) return http.post(setting "url" .. "/NAME", { json = data }) end }
"""


@pytest.fixture
def daemon(project, make_daemon, receiver):
    project.script(SCRIPT.replace("array { ", "{ "))
    for name in ("held", "free"):
        project.connector(name, CONNECTOR.replace("NAME", name))
    return make_daemon(settings={"url": receiver.url}).start()


def emit(daemon, *numbers):
    for n in numbers:
        daemon.emit("thing", {"n": n}, partitionkey=f"k{n % 2}")


def connector(daemon, name):
    return next(c for c in daemon.get("/api/connectors").json()["items"] if c["name"] == name)


def test_a_paused_connector_keeps_what_waits_over_a_restart(daemon, receiver):
    assert daemon.post("/api/connectors/held/pause").json() == {
        "ok": True, "connector": "held", "paused": True}
    emit(daemon, 1, 2, 3, 4)
    daemon.wait_delivered("free", 4)
    assert connector(daemon, "held") | {"waiting": 4} == {
        "name": "held", "unended": 4, "waiting": 4, "inFlight": 0, "concurrency": connector(daemon, "held")["concurrency"],
        "spacedMs": 0, "breaker": "closed", "opens": None, "nextProbe": None, "paused": "by hand", "pausedByHand": True, "parkedKeys": 0,
        "parked": []}
    assert not connector(daemon, "free")["pausedByHand"]
    problem, = daemon.status()["problems"]
    assert (problem["code"], problem["about"]) == ("connector-paused", "held")
    daemon.kill()
    daemon.start()
    emit(daemon, 5)
    daemon.wait_delivered("free", 5)
    wait_until(lambda: connector(daemon, "held")["waiting"] == 5, "all to wait")
    assert receiver.matching("/held") == []
    assert daemon.post("/api/connectors/held/resume").status == 200
    daemon.wait_delivered("held", 5)
    for key in (0, 1):
        numbers = [body["n"] for body in receiver.bodies("/held") if body["n"] % 2 == key]
        assert numbers == sorted(numbers)
    assert daemon.status()["problems"] == []
    daemon.restart()
    assert not connector(daemon, "held")["pausedByHand"]
    assert_sums_hold(daemon.status())


def test_nothing_is_used_up_while_paused(daemon, receiver):
    receiver.rule = lambda request: Reply(503) if request.path == "/held" else None
    receiver.answer_next(Reply(503, delay=0.3))
    emit(daemon, 1)
    receiver.wait_for(1)
    daemon.post("/api/connectors/held/pause")
    wait_until(lambda: connector(daemon, "held")["inFlight"] == 0, "the attempt to end")
    receiver.rule = None
    tried = len(receiver.matching("/held"))
    daemon.post("/api/connectors/held/resume")
    daemon.wait_delivered("held", 1)
    assert len(receiver.matching("/held")) == tried + 1


def test_the_commands_pause_and_let_go_on(daemon, receiver):
    result = daemon.command("pause", "held")
    assert (result.status, result.out) == (0, "held is paused: what is for it waits until `liaison resume held`\n")
    assert "paused" in daemon.command("status").out
    assert json.loads(daemon.command("pause", "held", "--json").out) == {"connector": "held", "paused": True}
    assert daemon.command("resume", "held").out == "held goes on\n"
    assert daemon.command("resume", "held", "--json").json() == {"connector": "held", "paused": False}
    wrong = daemon.command("pause", "helt")
    assert wrong.status == 1 and "did you mean held?" in wrong.err
    assert daemon.command("pause").status == 2
    assert daemon.command("pause", "a", "b").status == 2


@pytest.mark.parametrize("verb", ["pause", "resume"])
def test_what_there_is_not_cannot_be_paused(daemon, verb):
    answer = daemon.post(f"/api/connectors/fre/{verb}")
    assert answer.status == 404 and "did you mean free?" in answer.json()["detail"]
    assert daemon.post(f"/api/connectors/sync%2Fthing%231/{verb}").status == 404


def test_connectors_and_their_problems_come_by_name_and_then_by_code(project, make_daemon, receiver):
    names = ["crm", "b2b", "zeta", "alpha", "mail", "erp", "calendar", "shop"]
    project.script("""
        local sync = SyncManager.new {}
        sync:on("thing", function(event) sync:send { connector = "mail", data = event.data } end)
        sync:start()
    """)
    for name in names:
        project.connector(name, CONNECTOR.replace("attempts = 3", "attempts = 1").replace("NAME", name).replace(
            "return {", 'return { onDead = "park", breaker = { failures = 2, open = "1h" },', 1))
    receiver.default = Reply(503)
    daemon = make_daemon(settings={"url": receiver.url}).start()
    project.connector("aaa", CONNECTOR.replace("NAME", "aaa"))  # one that comes later
    names.append("aaa")
    assert daemon.post("/api/reload").status == 200
    emit(daemon, 1, 2, 3, 4)
    wait_until(lambda: connector(daemon, "mail")["breaker"] != "closed" and daemon.dead_letters(),
               "the breaker to open")
    for name in names:
        assert daemon.post(f"/api/connectors/{name}/pause").status == 200
    status = daemon.status()
    assert [c["name"] for c in status["connectors"]] == sorted(names)
    assert [(p["about"], p["code"]) for p in status["problems"]] == [
        (name, code) for name in sorted(names)
        for code in (["connector-breaker", "connector-paused", "keys-parked"] if name == "mail"
                     else ["connector-paused"])]
