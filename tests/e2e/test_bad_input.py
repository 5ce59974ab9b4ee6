# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""What is wrong is refused with a message that says what to do, and harms nothing."""

import gzip
import hashlib
import json
import socket
import re
import sqlite3

import pytest

from support import Project, free_port, liaison, relay, request, wait_until

SCRIPT = relay("thing.changed", "receiver")

EXIT_REFUSED = 78


def connector(url, options=""):
    return f"""
        return {{
          send = function(data) return http.post("{url}", {{ json = data }}) end,
          {options}
        }}
    """


@pytest.fixture
def good(project, receiver):
    """A project that runs."""
    project.script(SCRIPT)
    project.connector("receiver", connector(receiver.url))
    return project


def run(project, *arguments, port=None):
    """A run that is expected to end by itself."""
    path = getattr(project, "path", project)
    return liaison("run", path, "--listen", f"127.0.0.1:{port or free_port()}", *arguments,
                   timeout=10)


def digests(folder):
    """What each file holds, but for the one that only maps SQLite's memory."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in folder.iterdir() if not path.name.endswith("-shm")}


# ---- configuration and scripts ----

PROJECT_FAULTS = {
    "a script that is no Lua": (
        "scripts/sync.lua", "local sync = SyncManager.new {}\nsync:on(}\n",
        ["scripts/sync.lua:2:"]),
    "a script that fails": (
        "scripts/sync.lua", "local a\n\nprint(a.b)\n", ["scripts/sync.lua:3:"]),
    "a missing connector": (
        "scripts/sync.lua", SCRIPT.replace('"receiver"', '"reciever"'),
        ["scripts/sync.lua:3:", '"reciever"', 'did you mean "receiver"?']),
    "a bus of a kind that is not there": (
        "scripts/sync.lua", '-- a bus\nlocal s = SyncManager.new { eventBusUrl = "nats://h" }\ns:start()\n',
        ["scripts/sync.lua:2:", '"nats"', "http"]),
    "a connector that is no Lua": (
        "connectors/receiver.lua", "return {\n  send = function(data) retrun data end,\n}\n",
        ["connectors/receiver.lua:2:"]),
    "an unknown option of a connector": (
        "connectors/receiver.lua", connector("http://127.0.0.1:1", 'timeuot = "1s",'),
        ["connectors/receiver.lua:3:", "`timeuot`", "`timeout`"]),
    "an option of a connector that can't be": (
        "connectors/receiver.lua", connector("http://127.0.0.1:1", "concurrency = 0,"),
        ["connectors/receiver.lua:3:", "`concurrency`", "whole number"]),
    "an unknown option of a retry": (
        "connectors/receiver.lua", connector("http://127.0.0.1:1", "retry = { atempts = 3 },"),
        ["connectors/receiver.lua:3:", "`atempts`", "`attempts`"]),
    "an option of a retry by another name": (
        "connectors/receiver.lua", connector("http://127.0.0.1:1", "retry = { maxAttempts = 3 },"),
        ["connectors/receiver.lua:3:", "`maxAttempts`", "`attempts`"]),
    "what a connector's call says": (
        "connectors/receiver.lua", connector("http://127.0.0.1:1", 'url = "http://h",'),
        ["connectors/receiver.lua:3:", "`url`", "http.post(url"]),
    "a setting that is missing": (
        "connectors/receiver.lua", 'local url = setting "calendarUrl"\nreturn function() end\n',
        ["connectors/receiver.lua:1:", "calendarUrl"]),
    "a secret that is missing": (
        "connectors/receiver.lua", 'local token = secret "CALENDAR_TOKEN"\nreturn function() end\n',
        ["connectors/receiver.lua:1:", "CALENDAR_TOKEN"]),
    "an unknown key of liaison.lua": (
        "liaison.lua", 'return {\n  jornal = "here.db",\n}\n',
        ["liaison.lua:2:", "`jornal`", "`journal`"]),
    "an unknown key within a group of liaison.lua": (
        "liaison.lua", 'return {\n  limits = {\n    handlerTme = "1s",\n  },\n}\n',
        ["liaison.lua:3:", "`limits.handlerTme`", "`limits.handlerTime`"]),
    "a value of liaison.lua that can't be": (
        "liaison.lua", 'return {\n  limits = { drain = "soon" },\n}\n',
        ["liaison.lua:2:", "limits.drain", "soon"]),
    "a port in the place of an address": (
        "liaison.lua", "return {\n  listen = 9000,\n}\n", ["liaison.lua:2:", '"127.0.0.1:9000"']),
    "a key of liaison.lua that has another name here": (
        "liaison.lua", "return {\n  port = 9000,\n}\n", ["liaison.lua:2:", "`port`", "listen ="]),
    "an option of a connector in liaison.lua": (
        "liaison.lua", "return {\n  retry = 5,\n}\n", ["liaison.lua:2:", "`retry`", "connectors/NAME.lua"]),
    "a liaison.lua that returns nothing": (
        "liaison.lua", 'listen = "127.0.0.1:9000"\n', ["liaison.lua:1:", "return { listen = … }"]),
    "a liaison.lua that is no Lua": (
        "liaison.lua", "return {\n  listen = \n}\n", ["liaison.lua:3:"]),
    "an address of all the world without a token": (
        "liaison.lua", "return {}\n", ["0.0.0.0:8750", "token"]),
}


@pytest.mark.parametrize("fault", PROJECT_FAULTS)
def test_a_fault_in_the_project_is_refused_with_its_place(good, fault):
    file, text, words = PROJECT_FAULTS[fault]
    good.write(file, text)
    arguments = ["--listen", "0.0.0.0:8750"] if "0.0.0.0:8750" in words else []
    for command, status in (("check", 1), ("run", EXIT_REFUSED)):
        result = liaison(command, good.path, *arguments, timeout=10)
        assert (result.status, result.out) == (status, "")
        for word in words:
            assert word in result.err, result.err
    assert not good.journal.parent.exists()


def test_every_fault_is_told_not_only_the_first(good):
    good.write("scripts/another.lua", "this is no Lua")
    good.connector("receiver", connector("http://127.0.0.1:1", "timeuot = 1,"))
    for command in ("check", "run"):
        result = liaison(command, good.path, timeout=10)
        assert "scripts/another.lua:1:" in result.err
        assert "connectors/receiver.lua:3:" in result.err


def test_check_tells_a_fault_of_liaison_lua_as_json(good):
    good.write("liaison.lua", "return {\n  limits = {\n    memory = true } }")
    fault, = liaison("check", good.path, "--json").json()["problems"]
    assert (fault["file"], fault["line"], fault["level"]) == ("liaison.lua", 3, "error")
    assert fault["text"].startswith("limits.memory must be a size")
    assert fault["detail"].splitlines()[0] == "    3 | memory = true } }"


def test_check_tells_faults_as_json(good):
    good.script(SCRIPT.replace('"receiver"', '"reciever"'))
    result = liaison("check", good.path, "--json")
    assert result.status == 1
    told = result.json()
    assert not told["ok"]
    assert [(p["file"], p["line"], p["level"]) for p in told["problems"]] == [
        ("scripts/sync.lua", 3, "error")]


def test_check_says_that_all_is_well(good):
    result = liaison("check", good.path)
    assert (result.status, result.out, result.err) == (0, "ok: 1 handler, 1 connector\n", "")
    assert not good.journal.parent.exists()


@pytest.mark.parametrize("arguments, words", [
    (["--set", "limits.darin=1s"], ["--set", "`limits.darin`", "`limits.drain`"]),
    (["--set", "limits.drain"], ["--set", "limits.drain"]),
    (["--set", "limits.body=much"], ["limits.body", "much"]),
    (["--set", "retain.dead=0"], ["retain.dead", '"0" is too short', "1s or more"]),
    (["--set", "retain.delivered=long"], ["retain.delivered", '"long" is no duration']),
    (["--set", "limits.journal=1MB"], ["limits.journal", '"1MB" is too small', "4MB or more"]),
    (["--set", "limits.diskFree=much"], ["limits.diskFree", '"much" is no size']),
    (["--set", "reload=never"], ["reload:", '"watch" or "manual", not "never"']),
])
def test_a_fault_in_a_flag_is_refused(good, arguments, words):
    result = run(good, *arguments)
    assert result.status == EXIT_REFUSED
    for word in words:
        assert word in result.err


def test_a_fault_in_a_variable_is_refused(good):
    result = liaison("run", good.path, env={"LIAISON_LIMITS_DRAIN": "soon"}, timeout=10)
    assert result.status == EXIT_REFUSED
    assert "LIAISON_LIMITS_DRAIN" in result.err


@pytest.mark.parametrize("command, status", [("run", EXIT_REFUSED), ("check", 1)])
def test_a_folder_that_is_no_project_is_refused(tmp_path, command, status):
    (tmp_path / "empty").mkdir()
    result = liaison(command, tmp_path / "empty", timeout=10)
    assert result.status == status
    assert "is no project" in result.err
    assert "liaison new" in result.err
    assert list((tmp_path / "empty").iterdir()) == []
    result = liaison(command, tmp_path / "missing", timeout=10)
    assert result.status == status
    assert "missing" in result.err


def test_a_refused_start_leaves_the_running_daemon_and_its_journal_alone(good, make_daemon,
                                                                         receiver):
    daemon = make_daemon().start()
    daemon.emit("thing.changed", {"id": 1})
    wait_until(lambda: daemon.channel_sums().get("closed") == 1, "the event's end to be on disk")
    before = digests(good.journal.parent)
    good.script("this is no Lua")
    assert run(good).status == EXIT_REFUSED
    assert digests(good.journal.parent) == before
    daemon.emit("thing.changed", {"id": 2})
    daemon.wait_delivered("receiver", 2)
    assert receiver.bodies() == [{"id": 1}, {"id": 2}]


def test_what_is_wrong_in_a_connector_comes_in_one_order(good):
    good.connector("receiver", """return { zeta = 1, alpha = 2, mu = 3, beta = 4, omega = 5, kappa = 6,
        statuses = { zeta = "retry", alpha = "retry", mu = "retry", beta = "retry", [404] = "retry" },
        send = function() end }""")
    result = liaison("check", good.path)
    assert re.findall(r"no option `(\w+)`", result.err) == ["alpha", "beta", "kappa", "mu", "omega", "zeta"]
    assert re.findall(r"there is (\w+)$", result.err, re.M) == ["alpha", "beta", "mu", "zeta"]


# ---- the port and the journal ----


def test_a_second_run_of_a_project_names_the_first(good, make_daemon):
    daemon = make_daemon().start()
    result = run(good, port=daemon.port)
    assert (result.status, result.out) == (1, "")
    assert f"a Liaison (pid {daemon.process.pid}, listening on 127.0.0.1:{daemon.port}) runs here already" in result.err
    assert "another program" not in result.err and "`liaison status`" in result.err
    daemon.kill()
    with socket.socket() as other:  # the lock of one that was killed is nobody's
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", daemon.port))
        other.listen()
        result = run(good, port=daemon.port)
    assert result.status == 1 and "is in use by another program" in result.err


def test_a_port_in_use_is_refused_before_the_journal_is_opened(good, make_daemon, tmp_path):
    daemon = make_daemon().start()
    other = Project(tmp_path / "other")
    other.script(SCRIPT)
    other.connector("receiver", connector("http://127.0.0.1:1"))
    result = run(other, port=daemon.port)
    assert result.status == 1
    assert f"127.0.0.1:{daemon.port}" in result.err
    assert "in use" in result.err
    assert not other.journal.exists()
    daemon.emit("thing.changed", {"id": 1})
    daemon.wait_delivered("receiver", 1)


def test_a_second_daemon_on_the_same_journal_names_the_first(good, make_daemon):
    daemon = make_daemon().start()
    daemon.emit("thing.changed", {"id": 1})
    wait_until(lambda: daemon.channel_sums().get("closed") == 1
               and daemon.status()["journal"]["queued"] == 0, "all to be written")
    before = digests(good.journal.parent)
    result = run(good)
    assert result.status == 1
    assert f"pid {daemon.process.pid}" in result.err
    assert str(good.journal) in result.err
    assert digests(good.journal.parent) == before
    daemon.emit("thing.changed", {"id": 2})
    daemon.wait_delivered("receiver", 2)
    daemon.kill()
    daemon.start()  # the lock ended with its holder


def make_newer(path):
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 1000")
        db.execute("UPDATE schema SET version = 1000")
    db.close()


def make_foreign(path):
    path.unlink()
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE invoices (id INTEGER PRIMARY KEY)")
    db.close()


@pytest.mark.parametrize("spoil, words", [
    (make_newer, ["newer", "1000"]),
    (make_foreign, ["no journal of Liaison"]),
])
def test_a_file_that_is_no_journal_of_ours_is_refused_and_left_as_it_is(good, make_daemon, spoil,
                                                                        words):
    daemon = make_daemon().start()
    daemon.emit("thing.changed", {"id": 1})
    daemon.wait_delivered("receiver", 1)
    assert daemon.stop() == 0
    spoil(good.journal)
    before = good.journal.read_bytes()
    for result in (run(good), liaison("fsck", good.journal)):
        assert result.status == 1
        assert str(good.journal) in result.err
        for word in words:
            assert word in result.err
    assert good.journal.read_bytes() == before


def test_a_folder_in_the_place_of_the_journal_is_refused(good):
    good.journal.mkdir(parents=True)
    result = run(good)
    assert result.status == 1
    assert str(good.journal) in result.err
    assert list(good.journal.iterdir()) == []


def test_fsck_of_a_missing_journal_makes_none(tmp_path):
    result = liaison("fsck", tmp_path / "none.db")
    assert result.status == 1
    assert "none.db" in result.err
    assert list(tmp_path.iterdir()) == []


# ---- POST /events ----

CLOUD_EVENT = {"specversion": "1.0", "id": "a-1", "source": "/calendar", "type": "thing.changed",
               "data": {"id": 1}}
PLAIN = {"type": "thing.changed", "data": {"id": 1}}


@pytest.fixture
def daemon(good, make_daemon):
    return make_daemon("--set", "limits.body=64KB").start()


def is_untouched(daemon):
    return daemon.channel_sums().get("received", 0) == 0


def assert_problem(answer, status, *words):
    assert answer.status == status, answer.body
    assert answer.headers["content-type"].startswith("application/problem+json")
    problem = answer.json()
    assert problem["status"] == status
    assert problem["title"]
    for word in words:
        assert word in problem["detail"], problem


@pytest.mark.parametrize("body, words", [
    ("", ["JSON"]),
    ("{\"type\": ", ["JSON"]),
    ("thing", ["JSON"]),
    (b"{\"type\": \"a\xff\", \"data\": 1}", ["JSON"]),
    ("7", ["object"]),
    ('{"data": {"id": 1}}', ["type"]),
    ('{"type": "", "data": 1}', ["type"]),
    ('{"type": 7, "data": 1}', ["type"]),
    ('{"type": "thing.changed"}', ["data"]),
    ('{"specversion": "1.0", "type": "thing.changed", "data": 1}', ["id"]),
    ('{"specversion": "1.0", "type": "thing.changed", "id": "1"}', ["source"]),
    ('{"specversion": "9.9", "type": "t", "id": "1", "source": "s"}', ["specversion"]),
])
def test_what_is_no_event_is_refused(daemon, body, words):
    assert_problem(daemon.post("/events", body), 400, *words)
    assert is_untouched(daemon)


@pytest.mark.parametrize("bad, words", [
    ({"data": 1}, ["events[2]", "type"]),
    (7, ["events[2]", "object"]),
    ({**CLOUD_EVENT, "source": ""}, ["events[2]", "source"]),
])
def test_of_an_array_with_one_bad_element_nothing_is_kept(daemon, receiver, bad, words):
    assert_problem(daemon.post("/events", [PLAIN, PLAIN, bad, PLAIN]), 400, *words)
    assert is_untouched(daemon)
    daemon.emit("thing.changed", {"id": 9})
    assert json.loads(receiver.wait_for(1)[0].body) == {"id": 9}


def test_an_array_that_breaks_off_is_refused(daemon):
    assert_problem(daemon.post("/events", json.dumps([PLAIN, PLAIN])[:-1]), 400, "JSON")
    assert is_untouched(daemon)


def test_an_empty_array_is_taken(daemon):
    answer = daemon.post("/events", [])
    assert (answer.status, answer.json()) == (202, {"accepted": 0, "duplicates": 0})


@pytest.mark.parametrize("size", [64 * 1024, 5 * 1024 * 1024])
def test_a_body_over_the_limit_is_refused(daemon, size):
    with_data = {"type": "thing.changed", "data": "x" * size}
    try:
        answer = daemon.post("/events", with_data)
    except (BrokenPipeError, ConnectionResetError):
        assert size > 1024 * 1024  # the daemon may hang up on what never ends
    else:
        assert_problem(answer, 413)
    assert is_untouched(daemon)
    daemon.emit("thing.changed", "x" * 60000)


@pytest.mark.parametrize("headers", [{"Content-Type": "application/json"},
                                     {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "s", "ce-type": "thing.changed"}],
                         ids=["json", "binary"])
def test_what_is_compressed_is_refused(daemon, headers):
    answer = daemon.post("/events", gzip.compress(b"{}"), headers={**headers, "Content-Encoding": "gzip"})
    assert_problem(answer, 415, "without Content-Encoding")
    assert answer.headers["accept-encoding"] == "identity"
    assert is_untouched(daemon)


@pytest.mark.parametrize("type", ["text/plain", "application/x-www-form-urlencoded",
                                  "multipart/form-data; boundary=x", "application/xml", ""])
def test_another_media_type_is_refused(daemon, type):
    answer = daemon.post("/events", PLAIN, headers={"Content-Type": type})
    assert_problem(answer, 415, "application/json")
    assert is_untouched(daemon)


@pytest.mark.parametrize("headers", [
    {"Origin": "https://evil.example"},
    {"Origin": "http://localhost.evil.example"},
    {"Origin": "null"},
    {"Host": "evil.example"},
    {"Host": "evil.example:8750"},
    {"Host": "127.0.0.1.evil.example"},
])
def test_a_foreign_page_is_refused(daemon, headers):
    assert_problem(daemon.post("/events", PLAIN, headers=headers), 403)
    assert daemon.get("/api/status", headers=headers).status == 403
    assert is_untouched(daemon)


def test_a_page_of_this_host_is_let_in(daemon):
    for host in ("localhost", "127.0.0.1"):
        origin = {"Origin": f"http://{host}:{daemon.port}", "Host": f"{host}:{daemon.port}"}
        assert daemon.post("/events", PLAIN, headers=origin).status == 202


@pytest.mark.parametrize("method, path, status", [
    ("GET", "/no/such/path", 404),
    ("DELETE", "/events", 405),
    ("POST", "/api/status", 405),
    ("GET", "/api/dead-letters/1-0123456789abcdef01234567", 404),
    ("GET", "/api/dead-letters/nonsense", 404),
    ("POST", "/api/dead-letters/nonsense/retry", 404),
    ("DELETE", "/api/dead-letters/nonsense", 404),
    ("GET", "/api/dead-letters?since=yesterday", 400),
    ("GET", "/api/dead-letters?limit=many", 400),
    ("GET", "/api/dead-letters?cause=exausted", 400),
    ("POST", "/api/dead-letters/retry", 400),
])
def test_other_requests_that_can_t_be_answered_say_why(daemon, method, path, status):
    body = '{"conector": "x"}' if method == "POST" else None
    assert_problem(request(method, daemon.url + path, body), status)


@pytest.mark.parametrize("type, body, accepted", [
    ("application/cloudevents+json", CLOUD_EVENT, 1),
    ("application/cloudevents+json; charset=UTF-8", CLOUD_EVENT, 1),
    ("application/json", CLOUD_EVENT, 1),
    ("application/cloudevents-batch+json", [CLOUD_EVENT, {**CLOUD_EVENT, "id": "a-2"}], 2),
    ("application/json", [CLOUD_EVENT, PLAIN], 2),
])
def test_cloudevents_are_taken(daemon, receiver, type, body, accepted):
    answer = daemon.post("/events", body, headers={"Content-Type": type})
    assert (answer.status, answer.json()) == (202, {"accepted": accepted, "duplicates": 0})
    receiver.wait_for(accepted)
    assert receiver.bodies() == [{"id": 1}] * accepted


def test_a_handler_sees_the_attributes_of_a_cloudevent(good, make_daemon, receiver):
    good.script("""
        local sync = SyncManager.new {}
        sync:on("thing.changed", function(event)
          sync:send { connector = "receiver", data = {
            id = event.id, source = event.source, subject = event.subject, time = event.time,
            key = event.key, tenant = event.tenant, data = event.data,
          } }
        end)
        sync:start()
    """)
    make_daemon().start().post("/events", {
        **CLOUD_EVENT, "subject": "room 7", "time": "2026-12-01T09:00:00Z", "tenant": "north",
        "partitionkey": "k"})
    assert json.loads(receiver.wait_for(1)[0].body) == {
        "id": "a-1", "source": "/calendar", "subject": "room 7", "time": "2026-12-01T09:00:00Z",
        "key": "k", "tenant": "north", "data": {"id": 1}}


def test_duplicates_by_source_and_id_are_counted_and_dropped(daemon, receiver):
    def post(body):
        return daemon.post("/events", body).json()

    assert post(CLOUD_EVENT) == {"accepted": 1, "duplicates": 0}
    assert post(CLOUD_EVENT) == {"accepted": 0, "duplicates": 1}
    assert post({**CLOUD_EVENT, "data": {"id": 2}}) == {"accepted": 0, "duplicates": 1}
    assert post({**CLOUD_EVENT, "source": "/other"}) == {"accepted": 1, "duplicates": 0}
    assert post([{**PLAIN, "id": "p"}, {**PLAIN, "id": "p"}]) == {"accepted": 1, "duplicates": 1}
    assert post([PLAIN, PLAIN]) == {"accepted": 2, "duplicates": 0}
    daemon.wait_delivered("receiver", 5)
    sums = daemon.channel_sums()
    assert (sums["received"], sums["duplicate"]) == (8, 3)
    assert len(receiver.requests) == 5

    daemon.restart()
    assert post(CLOUD_EVENT) == {"accepted": 0, "duplicates": 1}


def test_types_that_no_handler_takes_are_named_with_the_nearest(daemon):
    daemon.emit("thing.chnaged", {"id": 1})
    daemon.emit("thing.chnaged", {"id": 2})
    daemon.emit("weather", {})
    wait_until(lambda: daemon.channel_sums().get("unmatched") == 3, "three unmatched")
    unmatched = {u["type"]: (u["count"], u["nearest"]) for u in daemon.status()["unmatched"]}
    assert unmatched == {"thing.chnaged": (2, "thing.changed"), "weather": (1, None)}
    assert "thing.chnaged" in daemon.command("status").out
