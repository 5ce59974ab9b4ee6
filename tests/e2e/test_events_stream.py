# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""GET /events: the journal's events as server-sent events."""

import json
import re

import pytest

from support import Project, SLOWNESS, Stream, assert_sums_hold, wait_until

SCRIPT = """
    local sync = SyncManager.new {}
    sync:on("*", function(event) end)
    sync:start()
"""


@pytest.fixture
def daemon(project, make_daemon):
    project.script(SCRIPT)
    return make_daemon().start()


def numbers(messages):
    return [message.json()["data"]["n"] for message in messages]


def post_many(daemon, first, last, type="thing.changed", filling=""):
    """Events with data.n from `first` to `last`."""
    for begin in range(first, last + 1, 500):
        events = [{"type": type, "data": {"n": n, "filling": filling}}
                  for n in range(begin, min(begin + 500, last + 1))]
        assert daemon.post("/events", events).status == 202


def test_who_reads_along_gets_what_comes(daemon):
    daemon.emit("thing.before", {"n": 0})
    with Stream(f"{daemon.url}/events") as stream:
        assert stream.status == 200
        assert stream.headers["content-type"] == "text/event-stream"
        stream.skip_comment()
        daemon.emit("thing.changed", {"n": 1}, id="a-1", source="/x", specversion="1.0",
                    subject="s", tenant="north")
        message = stream.next()
    assert message.event == "thing.changed"
    assert message.json() == {"specversion": "1.0", "id": "a-1", "source": "/x", "subject": "s",
                              "type": "thing.changed", "tenant": "north", "data": {"n": 1}}


def test_it_is_resumed_behind_the_last_id(daemon):
    post_many(daemon, 1, 5)
    with Stream(f"{daemon.url}/events", last_id="0") as stream:
        first = stream.take(2)
    with Stream(f"{daemon.url}/events", last_id=first[-1].id) as stream:
        post_many(daemon, 6, 7)
        rest = stream.take(5)
    assert numbers(first + rest) == [1, 2, 3, 4, 5, 6, 7]


def test_types_are_chosen(daemon):
    for n, type in enumerate(["a.x", "b.x", "a.y", "ab", "a.x"]):
        daemon.emit(type, {"n": n})
    for type, wanted in (("a.x", [0, 4]), ("a.*", [0, 2, 4]), ("*", [0, 1, 2, 3, 4])):
        with Stream(f"{daemon.url}/events?type={type}", last_id="0") as stream:
            assert numbers(stream.take(len(wanted))) == wanted
    with Stream(f"{daemon.url}/events?type=b.x") as stream:
        stream.skip_comment()
        daemon.emit("a.x", {"n": 5})
        daemon.emit("b.x", {"n": 6})
        assert numbers(stream.take(1)) == [6]


def test_who_is_far_behind_catches_up_while_more_comes(daemon):
    post_many(daemon, 1, 6000, filling="x" * 200)
    with Stream(f"{daemon.url}/events", last_id="0") as stream:
        seen = stream.take(100)
        post_many(daemon, 6001, 12000, filling="x" * 200)
        seen += stream.take(11900)
    assert numbers(seen) == list(range(1, 12001))


def test_a_reader_that_stops_reading_holds_up_nobody_and_misses_nothing(daemon):
    with Stream(f"{daemon.url}/events") as slow, Stream(f"{daemon.url}/events") as quick:
        slow.skip_comment()
        quick.skip_comment()
        # More than the sockets and the tape hold.
        for begin in range(1, 10001, 500):
            post_many(daemon, begin, begin + 499, filling="x" * 1500)
            assert numbers(quick.take(500)) == list(range(begin, begin + 500))
        assert numbers(slow.take(10000)) == list(range(1, 10001))


def test_readers_survive_the_daemon(daemon):
    """What each has seen before a crash and after it is everything, once."""
    seen = []
    last_id = "0"
    for round_number in range(4):
        post_many(daemon, round_number * 50 + 1, round_number * 50 + 50)
        with Stream(f"{daemon.url}/events", last_id=last_id) as stream:
            seen += stream.take(30)
        last_id = seen[-1].id
        daemon.kill()
        daemon.start()
    with Stream(f"{daemon.url}/events", last_id=last_id) as stream:
        seen += stream.take(200 - len(seen))
    assert numbers(seen) == list(range(1, 201))


def test_ids_of_another_journal_begin_at_the_beginning(daemon):
    post_many(daemon, 1, 3)
    with Stream(f"{daemon.url}/events", last_id="00000000-2") as stream:
        assert numbers(stream.take(3)) == [1, 2, 3]


def test_who_has_seen_more_than_there_is_goes_on_with_what_is_new(daemon):
    """As after the journal was restored from a backup."""
    post_many(daemon, 1, 3)
    with Stream(f"{daemon.url}/events", last_id="0") as stream:
        prefix = stream.next().id.partition("-")[0]
    with Stream(f"{daemon.url}/events", last_id=f"{prefix}-1000") as stream:
        stream.skip_comment()
        post_many(daemon, 4, 5)
        assert numbers(stream.take(2)) == [4, 5]
    assert daemon.stop() == 0  # under the sanitizer: nothing of a page without events is left


@pytest.mark.parametrize("path, headers", [
    ("/events", {"Last-Event-ID": "yesterday"}),
    ("/events", {"Last-Event-ID": "-5"}),
    ("/events?type=a*b", {}),
    ("/events?type=", {}),
])
def test_what_cannot_be_meant_is_refused(daemon, path, headers):
    answer = daemon.get(path, headers=headers)
    assert answer.status == 400
    assert answer.headers["content-type"] == "application/problem+json"


def test_duplicates_and_malformed_messages_are_no_events(project, make_daemon, make_bus):
    project.script(SCRIPT.replace("{}", '{ eventBusUrl = setting "busUrl", name = "bus" }'))
    bus = make_bus()
    daemon = make_daemon(settings={"busUrl": bus.url}).start()
    bus.publish({"type": "a", "data": {"n": 1}})
    bus.publish_bytes(b"data: {broken\n\n")
    bus.publish({"type": "a", "data": {"n": 2}})
    with Stream(f"{daemon.url}/events", last_id="0") as stream:
        assert numbers(stream.take(2)) == [1, 2]


def test_a_token_is_needed_where_one_is_set(project, make_daemon):
    project.script(SCRIPT)
    project.write("liaison.lua", 'return { tokens = { read = "r", ingest = "i" } }')
    daemon = make_daemon().start()
    assert daemon.get("/events").status == 401
    assert daemon.get("/events", headers={"Authorization": "Bearer i"}).status == 403
    with Stream(f"{daemon.url}/events", headers={"Authorization": "Bearer r"}) as stream:
        assert stream.status == 200


def test_stopping_ends_the_streams(daemon):
    with Stream(f"{daemon.url}/events") as stream:
        stream.skip_comment()
        assert daemon.stop() == 0
        assert stream.next() is None


def resident_mib(daemon):
    status = open(f"/proc/{daemon.process.pid}/status").read()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024


def test_a_thousand_readers_take_bounded_memory(project, make_daemon):
    """With as few descriptors as a shell gives at first."""
    project.script(SCRIPT)
    daemon = make_daemon(launcher=["sh", "-c", 'ulimit -S -n 1024; exec "$@"', "sh"]).start()
    streams = []
    try:
        before = resident_mib(daemon)
        for number in range(1000):
            streams.append(Stream(f"{daemon.url}/events", last_id="0" if number % 2 else None))
        assert Stream(f"{daemon.url}/events").status == 503
        assert daemon.get("/healthz").status == 200
        post_many(daemon, 1, 40)
        for stream in streams:
            assert numbers(stream.take(40)) == list(range(1, 41))
        if SLOWNESS == 1:
            assert resident_mib(daemon) - before < 100
    finally:
        for stream in streams:
            stream.close()
    # They are gone when something is to be said to them.
    wait_until(lambda: daemon.emit("t", {}) and Stream(f"{daemon.url}/events").status == 200,
               "room for a reader")


FED = """
    local sync = SyncManager.new { eventBusUrl = setting "busUrl", name = "first" }
    sync:on("*", function(event)
      sync:send { connector = "receiver", data = { n = event.data.n, id = event.id,
                                                   type = event.type, key = event.key } }
    end)
    sync:start()
"""


def test_one_liaison_feeds_another(daemon, tmp_path, make_daemon, receiver):
    """Both are killed meanwhile: each event gets there, in order, and its repeats are known."""
    second_project = Project(tmp_path / "second")
    second_project.script(FED)
    second_project.connector("receiver", f"""
        return function(data) return http.post("{receiver.url}", {{ json = data }}) end
    """)
    second = make_daemon(project=second_project, settings={"busUrl": f"{daemon.url}/events"}).start()
    wait_until(lambda: second.status()["channels"][0]["connected"], "to be connected")
    for n in range(1, 301):
        daemon.emit("thing.changed", {"n": n, "id": "one"})
        if n == 100:
            daemon.kill()
            daemon.start()
        if n == 200:
            second.kill()
            second.start()
    wait_until(lambda: second.channel_sums("first").get("closed", 0) >= 300, "300 closed events", 30)
    arrived = [json.loads(request.body) for request in receiver.requests]
    first_arrivals = list(dict.fromkeys(item["n"] for item in arrived))
    assert first_arrivals == list(range(1, 301))
    assert len(arrived) <= 301  # the crash of the second repeats one at most
    assert {item["type"] for item in arrived} == {"thing.changed"}
    assert {item["key"] for item in arrived} == {"one"}
    assert_sums_hold(second.status())


def test_an_event_source_reads_through_a_reconnect(daemon, node, tmp_path):
    with node.start("read.mjs", f"{daemon.url}/events", "thing.changed",
                    output=tmp_path / "output") as reader:
        def seen():
            return [json.loads(line)["event"]["data"]["n"]
                    for line in reader.lines() if line != "open"]

        wait_until(lambda: "open" in reader.lines(), "EventSource to be open")
        post_many(daemon, 1, 20)
        wait_until(lambda: seen() == list(range(1, 21)), "20 messages")
        daemon.kill()
        daemon.start()
        post_many(daemon, 21, 40)
        wait_until(lambda: seen() == list(range(1, 41)), "40 messages", 20)
