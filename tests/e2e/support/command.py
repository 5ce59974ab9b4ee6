# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""Running `liaison COMMAND` with captured output."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .wait import SLOWNESS

ROOT = Path(__file__).resolve().parents[3]
LIAISON = os.path.abspath(os.environ.get("LIAISON", ROOT / "build" / "dev" / "bin" / "liaison"))


@dataclass
class Result:
    status: int
    out: str
    err: str

    def json(self):
        return json.loads(self.out)


def clean_environment(extra=None):
    """The environment without what the caller's own Liaison is told by."""
    environment = {name: value for name, value in os.environ.items()
                   if name == "LIAISON_BINARY"
                   or (not name.startswith("LIAISON_") and name not in ("COLUMNS", "NO_COLOR"))}
    environment.update(extra or {})
    return environment


def liaison(*arguments, cwd=None, env=None, input=None, timeout=30):
    process = subprocess.run(
        [LIAISON, *map(str, arguments)], cwd=cwd, env=clean_environment(env), text=True,
        errors="replace", input=input, stdin=subprocess.DEVNULL if input is None else None,
        capture_output=True, timeout=timeout * SLOWNESS)
    return Result(process.returncode, process.stdout, process.stderr)
