/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* regex.*: what its page doesn't show. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "script_project.h"

static void assert_error(const char *code, const char *text)
{
    char *got = project_eval(code, "{}");
    if (strncmp(got, "ERROR: ", 7) != 0 || !strstr(got, text))
        fail_msg("%s: %s", code, got);
    free(got);
}

static void test_positions_are_in_characters(void **state)
{
    (void)state;
    assert_eval("local s = 'a\303\251\342\202\254 12'\n"
                "local m = regex.find(s, '\\\\d+')\n"
                "return { m.from, m.to, text.sub(s, m.from, m.to) }",
                "[5,6,\"12\"]");
    assert_eval("local m = regex.find('ab', 'x*')\nreturn { m.from, m.to, m[0] }", "[1,0,\"\"]");
    assert_eval("return { regex.find('\303\251', '^.$').to, regex.find('', '^$').from }", "[1,1]");
}

static void test_a_group_that_took_no_part_is_absent(void **state)
{
    (void)state;
    assert_eval("local m = regex.find('b', '(?<a>a)|(?<b>b)')\n"
                "return { m[1] == nil, m[2], m.a == nil, m.b, m.groups }",
                "[true,\"b\",true,\"b\",{\"b\":\"b\"}]");
}

/* As Python's findall finds them. */
static void test_empty_matches_stand_between_others(void **state)
{
    (void)state;
    assert_eval("return regex.findAll('baac', 'a*')", "[\"\",\"aa\",\"\",\"\"]");
    assert_eval("return regex.findAll('', 'a*')", "[\"\"]");
    assert_eval("return regex.replace('ab', '', '-')", "\"-a-b-\"");
    project_assert_error("regex.replace('a', 'a', 'b', -1)", "regex.replace: n must be 0 or more");
    assert_eval("return regex.replace('\303\251\303\251', 'x*', '.')", "\".\303\251.\303\251.\"");
    assert_eval("return regex.replace('abc', '(?=b)|$', '|')", "\"a|bc|\"");
    assert_eval("return regex.split('a1b22', '\\\\d*')", "[\"a\",\"b\",\"\"]");
}

static void test_a_match_looks_behind_the_one_before(void **state)
{
    (void)state;
    assert_eval("return regex.findAll('aaa', '(?<=a)a')", "[\"a\",\"a\"]");
    assert_eval("return regex.findAll('ab ab', '^ab')", "[\"ab\"]");
}

static void test_classes_are_unicodes(void **state)
{
    (void)state;
    assert_eval("return { regex.find('\303\261and\303\272!', '\\\\w+')[0], "
                "regex.find('\303\211', '(?i)\303\251')[0], regex.find('\\r\\nx', '\\\\s+x').to }",
                "[\"\303\261and\303\272\",\"\303\211\",3]");
}

static void test_replacements_are_templates_or_functions(void **state)
{
    (void)state;
    assert_eval("return { regex.replace('ab', '(?<x>a)(b)', '${x}$2$1$0$$1'), "
                "regex.replace('ab', '(x)?a', '[$1]'), regex.replace('a', 'a', 5), "
                "regex.replace('aa', 'a', 'b', 0) }",
                "[\"abaab$1\",\"[]b\",\"5\",\"aa\"]");
    assert_eval("return regex.replace('a1b2', '([a-z])(\\\\d)', function(m)\n"
                "  if m[1] == 'b' then return nil end\n  return m[2] .. m[1]\nend)",
                "\"1ab2\"");
}

static void test_the_cache_of_patterns_is_bounded_and_right(void **state)
{
    (void)state;
    assert_eval("for round = 1, 2 do for i = 1, 300 do\n"
                "  if regex.find('x' .. i, '^x' .. i .. '$')[0] ~= 'x' .. i then return i end\n"
                "end end\nreturn 'right'",
                "\"right\"");
}

static void test_wrong_patterns_and_arguments_are_named(void **state)
{
    (void)state;
    assert_error("regex.find('x', '\303\251[')",
                 "main.lua:3: regex.find: the pattern is wrong at character 2: missing "
                 "terminating ] for character class");
    assert_error("regex.findAll('x', '\\\\C')", "the pattern is wrong at character 2");
    assert_error("regex.find('x', ('a'):rep(10001))", "it is too long");
    assert_error("regex.find('x', ('()'):rep(101))", "it has more than 100 groups");
    assert_error("regex.find(nil, 'x')", "regex.find: s must be a string, not nil");
    assert_error("regex.find('x')", "regex.find: pattern must be a string, not nil");
    assert_error("regex.split('x\\255', 'x')", "regex.split: s isn't UTF-8 text");
    assert_error("regex.replace('a', 'a')", "the replacement must be a string or a function");
    assert_error("regex.replace('a', 'a', '$')", "a $ stands alone");
    assert_error("regex.replace('a', 'a', '${}')", "a $ stands alone");
    assert_error("regex.replace('a', 'a', '$1')", "the pattern has no group 1");
    assert_error("regex.replace('a', 'a', '${x}')", "the pattern has no group x");
    assert_error("regex.replace('a', 'a', function() return {} end)",
                 "the function must return a string, not an object");
}

/* What would take ages, each in its own way: steps, starts, and what a single step walks over. */
static const char *const catastrophes[] = {
    "regex.find(('a'):rep(40) .. '!', '^(a+)+$')",
    "regex.find(('a'):rep(16):rep(50000, ' '), '(a+)+(?=!)')",
    "regex.find(('a'):rep(200000), '(*NO_START_OPT)a*?[^b]*+c')",
    "regex.find(('a'):rep(2000000), '(*NO_START_OPT)(a*)\\\\1d')",
    "regex.replace(('ab'):rep(100000), '(?:a|b)*c|a', 'x')",
    "regex.split(('x'):rep(3000), '(x+x+)+[yz]')",
};

static void test_a_catastrophic_pattern_ends_soon(void **state)
{
    (void)state;
    if (!PROJECT_CAN_STOP)
        skip();
    for (size_t i = 0; i < sizeof(catastrophes) / sizeof(catastrophes[0]); i++) {
        struct project *p = project_new();
        struct buf script = {0};
        buf_printf(&script,
                   "local sync = SyncManager.new{}\n"
                   "sync:on('t', function() pcall(function() %s end) while true do end end)\n"
                   "sync:start()",
                   catastrophes[i]);
        project_write(p, "scripts/main.lua", script.data);
        project_load_well(p);
        project_handle(p, "{}");
        assert_int_equal(p->result.end, SCRIPT_LIMIT);
        buf_deinit(&script);
        project_free(p);
    }
}

static void test_deep_backtracking_is_over_a_limit(void **state)
{
    (void)state;
    assert_error("regex.find(('a'):rep(1000000), '^(?:a|b)*$x')",
                 "regex.find: the pattern takes too many steps, or too much memory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_positions_are_in_characters),
        cmocka_unit_test(test_a_group_that_took_no_part_is_absent),
        cmocka_unit_test(test_empty_matches_stand_between_others),
        cmocka_unit_test(test_a_match_looks_behind_the_one_before),
        cmocka_unit_test(test_classes_are_unicodes),
        cmocka_unit_test(test_replacements_are_templates_or_functions),
        cmocka_unit_test(test_the_cache_of_patterns_is_bounded_and_right),
        cmocka_unit_test(test_wrong_patterns_and_arguments_are_named),
        cmocka_unit_test(test_a_catastrophic_pattern_ends_soon),
        cmocka_unit_test(test_deep_backtracking_is_over_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
