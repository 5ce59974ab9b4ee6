/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Delays between connections.
 */
#include "channel/reconnect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define assert_between(value, low, high)                                                           \
    do {                                                                                           \
        int64_t value_ = (value);                                                                  \
        if (value_ < (low) || value_ > (high))                                                     \
            fail_msg("%s is %lld", #value, (long long)value_);                                     \
    } while (0)

static void test_an_end_waits_the_reconnection_time_and_at_most_a_tenth_more(void **state)
{
    (void)state;
    struct rng rng;
    struct reconnect r;
    rng_init(&rng, 1);
    reconnect_init(&r);
    reconnect_set_base(&r, 3000);
    for (int i = 0; i < 1000; i++)
        assert_between(reconnect_after_end(&r, &rng), 3000, 3300);
}

static void test_failures_wait_twice_as_long_each_time_up_to_a_minute(void **state)
{
    (void)state;
    struct rng rng;
    rng_init(&rng, 2);
    for (int round = 0; round < 200; round++) {
        struct reconnect r;
        reconnect_init(&r);
        int64_t whole = 2000;
        for (int i = 0; i < 100; i++) {
            assert_between(reconnect_after_failure(&r, 0, &rng), whole / 2, whole);
            whole = whole * 2 > 60000 ? 60000 : whole * 2;
        }
    }
}

static void test_a_delay_is_drawn_from_all_of_its_range(void **state)
{
    (void)state;
    struct rng rng;
    int low = 0, high = 0;
    rng_init(&rng, 3);
    for (int i = 0; i < 1000; i++) {
        struct reconnect r;
        reconnect_init(&r);
        int64_t ms = reconnect_after_failure(&r, 0, &rng);
        low += ms < 1100;
        high += ms > 1900;
    }
    assert_between(low, 50, 150);
    assert_between(high, 50, 150);
}

static void test_success_makes_the_next_failure_the_first(void **state)
{
    (void)state;
    struct rng rng;
    struct reconnect r;
    rng_init(&rng, 4);
    reconnect_init(&r);
    for (int i = 0; i < 10; i++)
        reconnect_after_failure(&r, 0, &rng);
    reconnect_succeeded(&r);
    assert_between(reconnect_after_failure(&r, 0, &rng), 1000, 2000);
}

static void test_what_was_asked_for_is_waited_for(void **state)
{
    (void)state;
    struct rng rng;
    struct reconnect r;
    rng_init(&rng, 5);
    reconnect_init(&r);
    assert_between(reconnect_after_failure(&r, 30000, &rng), 30000, 33000);
}

static void test_what_was_asked_for_never_shortens_the_delay(void **state)
{
    (void)state;
    struct rng rng;
    struct reconnect r;
    rng_init(&rng, 6);
    reconnect_init(&r);
    for (int i = 0; i < 10; i++)
        reconnect_after_failure(&r, 0, &rng);
    assert_between(reconnect_after_failure(&r, 1, &rng), 30000, 60000);
}

static void test_what_was_asked_for_is_bounded(void **state)
{
    (void)state;
    struct rng rng;
    struct reconnect r;
    rng_init(&rng, 7);
    reconnect_init(&r);
    assert_between(reconnect_after_failure(&r, INT64_MAX, &rng), RECONNECT_ASKED_MS,
                   RECONNECT_ASKED_MS * 11 / 10);
    reconnect_set_base(&r, INT64_MAX);
    assert_between(reconnect_after_end(&r, &rng), RECONNECT_ASKED_MS, RECONNECT_ASKED_MS * 11 / 10);
}

static void test_a_reconnection_time_of_zero_is_polled_and_not_spun(void **state)
{
    (void)state;
    struct rng rng;
    struct reconnect r;
    rng_init(&rng, 8);
    reconnect_init(&r);
    reconnect_set_base(&r, 0);
    assert_between(reconnect_after_end(&r, &rng), RECONNECT_LEAST_MS, RECONNECT_LEAST_MS * 2);
    assert_between(reconnect_after_failure(&r, 0, &rng), 200, 400);
}

static void test_a_failure_never_waits_less_than_the_reconnection_time(void **state)
{
    (void)state;
    struct rng rng;
    struct reconnect r;
    rng_init(&rng, 9);
    reconnect_init(&r);
    reconnect_set_base(&r, 120000);
    for (int i = 0; i < 100; i++)
        assert_between(reconnect_after_failure(&r, 0, &rng), 120000, 132000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_end_waits_the_reconnection_time_and_at_most_a_tenth_more),
        cmocka_unit_test(test_failures_wait_twice_as_long_each_time_up_to_a_minute),
        cmocka_unit_test(test_a_delay_is_drawn_from_all_of_its_range),
        cmocka_unit_test(test_success_makes_the_next_failure_the_first),
        cmocka_unit_test(test_what_was_asked_for_is_waited_for),
        cmocka_unit_test(test_what_was_asked_for_never_shortens_the_delay),
        cmocka_unit_test(test_what_was_asked_for_is_bounded),
        cmocka_unit_test(test_a_reconnection_time_of_zero_is_polled_and_not_spun),
        cmocka_unit_test(test_a_failure_never_waits_less_than_the_reconnection_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
