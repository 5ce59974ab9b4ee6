# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""A disk below a daemon's journal that fails when a test says so."""

import mmap
import os
import struct
from pathlib import Path

from .command import LIAISON

# Beside the program itself, also where LIAISON is what runs it.
BINARY = Path(os.environ.get("LIAISON_BINARY") or LIAISON)
LIBRARY = BINARY.parent.parent / "tests" / "disk_faults.so"
KINDS = ("open", "read", "write", "sync", "truncate")
FAULTS = {"io": b"i", "full": b"f", "readonly": b"r", "short": b"s", "hang": b"h", None: b"."}


class Disk:
    """disk = Disk(tmp_path); make_daemon(env=disk.env); disk.fail(write="io", sync="io")

    Kinds: open read write sync truncate; faults: io full readonly short hang.
    """

    def __init__(self, folder):
        assert LIBRARY.exists(), f"there is no {LIBRARY}"  # it would be passed over without a word
        path = folder / "disk_faults"
        path.write_bytes(b"." * 5 + bytes(3) + struct.pack("=II", 0, 0))
        with open(path, "r+b") as file:
            self._orders = mmap.mmap(file.fileno(), 16)
        self.env = {"LD_PRELOAD": str(LIBRARY), "DISK_FAULTS": str(path)}
        if os.environ.get("LIAISON_PRESET") in ("asan", "tsan"):
            options = os.environ.get("ASAN_OPTIONS", "")
            self.env["ASAN_OPTIONS"] = f"{options}:verify_asan_link_order=0"

    def fail(self, **faults):
        """What each kind of call does from now on; those not named work."""
        for index, kind in enumerate(KINDS):
            self._orders[index:index + 1] = FAULTS[faults.pop(kind, None)]
        assert not faults, faults

    def mend(self):
        self.fail()

    @property
    def failures(self):
        """Calls that failed so far."""
        return struct.unpack("=I", self._orders[12:16])[0]

    def advance(self, seconds):
        """The daemon's clock that never goes back is ahead by so much more."""
        (ahead,) = struct.unpack("=I", self._orders[8:12])
        self._orders[8:12] = struct.pack("=I", ahead + seconds)
