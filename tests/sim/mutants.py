#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""Breaks each law on purpose, and shows how many simulations it takes to see it: tests/sim/mutants.py

In a copy of the sources (build/mutants) one place is changed at a time, the simulator is built from it
and run until a law is found broken. Prints a table, as Markdown. Exit status 1 where one isn't found.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
COPY = ROOT / "build" / "mutants"
BROKEN = re.compile(r"^seed (\d+): law (\d+) broken at (\S+) (.*)$", re.MULTILINE)
DIED = re.compile(r"^seed (\d+): (ended by signal .*)$", re.MULTILINE)


@dataclass
class Mutant:
    law: int
    what: str
    changes: list  # (file, what stands there, what stands there instead)


MUTANTS = [
    Mutant(1, "commits don't wait for the disk", [
        ("src/journal/sql.c", "PRAGMA synchronous = FULL;", "PRAGMA synchronous = OFF;")]),
    Mutant(1, "202 goes out before the commit", [
        ("src/channel/embedded.c", "    answer_kept(posted->exchange, posted->n_events, duplicates);\n",
         "    (void)duplicates;\n"),
        ("src/channel/embedded.c", "    if (batch_append(&e->batch, &e->base, on_kept, posted, &err) == 0) {\n",
         "    if (batch_append(&e->batch, &e->base, on_kept, posted, &err) == 0) {\n"
         "        answer_kept(x, posted->n_events, 0);\n")]),
    Mutant(1, "the ids of earlier lives aren't read at the start", [
        ("src/journal/journal.c",
         "        if (recent_load(j->recent, db_column_text(s, 0), &j->db, err) < 0)\n"
         "            return -1;\n", "        ;\n")]),
    Mutant(1, "a commit that failed counts as one", [
        ("src/journal/writer.c",
         "    if (commit_group(&w->options.committer, &w->group, retain, &err) == 0) {\n",
         "    if (commit_group(&w->options.committer, &w->group, retain, &err) == 0 ||\n"
         "        err.code != ERR_CORRUPT) {\n")]),
    Mutant(2, "duplicates aren't counted", [
        ("src/journal/commit.c", "SUM_DUPLICATE, (int64_t)duplicates)", "SUM_DUPLICATE, 0)")]),
    Mutant(2, "what waits again isn't taken off the dead", [
        ("src/journal/commit.c",
         "    sums_add(c->sums, SUM_CONNECTOR, row->connector, sum_term_of_delivery(from), -1);\n",
         "    if (from != DELIVERY_DEAD)\n"
         "        sums_add(c->sums, SUM_CONNECTOR, row->connector, sum_term_of_delivery(from), -1);\n")]),
    Mutant(3, "connectors keep no order", [
        ("src/engine/targets.c", ".is_ordered = c->is_ordered,", ".is_ordered = false,")]),
    Mutant(3, "handlers take a key's events at once", [
        ("src/engine/targets.c", "        .is_ordered = true,\n", "        .is_ordered = false,\n")]),
    Mutant(3, "what waits on disk is read from its end", [
        ("src/journal/sql.c", "ORDER BY position LIMIT ?4", "ORDER BY position DESC LIMIT ?4")]),
    Mutant(3, "a lane goes on before its settle is on disk", [
        ("src/engine/settle.c",
         "        journal_put_delivery(journal, row, from, attempt, on_settled, item);\n",
         "        journal_put_delivery(journal, row, from, attempt, NULL, NULL);\n"
         "        on_settled(item);\n")]),
    Mutant(3, "a dead letter that should park its key doesn't", [
        ("src/engine/targets.c", ".parks = c->parks,", ".parks = false,")]),
    Mutant(3, "coalescing replaces what was attempted", [
        ("src/delivery/coalesce.c",
         "    return d->tries > 0 || d->first_attempt_at != INT64_MIN || d->unknown;\n",
         "    (void)d;\n    return false;\n"),
        ("src/delivery/coalesce.c", "    return !d->is_letter && !d->last_error && ",
         "    return !d->is_letter && ")]),
    Mutant(4, "a delivery's end is told as kept without being written", [
        ("src/engine/settle.c",
         "    struct journal *journal = item->engine->journal;\n",
         "    struct journal *journal = item->engine->journal;\n"
         "    if (row->state == DELIVERY_DELIVERED) {\n"
         "        journal_when_kept(journal, on_settled, item);\n"
         "        return;\n"
         "    }\n")]),
    Mutant(4, "a success behind an attempt whose end is unknown is tried again", [
        ("src/delivery/lanes.c",
         "    struct verdict verdict = target_verdict(t, d, end);\n    delivery_note_end",
         "    struct verdict verdict = target_verdict(t, d, end);\n"
         "    if (d->unknown && verdict.outcome == OUTCOME_DELIVERED)\n"
         "        verdict.outcome = OUTCOME_RETRY;\n"
         "    delivery_note_end")]),
    Mutant(4, "what may be there is sent again without asking", [
        ("src/script/run.c",
         "    return attempt->was_unknown && connector->verify_ref != LUA_NOREF;\n",
         "    (void)attempt, (void)connector;\n    return false;\n")]),
    Mutant(5, "batches that are put off fall apart", [
        ("src/delivery/batch_end.c",
         "    return is_again && target_takes_batches(e->b->target);\n",
         "    (void)is_again;\n    return false;\n")]),
    Mutant(5, "sends of a handler that runs again get other ids", [
        ("src/engine/send.c", ".n = counts_add(&run->sent, hash_siphash(seed, send->key)),",
         ".n = counts_add(&run->sent, hash_siphash(seed, send->key)) + run->work->is_again,")]),
    Mutant(5, "sends are counted on over the runs of a handler", [
        ("src/engine/send.c", ".n = counts_add(&run->sent, hash_siphash(seed, send->key)),",
         ".n = counts_add(&run->work->stored, hash_siphash(seed, send->key)),")]),
    Mutant(5, "what people change in a dead letter isn't kept", [
        ("src/journal/sql.c", "UPDATE deliveries SET data = ?2 WHERE seq = ?1 AND state = 'dead'",
         "UPDATE deliveries SET data = data || substr(?2, 1, 0) WHERE seq = ?1 AND state = 'dead'")]),
    Mutant(6, "memory isn't bounded", [
        ("src/delivery/room.c",
         "    return batches > lanes->limits.loaded ? batches : lanes->limits.loaded;\n",
         "    return batches + lanes->limits.loaded + 1;\n")]),
    Mutant(6, "a handler whose coroutine was dropped isn't woken", [
        ("src/engine/await.c",
         "    lanes_wake_place(a->engine->lanes, w->target, slice_str(w->key), w->position);\n", "")]),
    Mutant(6, "one probe follows the other, as if none were under way", [
        ("src/delivery/pause.c", "    p->is_probe_due = false;\n    p->probe = d;\n",
         "    p->probe = d;\n"),
        ("src/delivery/pause.c", "    heap_insert(probes, &p->probe_at, now + ms);\n",
         "    heap_remove(probes, &p->probe_at);\n"
         "    heap_insert(probes, &p->probe_at, now + ms);\n"),
        ("src/delivery/pause.c", "    p->probe_ms = p->probe_ms < PROBE_LAST_MS / 2 ?",
         "    heap_remove(probes, &p->probe_at);\n"
         "    p->probe_ms = p->probe_ms < PROBE_LAST_MS / 2 ?")]),
    Mutant(6, "rates aren't kept", [
        ("src/engine/targets.c", ".rate = {.n = c->rate_n, .ms = c->rate_ms},", ".rate = {0},")]),
    Mutant(6, "all that may go out does so at once", [
        ("src/delivery/pump.c", "lanes->n_in_flight >= lanes->limits.in_flight ||", "")]),
    Mutant(6, "what is due in more than a minute is forgotten", [
        ("src/delivery/lanes.c", "        heap_insert(&lanes->due, &d->due, d->due_at);\n",
         "        if (d->due_at < machine_now(lanes) + 60000)\n"
         "            heap_insert(&lanes->due, &d->due, d->due_at);\n")]),
]


def fail(text):
    print(f"mutants.py: {text}", file=sys.stderr)
    sys.exit(2)


def run(*command, cwd=COPY):
    return subprocess.run(command, cwd=cwd, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False)


def copy_sources():
    """Those that git knows, as they are now; what was built of them before is used again."""
    COPY.mkdir(parents=True, exist_ok=True)
    names = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", cwd=ROOT)
    for name in filter(None, names.stdout.split("\0")):
        source, target = ROOT / name, COPY / name
        if not source.is_file():
            continue
        if not target.exists() or target.read_bytes() != source.read_bytes():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
    if not (COPY / ".git").exists():
        run("git", "init", "-q")
    configured = run("cmake", "--preset", "release")
    if configured.returncode != 0:
        fail(configured.stdout)


def build():
    return run("cmake", "--build", "--preset", "release", "--target", "sim", "--", "--quiet")


def check_places():
    """Each has to be there once: said of all before any is built."""
    gone = [f"{mutant.what}: {name} has {(COPY / name).read_text().count(old)} times: {old.strip()}"
            for mutant in MUTANTS for name, old, _ in mutant.changes
            if (COPY / name).read_text().count(old) != 1]
    if gone:
        fail("\n".join(gone))


def change(mutant):
    """What stood in the files."""
    before = {}
    for name, old, new in mutant.changes:
        path = COPY / name
        text = path.read_text()
        before.setdefault(path, text)
        path.write_text(text.replace(old, new))
    return before


def simulate(seeds, jobs):
    return run(str(COPY / "build/release/tests/sim"), "--seeds", str(seeds), "--jobs", str(jobs)).stdout


def find(mutant, seeds, jobs):
    """(seeds that it took or None, how it showed)"""
    before = change(mutant)
    try:
        built = build()
        if built.returncode != 0:
            fail(f"{mutant.what}: {built.stdout}")
        output = simulate(seeds, jobs)
    finally:
        for path, text in before.items():
            path.write_text(text)
    found = BROKEN.search(output)
    if found:
        return int(found[1]), f"law {found[2]}: {found[4]}"
    died = DIED.search(output)
    return (int(died[1]), died[2]) if died else (None, "not found")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=200, help="as many at most for each")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--only", help="those whose description this regular expression finds")
    arguments = parser.parse_args()

    copy_sources()
    check_places()
    print("| law | broken by | seeds | found as |\n|---|---|---:|---|", flush=True)
    missed = 0
    for mutant in MUTANTS:
        if arguments.only and not re.search(arguments.only, mutant.what):
            continue
        seed, how = find(mutant, arguments.seeds, arguments.jobs)
        missed += seed is None
        print(f"| {mutant.law} | {mutant.what} | {seed or '-'} | {how.replace('|', '/')} |", flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
