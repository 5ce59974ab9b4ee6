# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""How much a connector sends at once: its rate, and what the receiver asks for."""

import re
import time

import pytest

from support import Reply, assert_sums_hold, wait_until

SCRIPT = """
    local sync = SyncManager.new {}
    sync:on("thing", function(event)
      sync:send { connector = event.data.to or "receiver", data = event.data }
    end)
    sync:start()
"""

CONNECTOR = """
    return { retry = { base = "10ms", jitter = false }, OPTIONS
             send = function(data) return http.post(setting "url" .. "/NAME", { json = data }) end }
"""


def add_connector(project, name="receiver", options=""):
    project.connector(name, CONNECTOR.replace("NAME", name).replace("OPTIONS", options))


@pytest.fixture
def daemon(project, make_daemon, receiver):
    project.script(SCRIPT)
    add_connector(project)
    return make_daemon(settings={"url": receiver.url})


def emit(daemon, *numbers, **data):
    for n in numbers:
        daemon.emit("thing", {"n": n, **data})


def spans(receiver, path, apart):
    """The seconds between each request and the one so many behind it."""
    at = [request.at for request in receiver.matching(path)]
    return [after - before for before, after in zip(at, at[apart:])]


def test_a_rate_is_kept(daemon, project, receiver):
    add_connector(project, options='rate = "20/s",')
    daemon.start()
    emit(daemon, *range(12))
    daemon.wait_delivered("receiver", 12)
    # Two may go at once, and a request may come later than it was sent, but not before.
    assert spans(receiver, "/receiver", 11)[0] >= 0.4
    assert_sums_hold(daemon.status())


def test_status_shows_what_waits_in_memory_too(daemon, project):
    add_connector(project, options='rate = "1/h",')
    daemon.start()
    emit(daemon, *range(9))
    daemon.wait_delivered("receiver", 1)
    line = wait_until(lambda: re.search(r"^receiver +ok +(9) +(1) +(8) +0 +0$", daemon.command("status").out, re.M),
                      "all to be counted")
    assert line and daemon.metrics().value("liaison_waiting", connector="receiver") == 8


def test_retry_after_holds_the_connector_and_no_other(daemon, project, receiver):
    add_connector(project, "other")
    daemon.start()
    receiver.answer_next(Reply(429, headers={"Retry-After": "2"}))
    emit(daemon, 1)
    receiver.wait_for(1, "/receiver")
    wait_until(lambda: "to be tried again" in daemon.log(), "the answer to be taken")
    emit(daemon, 2, 3)
    emit(daemon, 4, to="other")
    daemon.wait_delivered("other", 1)
    assert len(receiver.matching("/receiver")) == 1
    daemon.wait_delivered("receiver", 3)
    assert spans(receiver, "/receiver", 1)[0] >= 1.9
    assert [reason for reason in daemon.status()["problems"]] == []


def test_a_scripts_own_retry_holds_its_delivery_alone(daemon, project, receiver):
    project.connector("receiver", """
        return function(data)
          if data.n == 1 then retry("not now", { after = "1h" }) end
          return http.post(setting "url" .. "/receiver", { json = data })
        end
    """)
    daemon.start()
    emit(daemon, 1, 2, 3)
    daemon.wait_delivered("receiver", 2)


@pytest.mark.parametrize("headers", [
    {"RateLimit": '"default";r=0;t=2'},
    {"RateLimit-Limit": "100", "RateLimit-Remaining": "0", "RateLimit-Reset": "2"},
    {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "2"},
], ids=lambda headers: next(iter(headers)))
def test_who_says_that_nothing_is_left_is_asked_no_more_until_there_is(daemon, receiver, headers):
    daemon.start()
    receiver.answer_next(Reply(200, headers=headers))
    emit(daemon, 1)
    daemon.wait_delivered("receiver", 1)
    emit(daemon, 2, 3)
    connector, = [c for c in daemon.status()["connectors"] if c["name"] == "receiver"]
    assert connector["opens"] is not None
    daemon.wait_delivered("receiver", 3)
    assert spans(receiver, "/receiver", 1)[0] >= 1.9
    assert not daemon.dead_letters()


def test_who_asks_to_be_left_alone_for_long_is_until_a_person_lets_it_go_on(daemon, receiver):
    daemon.start()
    receiver.answer_next(Reply(429, headers={"Retry-After": "3600"}))
    emit(daemon, 1)
    problem, = wait_until(lambda: daemon.status()["problems"], "the problem")
    assert (problem["code"], problem["about"]) == ("connector-spared", "receiver")
    assert problem["text"].startswith("it asked to be left alone until 20")
    assert daemon.log().count("asks to be left alone connector=receiver for=1h") == 1
    emit(daemon, 2, 3)
    daemon.post("/api/reload")
    assert len(receiver.requests) == 1
    daemon.post("/api/connectors/receiver/resume")
    daemon.wait_delivered("receiver", 2)
    assert daemon.status()["problems"] == []
    assert_sums_hold(daemon.status())


def test_a_retry_storm_is_held_to_ten_a_second(daemon, project, receiver):
    """What fails all at once is tried again at 10 a second, in whatever order, and no faster."""
    add_connector(project, options="breaker = false,")
    daemon.start()
    receiver.default = Reply(500)
    emit(daemon, *range(40))
    receiver.wait_for(100)
    retries = [request.at for request in receiver.requests[40:100]]
    # Ten at the beginning, and as many as ten first ones had earned.
    assert retries[-1] - retries[0] >= (len(retries) - 20) / 10 - 0.5


def test_after_an_outage_it_comes_back_slowly(daemon, project, receiver):
    """What has piled up isn't sent at once to who has just come up again."""
    add_connector(project, options='breaker = { failures = 3, open = "500ms" },')
    daemon.start()
    for n in range(60):
        emit(daemon, n)
        receiver.wait_for(n + 1)
        time.sleep(0.05)  # a steady rate is what this is about
    steady = 59 / (receiver.requests[-1].at - receiver.requests[0].at)
    receiver.default = Reply(503)
    for n in range(60, 400):
        emit(daemon, n)
    wait_until(lambda: "breaker open" in daemon.log(), "the breaker to open")
    receiver.clear()
    receiver.default = Reply(200)
    wait_until(lambda: len(receiver.accepted()) > 100, "it to come back", 20)
    at = [request.at for request in receiver.accepted()]
    assert len([t for t in at if t - at[0] < 3]) <= 2 * steady * 3
    daemon.wait_delivered("receiver", 400, deadline=60)
    assert_sums_hold(daemon.status())
