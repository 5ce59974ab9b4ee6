# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""Breakers: who is down is left alone but for a probe now and then, and what waits loses nothing by it."""

import re

import pytest

from support import Reply, assert_sums_hold, parse_metrics, wait_until

SCRIPT = """
    local sync = SyncManager.new {}
    sync:on("thing", function(event)
      sync:send { connector = event.data.to, data = event.data }
    end)
    sync:start()
"""

CONNECTOR = """
    return { retry = { base = "10ms", jitter = false, growth = "constant", attempts = ATTEMPTS },
             breaker = BREAKER,
             send = function(data) return http.post(setting "url" .. "/NAME", { json = data }) end }
"""


def add_connector(project, name, breaker, attempts="nil"):
    text = CONNECTOR.replace("NAME", name).replace("BREAKER", breaker).replace("ATTEMPTS", attempts)
    project.connector(name, text)


@pytest.fixture
def daemon(project, make_daemon, receiver):
    project.script(SCRIPT)
    add_connector(project, "down", '{ failures = 3, open = "300ms" }', attempts="5")
    add_connector(project, "up", "{}")
    receiver.rule = lambda request: Reply(503) if request.path == "/down" else None
    return make_daemon(settings={"url": receiver.url}).start()


def emit(daemon, to, *numbers):
    for n in numbers:
        daemon.emit("thing", {"n": n, "to": to}, partitionkey=f"k{n}")


def breaker(daemon, name):
    return next(c for c in daemon.get("/api/connectors").json()["items"] if c["name"] == name)["breaker"]


def wait_open(daemon, name="down"):
    wait_until(lambda: breaker(daemon, name) != "closed", "the breaker to open")


def test_it_opens_and_says_so(daemon, project):
    add_connector(project, "down", '{ failures = 3, open = "1h" }')
    daemon.post("/api/reload")
    emit(daemon, "down", 1, 2, 3, 4)
    wait_open(daemon)
    emit(daemon, "up", 1)
    daemon.wait_delivered("up", 1)
    assert breaker(daemon, "up") == "closed"
    problem, = daemon.status()["problems"]
    assert (problem["code"], problem["about"]) == ("connector-breaker", "down")
    assert re.fullmatch(r"3 deliveries in a row failed, the last with 503: breaker open since 20\S+Z, "
                        r"next probe at 20\S+Z", problem["text"])
    assert re.search(r"^down .*\n +next probe in (\d+h )?\d+m( \d+s)?$", daemon.command("status").out, re.M)
    next_probe = {c["name"]: c["nextProbe"] for c in daemon.get("/api/connectors").json()["items"]}
    assert next_probe["up"] is None and next_probe["down"].startswith("20")
    metrics = parse_metrics(daemon.get("/metrics").body.decode())
    assert metrics.values("liaison_breaker_state", "connector") == {"down": 2, "up": 0}
    assert metrics.value("liaison_connector_paused", connector="down") == 0
    assert daemon.log().count("breaker open") == 1
    assert_sums_hold(daemon.status())


def test_nothing_is_used_up_and_all_arrives_once_it_is_up_again(daemon, receiver):
    emit(daemon, "down", *range(6))
    wait_open(daemon)
    seen = len(receiver.matching("/down"))
    wait_until(lambda: len(receiver.matching("/down")) >= seen + 6, "some probes", 20)
    probes = [request.at for request in receiver.matching("/down")[-5:]]
    assert all(after - before >= 0.25 for before, after in zip(probes, probes[1:]))
    receiver.rule = None
    daemon.wait_delivered("down", 6)
    assert breaker(daemon, "down") == "closed"
    assert daemon.status()["problems"] == []
    assert daemon.get("/api/dead-letters").json()["items"] == []
    assert_sums_hold(daemon.status())
    assert "attempt=1" in daemon.log() and "attempt=0" not in daemon.log()


def test_resume_probes_at_once(daemon, project, receiver):
    add_connector(project, "down", '{ failures = 3, open = "1h" }')
    daemon.post("/api/reload")
    emit(daemon, "down", 1, 2, 3)
    wait_open(daemon)
    receiver.rule = None
    daemon.post("/api/connectors/down/resume")
    daemon.wait_delivered("down", 3)


def test_without_one_it_is_tried_on(daemon, project, receiver):
    add_connector(project, "down", "false", attempts="3")
    daemon.post("/api/reload")
    emit(daemon, "down", *range(8))
    wait_until(lambda: len(daemon.get("/api/dead-letters").json()["items"]) == 8, "all to be given up")
    assert len(receiver.matching("/down")) == 24
