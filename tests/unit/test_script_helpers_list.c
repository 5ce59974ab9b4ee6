/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* Helpers for lists: what its page doesn't show. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "script_project.h"

static void test_results_are_lists_when_empty(void **state)
{
    (void)state;
    assert_eval("return { map({}, print), filter({ 1 }, function() end), unique {}, sortBy({}, "
                "'a'), keys {}, values {}, entries {} }",
                "[[],[],[],[],[],[],[]]");
    assert_eval("return { groupBy({}, 'a'), indexBy({}, 'a') }", "[{},{}]");
    assert_eval("return { a = map(json.decode '[]', print), b = filter(json.decode '[]', print) }",
                "{\"a\":[],\"b\":[]}");
}

static void test_no_argument_is_changed(void **state)
{
    (void)state;
    assert_eval("local t = { 3, 1, 2 } sortBy(t, function(n) return n end) map(t, function() "
                "return 0 end) unique(t) return t",
                "[3,1,2]");
    assert_eval("local t = { b = 1, a = { 2 } } keys(t) values(t) entries(t) return t",
                "{\"a\":[2],\"b\":1}");
    assert_eval("local v = values { { 1 } } v[1] = 0 return v", "[0]");
}

static void test_values_pass_unharmed(void **state)
{
    (void)state;
    assert_eval("return map(json.decode '[12345678901234567890,0.10,null,[],{},\"x\"]', "
                "function(v) return v end)",
                "[12345678901234567890,0.1,null,[],{},\"x\"]");
    assert_eval("return filter(json.decode '[null,1]', function(v) return v == null end)",
                "[null]");
    assert_eval("return sortBy(json.decode '[12345678901234567891,3,12345678901234567890]', "
                "function(n) return n end)",
                "[3,12345678901234567890,12345678901234567891]");
    assert_eval("return unique(json.decode "
                "'[null,null,[],[],{},{\"a\":1,\"b\":2},{\"b\":2,\"a\":1},12345678901234567890,"
                "12345678901234567890,\"1\",1]')",
                "[null,[],{},{\"a\":1,\"b\":2},12345678901234567890,\"1\",1]");
    assert_eval("return groupBy(json.decode "
                "'[{\"k\":12345678901234567890},{\"k\":1e15},{\"k\":true}]', 'k')",
                "{\"1000000000000000\":[{\"k\":1000000000000000}],\"12345678901234567890\":[{\"k\":"
                "12345678901234567890}],\"true\":[{\"k\":true}]}");
}

static void test_false_nil_and_null_are_no(void **state)
{
    (void)state;
    assert_eval(
        "return filter({ 1, 2, 3, 4, 5 }, function(n) if n == 1 then return false elseif n == 2 "
        "then return null elseif n == 3 then return 0 elseif n == 4 then return '' end end)",
        "[3,4]");
}

static void test_a_path_takes_the_place_of_a_function(void **state)
{
    (void)state;
    assert_eval("return map({ { a = { b = 1 } }, { a = { b = false } } }, 'a.b')", "[1,false]");
    assert_eval("local list = json.decode "
                "'[{\"n\":1,\"a\":true},{\"n\":2},{\"n\":3,\"a\":null},"
                "{\"n\":4,\"a\":false},{\"n\":5,\"a\":0}]'\n"
                "return map(filter(list, 'a'), 'n')",
                "[1,5]");
}

static void test_sorting_is_stable_in_both_directions(void **state)
{
    (void)state;
    assert_eval("local t = {} for i = 1, 100 do t[i] = { k = i % 3, i = i } end\nlocal wrong = "
                "0\nfor _, desc in ipairs { true, false } do\n  local last\n  for _, e in "
                "ipairs(sortBy(t, 'k', { desc = desc })) do\n    if last and (last.k == e.k and "
                "last.i > e.i or desc and last.k < e.k or not desc and last.k > e.k) then wrong = "
                "wrong + 1 end\n    last = e\n  end\nend\nreturn wrong",
                "0");
    assert_eval(
        "local wrong = 0 math.randomseed(7)\nfor n = 0, 40 do\n  local t = {} for i = 1, n do t[i] "
        "= math.random(10) end\n  local s = sortBy(t, function(x) return x end)\n  table.sort(t)\n "
        " for i = 1, n do if s[i] ~= t[i] then wrong = wrong + 1 end end\nend\nreturn wrong",
        "0");
    assert_eval("return map(sortBy(json.decode '[{\"k\":null},{\"k\":2},{},{\"k\":1}]', 'k'), "
                "function(e) return get(e, 'k', 'none') end)",
                "[1,2,\"none\",\"none\"]");
    assert_eval("return sortBy({ true, false, true }, function(b) return b end)",
                "[false,true,true]");
    assert_eval("return sortBy({ { a = { b = 2 } }, { a = { b = 1 } } }, 'a.b')",
                "[{\"a\":{\"b\":1}},{\"a\":{\"b\":2}}]");
}

static void test_wrong_arguments_are_named(void **state)
{
    (void)state;
    project_assert_error("map('x', print)",
                         "scripts/main.lua:3: map: list must be a list, not a string");
    project_assert_error("map(nil, print)", "map: list must be a list, not nil");
    project_assert_error("map(null, print)", "map: list must be a list, not null");
    project_assert_error("map({ a = 1 }, print)", "map: list must be a list, not an object");
    project_assert_error("map({ 1, nil, 3 }, print)",
                         "map: element 2 of list is missing (nil); write null where it is meant");
    project_assert_error("map({ 1 }, 2)", "map: fn must be a name or a function, not a number");
    project_assert_error("map({ { x = 1 }, {} }, 'x')",
                         "scripts/main.lua:3: map: element 2 has nothing at `x`; write function(e) "
                         "return get(e, \"x\", null) end where null is meant, or leave such "
                         "elements out: filter(list, \"x\")");
    project_assert_error("map({ 1 }, function() end)",
                         "map: the function returned nothing for element 1; return null");
    project_assert_error("filter({ 1 })", "filter: fn must be a name or a function, not nil");
    project_assert_error("fold({ 1 }, 0)", "fold: fn must be a function, not nil");
    project_assert_error("sortBy({ 1, 'a' }, function(v) return v end)",
                         "sortBy: element 2 is to be sorted by a string, element 1 by a number");
    project_assert_error("sortBy({ {}, {} }, function(v) return v end)",
                         "sortBy: element 1 can't be sorted by an object");
    project_assert_error("sortBy({ 1 }, 7)",
                         "sortBy: by must be a name or a function, not a number");
    project_assert_error("sortBy({ 1 }, 'a', { dsc = true })",
                         "sortBy: there is no option `dsc`: did you mean `desc`?");
    project_assert_error("groupBy({ { a = 1 }, {} }, 'a')",
                         "groupBy: element 2 has nil where a text or a number is needed");
    project_assert_error("indexBy({ { a = {} } }, 'a')", "indexBy: element 1 has an object where");
    project_assert_error("keys('x')", "keys: t must be an object or a list, not a string");
    project_assert_error("count(null)", "count: t must be an object or a list, not null");
    project_assert_error("keys { [true] = 1 }", "keys: its names must be strings, one is true");
    project_assert_error("unique { print }", "a function can't be sent as JSON");
}

static void test_names_are_in_order_and_positions_too(void **state)
{
    (void)state;
    assert_eval("return keys { b = 1, a = 1, [''] = 1, B = 1 }", "[\"\",\"B\",\"a\",\"b\"]");
    assert_eval("return { keys { 'x', 'y' }, values { 'x', 'y' }, entries { 'x' } }",
                "[[1,2],[\"x\",\"y\"],[{\"key\":1,\"value\":\"x\"}]]");
    assert_eval("return { keys(event.data), count(event.data) }", "[[],0]");
}

static void test_times_are_sorted_grouped_and_written(void **state)
{
    (void)state;
    assert_eval(
        "local t = map({ '2026-01-02T00:00:00Z', '2026-01-01T00:00:00+01:00' }, function(s) "
        "return { at = time.parse(s) } end)\n"
        "return { sortBy(t, 'at')[1], keys(groupBy(t, 'at')), csv.encode(t, { newline = "
        "'|' }), url.build { query = t[1] } }",
        "[{\"at\":\"2025-12-31T23:00:00Z\"},[\"2025-12-31T23:00:00Z\","
        "\"2026-01-02T00:00:00Z\"],\"at|2026-01-02T00:00:00Z|2025-12-31T23:00:00Z\","
        "\"?at=2026-01-02T00%3A00%3A00Z\"]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_results_are_lists_when_empty),
        cmocka_unit_test(test_no_argument_is_changed),
        cmocka_unit_test(test_values_pass_unharmed),
        cmocka_unit_test(test_false_nil_and_null_are_no),
        cmocka_unit_test(test_a_path_takes_the_place_of_a_function),
        cmocka_unit_test(test_sorting_is_stable_in_both_directions),
        cmocka_unit_test(test_wrong_arguments_are_named),
        cmocka_unit_test(test_names_are_in_order_and_positions_too),
        cmocka_unit_test(test_times_are_sorted_grouped_and_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
