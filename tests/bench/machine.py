# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""What /proc says of a process and of the machine."""

import os
import platform
from pathlib import Path


def cpu_us_by_thread(pid):
    """{"loop" | "journal-writer" | …: user and system time in µs}; threads without a name of
    their own are "other"."""
    times = {}
    main = Path(f"/proc/{pid}/comm").read_text().strip()
    for task in Path(f"/proc/{pid}/task").iterdir():
        name = (task / "comm").read_text().strip()
        if int(task.name) == pid:
            name = "loop"
        elif name == main:
            name = "other"
        # Nanoseconds on a processor; /stat counts in hundredths of a second.
        on_cpu_ns = int((task / "schedstat").read_text().split()[0])
        times[name] = times.get(name, 0.0) + on_cpu_ns / 1000
    return times


def memory_kib(pid):
    """(resident now, resident at most so far)."""
    values = {}
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        name, _, value = line.partition(":")
        values[name] = value
    return int(values["VmRSS"].split()[0]), int(values["VmHWM"].split()[0])


def cpu_model():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def filesystem(path):
    """The type of the file system that `path` lies on."""
    best = ("", "?")
    for line in Path("/proc/mounts").read_text().splitlines():
        _, where, kind = line.split()[:3]
        if Path(path).resolve().is_relative_to(where) and len(where) >= len(best[0]):
            best = (where, kind)
    return best[1]


def describe(folder):
    """What a figure depends on; `folder`: where the journals lie."""
    return {
        "cpu": cpu_model(),
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "journalOn": filesystem(folder),
        "loadBefore": round(os.getloadavg()[0], 2),
    }
