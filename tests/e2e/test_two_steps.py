# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""The project of examples/two-step, killed between its steps again and again: the entry that the
first step made in the calendar is the one that the second step stores, and there is one a booking.
LIAISON_TWO_STEPS_SEED takes the seed that a failure names."""

import json
import os
import random
import time
from collections import defaultdict

import pytest

from support import ROOT, Project, Reply, assert_sums_hold, liaison, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.crash]

IS_SLOW = os.environ.get("LIAISON_PRESET") in ("asan", "tsan", "valgrind")
KILLS = 30 if IS_SLOW else 100
MOST_MS = 12  # between the calendar's request and the kill
EXAMPLE = ROOT / "examples" / "two-step"


class Calendar:
    """Makes an entry for each new Idempotency-Key, and answers an old one as it did before."""

    def __init__(self, receiver, generator):
        self.entries = {}                 # by key: id
        self.titles = defaultdict(set)    # by title: the keys that came with it
        self.generator = generator
        self.url = receiver.url
        receiver.rule = self.answer

    def answer(self, request):
        key = request.headers["idempotency-key"]
        self.titles[json.loads(request.body)["title"]].add(key)
        id = self.entries.setdefault(key, f"entry-{len(self.entries) + 1}")
        return Reply(201, {"id": id}, delay=self.generator.random() * MOST_MS / 2000)


class Warehouse:
    """Takes rows; that of the booking at work only when the daemon has been killed over it."""

    def __init__(self, receiver):
        self.rows = defaultdict(set)  # by booking: entry and Idempotency-Key
        self.unfinished = None        # the booking at work
        self.url = receiver.url
        receiver.rule = self.answer

    def answer(self, request):
        row = json.loads(request.body)
        if row["booking"] == self.unfinished:
            return Reply(hangs=True)
        self.rows[row["booking"]].add((row["entry"], request.headers["idempotency-key"]))
        return None


@pytest.fixture
def generator():
    seed = int(os.environ.get("LIAISON_TWO_STEPS_SEED") or random.SystemRandom().randrange(10**6))
    print(f"LIAISON_TWO_STEPS_SEED={seed}")
    return random.Random(seed)


@pytest.fixture
def example(tmp_path):
    project = Project(tmp_path / "project")
    for path in EXAMPLE.rglob("*.lua"):
        project.write(path.relative_to(EXAMPLE), path.read_text())
    return project


def booking(n):
    return {"id": n, "title": f"booking {n}", "start": "2026-12-01T09:00:00Z"}


def test_a_kill_between_the_steps_makes_no_second_entry_and_no_wrong_row(
        example, make_daemon, make_receiver, generator):
    calendar, warehouse = Calendar(make_receiver(), generator), Warehouse(make_receiver())
    daemon = make_daemon(project=example, settings={
        "calendarUrl": calendar.url, "warehouseUrl": warehouse.url}).start()
    for n in range(KILLS):
        warehouse.unfinished = n
        daemon.emit("booking.made", booking(n))
        wait_until(lambda: f"booking {n}" in calendar.titles, "the first step", every=0.001)
        time.sleep(generator.random() * MOST_MS / 1000)  # the moment is what is drawn here
        daemon.kill()
        warehouse.unfinished = None
        daemon.start()
    wait_until(lambda: daemon.channel_sums()["closed"] == KILLS, "the events to end", 30)

    assert sorted(warehouse.rows) == list(range(KILLS))
    for n in range(KILLS):
        [key] = calendar.titles[f"booking {n}"]  # one entry, however often it was asked for
        [(entry, _)] = warehouse.rows[n]
        assert entry == calendar.entries[key]

    for name in ("calendar", "warehouse"):
        sums = daemon.connector_sums(name)
        assert (sums["made"], sums["delivered"]) == (KILLS, KILLS), sums
    assert_sums_hold(daemon.status())
    assert daemon.stop() == 0
    result = liaison("fsck", example.journal)
    assert result.status == 0, result
