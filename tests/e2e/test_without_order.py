# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""`order = "none"`, and sends without a key: nothing waits for another."""

import json

import pytest

from support import Reply, assert_sums_hold, relay, wait_until

SCRIPT = relay("thing", "receiver")

CONNECTOR = """
    return { order = "ORDER", breaker = false, retry = { base = "100ms", growth = "constant", jitter = false },
             send = function(data) return http.post(setting "url", { json = data }) end }
"""


@pytest.fixture
def daemon(project, make_daemon, receiver):
    project.script(SCRIPT)
    project.connector("receiver", CONNECTOR.replace("ORDER", "none"))
    receiver.rule = lambda request: Reply(503) if json.loads(request.body)["n"] == 1 else None
    return make_daemon(settings={"url": receiver.url}).start()


def emit(daemon, *numbers, **attributes):
    for n in numbers:
        daemon.emit("thing", {"n": n}, **attributes)


def test_one_that_fails_holds_up_nothing_of_its_key_over_a_restart(daemon, receiver):
    emit(daemon, 1, 2, 3, partitionkey="a")
    daemon.wait_delivered("receiver", 2)
    daemon.kill()
    daemon.start()
    emit(daemon, 4, partitionkey="a")
    daemon.wait_delivered("receiver", 3)
    receiver.rule = None
    daemon.wait_delivered("receiver", 4)
    assert_sums_hold(daemon.status())


def test_without_a_key_none_waits_for_another(project, daemon, receiver):
    project.connector("receiver", CONNECTOR.replace("ORDER", "key"))
    assert daemon.post("/api/reload").status == 200
    emit(daemon, 1, 2, 3)
    daemon.wait_delivered("receiver", 2)
    daemon.kill()
    daemon.start()
    emit(daemon, 4)
    daemon.wait_delivered("receiver", 3)


def test_order_that_a_reload_brings_holds_for_what_comes_then(project, daemon, receiver):
    emit(daemon, 1, 2, partitionkey="a")
    daemon.wait_delivered("receiver", 1)
    project.connector("receiver", CONNECTOR.replace("ORDER", "key"))
    assert daemon.post("/api/reload").status == 200
    receiver.rule = lambda request: Reply(503) if json.loads(request.body)["n"] in (1, 5) else None
    emit(daemon, 5, 6, partitionkey="b")
    emit(daemon, 7, partitionkey="c")
    daemon.wait_delivered("receiver", 2)
    assert 6 not in [body["n"] for body in receiver.bodies()]
    receiver.rule = None
    daemon.wait_delivered("receiver", 5)
    sent = [body["n"] for body in receiver.bodies()]
    assert sent.index(6) > len(sent) - 1 - sent[::-1].index(5)
    wait_until(lambda: daemon.connector_sums("receiver")["waiting"] == 0, "all")
