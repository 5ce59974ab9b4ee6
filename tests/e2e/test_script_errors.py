# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""An error of a script reads the same in the log, the dead letter and the API, and so do problems of a
project."""

import json
import re

import pytest

from support import ROOT, liaison, wait_until

SCRIPT = """
local sync = SyncManager.new {}

sync:on("schedule.updated", function(event)
  sync:send { connector = "calendar", data = { room = event.data.room.name } }
end)

sync:on("booking.made", function(event)
  sync:send { connector = "calendar", data = event.data }
end)

sync:start()
"""

CONNECTOR = """
return { transformer = "shape", send = function(data) http.post("http://127.0.0.1:1", data) end }
"""

TRANSFORMER = """
return function(data)
  return { id = data.booking.id, key = "hunter2-hunter2" .. data.id }
end
"""

HANDLER_ERROR = """\
scripts/sync.lua:4: event.data.room.name: data has no room; did you mean rooms?
    4 | sync:send { connector = "calendar", data = { room = event.data.room.name } }
      |                                                     ^^^^^^^^^^^^^^^ attempt to index field 'room' (a nil value)
  in handler sync/schedule.updated#1, event e-17 (schedule.updated)
  scripts/sync.lua:4: in the function of line 3"""

ATTEMPT_ERROR = """\
transformers/shape.lua:2: data.booking.id: data has no booking; it has id, token
    2 | return { id = data.booking.id, key = "***" .. data.id }
      |               ^^^^^^^^^^^^ attempt to index field 'booking' (a nil value)
  in transformer shape of connector calendar, event e-18 (booking.made)
  transformers/shape.lua:2: in the function of line 1"""


@pytest.fixture
def daemon(project, make_daemon):
    project.script(SCRIPT.lstrip())
    project.connector("calendar", 'local token = secret "TOKEN"\n' + CONNECTOR.lstrip())
    project.write("transformers/shape.lua", TRANSFORMER.lstrip())
    return make_daemon(env={"TOKEN": "hunter2-hunter2"})


def fail(daemon):
    daemon.emit("schedule.updated", {"id": 1, "rooms": []}, id="e-17")
    daemon.emit("booking.made", {"id": 1, "token": "x"}, id="e-18")
    wait_until(lambda: len(daemon.dead_letters()) == 2, "both dead letters")
    return {letter["event"]["id"]: letter for letter in daemon.dead_letters()}


def test_log_letter_and_api_say_the_same(daemon):
    letters = fail(daemon.start())
    for event, error in (("e-17", HANDLER_ERROR), ("e-18", ATTEMPT_ERROR)):
        letter = letters[event]
        assert letter["error"] == error
        assert letter["cause"] == "script"
        assert daemon.get(f"/api/dead-letters/{letter['id']}").json()["error"] == error
        first, *others = error.splitlines()
        assert f"error={json.dumps(first)}" in daemon.log()
        assert "\n".join("  " + line for line in others) in daemon.log()

        shown = daemon.command("dead", "show", letter["id"]).out
        assert "\n".join([f"error      {first}"] + ["           " + line for line in others]) in shown
        assert first in daemon.command("dead", "list").out
        story = daemon.command("explain", event).out
        assert "\n".join(" " * 26 + line for line in others) in story
        assert first in story
    assert "hunter2" not in daemon.log()


def test_a_log_of_json_has_the_error_as_one_field(project, daemon):
    project.write("liaison.lua", 'return { log = { format = "json" } }')
    fail(daemon.start())
    records = [json.loads(line) for line in daemon.log().splitlines()]
    assert HANDLER_ERROR in [record.get("error") for record in records]


def test_a_project_that_is_refused_shows_the_line(project, daemon):
    project.script("local x = 1\nif x != 2 then end\n", name="second")
    project.write("lib/deep.lua", "local m = {}\nprint(m.rooms.name)\nreturn m\n")
    project.script('require "deep"', name="third")
    text = """\
scripts/second.lua:2: write ~= for "is not"
    2 | if x != 2 then end
      |      ^^ 'then' expected near '!'
"""
    result = liaison("check", project.path, env={"TOKEN": "x"})
    assert result.status == 1
    assert text in result.err
    assert """\
lib/deep.lua:2: m.rooms.name: m has no rooms; it is empty
    2 | print(m.rooms.name)
      |       ^^^^^^^ attempt to index field 'rooms' (a nil value)
  lib/deep.lua:2: in the file itself
  scripts/third.lua:1: in the file itself
""" in result.err
    daemon.launch()
    assert daemon.wait() == 78
    assert text in daemon.log()

    problems = liaison("check", project.path, "--json", env={"TOKEN": "x"}).json()["problems"]
    [problem] = [p for p in problems if p["file"] == "scripts/second.lua"]
    assert problem["detail"] == "\n".join(text.splitlines()[1:])


def test_the_error_that_the_documentation_shows_is_the_one_that_comes(project, make_daemon):
    text = (ROOT / "docs" / "SCRIPTING.md").read_text()
    section = text.split("## When something is wrong\n")[1].split("\n## ")[0]
    script = re.search(r"```lua\n-- (scripts/lessons.lua)\n.*?```", section, re.DOTALL)
    event = json.loads(re.search(r"the event `({.*})`", section).group(1))
    error = re.search(r"```text\n(.*?)\n```", section, re.DOTALL).group(1)
    project.write("scripts/lessons.lua", script.group(0)[len("```lua\n"):-len("```")])
    project.connector("dataWarehouse", "return function() end")
    daemon = make_daemon().start()
    daemon.emit(event.pop("type"), **event)
    wait_until(daemon.dead_letters, "the dead letter")
    assert daemon.dead_letters()[0]["error"] == error


def test_a_check_opens_neither_channel_nor_journal(project, bus):
    project.script(f"""
        local sync = SyncManager.new {{ eventBusUrl = "{bus.url}" }}
        sync:on("thing", function(event) sync:send {{ connector = "out", data = event.data }} end)
        sync:start()
    """)
    project.connector("out", f'return function(data) http.post("{bus.url}") end')
    result = liaison("check", project.path)
    assert (result.status, result.out) == (0, "ok: 1 handler, 1 connector\n")
    assert bus.asked == []
    assert not (project.path / "var").exists()


def test_findings_fail_the_check_and_not_the_start(project, make_daemon):
    project.script("""
        local sync = SyncManager.new {}
        sync:on("t", function(event)
          sync:send { connector = "out", data = evnt.data, dely = "1s" }
        end)
        sync:start()
    """)
    project.connector("out", "return function() end")
    result = liaison("check", project.path)
    assert result.status == 1
    assert result.err == """\
scripts/sync.lua:3: there is no `evnt`: no file gives it a value before this one reads it; write local evnt = … above, or require the file of lib/ that has it
    3 | sync:send { connector = "out", data = evnt.data, dely = "1s" }
      |                                       ^^^^
scripts/sync.lua:3: sync:send: there is no option `dely`: did you mean `delay`?
    3 | sync:send { connector = "out", data = evnt.data, dely = "1s" }
      |                                                  ^^^^
2 errors
"""
    assert not (project.path / "var").exists()
    daemon = make_daemon().start()
    assert "scripts/sync.lua:3: warning: there is no `evnt`" in daemon.log()
    problems = liaison("check", project.path, "--json").json()
    assert [(p["line"], p["level"]) for p in problems["problems"]] == [(3, "error"), (3, "error")]
    assert not problems["ok"]


def test_a_reload_that_is_refused_shows_the_line(project, make_daemon):
    project.script('SyncManager.new {}:start()')
    daemon = make_daemon().start()
    project.script("local x = 1\nx += 1\nSyncManager.new {}:start()")
    result = daemon.command("reload")
    assert result.status == 1
    assert "scripts/sync.lua:2: write x = x + …\n    2 | x += 1\n      | ^^^^ '=' expected near '+'" in result.err
    [finding] = daemon.get("/api/scripts").json()["reload"]["findings"]
    assert finding["detail"].startswith("    2 | x += 1\n")
