# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""The benchmark's own arithmetic, and that it still measures: tests/bench."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support import LIAISON, ROOT

BENCH = ROOT / "tests" / "bench"
sys.path.insert(0, str(BENCH))

import instructions  # noqa: E402
import report  # noqa: E402
import stages  # noqa: E402
from stats import median, medians, percentile, spread  # noqa: E402


def test_a_percentile_is_the_least_value_that_so_many_do_not_pass():
    hundred = list(range(100, 0, -1))
    assert [percentile(hundred, share) for share in (0, 0.01, 0.5, 0.99, 1)] == [1, 1, 50, 99, 100]
    assert percentile([7], 0.5) == 7
    assert percentile([1, 2, 3], 0.5) == 2
    assert percentile([], 0.5) is None


def test_medians_of_runs_keep_shape_and_names():
    runs = [{"cpuUs": 3, "threads": {"loop": 1}, "title": "a", "peak": None},
            {"cpuUs": 1, "threads": {"loop": 5, "writer": 2}, "title": "b", "peak": None},
            {"cpuUs": 2, "threads": {"loop": 3}, "title": "c", "peak": None}]
    assert medians(runs) == {"cpuUs": 2, "threads": {"loop": 3, "writer": 2}, "title": "a",
                             "peak": None}
    assert median([]) is None and spread([]) == 0
    assert spread([9, 10, 12]) == 0.3


SAMPLES = """\
journal-writer   29362
\tffffffff822010c9 _raw_spin_unlock_irqrestore ([kernel.kallsyms])
\t           390bf db_step (/bin/liaison)

liaison 29359 \n\
\tffffffff821f8914 __schedule ([kernel.kallsyms])
\t           98ef0 __GI___libc_free (inlined)
\t              10 buf_add (/bin/liaison)
\t              20 take (/bin/liaison)
\t           4f6bc [unknown] (/usr/lib/libcurl.so.4.8.0)

liaison 29359 \n\
\t           99000 __libc_send (/usr/lib/libc.so.6)
\t           4f6bc [unknown] (/usr/lib/libcurl.so.4.8.0)
\t              30 run (/bin/liaison)

liaison 29359 \n\
\t           99000 epoll_wait (/usr/lib/libc.so.6)
"""


def test_a_sample_belongs_to_the_innermost_frame_that_tells():
    files = {0x10: "base/buf.c", 0x20: "delivery/lanes.c", 0x30: "loop/loop.c"}
    found = [stages.stage_of(thread, frames, files.get, "/bin/liaison")
             for thread, frames in stages.parse_samples(SAMPLES.splitlines(keepends=True))]
    assert found == ["journal", "settle", "send", "other"]


# Of a program that mold linked: the second segment lies a page further on in memory than in the file.
SEGMENTS = [(0, 0, 0x706a8), (0x706b0, 0x716b0, 0x9d270)]


@pytest.mark.parametrize("place, address", [
    (0x1000, 0x1000), (0x706b0, 0x716b0), (0x1016cd, 0x1026cd), (0x200000, 0x200000)])
def test_places_in_the_file_are_found_in_memory(place, address):
    assert stages.address_of(SEGMENTS, place) == address


def test_the_segments_of_a_program_are_read():
    segments = stages.read_segments("/proc/self/exe")
    assert segments[0][0] == 0 and all(size > 0 for _, _, size in segments)


@pytest.mark.parametrize("file, stage", [
    ("http/stream.c", "parse"), ("http/transfer.c", "send"), ("channel/sse.c", "parse"),
    ("engine/send.c", "script"), ("engine/settle.c", "settle"), ("base/log.c", "log"),
    ("base/buf.c", None), ("event/event.c", None)])
def test_every_layer_but_the_shared_ones_has_a_stage(file, stage):
    assert stages.first_match(stages.OWN_FILES, file) == stage
    assert stage is None or stage in stages.STAGES


CALLGRIND = """\
ob=(1) /bin/liaison
fl=(1) /x/src/script/run.c
fn=(1) step
10 100
fi=(2) /x/src/base/buf.h
+3 20
fe=(1)
* 1
cob=(2) /usr/lib/libcurl.so.4.8.0
cfi=(3) ???
cfn=(2) curl_easy_perform
calls=7 303
* 21245
-1 5

ob=(2)
fl=(3)
fn=(2)
0 1000
"""


def test_instructions_are_counted_where_they_ran():
    costs = instructions.read_costs(CALLGRIND.splitlines())
    assert costs == {("/bin/liaison", "/x/src/script/run.c"): 106,
                     ("/bin/liaison", "/x/src/base/buf.h"): 20,
                     ("/usr/lib/libcurl.so.4.8.0", "???"): 1000}
    owners = [instructions.owner_of(*place, "/bin/liaison") for place in costs]
    assert owners == ["script/", "base/", "libcurl"]


def test_a_table_stands_straight_and_shows_what_is_missing():
    text = report.table(["what", "figure"], [["a", report.number(1234.56)],
                                             ["longer", report.number(None)]])
    lines = text.splitlines()
    assert len({len(line) for line in lines}) == 1
    assert "1,234.6" in lines[2] and "–" in lines[3]


def test_tables_are_put_between_the_marks_of_a_document(tmp_path):
    document = tmp_path / "page.md"
    document.write_text("a\n<!-- long -->\nold\n<!-- end of long -->\nb\n<!-- results -->\n"
                        "<!-- end of results -->\n")
    for text in ("# Title\n\nfirst\n", "# Title\n\nnew\n"):
        report.put_into(document, "long", text)
    assert document.read_text() == ("a\n<!-- long -->\n\nnew\n\n<!-- end of long -->\nb\n"
                                    "<!-- results -->\n<!-- end of results -->\n")
    with pytest.raises(ValueError):
        report.put_into(document, "other", "# Title\n")


def test_the_bench_measures(tmp_path):
    """All contestants once, with few events: each checks what arrived."""
    tools = Path(LIAISON).parent.parent / "bench"
    if not os.access(tools / "source", os.X_OK):
        pytest.skip(f"there is no {tools}")
    run = subprocess.run(
        [sys.executable, BENCH / "bench.py", "--runs", "1", "--scale", "0.002", "--only", "",
         "--no-profile", "--tools", tools, "--out", tmp_path],
        env={**os.environ, "LIAISON": LIAISON}, capture_output=True, text=True, timeout=100)
    assert run.returncode == 0, run.stderr
    results = json.loads((tmp_path / "results.json").read_text())
    titles = [contestant["title"] for contestant in results["contestants"]]
    assert any("W1" in title for title in titles) and any("W2" in title for title in titles)
    assert all(c["median"]["cpuUs"] > 0 for c in results["contestants"])
    assert "| contestant" in run.stdout
