# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""How many instructions an event takes, by callgrind: the same on a busy machine as on an idle one.

It counts what runs in the process, not in the kernel, and its processor knows no instructions for
SHA, so that libcrypto looks three times as costly as it is. The start of the daemon is counted in.
"""

import re
from collections import Counter

RATE = 600  # events per second that a daemon under valgrind keeps up with

SPECIFICATION = re.compile(r"^(?:c?)(ob|fl|fi|fe|fn)=\((\d+)\)(?: (.*))?$")
COST = re.compile(r"^(?:[+-]?\d+|\*) (\d+)$")
SOURCE = re.compile(r"/src/([a-z]+)/[^/]+$")


def read_costs(lines):
    """{(library, source file): own instructions} of one of callgrind's files."""
    names, costs = {}, Counter()
    library = file = None
    is_call = False
    for line in lines:
        specification = SPECIFICATION.match(line)
        if specification:
            kind, number, name = specification.groups()
            space = "ob" if kind == "ob" else "fn" if kind == "fn" else "fl"
            if name is not None:
                names[space, number] = name
            if not line.startswith("c") and space != "fn":
                text = names[space, number]
                library, file = (text, file) if space == "ob" else (library, text)
        elif line.startswith("calls="):
            is_call = True  # the line behind it is what the callee cost
        elif (cost := COST.match(line)):
            if not is_call:
                costs[library, file] += int(cost[1])
            is_call = False
    return costs


def owner_of(library, file, program):
    """"script/" and the like for the program's own, else the library's short name."""
    source = SOURCE.search(file or "")
    if source:
        return f"{source[1]}/"
    if library == program:
        return "other"
    return re.sub(r"[-.\d]*\.so.*$", "", (library or "other").rsplit("/", 1)[-1])


def by_owner(path, program, events):
    """{owner: instructions an event}"""
    counted = Counter()
    with open(path, encoding="utf-8", errors="replace") as lines:
        for (library, file), cost in read_costs(line.rstrip("\n") for line in lines).items():
            counted[owner_of(library, file, program)] += cost
    return {owner: cost / events for owner, cost in counted.items()}


def launcher(out):
    """What the daemon is run by; `out` gets a suffix for each thread, 01 being the loop's."""
    return ["valgrind", "-q", "--tool=callgrind", "--separate-threads=yes",
            f"--callgrind-out-file={out}"]
