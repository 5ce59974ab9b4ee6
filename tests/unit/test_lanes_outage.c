/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* A receiver that was away for long, and what it sees before, meanwhile and after. */
#include "outage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define STEADY 50
#define SERVED 150
#define PROBE_S 33 /* a breaker asks again after 30 s and a tenth at most */

/* Ten minutes away, and a burst meanwhile. */
static struct outage ten_minutes(enum outage_sender sender)
{
    struct outage o = {
        .sender = sender,
        .from_s = 120,
        .to_s = 720,
        .end_s = 1200,
        .steady = STEADY,
        .many = 500,
        .many_s = 200,
        .served = SERVED,
    };
    outage_run(&o);
    return o;
}

/* The first second after it in which more than a probe comes. */
static int comes_back(const struct outage *o)
{
    int second = o->to_s;
    while (o->seen[second] <= 1)
        second++;
    return second;
}

static void who_comes_back_sees_no_more_than_twice_the_steady_rate_at_first(void **state)
{
    (void)state;
    struct outage o = ten_minutes(OUTAGE_LIAISON);
    int back_s = comes_back(&o);
    assert_in_range(back_s, o.to_s, o.to_s + PROBE_S);
    for (int second = o.to_s; second < back_s + 10; second++)
        assert_in_range(o.seen[second], 0, 2 * STEADY);
    outage_deinit(&o);
}

static void then_it_grows_to_full_speed_without_a_leap(void **state)
{
    (void)state;
    struct outage o = ten_minutes(OUTAGE_LIAISON);
    int back_s = comes_back(&o);
    int full_s = back_s;
    while (o.seen[full_s] < SERVED)
        full_s++;
    assert_in_range(full_s, back_s + 10, back_s + 30);
    for (int second = back_s + 2; second <= full_s; second++)
        assert_true(o.seen[second] <= o.seen[second - 1] * 3 / 2);
    outage_deinit(&o);
}

static void meanwhile_it_is_only_asked_whether_it_is_back(void **state)
{
    (void)state;
    struct outage o = ten_minutes(OUTAGE_LIAISON);
    assert_in_range(o.seen_away, 5, 5 + 8 + 600 / 30);
    outage_deinit(&o);
}

static void nothing_is_worked_off_in_vain_and_all_arrives(void **state)
{
    (void)state;
    struct outage o = ten_minutes(OUTAGE_LIAISON);
    int least_s = (600 * STEADY + 500) / (SERVED - STEADY);
    assert_int_equal(o.given_up, 0);
    assert_in_range(o.done_s - o.to_s, least_s, least_s * 3 / 2);
    outage_deinit(&o);
}

/* That the model is one in which these things matter. */
static void plain_retries_keep_the_receiver_down(void **state)
{
    (void)state;
    struct outage plain = ten_minutes(OUTAGE_PLAIN), budget = ten_minutes(OUTAGE_BUDGET);
    assert_true(plain.given_up > 600 * STEADY);
    assert_int_equal(plain.done_s, 0);
    assert_int_equal(budget.given_up, 0);
    assert_true(budget.seen_away < plain.seen_away / 4);
    outage_deinit(&plain);
    outage_deinit(&budget);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_comes_back_sees_no_more_than_twice_the_steady_rate_at_first),
        cmocka_unit_test(then_it_grows_to_full_speed_without_a_leap),
        cmocka_unit_test(meanwhile_it_is_only_asked_whether_it_is_back),
        cmocka_unit_test(nothing_is_worked_off_in_vain_and_all_arrives),
        cmocka_unit_test(plain_retries_keep_the_receiver_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
