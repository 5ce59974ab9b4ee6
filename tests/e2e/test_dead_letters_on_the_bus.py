# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""A dead letter is published on the bus that its event came from: durably, once, without loops."""

import base64
import json
import random
import time
from collections import Counter

import pytest

from support import assert_sums_hold, liaison, wait_until

SCRIPT = """
    local sync = SyncManager.new {{ name = "bus", eventBusUrl = setting "busUrl", {options} }}
    sync:on("thing.changed", {{ name = "changed" }}, function(event)
      sync:send {{ connector = "receiver", data = event.data }}
    end)
    {more}
    sync:start()
"""

CONNECTOR = """
    return {
      retry = { attempts = 2, base = "10ms", jitter = false },
      send = function(data)
        return http.post(setting "url", { json = data })
      end,
    }
"""


@pytest.fixture
def make(project, make_daemon, bus, receiver):
    """A daemon on the bus, whose receiver refuses all that it gets."""
    def make(options="", more="", *arguments, url=None):
        receiver.default = 422
        project.script(SCRIPT.format(options=options, more=more))
        project.connector("receiver", CONNECTOR)
        daemon = make_daemon(*arguments,
                             settings={"busUrl": url or bus.events_url, "url": receiver.url})
        return daemon.start()
    return make


def publish(bus, n, **data):
    bus.publish({"type": "thing.changed", "id": f"e{n}", "data": {"id": n, **data}})


def sums_of(daemon, connector="deadLetters"):
    """The terms that aren't zero."""
    status = daemon.status()
    assert_sums_hold(status)
    return {term: n for term, n in status["sums"]["connectors"].get(connector, {}).items() if n}


def wait_sums(daemon, connector="deadLetters", **terms):
    wait_until(lambda: sums_of(daemon, connector) == terms, f"{connector} to have {terms}")


def events(posts):
    return [json.loads(post.body) for post in posts]


def wait_quiet(daemon, bus, n):
    """An event goes the whole way: what came before it has been handled."""
    publish(bus, n)
    wait_until(lambda: any(letter["key"] == str(n) for letter in daemon.dead_letters()),
               "the event behind")
    wait_until(lambda: daemon.channel_sums("bus")["open"] == 0, "no event to be open")


# ---- What is published ---------------------------------------------------------------------------


def test_a_dead_letter_is_published_as_the_interface_shows_it(make, bus):
    url = bus.events_url.replace("//", "//me:p%40ss@")
    daemon = make('headers = { ["X-Tenant"] = "7", ["Last-Event-ID"] = "3" }', url=url)
    publish(bus, 1, title="Ä")
    wait_sums(daemon, made=1, delivered=1)
    (letter,) = daemon.dead_letters()
    (post,) = bus.posts
    (event,) = events(bus.posts)
    assert event.pop("data") == letter
    assert letter["cause"] == "refused" and letter["attempts"][0]["code"] == "422"
    assert post.path == "/events"
    assert post.headers["content-type"] == "application/cloudevents+json"
    assert post.headers["x-tenant"] == "7"
    assert "last-event-id" not in post.headers
    assert post.headers["authorization"] == "Basic " + base64.b64encode(b"me:p@ss").decode()
    assert event == {
        "specversion": "1.0", "id": post.headers["idempotency-key"], "source": "liaison",
        "type": "sync.deadletter", "subject": letter["id"], "time": letter["at"],
        "datacontenttype": "application/json"}
    assert event["id"] != letter["id"]
    assert "p%40ss" not in daemon.log() and "p@ss" not in daemon.log()


def test_failed_handlers_and_malformed_messages_are_published(make, bus):
    daemon = make(more="""
        sync:on("thing.broken", { name = "broken" }, function() error("broken here") end)
    """)
    bus.publish({"type": "thing.broken", "data": {"id": 9}})
    bus.publish('{"type": "thing.')
    bus.publish_bytes(b"data: {\xff}\n\n")
    wait_sums(daemon, made=3, delivered=3)
    letters = {letter["id"]: letter for letter in daemon.dead_letters()}
    published = {event["subject"]: event["data"] for event in events(bus.posts)}
    assert published == letters
    assert Counter((letter["cause"], letter["handler"]) for letter in letters.values()) == {
        ("malformed", None): 2, ("script", "broken"): 1}


def test_a_letter_that_is_retried_and_dies_again_is_published_again(make, bus):
    daemon = make()
    publish(bus, 1)
    wait_sums(daemon, made=1, delivered=1)
    (letter,) = daemon.dead_letters()
    for n in (2, 3):
        assert daemon.command("dead", "retry", letter["id"]).status == 0
        wait_sums(daemon, made=n, delivered=n)
    published = events(bus.posts)
    assert len({event["id"] for event in published}) == 3
    assert {event["subject"] for event in published} == {letter["id"]}
    assert [len(event["data"]["attempts"]) for event in published] == [1, 2, 3]


def test_a_large_letter_leaves_its_data_out(make, bus):
    daemon = make()
    publish(bus, 1, text="x" * 300_000)
    wait_sums(daemon, made=1, delivered=1)
    (event,) = events(bus.posts)
    (letter,) = daemon.dead_letters()
    assert event["data"]["truncated"] is True
    assert event["data"]["data"] is None and "data" not in event["data"]["event"]
    assert event["data"]["attempts"] == letter["attempts"]
    assert letter["data"]["text"] == "x" * 300_000


# ---- No loops ------------------------------------------------------------------------------------


def test_what_a_bus_echoes_makes_no_further_dead_letters_on_it(make, bus):
    bus.echoes = True
    daemon = make(more="""
        sync:on("*", { name = "all" }, function() error("all fails") end)
        sync:on("sync.*", { name = "beginning" }, function() error("beginning fails") end)
        sync:on("sync.deadletter", { name = "exact" }, function(event)
          sync:send { connector = "receiver", data = event.data }
          error("exact fails")
        end)
    """)
    for n in range(5):
        publish(bus, n)
    bus.publish("{broken")
    # Each event dies twice, of the handler `all` and at the receiver; the message once.
    wait_sums(daemon, made=11, delivered=11)
    wait_until(lambda: daemon.channel_sums("bus").get("dead") == 16, "the echoes to be handled")
    wait_until(lambda: sums_of(daemon, "receiver") == {"made": 16, "dead": 16}, "them to be sent")
    publish(bus, 5)
    wait_sums(daemon, made=13, delivered=13)
    wait_until(lambda: daemon.channel_sums("bus").get("dead") == 19, "the echoes to be handled")
    assert len(bus.posts) == 13
    assert {event["data"]["handler"] for event in events(bus.posts)} == {"all", "changed", None}
    handlers = Counter(letter["handler"] for letter in daemon.dead_letters("?limit=1000"))
    assert handlers == {"all": 6, "changed": 6, "exact": 26, None: 1}


def test_an_echo_that_is_broken_is_not_published(make, bus):
    daemon = make("", "", "--set", "limits.message=400")
    bus.echoes = True
    publish(bus, 1)
    wait_until(lambda: daemon.dead_letters("?cause=malformed"), "the echo, which is too long")
    wait_quiet(daemon, bus, 2)
    wait_until(lambda: len(daemon.dead_letters("?cause=malformed")) == 2, "the second echo")
    assert len(bus.posts) == 2


def test_echoes_are_counted_as_unmatched_and_not_named(make, bus):
    bus.echoes = True
    daemon = make()
    publish(bus, 1)
    wait_until(lambda: daemon.channel_sums("bus").get("unmatched") == 1, "the echo")
    assert daemon.status()["unmatched"] == []


# ---- Where there is nothing to publish on --------------------------------------------------------


@pytest.mark.parametrize("status", [404, 405, 501])
def test_a_bus_that_takes_no_posts_is_left_alone(make, bus, status):
    # The first answer comes when others wait already: a 503 before it.
    statuses = iter([503] * 3)
    bus.post_rule = lambda request: next(statuses, status)
    daemon = make()
    for n in range(3):
        publish(bus, n)
    wait_until(lambda: sums_of(daemon).get("skipped") == 3, "all to be skipped")
    asked = len(bus.posts)
    wait_quiet(daemon, bus, 4)
    assert sums_of(daemon) == {"made": 3, "skipped": 3}
    assert len(bus.posts) == asked
    assert daemon.log().count("no dead letters are published on this bus until the next start") == 1
    daemon.restart()
    wait_quiet(daemon, bus, 5)
    wait_sums(daemon, made=4, skipped=4)
    assert len(bus.posts) == asked + 1


def test_none_are_published_where_a_script_says_so(make, bus):
    daemon = make("deadLetters = false")
    wait_quiet(daemon, bus, 1)
    assert sums_of(daemon) == {}
    assert "deadLetters" not in [c["name"] for c in daemon.status()["connectors"]]
    assert bus.posts == []


def test_events_that_were_posted_have_no_bus(project, make_daemon, make_bus):
    project.script("""
        local sync = SyncManager.new {}
        sync:on("thing.changed", function(event) error("broken") end)
        sync:start()
    """)
    daemon = make_daemon().start()
    daemon.emit("thing.changed", {"id": 1})
    wait_until(lambda: daemon.dead_letters(), "the dead letter")
    assert sums_of(daemon) == {}
    assert daemon.status()["connectors"] == []


def test_what_waits_is_skipped_once_nothing_is_published_any_more(make, project, bus):
    bus.post_rule = lambda request: 503
    daemon = make()
    publish(bus, 1)
    wait_sums(daemon, made=1, waiting=1)
    daemon.stop()
    project.script(SCRIPT.format(options="deadLetters = false", more=""))
    daemon.start()
    wait_sums(daemon, made=1, skipped=1)


# ---- Durably -------------------------------------------------------------------------------------


def test_a_publication_that_is_refused_is_a_dead_letter_for_people(make, bus):
    bus.post_rule = lambda request: 403
    daemon = make()
    publish(bus, 1)
    wait_sums(daemon, made=1, dead=1)
    (letter,) = daemon.dead_letters("?connector=deadLetters")
    assert letter["cause"] == "refused"
    assert len(bus.posts) == 1  # its own death is not published
    bus.post_rule = lambda request: 202
    assert daemon.command("dead", "retry", letter["id"]).status == 0
    wait_sums(daemon, made=1, delivered=1)
    assert len({event["id"] for event in events(bus.posts)}) == 1


def test_each_death_is_published_by_one_id_over_crashes(make, bus, receiver, project):
    """The bus is down, or loses answers, while the daemon is killed in the midst of deaths."""
    generator = random.Random(11)
    daemon = make(more="""
        sync:on("thing.changed", { name = "broken" }, function(event)
          if event.data.breaks then error("broken") end
        end)
    """)
    project.connector("receiver", CONNECTOR.replace("return http.post", "http.post").replace(
        "{ json = data })", '{ json = data, accept = 422 }) reject "not this one"'))
    daemon.restart()
    n = 0
    for cycle in range(30):
        answers = [503, None] if cycle % 4 == 0 else [202, 202, 503, None]
        bus.post_rule = lambda request: generator.choice(answers)
        asked = len(receiver.requests)
        for _ in range(8):
            publish(bus, n, breaks=n % 2 == 0)
            n += 1
        if cycle % 6 == 0:
            bus.publish("{broken")
        receiver.wait_for(asked + generator.randint(1, 8))
        end = time.monotonic() + generator.choice([0, 0.002, 0.01, 0.2])
        while time.monotonic() < end:
            pass
        daemon.kill()
        check = liaison("fsck", project.journal)
        assert check.status == 0, check.out + check.err
        daemon.start()

    bus.post_rule = lambda request: 202
    deaths = n + n // 2 + 5
    wait_until(lambda: sums_of(daemon) == {"made": deaths, "delivered": deaths},
               f"{deaths} to be published", deadline=60)
    letters = [letter["id"] for letter in daemon.dead_letters("?limit=1000")]
    assert len(letters) == deaths
    ids = {}
    for event in events(bus.taken):
        ids.setdefault(event["subject"], set()).add(event["id"])
    assert set(ids) == set(letters)
    assert len(set.union(*ids.values())) == deaths
    assert {len(of_one) for of_one in ids.values()} == {1}
