# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""Programs of tests/node, which use libraries that nobody here wrote."""

import shutil
import subprocess
from contextlib import contextmanager

from .command import ROOT
from .wait import SLOWNESS

FOLDER = ROOT / "tests" / "node"


class Running:
    def __init__(self, output):
        self.output = output

    def lines(self):
        """What it has printed so far."""
        return self.output.read_text().splitlines()


class Node:
    @staticmethod
    def missing():
        """What is missing to run them, or None."""
        if not shutil.which("node"):
            return "there is no node"
        if not (FOLDER / "node_modules").is_dir():
            return "tests/node has no node_modules: make deps installs them where there is npm"
        return None

    def run(self, program, *arguments, timeout=30):
        """Its standard output."""
        return subprocess.run(["node", FOLDER / program, *arguments], text=True, check=True,
                              capture_output=True, stdin=subprocess.DEVNULL,
                              timeout=timeout * SLOWNESS).stdout

    @contextmanager
    def start(self, program, *arguments, output):
        """It runs until the end of the block, and prints into the file `output`."""
        with open(output, "wb") as out:
            process = subprocess.Popen(["node", FOLDER / program, *arguments], stdout=out,
                                       stdin=subprocess.DEVNULL)
        try:
            yield Running(output)
        finally:
            process.kill()
            process.wait()
