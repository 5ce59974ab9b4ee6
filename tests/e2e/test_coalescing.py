# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""`coalesce = true`: of what waits of one handler and key only the newest is sent."""

import threading

import pytest

from support import Reply, assert_sums_hold, wait_until

SCRIPT = """
    local sync = SyncManager.new {}
    sync:on("thing", function(event)
      sync:send { connector = "receiver", data = event.data, delay = event.data.delay }
    end)
    sync:on("asked", function(event)
      local sent = sync:send { connector = "receiver", data = event.data }
      local result, failure = sent:await()
      sync:send { connector = "answers", key = "answers", data = { n = event.data.n, cause = failure and failure.cause or "none" } }
    end)
    sync:start()
"""

CONNECTOR = """
    return { coalesce = COALESCE, breaker = false, retry = { base = "100ms", growth = "constant", jitter = false },
             send = function(data) return http.post(setting "url" .. "/NAME", { json = data }) end }
"""


@pytest.fixture
def daemon(project, make_daemon, receiver):
    project.script(SCRIPT)
    project.connector("receiver", CONNECTOR.replace("NAME", "receiver").replace("COALESCE", "true"))
    project.connector("answers", CONNECTOR.replace("NAME", "answers").replace("COALESCE", "false"))
    return make_daemon(settings={"url": receiver.url}).start()


def emit(daemon, key, *numbers, type="thing", **data):
    for n in numbers:
        daemon.emit(type, {"n": n, **data}, partitionkey=key)


def numbers_of(receiver, path="/receiver"):
    return [body["n"] for body in receiver.bodies(path)]


def sums_of(daemon):
    return daemon.connector_sums("receiver")


def waiting(daemon):
    return next(c for c in daemon.get("/api/connectors").json()["items"] if c["name"] == "receiver")["waiting"]


def away(receiver, is_away=True):
    receiver.rule = (lambda request: Reply(503)) if is_away else None


def test_while_the_receiver_is_away_but_the_newest_is_kept(daemon, receiver):
    away(receiver)
    emit(daemon, "a", 1)
    receiver.wait_for(1)
    emit(daemon, "a", *range(2, 51))
    emit(daemon, "b", 100)
    wait_until(lambda: sums_of(daemon).get("superseded") == 48, "those between to be replaced")
    wait_until(lambda: waiting(daemon) == 3 or waiting(daemon) == 2, "what is left")
    away(receiver, False)
    daemon.wait_delivered("receiver", 3)
    sent = [n for n in numbers_of(receiver) if n != 100]
    assert sent == [1] * (len(sent) - 1) + [50]
    assert_sums_hold(daemon.status())
    assert daemon.metrics().value("liaison_deliveries_total", connector="receiver", outcome="superseded") == 48


def test_the_replaced_say_by_whom(daemon, receiver):
    daemon.post("/api/connectors/receiver/pause")
    emit(daemon, "a", 1, 2)
    wait_until(lambda: sums_of(daemon).get("superseded") == 1, "the first to be replaced")
    first, = daemon.get("/api/deliveries?state=superseded").json()["items"]
    second, = [d for d in daemon.get("/api/deliveries?state=waiting").json()["items"] if d["connector"]]
    assert first["cause"] == f"coalesced: {second['id']} is newer"


@pytest.mark.parametrize("end", ["kill", "stop"])
def test_over_a_restart_the_newest_alone_is_sent(daemon, receiver, end):
    daemon.post("/api/connectors/receiver/pause")
    emit(daemon, "a", 1, 2, 3)
    wait_until(lambda: sums_of(daemon).get("superseded") == 2, "two to be replaced")
    getattr(daemon, end)()
    daemon.start()
    emit(daemon, "b", 7)
    wait_until(lambda: waiting(daemon) == 2, "the newest and the other one")
    daemon.post("/api/connectors/receiver/resume")
    daemon.wait_delivered("receiver", 2)
    assert sorted(numbers_of(receiver)) == [3, 7]
    assert_sums_hold(daemon.status())


def test_what_was_attempted_is_sent_though_newer_ones_came(daemon, receiver):
    away(receiver)
    emit(daemon, "a", 1)
    receiver.wait_for(1)
    emit(daemon, "a", 2)
    daemon.kill()
    away(receiver, False)
    daemon.start()
    emit(daemon, "a", 3)
    wait_until(lambda: sums_of(daemon).get("waiting") == 0 and sums_of(daemon).get("made") == 3, "the end of all")
    sent = numbers_of(receiver)
    assert sent == sorted(sent) and sent[-1] == 3 and sent.count(1) >= 2
    assert_sums_hold(daemon.status())


def test_a_burst_with_a_delay_is_one_delivery(daemon, receiver):
    emit(daemon, "a", *range(1, 21), delay="1s")
    daemon.wait_delivered("receiver", 1)
    assert numbers_of(receiver) == [20]
    assert sums_of(daemon)["superseded"] == 19


def test_a_steady_stream_is_sent_in_time(daemon, receiver):
    sent = 0
    while not receiver.requests and sent < 2000:
        sent += 1
        emit(daemon, "a", sent, delay="200ms")
    assert receiver.requests
    wait_until(lambda: daemon.channel_sums()["open"] == 0, "all to be on disk, where sums count it")
    wait_until(lambda: sums_of(daemon).get("waiting") == 0, "the rest")
    assert numbers_of(receiver)[-1] == sent
    assert_sums_hold(daemon.status())


def test_who_awaits_what_is_replaced_is_told(daemon, receiver):
    daemon.post("/api/connectors/receiver/pause")
    emit(daemon, "a", 1, type="asked")
    wait_until(lambda: waiting(daemon) == 1, "the first")
    emit(daemon, "a", 2, type="asked")
    daemon.post("/api/connectors/receiver/resume")
    daemon.wait_delivered("answers", 2)
    assert_sums_hold(daemon.status())


def test_more_keys_than_memory_holds_come_to_their_newest(daemon, receiver):
    """The receiver answers late rather than by errors: retries would wait for their budget."""
    is_back = threading.Event()

    def answer(_request):
        is_back.wait(9)
        return Reply(200)

    receiver.rule = answer
    for round in range(3):
        events = [{"specversion": "1.0", "type": "thing", "source": "/test", "id": f"e{round}-{n}",
                   "partitionkey": f"k{n}", "data": {"n": n, "round": round}} for n in range(2000)]
        assert daemon.post("/events", events).status == 202
    wait_until(lambda: sums_of(daemon).get("made") == 6000, "all to be made", 30)
    is_back.set()
    wait_until(lambda: sums_of(daemon).get("waiting") == 0, "all to be sent", 60)
    last = {body["n"]: body["round"] for body in receiver.bodies("/receiver")}
    assert last == dict.fromkeys(range(2000), 2)
    assert_sums_hold(daemon.status())
