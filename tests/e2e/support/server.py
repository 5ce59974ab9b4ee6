# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""A small fast HTTP/1.1 server in a thread, which the stand-ins of other systems are built on.

All servers of a test run share one event loop in one thread. What a subclass is called with runs
there; what tests call runs in theirs and reaches the loop by `_on_loop`.
"""

import asyncio
import socket
import struct
import threading
import time
from collections import namedtuple

from .ports import free_port

# `at` is monotonic time in seconds, `connection` a number, `headers` has names in small letters.
Request = namedtuple("Request", "at connection method path headers body")

REASONS = {200: "OK", 202: "Accepted", 204: "No Content", 429: "Too Many Requests",
           503: "Service Unavailable"}

_loop = None
_loop_lock = threading.Lock()


def shared_loop():
    global _loop
    with _loop_lock:
        if _loop is None:
            _loop = asyncio.new_event_loop()
            threading.Thread(target=_loop.run_forever, name="servers", daemon=True).start()
    return _loop


def format_answer(status, headers, body):
    lines = [f"HTTP/1.1 {status} {REASONS.get(status, 'Answer')}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if status != 204:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class BrokenRequest(Exception):
    """It isn't HTTP: a test must see that."""


class Connection(asyncio.Protocol):
    """Reads one request after another; the next is looked at when the last is answered."""

    def __init__(self, server):
        self.server = server
        self.transport = None
        self.number = 0
        self.is_open = False
        self.can_write = True
        self._buffer = bytearray()
        self._is_busy = False

    # ---- asyncio's calls ----

    def connection_made(self, transport):
        self.transport = transport
        self.is_open = True
        sock = transport.get_extra_info("socket")
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.number = self.server._opened(self)

    def connection_lost(self, error):
        self.is_open = False
        self.server._closed(self)

    def pause_writing(self):
        self.can_write = False

    def resume_writing(self):
        self.can_write = True
        self.server.on_writable(self)

    def data_received(self, data):
        self._buffer += data
        self._go_on()

    # ---- requests ----

    def _go_on(self):
        try:
            while not self._is_busy and self.is_open:
                request = self._take_request()
                if request is None:
                    return
                self._is_busy = True
                self.server.on_request(self, request)
        except BrokenRequest as error:
            self.server.broken.append(str(error))
            self.reset()

    def _take_request(self):
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return None
        lines = self._buffer[:end].decode("latin-1").split("\r\n")
        words = lines[0].split(" ")
        if len(words) != 3 or not words[2].startswith("HTTP/1."):
            raise BrokenRequest(lines[0])
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        if headers.get("transfer-encoding", "").lower() == "chunked":
            body, after = self._take_chunks(end + 4)
        else:
            after = end + 4 + int(headers.get("content-length", 0))
            body = bytes(self._buffer[end + 4:after]) if len(self._buffer) >= after else None
        if body is None:
            if headers.get("expect", "").lower() == "100-continue" and len(self._buffer) == end + 4:
                self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            return None
        del self._buffer[:after]
        return Request(time.monotonic(), self.number, words[0], words[1], headers, body)

    def _take_chunks(self, at):
        body = b""
        while True:
            end = self._buffer.find(b"\r\n", at)
            if end < 0:
                return None, at
            size = int(self._buffer[at:end].split(b";")[0], 16)
            if len(self._buffer) < end + 2 + size + 2:
                return None, at
            body += self._buffer[end + 2:end + 2 + size]
            at = end + 2 + size + 2
            if size == 0:
                return body, at

    # ---- answers ----

    def answer(self, data, closes=False):
        """A whole answer, as bytes; then the next request is taken."""
        if not self.is_open:
            return
        self.transport.write(data)
        self._is_busy = False
        if closes:
            self.transport.close()
        else:
            asyncio.get_running_loop().call_soon(self._go_on)

    def reset(self):
        """Ends the connection by RST, whatever is under way."""
        if self.is_open:
            self.is_open = False
            sock = self.transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.transport.abort()


class HttpServer:
    """Listens from its making on. `stop` and `start` take it away and bring it back on its port."""

    def __init__(self):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.connection_count = 0  # ever opened
        self.connections = set()   # open now
        self.broken = []           # what came that isn't HTTP
        self._server = None
        self._loop = shared_loop()
        self.start()

    def on_request(self, connection, request):
        raise NotImplementedError

    def on_writable(self, connection):
        """A connection whose buffer was full takes more."""

    def on_closed(self, connection):
        """A connection has ended."""

    def start(self):
        self._wait(self._start())

    def stop(self):
        """Takes no more connections, and resets those there are."""
        self._wait(self._stop())

    def reset_connections(self):
        self._wait(self._reset_all())

    close = stop

    def _opened(self, connection):
        self.connection_count += 1
        self.connections.add(connection)
        return self.connection_count

    def _closed(self, connection):
        self.connections.discard(connection)
        self.on_closed(connection)

    async def _start(self):
        self._server = await self._loop.create_server(
            lambda: Connection(self), "127.0.0.1", self.port, backlog=1024)

    async def _stop(self):
        if self._server:
            self._server.close()
            self._server = None
        await self._reset_all()

    async def _reset_all(self):
        for connection in list(self.connections):
            connection.reset()

    def _wait(self, coroutine):
        asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(timeout=30)

    def _on_loop(self, function, *arguments):
        self._loop.call_soon_threadsafe(function, *arguments)
