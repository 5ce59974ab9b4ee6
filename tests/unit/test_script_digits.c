/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* Whole numbers of 15 and 16 digits keep them where they become text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "script_project.h"

#define N "1700000000123456"

static void test_what_makes_text_of_numbers_keeps_their_digits(void **state)
{
    (void)state;
    assert_eval("return { tostring(" N "), tostring(-" N "), tostring(1e14), tostring(2^53) }",
                "[\"" N "\",\"-" N "\",\"100000000000000\",\"9007199254740992\"]");
    assert_eval("return { tostring(99999999999999), tostring(1.5), tostring(2^60), tostring(1e15 + "
                "0.5), tostring(null), tostring(true), tostring 'x' }",
                "[\"99999999999999\",\"1.5\",\"1.1529215046068e+18\",\"1e+15\",\"null\","
                "\"true\",\"x\"]");
    assert_eval("return { ('%s %d %.1f %s'):format(" N ", " N ", " N ", 'x'), "
                "string.format('%s', " N ") }",
                "[\"" N " " N " " N ".0 x\",\"" N "\"]");
    assert_eval("return { ('x'):gsub('x', " N "), (('x'):gsub('x', { x = " N " })), "
                "(('x'):gsub('x', function() return " N " end)) }",
                "[\"" N "\",\"" N "\",\"" N "\"]");
    assert_eval("return groupBy({ { id = " N " } }, 'id')", "{\"" N "\":[{\"id\":" N "}]}");
}

static void test_a_list_is_joined_with_all_digits(void **state)
{
    (void)state;
    assert_eval("local list = { 1, " N ", 'x', 2.5 }\n"
                "return { table.concat(list, ', '), table.concat(list, '-', 2, 3), "
                "table.concat(list), list[2], table.concat({}), table.concat { 1, 2 } }",
                "[\"1, " N ", x, 2.5\",\"" N "-x\",\"1" N "x2.5\"," N ",\"\",\"12\"]");
    assert_eval("return table.concat(json.decode '[1," N "]', ',')", "\"1," N "\"");
    project_assert_error("table.concat({ 1, nil, 3 }, ',', 1, 3)",
                         "invalid value (nil) at index 2 in table for 'concat'");
    project_assert_error("table.concat({ " N ", {} })", "invalid value (table) at index 2");
    project_assert_error("table.concat 'x'", "bad argument #1 to 'concat' (table expected");
    project_assert_error("table.concat({}, {})", "bad argument #2 to 'concat'");
}

static void test_a_request_has_all_digits(void **state)
{
    (void)state;
    struct project *p = project_new();
    project_write(p, "connectors/out.lua",
                  "return function() http.post('http://h', { query = { a = " N " }, headers = {\n"
                  "  X = " N ", Y = json.decode '12345678901234567890' }, form = { b = " N " } }) "
                  "end");
    project_write(p, "scripts/s.lua", "SyncManager.new{}:start()");
    project_load_well(p);
    project_attempt(p, "out", "{}");
    const char *text = project_request_text(p, 0);
    assert_non_null(strstr(text, "POST http://h?a=" N "\n"));
    assert_non_null(strstr(text, "X: " N "\n"));
    assert_non_null(strstr(text, "Y: 12345678901234567890\n"));
    assert_non_null(strstr(text, "b=" N));
    project_free(p);
}

static void assert_attempt_error(const char *request, const char *error)
{
    struct project *p = project_new();
    struct buf script = {0};
    buf_printf(&script, "return function() %s end", request);
    project_write(p, "connectors/out.lua", script.data);
    project_write(p, "scripts/s.lua", "SyncManager.new{}:start()");
    project_load_well(p);
    project_attempt(p, "out", "{}");
    if (!strstr(project_error(p), error))
        fail_msg("expected \"%s\" in:\n%s", error, project_error(p));
    buf_deinit(&script);
    project_free(p);
}

static void test_what_the_operator_has_cut_is_found_before_it_is_sent(void **state)
{
    (void)state;
    assert_attempt_error("http.get('http://h/' .. " N ")",
                         "http.get: the URL has 1.7000000001235e+15 in it, a number whose digits "
                         ".. has cut: write tostring(x), which keeps them");
    assert_attempt_error("http.get('http://h', { headers = { X = 'a' .. 15e14 / 10 } })",
                         "http.get: a header has 1.5e+14 in it");
    assert_attempt_error("http.get('http://h/e+1/1.0e+1/1e+15/1.5e+16/.e+15', { json = error })",
                         "json: a function can't be sent");
}

static void test_a_key_is_looked_at_too(void **state)
{
    (void)state;
    struct project *p = project_new();
    project_write(p, "connectors/out.lua", "return function() end");
    project_write(p, "scripts/s.lua",
                  "local sync = SyncManager.new{}\nsync:on('t', function(event)\n"
                  "sync:send{ connector = 'out', data = 1, key = -" N
                  " .. '' } end)\nsync:start()");
    project_load_well(p);
    project_handle(p, "{}");
    assert_non_null(strstr(project_error(p), "sync:send: the key has 1.7000000001235e+15 in it"));
    project_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_makes_text_of_numbers_keeps_their_digits),
        cmocka_unit_test(test_a_list_is_joined_with_all_digits),
        cmocka_unit_test(test_a_request_has_all_digits),
        cmocka_unit_test(test_what_the_operator_has_cut_is_found_before_it_is_sent),
        cmocka_unit_test(test_a_key_is_looked_at_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
