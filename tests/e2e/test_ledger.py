# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""Nothing is lost, repeated without need, or out of order, whatever is killed or reloaded when: one long
run over a daemon that is killed a dozen times, one over a daemon that loads its scripts anew all along,
and what they must add up to. An answer that comes too late on a busy machine is a failure for who waits
for it, and the journal says so. LIAISON_LEDGER_SEED takes the seed that a failure names."""

import os
import random
from collections import Counter, defaultdict

import pytest

from support import Daemon, Project
from support.ledger import CHANNELS, CONNECTORS, Ledger

pytestmark = [pytest.mark.slow, pytest.mark.crash]

IS_SLOW = os.environ.get("LIAISON_PRESET") in ("asan", "tsan", "valgrind")
EVENTS = 4000 if IS_SLOW else 20000  # of each channel
KILLS = 12
RELOAD_EVERY = 0.2  # seconds
SHOWN = 5


@pytest.fixture(scope="module", params=["killed", "reloaded"])
def ledger(tmp_path_factory, request):
    seed = int(os.environ.get("LIAISON_LEDGER_SEED") or random.SystemRandom().randrange(10**6))
    print(f"LIAISON_LEDGER_SEED={seed}")
    project = Project(tmp_path_factory.mktemp("ledger") / "project")
    ledger = Ledger(project, lambda *args, **options: Daemon(project, *args, **options),
                    seed, EVENTS, **({"kills": KILLS} if request.param == "killed" else
                                     {"reload_every": RELOAD_EVERY}))
    try:
        ledger.run()
        yield ledger
    except Exception:
        print(ledger.daemon.log()[-5000:])
        raise
    finally:
        ledger.close()


@pytest.fixture(params=CONNECTORS)
def connector(request):
    return request.param


@pytest.fixture
def arrivals(ledger, connector):
    """The attempts of one connector, those of each daemon behind those of the one before it."""
    return sorted(ledger.receivers[connector].arrivals, key=lambda arrival: arrival.run)


def group(arrivals, by):
    groups = defaultdict(list)
    for arrival in arrivals:
        groups[by(arrival)].append(arrival)
    return groups


def data_of(events):
    return [(event["data"]["key"], event["data"]["n"]) for event in events]


def assert_none(ledger, faults):
    """`faults`: an iterator of texts."""
    faults = list(faults)
    shown = "\n".join(map(str, faults[:SHOWN]))
    assert not faults, f"LIAISON_LEDGER_SEED={ledger.seed}: {len(faults)} times, such as\n{shown}"


def test_the_daemon_was_killed_or_reloaded_at_work(ledger):
    if not ledger.kills:
        versions = {arrival.scripts for r in ledger.receivers.values() for arrival in r.arrivals}
        assert set(ledger.reloads) == {200}
        least = 2 if IS_SLOW else 10
        assert len(ledger.reloads) >= least and len(versions) >= least, "it was reloaded too seldom"
        assert ledger.bus.stream_count >= 2
        return
    runs = {arrival.run for r in ledger.receivers.values() for arrival in r.arrivals}
    assert len(ledger.checks) > KILLS
    assert len(runs) >= 10 and ledger.bus.stream_count >= 10, "it was killed before it did a thing"


def test_what_was_acknowledged_ends_as_delivered_or_dead(ledger, connector, arrivals):
    last = {arrival.event: arrival.status for arrival in arrivals}
    dead = {(letter["data"]["key"], letter["data"]["n"])
            for letter in ledger.dead if letter["connector"] == connector}
    late = {arrival.event for arrival in arrivals if arrival.id in ledger.timeouts}
    assert sorted(ledger.acknowledged) == sorted(data_of(ledger.posted))
    assert_none(ledger, (
        f"{event}: {'a dead letter' if event in dead else 'delivered'}, its last attempt was "
        f"answered by {last.get(event)}"
        for event in ledger.acknowledged + data_of(ledger.published)
        if (last.get(event) == 200) == (event in dead) and event not in dead & late))


def test_the_attempts_of_a_key_are_in_order(ledger, connector, arrivals):
    def faults():
        for key, lane in group(arrivals, lambda arrival: arrival.event[0]).items():
            n = 0
            for arrival in lane:
                if arrival.event[1] not in (n, n + 1):
                    yield f"{key}: {arrival.event[1]} came behind {n}, in run {arrival.run}"
                n = arrival.event[1]

    assert_none(ledger, faults())


def test_only_a_failure_or_a_kill_makes_another_attempt(ledger, connector, arrivals):
    def faults():
        repeats, late = Counter(), Counter(ledger.timeouts)
        for event, attempts in group(arrivals, lambda arrival: arrival.event).items():
            for before, after in zip(attempts, attempts[1:]):
                if before.status not in (200, 422):
                    continue
                if before.run == after.run and late[before.id] > 0:
                    late[before.id] -= 1
                    continue
                repeats[(event[0], after.run)] += 1
                if before.run == after.run:
                    yield f"{event}: attempted again behind {before.status} in run {after.run}"
        for (key, run), count in repeats.items():
            if count > 1:
                yield f"{key}: {count} attempts were repeated by the kill before run {run}"

    assert_none(ledger, faults())


def test_what_was_settled_is_not_attempted_again(ledger, connector, arrivals):
    settled_by = {}
    for run, ids in ledger.settled:
        for id in ids:
            settled_by.setdefault(id, run)
    assert_none(ledger, (
        f"{arrival.event}: settled in run {settled_by[arrival.id]}, attempted in {arrival.run}"
        for arrival in arrivals if settled_by.get(arrival.id, arrival.run) < arrival.run))


def test_a_delivery_keeps_its_id_and_its_body(ledger, connector, arrivals):
    def faults():
        for event, attempts in group(arrivals, lambda arrival: arrival.event).items():
            ids = {arrival.id for arrival in attempts}
            if len(ids) > 1 or None in ids:
                yield f"{event}: ids {ids}"
        for id, attempts in group(arrivals, lambda arrival: arrival.id).items():
            bodies = {arrival.body for arrival in attempts}
            if len(bodies) > 1:
                yield f"{id}: bodies {bodies}"

    assert_none(ledger, faults())


def test_the_journal_is_sound_after_each_kill(ledger):
    assert_none(ledger, (out for status, out in ledger.checks if status != 0))


def test_the_sums_are_exact(ledger):
    sums = ledger.status["sums"]
    for name in CHANNELS:
        channel = sums["channels"][name]
        assert channel["closed"] == channel["received"] - channel["duplicate"] == EVENTS, channel
    for name in CONNECTORS:
        connector = sums["connectors"][name]
        dead = sum(letter["connector"] == name for letter in ledger.dead)
        assert connector["made"] == 2 * EVENTS, connector
        assert (connector["delivered"], connector["dead"]) == (2 * EVENTS - dead, dead), connector


def test_a_stream_goes_on_exactly_where_its_last_commit_ended(ledger):
    assert ledger.status["sums"]["channels"]["bus"]["duplicate"] == 0


def test_a_repeated_post_counts_as_duplicates(ledger):
    assert ledger.status["sums"]["channels"]["embedded"]["duplicate"] > 0


def test_a_dead_letter_was_refused_or_tried_as_often_as_its_connector_says(ledger):
    refused = {(e["data"]["key"], e["data"]["n"])
               for e in ledger.posted + ledger.published if e["data"].get("bad")}
    letters = defaultdict(set)
    for letter in ledger.dead:
        letters[letter["connector"], letter["cause"]].add(
            (letter["data"]["key"], letter["data"]["n"]))
    assert letters.pop(("dataWarehouse", "refused")) == refused
    letters.pop(("dataWarehouse", "exhausted"))
    assert not letters


def test_the_daemon_ends_well_and_its_log_knows_no_broken_row(ledger):
    assert ledger.exit_status == 0
    assert "isn't in the state" not in ledger.daemon.log()
