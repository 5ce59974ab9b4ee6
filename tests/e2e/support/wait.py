# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""Waiting with a deadline."""

import os
import time

# Sanitizers make everything slower.
SLOWNESS = {"asan": 3, "tsan": 5, "valgrind": 10}.get(os.environ.get("LIAISON_PRESET"), 1)


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
