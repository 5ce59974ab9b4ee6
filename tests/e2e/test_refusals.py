# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""Twenty dead letters in a row of one status: probably all would be refused, so what comes after them
waits."""

import json
import re

import pytest

from support import Reply, assert_sums_hold, relay, wait_until

SCRIPT = relay("thing.changed", "out")
CONNECTOR = """
    return {
      statuses = { [500] = "refuse" },
      send = function(data) return http.post(setting "url", { json = data }) end,
    }
"""


@pytest.fixture
def daemon(project, make_daemon, receiver):
    project.script(SCRIPT)
    project.connector("out", CONNECTOR)
    return make_daemon(settings={"url": receiver.url}).start()


def emit(daemon, numbers, key=None):
    for n in numbers:
        daemon.emit("thing.changed", {"n": n}, partitionkey=key or f"k{n}")


def waiting(daemon):
    return next(c for c in daemon.get("/api/connectors").json()["items"] if c["name"] == "out")["waiting"]


def wait_paused(daemon):
    return wait_until(lambda: daemon.status()["problems"], "the pause")


@pytest.mark.parametrize("status", [422, 500])
def test_what_comes_after_them_waits_and_is_delivered_once_it_is_mended(daemon, receiver, status):
    receiver.default = status
    emit(daemon, range(50))
    problem, = wait_paused(daemon)
    assert (problem["code"], problem["about"]) == ("connector-refused", "out")
    assert re.fullmatch(rf"20 deliveries in a row were refused with {status}: next probe at 20\S+Z",
                        problem["text"])
    wait_until(lambda: waiting(daemon) == 30, "the others to wait")
    assert len(daemon.dead_letters()) == 20
    receiver.default = 200
    assert daemon.command("reload").status == 0
    daemon.wait_delivered("out", 30)
    assert daemon.status()["problems"] == []
    assert daemon.command("dead", "retry", "--connector", "out").status == 0
    daemon.wait_delivered("out", 50)
    assert daemon.dead_letters() == []
    assert_sums_hold(daemon.status())


def test_one_delivered_between_begins_the_row_anew(daemon, receiver):
    receiver.rule = lambda request: Reply(200) if json.loads(request.body)["n"] == 19 else Reply(422)
    emit(daemon, range(39), key="one")
    wait_until(lambda: len(daemon.dead_letters("?limit=100")) == 38, "38 dead letters")
    assert daemon.status()["problems"] == []
    emit(daemon, [39], key="one")
    wait_paused(daemon)


def test_those_of_several_statuses_are_refused_for_what_they_are(daemon, receiver):
    statuses = [404, 422]
    receiver.rule = lambda request: Reply(statuses[len(receiver.requests) % 2])
    emit(daemon, range(45), key="one")
    wait_until(lambda: len(daemon.dead_letters("?limit=100")) == 45, "45 dead letters")
    assert daemon.status()["problems"] == []
