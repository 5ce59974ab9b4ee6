#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""What reloads cost: tests/bench/reloads.py [--seconds N] [--rate N] [--reloads N]

First the time from an event's sending to its delivery, at the same rate without reloads and with one
each second, in turns. Then the memory behind as many events without reloads and with many; and that of a
daemon to which nothing comes, over as many reloads. Each reload has other scripts than the one before.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(Path(__file__).resolve().parent))

from machine import memory_kib  # noqa: E402
from rig import Rig  # noqa: E402
from stats import median, percentile  # noqa: E402
from workloads import KEYS, Workload, check_delivered, start_daemon, wait_closed  # noqa: E402

CONNECTOR = "warehouse"
EVERY_S = 1.0
SHARES = (50, 99)
SAMPLES = 5
MEMORY_RATE, MEMORY_SECONDS = 1000, 25
REST_S = 3  # what was retired goes


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rate", type=int, default=5000, help="events a second")
    parser.add_argument("--seconds", type=int, default=10, help="of each run")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--reloads", type=int, default=1000, help="over which memory is looked at")
    parser.add_argument("--tools", type=Path, default=ROOT / "build" / "release" / "bench")
    return parser.parse_args()


def reload(daemon, n):
    """Scripts that do the same, and have another hash."""
    path = daemon.project.path / "connectors" / f"{CONNECTOR}.lua"
    head, _, _ = path.read_text().partition("-- version")
    path.write_text(f"{head}-- version {n}\n")
    answer = daemon.post("/api/reload")
    assert answer.status == 200, answer.body


def reload_until(daemon, receiver, events):
    """One each second, until all events have come; how long each took, in ms."""
    took = []
    due = time.monotonic() + EVERY_S
    while receiver.count(CONNECTOR) < events:
        time.sleep(max(min(due - time.monotonic(), 0.1), 0.005))
        if time.monotonic() < due:
            continue
        due += EVERY_S
        before = time.monotonic()
        reload(daemon, len(took))
        took.append(1000 * (time.monotonic() - before))
    return took


def start(rig, workload):
    receiver = rig.receiver(keys=KEYS)
    source = rig.source(events=workload.events, keys=KEYS, rate=workload.rate)
    return receiver, source, start_daemon(rig, workload, source, receiver)


def run_paced(rig, workload, reloads):
    receiver, source, daemon = start(rig, workload)
    source.go()
    took = reload_until(daemon, receiver, workload.events) if reloads else []
    check_delivered(receiver.wait_for(CONNECTOR, workload.events), workload.events)
    latencies = receiver.latencies_us(CONNECTOR)
    assert daemon.stop() == 0, daemon.log()
    return {share: percentile(latencies, share / 100) for share in SHARES}, took


def compare(arguments):
    workload = Workload("paced", (CONNECTOR,), arguments.rate * arguments.seconds,
                        rate=arguments.rate)
    runs = {False: [], True: []}
    for _ in range(arguments.runs):
        for reloads in runs:
            with tempfile.TemporaryDirectory() as folder, Rig(arguments.tools, folder) as rig:
                figures, took = run_paced(rig, workload, reloads)
            runs[reloads].append(figures)
            words = f"{len(took)} reloads of {median(took):.1f} ms" if took else "no reloads"
            print(f"{words}: p50 {figures[50] / 1000:.2f} ms, p99 {figures[99] / 1000:.2f} ms",
                  flush=True)
    for share in SHARES:
        without, with_them = (median([run[share] for run in runs[reloads]]) for reloads in runs)
        print(f"p{share}: {without / 1000:.2f} ms without reloads, {with_them / 1000:.2f} ms with one a "
              f"second, {with_them / without:.2f} times")


def memory_behind(rig, arguments, reloads):
    """KiB behind events that all were delivered, with so many reloads meanwhile."""
    workload = Workload("reloaded", (CONNECTOR,), MEMORY_RATE * MEMORY_SECONDS, rate=MEMORY_RATE)
    receiver, source, daemon = start(rig, workload)
    source.go()
    n = 0
    while receiver.count(CONNECTOR) < workload.events:
        if n < reloads:
            reload(daemon, n)
            n += 1
        else:
            time.sleep(0.05)
    check_delivered(receiver.wait_for(CONNECTOR, workload.events), workload.events)
    wait_closed(daemon, workload.events)
    time.sleep(REST_S)
    print(f"{n} reloads during {workload.events} events: {memory_kib(daemon.process.pid)[0]} KiB",
          flush=True)


def watch_idle(rig, arguments):
    _, _, daemon = start(rig, Workload("idle", (CONNECTOR,), 1))
    for n in range(arguments.reloads):
        if n % max(arguments.reloads // SAMPLES, 1) == 0:
            print(f"{n} reloads, idle: {memory_kib(daemon.process.pid)[0]} KiB", flush=True)
        reload(daemon, n)
    time.sleep(REST_S)
    now, peak = memory_kib(daemon.process.pid)
    print(f"{arguments.reloads} reloads, idle: {now} KiB, at most {peak} KiB")


def in_rig(arguments, function, *more):
    with tempfile.TemporaryDirectory() as folder, Rig(arguments.tools, folder) as rig:
        return function(rig, arguments, *more)


def main():
    arguments = parse_arguments()
    if arguments.runs:
        compare(arguments)
    if arguments.reloads:
        for reloads in (0, arguments.reloads):
            in_rig(arguments, memory_behind, reloads)
        in_rig(arguments, watch_idle)


if __name__ == "__main__":
    main()
