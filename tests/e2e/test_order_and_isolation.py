# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""Deliveries of a key go out in order; what fails holds up nothing but its own key."""

import json
import time
from email.utils import formatdate

import pytest

from support import SLOWNESS, Reply, wait_until

SCRIPT = """
    local sync = SyncManager.new {}
    sync:on("thing.changed", function(event)
      sync:send { connector = "first", data = event.data }
    end)
    sync:on("thing.changed", function(event)
      sync:send { connector = "second", data = event.data }
    end)
    sync:start()
"""
QUICK_RETRY = 'retry = { base = "10ms", cap = "50ms" }, breaker = false'


def connector(url, options=QUICK_RETRY):
    return f"""
        return {{
          {options},
          send = function(data) return http.post("{url}", {{ json = data }}) end,
        }}
    """


@pytest.fixture
def first(make_receiver):
    return make_receiver()


@pytest.fixture
def second(make_receiver):
    return make_receiver()


@pytest.fixture
def daemon(project, make_daemon, first, second):
    """Not yet started."""
    project.script(SCRIPT)
    project.connector("first", connector(first.url))
    project.connector("second", connector(second.url))
    return make_daemon()


def things(count, keys):
    """`count` events, `n` growing within each of so many keys."""
    return [{"type": "thing.changed", "data": {"id": i % keys, "n": i // keys}}
            for i in range(count)]


def emit_all(daemon, events):
    answer = daemon.post("/events", events)
    assert (answer.status, answer.json()["accepted"]) == (202, len(events))


def emit(daemon, id, n=0):
    daemon.emit("thing.changed", {"id": id, "n": n})


def by_key(requests):
    """The values of `n` by key, as they came."""
    got = {}
    for request in list(requests):
        data = json.loads(request.body)
        got.setdefault(data["id"], []).append(data["n"])
    return got


def without_repeats(values):
    return list(dict.fromkeys(values))


def the_dead_letter(daemon):
    wait_until(lambda: len(daemon.dead_letters()) == 1, "one dead letter")
    return daemon.dead_letters()[0]


def connector_status(daemon, name):
    return next(c for c in daemon.status()["connectors"] if c["name"] == name)


# ---- order ----


def test_each_key_arrives_in_order_over_failures_and_retries(daemon, first, second):
    daemon.start()
    first.fail_share(0.3, seed=5)
    second.fail_share(0.3, Reply(resets=True), seed=6)
    emit_all(daemon, things(200, keys=10))
    daemon.wait_delivered("first", 200, deadline=20)
    daemon.wait_delivered("second", 200, deadline=20)
    for receiver in (first, second):
        assert len(receiver.requests) > 220, "nothing was tried again"
        for key, values in by_key(receiver.requests).items():
            assert values == sorted(values), f"key {key}"
            assert without_repeats(values) == list(range(20)), f"key {key}"
        accepted = by_key(receiver.accepted())
        assert all(values == list(range(20)) for values in accepted.values())


def test_each_key_arrives_in_order_over_a_restart(daemon, first):
    daemon.start()
    first.default = Reply(503)
    emit_all(daemon, things(50, keys=5))
    first.wait_for(20)
    daemon.restart()
    emit_all(daemon, [{"type": "thing.changed", "data": {"id": key, "n": 10}} for key in range(5)])
    first.default = Reply(200)
    daemon.wait_delivered("first", 55)
    assert all(values == list(range(11)) for values in by_key(first.accepted()).values())


def test_every_attempt_at_a_delivery_has_the_same_id(daemon, first):
    daemon.start()
    first.fail_share(0.5, seed=2)
    emit_all(daemon, things(20, keys=20))
    daemon.wait_delivered("first", 20)
    ids = {}
    for request, key in zip(first.requests, first.keys()):
        ids.setdefault(request.body, set()).add(key)
    assert len(first.requests) > 20
    assert all(len(keys) == 1 for keys in ids.values())
    assert len(set.union(*ids.values())) == 20


# ---- isolation ----


def hang(receiver):
    receiver.default = Reply(hangs=True)


def be_closed(receiver):
    receiver.stop()


def be_slow(receiver):
    receiver.default = Reply(delay=0.005)


@pytest.mark.parametrize("fail", [hang, be_closed, be_slow])
def test_a_bad_receiver_holds_up_no_other_connector(daemon, first, second, fail):
    daemon.start()
    fail(first)
    began = time.monotonic()
    emit_all(daemon, things(300, keys=100))
    last = second.wait_for(300)[-1]
    assert last.at - began < 2 * SLOWNESS
    assert len(second.accepted()) == 300
    assert daemon.connector_sums("first").get("dead", 0) == 0


def test_a_slow_receiver_gets_everything_too(daemon, first):
    daemon.start()
    be_slow(first)
    emit_all(daemon, things(300, keys=100))
    daemon.wait_delivered("first", 300)
    assert all(values == [0, 1, 2] for values in by_key(first.requests).values())


def test_a_receiver_that_was_away_gets_everything_in_order(daemon, first):
    daemon.start()
    be_closed(first)
    emit_all(daemon, things(30, keys=3))
    wait_until(lambda: "to be tried again" in daemon.log(), "an attempt to fail")
    first.start()
    daemon.wait_delivered("first", 30)
    assert all(values == list(range(10)) for values in by_key(first.requests).values())


def test_a_failing_key_holds_up_no_other_key(daemon, first):
    daemon.start()
    first.rule = lambda request: Reply(503) if json.loads(request.body)["id"] == "bad" else None
    emit(daemon, "bad", 0)
    emit(daemon, "bad", 1)
    emit_all(daemon, things(40, keys=20))
    daemon.wait_delivered("first", 40)
    assert set(by_key(first.requests)["bad"]) == {0}
    first.rule = None
    daemon.wait_delivered("first", 42)
    assert by_key(first.accepted())["bad"] == [0, 1]


def test_a_dead_letter_frees_its_key(daemon, first):
    daemon.start()
    first.rule = lambda request: Reply(400) if json.loads(request.body)["n"] == 0 else None
    emit_all(daemon, things(3, keys=1))
    daemon.wait_delivered("first", 2)
    assert by_key(first.requests) == {0: [0, 1, 2]}
    assert len(daemon.dead_letters()) == 1


# ---- what answers mean ----


def in_one_second():
    now = time.time()
    return Reply(503, headers={"Date": formatdate(now, usegmt=True),
                               "Retry-After": formatdate(now + 1, usegmt=True)})


@pytest.mark.parametrize("reply", [
    pytest.param(lambda: Reply(429, headers={"Retry-After": "1"}), id="seconds"),
    pytest.param(in_one_second, id="date"),
])
def test_retry_after_moves_the_next_attempt(daemon, first, reply):
    daemon.start()
    first.answer_next(reply())
    emit(daemon, 1)
    refused, accepted = first.wait_for(2)
    assert 0.995 <= accepted.at - refused.at <= 1 + 0.5 * SLOWNESS


def test_a_401_pauses_the_connector_until_a_probe_succeeds(daemon, first, second):
    daemon.start()
    first.default = Reply(401)
    emit(daemon, "a")
    wait_until(lambda: "401" in (connector_status(daemon, "first")["paused"] or ""), "the pause")
    problem = daemon.status()["problems"][0]
    assert (problem["code"], problem["about"]) == ("connector-auth", "first")
    emit_all(daemon, things(10, keys=5))
    daemon.wait_delivered("second", 11)
    assert len(first.requests) == 1
    assert "paused" in daemon.command("status").out
    first.default = Reply(200)
    daemon.wait_delivered("first", 11, deadline=15)
    status = daemon.status()
    assert status["problems"] == []
    assert connector_status(daemon, "first")["paused"] is None
    assert daemon.dead_letters() == []


@pytest.mark.parametrize("status", [400, 404, 302, 501])
def test_a_refusal_is_a_dead_letter_at_once(daemon, first, status):
    daemon.start()
    first.default = Reply(status, "no such thing")
    emit(daemon, 1)
    letter = the_dead_letter(daemon)
    assert letter["cause"] == "refused"
    assert [(a["n"], a["code"], a["answer"]) for a in letter["attempts"]] == [
        (1, str(status), "no such thing")]
    assert len(first.requests) == 1


def test_a_timeout_is_tried_again_under_the_same_id(daemon, project, first):
    timeout = 0.2 * SLOWNESS
    project.connector("first", connector(first.url, f'timeout = {timeout}, {QUICK_RETRY}'))
    daemon.start()
    first.answer_next(Reply(hangs=True))
    began = time.monotonic()
    emit(daemon, 1)
    _, accepted = first.wait_for(2)
    assert accepted.at - began >= timeout
    daemon.wait_delivered("first", 1)
    assert len(set(first.keys())) == 1


@pytest.mark.parametrize("reply, code, timeout", [
    (Reply(hangs=True), "timeout", 0.2),
    (Reply(resets=True), "broken", 10),
    (None, "connect", 10),
])
def test_attempts_say_how_they_failed(daemon, project, first, reply, code, timeout):
    retry = 'retry = { attempts = 2, base = "10ms" }'
    project.connector("first", connector(first.url, f'timeout = {timeout * SLOWNESS}, {retry}'))
    daemon.start()
    if reply:
        first.default = reply
    else:
        first.stop()
    emit(daemon, 1)
    letter = the_dead_letter(daemon)
    assert letter["cause"] == "exhausted"
    assert [attempt["code"] for attempt in letter["attempts"]] == [code, code]


def test_a_delayed_delivery_goes_out_when_its_time_has_come(daemon, project, first, second):
    project.script(SCRIPT.replace("data = event.data }", 'data = event.data, delay = "300ms" }', 1))
    daemon.start()
    began = time.monotonic()
    emit(daemon, 1)
    second.wait_for(1)
    assert first.wait_for(1)[0].at - began >= 0.3
    assert "to be tried again" not in daemon.log()


def test_a_script_may_ask_to_be_tried_again_later(daemon, project, first):
    project.connector("first", f"""
        return function(data, delivery)
          if delivery.attempt == 1 then retry("not yet", {{ after = "200ms" }}) end
          return http.post("{first.url}", {{ json = {{ attempt = delivery.attempt,
                                                     lastError = delivery.lastError }} }})
        end
    """)
    daemon.start()
    emit(daemon, 1)
    first.wait_for(1)
    assert first.bodies() == [{"attempt": 2, "lastError": "not yet"}]


# ---- errors in scripts ----


def test_a_mended_connector_delivers_what_its_error_made_a_dead_letter(daemon, project, first):
    project.connector("first", """
        return function(data)
          return http.post(data.nowhere.url, { json = data })
        end
    """)
    daemon.start()
    emit(daemon, 1)
    letter = the_dead_letter(daemon)
    assert letter["cause"] == "script"
    assert "connectors/first.lua:2:" in letter["error"]
    assert [attempt["code"] for attempt in letter["attempts"]] == ["script"]
    assert first.requests == []

    project.connector("first", connector(first.url))
    daemon.restart()
    assert daemon.command("dead", "retry", letter["id"]).status == 0
    daemon.wait_delivered("first", 1)
    assert first.keys() == [letter["id"]]
    assert daemon.dead_letters() == []


def test_a_mended_handler_handles_what_its_error_made_a_dead_letter(daemon, project, first, second):
    project.script(SCRIPT.replace("data = event.data", "data = event.data.no.such", 1))
    daemon.start()
    emit(daemon, 1)
    daemon.wait_delivered("second", 1)
    letter = the_dead_letter(daemon)
    assert (letter["cause"], letter["connector"]) == ("script", None)
    assert letter["handler"] == "sync/thing.changed#1"
    assert "scripts/sync.lua:3:" in letter["error"]

    project.script(SCRIPT)
    daemon.restart()
    assert daemon.command("dead", "retry", letter["id"]).status == 0
    daemon.wait_delivered("first", 1)
    assert first.bodies() == second.bodies() == [{"id": 1, "n": 0}]


@pytest.mark.parametrize("loop", ["while true do end", "while true do pcall(error) end"])
def test_an_endless_loop_stops_nothing_else(daemon, project, second, loop):
    project.connector("first", f"return function(data) {loop} end")
    daemon.start()
    emit(daemon, 1)
    letter = the_dead_letter(daemon)
    assert (letter["cause"], letter["connector"]) == ("limit", "first")
    emit(daemon, 2)
    second.wait_for(2)
