#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""How many deliveries one connector makes: tests/bench/concurrency.py [--events N] …

POSTs arrays of events, their keys spread, to a daemon whose one connector may have 64 attempts at
once, against `liaison sink --quiet --delay 5ms`. Prints events per second from the first POST to
the last delivery, the daemon's CPU time per event and its peak memory. It times a machine as it
finds it: run it on an idle one, with a release build (LIAISON=build/release/bin/liaison).
"""

import argparse
import http.client
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "e2e"))

from support import LIAISON, Daemon, Project, free_port, request, wait_until  # noqa: E402

SCRIPT = """
    local sync = SyncManager.new {}
    sync:on("schedule.updated", function(event)
      sync:send { connector = "calendarApi", data = event.data }
    end)
    sync:start()
"""

CONNECTOR = """
    return {{
      concurrency = {concurrency},
      send = function(data)
        return http.post(setting "calendarUrl", {{ json = data }})
      end,
    }}
"""


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=100000)
    parser.add_argument("--keys", type=int, default=10000)
    parser.add_argument("--batch", type=int, default=200, help="events of one POST")
    parser.add_argument("--concurrency", type=int, default=64)
    parser.add_argument("--delay", default="5ms", help="of the receiver's answers")
    parser.add_argument("--ahead", type=int, default=10000,
                        help="events acknowledged and not yet delivered, at most")
    parser.add_argument("--perf", metavar="FILE", help="profile the daemon by perf into FILE")
    return parser.parse_args()


def make_bodies(arguments):
    generator = random.Random(1)
    events = [{
        "type": "schedule.updated",
        "data": {"id": f"schedule-{generator.randrange(arguments.keys)}", "n": n,
                 "startTime": "2026-12-01T09:00:00Z", "endTime": "2026-12-01T09:30:00Z",
                 "location": "Building 4, Room 201", "organizer": "user-17@example.com",
                 "attendees": 17, "status": "confirmed", "title": "Weekly meeting of the team"},
    } for n in range(arguments.events)]
    return [json.dumps(events[at:at + arguments.batch]).encode()
            for at in range(0, len(events), arguments.batch)]


def cpu_seconds(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_mebibytes(pid):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0


def start_sink(arguments):
    port = free_port()
    sink = subprocess.Popen([LIAISON, "sink", "--quiet", "--delay", arguments.delay,
                             "--port", str(port)],
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"

    def count():
        try:
            return request("GET", f"{url}/stats").json()["ok"]
        except OSError:
            return -1

    wait_until(lambda: count() >= 0, "the sink to answer")
    return sink, url, count


def post_all(daemon, bodies, arguments, count):
    """POSTs as fast as they are acknowledged, not too far ahead of the deliveries."""
    client = http.client.HTTPConnection("127.0.0.1", daemon.port, timeout=60)
    for i, body in enumerate(bodies):
        client.request("POST", "/events", body, {"Content-Type": "application/json"})
        answer = client.getresponse()
        answer.read()
        assert answer.status == 202, answer.status
        while (i + 1) * arguments.batch - count() > arguments.ahead:
            time.sleep(0.02)
    client.close()


def measure(daemon, bodies, arguments, count):
    pid = daemon.process.pid
    cpu_before, started = cpu_seconds(pid), time.monotonic()
    post_all(daemon, bodies, arguments, count)
    wait_until(lambda: count() >= arguments.events, "all deliveries", deadline=300, every=0.02)
    seconds = time.monotonic() - started
    cpu = cpu_seconds(pid) - cpu_before
    print(f"{arguments.events / seconds:.0f} events/s, "
          f"{1e6 * cpu / arguments.events:.1f} us of the daemon's CPU per event, "
          f"{100 * cpu / seconds:.0f} % of a core, "
          f"{peak_mebibytes(pid):.1f} MiB at its peak")


def main():
    arguments = parse_arguments()
    bodies = make_bodies(arguments)
    sink, url, count = start_sink(arguments)
    with tempfile.TemporaryDirectory() as folder:
        project = Project(Path(folder) / "project")
        project.script(SCRIPT)
        project.connector("calendarApi", CONNECTOR.format(concurrency=arguments.concurrency))
        daemon = Daemon(project, "--set", "log.level=warn", settings={"calendarUrl": url})
        profiler = None
        try:
            daemon.start()
            if arguments.perf:
                profiler = subprocess.Popen(["perf", "record", "-q", "-o", arguments.perf,
                                             "-p", str(daemon.process.pid)])
            measure(daemon, bodies, arguments, count)
            assert daemon.stop() == 0, daemon.log()
        finally:
            daemon.close()
            sink.kill()
            sink.wait()
            if profiler:
                profiler.wait()


if __name__ == "__main__":
    main()
