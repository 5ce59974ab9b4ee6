# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""Examples of the documentation, as a terminal shows them: `$ ` and a command, then what it says,
in which `…` stands for anything."""

import re

BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def console_examples(text):
    """(command, what it shows), block after block."""
    for block in BLOCK.findall(text):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, shown = part.partition("\n")
            yield command, shown


def is_shown(shown, said):
    pattern = ".*?".join(re.escape(piece) for piece in shown.strip("\n").split("…"))
    return re.fullmatch(pattern, said.strip("\n"), re.DOTALL) is not None
