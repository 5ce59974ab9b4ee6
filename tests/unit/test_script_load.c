/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* Loading a project: what it registers, and every problem with its file and line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "script_project.h"

static void assert_problem(const struct project *p, const char *text)
{
    if (!strstr(p->problems.data, text))
        fail_msg("expected the problem \"%s\", got:\n%s", text, p->problems.data);
}

/* Loads a project of one file beside a script that is fine, and expects that problem. */
static void assert_file_problem(const char *path, const char *text, const char *problem)
{
    struct project *p = project_new();
    project_write(p, path, text);
    if (strncmp(path, "scripts/", 8) != 0)
        project_write(p, "scripts/ok.lua", "SyncManager.new{}:start()");
    bool is_loaded = project_load(p);
    assert_problem(p, problem);
    assert_int_equal(is_loaded, strncmp(problem, "warning", 7) == 0);
    project_free(p);
}

static void test_a_syntax_error_has_its_line(void **state)
{
    (void)state;
    assert_file_problem("scripts/a.lua", "local x = 1\nlocal y = = 2\n",
                        "scripts/a.lua:2: unexpected symbol near '='");
    assert_file_problem("connectors/a.lua", "return function(\n",
                        "connectors/a.lua:1: the `(` of line 1 has no `)`");
    assert_file_problem("lib/never.lua", "\n\n)", "lib/never.lua:3: ");
}

static void test_a_file_that_ends_by_a_call_that_fails_has_its_line(void **state)
{
    (void)state;
    assert_file_problem("connectors/a.lua", "\nreturn require 'x'",
                        "connectors/a.lua:2: require \"x\": there is no lib/x.lua");
    assert_file_problem("scripts/a.lua", "\n\nreturn error('x')", "scripts/a.lua:3: x");
}

static void test_a_connector_made_of_another_is_told_at_its_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *problem;
    } cases[] = {
        {"return connector 'p'", "connectors/a.lua:1: connector \"NAME\" makes one by its options"},
        {"local a = 1\nreturn connector 'p' {}", "connectors/a.lua:2: connector \"p\" needs `url`"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct project *p = project_new();
        project_write(p, "connectors/a.lua", cases[i].text);
        project_write(p, "connectors/p.lua",
                      "return { options = { { name = 'url', required = true } },\n"
                      "  new = function() return print end }");
        project_write(p, "scripts/ok.lua", "SyncManager.new{}:start()");
        assert_false(project_load(p));
        assert_problem(p, cases[i].problem);
        project_free(p);
    }
}

static void test_what_is_no_module_says_so(void **state)
{
    (void)state;
    assert_file_problem("lib/a.lua", "\033LJ",
                        "lib/a.lua:1: this is compiled Lua (bytecode), which isn't run");
    assert_file_problem("scripts/a.lua", "local json = require 'json'",
                        "scripts/a.lua:1: require \"json\": `json` is there without it");
    assert_file_problem("scripts/a.lua", "local t = require 'time'", "`time` is there without it");
    assert_file_problem("lib/a.lua", "local t = {}\nfunction t.f()\nend\n",
                        "warning lib/a.lua:3: this file returns nothing to those who require it");
    assert_file_problem("connectors/a.lua", "return { function() end }",
                        "connectors/a.lua:1: a connector: a function without a name: its options "
                        "are written name = value");
}

static void test_a_failing_file_has_its_line(void **state)
{
    (void)state;
    assert_file_problem("scripts/a.lua", "\nlocal t = nil\nt.x = 1\n",
                        "scripts/a.lua:3: t.x: t is nil");
    assert_file_problem("scripts/a.lua", "error({ code = 5 })", "scripts/a.lua:1: {\"code\":5}");
    if (PROJECT_CAN_STOP) {
        assert_file_problem("scripts/a.lua", "local x = 0\n\nwhile true do x = x + 1 end",
                            "scripts/a.lua:3: stopped: its top level ran longer than 2s");
        assert_file_problem("scripts/a.lua", "\n\nwhile true do end",
                            "scripts/a.lua:3: stopped: its top level ran longer than 2s");
    }
    assert_file_problem("scripts/a.lua",
                        "local t = {} while true do t[#t + 1] = ('x'):rep(99999) .. #t end",
                        "scripts/a.lua:1: loading it needs more memory");
}

static void test_an_error_in_a_lib_is_told_of_the_lib(void **state)
{
    (void)state;
    struct project *p = project_new();
    project_write(p, "lib/broken.lua", "local x\nx.y = 1");
    project_write(p, "scripts/a.lua", "require 'broken'");
    assert_false(project_load(p));
    assert_problem(p, "lib/broken.lua:2: x.y: x is nil: line 1 gives it no value");
    project_free(p);
}

static void test_every_problem_is_told_not_only_the_first(void **state)
{
    (void)state;
    struct project *p = project_new();
    project_write(p, "scripts/a.lua", "(");
    project_write(p, "scripts/b.lua", ")");
    project_write(p, "connectors/c.lua", "return 5");
    project_write(p, "connectors/d.lua",
                  "return { send = print, retry = { base = 'x', cap = {} }, ordr = 1 }");
    project_write(p, "transformers/e.lua", "return {}");
    assert_false(project_load(p));
    assert_problem(p, "scripts/a.lua:1: ");
    assert_problem(p, "scripts/b.lua:1: ");
    assert_problem(p, "connectors/c.lua:1: a connector's file returns a function");
    assert_problem(p, "connectors/d.lua:1: retry.base: \"x\" is no duration");
    assert_problem(p, "connectors/d.lua:1: retry: `cap` must be a duration");
    assert_problem(
        p, "connectors/d.lua:1: a connector: there is no option `ordr`: did you mean `order`?");
    assert_problem(p, "transformers/e.lua:1: a transformer's file returns a function");
    project_free(p);
}

static void test_a_function_is_a_connector_with_all_defaults(void **state)
{
    (void)state;
    struct project *p = project_new();
    project_write(p, "connectors/b.lua", "return function() end");
    project_write(p, "connectors/a/init.lua", "return { send = function() end }");
    project_write(p, "scripts/s.lua", "SyncManager.new{}:start()");
    project_load_well(p);
    assert_int_equal(script_connector_count(p->machine), 2);
    const struct script_connector *c = script_connector_at(p->machine, 0);
    assert_string_equal(c->name.data, "a");
    assert_string_equal(c->file.data, "connectors/a/init.lua");
    assert_string_equal(script_connector_at(p->machine, 1)->name.data, "b");
    assert_int_equal(c->timeout_ms, 10000);
    assert_int_equal(c->attempts, 0);
    assert_int_equal(c->base_ms, 200);
    assert_int_equal(c->growth, SCRIPT_GROWTH_EXPONENTIAL);
    assert_true(c->factor == 2);
    assert_int_equal(c->cap_ms, 300000);
    assert_true(c->jitter);
    assert_int_equal(c->age_ms, 72 * 3600000);
    assert_true(c->is_ordered);
    assert_int_equal(c->concurrency, 0);
    assert_int_equal(c->breaker_failures, 5);
    assert_int_equal(c->breaker_open_ms, 30000);
    project_free(p);
}

static void test_a_connectors_policy_is_read(void **state)
{
    (void)state;
    struct project *p = project_new();
    project_write(
        p, "connectors/a.lua",
        "return { send = print, timeout = 2.5, order = 'none', onDead = 'next', concurrency = 7,\n"
        "  retry = { attempts = 3, base = '1s', growth = 'linear', factor = 3, cap = '1m', "
        "jitter = false, age = '1h' },\n"
        "  coalesce = false, rate = false, batch = false, breaker = false }");
    project_write(p, "scripts/s.lua", "SyncManager.new{}:start()");
    project_load_well(p);
    const struct script_connector *c = script_connector_find(p->machine, SLICE_LIT("a"));
    assert_int_equal(c->timeout_ms, 2500);
    assert_false(c->is_ordered);
    assert_int_equal(c->concurrency, 7);
    assert_int_equal(c->attempts, 3);
    assert_int_equal(c->base_ms, 1000);
    assert_int_equal(c->growth, SCRIPT_GROWTH_LINEAR);
    assert_true(c->factor == 3);
    assert_int_equal(c->cap_ms, 60000);
    assert_false(c->jitter);
    assert_int_equal(c->age_ms, 3600000);
    assert_int_equal(c->breaker_failures, 0);
    assert_int_equal(c->rate_n, 0);
    assert_null(script_connector_find(p->machine, SLICE_LIT("b")));
    assert_string_equal(script_connector_nearest(p->machine, SLICE_LIT("A")), "a");
    project_free(p);
}

static void test_breakers_and_rates_are_read(void **state)
{
    (void)state;
    struct project *p = project_new();
    project_write(
        p, "connectors/a.lua",
        "return { send = print, rate = '1000/m', breaker = { failures = 3, open = '1m' } }");
    project_write(p, "connectors/b.lua", "return { send = print, breaker = { open = 2.5 } }");
    project_write(p, "scripts/s.lua", "SyncManager.new{}:start()");
    project_load_well(p);
    const struct script_connector *a = script_connector_find(p->machine, SLICE_LIT("a"));
    const struct script_connector *b = script_connector_find(p->machine, SLICE_LIT("b"));
    assert_int_equal(a->rate_n, 1000);
    assert_int_equal(a->rate_ms, 60000);
    assert_int_equal(a->breaker_failures, 3);
    assert_int_equal(a->breaker_open_ms, 60000);
    assert_int_equal(b->breaker_failures, 5);
    assert_int_equal(b->breaker_open_ms, 2500);
    project_free(p);
}

static void test_wrong_options_of_connectors_say_what_to_write(void **state)
{
    (void)state;
    const struct {
        const char *options, *problem;
    } cases[] = {
        {"retry = { base = '200 msec' }",
         "connectors/c.lua:2: retry.base: \"200 msec\" is no duration"},
        {"retry = { attempts = 0 }", "connectors/c.lua:2: retry.attempts must be a whole number"},
        {"retry = { attempts = 'x' }", "connectors/c.lua:2: retry.attempts must be"},
        {"retry = { growth = 'fast' }", "connectors/c.lua:2: retry.growth must be \"constant\", "
                                        "\"linear\" or \"exponential\", not \"fast\""},
        {"retry = { factor = 0.5 }", "connectors/c.lua:2: retry.factor must be a number from 1"},
        {"retry = { jitter = 1 }",
         "connectors/c.lua:2: retry: `jitter` must be true or false, not a number"},
        {"retry = { bas = '1s' }",
         "connectors/c.lua:2: retry: there is no option `bas`: did you mean `base`?"},
        {"retry = 5", "connectors/c.lua:2: a connector: `retry` must be a table"},
        {"timeout = 0", "connectors/c.lua:2: timeout must be more than 0"},
        {"timeout = -1", "connectors/c.lua:2: timeout: "},
        {"order = 'keys'", "connectors/c.lua:2: order must be \"key\" or \"none\", not \"keys\""},
        {"onDead = 'park', order = 'none'",
         "connectors/c.lua:2: `onDead = \"park\"` keeps what stands behind a dead letter in the "
         "order of its key, and `order = \"none\"` says that there is none"},
        {"onDead = 'stop'", "connectors/c.lua:2: onDead must be \"next\" or \"park\""},
        {"concurrency = 0", "connectors/c.lua:2: `concurrency` must be \"auto\" or"},
        {"transformer = 5", "connectors/c.lua:2: `transformer` must be a name, a function"},
        {"transformer = { shape = function(data) return data end }",
         "connectors/c.lua:2: `transformer` must be a name, a function, or a list of such, as in "
         "{ \"omitNulls\", function(data, event) … end }: its elements have no names"},
        {"transformer = { 'name', last = 'name' }", ": its elements have no names"},
        {"transformer = { 'name', nil, 'name' }", ": its elements have no names"},
        {"transformer = { 'name', true }", "`transformer` must be a name, a function"},
        {"transformer = 'nome'",
         "connectors/c.lua:2: no transformer \"nome\": did you mean \"name\"? Else "
         "make transformers/nome.lua"},
        {"timout = 1", "connectors/c.lua:2: a connector: there is no option `timout`: did you mean "
                       "`timeout`?"},
        {"batch = { size = 0 }",
         "connectors/c.lua:2: batch.size must be a whole number of rows from 1 to 10000"},
        {"batch = { size = 'x' }", "connectors/c.lua:2: batch: `size` must be a whole number"},
        {"batch = { bytes = '1GB' }", "connectors/c.lua:2: batch.bytes must be a size up to 16MB"},
        {"batch = { bytes = {} }", "connectors/c.lua:2: batch.bytes must be a size up to 16MB"},
        {"batch = { wait = -1 }", "connectors/c.lua:2: batch.wait: "},
        {"batch = { rows = 5 }", "connectors/c.lua:2: batch: there is no option `rows`"},
        {"batch = 500", "connectors/c.lua:2: `batch` must be true or false, or a table as in"},
        {"coalesce = true, order = 'none'",
         "connectors/c.lua:2: `coalesce = true` sends the newest of what waits in the order of a "
         "key, and `order = \"none\"` says that there is none"},
        {"coalesce = 1", "connectors/c.lua:2: a connector: `coalesce` must be true or false"},
        {"rate = '5 per second'",
         "connectors/c.lua:2: rate: \"5 per second\" is no rate: write 50/s, 1000/m or 10/h"},
        {"rate = '0/s'", "connectors/c.lua:2: rate: \"0/s\" is no rate"},
        {"rate = 50", "connectors/c.lua:2: `rate` must be a string as in \"50/s\""},
        {"rate = true", "connectors/c.lua:2: `rate` must be a string as in \"50/s\""},
        {"breaker = { failures = 0 }",
         "connectors/c.lua:2: breaker.failures must be a whole number from 1 to 1000"},
        {"breaker = { failures = 1001 }", "breaker.failures must be a whole number from 1 to 1000"},
        {"breaker = { failures = '5' }", "breaker.failures must be a whole number from 1 to 1000"},
        {"breaker = { open = '30 seconds' }",
         "connectors/c.lua:2: breaker.open: \"30 seconds\" is no duration"},
        {"breaker = { open = 0 }", "connectors/c.lua:2: breaker.open must be more than 0"},
        {"breaker = { opn = 5 }",
         "connectors/c.lua:2: breaker: there is no option `opn`: did you mean `open`?"},
        {"breaker = true", "connectors/c.lua:2: `breaker` must be a table as in { failures = 5, "
                           "open = \"30s\" }, or false"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct project *p = project_new();
        struct buf text = {0};
        buf_printf(&text, "return { send = print, -- timeout = 9\n  %s }", cases[i].options);
        project_write(p, "connectors/c.lua", text.data);
        project_write(p, "transformers/name.lua", "return function(data) return data end");
        project_write(p, "scripts/s.lua", "SyncManager.new{}:start()");
        assert_false(project_load(p));
        assert_problem(p, cases[i].problem);
        buf_deinit(&text);
        project_free(p);
    }
    assert_file_problem("connectors/c.lua", "return {}",
                        "connectors/c.lua:1: a connector's table needs `send`");
    assert_file_problem("connectors/c.lua", "local function send() return 1 end\nreturn send()",
                        "connectors/c.lua:2: a connector's file returns a function");
    assert_file_problem("connectors/c.lua", "local function send()\n return 1\nend\n\n",
                        "connectors/c.lua:3: a connector's file returns a function");
    assert_file_problem("transformers/c.lua", "local t = 1\nfunction t() end",
                        "transformers/c.lua:2: a transformer's file returns a function");
    assert_file_problem("connectors/c.lua", "",
                        "connectors/c.lua:0: a connector's file returns a function");
}

static void test_options_of_later_versions_may_say_that_nothing_is_asked(void **state)
{
    (void)state;
    struct project *p = project_new();
    project_write(p, "connectors/c.lua",
                  "return { send = print, batch = false, coalesce = false }");
    project_write(p, "scripts/s.lua", "SyncManager.new{}:start()");
    project_load_well(p);
    assert_int_equal(p->problems.len, 0);
    project_free(p);
}

static void test_a_name_without_a_connector_has_its_line(void **state)
{
    (void)state;
    struct project *p = project_new();
    project_write(p, "connectors/calendarApi.lua", "return function() end");
    project_write(p, "scripts/s.lua",
                  "-- connector = 'comment'\n"
                  "local text = [[ { connector = 'in a string' } ]] --[[ {connector = 'long'} ]]\n"
                  "local sync = SyncManager.new{}\n"
                  "sync:on('t', function()\n"
                  "  sync:send{ connector = 'calendarApi', data = 1 }\n"
                  "  sync:send{ data = 1,\n"
                  "    connector = \"calendarAPI\" }\n"
                  "  sync:send{ connector = 'zzz', data = 1 }\n"
                  "end)\nsync:start()");
    assert_false(project_load(p));
    assert_string_equal(
        p->problems.data,
        "scripts/s.lua:7: no connector \"calendarAPI\": did you mean \"calendarApi\"? Else "
        "make connectors/calendarAPI.lua\n"
        "    7 | connector = \"calendarAPI\" }\n"
        "      |             ^^^^^^^^^^^^^\n"
        "scripts/s.lua:8: no connector \"zzz\": make connectors/zzz.lua\n"
        "    8 | sync:send{ connector = 'zzz', data = 1 }\n"
        "      |                        ^^^^^\n");
    project_free(p);
}

static void test_a_name_without_a_transformer_has_its_line(void **state)
{
    (void)state;
    assert_file_problem("scripts/s.lua",
                        "local sync = SyncManager.new{}\nsync:on('t', function()\n"
                        "sync:send{ data = 1, transformer = 'nope' } end)\nsync:start()",
                        "scripts/s.lua:3: no transformer \"nope\": make transformers/nope.lua");
}

static void test_a_transformer_whose_file_is_wrong_is_told_once(void **state)
{
    (void)state;
    struct project *p = project_new();
    project_write(p, "transformers/t.lua", "return {}");
    project_write(p, "connectors/c.lua", "return { transformer = 't', send = function() end }");
    project_write(p, "scripts/s.lua", "SyncManager.new{}:start()");
    assert_false(project_load(p));
    assert_problem(p, "transformers/t.lua:1: a transformer's file returns a function");
    assert_null(strstr(p->problems.data, "no transformer"));
    project_free(p);
}

static void test_two_files_of_one_name_are_told(void **state)
{
    (void)state;
    struct project *p = project_new();
    project_write(p, "connectors/a.lua", "return function() end");
    project_write(p, "connectors/a/init.lua", "return function() end");
    project_write(p, "scripts/s.lua", "SyncManager.new{}:start()");
    assert_false(project_load(p));
    assert_problem(p, "has the same name: keep one of the two");
    project_free(p);
}

static void test_a_manager_that_never_starts_is_a_warning(void **state)
{
    (void)state;
    assert_file_problem("scripts/s.lua", "\nlocal sync = SyncManager.new{ name = 'bus' }\n",
                        "warning scripts/s.lua:2: this SyncManager is never started");
}

static void test_a_handler_that_writes_by_itself_is_a_warning(void **state)
{
    (void)state;
    const char *script = "local sync = SyncManager.new{}\n"
                         "local function later() http.post('x') end\n"
                         "sync:on('a', function(event)\n"
                         "  local http = http -- http.post(\"x\")\n"
                         "  %s\n"
                         "end)\n"
                         "sync:start()\n"
                         "local log = 'http.put(1)'";
    static const struct {
        const char *code, *warning;
    } cases[] = {
        {"http.post('x')", "warning scripts/s.lua:5: http.post in a handler is called again"},
        {"pcall(http . delete, 'x')", "warning scripts/s.lua:5: http.delete in a handler"},
        {"http.request(\"PATCH\", 'x')", "warning scripts/s.lua:5: http.request in a handler"},
        {"http.request('PROPFIND', 'x')", NULL},
        {"http.get('x', { query = { x = 'http.put' } })", NULL},
        {"later()", NULL},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct project *p = project_new();
        struct buf text = {0};
        buf_printf(&text, "%.*s", (int)(strstr(script, "%s") - script), script);
        buf_printf(&text, "%s%s", cases[i].code, strstr(script, "%s") + 2);
        project_write(p, "scripts/s.lua", text.data);
        assert_true(project_load(p));
        if (cases[i].warning)
            assert_true(strstr(p->problems.data, cases[i].warning));
        else
            assert_string_equal(p->problems.data, "");
        buf_deinit(&text);
        project_free(p);
    }
}

static void test_a_manager_that_an_error_kept_from_starting_is_no_warning(void **state)
{
    (void)state;
    struct project *p = project_new();
    project_write(p, "scripts/s.lua", "local sync = SyncManager.new{}\nsync:no()\nsync:start()");
    assert_false(project_load(p));
    assert_problem(p, "scripts/s.lua:2: ");
    assert_null(strstr(p->problems.data, "never started"));
    project_free(p);
}

static void test_a_project_without_scripts_is_a_warning(void **state)
{
    (void)state;
    struct project *p = project_new();
    assert_true(project_load(p));
    assert_problem(p, "warning scripts:0: there are no scripts");
    project_free(p);
}

static void test_scripts_load_in_the_order_of_their_names(void **state)
{
    (void)state;
    struct project *p = project_new();
    project_write(p, "scripts/b.lua", "local s = SyncManager.new{} s:on('t', print) s:start()");
    project_write(p, "scripts/a.lua",
                  "local s = SyncManager.new{} s:on('t', print) s:on('t', print) "
                  "s:on('u.*', print) s:start()");
    project_write(p, "scripts/.hidden.lua", "error('not to be loaded')");
    project_write(p, "scripts/notes.txt", "not Lua");
    project_load_well(p);
    static const char *const names[] = {"a/t#1", "a/t#2", "a/u.*#1", "b/t#1"};
    assert_int_equal(script_handler_count(p->machine), 4);
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(script_handler_at(p->machine, i)->name.data, names[i]);
    project_free(p);
}

static void test_only_the_given_scripts_are_loaded(void **state)
{
    (void)state;
    struct project *p = project_new();
    struct buf path = {0};
    project_write(p, "scripts/a.lua", "error('not asked for')");
    project_write(p, "scripts/b.lua",
                  "local s = SyncManager.new{} s:on('t', print) s:start() x.y = 1");
    buf_printf(&path, "%s/scripts/b.lua", p->dir);
    const char *const scripts[] = {path.data};
    p->options.scripts = scripts;
    p->options.n_scripts = 1;
    assert_false(project_load(p));
    assert_problem(p, "scripts/b.lua:1: x.y: there is no x\n");
    assert_null(strstr(p->problems.data, "a.lua"));
    buf_deinit(&path);
    project_free(p);
}

static void test_what_ships_is_found_behind_the_project(void **state)
{
    (void)state;
    struct project *p = project_new(), *shipped = project_new();
    project_write(shipped, "connectors/clickhouse/init.lua",
                  "return { send = print, timeout = 7 }");
    project_write(shipped, "connectors/unused.lua", "error('not asked for')");
    project_write(shipped, "transformers/plain.lua", "return function(data) return data end");
    project_write(
        p, "scripts/s.lua",
        "local sync = SyncManager.new{}\nsync:on('t', function(event)\n"
        "sync:send{ connector = 'clickhouse', transformer = 'plain', data = event.data } end)\n"
        "sync:start()");
    p->options.data_dir = shipped->dir;
    project_load_well(p);
    assert_int_equal(script_connector_count(p->machine), 1);
    assert_int_equal(script_connector_find(p->machine, SLICE_LIT("clickhouse"))->timeout_ms, 7000);
    project_handle(p, "{}");
    assert_int_equal(p->n_sends, 1);
    project_free(p);
    project_free(shipped);
}

static void test_the_hash_tells_versions_apart(void **state)
{
    (void)state;
    struct project *p = project_new();
    char first[64];
    project_write(p, "lib/l.lua", "return 1");
    project_write(p, "scripts/s.lua", "SyncManager.new{}:start()");
    project_load_well(p);
    strcpy(first, script_hash(p->machine));
    assert_int_equal(strlen(first), 32);
    project_load_well(p);
    assert_string_equal(script_hash(p->machine), first);
    project_write(p, "lib/l.lua", "return 2");
    project_load_well(p);
    assert_string_not_equal(script_hash(p->machine), first);
    project_free(p);
}

static void test_nothing_waits_or_ends_while_a_file_is_loaded(void **state)
{
    (void)state;
    assert_file_problem(
        "scripts/a.lua", "\nhttp.get('http://x')",
        "scripts/a.lua:2: http.get works while an event is handled or delivered, not while "
        "a file is loaded");
    assert_file_problem("scripts/a.lua", "\nretry('x')", "scripts/a.lua:2: retry works while");
    assert_file_problem("scripts/a.lua", "\nskip 'x'", "scripts/a.lua:2: skip works while");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_syntax_error_has_its_line),
        cmocka_unit_test(test_a_file_that_ends_by_a_call_that_fails_has_its_line),
        cmocka_unit_test(test_a_connector_made_of_another_is_told_at_its_line),
        cmocka_unit_test(test_what_is_no_module_says_so),
        cmocka_unit_test(test_a_failing_file_has_its_line),
        cmocka_unit_test(test_an_error_in_a_lib_is_told_of_the_lib),
        cmocka_unit_test(test_every_problem_is_told_not_only_the_first),
        cmocka_unit_test(test_a_function_is_a_connector_with_all_defaults),
        cmocka_unit_test(test_a_connectors_policy_is_read),
        cmocka_unit_test(test_breakers_and_rates_are_read),
        cmocka_unit_test(test_wrong_options_of_connectors_say_what_to_write),
        cmocka_unit_test(test_options_of_later_versions_may_say_that_nothing_is_asked),
        cmocka_unit_test(test_a_name_without_a_connector_has_its_line),
        cmocka_unit_test(test_a_name_without_a_transformer_has_its_line),
        cmocka_unit_test(test_a_transformer_whose_file_is_wrong_is_told_once),
        cmocka_unit_test(test_two_files_of_one_name_are_told),
        cmocka_unit_test(test_a_manager_that_never_starts_is_a_warning),
        cmocka_unit_test(test_a_handler_that_writes_by_itself_is_a_warning),
        cmocka_unit_test(test_a_manager_that_an_error_kept_from_starting_is_no_warning),
        cmocka_unit_test(test_a_project_without_scripts_is_a_warning),
        cmocka_unit_test(test_scripts_load_in_the_order_of_their_names),
        cmocka_unit_test(test_only_the_given_scripts_are_loaded),
        cmocka_unit_test(test_what_ships_is_found_behind_the_project),
        cmocka_unit_test(test_the_hash_tells_versions_apart),
        cmocka_unit_test(test_nothing_waits_or_ends_while_a_file_is_loaded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
