# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""The ledger: a long run over a daemon that is killed, or loads its scripts anew, again and again, all of
it written down.

    ledger = Ledger(project, make, seed=7, events=20000, kills=12)
    ledger.run()
    ledger.receivers["calendarApi"].arrivals   # every attempt that was seen, in order

Half of the events come from a bus that drops connections, half by POST from clients that repeat
what wasn't acknowledged and lose an acknowledgement now and then. Two receivers fail a tenth of
what they get. What all of that must add up to is for the test to say.
"""

import http.client
import json
import os
import random
import signal
import sqlite3
import threading
import time
from collections import Counter, namedtuple
from concurrent.futures import ThreadPoolExecutor

from .bus import SseBus
from .command import liaison
from .server import HttpServer, format_answer
from .wait import SLOWNESS, wait_until

CONNECTORS = ("calendarApi", "dataWarehouse")
CHANNELS = ("bus", "embedded")
KEYS = 300            # of each channel
POSTERS = 4           # clients, each with keys of its own: two would race for a key's order
BATCH_MAX = 20        # events of one POST
AHEAD_MAX = 2000      # events made and not yet delivered, so that kills meet all stages of the way
REFUSED_EVERY = 500   # one event in so many is refused by the warehouse, for good
LOST_SHARE = 0.02     # of the POSTs: the client never reads the answer

SCRIPT = """
    local function register(sync)
      sync:on("schedule.updated", function(event)
        sync:send {
          connector = "calendarApi",
          data = { key = event.data.key, n = event.data.n, title = "of " .. event.key },
        }
      end)
      sync:on("schedule.updated", function(event)
        sync:send { connector = "dataWarehouse", data = event.data }
      end)
      sync:start()
    end

    register(SyncManager.new { name = "bus", eventBusUrl = setting "busUrl",
                               headers = { ["X-Scripts"] = "VERSION" } })
    register(SyncManager.new { eventBusUrl = "embedded" })
"""

# Each daemon of the run has a number, by which a receiver knows whose attempt it sees.
CONNECTOR = """
    return {{
      timeout = setting "timeout",
      concurrency = 32,
      retry = {{ base = "5ms", growth = "constant", attempts = {attempts} }},
      send = function(data)
        return http.post(setting "{name}Url",
                         {{ json = data, headers = {{ ["X-Run"] = tostring(setting "run"),
                                                    ["X-Scripts"] = "{version}" }} }})
      end,
    }}
"""


class LedgerBroken(Exception):
    """The run came to no end. No AssertionError: waiting ends with it."""


# ---- What happens when ---------------------------------------------------------------------------


class Reaper:
    """Kills the daemon on the spot when something happens that it was told to wait for."""

    def __init__(self, daemon):
        self._daemon = daemon
        self._armed = None
        self._lock = threading.Lock()

    def reached(self, moment):
        if self._armed == moment:
            self._strike(moment)

    def kill_at(self, moment, deadline=1.0):
        """At that moment, or where it doesn't come, after the deadline; then the daemon is gone."""
        self._armed = moment
        end = time.monotonic() + deadline * SLOWNESS
        while self._armed and time.monotonic() < end:
            time.sleep(0.001)
        self._strike(moment)
        self._daemon.process.wait()

    def _strike(self, moment):
        with self._lock:
            if self._armed == moment:
                self._armed = None
                os.kill(self._daemon.process.pid, signal.SIGKILL)


# ---- The systems around --------------------------------------------------------------------------

# `run` is the daemon's number, `scripts` that of the version that made the attempt; `event` is (key, n),
# `status` None where no answer was given.
Arrival = namedtuple("Arrival", "run id event body status scripts")


class LedgerReceiver(HttpServer):
    """Fails a tenth of what comes: 503, resets, and now and then no answer at all."""

    OK = format_answer(200, {}, b"")
    FAILED = format_answer(503, {}, b"not now")
    REFUSED = format_answer(422, {}, b"not this one")

    def __init__(self, seed, reached):
        self.arrivals = []
        self.succeeded = set()
        self._random = random.Random(seed)
        self._reached = reached
        super().__init__()

    def on_request(self, connection, request):
        data = json.loads(request.body)
        chance = self._random.random()
        if data.get("bad"):
            status, answer = 422, self.REFUSED
        elif chance >= 0.1:
            status, answer = 200, self.OK
        elif chance >= 0.04:
            status, answer = 503, self.FAILED
        else:
            status, answer = None, None
        headers = request.headers
        event = (data["key"], data["n"])
        self.arrivals.append(Arrival(int(headers["x-run"]), headers.get("idempotency-key"), event,
                                     request.body, status, int(headers["x-scripts"])))
        if answer:
            connection.answer(answer)
        elif chance >= 0.0005:
            connection.reset()
        if status == 200:
            self.succeeded.add(event)
            self._reached("a 200")


def make_events(prefix, count, generator):
    """Consecutive numbers for each key."""
    numbers = Counter()
    events = []
    for _ in range(count):
        key = f"{prefix}{generator.randrange(KEYS)}"
        numbers[key] += 1
        data = {"key": key, "n": numbers[key], "text": "x" * generator.randrange(100)}
        if generator.randrange(REFUSED_EVERY) == 0:
            data["bad"] = True
        events.append({
            "specversion": "1.0", "id": f"{key}-{data['n']}", "source": "/ledger",
            "type": "schedule.updated", "subject": key, "data": data})
    return events


class Poster:
    """A client that repeats a POST until it has its 202, and goes on only then."""

    def __init__(self, ledger, events, seed):
        self._ledger = ledger
        self._events = events
        self._random = random.Random(seed)
        self._connection = None

    def run(self):
        at = 0
        while at < len(self._events):
            batch = self._events[at:at + self._random.randint(1, BATCH_MAX)]
            at += len(batch)
            self._ledger.wait_for_room(len(batch))
            while not self._try_post(batch):
                self._ledger.check_goes_on()
            self._ledger.acknowledged.extend((e["data"]["key"], e["data"]["n"]) for e in batch)
            self._ledger.reaper.reached("a 202")

    def _try_post(self, batch):
        """Whether a 202 came."""
        kind = "application/cloudevents-batch+json"
        body = json.dumps(batch)
        if len(batch) == 1:
            kind, body = "application/cloudevents+json", json.dumps(batch[0])
        if not self._connection:
            self._connection = http.client.HTTPConnection(
                "127.0.0.1", self._ledger.daemon.port, timeout=30)
        try:
            self._connection.request("POST", "/events", body, {"Content-Type": kind})
            if self._random.random() < LOST_SHARE:
                self._drop_connection()
                return False
            answer = self._connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            self._drop_connection()
            time.sleep(0.005)
            return False
        if answer.status not in (202, 503):
            raise LedgerBroken(f"POST /events was answered by {answer.status}")
        return answer.status == 202

    def _drop_connection(self):
        self._connection.close()
        self._connection = None


# ---- The run -------------------------------------------------------------------------------------


class Ledger:
    """The run and what it left: `acknowledged`, `published`, `receivers[…].arrivals`, `checks`
    (of the journal, one after each kill), `reloads` (how each was answered), `settled`, `status`,
    `dead`, `log`."""

    MOMENTS = ("at once", "a 202", "a 200", "its start")

    def __init__(self, project, make_daemon, seed, events, kills=0, reload_every=None):
        self.seed = seed
        self.kills = kills
        self.reloads = []
        self._reload_every = reload_every  # seconds; None: never
        self._project = project
        self._random = generator = random.Random(seed)
        self.posted = make_events("post", events, generator)
        self.published = make_events("bus", events, generator)
        self.acknowledged = []
        self.checks = []    # of the journal after each kill: (exit status, output)
        self.settled = []   # (run, ids): what was delivered, on disk, when that run had ended
        self.status = None  # at the end, as all else that follows
        self.dead = []
        self.timeouts = Counter()  # by the ids of deliveries: attempts of which no answer came in time
        self.exit_status = None

        self.bus = SseBus(retry_ms=20)
        self.bus.drop_at_random(200, 1500, seed)
        self._made = 0
        self._made_lock = threading.Lock()
        self._is_over = False

        self.receivers = {name: LedgerReceiver(seed + i, lambda what: self.reaper.reached(what))
                          for i, name in enumerate(CONNECTORS)}
        self.daemon = make_daemon(
            "--set", "log.level=warn", "--set", "reload=manual",
            settings={"busUrl": self.bus.events_url, "run": 0, "timeout": f"{SLOWNESS}s",
                      **{f"{name}Url": r.url for name, r in self.receivers.items()}})
        self.reaper = Reaper(self.daemon)
        self._write_scripts(0)

    def close(self):
        self._is_over = True
        self.bus.close()
        for receiver in self.receivers.values():
            receiver.close()
        self.daemon.close()  # the last, as it fails by what a sanitizer said

    def _write_scripts(self, version):
        """The connection to the bus is another one with every fourth."""
        self._project.script(SCRIPT.replace("VERSION", str(version // 4)))
        for name, attempts in zip(CONNECTORS, ("nil", 3)):
            self._project.connector(
                name, CONNECTOR.format(name=name, attempts=attempts, version=version))

    # ---- for the producers ----

    def check_goes_on(self):
        if self._is_over:
            raise LedgerBroken("another part of the run failed")

    def wait_for_room(self, count):
        """Until `count` more events may be made, so that there is work to the end."""
        with self._made_lock:
            self._made += count
        while self._made - self._progress() > AHEAD_MAX:
            self.check_goes_on()
            time.sleep(0.002)

    def _progress(self):
        """Events that got through, about."""
        return min(len(receiver.succeeded) for receiver in self.receivers.values())

    def _publish(self):
        at = 0
        while at < len(self.published):
            batch = self.published[at:at + 50]
            at += len(batch)
            self.wait_for_room(len(batch))
            self.bus.publish_all(batch)

    # ---- its course ----

    def run(self):
        total = len(self.posted) + len(self.published)
        marks = [(i + self._random.random()) / (self.kills + 1) * total for i in range(self.kills)]
        moments = [self.MOMENTS[i % len(self.MOMENTS)] for i in range(self.kills)]
        self._random.shuffle(moments)
        self._start()
        with ThreadPoolExecutor(POSTERS + 2) as pool:
            jobs = [pool.submit(job) for job in self._producers()]
            reloading = pool.submit(self._reload_all_along, jobs)
            try:
                for mark, moment in zip(marks, moments):
                    self._wait_progress(mark, jobs)
                    self._kill(moment)
                for job in jobs:
                    job.result(timeout=180 * SLOWNESS)
                reloading.result(timeout=180 * SLOWNESS)
                self._finish()
            finally:
                self._is_over = True

    def _producers(self):
        shares = [[] for _ in range(POSTERS)]
        for event in self.posted:
            shares[int(event["subject"].removeprefix("post")) % POSTERS].append(event)
        return [self._publish,
                *(Poster(self, share, self.seed + i).run for i, share in enumerate(shares))]

    def _reload_all_along(self, jobs):
        if self._reload_every:
            self.daemon.wait_healthy()
        while self._reload_every and not self._is_over and not all(job.done() for job in jobs):
            time.sleep(self._reload_every)
            self._write_scripts(len(self.reloads) + 1)
            self.reloads.append(self.daemon.post("/api/reload", timeout=60 * SLOWNESS).status)

    def _wait_progress(self, mark, jobs):
        def has_passed():
            for job in jobs:
                if job.done():
                    job.result()
            if not self.daemon.is_running():
                raise LedgerBroken(f"the daemon ended by itself:\n{self.daemon.log()}")
            return self._progress() >= mark

        wait_until(has_passed, f"{mark:.0f} events delivered", 60, every=0.005)

    def _start(self):
        self.daemon.settings["run"] += 1
        self.daemon.launch()

    def _kill(self, moment):
        time.sleep(self._random.uniform(0, 0.03))
        self.reaper.kill_at("at once" if moment == "its start" else moment,
                            0 if moment in ("at once", "its start") else 1)
        self._look_at_journal()
        self._start()
        if moment == "its start":
            time.sleep(self._random.uniform(0.005, 0.15) * SLOWNESS)
            self.reaper.kill_at("at once", 0)
            self._look_at_journal()
            self._start()

    def _look_at_journal(self):
        check = liaison("fsck", self._project.journal, timeout=60)
        self.checks.append((check.status, check.out + check.err))
        rows = self._query("SELECT id FROM deliveries WHERE state = 'delivered'")
        self.settled.append((self.daemon.settings["run"], {id for id, in rows}))

    def _query(self, sql):
        journal = sqlite3.connect(f"file:{self._project.journal}?mode=ro", uri=True)
        rows = journal.execute(sql).fetchall()
        journal.close()
        return rows

    def _finish(self):
        last, since = None, 0

        def is_quiet():
            """Nothing is under way, and all came; or what is missing will not come any more."""
            nonlocal last, since
            self.status = self.daemon.status()
            sums = self.status["sums"]
            assert not any(sums["channels"][name]["open"] for name in CHANNELS), sums
            assert not any(sums["connectors"][name]["waiting"] for name in CONNECTORS), sums
            if sums != last:
                last, since = sums, time.monotonic()
            new = [sums["channels"][name]["received"] - sums["channels"][name]["duplicate"]
                   for name in CHANNELS]
            return (new == [len(self.published), len(self.posted)]
                    or time.monotonic() > since + 2 * SLOWNESS)

        self.daemon.wait_healthy()
        wait_until(is_quiet, "the end of all deliveries", 60, every=0.05)
        self._read_dead_letters()
        self.exit_status = self.daemon.stop()
        self._look_at_journal()
        self.timeouts.update(id for id, in self._query(
            "SELECT id FROM attempts JOIN deliveries ON seq = delivery WHERE code = 'timeout'"))

    def _read_dead_letters(self):
        cursor = ""
        while cursor is not None:
            page = self.daemon.get(f"/api/dead-letters?limit=500{cursor}").json()
            self.dead += page["items"]
            cursor = f"&cursor={page['next']}" if page["next"] else None
