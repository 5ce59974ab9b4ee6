# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""Recorded events are handled again as new: none is lost or handled twice, nothing newer is overwritten."""

import json

import pytest

from support import Reply, assert_sums_hold, liaison, request, wait_until

SCRIPT = """
    local sync = SyncManager.new {}
    sync:on("thing.*", { name = "first" }, function(event)
      sync:send { connector = "receiver", data = { n = event.data.n, by = "first" } }
    end)
    sync:on("thing.*", { name = "second" }, function(event)
      if event.data.fails then error "not this one" end
      sync:send { connector = "receiver", data = { n = event.data.n, by = "second" } }
    end)
    sync:start()
"""

CONNECTOR = """
    return { send = function(data) return http.post(setting "url", { json = data }) end }
"""


@pytest.fixture
def daemon(project, make_daemon, receiver):
    project.script(SCRIPT)
    project.connector("receiver", CONNECTOR)
    return make_daemon(settings={"url": receiver.url}).start()


def emit(daemon, n, key=None, type="thing.made", **data):
    daemon.emit(type, {"n": n, **data}, id=f"e{n}", partitionkey=key or f"k{n}")


def replays(daemon):
    return daemon.get("/api/replay").json()["items"]


def replay(daemon, **wish):
    answer = daemon.post("/api/replay", wish)
    assert answer.status == 202, answer.body
    return wait_until(lambda: [r for r in replays(daemon)[:1] if r["ended"]], "the replay's end")[0]


def settled(daemon):
    """Until nothing is open or waits any more."""
    def is_settled():
        status = daemon.status()
        return (all(c.get("open", 0) == 0 for c in status["sums"]["channels"].values())
                and all(c["waiting"] == c["inFlight"] == 0 for c in status["connectors"]))
    wait_until(is_settled, "all to end")
    assert_sums_hold(daemon.status())


def numbers(receiver, by="first"):
    return [body["n"] for body in receiver.bodies() if body["by"] == by]


def test_events_are_handled_again_as_new(daemon, receiver):
    for n in range(1, 6):
        emit(daemon, n, type="thing.made" if n % 2 else "thing.changed")
    settled(daemon)
    receiver.clear()
    ended = replay(daemon, type="thing.made")
    assert (ended["replayed"], ended["refused"], ended["wish"]) == (3, 0, {"type": "thing.made"})
    settled(daemon)
    assert sorted(numbers(receiver)) == sorted(numbers(receiver, "second")) == [1, 3, 5]
    sums = daemon.connector_sums("receiver")
    assert (sums["made"], sums["delivered"]) == (16, 16)
    assert daemon.get("/api/events/1").json()["replay"] == 1
    assert len({d["id"] for d in daemon.get("/api/events/1").json()["deliveries"]}) == 4
    assert daemon.channel_sums()["received"] == 5


def test_one_handler_alone_may_be_asked(daemon, receiver):
    emit(daemon, 1)
    settled(daemon)
    receiver.clear()
    replay(daemon, type="*", handler="second")
    settled(daemon)
    assert (numbers(receiver), numbers(receiver, "second")) == ([], [1])


def test_time_bounds_are_those_of_receipt(daemon, receiver):
    emit(daemon, 1)
    settled(daemon)
    receiver.clear()
    since = daemon.get("/api/events/1").json()["received"]
    assert daemon.post("/api/replay", {"since": since, "dryRun": True}).json() == {"matching": 1}
    assert daemon.post("/api/replay", {"until": since, "dryRun": True}).json() == {"matching": 0}
    assert replay(daemon, until=since)["replayed"] == 0
    assert replay(daemon, since=since)["replayed"] == 1
    assert receiver.wait_for(2)


def test_what_is_older_than_what_was_delivered_ends_as_superseded(daemon, receiver):
    for n in (1, 2, 3):
        emit(daemon, n, key="k" if n < 3 else "j")
    settled(daemon)
    receiver.clear()
    replay(daemon, type="*")
    settled(daemon)
    assert sorted(numbers(receiver)) == [2, 3]
    sums = daemon.connector_sums("receiver")
    assert (sums["superseded"], sums["delivered"]) == (2, 10)
    old = [d for d in daemon.get("/api/deliveries?state=superseded").json()["items"]]
    assert {d["data"]["n"] for d in old} == {1}
    assert "newer delivery, of event 2, has succeeded" in old[0]["cause"]


def test_force_sends_also_what_is_older(daemon, receiver):
    for n in (1, 2):
        emit(daemon, n, key="k")
    settled(daemon)
    receiver.clear()
    replay(daemon, type="*", force=True)
    settled(daemon)
    assert numbers(receiver) == [1, 2]
    assert daemon.connector_sums("receiver").get("superseded", 0) == 0


def test_what_comes_meanwhile_is_newer_too(daemon, receiver):
    emit(daemon, 1, key="k")
    settled(daemon)
    daemon.post("/api/connectors/receiver/pause")
    emit(daemon, 2, key="k")
    wait_until(lambda: len(daemon.get("/api/deliveries?state=waiting").json()["items"]) == 2, "two to wait")
    assert replay(daemon, type="*")["replayed"] == 1
    wait_until(lambda: len(daemon.get("/api/deliveries?state=waiting").json()["items"]) == 4, "four to wait")
    receiver.clear()
    daemon.post("/api/connectors/receiver/resume")
    settled(daemon)
    assert numbers(receiver) == [2]
    assert daemon.connector_sums("receiver")["superseded"] == 2


def test_what_a_replay_made_goes_on_after_a_crash(daemon, receiver):
    emit(daemon, 1, key="k")
    settled(daemon)
    daemon.post("/api/connectors/receiver/pause")
    replay(daemon, type="*")
    wait_until(lambda: len(daemon.get("/api/deliveries?state=waiting").json()["items"]) == 2, "two to wait")
    daemon.kill()
    daemon.start()
    receiver.clear()
    daemon.post("/api/connectors/receiver/resume")
    settled(daemon)
    assert numbers(receiver) == [1]


def test_only_events_with_dead_letters_may_be_meant(daemon, receiver):
    receiver.rule = lambda request: Reply(400) if json.loads(request.body)["n"] == 2 else None
    for n in (1, 2):
        emit(daemon, n)
    emit(daemon, 3, fails=True)
    settled(daemon)
    assert len(daemon.dead_letters()) == 3
    receiver.rule = None
    receiver.clear()
    assert daemon.post("/api/replay", {"dead": True, "dryRun": True}).json() == {"matching": 2}
    replay(daemon, dead=True)
    settled(daemon)
    assert sorted(numbers(receiver)) == [2, 3]
    letters = daemon.dead_letters()
    assert sorted((letter["eventSeq"], letter["handler"]) for letter in letters) == [
        (2, "first"), (2, "second"), (3, "second")]
    assert all(letter["staleBy"] for letter in letters if letter["eventSeq"] == 2)
    assert daemon.channel_sums()["dead"] == 1
    assert daemon.post(f"/api/dead-letters/{letters[0]['id']}/retry").status == 200
    settled(daemon)


def test_a_letter_of_a_replay_is_retried_by_force(daemon, receiver):
    emit(daemon, 1, key="k")
    settled(daemon)
    receiver.rule = lambda request: Reply(400)
    replay(daemon, type="*", handler="first")
    settled(daemon)
    receiver.rule = None
    emit(daemon, 2, key="k")
    settled(daemon)
    letter, = daemon.dead_letters()
    receiver.clear()
    assert daemon.post(f"/api/dead-letters/{letter['id']}/retry").status == 409
    assert daemon.post(f"/api/dead-letters/{letter['id']}/retry", {"force": True}).status == 200
    settled(daemon)
    assert numbers(receiver) == [1]


def deadly_replays(daemon, receiver, n_replays, **attributes):
    """One event whose delivery dies, when it comes and in each of its replays; its letters, the oldest first."""
    receiver.rule = lambda request: Reply(400)
    daemon.emit("thing.made", {"n": 1}, **attributes)
    settled(daemon)
    for _ in range(n_replays):
        replay(daemon, type="*", handler="first")
        settled(daemon)
    receiver.rule = None
    receiver.clear()
    return [letter for letter in daemon.dead_letters()[::-1] if letter["handler"] == "first"]


@pytest.mark.parametrize("attributes", [{"partitionkey": "k"}, {}], ids=["keyed", "keyless"])
def test_of_several_replays_letters_the_newest_alone_is_retried(daemon, receiver, attributes):
    letters = deadly_replays(daemon, receiver, 2, **attributes)
    assert len(letters) == 3
    answer = daemon.post("/api/dead-letters/retry", {"filter": {}})
    assert answer.json() == {"matching": 4, "retried": 2, "refused": 2}  # `second` was handled once
    settled(daemon)
    assert (numbers(receiver), numbers(receiver, "second")) == ([1], [1])
    refused = daemon.post(f"/api/dead-letters/{letters[0]['id']}/retry")
    assert refused.status == 409 and letters[2]["id"] in refused.json()["detail"]
    assert daemon.post(f"/api/dead-letters/{letters[0]['id']}/retry", {"force": True}).status == 200
    settled(daemon)
    assert numbers(receiver) == [1, 1]


def test_the_letter_of_a_replay_that_is_dropped_stands_for_none(daemon, receiver):
    old, new = deadly_replays(daemon, receiver, 1)
    refused = daemon.post(f"/api/dead-letters/{old['id']}/retry")
    assert refused.status == 409 and new["id"] in refused.json()["detail"]
    assert request("DELETE", daemon.url + f"/api/dead-letters/{new['id']}").status == 200
    assert daemon.post(f"/api/dead-letters/{old['id']}/retry").status == 200
    settled(daemon)
    assert numbers(receiver) == [1]


def test_a_crash_in_the_middle_neither_loses_nor_doubles(daemon, receiver):
    count = 60
    for n in range(count):
        emit(daemon, n)
    settled(daemon)
    receiver.clear()
    daemon.post("/api/replay", {"type": "*", "rate": "100/s"})
    for _ in range(3):
        done = replays(daemon)[0]["replayed"]
        wait_until(lambda: replays(daemon)[0]["replayed"] > done, "it to go on")
        daemon.kill()
        daemon.start()
    ended = wait_until(lambda: [r for r in replays(daemon) if r["ended"]], "the replay's end", 30)
    assert ended[0]["replayed"] == count
    settled(daemon)
    keys = receiver.keys()
    assert len(set(keys)) == 2 * count  # a crash may repeat a request, with its key
    assert daemon.connector_sums("receiver")["delivered"] == 4 * count
    assert {e["replay"] for e in daemon.get("/api/events?limit=1000").json()["items"]} == {1}
    daemon.stop()
    checked = liaison("fsck", daemon.project.journal)
    assert checked.status == 0, checked.out


def test_one_at_a_time_and_it_can_be_stopped(daemon, receiver):
    for n in range(20):
        emit(daemon, n)
    settled(daemon)
    assert daemon.post("/api/replay", {"type": "*", "rate": "1/m"}).status == 202
    answer = daemon.post("/api/replay", {"type": "*"})
    assert answer.status == 409 and "DELETE" in answer.json()["detail"]
    wait_until(lambda: replays(daemon)[0]["replayed"] == 1, "the first event")
    assert request("DELETE", f"{daemon.url}/api/replay").status == 202
    wait_until(lambda: replays(daemon)[0]["ended"], "its end")
    assert replays(daemon)[0]["replayed"] == 1
    assert request("DELETE", f"{daemon.url}/api/replay").status == 409
    daemon.restart()
    assert len(replays(daemon)) == 1


def test_an_open_event_is_refused(daemon, receiver):
    receiver.default = Reply(hangs=True)
    emit(daemon, 1)
    receiver.wait_for(1)
    ended = replay(daemon, type="*")
    assert (ended["replayed"], ended["refused"]) == (0, 1)


@pytest.mark.parametrize("wish, words", [
    ({}, "which events?"), ({"rate": "1/s"}, "which events?"), ({"tpye": "x"}, "did you mean type?"),
    ({"since": "yesterday"}, "such as 2h"), ({"type": 1}, "string"),
    ({"type": "*", "handler": "third"}, "no handler"), ({"type": "*", "rate": "x"}, "50/s"),
    ({"type": "*", "force": 1}, "true or false"), ({"state": "waiting"}, "no state"),
    ({"type": "*", "limit": "1"}, "unknown member"), ([], "JSON object"),
])
def test_a_wish_that_makes_no_sense_replays_nothing(daemon, wish, words):
    answer = daemon.post("/api/replay", wish)
    assert answer.status == 400 and words in answer.json()["detail"]
    assert replays(daemon) == []
