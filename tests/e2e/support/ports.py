# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""Free ports."""

import fcntl
import os
import random
import socket
import tempfile
from pathlib import Path


class Ports:
    """Ports below those that the system gives out by itself. They are this process's as long as it lives,
    also while nobody listens on them, as on a killed daemon's that is about to start anew: tests run side
    by side, and each process locks blocks of ports for itself."""

    FIRST, LAST, BLOCK = 10240, 31999, 640

    def __init__(self):
        self._locks = []
        self._ports = []

    def take(self):
        while True:
            if not self._ports:
                self._ports = self._take_block()
            port = self._ports.pop()
            if self._is_free(port):
                return port

    def _take_block(self):
        folder = Path(tempfile.gettempdir()) / f"liaison-test-ports-{os.getuid()}"
        folder.mkdir(exist_ok=True)
        for first in range(self.FIRST, self.LAST + 1, self.BLOCK):
            lock = open(folder / str(first), "w")
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.close()
                continue
            self._locks.append(lock)
            return random.sample(range(first, first + self.BLOCK), self.BLOCK)
        raise RuntimeError(f"no ports are left: other tests hold all blocks in {folder}")

    @staticmethod
    def _is_free(port):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
            return True


_ports = Ports()


def free_port():
    """A port of 127.0.0.1 that nobody else will listen on."""
    return _ports.take()
