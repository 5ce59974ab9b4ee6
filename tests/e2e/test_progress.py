# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""What a person at a terminal sees of what takes long, and nobody else."""

import json
import os
import pty
import re
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from support import LIAISON, clean_environment


class SlowDaemon:
    """Answers what changes something when it is told to."""

    def __init__(self):
        outer = self
        self.may_answer = threading.Event()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                outer.may_answer.wait()
                self.answer({"retried": 3, "refused": 1, "ok": True, "connector": "c", "paused": True})

            def do_GET(self):
                self.answer({"items": [], "next": None})

            def answer(self, document):
                text = json.dumps(document).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *arguments):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self):
        self.may_answer.set()
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def slow_daemon():
    daemon = SlowDaemon()
    yield daemon
    daemon.close()


@pytest.mark.parametrize("arguments, progress, status, out, said", [
    (["dead", "retry", "--all"], "retrying", 1, "retried 3\n", "liaison: 1 could not be retried\r\n"),
    (["pause", "c"], "waiting for the daemon", 0, "c is paused: what is for it waits until `liaison resume c`\n", ""),
], ids=["retry", "pause"])
def test_what_takes_long_shows_that_it_goes_on_and_cleans_up(slow_daemon, arguments, progress, status, out, said):
    screen, terminal = pty.openpty()
    process = subprocess.Popen(
        [LIAISON, *arguments, "--url", slow_daemon.url], stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=terminal, text=True, env=clean_environment({"TERM": "xterm"}))
    os.close(terminal)
    shown = ""
    while f"{progress}, 1 s" not in shown:
        shown += os.read(screen, 4096).decode()
    slow_daemon.may_answer.set()
    assert process.wait(timeout=30) == status
    assert process.stdout.read() == out
    process.stdout.close()
    try:
        while data := os.read(screen, 4096).decode():
            shown += data
    except OSError:  # the other end is closed
        pass
    os.close(screen)
    # The line was erased before what is said next.
    assert re.search(progress + r", \d+ s\r\x1b\[K" + said + "$", shown)


def test_what_is_no_terminal_gets_words_alone(slow_daemon):
    process = subprocess.Popen(
        [LIAISON, "dead", "retry", "--all", "--url", slow_daemon.url], stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=clean_environment({"TERM": "xterm"}))
    slow_daemon.may_answer.set()
    out, err = process.communicate(timeout=30)
    assert (out, err) == ("retried 3\n", "liaison: 1 could not be retried\n")


@pytest.mark.parametrize("environment, is_coloured", [({}, True), ({"NO_COLOR": "1"}, False)])
def test_the_log_is_coloured_on_terminals_that_want_it(project, environment, is_coloured):
    project.script('local sync = SyncManager.new {}\nsync:start()')
    screen, terminal = pty.openpty()
    process = subprocess.Popen(
        [LIAISON, "run", project.path, "--listen", "127.0.0.1:0"], stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=terminal,
        env={**clean_environment(), "TERM": "xterm", **environment})
    os.close(terminal)
    shown = ""
    while "started" not in shown:
        shown += os.read(screen, 4096).decode()
    process.terminate()
    assert process.wait(timeout=30) == 0
    os.close(screen)
    assert ("\x1b[" in shown) == is_coloured
