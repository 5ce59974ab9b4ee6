# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""`liaison check --against`: which requests today's scripts in the folder would change."""

import pytest

from support import free_port, liaison, wait_until

SCRIPT = """
    local sync = SyncManager.new {}
    sync:on("thing.made", function(event)
      sync:send { connector = "receiver", data = { n = event.data.n, at = event.time } }
    end)
    sync:start()
"""

CONNECTOR = """
    local token = secret "TOKEN"
    return function(data)
      return http.post(setting "url" .. "/things", { json = data, headers = { T = token } })
    end
"""


@pytest.fixture
def daemon(project, make_daemon, receiver):
    """It has four events on record, of one of which nobody takes the type."""
    project.script(SCRIPT)
    project.connector("receiver", CONNECTOR)
    project.write("liaison.lua", 'return { reload = "manual" }')
    daemon = make_daemon(settings={"url": receiver.url}, env={"TOKEN": "real-secret"}).start()
    for n in (1, 2, 3):
        daemon.emit("thing.made", {"n": n}, id=f"e{n}", partitionkey="k")
    daemon.emit("thing.lost", {})
    daemon.wait_delivered("receiver", 3)
    return daemon


def check(daemon, project, receiver, *arguments, last=500):
    """Without the secrets that the daemon has."""
    return daemon.command("check", project.path, "--against", f"last:{last}",
                          "--set", f"settings.url={receiver.url}", *arguments)


def test_the_same_scripts_change_nothing(daemon, project, receiver):
    result = check(daemon, project, receiver)
    assert (result.status, result.err) == (0, "")
    assert result.out == """\
ok: 1 handler, 1 connector
4 events; requests: 3 the same, 0 changed, 0 new, 0 vanished

HANDLER            CONNECTOR  SAME  CHANGED  NEW  VANISHED
sync/thing.made#1  receiver      3        0    0         0

the daemon has loaded these very files: compare before they are saved into its folder, or with \
reload = "manual"
"""
    assert len(receiver.requests) == 3


def test_large_events_are_compared_few_at_a_time(project, make_daemon, receiver):
    project.script(SCRIPT)
    project.connector("receiver", CONNECTOR)
    daemon = make_daemon("--set", "limits.body=4MB", settings={"url": receiver.url},
                         env={"TOKEN": "real-secret"}).start()
    for _ in range(25):
        daemon.emit("thing.lost", "x" * 3_000_000)
    result = check(daemon, project, receiver)
    assert (result.status, result.err) == (0, "")
    assert "25 events; requests: 0 the same" in result.out


def test_changes_are_shown_place_by_place(daemon, project, receiver):
    project.script(SCRIPT.replace("at = event.time", "number = event.data.n")
                   .replace("thing.made", "thing.*")
                   .replace("sync:send", "if event.data.n == 2 then skip 'not two' end sync:send"))
    result = check(daemon, project, receiver)
    assert result.status == 1, result.err
    assert "4 events; requests: 0 the same, 2 changed, 1 new, 1 vanished\n" in result.out
    assert f"""\
changed: sync/thing.made#1 to receiver, key k, event e3 of type thing.made
  POST {receiver.url}/things
    json.number: nothing → 3
""" in result.out
    assert """\
vanished: sync/thing.made#1 to receiver, key k, event e2 of type thing.made
""" in result.out


def test_texts_are_shown_where_they_part(daemon, project, receiver):
    project.connector("receiver", CONNECTOR.replace(
        "json = data", "body = ('line\\n'):rep(30) .. data.n .. ' is it\\n' .. ('x'):rep(200)"))
    daemon.command("reload")
    project.connector("receiver", CONNECTOR.replace(
        "json = data", "body = ('line\\n'):rep(30) .. 'none is it\\n' .. ('x'):rep(200)"))
    shown = check(daemon, project, receiver).out
    assert 'body, from line 31, column 1: "…line\\nline\\nline\\nline\\n3 is it\\nxxx' in shown
    assert 'x…" → "…line\\nline\\nline\\nline\\nnone is it' in shown


def test_what_is_not_shown_is_counted_and_settings_are_named(daemon, project, receiver):
    for n in range(4):
        daemon.emit("thing.made", {"n": n})
    daemon.wait_delivered("receiver", 7)
    result = check(daemon, project, receiver, "--set", "settings.url=http://localhost:1")
    assert "\nand 4 more: the first three of each row are shown\n" in result.out
    assert "no request stays the same: settings that the daemon was given by flags or" in result.out
    assert "--set settings.NAME=VALUE (known here: url)\n" in result.out
    assert "localhost:1" not in result.out.split("no request stays")[1]


def test_where_urls_alone_differ_settings_are_named_too(daemon, project, receiver):
    project.connector("receiver", CONNECTOR.replace(
        '"/things"', "(data.n == 2 and '/things' or '/others')"))
    result = check(daemon, project, receiver)
    assert "1 the same, 2 changed" in result.out
    assert "\nonly URLs differ: settings that the daemon was given" in result.out
    project.connector("receiver", CONNECTOR.replace(
        "json = data", "json = data.n == 2 and data or { n = 0 }"))
    result = check(daemon, project, receiver)
    assert "1 the same, 2 changed" in result.out and "settings that" not in result.out


def test_other_files_are_no_same_files(daemon, project, receiver):
    project.script(SCRIPT + "-- changed")
    result = check(daemon, project, receiver)
    assert result.status == 0 and "very files" not in result.out
    assert check(daemon, project, receiver, "--json").json()["against"]["sameFiles"] is False


def test_json_holds_the_report(daemon, project, receiver):
    project.connector("receiver", CONNECTOR.replace("/things", "/others"))
    result = check(daemon, project, receiver, "--json", last=2)
    assert result.status == 1
    shown = result.json()
    report = shown["against"]
    assert (shown["problems"], shown["ok"]) == ([], False)
    assert (report["events"], report["same"], report["changed"]) == (2, 0, 1)
    [change] = report["changes"]
    assert change["differences"] == [{"path": "url", "before": f"{receiver.url}/things",
                                      "after": f"{receiver.url}/others"}]
    assert change["event"]["id"] == "e3"
    assert "stand-in" not in result.out and "real-secret" not in result.out


def test_many_events_are_compared_in_pages(daemon, project, receiver):
    for n in range(250):
        daemon.emit("thing.made", {"n": n})
    result = check(daemon, project, receiver)
    assert "254 events; requests: 253 the same" in result.out


def test_errors_in_the_scripts_come_first(daemon, project, receiver):
    project.script("(")
    result = check(daemon, project, receiver)
    assert result.status == 1 and "scripts/sync.lua:1" in result.err and "events" not in result.out


def check_recorded(project, receiver, *arguments):
    return liaison("check", project.path, "--against", "last:500", "--listen",
                   f"127.0.0.1:{free_port()}", "--set", f"settings.url={receiver.url}", *arguments)


def test_without_a_daemon_it_is_compared_with_what_was_sent(daemon, project, receiver):
    daemon.stop()
    result = check_recorded(project, receiver)
    assert (result.status, result.err) == (0, "")
    assert result.out == """\
ok: 1 handler, 1 connector
4 events; deliveries: 3 the same, 0 changed, 0 new, 0 vanished

HANDLER            CONNECTOR  SAME  CHANGED  NEW  VANISHED
sync/thing.made#1  receiver      3        0    0         0

compared with the deliveries on record, before transformers and connectors
"""
    project.connector("receiver", CONNECTOR.replace("/things", "/others"))
    assert check_recorded(project, receiver).status == 0


def test_what_handlers_send_otherwise_than_at_the_time_is_shown(daemon, project, receiver):
    daemon.stop()
    project.script(SCRIPT.replace("at = event.time", "number = event.data.n")
                   .replace("thing.made", "thing.*")
                   .replace("sync:send", "if event.data.n == 2 then skip 'not two' end sync:send"))
    result = check_recorded(project, receiver)
    assert result.status == 1, result.err
    assert "4 events; deliveries: 0 the same, 2 changed, 1 new, 1 vanished\n" in result.out
    assert """\
changed: sync/thing.made#1 to receiver, key k, event e3 of type thing.made
    data.number: nothing → 3
""" in result.out


def test_data_that_is_not_the_event_s_own_is_compared_too(daemon, project, receiver):
    project.script(SCRIPT.replace("n = event.data.n", 'n = "four"'))
    daemon.command("reload")
    daemon.emit("thing.made", {"n": 4}, id="e4")
    daemon.wait_delivered("receiver", 4)
    daemon.stop()
    report = check_recorded(project, receiver, "--json").json()["against"]
    assert (report["with"], report["same"], report["changed"]) == ("deliveries", 1, 3)
    assert all("request" not in change for change in report["changes"])
    project.script(SCRIPT)
    [change] = check_recorded(project, receiver, "--json").json()["against"]["changes"]
    assert change["differences"] == [{"path": "data.n", "before": "four", "after": 4}]


def test_the_record_is_asked_beside_a_daemon_where_that_is_wanted(daemon, project, receiver):
    project.script(SCRIPT.replace("n = event.data.n", "n = 0"))
    daemon.command("reload")
    assert check(daemon, project, receiver).status == 0
    result = check(daemon, project, receiver, "--recorded")
    assert result.status == 1
    assert "deliveries: 0 the same, 3 changed" in result.out and "data.n: 3 → 0" in result.out


def test_what_the_record_does_not_tell_is_left_out(daemon, project, receiver):
    project.script(SCRIPT.replace("sync:send", "if event.data.n == 4 then error 'no' end sync:send"))
    daemon.command("reload")
    daemon.emit("thing.made", {"n": 4}, id="e4")
    wait_until(daemon.dead_letters, "the handler to fail")
    daemon.emit("thing.made", {"n": 5}, id="e5")
    daemon.wait_delivered("receiver", 4)
    assert daemon.command("replay", "--since", "1h", "--type", "thing.made").status == 0
    daemon.wait_delivered("receiver", 6)
    daemon.emit("thing.made", {"n": 6}, id="e6")
    daemon.wait_delivered("receiver", 7)
    daemon.stop()
    result = check_recorded(project, receiver)
    assert "2 events; deliveries: 1 the same" in result.out
    assert "5 events are left out: a handler hasn't ended well, or a replay made" in result.out


def test_without_daemon_and_journal_there_is_nothing_to_compare_with(project, receiver):
    project.script(SCRIPT)
    project.connector("receiver", CONNECTOR)
    result = check_recorded(project, receiver)
    assert result.status == 69
    assert "there are no recorded events: no daemon answers at" in result.err
    result = check_recorded(project, receiver, "--recorded")
    assert result.status == 1 and "cannot open the journal" in result.err


def test_recorded_needs_against(project):
    result = liaison("check", project.path, "--recorded")
    assert result.status == 2 and "--against last:N" in result.err


@pytest.mark.parametrize("given", ["500", "last:", "last:0", "last:x", "last:1000000", "first:5"])
def test_what_is_no_number_of_events_is_refused(project, given):
    result = liaison("check", project.path, "--against", given)
    assert result.status == 2 and "last:500" in result.err
