# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""emit, status and dead against a stand-in of the daemon's interface."""

import http.server
import json
import os
import re
import socketserver
import subprocess
import threading
import urllib.parse

import pytest

from support import LIAISON, Receiver, Reply, free_port, liaison

LETTER = {
    "id": "1204-0123456789abcdef01234567", "cause": "exhausted", "connector": "calendarApi",
    "handler": "register_sync/schedule.updated#1", "key": "7", "data": {"id": 7},
    "event": {"id": "e1", "type": "schedule.updated", "data": {"id": 7}},
    "attempts": [{"n": 1, "at": "2026-11-23T18:56:15.042Z", "code": "503", "ms": 12,
                  "error": "503 Service Unavailable", "answer": "try later"}],
    "error": "503 Service Unavailable\ntraceback", "at": "2026-11-23T18:57:00.000Z",
    "staleBy": None,
}
STATUS = {
    "version": "9.8.7", "uptime": 3725,
    "sums": {"channels": {"embedded": {"received": 5, "open": 1, "duplicate": 2}},
             "connectors": {"calendarApi": {"made": 4, "delivered": 3, "waiting": 1, "dead": 0}}},
    "channels": [{"name": "embedded", "connected": True, "resumable": True, "problem": None},
                 {"name": "http://hms-sys:9000/events/of/a/very/long/path/that/fills/the/line",
                  "connected": False, "resumable": None, "problem": "connection refused"}],
    "connectors": [{"name": "calendarApi", "waiting": 1, "inFlight": 1, "concurrency": 4,
                    "paused": "401 Unauthorized"}],
    "unmatched": [{"type": "schedule.updatd", "count": 3, "nearest": "schedule.updated"}],
    "problems": [{"code": "connector", "about": "calendarApi", "since": "2026-11-23T18:56:15.042Z",
                  "text": "401 Unauthorized"}],
    "journal": {"path": "/tmp/journal.db", "bytes": 1048576, "limit": 1 << 30, "queued": 0,
                "oldest": "2026-11-20T08:00:00.000Z",
                "completeSince": "2026-11-21T08:00:00.000Z"},
}


class FakeDaemon(Receiver):
    """`answers`: {"GET /path": what to answer}; a query takes no part in it."""

    def __init__(self):
        super().__init__()
        self.answers = {}
        self.rule = self._answer

    def _answer(self, request):
        path = request.path.split("?")[0]
        reply = self.answers.get(f"{request.method} {path}")
        if callable(reply):
            reply = reply(request)
        if reply is None:
            return problem(404, f"nothing at {path}")
        return reply if isinstance(reply, Reply) else Reply(200, reply)

    def run(self, *arguments, **options):
        return liaison(*arguments, "--url", self.url, **options)

    def queries(self):
        return [dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(r.path).query))
                for r in self.requests]


def problem(status, detail):
    return Reply(status, {"type": "about:blank", "title": "No", "status": status, "detail": detail},
                 {"Content-Type": "application/problem+json"})


@pytest.fixture
def fake():
    fake = FakeDaemon()
    yield fake
    fake.close()


def page(items, next=None):
    return {"items": items, "next": next}


# ---- finding the daemon ----


@pytest.mark.parametrize("arguments", [["status"], ["emit", "x"], ["dead", "list"],
                                       ["dead", "list", "--json"]])
def test_no_daemon_is_69_and_says_what_to_do(arguments):
    result = liaison(*arguments, "--url", f"http://127.0.0.1:{free_port()}")
    assert result.status == 69
    assert "start it with `liaison run`" in result.err
    assert "--url" in result.err
    assert result.out == ""


def test_the_daemon_is_found_by_variable_and_by_the_project_here(fake, project):
    fake.answers["GET /api/status"] = STATUS
    assert liaison("status", env={"LIAISON_URL": fake.url}).status == 0
    assert liaison("status", env={"LIAISON_LISTEN": f"127.0.0.1:{fake.port}"},
                   cwd=project.path).status == 0
    project.write("liaison.lua", f'return {{ listen = "127.0.0.1:{fake.port}" }}')
    assert liaison("status", cwd=project.path).status == 0
    assert liaison("-C", project.path, "status").status == 0
    assert len(fake.requests) == 4


def test_the_daemon_is_found_at_its_socket(tmp_path, project):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = json.dumps(STATUS).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def address_string(self):
            return "socket"

        def log_message(self, *arguments):
            pass

    path = tmp_path / "liaison.sock"
    project.write("liaison.lua", f'return {{ listen = "unix:{path}" }}')
    with socketserver.UnixStreamServer(str(path), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            by_project = liaison("status", "--json", cwd=project.path)
            by_url = liaison("status", "--url", f"unix:{path}")
        finally:
            server.shutdown()
            thread.join()
    assert by_project.json() == STATUS
    assert f"at unix:{path}" in by_url.out
    gone = liaison("status", "--url", f"unix:{path}")
    assert gone.status == 69
    assert f"no Liaison answers at unix:{path}" in gone.err


def test_the_token_is_sent(fake, tmp_path):
    fake.answers["GET /api/status"] = STATUS
    file = tmp_path / "token"
    file.write_text("from-file\n")
    fake.run("status")
    fake.run("status", env={"LIAISON_TOKEN": "from-variable"})
    fake.run("status", "--token-file", file, env={"LIAISON_TOKEN": "from-variable"})
    assert [r.headers.get("authorization") for r in fake.requests] == [
        None, "Bearer from-variable", "Bearer from-file"]


def test_a_missing_token_is_explained(fake):
    fake.answers["GET /api/status"] = problem(401, "this needs a token")
    result = fake.run("status")
    assert result.status == 1
    assert "this needs a token" in result.err
    assert "--token-file" in result.err


STRANGERS = {
    "a receiver of anything": Reply(200, {"ok": True}),
    "a web server": Reply(200, "<html>"),
    "one that takes all": Reply(202, {"ok": True}),
    "one without such a page": Reply(404, {"detail": "Not Found"}),
    "one with a list": Reply(200, []),
    "one that sends elsewhere": Reply(302, "", {"Location": "/login"}),
}
ASKING = [["status"], ["status", "--json"], ["emit", "x"], ["dead", "list"],
          ["dead", "list", "--json"], ["dead", "show", "1-a"], ["dead", "retry", "1-a"],
          ["dead", "drop", "1-a"], ["dead", "retry", "--all"], ["dead", "drop", "--all"],
          ["dead", "export"], ["dead", "edit", "1-a", "1"], ["explain", "1"], ["explain", "e1"], ["tail"],
          ["top"], ["replay", "--type", "x"], ["replay", "--type", "x", "--dry-run"], ["pause", "c"],
          ["resume", "c"]]


@pytest.mark.parametrize("stranger", STRANGERS)
@pytest.mark.parametrize("arguments", ASKING, ids=" ".join)
def test_a_stranger_that_answers_is_told_from_a_liaison(make_receiver, arguments, stranger):
    receiver = make_receiver(STRANGERS[stranger])
    result = liaison(*arguments, "--url", receiver.url)
    assert (result.status, result.out) == (69, "")
    assert f"what answers at {receiver.url} is no Liaison" in result.err


@pytest.mark.parametrize("arguments, is_in_doubt", [(["emit", "x"], True), (["reload"], True), (["status"], False)],
                         ids=["emit", "reload", "status"])
def test_what_may_have_been_done_is_told_where_the_answer_is_lost(make_receiver, arguments, is_in_doubt):
    receiver = make_receiver(Reply(resets=True))
    result = liaison(*arguments, "--url", receiver.url)
    assert (result.status, result.out) == (69, "")
    assert ("may have been done" in result.err) == is_in_doubt
    assert ("no Liaison answers" in result.err) != is_in_doubt


def test_an_event_is_accepted_by_202_alone(fake):
    fake.answers["POST /events"] = Reply(200, {"accepted": 1, "duplicates": 0})
    result = fake.run("emit", "x")
    assert (result.status, result.out) == (69, "")


# ---- emit ----


@pytest.mark.parametrize("words, stdin, data", [
    ([], None, None),
    (['{"id": 7, "big": 12345678901234567890}'], None, {"id": 7, "big": 12345678901234567890}),
    (["-"], "[1, 2]", [1, 2]),
    (["@data.json"], None, {"from": "file"}),
])
def test_emit_sends_the_data_as_given(fake, tmp_path, words, stdin, data):
    (tmp_path / "data.json").write_text('{"from": "file"}')
    fake.answers["POST /events"] = Reply(202, {"accepted": 1, "duplicates": 0})
    result = fake.run("emit", "schedule.updated", *words, input=stdin, cwd=tmp_path)
    assert (result.status, result.out) == (0, "accepted 1\n")
    assert fake.bodies() == [{"type": "schedule.updated", "data": data}]
    assert fake.requests[0].headers["content-type"] == "application/json"


def test_emit_takes_a_pattern_for_a_slip(fake):
    fake.answers["POST /events"] = Reply(202, {"accepted": 1, "duplicates": 0})
    for type in ("a.*", "*", "a*b"):
        result = fake.run("emit", type, "1")
        assert (result.status, result.out) == (2, "") and "is a pattern" in result.err and "--force" in result.err
    assert fake.requests == []
    assert fake.run("emit", "a.*", "1", "--force").status == 0
    assert fake.run("emit", "-", input='{"type": "a.*", "data": 1}').status == 0
    assert [body["type"] for body in fake.bodies()] == ["a.*", "a.*"]


def test_emit_sends_id_and_key_and_tells_a_duplicate(fake):
    fake.answers["POST /events"] = Reply(202, {"accepted": 0, "duplicates": 1})
    result = fake.run("emit", "x", "1", "--id", "e1", "--key", "k")
    assert result.status == 0
    assert "duplicate" in result.out
    assert fake.bodies() == [{"type": "x", "id": "e1", "partitionkey": "k", "data": 1}]
    assert fake.run("emit", "x", "--json").json() == {"accepted": 0, "duplicates": 1}


@pytest.mark.parametrize("words, stdin", [
    (["@event.json"], None), (["-"], '{"type": "x", "data": [1.50], "time": "2026-01-01T00:00:00Z"}'),
    (['{"type": "x", "data": [1.50], "time": "2026-01-01T00:00:00Z"}'], None),
])
def test_emit_sends_a_whole_event(fake, tmp_path, words, stdin):
    (tmp_path / "event.json").write_text(
        '{"type": "x", "data": [1.50], "time": "2026-01-01T00:00:00Z"}')
    fake.answers["POST /events"] = Reply(202, {"accepted": 1, "duplicates": 0})
    result = fake.run("emit", *words, input=stdin, cwd=tmp_path)
    assert (result.status, result.out, result.err) == (0, "accepted 1\n", "")
    assert fake.bodies() == [{"type": "x", "data": [1.5], "time": "2026-01-01T00:00:00Z"}]


def test_emit_gives_a_whole_event_another_id_and_key(fake):
    fake.answers["POST /events"] = Reply(202, {"accepted": 1, "duplicates": 0})
    event = '{"type": "x", "id": "e1", "mine": "m", "data": {"id": 1}}'
    assert fake.run("emit", "-", "--id", "e2", "--key", "k", input=event).status == 0
    assert fake.bodies() == [{"type": "x", "id": "e2", "partitionkey": "k", "mine": "m",
                              "data": {"id": 1}}]


def test_emit_sends_what_was_recorded_of_a_recorded_event(fake):
    fake.answers["POST /events"] = Reply(202, {"accepted": 1, "duplicates": 0})
    recorded = {"seq": 7, "id": "e1", "type": "x", "source": "/s", "subject": None, "time": None,
                "channel": "embedded", "key": "k", "received": "2026-01-01T00:00:00.000Z",
                "attributes": {"partitionkey": "k"}, "data": 1}
    assert fake.run("emit", "-", input=json.dumps(recorded)).status == 0
    [sent] = fake.bodies()
    assert sent == {"id": "e1", "type": "x", "source": "/s", "specversion": "1.0",
                    "partitionkey": "k", "data": 1}


@pytest.mark.parametrize("text, said", [
    ('{"type": "x",\n "data": }', "event.json isn't JSON: line 2, column 10: "),
    ("[1]", 'event.json: an event is an object: {"type": …, "data": …}'),
    ('{"data": 1}', "event.json: "),
])
def test_emit_says_what_is_wrong_with_a_file(fake, tmp_path, text, said):
    (tmp_path / "event.json").write_text(text)
    result = fake.run("emit", "@event.json", cwd=tmp_path)
    assert result.status == 1 and said in result.err and "needs its quotes" not in result.err
    assert fake.requests == []


def test_emit_says_where_a_file_of_data_is_broken(fake, tmp_path):
    (tmp_path / "data.json").write_text('{\n  "a": 1,\n}')
    result = fake.run("emit", "x", "@data.json", cwd=tmp_path)
    assert result.status == 1 and "data.json isn't JSON: line 3, column 1: " in result.err
    assert "standard input isn't JSON: line 1" in fake.run("emit", "x", "-", input="{a}").err


def test_emit_warns_of_an_event_within_an_event(fake, tmp_path):
    fake.answers["POST /events"] = Reply(202, {"accepted": 1, "duplicates": 0})
    (tmp_path / "event.json").write_text('{"type": "y", "data": 1}')
    result = fake.run("emit", "x", "@event.json", cwd=tmp_path)
    assert result.status == 0
    assert "warning: DATA looks like a whole event" in result.err
    assert "liaison emit @event.json\n" in result.err
    result = fake.run("emit", "event.json", cwd=tmp_path)
    assert "there is a file of that name" in result.err
    assert fake.bodies() == [{"type": "x", "data": {"type": "y", "data": 1}},
                             {"type": "event.json", "data": None}]
    assert fake.run("emit", "x", '{"type": "y"}', cwd=tmp_path).err == ""


def test_emit_shows_why_it_was_refused(fake):
    fake.answers["POST /events"] = problem(503, "the journal is full")
    result = fake.run("emit", "x")
    assert result.status == 1
    assert "the journal is full" in result.err


def test_emit_names_a_missing_file(fake):
    result = fake.run("emit", "x", "@/nonexistent.json")
    assert result.status == 1
    assert "/nonexistent.json" in result.err


# ---- status ----


def test_status_shows_all_in_80_columns(fake):
    fake.answers["GET /api/status"] = STATUS
    result = fake.run("status", env={"COLUMNS": "80"})
    assert result.status == 0
    assert all(len(line) <= 80 for line in result.out.splitlines())
    for words in ("Liaison 9.8.7", "1h 2m", "embedded", "connection refused", "paused",
                  "401 Unauthorized", "schedule.updatd", "1 MB of 1 GB",
                  "complete since 2026-11-21 08:00:00"):
        assert words in result.out


def read_sums(text, title):
    """{row's name: {term: count}} of the table that begins with `title`, as `status` prints it."""
    lines = iter(text[text.index(title):].split("\n\n")[0].splitlines())
    terms = [term.lower() for term in next(lines).replace("IN FLIGHT", "INFLIGHT").split()[2:]]
    sums = {}
    for line in lines:
        if not line.startswith(" "):
            name, _, *counts = line.split()
            sums[name] = dict(zip(terms, map(int, counts)))
        elif line.startswith("    and "):
            sums[name].update((term, int(n)) for n, term in re.findall(r"(\d+) (\w+)", line))
    return sums


def test_status_shows_sums_that_add_up(fake):
    channel = {"duplicate": 1, "malformed": 20, "unmatched": 300, "closed": 4000000000, "dead": 50000,
               "dropped": 600000, "open": 7000000}
    connector = {"delivered": 1000000000, "dead": 20, "skipped": 300, "superseded": 4000,
                 "dropped": 50000, "waiting": 600000}
    idle = dict.fromkeys(channel, 0)
    fake.answers["GET /api/status"] = {
        **STATUS, "connectors": [{"name": "c", "inFlight": 4, "paused": None}], "unmatched": [],
        "channels": [{"name": "embedded", "connected": True}, {"name": "idle", "connected": True}],
        "sums": {"channels": {"embedded": {**channel, "received": sum(channel.values())},
                              "idle": {**idle, "received": 0}},
                 "connectors": {"c": {**connector, "made": sum(connector.values())}}}}
    out = fake.run("status", env={"COLUMNS": "80"}).out
    assert all(len(line) <= 80 for line in out.splitlines())
    channels, connectors = read_sums(out, "CHANNEL"), read_sums(out, "CONNECTOR")
    assert channels["embedded"] == {**channel, "received": sum(channel.values())}
    assert not any(channels["idle"].values())
    assert connectors["c"] == {**connector, "made": sum(connector.values()), "inflight": 4}


def test_status_of_an_idle_daemon_says_what_to_do(fake):
    fake.answers["GET /api/status"] = {
        "version": "1", "uptime": 1, "sums": {"channels": {}, "connectors": {}}, "channels": [],
        "connectors": [], "unmatched": [], "problems": [], "journal": {"path": "j", "queued": 0}}
    result = fake.run("status")
    assert "SyncManager.new" in result.out
    assert "connectors/NAME.lua" in result.out


def test_status_as_json_is_the_answer_itself(fake):
    fake.answers["GET /api/status"] = STATUS
    assert fake.run("status", "--json").json() == STATUS


# ---- dead ----


def test_dead_list_shows_letters_in_80_columns(fake):
    fake.answers["GET /api/dead-letters"] = page([LETTER])
    result = fake.run("dead", "list", env={"COLUMNS": "80"})
    assert result.status == 0
    assert all(len(line) <= 80 for line in result.out.splitlines())
    for words in (LETTER["id"], "2026-11-23 18:57:00", "calendarApi", "exhausted",
                  "503 Service Unavailable"):
        assert words in result.out
    assert "traceback" not in result.out


def test_dead_list_without_letters_says_so(fake):
    fake.answers["GET /api/dead-letters"] = page([])
    assert fake.run("dead", "list").out == "no dead letters\n"
    assert "without filters" in fake.run("dead", "list", "--cause", "script").out
    assert fake.run("dead", "list", "--json").json() == []


def test_dead_list_passes_its_filters_on(fake):
    fake.answers["GET /api/dead-letters"] = page([])
    fake.run("dead", "list", "--cause", "refused", "--connector", "a b&c", "--type", "x.*",
             "--since", "2026-11-23T19:00:00+01:00", "--until", "2h")
    query = fake.queries()[0]
    assert query["cause"] == "refused"
    assert query["connector"] == "a b&c"
    assert query["type"] == "x.*"
    assert query["since"] == "2026-11-23T18:00:00.000Z"
    assert query["until"].endswith("Z")


def test_dead_list_reads_all_pages(fake):
    def pages(request):
        cursor = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(request.path).query)).get("cursor")
        letters = [{**LETTER, "id": f"{cursor or 0}-{i}"} for i in range(2)]
        return page(letters, {None: "1", "1": "2"}.get(cursor))

    fake.answers["GET /api/dead-letters"] = pages
    listed = fake.run("dead", "list", "--json").json()
    assert [letter["id"] for letter in listed] == ["0-0", "0-1", "1-0", "1-1", "2-0", "2-1"]


def test_a_list_that_broke_off_is_not_printed(fake):
    fake.answers["GET /api/dead-letters"] = lambda request: (
        problem(503, "the journal is closed") if "cursor" in request.path else page([LETTER], "1"))
    result = fake.run("dead", "list", "--json")
    assert (result.status, result.out) == (1, "")
    assert "the journal is closed" in result.err


def test_dead_list_stops_at_its_limit_and_says_so(fake):
    fake.answers["GET /api/dead-letters"] = page([{**LETTER, "id": str(i)} for i in range(3)], "9")
    result = fake.run("dead", "list", "--limit", "2")
    assert result.out.count("calendarApi") == 2
    assert "--limit" in result.err


def test_dead_show_tells_all(fake):
    fake.answers[f"GET /api/dead-letters/{LETTER['id']}"] = LETTER
    result = fake.run("dead", "show", LETTER["id"])
    assert result.status == 0
    for words in ("exhausted", "register_sync/schedule.updated#1", "traceback", '{"id":7}',
                  "schedule.updated, id e1", "try later"):
        assert words in result.out
    assert fake.run("dead", "show", LETTER["id"], "--json").json() == LETTER


def test_dead_show_tells_what_a_retry_would_send(fake):
    fake.answers[f"GET /api/dead-letters/{LETTER['id']}"] = LETTER
    path = f"GET /api/dead-letters/{LETTER['id']}/request"
    fake.answers[path] = {"requests": [
        {"method": "PUT", "url": "http://x/7", "headers": {"Authorization": "***"}, "json": {"a": [1]}},
        {"method": "POST", "url": "http://x/", "headers": {}, "body": "one\ntwo\x1b[1m"}],
        "outcome": "retry", "reason": "later"}
    shown = fake.run("dead", "show", LETTER["id"])
    assert shown.status == 0
    assert shown.out.partition("A RETRY WOULD SEND")[2].partition("\n")[2] == """
    PUT http://x/7
    Authorization: ***

    {
      "a": [
        1
      ]
    }

    POST http://x/

    one
    two [1m

    retry: later
"""
    fake.answers[path] = {"requests": [], "outcome": "skipped", "reason": "not ours"}
    assert fake.run("dead", "show", LETTER["id"]).out.endswith("\n\n    nothing\n\n    skipped: not ours\n")
    fake.answers[path] = problem(409, "its event is gone")
    shown = fake.run("dead", "show", LETTER["id"])
    assert shown.status == 0 and "A RETRY" not in shown.out and "its event is gone" in shown.err


@pytest.mark.parametrize("event, line", [
    ({"type": "a.b", "id": "e1"}, "event      a.b, id e1"), ({"type": "a.b"}, "event      a.b"),
    ({"id": "e1", "type": None}, "event      id e1"), ({}, None)])
def test_dead_show_leaves_out_what_an_event_has_not(fake, event, line):
    fake.answers["GET /api/dead-letters/1-a"] = {**LETTER, "event": event}
    shown = [l for l in fake.run("dead", "show", "1-a").out.splitlines() if l.startswith("event")]
    assert shown == ([line] if line else [])


def test_dead_show_of_none_fails(fake):
    fake.answers["GET /api/dead-letters/x"] = problem(404, "there is no dead letter x")
    result = fake.run("dead", "show", "x")
    assert (result.status, result.out) == (1, "")
    assert "there is no dead letter x" in result.err


def test_dead_retry_by_id_goes_on_past_a_refusal(fake):
    fake.answers["GET /api/dead-letters"] = page([])
    fake.answers["POST /api/dead-letters/1-a/retry"] = {"ok": True}
    fake.answers["POST /api/dead-letters/2-b/retry"] = problem(409, "2-b is stale")
    fake.answers["POST /api/dead-letters/3-c/retry"] = {"ok": True}
    result = fake.run("dead", "retry", "1-a", "2-b", "3-c")
    assert result.status == 1
    assert result.out == "retried 2\n"
    assert "2-b is stale" in result.err


@pytest.mark.parametrize("verb, method, rest", [("retry", "POST", "/retry"), ("drop", "DELETE", "")])
def test_a_letter_that_is_not_there_is_named(fake, verb, method, rest):
    fake.answers["GET /api/dead-letters"] = page([])
    fake.answers[f"{method} /api/dead-letters/1-a{rest}"] = problem(404, "no such dead letter")
    fake.answers[f"{method} /api/dead-letters/2-b{rest}"] = problem(404, "there is no 2-b")
    result = fake.run("dead", verb, "1-a", "2-b")
    assert result.status == 1
    assert "liaison: 1-a: no such dead letter\nliaison: there is no 2-b\n" in result.err


def test_dead_retry_by_filter_is_one_request(fake):
    fake.answers["GET /api/dead-letters"] = page([])
    fake.answers["POST /api/dead-letters/retry"] = {"matching": 5, "retried": 5, "refused": 0}
    result = fake.run("dead", "retry", "--connector", "calendarApi", "--cause", "exhausted")
    assert (result.status, result.out) == (0, "retried 5\n")
    assert fake.bodies("/api/dead-letters/retry") == [{"filter": {"connector": "calendarApi", "cause": "exhausted"}}]


def test_dead_retry_of_all_has_to_be_said(fake):
    fake.answers["GET /api/dead-letters"] = page([])
    fake.answers["POST /api/dead-letters/retry"] = {"matching": 1, "retried": 1, "refused": 0}
    assert fake.run("dead", "retry").status == 2
    assert fake.requests == []
    assert fake.run("dead", "retry", "--all", "--json").json() == {"retried": 1, "refused": 0}
    assert fake.bodies("/api/dead-letters/retry") == [{"filter": {}}]


def test_dead_retry_passes_on_force_and_rate(fake):
    fake.answers["GET /api/dead-letters"] = page([])
    fake.answers["POST /api/dead-letters/retry"] = {"matching": 0, "retried": 0, "refused": 0}
    fake.answers["POST /api/dead-letters/1-a/retry"] = {"ok": True}
    assert fake.run("dead", "retry", "--all", "--force", "--rate", "10/s").status == 0
    assert fake.run("dead", "retry", "1-a", "--force").status == 0
    assert fake.run("dead", "retry", "1-a", "--rate", "1/s").status == 0
    assert [json.loads(r.body) for r in fake.requests if r.method == "POST"] == [
        {"filter": {}, "force": True, "rate": "10/s"}, {"force": True}, {}]
    wrong = fake.run("dead", "retry", "--all", "--rate", "often")
    assert wrong.status == 2 and "50/s" in wrong.err
    assert fake.run("dead", "drop", "--all", "--force").status == 2


@pytest.mark.parametrize("verb", ["retry", "drop"])
def test_a_dry_run_only_lists(fake, verb):
    fake.answers["GET /api/dead-letters"] = page([LETTER])
    result = fake.run("dead", verb, "--all", "--dry-run")
    assert result.status == 0
    assert LETTER["id"] in result.out
    assert [r.method for r in fake.requests] == ["GET"]


def test_dead_drop_by_filter_deletes_each(fake):
    fake.answers["GET /api/dead-letters"] = page([{"id": "1-a"}, {"id": "2-b"}])
    fake.answers["DELETE /api/dead-letters/1-a"] = {"ok": True}
    fake.answers["DELETE /api/dead-letters/2-b"] = {"ok": True}
    result = fake.run("dead", "drop", "--cause", "script")
    assert (result.status, result.out) == (0, "dropped 2\n")
    assert [r.path for r in fake.requests if r.method == "DELETE"] == [
        "/api/dead-letters/1-a", "/api/dead-letters/2-b"]


def export(fake, out):
    """All that there is, and then the next page would come for ever."""
    fake.answers["GET /api/dead-letters"] = {"items": [LETTER] * 200, "next": "1"}
    return subprocess.Popen([LIAISON, "dead", "export", "--url", fake.url], stdout=out, stderr=subprocess.PIPE, text=True)


def test_an_export_ends_when_nobody_reads_it(fake):
    process = export(fake, subprocess.PIPE)
    assert json.loads(process.stdout.readline()) == LETTER
    process.stdout.close()
    assert process.wait(timeout=60) == 1
    assert process.stderr.read() == ""
    process.stderr.close()


def test_an_export_ends_when_it_cannot_be_written(fake):
    with open("/dev/full", "w") as full:
        process = export(fake, full)
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (1, "liaison: can't write to standard output: it is cut off\n")


def test_an_id_is_whole_however_narrow_the_terminal_is(fake):
    fake.answers["GET /api/dead-letters"] = page([LETTER])
    assert LETTER["id"] in fake.run("dead", "list", env={"COLUMNS": "20"}).out


def test_a_socket_of_another_user_is_told(tmp_path):
    """Whoever runs this: root has to become another, who reaches nothing in here."""
    is_root = os.geteuid() == 0
    folder = tmp_path / "theirs"
    folder.mkdir(mode=0o700 if is_root else 0)
    tmp_path.chmod(0o700)
    result = subprocess.run([LIAISON, "status", "--url", f"unix:{folder}/socket"], capture_output=True, text=True,
                            cwd="/", timeout=60, **({"user": 65534} if is_root else {}))
    assert (result.returncode, result.stdout) == (69, "")
    assert "is another user's: run this as that user, or as root" in result.stderr


def test_what_the_daemon_says_cannot_steer_the_terminal(fake):
    fake.answers["GET /api/dead-letters"] = page([{**LETTER, "error": "\x1b[2J\x9b2Jgone"}])
    out = fake.run("dead", "list").out
    assert "gone" in out
    assert all(line.isprintable() for line in out.splitlines())


def test_json_output_is_one_document(fake):
    fake.answers["GET /api/status"] = STATUS
    assert json.loads(fake.run("status", "--json").out)
