#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""Runs the tests of one build: tests/run.py PRESET

Four parts, each left out where it has no tests: the unit tests (ctest), a sample of the simulations
(tests/sim), the Lua specs (`liaison test`) and the end-to-end tests (pytest). What fails is printed in full. The last line is
`N passed, N failed`, with `, N skipped` where there are any; the exit status is 0 when tests ran
and none failed.
"""

import argparse
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CLOSING_LINE = re.compile(r"^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$", re.MULTILINE)
PART_TIMEOUT_S = 2400  # a part that hangs
PART_TIMEOUT_VALGRIND_S = 7200
WORKERS_PER_CORE = 2  # for end-to-end tests: they wait for most of their time
SIMULATIONS = {"dev": 30, "asan": 10, "release": 100}  # seeds, by preset
VALGRIND = ROOT / "tests" / "e2e" / "support" / "valgrind.sh"

SANITIZERS = {
    "ASAN_OPTIONS": "detect_leaks=1",
    "UBSAN_OPTIONS": "print_stacktrace=1",
    "TSAN_OPTIONS": "second_deadlock_stack=1",
}


@dataclass
class Tally:
    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped

    def __str__(self):
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        return f"{self.passed} passed, {self.failed} failed{skipped}"


def run(command, timeout=PART_TIMEOUT_S, **environment):
    """The exit status and the whole output of a command; one that hangs is ended and has failed."""
    process = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, **SANITIZERS, **environment}, text=True,
        errors="replace", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, start_new_session=True)
    try:
        output, _ = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
        output += f"\nended after {timeout} s\n"
    return process.returncode, output


def part_timeout(preset):
    return PART_TIMEOUT_VALGRIND_S if preset == "valgrind" else PART_TIMEOUT_S


def read_junit(path):
    """The root of a JUnit file, or None where the program that should write it came to nothing."""
    try:
        return ElementTree.parse(path).getroot()
    except (OSError, ElementTree.ParseError):
        return None


def show(title, text):
    print(f"--- {title}\n{text.rstrip()}\n", flush=True)


# ---- Unit tests -----------------------------------------------------------------------------------


def tally_tap(output, ended_well):
    """Counts one program's tests. What was announced and has no line didn't run: the program died."""
    tally = Tally()
    planned = sum(int(n) for n in re.findall(r"^1\.\.(\d+)$", output, re.MULTILINE))
    for no, skip in re.findall(r"^(not )?ok \d+ (# SKIP)?", output, re.MULTILINE):
        # cmocka 1.1.5 says "not ok N # SKIP" of a test that was skipped.
        if skip:
            tally.skipped += 1
        elif no:
            tally.failed += 1
        else:
            tally.passed += 1
    tally.failed += max(planned - tally.passed - tally.failed - tally.skipped, 0)
    if not ended_well and tally.failed == 0:
        tally.failed = 1
    return tally


def run_unit_tests(build):
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        status, output = run([
            "ctest", "--test-dir", str(build), "--output-junit", str(report),
            "--parallel", str(os.cpu_count()),
            "--test-output-size-passed", "10000000", "--test-output-size-failed", "10000000"],
            timeout=part_timeout(build.name))
        suite = read_junit(report)
    if suite is None:
        show("ctest", output)
        return Tally(failed=1)

    total = Tally()
    for case in suite.iter("testcase"):
        text = case.findtext("system-out") or ""
        tally = tally_tap(text, case.get("status") == "run")
        if tally.failed:
            died = "" if "not ok" in text else ", and ended with an error of its own"
            show(f"{case.get('name')}: {tally}{died}", text)
        total.add(tally)
    if status != 0 and total.failed == 0:
        show("ctest", output)
        total.failed = 1
    return total


# ---- Simulations ----------------------------------------------------------------------------------


def run_simulations(build, preset):
    """The first seeds, of which one is repeated: its trace has to be the same."""
    sim = build / "tests" / "sim"
    seeds = SIMULATIONS.get(preset, 0)
    if seeds == 0 or not sim.exists():
        return Tally()
    status, output = run([str(sim), "--seeds", str(seeds), "--jobs", "2", "--keep-going"])
    closing = CLOSING_LINE.search(output)
    tally = Tally(int(closing[1]), int(closing[2])) if closing else Tally(failed=1)
    if status != 0:
        show("sim", output)
    traces = {run([str(sim), "--seed", "1"])[1] for _ in range(2)}
    tally.add(Tally(passed=1) if len(traces) == 1 else Tally(failed=1))
    if len(traces) != 1:
        show("sim: the seed 1 doesn't repeat itself", "".join(sorted(traces)))
    return tally


# ---- Lua specs ------------------------------------------------------------------------------------


def has_specs(project):
    patterns = ("tests/*.lua", "tests/**/*.spec.lua", "connectors/*/spec.lua",
                "transformers/*/spec.lua")
    return any(any(project.glob(pattern)) for pattern in patterns)


def run_lua_specs(liaison):
    """`liaison test` in each project that has specs: the repository's own, and the examples."""
    total = Tally()
    projects = [ROOT, *sorted(path for path in ROOT.glob("examples/*") if path.is_dir())]
    projects = [project for project in projects if has_specs(project)]
    if not projects or run([str(liaison), "test", "--help"])[0] != 0:
        return total
    for project in projects:
        status, output = run([str(liaison), "test", str(project)])
        closing = None
        for closing in CLOSING_LINE.finditer(output):
            pass
        tally = Tally(*(int(n or 0) for n in closing.groups())) if closing else Tally()
        if status != 0 and tally.failed == 0:
            tally.failed = 1
        if tally.failed:
            show(f"liaison test {project.relative_to(ROOT)}", CLOSING_LINE.sub("", output))
        total.add(tally)
    return total


# ---- End-to-end tests -----------------------------------------------------------------------------


def run_end_to_end_tests(liaison, preset):
    folder = ROOT / "tests" / "e2e"
    if not any(folder.glob("**/test_*.py")):
        return Tally()
    program = VALGRIND if preset == "valgrind" else liaison
    with tempfile.TemporaryDirectory() as temporary:
        report = Path(temporary) / "report.xml"
        status, output = run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider",
             "--numprocesses", str(os.cpu_count() * WORKERS_PER_CORE), "--dist", "loadfile",
             "-o", "faulthandler_timeout=120", f"--junitxml={report}", str(folder)],
            timeout=part_timeout(preset), LIAISON=str(program), LIAISON_BINARY=str(liaison),
            LIAISON_PRESET=preset, PYTHONDONTWRITEBYTECODE="1")
        root = read_junit(report)

    tally = Tally()
    for suite in root.iter("testsuite") if root is not None else ():
        failed = int(suite.get("failures")) + int(suite.get("errors"))
        skipped = int(suite.get("skipped"))
        tally.add(Tally(int(suite.get("tests")) - failed - skipped, failed, skipped))
    if status != 0 and tally.failed == 0:
        tally.failed = 1
    if tally.failed:
        show("pytest", output)
    return tally


# ---- All together ---------------------------------------------------------------------------------


def run_part(title, part, *arguments):
    started = time.monotonic()
    tally = part(*arguments)
    if tally != Tally():
        print(f"{title + ':':12} {tally} ({time.monotonic() - started:.1f} s)", flush=True)
    return tally


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("preset", help="dev, asan, tsan, valgrind or release: build/PRESET")
    arguments = parser.parse_args()

    build = ROOT / "build" / arguments.preset
    if not (build / "CTestTestfile.cmake").exists():
        parser.error(f"{build} is not built: run `make test PRESET={arguments.preset}`")
    liaison = build / "bin" / "liaison"

    total = run_part("unit", run_unit_tests, build)
    total.add(run_part("simulated", run_simulations, build, arguments.preset))
    if liaison.exists():
        total.add(run_part("lua", run_lua_specs, liaison))
        total.add(run_part("end to end", run_end_to_end_tests, liaison, arguments.preset))
    if total == Tally():
        print("no tests ran", file=sys.stderr)
    print(total)
    return 0 if total.failed == 0 and total.passed > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
