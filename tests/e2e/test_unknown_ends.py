# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""An attempt whose end was never seen may have done its work: a 409 to the next one is its echo, and
no refusal; and who gives a `verify` is asked before it is sent again."""

import pytest

from support import SLOWNESS, Reply, assert_sums_hold, liaison, wait_until

SCRIPT = """
local sync = SyncManager.new {}
sync:on("thing.changed", function(event)
  sync:send { connector = "a", data = event.data }
end)
sync:start()
"""

CONNECTOR = """
return {
  timeout = %s,
  retry = { base = "50ms", jitter = false, growth = "constant" },
  send = function(data) return http.post("%s/x", { json = data }) end,
}
"""


VERIFYING = """
return {
  timeout = %s,
  retry = { base = "50ms", jitter = false, growth = "constant" },
  send = function(data) return http.put("%s/" .. data.id, { json = data }) end,
  verify = function(data)
    return http.get(setting "url" .. "/" .. data.id, { accept = 404 }).status == 200
  end,
}
"""


@pytest.fixture
def start(project, make_daemon, receiver):
    def start(timeout, connector=CONNECTOR):
        project.script(SCRIPT)
        project.write("liaison.lua", f'return {{ settings = {{ url = "{receiver.url}" }} }}')
        project.connector("a", connector % (timeout, receiver.url))
        daemon = make_daemon()
        daemon.start()
        return daemon
    return start


def assert_retried_with_one_id(daemon, receiver, count):
    daemon.wait_delivered("a", 1)
    assert len(receiver.requests) == count
    assert len(set(receiver.keys())) == 1
    assert daemon.dead_letters() == []


def test_a_409_after_a_timeout_is_retried(start, receiver):
    receiver.answer_next(Reply(hangs=True), 409)
    daemon = start(0.2 * SLOWNESS)
    daemon.emit("thing.changed", {"id": 1})
    assert_retried_with_one_id(daemon, receiver, 3)


def test_a_409_after_a_crash_in_mid_attempt_is_retried(start, receiver):
    receiver.answer_next(Reply(hangs=True), 409)
    daemon = start(30 * SLOWNESS)
    daemon.emit("thing.changed", {"id": 1})
    receiver.wait_for(1)
    daemon.kill()
    daemon.start()
    assert_retried_with_one_id(daemon, receiver, 3)


def test_a_409_after_a_crash_in_a_later_attempt_is_retried(start, receiver):
    receiver.answer_next(503, Reply(hangs=True), 409)
    daemon = start(30 * SLOWNESS)
    daemon.emit("thing.changed", {"id": 1})
    receiver.wait_for(2)
    daemon.kill()
    daemon.start()
    assert_retried_with_one_id(daemon, receiver, 4)


def test_a_409_to_a_first_attempt_is_refused(start, receiver):
    receiver.answer_next(409)
    daemon = start(30 * SLOWNESS)
    daemon.emit("thing.changed", {"id": 1})
    wait_until(lambda: len(daemon.dead_letters()) == 1, "a dead letter")
    assert daemon.dead_letters()[0]["cause"] == "refused"
    assert len(receiver.requests) == 1


# ---- verify ----


def asked(receiver):
    """What came, in order: "PUT 200", or "PUT" where it got no answer."""
    return [f"{r.method} {status}" if status else r.method
            for r, status in zip(receiver.requests, receiver.statuses)]


def test_what_is_there_is_not_sent_again_after_a_timeout(start, receiver):
    receiver.answer_next(Reply(hangs=True))
    daemon = start(0.5 * SLOWNESS, VERIFYING)
    daemon.emit("thing.changed", {"id": 1})
    daemon.wait_delivered("a", 1)
    assert asked(receiver) == ["PUT", "GET 200"]
    assert_sums_hold(daemon.status())


def test_what_is_not_there_is_sent_again_with_the_same_id(start, receiver):
    receiver.answer_next(Reply(hangs=True), 404)
    daemon = start(0.5 * SLOWNESS, VERIFYING)
    daemon.emit("thing.changed", {"id": 1})
    daemon.wait_delivered("a", 1)
    assert asked(receiver) == ["PUT", "GET 404", "PUT 200"]
    first, question, second = receiver.keys()
    assert first == second and question is None


def test_it_is_asked_after_a_crash_in_mid_attempt(start, receiver):
    receiver.answer_next(Reply(hangs=True))
    daemon = start(30 * SLOWNESS, VERIFYING)
    daemon.emit("thing.changed", {"id": 1})
    receiver.wait_for(1)
    daemon.kill()
    daemon.start()
    daemon.wait_delivered("a", 1)
    assert asked(receiver) == ["PUT", "GET 200"]


def test_of_what_waited_at_a_crash_none_but_the_first_of_each_key_is_asked_for(start, receiver, project):
    keys, count = 20, 200
    receiver.rule = lambda request: Reply(404) if request.method == "GET" else None
    connector = VERIFYING.replace("return {", 'return {\n  rate = "%s",', 1)
    daemon = start(30 * SLOWNESS, connector.replace("%s", "20/s", 1))
    for n in range(count):
        daemon.emit("thing.changed", {"id": n}, partitionkey=f"k{n % keys}")
    receiver.wait_for(2)
    daemon.kill()
    project.connector("a", connector % ("1000/s", 30 * SLOWNESS, receiver.url))
    daemon.start()
    daemon.wait_delivered("a", count, deadline=30)
    methods = [r.method for r in receiver.requests]
    assert methods.count("GET") <= keys
    assert set(receiver.keys()) - {None} and len(set(receiver.keys()) - {None}) == count


BATCHING = """
return {
  timeout = %s,
  batch = { size = 10, wait = "100ms" },
  send = function(list) return http.post("%s/batch", { json = list }) end,
}
"""


def test_of_a_batch_at_a_crash_each_is_asked_for_though_none_is_taken_any_more(start, receiver, project):
    receiver.answer_next(Reply(hangs=True))
    daemon = start(30 * SLOWNESS, BATCHING)
    daemon.post("/events", [{"type": "thing.changed", "data": {"id": n}, "partitionkey": "k"} for n in range(3)])
    receiver.wait_for(1)
    daemon.kill()
    project.connector("a", VERIFYING % (30 * SLOWNESS, receiver.url))
    daemon.start()
    daemon.wait_delivered("a", 3)
    assert asked(receiver) == ["POST"] + 3 * ["GET 200"]


def test_it_is_asked_when_a_409_comes_and_then_tried_again(start, receiver):
    receiver.answer_next(Reply(hangs=True), 404, 409, 404, 404, 409, 200)
    daemon = start(0.5 * SLOWNESS, VERIFYING)
    daemon.emit("thing.changed", {"id": 1})
    daemon.wait_delivered("a", 1)
    assert asked(receiver) == ["PUT", "GET 404", "PUT 409", "GET 404", "GET 404", "PUT 409", "GET 200"]
    assert daemon.dead_letters() == []


def test_it_is_not_asked_where_every_attempt_was_answered(start, receiver):
    receiver.answer_next(503, 503)
    daemon = start(30 * SLOWNESS, VERIFYING)
    daemon.emit("thing.changed", {"id": 1})
    daemon.wait_delivered("a", 1)
    assert asked(receiver) == ["PUT 503", "PUT 503", "PUT 200"]


def test_it_is_asked_when_a_dead_letter_is_retried(start, receiver):
    receiver.answer_next(Reply(hangs=True))
    daemon = start(0.5 * SLOWNESS, VERIFYING.replace("retry = {", "retry = { attempts = 1,"))
    daemon.emit("thing.changed", {"id": 1})
    letter, = wait_until(daemon.dead_letters, "a dead letter")
    assert letter["cause"] == "exhausted"
    assert daemon.post(f"/api/dead-letters/{letter['id']}/retry").status in (200, 202)
    daemon.wait_delivered("a", 1)
    assert asked(receiver) == ["PUT", "GET 200"]


def test_specs_ask_it_where_they_say_so(start, project):
    start(1, VERIFYING)
    project.write("tests/a.lua", """
        local function methods(requests)
          return map(requests, function(r) return r.method end)
        end

        it("is sent", function() expect(methods(deliver("a", { id = 1 }))):equals { "PUT" } end)

        it("is asked for", function()
          expect(methods(deliver("a", { id = 1 }, { unknown = true }))):equals { "GET" }
        end)

        it("is sent again", function()
          http.fake("GET", "*", 404)
          http.fake("PUT", "*", 409)
          local made = deliver("a", { id = 1 }, { unknown = true })
          expect(methods(made)):equals { "GET", "PUT", "GET" }
          expect(made.outcome):is "retry"
        end)
    """)
    result = liaison("test", project.path)
    assert (result.status, result.out.splitlines()[-1]) == (0, "3 passed, 0 failed")
