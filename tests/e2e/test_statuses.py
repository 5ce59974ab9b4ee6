# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""A connector's `statuses`: what an answer means to it, before the table of outcomes."""

import re

import pytest

from support import Reply, assert_sums_hold, liaison, relay, wait_until

SCRIPT = relay("thing.changed", "out")

CONNECTOR = """
    return {
      retry = { base = "20ms", jitter = false, growth = "constant" },
      statuses = %s,
      send = function(data) return http.post(setting "url" .. "/x", { json = data }) end,
    }
"""


@pytest.fixture
def start(project, make_daemon, receiver):
    def start(statuses):
        project.script(SCRIPT)
        project.connector("out", CONNECTOR % statuses)
        return make_daemon(settings={"url": receiver.url}).start()
    return start


def letter(daemon):
    wait_until(lambda: len(daemon.dead_letters()) == 1, "a dead letter")
    return daemon.dead_letters()[0]


def test_retry_and_accept_deliver_what_the_table_would_refuse(start, receiver):
    daemon = start('{ [403] = "retry", [409] = "accept" }')
    receiver.answer_next(403, 403, 409)
    daemon.emit("thing.changed", {"id": 1})
    daemon.wait_delivered("out", 1)
    assert receiver.statuses == [403, 403, 409]
    assert daemon.dead_letters() == []
    assert_sums_hold(daemon.status())


def test_refuse_is_a_dead_letter_at_once_whatever_the_status(start, receiver):
    daemon = start('{ ["5xx"] = "refuse", [503] = "retry" }')
    receiver.answer_next(503, Reply(500, "Code: 27"))
    daemon.emit("thing.changed", {"id": 1})
    found = letter(daemon)
    assert (found["cause"], [a["code"] for a in found["attempts"]]) == ("refused", ["503", "500"])
    assert "answered 500 Internal Server Error (`statuses`: refuse): Code: 27" in found["error"]


def test_pause_keeps_what_waits_until_the_answer_is_another(start, receiver):
    daemon = start('{ [402] = "pause" }')
    receiver.default = 402
    for n in range(5):
        daemon.emit("thing.changed", {"id": n}, partitionkey="one")
    problem, = wait_until(lambda: daemon.status()["problems"], "the pause")
    assert problem["code"] == "connector-auth"
    assert re.fullmatch(r"it answered 402, for which its `statuses` say to pause(: next probe at 20\S+Z)?",
                        problem["text"])
    receiver.default = 200
    assert daemon.command("reload").status == 0
    daemon.wait_delivered("out", 5)
    assert [body["id"] for body in receiver.bodies()] == [0, 0, 1, 2, 3, 4]
    assert daemon.dead_letters() == []


def test_a_function_reads_what_a_200_says(start, receiver):
    daemon = start("""function(answer)
        local problem = answer.json and answer.json.error
        if problem == "locked" then return "retry" end
        if problem then return "refuse" end
      end""")
    receiver.answer_next(Reply(200, {"error": "locked"}), 200, Reply(200, {"error": "no such room"}))
    daemon.emit("thing.changed", {"id": 1})
    daemon.wait_delivered("out", 1)
    daemon.emit("thing.changed", {"id": 2})
    found = letter(daemon)
    assert [(a["code"], "no such room" in a["answer"]) for a in found["attempts"]] == [("200", True)]
    assert [body["id"] for body in receiver.bodies()] == [1, 1, 2]


def test_a_wrong_row_is_refused_at_the_start_with_its_line(project):
    project.script(SCRIPT)
    project.connector("out", CONNECTOR % '{\n[403] = "again" }')
    result = liaison("check", project.path)
    assert result.status == 1
    assert ('connectors/out.lua:4: statuses: 403 must be "accept", "retry", "refuse" or "pause", not "again"'
            in result.out + result.err)


def test_specs_know_them(project):
    project.script(SCRIPT)
    project.connector("out", CONNECTOR % '{ [403] = "retry", [409] = "accept", [500] = "refuse", [402] = "pause" }')
    project.write("liaison.lua", 'return { settings = { url = "http://127.0.0.1:9" } }')
    project.write("tests/out.lua", """
        for status, outcome in pairs { [403] = "retry", [409] = "delivered", [500] = "dead", [402] = "pause" } do
          it("is " .. outcome, function()
            http.fake("POST", "*", status)
            expect(deliver("out", { id = 1 }).outcome):is(outcome)
          end)
        end
    """)
    result = liaison("test", project.path)
    assert (result.status, result.out.splitlines()[-1]) == (0, "4 passed, 0 failed")


def test_a_dry_run_knows_them(project):
    project.script(SCRIPT)
    project.connector("out", CONNECTOR % 'function(answer) if answer.status == 200 then return "pause" end end')
    project.write("liaison.lua", 'return { settings = { url = "http://127.0.0.1:9" } }')
    result = liaison("try", "-", project.path, "--json", input='{"type": "thing.changed", "data": {}}')
    send, = result.json()["handlers"][0]["sends"]
    assert (send["outcome"], "answered 200 (`statuses`: pause)" in send["reason"]) == ("pause", True)
