# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""docs/HTTP.md: its commands answer what it shows, and there is one for each call that there is."""

import re
import subprocess

from support import ROOT, SLOWNESS, Reply, wait_until
from support.console import console_examples, is_shown

PAGE = (ROOT / "docs" / "HTTP.md").read_text()
ADDRESS = "http://127.0.0.1:8750"
ROUTE = re.compile(r'^    \{"([A-Z]+)", "(/[^"]*)", route_\w+\},$', re.MULTILINE)
METHOD = re.compile(r" -X ([A-Z]+)")
POSTS = re.compile(r" -d ")

SCRIPT = """
    local sync = SyncManager.new {}
    sync:on("schedule.updated", function(event)
      sync:send { connector = "calendarApi", data = event.data }
    end)
    sync:on("note", function(event) end)
    sync:start()
"""

CONNECTOR = """
    return function(data) return http.post(setting "url", { json = data }) end
"""


def test_each_command_answers_what_is_shown(project, make_daemon, receiver):
    project.script(SCRIPT)
    project.connector("calendarApi", CONNECTOR)
    receiver.rule = lambda request: Reply(400, {"error": "taken"}) if b"T09:00" in request.body else None
    daemon = make_daemon(settings={"url": receiver.url}).start()
    id = None
    for command, shown in console_examples(PAGE):
        assert ADDRESS in command
        letters = daemon.dead_letters()
        id = letters[0]["id"] if letters else id
        command = re.sub(r"(?<=/)ID\b", str(id), command.replace(ADDRESS, daemon.url))
        command = command.replace("--max-time 1", f"--max-time {SLOWNESS}")
        said = subprocess.run(command, shell=True, text=True, cwd=project.path,
                              capture_output=True, timeout=30 * SLOWNESS).stdout.replace("\r", "")
        assert is_shown(shown, said), f"{command}\nshown: {shown}\nsaid:  {said}"
        wait_until(lambda: is_at_rest(daemon), "what it brought about to happen")


def is_at_rest(daemon):
    replays = daemon.get("/api/replay").json()["items"]
    return (not daemon.channel_sums().get("open")
            and not daemon.connector_sums("calendarApi").get("waiting")
            and all(replay["ended"] for replay in replays))


def shown_call(command):
    """The method and path of an example."""
    method = METHOD.search(command)
    method = method[1] if method else "POST" if POSTS.search(command) else "GET"
    return method, re.search(re.escape(ADDRESS) + r"([^ ?']*)", command)[1]


def test_each_call_has_an_example():
    routes = ROUTE.findall((ROOT / "src" / "admin" / "admin.c").read_text())
    assert len(routes) > 20
    shown = [shown_call(command) for command, _ in console_examples(PAGE)]
    for method, path in routes:
        pattern = re.escape(path).replace(r"\*", "[^/]+")
        assert any(m == method and re.fullmatch(pattern, p) for m, p in shown), f"{method} {path}"
