#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""What the daemon costs, beside others in the same run: tests/bench/bench.py [--runs N] …

Contestants take turns, run after run, on the same machine and in the same minutes, so that what
else it does meets all alike: compare ratios, and CPU rather than events per second. Prints a table
and writes it with all figures to --out, where the profiles lie, too (`perf report -i`).
docs/PERFORMANCE.md says what each figure means.
"""

import argparse
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Callable

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(Path(__file__).resolve().parent))

import long_runs  # noqa: E402
import machine  # noqa: E402
import report  # noqa: E402
import stages  # noqa: E402
import workloads  # noqa: E402
from rig import LIAISON, Rig  # noqa: E402
from stats import median, medians, spread  # noqa: E402
from workloads import Workload  # noqa: E402

BARE_LOOP = "bare curl-multi loop"
POSTS = "POST /events, 64 connections"
POSTS_SECONDS = 4
MAPPING = "decode, handler, table, encode"
MAPPING_EVENTS = 200000
PROFILE_TIMES = 4  # as many events as in a run that is timed: enough samples for the small shares

W1 = Workload("Liaison W1: one POST an event", ("warehouse",), 40000)
W2 = Workload("Liaison W2: two connectors", ("calendar", "warehouse"), 20000)
PACED = Workload("Liaison W1 at 2,000 events/s", ("warehouse",), 8000, rate=2000)
SLOW = Workload("Liaison W1, answers after 5 ms", ("warehouse",), 40000, delay_ms=5)
W3 = Workload("Liaison W3: 1,000 events a POST", ("warehouse",), 200000, batch=1000)


@dataclass
class Contestant:
    title: str
    run: Callable  # rig -> figures
    posts: int     # of an event; 0: it isn't about these


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--scale", type=float, default=1.0, help="multiplies the numbers of events")
    parser.add_argument("--only", metavar="TEXT", help="contestants whose title has TEXT, and the bare loop")
    parser.add_argument("--long", action="store_true",
                        help="memory over many events, and a backlog, instead")
    parser.add_argument("--instructions", action="store_true",
                        help="count them by callgrind, instead: the same on a busy machine")
    parser.add_argument("--events", type=int, default=2000000, help="of each long run")
    parser.add_argument("--no-profile", action="store_true", help="no shares by stage")
    parser.add_argument("--tools", type=Path, default=ROOT / "build" / "release" / "bench",
                        help="folder of source, receiver, curl_loop and script")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "bench")
    parser.add_argument("--document", type=Path, metavar="FILE",
                        help="put the tables into FILE, such as docs/PERFORMANCE.md, too")
    return parser.parse_args()


def daemon_contestant(workload, scale):
    scaled = replace(workload, events=max(int(workload.events * scale), 100))
    return Contestant(workload.title, lambda rig: workloads.run_daemon(rig, scaled),
                      0 if workload.batch else len(workload.connectors))


def design_contestant(carrier, events):
    return Contestant(f"the design in Node, {carrier}",
                      lambda rig: workloads.run_design(rig, carrier, events), 1)


def mapping_contestant(by, events):
    title = {"host": MAPPING, "cjson": f"{MAPPING}, lua-cjson"}[by]
    return Contestant(title, lambda rig: workloads.run_mapping(rig, by, events), 0)


def make_contestants(arguments):
    scale = arguments.scale
    contestants = [
        daemon_contestant(W1, scale),
        Contestant(BARE_LOOP, lambda rig: workloads.run_curl_loop(rig, int(40000 * scale)), 1),
        daemon_contestant(W2, scale),
        daemon_contestant(W3, scale),
        daemon_contestant(SLOW, scale),
        daemon_contestant(PACED, scale),
    ]
    for by in ("host", "cjson"):
        contestants.append(mapping_contestant(by, int(MAPPING_EVENTS * scale)))
    if workloads.has_wrk():
        seconds = max(round(POSTS_SECONDS * scale), 1)
        contestants.append(Contestant(POSTS, lambda rig: workloads.run_posts(rig, seconds), 1))
    if workloads.has_node():
        contestants.append(design_contestant("node:http", int(3000 * scale)))
        contestants.append(design_contestant("fetch", int(2000 * scale)))
    return [c for c in contestants
            if not arguments.only or arguments.only in c.title or c.title == BARE_LOOP]


def in_rig(arguments, function):
    """`function(rig)` in a folder of its own, which goes with all that was started."""
    with tempfile.TemporaryDirectory() as folder, Rig(arguments.tools, folder) as rig:
        return function(rig)


def take_turns(arguments, contestants):
    """{title: figures of each run}"""
    runs = {contestant.title: [] for contestant in contestants}
    for number in range(arguments.runs):
        for contestant in contestants:
            figures = in_rig(arguments, contestant.run)
            runs[contestant.title].append(figures)
            print(f"run {number + 1}: {contestant.title}: {figures['cpuUs']:.1f} µs, "
                  f"{figures['eventsPerSecond']:.0f} events/s", file=sys.stderr, flush=True)
    return runs


def profile(arguments, workload, entry, reference):
    """The shares of a run of its own: perf costs something itself, so that it tells shares only."""
    events = workload.events * PROFILE_TIMES * arguments.scale
    scaled = replace(workload, events=max(int(events), 100))
    arguments.out.mkdir(parents=True, exist_ok=True)
    file = arguments.out / f"{'+'.join(workload.connectors)}.perf"
    in_rig(arguments, lambda rig: workloads.run_daemon(rig, scaled, file))
    shares = stages.shares(file, LIAISON)
    cpu = entry["median"]["cpuUs"]
    return {
        "title": workload.title,
        "cpuUs": cpu,
        "shares": shares,
        "butSendUs": cpu * (1 - shares["send"]),
        "butLoopUs": cpu - reference * entry["posts"] if reference else None,
    }


def measure(arguments):
    contestants = make_contestants(arguments)
    described = machine.describe(tempfile.gettempdir())
    runs = take_turns(arguments, contestants)
    entries = [{
        "title": c.title,
        "posts": c.posts,
        "median": medians(runs[c.title]),
        "spread": spread([run["cpuUs"] for run in runs[c.title]]),
        "runs": runs[c.title],
    } for c in contestants]
    bare = runs.get(BARE_LOOP)
    reference = median([run["cpuUs"] for run in bare]) if bare else None
    missing = {}
    if not workloads.has_wrk():
        missing[POSTS] = "not measured, there is no wrk"
    if not workloads.has_node():
        missing["The design in Node"] = "not measured, there is no node"
    profiles = []
    if not arguments.no_profile and not workloads.has_perf():
        missing["Shares by stage"] = "not measured, perf may not be used here"
    elif not arguments.no_profile:
        by_title = {entry["title"]: entry for entry in entries}
        profiles = [profile(arguments, workload, by_title[workload.title], reference)
                    for workload in (W1, W2, W3) if workload.title in by_title]
    return {"machine": described, "runs": arguments.runs, "bareLoopUs": reference,
            "contestants": entries, "missing": missing, "profiles": profiles}


def measure_long(arguments):
    described = machine.describe(tempfile.gettempdir())
    workload = replace(W1, events=arguments.events)
    flat = in_rig(arguments, lambda rig: long_runs.run_flat(rig, workload))
    print(report.long_markdown({"machine": described, "flat": flat}), file=sys.stderr, flush=True)
    both = replace(W2, events=arguments.events)
    backlog = in_rig(arguments, lambda rig: long_runs.run_backlog(rig, both))
    return {"machine": described, "flat": flat, "backlog": backlog}


def count_instructions(arguments):
    workload = replace(W1, events=max(int(4000 * arguments.scale), 100))
    threads = in_rig(arguments, lambda rig: workloads.count_instructions(rig, workload))
    return {"events": workload.events, "threads": threads}


def main():
    arguments = parse_arguments()
    if arguments.instructions:
        results = count_instructions(arguments)
        name, text = "instructions", report.instructions_markdown(results)
    elif arguments.long:
        results = measure_long(arguments)
        name, text = "long", report.long_markdown(results)
    else:
        results = measure(arguments)
        name, text = "results", report.markdown(results)
    report.write(arguments.out, name, results, text)
    if arguments.document:
        report.put_into(arguments.document, name, text)
    print(text)
    print(f"{arguments.out / name}.md and .json", file=sys.stderr)


if __name__ == "__main__":
    main()
