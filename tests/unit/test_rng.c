/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The generator against known answers, and the evenness of bounded draws.
 */
#include "base/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* What the authors' xoshiro256starstar.c gives for this state. */
static void next_gives_the_reference_sequence(void **state)
{
    (void)state;
    static const uint64_t expected[] = {
        11520,
        0,
        1509978240,
        1215971899390074240,
        1216172134540287360,
        607988272756665600,
        16172922978634559625U,
        8476171486693032832,
        10595114339597558777U,
        2904607092377533576,
    };
    struct rng r = {{1, 2, 3, 4}};
    for (int i = 0; i < 10; i++)
        assert_true(rng_next(&r) == expected[i]);
}

/* What the authors' splitmix64.c gives for 1234567. */
static void a_seed_is_spread_by_splitmix64(void **state)
{
    (void)state;
    struct rng r;
    rng_init(&r, 1234567);
    assert_true(r.s[0] == 6457827717110365317U);
    assert_true(r.s[1] == 3203168211198807973U);
    assert_true(r.s[2] == 9817491932198370423U);
    assert_true(r.s[3] == 4593380528125082431U);
}

static void a_seed_repeats_its_sequence(void **state)
{
    (void)state;
    struct rng a, b, other;
    rng_init(&a, 7);
    rng_init(&b, 7);
    rng_init(&other, 8);
    assert_true(rng_next(&a) != rng_next(&other));
    rng_next(&b);
    for (int i = 0; i < 100; i++)
        assert_true(rng_next(&a) == rng_next(&b));
}

static void entropy_seeds_differently_each_time(void **state)
{
    (void)state;
    struct rng a, b;
    rng_init_entropy(&a);
    rng_init_entropy(&b);
    assert_memory_not_equal(&a, &b, sizeof(a));
}

static void upto_reaches_both_ends_and_nothing_beyond(void **state)
{
    (void)state;
    struct rng r;
    rng_init(&r, 1);
    unsigned count[6] = {0};
    for (int i = 0; i < 60000; i++) {
        uint64_t draw = rng_upto(&r, 5);
        assert_true(draw <= 5);
        count[draw]++;
    }
    for (int i = 0; i < 6; i++)
        assert_in_range(count[i], 9500, 10500);
}

static void upto_takes_the_extremes(void **state)
{
    (void)state;
    struct rng r;
    rng_init(&r, 1);
    for (int i = 0; i < 100; i++)
        assert_int_equal(rng_upto(&r, 0), 0);
    struct rng again = r;
    assert_true(rng_upto(&r, UINT64_MAX) == rng_next(&again));
}

/* By a plain remainder the lowest third would get half of the draws. */
static void upto_is_without_bias_for_large_bounds(void **state)
{
    (void)state;
    const uint64_t max = UINT64_C(3) << 62;
    struct rng r;
    unsigned low = 0;
    rng_init(&r, 3);
    for (int i = 0; i < 30000; i++)
        low += rng_upto(&r, max) < max / 3;
    assert_in_range(low, 9600, 10400);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(next_gives_the_reference_sequence),
        cmocka_unit_test(a_seed_is_spread_by_splitmix64),
        cmocka_unit_test(a_seed_repeats_its_sequence),
        cmocka_unit_test(entropy_seeds_differently_each_time),
        cmocka_unit_test(upto_reaches_both_ends_and_nothing_beyond),
        cmocka_unit_test(upto_takes_the_extremes),
        cmocka_unit_test(upto_is_without_bias_for_large_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
