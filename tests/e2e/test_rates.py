# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""How much a connector sends at once: its rate, and what the receiver asks for."""

import pytest

from support import Reply, assert_sums_hold, wait_until

SCRIPT = """
    local sync = SyncManager.new {}
    sync:on("thing", function(event)
      sync:send { connector = event.data.to or "receiver", data = event.data }
    end)
    sync:start()
"""

CONNECTOR = """
    return { retry = { base = "10ms", jitter = false }, OPTIONS
             send = function(data) return http.post(setting "url" .. "/NAME", { json = data }) end }
"""


def add_connector(project, name="receiver", options=""):
    project.connector(name, CONNECTOR.replace("NAME", name).replace("OPTIONS", options))


@pytest.fixture
def daemon(project, make_daemon, receiver):
    project.script(SCRIPT)
    add_connector(project)
    return make_daemon(settings={"url": receiver.url})


def emit(daemon, *numbers, **data):
    for n in numbers:
        daemon.emit("thing", {"n": n, **data})


def spans(receiver, path, apart):
    """The seconds between each request and the one so many behind it."""
    at = [request.at for request in receiver.matching(path)]
    return [after - before for before, after in zip(at, at[apart:])]


def test_a_rate_is_kept(daemon, project, receiver):
    add_connector(project, options='rate = "20/s",')
    daemon.start()
    emit(daemon, *range(12))
    daemon.wait_delivered("receiver", 12)
    # Two may go at once, and a request may come later than it was sent, but not before.
    assert spans(receiver, "/receiver", 11)[0] >= 0.4
    assert_sums_hold(daemon.status())


def test_retry_after_holds_the_connector_and_no_other(daemon, project, receiver):
    add_connector(project, "other")
    daemon.start()
    receiver.answer_next(Reply(429, headers={"Retry-After": "2"}))
    emit(daemon, 1)
    receiver.wait_for(1, "/receiver")
    wait_until(lambda: "to be tried again" in daemon.log(), "the answer to be taken")
    emit(daemon, 2, 3)
    emit(daemon, 4, to="other")
    daemon.wait_delivered("other", 1)
    assert len(receiver.matching("/receiver")) == 1
    daemon.wait_delivered("receiver", 3)
    assert spans(receiver, "/receiver", 1)[0] >= 1.9
    assert [reason for reason in daemon.status()["problems"]] == []


def test_a_scripts_own_retry_holds_its_delivery_alone(daemon, project, receiver):
    project.connector("receiver", """
        return function(data)
          if data.n == 1 then retry("not now", { after = "1h" }) end
          return http.post(setting "url" .. "/receiver", { json = data })
        end
    """)
    daemon.start()
    emit(daemon, 1, 2, 3)
    daemon.wait_delivered("receiver", 2)
