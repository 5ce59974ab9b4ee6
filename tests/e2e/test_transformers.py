# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""The transformers that ship with Liaison, by name from a project that has none."""

SCRIPT = """
local sync = SyncManager.new {}
sync:on("thing.changed", function(event)
  sync:send { connector = "a", data = event.data }
end)
sync:start()
"""

CONNECTOR = """
return {
  transformer = "omitNulls",
  send = function(data) return http.post("%s/x", { json = data }) end,
}
"""


def test_omit_nulls_leaves_out_nulls_of_objects_and_keeps_all_else(project, make_daemon, receiver):
    project.script(SCRIPT)
    project.connector("a", CONNECTOR % receiver.url)
    daemon = make_daemon()
    daemon.start()
    daemon.emit("thing.changed", {
        "a": None, "b": {"c": None, "d": 1.5}, "list": [1, None, {"e": None}], "none": [], "nil": {}})
    daemon.wait_delivered("a", 1)
    assert receiver.bodies() == [
        {"b": {"d": 1.5}, "list": [1, None, {}], "none": [], "nil": {}}]
