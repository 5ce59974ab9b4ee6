# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""`onDead = "park"`: a dead letter keeps what follows it until people retry or drop it."""

import json

import pytest

from support import Reply, assert_sums_hold, request, wait_until

SCRIPT = """
    local sync = SyncManager.new {}
    sync:on("thing", function(event)
      sync:send { connector = "receiver", data = event.data, expires = event.data.expires }
    end)
    sync:start()
"""

CONNECTOR = """
    return { onDead = "ON_DEAD", retry = { base = "10ms", jitter = false },
             send = function(data) return http.post(setting "url", { json = data }) end }
"""


@pytest.fixture
def daemon(project, make_daemon, receiver):
    project.script(SCRIPT)
    project.connector("receiver", CONNECTOR.replace("ON_DEAD", "park"))
    return make_daemon(settings={"url": receiver.url}).start()


def refuse(receiver, *numbers):
    """These are refused from now on."""
    receiver.rule = lambda request: Reply(422) if json.loads(request.body)["n"] in numbers else None


def emit(daemon, key, *numbers, **data):
    for n in numbers:
        daemon.emit("thing", {"n": n, **data}, partitionkey=key)


def numbers_of(receiver):
    return [body["n"] for body in receiver.bodies()]


def connector(daemon):
    return next(c for c in daemon.get("/api/connectors").json()["items"] if c["name"] == "receiver")


def wait_parked(daemon, *keys):
    wait_until(lambda: [p["key"] for p in connector(daemon)["parked"]] == list(keys), "the key to be parked")


def wait_waiting(daemon, n):
    wait_until(lambda: daemon.connector_sums("receiver").get("waiting") == n, f"{n} to wait")


def path_of(letter, rest=""):
    return f"/api/dead-letters/{letter['id']}{rest}"


def park(daemon, receiver):
    """1 is dead, 2 and 3 of its key wait, 4 of another one has gone."""
    refuse(receiver, 1)
    emit(daemon, "a", 1, 2, 3)
    emit(daemon, "b", 4)
    wait_parked(daemon, "a")
    daemon.wait_delivered("receiver", 1)
    wait_waiting(daemon, 2)
    letter, = daemon.dead_letters()
    return letter


def drop(daemon, letter):
    assert request("DELETE", daemon.url + path_of(letter)).status == 200


def retry(daemon, letter):
    answer = daemon.post(path_of(letter, "/retry"))
    assert answer.status == 200, answer.json()


def test_a_parked_key_is_seen_and_goes_on_when_its_letter_is_dropped(daemon, receiver):
    letter = park(daemon, receiver)
    assert connector(daemon)["parked"] == [
        {"key": "a", "deadLetters": 1, "eventSeq": letter["eventSeq"]}]
    assert connector(daemon)["parkedKeys"] == 1
    problem, = daemon.status()["problems"]
    assert (problem["code"], problem["about"]) == ("keys-parked", "receiver")
    assert problem["text"].startswith("1 key is parked by dead letters (a): what follows waits")
    assert numbers_of(receiver) == [1, 4]
    story = daemon.command("explain", "2").out
    assert f"parked: receiver, key a, waits until the dead letter of event {letter['eventSeq']} is retried" in story
    assert "parked" not in daemon.command("explain", "4").out
    drop(daemon, letter)
    daemon.wait_delivered("receiver", 3)
    assert numbers_of(receiver) == [1, 4, 2, 3]
    assert daemon.status()["problems"] == []
    assert_sums_hold(daemon.status())


def test_retried_it_goes_first(daemon, receiver):
    letter = park(daemon, receiver)
    receiver.rule = None
    retry(daemon, letter)
    daemon.wait_delivered("receiver", 4)
    assert numbers_of(receiver) == [1, 4, 1, 2, 3]
    assert_sums_hold(daemon.status())


def test_edited_and_retried_it_goes_first_with_its_new_data(daemon, receiver):
    letter = park(daemon, receiver)
    assert request("PATCH", daemon.url + path_of(letter), {"data": {"n": 10}}).status == 200
    retry(daemon, letter)
    daemon.wait_delivered("receiver", 4)
    assert numbers_of(receiver) == [1, 4, 10, 2, 3]


def test_refused_again_it_parks_its_key_again(daemon, receiver):
    letter = park(daemon, receiver)
    retry(daemon, letter)
    wait_until(lambda: numbers_of(receiver) == [1, 4, 1], "the second refusal")
    wait_parked(daemon, "a")
    wait_waiting(daemon, 2)
    assert numbers_of(receiver) == [1, 4, 1]


@pytest.mark.parametrize("end", ["kill", "stop"])
def test_it_stays_parked_over_a_restart_and_what_comes_waits_behind(daemon, receiver, end):
    letter = park(daemon, receiver)
    getattr(daemon, end)()
    daemon.start()
    emit(daemon, "a", 5)
    emit(daemon, "b", 6)
    daemon.wait_delivered("receiver", 2)
    wait_waiting(daemon, 3)
    wait_parked(daemon, "a")
    assert numbers_of(receiver) == [1, 4, 6]
    receiver.rule = None
    retry(daemon, letter)
    daemon.wait_delivered("receiver", 6)
    assert numbers_of(receiver) == [1, 4, 6, 1, 2, 3, 5]
    assert_sums_hold(daemon.status())


def test_a_retry_that_was_cut_short_goes_first_after_a_restart(daemon, receiver):
    letter = park(daemon, receiver)
    receiver.rule = lambda request: Reply(200, delay=30)
    retry(daemon, letter)
    wait_until(lambda: numbers_of(receiver) == [1, 4, 1], "the attempt")
    daemon.kill()
    receiver.rule = None
    daemon.start()
    daemon.wait_delivered("receiver", 4)
    assert numbers_of(receiver) == [1, 4, 1, 1, 2, 3]


def test_nothing_that_comes_later_overtakes_a_letter_whose_followers_are_gone(daemon, receiver):
    refuse(receiver, 1)
    emit(daemon, "a", 1)
    wait_parked(daemon, "a")
    wait_until(lambda: daemon.dead_letters(), "the letter to be on disk")
    daemon.kill()
    daemon.start()
    emit(daemon, "a", 2)
    emit(daemon, "b", 3)
    daemon.wait_delivered("receiver", 1)
    wait_waiting(daemon, 1)
    assert numbers_of(receiver) == [1, 3]


def test_what_is_parked_expires_and_parks_what_follows(daemon, receiver):
    refuse(receiver, 1)
    emit(daemon, "a", 1)
    wait_parked(daemon, "a")
    emit(daemon, "a", 2, expires="200ms")
    emit(daemon, "a", 3)
    wait_until(lambda: len(daemon.dead_letters()) == 2, "the second letter")
    first, second = sorted(daemon.dead_letters(), key=lambda letter: letter["eventSeq"])
    assert second["cause"] == "expired"
    assert connector(daemon)["parked"] == [{"key": "a", "deadLetters": 2, "eventSeq": first["eventSeq"]}]
    drop(daemon, first)
    assert connector(daemon)["parked"] == [{"key": "a", "deadLetters": 1, "eventSeq": second["eventSeq"]}]
    drop(daemon, second)
    daemon.wait_delivered("receiver", 1)
    assert numbers_of(receiver) == [1, 3]


def reload(daemon, project, on_dead):
    project.connector("receiver", CONNECTOR.replace("ON_DEAD", on_dead))
    answer = daemon.post("/api/reload")
    assert answer.status == 200, answer.json()


def test_turned_off_all_goes_on_and_turned_on_what_was_overtaken_parks_nothing(project, daemon, receiver):
    park(daemon, receiver)
    reload(daemon, project, "next")
    daemon.wait_delivered("receiver", 3)
    assert numbers_of(receiver) == [1, 4, 2, 3]
    reload(daemon, project, "park")
    emit(daemon, "a", 5)
    daemon.wait_delivered("receiver", 4)
    assert connector(daemon)["parkedKeys"] == 0


def test_turned_on_what_is_dead_already_parks_its_key(project, daemon, receiver):
    reload(daemon, project, "next")
    refuse(receiver, 1)
    emit(daemon, "a", 1)
    wait_until(lambda: len(daemon.dead_letters()) == 1, "the letter")
    reload(daemon, project, "park")
    wait_parked(daemon, "a")
    emit(daemon, "a", 2)
    emit(daemon, "b", 3)
    daemon.wait_delivered("receiver", 1)
    assert numbers_of(receiver) == [1, 3]


def test_a_bulk_retry_lets_all_keys_go_in_their_orders(daemon, receiver):
    refuse(receiver, *range(1, 6))
    for n in range(1, 6):
        emit(daemon, f"k{n}", n, n + 10, n + 20)
    wait_until(lambda: connector(daemon)["parkedKeys"] == 5, "all keys to be parked")
    receiver.rule = None
    answer = daemon.post("/api/dead-letters/retry", {"connector": "receiver"})
    assert answer.status in (200, 202), answer.json()
    daemon.wait_delivered("receiver", 15)
    for n in range(1, 6):
        of_key = [got for got in numbers_of(receiver) if got % 10 == n]
        assert of_key == [n, n, n + 10, n + 20]
    assert_sums_hold(daemon.status())


def test_more_than_memory_holds_waits_parked_on_disk(daemon, receiver):
    refuse(receiver, 0)
    emit(daemon, "a", 0)
    wait_parked(daemon, "a")
    events = [{"specversion": "1.0", "type": "thing", "source": "/test", "id": f"e{n}", "partitionkey": "a",
               "data": {"n": n}} for n in range(1, 3001)]
    assert daemon.post("/events", events).status == 202
    wait_waiting(daemon, 3000)
    emit(daemon, "b", 5000)
    daemon.wait_delivered("receiver", 1)
    assert numbers_of(receiver) == [0, 5000]
    daemon.kill()
    daemon.start()
    wait_waiting(daemon, 3000)
    receiver.rule = None
    letter, = daemon.dead_letters()
    retry(daemon, letter)
    daemon.wait_delivered("receiver", 3002, deadline=60)
    assert [n for n in numbers_of(receiver) if n != 5000] == [0, *range(0, 3001)]
    assert_sums_hold(daemon.status())
