# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""Where the daemon's processor time goes: samples of perf, each given to a stage.

A sample belongs to the innermost frame that says for what it ran: a folder or file of src/, or a
library that serves one purpose. What all use (base/, event/, libc, the kernel) belongs to whom it
was called by. So a sendto in the kernel below libcurl is `send`, and a memcpy in the journal's
writer is `journal`.
"""

import re
import subprocess
from collections import Counter

STAGES = {
    "parse": "from the bus's socket to an event: channel/, http/stream.c and the HTTP server",
    "journal": "journal/, SQLite, and all of the journal's threads, fsync included",
    "script": "script/, LuaJIT, and the engine's calls of both (handle.c, send.c)",
    "send": "the transfer: http/, libcurl, their sockets",
    "settle": "lanes and accounts: delivery/, the rest of engine/",
    "log": "log lines: base/log.c",
    "loop": "loop/, libev, epoll",
    "other": "what no frame tells",
}

# The first that matches the source file's path below src/ decides.
OWN_FILES = [
    (r"channel/|http/(stream|server|listen|target)\.c", "parse"),
    (r"http/", "send"),
    (r"journal/", "journal"),
    (r"script/|engine/(handle|send)\.c", "script"),
    (r"delivery/|engine/", "settle"),
    (r"base/log\.c", "log"),
    (r"loop/", "loop"),
]
LIBRARIES = [
    (r"libcurl", "send"),
    (r"libsqlite3", "journal"),
    (r"libluajit", "script"),
    (r"libmicrohttpd", "parse"),
    (r"libev\.", "loop"),
]
THREADS = {"journal-writer": "journal", "journal-reader": "journal"}

SEGMENT = re.compile(r"^\s+LOAD\s+0x(\w+)\s+0x(\w+)\s+0x\w+\s+0x(\w+)", re.MULTILINE)
FRAME = re.compile(r"^\s+([0-9a-f]+) (.*) \((.*)\)$")
SOURCE = re.compile(r"/src/([a-z]+/[^/:]+):")


def parse_samples(lines):
    """Of `perf script -F comm,tid,ip,sym,dso`: (thread, [(address, library or program)]), innermost
    frame first. Inlined functions have no line of their own."""
    thread, frames = None, []
    for line in lines:
        line = line.rstrip("\n")
        if not line.strip():
            if thread is not None:
                yield thread, frames
            thread, frames = None, []
        elif thread is None:
            thread = line.rsplit(None, 1)[0].strip()
        else:
            frame = FRAME.match(line)
            if frame and frame[3] != "inlined":
                frames.append((int(frame[1], 16), frame[3]))
    if thread is not None:
        yield thread, frames


def first_match(rows, text):
    return next((stage for pattern, stage in rows if re.search(pattern, text)), None)


def stage_of(thread, frames, file_of, program):
    """`file_of`: address in the program -> path below src/, or None."""
    if thread in THREADS:
        return THREADS[thread]
    for address, where in frames:
        if where == program:
            stage = first_match(OWN_FILES, file_of(address) or "")
        else:
            stage = first_match(LIBRARIES, where)
        if stage:
            return stage
    return "other"


def read_segments(program):
    """[(place in the file, address in memory, size)] of what is loaded."""
    output = subprocess.run(["readelf", "-lW", program], check=True, text=True,
                            stdout=subprocess.PIPE).stdout
    return [tuple(int(number, 16) for number in row) for row in SEGMENT.findall(output)]


def address_of(segments, place):
    """perf tells places in the file, which some linkers (mold) load elsewhere."""
    return next((place - offset + address for offset, address, size in segments
                 if offset <= place < offset + size), place)


def read_files(program, places):
    """{place: path below src/} by the program's debug information."""
    places, segments = sorted(places), read_segments(program)
    output = subprocess.run(
        ["addr2line", "-e", program], check=True, text=True, stdout=subprocess.PIPE,
        input="".join(f"{address_of(segments, place):x}\n" for place in places)).stdout
    files = {}
    for place, line in zip(places, output.splitlines()):
        source = SOURCE.search(line)
        if source:
            files[place] = source[1]
    return files


def shares(perf_file, program):
    """{stage: share of the samples}, of a program built with debug information."""
    output = subprocess.run(
        ["perf", "script", "-i", str(perf_file), "-F", "comm,tid,ip,sym,dso"],
        check=True, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    samples = list(parse_samples(output.splitlines()))
    files = read_files(program, {address for _, frames in samples
                                 for address, where in frames if where == program})
    counted = Counter(stage_of(thread, frames, files.get, program) for thread, frames in samples)
    return {stage: counted[stage] / len(samples) for stage in STAGES} if samples else {}
