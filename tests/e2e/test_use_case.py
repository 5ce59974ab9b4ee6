# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""The job Liaison is made for, by the repository's own script and connectors: a schedule that was
updated reaches the calendar and the data warehouse."""

import json
import signal
from decimal import Decimal

import pytest

from support import SLOWNESS, Reply, wait_until

TYPE = "schedule.updated"


def schedule(id):
    return {"id": id, "startTime": f"2026-12-01T09:{id:02}:00Z"}


def calendar_body(id):
    return {"eventId": id, "startTime": schedule(id)["startTime"]}


def exactly(text):
    return json.loads(text, parse_float=Decimal)


@pytest.fixture
def calendar(make_receiver):
    return make_receiver()


@pytest.fixture
def warehouse(make_receiver):
    return make_receiver()


@pytest.fixture
def daemon(project, make_daemon, calendar, warehouse):
    """Not yet started."""
    project.add_use_case()
    return make_daemon("--set", "limits.drain=5s", settings={
        "eventBusUrl": "embedded", "calendarUrl": f"{calendar.url}/api/update",
        "warehouseUrl": f"{warehouse.url}/ingest"})


@pytest.fixture
def bus_daemon(project, make_daemon, calendar, warehouse, bus):
    project.add_use_case()
    return make_daemon(settings={
        "eventBusUrl": bus.events_url, "calendarUrl": calendar.url, "warehouseUrl": warehouse.url})


def wait_both_delivered(daemon, count):
    daemon.wait_delivered("calendarApi", count)
    daemon.wait_delivered("dataWarehouse", count)


def the_dead_letter(daemon):
    wait_until(lambda: len(daemon.dead_letters()) == 1, "one dead letter")
    return daemon.dead_letters()[0]


def test_both_receivers_get_their_bodies_exactly(daemon, calendar, warehouse):
    daemon.start()
    data = ('{"id": 7, "startTime": "2026-12-01T09:00:00+01:00", "big": 12345678901234567890,'
            ' "price": 1.25, "rooms": [], "extra": {}, "note": null,'
            ' "name": "Zo\\u00eb \\ud83d\\ude00"}')
    daemon.post("/events", f'{{"type": "{TYPE}", "data": {data}}}')
    sent, stored = calendar.wait_for(1)[0], warehouse.wait_for(1)[0]
    assert (sent.method, sent.path) == ("POST", "/api/update")
    assert exactly(sent.body) == {"eventId": 7, "startTime": "2026-12-01T09:00:00+01:00"}
    assert (stored.method, stored.path) == ("POST", "/ingest")
    assert stored.body == data.encode()
    for got in (sent, stored):
        assert got.headers["content-type"] == "application/json"
        assert got.headers["idempotency-key"]
    wait_both_delivered(daemon, 1)
    assert (len(calendar.requests), len(warehouse.requests)) == (1, 1)


def test_a_calendar_that_fails_is_tried_three_times_then_kept_as_a_dead_letter(daemon, calendar):
    daemon.start()
    calendar.default = Reply(503, "come back later")
    daemon.emit(TYPE, schedule(7))
    first, second, third = calendar.wait_for(3)
    late = 0.3 * SLOWNESS
    assert 0.195 <= second.at - first.at <= 0.2 + late
    assert 0.395 <= third.at - second.at <= 0.4 + late
    letter = the_dead_letter(daemon)
    assert letter["cause"] == "exhausted"
    assert letter["connector"] == "calendarApi"
    assert letter["handler"] == "register_sync/schedule.updated#1"
    assert letter["data"] == {"id": 7, "start": schedule(7)["startTime"]}
    assert letter["event"]["data"] == schedule(7)
    assert [attempt["code"] for attempt in letter["attempts"]] == ["503"] * 3
    assert all(attempt["answer"] == "come back later" for attempt in letter["attempts"])
    assert set(calendar.keys()) == {letter["id"]}
    assert len(calendar.requests) == 3


def test_a_calendar_that_fails_does_not_hold_up_the_warehouse(daemon, calendar, warehouse):
    daemon.start()
    calendar.default = Reply(503)
    for id in range(20):
        daemon.emit(TYPE, schedule(id))
    stored = warehouse.wait_for(20)
    assert sorted(body["id"] for body in warehouse.bodies()) == list(range(20))
    given_up = calendar.wait_for(20 * 3)[-1]
    assert stored[-1].at < given_up.at
    daemon.wait_delivered("dataWarehouse", 20)


def test_a_retried_dead_letter_is_delivered_once_under_its_own_id(daemon, calendar):
    daemon.start()
    calendar.default = Reply(503)
    daemon.emit(TYPE, schedule(7))
    letter = the_dead_letter(daemon)
    calendar.default = Reply(200)
    assert daemon.command("dead", "retry", letter["id"]).out == "retried 1\n"
    daemon.wait_delivered("calendarApi", 1)
    assert daemon.dead_letters() == []
    daemon.emit(TYPE, {**schedule(7), "startTime": "later"})  # the same key: it comes behind
    daemon.wait_delivered("calendarApi", 2)
    assert calendar.keys()[:4] == [letter["id"]] * 4
    assert calendar.keys()[4] != letter["id"]
    assert calendar.bodies()[4]["startTime"] == "later"
    assert len(calendar.requests) == 5


def test_a_dead_letter_outlives_a_restart(daemon, calendar):
    daemon.start()
    calendar.default = Reply(503)
    daemon.emit(TYPE, schedule(7))
    letter = the_dead_letter(daemon)
    daemon.restart()
    assert daemon.dead_letters() == [letter]
    calendar.default = Reply(200)
    daemon.command("dead", "retry", "--all")
    daemon.wait_delivered("calendarApi", 1)
    assert calendar.keys() == [letter["id"]] * 4


def test_a_connector_may_be_the_bare_function(daemon, project, calendar):
    project.connector("calendarApi", f"""
        return function(data)
          return http.post("{calendar.url}",
                           {{ json = {{ eventId = data.id, startTime = data.start }} }})
        end
    """)
    daemon.start()
    calendar.answer_next(503)
    daemon.emit(TYPE, schedule(7))
    daemon.wait_delivered("calendarApi", 1)
    assert calendar.bodies() == [calendar_body(7)] * 2
    assert len(set(calendar.keys())) == 1


# ---- from a bus of server-sent events ----


def test_events_of_a_bus_reach_both_receivers(bus_daemon, bus, calendar, warehouse):
    bus_daemon.start()
    for id in range(5):
        bus.publish({"type": TYPE, "data": schedule(id)})
    bus.publish(schedule(5), event=TYPE)
    wait_both_delivered(bus_daemon, 6)
    by_id = sorted(calendar.bodies(), key=lambda body: body["eventId"])
    assert by_id == [calendar_body(id) for id in range(6)]
    stored = sorted(warehouse.bodies(), key=lambda body: body["id"])
    assert stored == [schedule(id) for id in range(6)]


@pytest.mark.crash
def test_a_bus_is_resumed_from_the_stored_position_after_a_crash(bus_daemon, bus, calendar,
                                                                 warehouse):
    bus_daemon.start()
    for id in range(3):
        bus.publish({"type": TYPE, "data": schedule(id)})
    wait_both_delivered(bus_daemon, 3)
    bus_daemon.kill()
    for id in range(3, 6):
        bus.publish({"type": TYPE, "data": schedule(id)})
    bus_daemon.start()
    wait_both_delivered(bus_daemon, 6)
    assert bus.asked[0].headers.get("last-event-id") is None
    assert bus.asked[-1].headers["last-event-id"] == "3"
    assert sorted(body["eventId"] for body in calendar.bodies()) == list(range(6))
    assert sorted(body["id"] for body in warehouse.bodies()) == list(range(6))
    assert bus_daemon.channel_sums(bus.events_url)["received"] == 6


def test_a_bus_that_drops_its_connections_loses_nothing(project, make_daemon, make_bus, calendar,
                                                        warehouse):
    project.add_use_case()
    bus = make_bus(retry_ms=10)
    bus.drop_at_random(1, 5, seed=7)
    daemon = make_daemon(settings={"eventBusUrl": bus.events_url, "calendarUrl": calendar.url,
                                   "warehouseUrl": warehouse.url})
    daemon.start()
    for id in range(40):
        bus.publish({"type": TYPE, "data": schedule(id)})
    wait_both_delivered(daemon, 40)
    assert bus.stream_count >= 8
    assert sorted(body["eventId"] for body in calendar.bodies()) == list(range(40))


# ---- stopping ----


def test_term_lets_an_attempt_end_and_settles_it(daemon, calendar, warehouse):
    daemon.start()
    calendar.answer_next(Reply(delay=0.3))
    daemon.emit(TYPE, schedule(7))
    calendar.wait_for(1)
    daemon.wait_delivered("dataWarehouse", 1)
    daemon.signal(signal.SIGTERM)
    assert daemon.wait() == 0
    assert calendar.statuses == [200]
    daemon.start()
    assert daemon.connector_sums("calendarApi")["delivered"] == 1
    daemon.emit(TYPE, schedule(7))  # the same key: it would come behind a repetition
    wait_both_delivered(daemon, 2)
    assert (len(calendar.requests), len(warehouse.requests)) == (2, 2)


def test_what_waits_at_term_is_delivered_after_the_next_start(daemon, calendar, warehouse):
    daemon.start()
    calendar.answer_next(Reply(delay=0.3))
    for minute in range(3):  # of one key
        daemon.emit(TYPE, {"id": 7, "startTime": minute})
    calendar.wait_for(1)
    daemon.wait_delivered("dataWarehouse", 3)
    assert daemon.stop() == 0
    assert len(calendar.requests) == 1
    daemon.start()
    daemon.wait_delivered("calendarApi", 3)
    assert [body["startTime"] for body in calendar.bodies()] == [0, 1, 2]
    assert len(warehouse.requests) == 3


def test_an_attempt_that_outlasts_the_drain_is_made_again_under_its_id(make_daemon, project,
                                                                       calendar, warehouse):
    project.add_use_case()
    daemon = make_daemon("--set", "limits.drain=200ms", settings={
        "eventBusUrl": "embedded", "calendarUrl": calendar.url, "warehouseUrl": warehouse.url})
    daemon.start()
    calendar.answer_next(Reply(hangs=True))
    daemon.emit(TYPE, schedule(7))
    calendar.wait_for(1)
    assert daemon.stop(deadline=5) == 0
    assert "drain time is over" in daemon.log()
    daemon.start()
    daemon.wait_delivered("calendarApi", 1)
    first, second = calendar.keys()
    assert first == second


def test_a_second_term_does_not_wait(daemon, calendar):
    daemon.start()
    calendar.answer_next(Reply(hangs=True))
    daemon.emit(TYPE, schedule(7))
    calendar.wait_for(1)
    daemon.signal(signal.SIGTERM)
    wait_until(lambda: "stopping" in daemon.log(), "the first TERM to be taken")
    daemon.signal(signal.SIGTERM)
    assert daemon.wait(deadline=3) == 0


def test_the_channel_for_posted_events_may_have_a_name(project, make_daemon, calendar):
    project.add_use_case()
    project.script('''
        local sync = SyncManager.new { name = "field-offices" }
        sync:on("schedule.updated", function(event)
          sync:send { connector = "calendarApi", data = { id = event.data.id } }
        end)
        sync:start()
    ''', name="register_sync")
    daemon = make_daemon(settings={"calendarUrl": calendar.url}).start()
    daemon.emit(TYPE, schedule(1))
    daemon.wait_delivered("calendarApi", 1)
    wait_until(lambda: daemon.channel_sums("field-offices").get("closed") == 1)
    assert list(daemon.status()["sums"]["channels"]) == ["field-offices"]
