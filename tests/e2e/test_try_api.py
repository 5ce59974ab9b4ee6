# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""POST /api/try: what the scripts that are live would do with an event."""

import threading
from contextlib import suppress
from pathlib import Path

import pytest

from support import SLOWNESS, relay, wait_until

SCRIPT = relay("thing.made", "receiver")

CONNECTOR = """
    local token = secret "TOKEN"
    return function(data)
      return http.post(setting "url", { json = data, headers = { T = token } })
    end
"""

EVENT = {"type": "thing.made", "data": {"n": 1}}


@pytest.fixture
def daemon(project, make_daemon, receiver):
    project.script(SCRIPT)
    project.connector("receiver", CONNECTOR)
    # The drain is longer than a busy machine takes for the processor time that loading a script may use.
    project.write("liaison.lua", 'return { reload = "manual", limits = { drain = "60s" } }')
    return make_daemon(settings={"url": receiver.url}, env={"TOKEN": "real-secret"}).start()


def ask(daemon, **wish):
    return daemon.post("/api/try", wish, timeout=60 * SLOWNESS)


def requests_of(result):
    return [request for handler in result["handlers"] for send in handler["sends"]
            for request in send["requests"]]


def test_an_event_is_tried_and_nothing_is_sent(daemon, receiver):
    answer = ask(daemon, event=EVENT)
    assert answer.status == 200
    result = answer.json()
    [request] = requests_of(result)
    assert (request["url"], request["json"], request["headers"]["T"]) == \
        (receiver.url, {"n": 1}, "***")
    assert b"real-secret" not in answer.body and b"stand-in" not in answer.body
    assert receiver.requests == [] and daemon.status()["sums"]["connectors"] == {}


def test_recorded_events_are_tried_by_their_ids(daemon, receiver):
    for n in (1, 2):
        daemon.emit("thing.made", {"n": n}, id=f"e{n}")
    daemon.wait_delivered("receiver", 2)
    by_number, by_id = ask(daemon, event=1).json(), ask(daemon, event="e1").json()
    assert by_number == by_id and by_id["event"]["id"] == "e1"
    items = ask(daemon, events=["e2", 1, EVENT]).json()["items"]
    assert [request["json"]["n"] for item in items for request in requests_of(item)] == [2, 1, 1]
    assert len(receiver.requests) == 2


def test_what_was_loaded_is_tried_not_what_lies_in_the_folder(daemon, project):
    before = ask(daemon, event=EVENT).json()
    project.connector("receiver", "return function() error 'another' end")
    project.script("(")
    assert ask(daemon, event=EVENT).json() == before


def test_a_source_is_tried_in_place_of_the_scripts(daemon):
    source = SCRIPT.replace("event.data", "{ new = event.data.n }")
    result = ask(daemon, event=EVENT, source=source).json()
    assert [request["json"] for request in requests_of(result)] == [{"new": 1}]
    assert result["handlers"][0]["file"] == "scripts/try.lua"
    assert [request["json"] for request in requests_of(ask(daemon, event=EVENT).json())] == [{"n": 1}]


def test_a_source_with_errors_is_refused_with_each(daemon):
    answer = ask(daemon, event=EVENT, source="local x =\n")
    assert answer.status == 422
    assert answer.json()["detail"].startswith("scripts/try.lua:")
    assert [finding["file"] for finding in answer.json()["findings"]] == ["scripts/try.lua"]


@pytest.mark.parametrize("wish, status, said", [
    ({}, 400, "which event?"),
    ({"event": EVENT, "events": []}, 400, "not both"),
    ({"event": [EVENT]}, 400, "an event is an object"),
    ({"event": {"data": 1}}, 400, 'an event needs a "type"'),
    ({"events": EVENT}, 400, "an array of up to 100"),
    ({"events": [EVENT] * 101}, 400, "an array of up to 100"),
    ({"evnt": EVENT}, 400, "did you mean event?"),
    ({"event": EVENT, "source": 1}, 400, "source"),
    ({"event": 99}, 404, "there is no event 99"),
    ({"event": "none"}, 404, "there is no event none"),
])
def test_what_can_t_be_tried_is_refused(daemon, wish, status, said):
    answer = ask(daemon, **wish)
    assert answer.status == status and said in answer.json()["detail"]


def test_the_daemon_goes_on_while_a_source_never_ends(daemon, receiver):
    answers = []
    trial = threading.Thread(target=lambda: answers.append(
        ask(daemon, event=EVENT, source="while true do end")))
    trial.start()
    for n in range(20):
        daemon.emit("thing.made", {"n": n})
    daemon.wait_delivered("receiver", 20)
    trial.join()
    assert answers[0].status == 422 and "does a loop never end" in answers[0].json()["detail"]


def thread_names(daemon):
    names = []
    for task in Path(f"/proc/{daemon.process.pid}/task").iterdir():
        with suppress(OSError):  # it has ended
            names.append((task / "comm").read_text().strip())
    return names


def test_a_daemon_that_stops_answers_what_is_tried(daemon):
    answers = []
    trial = threading.Thread(target=lambda: answers.append(
        ask(daemon, event=EVENT, source="while true do end")))
    trial.start()
    wait_until(lambda: "trial" in thread_names(daemon), "the trial to run")
    assert daemon.stop() == 0
    trial.join()
    assert answers[0].status == 422
