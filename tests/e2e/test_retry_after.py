# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""Each live case of the conformance data for Retry-After: when the next attempt is made, if one is."""

import json
import re
import time
from email.utils import formatdate

import pytest

from support import ROOT, Reply, wait_until

CASES = ROOT.parent / "shared" / "conformance" / "retry-after-cases.json"
LIVE = json.loads(CASES.read_text())["live"] if CASES.exists() else []

SCRIPT = """
    local sync = SyncManager.new {}
    sync:on("thing", function(event) sync:send { connector = "receiver", data = event.data } end)
    sync:start()
"""
CONNECTOR = """
    return { retry = { base = "200ms", jitter = false },
             send = function(data) return http.post(setting "url", { json = data }) end }
"""
BACKOFF_S = 0.2
AT_ONCE = {"0": 0, ">0": BACKOFF_S}


def dates(n):
    """The moment in so many seconds, in each of the three forms."""
    t = time.time() + n
    parts = time.gmtime(t)
    return {"imf": formatdate(t, usegmt=True), "rfc850": time.strftime("%A, %d-%b-%y %H:%M:%S GMT", parts),
            "asctime": time.strftime("%a %b %e %H:%M:%S %Y", parts)}


def fill(value, url):
    value = value.replace("{{self}}", url)
    return re.sub(r"\{\{(\w+)\+(\d+)\}\}", lambda match: dates(int(match[2]))[match[1]], value)


def reply_of(response, url):
    headers = {name: fill(value, url) for name, value in response.get("headers", {}).items()}
    return Reply(response["status"], headers=headers)


@pytest.mark.skipif(not LIVE, reason="the conformance data aren't here")
@pytest.mark.parametrize("case", LIVE, ids=[case["name"] for case in LIVE])
def test_a_live_case_holds(case, project, make_daemon, receiver):
    project.script(SCRIPT)
    project.connector("receiver", CONNECTOR)
    daemon = make_daemon(settings={"url": receiver.url}).start()
    # Dates have no parts of a second: of one that is far into its own the wait is shorter by that.
    wait_until(lambda: time.time() % 1 < 0.5, every=0.01)
    receiver.answer_next(*[reply_of(response, receiver.url) for response in case["responses"]])
    daemon.emit("thing", {"n": 1})
    first = case["responses"][0]["status"]
    if first < 300:
        daemon.wait_delivered("receiver", 1)
    elif first < 400:
        wait_until(daemon.dead_letters, "the refusal")
    if case["gap_s"] is None:
        assert len(receiver.requests) == 1
        return
    daemon.wait_delivered("receiver", 1)
    refused, accepted = receiver.requests
    least = AT_ONCE.get(str(case["gap_s"][0]), case["gap_s"][0])
    assert accepted.at - refused.at >= least - 0.01


def test_no_wait_goes_beyond_the_end_of_the_age(project, make_daemon, receiver):
    project.script(SCRIPT)
    project.connector("receiver", CONNECTOR.replace("jitter = false", 'jitter = false, age = "1s"'))
    daemon = make_daemon(settings={"url": receiver.url}).start()
    receiver.default = Reply(500, headers={"Retry-After": "86400"})
    daemon.emit("thing", {"n": 1})
    letter, = wait_until(daemon.dead_letters, "it to be given up")
    assert letter["cause"] == "exhausted"
    assert len(receiver.requests) == 2


def test_what_a_script_asks_for_is_as_bound(project, make_daemon, receiver):
    project.script(SCRIPT)
    project.connector("receiver", """
        return { retry = { age = "1s" }, send = function(data)
          http.post(setting "url", { json = data })
          retry("not yet", { after = "24h" })
        end }
    """)
    daemon = make_daemon(settings={"url": receiver.url}).start()
    daemon.emit("thing", {"n": 1})
    letter, = wait_until(daemon.dead_letters, "it to be given up")
    assert letter["cause"] == "exhausted"
    assert len(receiver.requests) == 2
