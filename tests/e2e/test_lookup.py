# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""Look-up tables in a daemon: read with the scripts, and reloaded with them or not at all."""

import json

SCRIPT = """
    local sync = SyncManager.new {}
    sync:on("thing", function(event)
      local room = lookup("rooms", "code")[event.data.room]
      sync:send { connector = "out", data = { name = room and room.name or "unknown" } }
    end)
    sync:start()
"""

CONNECTOR = """
    return function(data) return http.post(setting "url", { json = data }) end
"""


def test_a_table_is_reloaded_with_the_scripts(project, make_daemon, receiver):
    project.script(SCRIPT)
    project.connector("out", CONNECTOR)
    project.write("data/rooms.csv", "code,name\nA1,Hall\n")
    daemon = make_daemon("--set", "reload=manual", settings={"url": receiver.url}).start()
    daemon.emit("thing", {"room": "A1"})
    daemon.emit("thing", {"room": "B2"})
    receiver.wait_for(2)
    assert sorted(body["name"] for body in receiver.bodies()) == ["Hall", "unknown"]

    project.write("data/rooms.csv", "code,name\nA1,Great Hall\nB2\n")
    answer = daemon.post("/api/reload")
    assert answer.status == 422
    assert "the line has fewer fields" in json.dumps(answer.json())
    daemon.emit("thing", {"room": "A1"})
    receiver.wait_for(3)
    assert receiver.bodies()[-1] == {"name": "Hall"}

    project.write("data/rooms.csv", "code,name\nA1,Great Hall\nB2,Library\n")
    assert daemon.post("/api/reload").status == 200
    daemon.emit("thing", {"room": "B2"})
    receiver.wait_for(4)
    assert receiver.bodies()[-1] == {"name": "Library"}
