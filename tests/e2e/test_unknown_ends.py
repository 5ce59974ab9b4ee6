# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""An attempt whose end was never seen may have done its work: a 409 to the next one is its echo, and
no refusal."""

import pytest

from support import SLOWNESS, Reply, wait_until

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


@pytest.fixture
def start(project, make_daemon, receiver):
    def start(timeout):
        project.script(SCRIPT)
        project.connector("a", CONNECTOR % (timeout, receiver.url))
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
