# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""A disk that fails, fills, hangs or loses what it held costs nothing that was acknowledged, is told
in words, and ends no daemon for good."""

import json
import shutil
import sqlite3
import threading
import time

import pytest

from support import Project, Reply, assert_sums_hold, liaison, wait_until

SCRIPT = """
    local function register(sync)
      sync:on("thing", function(event)
        sync:send { connector = "receiver", data = event.data }
      end)
      sync:start()
    end

    register(SyncManager.new {})
    register(SyncManager.new { name = "bus", eventBusUrl = setting("busUrl", "http://127.0.0.1:9") })
"""

CONNECTOR = """
    return {
      retry = { base = "50ms", growth = "constant" },
      send = function(data) return http.post(setting "url", { json = data }) end,
    }
"""

PAGE = 8192


def fill(project):
    project.script(SCRIPT)
    project.connector("receiver", CONNECTOR)


@pytest.fixture
def daemon(project, make_daemon, receiver, disk):
    fill(project)
    return make_daemon(settings={"url": receiver.url}, env=disk.env).start()


class Post(threading.Thread):
    """A POST of one event that waits for its answer beside the test."""

    def __init__(self, daemon, n):
        super().__init__(daemon=True)
        self._daemon, self._n = daemon, n
        self.answer = None
        self.start()

    def run(self):
        self.answer = post(self._daemon, self._n)


def wait_quiet(daemon, count):
    """Until so many events are done with, and all of it is on disk."""
    wait_until(lambda: daemon.channel_sums().get("closed") == count
               and daemon.connector_sums("receiver").get("delivered") == count
               and daemon.status()["journal"]["queued"] == 0, f"{count} events to be closed")


def post(daemon, n):
    return daemon.post("/events", {"type": "thing", "data": {"n": n}}, timeout=120)


def emit(daemon, count, start=0):
    for n in range(start, start + count):
        assert post(daemon, n).status == 202


def problems(daemon):
    return {problem["code"]: problem["text"] for problem in daemon.status()["problems"]}


def since(daemon, code):
    (found,) = [p["since"] for p in daemon.status()["problems"] if p["code"] == code]
    return found


def commit_problem(daemon):
    """Why nothing can be written, or nothing."""
    found = problems(daemon)
    return found.get("journal") or found.get("disk-full") or ""


def numbers(receiver):
    return [body["n"] for body in receiver.bodies()]


def assert_sound(daemon):
    assert_sums_hold(daemon.status())
    result = liaison("fsck", daemon.project.journal)
    assert (result.status, result.err) == (0, ""), result.out


def stored_ids(journal):
    with sqlite3.connect(f"file:{journal}?mode=ro", uri=True) as db:
        rows = db.execute("SELECT json_extract(data, '$.n') FROM events ORDER BY seq").fetchall()
    db.close()
    return [n for (n,) in rows]


# ---- a disk that fails -----------------------------------------------------------------------------

FAULTS = [
    pytest.param({"write": "io"}, "Input/output error", id="write-io"),
    pytest.param({"sync": "io"}, "Input/output error", id="sync-io"),
    pytest.param({"write": "full"}, "disk is full", id="full"),
    pytest.param({"write": "short"}, "disk is full", id="short"),
    pytest.param({"write": "readonly"}, "Read-only file system", id="readonly"),
]


@pytest.mark.parametrize("fault, words", FAULTS)
def test_a_commit_that_fails_is_told_once_and_made_later(daemon, receiver, disk, fault, words):
    emit(daemon, 3)
    wait_quiet(daemon, 3)
    disk.fail(**fault)
    waiting = Post(daemon, 3)
    wait_until(lambda: commit_problem(daemon), "the problem")
    assert words in commit_problem(daemon)
    refused = post(daemon, 4)
    assert (refused.status, words in refused.json()["detail"]) == (503, True)
    assert daemon.get("/readyz").status == 503
    before = disk.failures
    wait_until(lambda: disk.failures >= before + 2, "two more attempts to commit")
    assert daemon.log().count("journal: cannot commit, trying again") == 1
    assert waiting.answer is None
    disk.mend()
    wait_until(lambda: waiting.answer, "the answer")
    assert waiting.answer.status == 202
    assert daemon.get("/readyz").status == 200
    assert problems(daemon).keys() <= {"channel"}
    emit(daemon, 2, start=5)
    daemon.wait_delivered("receiver", 6)
    assert numbers(receiver) == [0, 1, 2, 3, 5, 6]
    daemon.kill()
    assert stored_ids(daemon.project.journal) == [0, 1, 2, 3, 5, 6]
    daemon.start()
    assert_sound(daemon)


def test_a_stream_waits_while_the_disk_fails(project, make_daemon, receiver, bus, disk):
    fill(project)
    daemon = make_daemon(settings={"url": receiver.url, "busUrl": bus.events_url},
                         env=disk.env).start()
    bus.publish({"type": "thing", "data": {"n": 0}})
    receiver.wait_for(1)
    disk.fail(sync="io")
    bus.publish_all([{"type": "thing", "data": {"n": n}} for n in range(1, 50)])
    wait_until(lambda: "journal" in problems(daemon), "the problem")
    assert numbers(receiver) == [0]
    disk.mend()
    receiver.wait_for(50)
    daemon.wait_delivered("receiver", 50)
    assert sorted(numbers(receiver)) == list(range(50))
    assert_sound(daemon)


@pytest.mark.crash
def test_a_success_that_could_not_be_written_is_repeated_with_its_id(daemon, receiver, disk):
    receiver.default = Reply(delay=0.2)
    emit(daemon, 1)
    receiver.wait_for(1)
    disk.fail(write="io")
    wait_until(lambda: "journal" in problems(daemon), "its end not to be written")
    daemon.kill()
    disk.mend()
    daemon.start()
    daemon.wait_delivered("receiver", 1)
    assert len(receiver.keys()) == 2 and len(set(receiver.keys())) == 1
    assert_sound(daemon)


def test_what_can_not_be_read_ends_no_daemon(daemon, receiver, disk):
    emit(daemon, 3)
    wait_quiet(daemon, 3)
    daemon.restart()  # with nothing in memory
    disk.fail(read="io")
    for _ in range(5):
        daemon.get("/api/dead-letters?key=x")
        daemon.status()
    assert disk.failures > 0
    disk.mend()
    assert daemon.is_running()
    # Retention may have met it, too, and then events are refused until it has tried again.
    wait_until(lambda: daemon.get("/readyz").status == 200, "events to be taken")
    emit(daemon, 1, start=3)
    daemon.wait_delivered("receiver", 4)
    assert_sound(daemon)


# ---- a disk that hangs -----------------------------------------------------------------------------


def test_a_replay_that_can_not_read_leaves_nothing_out(daemon, receiver, disk):
    emit(daemon, 5)
    for start in range(0, 10000, 1000):  # as many as are looked at in one reading
        daemon.post("/events", [{"type": "nobody's", "id": f"u{start + n}", "data": n} for n in range(1000)])
    emit(daemon, 5, start=5)
    daemon.wait_delivered("receiver", 10)
    daemon.restart()  # with nothing in memory
    assert daemon.post("/api/replay", {"type": "thing", "rate": "10/s"}).status == 202
    wait_until(lambda: daemon.get("/api/replay").json()["items"][0]["replayed"] > 2, "it to be under way")
    disk.fail(read="io")
    wait_until(lambda: "can't read what waits" in daemon.log() or "cannot commit" in daemon.log(), "it to fail")
    disk.mend()
    disk.advance(6)  # it tries again
    ended = wait_until(lambda: [r for r in daemon.get("/api/replay").json()["items"] if r["ended"]], "its end")
    assert (ended[0]["replayed"], ended[0]["refused"]) == (10, 0)
    daemon.wait_delivered("receiver", 20)


SINGLE = """
    return { send = function(data) return http.post(setting "url", { json = data }) end }
"""
BATCHED = """
    return {
      batch = { size = 5, wait = "1ms" },
      send = function(list) return http.post(setting "url", { json = { rows = list } }) end,
    }
"""


@pytest.mark.parametrize("before, after, body", [
    (SINGLE, BATCHED, {"rows": [{"n": 0}]}), (BATCHED, SINGLE, {"n": 0})], ids=["batched", "single"])
def test_a_connector_that_takes_batches_or_none_when_it_is_known_what_may_be_sent(
        project, make_daemon, receiver, disk, before, after, body):
    """Of what a replay made it is read whether it is too old; meanwhile a reload comes."""
    fill(project)
    project.connector("receiver", before)
    daemon = make_daemon(settings={"url": receiver.url}, env=disk.env).start()
    daemon.emit("thing", {"n": 0}, partitionkey="k")
    emit(daemon, 500, start=1)  # whose rows are to be read for that
    wait_quiet(daemon, 501)
    daemon.restart()  # with nothing in memory
    receiver.clear()
    daemon.post("/api/connectors/receiver/pause")
    daemon.post("/api/replay", {"id": "1"})
    wait_until(lambda: daemon.get("/api/deliveries?state=waiting").json()["items"], "what it made")
    disk.fail(read="hang")
    daemon.post("/api/connectors/receiver/resume")
    project.connector("receiver", after)
    assert daemon.command("reload").status == 0
    disk.mend()
    assert receiver.wait_for(1)
    assert receiver.bodies() == [body]


def test_a_writer_that_hangs_makes_the_daemon_unhealthy(daemon, receiver, disk):
    disk.fail(sync="hang")
    waiting = Post(daemon, 0)
    wait_until(lambda: daemon.status()["journal"]["queued"] > 0, "it to be queued")
    assert daemon.get("/healthz").status == 200
    disk.advance(31)
    sick = daemon.get("/healthz")
    assert (sick.status, "not committed for 3" in sick.json()["detail"]) == (503, True)
    assert "hangs" in problems(daemon)["journal"]
    assert post(daemon, 1).status == 503
    assert waiting.answer is None
    disk.mend()
    wait_until(lambda: waiting.answer, "the answer")
    assert waiting.answer.status == 202
    assert daemon.get("/healthz").status == 200
    assert post(daemon, 2).status == 202
    daemon.wait_delivered("receiver", 2)
    assert_sound(daemon)


# ---- a start that fails ----------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [{"open": "readonly"}, {"open": "io"}, {"read": "io"}], ids=str)
def test_a_start_on_an_ill_disk_harms_nothing(daemon, receiver, disk, fault):
    emit(daemon, 2)
    daemon.wait_delivered("receiver", 2)
    assert daemon.stop() == 0
    before = {path.name: path.read_bytes() for path in daemon.project.journal.parent.iterdir()}
    disk.fail(**fault)
    daemon.launch()
    assert daemon.wait() == 1
    assert "journal.db" in daemon.log().splitlines()[-1]
    disk.mend()
    assert daemon.project.journal.read_bytes() == before["journal.db"]
    assert not list(daemon.project.journal.parent.glob("*damaged*"))
    daemon.start()
    emit(daemon, 1, start=2)
    daemon.wait_delivered("receiver", 3)
    assert_sound(daemon)


# ---- files that go away ----------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", ["", "-wal"])
def test_nothing_is_acknowledged_into_a_file_that_was_moved_away(daemon, receiver, suffix):
    emit(daemon, 1)
    wait_quiet(daemon, 1)
    journal = daemon.project.journal
    file = journal.with_name(journal.name + suffix)
    moved = journal.with_name("elsewhere")
    file.rename(moved)
    waiting = Post(daemon, 1)
    wait_until(lambda: "moved or removed" in problems(daemon).get("journal", ""), "the problem")
    assert post(daemon, 2).status == 503
    moved.rename(file)
    wait_until(lambda: waiting.answer, "the answer")
    assert waiting.answer.status == 202
    daemon.wait_delivered("receiver", 2)
    assert_sound(daemon)


# ---- damage ----------------------------------------------------------------------------------------


def root_page(journal, name):
    with sqlite3.connect(journal) as db:
        (page,) = db.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (name,)).fetchone()
    db.close()
    return page


def trash(journal, page):
    with open(journal, "r+b") as file:
        file.seek((page - 1) * PAGE)
        file.write(b"\x5a" * PAGE)


def set_aside(journal):
    return sorted(path.name for path in journal.parent.glob("journal.db.damaged-*Z"))


@pytest.fixture
def damaged(daemon, receiver):
    """Stopped, with five deliveries that wait and a page that is none any more."""
    receiver.default = Reply(503, headers={"Retry-After": "1"})
    emit(daemon, 5)
    wait_until(lambda: daemon.connector_sums("receiver").get("waiting") == 5
               and daemon.channel_sums().get("open") == 0, "all to wait")
    assert daemon.stop() == 0
    return daemon


def assert_refuses(daemon):
    assert daemon.get("/readyz").status == 503
    assert post(daemon, 99).status == 503


def test_a_damaged_file_makes_way_and_events_wait_for_a_person(damaged, receiver):
    journal = damaged.project.journal
    trash(journal, 1)
    result = liaison("fsck", journal)
    assert result.status == 1 and "set" in result.out and "aside" in result.out
    damaged.start()
    assert_refuses(damaged)
    assert len(set_aside(journal)) == 1
    assert "is set aside as" in problems(damaged)["journal-lost"]
    assert damaged.log().count("journal: damaged and set aside") == 1
    found = since(damaged, "journal-lost")
    damaged.kill()
    damaged.start()
    assert_refuses(damaged)
    assert len(set_aside(journal)) == 1
    assert since(damaged, "journal-lost") == found < damaged.status()["started"]
    assert damaged.command("status").status == 0
    answer = damaged.post("/api/journal/confirm")
    assert (answer.status, answer.json()) == (200, {"confirmed": True})
    emit(damaged, 1, start=7)
    assert damaged.get("/readyz").status == 200
    assert damaged.post("/api/journal/confirm").status == 409
    assert_sound(damaged)


def test_what_waits_goes_on_while_nobody_has_confirmed(damaged, receiver):
    journal = damaged.project.journal
    trash(journal, root_page(journal, "deliveries_waiting"))
    damaged.start()
    wait_until(lambda: "journal-damaged" in problems(damaged), "a read to meet the damage")
    assert since(damaged, "journal-damaged") > damaged.status()["started"]
    assert_refuses(damaged)
    assert not set_aside(journal)
    assert liaison("fsck", journal).status == 1
    damaged.kill()
    receiver.default = Reply(200)
    damaged.start()
    assert len(set_aside(journal)) == 1
    assert_refuses(damaged)
    damaged.wait_delivered("receiver", 5)
    assert sorted(set(numbers(receiver))) == [0, 1, 2, 3, 4]
    assert len(set(receiver.keys())) == 5
    found = liaison("fsck", journal)
    assert found.status == 1 and "lost: the journal was damaged" in found.out
    confirmed = liaison("fsck", journal, "--confirm")
    assert (confirmed.status, "confirmed" in confirmed.out) == (0, True)
    wait_until(lambda: damaged.get("/readyz").status == 200, "the daemon to notice")
    emit(damaged, 1, start=5)
    again = liaison("fsck", journal, "--confirm")
    assert (again.status, "nothing was lost" in again.err) == (1, True)
    damaged.wait_delivered("receiver", 6)
    assert_sound(damaged)


def test_damage_holds_up_what_meets_it_alone(damaged, receiver):
    journal = damaged.project.journal
    trash(journal, root_page(journal, "deliveries_dead"))
    receiver.rule = lambda request: Reply(400) if json.loads(request.body)["n"] == 2 else None
    damaged.start()
    wait_until(lambda: "wait behind such: 1" in problems(damaged).get("journal-damaged", ""),
               "a dead letter that can't be written")
    assert_refuses(damaged)
    receiver.default = Reply(200)
    damaged.wait_delivered("receiver", 4)
    assert damaged.connector_sums("receiver")["waiting"] == 1
    assert_sums_hold(damaged.status())
    damaged.kill()
    receiver.clear()
    damaged.start()
    assert "is set aside as" in problems(damaged)["journal-lost"]
    wait_until(lambda: damaged.connector_sums("receiver").get("dead") == 1, "the dead letter")
    assert numbers(receiver) == [2]
    assert_sums_hold(damaged.status())


def test_a_loss_is_confirmed_beside_the_loop(make_daemon, receiver, disk, tmp_path):
    project = Project(tmp_path / "of-journal.db")  # a name by which the disk knows its folders, too
    fill(project)
    daemon = make_daemon(project=project, settings={"url": receiver.url}, env=disk.env).start()
    assert daemon.stop() == 0
    trash(project.journal, 1)
    daemon.start()
    answers = []
    disk.fail(sync="hang")
    confirming = threading.Thread(
        target=lambda: answers.append(daemon.post("/api/journal/confirm", timeout=120)), daemon=True)
    confirming.start()
    note = project.journal.with_name("journal.db.unconfirmed")
    wait_until(lambda: not note.exists(), "the note to go, and its folder to be synced")
    assert daemon.get("/healthz").status == 200
    assert not answers
    disk.mend()
    confirming.join()
    assert answers[0].status == 200
    assert daemon.get("/readyz").status == 200


def test_a_loss_beside_other_faults_is_confirmed_by_the_daemon_alone(damaged):
    journal = damaged.project.journal
    trash(journal, 1)
    damaged.start()
    with sqlite3.connect(journal) as db:
        db.execute("UPDATE sums SET value = value + 1 WHERE term = 'made'")
    db.close()
    refused = liaison("fsck", journal, "--confirm")
    assert refused.status == 1 and "not confirmed: " in refused.out
    assert liaison("fsck", journal, "--confirm", "--json").json()["confirmed"] is False
    assert_refuses(damaged)
    assert damaged.post("/api/journal/confirm").status == 200
    assert damaged.get("/readyz").status == 200


def test_commits_that_a_log_lost_are_told(daemon, receiver):
    emit(daemon, 20)
    daemon.wait_delivered("receiver", 20)
    daemon.kill()
    journal = daemon.project.journal
    log = journal.with_name("journal.db-wal")
    with open(log, "r+b") as file:
        file.truncate(log.stat().st_size // 2)
    found = liaison("fsck", journal)
    assert found.status == 1 and "can't be read any more" in found.out
    assert liaison("fsck", journal).out == found.out  # looking changes nothing
    daemon.start()
    assert "can't be read any more" in problems(daemon)["journal-lost"]
    assert_refuses(daemon)
    assert daemon.post("/api/journal/confirm").status == 200
    emit(daemon, 1, start=20)
    receiver.wait_for(21)
    keys = dict(zip(numbers(receiver), receiver.keys()))
    assert len(set(keys.values())) == len(keys)  # no id of what was lost is given again
    assert_sound(daemon)


def test_a_file_that_is_no_database_makes_way_and_is_kept(damaged):
    journal = damaged.project.journal
    text = b"Dear diary,\n" * 1000
    journal.write_bytes(text)
    damaged.start()
    assert_refuses(damaged)
    (aside,) = set_aside(journal)
    assert journal.with_name(aside).read_bytes() == text
    assert liaison("fsck", journal, "--confirm").status == 0
    wait_until(lambda: damaged.get("/readyz").status == 200, "the daemon to notice")


@pytest.mark.parametrize("content, words", [
    (b"", "is empty"), (b"Dear diary, " * 20, "no SQLite database")], ids=["empty", "diary"])
def test_fsck_says_what_a_file_is_that_is_no_journal(tmp_path, content, words):
    journal = tmp_path / "journal.db"
    journal.write_bytes(content)
    result = liaison("fsck", journal, "--json")
    assert result.status == 1
    (finding,) = result.json()["findings"]
    assert words in finding["text"] and finding["advice"]
    assert journal.read_bytes() == content


# ---- backup ----------------------------------------------------------------------------------------


def test_a_backup_made_under_load_can_be_gone_back_to(daemon, receiver, make_daemon, tmp_path):
    emit(daemon, 200)
    ending = threading.Event()
    posted = []

    def load():
        while not ending.is_set():
            n = 200 + len(posted)
            assert post(daemon, n).status == 202
            posted.append(n)

    poster = threading.Thread(target=load, daemon=True)
    poster.start()
    wait_until(lambda: len(posted) >= 20, "some load")
    acknowledged = 200 + len(posted)
    copy = tmp_path / "backup.db"
    result = liaison("backup", copy, "--json", cwd=daemon.project.path)
    ending.set()
    poster.join()
    assert result.status == 0, result.err
    assert result.json()["file"] == str(copy) and copy.stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in tmp_path.glob("backup.db*")) == ["backup.db"]

    other = Project(tmp_path / "other")
    fill(other)
    other.journal.parent.mkdir(mode=0o700)
    shutil.copy(copy, other.journal)
    restored = make_daemon(project=other, settings={"url": receiver.url}).start()
    assert restored.get("/readyz").status == 200
    stored = stored_ids(other.journal)
    assert stored[:acknowledged] == list(range(acknowledged))
    assert_sums_hold(restored.status())
    last = restored.channel_sums()["received"]
    emit(restored, 1, start=10**6)
    wait_until(lambda: restored.channel_sums() == {
        **restored.channel_sums(), "received": last + 1, "closed": last + 1}, "all to be handled")
    keys = {}
    for n, key in zip(numbers(receiver), receiver.keys()):
        assert keys.setdefault(key, n) == n, "an id was given twice"
    assert_sound(restored)


def test_a_stopped_journal_is_backed_up_and_nothing_is_overwritten(daemon, receiver, tmp_path):
    emit(daemon, 3)
    daemon.wait_delivered("receiver", 3)
    assert daemon.stop() == 0
    copy = tmp_path / "backup.db"
    result = liaison("backup", copy, cwd=daemon.project.path)
    assert (result.status, result.err) == (0, "")
    assert stored_ids(copy) == [0, 1, 2]
    content = copy.read_bytes()
    again = liaison("backup", copy, cwd=daemon.project.path)
    assert again.status == 1 and "is there already" in again.err
    assert copy.read_bytes() == content


def test_a_journal_with_faults_that_it_goes_on_with_is_backed_up(damaged, tmp_path):
    with sqlite3.connect(damaged.project.journal) as db:
        db.execute("UPDATE sums SET value = value + 1 WHERE term = 'made'")
    db.close()
    result = liaison("backup", tmp_path / "backup.db", cwd=damaged.project.path)
    assert result.status == 0 and "with 1 fault of the journal" in result.out
    result = liaison("backup", tmp_path / "other.db", "--json", cwd=damaged.project.path)
    assert (result.status, result.json()["faults"]) == (0, 1)
    assert "sum: " in liaison("fsck", tmp_path / "backup.db").out


def test_a_damaged_journal_makes_no_backup(damaged, tmp_path):
    journal = damaged.project.journal
    trash(journal, root_page(journal, "event_rows"))
    result = liaison("backup", tmp_path / "backup.db", cwd=damaged.project.path)
    assert result.status == 1 and "fsck" in result.err
    assert not list(tmp_path.glob("backup.db*"))
