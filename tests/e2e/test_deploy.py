# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""A project behind a link is deployed by turning it: the daemon loads the release that it leads to."""

import pytest

from support import Project, assert_sums_hold, wait_until

SCRIPT = """
    local words = require "words"
    local sync = SyncManager.new {}
    sync:on("thing.changed", function(event)
      sync:send { connector = "out", data = { n = event.data.n, by = words.version } }
    end)
    sync:start()
"""

CONNECTOR = """
    return function(data)
      return http.post(setting "url" .. "/VERSION", { json = data })
    end
"""

LAUNCHES = {
    "path": 'exec "$program" run LINK "$@"',
    "directory": 'exec "$program" -C LINK run "$@"',
    "relative": 'cd LINK/..; export PWD; exec "$program" run current "$@"',
    "here": 'cd LINK; export PWD; exec "$program" run "$@"',
    "script": 'exec "$program" run LINK/scripts/sync.lua "$@"',
}


class Site:
    def __init__(self, folder):
        self.folder = folder
        self.current = folder / "current"

    def release(self, version, has_shared_journal=False):
        project = Project(self.folder / "releases" / version)
        project.script(SCRIPT)
        project.write("lib/words.lua", f'return {{ version = "{version}" }}')
        project.connector("out", CONNECTOR.replace("VERSION", version))
        if has_shared_journal:
            (self.folder / "shared").mkdir(exist_ok=True)
            (project.path / "var").symlink_to("../../shared")
        return project

    def turn_to(self, version):
        new = self.folder / "current.new"
        new.symlink_to(f"releases/{version}")
        new.replace(self.current)


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


@pytest.fixture
def start(site, make_daemon, receiver):
    def start(launch="path"):
        words = LAUNCHES[launch].replace("LINK", str(site.current))
        launcher = ["sh", "-c", f"program=$0; shift 2; {words}"]
        return make_daemon(project=Project(site.current), launcher=launcher,
                           settings={"url": receiver.url}).start()
    return start


def emit(daemon, n):
    daemon.emit("thing.changed", {"n": n})


def wait_reloads(daemon, count, result="done"):
    wait_until(lambda: daemon.metrics().value("liaison_reloads_total", result=result) == count,
               f"{count} reloads that are {result}")


def problems(daemon):
    return {problem["code"]: problem["about"] for problem in daemon.status()["problems"]}


@pytest.mark.parametrize("launch", LAUNCHES)
def test_a_release_is_loaded_when_the_link_is_turned(site, start, receiver, launch):
    for version in ("one", "two", "three"):
        site.release(version, has_shared_journal=True)
    site.turn_to("one")
    daemon = start(launch)
    emit(daemon, 1)
    receiver.wait_for(1, "/one")
    for count, version in enumerate(("two", "three"), 1):
        site.turn_to(version)
        wait_reloads(daemon, count)
        emit(daemon, count + 1)
        receiver.wait_for(1, f"/{version}")
    assert [body["by"] for body in receiver.bodies()] == ["one", "two", "three"]
    assert problems(daemon) == {}
    assert "the journal that is open" not in daemon.log()


def test_events_flow_while_releases_change(site, start, receiver):
    for version in ("one", "two"):
        site.release(version, has_shared_journal=True)
    site.turn_to("one")
    daemon = start()
    for n in range(200):
        emit(daemon, n)
        if n % 50 == 25:
            site.turn_to("two" if n % 100 == 25 else "one")
    receiver.wait_for(200)
    assert sorted(body["n"] for body in receiver.bodies()) == list(range(200))
    wait_until(lambda: daemon.channel_sums()["open"] == 0, "the events to end")
    assert_sums_hold(daemon.status())


def test_a_release_with_a_mistake_is_not_loaded(site, start, receiver):
    site.release("one", has_shared_journal=True)
    site.release("two", has_shared_journal=True).script("local x = {")
    site.turn_to("one")
    daemon = start()
    site.turn_to("two")
    wait_reloads(daemon, 1, "failed")
    emit(daemon, 1)
    receiver.wait_for(1, "/one")
    assert list(problems(daemon)) == ["reload"]
    site.release("three", has_shared_journal=True)
    site.turn_to("three")
    wait_reloads(daemon, 1)
    assert problems(daemon) == {}


def test_a_link_that_is_gone_for_a_while_is_found_again(site, start, receiver):
    for version in ("one", "two"):
        site.release(version, has_shared_journal=True)
    site.turn_to("one")
    daemon = start()
    site.current.unlink()
    wait_reloads(daemon, 1, "failed")
    emit(daemon, 1)
    receiver.wait_for(1, "/one")
    site.turn_to("two")
    wait_reloads(daemon, 1)
    emit(daemon, 2)
    receiver.wait_for(1, "/two")


def test_the_journal_stays_where_it_is_until_the_next_start(site, start, receiver):
    one, two = site.release("one"), site.release("two")
    site.turn_to("one")
    daemon = start()
    emit(daemon, 1)
    receiver.wait_for(1, "/one")
    site.turn_to("two")
    wait_reloads(daemon, 1)
    assert problems(daemon) == {"restart": "journal"}
    assert (f"the journal that is open is used until the next start open={one.journal} "
            f"next={two.journal}") in daemon.log()
    emit(daemon, 2)
    receiver.wait_for(1, "/two")
    assert daemon.channel_sums()["received"] == 2
    assert not two.journal.exists()
    site.turn_to("one")
    wait_reloads(daemon, 2)
    assert problems(daemon) == {}
