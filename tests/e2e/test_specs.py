# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""`liaison test` runs a project's specs."""

import pytest

from support import liaison, wait_until

HANDLED = """
    local event = { type = "schedule.updated", data = { id = 7, startTime = "09:00" } }

    describe("schedule.updated", function()
      it("reaches the calendar and the warehouse", function()
        expect(handle(event)):equals {
          { connector = "calendarApi", data = { id = 7, start = "09:00" } },
          { connector = "dataWarehouse", data = event.data },
        }
      end)

      it("is one post", function()
        local requests = deliver("calendarApi", { id = 7, start = "09:00" })
        expect(requests):hasLength(1)
        expect(requests[1]):contains { method = "POST", json = { eventId = 7, startTime = "09:00" } }
        expect(requests.outcome):is "delivered"
      end)
    end)
"""


@pytest.fixture
def specs(project):
    """The document's project, and a run of its specs."""
    project.add_use_case()
    project.run = lambda *arguments, **options: liaison("test", project.path, *arguments, **options)
    return project


def test_specs_that_pass(specs):
    specs.write("tests/sync.lua", HANDLED)
    result = specs.run()
    assert (result.status, result.err) == (0, "")
    assert result.out.splitlines() == [
        "ok    tests/sync.lua:4  schedule.updated › reaches the calendar and the warehouse",
        "ok    tests/sync.lua:11  schedule.updated › is one post",
        "2 passed, 0 failed"]


def test_a_spec_that_fails_shows_path_expected_and_got(specs):
    specs.write("tests/sync.lua", HANDLED.replace('start = "09:00" } },', 'start = "10:00" } },', 1))
    result = specs.run()
    assert result.status == 1
    assert result.out.splitlines()[:5] == [
        "FAIL  tests/sync.lua:4  schedule.updated › reaches the calendar and the warehouse",
        "    tests/sync.lua:5: 1 difference",
        "      [1].data.start",
        '        expected  "10:00"',
        '        got       "09:00"']
    assert result.out.splitlines()[-1] == "1 passed, 1 failed"


def test_files_are_those_of_tests_and_those_called_spec_below(specs):
    for name in ("tests/a.lua", "tests/b.spec.lua", "tests/deep/er/c.spec.lua"):
        specs.write(name, 'it("works", function() expect(1):is(1) end)\n')
    specs.write("tests/deep/helper.lua", "error 'no spec'\n")
    specs.write("tests/.hidden.lua", "error 'no spec'\n")
    result = specs.run()
    assert result.status == 0
    assert result.out == ("ok    tests/a.lua  1 passed\n"
                          "ok    tests/b.spec.lua  1 passed\n"
                          "ok    tests/deep/er/c.spec.lua  1 passed\n"
                          "3 passed, 0 failed\n")


PATTERN = """
    return {
      options = { { name = "to", type = "string", required = true } },
      new = function(options)
        return { send = function(data) http.post(options.to, { json = data }) end }
      end,
    }
"""
EXAMPLE = """return connector "board" { to = "http://board/" }"""
BESIDE = """
    it("posts", function()
      expect(deliver("board", { id = 1 })[1]):contains { url = "http://board/", json = { id = 1 } }
    end)
"""


def test_specs_lie_beside_connectors_and_transformers_too(specs):
    specs.write("connectors/board/init.lua", PATTERN)
    specs.write("connectors/board/example.lua", EXAMPLE)
    specs.write("connectors/board/spec.lua", BESIDE)
    specs.write("connectors/board/deep/more.spec.lua", BESIDE)
    specs.write("transformers/plain/init.lua", "return function(data) return data end")
    specs.write("transformers/plain/spec.lua",
                'it("works", function() expect(transformer "plain" (1)):is(1) end)')
    result = specs.run()
    assert (result.status, result.err) == (0, "")
    assert result.out == ("ok    connectors/board/deep/more.spec.lua  1 passed\n"
                          "ok    connectors/board/spec.lua  1 passed\n"
                          "ok    transformers/plain/spec.lua  1 passed\n"
                          "3 passed, 0 failed\n")
    result = specs.run("posts", cwd=specs.path / "connectors")
    assert (result.status, result.out.splitlines()[-1]) == (0, "2 passed, 0 failed")


def test_an_example_is_a_connector_for_specs_beside_it_alone(specs):
    specs.write("connectors/board/init.lua", PATTERN)
    specs.write("connectors/board/example.lua", EXAMPLE)
    specs.write("tests/a.lua", BESIDE)
    assert 'no connector "board"' in specs.run().out


def test_an_example_beside_what_takes_no_options_is_left_alone(specs):
    specs.write("connectors/board/init.lua",
                'return { send = function(data) http.post("http://board/", { json = data }) end }')
    specs.write("connectors/board/example.lua", "error 'not run'")
    specs.write("connectors/board/spec.lua", BESIDE)
    assert specs.run().out == "ok    connectors/board/spec.lua:1  posts\n1 passed, 0 failed\n"


@pytest.mark.parametrize("arguments", [["tests/b.lua"], [".", "B"], ["tests/b"], ["one › TW"]])
def test_a_filter_or_a_file_chooses(specs, arguments):
    specs.write("tests/a.lua", 'it("one", function() expect(1):is(1) end)\n')
    specs.write("tests/b.lua", 'describe("one", function() it("two", function() expect(1):is(1) end) end)\n')
    result = liaison("test", *arguments, cwd=specs.path)
    assert (result.status, result.out) == (0, "ok    tests/b.lua:1  one › two\n1 passed, 0 failed\n")


def test_nothing_to_run_is_an_error(specs):
    result = specs.run()
    assert result.status == 1
    assert "there are no specs in " in result.err and "tests/NAME.lua" in result.err
    specs.write("tests/a.lua", "\n")
    assert "there are no tests in the specs" in specs.run().err
    specs.write("tests/a.lua", 'it("one", function() expect(1):is(1) end)\n')
    result = specs.run("nope")
    assert (result.status, result.out) == (1, "0 passed, 0 failed\n")
    assert 'no test has "nope" in its name' in result.err
    result = liaison("test", specs.path / "scripts" / "register_sync.lua")
    assert result.status == 1 and "is no spec" in result.err


def test_errors_have_the_spec_s_line(specs):
    specs.write("tests/a.lua", """
        it("fails", function()
          local nothing
          local x = nothing.field
        end)
        it("works", function() expect(1):is(1) end)
    """)
    specs.write("tests/b.lua", "it(\n")
    result = specs.run()
    assert result.status == 1
    assert "FAIL  tests/a.lua:1  fails\n    tests/a.lua:3: nothing.field: nothing is nil" in result.out
    assert "FAIL  tests/b.lua:" in result.out and "can't be loaded" in result.out
    assert result.out.endswith("1 passed, 2 failed\n")


def test_a_handler_that_fails_fails_the_test(specs):
    specs.script('local sync = SyncManager.new {}\n'
                 'sync:on("t", function(event)\n  error "broken"\nend)\nsync:start()\n')
    specs.write("tests/a.lua", 'it("t", function()\n  handle { type = "t" }\nend)\n')
    result = specs.run()
    assert result.status == 1
    assert "tests/a.lua:2: handle: sync/t#1 ends as dead: scripts/sync.lua:3: broken" in result.out


def test_an_endless_loop_is_stopped(specs):
    specs.write("tests/a.lua", """
        it("loops", function()
          while true do pcall(error) end
        end)
        it("works", function() expect(1):is(1) end)
    """)
    result = specs.run("--set=limits.handlerTime=200ms")
    assert result.status == 1
    assert "it was stopped: it ran longer than 2s; does a loop never end?" in result.out
    assert result.out.endswith("1 passed, 1 failed\n")


def test_a_spec_may_bring_handlers_of_its_own(specs):
    specs.write("tests/own.lua", """
        local sync = SyncManager.new {}
        sync:on("own.made", function(event)
          sync:send { connector = "dataWarehouse", data = { x = event.data.a } }
        end)

        it("handles", function()
          local sends = handle { type = "own.made", data = { a = 1 } }
          expect(sends):equals { { connector = "dataWarehouse", data = { x = 1 } } }
          expect(sends[1].handler):is "own/own.made#1"
        end)
    """)
    result = specs.run()
    assert (result.status, result.err) == (0, ""), result.out


def test_files_do_not_see_each_other(specs):
    specs.write("lib/state.lua", "return { n = 0 }\n")
    for name in "ab":
        specs.write(f"tests/{name}.lua", """
            local state = require "state"
            it("begins anew", function()
              state.n = state.n + 1
              expect(state.n):is(1)
            end)
        """)
    result = specs.run()
    assert (result.status, result.out.splitlines()[-1]) == (0, "2 passed, 0 failed")


def test_fakes_answer_handlers_and_connectors(specs):
    specs.connector("answering", """
        return function(data)
          return http.post("http://x.test/made", { json = data })
        end
    """)
    specs.script("""
        local sync = SyncManager.new {}
        sync:on("asks", function(event)
          local found = http.get("http://x.test/rooms/" .. event.data.id).json
          local sent = sync:send { connector = "answering", data = { room = found.room } }
          local answer = sent:await()
          sync:send { connector = "answering", data = { id = answer.json.id } }
        end)
        sync:start()
    """)
    specs.write("tests/a.lua", """
        http.fake("GET", "http://x.test/rooms/*", function(request)
          return { json = { room = request.url:match "%d+$" } }
        end)

        it("goes on with what was answered", function()
          http.fake("POST", "http://x.test/made", { status = 201, json = { id = 5 } })
          local sends = handle { type = "asks", data = { id = 12 } }
          expect(sends):equals {
            { connector = "answering", data = { room = "12" } },
            { connector = "answering", data = { id = 5 } },
          }
          expect(sends.handlers[1].requests[1].url):is "http://x.test/rooms/12"
          expect(sends[1].requests[1].json):equals { room = "12" }
        end)

        it("sees failures as they would be", function()
          local made
          http.fake("*", "*", 503)
          made = deliver("answering", {})
          expect(made.outcome):is "retry"
          http.fake("*", "*", 422)
          made = deliver("answering", {})
          expect(made.outcome .. " " .. made.cause):is "dead refused"
          http.fake("*", "*", { failure = "timeout" })
          expect(deliver("answering", {}).outcome):is "retry"
          expect(function() handle { type = "asks", data = { id = 1 } } end):raises "ends as retry"
        end)

        it("has the fakes of the file, but not those of another test", function()
          expect(deliver("answering", {}).outcome):is "delivered"
        end)
    """)
    result = specs.run()
    assert (result.status, result.out.splitlines()[-1]) == (0, "3 passed, 0 failed"), result.out


def test_as_json(specs):
    specs.write("tests/a.lua", """
        it("works", function() expect(1):is(1) end)
        it("fails", function() expect({ a = { null, 2 } }):equals { a = { null, 3 } } end)
    """)
    result = specs.run("--json")
    assert result.status == 1
    assert result.json() == {
        "tests": [
            {"file": "tests/a.lua", "line": 1, "name": "works", "passed": True},
            {"file": "tests/a.lua", "line": 2, "name": "fails", "passed": False,
             "error": "tests/a.lua:2: 1 difference",
             "differences": [{"path": "a[2]", "expected": 3, "got": 2}]}],
        "passed": 1, "failed": 1}


def test_a_test_that_expects_nothing_passes_and_is_named(specs):
    specs.write("tests/a.lua", """
        it("forgets", function() handle { type = "schedule.updated", data = { id = 1 } } end)
        it("begins", function() expect(1) end)
        it("expects", function() expect(1):is(1) end)
        it("asserts", function() assert(1 == 1) end)
    """)
    result = specs.run()
    assert (result.status, result.err) == (0, "")
    assert result.out.splitlines() == [
        "warn  tests/a.lua:1  forgets",
        "    it expects nothing, and passes as long as no error is raised: write expect(handle(…)):equals{ … }",
        "warn  tests/a.lua:2  begins",
        "    expect(…) alone expects nothing: write expect(…):equals(…)",
        "ok    tests/a.lua:3  expects",
        "ok    tests/a.lua:4  asserts",
        "4 passed, 0 failed"]
    assert ["warning" in test for test in specs.run("--json").json()["tests"]] == [True, True, False, False]


@pytest.mark.parametrize("body, words", [
    ("assertEquals(1, 1)", "there is no assertEquals; write expect(value):equals(expected)"),
    ("assert.equals(1, 1)", "assert.equals: assert is a function; write expect(value):equals(expected)"),
    ("expect(1).to.equal(1)", "expect(…) has no to: did you mean equals?"),
    ("jest.fn()", "there is no jest; write http.fake("),
    ('http.fake("POST", "*", { statusCode = 200 }) deliver("calendarApi", {})',
     "the fake of POST *: there is no option statusCode; there are status, json"),
])
def test_what_is_written_elsewhere_is_told_in_the_words_of_specs(specs, body, words):
    specs.write("tests/a.lua", f'it("works", function() {body} end)\n')
    result = specs.run()
    assert result.status == 1 and words in result.out, result.out


def test_a_file_that_does_not_load_shows_its_line(specs):
    specs.write("tests/a.lua", 'test("y", function() end)\n')
    assert specs.run().out.splitlines()[:3] == [
        "FAIL  tests/a.lua:1  can't be loaded",
        '    there is no test; write it("…", function() … end)',
        '        1 | test("y", function() end)']


def test_a_project_that_does_not_load_says_why_once(specs):
    specs.script("syntax error")
    specs.write("tests/a.lua", 'it("works", function() expect(1):is(1) end)\n')
    specs.write("tests/b.lua", 'it("works", function() expect(1):is(1) end)\n')
    result = specs.run()
    assert (result.status, result.err) == (1, "")
    assert result.out.startswith("FAIL  scripts/sync.lua:1  can't be loaded\n    '=' expected")
    assert result.out.endswith("0 passed, 1 failed\n")
    result = specs.run("--json")
    assert result.status == 1
    assert [test["file"] for test in result.json()["tests"]] == ["scripts/sync.lua"]


def test_what_is_printed_goes_to_standard_error(specs):
    specs.write("tests/a.lua", 'it("works", function() print("look", { a = 1 }) end)\n')
    result = specs.run("--json")
    assert result.err == 'tests/a.lua:1: look\t{"a":1}\n'
    assert result.json()["passed"] == 1


COVERED = """
    local sync = SyncManager.new {}
    sync:on("a", function(event)
      if event.data.isNew then
        sync:send { connector = "calendarApi", data = { id = 1 } }
      else

        -- nothing to do
        local reason = "it is old"
        skip(reason)
      end
    end)
    sync:on("b", { name = "second" }, function(event)
      sync:send { connector = "calendarApi", data = { id = 2 } }
    end)
    sync:start()
"""


def test_coverage_names_handlers_and_lines_that_never_ran(specs):
    specs.script(COVERED)
    specs.write("scripts/register_sync.lua", "\n")
    specs.write("lib/unused.lua", "return function()\n  return 1\nend\n")
    specs.write("tests/a.lua", 'it("a", function() handle { type = "a", data = { isNew = true } } end)\n')
    specs.write("tests/b.lua", 'it("loops", function() while true do end end)\n')
    result = specs.run("--coverage", "--set=limits.handlerTime=200ms")
    assert result.status == 1
    assert result.out.split("coverage\n")[1].splitlines() == [
        "  1 of 2 handlers ran; never: second",
        "  connectors/calendarApi.lua: 7 of 7 lines",
        "  connectors/dataWarehouse.lua: 4 of 5 lines; never: 7",
        "  scripts/register_sync.lua: 1 of 1 lines",
        "  scripts/sync.lua: 8 of 11 lines; never: 8-9, 13",
        "  lib/unused.lua: 0 of 2 lines; never: 2-3",
        "1 passed, 1 failed"]
    specs.write("tests/b.lua", 'it("b", function() handle { type = "b" } end)\n')
    covered = specs.run("--coverage", "--json").json()["coverage"]
    assert covered["handlers"] == [{"name": "sync/a#1", "runs": 1}, {"name": "second", "runs": 1}]
    assert {"file": "scripts/sync.lua", "lines": 11, "ran": 9, "missed": [8, 9]} in covered["files"]


# ---- recording ----


RECORDED = """
    local sync = SyncManager.new {}
    sync:on("order.made", function(event)
      if event.data.fails then error "no such order" end
      sync:send { connector = "shop", data = { order = event.data.id, note = event.data.note } }
      sync:send { connector = "shop", data = { n = 2 }, key = "own", delay = "1500ms" }
    end)
    sync:on("order.asked", function(event)
      local found = http.get("http://127.0.0.1:9/rooms?q=" .. event.data.id)
      sync:send { connector = "shop", data = { found = found.json } }
    end)
    sync:start()
"""

SHOP = """
    local token = secret "SHOP_TOKEN"
    return { retry = { attempts = 1 }, send = function(data)
      return http.post("http://127.0.0.1:9/orders", {
        json = data, headers = { Authorization = "Bearer " .. token } })
    end }
"""


@pytest.fixture
def recording(project, make_daemon):
    project.script(RECORDED)
    project.connector("shop", SHOP)
    return make_daemon(env={"SHOP_TOKEN": "s3cr3t-t0ken"}).start()


def record(daemon, project, id, **options):
    result = daemon.command("test", "--record", id, project.path, **options)
    assert result.status == 0, result.err
    name = result.out.strip()
    assert name.startswith("tests/recorded/") and name.endswith(".spec.lua")
    return project.read(name)


def test_a_recorded_event_becomes_a_spec_that_passes(project, recording):
    data = {"id": 12345678901234567890, "note": "a ]] b ]=] \" \\ \n ü", "empty": []}
    recording.emit("order.made", data, subject="s")
    text = record(recording, project, 1)
    assert "12345678901234567890" in text and '"empty": []' in text
    recording.stop()
    result = liaison("test", project.path)
    assert (result.status, result.err) == (0, ""), result.out
    assert result.out.splitlines()[-1] == "2 passed, 0 failed"
    project.script(RECORDED.replace("note = event.data.note", "note = 1"))
    result = liaison("test", project.path)
    assert result.status == 1
    assert "      [1].data.note\n" in result.out


def test_sends_have_the_key_of_their_handler(project, recording):
    """As a recorded spec expects them, too; null where the handler's function returns nil."""
    project.script(RECORDED.replace('"order.made", ', '"order.made", KEY, ').replace(
        "KEY", "{ key = function(e) return e.data.customer end }"))
    project.write("tests/key.spec.lua", """
        it("has the handler's key, or none", function()
          local sends = handle { type = "order.made", data = { id = 1, customer = "a" } }
          expect(sends[1].key):is "a"
          expect(sends[2].key):is "own"
          sends = handle { type = "order.made", data = { id = 1 } }
          expect(sends[1].key):isNull()
          sends = handle { type = "order.made", data = { id = "b", customer = "b" } }
          expect(sends):equals {
            { connector = "shop", data = { order = "b" } },
            { connector = "shop", data = { n = 2 }, key = "own", delay = 1.5 },
          }
        end)
    """)
    assert recording.command("reload").status == 0
    recording.emit("order.made", {"id": 1, "customer": "a"})
    assert '"key": "a"' in record(recording, project, 1)
    recording.emit("order.made", {"id": 2})
    assert '"key": null' in record(recording, project, 2)
    result = liaison("test", project.path)
    assert (result.status, result.err) == (0, ""), result.out
    assert result.out.splitlines()[-1] == "5 passed, 0 failed"


def test_secrets_are_masked_in_it(project, recording):
    recording.emit("order.made", {"id": 1, "note": "Bearer s3cr3t-t0ken"})
    text = record(recording, project, 1, env={"SHOP_TOKEN": "s3cr3t-t0ken"})
    assert "s3cr3t" not in text
    assert '"note": "Bearer ***"' in text
    assert liaison("test", project.path).status == 0


def test_a_dead_letter_becomes_a_spec_from_the_journal_alone(project, recording):
    recording.emit("order.made", {"id": 1, "fails": True})
    [letter] = wait_until(recording.dead_letters, "a dead letter")
    recording.stop()
    text = record(recording, project, letter["id"])
    assert "-- Today this handler fails: sync/order.made#1" in text
    assert "no such order" in text
    assert liaison("test", project.path).status == 1
    project.script(RECORDED.replace("if event.data.fails then", "if event.data.fails then skip 'x'"))
    assert liaison("test", project.path).status == 0


def test_what_a_handler_asked_for_is_a_fake_to_be_filled_in(project, recording):
    recording.emit("order.asked", {"id": 5})
    text = record(recording, project, 1)
    assert 'http.fake("GET", "http://127.0.0.1:9/rooms?q=5", { status = 200, json = {} })' in text
    assert liaison("test", project.path).status == 0


def test_a_spec_that_is_there_is_not_written_over(project, recording):
    recording.emit("order.made", {"id": 1})
    record(recording, project, 1)
    result = recording.command("test", "--record", "1", project.path)
    assert result.status == 1
    assert "order.made-1.spec.lua is there already" in result.err


def test_what_can_not_be_recorded_says_why(project, recording):
    result = recording.command("test", "--record", "77", project.path)
    assert result.status == 1 and "77" in result.err
    recording.emit("nobody.cares", {})
    result = recording.command("test", "--record", "1", project.path)
    assert result.status == 1 and 'no handler takes "nobody.cares"' in result.err
