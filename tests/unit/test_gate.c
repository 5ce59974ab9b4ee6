/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * When a connector's next attempt may start: rates, the budget of retries, the way back after trouble,
 * and who asks to be spared.
 */
#include "delivery/gate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

#include <cmocka.h>

/* ---- buckets ---- */

static void a_bucket_gives_what_is_in_it_and_then_by_time(void **state)
{
    (void)state;
    struct bucket b;
    bucket_set(&b, 3, 0.1, 1000);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(bucket_opens_at(&b, 1000), 1000);
        bucket_take(&b, 1000);
    }
    assert_int_equal(bucket_opens_at(&b, 1000), 1010);
    assert_int_equal(bucket_opens_at(&b, 1009), 1010);
    assert_int_equal(bucket_opens_at(&b, 1010), 1010);
    bucket_take(&b, 1010);
    assert_int_equal(bucket_opens_at(&b, 1010), 1020);
}

static void a_bucket_holds_no_more_than_its_cap(void **state)
{
    (void)state;
    struct bucket b;
    bucket_set(&b, 2, 0.1, 0);
    for (int i = 0; i < 2; i++)
        bucket_take(&b, 1000000);
    assert_int_equal(bucket_opens_at(&b, 1000000), 1000010);
}

static void a_bucket_opens_when_it_said_it_would(void **state)
{
    (void)state;
    static const double rates[] = {1 / 3.0, 0.7, 1.0 / 3600, 1000.0 / 60000, 7.3};
    for (size_t i = 0; i < ARRAY_LEN(rates); i++) {
        struct bucket b;
        int64_t now = 5;
        bucket_set(&b, 1, rates[i], now);
        for (int n = 0; n < 1000; n++) {
            int64_t at = bucket_opens_at(&b, now);
            assert_int_equal(bucket_opens_at(&b, at), at);
            if (at > now)
                assert_true(bucket_opens_at(&b, at - 1) == at);
            now = at;
            bucket_take(&b, now);
        }
        /* A millisecond may be lost with each, since time has no smaller parts. */
        double least = 999 / rates[i];
        assert_true((double)now >= least * 0.999 && (double)now <= least + 1010);
    }
}

static void a_bucket_that_nothing_comes_into_opens_never(void **state)
{
    (void)state;
    struct bucket b;
    bucket_set(&b, 1, 0, 0);
    bucket_take(&b, 0);
    assert_int_equal(bucket_opens_at(&b, 1000), INT64_MAX);
    bucket_add(&b, 0.5);
    bucket_add(&b, 0.5);
    assert_int_equal(bucket_opens_at(&b, 1000), 1000);
}

/* ---- rates ---- */

/* How many first attempts start in so many ms from now, one after the other as fast as may be. */
static int start_all(struct gate *g, bool is_retry, int64_t *now, int64_t ms)
{
    int n = 0;
    for (int64_t until = *now + ms; *now < until;) {
        int64_t at = gate_opens_at(g, is_retry, *now);
        if (at >= until) {
            *now = until;
            break;
        }
        *now = at;
        gate_start(g, is_retry, at);
        n++;
        if (n > 1000000)
            break;
    }
    return n;
}

static struct gate gate_of(int64_t n, int64_t ms)
{
    struct gate g;
    const struct rate_policy rate = {n, ms};
    gate_init(&g, 0);
    gate_set_rate(&g, &rate, 0);
    return g;
}

static void a_rate_lets_a_tenth_at_once_and_the_rest_by_time(void **state)
{
    (void)state;
    static const struct rate_policy rates[] = {{50, 1000}, {1000, 60000},  {7, 1000},
                                               {1, 1000},  {100, 3600000}, {5000, 1000}};
    for (size_t i = 0; i < ARRAY_LEN(rates); i++) {
        struct gate g = gate_of(rates[i].n, rates[i].ms);
        int64_t now = 0, burst = rates[i].n > 10 ? rates[i].n / 10 : 1;
        int first = start_all(&g, false, &now, rates[i].ms);
        assert_in_range(first, rates[i].n, rates[i].n + burst);
        int second = start_all(&g, false, &now, rates[i].ms);
        assert_in_range(second, rates[i].n - 1, rates[i].n + 1);
    }
}

static void a_rate_holds_for_retries_too(void **state)
{
    (void)state;
    struct gate g = gate_of(5, 1000);
    int64_t now = 0;
    assert_in_range(start_all(&g, true, &now, 10000), 50, 51);
}

static void the_same_rate_again_gives_nothing(void **state)
{
    (void)state;
    const struct rate_policy same = {50, 1000};
    struct gate g = gate_of(50, 1000);
    for (int i = 0; i < 5; i++)
        gate_start(&g, false, 0);
    gate_set_rate(&g, &same, 0);
    assert_int_equal(gate_opens_at(&g, false, 0), 20);
}

static void another_rate_holds_from_then_on(void **state)
{
    (void)state;
    const struct rate_policy slower = {10, 1000}, none = {0, 0};
    struct gate g = gate_of(50, 1000);
    for (int i = 0; i < 5; i++)
        gate_start(&g, false, 0);
    gate_set_rate(&g, &slower, 0);
    assert_int_equal(gate_opens_at(&g, false, 0), 100);
    gate_set_rate(&g, &none, 0);
    assert_true(gate_is_wide_open(&g));
    assert_int_equal(gate_opens_at(&g, false, 0), 0);
}

/* ---- the budget of retries ---- */

static void ten_retries_a_second_are_always_let(void **state)
{
    (void)state;
    struct gate g = gate_of(0, 0);
    int64_t now = 0;
    assert_int_equal(start_all(&g, true, &now, 100), 10); /* at once, at the beginning */
    assert_in_range(start_all(&g, true, &now, 60000), 599, 601);
}

/* A thousand first attempts a second, and retries as many as may be. */
static void of_many_attempts_a_fifth_may_be_retries(void **state)
{
    (void)state;
    struct gate g = gate_of(0, 0);
    int retries = 0, firsts = 0;
    for (int64_t now = 0; now < 60000; now++) {
        gate_start(&g, false, now);
        firsts++;
        while (gate_opens_at(&g, true, now) <= now) {
            gate_start(&g, true, now);
            retries++;
        }
    }
    assert_in_range(retries, (firsts + retries) / 5 - 5, (firsts + retries) / 5 + 15);
}

/* 20 first attempts a second would give five. */
static void of_few_attempts_ten_a_second_may_be_retries_and_no_more(void **state)
{
    (void)state;
    struct gate g = gate_of(0, 0);
    int retries = 0;
    for (int64_t now = 0; now < 60000; now++) {
        if (now % 50 == 0)
            gate_start(&g, false, now);
        while (gate_opens_at(&g, true, now) <= now) {
            gate_start(&g, true, now);
            retries++;
        }
    }
    assert_in_range(retries, 600, 620);
}

static void first_attempts_need_no_budget(void **state)
{
    (void)state;
    struct gate g = gate_of(0, 0);
    for (int i = 0; i < 100; i++)
        gate_start(&g, true, 0);
    assert_int_equal(gate_opens_at(&g, false, 0), 0);
}

/* ---- after trouble ---- */

/* So many a second for so long. */
static void run_steadily(struct gate *g, int64_t *now, int64_t per_s, int64_t ms)
{
    for (int64_t until = *now + ms; *now < until; *now += 1000 / per_s)
        gate_start(g, false, *now);
}

static void what_comes_back_is_slow_for_ten_seconds_and_then_doubles(void **state)
{
    (void)state;
    static const int64_t outages_ms[] = {1000, 30000, 1800000, INT64_C(86400000) * 30};
    for (size_t i = 0; i < ARRAY_LEN(outages_ms); i++) {
        struct gate g = gate_of(0, 0);
        int64_t now = 0;
        run_steadily(&g, &now, 20, 60000);
        gate_stop(&g, now);
        now += outages_ms[i];
        gate_resume(&g, now);
        for (int s = 0; s < 10; s++)
            assert_in_range(start_all(&g, false, &now, 1000), 25, 40);
        assert_in_range(start_all(&g, false, &now, 5000), 150, 320);
        assert_in_range(start_all(&g, false, &now, 5000), 300, 640);
        assert_in_range(start_all(&g, false, &now, 5000), 600, 1280);
    }
}

static void what_is_held_back_no_more_is_no_longer_slow(void **state)
{
    (void)state;
    struct gate g = gate_of(0, 0);
    int64_t now = 0;
    run_steadily(&g, &now, 20, 60000);
    gate_stop(&g, now);
    gate_resume(&g, now);
    run_steadily(&g, &now, 20, 16000);
    assert_true(gate_is_wide_open(&g));
}

static void trouble_again_begins_it_again_from_where_all_was_well(void **state)
{
    (void)state;
    struct gate g = gate_of(0, 0);
    int64_t now = 0;
    run_steadily(&g, &now, 20, 60000);
    for (int i = 0; i < 10; i++) {
        gate_stop(&g, now);
        now += 60000;
        for (int probe = 0; probe < 100; probe++)
            gate_start(&g, true, now);
        gate_resume(&g, now);
        for (int s = 0; s < 10; s++)
            assert_in_range(start_all(&g, false, &now, 1000), 25, 40);
        start_all(&g, false, &now, 10000);
    }
}

static void without_anything_to_go_by_it_is_fifty_a_second(void **state)
{
    (void)state;
    struct gate g = gate_of(0, 0);
    int64_t now = 1000;
    gate_stop(&g, now);
    gate_resume(&g, now);
    assert_in_range(start_all(&g, false, &now, 1000), 69, 70);
    assert_in_range(start_all(&g, false, &now, 9000), 449, 451);
}

static void what_was_hardly_used_comes_back_by_five_a_second(void **state)
{
    (void)state;
    struct gate g = gate_of(0, 0);
    int64_t now = 0;
    for (; now < 600000; now += 60000)
        gate_start(&g, false, now);
    gate_stop(&g, now);
    gate_resume(&g, now);
    assert_in_range(start_all(&g, false, &now, 10000), 50, 51);
}

static void who_was_never_in_trouble_isnt_slow(void **state)
{
    (void)state;
    struct gate g = gate_of(0, 0);
    gate_resume(&g, 5);
    assert_true(gate_is_wide_open(&g));
}

/* ---- sparing the other side ---- */

static void who_asks_to_be_spared_is(void **state)
{
    (void)state;
    struct gate g = gate_of(0, 0);
    assert_true(gate_spare(&g, 2000, 10));
    assert_int_equal(gate_opens_at(&g, false, 10), 2010);
    assert_int_equal(gate_opens_at(&g, true, 2009), 2010);
    assert_false(gate_spare(&g, 1000, 20));
    assert_false(gate_spare(&g, 0, 20));
    assert_true(gate_spare(&g, 3000, 20));
    assert_int_equal(gate_opens_at(&g, false, 20), 3020);
    gate_start(&g, false, 3020);
    assert_true(gate_is_wide_open(&g));
}

static void nobody_is_spared_for_more_than_an_hour(void **state)
{
    (void)state;
    struct gate g = gate_of(0, 0);
    gate_spare(&g, INT64_MAX, 10);
    assert_int_equal(gate_opens_at(&g, false, 10), 3600010);
}

static void after_having_been_spared_for_long_it_comes_back_slowly(void **state)
{
    (void)state;
    struct gate g = gate_of(0, 0);
    int64_t now = 0;
    run_steadily(&g, &now, 20, 60000);
    gate_spare(&g, 60000, now);
    now = gate_opens_at(&g, false, now);
    assert_int_equal(now, 120000);
    assert_in_range(start_all(&g, false, &now, 1000), 25, 40);
}

static void who_doesnt_need_to_be_spared_any_more_isnt(void **state)
{
    (void)state;
    struct gate g = gate_of(0, 0);
    int64_t now = 0;
    run_steadily(&g, &now, 20, 60000);
    gate_spare(&g, 3600000, now);
    assert_int_equal(gate_spared_ms(&g, now), 3600000);
    now += 1000;
    assert_int_equal(gate_spared_ms(&g, now), 3599000);
    gate_spare_no_more(&g, now);
    assert_int_equal(gate_spared_ms(&g, now), 0);
    assert_int_equal(gate_opens_at(&g, false, now), now);
    assert_in_range(start_all(&g, false, &now, 1000), 25, 40); /* slowly, from now on */
    now += 20000;
    assert_in_range(start_all(&g, false, &now, 1000), 60, INT32_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bucket_gives_what_is_in_it_and_then_by_time),
        cmocka_unit_test(a_bucket_holds_no_more_than_its_cap),
        cmocka_unit_test(a_bucket_opens_when_it_said_it_would),
        cmocka_unit_test(a_bucket_that_nothing_comes_into_opens_never),
        cmocka_unit_test(a_rate_lets_a_tenth_at_once_and_the_rest_by_time),
        cmocka_unit_test(a_rate_holds_for_retries_too),
        cmocka_unit_test(the_same_rate_again_gives_nothing),
        cmocka_unit_test(another_rate_holds_from_then_on),
        cmocka_unit_test(ten_retries_a_second_are_always_let),
        cmocka_unit_test(of_many_attempts_a_fifth_may_be_retries),
        cmocka_unit_test(of_few_attempts_ten_a_second_may_be_retries_and_no_more),
        cmocka_unit_test(first_attempts_need_no_budget),
        cmocka_unit_test(what_comes_back_is_slow_for_ten_seconds_and_then_doubles),
        cmocka_unit_test(what_is_held_back_no_more_is_no_longer_slow),
        cmocka_unit_test(trouble_again_begins_it_again_from_where_all_was_well),
        cmocka_unit_test(without_anything_to_go_by_it_is_fifty_a_second),
        cmocka_unit_test(what_was_hardly_used_comes_back_by_five_a_second),
        cmocka_unit_test(who_was_never_in_trouble_isnt_slow),
        cmocka_unit_test(who_asks_to_be_spared_is),
        cmocka_unit_test(nobody_is_spared_for_more_than_an_hour),
        cmocka_unit_test(after_having_been_spared_for_long_it_comes_back_slowly),
        cmocka_unit_test(who_doesnt_need_to_be_spared_any_more_isnt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
