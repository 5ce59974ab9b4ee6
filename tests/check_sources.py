#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""Rules for the C sources that no compiler knows: tests/check_sources.py layers|sizes

layers: a folder includes only the layers of its row in the top CMakeLists.txt, and only the outside
        libraries that are its own.
sizes:  no file has over 700 lines and no function over 70, but for one that is marked with
        NOLINT(readability-function-size): a flat table or switch.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SRC = ROOT / "src"
MAX_FILE_LINES = 700
MAX_FUNCTION_LINES = 70

# Each outside library is included by one folder alone. The system's own headers are free to all.
LIBRARIES = {
    r"ev(\+\+)?\.h": "loop",
    r"curl/.*|microhttpd\.h|gnutls/.*": "http",
    r"sqlite3(ext)?\.h": "journal",
    r"lua\w*\.h|luajit\.h|lj_.*|gmp\.h": "script",
    r"glib\.h|pcre2.*|expat\.h|libxml/.*|unicode/.*": "modules",
    r"openssl/.*": "crypto",
    r"nats/.*|nats\.h|hiredis/.*|libpq-fe\.h|librdkafka/.*|mosquitto\.h|amqp\.h|rabbitmq-c/.*":
        "channel",
}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
MARK = "NOLINT(readability-function-size)"


def read_rows():
    """{layer: the layers it may include}, as the build has them."""
    rows = {}
    text = (ROOT / "CMakeLists.txt").read_text()
    for body in re.findall(r"^liaison_layer\(([^)]+)\)", text, re.MULTILINE):
        words = body.split()
        uses = words[words.index("USES") + 1:] if "USES" in words else []
        if "LIBS" in uses:
            uses = uses[:uses.index("LIBS")]
        rows[words[0]] = set(uses)
    return rows


def c_files(*folders):
    return sorted(path for folder in folders for path in folder.glob("**/*.[ch]"))


def explain_include(layer, kind, header, rows):
    """Why this include is wrong, or None."""
    if kind == '"':
        if ".." in header.split("/"):
            return "goes around the layers: write \"LAYER/file.h\""
        owner = header.split("/")[0]
        if owner in rows and owner != layer and owner not in rows[layer]:
            return f"{layer} may not use {owner}"
        return None
    for pattern, owner in LIBRARIES.items():
        if re.fullmatch(pattern, header) and owner != layer:
            return f"belongs to {owner} alone"
    return None


def check_layers():
    rows = read_rows()
    for path in c_files(SRC):
        layer = path.relative_to(SRC).parts[0]
        if layer not in rows:
            yield path, 1, f"src/{layer} is no layer: add it to the table in CMakeLists.txt"
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            include = INCLUDE.match(line)
            why = include and explain_include(layer, *include.groups(), rows)
            if why:
                yield path, number, f"{line.strip()}: {why}"


def read_functions(paths):
    """(path, name, first line, last line) of each function, by ctags."""
    if not paths:
        return
    output = subprocess.run(
        ["ctags", "--languages=C,C++", "--langmap=C:+.h,C++:", "--kinds-C=f", "--fields=+e", "-x",
         "--_xformat=%F\t%N\t%n\t%e", *map(str, paths)],
        check=True, text=True, capture_output=True).stdout
    for line in output.splitlines():
        path, name, first, last = line.split("\t")
        yield Path(path), name, int(first), int(last or first)


def check_sizes():
    for path in c_files(SRC, ROOT / "tests"):
        count = len(path.read_text().splitlines())
        if count > MAX_FILE_LINES:
            yield path, count, f"{count} lines; a file has {MAX_FILE_LINES} at most"
    for path, name, first, last in read_functions(c_files(SRC)):
        length = last - first + 1
        above = "\n".join(path.read_text().splitlines()[max(first - 2, 0):first])
        if length > MAX_FUNCTION_LINES and MARK not in above:
            yield path, first, f"{name} has {length} lines; {MAX_FUNCTION_LINES} at most"


def main():
    checks = {"layers": check_layers, "sizes": check_sizes}
    if len(sys.argv) != 2 or sys.argv[1] not in checks:
        sys.exit(f"usage: {sys.argv[0]} {'|'.join(checks)}")
    offences = list(checks[sys.argv[1]]())
    for path, line, what in offences:
        print(f"{path.relative_to(ROOT)}:{line}: {what}")
    return 1 if offences else 0


if __name__ == "__main__":
    sys.exit(main())
