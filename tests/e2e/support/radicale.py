# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""Debian's Radicale, a CalDAV server, in a folder of a test's own."""

import base64
import subprocess

from .wait import free_port, wait_until
from .web import request

CONFIG = """[server]
hosts = {address}
[auth]
type = htpasswd
htpasswd_filename = {folder}/users
htpasswd_encryption = plain
delay = 0
[rights]
type = owner_only
[storage]
filesystem_folder = {folder}/data
[web]
type = none
"""


class Radicale:
    """radicale = Radicale(tmp_path).start(); it has one empty calendar, at `calendar_url`."""

    USER = "ann"
    PASSWORD = "calendar-word"

    def __init__(self, folder):
        self.url = f"http://127.0.0.1:{free_port()}"
        self.calendar_url = f"{self.url}/{self.USER}/visits"
        self.process = None
        self._folder = folder / "radicale"
        self._folder.mkdir()
        self._log = self._folder / "log"
        (self._folder / "users").write_text(f"{self.USER}:{self.PASSWORD}\n")
        (self._folder / "config").write_text(
            CONFIG.format(address=self.url.removeprefix("http://"), folder=self._folder))

    def start(self):
        with open(self._log, "ab") as log:
            self.process = subprocess.Popen(
                ["radicale", f"--config={self._folder / 'config'}"], cwd=self._folder,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_until(self._is_ready, "Radicale to be ready", 30)
        made = self.ask("MKCALENDAR", self.calendar_url)
        assert made.status == 201, made
        return self

    def _is_ready(self):
        assert self.process.poll() is None, self.log()
        try:
            return request("GET", self.url).status != 503
        except OSError:
            return False

    def close(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def log(self):
        return self._log.read_text(errors="replace")

    def ask(self, method, url):
        credentials = base64.b64encode(f"{self.USER}:{self.PASSWORD}".encode()).decode()
        return request(method, url, headers={"Authorization": f"Basic {credentials}"})

    def event(self, name):
        """The text of one event of the calendar; None where there is none."""
        answer = self.ask("GET", f"{self.calendar_url}/{name}.ics")
        assert answer.status in (200, 404), answer
        return answer.body.decode() if answer.status == 200 else None

    def names(self):
        """The events of the calendar, sorted."""
        folder = self._folder / "data" / "collection-root" / self.USER / "visits"
        return sorted(path.stem for path in folder.glob("*.ics"))
