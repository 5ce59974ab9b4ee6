/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* Helpers for objects: what its page doesn't show. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "script_project.h"

static void test_documents_pass_unharmed(void **state)
{
    (void)state;
    assert_eval(
        "local d = json.decode '{\"a\":{\"n\":12345678901234567890,\"e\":{},\"l\":[],\"z\":null}}' "
        "return { merge(d, {}), assign(d), mapValues(d, function(v) return v end), mapKeys(d, "
        "function(k) return k end, { deep = true }), mapValues(d, function(v) return v end, { deep "
        "= true }), unflatten(flatten(d)) }",
        "[{\"a\":{\"e\":{},\"l\":[],\"n\":12345678901234567890,\"z\":null}},{\"a\":{\"e\":{},\"l\":"
        "[],\"n\":12345678901234567890,\"z\":null}},{\"a\":{\"e\":{},\"l\":[],\"n\":"
        "12345678901234567890,\"z\":null}},{\"a\":{\"e\":{},\"l\":[],\"n\":12345678901234567890,"
        "\"z\":null}},{\"a\":{\"e\":{},\"l\":[],\"n\":12345678901234567890,\"z\":null}},{\"a\":{"
        "\"e\":{},\"l\":[],\"n\":12345678901234567890,\"z\":null}}]");
    assert_eval("return { merge({}, event.data), assign(event.data), flatten(event.data), "
                "mapValues(event.data, print) }",
                "[{},{},{},{}]");
}

static void test_what_merge_makes_is_its_own(void **state)
{
    (void)state;
    assert_eval("local defaults = { a = { b = { 1 } } }\nlocal m = merge(defaults, { c = 1 }) "
                "set(m, 'a.b[1]', 2) set(m, 'a.x', 1) return defaults",
                "{\"a\":{\"b\":[1]}}");
    assert_eval("local over = { a = { b = 1 } }\nlocal m = merge({}, over) m.a.b = 2 return over",
                "{\"a\":{\"b\":1}}");
    assert_eval("return merge({ a = { b = 1 } }, { a = 2 }, { a = { c = 3 } })",
                "{\"a\":{\"c\":3}}");
    assert_eval("return merge({ a = { b = 1 } }, { a = null })", "{\"a\":null}");
    assert_eval("return merge({ a = {} }, { a = array {} })", "{\"a\":[]}");
    assert_eval("return { merge(), assign() }", "[{},{}]");
}

static void test_flatten_keeps_what_is_empty(void **state)
{
    (void)state;
    assert_eval("return flatten(json.decode '{\"a\":{},\"b\":[],\"c\":{\"d\":null}}')",
                "{\"a\":{},\"b\":[],\"c.d\":null}");
    assert_eval("return unflatten { ['a..b'] = 1, [''] = 2 }", "{\"\":2,\"a\":{\"\":{\"b\":1}}}");
    assert_eval("return unflatten(flatten({ a = { b = 1 } }, '::'), '::')", "{\"a\":{\"b\":1}}");
    assert_eval("return flatten { {}, { 1, { a = { 2 } } } }", "[{},1,{\"a\":[2]}]");
    project_assert_error("flatten { ['a.b'] = 1, a = { b = 2 } }",
                         "flatten: two values would be named \"a.b\"");
    project_assert_error("unflatten { a = 1, ['a.b'] = 2 }",
                         "unflatten: \"a.b\" has a name within what is a value by another");
    project_assert_error("unflatten { a = { b = 1 }, ['a.c'] = 2 }",
                         "unflatten: \"a.c\" has a name within what is a value by another");
    project_assert_error("flatten({}, '')", "flatten: separator must be a string as in \"_\"");
    project_assert_error("unflatten { 1 }", "unflatten: t must be an object, not a list");
    project_assert_error("flatten(1)", "flatten: t must be an object or a list, not a number");
}

static void test_deep_goes_into_lists(void **state)
{
    (void)state;
    assert_eval(
        "return mapKeys({ A = { { B = 1 }, { C = { D = 2 } } } }, text.lower, { deep = true })",
        "{\"a\":[{\"b\":1},{\"c\":{\"d\":2}}]}");
    assert_eval("return mapKeys({ A = { B = 1 } }, text.lower)", "{\"a\":{\"B\":1}}");
    assert_eval("return mapKeys({ { A = 1 } }, text.lower, { deep = true })", "[{\"a\":1}]");
    assert_eval("return mapKeys({ a = 1, b = 2 }, function(k, v) if v > 1 then return k end end)",
                "{\"b\":2}");
    assert_eval("return mapValues({ 1, 2 }, function(v, i) return v * i end)", "[1,4]");
    assert_eval("return mapValues({ a = {}, b = array {} }, print, { deep = true })",
                "{\"a\":{},\"b\":[]}");
    project_assert_error("mapValues({ 1 }, function() end)",
                         "mapValues: the function returned nothing for element 1 of a list");
    project_assert_error("mapKeys({ 1 }, print)", "mapKeys: t must be an object, not a list");
    project_assert_error("mapKeys({ a = 1 }, function() return 1 end)",
                         "mapKeys: the function must return a name, a string, and not a number");
    project_assert_error("mapValues({}, 1)", "mapValues: fn must be a function, not a number");
    project_assert_error("mapValues({}, print, { deeep = true })", "did you mean `deep`?");
}

static void test_what_contains_itself_is_an_error(void **state)
{
    (void)state;
    project_assert_error("local t = {} t.t = t return merge(t)",
                         "merge: it is nested deeper than 512 tables; does one contain itself?");
    project_assert_error("local t = {} t.t = t return merge({}, { a = t })",
                         "nested deeper than 512 tables");
    project_assert_error("local t = {} t.t = t return flatten(t)",
                         "flatten: it is nested deeper than 512 tables");
    project_assert_error("local t = {} t.t = t return mapValues(t, print, { deep = true })",
                         "nested deeper than 512 tables");
    project_assert_error("local t = {} t.t = t return mapKeys(t, text.lower, { deep = true })",
                         "nested deeper than 512 tables");
    project_assert_error("local t = {} t[1] = t return flatten(t)",
                         "nested deeper than 512 tables");
    project_assert_error("merge({ a = {} }, { 1 })",
                         "merge: argument 2 must be an object, not a list");
    project_assert_error("merge({}, nil)", "merge: argument 2 must be an object, not nil");
    project_assert_error("assign(null)", "assign: argument 1 must be an object, not null");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_documents_pass_unharmed),
        cmocka_unit_test(test_what_merge_makes_is_its_own),
        cmocka_unit_test(test_flatten_keeps_what_is_empty),
        cmocka_unit_test(test_deep_goes_into_lists),
        cmocka_unit_test(test_what_contains_itself_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
