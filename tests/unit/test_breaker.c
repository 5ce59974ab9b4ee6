/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What a breaker counts, what opens it, and how long it stays open.
 */
#include "delivery/breaker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

#include <cmocka.h>

static enum breaker_sign sign_of(struct attempt_end end)
{
    const struct verdict verdict = outcome_of(&end, false, false);
    return breaker_sign_of(&end, &verdict);
}

static void no_connection_a_timeout_429_and_5xx_say_that_it_is_down(void **state)
{
    (void)state;
    static const char *const failures[] = {"connect", "dns", "tls", "timeout", "broken"};
    static const int statuses[] = {408, 429, 500, 502, 503, 504, 507, 599};
    for (size_t i = 0; i < ARRAY_LEN(failures); i++)
        assert_int_equal(
            sign_of((struct attempt_end){.kind = ATTEMPT_FAILURE, .failure = failures[i]}),
            BREAKER_SAYS_DOWN);
    for (size_t i = 0; i < ARRAY_LEN(statuses); i++)
        assert_int_equal(
            sign_of((struct attempt_end){.kind = ATTEMPT_STATUS, .status = statuses[i]}),
            BREAKER_SAYS_DOWN);
}

static void any_other_answer_says_that_it_is_up(void **state)
{
    (void)state;
    static const int statuses[] = {301, 400, 401, 404, 409, 422, 425, 501, 505};
    assert_int_equal(sign_of((struct attempt_end){.kind = ATTEMPT_RETURNED}), BREAKER_SAYS_UP);
    for (size_t i = 0; i < ARRAY_LEN(statuses); i++)
        assert_int_equal(
            sign_of((struct attempt_end){.kind = ATTEMPT_STATUS, .status = statuses[i]}),
            BREAKER_SAYS_UP);
}

static void what_a_script_decides_says_nothing(void **state)
{
    (void)state;
    static const enum attempt_kind kinds[] = {ATTEMPT_SKIPPED, ATTEMPT_OLDER,  ATTEMPT_RETRY,
                                              ATTEMPT_REJECT,  ATTEMPT_SCRIPT, ATTEMPT_LIMIT};
    static const char *const failures[] = {"token", "url", "tooBig"};
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        assert_int_equal(sign_of((struct attempt_end){.kind = kinds[i]}), BREAKER_SAYS_NOTHING);
    for (size_t i = 0; i < ARRAY_LEN(failures); i++)
        assert_int_equal(
            sign_of((struct attempt_end){.kind = ATTEMPT_FAILURE, .failure = failures[i]}),
            BREAKER_SAYS_NOTHING);
}

/* 0 as long as it stays closed, else the place of the failure that opened it, from 1. */
static size_t opened_by(const int64_t *positions, size_t n, unsigned failures)
{
    struct breaker b = {0};
    size_t by = 0;
    for (size_t i = 0; i < n && by == 0; i++) {
        if (positions[i] < 0)
            breaker_learn(&b, BREAKER_SAYS_UP, 0, 0, 0, failures);
        else if (breaker_learn(&b, BREAKER_SAYS_DOWN, positions[i], 0, 0, failures))
            by = i + 1;
    }
    breaker_deinit(&b);
    return by;
}

static void distinct_deliveries_in_a_row_open_it(void **state)
{
    (void)state;
    static const int64_t distinct[] = {1, 2, 3, 4, 5};
    static const int64_t one[] = {1, 1, 1, 1, 1, 1, 1, 1};
    static const int64_t between[] = {1, 2, 3, 4, -1, 5, 6, 7, 8};
    static const int64_t mixed[] = {1, 2, 1, 2, 3, 3, 1, 4, 2, 5};
    assert_int_equal(opened_by(distinct, ARRAY_LEN(distinct), 5), 5);
    assert_int_equal(opened_by(one, ARRAY_LEN(one), 5), 0);
    assert_int_equal(opened_by(between, ARRAY_LEN(between), 5), 0);
    assert_int_equal(opened_by(mixed, ARRAY_LEN(mixed), 5), 10);
    assert_int_equal(opened_by(one, ARRAY_LEN(one), 1), 1);
    assert_int_equal(opened_by(distinct, ARRAY_LEN(distinct), 0), 0);
}

static void what_began_before_it_was_seen_up_opens_nothing(void **state)
{
    (void)state;
    struct breaker b = {0};
    breaker_learn(&b, BREAKER_SAYS_UP, 0, 10, 50, 3);
    for (int64_t i = 1; i <= 10; i++)
        assert_false(breaker_learn(&b, BREAKER_SAYS_DOWN, i, 49, 60, 3));
    for (int64_t i = 1; i <= 3; i++)
        assert_int_equal(breaker_learn(&b, BREAKER_SAYS_DOWN, i, 50, 60, 3), i == 3);
    breaker_deinit(&b);
}

static void once_open_they_are_counted_anew(void **state)
{
    (void)state;
    struct breaker b = {0};
    for (int64_t i = 1; i <= 30; i++)
        assert_int_equal(breaker_learn(&b, BREAKER_SAYS_DOWN, i, 0, 0, 10), i % 10 == 0);
    breaker_deinit(&b);
}

static void a_smaller_count_holds_from_the_next_failure_on(void **state)
{
    (void)state;
    struct breaker b = {0};
    for (int64_t i = 1; i <= 9; i++)
        assert_false(breaker_learn(&b, BREAKER_SAYS_DOWN, i, 0, 0, 10));
    assert_true(breaker_learn(&b, BREAKER_SAYS_DOWN, 1, 0, 0, 5));
    breaker_deinit(&b);
}

static void it_is_open_for_its_time_and_up_to_a_tenth_more(void **state)
{
    (void)state;
    const struct breaker_policy policy = {.failures = 5, .open_ms = 30000};
    const struct attempt_end end = {.kind = ATTEMPT_STATUS, .status = 503, .after_ms = -1};
    struct rng rng;
    int64_t least = INT64_MAX, most = 0;
    rng_init(&rng, 1);
    for (int i = 0; i < 1000; i++) {
        int64_t ms = breaker_wait_ms(&policy, &end, &rng);
        least = ms < least ? ms : least;
        most = ms > most ? ms : most;
    }
    assert_in_range(least, 30000, 30100);
    assert_in_range(most, 32900, 33000);
}

static void it_is_open_for_as_long_as_was_asked_for_up_to_an_hour(void **state)
{
    (void)state;
    const struct breaker_policy policy = {.failures = 5, .open_ms = 30000};
    struct attempt_end end = {.kind = ATTEMPT_STATUS, .status = 503, .after_ms = 120000};
    struct rng rng;
    rng_init(&rng, 1);
    assert_int_equal(breaker_wait_ms(&policy, &end, &rng), 120000);
    end.after_ms = INT64_MAX;
    assert_int_equal(breaker_wait_ms(&policy, &end, &rng), 3600000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_connection_a_timeout_429_and_5xx_say_that_it_is_down),
        cmocka_unit_test(any_other_answer_says_that_it_is_up),
        cmocka_unit_test(what_a_script_decides_says_nothing),
        cmocka_unit_test(distinct_deliveries_in_a_row_open_it),
        cmocka_unit_test(what_began_before_it_was_seen_up_opens_nothing),
        cmocka_unit_test(once_open_they_are_counted_anew),
        cmocka_unit_test(a_smaller_count_holds_from_the_next_failure_on),
        cmocka_unit_test(it_is_open_for_its_time_and_up_to_a_tenth_more),
        cmocka_unit_test(it_is_open_for_as_long_as_was_asked_for_up_to_an_hour),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
