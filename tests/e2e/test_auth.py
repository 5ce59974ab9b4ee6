# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""Who requests come from: what receivers see of it, and check by their own means."""

import base64
import hashlib
import hmac
import json
import re
import time
import urllib.parse

import pytest

from support import ROOT, Authority, Reply, TlsReceiver, liaison, relay, wait_until

SCRIPT = relay("thing.changed", "out")
SECRET = "cl1ent+secret/of:ours"
KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OLD_KEY = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"


def connector(auth, call='return http.post(setting "url" .. "/things", { json = data })', more=""):
    return f"""
        return {{
          retry = {{ base = "10ms", jitter = false }},
          auth = {auth},
          {more}
          send = function(data) {call} end,
        }}
    """


@pytest.fixture
def make(project, make_daemon, receiver):
    """make(auth): a daemon whose connector "out" has that, and posts to the receiver."""
    def start(auth, *arguments, env=None, settings=None, **parts):
        project.script(SCRIPT)
        project.connector("out", connector(auth, **parts))
        return make_daemon(*arguments, settings={"url": receiver.url, **(settings or {})},
                           env=env).start()
    return start


def emit(daemon, n=1, **attributes):
    daemon.emit("thing.changed", {"id": n}, **attributes)


# ---- headers -------------------------------------------------------------------------------------


def test_a_connectors_auth_is_that_of_all_its_requests(make, receiver):
    daemon = make("""{ basic = { user = "me", password = secret "PASSWORD" } }""", env={"PASSWORD": "p:ss"},
                  call="""
                      http.get(setting "url" .. "/one")
                      http.get(setting "url" .. "/own", { auth = { bearer = "own" } })
                      http.get(setting "url" .. "/none", { auth = false })
                      return http.post(setting "url" .. "/two", { json = data })
                  """)
    emit(daemon)
    daemon.wait_delivered("out", 1)
    basic = "Basic " + base64.b64encode(b"me:p:ss").decode()
    assert [r.headers.get("authorization") for r in receiver.requests] == [
        basic, "Bearer own", None, basic]


def test_a_redirect_to_another_origin_takes_no_credentials_along(make, receiver, make_receiver):
    other = make_receiver()
    receiver.rule = lambda request: Reply(307, headers={"Location": other.url + "/there"})
    daemon = make(f"""{{ bearer = "t0ken", sign = "{KEY}" }}""",
                  call='return http.post(setting "url", { json = data, follow = true })')
    emit(daemon)
    daemon.wait_delivered("out", 1)
    (here,), (there,) = receiver.requests, other.requests
    assert here.headers["authorization"] == "Bearer t0ken" and "webhook-signature" in here.headers
    assert "authorization" not in there.headers and "webhook-signature" not in there.headers
    assert there.body == here.body


# ---- Standard Webhooks ---------------------------------------------------------------------------


def signature(key, request):
    signed = b".".join([request.headers["webhook-id"].encode(),
                        request.headers["webhook-timestamp"].encode(), request.body])
    digest = hmac.new(base64.b64decode(key.removeprefix("whsec_")), signed, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


def test_each_attempt_is_signed_anew_as_the_same_message(make, receiver):
    receiver.answer_next(503, 503)
    daemon = make('{ sign = { secret "NEW", secret "OLD" } }', env={"NEW": KEY, "OLD": OLD_KEY})
    daemon.emit("thing.changed", {"id": 7, "name": "Ä \u2665"})
    daemon.wait_delivered("out", 1)
    requests = receiver.requests
    assert len(requests) == 3
    assert len({r.headers["webhook-id"] for r in requests}) == 1
    for request in requests:
        assert request.headers["webhook-id"] == request.headers["idempotency-key"]
        assert abs(int(request.headers["webhook-timestamp"]) - time.time()) < 60
        assert request.headers["webhook-signature"].split(" ") == [
            signature(KEY, request), signature(OLD_KEY, request)]


# ---- AWS -----------------------------------------------------------------------------------------


def expected_signature(request, secret, region, service):
    """As AWS checks it, of what came."""
    _, _, rest = request.headers["authorization"].partition("SignedHeaders=")
    names = rest.partition(",")[0].split(";")
    path, _, query = request.path.partition("?")
    pairs = sorted(urllib.parse.parse_qsl(query, keep_blank_values=True))
    canonical = "\n".join([
        request.method, urllib.parse.quote(path, safe="/-_.~"),
        "&".join(f"{urllib.parse.quote(k, safe='-_.~')}={urllib.parse.quote(v, safe='-_.~')}"
                 for k, v in pairs),
        *(f"{name}:{request.headers[name]}" for name in names), "", ";".join(names),
        hashlib.sha256(request.body).hexdigest()])
    date = request.headers["x-amz-date"]
    scope = f"{date[:8]}/{region}/{service}/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", date, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = ("AWS4" + secret).encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def test_what_is_sent_is_what_is_signed_for_aws(make, receiver):
    daemon = make("""{ sigv4 = { key = "AKIDEXAMPLE", secret = secret "AWS", region = "eu-north-1",
                                 service = "sqs", token = "session" } }""",
                  env={"AWS": SECRET}, call="""
        return http.post(setting "url" .. "/a%20b/c(d)/~x", {
          query = { ["b[]"] = { "z", "a" }, A = "x y+1", empty = "" }, json = data,
          headers = { ["X-Mixed"] = "a  b" },
        })
    """)
    emit(daemon)
    daemon.wait_delivered("out", 1)
    request, = receiver.requests
    assert request.headers["x-amz-security-token"] == "session"
    request.headers["x-mixed"] = "a b"  # as it is signed
    signed = request.headers["authorization"].rpartition("Signature=")[2]
    assert signed == expected_signature(request, SECRET, "eu-north-1", "sqs")


# ---- OAuth 2 -------------------------------------------------------------------------------------

OAUTH2 = """{ oauth2 = { tokenUrl = setting "url" .. "/token", clientId = "my id",
                         clientSecret = secret "CLIENT", scope = "write" } }"""


class Issuer:
    """The receiver's rule: it gives out tokens, and takes only the newest."""

    def __init__(self):
        self.count = 0
        self.life = 3600
        self.refusal = None  # a reply in place of a token
        self.valid = None

    def __call__(self, request):
        if request.path == "/token":
            return self.refusal or self.give()
        if request.headers.get("authorization") != f"Bearer {self.valid}":
            return Reply(401, "who are you, " + request.headers.get("authorization", "nobody") + "?")
        return None

    def give(self):
        self.count += 1
        self.valid = f"t0ken-number-{self.count}"
        return Reply(200, {"access_token": self.valid, "token_type": "Bearer", "expires_in": self.life})


@pytest.fixture
def issuer(receiver):
    receiver.rule = Issuer()
    return receiver.rule


def test_one_token_serves_all_and_is_renewed_when_it_is_refused(make, receiver, issuer):
    daemon = make(OAUTH2, env={"CLIENT": SECRET})
    for n in range(20):
        emit(daemon, n)
    daemon.wait_delivered("out", 20)
    asked, = receiver.matching("/token")
    assert urllib.parse.parse_qs(asked.body.decode()) == {
        "grant_type": ["client_credentials"], "scope": ["write"]}
    given = base64.b64decode(asked.headers["authorization"].removeprefix("Basic ")).decode()
    assert given == f"my+id:{urllib.parse.quote_plus(SECRET)}"
    assert issuer.count == 1

    issuer.valid = "another"
    for n in range(20, 30):
        emit(daemon, n)
    daemon.wait_delivered("out", 30)
    assert issuer.count == 2
    assert daemon.dead_letters() == []


def test_a_reload_keeps_the_token_as_long_as_the_credentials_stay(make, project, issuer, tmp_path):
    (tmp_path / "client").write_text(SECRET)
    daemon = make(OAUTH2, env={"CLIENT_FILE": str(tmp_path / "client")})
    emit(daemon, 1)
    daemon.wait_delivered("out", 1)
    project.connector("out", connector(OAUTH2, more='timeout = "9s",'))
    assert daemon.command("reload").status == 0
    emit(daemon, 2)
    daemon.wait_delivered("out", 2)
    assert issuer.count == 1
    (tmp_path / "client").write_text("other")
    assert daemon.command("reload").status == 0
    emit(daemon, 3)
    daemon.wait_delivered("out", 3)
    assert issuer.count == 2


def paused(daemon):
    item, = (c for c in daemon.get("/api/connectors").json()["items"] if c["name"] == "out")
    return item["paused"]


def test_a_token_that_cant_be_had_pauses_and_keeps_what_waits(make, receiver, issuer):
    issuer.refusal = Reply(401, {"error": "invalid_client", "error_description": "no such client"})
    daemon = make(OAUTH2, env={"CLIENT": SECRET})
    for n in range(5):
        emit(daemon, n)
    wait_until(lambda: paused(daemon), "it to pause")
    assert paused(daemon).startswith("its credentials can't be had: ")
    assert "it answered 401: invalid_client: no such client" in paused(daemon)
    problem, = daemon.status()["problems"]
    assert (problem["code"], problem["about"]) == ("connector-auth", "out")
    def probed():
        item, = (c for c in daemon.status()["connectors"] if c["name"] == "out")
        return item["nextProbe"] and re.search(r"next probe in \d+s$", daemon.command("status").out, re.M)
    wait_until(probed, "a probe to be waited for")
    daemon.command("pause", "out")
    assert "next probe in" not in daemon.command("status").out
    assert receiver.matching("/things") == [] and daemon.dead_letters() == []
    issuer.refusal = None
    daemon.post("/api/connectors/out/resume")
    daemon.wait_delivered("out", 5, deadline=30)
    assert not paused(daemon)


def test_an_issuer_that_is_ill_is_asked_again_while_the_attempt_waits(make, receiver, issuer):
    receiver.answer_next(503, Reply(429, headers={"Retry-After": "1"}))
    daemon = make(OAUTH2, env={"CLIENT": SECRET})
    emit(daemon)
    daemon.wait_delivered("out", 1)
    assert len(receiver.matching("/token")) == 3 and len(receiver.matching("/things")) == 1


def test_tokens_stand_nowhere(make, receiver, issuer):
    daemon = make(OAUTH2, "--set", "log.level=debug", env={"CLIENT": SECRET},
                  call="""
        local answer = http.post(setting "url" .. "/things", { json = data })
        log.info("it answered", { body = answer.body })
        error("and so: " .. answer.body)
    """)
    seen = []

    def echo(request):
        if request.path != "/token":
            seen.append(request.headers["authorization"])
            return Reply(200, "given: " + seen[-1] + json.dumps({"a": seen[-1]}))
        return issuer(request)
    receiver.rule = echo
    emit(daemon)
    wait_until(lambda: len(daemon.dead_letters()) == 1, "a dead letter")
    letter, = daemon.dead_letters()
    assert seen == ["Bearer t0ken-number-1"]
    shown = daemon.log() + json.dumps(letter) + daemon.command("dead", "show", letter["id"]).out
    assert "given: Bearer ***" in shown
    daemon.stop()
    kept = b"".join(path.read_bytes() for path in daemon.project.journal.parent.iterdir())
    for text in ("t0ken-number", SECRET, urllib.parse.quote_plus(SECRET)):
        assert text not in shown and text.encode() not in kept


# ---- certificates --------------------------------------------------------------------------------


@pytest.fixture
def authority(project):
    return Authority(project.path / "tls")


@pytest.fixture
def make_tls(authority):
    receivers = []

    def make(**options):
        receivers.append(TlsReceiver(authority, **options))
        return receivers[-1]

    yield make
    for receiver in receivers:
        receiver.close()


@pytest.fixture
def tls(make_tls):
    return make_tls()


IDENTITY = '{ tls = { cert = "tls/NAME.pem", key = "tls/NAME.key", ca = "tls/ca.pem" } }'


def test_each_connector_shows_its_own_certificate(make, project, authority, tls):
    for name in ("first", "second"):
        authority.make(name)
    project.connector("other", connector(IDENTITY.replace("NAME", "second")))
    daemon = make(IDENTITY.replace("NAME", "first"), settings={"url": tls.url})
    project.script(SCRIPT.replace('"out", data = event.data }', '''"out", data = event.data }
      sync:send { connector = "other", data = event.data }'''))
    assert daemon.command("reload").status == 0
    for n in range(4):
        emit(daemon, n)
    daemon.wait_delivered("out", 4)
    daemon.wait_delivered("other", 4)
    assert sorted(tls.clients) == ["first"] * 4 + ["second"] * 4

    authority.make("renewed", file="first")
    emit(daemon, 5)
    daemon.wait_delivered("out", 5)
    assert "renewed" not in tls.clients
    assert daemon.command("reload").status == 0
    emit(daemon, 6)
    daemon.wait_delivered("out", 6)
    assert tls.clients.count("renewed") == 1


def test_a_certificate_is_not_shown_to_another_origin(make, authority, make_tls):
    there = make_tls(allows_none=True)
    here = make_tls(moves_to=there.url)
    authority.make("first")
    daemon = make(IDENTITY.replace("NAME", "first"), settings={"url": here.url},
                  env={"SSL_CERT_FILE": str(authority.cert)},
                  call='return http.post(setting "url", { json = data, follow = true })')
    emit(daemon)
    daemon.wait_delivered("out", 1)
    assert (here.clients, there.clients) == (["first"], [None])


def test_a_file_that_is_missing_is_an_error_of_the_project(project):
    project.script(SCRIPT)
    project.connector("out", connector(IDENTITY.replace("NAME", "none")))
    checked = liaison("check", cwd=project.path, env={"LIAISON_SETTINGS_URL": "https://x"})
    assert checked.status == 1
    assert "connectors/out.lua:3: auth.tls.cert: " in checked.out + checked.err
    assert "tls/none.pem: No such file" in checked.out + checked.err


# ---- buses ---------------------------------------------------------------------------------------


def test_a_bus_is_subscribed_to_and_posted_to_with_its_auth(project, make_daemon, bus, receiver, issuer):
    project.script(f"""
        local sync = SyncManager.new {{
          name = "bus", eventBusUrl = setting "bus",
          auth = {{ oauth2 = {{ tokenUrl = setting "url" .. "/token", clientId = "me",
                               clientSecret = secret "CLIENT" }}, sign = "{KEY}" }},
        }}
        sync:on("thing.changed", function(event) reject "no use" end)
        sync:start()
    """)
    bus.refusals.append(401)
    make_daemon(settings={"bus": bus.events_url, "url": receiver.url}, env={"CLIENT": SECRET}).start()
    bus.publish({"type": "thing.changed", "data": {"id": 1}})
    wait_until(lambda: len(bus.posts) == 1, "the dead letter on the bus")
    post, = bus.posts
    assert [request.headers["authorization"] for request in bus.asked] == [
        "Bearer t0ken-number-1", "Bearer t0ken-number-2"]
    assert "webhook-signature" not in bus.asked[0].headers
    assert post.headers["authorization"] == "Bearer t0ken-number-2"
    assert post.headers["webhook-signature"] == signature(KEY, post)
    assert issuer.count == 2


# ---- the documentation's own ---------------------------------------------------------------------

EXAMPLE = re.compile(r"^```lua\n-- connectors/(\w+)\.lua\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_the_examples_of_the_documentation_do_what_they_say(project, make_daemon, receiver):
    text = (ROOT / "docs" / "AUTH.md").read_text()
    examples = {name: block for name, block in EXAMPLE.findall(text) if "tls =" not in block}
    for name, block in examples.items():
        project.connector(name, block)
    project.script("""
        local sync = SyncManager.new {}
        sync:on("thing.changed", function(event)
          for _, name in pairs { NAMES } do sync:send { connector = name, data = event.data } end
        end)
        sync:start()
    """.replace("NAMES", ", ".join(f'"{name}"' for name in examples)))
    settings = set(re.findall(r'setting\("(\w+)"', text)) - {"eventBusUrl"}
    keys = {name: KEY if name.startswith("WEBHOOK") else SECRET
            for name in re.findall(r'secret "(\w+)"', text)}
    receiver.rule = lambda request: \
        Reply(200, {"access_token": "t0ken"}) if request.path == "/token" else None
    daemon = make_daemon(settings={name: f"{receiver.url}/{name}" if name != "idpUrl" else receiver.url
                                   for name in settings}, env=keys).start()
    daemon.emit("thing.changed", {"id": 7})
    for name in examples:
        daemon.wait_delivered(name, 1)
    sent = {r.path.split("/")[1]: r.headers for r in receiver.requests if r.path != "/token"}
    assert sent["ticketsUrl"]["authorization"] == f"Bearer {SECRET}"
    assert sent["roomsUrl"]["authorization"].startswith("Basic ")
    assert sent["crmUrl"]["authorization"] == "Bearer t0ken"
    assert sent["partnerUrl"]["webhook-signature"].count("v1,") == 2
    assert sent["queueUrl"]["authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/")
    assert len(sent) == len(examples) == 5


# ---- dry runs ------------------------------------------------------------------------------------


def test_a_dry_run_shows_stand_ins_and_asks_for_no_token(project, receiver, tmp_path):
    project.script(SCRIPT)
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"type": "thing.changed", "data": {"id": 1}}))
    environment = {"LIAISON_SETTINGS_URL": receiver.url}

    def tried(auth):
        project.connector("out", connector(auth))
        result = liaison("try", str(event), ".", "--curl", cwd=project.path, env=environment)
        assert result.status == 0, result.err
        return result.out

    assert "-H 'Authorization: Bearer ***'" in tried(OAUTH2)
    assert "-H 'Authorization: Bearer ***'" in tried('{ bearer = "plain-t0ken" }')
    assert "-H 'Authorization: Basic ***'" in tried('{ basic = { user = "me", password = "x" } }')
    shown = tried('{ sign = { secret "A", secret "B" } }')
    assert "-H 'webhook-signature: v1,*** v1,***'" in shown and "-H 'webhook-id: " in shown
    shown = tried('{ sigv4 = { key = "AKID", secret = secret "S", region = "r", service = "s" } }')
    assert "-H 'Authorization: AWS4-HMAC-SHA256 ***'" in shown
    shown = tried('{ tls = { cert = "client.pem", key = "client.key" } }')
    assert "--cert 'client.pem'" in shown and "--key 'client.key'" in shown
    assert receiver.requests == []
