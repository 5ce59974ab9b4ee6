/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* What is told of an error: the path that was nil and why, the line, who ran it, the way there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "script_project.h"

#define DATA                                                                                       \
    "{\"id\":\"s1\",\"startTime\":\"09:00\",\"slots\":[{\"start\":1}],\"none\":[],\"empty\":{},"   \
    "\"rooms\":{\"a\":1},\"nothing\":null,\"count\":3,\"big\":12345678901234567890,\"ok\":true}"

static void assert_contains(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("expected \"%s\" in:\n%s", part, text);
}

/* The error of a handler whose body stands in line 3. */
static struct project *fail_with(const char *body)
{
    struct project *p = project_new();
    struct buf script = {0};
    buf_printf(&script,
               "local sync = SyncManager.new{}\nsync:on('t', function(event)\n%s\nend)\n"
               "sync:start()",
               body);
    project_write(p, "scripts/main.lua", script.data);
    project_write(p, "connectors/out.lua", "return function() end");
    project_load_well(p);
    project_handle(p, DATA);
    if (p->result.end != SCRIPT_ERROR)
        fail_msg("no error: %s", body);
    buf_deinit(&script);
    return p;
}

/* ---- the first line ---- */

static const struct {
    const char *body, *first; /* without "scripts/main.lua:3: " */
} rows[] = {
    /* a path that ends */
    {"return event.data.room.name", "event.data.room.name: data has no room; did you mean rooms?"},
    {"return event.data.start.x", "event.data.start.x: data has no start; did you mean startTime?"},
    {"return event.data.zone.x", "event.data.zone.x: data has no zone; it has big, count, empty, "
                                 "id, none, nothing, ok, rooms and 2 "
                                 "more"},
    {"return event.data.empty.a.b", "event.data.empty.a.b: empty has no a; it is empty"},
    {"return event.date.id", "event.date.id: event has no date; did you mean data?"},
    {"return event.data.slots[2].start", "event.data.slots[2].start: slots has 1 element"},
    {"return event.data.none[1].start", "event.data.none[1].start: none has 0 elements"},
    {"return event.data.slots[0].start",
     "event.data.slots[0].start: slots has 1 element, and the first is [1]"},
    {"return event.data.id[1] .. 'x'",
     "event.data.id[1]: id is a text, of which text.sub(s, 1, 1) is a letter"},
    {"local i = 4 return event.data.slots[i].start",
     "event.data.slots[i].start: i is 4, and slots has 1 element"},
    {"local k = 'x' return event.data.rooms[k].name",
     "event.data.rooms[k].name: k is \"x\", and rooms has no such name"},
    {"local k return event.data.rooms[k].name",
     "event.data.rooms[k].name: k is nil: line 3 gives it no value"},
    {"return event.data.slots.start.x",
     "event.data.slots.start.x: slots is a list and has no start; its first element is [1]"},
    {"return event.data['ro om'].x",
     "event.data['ro om'].x: data has no ro om; did you mean rooms?"},
    {"return event.data.slots[1].start.hour.x",
     "event.data.slots[1].start.hour: start is a number"},
    {"return event.data.count.x", "event.data.count.x: count is a number"},
    {"return event.data.ok.x", "event.data.ok.x: ok is true"},
    {"return event.data.id.x.y", "event.data.id.x.y: id is a text, which has no x"},
    {"event.data.room.name = 1", "event.data.room.name: data has no room; did you mean rooms?"},
    {"return event\n.data\n.room\n.name",
     "event .data .room .name: data has no room; did you mean rooms?"},
    {"return (event.data.rooms.a + event.data.rooms.b.c)",
     "event.data.rooms.b.c: rooms has no b; it has a"},

    /* where it comes from */
    {"local room = event.data.room return room.name",
     "room.name: room is nil: in line 3 it comes from event.data.room, and data has no room; did "
     "you "
     "mean rooms?"},
    {"local a = event.data.rooms.x local b = a return b.c", "b.c: b is nil"},
    {"local find = function() end local x = find(1) return x.y",
     "x.y: x is nil: in line 3 it comes from find(1)"},
    {"local find = function() end return find(1).y", "find(1).y: find(1) returned nil"},
    {"local function f(room) return room.name end f()",
     "room.name: room is nil: the call of this function gives none"},
    {"local x return x.y", "x.y: x is nil: line 3 gives it no value"},
    {"local x = {} x.y = x.z; local y = x.y return y.a",
     "y.a: y is nil: in line 3 it comes from x.y, and x has no y; it is empty"},

    /* null */
    {"return event.data.nothing.x", "event.data.nothing.x: nothing is null; get(event, "
                                    "\"data.nothing.x\") is nil then, and get(…, …, "
                                    "x) is x"},
    {"return event.data.nothing .. 'x'", "event.data.nothing: nothing is null; get(event, "
                                         "\"data.nothing\") is nil then, and get(…, …, x) is x"},
    {"return event.data.nothing + 1", "event.data.nothing: nothing is null; get(event, "
                                      "\"data.nothing\") is nil then, and get(…, …, x) is x"},
    {"local x = event.data.nothing() return x",
     "event.data.nothing: nothing is null; get(event, "
     "\"data.nothing\") is nil then, and get(…, …, x) is x"},

    /* calls */
    {"event.data:foo()",
     "event.data:foo: data has no function foo; it has big, count, empty, id, none, "
     "nothing, ok, rooms and 2 more"},
    {"return string.trimm('x')",
     "string.trimm: string has no trimm; it has byte, char, find, format, "
     "gmatch, gsub, len, lower and 5 more"},
    {"return json.encod(event)", "json.encod: json has no encod; did you mean encode?"},
    {"return event.data.id:trim()",
     "event.data.id:trim: id is a text, which has no function trim; write "
     "text.trim(s)"},
    {"return event.data.slots:map(print)",
     "event.data.slots:map: slots is a list and has no function map; write map(list, function(x) "
     "return … end)"},
    {"return event.data.room:name()",
     "event.data.room:name: data has no room; did you mean rooms?"},
    {"sync:sendd{}", "sync:sendd: sync has no function sendd; did you mean send?"},
    {"return tostrin(1)", "there is no tostrin; did you mean tostring?"},
    {"console.log('x')",
     "console.log: there is no console; write log.info(text, { name = value })"},
    {"return event.data.big.x", "event.data.big.x: big is an exact number"},
    {"return #event.data.big", "event.data.big: big is an exact number; # counts the elements of a "
                               "list, and the bytes of a text"},
    {"local x = event.data.big() return x",
     "event.data.big: big is an exact number, not a function"},
    {"return event.data.slots[1].start.x.y", "event.data.slots[1].start.x: start is a number"},
    {"local at = 'x' at.zone = 1", "at.zone: at is a text, in which nothing can be set"},
    {"for i = 1, event.data.missing do end",
     "event.data.missing: data has no missing; it has big, count, empty, id, none, nothing, ok, "
     "rooms and 2 more"},
    {"for i = event.data.rooms, 1 do end", "event.data.rooms: rooms is a table, not a number"},
    {"for i = 1, 2, event.data.nothing do end",
     "event.data.nothing: nothing is null; get(event, \"data.nothing\") is nil then, and get(…, …, "
     "x) is x"},
    {"local t = {} t[event.data.missing] = 1",
     "table index is nil; event.data.missing: data has no missing; it has big, count, empty, id, "
     "none, nothing, ok, rooms and 2 more"},
    {"return { [event.data.missing] = 1 }",
     "table index is nil; event.data.missing: data has no missing; it has big, count, empty, id, "
     "none, nothing, ok, rooms and 2 more"},
    {"local n = math.floor(event.data.big) return n",
     "bad argument #1 to 'floor' (number expected, got cdata); event.data.big is an exact number, "
     "which Lua's own functions don't take: round(…), toInteger(…) and tostring(…) do"},
    {"local at = time.now() local n = math.floor(at) return n",
     "bad argument #1 to 'floor' (number expected, got userdata); at is a time: time.unix(…) gives "
     "its seconds, time.format(…) a text"},
    {"return nil + 1", "nil: it is written there"},
    {"return 'Room %s' % event.data.id",
     "'Room %s': 'Room %s' is a text: what stands in it is filled by (…):format(x)"},
    {"local t = { [('k'):rep(500)] = 1 } return t.a.b", "t.a.b: t has no a"},
    {"return error('x')", "x"},
    {"return tonumber('1', 99)", "bad argument #2 to 'tonumber' (base out of range)"},
    {"local n = tonumber('1', 99) return n", "bad argument #2 to 'tonumber' (base out of range)"},
    {"error(nil)", "an error that is nil"},
    {"error(null)", "an error that is null"},
    {"error(event.data.big)", "an error that is an exact number"},
    {"local s = table.concat({ {} }) return s",
     "invalid value (table) at index 1 in table for 'concat'; table.concat joins texts and numbers "
     "alone: table.concat(map(list, tostring), \", \")"},
    {"local s = ('x'):find('[') return s",
     "malformed pattern (missing ']'); in a pattern % makes a sign mean itself, as in %(; "
     "text.contains, text.replace and regex.find know nothing of %"},
    {"local s = ('x'):gsub('x', '%2') return s",
     "invalid capture index; in what is put in, %1 is the first capture, and %% a % itself"},
    {"return f'x'", "there is no f; a text stands in \" or ', and its parts are joined by ..: "
                    "\"Room \" .. name"},
    {"return JSON.parse('{}')",
     "JSON.parse: there is no JSON; write json.encode(value) and json.decode(text)"},
    {"return event.data.id()", "event.data.id: id is a text, not a function"},
    {"return event.data()", "event.data: data is a table, not a function"},
    {"return event:type()", "event:type: type is a text, not a function"},
    {"return (event.type):trim()", "(event.type):trim: (event.type) is a text, which has no "
                                   "function trim; write text.trim(s)"},
    {"return SyncManager{}", "SyncManager is a table, not a function; it has new"},
    {"return json(event)", "json is a table, not a function; it has decode, encode, lines"},
    {"sync:emit{}", "sync:emit: sync has no function emit; it has on, send, start"},
    {"return math.round(1.5)", "math.round: math has no round; write round(x, digits)"},
    {"local x = json:encode(event) return x", "write json.encode with a dot, not with a colon"},
    {"local x = text:trim('a') return x", "write text.trim with a dot, not with a colon"},
    {"return “x”.y",
     "“x”.y: there is no “x”; write \" for the quotes: these are a word processor's"},
    {"for _, x in event.data.slots do print(x) end",
     "event.data.slots is a table: write for _, x in ipairs(event.data.slots) do, or pairs(…) "
     "where it "
     "has names"},
    {"for _, x in event.data.slot do print(x) end",
     "event.data.slot: data has no slot; did you mean slots?"},

    /* arithmetic, texts, order, length */
    {"return event.data.counter + 1",
     "event.data.counter: data has no counter; did you mean count?"},
    {"return 1 - event.data.rooms", "event.data.rooms: rooms is a table, not a number"},
    {"return 'a' + 'b'", "'a': 'a' is a text that is no number; texts are joined by .."},
    {"return event.data.id + ' x'",
     "event.data.id: id is a text that is no number; texts are joined by .."},
    {"return -event.data.missing", "event.data.missing: data has no missing; it has big, count, "
                                   "empty, id, none, nothing, ok, rooms "
                                   "and 2 more"},
    {"return 'Room ' .. event.data.room .. '!'",
     "event.data.room: data has no room; did you mean rooms?"},
    {"return 'x' .. event.data.rooms",
     "event.data.rooms: rooms is a table; json.encode(…) or table.concat(…) make a text of it"},
    {"return 'x' .. event.data.ok", "event.data.ok: ok is true; tostring(…) makes a text of it"},
    {"return event.data.counts < 3", "event.data.counts: data has no counts; did you mean count?"},
    {"return 3 >= event.data.rooms",
     "event.data.rooms: rooms is a table, which can't be put in order"},
    {"return event.data.count < '3'",
     "event.data.count < '3': count is a number, and '3' a text: toNumber(…) and tostring(…) make "
     "one of the other"},
    {"return 3 >= event.data.id",
     "3 >= event.data.id: 3 is a number, and id a text: toNumber(…) and tostring(…) make one of "
     "the other"},
    {"table.sort({ {}, {} })", "table.sort: two of the elements have no order: give it a "
                               "function(a, b) that is true where a comes first, or write "
                               "sortBy(list, name)"},
    {"table.sort({ 1, '2' })", "table.sort: two of the elements have no order: give it a "
                               "function(a, b) that is true where a comes first, or write "
                               "sortBy(list, name)"},
    {"return #event.data.slot", "event.data.slot: data has no slot; did you mean slots?"},
    {"return #event.data.count", "event.data.count: count is a number; # counts the elements of a "
                                 "list, and the bytes of a text"},
    {"return event.data.slots.length + 1",
     "event.data.slots.length: slots is a list and has no length; "
     "its length is written with # before it"},

    {"return event.data.items[1]", "event.data.items[1]: data has no items; it has big, count, "
                                   "empty, id, none, nothing, ok, rooms and 2 more"},
    {"return event.data.slots.items[1]", "event.data.slots.items[1]: slots is a list and has no "
                                         "items; its first element is [1]"},
    {"return event.data.items()", "event.data.items: data has no items; write for name, value in "
                                  "pairs(t) do … end"},

    /* arguments */
    {"for _, s in ipairs(event.data.slot) do print(s) end",
     "bad argument #1 to 'ipairs' (table expected, got nil); event.data.slot: data has no slot; "
     "did you "
     "mean slots?"},
    {"local x = ('x'):rep(event.data.times) return x",
     "bad argument #1 to 'rep' (number expected, got nil); event.data.times: data has no times; it "
     "has "
     "big, count, empty, id, none, nothing, ok, rooms and 2 more"},
    {"local x = json.decode(event.data.txt) return x",
     "json.decode takes a string, not nil; event.data.txt: data has no txt; it has big, count, "
     "empty, "
     "id, none, nothing, ok, rooms and 2 more"},
    {"local x = json.decode(event.data.nothing) return x",
     "json.decode takes a string, not null; event.data.nothing is null"},
    {"sync:send{ connector = 'out', data = event.data.schedule }",
     "sync:send: `data` is missing (nil); write null where nothing is meant; event.data.schedule: "
     "data "
     "has no "
     "schedule; it has big, count, empty, id, none, nothing, ok, rooms and 2 more"},
    {"sync.send{ connector = 'out', data = 1 }",
     "write sync:send{…} with a colon, on what SyncManager.new returned"},
    {"error('out of rooms')", "out of rooms"},
    {"error('out of rooms', 0)", "out of rooms"},
    {"error({ code = 5 })", "{\"code\":5}"},
    {"assert(event.data.room, 'no room')",
     "no room; event.data.room: data has no room; did you mean rooms?"},
    {"assert(false, 'no room')", "no room"},

    /* what can't be known is left to Lua's own words */
    {"local t = setmetatable({}, { __index = function() end }) return t.a.b",
     "attempt to index field 'a' (a nil value)"},
    {"local c = { f = 1 } local t = setmetatable({}, { __index = c }) return t.g.h",
     "t.g.h: t has no g; it has f"},
};

static void test_an_error_says_which_path_was_nil_and_why(void **state)
{
    (void)state;
    struct buf failures = {0};
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct project *p = fail_with(rows[i].body);
        struct slice first = slice_str(project_error(p));
        first = slice_upto(first, slice_find(first, '\n'));
        const struct slice place = SLICE_LIT("scripts/main.lua:");
        if (!slice_has_prefix(first, place))
            fail_msg("%s\n%s", rows[i].body, project_error(p));
        first = slice_from(first, place.len + 3);
        if (!slice_is_equal(first, slice_str(rows[i].first)))
            buf_printf(&failures, "%s\n  expected %s\n  got      %.*s\n", rows[i].body,
                       rows[i].first, SLICE_FMT(first));
        project_free(p);
    }
    if (failures.len > 0) {
        fputs(failures.data, stderr); /* fail_msg would cut it */
        fail_msg("%s", "see above");
    }
    buf_deinit(&failures);
}

/* ---- the whole text ---- */

static void assert_error(struct project *p, const char *text)
{
    assert_string_equal(project_error(p), text);
    project_free(p);
}

static void test_the_line_is_shown_with_a_mark_and_with_luas_own_words(void **state)
{
    (void)state;
    assert_error(
        fail_with("\tlocal name = event.data.room.name -- größer"),
        "scripts/main.lua:3: event.data.room.name: data has no room; did you mean rooms?\n"
        "    3 | local name = event.data.room.name -- größer\n"
        "      |              ^^^^^^^^^^^^^^^ attempt to index field 'room' (a nil value)\n"
        "  in handler main/t#1, event e1 (t)\n"
        "  scripts/main.lua:3: in the function of line 2");
    assert_error(
        fail_with("local größe = 'größe' .. event.data.größe"),
        "scripts/main.lua:3: event.data.größe: data has no größe; it has big, count, empty, "
        "id, none, nothing, ok, rooms and 2 more\n"
        "    3 | local größe = 'größe' .. event.data.größe\n"
        "      |                          ^^^^^^^^^^^^^^^^ attempt to concatenate field "
        "'größe' (a nil value)\n"
        "  in handler main/t#1, event e1 (t)\n"
        "  scripts/main.lua:3: in the function of line 2");
}

static void test_of_a_long_line_the_marked_part_is_shown(void **state)
{
    (void)state;
    struct buf body = {0};
    buf_add_str(&body, "local x = { ");
    for (int i = 0; i < 50; i++)
        buf_printf(&body, "a%d = %d, ", i, i);
    buf_add_str(&body, "event.data.room.name }");
    struct project *p = fail_with(body.data);
    assert_contains(project_error(p),
                    "    3 | a46 = 46, a47 = 47, a48 = 48, a49 = 49, event.data.room.name }\n"
                    "      |                                         ^^^^^^^^^^^^^^^ attempt");
    project_free(p);
    buf_deinit(&body);
}

static void test_of_several_lines_the_last_is_marked(void **state)
{
    (void)state;
    struct project *p = fail_with("return event\n   .data\n   .room\n  .name");
    assert_contains(project_error(p),
                    "scripts/main.lua:5: event .data .room .name: data has no room");
    assert_contains(project_error(p), "    5 | .room\n      | ^^^^^ attempt to index");
    project_free(p);
}

static void test_an_errors_own_text_has_its_line(void **state)
{
    (void)state;
    assert_error(fail_with("local function check() error('out of rooms') end\ncheck()"),
                 "scripts/main.lua:3: out of rooms\n"
                 "    3 | local function check() error('out of rooms') end\n"
                 "      |                        ^^^^^\n"
                 "  in handler main/t#1, event e1 (t)\n"
                 "  scripts/main.lua:3: in function 'check'\n"
                 "  scripts/main.lua:4: in the function of line 2");
}

/* What was caught has left the functions that failed: the line is shown, and nothing is made up. */
static void test_an_error_that_is_raised_again_is_shown_where_it_came_from(void **state)
{
    (void)state;
    assert_error(fail_with("local ok, e = pcall(function()\n  return event.data.room.name\nend)\n"
                           "error(e, 0)"),
                 "scripts/main.lua:4: attempt to index field 'room' (a nil value)\n"
                 "    4 | return event.data.room.name\n"
                 "      |        ^^^^^^^^^^^^^^^\n"
                 "  in handler main/t#1, event e1 (t)\n"
                 "  scripts/main.lua:6: in the function of line 2");
}

static void test_errors_in_callbacks_of_c_functions_are_explained(void **state)
{
    (void)state;
    struct project *p = fail_with("table.sort({ {}, {} }, function(a, b)\n return a.x < b.x end)");
    assert_contains(project_error(p), "scripts/main.lua:4: a.x: a has no x; it is empty\n");
    assert_contains(project_error(p), "attempt to compare two nil values");
    project_free(p);
    p = fail_with("return (('x'):gsub('x', function(c)\n return c.y.z end))");
    assert_contains(project_error(p), "scripts/main.lua:4: c.y.z: c is a text, which has no y\n");
    project_free(p);
}

/* ---- who ran it ---- */

static struct project *load_connector(const char *connector, const char *transformer)
{
    struct project *p = project_new();
    project_write(p, "scripts/main.lua", "SyncManager.new{}:start()");
    project_write(p, "connectors/out.lua", connector);
    project_write(p, "transformers/shape.lua", transformer);
    project_load_well(p);
    return p;
}

static void test_connectors_and_transformers_are_named(void **state)
{
    (void)state;
    struct project *p = load_connector("return function(data)\n return data.a.b\nend",
                                       "return function(d) return d end");
    project_attempt(p, "out", "{\"x\":1}");
    assert_error(p, "connectors/out.lua:2: data.a.b: data has no a; it has x\n"
                    "    2 | return data.a.b\n"
                    "      |        ^^^^^^ attempt to index field 'a' (a nil value)\n"
                    "  in connector out, event e1 (t)\n"
                    "  connectors/out.lua:2: in the function of line 1");
    p = load_connector("return { send = print, transformer = 'shape' }",
                       "return function(d)\n return { x = d.a.b }\nend");
    project_attempt(p, "out", "{\"x\":1}");
    assert_contains(project_error(p), "transformers/shape.lua:2: d.a.b: d has no a; it has x\n");
    assert_contains(project_error(p), "\n  in transformer shape of connector out, event e1 (t)\n");
    project_free(p);
}

static void test_what_an_answer_has_not_is_named(void **state)
{
    (void)state;
    struct project *p =
        load_connector("return function() local a = http.get('http://h')\n  return a.data.id\nend",
                       "return print");
    project_attempt(p, "out", "{}");
    project_answer(p, 200, "{}");
    assert_contains(
        project_error(p),
        "connectors/out.lua:2: a.data.id: a has no data; it has body, headers, json, status\n");
    project_free(p);
}

static void test_keys_and_filters_are_named(void **state)
{
    (void)state;
    struct project *p = project_new();
    struct err err = {0};
    struct buf key = {0};
    bool has_key;
    project_write(
        p, "scripts/main.lua",
        "local s = SyncManager.new{}\n"
        "s:on('t', { key = function(e) return e.data.a.b end }, function() end)\ns:start()");
    project_load_well(p);
    struct event *event = project_event("t", "{}");
    assert_int_equal(script_handler_key(p->machine, 0, event, &key, &has_key, &err), -1);
    assert_contains(err.message, "scripts/main.lua:2: e.data.a.b: data has no a; it is empty\n");
    assert_contains(err.message, "\n  in the key of handler main/t#1, event e1 (t)\n");
    event_unref(event);
    project_free(p);
}

static void test_a_call_that_was_the_last_act_is_found_in_the_text(void **state)
{
    (void)state;
    struct project *p = load_connector("return function(data)\n  local url = 'http://h'\n  return "
                                       "http.post(url, { jsn = 1 })\nend",
                                       "return print");
    project_attempt(p, "out", "{}");
    assert_contains(
        project_error(p),
        "connectors/out.lua:3: http.post: there is no option `jsn`: did you mean `json`?\n"
        "    3 | return http.post(url, { jsn = 1 })\n"
        "      |        ^^^^^^^^^\n");
    project_free(p);
}

static void test_an_error_in_a_lib_is_explained_there(void **state)
{
    (void)state;
    struct project *p = project_new();
    project_write(p, "lib/rooms.lua",
                  "local m = {}\nfunction m.name(data)\n  return data.room.name\n"
                  "end\nreturn m");
    project_write(p, "connectors/out.lua",
                  "local rooms = require 'rooms'\nreturn function(data)\n"
                  "  return (rooms.name(data))\nend");
    project_write(p, "scripts/main.lua", "SyncManager.new{}:start()");
    project_load_well(p);
    project_attempt(p, "out", "{\"rooms\":1}");
    assert_error(p, "lib/rooms.lua:3: data.room.name: data has no room; did you mean rooms?\n"
                    "    3 | return data.room.name\n"
                    "      |        ^^^^^^^^^ attempt to index field 'room' (a nil value)\n"
                    "  in connector out, event e1 (t)\n"
                    "  lib/rooms.lua:3: in function 'name'\n"
                    "  connectors/out.lua:3: in the function of line 2");
}

/* ---- what it must not do ---- */

static void test_explaining_runs_nothing_of_the_script(void **state)
{
    (void)state;
    struct project *p =
        fail_with("n = 0\nlocal t = setmetatable({}, { __index = function() n = n + 1 end })\n"
                  "local ok, e = pcall(function() return t.a.b end)\n"
                  "if ok or n ~= 1 then error('not once') end\n"
                  "return t.a.b, error");
    assert_contains(project_error(p),
                    "scripts/main.lua:7: attempt to index field 'a' (a nil value)\n");
    project_free(p);
}

static void test_secrets_are_masked_in_the_excerpt(void **state)
{
    (void)state;
    setenv("BLAME_TEST", "hunter2-hunter2", 1);
    struct project *p =
        fail_with("local s = secret 'BLAME_TEST' error('hunter2-hunter2 is wrong')");
    assert_contains(project_error(p), "scripts/main.lua:3: *** is wrong\n");
    assert_null(strstr(project_error(p), "hunter2"));
    project_free(p);
}

static void test_names_that_would_break_the_text_are_left_out(void **state)
{
    (void)state;
    struct project *p = project_new();
    project_write(p, "scripts/main.lua",
                  "local s = SyncManager.new{}\ns:on('t', function(event)\n"
                  "return event.data.room.name end)\ns:start()");
    project_load_well(p);
    project_handle(p, "{\"a\\nb\":1,\"\\u001b[31m\":2,\"ok\":3}");
    assert_contains(project_error(p), "data has no room; it has ok\n");
    project_free(p);
}

static void test_large_documents_and_deep_expressions_take_little(void **state)
{
    (void)state;
    struct buf body = {0};
    buf_add_str(&body, "local big = {} for i = 1, 20000 do big['n' .. i] = i end return ");
    for (int i = 0; i < 40; i++)
        buf_add_str(&body, "(1 + ");
    buf_add_str(&body, "big.x.y");
    for (int i = 0; i < 40; i++)
        buf_add_char(&body, ')');
    struct project *p = fail_with(body.data);
    assert_contains(project_error(p), "big.x.y: big has no x; it has n");
    project_free(p);
    buf_deinit(&body);
}

/* Nothing stops what explains an error, which must be quick of itself. */
static void test_what_would_take_long_to_explain_is_told_as_it_is(void **state)
{
    (void)state;
    struct buf body = {0};
    buf_add_str(&body, "local z, e, x = {}, {} e.b = e\n");
    for (int i = 0; i < 10; i++) {
        buf_add_str(&body, " x = e");
        for (int k = 0; k < 900; k++)
            buf_add_str(&body, ".b");
    }
    buf_add_str(&body, " return z.b.c");
    struct project *p = fail_with(body.data);
    assert_contains(project_error(p), "attempt to index field 'b' (a nil value)");
    assert_null(strstr(project_error(p), "z has no b"));
    project_free(p);
    buf_deinit(&body);
}

static void test_a_run_that_was_stopped_shows_where(void **state)
{
    (void)state;
    if (!PROJECT_CAN_STOP)
        skip();
    struct project *p = project_new();
    project_write(p, "scripts/main.lua",
                  "local s = SyncManager.new{}\ns:on('t', function(event)\n  local n = 0 while "
                  "true do n = n + 1 end\nend)\n"
                  "s:start()");
    project_load_well(p);
    project_handle(p, "{}");
    assert_int_equal(p->result.end, SCRIPT_LIMIT);
    assert_contains(project_error(p),
                    "does a loop never end?\n    3 | local n = 0 while true do n = n + 1 end\n"
                    "  scripts/main.lua:3: in the function of line 2");
    project_free(p);
}

static void test_a_full_stack_is_told_plainly(void **state)
{
    (void)state;
    struct project *p = fail_with("local function f(x) return 1 + f(x + 1) end\nreturn f(1)");
    assert_contains(project_error(p),
                    "scripts/main.lua:3: stack overflow; does a function call itself without end?");
    project_free(p);
}

/* How much of it is left for a handler is chance: with none, the error is told without one. */
static void test_a_full_stack_is_told_wherever_it_ends(void **state)
{
    (void)state;
    struct buf body = {0};
    buf_add_str(&body, "local function f(a) ");
    for (int i = 0; i < 12; i++) {
        buf_printf(&body, "local a%d ", i);
        size_t len = body.len;
        buf_add_str(&body, "return f() + 1 end f()");
        struct project *p = fail_with(body.data);
        assert_contains(project_error(p), "scripts/main.lua:");
        assert_contains(project_error(p),
                        ": stack overflow; does a function call itself without end?");
        project_free(p);
        buf_truncate(&body, len);
    }
    buf_deinit(&body);
}

/* ---- problems of a project ---- */

static void test_a_problem_while_loading_has_its_excerpt(void **state)
{
    (void)state;
    struct project *p = project_new();
    project_write(p, "scripts/a.lua", "local x = 1\nif x != 2 then end");
    project_write(p, "scripts/b.lua", "local config = {}\nprint(config.room.name)");
    assert_false(project_load(p));
    assert_contains(p->problems.data, "scripts/a.lua:2: ");
    assert_contains(p->problems.data, "write ~= for \"is not\"\n    2 | if x != 2 then end\n"
                                      "      |      ^^ 'then' expected near '!'\n");
    assert_contains(p->problems.data,
                    "scripts/b.lua:2: config.room.name: config has no room; it is empty\n"
                    "    2 | print(config.room.name)\n");
    project_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_error_says_which_path_was_nil_and_why),
        cmocka_unit_test(test_the_line_is_shown_with_a_mark_and_with_luas_own_words),
        cmocka_unit_test(test_of_a_long_line_the_marked_part_is_shown),
        cmocka_unit_test(test_of_several_lines_the_last_is_marked),
        cmocka_unit_test(test_an_errors_own_text_has_its_line),
        cmocka_unit_test(test_an_error_that_is_raised_again_is_shown_where_it_came_from),
        cmocka_unit_test(test_errors_in_callbacks_of_c_functions_are_explained),
        cmocka_unit_test(test_connectors_and_transformers_are_named),
        cmocka_unit_test(test_what_an_answer_has_not_is_named),
        cmocka_unit_test(test_keys_and_filters_are_named),
        cmocka_unit_test(test_a_call_that_was_the_last_act_is_found_in_the_text),
        cmocka_unit_test(test_an_error_in_a_lib_is_explained_there),
        cmocka_unit_test(test_explaining_runs_nothing_of_the_script),
        cmocka_unit_test(test_secrets_are_masked_in_the_excerpt),
        cmocka_unit_test(test_names_that_would_break_the_text_are_left_out),
        cmocka_unit_test(test_large_documents_and_deep_expressions_take_little),
        cmocka_unit_test(test_what_would_take_long_to_explain_is_told_as_it_is),
        cmocka_unit_test(test_a_run_that_was_stopped_shows_where),
        cmocka_unit_test(test_a_full_stack_is_told_plainly),
        cmocka_unit_test(test_a_full_stack_is_told_wherever_it_ends),
        cmocka_unit_test(test_a_problem_while_loading_has_its_excerpt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
