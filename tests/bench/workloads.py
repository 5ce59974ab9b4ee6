# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""What is measured: each function makes one run and returns its figures.

Times are in microseconds, memory in KiB. `cpuUs` is user and system time per event.
"""

import json
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

import instructions
from machine import cpu_us_by_thread, memory_kib
from rig import LIAISON, RUN_DEADLINE_S, wait_until
from stats import percentile

KEYS = 10000
AT_ONCE = 64
HERE = Path(__file__).resolve().parent

SCRIPT_HEAD = """\
local sync = SyncManager.new { eventBusUrl = setting "busUrl", name = "bus" }

"""

SEND_WAREHOUSE = """\
sync:on("schedule.updated", function(event)
  sync:send { connector = "warehouse", data = event.data }
end)

"""

SEND_CALENDAR = """\
sync:on("schedule.updated", function(event)
  sync:send {
    connector = "calendar",
    data = { id = event.data.id, start = event.data.startTime,
             n = event.data.n, sentAt = event.data.sentAt },
  }
end)

"""

SCRIPT_TAIL = "sync:start()\n"

CONNECTOR = """\
return {{
  concurrency = {at_once},
  retry = {{ base = "200ms", cap = "1s" }},
  send = function(data)
    return http.post(setting "receiverUrl" .. "/{name}", {{ json = data }})
  end,
}}
"""


BATCH_CONNECTOR = """\
return {{
  concurrency = {at_once},
  retry = {{ base = "200ms", cap = "1s" }},
  batch = {{ size = {batch}, wait = "50ms" }},
  send = function(list)
    return http.post(setting "receiverUrl" .. "/{name}", {{ json = list }})
  end,
}}
"""


@dataclass
class Workload:
    title: str
    connectors: tuple
    events: int
    rate: int = 0         # events per second; 0: as fast as they are taken
    delay_ms: int = 0     # of the receiver's answers
    batch: int = 0        # events a POST; 0: each by itself

    def script(self):
        sends = {"warehouse": SEND_WAREHOUSE, "calendar": SEND_CALENDAR}
        return SCRIPT_HEAD + "".join(sends[name] for name in self.connectors) + SCRIPT_TAIL


def start_daemon(rig, workload, source, receiver, launcher=()):
    """On the workload's project, connected to the source, and idle."""
    connector = BATCH_CONNECTOR if workload.batch else CONNECTOR
    project = rig.project(workload.script(), {
        name: connector.format(name=name, at_once=AT_ONCE, batch=workload.batch)
        for name in workload.connectors})
    for name in workload.connectors:
        receiver.control(name, delay=workload.delay_ms)
    daemon = rig.daemon(project, settings={"busUrl": source.events_url,
                                           "receiverUrl": receiver.url}, launcher=launcher)
    source.wait_connected()
    return daemon


def wait_closed(daemon, events, deadline=RUN_DEADLINE_S):
    """Until each event's end is on disk."""
    wait_until(lambda: daemon.channel_sums("bus").get("closed", 0) >= events,
               f"{events} closed events", deadline, every=0.02)


def check_delivered(stats, events):
    assert stats["events"] == events and stats["duplicates"] == 0, stats
    assert stats["disordered"] == 0, stats


def run_daemon(rig, workload, perf_file=None):
    """One run of the daemon: figures of the whole, from the first event to the last settle."""
    receiver = rig.receiver(keys=KEYS)
    source = rig.source(events=workload.events, keys=KEYS, rate=workload.rate)
    daemon = start_daemon(rig, workload, source, receiver)
    pid = daemon.process.pid
    idle, _ = memory_kib(pid)
    before = cpu_us_by_thread(pid)
    profiler = start_perf(rig, pid, perf_file) if perf_file else None

    source.go()
    for name in workload.connectors:
        receiver.wait_for(name, workload.events)
    wait_closed(daemon, workload.events)
    after = cpu_us_by_thread(pid)
    now, peak = memory_kib(pid)
    if profiler:
        profiler.send_signal(signal.SIGINT)
        profiler.wait(timeout=RUN_DEADLINE_S)

    stats = {name: receiver.stats()[name] for name in workload.connectors}
    for of_one in stats.values():
        check_delivered(of_one, workload.events)
    # Where all came at once it took the least that the receiver's clock tells.
    seconds = max(1, max(s["lastUs"] for s in stats.values())
                  - min(s["firstUs"] for s in stats.values())) / 1e6
    threads = {name: (after[name] - before.get(name, 0.0)) / workload.events for name in after}
    latencies = receiver.latencies_us(workload.connectors[0]) if workload.rate else []
    assert daemon.stop() == 0, daemon.log()
    return {
        "events": workload.events,
        "eventsPerSecond": workload.events / seconds,
        "cpuUs": sum(threads.values()),
        "threadsUs": threads,
        "idleKiB": idle,
        "peakKiB": peak,
        "afterKiB": now,
        "latencyUs": {f"p{share}": percentile(latencies, share / 100)
                      for share in (50, 90, 99)} if latencies else None,
    }


POST_SCRIPT = """\
local sync = SyncManager.new {}

sync:start()
"""

WRK_SCRIPT = """\
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = [[%s]]
"""

POST_BODY = json.dumps({"type": "schedule.updated", "data": {
    "id": "EXP-2026-0117", "title": "Neutron reflectometry of thin films", "startTime": "2026-12-01T09:00:00Z",
    "endTime": "2026-12-01T17:00:00Z", "room": "A 12", "people": ["abe", "ito", "roe"], "n": 17,
    "remark": "moved by a day"}})


def has_wrk():
    return shutil.which("wrk") is not None


def run_posts(rig, seconds):
    """64 connections that post one event each, again and again, by wrk; no handler takes them."""
    daemon = rig.daemon(rig.project(POST_SCRIPT, {}), "--set=log.level=warn")
    pid = daemon.process.pid
    idle, _ = memory_kib(pid)
    script = rig.folder / "post.lua"
    script.write_text(WRK_SCRIPT % POST_BODY)
    before = cpu_us_by_thread(pid)
    subprocess.run(["wrk", "--threads", "1", "--connections", str(AT_ONCE), "--duration",
                    f"{seconds}s", "--script", script, f"{daemon.url}/events"], check=True,
                   stdout=subprocess.DEVNULL)
    wait_until(lambda: daemon.channel_sums().get("open", 1) == 0, "no open event")
    after = cpu_us_by_thread(pid)
    _, peak = memory_kib(pid)
    received = daemon.channel_sums()["received"]
    assert daemon.stop() == 0, daemon.log()
    threads = {name: (after[name] - before.get(name, 0.0)) / received for name in after}
    return {
        "events": received,
        "eventsPerSecond": received / seconds,
        "cpuUs": sum(threads.values()),
        "threadsUs": threads,
        "idleKiB": idle,
        "peakKiB": peak,
        "latencyUs": None,
    }


def count_instructions(rig, workload):
    """{"loop" | "writer": {owner: instructions an event}}, by callgrind."""
    receiver = rig.receiver(keys=KEYS)
    source = rig.source(events=workload.events, keys=KEYS, rate=instructions.RATE)
    out = rig.folder / "callgrind.out"
    daemon = start_daemon(rig, workload, source, receiver, instructions.launcher(out))
    source.go()
    for name in workload.connectors:
        receiver.wait_for(name, workload.events)
    wait_closed(daemon, workload.events)
    assert daemon.stop() == 0, daemon.log()
    threads = sorted(rig.folder.glob(f"{out.name}-*"))
    counted = [instructions.by_owner(path, LIAISON, workload.events) for path in threads]
    return {"loop": counted[0], "writer": max(counted[1:], key=lambda costs: sum(costs.values()))}


def figures_of(result):
    """Of what a contestant printed of itself."""
    return {
        "events": result["events"],
        "eventsPerSecond": 1e6 * result["events"] / result["us"],
        "cpuUs": result["cpuUs"] / result["events"],
        "peakKiB": result.get("peakKiB"),
    }


def run_curl_loop(rig, events):
    """The bare transfers."""
    receiver = rig.receiver(keys=KEYS)
    figures = figures_of(rig.run(rig.tools / "curl_loop", "--port", receiver.port, "--events", events,
                                 "--keys", KEYS, "--at-once", AT_ONCE))
    check_delivered(receiver.stats()["curl"], events)
    return figures


MAPPING = """\
return function(data)
  return {
    uid = data.id,
    summary = data.title,
    start = { at = data.startTime, zone = "UTC" },
    finish = { at = data.endTime, zone = "UTC" },
    place = data.location,
    people = data.attendees + 1,
    by = data.organizer,
    confirmed = data.status == "confirmed",
    sentAt = data.sentAt,
  }
end
"""

SEND_MAPPED = """\
local mapping = require "mapping"
local sync = SyncManager.new {}

sync:on("schedule.updated", function(event)
  sync:send { connector = "out", data = mapping(event.data) }
end)

sync:start()
"""


def run_mapping(rig, by, events):
    """A document mapped, by the script host or in a bare Lua state with lua-cjson."""
    project = rig.project(SEND_MAPPED, {"out": "return function() end\n"})
    project.write("lib/mapping.lua", MAPPING)
    return figures_of(rig.run(rig.tools / "script", project.path, events, by))


def run_design(rig, carrier, events):
    """The same work in Node; nothing is kept and keys have no order, so that none is checked."""
    receiver = rig.receiver(keys=KEYS)
    source = rig.source(events=events, keys=KEYS)
    process = rig.start("node", HERE / "design.mjs", source.events_url, receiver.url, events, carrier)
    source.wait_connected()
    source.go()
    return figures_of(rig.result(process))


def has_node():
    return shutil.which("node") is not None


# ---- profile --------------------------------------------------------------------------------------

def has_perf():
    """Whether this user may profile here."""
    if not shutil.which("perf"):
        return False
    return subprocess.run(["perf", "record", "-q", "-o", "/dev/null", "true"],
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


def start_perf(rig, pid, file):
    """Until it is interrupted. Libraries have no frame pointers, so that stacks are copied."""
    profiler = subprocess.Popen(
        ["perf", "record", "-q", "-F", "499", "--call-graph", "dwarf,8192", "-o", str(file),
         "-p", str(pid)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    rig.on_exit(profiler.kill)
    return profiler
