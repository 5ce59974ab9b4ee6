# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""A trace goes through: from the event, or the request that brought it, to the systems called."""

import re

import pytest

from support import Stream, relay, wait_until

ID = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{ID}-b7ad6b7169203331-01"
STATE = "vendor=t61rcWkgMzE,other=1"
SCRIPT = relay("thing.changed", "receiver")


@pytest.fixture
def daemon(project, make_daemon, receiver):
    project.script(SCRIPT)
    project.connector("receiver", f"""
        return {{
          retry = {{ base = "10ms" }},
          send = function(data)
            if data.own then
              return http.post("{receiver.url}", {{ json = data, headers = {{ traceparent = data.own }} }})
            end
            http.get("{receiver.url}/look", {{ accept = "5xx" }})
            return http.post("{receiver.url}", {{ json = data }})
          end,
        }}
    """)
    return make_daemon().start()


def spans(requests):
    """Of the traceparents that came, each of which belongs to the trace."""
    found = [re.fullmatch(rf"00-{ID}-([0-9a-f]{{16}})-01", request.headers["traceparent"])[1]
             for request in requests]
    assert "b7ad6b7169203331" not in found and "0" * 16 not in found
    return found


def test_what_an_event_brings_goes_on_with_each_request(daemon, receiver):
    receiver.answer_next(200, 503)
    daemon.emit("thing.changed", {"id": 1}, traceparent=PARENT, tracestate=STATE)
    requests = receiver.wait_for(4)
    assert len(set(spans(requests))) == 4
    assert {request.headers["tracestate"] for request in requests} == {STATE}
    daemon.wait_delivered("receiver", 1)
    lines = [line for line in daemon.log().splitlines() if "connector=receiver" in line]
    assert len(lines) == 2  # to be tried again, delivered
    assert all(f"trace={ID}" in line for line in lines)


@pytest.mark.parametrize("headers, body", [
    ({}, {"type": "thing.changed", "data": {"id": 1}}),
    ({}, [{"type": "thing.changed", "data": {"id": 1}}]),
    ({"Content-Type": "application/cloudevents+json"},
     {"specversion": "1.0", "id": "1", "source": "/x", "type": "thing.changed", "data": {}}),
    ({"Content-Type": "application/json", "ce-specversion": "1.0", "ce-id": "1", "ce-source": "/x",
      "ce-type": "thing.changed"}, {"id": 1}),
])
def test_the_header_of_a_post_is_that_of_its_events(daemon, receiver, headers, body):
    answer = daemon.post("/events", body, headers={**headers, "traceparent": PARENT,
                                                   "tracestate": STATE})
    assert answer.status == 202
    spans(receiver.wait_for(2))
    with Stream(f"{daemon.url}/events", last_id="0") as stream:
        event = stream.next().json()
    assert (event["traceparent"], event["tracestate"]) == (PARENT, STATE)


def test_an_event_s_own_comes_before_the_header(daemon, receiver):
    other = PARENT.replace("0af7", "1111")
    daemon.post("/events", {"type": "thing.changed", "data": {}, "traceparent": PARENT},
                headers={"traceparent": other, "tracestate": STATE})
    requests = receiver.wait_for(2)
    spans(requests)
    assert "tracestate" not in requests[0].headers


def test_what_is_no_trace_is_left_out(daemon, receiver):
    daemon.post("/events", {"type": "thing.changed", "data": {"id": 1}}, headers={"traceparent": "x"})
    daemon.emit("thing.changed", {"id": 2}, traceparent="00-1-2-3")
    daemon.emit("thing.changed", {"id": 3})
    for request in receiver.wait_for(6):
        assert "traceparent" not in request.headers
    wait_until(lambda: "trace=" not in daemon.log() and daemon.log().count("delivered") == 3)


def test_a_connector_may_send_its_own_or_none(daemon, receiver):
    daemon.emit("thing.changed", {"own": "mine"}, traceparent=PARENT)
    assert receiver.wait_for(1)[0].headers["traceparent"] == "mine"


def test_a_dead_letter_shows_it(daemon, receiver):
    receiver.default = 400
    daemon.emit("thing.changed", {"own": "mine"}, traceparent=PARENT)
    letter = wait_until(daemon.dead_letters)[0]
    assert letter["event"]["traceparent"] == PARENT
    assert f"trace={ID}" in daemon.log()
