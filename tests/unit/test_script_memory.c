/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* Nothing that a script does takes the process's memory: neither Lua's own nor what the host keeps
   for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "script_project.h"

/* Enough for whatever isn't about time, under valgrind too. */
#define LONG_MS 20000

/* The test's machine has 32 MB. */
static struct project *load(const char *code)
{
    return project_of_handler(code, LONG_MS, 0);
}

static void assert_ends(const char *code, enum script_end end, const char *why)
{
    struct project *p = load(code);
    project_handle(p, "{}");
    if (p->result.end != end || !strstr(project_error(p), why))
        fail_msg("%s\nended as %d: %s", code, (int)p->result.end, project_error(p));
    if (!strstr(project_error(p), "scripts/main.lua:"))
        fail_msg("%s\nhas no place: %s", code, project_error(p));
    project_assert_works(p);
    project_free(p);
}

static void test_memory_is_limited(void **state)
{
    (void)state;
    static const char *const hogs[] = {
        "local t = {} for i = 1, math.huge do t[i] = ('x'):rep(1e5 + i) end",
        "local t = {} for i = 1, math.huge do t[i] = {} end",
        "local s = 'x' while true do s = s .. s end",
        "return ('x'):rep(1e9)",
        "return ('x'):rep(1e6, ('y'):rep(1e5))",
        "return table.concat({ ('x'):rep(2e7), ('y'):rep(2e7) })",
        "local t, s = {}, ('x'):rep(1e6) for i = 1, 1000 do t[i] = s end return table.concat(t)",
        "return ('a'):rep(1e5):gsub('a', ('b'):rep(1e5))",
        "return ('a'):rep(1e5):gsub('a', function() return ('b'):rep(1e4) end)",
        "local s = ('y'):rep(4e6) return ('%s%s%s%s%s%s%s%s'):format(s, s, s, s, s, s, s, s)",
        "return json.encode(('\\1'):rep(1e7))",
        "return json.encode{ [('\\1'):rep(1e7)] = 1 }",
        "local t, s = {}, ('x'):rep(1e6) for i = 1, 99 do t[i] = s end return json.encode(t)",
        "local t = {} for i = 1, 60 do t = { t, t } end return json.encode(t)",
        "local t = {} for i = 1, 60 do t = { t, t } end s:send{ connector = 'out', data = t }",
        "local t = {} for i = 1, 60 do t = { t, t } end http.post('http://h', { json = t })",
        "local t={} for i=1,99 do t[i]=('x'):rep(1e6) end http.post('http://h',{form={a=t}})",
        "local x = ('x'):rep(2e6) for i = 1, 30 do s:send{ connector = 'out', data = x } end",
        "return json.decode('[' .. ('[],'):rep(3e6) .. '1]')",
    };
    for (size_t i = 0; i < ARRAY_LEN(hogs); i++)
        assert_ends(hogs[i], SCRIPT_LIMIT, "it needs more memory than the 32 MB of limits.memory");
}

static void test_what_a_request_may_come_to_is_limited(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"http.get('http://h/' .. ('x'):rep(2e6))", "http.get: the URL is longer than 1 MB"},
        {"local s, t = ('x'):rep(1e6), {} for i = 1, 1000 do t[i] = s end "
         "http.get('http://h', { query = { a = t } })",
         "http.get: the URL is longer than 1 MB"},
        {"local s, t = ('x'):rep(1e5), {} for i = 1, 99 do t['h' .. i] = s end "
         "http.get('http://h', { headers = t })",
         "http.get: more than 1 MB of headers"},
        {"http.request(('X'):rep(1e6), 'http://h')", "takes a method in capitals first"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_ends(cases[i][0], SCRIPT_ERROR, cases[i][1]);
}

/* A table may occur in itself, or so often that its text never ends: only its start is shown. */
static void test_what_is_thrown_may_be_larger_than_memory(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"local t = { 1 } for i = 1, 60 do t = { t, t } end error(t)", "[[[[[[[[[["},
        {"local t = {} for i = 1, 5e4 do t['k' .. i] = i end t.a = t error(t)",
         "an error that is a table"},
        {"error{ text = ('x'):rep(1e6), code = 7 }", "{\"code\":7,\"text\":\"xxxxxxxx"},
        {"error{ text = ('\u00e4'):rep(1e6) }", "\u00e4…\n"},
        {"error(('x'):rep(3e6))", "xxxxxxxxxx"},
        {"error(setmetatable({ code = 7 }, { __tostring = function() while true do end end, "
         "__index "
         "= error }))",
         "{\"code\":7}"},
        {"error(nil)", "an error that is nil"},
        {"error(print)", "an error that is a function"},
        {"local t = {} t.t = t error(t)", "{\"t\":{\"t\":{\"t\":{\"t\":"},
        {"local t = {} for i = 1, 1e3 do t = { t } end error(t)", "an error that is a table"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct project *p = load(cases[i][0]);
        project_handle(p, "{}");
        if (p->result.end != SCRIPT_ERROR || !strstr(project_error(p), cases[i][1]))
            fail_msg("%s\nended as %d: %s", cases[i][0], (int)p->result.end, project_error(p));
        project_assert_works(p);
        project_free(p);
    }
}

static void test_memory_that_runs_out_may_be_caught(void **state)
{
    (void)state;
    static const char *const codes[] = {
        "local ok, e = pcall(string.rep, 'x', 1e9)",
        "local ok, e = pcall(json.encode, ('\\1'):rep(1e7))",
        "local ok, e = xpcall(function() return ('x'):rep(1e9) end, function(e) return e end)",
    };
    for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
        struct buf code = {0};
        buf_printf(&code, "%s s:send{ connector = 'out', data = { ok, e } }", codes[i]);
        struct project *p = load(code.data);
        project_handle(p, "{}");
        assert_string_equal(p->sends[0].data.data, "[false,\"not enough memory\"]");
        project_free(p);
        buf_deinit(&code);
    }
}

static void test_who_meets_the_limit_without_having_taken_much_is_tried_again(void **state)
{
    (void)state;
    struct project *p = load("kept = kept or {}\n"
                             "local t = {} for i = 1, 2e5 do t[i] = i end kept[#kept + 1] = t");
    enum script_end end = SCRIPT_RETURNED;
    for (int i = 0; i < 40 && end == SCRIPT_RETURNED; i++) {
        project_handle(p, "{}");
        end = p->result.end;
    }
    assert_int_equal(end, SCRIPT_STARVED);
    assert_non_null(
        strstr(project_error(p), "the scripts hold nearly all of the 32 MB of limits.memory"));
    project_free(p);
}

#define HOARD                                                                                      \
    "if not event.data.n then kept = kept or {} kept[#kept + 1] = ('x'):rep(2e6 + #kept) end "

/* Runs the handler until the machine's memory is full of what it keeps. */
static void fill(struct project *p)
{
    do
        project_handle(p, "{}");
    while (p->result.end == SCRIPT_RETURNED);
    assert_int_equal(p->result.end, SCRIPT_STARVED);
}

static void test_who_needs_what_others_hold_is_not_to_blame(void **state)
{
    (void)state;
    struct project *p = load(HOARD "local s = ('y'):rep(event.data.n or 1)");
    fill(p);
    project_handle(p, "{\"n\":12000000}");
    assert_int_equal(p->result.end, SCRIPT_STARVED);
    assert_true(p->result.after_ms > 0);
    project_handle(p, "{\"n\":33000000}");
    assert_int_equal(p->result.end, SCRIPT_LIMIT);
    project_free(p);
}

static void test_full_memory_is_told_with_whose_it_is(void **state)
{
    (void)state;
    struct project *p = load(HOARD);
    struct script_memory memory;
    struct buf whose = {0};
    script_memory(p->machine, &memory);
    assert_int_equal(memory.full_since_ms, 0);
    fill(p);
    script_memory(p->machine, &memory);
    assert_true(memory.full_since_ms > 0);
    assert_true(memory.used > memory.max / 2);
    script_add_hoarder(p->machine, &whose);
    assert_non_null(strstr(whose.data, "scripts/main.lua holds some "));
    buf_deinit(&whose);
    project_free(p);
}

static void test_it_is_full_no_more_when_what_was_kept_is_let_go(void **state)
{
    (void)state;
    struct project *p = load("if event.data.clear then kept = nil return end " HOARD);
    struct script_memory memory;
    fill(p);
    project_handle(p, "{\"clear\":true}");
    for (int i = 0; i < 100; i++)
        project_handle(p, "{\"n\":1}");
    project_handle(p, "{}");
    script_memory(p->machine, &memory);
    assert_int_equal(memory.full_since_ms, 0);
    project_free(p);
}

static void test_what_functions_have_closed_over_counts_for_their_file(void **state)
{
    (void)state;
    struct project *p = project_new();
    p->options.handler_time_ms = LONG_MS;
    project_write(p, "scripts/main.lua",
                  "local kept = {}\n"
                  "local s = SyncManager.new{}\n"
                  "s:on('t', function() kept[#kept + 1] = ('x'):rep(2e6 + #kept) end)\n"
                  "s:start()\n");
    project_load_well(p);
    struct buf whose = {0};
    fill(p);
    script_add_hoarder(p->machine, &whose);
    assert_non_null(strstr(whose.data, "scripts/main.lua holds some "));
    buf_deinit(&whose);
    project_free(p);
}

/* What others have taken while a run waited isn't its own. */
static void test_growth_counts_while_a_run_runs(void **state)
{
    (void)state;
    struct project *p =
        load("if event.data.wait then http.get('http://h') local s = ('y'):rep(4e6) return end\n"
             "kept = kept or {} kept[#kept + 1] = ('x'):rep(4e6 + #kept)");
    project_handle(p, "{\"wait\":true}");
    do
        project_handle(p, "{}");
    while (p->result.end == SCRIPT_RETURNED);
    p->result.end = SCRIPT_RETURNED;
    project_answer(p, 200, "");
    assert_int_equal(p->result.end, SCRIPT_STARVED);
    project_free(p);
}

/* One is within the limit; many together aren't, and it is nobody's own fault. */
static void test_what_waits_outside_of_lua_counts_as_memory(void **state)
{
    (void)state;
    struct project *p = load("http.post('http://h', { form = { a = ('x'):rep(5e6) } })");
    while (p->result.count == 0)
        project_handle(p, "{}");
    assert_true(p->n_requests > 2 && p->n_requests < 10);
    assert_int_equal(p->result.end, SCRIPT_STARVED);
    size_t n = p->n_requests;
    project_answer(p, 200, "");
    project_handle(p, "{}");
    assert_int_equal(p->n_requests, n + 1);
    project_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory_is_limited),
        cmocka_unit_test(test_what_a_request_may_come_to_is_limited),
        cmocka_unit_test(test_what_is_thrown_may_be_larger_than_memory),
        cmocka_unit_test(test_memory_that_runs_out_may_be_caught),
        cmocka_unit_test(test_who_meets_the_limit_without_having_taken_much_is_tried_again),
        cmocka_unit_test(test_who_needs_what_others_hold_is_not_to_blame),
        cmocka_unit_test(test_full_memory_is_told_with_whose_it_is),
        cmocka_unit_test(test_it_is_full_no_more_when_what_was_kept_is_let_go),
        cmocka_unit_test(test_what_functions_have_closed_over_counts_for_their_file),
        cmocka_unit_test(test_growth_counts_while_a_run_runs),
        cmocka_unit_test(test_what_waits_outside_of_lua_counts_as_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
