# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""What waits is on disk, however much it is: a receiver or a handler that fails for long costs no
memory and holds nothing else up, a start goes on at once, and in the end all has come, in order."""

import json
import os
import re
from collections import defaultdict
from pathlib import Path

import pytest

from support import Disk, Reply, assert_sums_hold, liaison, wait_until

pytestmark = pytest.mark.slow

IS_SLOW = os.environ.get("LIAISON_PRESET") in ("asan", "tsan", "valgrind")
EVENTS = 2500 if IS_SLOW else 8000
KEYS = 300
POSTED_AT_ONCE = 500
RING = 5000  # events that wait for their handlers in memory, at most
TURNS = 50  # of the loop, in which it takes all that it would
IN_MEMORY = 1000  # of one connector or handler, at most
MEMORY_MAX_MIB = 70  # of a build that isn't slowed

SCRIPT = """
local sync = SyncManager.new {}
sync:on("thing.changed", function(event)
  sync:send { connector = "down", data = event.data }
  if event.data.id ~= "bad" then
    sync:send { connector = "up", data = event.data }
  end
end)
sync:start()
"""

CONNECTOR = """
return {
  concurrency = 64,
  retry = { base = "200ms", cap = "2s" },
  send = function(data) return http.post(setting "%sUrl", { json = data }) end,
}
"""

# One handler fails as long as it is told to; the other one doesn't.
FAILING_HANDLER = """
local sync = SyncManager.new {}
sync:on("thing.changed", { name = "failing" }, function(event)
  http.get(setting "askUrl")
  sync:send { connector = "down", data = event.data }
end)
sync:on("thing.changed", { name = "well" }, function(event)
  sync:send { connector = "up", data = event.data }
end)
sync:start()
"""


@pytest.fixture
def up(make_receiver):
    return make_receiver()


@pytest.fixture
def down(make_receiver):
    return make_receiver(503)


@pytest.fixture
def start(project, make_daemon, up, down):
    def start(script, disk=None, **settings):
        project.script(script)
        for name in ("up", "down"):
            project.connector(name, CONNECTOR % name)
        return make_daemon(settings={"upUrl": up.url, "downUrl": down.url, **settings},
                           env=disk.env if disk else None).start()
    return start


# Takes its time over each event; the last one is told to the receiver.
SLOW_HANDLER = """
local sync = SyncManager.new { eventBusUrl = setting "busUrl" }
sync:on("thing.changed", function(event)
  local sum = 0
  for i = 1, 20000 do
    sum = sum + i
  end
  if event.data.is_last then
    sync:send { connector = "up", data = event.data }
  end
end)
sync:start()
"""


def post(daemon, first, last, keys=KEYS):
    """Events of these numbers, in turn for each key."""
    for begin in range(first, last, POSTED_AT_ONCE):
        events = [{"type": "thing.changed", "data": {"id": f"k{n % keys}", "n": n}}
                  for n in range(begin, min(begin + POSTED_AT_ONCE, last))]
        assert daemon.post("/events", events).status == 202


def accepted(receiver):
    return [json.loads(request.body) for request in receiver.accepted()]


def assert_all_in_order(receiver, events, kills=0):
    """Each kill may have one attempt of a key repeated, the one whose end it kept from the journal."""
    numbers = defaultdict(list)
    for body in accepted(receiver):
        numbers[body["id"]].append(body["n"])
    assert {n for lane in numbers.values() for n in lane} == set(range(events))
    for key, lane in numbers.items():
        assert lane == sorted(lane), f"{key} is out of order: {lane}"
        assert len(lane) - len(set(lane)) <= kills, f"{key} was repeated too often: {lane}"


def assert_sound(daemon):
    assert_sums_hold(daemon.status())
    result = liaison("fsck", daemon.project.journal)
    assert result.status == 0, result


def assert_little_memory(daemon):
    status = Path(f"/proc/{daemon.process.pid}/status").read_text()
    peak_mib = int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024
    assert IS_SLOW or peak_mib <= MEMORY_MAX_MIB


def wait_for_all(receiver, events, deadline=120):
    wait_until(lambda: len({body["n"] for body in accepted(receiver)}) >= events,
               f"{events} events", deadline, every=0.2)


def undelivered(daemon):
    """As lanes count it: in memory, on disk and in progress."""
    [down] = [c for c in daemon.status()["connectors"] if c["name"] == "down"]
    return down["waiting"] + down["inFlight"]


def wait_for_waiting(daemon, count):
    wait_until(lambda: daemon.connector_sums("down").get("waiting") == count,
               f"{count} to wait for the receiver that is down", 60)


def test_a_receiver_that_is_down_costs_no_memory_and_loses_nothing(start, up, down):
    daemon = start(SCRIPT)
    post(daemon, 0, EVENTS)
    wait_for_all(up, EVENTS)
    assert not accepted(down)
    wait_for_waiting(daemon, EVENTS)
    assert undelivered(daemon) == EVENTS
    assert_little_memory(daemon)

    daemon.kill()
    daemon.start()
    assert undelivered(daemon) == EVENTS
    post(daemon, EVENTS, EVENTS + 1)
    wait_for_all(up, EVENTS + 1)
    down.default = 200
    wait_for_all(down, EVENTS + 1)
    assert_little_memory(daemon)
    wait_for_waiting(daemon, 0)
    assert_all_in_order(up, EVENTS + 1, kills=1)
    assert_all_in_order(down, EVENTS + 1)
    assert daemon.channel_sums()["open"] == 0
    assert_sound(daemon)


def test_kills_while_it_goes_to_disk_and_comes_back_repeat_one_attempt_a_key(start, up, down):
    daemon = start(SCRIPT)
    step = EVENTS // 8
    for round in range(8):
        post(daemon, round * step, (round + 1) * step)
        if round == 3:
            down.default = 200
        if round == 5:
            down.default = 503
        daemon.kill()
        daemon.start()
    down.default = 200
    wait_for_all(down, 8 * step)
    wait_for_all(up, 8 * step)
    wait_for_waiting(daemon, 0)
    wait_until(lambda: daemon.channel_sums()["open"] == 0, "the events to end")
    assert_all_in_order(down, 8 * step, kills=8)
    assert_all_in_order(up, 8 * step, kills=8)
    assert_sound(daemon)


def test_a_key_that_fails_holds_no_other_up_however_much_waits_for_it(start, up, down):
    down.rule = lambda request: None if b'"bad"' in request.body else Reply(200)
    daemon = start(SCRIPT)
    bad = [{"type": "thing.changed", "data": {"id": "bad", "n": n}} for n in range(2 * IN_MEMORY)]
    for begin in range(0, len(bad), POSTED_AT_ONCE):
        daemon.post("/events", bad[begin:begin + POSTED_AT_ONCE])
    post(daemon, 0, KEYS)
    wait_for_all(down, KEYS)
    wait_for_waiting(daemon, len(bad))
    down.rule = None
    down.default = 200
    wait_for_waiting(daemon, 0)
    numbers = [b["n"] for b in accepted(down) if b["id"] == "bad"]
    assert numbers == list(range(len(bad)))
    assert_sound(daemon)


def test_what_expires_on_disk_dies_in_time_though_its_connector_is_paused(
        start, project, down, up):
    down.default = 401
    daemon = start(SCRIPT.replace("data = event.data }", "data = event.data, expires = \"2s\" }", 1))
    events = 2 * IN_MEMORY
    post(daemon, 0, events)
    wait_until(lambda: daemon.connector_sums("down").get("dead") == events, "all to expire", 60)
    letters = daemon.dead_letters()
    assert {letter["cause"] for letter in letters} == {"expired"}
    wait_for_all(up, events)
    assert daemon.channel_sums()["open"] == 0
    assert "isn't in the state" not in daemon.log()
    down.default = 200
    assert not accepted(down)
    assert_sound(daemon)


def test_a_failing_handler_holds_no_other_up_and_runs_come_back_in_order(
        start, make_receiver, up, down):
    asked = make_receiver(503)
    down.default = 200
    events = 2 * IN_MEMORY
    daemon = start(FAILING_HANDLER, askUrl=asked.url)
    post(daemon, 0, events, keys=IN_MEMORY)
    wait_for_all(up, events)
    wait_until(lambda: daemon.channel_sums()["open"] == events, "the events to stay open")
    assert_little_memory(daemon)
    daemon.kill()
    daemon.start()
    post(daemon, events, events + 1, keys=IN_MEMORY)
    wait_for_all(up, events + 1)
    asked.default = 200
    wait_for_all(down, events + 1)
    wait_until(lambda: daemon.channel_sums()["open"] == 0, "the events to end", 30)
    assert_all_in_order(down, events + 1)
    assert_all_in_order(up, events + 1, kills=1)
    assert_sound(daemon)


def test_events_that_find_no_room_in_memory_are_handled_in_their_turn(
        start, make_receiver, up, down):
    """While handlers hang, more is posted than the ring holds; once with a kill, once without."""
    asked = make_receiver()
    asked.rule = lambda request: Reply(hangs=True)
    down.default = 200
    events = 2 * RING
    daemon = start(FAILING_HANDLER, askUrl=asked.url)
    post(daemon, 0, events)
    assert daemon.channel_sums()["open"] >= RING
    daemon.kill()
    daemon.start()
    post(daemon, events, 2 * events)
    assert_little_memory(daemon)
    asked.rule = None
    asked.reset_connections()
    for receiver in (up, down):
        wait_for_all(receiver, 2 * events)
    wait_until(lambda: daemon.channel_sums()["open"] == 0, "the events to end", 60)
    assert_all_in_order(down, 2 * events, kills=1)
    assert_all_in_order(up, 2 * events, kills=1)
    assert_sound(daemon)


def bytes_read_back(daemon):
    """What the thread that reads the journal has read."""
    for task in Path(f"/proc/{daemon.process.pid}/task").iterdir():
        if (task / "comm").read_text().strip() == "journal-reader":
            return int(re.search(r"rchar: (\d+)", (task / "io").read_text())[1])
    raise AssertionError("there is no such thread")


def publish(bus, events):
    for n in range(events):
        bus.publish({"type": "thing.changed", "data": {"is_last": n == events - 1}})


def test_a_bus_waits_rather_than_that_its_events_are_read_back_from_disk(start, bus, up):
    events = 3 * RING
    publish(bus, events)
    daemon = start(SLOW_HANDLER, busUrl=bus.events_url)
    before = bytes_read_back(daemon)
    up.wait_for(1, deadline=120)
    assert bytes_read_back(daemon) == before
    assert daemon.channel_sums(bus.events_url)["received"] == events


def test_a_bus_waits_also_for_what_a_slow_disk_makes_come_at_once(start, bus, up, tmp_path):
    events = 3 * RING
    disk = Disk(tmp_path)
    daemon = start(SLOW_HANDLER, disk, busUrl=bus.events_url)
    before = bytes_read_back(daemon)
    disk.fail(sync="hang")
    publish(bus, events)
    wait_until(lambda: list(bus.streams.values()) == [events], "the bus to have sent all")
    for _ in range(TURNS):
        daemon.get("/healthz")
    disk.mend()
    up.wait_for(1, deadline=120)
    assert bytes_read_back(daemon) == before
    assert daemon.channel_sums(bus.events_url)["received"] == events


def test_a_dead_letter_is_retried_behind_what_waits_on_disk(start, down):
    down.answer_next(400)
    down.default = 200
    daemon = start(SCRIPT)
    post(daemon, 0, 1)
    letter = wait_until(daemon.dead_letters, "the dead letter")[0]
    down.default = 503
    post(daemon, 1, 2 * IN_MEMORY, keys=20)
    wait_for_waiting(daemon, 2 * IN_MEMORY - 1)
    assert daemon.post(f"/api/dead-letters/{letter['id']}/retry", {"force": True}).status == 200
    assert daemon.connector_sums("down")["waiting"] == 2 * IN_MEMORY
    down.default = 200
    wait_for_all(down, 2 * IN_MEMORY)
    numbers = [body["n"] for body in accepted(down) if body["id"] == "k0"]
    assert numbers == [*range(20, 2 * IN_MEMORY, 20), 0]
    wait_for_waiting(daemon, 0)
    assert_sound(daemon)
