# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The Liaison authors
"""Nothing that a script does stops the daemon: each of these ends as a dead letter that says why and
where, and all else is delivered."""

import os

import pytest

from support import Daemon, Project, Receiver, assert_sums_hold, wait_until

HANDLER_TIME = 0.1  # seconds
MEMORY = 32         # MB
IS_SLOW = os.environ.get("LIAISON_PRESET") in ("asan", "tsan", "valgrind")

# The body of a handler, which begins on the third line of its file.
LOOPS = {
    "plain": "while true do end",
    "for": "for i = 1, math.huge do end",
    "tail_call": "local function f() return f() end f()",
    "within_pcall": "while true do pcall(function() while true do end end) end",
    "pcall_of_itself": "local function f() pcall(f) while true do end end f()",
    "within_xpcall": "while true do xpcall(function() while true do end end, print) end",
    "xpcall_handler": "xpcall(error, function() while true do end end)",
    "error_in_handler": "while true do xpcall(error, function() error('again') end) end",
    "comparator": "table.sort({ 3, 2, 1 }, function() while true do end end)",
    "pcall_in_comparator": """
        while true do pcall(table.sort, { 3, 2, 1 }, function() pcall(function() while true do end
        end) end) end""",
    "sort": "local t = {} for i = 1, 3e5 do t[i] = -i end while true do table.sort(t) end",
    "index": """
        return setmetatable({}, { __index = function() while true do end end }).x""",
    "index_chain": """
        local t = {} while true do t = setmetatable({}, { __index = t }) pcall(get, t, 'x') end""",
    "newindex": "setmetatable({}, { __newindex = function() while true do end end }).x = 1",
    "call": "setmetatable({}, { __call = function() while true do end end })()",
    "concat": "return setmetatable({}, { __concat = function() while true do end end }) .. 'x'",
    "arithmetic": "return setmetatable({}, { __add = function() while true do end end }) + 1",
    "comparison": """
        local mt = { __lt = function() while true do end end }
        return setmetatable({}, mt) < setmetatable({}, mt)""",
    "equality": """
        local mt = { __eq = function() while true do end end }
        return setmetatable({}, mt) == setmetatable({}, mt)""",
    "tostring": "tostring(setmetatable({}, { __tostring = function() while true do end end }))",
    "format": """
        local t = setmetatable({}, { __tostring = function() while true do end end })
        return ('%s'):format(t)""",
    "print": "print(setmetatable({}, { __tostring = function() while true do end end }))",
    "library": "setmetatable(string, { __index = function() while true do end end }) local _ = string.x",
    "iterator": "for _ in function() return 1 end do end",
    "gmatch": "for _ in ('a'):rep(40000):gmatch('.-.-.-.-.-b') do end",
    "find": "('a'):rep(40000):find('.-.-.-.-b')",
    "match": "('a'):rep(28):match(('a?'):rep(28) .. ('a'):rep(28) .. 'b')",
    "gsub": "('a'):rep(40000):gsub('.-.-.-.-b', '')",
    "gsub_function": "('x'):gsub('x', function() while true do end end)",
    "gsub_table": """
        ('x'):gsub('x', setmetatable({}, { __index = function() while true do end end }))""",
    "gsub_to_nothing": "('a'):rep(2000):gsub('(b?)', ('%1'):rep(1e6))",
    "caught_pattern": "while true do pcall(string.find, ('a'):rep(40000), '.-.-.-.-b') end",
    "caught_retry": "while true do pcall(pcall, error) pcall(retry) end",
    "caught_memory": "while true do pcall(string.rep, 'x', 1e8) end",
    "sends": "local c = 'none' while true do pcall(function() sync:send { connector = c } end) end",
    "logging": "while true do log.debug('x') end",
    "json": "while true do json.encode(json.decode('{\"a\":[1,{}]}')) end",
    "exact": "local x = json.decode(('9'):rep(900)) while true do x = x + 1 end",
    "regex": "regex.find(('a'):rep(40) .. '!', '^(a+)+$')",
    "regex_step": "regex.find(('a'):rep(1e6), '(*NO_START_OPT)(a*)\\\\1d')",
    "regex_caught": "while true do pcall(regex.find, ('a'):rep(40) .. '!', '^(a+)+$') end",
    "regex_function": "regex.replace('x', 'x', function() while true do end end)",
    "blank_lines": "local s = ('\\n'):rep(3e6) while true do json.lines(s) end",
    "case": "while true do text.upper(('é'):rep(1e5)) end",
    "zone": "while true do time.format(time.now(), '%F', 'Europe/Berlin') end",
    "calendar": "while true do ical.decode(ical.event { uid = '1', start = '2026-01-01' }) end",
    "path": "while true do get(event, ('data.'):rep(1e5) .. 'x') end",
}
HOGS = {
    "small_pieces": "local t = {} for i = 1, math.huge do t[i] = {} end",
    "large_pieces": "local t = {} for i = 1, math.huge do t[i] = ('x'):rep(1e5 + i) end",
    "doubling": "local s = 'x' while true do s = s .. s end",
    "rep": "return ('x'):rep(1e9)",
    "rep_separator": "return ('x'):rep(1e6, ('y'):rep(1e5))",
    "concat_list": """
        local t, s = {}, ('x'):rep(1e6) for i = 1, 1000 do t[i] = s end return table.concat(t)""",
    "gsub_result": "return ('a'):rep(1e5):gsub('a', ('b'):rep(1e5))",
    "text_replace": "return text.replace(('a'):rep(1e5), 'a', ('b'):rep(1e5))",
    "regex_replace": "return regex.replace(('a'):rep(1e4), 'a', ('b'):rep(1e5))",
    "format_result": """
        local s = ('x'):rep(4e6) return ('%s%s%s%s%s%s%s%s'):format(s, s, s, s, s, s, s, s)""",
    "json_of_many": """
        local t, s = {}, ('x'):rep(1e6) for i = 1, 1000 do t[i] = s end return json.encode(t)""",
    "json_of_lines": """
        local t, s = {}, { ('x'):rep(1e6) } for i = 1, 1000 do t[i] = s end return json.lines(t)""",
    "json_of_escapes": "return json.encode(('\\1'):rep(1e7))",
    "form": """
        local t, s = {}, ('x'):rep(1e6) for i = 1, 1000 do t[i] = s end
        http.post('http://127.0.0.1:9', { form = { a = t } })""",
}
# What ends by itself, with an error of the script.
FAILURES = {
    "recursion": "local function f() return 1 + f() end return f()",
    "recursion_in_pcall": "local function f() return 1 + select(2, pcall(f)) end f()",
    "recursion_in_index": """
        local t = setmetatable({}, {}) getmetatable(t).__index = function(t, k) return t[k] .. '' end
        return t.x""",
    "recursion_in_sort": "local function f() table.sort({ 2, 1 }, f) end f()",
    "recursion_in_gsub": "local function f(s) return (s:gsub('x', f)) end f('x')",
    "recursion_in_tostring": """
        local t t = setmetatable({}, { __tostring = function() return ('%s'):format(t) end })
        tostring(t)""",
    "deep_table": "local t = {} for i = 1, 1e4 do t = { t } end json.encode(t)",
    "deep_text": "json.decode(('['):rep(1e5))",
    "cycle": "local t = {} t.t = t sync:send { connector = 'out', data = t }",
    "throws_cycle": "local t = {} t.t = t error(t)",
    "throws_what_loops": "error(setmetatable({}, { __tostring = function() while true do end end }))",
    "throws_nil": "error(nil)",
    "throws_much": "error(('x'):rep(4e6))",
    "coroutine": "coroutine.wrap(function() end)()",
    "newproxy": "newproxy(true)",
    "load": "load('x = 1')()",
    "loadstring": "loadstring('x = 1')()",
    "setfenv": "setfenv(1, {})",
    "strings": "getmetatable('').__index = nil",
    "data": "getmetatable(event.data).__index = nil",
}

RUNAWAY = """local sync = SyncManager.new {{}}
sync:on("{name}", function(event)
{code}
end)
sync:start()
"""
ORDINARY = """
    local sync = SyncManager.new {}
    sync:on("ordinary", function(event)
      local text = ("%s"):format(string.upper("n")):lower():gsub("n", "number")
      sync:send { connector = "out", data = { [text] = event.data.n, list = json.decode "[]" } }
    end)
    sync:start()
"""


class World:
    """One daemon with all of the scripts, each a file of its own; they share one machine."""

    def __init__(self, path):
        self.receiver = Receiver()
        project = Project(path / "project")
        project.script(ORDINARY, "ordinary")
        project.connector("out", f"""
            return function(data) http.post("{self.receiver.url}", {{ json = data }}) end
        """)
        for name, code in {**LOOPS, **HOGS, **FAILURES}.items():
            project.script(RUNAWAY.format(name=name, code=code.strip("\n")), name)
        self.daemon = Daemon(project, f"--set=limits.handlerTime={HANDLER_TIME}s",
                             f"--set=limits.memory={MEMORY}MB")
        self.n = 0

    def run(self, name):
        """The dead letter of the event that runs away."""
        self.daemon.emit(name)
        wait_until(lambda: self._letters(name), f"the dead letter of {name}", deadline=20)
        return self._letters(name)[0]

    def _letters(self, name):
        return [letter for letter in self.daemon.dead_letters("?type=" + name)
                if letter["handler"] == f"{name}/{name}#1"]

    def assert_delivers(self):
        self.n += 1
        self.daemon.emit("ordinary", {"n": self.n})
        self.receiver.wait_for(self.n)
        assert self.receiver.bodies()[-1] == {"number": self.n, "list": []}

    def close(self):
        self.daemon.close()
        self.receiver.close()


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    world = World(tmp_path_factory.mktemp("runaway"))
    world.daemon.start()
    yield world
    world.close()


def assert_letter(world, name, cause, words):
    letter = world.run(name)
    assert letter["cause"] == cause, letter["error"]
    assert words in letter["error"]
    assert f"scripts/{name}.lua:" in letter["error"]
    world.assert_delivers()
    assert world.daemon.get("/readyz").status == 200


@pytest.mark.parametrize("name", LOOPS)
def test_what_never_ends_is_stopped(world, name):
    assert_letter(world, name, "limit", f"{name}/{name}#1 was stopped: it ran longer than 100ms")


@pytest.mark.parametrize("name", HOGS)
def test_what_takes_all_memory_is_stopped(world, name):
    # On a busy machine it may run out of time before.
    assert_letter(world, name, "limit", f"{name}/{name}#1 was stopped: it ")


@pytest.mark.parametrize("name", FAILURES)
def test_what_goes_too_deep_or_out_of_bounds_is_an_error(world, name):
    assert_letter(world, name, "script", "")


def test_afterwards_the_sums_hold_and_memory_is_bounded(world):
    assert_sums_hold(world.daemon.status())
    resident = world.daemon.metrics().value("process_resident_memory_bytes")
    # A sanitizer keeps for a while what is freed.
    assert resident < (40 if IS_SLOW else 10) * MEMORY << 20


# ---- in other places, and again and again ----

SENDS = """
    local sync = SyncManager.new {}
    sync:on("thing", OPTIONSfunction(event)
      sync:send { connector = "first", data = event.data }
    end)
    sync:on("thing", { name = "other" }, function(event)
      sync:send { connector = "second", data = event.data }
    end)
    sync:start()
"""


@pytest.fixture
def second(make_receiver):
    return make_receiver()


@pytest.fixture
def daemon(project, make_daemon, receiver, second):
    """Not yet started."""
    project.script(SENDS.replace("OPTIONS", ""))
    for name, target in (("first", receiver), ("second", second)):
        project.connector(name, f"""
            return function(data) http.post("{target.url}", {{ json = data }}) end
        """)
    return make_daemon("--set=limits.handlerTime=50ms", "--set=reload=manual")


def loop_in(project, place, url):
    """Has it loop where `data.loops`; the file that does."""
    loop = "function(data) while data.loops do end return data end"
    if place in ("key", "filter"):
        loop = "function(event) while event.data.loops do end return event.data.n end"
        project.script(SENDS.replace("OPTIONS", f"{{ {place} = {loop} }}, "))
        return "scripts/sync.lua"
    if place == "transformer":
        project.write("transformers/loops.lua", f"return {loop}")
        project.connector("first", f"""
            return {{ transformer = "loops",
                     send = function(data) http.post("{url}", {{ json = data }}) end }}
        """)
        return "transformers/loops.lua"
    project.connector("first", f"""
        return function(data)
          if data.waits then http.post("{url}", {{ json = data }}) end
          while data.loops do end
          if not data.waits then http.post("{url}", {{ json = data }}) end
        end
    """)
    return "connectors/first.lua"


def problems(daemon):
    return [(problem["code"], problem["about"]) for problem in daemon.status()["problems"]]


@pytest.mark.parametrize("place", ["key", "filter", "transformer", "connector"])
def test_a_loop_elsewhere_stops_nothing_else(daemon, project, receiver, second, place):
    file = loop_in(project, place, receiver.url)
    daemon.start()
    daemon.emit("thing", {"loops": True, "n": 1})
    wait_until(lambda: daemon.dead_letters(), "the dead letter")
    letter, = daemon.dead_letters()
    assert letter["cause"] == "limit"
    assert "was stopped: it ran longer than 50ms" in letter["error"]
    assert f"{file}:" in letter["error"]
    daemon.emit("thing", {"n": 2})
    second.wait_for(2)
    receiver.wait_for(1)
    assert receiver.bodies() == [{"n": 2}]


def test_a_loop_behind_an_answer_is_stopped(daemon, project, receiver, second):
    loop_in(project, "connector", receiver.url)
    daemon.start()
    daemon.emit("thing", {"loops": True, "waits": True})
    wait_until(lambda: daemon.dead_letters(), "the dead letter")
    assert daemon.dead_letters()[0]["cause"] == "limit"
    second.wait_for(1)


def test_a_connector_stopped_three_times_is_set_aside_until_a_reload(daemon, project, receiver,
                                                                      second):
    loop_in(project, "connector", receiver.url)
    daemon.start()
    for n in range(1, 4):
        daemon.emit("thing", {"loops": True, "n": n})
        wait_until(lambda: len(daemon.dead_letters()) == n, f"{n} dead letters")
    assert problems(daemon) == [("connector-set-aside", "first")]
    daemon.emit("thing", {"n": 4})
    second.wait_for(4)
    assert receiver.requests == []
    assert [(c["name"], c["waiting"]) for c in daemon.status()["connectors"]][0] == ("first", 1)
    assert "set-aside" in daemon.command("status").out
    assert daemon.post("/api/reload").status == 200
    receiver.wait_for(1)
    assert problems(daemon) == []


def test_one_that_succeeds_between_is_not_set_aside(daemon, project, receiver):
    loop_in(project, "connector", receiver.url)
    daemon.start()
    for n in range(1, 5):
        daemon.emit("thing", {"loops": True, "n": n})
        wait_until(lambda: len(daemon.dead_letters()) == n, f"{n} dead letters")
        daemon.emit("thing", {"n": n})
        receiver.wait_for(n)
    assert problems(daemon) == []
