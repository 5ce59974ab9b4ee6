# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""What mappings deliver to is the real thing: ClickHouse by the connector that ships, Radicale, a CalDAV
server, by a connector as analysts write them, and nginx, which lets through only so much."""

import json
import shutil
from decimal import Decimal
from http.client import HTTPConnection

import pytest

from support import ROOT, ClickHouse, Nginx, Radicale, assert_sums_hold, liaison, relay, wait_until
from support.server import HttpServer, format_answer

# ---- ClickHouse ----

WAREHOUSE_SCRIPT = """
    local sync = SyncManager.new {}
    sync:on("visit.*", function(event)
      sync:send { connector = "dataWarehouse", data = event.data }
    end)
    sync:start()
"""
# Each row is a part of its own, never merged, whose name has the number of its insertion.
TABLE = """
    CREATE TABLE schedules (
      id Int64, big UInt64, amount Decimal(18, 4), share Float64, name String, note Nullable(String),
      at DateTime, tags Array(String), kind Enum8('visit' = 1, 'call' = 2)
    ) ENGINE = MergeTree PARTITION BY id ORDER BY id
"""
COLUMNS = "id, big, amount, share, name, note, toString(at) AS at, tags, toString(kind) AS kind"


@pytest.fixture
def clickhouse(tmp_path):
    server = ClickHouse(tmp_path)
    try:
        server.start().query(TABLE)
        yield server
    finally:
        server.close()


@pytest.fixture
def warehouse(project, make_daemon, clickhouse):
    """A daemon whose connector is the example that ships."""
    project.script(WAREHOUSE_SCRIPT)
    shutil.copy(ROOT / "connectors/clickhouse/example.lua",
                project.write("connectors/dataWarehouse.lua", ""))
    return make_daemon(settings={"warehouseUrl": clickhouse.url},
                       env={"CLICKHOUSE_PASSWORD": clickhouse.PASSWORD}).start()


def ids(clickhouse):
    """In the order of their insertion."""
    return [row["id"] for row in clickhouse.rows(
        "SELECT id FROM schedules ORDER BY toUInt64(splitByChar('_', _part)[2])")]


def test_values_come_back_from_clickhouse_as_they_were_sent(warehouse, clickhouse):
    text = """{"type": "visit.planned", "data": {"id": -9007199254740993, "big": 18446744073709551615,
        "amount": 12345678901234.5678, "share": 0.1, "name": "O'Brien \\"Łódź\\" \\\\ \\t\\n 東京 😀 \\u0001",
        "note": null, "at": "2026-11-23T10:00:00.250+01:00", "tags": ["a'b", "", "ü"], "kind": "call"}}"""
    assert warehouse.post("/events", text.encode()).status == 202
    warehouse.emit("visit.planned", {"id": 2, "note": "", "name": "null", "at": "2026-11-23T09:00:00Z",
                                     "kind": "visit", "amount": 0.1, "tags": []})
    warehouse.wait_delivered("dataWarehouse", 2)
    first, second = clickhouse.rows(f"SELECT {COLUMNS} FROM schedules ORDER BY id")
    assert first == {
        "id": -9007199254740993, "big": 18446744073709551615, "amount": Decimal("12345678901234.5678"),
        "share": Decimal("0.1"), "name": "O'Brien \"Łódź\" \\ \t\n 東京 😀 \x01", "note": None,
        "at": "2026-11-23 09:00:00", "tags": ["a'b", "", "ü"], "kind": "call"}
    assert second == {
        "id": 2, "big": 0, "amount": Decimal("0.1"), "share": 0, "name": "null", "note": "",
        "at": "2026-11-23 09:00:00", "tags": [], "kind": "visit"}


@pytest.mark.parametrize("bad, words", [
    ({"id": "seven"}, 'Cannot parse input: expected " before: seven"'),
    ({"idd": 7}, "Unknown field found while parsing JSONEachRow format: idd"),
    ({"name": 7}, "expected opening quote: (while read the value of key name)"),
    ({"at": "soon"}, "Cannot read DateTime"),
    ({"amount": 0.123456}, "Decimal value is too small"),
    ({"tags": [{}]}, "(while read the value of key tags)"),
    ({"kind": "party"}, "Unknown element 'party'"),
])
def test_a_row_that_clickhouse_refuses_is_a_dead_letter_and_the_others_are_there(
        warehouse, clickhouse, bad, words):
    for data in ({"id": 1}, bad, {"id": 3}):
        warehouse.emit("visit.planned", data, partitionkey="one")
    warehouse.wait_delivered("dataWarehouse", 2)
    letter, = warehouse.dead_letters()
    assert (letter["cause"], letter["data"], len(letter["attempts"])) == ("refused", bad, 1)
    assert letter["error"].startswith("ClickHouse refuses the row: Code: ")
    assert words in letter["error"]
    assert ids(clickhouse) == [1, 3]
    assert_sums_hold(warehouse.status())


def test_rows_wait_for_clickhouse_and_arrive_in_order(warehouse, clickhouse):
    def emit(numbers):
        for n in numbers:
            warehouse.emit("visit.planned", {"id": n}, partitionkey=f"k{n % 3}")

    emit(range(30))
    warehouse.wait_delivered("dataWarehouse", 30)
    clickhouse.stop()
    emit(range(30, 60))
    wait_until(lambda: warehouse.connector_sums("dataWarehouse")["waiting"] > 0, "rows to wait")
    warehouse.kill()
    warehouse.start()
    clickhouse.start()
    emit(range(60, 90))
    warehouse.wait_delivered("dataWarehouse", 90, 30)
    found = ids(clickhouse)
    assert sorted(found) == list(range(90))
    for key in range(3):
        numbers = [n for n in found if n % 3 == key]
        assert numbers == sorted(numbers)
    assert warehouse.dead_letters() == []
    assert_sums_hold(warehouse.status())


def test_one_bad_row_of_hundreds_is_found_and_the_others_are_there_once(project, make_daemon, clickhouse):
    project.script(WAREHOUSE_SCRIPT)
    project.write("connectors/dataWarehouse.lua", """
        return connector "clickhouse" {
          url = setting "warehouseUrl", table = "visits", user = "liaison", rows = 250, wait = "5s",
          password = secret "CLICKHOUSE_PASSWORD" }
    """)
    clickhouse.query("CREATE TABLE visits (id Int64, key String, n Int64) ENGINE = MergeTree ORDER BY tuple()")
    daemon = make_daemon(settings={"warehouseUrl": clickhouse.url},
                         env={"CLICKHOUSE_PASSWORD": clickhouse.PASSWORD}).start()
    events = [{"type": "visit.planned", "data": {"id": n if n != 137 else "bad", "key": f"k{n % 7}", "n": n}}
              for n in range(250)]
    assert daemon.post("/events", json.dumps(events).encode()).status == 202
    daemon.wait_delivered("dataWarehouse", 249)
    letter, = daemon.dead_letters()
    assert (letter["cause"], letter["data"]["n"], len(letter["attempts"])) == ("refused", 137, 1)
    assert "Code: 27" in letter["error"] and "Code: 27" in letter["attempts"][0]["error"]
    assert clickhouse.rows("SELECT n FROM visits ORDER BY n") == [
        {"n": n} for n in range(250) if n != 137]
    assert_sums_hold(daemon.status())


def test_auth_may_say_who_inserts(project, make_daemon, clickhouse):
    project.script(WAREHOUSE_SCRIPT)
    project.connector("dataWarehouse", """
        return connector "clickhouse" {
          url = setting "warehouseUrl", table = "schedules",
          auth = { basic = { user = "liaison", password = secret "CLICKHOUSE_PASSWORD" } },
        }""")
    daemon = make_daemon(settings={"warehouseUrl": clickhouse.url},
                         env={"CLICKHOUSE_PASSWORD": clickhouse.PASSWORD}).start()
    daemon.emit("visit.planned", {"id": 1})
    daemon.wait_delivered("dataWarehouse", 1)
    assert len(ids(clickhouse)) == 1


def test_a_list_of_rows_is_inserted_as_rows(warehouse, clickhouse):
    warehouse.emit("visit.planned", [{"id": 1}, {"id": 2}])
    warehouse.wait_delivered("dataWarehouse", 1)
    assert sorted(ids(clickhouse)) == [1, 2]


# ---- Radicale ----

CALENDAR_SCRIPT = """
    local sync = SyncManager.new {}

    sync:on("visit.planned", function(event)
      sync:send { connector = "calendar", transformer = "calendarEvent", data = event.data }
    end)

    sync:on("visit.cancelled", function(event)
      sync:send { connector = "calendar", data = { id = event.data.id } }
    end)

    sync:on("calendar.exported", function(event)
      sync:send { connector = "export", data = ical.decode(event.data.text) }
    end)

    sync:start()
"""
CALENDAR_EVENT = """
    return function(visit, event)
      return {
        id = visit.id,
        text = ical.event {
          uid = "visit-" .. visit.id .. "@hms.example", summary = visit.title, location = visit.room,
          start = visit.start, duration = "PT45M", zone = "Europe/Berlin", stamp = event.time,
          sequence = visit.version, categories = { "visit", "a, b; c" },
        },
      }
    end
"""
CALENDAR = """
    local base = setting "calendarUrl"

    return {
      auth = { basic = { user = "ann", password = secret "CALENDAR_PASSWORD" } },
      send = function(data)
        local url = base .. "/visit-" .. data.id .. ".ics"
        if not data.text then return http.delete(url, { accept = 404 }) end
        return http.put(url, { headers = { ["Content-Type"] = "text/calendar; charset=utf-8" }, body = data.text })
      end,
    }
"""
# Nothing is replaced: a second PUT of the same name is answered by 412.
CALENDAR_ONCE = """
    local base = setting "calendarUrl"

    return {
      retry = { base = "20ms" },
      auth = { basic = { user = "ann", password = secret "CALENDAR_PASSWORD" } },
      send = function(data)
        return http.put(base .. "/visit-" .. data.id .. ".ics", {
          headers = { ["Content-Type"] = "text/calendar", ["If-None-Match"] = "*" }, body = data.text,
        })
      end,
      verify = function(data)
        return http.get(base .. "/visit-" .. data.id .. ".ics", { accept = 404 }).status == 200
      end,
    }
"""
EXPORT = """
    return function(data) http.post(setting "exportUrl", { json = data }) end
"""


class Lossy(HttpServer):
    """Stands before a server, and loses the answer to the first request that it passes on."""

    def __init__(self, behind):
        self.asked = []
        self._behind = behind
        super().__init__()

    def on_request(self, connection, request):
        behind = HTTPConnection(self._behind)
        behind.request(request.method, request.path, request.body, request.headers)
        answer = behind.getresponse()
        data = format_answer(answer.status, {}, answer.read())
        behind.close()
        self.asked.append(request.method)
        if len(self.asked) == 1:
            connection.reset()
        else:
            connection.answer(data)


@pytest.fixture
def radicale(tmp_path):
    server = Radicale(tmp_path)
    try:
        yield server.start()
    finally:
        server.close()


@pytest.fixture
def password(tmp_path, radicale):
    """The file that the project's secret is read from."""
    path = tmp_path / "password"
    path.write_text(radicale.PASSWORD)
    return path


@pytest.fixture
def calendar(project, make_daemon, radicale, receiver, password):
    """A daemon, not yet started, that keeps a calendar there."""
    project.script(CALENDAR_SCRIPT)
    project.write("transformers/calendarEvent.lua", CALENDAR_EVENT)
    project.connector("calendar", CALENDAR)
    project.connector("export", EXPORT)
    return make_daemon(settings={"calendarUrl": radicale.calendar_url, "exportUrl": receiver.url},
                       env={"CALENDAR_PASSWORD_FILE": str(password)})


def plan(daemon, id, version=0, title="Knie; Raum 3, links 😀", start="2026-11-23T10:00:00+01:00"):
    daemon.emit("visit.planned", time="2026-11-20T08:00:00Z", data={
        "id": id, "title": title, "room": "Straße 7\nHof", "start": start, "version": version})


def decoded(daemon, receiver, text):
    """The one event of a calendar, as ical.decode has it."""
    before = len(receiver.requests)
    daemon.emit("calendar.exported", {"text": text})
    receiver.wait_for(before + 1)
    event, = receiver.bodies()[-1]["events"]
    return event


def test_an_event_is_put_replaced_and_deleted_in_a_caldav_server(calendar, radicale, receiver):
    calendar.start()
    plan(calendar, 7)
    calendar.wait_delivered("calendar", 1)
    event = decoded(calendar, receiver, radicale.event("visit-7"))
    assert event == {
        "uid": "visit-7@hms.example", "summary": "Knie; Raum 3, links 😀", "location": "Straße 7\nHof",
        "start": "2026-11-23T09:00:00Z", "duration": "PT45M", "zone": "Europe/Berlin",
        "stamp": "2026-11-20T08:00:00Z", "sequence": 0, "categories": ["visit", "a, b; c"]}
    plan(calendar, 7, 1, "Knie, später" + " und später" * 20, "2026-07-01T09:00:00Z")
    plan(calendar, 8)
    calendar.wait_delivered("calendar", 3)
    assert radicale.names() == ["visit-7", "visit-8"]
    assert decoded(calendar, receiver, radicale.event("visit-7")) == event | {
        "summary": "Knie, später" + " und später" * 20, "start": "2026-07-01T09:00:00Z", "sequence": 1}
    for count in (4, 5):
        calendar.emit("visit.cancelled", {"id": 7})
        calendar.wait_delivered("calendar", count)
        assert radicale.names() == ["visit-8"]
    assert calendar.dead_letters() == []


def test_what_is_put_there_goes_over_http_1_0(radicale):
    connection = HTTPConnection(radicale.address)
    connection.request("GET", "/")
    assert connection.getresponse().version == 10
    connection.close()


def test_what_was_put_and_never_answered_is_not_put_again(project, calendar, radicale):
    """The answer to the first PUT is lost; a second one would be refused, since it isn't to replace anything."""
    lossy = Lossy(radicale.address)
    try:
        project.connector("calendar", CALENDAR_ONCE)
        calendar.settings["calendarUrl"] = radicale.calendar_url.replace(radicale.url, lossy.url)
        calendar.start()
        plan(calendar, 7)
        calendar.wait_delivered("calendar", 1)
        assert lossy.asked == ["PUT", "GET"]
        assert radicale.names() == ["visit-7"]
        assert calendar.dead_letters() == []
    finally:
        lossy.stop()


def test_a_wrong_password_pauses_the_calendar_until_it_is_mended(calendar, radicale, password):
    password.write_text("of last year")
    calendar.start()
    for id in range(20):
        plan(calendar, id)
    problem, = wait_until(lambda: calendar.status()["problems"], "the pause")
    assert (problem["code"], problem["about"]) == ("connector-auth", "calendar")
    assert "401" in problem["text"]
    assert radicale.names() == []
    password.write_text(radicale.PASSWORD)
    reloaded = calendar.command("reload")
    assert reloaded.status == 0, reloaded.err
    calendar.wait_delivered("calendar", 20)
    assert radicale.names() == sorted(f"visit-{id}" for id in range(20))
    assert calendar.status()["problems"] == []
    assert calendar.dead_letters() == []
    assert_sums_hold(calendar.status())


# ---- nginx ----

LIMITED_SCRIPT = relay("thing.changed", "limited")
LIMITED = """
    return {
      retry = { base = "50ms", cap = "2s" },
      breaker = { open = "500ms" },
      send = function(data) return http.post(setting "url", { json = data }) end,
    }
"""
KEYS, EACH = 10, 20


@pytest.fixture
def limited(project, make_daemon, receiver, tmp_path):
    """A function that starts nginx before the receiver, and a daemon that delivers to it."""
    servers = []

    def start(connector, **options):
        servers.append(Nginx(tmp_path, receiver.url, **options).start())
        project.script(LIMITED_SCRIPT)
        project.connector("limited", connector)
        return make_daemon(settings={"url": servers[0].url}).start(), servers[0]

    yield start
    for server in servers:
        server.close()


def deliver_all(daemon):
    for n in range(EACH):
        answer = daemon.post("/events", [
            {"type": "thing.changed", "partitionkey": f"k{key}", "data": {"key": key, "n": n}}
            for key in range(KEYS)])
        assert answer.status == 202, answer
    daemon.wait_delivered("limited", KEYS * EACH, 60)


def assert_each_came_once_in_order(daemon, receiver):
    for key in range(KEYS):
        assert [body["n"] for body in receiver.bodies() if body["key"] == key] == list(range(EACH))
    assert len(receiver.requests) == KEYS * EACH
    assert daemon.dead_letters() == []
    assert_sums_hold(daemon.status())


@pytest.mark.parametrize("refusal", [Nginx.REFUSES_429, Nginx.REFUSES_429_WITH_RETRY_AFTER],
                         ids=["429", "429 with Retry-After"])
def test_nginx_that_limits_gets_each_once_and_few_in_vain(limited, receiver, refusal):
    daemon, nginx = limited(LIMITED, rate=100, burst=20, refusal=refusal)
    deliver_all(daemon)
    assert_each_came_once_in_order(daemon, receiver)
    assert nginx.statuses().count(200) == KEYS * EACH
    assert nginx.statuses().count(429) <= KEYS * EACH / 4  # none on a machine too busy to go beyond


def test_nginx_that_limits_by_503_gets_each_once_and_no_more_in_vain_than_the_retry_budget(limited, receiver):
    daemon, nginx = limited(LIMITED, rate=100, burst=20, refusal=Nginx.REFUSES_503)
    deliver_all(daemon)
    assert_each_came_once_in_order(daemon, receiver)
    assert nginx.statuses().count(200) == KEYS * EACH
    # Each that is refused is a retry later: ten at once, ten a second, and a quarter of the first ones.
    assert nginx.statuses().count(503) <= 10 + 10 * nginx.seconds() + KEYS * EACH / 4


@pytest.mark.parametrize("refusal", [Nginx.REFUSES_429, Nginx.REFUSES_429_WITH_RETRY_AFTER],
                         ids=["429", "429 with Retry-After"])
def test_nginx_without_a_burst_gets_each_once_and_few_in_vain(limited, receiver, refusal):
    daemon, nginx = limited(LIMITED, rate=50, refusal=refusal)
    deliver_all(daemon)
    assert_each_came_once_in_order(daemon, receiver)
    assert nginx.statuses().count(200) == KEYS * EACH
    assert nginx.statuses().count(429) <= KEYS * EACH / 5


def test_who_knows_what_nginx_lets_through_is_never_refused(limited, receiver):
    daemon, nginx = limited(LIMITED.replace("breaker", 'rate = "80/s", breaker'), rate=100, burst=50)
    deliver_all(daemon)
    assert_each_came_once_in_order(daemon, receiver)
    assert set(nginx.statuses()) == {200}


# ---- what ships ----


def test_the_spec_of_a_connector_that_ships_passes_with_its_example(project):
    project.write("scripts/none.lua", "")
    shutil.copytree(ROOT / "connectors/clickhouse", project.path / "connectors/clickhouse")
    result = liaison("test", project.path, env={"CLICKHOUSE_PASSWORD": "word"})
    assert (result.status, result.err) == (0, "")
    assert result.out.splitlines()[-1] == "6 passed, 0 failed"
