# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""A reader of server-sent events: a bare socket, so that a test decides when it reads."""

import json
import socket
import urllib.parse
from dataclasses import dataclass

from .wait import SLOWNESS


@dataclass
class Message:
    """One block, as a client's parser leaves it."""
    id: str
    event: str
    data: str

    def json(self):
        return json.loads(self.data)


class Stream:
    """GET of an event stream.

        with Stream(f"{daemon.url}/events", last_id="0") as stream:
            messages = stream.take(3)
    """

    def __init__(self, url, last_id=None, headers=None, timeout=20):
        parts = urllib.parse.urlsplit(url)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        fields = {"Host": parts.netloc, "Accept": "text/event-stream", **(headers or {})}
        if last_id is not None:
            fields["Last-Event-ID"] = last_id
        self.socket = socket.create_connection((parts.hostname, parts.port), timeout * SLOWNESS)
        # HTTP/1.0, so that the body is the bytes as they are.
        head = f"GET {target} HTTP/1.0\r\n" + "".join(f"{k}: {v}\r\n" for k, v in fields.items())
        self.socket.sendall(f"{head}\r\n".encode())
        self.reader = self.socket.makefile("rb")
        self.status = int(self.reader.readline().split()[1])
        self.headers = {}
        while (line := self.reader.readline().strip()):
            name, value = line.decode().split(": ", 1)
            self.headers[name.lower()] = value

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.reader.close()
        self.socket.close()

    def next(self):
        """The next message; None at the end."""
        fields = {"id": None, "event": "message", "data": []}
        for line in self.reader:
            line = line.decode().rstrip("\n")
            name, _, value = line.partition(": ")
            if line == "" and fields["data"]:
                return Message(fields["id"], fields["event"], "\n".join(fields["data"]))
            if name == "data":
                fields["data"].append(value)
            elif name in fields:
                fields[name] = value
        return None

    def take(self, count):
        return [self.next() for _ in range(count)]

    def skip_comment(self):
        """Reads the comment that says that nothing is to be said."""
        assert self.reader.readline() == b":\n"
        assert self.reader.readline() == b"\n"
