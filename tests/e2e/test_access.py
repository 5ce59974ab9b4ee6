# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""Who may do what: tokens, this machine's own programs, HTTPS, and what isn't HTTP at all."""

import http.client
import json
import signal
import socket
import ssl
import subprocess

import pytest

from support import SLOWNESS, liaison, wait_until

SCRIPT = """
    local sync = SyncManager.new {}
    sync:on("thing.changed", function(event) end)
    sync:start()
"""
EVENT = {"type": "thing.changed", "data": 1}


@pytest.fixture
def daemon(project, make_daemon):
    project.script(SCRIPT)
    return make_daemon().start()


def received(daemon, **options):
    return daemon.get("/api/status", **options).json()["sums"]["channels"].get(
        "embedded", {}).get("received", 0)


# ---- tokens ----


@pytest.fixture
def guarded(project, make_daemon):
    project.script(SCRIPT)
    project.write("liaison.lua", 'return { tokens = { ingest = "i", read = "r", admin = "a" } }')
    return make_daemon().start()


@pytest.mark.parametrize("method, path, opened_by", [
    ("POST", "/events", "ia"),
    ("OPTIONS", "/events", "ia"),
    ("GET", "/api/status", "ra"),
    ("GET", "/api/dead-letters", "ra"),
    ("POST", "/api/journal/confirm", "a"),
    ("POST", "/api/try", "a"),
    ("DELETE", "/api/dead-letters/1-0123456789abcdef01234567", "a"),
])
def test_each_token_opens_its_own(guarded, method, path, opened_by):
    def ask(token):
        connection = http.client.HTTPConnection("127.0.0.1", guarded.port, timeout=30 * SLOWNESS)
        headers = {"Content-Type": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        connection.request(method, path, json.dumps(EVENT) if method == "POST" else None, headers)
        status = connection.getresponse().status
        connection.close()
        return status

    assert ask(None) == 401
    assert ask("x") == 401
    for token in "ira":
        assert (ask(token) != 403) == (token in opened_by), token


def test_a_token_that_is_none_is_told_from_one_for_other_things(guarded):
    def refusal(token):
        return guarded.post("/api/reload", headers={"Authorization": f"Bearer {token}"})

    assert refusal("x").headers["www-authenticate"] == 'Bearer error="invalid_token"'
    assert refusal("x").json()["detail"] == "the token is none of this daemon's"
    assert refusal("r").json()["detail"] == "the token does not open this: it takes tokens.admin"
    feed = guarded.post("/events", EVENT, headers={"Authorization": "Bearer r"})
    assert feed.json()["detail"].endswith("it takes tokens.ingest or tokens.admin")
    result = guarded.command("status", env={"LIAISON_TOKEN": "x"})
    assert result.err == "liaison: the token is none of this daemon's (give it by --token-file or LIAISON_TOKEN)\n"


def test_health_needs_no_token(guarded):
    assert guarded.get("/healthz").status == 200
    assert guarded.get("/readyz").status == 200


# ---- this machine's own programs, where there is no token ----


@pytest.mark.parametrize("headers", [
    {"Host": "liaison.example.org"},
    {"Host": "127.0.0.1.example.org"},
    {"Origin": "https://example.org"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1:1"},
    {"Origin": "http://localhost"},
])
def test_pages_from_elsewhere_are_refused(daemon, headers):
    for answer in (daemon.post("/events", EVENT, headers=headers),
                   daemon.get("/api/status", headers=headers),
                   daemon.get("/events", headers=headers)):
        assert answer.status == 403
    assert received(daemon) == 0


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "LocalHost"])
def test_its_own_pages_are_not(daemon, name):
    # A forwarded port has another number, in both.
    for port in (daemon.port, 9999):
        headers = {"Host": f"{name}:{port}", "Origin": f"http://{name}:{port}"}
        assert daemon.post("/events", EVENT, headers=headers).status == 202


def test_forms_cannot_post(daemon):
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        answer = daemon.post("/events", json.dumps(EVENT), headers={"Content-Type": kind})
        assert answer.status == 415
    assert received(daemon) == 0


# ---- the handshake of webhooks ----


def ask_options(daemon, headers):
    connection = http.client.HTTPConnection("127.0.0.1", daemon.port, timeout=30 * SLOWNESS)
    connection.request("OPTIONS", "/events", headers=headers)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer


@pytest.mark.parametrize("asked, allowed", [(None, "*"), ("120", "120"), ("fast", "*")])
def test_a_sender_of_webhooks_is_allowed(daemon, asked, allowed):
    headers = {"WebHook-Request-Origin": "events.example.org",
               "WebHook-Request-Callback": "https://events.example.org/confirm"}
    if asked:
        headers["WebHook-Request-Rate"] = asked
    answer = ask_options(daemon, headers)
    assert answer.status == 200
    assert answer.headers["WebHook-Allowed-Origin"] == "events.example.org"
    assert answer.headers["WebHook-Allowed-Rate"] == allowed
    assert "POST" in answer.headers["Allow"]


def test_options_alone_tell_the_methods(daemon):
    answer = ask_options(daemon, {})
    assert answer.status == 200
    assert answer.headers["Allow"] == "GET, HEAD, OPTIONS, POST"
    assert "WebHook-Allowed-Origin" not in answer.headers


# ---- HTTPS ----


def make_certificate(folder, name="sync.example.org"):
    cert, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", f"/CN={name}",
                    "-addext", f"subjectAltName=DNS:{name}", "-keyout", key, "-out", cert],
                   check=True, capture_output=True)
    return cert, key


TLS = 'return { tls = { cert = "cert.pem", key = "key.pem" } }'


def start_https(project, make_daemon):
    project.script(SCRIPT)
    project.write("liaison.lua", TLS)
    daemon = make_daemon().launch()
    wait_until(lambda: "started" in daemon.log() or not daemon.is_running(), "it to be started")
    assert daemon.is_running(), daemon.log()
    return daemon


def test_https_is_spoken_and_commands_know_the_certificate(project, make_daemon):
    cert, _ = make_certificate(project.path)
    daemon = start_https(project, make_daemon)
    context = ssl.create_default_context(cafile=cert)
    context.check_hostname = False
    connection = http.client.HTTPSConnection("127.0.0.1", daemon.port, context=context,
                                             timeout=30 * SLOWNESS)
    connection.request("POST", "/events", json.dumps(EVENT), {"Content-Type": "application/json"})
    assert connection.getresponse().status == 202
    connection.close()

    # In the project a command finds the address, and trusts this very certificate.
    environment = {"LIAISON_LISTEN": f"127.0.0.1:{daemon.port}"}
    answer = liaison("status", "--json", cwd=project.path, env=environment)
    assert answer.status == 0, answer.err
    assert json.loads(answer.out)["sums"]["channels"]["embedded"]["received"] == 1

    # By its URL alone nobody vouches for it.
    answer = liaison("status", "--url", f"https://127.0.0.1:{daemon.port}")
    assert answer.status == 69
    assert "certificate" in answer.err
    # Plain HTTP isn't answered.
    answer = liaison("status", "--url", f"http://127.0.0.1:{daemon.port}")
    assert answer.status == 69


def served_certificate(daemon):
    return ssl.get_server_certificate(("127.0.0.1", daemon.port), timeout=30 * SLOWNESS)


def test_a_new_certificate_is_served_without_a_restart(project, make_daemon):
    cert, _ = make_certificate(project.path)
    daemon = start_https(project, make_daemon)
    first = cert.read_text()
    assert served_certificate(daemon) == first
    context = ssl.create_default_context(cafile=cert)
    context.check_hostname = False

    def connect():
        return http.client.HTTPSConnection("127.0.0.1", daemon.port, context=context,
                                           timeout=30 * SLOWNESS)

    kept, stream = connect(), connect()
    kept.request("GET", "/healthz")
    assert kept.getresponse().read() is not None
    stream.request("GET", "/events")
    events = stream.getresponse()
    make_certificate(project.path)
    second = cert.read_text()
    assert second != first
    daemon.signal(signal.SIGHUP)
    wait_until(lambda: served_certificate(daemon) == second, "the new certificate")

    # What was connected before is served to its end.
    kept.request("POST", "/events", json.dumps(EVENT), {"Content-Type": "application/json"})
    answer = kept.getresponse()
    assert (answer.status, answer.getheader("Connection")) == (202, "close")
    assert next(line for line in iter(events.readline, b"") if line.startswith(b"data:"))
    stream.close()
    for _ in range(3):
        make_certificate(project.path)
        daemon.signal(signal.SIGHUP)
        wait_until(lambda: served_certificate(daemon) == cert.read_text(), "the newest")
    status = liaison("status", cwd=project.path,
                     env={"LIAISON_LISTEN": f"127.0.0.1:{daemon.port}"})
    assert status.status == 0, status.err


def test_only_connections_from_before_are_closed_for_a_new_certificate(project, make_daemon):
    """Though both kinds get the same answer."""
    cert, _ = make_certificate(project.path)
    daemon = start_https(project, make_daemon)

    def connect():
        context = ssl.create_default_context(cafile=cert)
        context.check_hostname = False
        return http.client.HTTPSConnection("127.0.0.1", daemon.port, context=context,
                                           timeout=30 * SLOWNESS)

    def post(connection):
        connection.request("POST", "/events", json.dumps(EVENT), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        assert answer.status == 202 and json.loads(answer.read()) == {"accepted": 1, "duplicates": 0}
        return answer.getheader("Connection")

    kept = connect()
    assert post(kept) is None
    make_certificate(project.path)
    daemon.signal(signal.SIGHUP)
    wait_until(lambda: served_certificate(daemon) == cert.read_text(), "the new certificate")
    assert post(kept) == "close"
    new = connect()
    assert [post(new), post(new)] == [None, None]


def test_a_broken_certificate_changes_nothing(project, make_daemon):
    cert, key = make_certificate(project.path)
    daemon = start_https(project, make_daemon)
    first = cert.read_text()
    cert.write_text("none")
    daemon.signal(signal.SIGHUP)
    wait_until(lambda: "not reloaded" in daemon.log(), "the reload")
    assert "the certificate is none" in daemon.log()
    assert served_certificate(daemon) == first


def test_a_command_refuses_another_certificate(project, make_daemon, tmp_path):
    make_certificate(project.path)
    daemon = start_https(project, make_daemon)
    make_certificate(project.path)  # the daemon has the one before
    answer = liaison("status", cwd=project.path,
                     env={"LIAISON_LISTEN": f"127.0.0.1:{daemon.port}"})
    assert answer.status == 69
    assert "certificate" in answer.err


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_old_versions_of_tls_are_refused(project, make_daemon):
    make_certificate(project.path)
    daemon = start_https(project, make_daemon)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("DEFAULT@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    with socket.create_connection(("127.0.0.1", daemon.port), 30) as plain:
        with pytest.raises(ssl.SSLError):
            context.wrap_socket(plain)


@pytest.mark.parametrize("settings, said", [
    ('tls = { cert = "cert.pem" }', "tls.key is missing"),
    ('tls = { key = "key.pem" }', "tls.cert is missing"),
    ('tls = { cert = "none.pem", key = "key.pem" }', "none.pem"),
    ('tls = { cert = "key.pem", key = "key.pem" }', "the certificate is none"),
    ('tls = { cert = "cert.pem", key = "cert.pem" }', "the key is none"),
    ('tls = { cert = "cert.pem", key = "other.pem" }', "doesn't belong"),
    ('tls = { cert = "cert.pem", key = "locked.pem" }', "needs a passphrase"),
])
def test_a_certificate_that_cannot_be_used_is_refused_before_anything_is_opened(
        project, settings, said):
    project.script(SCRIPT)
    make_certificate(project.path)
    other = project.path / "other"
    other.mkdir()
    make_certificate(other)[1].rename(project.path / "other.pem")
    subprocess.run(["openssl", "pkey", "-aes128", "-passout", "pass:x", "-in", "key.pem", "-out",
                    "locked.pem"], check=True, cwd=project.path, capture_output=True)
    project.write("liaison.lua", f"return {{ {settings} }}")
    for command, status in (("run", 78), ("check", 1)):
        answer = liaison(command, str(project.path), "--listen", "127.0.0.1:0")
        assert answer.status == status
        assert said in answer.err
    assert not project.journal.exists()


# ---- what isn't HTTP ----

HEAD = b"POST /events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
BODY = json.dumps(EVENT).encode()


def exchange(daemon, request):
    """All that is answered until the daemon closes, or is silent after an answer."""
    answer = b""
    with socket.create_connection(("127.0.0.1", daemon.port), SLOWNESS) as client:
        try:
            client.sendall(request)
            client.shutdown(socket.SHUT_WR)
            while (piece := client.recv(65536)):
                answer += piece
        except OSError:  # it closed while this was sending, or waits for the rest of the request
            pass
    return answer


@pytest.mark.parametrize("request_bytes", [
    b"\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 64 + b"\r\n\r\n",
    b"GET\r\n\r\n",
    b"GET /healthz HTTP/9.9\r\n\r\n",
    HEAD + b"Content-Length: -1\r\n\r\n" + BODY,
    HEAD + b"Content-Length: 18446744073709551617\r\n\r\n" + BODY,
    HEAD + b"Content-Length: 5x\r\n\r\n" + BODY,
    HEAD + b"Content-Length: 1000\r\n\r\n" + BODY,
    HEAD + b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n" + BODY,
    HEAD + b"Transfer-Encoding: chunked\r\n\r\n-5\r\n" + BODY,
    HEAD + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n" + BODY,
    HEAD + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s" % (len(BODY), BODY),
    HEAD + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n" % (len(BODY), BODY),
    HEAD + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%sXX0\r\n\r\n" % (len(BODY), BODY),
    HEAD + b"X: " + b"x" * 100000 + b"\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY,
    b"POST /events?" + b"x" * 100000 + HEAD[12:] + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY,
    HEAD + b"X-Many: x\r\n" * 5000 + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY,
])
def test_broken_requests_are_refused_and_nothing_is_kept(daemon, request_bytes):
    answer = exchange(daemon, request_bytes)
    assert answer == b"" or answer.split(b" ", 2)[1][:1] == b"4" or b" 505 " in answer, answer[:200]
    assert received(daemon) == 0


def test_a_request_is_not_smuggled_in_the_body_of_another(daemon):
    """Where both lengths are given, no proxy and server may disagree on where the body ends."""
    hidden = HEAD + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY
    for both in (b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
                 b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
                 b"Content-Length: 4\r\nContent-Length: %d\r\n" % (len(hidden) + 4),
                 b"Transfer-Encoding: identity, chunked\r\n",
                 b"Transfer-Encoding : chunked\r\n"):
        answer = exchange(daemon, HEAD + both + b"\r\n0\r\n\r\n" + hidden)
        assert answer == b"" or answer.split(b" ", 2)[1] == b"400"
        assert answer.count(b"HTTP/1.1 ") <= 1 and received(daemon) == 0, both


@pytest.mark.parametrize("type, length, answers", [
    (b"application/json", len(BODY), [b"100", b"202"]),
    (b"application/json", 10**8, [b"413"]),
    (b"text/plain", len(BODY), [b"415"]),
])
def test_who_waits_for_leave_to_send_gets_it_or_is_refused_at_once(daemon, type, length, answers):
    got = []
    with socket.create_connection(("127.0.0.1", daemon.port), 30 * SLOWNESS) as client:
        client.sendall(b"POST /events HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n"
                       b"Content-Type: %s\r\nContent-Length: %d\r\n\r\n" % (type, length))
        got.append(client.recv(65536).split(b" ", 2)[1])
        if got == [b"100"]:
            client.sendall(BODY)
            got.append(client.recv(65536).split(b" ", 2)[1])
    assert got == answers
    assert received(daemon) == answers.count(b"202")


@pytest.mark.parametrize("head, status", [
    (b"HTTP/1.1\r\n", b"400"),
    (b"HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n", b"400"),
    (b"HTTP/1.0\r\nHost: localhost\r\nHost: elsewhere\r\n", b"400"),
    (b"HTTP/1.0\r\n", b"202"),
])
def test_a_request_says_once_whom_it_is_for(daemon, head, status):
    answer = exchange(daemon, b"POST /events " + head + b"Content-Type: application/json\r\n"
                      b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY)
    assert answer.split(b" ", 2)[1] == status, answer
    assert received(daemon) == (1 if status == b"202" else 0)


@pytest.mark.parametrize("path", [
    "/api/../events", "/events/../api/status", "//api/status", "/api//status", "/api/status/",
    "/%2e%2e/api/status", "/api%2fstatus", "/api/status%00", "/API/status", "/api/dead-letters/",
    "/api/dead-letters/..", "/api/dead-letters/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "/api/dead-letters/1'%20OR%201=1--", "/..%5c..%5cetc", "/%", "/%zz", "/api/dead-letters/%ff",
])
def test_paths_lead_nowhere_else(daemon, path):
    answer = daemon.get(path)
    assert answer.status in (400, 404, 405), answer.body
    assert answer.headers["content-type"] == "application/problem+json"


BROKEN = [
    "", " ", "{", "[", '"', "nul", "tru", "{]", "[}", "[1,]", '{"type":"t","data":1,}', "{'type':'t'}",
    '{"type":"t","data":01}', '{"type":"t","data":+1}', '{"type":"t","data":1.}', '{"type":"t","data":.5}',
    '{"type":"t","data":1e}', '{"type":"t","data":NaN}', '{"type":"t","data":"\x01"}',
    '{"type":"t","data":"\\x"}', '{"type":"t","data":"\\ud800"}', '{"type":"t","data":"\\u12"}',
    '{"type":"t" "data":1}', '{"type":"t","data":1}{"type":"t","data":1}', '{"type":"t","data":1} x',
    "\ufeff" + '{"type":"t","data":1}', "[" * 600 + "]" * 600, '{"type":"t","data":' + "[" * 600,
    "1", "null", '"t"', "[1]", "[null]", "{}", '{"type":1,"data":1}', '{"type":"","data":1}',
    '{"data":1}', '[{"type":"t","data":1},{"type":1}]', '{"specversion":"1.0","type":"t"}',
    '{"specversion":"2.0","type":"t","id":"1","source":"/x"}',
]


@pytest.mark.parametrize("body", BROKEN)
def test_broken_json_is_refused_whole(daemon, body):
    answer = daemon.post("/events", body.encode("utf-8", "surrogatepass"))
    assert answer.status == 400, answer.body
    problem = answer.json()
    assert problem["status"] == 400 and len(problem["detail"]) > 10
    assert received(daemon) == 0


def test_bytes_that_are_no_utf8_are_refused(daemon):
    for bad in (b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\xe2\x82"):
        answer = daemon.post("/events", b'{"type":"t","data":"' + bad + b'"}')
        assert answer.status == 400
    assert received(daemon) == 0
