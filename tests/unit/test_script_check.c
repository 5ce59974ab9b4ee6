/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* What is found in the text of scripts before an event comes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "script_project.h"

/* A handler's body in line 4 of scripts/s.lua, and the first problem that is told; NULL: none. */
static const struct {
    const char *body, *problem;
} handlers[] = {
    /* globals */
    {"return undefinedThing",
     "finding scripts/s.lua:4: there is no `undefinedThing`: no file gives it"},
    {"return tostrin(1)",
     "finding scripts/s.lua:4: there is no `tostrin`: did you mean `tostring`?"},
    {"retrun {}", "finding scripts/s.lua:4: there is no `retrun`: did you mean `return`?"},
    {"return sycn", "finding scripts/s.lua:4: there is no `sycn`"},
    {"console.log('x')", "finding scripts/s.lua:4: there is no `console`: write log.info(text"},
    {"return JSON.parse('x')",
     "finding scripts/s.lua:4: there is no `JSON`: write json.encode(value)"},
    {"if event.data.x == undefined then end", "there is no `undefined`: write nil"},
    {"local x = await http.get('http://h')", "there is no `await`: write delivery:await()"},
    {"local d = new Date()",
     "there is no `new`: the time is time.now(), that of a text time.parse"},
    {"local d = new Room()", "there is no `new`: write Room(…), or Room.new{ … }"},
    {"local d = time.now() + '5m'", "a time takes no arithmetic: write time.add(t, \"5m\")"},
    {"local d = time.plus(time.now(), '5m')", "time has no `plus`: write time.add(t, \"5m\")"},
    {"return parseInt('1')", "there is no `parseInt`: write toInteger(text)"},
    {"return None", "there is no `None`: write nil"},
    {"return int('1'), enumerate({}), sum({})", "there is no `int`: write toInteger(x)"},
    {"return f\"Room {event.type}\"",
     "there is no `f`: a text stands in \" or ', and its parts are"},
    {"return r'x+'", "there is no `r`: a text in which \\ means itself stands in [[ … ]]"},
    {"return f(1)", "there is no `f`: no file gives it a value"},
    {"return f('x')", "there is no `f`: no file gives it a value"},
    {"return io.open('x')", "there is no `io`: scripts reach no files"},
    {"return self.x", "there is no `self`: a method's `self`"},
    {"counter = (counter or 0) + 1", NULL},
    {"return _G.print, _VERSION, null, setting, secret, sync, event", NULL},
    {"goto done ::done::", NULL},

    /* members of libraries */
    {"return json.encod(1)",
     "finding scripts/s.lua:4: json has no `encod`: did you mean json.encode?"},
    {"return string.trimm", "finding scripts/s.lua:4: string has no `trimm`; it has byte, char, "
                            "find, format, gmatch, gsub, len, lower and 5 more"},
    {"return math.round(1.5)", "finding scripts/s.lua:4: math has no `round`: write round(x, "},
    {"return json.stringify(event)", "json has no `stringify`: write json.encode(value)"},
    {"return os.getenv('X')", "os has no `getenv`: write setting(\"name\"), or secret"},
    {"return string.split('a', ',')",
     "finding scripts/s.lua:4: string has no `split`: write text.split(s, \",\")"},
    {"return http:get('http://h')",
     "finding scripts/s.lua:4: write http.get with a dot, not with a colon"},
    {"return text:trim('x')", "write text.trim with a dot, not with a colon"},
    {"local text = { trim = print } return text:trim('x')", NULL},
    {"return utf8.len('x')", "there is no `utf8`: write text.length(s)"},
    {"return “x”", "there is no `“x”`: write \" for the quotes"},
    {"return text.trimm(' x')",
     "finding scripts/s.lua:4: text has no `trimm`: did you mean text.trim?"},
    {"return text.trim(' x')", NULL},
    {"return http.pots", "finding scripts/s.lua:4: http has no `pots`: did you mean http.post?"},
    {"return log.inf('x')", "finding scripts/s.lua:4: log has no `inf`: did you mean log.info?"},
    {"local string = { trimm = 1 } return string.trimm", NULL},
    {"return event.foo, event.data.bar", NULL},

    /* colons */
    {"sync.send{ connector = 'out', data = 1 }",
     "finding scripts/s.lua:4: write sync:send with a colon"},
    {"sync:sned{ connector = 'out', data = 1 }",
     "finding scripts/s.lua:4: sync has no `sned`: did you mean sync:send?"},
    {"sync:emit{}", "finding scripts/s.lua:4: sync has no `emit`; it has on, send, start"},
    {"sync:send('out', { 1 })", "finding scripts/s.lua:4: sync:send takes a table: write "
                                "sync:send{ connector = \"out\", data = … }"},
    {"local d = sync:send{ connector = 'out', data = 1 } d.await()",
     "finding scripts/s.lua:4: write d:await with a colon"},
    {"local d = sync:send{ connector = 'out', data = 1 } d:wait()",
     "finding scripts/s.lua:4: d has no `wait`: did you mean d:await?"},
    {"local d = sync:send{ connector = 'out', data = 1 } return d:await(), d.id", NULL},

    /* options */
    {"sync:send{ conector = 'out', data = 1 }", "finding scripts/s.lua:4: sync:send: there is no "
                                                "option `conector`: did you mean `connector`?"},
    {"sync:send{ connector = 'out', data = 1, delay = true }",
     "finding scripts/s.lua:4: sync:send: `delay` must be a duration such as \"200ms\" or \"5m\", "
     "or "
     "seconds, not true"},
    {"sync:send{ connector = 'out', data = 1, delay = '5 minutes' }",
     "finding scripts/s.lua:4: sync:send: `delay`: \"5 minutes\" is no duration"},
    {"return http.get('http://h', { headrs = {} })",
     "finding scripts/s.lua:4: http.get: there is no option `headrs`: did you mean `headers`?"},
    {"return http.post('http://h', { cache = '5m' })",
     "finding scripts/s.lua:4: http.post: `cache` is for GET alone"},
    {"return http.get('http://h', { roomId = 7 })",
     "; what is sent goes into `json`, as in { json = data }"},
    {"return http.request('GET', 'http://h', { timeout = {} })",
     "finding scripts/s.lua:4: http.request: `timeout` must be a duration"},
    {"retry('x', { aftr = '1s' })",
     "finding scripts/s.lua:4: retry: there is no option `aftr`: did you mean `after`?"},
    {"sync:send{ connector = 'out', data = 1, delay = event.data.delay }", NULL},
    {"return http.get('http://h', { headers = {}, timeout = 5 })", NULL},

    /* fields of what is given */
    {"local r = http.get('http://h')\nreturn r.data.id",
     "finding scripts/s.lua:5: r is an answer of http, which has no `data`: write r.json"},
    {"local r = http.get('http://h') return r.statu",
     "which has no `statu`: did you mean `status`?"},
    {"local r = http.get('http://h') return r.ok",
     "which has no `ok`; it has body, headers, json, status"},
    {"local r = http.get('http://h') r.ok = 1 return r.ok, r.json.x, r.headers.y, r.status", NULL},
    {"local r = http.get('http://h') r = event return r.data", NULL},
    {"local d = sync:send{ connector = 'out', data = 1 } return d.json.id",
     "d is what sync:send returned, which has no `json`; it has await, connector, id, key"},

    /* what waits */
    {"table.sort(event.data.list, function(a, b) return http.get('http://h').status < b end)",
     "finding scripts/s.lua:4: http.get can't be used in a comparator of table.sort"},
    {"return (('x'):gsub('x', function(c) return http.get('http://h').body end))",
     "finding scripts/s.lua:4: http.get can't be used in a callback of gsub"},
    {"local d = sync:send{ connector = 'out', data = 1 }\n"
     "return string.gsub('x', 'x', function() return d:await() end)",
     "finding scripts/s.lua:5: d:await can't be used in a callback of gsub"},

    /* names of connectors and transformers */
    {"sync:send{ connector = 'outt', data = 1 }",
     "scripts/s.lua:4: no connector \"outt\": did you mean \"out\"?"},
    {"sync:send{ connector = 'out', data = 1, transformer = 'none' }",
     "scripts/s.lua:4: no transformer \"none\": make transformers/none.lua"},

    /* habits */
    {"http.post('http://h')", "warning scripts/s.lua:4: http.post in a handler is called again"},
    {"return event.data.slots[0]", "warning scripts/s.lua:4: lists begin with 1"},
    {"local slots = event.data.slots return slots[0]",
     "warning scripts/s.lua:4: lists begin with 1"},
    {"local m = { [0] = 1 } return m[0], event.data.slots[1]", NULL},
    {"return null == nil", "warning scripts/s.lua:4: null is not nil, so this is always false"},
    {"return nil ~= null", "warning scripts/s.lua:4: null is not nil, so this is always true"},
    {"return event.data.x == null, event.data.x == nil", NULL},
    {"return 'Room ' + event.data.name",
     "finding scripts/s.lua:4: texts are joined by .., not by +: write … .. 'Room '"},
    {"return '3' + 4", NULL},
    {"return #event", "warning scripts/s.lua:4: an event is no list"},
    {"return #event.data.slots", NULL},
    {"return event.data.name:trim()", "finding scripts/s.lua:4: an event's data have no functions, "
                                      "and no `trim`: write text.trim(s)"},
    {"event.data.slots.forEach(print)", "finding scripts/s.lua:4: an event's data have no "
                                        "functions, and no `forEach`: write for _, x in"},
    {"return event.data.name:upper()", NULL},
    {"return event:subject()",
     "finding scripts/s.lua:4: an event has no functions: write event.subject"},
};

static void check_body(size_t i, struct buf *failures)
{
    struct project *p = project_new();
    struct buf script = {0};
    buf_printf(
        &script,
        "local sync = SyncManager.new{}\n\nsync:on('a', function(event)\n%s\nend)\nsync:start()",
        handlers[i].body);
    project_write(p, "scripts/s.lua", script.data);
    project_write(p, "connectors/out.lua", "return function() end");
    bool is_loaded = project_load(p), is_error = handlers[i].problem && *handlers[i].problem == 's';
    bool is_told = handlers[i].problem ? strstr(p->problems.data, handlers[i].problem) != NULL
                                       : p->problems.len == 0;
    if (!is_told || is_loaded == is_error)
        buf_printf(failures, "%s\n  expected %s\n  got      %s\n", handlers[i].body,
                   handlers[i].problem ? handlers[i].problem : "nothing", p->problems.data);
    buf_deinit(&script);
    project_free(p);
}

static void test_what_a_handler_does_wrong_is_found_before_it_runs(void **state)
{
    (void)state;
    struct buf failures = {0};
    for (size_t i = 0; i < sizeof(handlers) / sizeof(*handlers); i++)
        check_body(i, &failures);
    if (failures.len > 0) {
        fputs(failures.data, stderr); /* fail_msg would cut it */
        fail_msg("%s", "see above");
    }
    buf_deinit(&failures);
}

/* ---- other places ---- */

static void assert_problem(const char *path, const char *text, const char *problem)
{
    struct project *p = project_new();
    project_write(p, path, text);
    if (strncmp(path, "scripts/", 8) != 0)
        project_write(p, "scripts/ok.lua", "SyncManager.new{}:start()");
    (void)!project_load(p);
    if (problem ? !strstr(p->problems.data, problem) : p->problems.len > 0)
        fail_msg("expected \"%s\" in:\n%s", problem ? problem : "nothing", p->problems.data);
    project_free(p);
}

static void test_every_file_is_looked_through(void **state)
{
    (void)state;
    assert_problem("connectors/out.lua", "return function(data)\n  return respones(data)\nend",
                   "finding connectors/out.lua:2: there is no `respones`");
    assert_problem(
        "connectors/out.lua", "return function(data, delivery)\n  return delivery.eventId\nend",
        "finding connectors/out.lua:2: delivery is a delivery, which has no `eventId`: did "
        "you mean `event`?");
    assert_problem(
        "connectors/out.lua", "return { send = function(data, d) return d.attempts end }",
        "finding connectors/out.lua:1: d is a delivery, which has no `attempts`: did you mean");
    assert_problem(
        "connectors/out.lua",
        "return { batch = {}, send = function(list, b) return b.deliveries, b.event end }",
        "finding connectors/out.lua:1: b is a batch, which has no `event`; it has attempt, ");
    assert_problem("connectors/out.lua",
                   "return { batch = { size = 9 }, send = function(row) return row.id end }",
                   "finding connectors/out.lua:1: row is the list of a batch's rows, which has no "
                   "`id`: write row[1].id, or go over them: for _, row in ipairs(row) do");
    assert_problem("connectors/out.lua",
                   "return { batch = false, send = function(row, d) return row.id, d.event end }",
                   NULL);
    assert_problem(
        "connectors/out.lua",
        "return { verify = function(data, d) return d.key == data.id end,\n"
        "send = function(data, d) return d.lastError end, statuses = function(a) return a.x end }",
        NULL);
    assert_problem("transformers/t.lua", "return function(data)\n  return tostrin(data)\nend",
                   "finding transformers/t.lua:2: there is no `tostrin`");
    assert_problem("lib/l.lua", "return { f = function() return nothing.x end }",
                   "finding lib/l.lua:1: there is no `nothing`");
    assert_problem("lib/l.lua", "local m = {} function m.f() return m end return m", NULL);
}

static void test_keys_and_filters_only_compute(void **state)
{
    (void)state;
    const char *script = "local s = SyncManager.new{}\n"
                         "s:on('t', { key = function(e) return http.get('http://h').body end,\n"
                         "  filter = function(e) s:send{ connector = 'x' } end }, function() end)\n"
                         "s:start()";
    assert_problem(
        "scripts/s.lua", script,
        "finding scripts/s.lua:2: http.get can't be used in a `key`, which only computes");
    assert_problem(
        "scripts/s.lua", script,
        "finding scripts/s.lua:3: s:send can't be used in a `filter`, which only computes");
}

static void test_handlers_that_never_match_are_warned_of(void **state)
{
    (void)state;
    assert_problem("scripts/s.lua",
                   "local s = SyncManager.new{ eventBusUrl = 'http://bus' }\n"
                   "s:on('sync.*', function() end)\ns:start()",
                   "warning scripts/s.lua:2: \"sync.*\" takes no dead letters: write "
                   "sync:on(\"sync.deadletter\", …)");
    assert_problem(
        "scripts/s.lua",
        "local s = SyncManager.new{}\ns:on('sync.deadletter', function() end)\ns:start()",
        "warning scripts/s.lua:2: no dead letters are published on the channel embedded");
    assert_problem("scripts/s.lua",
                   "local s = SyncManager.new{ eventBusUrl = 'http://bus' }\n"
                   "s:on('sync.deadletter', function() end)\ns:on('*', function() end)\ns:start()",
                   NULL);
}

static void test_what_failed_while_loading_is_told_once(void **state)
{
    (void)state;
    struct project *p = project_new();
    project_write(p, "scripts/s.lua",
                  "local sync = SyncManager.new{}\nsync.on('t', function() end)\nsync:start()");
    assert_false(project_load(p));
    assert_string_equal(
        p->problems.data,
        "scripts/s.lua:2: write sync:on with a colon, on what SyncManager.new returned\n"
        "    2 | sync.on('t', function() end)\n"
        "      | ^^^^^^^\n");
    project_free(p);
}

static void test_a_global_is_told_once_a_file_with_its_line(void **state)
{
    (void)state;
    struct project *p = project_new();
    project_write(p, "scripts/s.lua",
                  "local s = SyncManager.new{}\ns:on('t', function(e)\n  local x = missing\n"
                  "  return missing, x\nend)\ns:start()");
    assert_true(project_load(p));
    assert_string_equal(
        p->problems.data,
        "finding scripts/s.lua:3: there is no `missing`: no file gives it a value "
        "before this one reads it; write local missing = … above, or require the file "
        "of lib/ that has it\n"
        "    3 | local x = missing\n"
        "      |           ^^^^^^^\n");
    project_free(p);
}

/* What the check loads, it doesn't call. */
static void test_nothing_is_run_but_the_files_themselves(void **state)
{
    (void)state;
    assert_problem(
        "scripts/s.lua",
        "local s = SyncManager.new{}\n"
        "s:on('t', { key = function() error 'k' end, filter = function() error 'f' end },\n"
        "  function() error 'h' end)\ns:start()",
        NULL);
    assert_problem(
        "connectors/c.lua",
        "return { send = function() error 's' end, transformer = function() error 't' end }", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_a_handler_does_wrong_is_found_before_it_runs),
        cmocka_unit_test(test_every_file_is_looked_through),
        cmocka_unit_test(test_keys_and_filters_only_compute),
        cmocka_unit_test(test_handlers_that_never_match_are_warned_of),
        cmocka_unit_test(test_what_failed_while_loading_is_told_once),
        cmocka_unit_test(test_a_global_is_told_once_a_file_with_its_line),
        cmocka_unit_test(test_nothing_is_run_but_the_files_themselves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
