# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""The system that a connector delivers to: records every request, answers as it is told."""

import json
import random
from collections import deque
from dataclasses import dataclass, field

from .server import HttpServer, format_answer
from .wait import wait_until


@dataclass
class Reply:
    status: int = 200
    body: object = field(default_factory=lambda: {"ok": True})  # bytes, str, or what JSON takes
    headers: dict = field(default_factory=dict)
    delay: float = 0.0    # seconds
    hangs: bool = False   # no answer ever comes
    resets: bool = False  # after the request was read, the connection is reset
    closes: bool = False  # the connection is closed after the answer

    def encode(self):
        body, kind = self.body, "text/plain"
        if not isinstance(body, (bytes, str)):
            body, kind = json.dumps(body), "application/json"
        if isinstance(body, str):
            body = body.encode()
        headers = {"Content-Type": kind, **self.headers}
        if self.closes:
            headers["Connection"] = "close"
        return format_answer(self.status, headers, body)


class Receiver(HttpServer):
    """What it answers: the next of `answer_next`, else what `rule` says, else `default`.

        receiver.answer_next(503, 503, Reply(429, headers={"Retry-After": "1"}))
        receiver.fail_share(0.2, seed=7)
        receiver.rule = lambda request: Reply(400) if b"bad" in request.body else None
    """

    def __init__(self, default=None):
        self.requests = []      # as they came
        self.statuses = []      # of their answers; None for those that got none
        self.in_flight = 0
        self.most_in_flight = 0
        self.rule = None        # called on the server's thread; None: as by default
        self._next = deque()
        self._hanging = set()
        self.default = default or Reply()
        super().__init__()

    # ---- what it does ----

    @property
    def default(self):
        return self._default

    @default.setter
    def default(self, reply):
        self._default = reply if isinstance(reply, Reply) else Reply(reply)
        self._default_bytes = self._default.encode()

    def answer_next(self, *replies):
        """Replies or statuses, one for each of the next requests."""
        self._next.extend(r if isinstance(r, Reply) else Reply(r) for r in replies)

    def fail_share(self, share, reply=503, seed=1):
        """That share of all requests fails, the same ones for the same seed and order."""
        generator = random.Random(seed)
        reply = reply if isinstance(reply, Reply) else Reply(reply)
        self.rule = lambda request: reply if generator.random() < share else None

    # ---- what it got ----

    def matching(self, path=None):
        return [r for r in list(self.requests) if path is None or r.path == path]

    def bodies(self, path=None):
        """The bodies, decoded."""
        return [json.loads(r.body) for r in self.matching(path)]

    def keys(self, path=None):
        """The Idempotency-Key of each."""
        return [r.headers.get("idempotency-key") for r in self.matching(path)]

    def accepted(self, path=None):
        """The requests that were answered by a 2xx."""
        pairs = zip(list(self.requests), list(self.statuses))
        return [r for r, status in pairs
                if status and 200 <= status < 300 and (path is None or r.path == path)]

    def wait_for(self, count, path=None, deadline=10):
        """Until so many requests came; they are returned."""
        wait_until(lambda: len(self.matching(path)) >= count,
                   f"{count} requests at {self.url}{path or ''}", deadline)
        return self.matching(path)

    def clear(self):
        """Forgets what came."""
        self._wait(self._clear())

    async def _clear(self):
        self.requests.clear()
        self.statuses.clear()

    # ---- on the server's thread ----

    def on_request(self, connection, request):
        reply = self._next.popleft() if self._next else None
        if reply is None and self.rule:
            reply = self.rule(request)
        if reply is None:
            reply = self._default
        answered = not (reply.hangs or reply.resets)
        self.requests.append(request)
        self.statuses.append(reply.status if answered else None)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        if reply.hangs:
            self._hanging.add(connection)
        elif reply.delay:
            self._loop.call_later(reply.delay, self._finish, connection, reply)
        else:
            self._finish(connection, reply)

    def on_closed(self, connection):
        if connection in self._hanging:
            self._hanging.remove(connection)
            self.in_flight -= 1

    def _finish(self, connection, reply):
        self.in_flight -= 1
        if reply.resets:
            connection.reset()
        else:
            data = self._default_bytes if reply is self._default else reply.encode()
            connection.answer(data, reply.closes)
