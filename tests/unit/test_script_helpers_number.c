/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* Numbers: what its page doesn't show. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "script_project.h"

static void test_texts_become_what_documents_have(void **state)
{
    (void)state;
    assert_eval("return { toNumber '0', toNumber '-0.5', toNumber '.5', toNumber '5.', toNumber "
                "'1e3', toNumber '1E-2', toNumber '00012.50' }",
                "[0,-0.5,0.5,5,1000,0.01,12.5]");
    assert_eval("return { toNumber '9007199254740993', toNumber '0.12345678901234567890', toNumber "
                "'-123456789012345678901234567890' }",
                "[9007199254740993,0.12345678901234567890,-123456789012345678901234567890]");
    assert_eval("return { type(toNumber '12'), type(toNumber '0.1'), toNumber '12' == 12 }",
                "[\"number\",\"number\",true]");
    assert_eval("return toNumber(json.decode '12345678901234567890')", "12345678901234567890");
    assert_eval(
        "return { toNumber(null, 0), toNumber({}, 'x'), toNumber('', null), toNumber('x', false) }",
        "[0,\"x\",null,false]");
    assert_eval("local long = ('9'):rep(20000)\n"
                "return { toNumber('1e99999', 1), toInteger(long, 2), decimal(long, null) }",
                "[1,2,null]");
}

static void test_what_is_no_number_is_refused(void **state)
{
    (void)state;
    project_assert_error("toNumber ''", "toNumber(x): \"\" is no number, as \"12.5\" is");
    project_assert_error("toNumber '0x10'", "is no number");
    project_assert_error("toNumber 'nan'", "is no number");
    project_assert_error("toNumber 'inf'", "is no number");
    project_assert_error("toNumber '1 2'", "is no number");
    project_assert_error("toNumber '1e'", "is no number");
    project_assert_error("toNumber '.'", "is no number");
    project_assert_error("toNumber '--1'", "is no number");
    project_assert_error("toNumber(nil)",
                         "toNumber(x): x is nil; give a default, as in toNumber(x, 0)");
    project_assert_error("toNumber(null)", "toNumber(x): x is null; give a default");
    project_assert_error("toNumber()", "toNumber(x): x is nil");
    project_assert_error("toNumber {}", "toNumber(x): an object is no number");
    project_assert_error("toNumber(true)", "toNumber(x): true is no number");
    project_assert_error("toNumber(('x'):rep(100))", "…\" is no number");
    project_assert_error("toNumber(('9'):rep(20000))",
                         "toNumber(x): a number has more than 10000 digits");
    project_assert_error("toNumber '1e99999'", "or a larger exponent");
    project_assert_error("decimal 'x'", "decimal(x): \"x\" is no number");
    project_assert_error("decimal(1/0)", "decimal(x): NaN or infinity is no number");
}

static void test_rounding_is_that_of_paper(void **state)
{
    (void)state;
    assert_eval(
        "return { round(0.5), round(1.5), round(-0.5), round(-1.5), round(2.4999), round(-2.5) }",
        "[1,2,-1,-2,2,-3]");
    assert_eval("return { round(1.005, 2), round(2.675, 2), round(0.1 + 0.2, 10), round(1e300, 2), "
                "round(1234567.891, -3) }",
                "[1.01,2.68,0.3,1e300,1235000]");
    assert_eval("return { round(5e-324, 400), round(1e-7, 3), round(7, 5), round(5, -5), "
                "round(49999.5, -5) }",
                "[5e-324,0,7,0,0]");
    assert_eval("return round(json.decode '12345678901234567890.5')", "12345678901234567891");
    assert_eval("return round(json.decode '-12345678901234567890', -1)", "-12345678901234567890");
    assert_eval("return round(json.decode '12345678901234567895', -1)", "12345678901234567900");
    assert_eval(
        "return { round(decimal '2.5', 2), round(decimal '2.345', 2), round(decimal '0.004', 2) }",
        "[2.5,2.35,0]");
    assert_eval("return { round(1/0) == 1/0, round(0/0) ~= round(0/0) }", "[true,true]");
    project_assert_error("round('1')", "write round(toNumber(x), digits)");
    project_assert_error("round(nil)", "x must be a number, not nil");
    project_assert_error("round(1, 1.5)", "digits must be a whole number as in round(x, 2)");
    project_assert_error("round(1, '2')", "digits must be a whole number");
    project_assert_error("round(1, 1e9)", "digits must be a whole number");
}

static void test_whole_numbers_keep_every_digit(void **state)
{
    (void)state;
    assert_eval("return { toInteger '12345678901234567890', toInteger '-7', toInteger '2.0', "
                "toInteger '1e3', toInteger(1e15) }",
                "[12345678901234567890,-7,2,1000,1000000000000000]");
    assert_eval("return toInteger(json.decode '-12345678901234567890.9')", "-12345678901234567890");
    assert_eval("return tonumber(json.decode '12345678901234567890')", "12345678901234567890");
    assert_eval("return { tonumber '5', tonumber('ff', 16), tonumber 'x' == nil }", "[5,255,true]");
    assert_eval("return { toInteger(2.9), toInteger(-0.9), toInteger(false), toInteger('x', 5) }",
                "[2,0,0,5]");
    project_assert_error("toInteger(0/0)", "toInteger(x): NaN or infinity is no whole number");
    project_assert_error("toInteger '1.5'",
                         "toInteger(x): \"1.5\" is no whole number, as \"12\" is");
    project_assert_error("toInteger(null)", "toInteger(x): x is null; give a default");
}

static void test_words_are_true_or_false(void **state)
{
    (void)state;
    assert_eval(
        "return map({ 'TRUE', 't', 'Yes', 'y', 'on', '1', ' true ', 1, -0.5, true }, toBoolean)",
        "[true,true,true,true,true,true,true,true,true,true]");
    assert_eval("return map({ 'false', 'F', 'no', 'N', 'off', '0', 0, false }, toBoolean)",
                "[false,false,false,false,false,false,false,false]");
    assert_eval("return toBoolean(json.decode '12345678901234567890')", "true");
    project_assert_error("toBoolean ''", "\"\" is neither true nor false");
    project_assert_error("toBoolean '2'", "neither");
    project_assert_error("toBoolean {}", "an object is neither");
    project_assert_error("toBoolean(nil)", "toBoolean(x): x is nil");
}

static void test_only_finite_numbers_are_numbers(void **state)
{
    (void)state;
    assert_eval(
        "return map({ 1, 0.5, decimal '1', 1/0, -1/0, 0/0, '1', true, null, {}, print }, isNumber)",
        "[true,true,true,false,false,false,false,false,false,false,false]");
    assert_eval("return isNumber()", "false");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts_become_what_documents_have),
        cmocka_unit_test(test_what_is_no_number_is_refused),
        cmocka_unit_test(test_rounding_is_that_of_paper),
        cmocka_unit_test(test_whole_numbers_keep_every_digit),
        cmocka_unit_test(test_words_are_true_or_false),
        cmocka_unit_test(test_only_finite_numbers_are_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
