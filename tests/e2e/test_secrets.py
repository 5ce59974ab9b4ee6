# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""What `secret` returned stands in no log, no journal, no dead letter and no answer of the daemon,
whatever the other side or a script does with it."""

import base64
import json
import urllib.parse

import pytest

from support import Reply, liaison, relay, request, wait_until

SECRET = 'corr"ect horse/battery+staple'  # is written differently in JSON and in URLs
TOKEN = "token-of-the-daemon-itself"
OTHER = "second-secret-kept-in-a-file"

SCRIPT = relay("thing.changed", "receiver")
CONNECTOR = """
    local token, other = secret "RECEIVER_TOKEN", secret "OTHER"
    return {
      retry = { attempts = 2, base = "10ms" },
      send = function(data)
        log.info("asking with " .. token, { token = token, text = "Bearer " .. token })
        if data.fails then error("refused with " .. token .. " and " .. other) end
        if data.rejects then reject("no use of " .. token) end
        return http.post(setting "url", {
          headers = { Authorization = "Bearer " .. token, ["X-Other"] = other },
          json = data,
        })
      end,
    }
"""


def forms(secret):
    """What a secret may look like in texts of others."""
    return {
        secret, json.dumps(secret)[1:-1], urllib.parse.quote(secret),
        urllib.parse.quote_plus(secret), urllib.parse.quote(secret, safe=""),
        base64.b64encode(secret.encode()).decode().rstrip("="),
    }


def assert_has_no_secret(what, where):
    data = what if isinstance(what, bytes) else what.encode()
    for secret in (SECRET, OTHER, TOKEN):
        for form in forms(secret):
            assert form.encode() not in data, f"{form} stands in {where}"


def echo(request):
    """As careless as a receiver can be."""
    given = request.headers["authorization"]
    secret = given.removeprefix("Bearer ")
    return Reply(500, "\n".join([
        given, request.headers["x-other"], json.dumps({"given": given}), urllib.parse.quote(given),
        base64.b64encode(secret.encode()).decode()]))


@pytest.fixture
def daemon(project, make_daemon, receiver, tmp_path):
    project.script(SCRIPT)
    project.connector("receiver", CONNECTOR)
    (tmp_path / "other").write_text(OTHER + "\n")
    receiver.rule = echo
    return make_daemon("--set", "log.level=debug", settings={"url": receiver.url},
                       env={"RECEIVER_TOKEN": SECRET, "OTHER_FILE": str(tmp_path / "other")})


def follow(daemon):
    """A question for how deliveries end from now on, for assert_told_nowhere."""
    return daemon.get("/api/tail").json()["next"]


def assert_told_nowhere(daemon, cursor):
    told = daemon.get(f"/api/tail?cursor={cursor}")
    assert [end["state"] for end in told.json()["items"]] == ["dead"] and "***" in told.json()["items"][0]["error"]
    assert_has_no_secret(told.body, "/api/tail")


def wait_dead(daemon):
    wait_until(lambda: len(daemon.dead_letters()) == 1, "a dead letter")
    return daemon.dead_letters()[0]


def assert_kept_nowhere(daemon, letter):
    for path in ("/api/status", "/api/dead-letters", f"/api/dead-letters/{letter['id']}",
                 f"/api/dead-letters/{letter['id']}/request"):
        assert_has_no_secret(daemon.get(path).body, path)
    shown = daemon.command("dead", "show", letter["id"])
    assert_has_no_secret(shown.out + shown.err, "dead show")
    listed = daemon.command("dead", "list", "--json")
    assert_has_no_secret(listed.out, "dead list")
    files = list(daemon.project.journal.parent.iterdir())
    assert daemon.project.journal in files
    for path in files:
        assert_has_no_secret(path.read_bytes(), path.name)
    assert daemon.stop() == 0
    assert_has_no_secret(daemon.project.journal.read_bytes(), "the journal that was closed")
    assert_has_no_secret(daemon.log(), "the log")


def test_a_secret_that_a_receiver_echoes_is_kept_nowhere(daemon, receiver):
    daemon.start()
    cursor = follow(daemon)
    daemon.emit("thing.changed", {"id": 1})
    letter = wait_dead(daemon)
    assert_told_nowhere(daemon, cursor)
    for got in receiver.requests:
        assert got.headers["authorization"] == f"Bearer {SECRET}"
        assert got.headers["x-other"] == OTHER
    assert [attempt["code"] for attempt in letter["attempts"]] == ["500", "500"]
    assert letter["attempts"][0]["answer"].startswith("Bearer ***\n***\n")
    assert "*** connector=receiver" in daemon.log()
    assert_kept_nowhere(daemon, letter)


@pytest.mark.parametrize("data, cause", [
    ({"fails": True}, "script"),
    ({"rejects": True}, "refused"),
])
def test_a_secret_in_an_error_of_a_script_is_kept_nowhere(daemon, data, cause):
    daemon.start()
    cursor = follow(daemon)
    daemon.emit("thing.changed", data)
    letter = wait_dead(daemon)
    assert letter["cause"] == cause
    assert "***" in letter["error"]
    assert_told_nowhere(daemon, cursor)
    assert_kept_nowhere(daemon, letter)


def test_a_secret_that_waits_for_its_next_attempt_is_kept_nowhere(daemon, receiver):
    receiver.rule = lambda request: Reply(503, echo(request).body, {"Retry-After": "60"})
    daemon.start()
    daemon.emit("thing.changed", {"id": 1})
    wait_until(lambda: daemon.connector_sums("receiver").get("waiting") == 1, "it to wait")
    for path in daemon.project.journal.parent.iterdir():
        assert_has_no_secret(path.read_bytes(), path.name)
    assert_has_no_secret(daemon.get("/api/status").body, "status")
    assert daemon.stop() == 0
    assert_has_no_secret(daemon.log(), "the log")


def test_a_secret_that_pauses_a_connector_is_kept_nowhere(daemon, receiver):
    receiver.rule = lambda request: Reply(401, echo(request).body)
    daemon.start()
    daemon.emit("thing.changed", {"id": 1})
    wait_until(lambda: daemon.status()["problems"], "the pause")
    assert_has_no_secret(daemon.get("/api/status").body, "status")
    assert_has_no_secret(daemon.log(), "the log")


def test_a_secret_can_not_be_sent_as_data(daemon, project, receiver):
    project.script("""
        local sync = SyncManager.new {}
        sync:on("thing.changed", function(event)
          sync:send { connector = "receiver", data = { token = secret "RECEIVER_TOKEN" } }
        end)
        sync:start()
    """)
    daemon.start()
    daemon.emit("thing.changed", {"id": 1})
    letter = wait_dead(daemon)
    assert letter["cause"] == "script"
    assert "secret" in letter["error"]
    assert receiver.requests == []
    assert_kept_nowhere(daemon, letter)


def test_a_missing_secret_is_refused_at_the_start(project, receiver):
    project.script(SCRIPT)
    project.connector("receiver", CONNECTOR)
    result = liaison("run", project.path, env={"RECEIVER_TOKEN": SECRET}, timeout=10)
    assert result.status == 78
    assert "connectors/receiver.lua:1:" in result.err
    assert "OTHER" in result.err
    assert_has_no_secret(result.err, "the message")


# ---- the daemon's own tokens ----


@pytest.fixture
def guarded(project, make_daemon):
    project.script(SCRIPT.replace("receiver", "unused"))
    project.connector("unused", "return function() end")
    project.write("liaison.lua", """
        return {
          tokens = { ingest = secret "INGEST", read = secret "READ", admin = secret "ADMIN" },
        }
    """)
    return make_daemon(env={name.upper(): f"{TOKEN}-{name}"
                            for name in ("ingest", "read", "admin")}).start()


def ask(daemon, method, path, token):
    headers = {"Authorization": f"Bearer {TOKEN}-{token}"} if token else {}
    body = {"type": "thing.changed", "data": {"id": 1}} if method == "POST" else None
    return request(method, daemon.url + path, body, headers).status


@pytest.mark.parametrize("method, path, opens", [
    ("POST", "/events", ["ingest", "admin"]),
    ("GET", "/api/status", ["read", "admin"]),
    ("GET", "/api/dead-letters", ["read", "admin"]),
    ("DELETE", "/api/dead-letters/none", ["admin"]),
    ("POST", "/api/dead-letters/none/retry", ["admin"]),
])
def test_each_token_opens_its_own_doors(guarded, method, path, opens):
    for token in ("ingest", "read", "admin"):
        assert (ask(guarded, method, path, token) != 403) == (token in opens), token
    assert ask(guarded, method, path, "wrong") == ask(guarded, method, path, None) == 401
    assert request("GET", f"{guarded.url}/healthz").status == 200
    assert guarded.stop() == 0
    assert_has_no_secret(guarded.log(), "the log")
