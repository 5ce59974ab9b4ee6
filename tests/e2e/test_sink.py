# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""`liaison sink`, the local receiver."""

import json
import re
import signal
import subprocess
import time

import pytest

from support import LIAISON, free_port, liaison, request, wait_until


class Sink:
    def __init__(self, folder, *arguments):
        self.out_path = folder / "sink.out"
        self.err_path = folder / "sink.err"
        with open(self.out_path, "wb") as out, open(self.err_path, "wb") as err:
            self.process = subprocess.Popen([LIAISON, "sink", "--port", "0", *arguments],
                                            stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        self.url = wait_until(self._find_url, "the sink's address")

    def _find_url(self):
        found = re.search(r"^listening on (http://127\.0\.0\.1:\d+)$", self.err_path.read_text(),
                          re.MULTILINE)
        return found and found.group(1)

    def post(self, path="/", body=None, **headers):
        return request("POST", self.url + path, body, headers).status

    def stats(self):
        return request("GET", f"{self.url}/stats").json()

    def lines(self, count):
        """What it printed, once it is so many lines."""
        wait_until(lambda: self.out_path.read_text().count("\n") >= count, f"{count} lines")
        return self.out_path.read_text().splitlines()

    def stop(self, signum=signal.SIGTERM):
        self.process.send_signal(signum)
        return self.process.wait(timeout=30)


@pytest.fixture
def make_sink(tmp_path):
    sinks = []

    def make(*arguments):
        sinks.append(Sink(tmp_path, *arguments))
        return sinks[-1]

    yield make
    for sink in sinks:
        if sink.process.poll() is None:
            sink.process.kill()
            sink.process.wait()


def test_takes_any_method_and_path(make_sink):
    sink = make_sink()
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        for path in ("/", "/a", "/a/b/c/d/e"):
            assert request(method, sink.url + path).status == 200
    assert sink.stats() == {"requests": 15, "ok": 15, "failed": 0}


def test_prints_a_readable_line_with_the_body_and_the_key(make_sink):
    sink = make_sink()
    sink.post("/api/update", b'{ "eventId": 7 }', **{"Idempotency-Key": "1204-0123456789abcdef"})
    assert re.fullmatch(
        r'\d\d:\d\d:\d\d\.\d{3} POST /api/update 200  \{"eventId":7\}  #1204-0123456…',
        sink.lines(1)[0])


def test_control_characters_cannot_reach_the_terminal(make_sink):
    sink = make_sink()
    sink.post("/x", b"\x1b[2Jgone\n\x07")
    assert sink.lines(1)[0].isprintable()


def test_json_lines_hold_the_whole_request(make_sink):
    sink = make_sink("--json")
    sink.post("/a?q=%20", b'{"n": 12345678901234567890, "e": []}', **{"Idempotency-Key": "k", "X-Own": "1"})
    sink.post("/b", b"plain", **{"Content-Type": "text/plain"})
    sink.post("/c")
    first, second, third = map(json.loads, sink.lines(3))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", first["at"])
    assert (first["method"], first["path"], first["status"]) == ("POST", "/a?q=%20", 200)
    assert first["headers"]["idempotency-key"] == "k"
    assert first["headers"]["x-own"] == "1"
    assert first["body"] == {"n": 12345678901234567890, "e": []}
    assert second["body"] == "plain"
    assert third["body"] is None


def test_record_writes_the_same_lines_to_a_file(make_sink, tmp_path):
    record = tmp_path / "record.jsonl"
    sink = make_sink("--quiet", "--record", str(record), "--fail", "503:1")
    sink.post("/a", b"{}")
    sink.post("/a", b"{}")
    wait_until(lambda: record.read_text().count("\n") == 2, "two lines")
    assert [json.loads(line)["status"] for line in record.read_text().splitlines()] == [503, 200]


def test_fails_the_first_requests_only(make_sink):
    sink = make_sink("--fail", "503:3")
    assert [sink.post() for _ in range(5)] == [503, 503, 503, 200, 200]
    assert sink.stats() == {"requests": 5, "ok": 2, "failed": 3}


def test_fails_always(make_sink):
    sink = make_sink("--fail", "429")
    assert [sink.post() for _ in range(3)] == [429, 429, 429]


def test_several_failures_follow_one_another(make_sink):
    sink = make_sink("--fail", "503:1", "--fail", "429:1")
    assert [sink.post() for _ in range(3)] == [503, 429, 200]


def test_fails_a_share_that_a_seed_repeats(make_sink):
    def draw(seed):
        sink = make_sink("--fail", "500:30%", "--seed", seed)
        return [sink.post() for _ in range(200)]

    first = draw("1")
    assert 30 <= first.count(500) <= 90
    assert first == draw("1")
    assert first != draw("2")


def test_delay_holds_answers_back_without_queueing_them(make_sink):
    sink = make_sink("--delay", "300ms")
    started = time.monotonic()
    clients = [subprocess.Popen(["curl", "-s", "-o", "/dev/null", "-d", "{}", sink.url])
               for _ in range(5)]
    assert [client.wait(timeout=30) for client in clients] == [0] * 5
    took = time.monotonic() - started
    assert 0.3 <= took < 1.4  # one after the other would take 1.5 s


def test_answers_as_it_is_told(make_sink):
    sink = make_sink("--answer", '{"id":"e-1"}')
    assert request("POST", f"{sink.url}/x", b"{}").json() == {"id": "e-1"}
    result = liaison("sink", "--port", free_port(), "--answer", "e-1")
    assert result.status == 2
    assert "--answer takes JSON: line 1, column 1" in result.err


def test_hang_takes_a_request_and_never_answers(make_sink):
    sink = make_sink("--hang")
    with pytest.raises(TimeoutError):
        request("POST", f"{sink.url}/x", b"{}", timeout=0.3)
    assert "POST /x never" in sink.lines(1)[0]
    assert sink.stats() == {"requests": 1, "ok": 0, "failed": 0}
    assert sink.stop() == 0


def test_quiet_prints_counts_only(make_sink):
    sink = make_sink("--quiet", "--fail", "503:1")
    sink.post("/secret")
    sink.post("/secret")
    assert sink.lines(1)[0] == "2 requests, 1 ok, 1 failed"
    assert "/secret" not in sink.out_path.read_text()


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_ends_in_order_with_its_counts(make_sink, signum):
    sink = make_sink()
    sink.post()
    assert sink.stop(signum) == 0
    assert "1 requests, 1 ok, 0 failed" in sink.err_path.read_text()


def test_a_port_in_use_is_named(make_sink):
    port = make_sink().url.rsplit(":", 1)[1]
    result = liaison("sink", "--port", port)
    assert result.status == 1
    assert f"127.0.0.1:{port} is in use" in result.err
    assert "--port" in result.err
    assert "--listen" not in result.err


def test_an_unwritable_record_is_named():
    result = liaison("sink", "--port", free_port(), "--record", "/nonexistent/file")
    assert result.status == 1
    assert "/nonexistent/file" in result.err
