/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* text.*: what its page doesn't show. */
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

static void test_all_white_space_of_unicode_is_trimmed(void **state)
{
    (void)state;
    assert_eval(
        "return text.trim '\\194\\133\\194\\160\\225\\154\\128\\226\\128\\128\\226\\128\\138"
        "\\226\\128\\168\\226\\128\\175\\226\\129\\159\\227\\128\\128\\t\\r\\v x\\f\\n'",
        "\"x\"");
    assert_eval("return { text.trim '', text.trim '   ', text.trim '\\227\\128\\128' }",
                "[\"\",\"\",\"\"]");
    assert_eval("return text.trim '\\226\\128\\139x'", "\"\342\200\213x\""); /* of no width: none */
    assert_eval("return #text.trim ' \\128\\255 '", "2");                    /* no UTF-8 */
}

static void test_sub_is_strings_in_characters(void **state)
{
    (void)state;
    assert_eval("local wrong = {}\n"
                "for from = -6, 6 do for to = -6, 6 do\n"
                "  local a = text.sub('abcd', from, to)\n"
                "  local b = text.sub('\303\244\342\202\254\360\235\204\236z', from, to)\n"
                "  if a ~= ('abcd'):sub(from, to) or text.length(b) ~= #a then\n"
                "    wrong[#wrong + 1] = from .. ',' .. to\n"
                "  end\n"
                "end end\n"
                "return table.concat(wrong, ' ')",
                "\"\"");
    assert_eval("return { text.sub('a', 2), text.sub('', 1), text.sub('a', 1, 2^53) }",
                "[\"\",\"\",\"a\"]");
}

static void test_split_meets_separators_at_the_ends(void **state)
{
    (void)state;
    assert_eval("return text.split(',a,', ',')", "[\"\",\"a\",\"\"]");
    assert_eval("return text.split(',', ',', { empty = false })", "[]");
    assert_eval("return text.split('', '')", "[]");
    assert_eval("return text.split('a::b::c', '::', { limit = 1 })", "[\"a::b::c\"]");
    assert_eval("return text.split(',,a,b', ',', { limit = 2, empty = false })", "[\"a\",\"b\"]");
    assert_eval("return text.split('ab', '', { limit = 2 })", "[\"a\",\"b\"]");
    assert_eval("return text.split('a', 'ab')", "[\"a\"]");
}

static void test_numbers_are_texts(void **state)
{
    (void)state;
    assert_eval("return { text.length(123), text.sub(1.5, 1, 2), text.contains(42, 4) }",
                "[3,\"1.\",true]");
    char *got = project_eval("return text.pad(event.data.id, 22, '0', 'left')",
                             "{\"id\": 12345678901234567890}");
    assert_string_equal(got, "\"0012345678901234567890\"");
    free(got);
}

static void test_case_is_that_of_unicode(void **state)
{
    (void)state;
    assert_eval("return { text.lower 'ABC\303\204', text.upper 'abc\303\244', text.lower 'I' }",
                "[\"abc\303\244\",\"ABC\303\204\",\"i\"]");
    assert_eval("return { text.upper '\357\254\201', text.contains('STRASSE', 'stra\303\237e', "
                "{ ignoreCase = true }) }",
                "[\"FI\",true]");
    assert_eval("return { text.lower '', text.upper '1@[`{' }", "[\"\",\"1@[`{\"]");
    assert_eval("local s = ('\316\243\316\221\316\243 \303\211 '):rep(30000)\n"
                "return text.lower(s) == ('\317\203\316\261\317\202 \303\251 '):rep(30000)",
                "true");
    assert_eval("return #text.upper('\303\251' .. '\\0' .. 'a')", "4");
}

static void test_replace_takes_nothing_as_a_pattern(void **state)
{
    (void)state;
    assert_eval("return { text.replace('a%b', '%', '%1'), text.replace('aaa', 'aa', 'b'), "
                "text.replace('abc', 'b', ''), text.replace('x', 'x', 'xx'), "
                "text.replace('xx', 'x', 'y', 0) }",
                "[\"a%1b\",\"ba\",\"ac\",\"xx\",\"xx\"]");
    project_assert_error("text.replace('x', 'x', 'y', -1)", "text.replace: n must be 0 or more");
}

static void test_wrong_arguments_are_named(void **state)
{
    (void)state;
    assert_error("text.trim()", "main.lua:3: text.trim: s must be a string, not nil");
    assert_error("text.trim(null)", "text.trim: s must be a string, not null");
    assert_error("text.replace('a', {}, 'b')", "text.replace: old must be a string, not an object");
    assert_error("text.replace('a', '', 'b')", "text.replace: old is empty");
    assert_error("text.split('a', ',', { limt = 1 })",
                 "text.split: there is no option `limt`: did you mean `limit`?");
    assert_error("text.split('a', ',', { limit = 0 })", "text.split: limit must be 1 or more");
    assert_error("text.split('a', ',', { limit = 1.5 })",
                 "text.split: limit must be a whole number, not 1.5");
    assert_error("text.contains('a', 'a', 'i')", "text.contains: its options must be a table");
    assert_error("text.length 'ab\\255c'",
                 "text.length: s isn't UTF-8 text: it is broken at byte 3");
    assert_error("text.upper '\303\251\\255'",
                 "text.upper: s isn't UTF-8 text: it is broken at byte 3");
    assert_error("text.pad('a', 1e9)", "text.pad: width must be 1000000 at most");
    assert_error("text.pad('a', 3, '')", "text.pad: fill is empty");
    assert_error("text.pad('a', 3, ' ', 'top')", "text.pad: side must be \"left\"");
}

static void test_a_giant_result_is_over_the_limit_of_memory(void **state)
{
    (void)state;
    struct project *p = project_new();
    project_write(p, "scripts/a.lua",
                  "local sync = SyncManager.new{}\n"
                  "sync:on('t', function(event)\n"
                  "  local s = ('a'):rep(100000)\n"
                  "  return text.replace(s, 'a', s)\n"
                  "end)\nsync:start()");
    p->options.handler_time_ms = 10000;
    project_load_well(p);
    project_handle(p, "{}");
    assert_int_equal(p->result.end, SCRIPT_LIMIT);
    project_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_white_space_of_unicode_is_trimmed),
        cmocka_unit_test(test_sub_is_strings_in_characters),
        cmocka_unit_test(test_split_meets_separators_at_the_ends),
        cmocka_unit_test(test_numbers_are_texts),
        cmocka_unit_test(test_case_is_that_of_unicode),
        cmocka_unit_test(test_replace_takes_nothing_as_a_pattern),
        cmocka_unit_test(test_wrong_arguments_are_named),
        cmocka_unit_test(test_a_giant_result_is_over_the_limit_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
