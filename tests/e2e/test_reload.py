# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""Scripts and settings loaded anew while the daemon works: all or nothing, and what is under way ends
on the scripts it began with."""

import json
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from support import Reply, assert_sums_hold, wait_until

SCRIPT = """
    local sync = SyncManager.new {}
    sync:on("thing", function(event)
      sync:send { connector = "out", data = { n = event.data.n, by = "VERSION" } }
    end)
    sync:start()
"""

CONNECTOR = """
    return { retry = { base = "20ms", growth = "constant", jitter = false },
             send = function(data)
               return http.post(setting "url" .. "/VERSION", { json = data })
             end }
"""


def write_script(project, version):
    project.script(SCRIPT.replace("VERSION", version))


def write_connector(project, version, name="out"):
    project.connector(name, CONNECTOR.replace("VERSION", version))


@pytest.fixture
def daemon(project, make_daemon, receiver):
    """It reloads when it is asked to, and by nothing else."""
    write_script(project, "one")
    write_connector(project, "one")
    return make_daemon("--set", "reload=manual", settings={"url": receiver.url}).start()


def reload(daemon):
    answer = daemon.post("/api/reload")
    assert answer.status == 200, answer.body
    return answer.json()


def emit(daemon, *numbers, **attributes):
    for n in numbers:
        daemon.emit("thing", {"n": n}, **attributes)


def problem_codes(daemon):
    return [problem["code"] for problem in daemon.status()["problems"]]


def waiting(daemon, name="out"):
    items = daemon.get("/api/connectors").json()["items"]
    return next((c["waiting"] for c in items if c["name"] == name), 0)


# ---- all or nothing ----


def test_new_scripts_take_the_place_of_the_old_ones(daemon, project, receiver):
    emit(daemon, 1)
    receiver.wait_for(1, "/one")
    before = daemon.get("/api/scripts").json()
    write_script(project, "two")
    write_connector(project, "two")
    answer = reload(daemon)
    assert answer["reloaded"] and answer["files"] == 2 and answer["findings"] == []
    emit(daemon, 2)
    receiver.wait_for(1, "/two")
    assert receiver.bodies("/two") == [{"n": 2, "by": "two"}]
    after = daemon.get("/api/scripts").json()
    assert after["hash"] == answer["hash"] != before["hash"]
    assert after["loadedAt"] > before["loadedAt"] and after["reload"]["done"]
    assert [(i["file"], i["kind"]) for i in after["items"]] == [
        ("connectors/out.lua", "connector"), ("scripts/sync.lua", "script")]
    assert_sums_hold(daemon.status())


@pytest.mark.parametrize("name, text, about", [
    ("scripts/sync.lua", "local sync = = 1", "scripts/sync.lua:1: "),
    ("scripts/sync.lua", "error('no')", "scripts/sync.lua:1: no"),
    ("connectors/out.lua", "return { sned = function() end }", "connectors/out.lua:1: "),
    ("transformers/shape.lua", "return 1", "transformers/shape.lua"),
    ("lib/shared.lua", "return {", "lib/shared.lua:1: "),
    ("scripts/more.lua", "SyncManager.new { eventBusUrl = 'http:///x' }:start()",
     "scripts/more.lua:1: the URL of the bus names no host"),
    ("liaison.lua", "return {\n  limits = { handlerTim = 1 } }", "liaison.lua:2: unknown key"),
    ("liaison.lua", "return {\n  listen = 9000 }", "liaison.lua:2: listen: "),
    ("liaison.lua", "return {\n  listen: 9000 }", "liaison.lua:2: in a table write listen = …"),
    ("liaison.lua", "return { tls = { cert = 'no.pem', key = 'no.pem' } }", None),
])
def test_what_has_errors_changes_nothing_and_is_shown(daemon, project, receiver, name, text, about):
    before = daemon.get("/api/scripts").json()
    write_script(project, "two")
    write_connector(project, "two")
    project.write(name, text)
    answer = daemon.post("/api/reload")
    if about is None:  # what can't change isn't looked at
        assert answer.status == 200 and answer.json()["restart"] == "tls.cert, tls.key"
        return
    assert answer.status == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"] == "not reloaded, what was loaded before goes on: 1 error"
    finding, = answer.json()["findings"]
    shown = f"{finding['file']}:{finding['line']}: {finding['text']}"
    assert about in shown and not finding["warning"]
    emit(daemon, 1)
    receiver.wait_for(1, "/one")
    scripts = daemon.get("/api/scripts").json()
    assert scripts["hash"] == before["hash"] and not scripts["reload"]["done"]
    assert scripts["reload"]["findings"] == [finding]
    problem, = daemon.status()["problems"]
    assert problem["code"] == "reload" and finding["text"] in problem["text"]
    assert finding["text"] in daemon.log()
    metrics = daemon.metrics()
    assert metrics.value("liaison_reloads_total", result="failed") == 1
    assert metrics.value("liaison_last_reload_success") == 0
    (project.path / name).unlink()
    write_script(project, "two")
    write_connector(project, "two")
    reload(daemon)
    assert problem_codes(daemon) == []
    assert daemon.metrics().value("liaison_last_reload_success") == 1


def test_the_command_says_what_was_loaded_or_what_is_wrong(daemon, project):
    done = daemon.command("reload")
    assert done.status == 0 and done.out.startswith("reloaded: 2 files, version ")
    assert json.loads(daemon.command("reload", "--json").out)["reloaded"]
    project.script("local x = {")
    failed = daemon.command("reload")
    assert failed.status == 1 and failed.out == ""
    assert failed.err.startswith("scripts/sync.lua:1: ")
    assert "liaison: not reloaded, what was loaded before goes on: 1 error\n" in failed.err


def test_a_hangup_reloads(daemon, project, receiver):
    write_connector(project, "two")
    daemon.signal(signal.SIGHUP)
    wait_until(lambda: daemon.metrics().value("liaison_reloads_total", result="done") == 1)
    emit(daemon, 1)
    receiver.wait_for(1, "/two")


def test_files_of_lib_and_data_count(daemon, project, receiver):
    project.write("lib/shape.lua", "return function(n) return n + 1 end")
    project.script("""
        local shape = require "shape"
        local sync = SyncManager.new {}
        sync:on("thing", function(event)
          sync:send { connector = "out", data = { n = shape(event.data.n) } }
        end)
        sync:start()
    """)
    first = reload(daemon)
    project.write("lib/shape.lua", "return function(n) return n + 2 end")
    second = reload(daemon)
    project.write("data/rooms.csv", "id,name\n1,a\n")
    third = reload(daemon)
    assert len({first["hash"], second["hash"], third["hash"]}) == 3
    emit(daemon, 1)
    receiver.wait_for(1)
    assert receiver.bodies() == [{"n": 3}]


# ---- what is under way ----


def test_an_attempt_in_progress_ends_on_its_scripts_and_the_next_is_made_by_the_new(
        daemon, project, receiver):
    receiver.answer_next(Reply(503, delay=0.5))
    emit(daemon, 1, 2, partitionkey="k")
    receiver.wait_for(1, "/one")
    write_connector(project, "two")
    reload(daemon)
    assert receiver.matching("/two") == []
    receiver.wait_for(2, "/two")
    assert [b["n"] for b in receiver.bodies("/two")] == [1, 2]
    assert len(receiver.matching("/one")) == 1
    assert receiver.keys("/one") == receiver.keys("/two")[:1]
    daemon.wait_delivered("out", 2)
    assert_sums_hold(daemon.status())


def test_what_waits_is_attempted_by_the_new_policy(daemon, project, receiver):
    receiver.default = 503
    project.connector("out", CONNECTOR.replace("VERSION", "one").replace(
        'base = "20ms"', 'attempts = 1000, base = "3s"'))
    reload(daemon)
    emit(daemon, 1)
    wait_until(lambda: "to be tried again" in daemon.log(), "the delivery to wait")
    project.connector("out", CONNECTOR.replace("VERSION", "two").replace(
        'base = "20ms"', 'attempts = 2, base = "20ms"'))
    reload(daemon)
    letter, = wait_until(daemon.dead_letters)
    assert letter["cause"] == "exhausted"
    assert (len(receiver.matching("/one")), len(receiver.matching("/two"))) == (1, 1)


def test_a_handler_that_awaits_is_run_again_on_the_new_scripts(daemon, project, receiver):
    script = """
        local sync = SyncManager.new {}
        sync:on("thing", function(event)
          local first = sync:send { connector = "out", data = { n = event.data.n, step = 1 } }
          first:await()
          sync:send { connector = "out", data = { n = event.data.n, step = 2, by = "VERSION" } }
        end)
        sync:start()
    """
    project.script(script.replace("VERSION", "old"))
    reload(daemon)
    receiver.default = Reply(hangs=True)
    emit(daemon, 1)
    receiver.wait_for(1)
    project.script(script.replace("VERSION", "new"))
    reload(daemon)
    receiver.default = 200
    receiver.wait_for(2, deadline=20)
    daemon.wait_delivered("out", 2)
    assert receiver.bodies()[-1] == {"n": 1, "step": 2, "by": "new"}
    assert len({r.headers["idempotency-key"] for r in receiver.requests}) == 2
    assert_sums_hold(daemon.status())


def test_a_handler_that_waits_for_an_answer_ends_on_its_own_scripts(daemon, project, receiver):
    script = """
        local sync = SyncManager.new {}
        sync:on("thing", function(event)
          http.get(setting "url" .. "/look")
          sync:send { connector = "gone", data = { by = "VERSION" } }
        end)
        sync:start()
    """
    write_connector(project, "gone", "gone")
    project.script(script.replace("VERSION", "old"))
    reload(daemon)
    receiver.answer_next(Reply(200, delay=0.5))
    emit(daemon, 1)
    receiver.wait_for(1, "/look")
    (project.path / "connectors/gone.lua").unlink()
    write_script(project, "new")
    reload(daemon)
    wait_until(lambda: waiting(daemon, "gone") == 1)
    assert "connector-gone" in problem_codes(daemon)
    write_connector(project, "back", "gone")
    reload(daemon)
    receiver.wait_for(1, "/back")
    assert receiver.bodies("/back") == [{"by": "old"}]


def test_what_waits_for_a_connector_that_is_gone_goes_on_when_it_is_back(daemon, project, receiver):
    receiver.default = 503
    emit(daemon, 1, 2, partitionkey="k")
    receiver.wait_for(1)
    project.script("SyncManager.new {}:start()")
    (project.path / "connectors/out.lua").unlink()
    reload(daemon)
    wait_until(lambda: waiting(daemon) == 2)
    assert problem_codes(daemon) == ["connector-gone"]
    receiver.default = 200
    write_connector(project, "two")
    reload(daemon)
    receiver.wait_for(2, "/two")
    assert [b["n"] for b in receiver.bodies("/two")] == [1, 2]
    daemon.wait_delivered("out", 2)
    assert problem_codes(daemon) == []
    assert_sums_hold(daemon.status())


def test_a_connector_that_nothing_waits_for_goes_without_a_word(daemon, project, receiver):
    emit(daemon, 1)
    daemon.wait_delivered("out", 1)
    project.script("SyncManager.new {}:start()")
    (project.path / "connectors/out.lua").unlink()
    reload(daemon)
    assert problem_codes(daemon) == []
    assert daemon.get("/api/connectors").json()["items"] == []


def test_what_was_set_aside_goes_on_with_the_new_scripts(daemon, project, receiver):
    project.script("""
        local sync = SyncManager.new {}
        sync:on("thing", { name = "loops" }, function(event) while true do end end)
        sync:start()
    """)
    reload(daemon)
    emit(daemon, 1, 2, 3, 4)
    wait_until(lambda: problem_codes(daemon) == ["handler-set-aside"])
    project.script("""
        local sync = SyncManager.new {}
        sync:on("thing", { name = "loops" }, function(event)
          sync:send { connector = "out", data = event.data }
        end)
        sync:start()
    """)
    reload(daemon)
    receiver.wait_for(1)
    assert receiver.bodies() == [{"n": 4}]
    assert problem_codes(daemon) == []


def test_a_connector_whose_credentials_were_refused_is_probed_at_once(daemon, project, receiver):
    receiver.default = 401
    emit(daemon, 1, 2)
    wait_until(lambda: problem_codes(daemon) == ["connector-auth"])
    receiver.default = 200
    write_connector(project, "two")
    reload(daemon)
    receiver.wait_for(2, "/two", deadline=4)
    daemon.wait_delivered("out", 2)


def test_the_last_error_of_a_script_stands_until_it_is_loaded_anew(daemon, project):
    project.connector("out", "return function(data) return data.x.y end")
    reload(daemon)
    emit(daemon, 1)
    wait_until(daemon.dead_letters)

    def error():
        return next(i["lastError"] for i in daemon.get("/api/scripts").json()["items"]
                    if i["file"] == "connectors/out.lua")

    assert error().startswith("connectors/out.lua:1: ")
    reload(daemon)
    assert error() is None


def test_each_delivery_says_by_which_scripts_it_was_attempted(daemon, project, receiver):
    emit(daemon, 1)
    daemon.wait_delivered("out", 1)
    first = daemon.get("/api/scripts").json()["hash"]
    write_connector(project, "two")
    second = reload(daemon)["hash"]
    project.connector("bad", "return function(data) error('no') end")
    project.script(SCRIPT.replace('"out"', 'event.data.n == 3 and "bad" or "out"'))
    third = reload(daemon)["hash"]
    emit(daemon, 2, 3)
    daemon.wait_delivered("out", 2)
    letter, = wait_until(daemon.dead_letters)
    assert letter["scripts"] == third
    items = daemon.get("/api/deliveries?connector=out").json()["items"]
    assert sorted((d["event"]["data"]["n"], d["scripts"]) for d in items) == [(1, first), (2, third)]
    assert f", scripts {first[:12]}" in daemon.command("explain", "1").out
    write_connector(project, "two")  # as it was before: no version of its own
    (project.path / "connectors/bad.lua").unlink()
    write_script(project, "one")
    assert reload(daemon)["hash"] == second
    daemon.restart()
    emit(daemon, 4)
    daemon.wait_delivered("out", 3)
    items = daemon.get("/api/deliveries?connector=out").json()["items"]
    assert items[0]["scripts"] == second


def test_at_most_two_earlier_versions_are_at_work(daemon, project, receiver):
    receiver.default = Reply(200, delay=1.5)
    for n, version in enumerate(("one", "two", "three")):
        write_connector(project, version)
        reload(daemon)
        emit(daemon, n)
        receiver.wait_for(n + 1)
    write_connector(project, "four")
    reload(daemon)  # answers once the first has ended
    assert len(receiver.accepted()) >= 1
    receiver.wait_for(3)
    daemon.wait_delivered("out", 3)
    assert [r.path for r in receiver.requests] == ["/one", "/two", "/three"]


@pytest.mark.slow
def test_what_outlasts_a_minute_on_replaced_scripts_is_attempted_anew(daemon, project, receiver):
    project.connector("out", CONNECTOR.replace("VERSION", "one").replace(
        "retry =", 'timeout = "5m", retry ='))
    reload(daemon)
    receiver.answer_next(Reply(hangs=True))
    emit(daemon, 1, 2, partitionkey="k")
    receiver.wait_for(1, "/one")
    write_connector(project, "two")
    reload(daemon)
    receiver.wait_for(2, "/two", deadline=75)
    assert receiver.keys("/two")[0] == receiver.keys("/one")[0]
    assert [b["n"] for b in receiver.bodies("/two")] == [1, 2]
    daemon.wait_delivered("out", 2)
    assert_sums_hold(daemon.status())


# ---- checked first ----


def test_a_checked_reload_is_refused_where_requests_would_change(daemon, project, receiver):
    emit(daemon, 1, 2)
    daemon.wait_delivered("out", 2)
    project.write("lib/unused.lua", "return {}")
    answer = daemon.post("/api/reload", {"check": "last:500"})
    assert answer.status == 200 and answer.json()["comparison"]["same"] == 2

    before = daemon.get("/api/scripts").json()["hash"]
    write_script(project, "two")
    refused = daemon.post("/api/reload", {"check": "last:500"})
    assert refused.status == 409
    comparison = refused.json()["comparison"]
    assert (comparison["events"], comparison["same"], comparison["changed"]) == (2, 0, 2)
    assert daemon.get("/api/scripts").json()["hash"] == before
    assert problem_codes(daemon) == []
    assert len(receiver.requests) == 2

    accepted = daemon.post("/api/reload", {"check": "last:500", "accept": True})
    assert accepted.status == 200 and accepted.json()["comparison"] == comparison
    emit(daemon, 3)
    receiver.wait_for(3)
    assert receiver.bodies()[-1] == {"n": 3, "by": "two"}


def test_the_command_shows_what_would_change(daemon, project, receiver):
    emit(daemon, 1)
    daemon.wait_delivered("out", 1)
    write_script(project, "two")
    refused = daemon.command("reload", "--check", "last:10")
    assert refused.status == 1
    assert "liaison: not reloaded: of the requests for 1 recorded events 1 would change" in refused.err
    counts = "1 event; requests: 0 the same, 1 changed, 0 new, 0 vanished"
    assert refused.out.splitlines()[0] == counts
    assert 'json.by: "one" → "two"' in refused.out
    done = daemon.command("reload", "--check", "last:10", "--accept")
    assert done.status == 0 and done.out.startswith(counts)
    assert done.out.splitlines()[-1].startswith("reloaded: ")


def threads(daemon):
    return {name.read_text().strip() for name in Path(f"/proc/{daemon.process.pid}/task").glob("*/comm")}


def test_what_was_loaded_while_a_check_compared_stays(daemon, project, receiver):
    emit(daemon, *range(5))
    daemon.wait_delivered("out", 5)
    project.script(SCRIPT.replace("sync:send", "while true do end sync:send"))  # it takes a while
    wish = {"check": "last:5", "accept": True}
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(daemon.post, "/api/reload", wish)
        wait_until(lambda: "trial" in threads(daemon), "the comparison to begin")
        write_script(project, "three")
        loaded = reload(daemon)
        refused = answer.result()
    assert refused.status == 422 and "compare once more" in refused.json()["detail"]
    assert daemon.get("/api/scripts").json()["hash"] == loaded["hash"]


def test_a_check_that_has_a_secret_in_it_loads_nothing(project, make_daemon, receiver):
    """The number would be masked, which leaves no JSON to be counted in."""
    write_script(project, "one")
    write_connector(project, "one")
    project.write("liaison.lua", 'return { reload = "manual", settings = { pin = secret "PIN" } }')
    daemon = make_daemon(settings={"url": receiver.url}, env={"PIN": "4815162342"}).start()
    emit(daemon, 4815162342)
    daemon.wait_delivered("out", 1)
    before = daemon.get("/api/scripts").json()["hash"]
    project.script(SCRIPT.replace("n = event", "number = event"))
    refused = daemon.post("/api/reload", {"check": "last:5"})
    assert refused.status == 422 and "there is a secret in it" in refused.json()["detail"]
    assert daemon.get("/api/scripts").json()["hash"] == before


def test_events_that_are_too_large_together_are_not_tried(project, make_daemon, receiver):
    write_script(project, "one")
    write_connector(project, "one")
    daemon = make_daemon("--set", "limits.body=15MB", settings={"url": receiver.url}).start()
    for _ in range(5):
        daemon.emit("large", "x" * 14_000_000)
    for path, body in (("reload", {"check": "last:5"}), ("try", {"events": [1, 2, 3, 4, 5]})):
        answer = daemon.post(f"/api/{path}", body)
        assert answer.status == 422, answer.body[:200]
        assert "these events pass 64 MB: try fewer" in answer.json()["detail"]
    assert daemon.post("/api/reload", {"check": "last:2"}).json()["comparison"]["events"] == 2


@pytest.mark.parametrize("body, status", [
    ({"check": "first:5"}, 400), ({"check": "last:0"}, 400), ({"check": 5}, 400), ({"chek": 1}, 400)])
def test_a_check_that_is_none_is_refused(daemon, body, status):
    assert daemon.post("/api/reload", body).status == status


def test_a_checked_reload_tells_what_is_wrong_with_the_scripts(daemon, project, receiver):
    emit(daemon, 1)
    project.script("local x = {")
    answer = daemon.post("/api/reload", {"check": "last:5"})
    assert answer.status == 422
    assert answer.json()["findings"][0]["file"] == "scripts/sync.lua"


# ---- channels ----


BUS = """
    local bus = SyncManager.new { name = "bus", eventBusUrl = setting "busUrl" HEADERS }
    bus:on("thing", function(event)
      bus:send { connector = "out", data = { n = event.data.n } }
    end)
    bus:start()
"""


@pytest.fixture
def bus_daemon(project, make_daemon, receiver, bus):
    project.script(BUS.replace("HEADERS", ""))
    write_connector(project, "one")
    return make_daemon("--set", "reload=manual",
                       settings={"url": receiver.url, "busUrl": bus.url}).start()


def publish(bus, *numbers):
    for n in numbers:
        bus.publish({"type": "thing", "data": {"n": n}})


def test_the_connection_to_the_bus_stays(bus_daemon, project, receiver, bus):
    publish(bus, 1)
    receiver.wait_for(1)
    project.script(BUS.replace("HEADERS", "") + "-- changed")
    reload(bus_daemon)
    publish(bus, 2)
    receiver.wait_for(2)
    assert bus.stream_count == 1


def test_a_bus_with_other_headers_is_connected_anew_where_it_stood(bus_daemon, project, receiver,
                                                                   bus):
    publish(bus, 1, 2)
    receiver.wait_for(2)
    project.script(BUS.replace("HEADERS", ', headers = { ["X-Key"] = "new" }'))
    reload(bus_daemon)
    publish(bus, 3, 4)
    receiver.wait_for(4)
    assert sorted(b["n"] for b in receiver.bodies()) == [1, 2, 3, 4]
    assert bus.stream_count == 2
    assert bus.asked[-1].headers["x-key"] == "new"
    assert bus.asked[-1].headers["last-event-id"]
    assert_sums_hold(bus_daemon.status())


def test_a_bus_is_closed_and_opened_again_where_it_was_left(bus_daemon, project, receiver, bus):
    publish(bus, 1, 2)
    receiver.wait_for(2)
    bus_daemon.wait_delivered("out", 2)
    project.script("SyncManager.new {}:start()")
    reload(bus_daemon)
    assert [c["name"] for c in bus_daemon.status()["channels"]] == ["embedded"]
    publish(bus, 3)
    project.script(BUS.replace("HEADERS", ""))
    reload(bus_daemon)
    receiver.wait_for(3)
    assert sorted(b["n"] for b in receiver.bodies()) == [1, 2, 3]
    assert_sums_hold(bus_daemon.status())


def test_messages_that_are_no_events_are_left_out_of_a_check(bus_daemon, receiver, bus):
    publish(bus, 1)
    receiver.wait_for(1)
    bus.publish("{this is no JSON")
    wait_until(lambda: bus_daemon.dead_letters("?cause=malformed"), "the dead letter")
    answer = bus_daemon.post("/api/reload", {"check": "last:5"})
    assert answer.status == 200, answer.body
    assert answer.json()["comparison"]["events"] == 1


def test_the_daemons_own_channel_takes_the_name_a_script_gives_it(daemon, project, receiver):
    project.script(SCRIPT.replace("new {}", 'new { name = "shop" }').replace("VERSION", "two"))
    reload(daemon)
    emit(daemon, 1)
    receiver.wait_for(1)
    assert daemon.channel_sums("shop")["received"] == 1
    assert [c["name"] for c in daemon.status()["channels"]] == ["shop"]


# ---- settings ----


def test_settings_and_secrets_are_read_again(project, make_daemon, receiver, tmp_path):
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / "KEY").write_text("first-secret")
    project.write("liaison.lua", f"""
        return {{ settings = {{ url = "{receiver.url}", path = "/a" }}, reload = "manual" }}
    """)
    write_script(project, "one")
    project.connector("out", """
        return function(data)
          return http.post(setting "url" .. setting "path",
                           { json = data, headers = { ["X-Key"] = secret "KEY" } })
        end
    """)
    daemon = make_daemon(env={"CREDENTIALS_DIRECTORY": str(secrets)}).start()
    emit(daemon, 1)
    receiver.wait_for(1, "/a")
    (secrets / "KEY").write_text("second-secret")
    project.write("liaison.lua", f"""
        return {{ settings = {{ url = "{receiver.url}", path = "/b" }}, reload = "manual",
                  limits = {{ body = "1kB" }}, log = {{ level = "debug" }} }}
    """)
    reload(daemon)
    emit(daemon, 2)
    receiver.wait_for(1, "/b")
    assert [r.headers["x-key"] for r in receiver.requests] == ["first-secret", "second-secret"]
    assert daemon.post("/events", {"type": "thing", "data": "x" * 2000}).status == 413
    assert " debug " in daemon.log()
    assert "second-secret" not in daemon.log()


def test_tokens_are_read_again(project, make_daemon, receiver):
    write_script(project, "one")
    write_connector(project, "one")
    project.write("liaison.lua", 'return { token = "first-token", reload = "manual" }')
    daemon = make_daemon(settings={"url": receiver.url}).start()
    project.write("liaison.lua", 'return { token = "second-token", reload = "manual" }')

    def status(token):
        return daemon.get("/api/status", headers={"Authorization": f"Bearer {token}"}).status

    assert (status("first-token"), status("second-token")) == (200, 401)
    assert daemon.post("/api/reload",
                       headers={"Authorization": "Bearer first-token"}).status == 200
    assert (status("first-token"), status("second-token")) == (401, 200)


def test_what_needs_a_restart_is_said(daemon, project):
    project.write("liaison.lua", 'return { journal = "elsewhere.db", limits = { drain = "1s" } }')
    answer = reload(daemon)
    assert answer["restart"] == "journal"
    problem, = daemon.status()["problems"]
    assert (problem["code"], problem["about"]) == ("restart", "journal")
    assert daemon.command("reload").err == "what changed of journal takes effect at the next start\n"
    (project.path / "liaison.lua").unlink()
    assert reload(daemon)["restart"] is None
    assert problem_codes(daemon) == []


# ---- by itself ----


@pytest.fixture
def watching(project, make_daemon, receiver):
    write_script(project, "one")
    write_connector(project, "one")
    return make_daemon(settings={"url": receiver.url}).start()


def wait_reloads(daemon, count, result="done"):
    wait_until(lambda: daemon.metrics().value("liaison_reloads_total", result=result) == count,
               f"{count} reloads to be {result}")


def test_a_saved_file_is_loaded(watching, project, receiver):
    write_connector(project, "two")
    wait_reloads(watching, 1)
    emit(watching, 1)
    receiver.wait_for(1, "/two")
    assert 'why="files changed"' in watching.log()


def test_a_file_that_an_editor_renames_into_place_is_loaded(watching, project, receiver):
    for count, version in enumerate(("two", "three"), 1):
        new = project.write("connectors/.out.lua.new", CONNECTOR.replace("VERSION", version))
        new.replace(project.path / "connectors/out.lua")
        wait_reloads(watching, count)
        emit(watching, count)
        receiver.wait_for(1, f"/{version}")


def test_links_that_are_swapped_are_followed(project, make_daemon, receiver):
    """As Kubernetes mounts a ConfigMap."""
    write_script(project, "one")
    folder = project.path / "connectors"
    for version in ("one", "two"):
        project.write(f"connectors/..{version}/out.lua", CONNECTOR.replace("VERSION", version))
    (folder / "..data").symlink_to("..one")
    (folder / "out.lua").symlink_to("..data/out.lua")
    daemon = make_daemon(settings={"url": receiver.url}).start()
    emit(daemon, 1)
    receiver.wait_for(1, "/one")
    (folder / "..data_tmp").symlink_to("..two")
    (folder / "..data_tmp").replace(folder / "..data")
    wait_reloads(daemon, 1)
    emit(daemon, 2)
    receiver.wait_for(1, "/two")
    files = [i["file"] for i in daemon.get("/api/scripts").json()["items"]]
    assert files == ["connectors/out.lua", "scripts/sync.lua"]


def test_a_script_that_was_named_is_loaded_wherever_it_lies(project, make_daemon, receiver):
    write_connector(project, "one")
    script = project.write("mine/own.lua", SCRIPT.replace("VERSION", "one"))
    named = ["sh", "-c", f'program=$0; shift 2; exec "$program" run {script} "$@"']
    daemon = make_daemon(launcher=named, settings={"url": receiver.url}).start()
    project.write("mine/own.lua", SCRIPT.replace("VERSION", "two"))
    wait_reloads(daemon, 1)
    emit(daemon, 1)
    receiver.wait_for(1)
    assert receiver.bodies() == [{"n": 1, "by": "two"}]


def test_a_saved_error_is_shown_until_it_is_mended(watching, project, receiver):
    project.script("local x = {")
    wait_reloads(watching, 1, "failed")
    assert problem_codes(watching) == ["reload"]
    write_script(project, "two")
    wait_reloads(watching, 1)
    assert problem_codes(watching) == []


def test_what_was_reloaded_by_hand_is_not_loaded_again_by_itself(watching, project):
    write_connector(project, "two")
    reload(watching)
    project.script("local x = {")  # a later change is seen all the same, and that one only
    wait_reloads(watching, 1, "failed")
    assert watching.metrics().value("liaison_reloads_total", result="done") == 1


def test_what_changes_while_the_daemon_starts_is_loaded(project, make_daemon, receiver, tmp_path):
    """The secret is read when the scripts have been, and before anything else is opened."""
    secret = tmp_path / "secret"
    os.mkfifo(secret)
    write_script(project, "one")
    project.connector("out", 'local token = secret "TOKEN"' + CONNECTOR.replace("VERSION", "one"))
    daemon = make_daemon(settings={"url": receiver.url}, env={"TOKEN_FILE": str(secret)}).launch()
    with secret.open("w") as pipe:  # opened when the daemon reads it
        write_script(project, "two")
        write_connector(project, "two")
        pipe.write("one-two-three")
    daemon.wait_healthy()
    wait_reloads(daemon, 1)


def test_files_are_watched_as_the_settings_say(watching, project, receiver):
    project.write("liaison.lua", 'return { reload = "manual" }')
    wait_reloads(watching, 1)
    write_connector(project, "two")
    project.write("liaison.lua", 'return { reload = "watch" }')
    reload(watching)
    write_connector(project, "three")
    wait_reloads(watching, 3)
    emit(watching, 1)
    receiver.wait_for(1, "/three")
