#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""A backlog on disk: one receiver is down while events arrive, the daemon is killed and started
again, then the receiver recovers. Prints what was measured; the exit status says whether it is
within the bounds:

    tests/bench/backlog.py [--events 2000000] TOOLS

TOOLS is the folder of the compiled source and receiver. The bounds on memory, on the time to serve
again and on order are absolute; speed is compared with a run in the same minute.
"""

import argparse
import re
import sys
import tempfile
import time
from pathlib import Path

from rig import Rig, wait_until

KEYS = 1000
AT_ONCE = 64
MEMORY_MAX_MIB = 100
SERVE_AGAIN_MAX_S = 5
HOUR_S = 3600

SCRIPT = """\
local sync = SyncManager.new { eventBusUrl = setting "busUrl", name = "bus" }

sync:on("schedule.updated", function(event)
  sync:send { connector = "calendar", data = event.data }
  sync:send { connector = "warehouse", data = event.data }
end)

sync:start()

local posted = SyncManager.new {}

posted:on("posted", function(event)
  posted:send { connector = "posted", data = event.data }
end)

posted:start()
"""

CONNECTOR = """\
return {{
  concurrency = {at_once},
  retry = {{ base = "200ms", cap = "5s" }},
  send = function(data)
    return http.post(setting "receiverUrl" .. "/{name}", {{ json = data }})
  end,
}}
"""


class Report:
    def __init__(self):
        self.failed = False

    def figure(self, what, value, bound=None, is_within=True):
        self.failed |= not is_within
        suffix = f"   (bound: {bound}{'' if is_within else ', NOT KEPT'})" if bound else ""
        print(f"{what:<58} {value}{suffix}", flush=True)


def peak_mib(daemon):
    status = Path(f"/proc/{daemon.process.pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024


def cpu_s(daemon):
    fields = Path(f"/proc/{daemon.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100


def start(rig, receiver, events):
    source = rig.source(events=events, keys=KEYS)
    project = rig.project(SCRIPT, {name: CONNECTOR.format(name=name, at_once=AT_ONCE)
                                   for name in ("calendar", "warehouse", "posted")})
    daemon = rig.daemon(project, settings={"busUrl": source.events_url,
                                           "receiverUrl": receiver.url})
    source.wait_connected()
    return source, daemon


def arrive(source, receiver, name, events):
    """All events reach this receiver; how many a second."""
    began = time.monotonic()
    source.go()
    receiver.wait_for(name, events, deadline=HOUR_S)
    return events / (time.monotonic() - began)


def both_healthy(rig, report, events):
    receiver = rig.receiver(keys=KEYS)
    source, daemon = start(rig, receiver, events)
    rate = arrive(source, receiver, "warehouse", events)
    receiver.wait_for("calendar", events)
    report.figure(f"both receivers healthy, {events} events", f"{rate:.0f}/s")
    report.figure("… CPU an event, delivered twice", f"{1e6 * cpu_s(daemon) / events:.1f} µs")
    daemon.kill()
    return rate


def one_down(rig, report, receiver, source, daemon, events, healthy_rate):
    receiver.control("calendar", status=503)
    rate = arrive(source, receiver, "warehouse", events)
    report.figure(f"one down, {events} events: the healthy one", f"{rate:.0f}/s")
    report.figure("… of its rate with both healthy", f"{100 * rate / healthy_rate:.0f} %")
    report.figure("… CPU an event", f"{1e6 * cpu_s(daemon) / events:.1f} µs")
    peak = peak_mib(daemon)
    report.figure("… resident memory at its peak", f"{peak:.1f} MiB", f"{MEMORY_MAX_MIB} MiB",
                  peak <= MEMORY_MAX_MIB)
    report.figure("… journal", f"{(daemon.project.journal).stat().st_size / 2**20:.0f} MiB")


def restart(report, receiver, daemon):
    daemon.kill()
    began = time.monotonic()
    daemon.launch().wait_healthy(deadline=60)
    answer = daemon.post("/events", {"type": "posted", "data": {"id": 1, "n": 1, "sentAt": 1}})
    assert answer.status == 202, answer.status
    taken = time.monotonic() - began
    receiver.wait_for("posted", 1)
    delivered = time.monotonic() - began
    report.figure("killed and started: until POST got 202", f"{taken:.2f} s",
                  f"{SERVE_AGAIN_MAX_S} s", taken <= SERVE_AGAIN_MAX_S)
    report.figure("… and until the healthy one had it", f"{delivered:.2f} s",
                  f"{SERVE_AGAIN_MAX_S} s", delivered <= SERVE_AGAIN_MAX_S)


def drain(report, receiver, daemon, events, delay_ms):
    receiver.control("calendar", status=200, delay=delay_ms)
    began, cpu = time.monotonic(), cpu_s(daemon)
    stats = receiver.wait_for("calendar", events, deadline=HOUR_S)
    rate = events / (time.monotonic() - began)
    ideal = AT_ONCE * 1000 / delay_ms if delay_ms else 0
    report.figure("the backlog drained", f"{rate:.0f}/s")
    if ideal:
        report.figure(f"… of {AT_ONCE} at once, {delay_ms} ms each", f"{100 * rate / ideal:.0f} %")
    report.figure("… CPU an event", f"{1e6 * (cpu_s(daemon) - cpu) / events:.1f} µs")
    report.figure("… out of order", stats["disordered"], "0", stats["disordered"] == 0)
    report.figure("… twice", stats["duplicates"], f"{AT_ONCE}", stats["duplicates"] <= AT_ONCE)
    peak = peak_mib(daemon)
    report.figure("… resident memory at its peak", f"{peak:.1f} MiB", f"{MEMORY_MAX_MIB} MiB",
                  peak <= MEMORY_MAX_MIB)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=2000000)
    parser.add_argument("--delay", type=int, default=20, help="ms that the drained receiver takes")
    parser.add_argument("tools")
    options = parser.parse_args()
    report = Report()
    with tempfile.TemporaryDirectory(prefix="liaison-backlog-") as folder, \
            Rig(options.tools, folder) as rig:
        healthy_rate = both_healthy(rig, report, min(options.events, 200000))
        receiver = rig.receiver(keys=KEYS)
        source, daemon = start(rig, receiver, options.events)
        one_down(rig, report, receiver, source, daemon, options.events, healthy_rate)
        restart(report, receiver, daemon)
        drain(report, receiver, daemon, options.events, options.delay)
        wait_until(lambda: daemon.status()["sums"]["connectors"]["calendar"]["waiting"] == 0,
                   "the sums to say so")
    return report.failed


if __name__ == "__main__":
    sys.exit(main())
