# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""Waiting with a deadline, and free ports."""

import os
import random
import socket
import time

# Sanitizers make everything slower.
SLOWNESS = {"asan": 3, "tsan": 5, "valgrind": 10}.get(os.environ.get("LIAISON_PRESET"), 1)

_taken_ports = set()
_random = random.Random(os.getpid())


def wait_until(predicate, what=None, deadline=10.0, every=0.01):
    """Polls until `predicate` answers something true, and returns that.

    An AssertionError in the predicate counts as "not yet"; the last one is shown in the end.
    """
    end = time.monotonic() + deadline * SLOWNESS
    last = None
    while True:
        try:
            result = predicate()
            if result:
                return result
            last = result
        except AssertionError as error:
            last = error
        if time.monotonic() > end:
            raise AssertionError(f"not within {deadline} s: {what or predicate}; at last: {last}")
        time.sleep(every)


def free_port():
    """A port of 127.0.0.1 that nobody listens on, below those the system gives out by itself."""
    while True:
        port = _random.randrange(10240, 32000)
        if port in _taken_ports:
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        _taken_ports.add(port)
        return port
