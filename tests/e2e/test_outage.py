# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""A receiver that was away while much was made for it, and what it sees when it comes back. What would
take half an hour is in tests/unit/test_lanes_outage.c; here counts are compared with counts."""

import threading
import time

import pytest

from support import assert_sums_hold, relay, wait_until

SCRIPT = relay("thing.changed", "out")
CONNECTOR = """
    return {
      retry = { base = "20ms", cap = "500ms" },
      breaker = { open = "500ms" },
      send = function(data) return http.post(setting "url" .. "/x", { json = data }) end,
    }
"""
KEYS = 50
WINDOW = 10  # s, for which the way back is slow


class Feed:
    """Emits events at an even rate, until it is closed; and many at once."""

    def __init__(self, daemon, per_second):
        self.count = 0
        self._daemon = daemon
        self._every = 1 / per_second
        self._ends = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def emit(self, number):
        with self._lock:
            events = [{"type": "thing.changed", "partitionkey": f"k{n % KEYS}", "data": {"n": n}}
                      for n in range(self.count, self.count + number)]
            assert self._daemon.post("/events", events).status == 202
            self.count += number

    def close(self):
        self._ends.set()
        self._thread.join()

    def _run(self):
        while not self._ends.wait(self._every):
            self.emit(1)


@pytest.fixture
def daemon(project, make_daemon, receiver):
    project.script(SCRIPT)
    project.connector("out", CONNECTOR)
    return make_daemon(settings={"url": receiver.url}).start()


def count_between(receiver, start, seconds):
    return sum(start <= r.at < start + seconds for r in list(receiver.requests))


def test_who_comes_back_is_asked_slowly_and_then_faster(daemon, receiver):
    feed = Feed(daemon, 20)
    before = receiver.wait_for(1)[0].at
    wait_until(lambda: time.monotonic() > before + WINDOW, "a window of the steady rate", 2 * WINDOW)
    steady = count_between(receiver, before, WINDOW)

    receiver.stop()
    made = feed.count
    feed.emit(30 * steady // WINDOW)
    wait_until(lambda: daemon.metrics().value("liaison_breaker_state", connector="out") == 2,
               "the breaker to open")
    receiver.start()
    served = len(receiver.requests)
    back = receiver.wait_for(served + 1)[served].at
    in_vain = daemon.metrics().value("liaison_attempts_total", connector="out", code="connect")
    assert in_vain < (feed.count - made) / 4

    daemon.wait_delivered("out", feed.count, 60)
    feed.close()
    slow = count_between(receiver, back, WINDOW)
    assert steady / 2 < slow <= 2 * steady
    assert max(count_between(receiver, back + WINDOW + s, 1) for s in range(10)) > 2 * slow / WINDOW
    daemon.wait_delivered("out", feed.count)
    assert len(receiver.requests) == feed.count
    assert daemon.dead_letters() == []
    assert_sums_hold(daemon.status())
