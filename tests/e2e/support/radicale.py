# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""Debian's Radicale, a CalDAV server, in a folder of a test's own."""

import base64

from .program import Program
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


class Radicale(Program):
    """radicale = Radicale(tmp_path).start(); it has one empty calendar, at `calendar_url`."""

    USER = "ann"
    PASSWORD = "calendar-word"

    NAME = "Radicale"

    def __init__(self, folder):
        super().__init__(folder)
        self.calendar_url = f"{self.url}/{self.USER}/visits"
        (self._folder / "users").write_text(f"{self.USER}:{self.PASSWORD}\n")
        (self._folder / "config").write_text(
            CONFIG.format(address=self.address, folder=self._folder))

    def command(self):
        return ["radicale", f"--config={self._folder / 'config'}"]

    def answers(self):
        return request("GET", self.url).status != 503

    def start(self):
        super().start()
        made = self.ask("MKCALENDAR", self.calendar_url)
        assert made.status == 201, made
        return self

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
