# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""What an editor is told: the annotations of Liaison's functions and of recorded events."""

import json
import re
import shutil
import subprocess

import pytest

from support import ROOT, liaison
from support.annotations import Annotations

SERVER = "lua-language-server"

SCRIPT = """
    local sync = SyncManager.new {}
    sync:on("schedule.updated", function() end)
    sync:start()
"""


@pytest.fixture
def daemon(project, make_daemon):
    project.script(SCRIPT)
    return make_daemon().start()


def types_of(daemon, *options):
    result = daemon.command("types", *options)
    assert result.status == 0, result.err
    return Annotations(result.out)


def api():
    return liaison("types", "--api").out


# ---- Liaison's own functions ----


def listed_globals(std):
    """By .luacheckrc, which unit tests compare with what there is: name -> members."""
    text = (ROOT / ".luacheckrc").read_text().split(f"stds.{std} = {{")[1].split("\n}\n")[0]
    text = text.split("read_globals = {")[1]
    text = re.sub(r"--.*", "", text)
    tables = {name: set(re.findall(r'"(\w+)"', fields))
              for name, fields in re.findall(r"(\w+) = \{\s*fields = \{([^}]*)\}", text)}
    plain = re.sub(r"\w+ = \{\s*fields = \{[^}]*\},?\s*\}", "", text)
    return tables | {name: set() for name in re.findall(r'"(\w+)"', plain)}


# Those that LuaLS knows by itself.
OF_LUA = {"_G", "_VERSION", "assert", "error", "getmetatable", "ipairs", "next", "pairs", "pcall",
          "print", "rawequal", "rawget", "rawset", "require", "select", "setmetatable", "tonumber",
          "tostring", "type", "unpack", "xpcall", "bit", "math", "string", "table"}


def test_the_annotations_name_each_function_that_scripts_have():
    annotations = Annotations(api())
    sandbox = listed_globals("liaison")
    for name, members in listed_globals("specs").items():
        sandbox[name] = sandbox.get(name, set()) | members
    sandbox = {name: members for name, members in sandbox.items() if name not in OF_LUA}
    named = {name: members for name, members in annotations.globals.items()}
    named["SyncManager"] -= {"send", "start"}   # of what `new` returns
    assert named == sandbox


def test_the_annotations_use_no_type_that_they_do_not_make():
    assert Annotations(api()).undefined() == set()


def options_in(source, table):
    """The names in a table of options in C."""
    text = (ROOT / "src" / "script" / source).read_text().split(f"{table}[] = {{")[1]
    return set(re.findall(r'\{"(\w+)", OPTION_\w+', text.split("};")[0]))


@pytest.mark.parametrize("name, source, table", [
    ("ManagerOptions", "bind_sync.c", "new_rows"),
    ("HandlerOptions", "bind_sync.c", "on_rows"),
    ("SendOptions", "send.c", "send_rows"),
    ("Connector", "connector.c", "connector_rows"),
    ("RetryPolicy", "connector.c", "retry_rows"),
    ("HttpOptions", "bind_http.c", "http_rows"),
])
def test_options_are_annotated_as_they_are_read(name, source, table):
    annotated = set(Annotations(api()).classes[name].fields)
    assert annotated == options_in(source, table)


# ---- recorded events ----


def test_each_type_is_a_class_with_the_fields_that_were_seen(daemon):
    daemon.emit("schedule.updated", {"id": 7, "room": {"no": 1}, "slots": [{"end": None}]})
    daemon.emit("schedule.updated", {"id": 12345678901234567890, "odd name": True})
    daemon.emit("note", "just text", traceparent="00-1-2-00")
    annotations = types_of(daemon)
    classes = annotations.classes
    assert annotations.undefined() == {"Event", "ExactNumber", "HandlerOptions", "Null"}
    assert classes["event.schedule.updated"].parents == ["Event"]
    assert classes["event.schedule.updated"].fields["type"] == (False, '"schedule.updated"')
    assert classes["event.schedule.updated.data"].fields == {
        "id": (False, "integer|ExactNumber"),
        "room": (True, "event.schedule.updated.data.room"),
        "slots": (True, "event.schedule.updated.data.slots[]"),
        "odd name": (True, "boolean"),
    }
    assert classes["event.schedule.updated.data.slots"].fields == {"end": (False, "Null")}
    assert classes["event.note"].fields["data"] == (False, "string")
    assert classes["event.note"].fields["traceparent"] == (False, "string")


def test_no_value_of_an_event_is_printed(daemon):
    daemon.emit("note", {"name": "Ada Lovelace", "list": ["hush"], "deep": {"er": "quiet"}})
    printed = daemon.command("types").out
    assert "Lovelace" not in printed and "hush" not in printed and "quiet" not in printed


def test_on_is_there_for_each_type_and_each_beginning(daemon):
    for kind in ["schedule.updated", "schedule.deleted", "room.moved.far", "note"]:
        daemon.emit(kind, {})
    on = [text for name, text in types_of(daemon).classes["SyncManager"].overloads if name == "on"]
    patterns = [re.search(r'type: "([^"]*)"', text)[1] for text in on]
    assert patterns[::2] == ["note", "room.moved.far", "room.*", "room.moved.*", "schedule.deleted",
                             "schedule.*", "schedule.updated"]
    assert patterns[1::2] == patterns[::2]
    assert ["options: HandlerOptions" in text for text in on] == [False, True] * 7
    assert "fun(event: event.schedule.deleted|event.schedule.updated)" in on[10]


def test_only_the_newest_events_and_a_chosen_type(daemon):
    daemon.emit("old", {"a": 1})
    for n in range(3):
        daemon.emit("schedule.updated", {"n": n})
    assert set(types_of(daemon, "--last", "3").classes) == {
        "event.schedule.updated", "event.schedule.updated.data", "SyncManager"}
    assert "event.old" in types_of(daemon, "--last", "4").classes
    assert set(types_of(daemon, "--type", "o*").classes) == {
        "event.old", "event.old.data", "SyncManager"}


def test_more_events_than_one_page_of_the_list(daemon):
    daemon.emit("first", {"a": 1})
    events = [{"type": "many", "data": {f"f{n % 3}": n}} for n in range(450)]
    daemon.post("/events", events)
    classes = types_of(daemon).classes
    assert set(classes["event.many.data"].fields) == {"f0", "f1", "f2"}
    assert "event.first" in classes


def test_without_an_event_it_says_so(daemon):
    result = daemon.command("types")
    assert result.status == 0
    assert "no event is on record yet" in result.err
    assert Annotations(result.out).classes == {}


@pytest.mark.parametrize("n", ["0", "x", "-1", "3x", "99999999999999999999"])
def test_a_number_that_is_none_is_refused(n):
    result = liaison("types", "--last", n)
    assert result.status == 2
    assert "--last" in result.err


# ---- with the real server ----


def findings_of(folder):
    """What the server finds in a folder: {(file's name, code)}."""
    log = folder.parent / "luals"
    subprocess.run([SERVER, "--check", folder, "--checklevel=Information", "--logpath", log,
                    "--check_format=json", f"--check_out_path={log / 'out.json'}"],
                   capture_output=True, timeout=120, check=False)
    out = log / "out.json"
    found = json.loads(out.read_text()) if out.exists() else {}
    return {(uri.rsplit("/", 1)[1], finding["code"], finding["range"]["start"]["line"] + 1)
            for uri, findings in (found or {}).items() for finding in findings}


@pytest.mark.skipif(not shutil.which(SERVER), reason=f"there is no {SERVER}; Debian has none")
def test_a_real_language_server_shows_what_is_not_there(daemon, tmp_path):
    folder = tmp_path / "p"
    liaison("new", folder)
    assert findings_of(folder) == set()
    daemon.emit("schedule.updated", {"id": 7, "slots": [{"start": "9"}]})
    daemon.emit("schedule.updated", {"id": 8, "slots": []})
    (folder / "types" / "events.lua").write_text(
        daemon.command("types").out)
    (folder / "scripts" / "more.lua").write_text(
        'local sync = SyncManager.new {}\n'
        'sync:on("schedule.updated", function(event)\n'
        '  local first = event.data.slots[1]\n'
        '  sync:send { connector = "calendarApi", data = { a = event.data.idd, b = first.strat } }\n'
        '  log.info(event.data.id .. first.start)\n'
        '  http.gett("x")\n'
        'end)\n'
        'sync:start()\n'
        'io.open("x")\n')
    assert findings_of(folder) == {
        ("more.lua", "undefined-field", 4), ("more.lua", "undefined-field", 6),
        ("more.lua", "undefined-global", 9)}
