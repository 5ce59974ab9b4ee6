# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""What becomes of handlers' runs and of their dead letters when things change under them: people who
act at the same time, crashes, scripts that no longer have the handler, functions that never end."""

import resource
from concurrent.futures import ThreadPoolExecutor

import pytest

from support import assert_sums_hold, liaison, request, wait_until

CONNECTOR = """
return { send = function(data) return http.post(setting "url", { json = data }) end }
"""

FAILING = """
local sync = SyncManager.new {}
sync:on("thing.changed", { name = "first" }, function(event) error("broken") end)
sync:on("thing.changed", { name = "second" }, function(event) error("broken too") end)
sync:start()
"""

MENDED = """
local sync = SyncManager.new {}
sync:on("thing.changed", { name = "first" }, function(event)
  sync:send { connector = "a", data = event.data }
end)
sync:on("thing.changed", { name = "second" }, function(event) end)
sync:start()
"""

WAITING = """
local sync = SyncManager.new {}
sync:on("thing.changed", { name = "%s" }, function(event)
  retry("not yet", { after = "1h" })
end)
sync:on("other.changed", { name = "other" }, function(event) end)
sync:start()
"""


@pytest.fixture
def start(project, make_daemon, receiver):
    def start(script):
        project.script(script)
        project.connector("a", CONNECTOR)
        return make_daemon(settings={"url": receiver.url}).start()
    return start


def assert_sound(daemon):
    assert_sums_hold(daemon.status())
    result = liaison("fsck", daemon.project.journal)
    assert result.status == 0, result


def test_letters_of_one_event_dropped_at_once_end_it(start):
    daemon = start(FAILING)
    for id in range(10):
        daemon.emit("thing.changed", {"id": id})
    wait_until(lambda: len(daemon.dead_letters()) == 20, "the dead letters")
    ids = [letter["id"] for letter in daemon.dead_letters()]
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(
            lambda id: request("DELETE", f"{daemon.url}/api/dead-letters/{id}").status, ids))
    assert set(replies) == {200}
    wait_until(lambda: daemon.channel_sums()["dropped"] == 10, "the events to be dropped")
    assert daemon.channel_sums()["dead"] == 0
    assert_sound(daemon)


def test_a_retried_run_is_on_disk_when_that_is_said(project, start, receiver):
    daemon = start(FAILING)
    for id in range(8):
        daemon.emit("thing.changed", {"id": id})
    wait_until(lambda: len(daemon.dead_letters()) == 16, "the dead letters")
    ids = [d["id"] for d in daemon.dead_letters() if d["handler"] == "first"]
    daemon.stop()
    project.script(MENDED)
    daemon.start()
    for id in ids:
        assert daemon.post(f"/api/dead-letters/{id}/retry", {}).status == 200
        daemon.kill()
        daemon.start()
    daemon.wait_delivered("a", 8)
    sent = set(zip((body["id"] for body in receiver.bodies()), receiver.keys()))
    assert sorted(id for id, _ in sent) == list(range(8))  # what a kill cut off has its id again
    wait_until(lambda: daemon.channel_sums()["open"] == 0, "the events to end")
    assert_sound(daemon)


def test_what_waits_for_a_handler_that_is_gone_waits_on(project, start):
    daemon = start(WAITING % "one")
    daemon.emit("thing.changed", {"id": 1})
    wait_until(lambda: "to be tried again" in daemon.log(), "the run to be put off")
    daemon.stop()
    project.script(WAITING % "renamed")
    daemon.start()
    wait_until(lambda: [p for p in daemon.status()["problems"] if p["about"] == "one"], "a problem")
    assert daemon.channel_sums()["open"] == 1
    daemon.stop()
    project.script((WAITING % "one").replace('retry("not yet", { after = "1h" })', ""))
    daemon.start()
    assert daemon.channel_sums()["open"] == 1
    assert_sound(daemon)


def test_what_waits_for_a_handler_that_turned_to_other_events_is_skipped(project, start):
    daemon = start(WAITING % "one")
    daemon.emit("thing.changed", {"id": 1})
    wait_until(lambda: "to be tried again" in daemon.log(), "the run to be put off")
    daemon.stop()
    project.script((WAITING % "one").replace("thing.changed", "thing.removed"))
    daemon.start()
    wait_until(lambda: daemon.channel_sums()["open"] == 0, "the event to end")
    assert_sound(daemon)


def test_a_filter_that_never_ends_is_set_aside_and_holds_nothing_up(start, receiver):
    daemon = start("""
local sync = SyncManager.new {}
sync:on("thing.changed", { name = "endless", filter = function(event) while true do end end },
        function(event) end)
sync:on("thing.changed", { name = "well" }, function(event)
  sync:send { connector = "a", data = event.data }
end)
sync:start()
""")
    events = [{"type": "thing.changed", "data": {"id": id}} for id in range(60)]
    assert daemon.post("/events", events).status == 202
    daemon.wait_delivered("a", 60)
    letters = daemon.dead_letters()
    assert {letter["cause"] for letter in letters} == {"limit"}
    assert len(letters) < 20
    assert [p["about"] for p in daemon.status()["problems"]] == ["endless"]
    assert_sound(daemon)


def test_bulk_retry_takes_no_word_for_another(start):
    daemon = start(FAILING)
    daemon.emit("thing.changed", {"id": 1})
    wait_until(lambda: len(daemon.dead_letters()) == 2, "the dead letters")
    for filter in ({"dryRun": "true"}, {"limit": "1"}, {"conector": "a"}, {"cause": 1}):
        assert daemon.post("/api/dead-letters/retry", filter).status == 400, filter
    reply = daemon.post("/api/dead-letters/retry", {"dryRun": True})
    assert reply.json() == {"matching": 2, "retried": 0, "refused": 0}


def test_a_bus_goes_on_after_the_disk_does(project, make_daemon, make_bus, receiver):
    """The journal's file may not grow for a while: its limit is the daemon's own."""

    def changed(id, **more):
        return {"type": "thing.changed", "data": {"id": id, **more}}

    bus = make_bus()
    project.script(MENDED.replace("SyncManager.new {}",
                                  'SyncManager.new { eventBusUrl = setting "bus" }'))
    project.connector("a", CONNECTOR)
    daemon = make_daemon(settings={"url": receiver.url, "bus": bus.events_url}).start()
    pid = daemon.process.pid
    bus.publish(changed(1))
    daemon.wait_delivered("a", 1)
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (4096, before[1]))
    bus.publish(changed(2, fill="x" * 9000))
    wait_until(lambda: daemon.status()["problems"], "the journal's problem")
    bus.publish(changed(3, fill="x" * 9000))
    resource.prlimit(pid, resource.RLIMIT_FSIZE, before)
    daemon.wait_delivered("a", 3)
    bus.publish(changed(4))
    daemon.wait_delivered("a", 4)
    assert_sound(daemon)
