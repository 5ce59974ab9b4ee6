# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""delivery:await(): what comes back, how long it may take, and what an interrupted handler finds."""

import json
import os
import sqlite3

import pytest

from support import Reply, assert_sums_hold, liaison, wait_until

IS_SLOW = os.environ.get("LIAISON_PRESET") in ("asan", "tsan", "valgrind")

CONNECTOR = """
return {
  retry = { base = "20ms", growth = "constant", jitter = false },
  breaker = false,
  timeout = "60s",
  send = function(data)
    return http.post(setting "url" .. "/%s", { json = data })
  end,
}
"""

HANDLER = """
local sync = SyncManager.new {}
sync:on("thing.changed", { name = "h" }, function(event)
%s
end)
sync:start()
"""

TWO_STEPS = """
  local entry = sync:send { connector = "first", data = { n = event.data.n } }:await()
  sync:send { connector = "second", data = { n = event.data.n, entry = entry.json.id } }
"""


@pytest.fixture
def start(project, make_daemon, receiver):
    """start(body, …): a daemon whose handler has this body, and connectors `first` and `second`."""
    def start(body, *arguments, connector=CONNECTOR, **options):
        project.script(HANDLER % body)
        for name in ("first", "second"):
            project.connector(name, connector % name)
        return make_daemon(*arguments, settings={"url": receiver.url}, **options).start()
    return start


@pytest.fixture
def calendar(receiver):
    """Answers {"id": n * 10} to /first."""
    receiver.rule = lambda request: (
        Reply(201, {"id": json.loads(request.body)["n"] * 10}) if request.path == "/first" else None)
    return receiver


def emit(daemon, *numbers, **more):
    for n in numbers:
        daemon.emit("thing.changed", {"id": n, "n": n, **more})


def wait_closed(daemon, count, deadline=10):
    wait_until(lambda: daemon.channel_sums()["closed"] == count, f"{count} events to end", deadline)


def query(project, sql):
    with sqlite3.connect(f"file:{project.journal}?mode=ro", uri=True) as db:
        return db.execute(sql).fetchall()


def results(project):
    return [r for r, in query(project, "SELECT result FROM deliveries WHERE result IS NOT NULL")]


def assert_sound(daemon):
    assert_sums_hold(daemon.status())
    result = liaison("fsck", daemon.project.journal)
    assert result.status == 0, result


# ---- what comes back ----

def test_a_handler_goes_on_with_what_its_connector_returned(start, calendar):
    daemon = start(TWO_STEPS)
    emit(daemon, *range(20))
    wait_closed(daemon, 20)
    rows = sorted((row["n"], row["entry"]) for row in calendar.bodies("/second"))
    assert rows == [(n, n * 10) for n in range(20)]
    assert len(calendar.matching("/first")) == 20
    assert_sound(daemon)


def test_deliveries_are_awaited_in_any_order(start, calendar):
    daemon = start("""
  local made = {}
  for n = 1, 4 do made[n] = sync:send { connector = "first", key = n, data = { n = n } } end
  local sum = made[4]:await().json.id + made[4]:await().json.id
  for n = 1, 3 do
    local ok, answer = pcall(made[n].await, made[n])
    sum = sum + (ok and answer.json.id or 1000)
  end
  sync:send { connector = "second", data = { sum = sum } }
""")
    emit(daemon, 1)
    wait_closed(daemon, 1)
    assert calendar.bodies("/second") == [{"sum": 140}]
    assert_sound(daemon)


def test_what_was_refused_is_nil_and_why(start, receiver):
    receiver.rule = lambda request: Reply(400, "no room") if request.path == "/first" else None
    daemon = start("""
  local answer, failure = sync:send { connector = "first", data = { n = 1 } }:await()
  sync:send { connector = "second", data = { none = answer == nil, failure = failure } }
""")
    emit(daemon, 1)
    wait_closed(daemon, 1)
    [row] = receiver.bodies("/second")
    assert row["none"] and row["failure"]["cause"] == "refused" and row["failure"]["attempts"] == 1
    assert "answered 400 Bad Request: no room" in row["failure"]["error"]


def test_what_was_skipped_is_nil_and_its_reason(project, start, receiver):
    daemon = start("""
  local answer, failure = sync:send { connector = "first", data = null }:await()
  sync:send { connector = "second", data = { none = answer == nil, failure = failure } }
""")
    project.connector("first", 'return function() skip "nothing to do" end')
    daemon.restart()
    emit(daemon, 1)
    wait_closed(daemon, 1)
    assert receiver.bodies("/second") == [{"none": True, "failure": {
        "cause": "skipped", "error": "nothing to do", "attempts": 1}}]


# ---- while it waits ----

def test_a_waiting_handler_holds_up_its_key_alone(start, receiver):
    receiver.rule = lambda request: Reply(hangs=True) if json.loads(request.body)["slow"] else None
    daemon = start("""
  local d = sync:send { connector = "first", key = event.data.n, data = event.data }
  if event.data.slow then d:await() end
""")
    daemon.emit("thing.changed", {"id": "a", "n": 1, "slow": True})
    receiver.wait_for(1)
    daemon.emit("thing.changed", {"id": "a", "n": 2, "slow": False})
    daemon.emit("thing.changed", {"id": "b", "n": 3, "slow": False})
    wait_closed(daemon, 1)
    assert [body["n"] for body in receiver.bodies()] == [1, 3]
    receiver.rule = None
    receiver.reset_connections()
    wait_closed(daemon, 3)
    assert [body["n"] for body in receiver.bodies()] == [1, 3, 1, 2]


def test_one_place_in_flight_is_enough_for_a_handler_and_what_it_awaits(start, calendar):
    daemon = start(TWO_STEPS, "--set", "limits.inFlight=1")
    emit(daemon, *range(5))
    wait_closed(daemon, 5)
    assert_sound(daemon)


def test_more_may_wait_than_fit_in_memory(start, calendar):
    """Those that wait long make room, and run again: nothing is sent twice."""
    count = 400
    gate = {"is_closed": True}
    open_rule = calendar.rule
    calendar.rule = lambda request: (
        Reply(503) if gate["is_closed"] and request.path == "/first" else open_rule(request))
    daemon = start(TWO_STEPS, "--set", "log.level=debug")
    events = [{"type": "thing.changed", "data": {"id": n, "n": n}} for n in range(count)]
    assert daemon.post("/events", events).status == 202
    wait_until(lambda: "waits on without its run" in daemon.log(), "a run to make room")
    gate["is_closed"] = False
    wait_closed(daemon, count, 30)
    rows = sorted((row["n"], row["entry"]) for row in calendar.bodies("/second"))
    assert rows == [(n, n * 10) for n in range(count)]
    assert len(calendar.accepted("/first")) == count
    assert_sound(daemon)


@pytest.mark.slow
def test_a_handler_that_waits_long_runs_again_when_its_delivery_has_ended(start, receiver):
    receiver.rule = lambda request: (
        Reply(201, {"id": 7}, delay=11) if request.path == "/first" else None)
    daemon = start('  log.info("it begins")' + TWO_STEPS, "--set", "log.level=debug")
    emit(daemon, 1)
    wait_closed(daemon, 1, 30)
    assert daemon.log().count("waits on without its run") == 1
    assert daemon.log().count("it begins") == 2
    assert receiver.bodies("/second") == [{"n": 1, "entry": 7}]
    assert len(receiver.matching("/first")) == 1
    assert_sound(daemon)


# ---- interrupted ----

def hold_second(receiver, gate):
    """/first answers, /second fails while gate["is_closed"]."""
    receiver.rule = lambda request: (
        Reply(201, {"id": 7, "token": "s3cret-token"}) if request.path == "/first"
        else Reply(503) if gate["is_closed"] else None)


STORED_BY_AWAIT = """
  local entry = sync:send { connector = "first", data = { n = event.data.n } }:await()
  sync:send { connector = "second", data = { entry = entry.json.id } }:await()
"""


def test_a_result_is_kept_until_the_event_ends_and_no_longer(project, start, receiver):
    gate = {"is_closed": True}
    hold_second(receiver, gate)
    project.connector("keeper", 'secret "TOKEN" return function() end')
    daemon = start(STORED_BY_AWAIT, env={"TOKEN": "s3cret-token"})
    emit(daemon, 1)
    receiver.wait_for(2, "/second")
    [result] = results(project)
    assert json.loads(json.loads(result)["answer"]["body"]) == {"id": 7, "token": "***"}
    daemon.kill()
    daemon.start()
    gate["is_closed"] = False
    wait_closed(daemon, 1)
    wait_until(lambda: not results(project), "the result to go")
    assert len(receiver.matching("/first")) == 1
    assert {body["entry"] for body in receiver.bodies("/second")} == {7}
    assert_sound(daemon)


def test_a_waiting_handler_is_no_reason_not_to_stop(project, start, receiver):
    gate = {"is_closed": True}
    hold_second(receiver, gate)
    daemon = start(STORED_BY_AWAIT)
    emit(daemon, 1)
    receiver.wait_for(1, "/second")
    assert daemon.stop(6) == 0
    assert "drain time is over" not in daemon.log()
    daemon.start()
    assert daemon.channel_sums()["open"] == 1
    gate["is_closed"] = False
    wait_closed(daemon, 1)
    assert len(receiver.matching("/first")) == 1


def test_a_handler_that_failed_after_its_await_finds_the_result_when_it_is_retried(
        project, start, calendar):
    daemon = start(TWO_STEPS.replace("entry.json.id", "entry.jsn.id"))
    emit(daemon, 3)
    wait_until(daemon.dead_letters, "the handler to fail")
    daemon.stop()
    project.script(HANDLER % TWO_STEPS)
    daemon.start()
    [letter] = daemon.dead_letters()
    assert daemon.post(f"/api/dead-letters/{letter['id']}/retry").status == 200
    wait_closed(daemon, 1)
    assert calendar.bodies("/second") == [{"n": 3, "entry": 30}]
    assert len(calendar.matching("/first")) == 1
    wait_until(lambda: not results(project), "the result to go")
    assert_sound(daemon)


def test_what_an_interrupted_run_sent_stands_though_it_is_not_sent_again(
        project, start, receiver):
    """The second run sends other data, and one delivery less: the first run's are delivered."""
    gate = {"is_closed": True}
    receiver.rule = lambda request: Reply(hangs=True) if gate["is_closed"] else None
    daemon = start("""
  sync:send { connector = "second", key = "x", data = { from = "first run" } }
  sync:send { connector = "first", data = { from = "first run" } }:await()
""")
    emit(daemon, 1)
    receiver.wait_for(1, "/first")
    wait_until(lambda: len(query(project, "SELECT 1 FROM deliveries")) == 2, "the rows")
    daemon.kill()
    project.script(HANDLER % """
  for i = 1, 2 do
    sync:send { connector = "first", data = { from = "second run", n = i } }:await()
  end
""")
    gate["is_closed"] = False
    receiver.clear()
    daemon.start()
    wait_closed(daemon, 1)
    assert receiver.bodies("/second") == [{"from": "first run"}]
    assert receiver.bodies("/first") == [{"from": "first run"}, {"from": "second run", "n": 2}]
    assert daemon.log().count("sent other data: what it sent first stands") == 1
    assert_sound(daemon)


def test_what_a_connector_returned_and_cannot_be_kept_is_told_to_its_handler(
        project, start, receiver):
    daemon = start('  sync:send { connector = "first", data = 1 }:await()')
    project.connector("first", "return function() return { f = print } end")
    daemon.restart()
    emit(daemon, 1)
    [letter] = wait_until(daemon.dead_letters, "the handler to fail")
    assert letter["cause"] == "script" and letter["connector"] is None
    assert 'what the connector "first" returned can\'t be kept: result.f: a function' in letter["error"]
    assert daemon.connector_sums("first")["delivered"] == 1


@pytest.mark.slow
def test_any_number_waits_for_what_is_down_for_long(project, start, receiver):
    """More than a handler has in memory: their runs make room, and none is forgotten."""
    gate = {"is_down": True}
    receiver.rule = lambda request: (
        Reply(503) if gate["is_down"] and request.path == "/first" else None)
    daemon = start("""
  sync:send({ connector = "first", key = event.data.n, data = event.data }):await()
  sync:send { connector = "second", key = event.data.n, data = event.data }
""", connector=CONNECTOR.replace('base = "20ms"', 'base = "2s"')
                                .replace("breaker = false", 'breaker = { open = "1s" }'))
    events = 1400 if IS_SLOW else 3000
    daemon.post("/events", [{"type": "thing.changed", "data": {"id": n, "n": n}}
                            for n in range(events)])
    wait_until(lambda: daemon.connector_sums("first").get("waiting") == events,
               "all to wait", 120)
    assert not receiver.matching("/second")
    gate["is_down"] = False
    wait_closed(daemon, events, deadline=120)
    daemon.wait_delivered("second", events, deadline=120)
    assert sorted(body["n"] for body in receiver.bodies("/second")) == list(range(events))
    assert len([r for r in receiver.accepted() if r.path == "/first"]) == events
    assert_sound(daemon)


def test_a_handler_awaits_no_other_handlers_deliveries(project, start, receiver):
    receiver.rule = lambda request: Reply(hangs=True)
    daemon = start("""
  shared = sync:send { connector = "first", data = 1 }
  shared:await()
end)
sync:on("thing.*", { name = "other" }, function(event)
  shared:await()
""")
    emit(daemon, 1)
    [letter] = wait_until(daemon.dead_letters, "the other to fail")
    assert "await: this delivery was made by another handler" in letter["error"]
    daemon.kill()  # the delivery comes from the journal now, and the dead handler is retried
    daemon.start()
    receiver.wait_for(2)
    assert daemon.post(f"/api/dead-letters/{letter['id']}/retry").status == 200
    wait_until(lambda: daemon.log().count("await: this delivery was made by another handler") > 1,
               "the other to fail again")
    assert daemon.is_running()


def test_a_handler_awaits_its_own_deliveries_alone(project, start, receiver):
    daemon = start("""
  kept = kept or sync:send { connector = "first", data = 1 }
  kept:await()
""")
    emit(daemon, 1, 2)
    [letter] = wait_until(daemon.dead_letters, "the second to fail")
    assert "await: this delivery was not made for this event" in letter["error"]
    wait_closed(daemon, 1)
