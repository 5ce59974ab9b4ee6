/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* Nothing that a script does stops the process: time and recursion. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "script_project.h"

static void skip_where_signals_wait(void)
{
    if (!PROJECT_CAN_STOP) {
        print_message("signals don't reach a loop under the thread sanitizer: skipped\n");
        skip();
    }
}

/* Enough for whatever isn't about time, under valgrind too. */
#define LONG_MS 20000
#define SHORT_MS 30

static struct project *load(const char *code, int64_t time_ms)
{
    return project_of_handler(code, time_ms, 64 << 20);
}

static void assert_stopped(const char *code, int64_t time_ms, const char *why)
{
    struct project *p = load(code, time_ms);
    project_handle(p, "{}");
    if (p->result.end != SCRIPT_LIMIT || !strstr(project_error(p), why))
        fail_msg("%s\nended as %d: %s", code, (int)p->result.end, project_error(p));
    project_assert_works(p);
    project_free(p);
}

static void test_loops_are_stopped_wherever_they_are(void **state)
{
    (void)state;
    skip_where_signals_wait();
    static const char *const loops[] = {
        "while true do end",
        "for i = 1, math.huge do end",
        "local function f() return f() end f()",
        "while true do pcall(error) end",
        "while true do pcall(function() while true do end end) end",
        "local function f() pcall(f) while true do end end f()",
        "xpcall(function() while true do end end, function() while true do end end)",
        "xpcall(error, function() while true do end end)",
        "xpcall(error, function() error('again') end) while true do end",
        "local function f() xpcall(error, f) while true do end end f()",
        "table.sort({ 3, 2, 1 }, function() while true do end end)",
        "while true do pcall(table.sort, { 3, 2, 1 }, function() pcall(function() while true do "
        "end end) end) end",
        "('x'):gsub('x', function() while true do end end)",
        "local t = setmetatable({}, { __index = function() while true do end end }) return t.x",
        "local t = setmetatable({}, { __tostring = function() while true do end end }) return "
        "tostring(t)",
        "local t = setmetatable({}, { __tostring = function() while true do end end }) return "
        "('%s'):format(t)",
        "print(setmetatable({}, { __tostring = function() while true do end end }))",
        "local t = setmetatable({}, { __concat = function() while true do end end }) return t .. 1",
        "local t = setmetatable({}, { __newindex = function() while true do end end }) t.x = 1",
        "local t = setmetatable({}, { __call = function() while true do end end }) t()",
        "local mt = { __eq = function() while true do end end } return setmetatable({}, mt) == "
        "setmetatable({}, mt)",
        "setmetatable(string, { __index = function() while true do end end }) return "
        "string.nothing",
        "string.gsub('x', 'x', setmetatable({}, { __index = function() while true do end end }))",
        "local t = {} while true do t = setmetatable({}, { __index = t }) pcall(rawget, t, 'x') "
        "local _ = select(2, pcall(get, t, 'x')) end",
        "local s = '' while true do s = s .. 'x' end",
        "while true do log.debug('x') end",
        "while true do json.encode{ a = json.decode('[1, {}]') } end",
        "local x = json.decode(('9'):rep(9000)) while true do x = x + 1 end",
        "local t = {} t.t = t get(t, ('t.'):rep(3e6) .. 't')",
        "local l = {} for i = 1, 1e6 do l[i] = '' end http.post('http://h', { form = { a = l } })",
        "local l, x = {}, json.decode(('9'):rep(9999)) for i = 1, 3000 do l['k' .. i] = x end "
        "json.encode(l)",
        "local t = setmetatable({}, { __lt = function() while true do end end }) return t < t",
        "for _ in function() return 1 end do end",
        "get(setmetatable({}, { __index = function() while true do end end }), 'a')",
        "while true do pcall(function() retry() end) end",
        "while true do pcall(http.get) end",
        "table.move({}, 1, 1e15, 2)",
        "local t = {} for i = 1, 3e5 do t[i] = -i end table.sort(t) table.sort(t, function(a, b) "
        "return a > b end)",
    };
    for (size_t i = 0; i < sizeof(loops) / sizeof(loops[0]); i++)
        assert_stopped(loops[i], SHORT_MS,
                       "main/t#1 was stopped: it ran longer than 30ms (limits.handlerTime)");
}

static void test_pattern_matching_is_stopped(void **state)
{
    (void)state;
    skip_where_signals_wait();
    static const char *const patterns[] = {
        "('a'):rep(28):find(('a?'):rep(28) .. ('a'):rep(28) .. 'b')",
        "('a'):rep(40000):find('.-.-.-.-.-.-b')",
        "('a'):rep(40000):match('a*a*a*a*a*b')",
        "('a'):rep(40000):gsub('.-.-.-.-b', '')",
        "for _ in ('a'):rep(40000):gmatch('.-.-.-.-.-b') do end",
        "while true do pcall(string.find, ('a'):rep(40000), '.-.-.-.-b') end",
        "('('):rep(1e6):find('%b()')",
        "('a'):rep(3e6):find('^(a*)%1b')",
        "('a'):rep(1e6):find('[' .. ('b-c'):rep(3000) .. 'a]*c')",
        "('a'):rep(1e6):find('%f[' .. ('b-c'):rep(3000) .. ']')",
        "('a'):rep(1e6):find(('a'):rep(9999) .. '[b]')",
        "('a'):rep(2000):gsub('(b?)', ('%1'):rep(1e6))",
    };
    for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++)
        assert_stopped(patterns[i], SHORT_MS, "it ran longer than 30ms");
}

static void test_documents_that_never_end_are_stopped(void **state)
{
    (void)state;
    skip_where_signals_wait();
    struct project *p =
        load("local t = {} for i = 1, 40 do t = { t, t } end return json.encode(t)", SHORT_MS);
    project_handle(p, "{}");
    assert_true(p->result.end == SCRIPT_LIMIT || p->result.end == SCRIPT_ERROR);
    project_assert_works(p);
    project_free(p);
}

static void test_libraries_of_c_refuse_what_would_take_for_ever(void **state)
{
    (void)state;
    const struct {
        const char *code, *error;
    } cases[] = {
        {"table.insert({}, -2000000000, 5)", "table.insert: the position must lie between 1 and 1"},
        {"return os.date(('%c'):rep(1e6))", "os.date: the format is longer than 1000 characters"},
        {"local t = {} for i = 1, 40 do t = { t, t } end return require('cjson').encode(t)",
         "cjson.encode: more than 16 MB of JSON"},
        {"local cjson = require('cjson').new() cjson.encode_sparse_array(true, 0) return "
         "cjson.encode{ [1e9] = 1 }",
         "cjson.encode: more than 16 MB of JSON"},
        {"require('cjson').encode_max_depth(1e9)", "the depth can't be more than 1000"},
        {"require('cjson.safe').new().decode_max_depth(1e9)", "the depth can't be more than 1000"},
        {"local t = {} t.t = t return require('cjson').encode(t)", "nesting"},
        {"return require('cjson').decode(('1'):rep(1.7e7))",
         "cjson.decode: more than 16 MB of JSON"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct project *p = load(cases[i].code, LONG_MS);
        project_handle(p, "{}");
        if (p->result.end != SCRIPT_ERROR || !strstr(project_error(p), cases[i].error))
            fail_msg("%s\nended as %d: %s", cases[i].code, (int)p->result.end, project_error(p));
        project_free(p);
    }
}

static void test_deep_recursion_is_an_error(void **state)
{
    (void)state;
    static const char *const deep[] = {
        "local function f() return 1 + f() end return f()",
        "local t = setmetatable({}, {}) getmetatable(t).__index = function(t, k) return t[k] end "
        "return t.x",
        "local function f(s) return (s:gsub('x', f)) end f('x')",
        "local function f(s) return (s:gsub('x', f)) end local ok, e = pcall(f, 'x') error(e)",
        "local t = {} for i = 1, 1e5 do t = { t } end return json.encode(t)",
        "return json.decode(('['):rep(1e5))",
    };
    for (size_t i = 0; i < sizeof(deep) / sizeof(deep[0]); i++) {
        struct project *p = load(deep[i], LONG_MS);
        project_handle(p, "{}");
        if (p->result.end != SCRIPT_ERROR)
            fail_msg("%s\nended as %d: %s", deep[i], (int)p->result.end, project_error(p));
        project_assert_works(p);
        project_free(p);
    }
}

/* Lua counts its own stack alone. */
static void test_deep_recursion_through_c_is_an_error(void **state)
{
    (void)state;
    static const char *const deep[] = {
        "local function f() table.sort({ 2, 1 }, f) end f()",
        "local t t = setmetatable({}, { __index = function() return get(t, 'x') end }) return t.x",
        "local t t = setmetatable({}, { __tostring = function() return ('%s'):format(t) end }) "
        "return tostring(t)",
        "local t t = setmetatable({}, { __tostring = function() return string.format('%s', t) end "
        "}) return tostring(t)",
    };
    for (size_t i = 0; i < sizeof(deep) / sizeof(deep[0]); i++) {
        struct project *p = load(deep[i], LONG_MS);
        project_handle(p, "{}");
        if (p->result.end != SCRIPT_ERROR || !strstr(project_error(p), "too many calls within"))
            fail_msg("%s\nended as %d: %s", deep[i], (int)p->result.end, project_error(p));
        project_assert_works(p);
        project_free(p);
    }
}

static void test_the_time_of_a_run_adds_up_over_its_waits(void **state)
{
    (void)state;
    skip_where_signals_wait();
    struct project *p = load("while true do http.get('http://h') local t = os.clock() "
                             "while os.clock() - t < 0.05 do end end",
                             400);
    project_handle(p, "{}");
    size_t answers = 0;
    for (; answers < PROJECT_MAX - 1 && p->result.count == 0; answers++)
        project_answer(p, 200, "");
    assert_true(answers > 1);
    assert_int_equal(p->result.end, SCRIPT_LIMIT);
    project_free(p);
}

/* A port that takes long, but not of the processor, is what a busy machine looks like. */
static void *refuse_slowly(void *ctx, struct script_run *run, const struct script_request *request,
                           struct err *err)
{
    (void)ctx, (void)run, (void)request;
    const struct timespec pause = {.tv_nsec = 40000000};
    nanosleep(&pause, NULL);
    err_set(err, ERR_FULL, "not now");
    return NULL;
}

static void test_time_in_which_others_have_the_processor_is_not_counted(void **state)
{
    (void)state;
    struct project *p = load("for i = 1, 4 do s:send{ connector = 'out', data = i }:await()\n"
                             "for k = 1, 3 do pcall(http.get, 'http://h') end\n"
                             "for k = 1, 1e3 do local x = {} end end",
                             200);
    const struct script_awaited end = {.is_delivered = true};
    p->ports.http_send = refuse_slowly;
    project_handle(p, "{}");
    for (int i = 0; i < 4 && p->result.count == 0; i++)
        project_end_awaited(p, &end);
    assert_int_equal(p->result.end, SCRIPT_RETURNED);
    assert_int_equal(p->result.count, 1);
    project_free(p);
}

static void test_a_stopped_connector_has_its_request_counted_as_unknown(void **state)
{
    (void)state;
    skip_where_signals_wait();
    struct project *p = project_new();
    project_write(p, "connectors/out.lua",
                  "return function() pcall(http.post, 'http://h') while true do end end");
    project_write(p, "scripts/s.lua", "SyncManager.new{}:start()");
    project_load_well(p);
    project_attempt(p, "out", "{}");
    const struct script_answer broken = {.failure = "broken", .was_written = true};
    project_answer_with(p, &broken);
    assert_int_equal(p->result.end, SCRIPT_LIMIT);
    assert_true(p->result.unknown);
    project_free(p);
}

static void test_a_run_that_follows_a_stopped_one_is_not_stopped(void **state)
{
    (void)state;
    skip_where_signals_wait();
    struct project *p =
        load("local x = 0 while event.data.loop do end for i = 1, 1e4 do x = x + 1 end", SHORT_MS);
    for (int i = 0; i < 10; i++) {
        project_handle(p, "{\"loop\":true}");
        assert_int_equal(p->result.end, SCRIPT_LIMIT);
        project_handle(p, "{}");
        assert_int_equal(p->result.end, SCRIPT_RETURNED);
    }
    project_free(p);
}

static void test_two_machines_of_one_thread_are_watched_each_for_itself(void **state)
{
    (void)state;
    skip_where_signals_wait();
    struct project *a = load("while true do end", SHORT_MS),
                   *b = load("while true do end", SHORT_MS);
    for (int i = 0; i < 3; i++) {
        project_handle(a, "{}");
        project_handle(b, "{}");
        assert_int_equal(a->result.end, SCRIPT_LIMIT);
        assert_int_equal(b->result.end, SCRIPT_LIMIT);
    }
    project_free(a);
    project_assert_works(b);
    project_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loops_are_stopped_wherever_they_are),
        cmocka_unit_test(test_pattern_matching_is_stopped),
        cmocka_unit_test(test_documents_that_never_end_are_stopped),
        cmocka_unit_test(test_libraries_of_c_refuse_what_would_take_for_ever),
        cmocka_unit_test(test_deep_recursion_is_an_error),
        cmocka_unit_test(test_deep_recursion_through_c_is_an_error),
        cmocka_unit_test(test_the_time_of_a_run_adds_up_over_its_waits),
        cmocka_unit_test(test_time_in_which_others_have_the_processor_is_not_counted),
        cmocka_unit_test(test_a_stopped_connector_has_its_request_counted_as_unknown),
        cmocka_unit_test(test_a_run_that_follows_a_stopped_one_is_not_stopped),
        cmocka_unit_test(test_two_machines_of_one_thread_are_watched_each_for_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
