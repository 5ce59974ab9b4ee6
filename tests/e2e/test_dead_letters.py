# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""Dead letters in the hands of people: edited, retried, refused where they are stale."""

import json
import time

import pytest

from support import Reply, assert_sums_hold, request, wait_until

SCRIPT = """
    local sync = SyncManager.new {}
    sync:on("thing.*", function(event)
      sync:send { connector = "receiver", data = event.data }
    end)
    sync:on("broken", function() error "no" end)
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


def path_of(letter, rest=""):
    return f"/api/dead-letters/{letter['id']}{rest}"


def patch(daemon, letter, body):
    return request("PATCH", daemon.url + path_of(letter), body)


def make_letter(daemon, receiver, key="k", status=400, **data):
    """One that was refused."""
    before = len(daemon.dead_letters())
    receiver.answer_next(status)
    daemon.emit("thing.made", data, partitionkey=key)
    wait_until(lambda: len(daemon.dead_letters()) > before, "the dead letter")
    return daemon.dead_letters()[0]


def deliver(daemon, key="k", **data):
    done = daemon.connector_sums("receiver").get("delivered", 0)
    daemon.emit("thing.made", data, partitionkey=key)
    daemon.wait_delivered("receiver", done + 1)


# ---- what a retry would send ----


def asked(daemon, letter):
    return daemon.get(path_of(letter, "/request"))


def test_what_a_retry_would_send_is_shown_by_the_scripts_at_work(daemon, project, receiver):
    letter = make_letter(daemon, receiver, n=1)
    [sent] = receiver.requests
    [shown] = asked(daemon, letter).json()["requests"]
    assert (shown["method"], shown["json"]) == ("POST", {"n": 1})
    assert shown["url"].rstrip("/") == receiver.url.rstrip("/")
    assert shown["headers"]["Idempotency-Key"] == letter["id"] == sent.headers["idempotency-key"]

    patch(daemon, letter, '{"data": {"n": 2}}')
    project.connector("receiver", """
        return {
          transformer = function(data, event) return { n = data.n, was = event.data.n } end,
          send = function(data, delivery)
            http.put(setting "url" .. "/" .. delivery.handler, { json = data, headers = { K = delivery.key } })
          end,
        }
    """)
    assert daemon.command("reload").status == 0
    [shown] = asked(daemon, letter).json()["requests"]
    assert (shown["method"], shown["json"], shown["headers"]["K"]) == ("PUT", {"n": 2, "was": 1}, "k")
    assert shown["url"].endswith(letter["handler"])
    assert len(receiver.requests) == 1  # nothing was sent
    assert daemon.dead_letters()[0]["attempts"] == letter["attempts"]


def test_of_what_sends_nothing_it_says_why(daemon, project, receiver):
    letter = make_letter(daemon, receiver, n=1)
    daemon.emit("broken", {})
    wait_until(lambda: len(daemon.dead_letters()) == 2, "the handler's")
    [handlers_own] = [each for each in daemon.dead_letters() if each["connector"] is None]
    for answer, status, words in (
            (asked(daemon, {"id": "1-none"}), 404, "there is no dead letter 1-none"),
            (asked(daemon, handlers_own), 409, "no delivery")):
        assert answer.status == status and words in answer.json()["detail"]
    (project.path / "connectors" / "receiver.lua").unlink()
    project.script(SCRIPT.replace('"receiver"', '"other"'))
    project.connector("other", CONNECTOR)
    assert daemon.command("reload").status == 0
    answer = asked(daemon, letter)
    assert answer.status == 409 and "receiver" in answer.json()["detail"]


# ---- edit ----


def test_an_edited_letter_is_retried_with_its_new_data_and_keeps_the_old(daemon, receiver):
    letter = make_letter(daemon, receiver, n=1)
    answer = patch(daemon, letter, '{"data": {"n": 12345678901234567890, "list": []}}')
    assert (answer.status, answer.json()) == (200, {"ok": True})
    assert patch(daemon, letter, {"data": {"n": 3}}).status == 200
    shown = daemon.get(path_of(letter)).json()
    assert shown["data"] == {"n": 3} and shown["event"]["data"] == {"n": 1}
    assert [edit["data"] for edit in shown["edits"]] == [None, {"n": 12345678901234567890, "list": []}]
    daemon.kill()
    daemon.start()
    assert daemon.get(path_of(letter)).json() == shown
    receiver.clear()
    assert daemon.post(path_of(letter, "/retry")).status == 200
    daemon.wait_delivered("receiver", 1)
    assert receiver.bodies() == [{"n": 3}]
    assert patch(daemon, letter, {"data": 1}).status == 409
    assert_sums_hold(daemon.status())


@pytest.mark.parametrize("body, words", [
    ("{}", '"data"'), ("", '"data"'), ("[1]", "JSON object"), ('{"data": }', "JSON"),
    ('{"date": 1}', "did you mean data?"), ('{"data": 1, "force": true}', "force"),
])
def test_an_edit_that_makes_no_sense_changes_nothing(daemon, receiver, body, words):
    letter = make_letter(daemon, receiver, n=1)
    answer = patch(daemon, letter, body)
    assert answer.status == 400 and words in answer.json()["detail"]
    assert daemon.get(path_of(letter)).json() == letter


def test_what_cannot_be_edited_says_why(daemon):
    daemon.emit("broken", {})
    letter = wait_until(daemon.dead_letters, "the dead letter")[0]
    answer = patch(daemon, letter, {"data": 1})
    assert answer.status == 409 and "mend the script" in answer.json()["detail"]
    assert patch(daemon, {"id": "1-none"}, {"data": 1}).status == 404


# ---- the stale guard ----


def test_a_letter_that_a_newer_delivery_made_void_is_not_retried(daemon, receiver):
    old = make_letter(daemon, receiver, n=1)
    other = make_letter(daemon, receiver, key="j", n=2)
    assert old["staleBy"] is None
    deliver(daemon, n=3)
    newer = daemon.get("/api/deliveries?state=delivered").json()["items"][0]["id"]
    stale = daemon.get(path_of(old)).json()
    assert stale["staleBy"] == newer
    assert daemon.get(path_of(other)).json()["staleBy"] is None
    answer = daemon.post(path_of(old, "/retry"))
    assert answer.status == 409 and newer in answer.json()["detail"]
    assert daemon.get(path_of(old)).json() == stale
    daemon.restart()
    assert daemon.post(path_of(old, "/retry"), {"force": False}).status == 409
    assert daemon.post(path_of(other, "/retry")).status == 200
    assert daemon.post(path_of(old, "/retry"), {"force": True}).status == 200
    daemon.wait_delivered("receiver", 3)
    assert receiver.bodies()[-1] == {"n": 1}
    assert_sums_hold(daemon.status())


def test_a_stale_letter_that_dies_again_is_still_stale(daemon, receiver):
    old = make_letter(daemon, receiver, n=1)
    deliver(daemon, n=2)
    receiver.answer_next(400)
    assert daemon.post(path_of(old, "/retry"), {"force": True}).status == 200
    wait_until(daemon.dead_letters, "it to die again")
    assert daemon.post(path_of(old, "/retry")).status == 409


@pytest.mark.parametrize("force", [False, True])
def test_a_letter_that_becomes_stale_while_it_waits_is_not_sent(daemon, receiver, force):
    old = make_letter(daemon, receiver, n=1)
    daemon.post("/api/connectors/receiver/pause")
    daemon.emit("thing.made", {"n": 2}, partitionkey="k")
    wait_until(lambda: len(daemon.get("/api/deliveries?state=waiting").json()["items"]) == 1, "the newer one")
    newer = daemon.get("/api/deliveries?state=waiting").json()["items"][0]["id"]
    assert daemon.post(path_of(old, "/retry"), {"force": force}).status == 200
    receiver.clear()
    daemon.post("/api/connectors/receiver/resume")
    daemon.wait_delivered("receiver", 2 if force else 1)
    if force:
        assert receiver.bodies() == [{"n": 2}, {"n": 1}]
        return
    letter, = wait_until(daemon.dead_letters, "the letter")
    assert (letter["id"], letter["cause"], letter["staleBy"]) == (old["id"], "refused", newer)
    assert "it is stale" in letter["error"]
    assert receiver.bodies() == [{"n": 2}]
    assert daemon.post(path_of(old, "/retry")).status == 409
    assert_sums_hold(daemon.status())


def test_also_what_was_sent_later_for_the_same_event_is_newer(daemon, project, receiver):
    project.script("""
        local sync = SyncManager.new {}
        sync:on("thing.*", function(event)
          for n = 1, 2 do sync:send { connector = "receiver", data = { n = n } } end
        end)
        sync:start()
    """)
    assert daemon.command("reload").status == 0
    receiver.rule = lambda request: Reply(400 if json.loads(request.body)["n"] == 1 else 503)
    daemon.emit("thing.made", {}, partitionkey="k")
    old, = wait_until(daemon.dead_letters, "the first to die")
    waiting = wait_until(lambda: daemon.get("/api/deliveries?state=waiting").json()["items"], "the second to wait")
    daemon.post("/api/connectors/receiver/pause")
    receiver.rule = None
    assert daemon.post(path_of(old, "/retry")).status == 200
    receiver.clear()
    daemon.post("/api/connectors/receiver/resume")
    letter, = wait_until(daemon.dead_letters, "the first to be a letter again")
    assert (letter["id"], letter["staleBy"]) == (old["id"], waiting[0]["id"])
    assert receiver.bodies() == [{"n": 2}]


def test_many_are_retried_but_for_the_stale_ones(daemon, receiver):
    make_letter(daemon, receiver, n=1)
    deliver(daemon, n=2)
    make_letter(daemon, receiver, key="j", n=3)
    answer = daemon.post("/api/dead-letters/retry", {"filter": {"cause": "refused"}})
    assert answer.json() == {"matching": 2, "retried": 1, "refused": 1}
    answer = daemon.post("/api/dead-letters/retry", {"filter": {}, "force": True})
    assert answer.json() == {"matching": 1, "retried": 1, "refused": 0}
    daemon.wait_delivered("receiver", 3)


@pytest.mark.parametrize("body, words", [
    ('{"forced": true}', "did you mean force?"), ('{"force": "yes"}', "true or false"), ("[]", "JSON object"),
    ("{", "JSON"),
])
def test_a_retry_that_makes_no_sense_retries_nothing(daemon, receiver, body, words):
    letter = make_letter(daemon, receiver, n=1)
    answer = daemon.post(path_of(letter, "/retry"), body)
    assert answer.status == 400 and words in answer.json()["detail"]
    assert daemon.dead_letters() == [letter]


# ---- many ----


def test_the_filter_may_stand_by_itself_or_beside_the_rest(daemon, receiver):
    make_letter(daemon, receiver, n=1)
    for body, matching in [({"filter": {"key": "k"}}, 1), ({"key": "k"}, 1), ({"key": "j"}, 0),
                           ({"filter": {"type": "thing.*"}}, 1), ({}, 1),
                           ({"filter": {"since": "1h"}}, 1), ({"filter": {"until": "1h"}}, 0)]:
        answer = daemon.post("/api/dead-letters/retry", {**body, "dryRun": True})
        assert answer.json() == {"matching": matching, "retried": 0, "refused": 0}, body


def test_a_rate_spreads_retries_over_time(daemon, receiver):
    for n in range(4):
        make_letter(daemon, receiver, key=f"k{n}", n=n)
    began = time.monotonic()
    answer = daemon.post("/api/dead-letters/retry", {"filter": {}, "rate": "20/s"})
    assert answer.json()["retried"] == 4
    assert time.monotonic() - began >= 0.15
    daemon.wait_delivered("receiver", 4)


@pytest.mark.parametrize("body, words", [
    ({"filter": []}, "object"), ({"filter": {"colour": "x"}}, "no filter"), ({"rate": "fast"}, "50/s"),
    ({"rate": "0/s"}, "50/s"), ({"rate": 5}, "string"), ({"dryRun": 1}, "true or false"),
    ({"filter": {"limit": "1"}}, "for lists"), ({"force": "yes"}, "true or false"),
    ({"filter": {"key": 1}}, "string"), ({"filtr": {}}, '"filtr" is no filter'),
    ({"filter": {"type": "thing.made\0"}}, "NUL"), ({"filter": {"key": "k"}, "key": "j"}, "key stands twice"),
])
def test_a_wish_that_makes_no_sense_retries_nothing(daemon, receiver, body, words):
    make_letter(daemon, receiver, n=1)
    answer = daemon.post("/api/dead-letters/retry", body)
    assert answer.status == 400 and words in answer.json()["detail"]
    assert len(daemon.dead_letters()) == 1


def test_since_and_until_are_about_the_death(daemon, receiver):
    letter = make_letter(daemon, receiver, n=1)
    assert daemon.dead_letters(f"?since={letter['at']}") == [letter]
    assert daemon.dead_letters(f"?until={letter['at']}") == []
