/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* fixedWidth: what its page doesn't show. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "script_project.h"

static void test_columns_count_characters(void **state)
{
    (void)state;
    assert_eval("return fixedWidth.decode('äö ü1', { { name = 'a', width = 3 }, { name = 'b', "
                "width = 2 } })",
                "[{\"a\":\"äö\",\"b\":\"ü1\"}]");
    assert_eval(
        "return fixedWidth.encode({ { a = 'ä' } }, { { name = 'a', width = 3, pad = '·' } })",
        "\"ä··\\n\"");
    assert_eval("return fixedWidth.decode('ab\\r\\n\\r\\n  c\\n', { { name = 'x', width = 2 }, { "
                "name = 'y', width = 2 } })",
                "[{\"x\":\"ab\",\"y\":\"\"},{\"x\":\"\",\"y\":\"c\"}]");
    assert_eval("return { fixedWidth.decode('', { { width = 1 } }), fixedWidth.encode({}, { { "
                "width = 1 } }) }",
                "[[],\"\"]");
}

static void test_padding_goes_and_comes(void **state)
{
    (void)state;
    assert_eval("return fixedWidth.decode('00000', { { name = 'n', width = 5, align = 'right', pad "
                "= '0' } })",
                "[{\"n\":\"0\"}]");
    assert_eval(
        "return fixedWidth.encode({ { n = -5 }, { n = json.decode '12345678901234567890' }, { n = "
        "null }, {} }, { { name = 'n', width = 20, align = 'right', pad = '0' } }, { newline = '|' "
        "})",
        "\"-0000000000000000005|12345678901234567890|00000000000000000000|00000000000000000000|\"");
    assert_eval("return toInteger(fixedWidth.decode('-0005', { { name = 'n', width = 5, align = "
                "'right', pad = '0' } })[1].n)",
                "-5");
    assert_eval("return fixedWidth.encode({ { a = 1, b = true } }, { { name = 'a', width = 3, "
                "align = 'right' }, { width = 1, pad = '|' }, { name = 'b', width = 5 } })",
                "\"  1|true \\n\"");
}

static void test_what_is_wrong_is_named(void **state)
{
    (void)state;
    project_assert_error("fixedWidth.decode('abc', { { width = 2 } })",
                         "fixedWidth.decode: line 1 has 3 characters, the columns have 2");
    project_assert_error("fixedWidth.decode('abc', {})", "columns is empty");
    project_assert_error("fixedWidth.decode('abc')",
                         "fixedWidth.decode: columns must be a list, not nil");
    project_assert_error("fixedWidth.decode('', { { width = 0 } })",
                         "column 1: `width` must be a whole number from 1 up");
    project_assert_error("fixedWidth.decode('', { { width = 1, align = 'middle' } })",
                         "`align` must be \"left\" or \"right\", not \"middle\"");
    project_assert_error("fixedWidth.decode('', { { width = 1, pad = 'xx' } })",
                         "`pad` must be one character");
    project_assert_error("fixedWidth.decode('', { { width = 1, nam = 'a' } })",
                         "did you mean `name`?");
    project_assert_error("fixedWidth.decode('', { 5 })", "column 1 must be a table");
    project_assert_error("fixedWidth.decode({}, {})", "text must be a string, not an object");
    project_assert_error("fixedWidth.encode({ { a = {} } }, { { name = 'a', width = 1 } })",
                         "row 1, column \"a\": an object can't be part of a line");
    project_assert_error("fixedWidth.encode({ { a = 'x\\n' } }, { { name = 'a', width = 5 } })",
                         "a line break can't be part of a column");
    project_assert_error("fixedWidth.encode({ 1 }, { { name = 'a', width = 5 } })",
                         "row 1 must be an object, not a number");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_columns_count_characters),
        cmocka_unit_test(test_padding_goes_and_comes),
        cmocka_unit_test(test_what_is_wrong_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
