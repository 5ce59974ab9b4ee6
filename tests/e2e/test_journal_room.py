# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""A journal or a disk without room: events are refused, nothing that was accepted is lost, what
waits goes on, and it ends by itself."""

import json
import os
import subprocess
from collections import Counter

import pytest

from support import SLOWNESS, Reply, assert_sums_hold, liaison, wait_until

SCRIPT = """
local sync = SyncManager.new { %s }
sync:on("thing.changed", function(event)
  sync:send { connector = "a", data = { id = event.data.id } }
end)
sync:start()
"""

CONNECTOR = """
return {
  retry = { base = "100ms", cap = "500ms" },
  breaker = %s,
  concurrency = 32,
  send = function(data) return http.post("%s/x", { json = data }) end,
}
"""

# Who is down for long is left alone, and so is quickly through when it is back.
BREAKER = '{ open = "1s" }'

PADDING = "x" * 2000
AT_ONCE = 50


@pytest.fixture
def make(project, make_daemon, receiver):
    """make("limits.journal=8MB", bus=…): a daemon whose one connector posts to the receiver."""
    def make(*sets, bus=None, breaker="false"):
        project.script(SCRIPT % (f'eventBusUrl = "{bus.events_url}"' if bus else ""))
        project.connector("a", CONNECTOR % (breaker, receiver.url))
        daemon = make_daemon(*[f"--set={value}" for value in sets])
        return daemon.start()
    return make


def thing(id):
    return {"type": "thing.changed", "data": {"id": id, "padding": PADDING}}


class Sender:
    """POSTs things, remembers which were accepted, and what it was refused with."""

    def __init__(self, daemon):
        self.daemon = daemon
        self.accepted = []
        self.refusal = None

    def send(self, first):
        ids = list(range(first, first + AT_ONCE))
        answer = self.daemon.post("/events", [thing(id) for id in ids])
        if answer.status == 202:
            self.accepted += ids
        else:
            self.refusal = answer
        return answer.status == 202

    def send_until_refused(self, most=200):
        for i in range(most):
            if not self.send(AT_ONCE * i):
                return
        pytest.fail(f"{AT_ONCE * most} events were all accepted")

    def send_on(self, deadline=60):
        """Until the daemon takes events again."""
        wait_until(lambda: self.send(1_000_000 + len(self.accepted)), "events to be taken", deadline,
                   every=0.1)


def problems(daemon):
    return {problem["code"]: problem for problem in daemon.status()["problems"]}


def assert_all_delivered_once(receiver, ids):
    """Each key's delivery succeeded once, and nothing else did."""
    delivered = Counter(json.loads(r.body)["id"] for r in receiver.accepted("/x"))
    assert delivered == Counter(ids)


def wait_all_delivered(daemon, receiver, ids):
    daemon.wait_delivered("a", len(ids), deadline=120)
    assert_all_delivered_once(receiver, ids)
    assert_sums_hold(daemon.status())


def assert_sound(daemon):
    assert daemon.stop() == 0
    checked = liaison("fsck", daemon.project.journal)
    assert checked.status == 0, checked.out


# ---- The journal's limit ----


def test_a_full_journal_refuses_events_until_what_waits_is_delivered(make, receiver):
    receiver.default = Reply(503)
    daemon = make("limits.journal=4MB", breaker=BREAKER)
    sender = Sender(daemon)
    sender.send_until_refused()
    assert sender.refusal.status == 503
    assert int(sender.refusal.headers["retry-after"]) > 0
    assert "the journal is full" in sender.refusal.json()["detail"]
    problem = problems(daemon)["journal-full"]
    assert "limits.journal, 4 MB" in problem["text"] and problem["since"]
    ready = daemon.get("/readyz")
    assert ready.status == 503 and "the journal is full" in ready.json()["detail"]
    assert daemon.get("/healthz").status == 200
    shown = daemon.command("status").out
    for words in ("journal-full", " MB of 4 MB", "complete since 20"):
        assert words in shown
    assert not sender.send(900_000)

    receiver.default = Reply(200)
    sender.send_on()
    wait_all_delivered(daemon, receiver, sender.accepted)
    wait_until(lambda: not problems(daemon), "no problems")
    assert daemon.log().count("journal: full, no events are taken") <= 3
    assert_sound(daemon)


def test_traffic_of_many_times_the_limit_passes_through(make, receiver):
    daemon = make("limits.journal=4MB")
    sender = Sender(daemon)
    while len(sender.accepted) < 8000:
        if not sender.send(len(sender.accepted)):
            sender.send_on()
    wait_all_delivered(daemon, receiver, sender.accepted)
    journal = daemon.status()["journal"]
    assert journal["bytes"] <= journal["limit"] == 4 << 20
    assert daemon.project.journal.stat().st_size <= 5 << 20
    assert_sound(daemon)


def test_a_stream_is_paused_by_a_full_journal_and_loses_nothing(make, receiver, bus):
    receiver.default = Reply(503)
    # 1,900 fill it; 2,000 more may have come by then.
    bus.publish_all([thing(id) for id in range(4200)])
    daemon = make("limits.journal=4MB", bus=bus, breaker=BREAKER)
    wait_until(lambda: "journal-full" in problems(daemon), "a full journal", 60)
    channel = next(iter(set(daemon.status()["sums"]["channels"]) - {"embedded"}))
    assert daemon.channel_sums(channel)["received"] < 4200

    receiver.default = Reply(200)
    wait_all_delivered(daemon, receiver, list(range(4200)))
    assert bus.stream_count == 1
    assert_sound(daemon)


# ---- A full disk ----


@pytest.fixture
def disk(project):
    """The journal's folder is a file system of 32 MiB."""
    var = project.path / "var"
    var.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32m,mode=700", "tmpfs", str(var)],
                             capture_output=True, text=True)
    if mounted.returncode != 0:
        pytest.skip(f"no tmpfs can be mounted here: {mounted.stderr.strip()}")
    yield var
    subprocess.run(["umount", "--lazy", str(var)], check=True)


def fill(disk):
    """A file that takes all that is left."""
    filler = disk / "filler"
    with open(filler, "wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)):
                pass
        except OSError:
            pass
    assert os.statvfs(disk).f_bavail == 0
    return filler


def test_on_a_short_disk_events_are_refused_until_there_is_room(make, receiver, disk):
    receiver.default = Reply(503)
    daemon = make("limits.diskFree=16MB", breaker=BREAKER)
    sender = Sender(daemon)
    sender.send_until_refused()
    assert sender.refusal.status == 503 and "retry-after" in sender.refusal.headers
    assert "limits.diskFree is 16 MB" in sender.refusal.json()["detail"]
    assert "disk-full" in problems(daemon)
    assert "the disk is short of room" in daemon.log()

    # What was delivered makes room, in the journal itself.
    receiver.default = Reply(200)
    sender.send_on()
    wait_all_delivered(daemon, receiver, sender.accepted)
    assert_sound(daemon)


def test_on_a_full_disk_nothing_accepted_is_lost_and_nothing_sent_twice(make, receiver, disk):
    receiver.answer_next(Reply(delay=1.0 * SLOWNESS))
    daemon = make("limits.diskFree=0")
    daemon.emit("thing.changed", {"id": 1}, subject="k")
    daemon.emit("thing.changed", {"id": 2}, subject="k")
    receiver.wait_for(1)
    filler = fill(disk)
    wait_until(lambda: "disk-full" in problems(daemon), "the full disk to be seen", 20)
    problem = problems(daemon)["disk-full"]
    assert "the disk is full" in problem["text"] and "journal.db" in problem["text"]
    answer = daemon.post("/events", thing(3))
    assert answer.status == 503 and "retry-after" in answer.headers
    assert daemon.get("/readyz").status == 503
    # The first was delivered, which can't be written: the second has to wait for it.
    assert [body["id"] for body in receiver.bodies("/x")] == [1]

    filler.unlink()
    daemon.wait_delivered("a", 2, deadline=20)
    assert_all_delivered_once(receiver, [1, 2])
    assert daemon.log().count("journal: cannot commit") == 1
    assert "journal: commits work again" in daemon.log()
    daemon.emit("thing.changed", {"id": 4})
    daemon.wait_delivered("a", 3)
    assert not problems(daemon)
    assert_sound(daemon)


def test_a_crash_on_a_full_disk_is_survived(make, receiver, disk):
    receiver.default = Reply(503)
    daemon = make("limits.diskFree=0")
    sender = Sender(daemon)
    for i in range(5):
        assert sender.send(i * AT_ONCE)
    filler = fill(disk)
    daemon.kill()
    receiver.default = Reply(200)
    daemon.start()
    wait_until(lambda: receiver.accepted("/x"), "deliveries to go on")
    wait_until(lambda: "disk-full" in problems(daemon), "the full disk to be seen", 20)
    filler.unlink()
    wait_all_delivered(daemon, receiver, sender.accepted)
    assert_sound(daemon)


def test_a_start_on_a_full_disk_says_so_and_harms_nothing(make, receiver, disk):
    daemon = make("limits.diskFree=0")
    daemon.emit("thing.changed", {"id": 1})
    daemon.wait_delivered("a", 1)
    assert daemon.stop() == 0
    filler = fill(disk)
    daemon.launch()
    assert daemon.wait() == 1
    assert str(daemon.project.journal) in daemon.log()
    filler.unlink()
    daemon.start()
    assert daemon.connector_sums("a")["delivered"] == 1
    assert_sound(daemon)
