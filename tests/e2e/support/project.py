# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""A project folder of a test's own."""

import textwrap

from .command import ROOT


def relay(event_type, connector):
    """A script that sends the data of such events to the connector, as they are."""
    return f"""
        local sync = SyncManager.new {{}}
        sync:on("{event_type}", function(event)
          sync:send {{ connector = "{connector}", data = event.data }}
        end)
        sync:start()
    """


class Project:
    def __init__(self, path):
        self.path = path
        path.mkdir(parents=True, exist_ok=True)

    def write(self, name, text):
        """Writes a file, its folders too; a text may be indented as the test is."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text).lstrip("\n"))
        return path

    def read(self, name):
        return (self.path / name).read_text()

    def script(self, text, name="sync"):
        return self.write(f"scripts/{name}.lua", text)

    def connector(self, name, text):
        return self.write(f"connectors/{name}.lua", text)

    def add_use_case(self):
        """The repository's own script and connectors."""
        for name in ("scripts/register_sync.lua", "connectors/calendarApi.lua",
                     "connectors/dataWarehouse.lua"):
            self.write(name, (ROOT / name).read_text())

    @property
    def journal(self):
        return self.path / "var" / "journal.db"
