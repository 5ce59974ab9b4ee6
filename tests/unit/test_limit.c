/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * How many attempts at once are allowed: more as long as they succeed, half as many when the other
 * side is overburdened.
 */
#include "delivery/limit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

#include <cmocka.h>

static struct limit limit_of(unsigned max)
{
    struct limit l;
    limit_init(&l);
    l.max = max;
    return l;
}

static struct attempt_end status_end(int status)
{
    return (struct attempt_end){.kind = ATTEMPT_STATUS, .status = status, .after_ms = -1};
}

static void learn(struct limit *l, struct attempt_end end, int64_t started_at, int64_t now)
{
    limit_learn(l, &end, started_at, now);
}

static void succeed(struct limit *l, size_t n)
{
    for (; n > 0; n--)
        learn(l, (struct attempt_end){.kind = ATTEMPT_RETURNED, .after_ms = -1}, 1, 2);
}

static void it_begins_with_a_few(void **state)
{
    (void)state;
    struct limit l;
    limit_init(&l);
    assert_int_equal(l.max, 8);
}

static void a_round_of_successes_under_it_raises_it_by_one(void **state)
{
    (void)state;
    struct limit l = limit_of(8);
    limit_start(&l, 8);
    succeed(&l, 7);
    assert_int_equal(l.max, 8);
    succeed(&l, 1);
    assert_int_equal(l.max, 9);
}

static void it_stays_where_it_isnt_reached(void **state)
{
    (void)state;
    struct limit l = limit_of(8);
    for (int i = 0; i < 1000; i++) {
        limit_start(&l, 7);
        succeed(&l, 1);
    }
    assert_int_equal(l.max, 8);
}

static void it_has_to_be_reached_again_to_rise_again(void **state)
{
    (void)state;
    struct limit l = limit_of(8);
    limit_start(&l, 8);
    succeed(&l, 1000);
    assert_int_equal(l.max, 9);
}

/* As the loop does it: many end in one turn, and then as many begin. */
static void it_rises_by_one_a_round_also_when_all_end_together(void **state)
{
    (void)state;
    struct limit l = limit_of(64);
    for (unsigned round = 0; round < 100; round++) {
        assert_int_equal(l.max, 64 + round);
        for (size_t i = 1; i <= l.max; i++)
            limit_start(&l, i);
        succeed(&l, l.max);
    }
}

static void it_rises_to_its_bound(void **state)
{
    (void)state;
    struct limit l = limit_of(8);
    for (int i = 0; i < 100000; i++) {
        limit_start(&l, l.max);
        succeed(&l, 1);
    }
    assert_int_equal(l.max, 256);
}

static void an_overburdened_side_halves_it(void **state)
{
    (void)state;
    static const int statuses[] = {429, 502, 503, 504};
    static const char *const failures[] = {"connect", "timeout", "broken"};
    for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
        struct limit l = limit_of(64);
        learn(&l, status_end(statuses[i]), 1, 2);
        assert_int_equal(l.max, 32);
    }
    for (size_t i = 0; i < ARRAY_LEN(failures); i++) {
        struct limit l = limit_of(64);
        learn(&l, (struct attempt_end){.kind = ATTEMPT_FAILURE, .failure = failures[i]}, 1, 2);
        assert_int_equal(l.max, 32);
    }
}

static void failures_of_one_delivery_leave_it(void **state)
{
    (void)state;
    static const int statuses[] = {400, 401, 404, 409, 422, 500, 501};
    static const enum attempt_kind kinds[] = {ATTEMPT_RETRY, ATTEMPT_REJECT, ATTEMPT_SCRIPT,
                                              ATTEMPT_LIMIT, ATTEMPT_SKIPPED};
    struct limit l = limit_of(64);
    for (size_t i = 0; i < ARRAY_LEN(statuses); i++)
        learn(&l, status_end(statuses[i]), 1, 2);
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        learn(&l, (struct attempt_end){.kind = kinds[i]}, 1, 2);
    learn(&l, (struct attempt_end){.kind = ATTEMPT_FAILURE, .failure = "dns"}, 1, 2);
    learn(&l, (struct attempt_end){.kind = ATTEMPT_FAILURE, .failure = NULL}, 1, 2);
    assert_int_equal(l.max, 64);
}

static void a_crowd_that_fails_together_halves_it_once(void **state)
{
    (void)state;
    struct limit l = limit_of(64);
    for (int64_t i = 0; i < 64; i++)
        learn(&l, status_end(503), i, 100 + i);
    assert_int_equal(l.max, 32);
    learn(&l, status_end(503), 101, 200);
    assert_int_equal(l.max, 16);
}

static void refused_within_the_same_millisecond_it_is_halved_once(void **state)
{
    (void)state;
    struct limit l = limit_of(64);
    for (int i = 0; i < 64; i++)
        learn(&l, status_end(503), 100, 100);
    assert_int_equal(l.max, 32);
}

static void it_is_never_less_than_one(void **state)
{
    (void)state;
    struct limit l = limit_of(8);
    for (int64_t i = 1; i < 100; i++)
        learn(&l, status_end(503), i, i);
    assert_int_equal(l.max, 1);
    limit_start(&l, 1);
    succeed(&l, 1);
    assert_int_equal(l.max, 2);
}

static void a_halving_begins_the_round_anew(void **state)
{
    (void)state;
    struct limit l = limit_of(8);
    limit_start(&l, 8);
    succeed(&l, 7);
    learn(&l, status_end(503), 1, 2);
    succeed(&l, 4);
    assert_int_equal(l.max, 4);
    limit_start(&l, 4);
    succeed(&l, 3);
    assert_int_equal(l.max, 4);
    succeed(&l, 1);
    assert_int_equal(l.max, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_begins_with_a_few),
        cmocka_unit_test(a_round_of_successes_under_it_raises_it_by_one),
        cmocka_unit_test(it_stays_where_it_isnt_reached),
        cmocka_unit_test(it_has_to_be_reached_again_to_rise_again),
        cmocka_unit_test(it_rises_by_one_a_round_also_when_all_end_together),
        cmocka_unit_test(it_rises_to_its_bound),
        cmocka_unit_test(an_overburdened_side_halves_it),
        cmocka_unit_test(failures_of_one_delivery_leave_it),
        cmocka_unit_test(a_crowd_that_fails_together_halves_it_once),
        cmocka_unit_test(refused_within_the_same_millisecond_it_is_halved_once),
        cmocka_unit_test(it_is_never_less_than_one),
        cmocka_unit_test(a_halving_begins_the_round_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
