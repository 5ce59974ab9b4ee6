# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""http.get with `cache`: what is looked up for many events is asked once."""

from support import Reply, wait_until

SCRIPT = """
    local sync = SyncManager.new {}
    sync:on("visit", function(event)
      local room = http.get(setting "url" .. "/rooms", { query = { id = event.data.id % 2 }, cache = "CACHE" })
      sync:send { connector = "out", data = { id = event.data.id, floor = room.json.floor } }
    end)
    sync:start()
"""

CONNECTOR = """
    return function(data) return http.post(setting "url" .. "/out", { json = data }) end
"""


ROOMS = ["/rooms?id=0", "/rooms?id=1"]


def rooms(receiver):
    return [request.path for request in receiver.matching() if request.path in ROOMS]


def start(project, make_daemon, receiver, cache="5m"):
    receiver.rule = lambda request: Reply(body={"floor": 3}) if request.path in ROOMS else None
    project.script(SCRIPT.replace("CACHE", cache))
    project.connector("out", CONNECTOR)
    return make_daemon("--set", "reload=manual", settings={"url": receiver.url}).start()


def emit(daemon, *ids):
    for id in ids:
        daemon.emit("visit", {"id": id})


def test_each_room_is_asked_for_once(project, make_daemon, receiver):
    daemon = start(project, make_daemon, receiver)
    emit(daemon, *range(20))
    receiver.wait_for(20, "/out")
    assert all(body["floor"] == 3 for body in receiver.bodies("/out"))
    assert sorted(rooms(receiver)) == ROOMS

    # A reload isn't a reason to ask again.
    assert daemon.post("/api/reload").status == 200
    emit(daemon, 20, 21)
    receiver.wait_for(22, "/out")
    assert sorted(rooms(receiver)) == ROOMS


def test_it_is_asked_again_when_the_answer_is_too_old(project, make_daemon, receiver):
    daemon = start(project, make_daemon, receiver, cache="1ms")
    emit(daemon, 2)
    receiver.wait_for(1, "/out")

    def asked_again():
        emit(daemon, 2)
        return len(rooms(receiver)) > 1
    wait_until(asked_again, "the room to be asked for again")


def test_a_failure_is_not_kept(project, make_daemon, receiver):
    daemon = start(project, make_daemon, receiver)
    receiver.answer_next(503)
    emit(daemon, 2)
    receiver.wait_for(1, "/out", deadline=30)
    assert [status for request, status in zip(receiver.requests, receiver.statuses)
            if request.path in ROOMS] == [503, 200]


def test_the_quota_of_a_kept_answer_holds_nobody(project, make_daemon, receiver):
    """A RateLimit field speaks of the time when the answer came."""
    limited = Reply(body={"floor": 3}, headers={"RateLimit-Remaining": "0", "RateLimit-Reset": "3600"})
    daemon = start(project, make_daemon, receiver)
    receiver.rule = lambda request: limited if request.path in ROOMS else None
    project.connector("out", """
        return function(data)
          http.get(setting "url" .. "/rooms", { query = { id = data.id % 2 }, cache = "5m" })
          return http.post(setting "url" .. "/out", { json = data })
        end
    """)
    assert daemon.post("/api/reload").status == 200
    emit(daemon, *range(6))
    receiver.wait_for(6, "/out")
    assert sorted(rooms(receiver)) == ROOMS
