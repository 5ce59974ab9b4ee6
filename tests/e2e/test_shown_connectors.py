# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""The connectors that the documentation has for copying do what is said of them, at receivers as
they are meant for."""

import json
import re

import pytest

from support import ROOT, Reply, assert_sums_hold, wait_until

BLOCK = re.compile(r"^```lua\n-- ((?:scripts|connectors|transformers)/\w+\.lua)\n(.*?)^```$",
                   re.MULTILINE | re.DOTALL)
ENV = {"BILLS_SECRET": "s3cret", "WEBHOOK_KEY": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}


def blocks(page, heading, end):
    text = (ROOT / "docs" / page).read_text().split(heading)[1].split(end)[0]
    return BLOCK.findall(text)


class Systems:
    """The receiver's rule: a warehouse, a billing API with its tokens, a CRM."""

    def __init__(self):
        self.rows, self.bills, self.lost = [], {}, None

    def __call__(self, request):
        systems = {"visits": self.visits, "token": self.token, "bills": self.bill}
        system = systems.get(request.path.split("/")[1])
        return system(request) if system else None

    def visits(self, request):
        rows = json.loads(request.body)
        for row in rows:
            if row["minutes"] < 0:
                return Reply(422, {"bad": row["visit_id"]})
        self.rows += [row["visit_id"] for row in rows]
        return Reply(200)

    def token(self, _):
        return Reply(200, {"access_token": "t0ken", "token_type": "Bearer", "expires_in": 3600})

    def bill(self, request):
        assert request.headers["authorization"] == "Bearer t0ken"
        if request.method == "GET":
            return Reply(200 if request.path.split("/")[-1] in self.bills else 404)
        bill = json.loads(request.body)
        number, is_known = bill["number"], bill["number"] in self.bills
        if bill["cents"] < 0:
            return Reply(422)
        self.bills[number] = bill["cents"]
        if number == self.lost:
            self.lost = None
            return Reply(200, resets=True)
        return Reply(409 if is_known else 201)


@pytest.fixture
def systems(receiver):
    receiver.rule = Systems()
    return receiver.rule


@pytest.fixture
def daemon(project, make_daemon, receiver, systems):
    for name, block in blocks("MAPPING.md", "\n## Three connectors to copy\n", "-- tests/"):
        project.write(name, block.replace('"5s"', '"200ms"'))
    paths = {"visitsUrl": "visits", "billsUrl": "bills", "billsTokenUrl": "token",
             "contactsUrl": "contacts"}
    settings = {name: f"{receiver.url}/{path}" for name, path in paths.items()}
    return make_daemon(settings=settings, env=ENV).start()


def emit(daemon, type, *data):
    events = [{"type": type, "data": one} for one in data]
    assert daemon.post("/events", json.dumps(events).encode()).status == 202


def visit(n, minutes=30, account="a", cents=100):
    return {"id": n, "minutes": minutes, "account": account, "bill": {"number": f"b{n}", "cents": cents}}


def test_of_a_warehouse_that_takes_all_or_nothing_only_the_bad_row_is_lost(daemon, systems):
    emit(daemon, "visit.ended", *(visit(n, minutes=-1 if n == 5 else 30) for n in range(1, 9)))
    daemon.wait_delivered("visits", 7)
    letter, = daemon.dead_letters()
    assert (letter["cause"], letter["data"]["id"]) == ("refused", 5)
    assert sorted(systems.rows) == [1, 2, 3, 4, 6, 7, 8]
    assert_sums_hold(daemon.status())


def test_a_bill_comes_once_and_in_its_turn(daemon, receiver, systems):
    systems.lost = "b1"
    emit(daemon, "visit.ended", visit(1), visit(2, cents=-1), visit(3), visit(4, account="b"))
    daemon.wait_delivered("bills", 2)
    wait_until(lambda: len(daemon.dead_letters()) == 1, "the bill that is refused")
    assert systems.bills == {"b1": 100, "b4": 100}
    written = [json.loads(r.body)["number"] for r in receiver.requests
               if r.path == "/bills" and r.method == "POST"]
    assert written.count("b1") == 1, "it was asked for, and is there"
    letter, = daemon.dead_letters()
    assert daemon.command("dead", "edit", letter["id"], '{"number": "b2", "cents": 50}').status == 0
    assert daemon.command("dead", "retry", letter["id"]).status == 0
    daemon.wait_delivered("bills", 4)
    assert list(systems.bills)[-2:] == ["b2", "b3"]
    assert_sums_hold(daemon.status())


def test_of_a_contact_the_newest_state_is_told_and_signed(daemon, receiver):
    emit(daemon, "contact.changed", *({"id": 3, "n": n} for n in range(1, 6)))
    wait_until(lambda: daemon.connector_sums("contacts").get("waiting") == 0
               and daemon.connector_sums("contacts")["made"] == 5, "all five to end")
    sums = daemon.connector_sums("contacts")
    assert sums["delivered"] + sums["superseded"] == 5
    last = receiver.matching("/contacts")[-1]
    told = json.loads(last.body)
    assert (told["type"], told["data"]["n"]) == ("contact.changed", 5)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", told["timestamp"])
    assert last.headers["webhook-signature"].startswith("v1,")


def test_what_waits_and_cant_succeed_is_given_up_by_its_transformer(project, make_daemon, receiver):
    shown = dict(blocks("OPERATING.md", "\n## Dead letters\n", "\n## Replay\n"))
    lessons = shown["connectors/lessons.lua"]
    before = lessons.replace('transformer = "giveUp",', 'retry = { base = "50ms", cap = "50ms" },')
    project.write("connectors/lessons.lua", before)
    project.script("""
        local sync = SyncManager.new {}
        sync:on("lesson", function(event) sync:send { connector = "lessons", data = event.data } end)
        sync:start()
    """)
    receiver.rule = lambda request: Reply(500) if json.loads(request.body)["n"] == 1 else None
    daemon = make_daemon("--set", "reload=manual", settings={"lessonsUrl": receiver.url}).start()
    for n in (1, 2):
        daemon.emit("lesson", {"id": "k", "n": n}, id=f"e-{16 + n}")
    receiver.wait_for(2)
    project.write("connectors/lessons.lua", lessons)
    project.write("transformers/giveUp.lua", shown["transformers/giveUp.lua"])
    assert daemon.command("reload").status == 0
    daemon.wait_delivered("lessons", 1)
    letter, = daemon.dead_letters()
    assert (letter["cause"], letter["data"]["n"]) == ("refused", 1)
    assert receiver.bodies()[-1] == {"id": "k", "n": 2}
