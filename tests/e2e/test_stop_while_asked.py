# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""A daemon that is stopped for good while it looks for answers ends in order. What it still holds or touches then,
a sanitizer sees."""

import http.client
import itertools
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

from support import wait_until

SCRIPT = """
    local sync = SyncManager.new {}
    sync:on("thing", function(event) sync:send { connector = "quick", data = event.data } end)
    sync:on("broken", function() error "no" end)
    sync:start()
"""

# Each has something of its own until it is answered.
ASKED = [
    ("POST", "/api/dead-letters/retry", {"filter": {"key": "none"}, "dryRun": True}),
    ("POST", "/api/dead-letters/retry", {"filter": {}, "rate": "1/s"}),
    ("POST", "/api/replay", {"type": "thing", "dryRun": True}),
    ("POST", "/api/replay", {"type": "thing", "rate": "1/s"}),
    ("POST", "/api/try", {"events": [1, 2]}),
    ("POST", "/api/reload", {"check": "last:100"}),
    ("POST", "/api/connectors/quick/pause", {}),
    ("GET", "/api/tail?cursor=1-1", None),
    ("GET", "/api/events?key=none", None),
    ("GET", "/api/dead-letters/1-none/request", None),
    ("GET", "/metrics", None),
]


@pytest.fixture
def daemon(project, make_daemon):
    project.script(SCRIPT)
    project.connector("quick", "return { send = function() end }")
    daemon = make_daemon().start()
    daemon.post("/events", [{"type": type, "data": n} for n in range(500) for type in ("thing", "broken")])
    wait_until(lambda: daemon.channel_sums()["dead"] == 500, "the letters", 60)
    return daemon


def ask(daemon, method, path, body):
    try:
        daemon.get(path) if method == "GET" else daemon.post(path, body)
    except (OSError, http.client.HTTPException):
        pass  # it has ended


def test_a_second_signal_ends_it_while_answers_are_looked_for(daemon):
    wanted = list(itertools.islice(itertools.cycle(ASKED), 20 * len(ASKED)))
    with ThreadPoolExecutor(32) as pool:
        asked = [pool.submit(ask, daemon, *one) for one in wanted]
        wait_until(lambda: sum(one.done() for one in asked) >= len(ASKED), "the first answers")
        daemon.signal(signal.SIGTERM)
        wait_until(lambda: "stopping" in daemon.log(), "the drain")
        daemon.signal(signal.SIGTERM)
        assert daemon.wait() in (0, -signal.SIGTERM)  # the latter where it had ended but for the process
