# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""CloudEvents in binary mode: attributes in headers, data in the body."""

import http.client
import json

import pytest

from support import assert_sums_hold

SCRIPT = """
    local sync = SyncManager.new {}
    sync:on("thing.changed", function(event)
      sync:send { connector = "receiver", data = {
        id = event.id, source = event.source, subject = event.subject, time = event.time,
        key = event.key, tenant = event.tenant, type = event.datacontenttype, data = event.data,
      } }
    end)
    sync:start()
"""

HEADERS = {"ce-specversion": "1.0", "CE-ID": "a-1", "ce-source": "/calendar",
           "ce-type": "thing.changed"}


@pytest.fixture
def daemon(project, make_daemon, receiver):
    project.script(SCRIPT)
    project.connector("receiver", f"""
        return function(data) return http.post("{receiver.url}", {{ json = data }}) end
    """)
    return make_daemon().start()


def post_without_type(daemon, body, headers):
    connection = http.client.HTTPConnection("127.0.0.1", daemon.port, timeout=30)
    try:
        connection.request("POST", "/events", body, headers)
        return connection.getresponse().status
    finally:
        connection.close()


def test_a_handler_sees_what_the_headers_say(daemon, receiver):
    answer = daemon.post("/events", '{"id": 12345678901234567890}', headers={
        **HEADERS, "ce-subject": "caf%C3%A9%20%F0%9F%98%80", "ce-tenant": '"the north"',
        "ce-time": "2026-12-01T09:00:00Z", "Content-Type": "application/json; charset=utf-8"})
    assert (answer.status, answer.json()) == (202, {"accepted": 1, "duplicates": 0})
    assert json.loads(receiver.wait_for(1)[0].body) == {
        "id": "a-1", "source": "/calendar", "subject": "café 😀", "time": "2026-12-01T09:00:00Z",
        "key": "café 😀", "tenant": "the north", "type": "application/json; charset=utf-8",
        "data": {"id": 12345678901234567890}}


def test_it_may_have_any_type_or_none(daemon, receiver):
    headers = {**HEADERS, "CE-ID": "a-2", "Content-Type": "text/plain"}
    assert daemon.post("/events", "[1]", headers=headers).status == 202
    assert post_without_type(daemon, "hello", HEADERS) == 202
    first, second = (json.loads(request.body) for request in receiver.wait_for(2))
    assert (first["data"], first["type"]) == ("[1]", "text/plain")
    assert second["data"] == "hello" and "type" not in second


def test_a_second_one_of_its_source_and_id_is_a_duplicate(daemon, receiver):
    structured = {"specversion": "1.0", "id": "a-1", "source": "/calendar",
                  "type": "thing.changed", "data": {"id": 1}}
    assert daemon.post("/events", structured).json() == {"accepted": 1, "duplicates": 0}
    answer = daemon.post("/events", {"id": 1}, headers=HEADERS)
    assert answer.json() == {"accepted": 0, "duplicates": 1}
    daemon.wait_delivered("receiver", 1)
    assert_sums_hold(daemon.status())


@pytest.mark.parametrize("changes, body, words", [
    ({"CE-ID": None}, "{}", "ce-id"),
    ({"ce-source": None}, "{}", "ce-source"),
    ({"ce-type": None}, "{}", "ce-type"),
    ({"ce-specversion": "0.3"}, "{}", "specversion"),
    ({"ce-time": "lunchtime"}, "{}", "time"),
    ({"ce-subject": "%C0%A0"}, "{}", "ce-subject"),
    ({"ce-my.name": "x"}, "{}", "my.name"),
    ({}, "{", "JSON"),
])
def test_an_invalid_one_is_refused_and_nothing_is_kept(daemon, changes, body, words):
    headers = {name: value for name, value in {**HEADERS, **changes}.items() if value is not None}
    answer = daemon.post("/events", body, headers=headers)
    assert (answer.status, answer.headers["content-type"]) == (400, "application/problem+json")
    assert words in answer.json()["detail"]
    assert daemon.channel_sums().get("received", 0) == 0


def test_cloudevents_own_library_posts_in_each_mode(daemon, receiver, node):
    answers = json.loads(node.run("post.mjs", f"{daemon.url}/events"))
    kept = {"accepted": 1, "duplicates": 0}
    assert [{name: answer[name] for name in kept} for answer in answers] == \
        [kept] * 4 + [{"accepted": 0, "duplicates": 1}]
    arrived = {body["id"]: body for body in
               (json.loads(request.body) for request in receiver.wait_for(4))}
    assert sorted(arrived) == ["sdk-1", "sdk-2", "sdk-3", "sdk-4"]
    for n in (1, 2, 4):
        assert arrived[f"sdk-{n}"] == {
            "id": f"sdk-{n}", "source": "/sdk", "type": "application/json", "subject": "size",
            "time": "2026-12-01T09:00:00.000Z", "key": "size", "tenant": "north",
            "data": {"n": n, "list": [], "text": "ä€😀"}}
    assert arrived["sdk-3"]["data"] == "plain"
    assert_sums_hold(daemon.status())
