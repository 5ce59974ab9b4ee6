# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""Another's server as a child of a test, in a folder and on a port of its own."""

import subprocess

from .ports import free_port
from .wait import wait_until


class Program:
    """What a subclass adds: NAME, `command()`, and `answers()`, which may raise OSError."""

    NAME = ""

    def __init__(self, folder):
        self.url = f"http://127.0.0.1:{free_port()}"
        self.process = None
        self._folder = folder / self.NAME.lower()
        self._folder.mkdir()
        self._log = self._folder / "log"

    @property
    def address(self):
        return self.url.removeprefix("http://")

    def start(self):
        with open(self._log, "ab") as log:
            self.process = subprocess.Popen(self.command(), cwd=self._folder, stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log)
        wait_until(self._is_ready, f"{self.NAME} to be ready", 30)
        return self

    def _is_ready(self):
        assert self.process.poll() is None, self.log()
        try:
            return self.answers()
        except OSError:
            return False

    def close(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def log(self):
        return self._log.read_text(errors="replace")
