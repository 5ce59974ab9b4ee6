/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* Documents in scripts: what comes in goes out the same, and what can't go out says where. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "script_project.h"

static void assert_round_trip(const char *json)
{
    struct buf code = {0};
    buf_printf(&code, "return json.decode([==[%s]==])", json);
    char *got = project_eval(code.data, "{}");
    assert_string_equal(got, json);
    free(got);
    buf_deinit(&code);
}

static void assert_error(const char *code, const char *part)
{
    char *got = project_eval(code, "{}");
    if (strncmp(got, "ERROR: ", 7) != 0 || !strstr(got, part))
        fail_msg("expected an error with \"%s\", got: %s", part, got);
    free(got);
}

static void test_documents_leave_as_they_came(void **state)
{
    (void)state;
    assert_round_trip("[]");
    assert_round_trip("{}");
    assert_round_trip("null");
    assert_round_trip("{\"a\":[],\"b\":{},\"c\":null,\"d\":[[],{}]}");
    assert_round_trip("[null,null]");
    assert_round_trip("\"\\u0000\\n\u00e4\"");
    assert_round_trip("[true,false,0,-1,1.5]");
}

/* The decoder makes a table as large as the last one was. */
static void test_objects_of_changing_sizes_are_read_whole(void **state)
{
    (void)state;
    static const int sizes[] = {0, 1, 300, 2, 0, 40, 40, 5};
    struct buf json = {0};
    buf_add_char(&json, '[');
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        buf_add_str(&json, i > 0 ? ",{" : "{");
        for (int k = 0; k < sizes[i]; k++)
            buf_printf(&json, "%s\"%04d\":{\"a\":%d}", k > 0 ? "," : "", k, k);
        buf_add_char(&json, '}');
    }
    buf_add_char(&json, ']');
    assert_round_trip(json.data);
    buf_deinit(&json);
}

static void test_numbers_keep_every_digit(void **state)
{
    (void)state;
    assert_round_trip("9007199254740992");
    assert_round_trip("9007199254740993");
    assert_round_trip("-123456789012345678901234567890");
    assert_round_trip("0.1");
    assert_round_trip("0.30000000000000004");
    assert_round_trip("3.14159265358979323846");
    assert_round_trip("1700000000123456");
    assert_eval("return json.decode('1e400') == json.decode('10e399')", "true");
    assert_eval("return json.decode('9007199254740993e00000000000000000000000000001')",
                "90071992547409930");
    assert_eval("return json.decode('9007199254740993E+0001')", "90071992547409930");
    assert_eval("return json.decode('12345678901234567890e-0002')", "123456789012345678.90");
}

static void test_exact_numbers_compute_exactly(void **state)
{
    (void)state;
    assert_eval("return json.decode('9007199254740993') + 1", "9007199254740994");
    assert_eval("return 1 + json.decode('9007199254740993')", "9007199254740994");
    assert_eval("return json.decode('9007199254740993') - 0.1", "9007199254740992.9");
    assert_eval("return json.decode('9007199254740993') * json.decode('9007199254740993')",
                "81129638414606699710187514626049");
    assert_eval("return -json.decode('9007199254740993')", "-9007199254740993");
    assert_eval("return json.decode('90071992547409930') / 10", "9007199254740993");
    assert_eval("return json.decode('10000000000000000000') / 3",
                "3333333333333333333.333333333333333");
    assert_eval("return json.decode('20000000000000000000') / 3",
                "6666666666666666666.666666666666667");
    assert_eval("return json.decode('-9007199254740993') % 10", "7");
    assert_eval("return json.decode('9007199254740993') ^ 2", "81129638414606699710187514626049");
}

static void test_exact_numbers_compare(void **state)
{
    (void)state;
    assert_eval(
        "local x = json.decode('9007199254740993') "
        "return { x > 1, 1 < x, x <= 1, x >= 9007199254740992, x < math.huge, x > -math.huge }",
        "[true,true,false,true,true,true]");
    assert_eval("local a, b = json.decode('9007199254740993'), json.decode('9007199254740993') "
                "return { a == b, a ~= b, a <= b, a < b, a == nil, a == 'x', a == null }",
                "[true,false,true,false,false,false,false]");
    assert_eval("return { 1 < 2, 2 <= 1, (pcall(function() return 1 < {} end)) }",
                "[true,false,false]");
}

static void test_exact_numbers_are_text(void **state)
{
    (void)state;
    assert_eval("local x = json.decode('9007199254740993') return 'id ' .. x .. '/' .. 1",
                "\"id 9007199254740993/1\"");
    assert_eval("return tostring(json.decode('0.12345678901234567890'))",
                "\"0.12345678901234567890\"");
    assert_eval("return string.format('%s', json.decode('9007199254740993'))",
                "\"9007199254740993\"");
    assert_eval("return tostring(json.decode('-1e-400'))", "\"-1e-400\"");
}

static void test_exact_numbers_have_no_insides(void **state)
{
    (void)state;
    assert_error("return json.decode('9007199254740993').digits", "has no member named 'digits'");
    assert_error("json.decode('9007199254740993').digits = 1", "has no member named 'digits'");
    assert_error("json.decode('9007199254740993')[0] = 1", "cannot be indexed");
    assert_error("return json.decode('9007199254740993') + {}",
                 "arithmetic on an exact number and");
    assert_error("return json.decode('9007199254740993') / 0", "by zero");
    assert_error("return 5LL", "can't be sent as JSON");
}

static void test_size_of_exact_numbers_is_bounded(void **state)
{
    (void)state;
    assert_error("return json.decode('1e10001')", "more than 10000 digits");
    assert_error("return json.decode(('1'):rep(10002))", "more than 10000 digits");
    assert_error("return json.decode(('1'):rep(1e6))", "more than 10000 digits");
    assert_error("return json.decode('1.' .. ('0'):rep(1e6))", "more than 10000 digits");
    assert_error("return json.decode('1e999999999999999999999')", "more than 10000 digits");
    assert_error(
        "local x = json.decode('9007199254740993') for i = 1, 60 do x = x * x end return x",
        "more than 10000 digits");
    assert_error("return json.decode('9007199254740993') ^ 100000000", "more than 10000 digits");
}

static void test_members_are_sorted(void **state)
{
    (void)state;
    assert_eval("return { b = 1, a = 2, aa = 3, ['1'] = 4, B = 5 }",
                "{\"1\":4,\"B\":5,\"a\":2,\"aa\":3,\"b\":1}");
    assert_eval(
        "return { startTime2 = 1, startTime = 2, startTim = 3, startTi = 4, ['startTi\\0'] = 5, "
        "['é'] = 6, startTimf = 7, [''] = 8 }",
        "{\"\":8,\"startTi\":4,\"startTi\\u0000\":5,\"startTim\":3,\"startTime\":2,"
        "\"startTime2\":1,\"startTimf\":7,\"é\":6}");
    assert_eval(
        "local t = {} for i = 40, 10, -1 do t['k' .. i] = i end return json.encode(t):sub(1, 15)",
        "\"{\\\"k10\\\":10,\\\"k11\\\"\"");
}

static void test_new_tables_become_what_they_hold(void **state)
{
    (void)state;
    assert_eval("return {}", "{}");
    assert_eval("return array{}", "[]");
    assert_eval("return array()", "[]");
    assert_eval("return { 1, 2, null }", "[1,2,null]");
    assert_eval("return array{ 1, { x = 1 } }", "[1,{\"x\":1}]");
    assert_eval("local t = { 1, 2 } local a = array(t) a[3] = 3 return #t", "2");
}

static void test_arrays_are_ordinary_tables(void **state)
{
    (void)state;
    assert_eval("local a = json.decode('[1,2,3]') table.insert(a, 4) table.remove(a, 1) "
                "local n = 0 for _, v in ipairs(a) do n = n + v end return { #a, n, a }",
                "[3,9,[2,3,4]]");
    assert_eval("local a = json.decode('[1]') table.remove(a) return a", "[]");
    assert_eval("return require 'cjson'.encode(json.decode('[1,2]'))", "\"[1,2]\"");
}

static void test_what_is_no_json_says_where(void **state)
{
    (void)state;
    const char *const items = "return json.encode{ items = { 1, 2, { price = %s } } }";
    const struct {
        const char *value, *error;
    } cases[] = {
        {"0/0", "items[3].price: NaN can't be sent as JSON"},
        {"1/0", "items[3].price: infinity can't be sent as JSON"},
        {"print", "items[3].price: a function can't be sent as JSON"},
        {"'\\255'", "items[3].price: it is not UTF-8"},
        {"{ 1, nil, 3 }", "items[3].price[2]: this element of the list is missing"},
        {"{ 1, x = 2 }", "items[3].price: a table with both names and list positions"},
        {"{ [1.5] = 2 }", "items[3].price: a name that is neither"},
        {"{ [true] = 2 }", "items[3].price: a name that is neither"},
        {"{ ['a b'] = print }", "items[3].price[\"a b\"]: a function"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buf code = {0};
        const char *at = strstr(items, "%s");
        buf_printf(&code, "%.*s%s%s", (int)(at - items), items, cases[i].value, at + 2);
        assert_error(code.data, cases[i].error);
        buf_deinit(&code);
    }
    assert_error("return { price = 0/0 }", "scripts/main.lua:6: sync:send: data[1].price: NaN");
    assert_error("local a = array{} a.x = 1 return a", "an array can't have names");
    /* a place that is cut, is cut between letters */
    assert_error("return json.encode{ ['a' .. ('\\195\\169'):rep(150)] = print }",
                 "\u00e9: a function can't be sent as JSON");
}

static void test_what_contains_itself_is_refused(void **state)
{
    (void)state;
    assert_error("local t = {} t.t = t return json.encode(t)", "does one contain itself?");
    assert_error("local t = { 'x' } for i = 1, 60 do t = { t, t } end return json.encode(t)", "");
}

static void test_bad_text_is_refused(void **state)
{
    (void)state;
    assert_error("return json.decode('{\"a\":')", "json.decode: ");
    assert_error("return json.decode('[1] 2')", "json.decode: ");
    assert_error("return json.decode('')", "json.decode: ");
    assert_error("return json.decode(nil)", "json.decode takes a string, not nil");
    assert_error("return json.encode(nil)", "nothing to encode");
}

static void test_null_is_one_value_and_says_what_it_is(void **state)
{
    (void)state;
    assert_eval(
        "return { null == json.decode('null'), null == require 'cjson'.null, tostring(null) }",
        "[true,true,\"null\"]");
    assert_error("return json.decode('{\"a\":null}').a.b",
                 "null has no field `b` (it came as null): use get(…)");
    assert_error("null.x = 1", "null has no field `x`");
    assert_error("null()", "null can't be called");
    assert_error("return 'a' .. null", "null can't be joined");
}

static void test_get_walks_a_path(void **state)
{
    (void)state;
    const char *data = "{\"a\":{\"b\":[{\"c\":1},{\"c\":null}]},\"x y\":{\"z\":2}}";
    const struct {
        const char *code, *json;
    } cases[] = {
        {"return get(event.data, 'a.b[1].c')", "1"},
        {"return get(event.data, 'a.b[2].c')", "\"nil\""},
        {"return get(event.data, 'a.b[2].c', 'none')", "\"none\""},
        {"return get(event.data, 'a.b[9].c.d.e')", "\"nil\""},
        {"return get(event.data, 'a.b[1].c.d')", "\"nil\""},
        {"return get(event.data, '[\"x y\"].z')", "2"},
        {"return get(nil, 'a', 3)", "3"},
        {"return get(null, 'a', 3)", "3"},
        {"return get({ 10, 20 }, '[2]')", "20"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *got = project_eval(cases[i].code, data);
        assert_string_equal(got, cases[i].json);
        free(got);
    }
}

static void test_get_refuses_paths_that_are_none(void **state)
{
    (void)state;
    assert_error("return get({}, 'a..b')", "empty name");
    assert_error("return get({ a = {} }, 'a[1')", "[ without its ]");
    assert_error("return get({ a = {} }, 'a[x]')", "no position");
    assert_error("return get({}, 5)", "the path must be a string");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_documents_leave_as_they_came),
        cmocka_unit_test(test_objects_of_changing_sizes_are_read_whole),
        cmocka_unit_test(test_numbers_keep_every_digit),
        cmocka_unit_test(test_exact_numbers_compute_exactly),
        cmocka_unit_test(test_exact_numbers_compare),
        cmocka_unit_test(test_exact_numbers_are_text),
        cmocka_unit_test(test_exact_numbers_have_no_insides),
        cmocka_unit_test(test_size_of_exact_numbers_is_bounded),
        cmocka_unit_test(test_members_are_sorted),
        cmocka_unit_test(test_new_tables_become_what_they_hold),
        cmocka_unit_test(test_arrays_are_ordinary_tables),
        cmocka_unit_test(test_what_is_no_json_says_where),
        cmocka_unit_test(test_what_contains_itself_is_refused),
        cmocka_unit_test(test_bad_text_is_refused),
        cmocka_unit_test(test_null_is_one_value_and_says_what_it_is),
        cmocka_unit_test(test_get_walks_a_path),
        cmocka_unit_test(test_get_refuses_paths_that_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
