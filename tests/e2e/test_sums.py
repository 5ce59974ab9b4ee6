# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""Everything received and made is accounted for:
received = duplicate + malformed + unmatched + closed + dead + dropped + open;
made = delivered + dead + skipped + superseded + dropped + waiting."""

import json
import sqlite3

import pytest

from support import Reply, assert_sums_hold, liaison, wait_until

SCRIPT = """
    local bus = SyncManager.new { name = "bus", eventBusUrl = setting "busUrl" }
    bus:on("thing.changed", function(event)
      bus:send { connector = "receiver", data = event.data }
    end)
    bus:start()

    local posted = SyncManager.new {}
    posted:on("thing.changed", function(event)
      if event.data.skips then skip "nothing to do" end
      posted:send { connector = "receiver", data = event.data }
      posted:send { connector = "other", data = event.data }
    end)
    posted:on("thing.broken", function(event)
      posted:send { connector = "other", data = event.data }
      error("this handler is broken")
    end)
    posted:start()
"""

CONNECTOR = """
    return {
      retry = { attempts = 2, base = "10ms", jitter = false }, breaker = false,
      send = function(data)
        if data.refuse then reject "not this one" end
        if data.fail then error("this connector is broken") end
        if data.skip then skip "not needed" end
        return http.post(setting "url", { json = data })
      end,
    }
"""


@pytest.fixture
def daemon(project, make_daemon, bus, receiver):
    project.script(SCRIPT)
    project.connector("receiver", CONNECTOR)
    project.connector("other", CONNECTOR)
    return make_daemon(settings={"busUrl": bus.events_url, "url": receiver.url}).start()


def emit(daemon, id, type="thing.changed", **data):
    return daemon.post("/events", {"type": type, "id": f"e{id}", "data": {"id": id, **data}})


def sums_of(daemon, scope, name):
    """The terms that aren't zero."""
    terms = daemon.status()["sums"][scope].get(name, {})
    return {term: value for term, value in terms.items() if value}


def wait_sums(daemon, scope, name, **terms):
    def is_so():
        assert_sums_hold(daemon.status())
        assert sums_of(daemon, scope, name) == terms
        return True

    wait_until(is_so, f"the sums of {name} to be {terms}")


def assert_sound(daemon):
    result = liaison("fsck", daemon.project.journal)
    assert (result.status, result.out) == (
        0, f"{daemon.project.journal}: sound, the sums hold\n"), result


def malformed(daemon):
    return daemon.dead_letters("?cause=malformed")


def make_a_mixed_run(daemon, bus, receiver):
    receiver.rule = lambda r: Reply(503) if json.loads(r.body).get("away") else None
    for id in range(10):
        bus.publish({"type": "thing.changed", "data": {"id": id}})
        emit(daemon, id)
    emit(daemon, 3)                            # a duplicate
    emit(daemon, 10, type="weather")           # unmatched
    emit(daemon, 11, type="thing.broken")      # its handler fails
    emit(daemon, 12, skips=True)
    emit(daemon, 13, refuse=True)
    emit(daemon, 14, fail=True)
    emit(daemon, 15, skip=True)
    emit(daemon, 16, away=True)
    bus.publish("{this is no JSON")            # malformed
    bus.publish({"type": "storm", "data": 1})  # unmatched


def wait_mixed_run(daemon):
    wait_sums(daemon, "channels", "embedded", received=18, duplicate=1, unmatched=1, dead=1,
              closed=15)
    wait_sums(daemon, "channels", "bus", received=12, malformed=1, unmatched=1, closed=10)
    wait_sums(daemon, "connectors", "receiver", made=24, delivered=20, dead=3, skipped=1)
    wait_sums(daemon, "connectors", "other", made=15, delivered=11, dead=3, skipped=1)
    wait_sums(daemon, "connectors", "deadLetters", made=1, delivered=1)


def test_the_sums_hold_after_a_mixed_run(daemon, bus, receiver):
    make_a_mixed_run(daemon, bus, receiver)
    wait_mixed_run(daemon)
    causes = [letter["cause"] for letter in daemon.dead_letters()]
    assert sorted(causes) == ["exhausted"] * 2 + ["malformed"] + ["refused"] * 2 + ["script"] * 3
    assert_sound(daemon)
    assert daemon.stop() == 0
    assert_sound(daemon)


def test_the_sums_are_the_same_after_a_restart(daemon, bus, receiver):
    make_a_mixed_run(daemon, bus, receiver)
    wait_mixed_run(daemon)
    before = daemon.status()["sums"]
    daemon.restart()
    wait_mixed_run(daemon)
    assert daemon.status()["sums"] == before


@pytest.mark.crash
def test_the_sums_hold_over_crashes(daemon, bus, receiver):
    receiver.default = Reply(delay=0.002)
    for crash in range(3):
        for id in range(30):
            emit(daemon, crash * 30 + id)
        bus.publish_all([{"type": "thing.changed", "data": {"id": crash}}] * 10)
        daemon.kill()
        assert_sound(daemon)
        daemon.start()
        assert_sums_hold(daemon.status())
    wait_sums(daemon, "channels", "embedded", received=90, closed=90)
    wait_sums(daemon, "channels", "bus", received=30, closed=30)
    wait_sums(daemon, "connectors", "receiver", made=120, delivered=120)
    assert_sound(daemon)


def test_what_waits_is_in_the_sums(daemon, receiver):
    receiver.default = Reply(500, headers={"Retry-After": "60"})
    for id in range(5):
        emit(daemon, id)
    wait_sums(daemon, "connectors", "other", made=5, waiting=5)
    wait_sums(daemon, "channels", "embedded", received=5, closed=5)
    daemon.restart()
    assert sums_of(daemon, "connectors", "other") == {"made": 5, "waiting": 5}
    assert_sound(daemon)


def test_retried_dead_letters_move(daemon, receiver):
    receiver.stop()
    for id in range(5):
        emit(daemon, id)
    wait_sums(daemon, "connectors", "other", made=5, dead=5)
    wait_sums(daemon, "connectors", "receiver", made=5, dead=5)
    receiver.start()
    assert daemon.command("dead", "retry", "--all").out == "retried 10\n"
    wait_sums(daemon, "connectors", "other", made=5, delivered=5)
    wait_sums(daemon, "connectors", "receiver", made=5, delivered=5)
    assert_sound(daemon)


# ---- malformed messages ----


@pytest.mark.parametrize("message, why", [
    ("{this is no JSON", "JSON"),
    ("[1, 2", "JSON"),
    ('{"specversion": "1.0", "type": "t", "id": "1"}', "source"),
])
def test_a_malformed_message_is_a_dead_letter(daemon, bus, receiver, message, why):
    bus.publish(message)
    bus.publish({"type": "thing.changed", "data": {"id": 1}})
    receiver.wait_for(1)
    (letter,) = malformed(daemon)
    assert (letter["connector"], letter["handler"], letter["attempts"]) == (None, None, [])
    assert why in letter["error"]
    assert letter["data"] == message
    wait_sums(daemon, "channels", "bus", received=2, malformed=1, closed=1)
    assert message in daemon.command("dead", "show", letter["id"]).out
    assert_sound(daemon)


def test_a_message_that_is_no_text_is_a_dead_letter(daemon, bus):
    bus.publish_bytes(b"id: 1\ndata: caf\xe9\n\n")
    wait_sums(daemon, "channels", "bus", received=1, malformed=1)
    (letter,) = malformed(daemon)
    assert "UTF-8" in letter["error"]
    assert_sound(daemon)


def test_a_message_over_the_limit_is_a_dead_letter(project, make_daemon, bus, receiver):
    project.script(SCRIPT)
    project.connector("receiver", CONNECTOR)
    project.connector("other", CONNECTOR)
    daemon = make_daemon("--set", "limits.message=1KB", settings={
        "busUrl": bus.events_url, "url": receiver.url}).start()
    bus.publish({"type": "thing.changed", "data": {"id": 1, "text": "x" * 2000}})
    bus.publish({"type": "thing.changed", "data": {"id": 2}})
    receiver.wait_for(1)
    assert receiver.bodies() == [{"id": 2}]
    (letter,) = malformed(daemon)
    assert "limits.message" in letter["error"]
    wait_sums(daemon, "channels", "bus", received=2, malformed=1, closed=1)


def test_a_malformed_message_can_not_be_retried(daemon, bus):
    bus.publish("{this is no JSON")
    wait_until(lambda: malformed(daemon), "the dead letter")
    result = daemon.command("dead", "retry", malformed(daemon)[0]["id"])
    assert result.status == 1
    assert "no event" in result.err
    assert len(malformed(daemon)) == 1


# ---- drop ----


def test_a_dropped_malformed_message_moves(daemon, bus):
    bus.publish("{this is no JSON")
    wait_until(lambda: malformed(daemon), "the dead letter")
    result = daemon.command("dead", "drop", malformed(daemon)[0]["id"])
    assert (result.status, result.out) == (0, "dropped 1\n")
    wait_sums(daemon, "channels", "bus", received=1, dropped=1)
    assert daemon.dead_letters() == []
    assert_sound(daemon)


def test_a_dropped_delivery_moves(daemon):
    emit(daemon, 1, refuse=True)
    wait_until(lambda: len(daemon.dead_letters()) == 2, "the dead letters")
    result = daemon.command("dead", "drop", "--connector", "other")
    assert (result.status, result.out) == (0, "dropped 1\n")
    wait_sums(daemon, "connectors", "other", made=1, dropped=1)
    wait_sums(daemon, "connectors", "receiver", made=1, dead=1)
    wait_sums(daemon, "channels", "embedded", received=1, closed=1)
    (left,) = daemon.dead_letters()
    assert left["connector"] == "receiver"
    assert daemon.command("dead", "drop", left["id"]).status == 0
    again = daemon.command("dead", "drop", left["id"])
    assert again.status == 1
    assert left["id"] in again.err or "dropped" in again.err
    assert_sound(daemon)


def test_a_dropped_run_of_a_handler_moves_its_event(daemon):
    emit(daemon, 1, type="thing.broken")
    wait_sums(daemon, "channels", "embedded", received=1, dead=1)
    daemon.command("dead", "drop", daemon.dead_letters()[0]["id"])
    wait_sums(daemon, "channels", "embedded", received=1, dropped=1)
    wait_sums(daemon, "connectors", "other", made=1, delivered=1)
    assert_sound(daemon)


def test_a_retried_run_of_a_handler_that_fails_again_stays_one_dead_letter(daemon, receiver):
    emit(daemon, 1, type="thing.broken")
    wait_until(lambda: daemon.dead_letters(), "the dead letter")
    (letter,) = daemon.dead_letters()
    assert daemon.command("dead", "retry", letter["id"]).status == 0
    wait_until(lambda: [l["at"] for l in daemon.dead_letters()] not in ([], [letter["at"]]),
               "it to fail again")
    (again,) = daemon.dead_letters()
    assert again["id"] == letter["id"]
    wait_sums(daemon, "channels", "embedded", received=1, dead=1)
    wait_sums(daemon, "connectors", "other", made=1, delivered=1)
    assert len(receiver.requests) == 1
    assert_sound(daemon)


def test_fsck_finds_sums_that_do_not_hold(daemon):
    emit(daemon, 1)
    wait_sums(daemon, "connectors", "other", made=1, delivered=1)
    assert daemon.stop() == 0
    with sqlite3.connect(daemon.project.journal) as db:
        db.execute("UPDATE sums SET value = value + 1 WHERE name = 'other' AND term = 'made'")
    db.close()
    result = liaison("fsck", daemon.project.journal)
    assert result.status == 1
    assert "other" in result.out
