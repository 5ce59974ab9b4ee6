# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""Fixtures: each cleans up what it made, and a failed test shows what its daemons said."""

import os
import signal
from contextlib import ExitStack

import pytest

from support import LIAISON, Daemon, Disk, Node, Project, Receiver, SseBus

LOG_SHOWN = 20000


def pytest_configure(config):
    if not os.access(LIAISON, os.X_OK):
        pytest.exit(f"there is no {LIAISON}: build it, or name it by LIAISON", returncode=2)
    # What started the tests, such as nohup, may ignore these, and what tests start would inherit that.
    for signum in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
        if signal.getsignal(signum) == signal.SIG_IGN:
            signal.signal(signum, signal.SIG_DFL)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if report.failed:
        for daemon in getattr(item, "daemons", ()):
            report.sections.append((f"daemon on {daemon.port}", daemon.log()[-LOG_SHOWN:]))


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path / "project")


@pytest.fixture
def make_daemon(request, project):
    """make_daemon(settings={…}): a daemon of the test's project, or of `project=`, not yet started."""
    request.node.daemons = []

    def make(*arguments, project=project, **options):
        daemon = Daemon(project, *arguments, **options)
        request.node.daemons.append(daemon)
        return daemon

    yield make
    with ExitStack() as stack:
        for daemon in request.node.daemons:
            stack.callback(daemon.close)


@pytest.fixture
def node():
    """Runs programs of tests/node."""
    missing = Node.missing()
    if missing:
        pytest.skip(missing)
    return Node()


@pytest.fixture
def disk(tmp_path):
    return Disk(tmp_path)


@pytest.fixture
def make_receiver():
    receivers = []

    def make(*arguments, **options):
        receivers.append(Receiver(*arguments, **options))
        return receivers[-1]

    yield make
    for receiver in receivers:
        receiver.close()


@pytest.fixture
def receiver(make_receiver):
    return make_receiver()


@pytest.fixture
def make_bus():
    buses = []

    def make(*arguments, **options):
        buses.append(SseBus(*arguments, **options))
        return buses[-1]

    yield make
    for bus in buses:
        bus.close()


@pytest.fixture
def bus(make_bus):
    return make_bus()
