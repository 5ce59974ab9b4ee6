/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* csv: what its page doesn't show. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "script_project.h"

static void test_fields_are_read_by_the_letter(void **state)
{
    (void)state;
    assert_eval("return csv.decode 'a,b\\r\\n\"x,\\r\\n\"\"y\"\"\",\\r\\n'",
                "[{\"a\":\"x,\\r\\n\\\"y\\\"\",\"b\":\"\"}]");
    assert_eval("return csv.decode('a\\n\\n\\r\\nb\\n', { header = false })", "[[\"a\"],[\"b\"]]");
    assert_eval("return csv.decode('\\239\\187\\191a\\n1')", "[{\"a\":\"1\"}]");
    assert_eval("return csv.decode('a,\\n,', { header = false })", "[[\"a\",\"\"],[\"\",\"\"]]");
    assert_eval("return csv.decode('\"\",\"\"\"\"', { header = false })", "[[\"\",\"\\\"\"]]");
    assert_eval("return csv.decode('\"\"\\n', { header = false })", "[[\"\"]]");
    assert_eval("return csv.decode('a\\rb,c', { header = false })", "[[\"a\\rb\",\"c\"]]");
    assert_eval("return csv.decode('a b\\t c', { header = false, delimiter = '\\t' })",
                "[[\"a b\",\" c\"]]");
    assert_eval("return { csv.decode '', csv.decode 'a,b', csv.decode('', { header = false }), "
                "csv.decode('1', { header = { 'x' } }) }",
                "[[],[],[],[{\"x\":\"1\"}]]");
}

static void test_what_is_wrong_is_told_with_its_line(void **state)
{
    (void)state;
    project_assert_error("csv.decode 'a,b\\r1,2\\r3,4'",
                         "csv.decode: line 1: a name of the header has \\r in it: do lines end by "
                         "\\r alone? They must end by \\n or \\r\\n");
    project_assert_error("csv.decode 'a\\n\"b'", "csv.decode: line 2: a quote is never closed");
    project_assert_error("csv.decode 'a\\n\"b\\nc\"x'",
                         "csv.decode: line 2: text stands behind a closing quote");
    project_assert_error("csv.decode 'a\\n5\" disk'",
                         "csv.decode: line 2: a quote stands in a field that isn't quoted");
    project_assert_error("csv.decode 'a,b\\n1,2,3'",
                         "csv.decode: line 2 has more fields than the 2 of the header");
    project_assert_error("csv.decode('a,b\\n\"1\\n\"', { header = false })",
                         "csv.decode: line 2 has fewer fields than the 2 of the first row");
    project_assert_error("csv.decode 'a,b,a\\n'", "csv.decode: the header names \"a\" twice");
    project_assert_error("csv.decode(5, { delimiter = ',,' })",
                         "`delimiter` must be one character");
    project_assert_error("csv.decode('', { delimiter = '\"' })",
                         "`delimiter` must be one character");
    project_assert_error("csv.decode('', { header = 'a' })", "header must be a list, not a string");
    project_assert_error("csv.decode('', { header = { 1 } })",
                         "`header` must be true, false, or a list of names");
    project_assert_error("csv.decode('', { header = {} })", "`header` is an empty list");
    project_assert_error("csv.decode({})", "csv.decode: text must be a string, not an object");
    project_assert_error("csv.decode('', { newline = '' })", "there is no option `newline`");
}

static void test_rows_are_written_so_that_they_are_read_back(void **state)
{
    (void)state;
    assert_eval("local rows = { { 'a,b', 'c\"d', 'e\\r\\nf', ' g', '' } }\nreturn "
                "csv.decode(csv.encode(rows), { header = false })",
                "[[\"a,b\",\"c\\\"d\",\"e\\r\\nf\",\" g\",\"\"]]");
    assert_eval("return csv.encode({ { '' }, { 'x' } })", "\"\\\"\\\"\\r\\nx\"");
    assert_eval("return csv.encode({ { a = json.decode '12345678901234567890', b = false }, { a = "
                "1e15, c = 0.1 } })",
                "\"a,b,c\\r\\n12345678901234567890,false,\\r\\n1000000000000000,,0.1\"");
    assert_eval("return { csv.encode {}, csv.encode({}, { header = { 'a', 'b' } }), csv.encode({ { "
                "1 } }, { header = { 'a' } }), csv.encode({ { a = 1 } }, { header = false }) }",
                "[\"\",\"a,b\",\"a\\r\\n1\",\"1\"]");
    assert_eval("return csv.encode(json.decode '[{\"a\":1},{\"b\":null}]')",
                "\"a,b\\r\\n1,\\r\\n,\"");
    assert_eval("return csv.encode { event.data }", "\"\"");
    assert_eval("return csv.encode({ { a = 1, b = 2 } }, { header = { 'b' } })", "\"b\\r\\n2\"");
}

static void test_what_can_not_be_a_field_is_refused(void **state)
{
    (void)state;
    project_assert_error(
        "csv.encode { { 1, {} } }",
        "csv.encode: row 1, column 2: a table can't be a field; make a text of it");
    project_assert_error("csv.encode { { 1, print } }",
                         "row 1, column 2: a function can't be a field");
    project_assert_error("csv.encode { { 1, 0/0 } }",
                         "row 1, column 2: a number that isn't finite can't be a field");
    project_assert_error("csv.encode { { 1 }, { a = 1 } }",
                         "row 2 must be a list as the first one is, not an object");
    project_assert_error("csv.encode { { a = 1 }, { 1 } }",
                         "row 2 must be an object as the first one is, not a list");
    project_assert_error("csv.encode { { a = 1 }, 5 }",
                         "row 2 must be an object as the first one is, not a number");
    project_assert_error("csv.encode 'x'", "csv.encode: rows must be a list, not a string");
}

/* Of a hundred rows of a hundred megabytes each, no more is written than fits. */
static void test_what_grows_beyond_memory_is_stopped(void **state)
{
    (void)state;
    project_assert_error("local row, rows = {}, {}\n"
                         "local text = ('x'):rep(1000000)\n"
                         "for i = 1, 100 do row[i] = text rows[i] = row end\n"
                         "return #csv.encode(rows)",
                         "limits.memory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields_are_read_by_the_letter),
        cmocka_unit_test(test_what_is_wrong_is_told_with_its_line),
        cmocka_unit_test(test_rows_are_written_so_that_they_are_read_back),
        cmocka_unit_test(test_what_can_not_be_a_field_is_refused),
        cmocka_unit_test(test_what_grows_beyond_memory_is_stopped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
