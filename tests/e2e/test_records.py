# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""What happened, over the HTTP interface: events and deliveries, by filters and in pages."""

import re

import pytest

from support import Reply, wait_until

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")

SCRIPT = """
    local sync = SyncManager.new {}
    sync:on("thing.*", function(event)
      sync:send { connector = event.data.to or "receiver", data = { n = event.data.n } }
    end)
    sync:start()
"""

CONNECTOR = """
    return {
      retry = { attempts = 2, base = "10ms", jitter = false },
      send = function(data)
        if data.n == 13 then skip "unlucky" end
        return http.post(setting "url", { json = data })
      end,
    }
"""


@pytest.fixture
def daemon(project, make_daemon, receiver):
    project.script(SCRIPT)
    project.connector("receiver", CONNECTOR)
    project.connector("other", CONNECTOR)
    return make_daemon(settings={"url": receiver.url}).start()


def items(daemon, path):
    """All items of a list, page by page."""
    found, cursor = [], None
    while True:
        answer = daemon.get(path + (f"{'&' if '?' in path else '?'}cursor={cursor}" if cursor else ""))
        assert answer.status == 200, answer.body
        page = answer.json()
        assert set(page) == {"items", "next"}
        found += page["items"]
        assert page["next"] is None or page["next"] != cursor
        cursor = page["next"]
        if not cursor:
            return found


def ids(daemon, path):
    return [item["id"] for item in items(daemon, path)]


def fill(daemon):
    daemon.emit("thing.made", {"n": 1}, id="e1", partitionkey="k", source="/a", tenant="north")
    daemon.emit("thing.changed", {"n": 2, "to": "other"}, id="e2", partitionkey="k")
    daemon.emit("weather", {"n": 3}, id="e3")
    daemon.emit("thing.changed", {"n": 13}, id="e4")
    wait_until(lambda: not items(daemon, "/api/events?state=open"), "all to be handled")


def test_events_are_listed_the_newest_first_with_both_ids(daemon):
    fill(daemon)
    listed = items(daemon, "/api/events")
    assert [(e["seq"], e["id"]) for e in listed] == [(4, "e4"), (3, "e3"), (2, "e2"), (1, "e1")]
    first = listed[-1]
    assert TIME.fullmatch(first.pop("received"))
    assert first == {
        "seq": 1, "id": "e1", "type": "thing.made", "source": "/a", "subject": None, "time": None,
        "key": "k", "attributes": {"partitionkey": "k", "tenant": "north"}, "data": {"n": 1},
        "channel": "embedded", "state": "closed", "replay": 0}


@pytest.mark.parametrize("query, expected", [
    ("type=thing.changed", ["e4", "e2"]),
    ("type=thing.*", ["e4", "e2", "e1"]),
    ("state=unmatched", ["e3"]),
    ("state=open", []),
    ("key=k", ["e2", "e1"]),
    ("connector=other", ["e2"]),
    ("id=e2", ["e2"]),
    ("id=2", ["e2"]),
    ("since=1h", ["e4", "e3", "e2", "e1"]),
    ("until=1h", []),
    ("since=2026-01-01T00:00:00%2B01:00&until=2000-01-01T00:00:00Z", []),
    ("type=thing.*&key=k&limit=1", ["e2", "e1"]),
    ("channel=embedded&limit=2", ["e4", "e3", "e2", "e1"]),
])
def test_events_are_filtered(daemon, query, expected):
    fill(daemon)
    assert ids(daemon, f"/api/events?{query}") == expected


def test_an_event_is_shown_with_what_became_of_it(daemon):
    fill(daemon)
    event = daemon.get("/api/events/2").json()
    assert (event["seq"], event["id"], event["state"]) == (2, "e2", "closed")
    delivery, = event["deliveries"]
    assert (delivery["connector"], delivery["state"]) == ("other", "delivered")
    assert "event" not in delivery
    assert daemon.get("/api/events/e2").json() == event
    assert daemon.get("/api/events/e9").status == 404


def test_deliveries_are_shown_whole(daemon):
    fill(daemon)
    delivery, = items(daemon, "/api/deliveries?connector=other")
    assert TIME.fullmatch(delivery["at"]) and TIME.fullmatch(delivery["created"])
    scripts = daemon.get("/api/scripts").json()["hash"]
    assert {name: delivery[name] for name in delivery if name not in ("id", "at", "created", "event")} == {
        "scripts": scripts, "state": "delivered", "cause": None, "connector": "other", "handler": "sync/thing.*#1",
        "key": "k", "data": {"n": 2}, "eventSeq": 2, "attempts": [], "error": None, "staleBy": None,
        "inFlight": False, "due": None, "expires": None}
    assert delivery["event"]["id"] == "e2"
    assert daemon.get(f"/api/deliveries/{delivery['id']}").json() == delivery
    assert daemon.get("/api/deliveries/2-0123456789abcdef01234567").status == 404


@pytest.mark.parametrize("query, expected", [
    ("", [13, 2, 1]),
    ("state=delivered", [2, 1]),
    ("state=skipped", [13]),
    ("state=dead", []),
    ("connector=receiver", [13, 1]),
    ("type=thing.changed", [13, 2]),
    ("type=thing.m*", [1]),
    ("key=k", [2, 1]),
    ("key=k&limit=1", [2, 1]),
    ("id=e4", [13]),
    ("since=1h", [13, 2, 1]),
    ("until=1h", []),
])
def test_deliveries_are_filtered(daemon, query, expected):
    fill(daemon)
    assert [d["data"]["n"] for d in items(daemon, f"/api/deliveries?{query}")] == expected


def test_a_delivery_is_found_by_its_own_id(daemon):
    fill(daemon)
    for delivery in items(daemon, "/api/deliveries"):
        assert items(daemon, f"/api/deliveries?id={delivery['id']}") == [delivery]
        assert items(daemon, f"/api/deliveries?id={delivery['id']}&type=none") == []


def test_what_is_in_the_air_is_listed_without_a_row(daemon, receiver):
    receiver.default = Reply(hangs=True)
    for n in range(3):
        daemon.emit("thing.made", {"n": n}, id=f"e{n}", partitionkey="k")
    receiver.wait_for(1)
    waiting = wait_until(lambda: [d for d in items(daemon, "/api/deliveries?connector=receiver")
                                  if d["state"] == "waiting"][2:] and
                         items(daemon, "/api/deliveries?connector=receiver"), "three to wait")
    assert [(d["data"]["n"], d["inFlight"]) for d in waiting] == [(2, False), (1, False), (0, True)]
    assert daemon.get(f"/api/deliveries/{waiting[0]['id']}").json()["event"]["id"] == "e2"
    assert [d["data"]["n"] for d in items(daemon, "/api/deliveries?state=waiting&connector=receiver&limit=1")] == [2, 1, 0]
    assert items(daemon, "/api/deliveries?state=delivered") == []
    assert items(daemon, "/api/deliveries?type=weather") == []


def test_what_waits_on_disk_is_listed_once_and_says_when_it_is_due(daemon, receiver, project):
    receiver.default = 503
    project.connector("receiver", """
        return { retry = { base = "1h", jitter = false },
                 send = function(data) http.post(setting "url", { json = data }) end }
    """)
    daemon.restart()
    daemon.emit("thing.made", {"n": 1})
    delivery = wait_until(lambda: [d for d in items(daemon, "/api/deliveries") if d["attempts"]],
                          "the first attempt's end")
    assert len(delivery) == 1
    assert (delivery[0]["state"], delivery[0]["inFlight"]) == ("waiting", False)
    assert TIME.fullmatch(delivery[0]["due"]) and delivery[0]["at"] is None
    attempt, = delivery[0]["attempts"]
    assert attempt["code"] == "503" and TIME.fullmatch(attempt["at"])
    assert [d["id"] for d in items(daemon, "/api/deliveries?state=waiting&connector=receiver")] == [
        delivery[0]["id"]]


def test_a_page_that_has_looked_far_enough_says_where_to_go_on(daemon):
    daemon.emit("thing.made", {"n": 1}, id="first")
    for _ in range(11):
        assert daemon.post("/events", [{"type": "weather", "data": None}] * 1000).status == 202
    page = daemon.get("/api/events?type=thing.made").json()
    assert page["items"] == [] and page["next"]
    assert ids(daemon, "/api/events?type=thing.made") == ["first"]
    answer = daemon.get("/api/events/first")
    assert answer.status == 404 and "newest 10000" in answer.json()["detail"]


def test_events_and_deliveries_stand_over_a_restart(daemon):
    fill(daemon)
    before = items(daemon, "/api/events"), items(daemon, "/api/deliveries")
    daemon.kill()
    daemon.start()
    assert (items(daemon, "/api/events"), items(daemon, "/api/deliveries")) == before


@pytest.mark.parametrize("path, words", [
    ("/api/events?stat=open", "did you mean state?"),
    ("/api/events?state=waiting", "there are open, closed"),
    ("/api/events?state=opened", "did you mean open?"),
    ("/api/events?state=new", "state of an event"),
    ("/api/events?cause=refused", "is no filter"),
    ("/api/events?since=yesterday", "such as 2h"),
    ("/api/events?limit=-1", "limit is a whole number"),
    ("/api/events?limit=0", "limit is a whole number"),
    ("/api/events?type=a&type=b", "type stands twice"),
    ("/api/events?cursor=x", "is no cursor"),
    ("/api/events?cursor=99999999999999999999", "is no cursor"),
    ("/api/deliveries?state=closed", "there are waiting, delivered"),
    ("/api/deliveries?cause=exausted", "did you mean exhausted?"),
    ("/api/deliveries?conector=x", "did you mean connector?"),
    ("/api/dead-letters?state=dead", "is no filter"),
])
def test_a_wrong_filter_is_refused_with_what_there_is(daemon, path, words):
    answer = daemon.get(path)
    assert answer.status == 400
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert words in answer.json()["detail"]


def test_empty_places_of_a_query_are_passed_over(daemon):
    assert daemon.get("/api/events?&limit=1&&").status == 200


# ---- names that may be mistyped ----

BAD_NAMES = [("connector=recever", "there is no connector recever: did you mean receiver?"),
             ("connector=crm", "there is no connector crm: there are other, receiver"),
             ("channel=embeded", "there is no channel embeded: did you mean embedded?"),
             ("channel=bus", "there is no channel bus: there is embedded")]


def test_a_name_of_nothing_is_refused_and_not_found_nothing_of(daemon):
    for query, words in BAD_NAMES:
        for kind in ("events", "deliveries", "dead-letters"):
            for accept in ("application/json", "application/x-ndjson"):
                answer = daemon.get(f"/api/{kind}?{query}", headers={"Accept": accept})
                assert (answer.status, answer.json()["detail"]) == (400, words), (kind, accept)


def test_a_name_of_nothing_neither_retries_nor_replays(daemon):
    for query, words in BAD_NAMES:
        name, value = query.split("=")
        for path, wish in [("dead-letters/retry", {"filter": {name: value}}), ("replay", {name: value}),
                           ("replay", {name: value, "dryRun": True})]:
            answer = daemon.post(f"/api/{path}", wish)
            assert (answer.status, answer.json()["detail"]) == (400, words), path
    assert daemon.get("/api/replay").json()["items"] == []


def test_a_handler_there_is_not_is_named_with_the_nearest(daemon):
    answer = daemon.post("/api/replay", {"type": "*", "handler": "sync/thing.#1"})
    assert (answer.status, answer.json()["detail"]) == (
        400, "there is no handler sync/thing.#1: did you mean sync/thing.*#1?")


def test_a_name_of_something_finds_it_before_anything_was_sent(daemon):
    for query in ("connector=receiver", "connector=", "channel=embedded", "connector=deadLetters"):
        assert items(daemon, f"/api/deliveries?{query}") == []


def test_what_a_removed_connector_left_is_found(daemon, receiver):
    receiver.answer_next(400)
    daemon.emit("thing.made", {"n": 1, "to": "other"}, id="e1")
    letter, = wait_until(daemon.dead_letters, "the dead letter")
    daemon.stop()
    (daemon.project.path / "connectors" / "other.lua").unlink()
    daemon.start()
    assert ids(daemon, "/api/dead-letters?connector=other") == [letter["id"]]
    assert daemon.post("/api/dead-letters/retry", {"filter": {"connector": "other"}, "dryRun": True}).json()[
        "matching"] == 1
    assert daemon.command("dead", "drop", "--connector", "other").out == "dropped 1\n"
    assert items(daemon, "/api/deliveries?connector=other&state=waiting") == []


def test_commands_tell_a_name_of_nothing(daemon):
    for arguments in (["dead", "list"], ["dead", "list", "--json"], ["dead", "export"], ["dead", "retry"],
                      ["dead", "drop"], ["dead", "retry", "--dry-run"], ["replay"], ["replay", "--dry-run"]):
        result = daemon.command(*arguments, "--connector", "recever")
        assert (result.status, result.out) == (1, ""), arguments
        assert "there is no connector recever: did you mean receiver?" in result.err
