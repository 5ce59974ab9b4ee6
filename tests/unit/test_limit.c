/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * How many attempts at once are allowed: more as long as they succeed, half as many when the other
 * side is overburdened.
 */
#include "delivery/limit.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/rng.h"

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
    struct attempt_end refused = status_end(503); /* so the connector says */
    refused.said = SAID_REFUSE;
    learn(&l, refused, 1, 2);
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

/* ---- what a receiver takes longer for ---- */

/* One that works at `capacity` at once, in the order of their coming, and is never idle: as many as the
   limit lets are under way. */
struct receiver {
    struct limit limit;
    struct rng rng;
    unsigned capacity;
    int64_t (*service_us)(struct receiver *r);
    int64_t mean_us;
    int64_t busy_until[256]; /* each of its workers */
    int64_t started[256], ends[256];
    size_t n;
    int64_t now_us;
};

static int64_t constant_us(struct receiver *r)
{
    return r->mean_us;
}

/* As chance has it: exponentially. */
static int64_t random_us(struct receiver *r)
{
    double u = ((double)rng_upto(&r->rng, 999999) + 0.5) / 1000000;
    return (int64_t)(-log(u) * (double)r->mean_us);
}

/* Now and then fifty times as long: a cache that missed. */
static int64_t uneven_us(struct receiver *r)
{
    return rng_upto(&r->rng, 49) ? r->mean_us : 50 * r->mean_us;
}

static void begin(struct receiver *r)
{
    unsigned worker = 0;
    for (unsigned i = 1; i < r->capacity; i++) {
        if (r->busy_until[i] < r->busy_until[worker])
            worker = i;
    }
    int64_t from = r->busy_until[worker] > r->now_us ? r->busy_until[worker] : r->now_us;
    r->busy_until[worker] = from + r->service_us(r);
    r->started[r->n] = r->now_us;
    r->ends[r->n++] = r->busy_until[worker];
    limit_start(&r->limit, r->n);
}

static void end_next(struct receiver *r)
{
    size_t first = 0;
    for (size_t i = 1; i < r->n; i++) {
        if (r->ends[i] < r->ends[first])
            first = i;
    }
    r->now_us = r->ends[first];
    const struct attempt_end end = {.kind = ATTEMPT_RETURNED, .us = r->now_us - r->started[first]};
    int64_t started_us = r->started[first];
    r->started[first] = r->started[--r->n];
    r->ends[first] = r->ends[r->n];
    limit_learn(&r->limit, &end, started_us / 1000, r->now_us / 1000);
}

/* So many attempts; gives the mean of the limit meanwhile. */
static double attempt(struct receiver *r, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        while (r->n < r->limit.max)
            begin(r);
        end_next(r);
        sum += r->limit.max;
    }
    return sum / (double)n;
}

static struct receiver receiver_of(unsigned capacity, int64_t mean_us,
                                   int64_t (*service_us)(struct receiver *r))
{
    struct receiver r = {.capacity = capacity, .mean_us = mean_us, .service_us = service_us};
    limit_init(&r.limit);
    rng_init(&r.rng, capacity);
    return r;
}

static void who_queues_is_kept_near_what_it_works_at_at_once(void **state)
{
    (void)state;
    static const unsigned capacities[] = {1, 2, 4, 10, 32, 64, 100};
    for (size_t i = 0; i < ARRAY_LEN(capacities); i++) {
        unsigned c = capacities[i];
        struct receiver r = receiver_of(c, 50000, constant_us);
        attempt(&r, 40000);
        double mean = attempt(&r, 40000);
        if (mean < 0.9 * c || mean > 1.5 * c + 2)
            fail_msg("%u at once: %.1f", c, mean);
    }
}

static void so_is_one_whose_answers_take_now_this_and_now_that_long(void **state)
{
    (void)state;
    static const unsigned capacities[] = {4, 10, 32, 64};
    for (size_t i = 0; i < ARRAY_LEN(capacities); i++) {
        unsigned c = capacities[i];
        struct receiver r = receiver_of(c, 50000, random_us);
        attempt(&r, 40000);
        double mean = attempt(&r, 80000);
        if (mean < 0.8 * c || mean > 2.5 * c + 4)
            fail_msg("%u at once: %.1f", c, mean);
    }
}

static void who_has_room_for_all_gets_all_whatever_chance_does(void **state)
{
    (void)state;
    int64_t (*const kinds[])(struct receiver * r) = {constant_us, random_us, uneven_us};
    static const int64_t means_us[] = {300, 5000, 200000};
    for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
        for (size_t m = 0; m < ARRAY_LEN(means_us); m++) {
            struct receiver r = receiver_of(256, means_us[m], kinds[k]);
            attempt(&r, 60000);
            double mean = attempt(&r, 200000);
            if (mean < 200)
                fail_msg("kind %zu, %d us: %.1f", k, (int)means_us[m], mean);
        }
    }
}

static void who_becomes_slow_by_itself_isnt_cut_for_it(void **state)
{
    (void)state;
    struct receiver r = receiver_of(256, 20000, constant_us);
    attempt(&r, 60000);
    assert_in_range(r.limit.max, 200, 256);
    r.mean_us = 100000;
    attempt(&r, 20000);
    assert_in_range(r.limit.max, 200, 256);
}

static void who_works_at_fewer_at_once_than_before_is_found_out(void **state)
{
    (void)state;
    struct receiver r = receiver_of(100, 50000, constant_us);
    attempt(&r, 40000);
    r.capacity = 10;
    attempt(&r, 40000);
    double mean = attempt(&r, 20000);
    assert_true(mean >= 9 && mean <= 17);
    r.capacity = 100;
    attempt(&r, 60000);
    assert_true(attempt(&r, 20000) >= 80);
}

static void one_stall_cuts_nothing(void **state)
{
    (void)state;
    struct receiver r = receiver_of(256, 1000, constant_us);
    attempt(&r, 60000);
    for (int i = 0; i < 20; i++) {
        unsigned before = r.limit.max;
        for (unsigned w = 0; w < r.capacity; w++)
            r.busy_until[w] = r.now_us + 200000;
        attempt(&r, 3000);
        assert_true(r.limit.max >= before);
    }
}

static void what_isnt_reached_isnt_cut(void **state)
{
    (void)state;
    struct limit l = limit_of(64);
    for (int64_t i = 0; i < 10000; i++) {
        const struct attempt_end end = {.kind = ATTEMPT_RETURNED, .us = i < 1000 ? 1000 : 100000};
        limit_start(&l, 10);
        limit_learn(&l, &end, i, i);
    }
    assert_int_equal(l.max, 64);
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
        cmocka_unit_test(who_queues_is_kept_near_what_it_works_at_at_once),
        cmocka_unit_test(so_is_one_whose_answers_take_now_this_and_now_that_long),
        cmocka_unit_test(who_has_room_for_all_gets_all_whatever_chance_does),
        cmocka_unit_test(who_becomes_slow_by_itself_isnt_cut_for_it),
        cmocka_unit_test(who_works_at_fewer_at_once_than_before_is_found_out),
        cmocka_unit_test(one_stall_cuts_nothing),
        cmocka_unit_test(what_isnt_reached_isnt_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
