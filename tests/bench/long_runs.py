# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""Two runs of many events: memory over millions of deliveries, and a receiver that is down."""

import time
from dataclasses import replace

from machine import memory_kib
from rig import Rig, wait_until
from workloads import KEYS, check_delivered, start_daemon, wait_closed

SAMPLES = 20
LONG_DEADLINE_S = 7200
DOWN, WELL = "calendar", "warehouse"


def sample_memory(daemon, receiver, name, events):
    """[{events, rssKiB}] at equal steps up to `events` delivered."""
    samples = []
    for step in range(1, SAMPLES + 1):
        receiver.wait_for(name, events * step // SAMPLES, LONG_DEADLINE_S)
        now, _ = memory_kib(daemon.process.pid)
        samples.append({"events": receiver.count(name), "rssKiB": now})
    return samples


def per_second(stats):
    return 1e6 * stats["events"] / max(stats["lastUs"] - stats["firstUs"], 1)


def run_flat(rig, workload):
    """Does memory grow with what was delivered?"""
    receiver = rig.receiver(keys=KEYS)
    source = rig.source(events=workload.events, keys=KEYS)
    daemon = start_daemon(rig, workload, source, receiver)
    source.go()
    name = workload.connectors[0]
    samples = sample_memory(daemon, receiver, name, workload.events)
    wait_closed(daemon, workload.events)
    stats = receiver.stats()[name]
    check_delivered(stats, workload.events)
    _, peak = memory_kib(daemon.process.pid)
    assert daemon.stop() == 0, daemon.log()
    return {"events": workload.events, "samples": samples, "peakKiB": peak,
            "eventsPerSecond": per_second(stats)}


def healthy_rate(rig, workload):
    """Of the one connector, where both are well."""
    with Rig(rig.tools, rig.folder / "well") as own:
        receiver = own.receiver(keys=KEYS)
        source = own.source(events=workload.events, keys=KEYS)
        daemon = start_daemon(own, workload, source, receiver)
        source.go()
        for name in workload.connectors:
            receiver.wait_for(name, workload.events, LONG_DEADLINE_S)
        wait_closed(daemon, workload.events)
        return per_second(receiver.stats()[WELL])


def run_backlog(rig, workload):
    """One receiver is down while all events come; then the daemon starts anew, then the receiver
    is well again."""
    well = healthy_rate(rig, replace(workload, events=max(workload.events // 20, 100)))
    receiver = rig.receiver(keys=KEYS)
    source = rig.source(events=workload.events, keys=KEYS)
    daemon = start_daemon(rig, workload, source, receiver)
    receiver.control(DOWN, status=503)
    source.go()
    receiver.wait_for(WELL, workload.events, LONG_DEADLINE_S)
    down = per_second(receiver.stats()[WELL])
    _, peak = memory_kib(daemon.process.pid)

    daemon.stop()
    before = time.monotonic()
    daemon.start(deadline=600)
    started = time.monotonic() - before

    receiver.control(DOWN)
    wait_until(lambda: receiver.count(DOWN) > 0, "the first of the backlog", deadline=600)
    before = time.monotonic()
    receiver.wait_for(DOWN, workload.events, LONG_DEADLINE_S)
    drained = workload.events / (time.monotonic() - before)
    stats = receiver.stats()
    assert daemon.stop() == 0, daemon.log()
    return {"events": workload.events, "wellPerSecond": well, "downPerSecond": down,
            "peakKiB": peak, "startSeconds": started, "drainedPerSecond": drained,
            "disordered": sum(stats[name]["disordered"] for name in workload.connectors)}
