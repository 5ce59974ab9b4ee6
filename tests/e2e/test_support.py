# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""The stand-ins of other systems do what the tests that use them rely on."""

import http.client
import socket
from decimal import Decimal

import pytest

from support import Reply, parse_metrics, request, wait_until


def read_stream(bus, at_most, last_id=None):
    """One event stream to its end or so many events: their ids and data."""
    connection = http.client.HTTPConnection("127.0.0.1", bus.port, timeout=10)
    connection.request("GET", "/events", headers={"Last-Event-ID": last_id} if last_id else {})
    answer = connection.getresponse()
    assert answer.headers["Content-Type"] == "text/event-stream"
    text = b""
    try:
        while text.count(b"data: ") < at_most and (data := answer.read1(65536)):
            text += data
    except (http.client.IncompleteRead, ConnectionResetError):
        pass
    finally:
        connection.close()
    events = []
    for block in text.decode().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
        if "data" in fields:
            events.append((fields.get("id"), fields["data"]))
    return events


def test_the_bus_resumes_behind_the_last_id_over_drops(bus):
    bus.drop_at_random(1, 20, seed=3)
    bus.publish_all(range(200))
    wait_until(lambda: len(bus.events) == 200, "all to be published")
    got = []
    while len(got) < 200:
        got += read_stream(bus, 200 - len(got), got[-1][0] if got else None)
    assert [data for _, data in got] == [str(i) for i in range(200)]
    assert bus.stream_count == len(bus.asked) >= 10


def test_the_bus_sends_more_than_a_socket_holds(bus):
    bus.publish_all(["x" * 10000] * 500)
    wait_until(lambda: len(bus.events) == 500, "all to be published")
    assert len(read_stream(bus, 500)) == 500


def test_the_bus_refuses_as_told_and_takes_posts(bus):
    bus.refusals.append(503)
    assert request("GET", bus.events_url).status == 503
    assert request("POST", bus.events_url, {"type": "sync.deadletter"}).status == 202
    assert bus.posts[0].body == b'{"type": "sync.deadletter"}'


def test_the_receiver_answers_in_the_order_told_then_by_rule_then_by_default(receiver):
    receiver.answer_next(503, Reply(429, headers={"Retry-After": "1"}))
    receiver.rule = lambda r: Reply(400, "no") if b"bad" in r.body else None
    answers = [request("POST", f"{receiver.url}/x", body) for body in ("1", "2", "bad", "4")]
    assert [a.status for a in answers] == [503, 429, 400, 200]
    assert answers[1].headers["retry-after"] == "1"
    assert answers[2].body == b"no"
    assert [r.body for r in receiver.accepted("/x")] == [b"4"]


def test_the_receiver_fails_the_same_share_for_the_same_seed(make_receiver):
    def draw(seed):
        receiver = make_receiver()
        receiver.fail_share(0.3, seed=seed)
        return [request("POST", receiver.url, "{}").status for _ in range(50)]

    assert draw(1) == draw(1) != draw(2)
    assert set(draw(1)) == {200, 503}


def test_the_receiver_resets_hangs_and_goes_away(receiver):
    receiver.answer_next(Reply(resets=True), Reply(hangs=True))
    with pytest.raises(ConnectionResetError):
        request("POST", receiver.url, "{}")
    with pytest.raises(TimeoutError):
        request("POST", receiver.url, "{}", timeout=0.2)
    receiver.stop()
    with pytest.raises(ConnectionRefusedError):
        request("POST", receiver.url, "{}")
    receiver.start()
    assert request("POST", receiver.url, "{}").status == 200
    assert receiver.statuses == [None, None, 200]
    wait_until(lambda: receiver.in_flight == 0, "nothing in flight")


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_the_receiver_takes_requests_in_pieces_and_chunks(receiver, size):
    data = (b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
            b"POST /b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"2\r\nde\r\n1\r\nf\r\n0\r\n\r\n")
    with socket.create_connection(("127.0.0.1", receiver.port)) as peer:
        for at in range(0, len(data), size):
            peer.sendall(data[at:at + size])
        receiver.wait_for(2)
    assert [(r.path, r.body) for r in receiver.requests] == [("/a", b"abc"), ("/b", b"def")]
    assert receiver.broken == []


HEAD = "# HELP a_total How many.\n# TYPE a_total counter\n"
HISTOGRAM = "# HELP h Times.\n# TYPE h histogram\n"


def test_metrics_are_read_with_their_labels():
    metrics = parse_metrics(HEAD + 'a_total{b="x\\"\\\\\\ny",c=""} 1.5\n')
    assert metrics.value("a_total", b='x"\\\ny', c="") == Decimal("1.5")
    assert metrics.values("a_total", "b", "c") == {('x"\\\ny', ""): Decimal("1.5")}
    assert metrics.value("a_total") is None


@pytest.mark.parametrize("text", [
    HEAD + "a_total 1",                                            # no line's end
    HEAD + "a_total 1\r\n",
    "a_total 1\n",                                                 # no head
    "# TYPE a_total counter\na_total 1\n",
    HEAD + "a_total 1\n" + HEAD + "a_total 2\n",                   # a family twice
    HEAD + "a_total 1\na_total 1\n",                               # a sample twice
    HEAD + 'a_total{b="1",c="2"} 1\na_total{c="2",b="1"} 1\n',
    HEAD + 'a_total{b="1",b="2"} 1\n',                             # a label twice
    HEAD + "b_total 1\n",                                          # another's sample
    HEAD + "a_total -1\n",
    HEAD + "a_total NaN\n",
    HEAD + "a_total  1\n",
    HEAD + 'a_total{b="\n"} 1\n',
    HEAD + 'a_total{b="\\t"} 1\n',
    HEAD + "a_total{b=1} 1\n",
    "# HELP a How many.\n# TYPE a counter\na 1\n",                 # a counter's name
    "# HELP a_total How many.\n# TYPE a_total gauge\na_total 1\n",
    HISTOGRAM + 'h_bucket{le="1"} 1\nh_sum 1\nh_count 1\n',        # no +Inf
    HISTOGRAM + 'h_bucket{le="1"} 2\nh_bucket{le="+Inf"} 1\nh_sum 1\nh_count 1\n',
    HISTOGRAM + 'h_bucket{le="2"} 1\nh_bucket{le="1"} 1\nh_bucket{le="+Inf"} 1\nh_sum 1\nh_count 1\n',
    HISTOGRAM + 'h_bucket{le="1"} 1\nh_bucket{le="+Inf"} 1\nh_sum 1\nh_count 2\n',
    HISTOGRAM + 'h_bucket{le="1"} 1\nh_bucket{le="+Inf"} 1\nh_count 1\n',
])
def test_what_a_scraper_might_stumble_over_is_refused(text):
    with pytest.raises((AssertionError, KeyError, StopIteration)):
        parse_metrics(text)
