#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""Runs the fuzzers of build/fuzz: tests/fuzz/run.py [--seconds N] [--seed N] [SUBJECT…]

Each target runs for so many seconds, as many at a time as there are cores. What it found of use
stays in build/fuzz/corpus for the next time, what it found wrong in build/fuzz/findings, and is
shown with the command that repeats it. The last line is `N passed, N failed`: a target passes that
found nothing.
"""

import argparse
import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from corpus import write_corpus

FOLDER = Path(__file__).resolve().parent
ROOT = FOLDER.parents[1]
BUILD = ROOT / "build" / "fuzz"
FINDINGS = BUILD / "findings"

INPUT_MAX = 8192          # bytes: small inputs are tried more often
INPUT_SECONDS_MAX = 20    # one that takes longer is a finding
MEMORY_MAX = 2048         # MiB
START_SECONDS_MAX = 300   # to read the corpus

# These hold memory over their inputs, which would be looked through for leaks after each of them;
# what leaks is found at the end.
HOLDING = {"http_request", "journal_rows", "lua_json", "match", "script_text"}

ENVIRONMENT = {
    **os.environ,
    "ASAN_OPTIONS": "detect_leaks=1:allocator_may_return_null=1:handle_abort=1",
    "UBSAN_OPTIONS": "print_stacktrace=1",
}
DONE = re.compile(r"^Done (\d+) runs in (\d+) second", re.MULTILINE)
FINDING = re.compile(r"Test unit written to (\S+)")


def find_targets():
    return {path.name.removeprefix("fuzz_"): path
            for path in sorted((BUILD / "tests" / "fuzz").glob("fuzz_*")) if path.is_file()}


def command_of(subject, target, seconds, seed):
    corpus = BUILD / "corpus" / subject
    write_corpus(subject, corpus)
    dictionary = FOLDER / f"{subject}.dict"
    seeds = FOLDER / "seeds" / subject
    return [
        str(target), f"-max_total_time={seconds}", f"-seed={seed}", f"-max_len={INPUT_MAX}",
        f"-timeout={INPUT_SECONDS_MAX}", f"-rss_limit_mb={MEMORY_MAX}",
        f"-artifact_prefix={FINDINGS / subject}-", "-print_final_stats=1",
        "-handle_usr1=0",         # the scripts' watchdog has that signal
        "-use_value_profile=1",
        *(["-detect_leaks=0"] if subject in HOLDING else []),
        *([f"-dict={dictionary}"] if dictionary.exists() else []),
        str(corpus), *([str(seeds)] if seeds.is_dir() else []),
    ]


def show_finding(subject, target, output):
    found = FINDING.search(output)
    print(f"--- {subject}\n{output[-8000:].rstrip()}")
    if found:
        print(f"repeat it with: {target.relative_to(ROOT)} {found.group(1)}")
    print(flush=True)


def fuzz(subject, target, seconds, seed):
    """Whether nothing was found."""
    started = time.monotonic()
    try:
        run = subprocess.run(
            command_of(subject, target, seconds, seed), cwd=ROOT, env=ENVIRONMENT, text=True,
            errors="replace", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=seconds + START_SECONDS_MAX)
        status, output = run.returncode, run.stdout
    except subprocess.TimeoutExpired as expired:
        status, output = -1, (expired.stdout or b"").decode(errors="replace")
    done = DONE.search(output)
    if status != 0 or not done:
        show_finding(subject, target, output)
        print(f"{subject + ':':16} failed after {time.monotonic() - started:.0f} s", flush=True)
        return False
    print(f"{subject + ':':16} {int(done.group(1)):,} inputs in {done.group(2)} s", flush=True)
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=15, help="for each target (15)")
    parser.add_argument("--seed", type=int, default=0, help="of the inputs (0: a random one)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="targets at a time")
    parser.add_argument("subjects", nargs="*", help="such as json; all by default")
    arguments = parser.parse_args()

    targets = find_targets()
    unknown = set(arguments.subjects) - set(targets)
    if unknown or not targets:
        parser.error(f"there is no target {', '.join(sorted(unknown))} in {BUILD}" if targets else
                     f"{BUILD} is not built: run `make fuzz`")
    FINDINGS.mkdir(parents=True, exist_ok=True)
    subjects = arguments.subjects or list(targets)
    with ThreadPoolExecutor(arguments.jobs) as pool:
        passed = sum(pool.map(lambda s: fuzz(s, targets[s], arguments.seconds, arguments.seed),
                              subjects))
    print(f"{passed} passed, {len(subjects) - passed} failed")
    return 0 if passed == len(subjects) else 1


if __name__ == "__main__":
    sys.exit(main())
