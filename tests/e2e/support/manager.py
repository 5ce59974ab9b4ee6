# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""A stand-in for the service manager that started a daemon: sd_notify(3)'s socket."""

import socket
import threading


class Manager:
    """messages holds what it was told, each a dict: {"READY": "1", "STATUS": "…"}."""

    def __init__(self):
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind("")  # abstract, a name of the kernel's choice
        self.name = "@" + self._socket.getsockname()[1:].decode()
        self.messages = []
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        while text := self._socket.recv(4096).decode():
            self.messages.append(dict(line.split("=", 1) for line in text.split("\n")))

    def told(self, name):
        """The values that a name was told with, in their order."""
        return [message[name] for message in list(self.messages) if name in message]

    def close(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as last:
            last.sendto(b"", self._socket.getsockname())
        self._thread.join()
        self._socket.close()
