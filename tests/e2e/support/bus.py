# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""An event bus over server-sent events: resumes by Last-Event-ID, drops connections, beats."""

import json
import random

from .server import HttpServer, format_answer
from .wait import wait_until

HEAD = (b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n")


def chunk(data):
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


def format_block(data, id=None, event=None, retry_ms=None):
    lines = []
    if event is not None:
        lines.append(f"event: {event}")
    if id is not None:
        lines.append(f"id: {id}")
    if retry_ms is not None:
        lines.append(f"retry: {retry_ms}")
    lines += [f"data: {line}" for line in data.split("\n")]
    return ("\n".join(lines) + "\n\n").encode()


class SseBus(HttpServer):
    """Every connection gets the events from where it asks to resume, else from the first on.

        bus = SseBus(retry_ms=50)
        bus.publish({"type": "schedule.updated", "data": {"id": 7}})
        bus.drop_at_random(1, 20, seed=3)   # each connection ends after 1 to 20 events
        bus.post_rule = lambda request: 503  # what is POSTed is answered so; None: reset

    What is POSTed and taken goes out as an event where it `echoes`.
    """

    def __init__(self, retry_ms=None, heartbeat=None, starts_at_end=False, echoes=False):
        self.events = []           # (id, bytes) as they were published
        self.streams = {}          # connection: index of the next event
        self.stream_count = 0      # event streams ever opened
        self.asked = []            # the requests for them
        self.posts = []            # what was POSTed, such as dead letters
        self.taken = []            # … and answered by a 2xx
        self.post_rule = lambda request: 202
        self.echoes = echoes
        self.refusals = []         # statuses for the next requests for a stream
        self._positions = {}       # id: index behind it
        self._left = {}            # connection: events until it is dropped
        self._drops = None
        self._retry_ms = retry_ms
        self._heartbeat = heartbeat
        self._is_closed = False
        self._starts_at_end = starts_at_end
        self._next_id = 1
        super().__init__()
        self.events_url = f"{self.url}/events"
        if heartbeat:
            self._on_loop(self._beat)

    # ---- what tests say ----

    def publish(self, value, id=True, event=None):
        """`value`: a str as it is, else JSON. `id`: True for a number of its own, None for none."""
        if id is True:
            id, self._next_id = str(self._next_id), self._next_id + 1
        data = value if isinstance(value, str) else json.dumps(value)
        self._on_loop(self._add, id, format_block(data, id, event))
        return id

    def publish_all(self, values):
        for value in values:
            self.publish(value)

    def publish_bytes(self, data):
        """Bytes as they are, for what a broken bus would send."""
        self._on_loop(self._add, None, data)

    def drop_at_random(self, least, most, seed=1):
        """Each new connection ends after `least` to `most` events."""
        generator = random.Random(seed)
        self._drops = lambda: generator.randint(least, most)

    def drop_never(self):
        self._drops = None

    def close(self):
        self._is_closed = True
        super().close()

    def wait_connected(self, count=1, deadline=10):
        wait_until(lambda: self.stream_count >= count, f"{count} streams of {self.url}", deadline)

    # ---- on the server's thread ----

    def _add(self, id, data):
        self.events.append((id, data))
        if id is not None:
            self._positions[id] = len(self.events)
        for connection in list(self.streams):
            self._pump(connection)

    def _pump(self, connection):
        """Sends what there is, as far as the connection takes it."""
        at = self.streams.get(connection)
        if at is None:
            return
        out = []
        size = 0
        while at < len(self.events) and self._left.get(connection) != 0 and size < 65536:
            out.append(self.events[at][1])
            size += len(out[-1])
            at += 1
            if connection in self._left:
                self._left[connection] -= 1
        self.streams[connection] = at
        if out:
            connection.transport.write(chunk(b"".join(out)))
        if self._left.get(connection) == 0:
            self.streams.pop(connection, None)
            connection.transport.close()
        elif at < len(self.events) and connection.can_write:
            self._loop.call_soon(self._pump, connection)

    def _first_index(self, request):
        last = request.headers.get("last-event-id")
        if last in self._positions:
            return self._positions[last]
        return len(self.events) if self._starts_at_end else 0

    def _open_stream(self, connection, request):
        self.asked.append(request)
        if self.refusals:
            connection.answer(format_answer(self.refusals.pop(0), {}, b""))
            return
        connection.transport.write(HEAD)
        if self._retry_ms is not None:
            connection.transport.write(chunk(f"retry: {self._retry_ms}\n\n".encode()))
        if self._drops:
            self._left[connection] = self._drops()
        self.streams[connection] = self._first_index(request)
        self.stream_count += 1
        self._pump(connection)

    def _take_post(self, connection, request):
        status = self.post_rule(request)
        self.posts.append(request)
        if status is None:
            connection.reset()
            return
        if status < 300:
            self.taken.append(request)
            if self.echoes:
                self._add(None, format_block(request.body.decode()))
        connection.answer(format_answer(status, {}, b""))

    def on_request(self, connection, request):
        if request.method == "GET":
            self._open_stream(connection, request)
        else:
            self._take_post(connection, request)

    def on_writable(self, connection):
        self._pump(connection)

    def on_closed(self, connection):
        self.streams.pop(connection, None)
        self._left.pop(connection, None)

    def _beat(self):
        if self._is_closed:
            return
        for connection in list(self.streams):
            if connection.can_write:
                connection.transport.write(chunk(b": beat\n\n"))
        self._loop.call_later(self._heartbeat, self._beat)
