# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""The processes of one run: source, receiver, contestant, each on a free port.

A rig starts what a run needs and ends what it started:

    with Rig(tools, folder) as rig:
        receiver = rig.receiver(keys=10000)
        source = rig.source(events=50000)
        daemon = rig.daemon(project, settings={…})
        source.go()
        receiver.wait_for("warehouse", 50000)
"""

import json
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "e2e"))

from support import LIAISON, Daemon, Project, free_port, request, wait_until  # noqa: E402

__all__ = ["LIAISON", "RUN_DEADLINE_S", "Rig", "wait_until"]

RUN_DEADLINE_S = 120
START_DEADLINE_S = 60


class Stand:
    """A stand-in that runs as long as its rig does."""

    def __init__(self, rig, program, **options):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
        self.process = subprocess.Popen([str(rig.tools / program), "--port", str(self.port), *words])
        rig.on_exit(self.close)
        wait_until(self._answers, f"{program} to answer")

    def _answers(self):
        assert self.process.poll() is None, f"it ended with {self.process.returncode}"
        try:
            return self.stats() is not None
        except OSError:
            return False

    def stats(self):
        return request("GET", f"{self.url}/stats").json()

    def close(self):
        self.process.kill()
        self.process.wait()


class Source(Stand):
    def __init__(self, rig, **options):
        super().__init__(rig, "source", **options)
        self.events_url = f"{self.url}/events"

    def wait_connected(self):
        wait_until(lambda: self.stats()["streams"] > 0, "the stream to be asked for", deadline=30)

    def go(self):
        request("POST", f"{self.url}/go", b"")


class Receiver(Stand):
    def __init__(self, rig, **options):
        super().__init__(rig, "receiver", **options)

    def control(self, name, status=200, delay=0):
        request("POST", f"{self.url}/control?name={name}&status={status}&delay={delay}", b"")

    def count(self, name):
        return self.stats().get(name, {}).get("events", 0)

    def wait_for(self, name, events, deadline=RUN_DEADLINE_S):
        """Until so many events came; what it counted of them."""
        wait_until(lambda: self.count(name) >= events,
                   f"{events} events at /{name}", deadline, every=0.02)
        return self.stats()[name]

    def latencies_us(self, name):
        return [int(line) for line in
                request("GET", f"{self.url}/latencies?{name}").body.split()]


class Rig:
    """`tools`: the folder of source, receiver and curl_loop; `folder`: for projects and journals."""

    def __init__(self, tools, folder):
        self.tools = Path(tools)
        self.folder = Path(folder)
        self._exits = ExitStack()
        self._projects = 0

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._exits.close()

    def on_exit(self, function):
        self._exits.callback(function)

    def source(self, **options):
        return Source(self, **options)

    def receiver(self, **options):
        return Receiver(self, **options)

    def project(self, script, connectors):
        self._projects += 1
        project = Project(self.folder / f"project-{self._projects}")
        project.script(script)
        for name, text in connectors.items():
            project.connector(name, text)
        return project

    def daemon(self, project, *arguments, **options):
        daemon = Daemon(project, *arguments, **options)
        self.on_exit(daemon.close)
        return daemon.start(START_DEADLINE_S)

    def run(self, *command):
        """A contestant that ends by itself and prints one line of JSON."""
        return self.result(self.start(*command))

    def start(self, *command):
        process = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, text=True)
        self.on_exit(process.kill)
        return process

    @staticmethod
    def result(process):
        output, _ = process.communicate(timeout=RUN_DEADLINE_S)
        assert process.returncode == 0, f"{process.args}: {process.returncode}: {output}"
        return json.loads(output)
