/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Numbers in JSON: writing doubles, what survives as one, and comparing by exact decimal value,
 * with libc's conversions and GMP's rationals as oracles.
 */
#include "base/json_number.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gmp.h>
#include <cmocka.h>

#include "base/json.h"
#include "base/rng.h"

/* ---- Writing -------------------------------------------------------------------------------- */

static void assert_double(double d, const char *expected)
{
    struct buf b = {0};
    assert_int_equal(json_add_double(&b, d), 0);
    assert_string_equal(b.data, expected);
    buf_deinit(&b);
}

static void writes_the_shortest_text_of_a_double(void **state)
{
    (void)state;
    assert_double(0.1, "0.1");
    assert_double(-0.5, "-0.5");
    assert_double(0.1 + 0.2, "0.30000000000000004");
    assert_double(1.0 / 3, "0.3333333333333333");
    assert_double(52.5200066, "52.5200066");
    assert_double(-1234567.000001, "-1234567.000001");
    assert_double(0.05, "0.05");
    assert_double(10.07, "10.07");
    assert_double(0.0001, "0.0001");
    assert_double(0.00001, "1e-5");
    assert_double(123456789.125, "123456789.125");
    assert_double(5e-324, "5e-324");
    assert_double(2.5e-320, "2.5e-320");
    assert_double(DBL_MIN, "2.2250738585072014e-308");
    assert_double(DBL_MAX, "1.7976931348623157e308");
    assert_double(1e300, "1e300");
    assert_double(1.5e-7, "1.5e-7");
}

static void writes_whole_numbers_without_exponent_up_to_2_to_the_53(void **state)
{
    (void)state;
    assert_double(0.0, "0");
    assert_double(100, "100");
    assert_double(-4711, "-4711");
    assert_double(1e15, "1000000000000000");
    assert_double(9007199254740991, "9007199254740991");
    assert_double(-9007199254740992, "-9007199254740992");
    assert_double(1e16, "1e16");
    assert_double(9007199254740994, "9007199254740994");
}

static void keeps_the_sign_of_negative_zero(void **state)
{
    (void)state;
    assert_double(-0.0, "-0.0");
    assert_true(signbit(strtod("-0.0", NULL)));
}

static void does_not_write_what_json_has_no_number_for(void **state)
{
    (void)state;
    struct buf b = {0};
    buf_add_str(&b, "x");
    assert_int_equal(json_add_double(&b, NAN), -1);
    assert_int_equal(json_add_double(&b, INFINITY), -1);
    assert_int_equal(json_add_double(&b, -INFINITY), -1);
    assert_string_equal(b.data, "x");
    buf_deinit(&b);
}

static void writes_integers_of_all_64_bits(void **state)
{
    (void)state;
    static const int64_t cases[] = {0, 9, -10, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct buf b = {0};
        char expected[32];
        snprintf(expected, sizeof(expected), "%lld", (long long)cases[i]);
        json_add_integer(&b, cases[i]);
        assert_string_equal(b.data, expected);
        buf_deinit(&b);
    }
}

/* Doubles of every size, those of few decimals among them. */
static double draw_double(struct rng *rng)
{
    double d;
    uint64_t bits = rng_next(rng);
    switch (rng_upto(rng, 3)) {
    case 0:
        memcpy(&d, &bits, sizeof(d));
        return isfinite(d) ? d : 1.5;
    case 1:
        return (double)(int64_t)(bits >> 30) / (double)(1 + rng_upto(rng, 100000));
    case 2:
        return (double)rng_upto(rng, 1000000000) / pow(10, (double)rng_upto(rng, 12));
    default:
        return ldexp(1, (int)rng_upto(rng, 2040) - 1060); /* powers of two are the hard ones */
    }
}

static size_t count_digits(const char *text)
{
    return decimal_of(slice_str(text)).n_digits;
}

static void doubles_read_back_from_no_more_digits_than_libc_needs(void **state)
{
    (void)state;
    struct rng rng;
    rng_init(&rng, 42);
    for (int round = 0; round < 100000; round++) {
        double d = draw_double(&rng);
        struct buf b = {0};
        assert_int_equal(json_add_double(&b, d), 0);
        assert_int_equal(json_check(buf_slice(&b), NULL), 0);
        if (strtod(b.data, NULL) != d)
            fail_msg("%.17g became %s", d, b.data);
        char shortest[64];
        int digits = 1;
        do
            snprintf(shortest, sizeof(shortest), "%.*g", digits, d);
        while (strtod(shortest, NULL) != d && digits++ < 17);
        if (count_digits(b.data) != count_digits(shortest))
            fail_msg("%s, but %s is enough", b.data, shortest);
        buf_deinit(&b);
    }
}

/* ---- What survives as a double -------------------------------------------------------------- */

static const struct {
    const char *text;
    bool exact;
} numbers[] = {
    {"0", true},
    {"-0", true},
    {"-0.0", true},
    {"0e999999999999999999999", true},
    {"1", true},
    {"100.00", true},
    {"0.1", true},
    {"0.10000", true},
    {"1e-7", true},
    {"19.99", true},
    {"123456789012345", true},
    {"9007199254740991", true},
    {"9007199254740992", true},
    {"-9007199254740992", true},
    {"9007199254740993", false},
    {"9007199254740994", false}, /* a double, but whole and beyond 2^53 */
    {"9007199254740992.5", false},
    {"10000000000000000000", false},
    {"1e15", true},
    {"1e16", false},
    {"1e22", false},
    {"1e23", false},
    {"1e300", false},
    {"1e400", false},
    {"1e-400", false},
    {"1e-300", true},
    {"5e-324", true},
    {"4e-324", false},
    {"4.94065645841247e-324", false},
    {"0.30000000000000004", true},
    {"0.30000000000000005", false},
    {"0.1000000000000000055511151231257827", false}, /* the double's own value, not its text */
    {"3.141592653589793", true},
    {"3.1415926535897932", false},
    {"0.000000000000000000000000000000000000000000000000000000000000000000000000000000001", true},
    {"1e99999999999999999999", false},
    {"1e-99999999999999999999", false},
};

static void tells_which_numbers_survive_as_a_double(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        double value = 4711;
        if (json_number_is_exact(slice_str(numbers[i].text), &value) != numbers[i].exact)
            fail_msg("%s", numbers[i].text);
        double read = strtod(numbers[i].text, NULL);
        assert_memory_equal(&value, &read, sizeof(value));
    }
}

/* A number's text, of up to `digits` digits and powers of ten up to ±power. */
static void draw_number(struct rng *rng, struct buf *out, size_t digits, uint64_t power)
{
    buf_clear(out);
    if (rng_upto(rng, 3) == 0)
        buf_add_char(out, '-');
    size_t whole = rng_upto(rng, digits - 1), behind = rng_upto(rng, digits - 1 - whole);
    buf_add_char(out, (char)('0' + (whole > 0 ? 1 + rng_upto(rng, 8) : rng_upto(rng, 9))));
    for (; whole > 0; whole--)
        buf_add_char(out, (char)(rng_upto(rng, 2) ? '0' + rng_upto(rng, 9) : '0'));
    if (behind > 0)
        buf_add_char(out, '.');
    for (; behind > 0; behind--)
        buf_add_char(out, (char)(rng_upto(rng, 2) ? '0' + rng_upto(rng, 9) : '0'));
    static const char *const marks[] = {"e", "E+0", "e-", "E-00"};
    if (rng_upto(rng, 2) > 0)
        buf_printf(out, "%s%llu", marks[rng_upto(rng, 3)],
                   (unsigned long long)rng_upto(rng, power));
}

static void surviving_means_that_the_text_written_has_the_same_value(void **state)
{
    (void)state;
    struct rng rng;
    struct buf text = {0}, written = {0};
    rng_init(&rng, 3);
    for (int round = 0; round < 100000; round++) {
        draw_number(&rng, &text, round % 2 ? 17 : 20, round % 3 ? 30 : 330);
        double value, read = strtod(text.data, NULL);
        bool survives = json_number_is_exact(buf_slice(&text), &value);
        assert_memory_equal(&value, &read, sizeof(value));
        buf_clear(&written);
        bool same = json_add_double(&written, read) == 0 &&
                    decimal_is_equal(buf_slice(&text), buf_slice(&written)) &&
                    fabs(read) <= 9007199254740992;
        if (survives != same)
            fail_msg("%s: %d, but it is written as %s", text.data, survives, written.data);
    }
    buf_deinit(&text);
    buf_deinit(&written);
}

/* ---- Comparing ------------------------------------------------------------------------------ */

static void compares_by_decimal_value(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        bool equal;
    } cases[] = {
        {"1e2", "100", true},
        {"0.10", "0.1", true},
        {"10000000000000000000001", "10000000000000000000002", false},
        {"10000000000000000000001", "1.0000000000000000000001E22", true},
        {"0", "-0.000e5", true},
        {"0e99999999999999999999", "0", true},
        {"1", "-1", false},
        {"1.05", "10.5e-1", true},
        {"1.05", "1.5", false},
        {"105", "1.05", false},
        {"12", "120", false},
        {"12", "1", false},
        {"1e5", "1e-5", false},
        {"1e+005", "1E5", true},
        {"0.000001", "1e-6", true},
        {"1e100000000000000000", "10e99999999999999999", true},
        {"1e9999999999999999999", "1E+9999999999999999999", true},
        {"1e9999999999999999999", "1e-9999999999999999999", false},
        {"1e9999999999999999999", "1e9999999999999999998", false},
        {"1e9999999999999999999", "2e9999999999999999999", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct slice a = slice_str(cases[i].a), b = slice_str(cases[i].b);
        if (decimal_is_equal(a, b) != cases[i].equal || decimal_is_equal(b, a) != cases[i].equal)
            fail_msg("%s and %s", cases[i].a, cases[i].b);
    }
}

static void set_rational(mpq_t q, const char *text)
{
    char digits[64] = "";
    size_t len = 0;
    long power = 0;
    bool behind = false;
    for (; *text && *text != 'e' && *text != 'E'; text++) {
        if (*text == '.')
            behind = true;
        else
            digits[len++] = *text;
        if (behind && *text != '.')
            power--;
    }
    if (*text)
        power += strtol(text + 1, NULL, 10);
    mpz_t scale;
    mpz_init(scale);
    mpz_ui_pow_ui(scale, 10, (unsigned long)labs(power));
    mpq_set_ui(q, 1, 1);
    mpz_set(power < 0 ? mpq_denref(q) : mpq_numref(q), scale);
    mpz_set_str(scale, digits, 10);
    mpz_mul(mpq_numref(q), mpq_numref(q), scale);
    mpq_canonicalize(q);
    mpz_clear(scale);
}

static void compares_as_rationals_do(void **state)
{
    (void)state;
    struct rng rng;
    struct buf a = {0}, b = {0};
    size_t equal = 0;
    mpq_t x, y;
    mpq_inits(x, y, NULL);
    rng_init(&rng, 11);
    for (int round = 0; round < 100000; round++) {
        draw_number(&rng, &a, 2, 2);
        draw_number(&rng, &b, 2, 2);
        set_rational(x, a.data);
        set_rational(y, b.data);
        bool same = mpq_equal(x, y) != 0;
        equal += same;
        if (decimal_is_equal(buf_slice(&a), buf_slice(&b)) != same)
            fail_msg("%s and %s", a.data, b.data);
    }
    assert_in_range(equal, 500, 50000);
    mpq_clears(x, y, NULL);
    buf_deinit(&a);
    buf_deinit(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_the_shortest_text_of_a_double),
        cmocka_unit_test(writes_whole_numbers_without_exponent_up_to_2_to_the_53),
        cmocka_unit_test(keeps_the_sign_of_negative_zero),
        cmocka_unit_test(does_not_write_what_json_has_no_number_for),
        cmocka_unit_test(writes_integers_of_all_64_bits),
        cmocka_unit_test(doubles_read_back_from_no_more_digits_than_libc_needs),
        cmocka_unit_test(tells_which_numbers_survive_as_a_double),
        cmocka_unit_test(surviving_means_that_the_text_written_has_the_same_value),
        cmocka_unit_test(compares_by_decimal_value),
        cmocka_unit_test(compares_as_rationals_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
