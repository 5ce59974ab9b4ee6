# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""A connector with `batch`: several deliveries in one attempt, each with an end of its own."""

import json

import pytest

from support import Reply, assert_sums_hold, liaison, relay, wait_until

SCRIPT = relay("thing.changed", "out")

CONNECTOR = """
    return {
      retry = { base = "50ms", jitter = false, growth = "constant", attempts = %(attempts)d },
      batch = { size = %(size)d, wait = "%(wait)s" },
      transformer = function(data)
        if data.bad then error("it is bad") end
        if data.old then skip "it is old" end
        return data
      end,
      send = function(list, batch)
        %(send)s
      end,
    }
"""
POST = 'return http.post(setting "url", { json = list })'


@pytest.fixture
def start(project, make_daemon, receiver):
    def start(size=4, wait="30s", send=POST, attempts=50):
        project.script(SCRIPT)
        project.connector("out", CONNECTOR % locals())
        return make_daemon(settings={"url": receiver.url}).start()
    return start


def emit(daemon, *data):
    """All at once."""
    events = [{"type": "thing.changed", "data": one} for one in data]
    assert daemon.post("/events", json.dumps(events).encode()).status == 202


def numbers(bodies):
    return [[row["n"] for row in body] for body in bodies]


def keyed(*ns):
    return [{"id": f"k{n % 3}", "n": n} for n in ns]


def test_rows_of_many_keys_go_at_once_each_key_in_its_order(start, receiver):
    daemon = start(size=10)
    emit(daemon, *keyed(*range(10)))
    daemon.wait_delivered("out", 10)
    assert numbers(receiver.bodies()) == [list(range(10))]
    assert_sums_hold(daemon.status())


def test_a_batch_that_isnt_full_goes_when_its_time_has_come(start, receiver):
    daemon = start(wait="50ms")
    emit(daemon, {"n": 1})
    daemon.wait_delivered("out", 1)
    request, = receiver.requests
    delivery, = daemon.get("/api/deliveries").json()["items"]
    assert request.headers["idempotency-key"] == delivery["id"]


def test_a_transformers_error_is_its_rows_alone(start, receiver):
    daemon = start()
    emit(daemon, {"n": 1}, {"n": 2, "bad": True}, {"n": 3, "old": True}, {"n": 4})
    daemon.wait_delivered("out", 2)
    assert numbers(receiver.bodies()) == [[1, 4]]
    letter, = daemon.dead_letters()
    assert (letter["cause"], letter["data"]["n"]) == ("script", 2)
    assert daemon.connector_sums("out")["skipped"] == 1
    assert_sums_hold(daemon.status())


def test_the_bad_row_alone_is_dead_and_the_others_arrive_once(start, receiver):
    daemon = start(size=16)
    receiver.rule = lambda request: Reply(422, "no 11 here") if b'"n":11' in request.body else None
    emit(daemon, *keyed(*range(16)))
    daemon.wait_delivered("out", 15)
    letter, = daemon.dead_letters()
    assert (letter["cause"], letter["data"]["n"]) == ("refused", 11)
    attempt, = letter["attempts"]
    assert (attempt["code"], attempt["answer"]) == ("422", "no 11 here")
    arrived = [row["n"] for request in receiver.accepted() for row in json.loads(request.body)]
    assert arrived == [n for n in range(16) if n != 11]
    assert len(set(receiver.keys())) == len(receiver.requests), "each half is another batch"
    assert_sums_hold(daemon.status())


def test_rows_can_be_refused_or_put_off_by_name(start, receiver):
    daemon = start(send="""
        local answer = http.post(setting "url", { json = list })
        if answer.json.refused then reject("refused by name", { items = answer.json.refused }) end
        if answer.json.later then retry("not yet", { items = { list[answer.json.later] }, after = 0.05 }) end
    """)
    receiver.answer_next(Reply(200, {"refused": [2, 3]}))
    emit(daemon, *({"n": n} for n in range(1, 5)))
    daemon.wait_delivered("out", 2)
    assert sorted(letter["data"]["n"] for letter in daemon.dead_letters()) == [2, 3]

    receiver.clear()
    receiver.answer_next(Reply(200, {"later": 1}))
    emit(daemon, *({"n": n} for n in range(5, 9)))
    daemon.wait_delivered("out", 5)
    emit(daemon, *({"n": n} for n in range(9, 12)))  # fills its batch
    daemon.wait_delivered("out", 9)
    assert numbers(receiver.bodies()) == [[5, 6, 7, 8], [5, 9, 10, 11]]
    assert_sums_hold(daemon.status())


def test_a_batch_that_is_tried_again_keeps_members_and_id_over_a_crash(start, receiver):
    daemon = start(size=4)
    receiver.default = 503
    emit(daemon, *keyed(*range(4)))
    receiver.wait_for(3)
    emit(daemon, *keyed(*range(4, 6)))
    daemon.kill()
    receiver.default = 200
    daemon.start()
    daemon.wait_delivered("out", 4)
    bodies = numbers(receiver.bodies())
    assert bodies == [[0, 1, 2, 3]] * len(bodies)
    key, = set(receiver.keys())
    assert key.startswith("4-")
    emit(daemon, *keyed(6, 7))
    daemon.wait_delivered("out", 8)
    assert_sums_hold(daemon.status())


def test_attempts_are_those_of_each_delivery(start, receiver):
    daemon = start(size=3, attempts=3)
    receiver.default = Reply(503, "away")
    emit(daemon, *keyed(0, 1, 2))
    wait_until(lambda: len(daemon.dead_letters()) == 3, "dead letters")
    for letter in daemon.dead_letters():
        assert letter["cause"] == "exhausted"
        assert [(a["code"], a["answer"]) for a in letter["attempts"]] == [("503", "away")] * 3
    assert len(receiver.requests) == 3
    warnings = [line for line in daemon.log().splitlines() if "to be tried again" in line]
    assert len(warnings) == 2 and all("batch=3-" in line for line in warnings)
    assert_sums_hold(daemon.status())


def test_rows_that_are_slow_to_get_ready_go_in_several_batches(project, make_daemon, receiver):
    project.script(SCRIPT)
    project.connector("out", """
        return {
          timeout = "400ms",
          retry = { attempts = 1 },
          batch = { size = 12, wait = "50ms" },
          transformer = function(data)
            http.get(setting "url" .. "/look", { query = { n = data.n } })
            return data
          end,
          send = function(list) return http.post(setting "url" .. "/rows", { json = list }) end,
        }""")
    receiver.rule = lambda request: Reply(delay=0.1) if "/look" in request.path else None
    daemon = make_daemon(settings={"url": receiver.url}).start()
    emit(daemon, *keyed(*range(12)))
    daemon.wait_delivered("out", 12, deadline=30)
    sent = [row for body in receiver.bodies("/rows") for row in body]
    for key in range(3):
        assert [row["n"] for row in sent if row["id"] == f"k{key}"] == list(range(key, 12, 3))
    assert not daemon.dead_letters()
    assert_sums_hold(daemon.status())


def test_dead_letters_are_retried_together(start, receiver):
    daemon = start(size=3, attempts=1)
    receiver.answer_next(503)
    emit(daemon, *keyed(0, 1, 2))
    wait_until(lambda: len(daemon.dead_letters()) == 3, "dead letters")
    assert daemon.command("dead", "retry", "--connector", "out").status == 0
    daemon.wait_delivered("out", 3)
    assert numbers(receiver.bodies()) == [[0, 1, 2]] * 2
    assert_sums_hold(daemon.status())


def test_a_reload_goes_on_with_what_waits(start, receiver, project):
    daemon = start(size=4)
    receiver.default = 503
    emit(daemon, *keyed(*range(4)))
    receiver.wait_for(1)
    receiver.default = 200
    project.connector("out", f"return function(data) {POST.replace('list', '{ data }')} end")
    assert daemon.command("reload").status == 0
    daemon.wait_delivered("out", 4)
    assert sorted(n for body in numbers(receiver.bodies()) if len(body) == 1 for n in body) in (
        [0, 1, 2, 3], [])


def test_a_drain_loses_nothing(start, receiver):
    daemon = start(size=4)
    emit(daemon, *keyed(*range(6)))
    daemon.wait_delivered("out", 4)
    daemon.stop()
    daemon.start()
    emit(daemon, *keyed(6, 7))
    daemon.wait_delivered("out", 8)
    bodies = numbers(receiver.bodies())
    assert [len(body) for body in bodies] == [4, 4]
    assert sorted(sum(bodies, [])) == list(range(8))
    assert_sums_hold(daemon.status())


def test_what_a_replay_makes_and_is_older_is_not_in_its_batch(start, receiver):
    daemon = start(size=2, wait="50ms")
    emit(daemon, {"id": "a", "n": 1}, {"id": "b", "n": 2})
    daemon.wait_delivered("out", 2)
    emit(daemon, {"id": "a", "n": 3})
    daemon.wait_delivered("out", 3)
    receiver.clear()
    assert daemon.command("replay", "--since", "1h").status == 0
    wait_until(lambda: daemon.connector_sums("out")["superseded"] == 1, "what is older")
    wait_until(lambda: daemon.connector_sums("out")["waiting"] == 0 and len(receiver.requests), "the rest")
    rows = [row["n"] for body in receiver.bodies() for row in body]
    assert sorted(rows) == [2, 3]
    assert_sums_hold(daemon.status())


def test_try_shows_a_batch_of_one_for_each(project, start):
    start()
    event = project.write("event.json", '{"type": "thing.changed", "data": {"n": 7}}')
    tried = liaison("try", event, project.path, "--set", "settings.url=http://x")
    assert tried.status == 0, tried.err
    assert '[{"n":7}]' in tried.out.replace(" ", "").replace("\n", "")
