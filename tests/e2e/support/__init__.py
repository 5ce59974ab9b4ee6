# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""What the end-to-end tests stand on: commands, projects, daemons, and the systems around them.

Tests take free ports, a folder of their own and their own child processes only, and wait by polling
with a deadline, never for a fixed time.
"""

from .bus import SseBus
from .clickhouse import ClickHouse
from .command import LIAISON, ROOT, Result, clean_environment, liaison
from .daemon import Daemon, DaemonFailed
from .disk import Disk
from .manager import Manager
from .metrics import parse_metrics
from .nginx import Nginx
from .node import Node
from .ports import free_port
from .project import Project, relay
from .prometheus import Prometheus, promtool
from .radicale import Radicale
from .receiver import Receiver, Reply
from .stream import Message, Stream
from .sums import assert_sums_hold
from .tls_receiver import Authority, TlsReceiver
from .wait import SLOWNESS, wait_until
from .web import Answer, request

__all__ = [
    "Answer", "Authority", "ClickHouse", "Daemon", "DaemonFailed", "Disk", "LIAISON", "Manager",
    "Message", "Nginx", "Node", "Project", "Prometheus", "ROOT", "Radicale", "Receiver", "Reply",
    "Result", "SLOWNESS", "SseBus", "Stream", "TlsReceiver", "assert_sums_hold", "clean_environment",
    "free_port", "liaison", "parse_metrics", "promtool", "relay", "request", "wait_until",
]
