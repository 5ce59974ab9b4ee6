# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""A running `liaison run` that a test owns."""

import http.client
import re
import subprocess

from .command import LIAISON, clean_environment, liaison
from .metrics import parse_metrics
from .ports import free_port
from .wait import SLOWNESS, wait_until
from .web import request


# The last one is valgrind's, which says nothing else.
SANITIZER_REPORTS = re.compile(r"ERROR: AddressSanitizer|ERROR: LeakSanitizer|: runtime error: |"
                               r"WARNING: ThreadSanitizer|^==\d+== ", re.MULTILINE)


class DaemonFailed(Exception):
    """The daemon ended while it was expected to run. No AssertionError: waiting ends with it."""


class Daemon:
    """Listens on a port of its own, the same one after each restart.

        daemon = Daemon(project, settings={"calendarUrl": receiver.url})
        daemon.start()
        daemon.emit("schedule.updated", {"id": 7})
        daemon.kill(); daemon.start()
    """

    def __init__(self, project, *arguments, settings=None, env=None, launcher=(),
                 program=LIAISON):
        self.project = project
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = None
        self.settings = dict(settings or {})  # as of the next start
        self.log_path = project.path.parent / f"{project.path.name}-{self.port}.stderr"
        self.log_path.touch()
        self._arguments = [str(argument) for argument in arguments]
        self._env = clean_environment(env)
        self._launcher = list(launcher)  # what runs it, such as valgrind and its options
        self._program = str(program)

    # ---- its life ----

    def launch(self):
        """Starts it without waiting."""
        assert not self.is_running(), "it runs already"
        settings = [f"--set=settings.{name}={value}" for name, value in self.settings.items()]
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [*self._launcher, self._program, "run", str(self.project.path), "--listen", f"127.0.0.1:{self.port}",
                 *self._arguments, *settings],
                cwd=self.project.path, env=self._env, stdin=subprocess.DEVNULL, stdout=log,
                stderr=log)
        return self

    def start(self, deadline=10):
        """Starts it and waits until it answers."""
        return self.launch().wait_healthy(deadline)

    def wait_healthy(self, deadline=10):
        wait_until(self._is_healthy, f"{self.url}/healthz to answer", deadline)
        return self

    def _is_healthy(self):
        if self.process.poll() is not None:
            raise DaemonFailed(f"it ended with {self.process.returncode}:\n{self.log()}")
        try:
            return request("GET", f"{self.url}/healthz", timeout=2).status == 200
        except (OSError, http.client.HTTPException):
            return False

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def signal(self, signum):
        self.process.send_signal(signum)

    def kill(self):
        """As a crash does: at once, nothing is ended in order."""
        self.process.kill()
        return self.process.wait()

    def wait(self, deadline=30):
        """Its exit status, once it ends by itself."""
        return self.process.wait(timeout=deadline * SLOWNESS)

    def stop(self, deadline=30):
        """TERM, and the exit status."""
        self.process.terminate()
        return self.wait(deadline)

    def restart(self):
        status = self.stop()
        assert status == 0, f"it stopped with {status}:\n{self.log()}"
        return self.start()

    def close(self):
        """The end in any case. A sanitizer's report is a failure, whatever the test saw."""
        if self.is_running():
            self.kill()
        log = self.log()
        report = SANITIZER_REPORTS.search(log)
        assert not report, log[report.start():][:8000]

    def log(self):
        """What it said since it was first started."""
        return self.log_path.read_text(errors="replace")

    # ---- what it is asked ----

    def get(self, path, **options):
        return request("GET", self.url + path, **options)

    def post(self, path, body=None, **options):
        return request("POST", self.url + path, {} if body is None else body, **options)

    def emit(self, type, data=None, **attributes):
        """Publishes one event; it is on disk when this returns."""
        answer = self.post("/events", {"type": type, "data": data, **attributes})
        assert answer.status == 202, f"{answer.status}: {answer.body.decode()}"
        return answer.json()

    def command(self, *arguments, **options):
        """A command on this daemon: daemon.command("dead", "list", "--json")."""
        return liaison(*arguments, "--url", self.url, **options)

    def status(self):
        return self.get("/api/status").json()

    def metrics(self):
        return parse_metrics(self.get("/metrics").body.decode())

    def dead_letters(self, query=""):
        return self.get(f"/api/dead-letters{query}").json()["items"]

    def connector_sums(self, name):
        return self.status()["sums"]["connectors"].get(name, {})

    def channel_sums(self, name="embedded"):
        return self.status()["sums"]["channels"].get(name, {})

    def wait_delivered(self, connector, count, deadline=10):
        """Until so many deliveries of a connector succeeded."""
        wait_until(lambda: self.connector_sums(connector).get("delivered", 0) >= count,
                   f"{count} delivered by {connector}", deadline)
