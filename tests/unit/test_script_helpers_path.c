/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* get, set, remove: what its page doesn't show. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "script_project.h"

static void test_get_counts_from_the_end(void **state)
{
    (void)state;
    assert_eval("return { get({ 1, 2, 3 }, '[-1]'), get({ a = { 1, 2 } }, 'a[-2]'), get({ 1 }, "
                "'[-2]', 'none'), get({}, '[-1]', 'none') }",
                "[3,1,\"none\",\"none\"]");
    assert_eval("return get({ ['x]'] = { ['\"'] = 1 } }, '[\"x]\"][\"\"\"]')", "1");
    assert_eval("return get(json.decode '{\"a\":{\"-1\":5}}', 'a[-1]', 'none')", "\"none\"");
}

static void test_set_makes_what_is_missing(void **state)
{
    (void)state;
    assert_eval("return set({}, 'a.b[3].c', 1)", "{\"a\":{\"b\":[null,null,{\"c\":1}]}}");
    assert_eval("return set(array {}, '[2]', 1)", "[null,1]");
    assert_eval("return set({}, '[1]', 1)", "[1]");
    assert_eval("return set({ a = null }, 'a.b', 1)", "{\"a\":{\"b\":1}}");
    assert_eval("return set({ a = { 1, null } }, 'a[2].b', 1)", "{\"a\":[1,{\"b\":1}]}");
    assert_eval("return set({ a = { 1, 2 } }, 'a[-1]', 3)", "{\"a\":[1,3]}");
    assert_eval("return set({}, '[\"a.b\"]', null)", "{\"a.b\":null}");
    assert_eval("return set({ a = 1 }, 'a', false)", "{\"a\":false}");
    assert_eval("local t = {} return set(t, 'a', 1) == t", "true");
}

static void test_set_and_remove_work_on_documents_that_nobody_looked_into(void **state)
{
    (void)state;
    assert_eval("local t = json.decode '{\"n\":12345678901234567890,\"e\":{},\"l\":[],\"z\":null}' "
                "set(t, 'l[1]', 1) return t",
                "{\"e\":{},\"l\":[1],\"n\":12345678901234567890,\"z\":null}");
}

static void test_set_says_what_is_in_the_way(void **state)
{
    (void)state;
    project_assert_error("set({ a = { 'x' } }, 'a[1].b', 1)",
                         "this is a string, which nothing can be set in");
    project_assert_error("set({ a = array {} }, 'a.b', 1)",
                         "set: a.b: what it is in is a list, which has positions and no names");
    project_assert_error("set({ a = { b = 1 } }, 'a[1]', 1)",
                         "set: a[1]: what it is in is an object, which has names and no positions");
    project_assert_error("set({ a = { 1 } }, 'a[0]', 1)",
                         "positions are whole numbers and begin with 1");
    project_assert_error("set({ a = { 1 } }, 'a[1.5]', 1)",
                         "positions are whole numbers and begin with 1");
    project_assert_error("set({ a = { 1 } }, 'a[-2]', 1)", "the list has only 1 elements");
    project_assert_error("set({ a = { 1 } }, 'a[1000000000]', 1)",
                         "the position lies more than 100000 behind the end of the list");
    project_assert_error("set({}, 'a')", "there is no value (nil)");
    project_assert_error("set({}, '', 1)", "set: the path is empty");
    project_assert_error("set({}, 'a.', 1)", "set: the path ends with a dot");
    project_assert_error("set({}, 'a[', 1)", "set: the path has a [ without its ]");
    project_assert_error("set({}, 'a[x]', 1)",
                         "set: [x] is no position: write a number, or a name in quotes");
    project_assert_error("set('x', 'a', 1)",
                         "set(t, path): `t` must be an object or a list, not a string");
    project_assert_error("set(null, 'a', 1)", "`t` must be an object or a list, not null");
    project_assert_error("set({}, 1, 1)",
                         "the path must be a string as in \"a.b[2].c\", not a number");
}

static void test_remove_leaves_lists_lists(void **state)
{
    (void)state;
    assert_eval("return remove({ a = { 1 } }, 'a[1]')", "{\"a\":[]}");
    assert_eval("return remove({ 1, 2, 3 }, '[1]')", "[2,3]");
    assert_eval("return remove({ a = { 1, 2 } }, 'a[3]')", "{\"a\":[1,2]}");
    assert_eval("return remove({ a = { 1, 2 } }, 'a[-3]')", "{\"a\":[1,2]}");
    assert_eval("return remove({ a = { 1, 2 } }, 'a[1.5]')", "{\"a\":[1,2]}");
    assert_eval("return remove({ a = 'text' }, 'a.b')", "{\"a\":\"text\"}");
    assert_eval("return remove({ a = null }, 'a.b.c')", "{\"a\":null}");
    assert_eval("return remove({ a = { b = { c = 1 } } }, 'a.b.c')", "{\"a\":{\"b\":{}}}");
    project_assert_error("remove({}, '')", "remove: the path is empty");
    project_assert_error("remove(nil, 'a')", "`t` must be an object or a list, not nil");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_get_counts_from_the_end),
        cmocka_unit_test(test_set_makes_what_is_missing),
        cmocka_unit_test(test_set_and_remove_work_on_documents_that_nobody_looked_into),
        cmocka_unit_test(test_set_says_what_is_in_the_way),
        cmocka_unit_test(test_remove_leaves_lists_lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
