# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""As a service of systemd: what the manager is told, where things lie, and the unit itself."""

import os
import re
import shutil
import stat
import subprocess
import sys

import pytest

from support import LIAISON, ROOT, Manager, liaison, wait_until

TEMPLATE = ROOT / "packaging" / "systemd" / "liaison@.service.in"
EXPOSURE_MAX = 2.0


@pytest.fixture
def manager():
    manager = Manager()
    yield manager
    manager.close()


@pytest.fixture
def unit(tmp_path):
    """The unit as it is installed, but for the program, which is the one that is tested."""
    path = tmp_path / "liaison@.service"
    path.write_text(TEMPLATE.read_text().replace("@CMAKE_INSTALL_FULL_BINDIR@/liaison", LIAISON))
    return path


def setting(unit, name):
    """The values of one setting of the unit, in their order."""
    return re.findall(rf"^{name}=(.*)$", unit.read_text(), re.MULTILINE)


def test_the_manager_is_told_of_readiness_and_of_the_end(project, make_daemon, manager):
    project.script('local sync = SyncManager.new {}\nsync:start()')
    daemon = make_daemon(env={"NOTIFY_SOCKET": manager.name}).start()
    wait_until(lambda: manager.told("READY"), "READY=1")
    assert manager.messages[0] == {"READY": "1",
                                   "STATUS": f"takes events on 127.0.0.1:{daemon.port}"}
    daemon.emit("t")
    assert daemon.stop() == 0
    wait_until(lambda: manager.told("STOPPING"), "STOPPING=1")
    assert "READY" not in manager.messages[-1]
    assert manager.messages[-1]["STATUS"].startswith("stopping")
    assert int(manager.messages[-1]["EXTEND_TIMEOUT_USEC"]) > 8e6  # limits.drain
    assert manager.told("WATCHDOG") == []


def test_the_manager_is_told_of_what_needs_a_person(project, make_daemon, manager, make_bus):
    bus = make_bus()
    project.script(f"""
        local sync = SyncManager.new {{ eventBusUrl = "{bus.events_url}" }}
        sync:start()
        """)
    bus.refusals.extend([503] * 100)
    make_daemon(env={"NOTIFY_SOCKET": manager.name}).start()
    wait_until(lambda: any(s.endswith("; 1 problem, see: liaison status")
                           for s in manager.told("STATUS")), "the problem to be told")


def test_the_manager_gets_signs_of_life_while_the_loop_turns(project, make_daemon, manager):
    project.script('local sync = SyncManager.new {}\nsync:start()')
    daemon = make_daemon(
        env={"NOTIFY_SOCKET": manager.name, "WATCHDOG_USEC": "20000"}).start()
    wait_until(lambda: len(manager.told("WATCHDOG")) > 3, "signs of life")
    assert daemon.stop() == 0


def test_a_refused_start_is_never_ready(project, make_daemon, manager):
    project.script("this is no Lua")
    daemon = make_daemon(env={"NOTIFY_SOCKET": manager.name}).launch()
    assert daemon.wait() == 78
    assert manager.messages == []


def test_journal_and_secrets_are_where_systemd_puts_them(project, make_daemon, tmp_path):
    state, credentials = tmp_path / "state", tmp_path / "credentials"
    for folder in (state, credentials):
        folder.mkdir(mode=0o700)
    (credentials / "ADMIN").write_text("open sesame\n")
    project.write("liaison.lua", 'return { tokens = { admin = secret "ADMIN" } }')
    project.script('local sync = SyncManager.new {}\nsync:start()')
    daemon = make_daemon(env={"STATE_DIRECTORY": str(state),
                              "CREDENTIALS_DIRECTORY": str(credentials)}).start()
    assert daemon.get("/api/status").status == 401
    answer = daemon.get("/api/status", headers={"Authorization": "Bearer open sesame"})
    assert answer.json()["journal"]["path"] == str(state / "journal.db")
    assert daemon.stop() == 0
    assert stat.S_IMODE((state / "journal.db").stat().st_mode) == 0o600
    assert not (project.path / "var").exists()


def test_a_service_s_journal_is_checked_and_copied_without_its_project(project, make_daemon, tmp_path):
    state, copy = tmp_path / "state", tmp_path / "copy.db"
    state.mkdir()
    project.script('local sync = SyncManager.new { headers = { x = secret "S" } }\nsync:start()')
    daemon = make_daemon(env={"STATE_DIRECTORY": str(state), "S": "s3cret"}).start()
    daemon.emit("t")
    for arguments in (["fsck", state / "journal.db"],
                      ["backup", copy, "--journal", state / "journal.db"], ["fsck", copy]):
        result = liaison(*arguments, cwd="/")
        assert (result.status, result.err) == (0, "")


# ---- the unit -------------------------------------------------------------------------------------

needs_systemd = pytest.mark.skipif(not shutil.which("systemd-analyze"),
                                   reason="systemd-analyze isn't installed")


@needs_systemd
def test_the_unit_is_well_formed(unit):
    process = subprocess.run(["systemd-analyze", "verify", "--man=no", unit], text=True,
                             capture_output=True)
    assert (process.returncode, process.stdout + process.stderr) == (0, "")


@needs_systemd
def test_the_unit_exposes_little(unit):
    process = subprocess.run(["systemd-analyze", "security", "--offline=true", "--no-pager", unit],
                             text=True, capture_output=True)
    exposure = re.search(r"Overall exposure level for \S+: ([\d.]+)", process.stdout)
    assert exposure, process.stdout + process.stderr
    assert float(exposure[1]) <= EXPOSURE_MAX, process.stdout


def test_the_unit_is_what_the_contract_says(unit):
    assert setting(unit, "Type") == ["notify"]
    assert setting(unit, "NotifyAccess") == ["main"]
    assert setting(unit, "RestartPreventExitStatus") == ["78"]
    assert setting(unit, "ExecStart") == [f"{LIAISON} run /etc/liaison/%i"]
    assert setting(unit, "StateDirectory") == ["liaison/%i"]
    assert setting(unit, "StateDirectoryMode") == ["0700"]
    # Ours ends a loop that hangs after 30 s, and says more.
    assert int(setting(unit, "WatchdogSec")[0].rstrip("s")) > 30


# What MemoryDenyWriteExecute= does, by prctl(2): PR_SET_MDWE, which a program that is started inherits.
REFUSE_WRITABLE_CODE = "import ctypes; refused = ctypes.CDLL(None).prctl(65, 1, 0, 0, 0) == 0; "


def test_the_daemon_needs_no_writable_code(project, make_daemon, receiver):
    if subprocess.run([sys.executable, "-c", REFUSE_WRITABLE_CODE + "exit(not refused)"]).returncode:
        pytest.skip("the kernel can't refuse it, as Linux 6.3 does")
    if os.environ.get("LIAISON_PRESET") == "valgrind":
        pytest.skip("valgrind writes code of its own")
    project.add_use_case()
    launcher = [sys.executable, "-c",
                REFUSE_WRITABLE_CODE + "import os, sys; os.execv(sys.argv[1], sys.argv[1:])"]
    daemon = make_daemon(launcher=launcher, settings={
        "eventBusUrl": "embedded", "calendarUrl": receiver.url, "warehouseUrl": receiver.url})
    daemon.start().emit("schedule.updated", {"id": 7, "startTime": "2026-11-23T09:00:00Z"})
    receiver.wait_for(2)
    assert daemon.stop() == 0
