# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""What the scripts would send for one event: `liaison try`."""

import json
import re
import shutil
import subprocess

import pytest

from support import LIAISON, ROOT, free_port, liaison, relay, wait_until
from support.console import console_examples, is_shown

SCRIPT = relay("thing.made", "receiver")

CONNECTOR = """
    return function(data) return http.post(setting("url", "http://receiver/"), { json = data }) end
"""


@pytest.fixture
def things(project):
    project.script(SCRIPT)
    project.connector("receiver", CONNECTOR)
    return project


def try_event(project, event, *arguments, **options):
    """The result of `liaison try`, the event going by standard input."""
    return liaison("try", "-", project.path, *arguments, input=json.dumps(event), **options)


def made(data, **attributes):
    return {"type": "thing.made", "data": data, **attributes}


# ---- what is shown ----


def test_each_request_is_shown_as_it_would_be_sent(things):
    result = try_event(things, made({"n": 1, "list": []}, subject="s"))
    assert (result.status, result.err) == (0, "")
    assert re.sub(r"0-[0-9a-f]{24}", "ID", result.out) == """\
sync/thing.made#1 in scripts/sync.lua, key s
  to receiver, key s
    POST http://receiver/
    Content-Type: application/json
    Idempotency-Key: ID

    {
      "n": 1,
      "list": []
    }

    would be delivered

1 send, 1 request; nothing was sent
"""


def test_a_send_without_a_key_is_said_to_be_unordered(things):
    shown = try_event(things, made(1)).out
    assert "  to receiver, no key: not ordered\n" in shown


KEYED = """
    local sync = SyncManager.new {}
    sync:on("thing.made", { key = function(e) return e.data.customer end }, function(event)
      sync:send { connector = "receiver", data = event.data }
    end)
    sync:start()
"""


@pytest.mark.parametrize("data, key", [
    ({"id": 1, "customer": "a"}, "a"), ({"id": 1, "customer": ""}, ""), ({"id": 1}, None)])
def test_a_send_has_the_key_that_the_daemon_gives_it(things, make_daemon, receiver, data, key):
    """The handler's, where it has a function for that; none where that returns nil."""
    things.script(KEYED)
    handlers = try_event(things, made(data), "--json").json()["handlers"]
    daemon = make_daemon(settings={"url": receiver.url}).start()
    tried = daemon.post("/api/try", {"event": made(data)}).json()
    daemon.emit("thing.made", data)
    daemon.wait_delivered("receiver", 1)
    [delivery] = [d for d in daemon.get("/api/deliveries").json()["items"] if d["connector"] == "receiver"]
    assert delivery.get("key") == key
    for handler in handlers + tried["handlers"]:
        assert (handler.get("key"), handler["sends"][0].get("key")) == (key, key)


def test_lines_that_end_in_crlf_have_no_blanks_behind_them(things):
    things.connector("receiver", """
        return function() return http.post("http://receiver/", { body = "BEGIN\\r\\nEND\\r\\n" }) end
    """)
    shown = try_event(things, made(1)).out
    assert "\n    BEGIN\n    END\n" in shown and not re.search("[ \r]\n", shown)


def test_the_same_event_is_shown_the_same_way(things):
    assert try_event(things, made(1)).out == try_event(things, made(1)).out


def test_json_is_one_document(things):
    shown = try_event(things, made({"n": 1}), "--json").json()
    [handler] = shown["handlers"]
    [send] = handler["sends"]
    [request] = send["requests"]
    assert (handler["handler"], handler["outcome"], send["outcome"]) == \
        ("sync/thing.made#1", "delivered", "delivered")
    assert (request["method"], request["url"], request["json"], request["answer"]) == \
        ("POST", "http://receiver/", {"n": 1}, {"status": 200})
    assert request["headers"] == {"Content-Type": "application/json", "Idempotency-Key": send["id"]}


def test_a_cloudevent_s_attributes_are_there(things):
    things.script("""
        local sync = SyncManager.new {}
        sync:on("*", function(event)
          sync:send { connector = "receiver", data = { event.id, event.source, event.mine, event.key } }
        end)
        sync:start()
    """)
    event = made(1, specversion="1.0", id="e7", source="/s", mine="x", partitionkey="k")
    [send] = try_event(things, event, "--json").json()["handlers"][0]["sends"]
    assert send["data"] == ["e7", "/s", "x", "k"]


def test_data_alone_with_its_type(things):
    path = things.write("data.json", "[1, 2]")
    [send] = liaison("try", "--type", "thing.made", "--json", path,
                     things.path).json()["handlers"][0]["sends"]
    assert send["data"] == [1, 2]


# ---- curl ----


def curl_of(project, event, *arguments):
    result = try_event(project, event, "--curl", *arguments)
    assert result.status == 0, result.err
    return result.out


@pytest.mark.parametrize("options", [
    '{ json = data }',
    '{ body = "it\'s $HOME `x` \\\\ \\"quoted\\"\\n@file" }',
    '{ body = "@file" }',
    '{ body = "a\\0b\\255" }',
    '{ body = "" }',
    '{ json = data, headers = { ["X-Empty"] = "", ["X-Quote"] = "it\'s", ["Content-Type"] = "a/b" } }',
    '{ form = { ["ä b"] = "c&d" }, query = { q = "[x]{y}" } }',
])
def test_curl_sends_the_same_as_the_daemon(things, make_daemon, receiver, options):
    things.connector("receiver", f"""
        return function(data) return http.post(setting "url" .. "/p[1]", {options}) end
    """)
    event = made({"text": "it's ☃", "n": 12345678901234567890}, partitionkey="it's")
    text = curl_of(things, event, "--set", f"settings.url={receiver.url}")
    subprocess.run(["sh", "-e", "-c", text], check=True, capture_output=True, timeout=30)
    daemon = make_daemon(settings={"url": receiver.url}).start()
    daemon.emit("thing.made", event["data"], partitionkey="it's")
    daemon.wait_delivered("receiver", 1)
    by_curl, by_daemon = receiver.requests
    assert (by_curl.method, by_curl.path, by_curl.body) == \
        (by_daemon.method, by_daemon.path, by_daemon.body)

    def headers(request):
        return {name.lower(): value for name, value in request.headers.items()
                if name.lower() not in ("user-agent", "idempotency-key", "host", "accept",
                                        "content-length")}
    assert headers(by_curl) == headers(by_daemon)


# ---- secrets ----


def test_secrets_have_stand_ins_and_are_masked(things):
    things.connector("receiver", """
        local url, token = secret "HOOK_URL", secret "TOKEN"
        return function(data)
          return http.post(url, { json = { t = token }, query = { t = token }, headers = { T = "Bearer " .. token } })
        end
    """)
    things.write("liaison.lua", 'return { token = secret "API", tls = { cert = "none", key = "none" } }')
    for environment in ({}, {"TOKEN": "real-secret", "HOOK_URL": "http://real-secret/", "API": "x" * 20}):
        for flag in ("--json", "--curl"):
            result = try_event(things, made(1), flag, env=environment)
            assert result.status == 0, result.err
            assert "real-secret" not in result.out and "stand-in" not in result.out
            assert "https://***?t=***" in result.out and "Bearer ***" in result.out
            assert '{"t":"***"}' in result.out


# ---- why nothing is sent ----


def test_a_type_without_a_handler_names_the_nearest(things):
    result = try_event(things, {"type": "thing.mad", "data": 1})
    assert (result.status, result.out) == \
        (1, "no handler takes thing.mad: did you mean thing.made?\n")


@pytest.mark.parametrize("handler, status, shown", [
    ('{ filter = function(e) return false end }, function() end', 0, "its filter lets the event pass by"),
    ('function(e) log.info("no room", { n = 1 }) end', 0, 'log.info: no room {"n":1}\n  sends nothing'),
    ('function(e)\n if e.data == 2 then\n sync:send { connector = "receiver" }\n end\n end', 0,
     "sends nothing; the line that ran last is scripts/sync.lua:3\n        3 | if e.data == 2 then"),
    ('function(e) skip "not ours" end', 0, "skipped: not ours"),
    ('function(e) error "oops" end', 1, "would be a dead letter, script: "),
    ('function(e) retry "later" end', 1, "would be tried again: later"),
    ('function(e) while true do end end', 1, "would be a dead letter, limit: "),
])
def test_a_handler_that_sends_nothing_says_why(things, handler, status, shown):
    things.script(f"""
        local sync = SyncManager.new {{}}
        sync:on("thing.made", {handler})
        sync:start()
    """)
    result = try_event(things, made(1))
    assert result.status == status
    assert shown in result.out


def test_a_connector_that_fails_shows_what_it_was_given(things):
    things.connector("receiver", 'return function(data) error "oops" end')
    result = try_event(things, made({"n": 1}))
    assert result.status == 1
    assert '    {\n      "n": 1\n    }\n\n    would be a dead letter, script: ' in result.out
    assert "connectors/receiver.lua:1: oops" in result.out
    assert result.out.endswith("1 send, 0 requests, 1 failed; nothing was sent\n")


# ---- what is refused ----


@pytest.mark.parametrize("text, said", [
    ("{", "the event isn't JSON"),
    ("[]", "an event is an object"),
    ('{"n": 1}', 'an event needs a "type"'),
])
def test_what_is_no_event_is_refused(things, text, said):
    result = liaison("try", "-", things.path, input=text)
    assert result.status == 1 and said in result.err


def test_a_missing_file_is_named(things):
    result = liaison("try", "none.json", things.path)
    assert result.status == 1 and "none.json" in result.err


def test_a_file_may_be_named_as_emit_takes_it(things, tmp_path):
    for name in ("event.json", "event"):
        (tmp_path / name).write_text(json.dumps(made({"n": 1})))
        results = [liaison("try", given, things.path, cwd=tmp_path) for given in (f"@{name}", f"./{name}")]
        assert results[0].status == 0 and results[0].out == results[1].out
    missing = liaison("try", "@none", things.path, cwd=tmp_path)
    assert missing.status == 1 and "cannot open none" in missing.err


def test_a_project_with_errors_is_not_tried(things):
    things.script("sync(")
    result = try_event(things, made(1))
    assert result.status == 1 and "scripts/sync.lua:1" in result.err and result.out == ""


# ---- recorded events ----


def test_a_recorded_event_is_tried_by_its_ids(things, make_daemon, receiver):
    things.connector("receiver", """
        return { retry = { attempts = 1 },
                 send = function(data) return http.post(setting("url", "http://none/"), { json = data }) end }
    """)
    daemon = make_daemon(settings={"url": receiver.url}).start()
    receiver.answer_next(400)
    daemon.emit("thing.made", {"n": 7}, id="e1", source="/x", partitionkey="k")
    wait_until(daemon.dead_letters, "the dead letter")
    letter = daemon.dead_letters()[0]["id"]
    things.connector("receiver", CONNECTOR)
    shown = [liaison("try", id, things.path, "--json", "--url", daemon.url)
             for id in ("e1", "1", letter)]
    assert [result.status for result in shown] == [0, 0, 0], shown[0].err
    assert shown[0].out == shown[1].out == shown[2].out
    assert shown[0].json()["handlers"][0]["sends"][0]["requests"][0]["json"] == {"n": 7}
    assert len(receiver.requests) == 1

    unknown = liaison("try", "99", things.path, "--url", daemon.url)
    assert unknown.status == 1 and "99" in unknown.err

    daemon.stop()
    nowhere = ("--listen", f"127.0.0.1:{free_port()}")
    from_journal = liaison("try", "e1", things.path, "--json", *nowhere, cwd=things.path)
    assert from_journal.out == shown[0].out
    unknown = liaison("try", "99", things.path, *nowhere, cwd=things.path)
    assert (unknown.status, unknown.err) == (1, "liaison: there is no event 99\n")
    shutil.rmtree(things.path / "var")
    nothing = liaison("try", "e1", things.path, *nowhere, cwd=things.path)
    assert nothing.status == 69 and "no daemon answers" in nothing.err


# ---- the documentation ----


def test_the_page_shows_what_it_prints(project):
    project.add_use_case()
    text = (ROOT / "docs" / "SCRIPTING.md").read_text().split("\n## Trying it\n")[1].split("\n## ")[0]
    (cat, event), *commands = console_examples(text)
    assert cat == "cat event.json" and len(commands) >= 2
    project.write("event.json", event)
    for command, shown in commands:
        said = subprocess.run(command.replace("liaison", LIAISON, 1), shell=True, text=True,
                              cwd=project.path, capture_output=True, timeout=30).stdout
        assert is_shown(shown, said), f"{command}\nshown: {shown}\nsaid:  {said}"
