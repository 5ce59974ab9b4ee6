# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""What operators do on the command line, on a running daemon."""

import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
from collections import Counter

import pytest

from support import LIAISON, free_port, liaison, wait_until
from support.command import clean_environment

SCRIPT = """
    local sync = SyncManager.new {}
    sync:on("thing.made", function(event)
      sync:send { connector = "receiver", data = event.data }
    end)
    sync:on("thing.broken", function() error "this handler is broken" end)
    sync:start()
"""

CONNECTOR = """
    return {
      retry = { attempts = 2, base = "10ms", jitter = false },
      send = function(data) return http.post(setting "url", { json = data }) end,
    }
"""


@pytest.fixture
def daemon(project, make_daemon, receiver):
    project.script(SCRIPT)
    project.connector("receiver", CONNECTOR)
    return make_daemon(settings={"url": receiver.url}).start()


def emit(daemon, n, **attributes):
    daemon.emit("thing.made", {"n": n}, **{"id": f"e{n}", "partitionkey": "k", **attributes})


def make_letter(daemon, receiver, n, status=400):
    before = len(daemon.dead_letters())
    receiver.answer_next(status)
    emit(daemon, n)
    wait_until(lambda: len(daemon.dead_letters()) > before, "the dead letter")
    return daemon.dead_letters()[0]["id"]


# ---- explain ----


def test_explain_tells_all_in_order(daemon, receiver):
    receiver.answer_next(503)
    emit(daemon, 1)
    daemon.wait_delivered("receiver", 1)
    wait_until(lambda: daemon.get("/api/events/1").json()["state"] == "closed", "the event's end")
    result = daemon.command("explain", "e1")
    assert result.status == 0, result.err
    lines = result.out.splitlines()
    scripts = daemon.get("/api/scripts").json()["hash"][:12]
    assert [re.sub(r" \d+-[0-9a-f]{24}", " ID", line[26:]) for line in lines if "attempt" not in line] == [
        "received by embedded, type thing.made, id e1, key k, number 1",
        "sent to receiver ID, by handler sync/thing.made#1, key k", f"delivered: receiver ID, scripts {scripts}",
        "it is closed"]
    assert "failed after" in lines[2] and "503" in lines[2]
    assert [line[:24] for line in lines[:-1]] == sorted(line[:24] for line in lines[:-1])
    assert daemon.command("explain", "1").out == result.out
    delivery = re.search(r" (1-[0-9a-f]{24})", result.out).group(1)
    assert daemon.command("explain", delivery).out == result.out
    assert daemon.command("explain", "1", "--json").json() == daemon.get("/api/events/1").json()


def test_explain_shows_a_handler_that_failed(daemon):
    daemon.emit("thing.broken", {}, id="e1")
    wait_until(daemon.dead_letters, "the dead letter")
    out = daemon.command("explain", "e1").out
    assert "dead: handler sync/thing.broken#1" in out and "this handler is broken" in out


def test_explain_tells_of_edits(daemon, receiver):
    id = make_letter(daemon, receiver, 1)
    assert daemon.command("dead", "edit", id, '{"n": 2}').status == 0
    assert daemon.command("dead", "edit", id, '{"n": 3}').status == 0
    lines = [line[26:] for line in daemon.command("explain", "e1").out.splitlines() if "edited" in line]
    assert lines == [f"edited: receiver {id}", f'edited: receiver {id}, before {{"n":2}}']


def test_explain_tells_that_an_edited_letter_was_dead_and_is_retried(daemon, receiver):
    id = make_letter(daemon, receiver, 1)
    for n, answers in [(2, [422]), (3, [])]:
        assert daemon.command("dead", "edit", id, f'{{"n": {n}}}').status == 0
        receiver.answer_next(*answers)
        assert daemon.command("dead", "retry", id).status == 0
        wait_until(lambda: len(receiver.requests) == n, "the next attempt")
        if answers:
            wait_until(daemon.dead_letters, "the dead letter")
    daemon.wait_delivered("receiver", 1)
    lines = [line[26:].split()[0] for line in daemon.command("explain", "e1").out.splitlines()]
    assert lines == ["received", "sent", "attempt", "dead:", "edited:", "retried:",
                     "attempt", "dead:", "edited:", "retried:", "delivered:", "it"]


def test_explain_tells_when_a_letter_died_and_was_retried_as_it_was(daemon, receiver):
    id = make_letter(daemon, receiver, 1)
    assert daemon.command("dead", "retry", id).status == 0
    daemon.wait_delivered("receiver", 1)
    lines = [line[26:] for line in daemon.command("explain", "e1").out.splitlines()]
    assert [line.split()[0] for line in lines] == [
        "received", "sent", "attempt", "dead:", "retried:", "delivered:", "it"]
    assert lines[3] == f"dead: receiver {id}, cause refused"
    delivery, = daemon.get("/api/events/1").json()["deliveries"]
    assert [set(retry) for retry in delivery["retries"]] == [{"at", "died", "cause"}]


def test_explain_of_a_key_names_its_newest_event(daemon):
    emit(daemon, 1, partitionkey="o-61")
    emit(daemon, 2, partitionkey="o-61")
    emit(daemon, 3)
    result = daemon.command("explain", "o-61")
    assert (result.status, result.out) == (1, "") and "`liaison explain 2`" in result.err
    assert "`emit --id`" in daemon.command("explain", "o-62").err


def test_explain_of_none_fails(daemon):
    for id in ("e9", "9"):
        result = daemon.command("explain", id)
        assert (result.status, result.out) == (1, "")
        assert "there is no event" in result.err


# ---- tail ----


def follow(daemon, *arguments):
    return subprocess.Popen([LIAISON, "tail", "--url", daemon.url, *arguments], text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def follow_until_it_listens(daemon, emitted, *arguments):
    """The command, once it has seen something; deliveries before its first question are none of it."""
    process = follow(daemon, *arguments)
    def seen():
        emitted()
        return select.select([process.stdout], [], [], 0.1)[0]
    wait_until(seen, "the first line")
    return process


@pytest.mark.parametrize("as_json", [False, True])
def test_tail_prints_each_delivery_as_it_ends(daemon, receiver, as_json):
    numbers = iter(range(1, 10000))
    process = follow_until_it_listens(daemon, lambda: emit(daemon, next(numbers), partitionkey="first"),
                                      *(["--json"] if as_json else []))
    try:
        make_letter(daemon, receiver, 20000)
        lines = []
        while not any("dead" in line for line in lines):
            lines.append(process.stdout.readline())
    finally:
        process.kill()
        process.communicate()
    if as_json:
        end = json.loads(lines[-1])
        assert (end["state"], end["cause"], end["connector"], end["key"], end["type"]) == (
            "dead", "refused", "receiver", "k", "thing.made")
        assert json.loads(lines[0])["state"] == "delivered"
    else:
        assert re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d  dead receiver \d+-\w+ type=thing.made key=k "
                        r"cause=refused error=", lines[-1])
        assert " delivered receiver " in lines[0]


def test_tail_shows_what_is_asked_for_alone(daemon, receiver):
    numbers = iter(range(1, 10000))
    process = follow_until_it_listens(daemon, lambda: emit(daemon, next(numbers), partitionkey="mine"),
                                      "--key", "mine", "--json")
    try:
        emit(daemon, 20000, partitionkey="other")
        emit(daemon, 20001, partitionkey="mine")
        lines = []
        while not lines or json.loads(lines[-1])["eventSeq"] != daemon.channel_sums()["received"]:
            lines.append(process.stdout.readline())
        assert {json.loads(line)["key"] for line in lines} == {"mine"}
    finally:
        process.kill()
        process.communicate()


def test_the_route_of_tail_remembers_so_many_and_says_what_is_missing(daemon):
    first = daemon.get("/api/tail").json()
    assert first["items"] == [] and first["missed"] is False
    for n in range(1, 4):
        emit(daemon, n)
    daemon.wait_delivered("receiver", 3)
    wait_until(lambda: len(daemon.get(f"/api/tail?cursor={first['next']}").json()["items"]) == 3, "three ends")
    page = daemon.get(f"/api/tail?cursor={first['next']}").json()
    later = daemon.get(f"/api/tail?cursor={page['next']}").json()
    assert (later["items"], later["missed"]) == ([], False)
    daemon.post("/events", [{"type": "thing.broken", "id": f"b{n}", "data": {}} for n in range(1001)])
    wait_until(lambda: daemon.channel_sums()["dead"] == 1001, "the letters", 30)
    page = daemon.get(f"/api/tail?cursor={later['next']}").json()
    assert (len(page["items"]), page["missed"], page["hasMore"]) == (1000, True, False)
    assert daemon.get("/api/tail?limit=1").status == 400
    for wrong in ("x", "1", "1-x", "1-2-x", "1-2-3-4"):
        answer = daemon.get(f"/api/tail?cursor={wrong}")
        assert answer.status == 400 and "is no cursor" in answer.json()["detail"]


def read_ends(daemon, cursor):
    """All that ended since, and how many answers it took."""
    ends, pages, has_more = [], 0, True
    while has_more:
        page = daemon.get(f"/api/tail?cursor={cursor}").json()
        assert page["missed"] is False
        ends += page["items"]
        cursor, has_more, pages = page["next"], page["hasMore"], pages + 1
    return ends, pages


def test_the_route_of_tail_finds_all_that_ended_before_a_restart_however_old(project, make_daemon, receiver):
    project.script(SCRIPT.replace("sync:start()", """
    sync:on("thing.many", function(event)
      for n = 1, 1000 do sync:send { connector = "quick", data = { n = n } } end
    end)
    sync:start()"""))
    project.connector("receiver", CONNECTOR.replace("attempts = 2", "attempts = 1000"))
    project.connector("quick", "return { send = function() end }")
    daemon = make_daemon("--set", "limits.handlerTime=10s", settings={"url": receiver.url}).start()
    receiver.default = 503
    emit(daemon, 1)
    receiver.wait_for(1)
    cursor = daemon.get("/api/tail").json()["next"]
    for _ in range(11):
        daemon.emit("thing.many")
    daemon.wait_delivered("quick", 11000, 60)
    receiver.default = 200
    daemon.wait_delivered("receiver", 1)
    daemon.restart()
    ends, pages = read_ends(daemon, cursor)
    assert pages > 2
    assert Counter(end["eventSeq"] for end in ends) == {1: 1, **{event: 1000 for event in range(2, 13)}}
    assert len({end["id"] for end in ends}) == 11001


def test_the_route_of_tail_finds_in_the_journal_what_ended_before_a_restart(daemon, receiver):
    first = daemon.get("/api/tail").json()
    make_letter(daemon, receiver, 1)
    emit(daemon, 2)
    daemon.wait_delivered("receiver", 1)
    daemon.emit("thing.broken", {}, id="e3")
    wait_until(lambda: len(daemon.dead_letters()) == 2 and daemon.channel_sums()["open"] == 0, "the ends")
    told = daemon.get(f"/api/tail?cursor={first['next']}").json()["items"]
    assert [(end["state"], end["connector"]) for end in told] == [
        ("dead", "receiver"), ("delivered", "receiver"), ("dead", None)]
    daemon.kill()
    daemon.start()
    answer = daemon.get(f"/api/tail?cursor={first['next']}").json()
    assert answer["missed"] is False
    assert answer["items"] == [{**end, "ms": None} for end in told]
    assert daemon.get(f"/api/tail?cursor={answer['next']}").json()["items"] == []
    only_runs = daemon.get(f"/api/tail?cursor={first['next']}&connector=").json()["items"]
    assert [end["eventSeq"] for end in only_runs] == [3]


def test_the_route_of_tail_takes_filters(daemon):
    first = daemon.get("/api/tail").json()["next"]
    emit(daemon, 1)
    emit(daemon, 2, partitionkey="other")
    daemon.emit("thing.broken", {}, id="e3", partitionkey="k")
    wait_until(lambda: len(daemon.get(f"/api/tail?cursor={first}").json()["items"]) == 3, "three ends")
    for query, events in [("connector=receiver", [1, 2]), ("connector=", [3]), ("key=k", [1, 3]), ("type=thing.b*", [3]),
                          ("type=thing.made&key=other", [2]), ("type=thing", [])]:
        items = daemon.get(f"/api/tail?cursor={first}&{query}").json()["items"]
        assert sorted(end["eventSeq"] for end in items) == events, query
    wrong = daemon.get("/api/tail?connector=recever")
    assert (wrong.status, wrong.json()["detail"]) == (400, "there is no connector recever: did you mean receiver?")


def test_the_route_of_tail_tells_the_beginning_of_long_texts(daemon, receiver):
    first = daemon.get("/api/tail").json()["next"]
    receiver.answer_next(400)
    emit(daemon, 1, partitionkey="é" * 200)
    end, = wait_until(lambda: daemon.get(f"/api/tail?cursor={first}").json()["items"], "the end")
    assert (end["key"], end["state"], end["cause"]) == ("é" * 150, "dead", "refused")
    assert "400" in end["error"]


def test_tail_tells_a_connector_there_is_not(daemon):
    result = daemon.command("tail", "--connector", "recever", timeout=30)
    assert (result.status, result.out) == (1, "") and "did you mean receiver?" in result.err


GONE_AND_BACK = ["liaison: the daemon is gone: waiting until it is back", "liaison: it is back"]


class Background:
    """A command that goes on while the test does, what it has printed by now, and whether it can be heard."""

    def __init__(self, daemon, folder, *arguments, env=None):
        self.out, self.err = folder / "command.out", folder / "command.err"
        with open(self.out, "wb") as out, open(self.err, "wb") as err:
            self.process = subprocess.Popen([LIAISON, *arguments, "--url", daemon.url], stdout=out, stderr=err,
                                            env=clean_environment({"TMPDIR": str(folder), **(env or {})}))

    def events(self):
        whole, _, _ = self.out.read_text().rpartition("\n")  # the last line may still be being written
        return [json.loads(line)["eventSeq"] for line in whole.splitlines()]

    def said(self):
        return self.err.read_text().splitlines()

    def close(self):
        self.process.kill()
        self.process.wait()


@pytest.fixture
def tail(daemon, tmp_path):
    """One that has seen an event, or several."""
    tail = Background(daemon, tmp_path, "tail", "--json")
    numbers = iter(range(1, 10000))
    def seen():
        emit(daemon, next(numbers))
        return tail.events()
    wait_until(seen, "the first line")
    yield tail
    tail.close()


def test_tail_goes_on_without_gap_or_repeat_when_the_daemon_is_back(daemon, tail):
    delivered = daemon.channel_sums()["received"]
    daemon.wait_delivered("receiver", delivered)
    wait_until(lambda: tail.events()[-1] == delivered, "all lines")
    before = tail.events()[0]
    tail.process.send_signal(signal.SIGSTOP)  # so that it hears nothing of what comes
    for n in range(20):
        emit(daemon, 20000 + n)
    daemon.wait_delivered("receiver", delivered + 20)
    daemon.kill()
    daemon.start()
    for n in range(20):
        emit(daemon, 30000 + n)
    daemon.wait_delivered("receiver", delivered + 40)
    tail.process.send_signal(signal.SIGCONT)
    wait_until(lambda: delivered + 40 in tail.events(), "what was missed")
    emit(daemon, 40000)
    wait_until(lambda: delivered + 41 in tail.events(), "what came then")
    assert tail.events() == list(range(before, delivered + 42))
    assert not any("missing" in line for line in tail.said())


def test_tail_says_once_that_the_daemon_is_gone_and_waits(daemon, tail):
    daemon.stop()
    wait_until(tail.said, "its word")
    daemon.start()
    received = daemon.channel_sums()["received"]
    emit(daemon, 20000)
    wait_until(lambda: received + 1 in tail.events(), "it to go on")
    assert tail.said() == GONE_AND_BACK
    assert len(tail.events()) == len(set(tail.events()))


def test_tail_ends_at_once_while_it_waits(daemon, tail):
    daemon.kill()
    wait_until(tail.said, "its word")
    tail.process.send_signal(signal.SIGINT)
    assert tail.process.wait(timeout=30) == -signal.SIGINT


# ---- top ----


class Terminal:
    """A command at a terminal of so many lines and columns."""

    def __init__(self, *arguments, rows=24, columns=80):
        self.output = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(LIAISON, [LIAISON, *arguments], clean_environment({"TERM": "xterm"}))
        self.resize(rows, columns)

    def resize(self, rows, columns):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read(self):
        while select.select([self.fd], [], [], 0.05)[0]:
            try:
                data = os.read(self.fd, 65536)
            except OSError:  # its end
                break
            if not data:
                break
            self.output += data
        return self.output.decode(errors="replace")

    def frame(self):
        """What was drawn last, as lines."""
        drawn = self.read().split("\x1b[H")
        return drawn[-1].replace("\x1b[K", "").split("\x1b[J")[0].split("\r\n")

    def wait(self):
        def ended():
            self.read()
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            return (status,) if pid else None
        status, = wait_until(ended, "its end")
        self.read()
        return status

    def is_restored(self):
        """Valgrind says there, too, that a signal ended it."""
        return re.sub(r"==\d+==.*", "", self.read()).rstrip().endswith("\x1b[?25h\x1b[?1049l")


@pytest.fixture
def top(daemon):
    terminals = []

    def start(**options):
        terminals.append(Terminal("top", "--url", daemon.url, **options))
        wait_until(lambda: any("CHANNEL" in line for line in terminals[-1].frame()), "the first frame")
        return terminals[-1]

    yield start
    for terminal in terminals:
        try:
            os.kill(terminal.pid, signal.SIGKILL)
            os.waitpid(terminal.pid, 0)
        except (ProcessLookupError, ChildProcessError):
            pass
        os.close(terminal.fd)


def test_top_draws_anew_and_q_quits(daemon, top, receiver):
    terminal = top()
    make_letter(daemon, receiver, 1)
    wait_until(lambda: any(re.match(r"receiver +ok .* 1$", line) for line in terminal.frame()), "the dead letter")
    daemon.post("/api/connectors/receiver/pause")
    wait_until(lambda: any("connector-paused receiver" in line for line in terminal.frame()), "the problem")
    os.write(terminal.fd, b"q")
    assert os.waitstatus_to_exitcode(terminal.wait()) == 0
    assert terminal.is_restored()


def test_top_fits_the_terminal_it_has(top):
    terminal = top(rows=6, columns=60)
    wait_until(lambda: len(terminal.frame()) <= 6 and all(len(l) <= 60 for l in terminal.frame()), "a small frame")
    terminal.resize(30, 40)
    wait_until(lambda: len(terminal.frame()) > 6 and all(len(l) <= 40 for l in terminal.frame()), "a narrow frame")


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_top_puts_the_terminal_back_when_a_signal_ends_it(top, signum):
    terminal = top()
    os.kill(terminal.pid, signum)
    assert os.waitstatus_to_exitcode(terminal.wait()) == -signum
    assert terminal.is_restored()


def test_top_waits_for_the_daemon_and_shows_how_it_was(daemon, top, receiver):
    terminal = top()
    make_letter(daemon, receiver, 1)
    wait_until(lambda: any(re.match(r"receiver +ok .* 1$", line) for line in terminal.frame()), "the dead letter")
    daemon.kill()
    away = re.compile(r"THE DAEMON IS AWAY since \d{4}-\d\d-\d\dT")
    frame = wait_until(lambda: [f for f in [terminal.frame()] if any(map(away.match, f))], "its word")[0]
    assert frame[0].startswith("Liaison ") and any(re.match(r"receiver +ok .* 1$", line) for line in frame)
    daemon.start()
    wait_until(lambda: not any(map(away.match, terminal.frame())), "the daemon")
    assert any(re.match(r"receiver +ok .* 1$", line) for line in terminal.frame())
    daemon.kill()
    wait_until(lambda: any(map(away.match, terminal.frame())), "its word")
    os.write(terminal.fd, b"q")
    assert os.waitstatus_to_exitcode(terminal.wait()) == 0
    assert terminal.is_restored()


def test_top_needs_a_terminal(daemon):
    result = daemon.command("top")
    assert (result.status, result.out) == (1, "")
    assert "liaison status" in result.err


# ---- dead ----


def test_dead_edit_takes_data_from_anywhere(daemon, receiver, tmp_path):
    id = make_letter(daemon, receiver, 1)
    (tmp_path / "data.json").write_text('{"n": 3}')
    for given, stdin, expected in [('{"n": 2}', None, {"n": 2}), ("@data.json", None, {"n": 3}),
                                   ("-", '{"n": 4}', {"n": 4})]:
        result = daemon.command("dead", "edit", id, given, input=stdin, cwd=tmp_path)
        assert result.status == 0, result.err
        assert daemon.get(f"/api/dead-letters/{id}").json()["data"] == expected
    shown = daemon.command("dead", "show", id).out
    assert "before: the event's" in shown and 'before: {"n":2}' in shown
    assert daemon.command("dead", "edit", id, "{n}").status == 2
    assert daemon.command("dead", "edit", "1-none", "1").status == 1
    assert daemon.command("dead", "edit", id, "5", "--json").json() == {"edited": True}


def editor(tmp_path, text):
    path = tmp_path / "editor.sh"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return {"EDITOR": f"{path} --wait", "TMPDIR": str(tmp_path)}


def test_dead_edit_opens_the_editor_on_what_it_has(daemon, receiver, tmp_path):
    id = make_letter(daemon, receiver, 1)
    env = editor(tmp_path, f"""cp "$2" {tmp_path}/seen; sed -i 's/"n": 1/"n": 12345678901234567890/' "$2" """)
    result = daemon.command("dead", "edit", id, env=env)
    assert (result.status, result.out) == (0, "edited: `liaison dead retry` attempts it\n")
    assert json.loads((tmp_path / "seen").read_text()) == {"n": 1}
    assert daemon.get(f"/api/dead-letters/{id}").json()["data"] == {"n": 12345678901234567890}
    assert list(tmp_path.glob("liaison-*")) == []


def test_dead_edit_that_changes_nothing_or_goes_wrong_leaves_it(daemon, receiver, tmp_path):
    id = make_letter(daemon, receiver, 1)
    before = daemon.get(f"/api/dead-letters/{id}").json()
    unchanged = daemon.command("dead", "edit", id, env=editor(tmp_path, "true"))
    assert (unchanged.status, unchanged.out) == (0, "nothing was changed\n")
    failed = daemon.command("dead", "edit", id, env=editor(tmp_path, "exit 3"))
    assert failed.status == 1 and "the editor" in failed.err
    assert list(tmp_path.glob("liaison-*")) == []
    nowhere = daemon.command("dead", "edit", id, env={"EDITOR": "", "VISUAL": ""})
    assert nowhere.status == 1 and "no terminal for vi: give the data as DATA" in nowhere.err
    broken = daemon.command("dead", "edit", id, env=editor(tmp_path, 'echo "{" >"$2"'))
    assert broken.status == 1 and "no JSON" in broken.err
    kept = re.search(r"it is in (\S+)", broken.err).group(1)
    assert open(kept).read() == "{\n"
    assert daemon.get(f"/api/dead-letters/{id}").json() == before


def test_dead_export_prints_a_document_a_line(daemon, receiver):
    ids = [make_letter(daemon, receiver, n) for n in (1, 2, 3)]
    result = daemon.command("dead", "export", "--cause", "refused")
    letters = [json.loads(line) for line in result.out.splitlines()]
    assert [letter["id"] for letter in letters] == ids[::-1]
    assert letters == daemon.dead_letters() == daemon.command("dead", "export", "--json").json()
    assert daemon.command("dead", "export", "--type", "none").out == ""


def test_dead_retry_refuses_what_is_stale_unless_forced(daemon, receiver):
    id = make_letter(daemon, receiver, 1)
    emit(daemon, 2)
    daemon.wait_delivered("receiver", 1)
    refused = daemon.command("dead", "retry", id)
    assert refused.status == 1 and "it is stale: 2-" in refused.err
    assert daemon.command("dead", "retry", id, "--force").out == "retried 1\n"
    daemon.wait_delivered("receiver", 2)


def test_a_dry_retry_tells_what_would_be_refused_as_stale(daemon, receiver):
    make_letter(daemon, receiver, 1)
    emit(daemon, 2)
    daemon.wait_delivered("receiver", 1)
    make_letter(daemon, receiver, 3)
    dry = daemon.command("dead", "retry", "--all", "--dry-run")
    newer = daemon.get("/api/deliveries?state=delivered").json()["items"][0]["id"]
    assert dry.status == 0 and dry.out.count(f"would be refused: it is stale by {newer}") == 1
    assert "1 of these 2 would be refused" in dry.err
    assert "1 of these 2" in daemon.command("dead", "retry", "--all", "--dry-run", "--json").err
    for arguments in (["retry", "--all", "--dry-run", "--force"], ["drop", "--all", "--dry-run"], ["list"]):
        told = daemon.command("dead", *arguments)
        assert told.status == 0 and "refused:" not in told.out and told.err == "", arguments


# ---- replay ----


def test_replay_waits_for_its_end(daemon, receiver):
    for n in (1, 2):
        emit(daemon, n, partitionkey=f"k{n}")
    daemon.wait_delivered("receiver", 2)
    wait_until(lambda: daemon.channel_sums()["open"] == 0, "all to end")
    assert daemon.command("replay", "--since", "1h", "--dry-run").out == "2 events match\n"
    assert daemon.command("replay", "--type", "thing.*", "--dry-run", "--json").json() == {"matching": 2}
    result = daemon.command("replay", "--type", "thing.made", "--key", "k2")
    assert (result.status, result.out) == (0, "replayed 1\n")
    daemon.wait_delivered("receiver", 3)
    wait_until(lambda: daemon.channel_sums()["open"] == 0, "all to end")
    ended = daemon.command("replay", "--until", "1m", "--json").json()
    assert ended["replayed"] == 0 and ended["ended"]
    assert daemon.command("replay", "--type", "thing.made", "--no-wait").out == "the replay has begun\n"
    wait_until(lambda: daemon.get("/api/replay").json()["items"][0]["ended"], "its end")
    assert daemon.command("replay", "--type", "thing.made", "--no-wait", "--json").json() == {"begun": True}


def test_replay_stops_the_one_under_way(daemon, background):
    emit(daemon, 1)
    emit(daemon, 2)
    daemon.wait_delivered("receiver", 2)
    wait_until(lambda: daemon.channel_sums()["open"] == 0, "all to end")
    none = daemon.command("replay", "--stop")
    assert (none.status, none.err) == (1, "liaison: no replay is under way\n")
    assert daemon.command("replay", "--stop", "--type", "x").status == 2
    replay = background("replay", "--type", "*", "--rate", "1/h")
    wait_until(lambda: [r for r in daemon.get("/api/replay").json()["items"] if r["replayed"] > 0], "some of it")
    stopped = daemon.command("replay", "--stop")
    assert (stopped.status, stopped.out) == (0, "replayed 1\n")
    assert replay.process.wait(timeout=60) == 0 and replay.out.read_text() == "replayed 1\n"


@pytest.fixture
def background(daemon, tmp_path):
    """Begins a command on the daemon."""
    begun = []
    def begin(*arguments, **options):
        begun.append(Background(daemon, tmp_path, *arguments, **options))
        return begun[-1]
    yield begin
    for command in begun:
        command.close()


def go_away_and_come_back(daemon, command, how):
    how()
    wait_until(command.said, "its word")
    daemon.start()


@pytest.mark.parametrize("how", ["kill", "stop"])
def test_replay_outlives_the_daemon(daemon, background, how):
    for n in range(1, 21):
        emit(daemon, n, partitionkey=f"k{n}")
    daemon.wait_delivered("receiver", 20)
    wait_until(lambda: daemon.channel_sums()["open"] == 0, "all to end")
    replay = background("replay", "--type", "*", "--rate", "10/s")
    wait_until(lambda: [r for r in daemon.get("/api/replay").json()["items"] if r["replayed"] > 1], "some of it")
    go_away_and_come_back(daemon, replay, getattr(daemon, how))
    assert replay.process.wait(timeout=60) == 0
    assert (replay.out.read_text(), replay.said()) == ("replayed 20\n", GONE_AND_BACK)


def test_replay_tells_when_its_replay_is_gone_with_the_journal(daemon, background, project):
    emit(daemon, 1)
    emit(daemon, 2)
    daemon.wait_delivered("receiver", 2)
    wait_until(lambda: daemon.channel_sums()["open"] == 0, "all to end")
    replay = background("replay", "--type", "*", "--rate", "1/m")
    wait_until(lambda: [r for r in daemon.get("/api/replay").json()["items"] if r["replayed"] > 0], "some of it")
    def replace_journal():
        daemon.kill()
        for file in (project.path / "var").glob("journal.db*"):
            file.unlink()
    go_away_and_come_back(daemon, replay, replace_journal)
    assert replay.process.wait(timeout=60) == 1
    assert replay.out.read_text() == "" and "isn't on record any more" in replay.said()[-1]


def test_what_was_edited_outlives_the_daemon(daemon, receiver, background, tmp_path):
    id = make_letter(daemon, receiver, 1)
    editor, goes_on = tmp_path / "editor", tmp_path / "goes-on"
    editor.write_text(f"""#!/bin/sh
echo '{{"n": 2}}' > "$1"
until [ -e {goes_on} ]; do sleep 0.05; done
""")
    editor.chmod(0o755)
    edit = background("dead", "edit", id, env={"VISUAL": str(editor)})
    wait_until(lambda: list(tmp_path.glob("liaison-*.json")) and
               '"n": 2' in next(tmp_path.glob("liaison-*.json")).read_text(), "the edit")
    daemon.kill()
    goes_on.touch()
    wait_until(edit.said, "its word")
    daemon.start()
    assert edit.process.wait(timeout=60) == 0
    assert edit.said() == GONE_AND_BACK and daemon.dead_letters()[0]["data"] == {"n": 2}


@pytest.mark.parametrize("by_id", [False, True], ids=["filter", "ids"])
def test_dead_retry_outlives_the_daemon(daemon, receiver, background, by_id):
    receiver.answer_next(*[400] * 10)
    for n in range(1, 11):
        emit(daemon, n, partitionkey=f"k{n}")
    wait_until(lambda: len(daemon.dead_letters()) == 10, "the dead letters")
    chosen = [letter["id"] for letter in daemon.dead_letters()] if by_id else ["--all"]
    retry = background("dead", "retry", *chosen, "--rate", "5/s")
    daemon.wait_delivered("receiver", 2)
    go_away_and_come_back(daemon, retry, daemon.kill)
    assert retry.process.wait(timeout=60) == 0, retry.said()
    daemon.wait_delivered("receiver", 10)
    assert daemon.dead_letters() == []
    if by_id:
        assert (retry.out.read_text(), retry.said()) == ("retried 10\n", GONE_AND_BACK)
    else:
        assert retry.said()[:2] == GONE_AND_BACK and "aren't counted" in retry.said()[2]


@pytest.mark.parametrize("arguments, status, words", [
    ([], 2, "which events? Name"), (["--force"], 2, "--since 2h"), (["--since", "yesterday"], 2, "such as 2h"),
    (["--type", "x", "--handler", "none"], 1, "no handler"), (["--type", "x", "--rate", "x"], 2, "50/s"),
])
def test_replay_says_what_it_needs(daemon, arguments, status, words):
    result = daemon.command("replay", *arguments)
    assert result.status == status and words in result.err


# ---- all ----


@pytest.mark.parametrize("arguments", [
    ["explain", "1"], ["tail"], ["top"], ["dead", "export"], ["dead", "edit", "1-a", "1"],
    ["replay", "--type", "x"], ["pause", "c"], ["resume", "c"]], ids=" ".join)
def test_without_a_daemon_all_end_with_69(arguments):
    result = liaison(*arguments, "--url", f"http://127.0.0.1:{free_port()}")
    assert (result.status, result.out) == (69, "")
    assert "start it with `liaison run`" in result.err
