# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""Lists as lines (Accept: application/x-ndjson): whole, page behind page, however long."""

import json
import socket

import pytest

from support import wait_until

EVENTS = 1000  # several pages
LINES = {"Accept": "application/x-ndjson"}
BROKEN_DATA = '{ "n" : 1,\n  "text": "two\\nlines, and  spaces" }'

SCRIPT = """
local sync = SyncManager.new {}
sync:on("thing.*", function(event)
  sync:send { connector = "receiver", data = event.data }
end)
sync:start()
"""

CONNECTOR = """
return {
  send = function(data) reject("it is refused") end,
}
"""


@pytest.fixture
def daemon(project, make_daemon):
    project.script(SCRIPT)
    project.connector("receiver", CONNECTOR)
    return make_daemon("--set", "log.level=warn").start()


def post(daemon, first, last, type="thing.changed"):
    events = [{"type": type, "data": {"id": str(n), "n": n}} for n in range(first, last)]
    assert daemon.post("/events", events).status == 202


def lines(daemon, path):
    answer = daemon.get(path, headers=LINES)
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert answer.body.endswith(b"\n") or not answer.body
    return [json.loads(line) for line in answer.body.split(b"\n")[:-1]]


def pages(daemon, path):
    items, cursor = [], ""
    while True:
        page = daemon.get(f"{path}?limit=1000{cursor}").json()
        items += page["items"]
        if page["next"] is None:
            return items
        cursor = f"&cursor={page['next']}"


@pytest.mark.parametrize("name", ["events", "deliveries", "dead-letters"])
def test_they_are_what_the_pages_have(daemon, name):
    post(daemon, 0, EVENTS)
    wait_until(lambda: daemon.connector_sums("receiver").get("dead") == EVENTS, "all to be refused", 60)
    wait_until(lambda: daemon.channel_sums()["open"] == 0, "the events to end")
    found = lines(daemon, f"/api/{name}")
    assert len(found) == EVENTS
    assert found == pages(daemon, f"/api/{name}")


def test_filters_limit_and_cursor_hold(daemon):
    post(daemon, 0, 300)
    post(daemon, 300, 600, type="note")
    assert [e["seq"] for e in lines(daemon, "/api/events?type=note")] == list(range(600, 300, -1))
    assert [e["seq"] for e in lines(daemon, "/api/events?type=note&limit=250")] == list(range(600, 350, -1))
    assert [e["seq"] for e in lines(daemon, "/api/events?limit=2&cursor=10")] == [9, 8]
    assert len(lines(daemon, "/api/events?limit=100000")) == 600
    assert lines(daemon, "/api/events?type=nothing") == []


def test_data_of_several_lines_stand_on_one(daemon):
    body = f'{{"type": "note", "data": {BROKEN_DATA}}}'.encode()
    assert daemon.post("/events", body, headers={"Content-Type": "application/json"}).status == 202
    [event] = lines(daemon, "/api/events")
    assert event["data"] == json.loads(BROKEN_DATA)


def test_what_is_wrong_is_said_as_ever(daemon):
    answer = daemon.get("/api/events?stat=open", headers=LINES)
    assert answer.status == 400
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("accept", ["application/json", "*/*", "application/x-ndjsonx"])
def test_who_does_not_ask_for_lines_gets_a_page(daemon, accept):
    post(daemon, 0, 3)
    assert len(daemon.get("/api/events", headers={"Accept": accept}).json()["items"]) == 3


def test_one_of_several_types_may_be_lines(daemon):
    post(daemon, 0, 3)
    answer = daemon.get("/api/events", headers={"Accept": "text/csv, Application/X-NDJSON;q=0.5"})
    assert len(answer.body.splitlines()) == 3


def test_a_client_that_leaves_in_the_middle_harms_nothing(daemon):
    large = [{"type": "note", "data": "x" * 100000} for _ in range(9)]
    for _ in range(10):
        assert daemon.post("/events", large).status == 202
    host, port = daemon.url.removeprefix("http://").split(":")
    for _ in range(5):
        with socket.create_connection((host, int(port))) as client:
            client.sendall(b"GET /api/events HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/x-ndjson\r\n\r\n")
            assert client.recv(1000)
    assert len(lines(daemon, "/api/events")) == 90
