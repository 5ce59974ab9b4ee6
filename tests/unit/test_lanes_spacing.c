/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Receivers whose limiter has no burst: what it refuses is little, and what it takes is most of what it
 * could, however fast it answers and whether it asks to be spared or not.
 */
#include "delivery/lanes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/rng.h"
#include "lanes_fixture.h"

#include <cmocka.h>

#define FLIGHTS 512
#define KEYS 400

/* Takes what comes `every_ms` after what it took last, or later, as nginx's limit_req without a burst. */
struct receiver {
    struct lanes_fixture *f;
    struct rng rng;
    int64_t every_ms; /* 0: takes all */
    int64_t latency_ms;
    int status;
    int64_t after_ms;
    bool is_down;
    int64_t taken_at;
    int taken, refused;
    struct flight {
        struct parcel *parcel;
        bool is_taken;
        int64_t ends_at;
    } flights[FLIGHTS];
    size_t n_flights;
    int n_made;
};

static struct receiver the_receiver;

static void arrive(struct lanes_fixture *f, struct parcel *p)
{
    struct receiver *r = &the_receiver;
    /* On its way it takes now less, now more. */
    int64_t now = f->time.mono_ms + (int64_t)rng_upto(&r->rng, 1);
    bool is_taken = !r->is_down && (r->every_ms == 0 || now - r->taken_at >= r->every_ms);
    if (is_taken)
        r->taken_at = now;
    assert_true(r->n_flights < FLIGHTS);
    r->flights[r->n_flights++] =
        (struct flight){.parcel = p, .is_taken = is_taken, .ends_at = now + r->latency_ms};
}

static void answer(struct receiver *r, const struct flight *flight)
{
    struct attempt_end end = {.kind = ATTEMPT_RETURNED, .after_ms = -1, .us = r->latency_ms * 1000};
    if (!flight->is_taken)
        end = (struct attempt_end){
            .kind = ATTEMPT_STATUS, .status = r->status, .after_ms = r->after_ms};
    r->taken += flight->is_taken;
    r->refused += !flight->is_taken;
    flight->parcel->is_attempted = false;
    lanes_attempt_ended(r->f->lanes, &flight->parcel->d, &end);
}

/* One ends at a time, and the next goes out before others are looked at. */
static void answer_all(struct receiver *r)
{
    for (size_t i = 0; i < r->n_flights;) {
        struct flight flight = r->flights[i];
        if (flight.ends_at > r->f->time.mono_ms) {
            i++;
            continue;
        }
        r->flights[i] = r->flights[--r->n_flights];
        answer(r, &flight);
        turn(r->f);
    }
}

static struct receiver *receiver_of(struct lanes_fixture *f, int64_t every_ms, int64_t latency_ms,
                                    int64_t after_ms)
{
    struct receiver *r = &the_receiver;
    *r = (struct receiver){.f = f,
                           .every_ms = every_ms,
                           .latency_ms = latency_ms,
                           .status = 429,
                           .after_ms = after_ms,
                           .taken_at = -1000000};
    rng_init(&r->rng, (uint64_t)(every_ms + latency_ms));
    f->on_attempt = arrive;
    f->settles_at_once = true;
    f->policy.concurrency = 0;
    f->policy.breaker = (struct breaker_policy){.failures = 5, .open_ms = 500};
    f->policy.retry = (struct retry_policy){.base_ms = 200,
                                            .growth = GROWTH_EXPONENTIAL,
                                            .factor = 2,
                                            .cap_ms = 300000,
                                            .jitter = true,
                                            .age_ms = 259200000};
    set_policy(f);
    return r;
}

/* There is always something to deliver: up to KEYS wait. How many it takes in so long. */
static int serve(struct receiver *r, int64_t ms)
{
    int before = r->taken;
    r->refused = 0;
    for (int64_t i = 0; i < ms; i++) {
        while (calendar_status(r->f).waiting < KEYS)
            take(r->f, numbered(r->f, "x", r->n_made++), NULL);
        pass(r->f, 1);
        answer_all(r);
        forget_trace(r->f);
    }
    return r->taken - before;
}

static void who_has_no_burst_refuses_few_and_takes_most(void **state)
{
    struct lanes_fixture *f = *state;
    static const int64_t everies[] = {5, 20, 100}, latencies[] = {1, 15, 150},
                         afters[] = {-1, 1000};
    for (size_t e = 0; e < ARRAY_LEN(everies); e++) {
        for (size_t l = 0; l < ARRAY_LEN(latencies); l++) {
            for (size_t a = 0; a < ARRAY_LEN(afters); a++) {
                begin_with(f, 1000);
                struct receiver *r = receiver_of(f, everies[e], latencies[l], afters[a]);
                serve(r, 20000);
                int64_t ms = 1000 * everies[e];
                int n = serve(r, ms < 20000 ? 20000 : ms), most = (int)(ms < 20000 ? 20000 : ms);
                most /= (int)everies[e];
                /* Those that were under way are refused together. */
                int crowd = 1 + (int)(latencies[l] / everies[e]);
                if (n < most * 6 / 10 || r->refused > n / 20 + n / 60 * crowd)
                    fail_msg("every %d ms, latency %d ms, after %d ms: %d of %d, %d refused",
                             (int)everies[e], (int)latencies[l], (int)afters[a], n, most,
                             r->refused);
            }
        }
    }
}

static void of_the_first_200_one_in_five_is_refused_at_most(void **state)
{
    struct lanes_fixture *f = *state;
    static const int64_t everies[] = {10, 20, 100}, afters[] = {-1, 1000};
    for (size_t e = 0; e < ARRAY_LEN(everies); e++) {
        for (size_t a = 0; a < ARRAY_LEN(afters); a++) {
            begin_with(f, 1000);
            struct receiver *r = receiver_of(f, everies[e], 1, afters[a]);
            int refused = 0;
            while (r->taken < 200) {
                serve(r, 100);
                refused += r->refused;
            }
            if (refused > 40)
                fail_msg("every %d ms, after %d ms: %d refused", (int)everies[e], (int)afters[a],
                         refused);
        }
    }
}

static void a_503_with_a_time_is_a_limiters_too(void **state)
{
    struct receiver *r = receiver_of(*state, 20, 1, 1000);
    r->status = 503;
    serve(r, 10000);
    assert_true(serve(r, 20000) >= 600);
    assert_true(r->refused < 30);
}

static void who_becomes_slower_gets_fewer(void **state)
{
    struct receiver *r = receiver_of(*state, 20, 1, -1);
    serve(r, 10000);
    r->every_ms = 500;
    serve(r, 10000);
    assert_true(serve(r, 60000) >= 72);
    assert_true(r->refused <= 10);
}

static void whose_limiter_is_lifted_soon_gets_all_again(void **state)
{
    static const int64_t afters[] = {-1, 1000};
    struct lanes_fixture *f = *state;
    for (size_t a = 0; a < ARRAY_LEN(afters); a++) {
        begin_with(f, 1000);
        struct receiver *r = receiver_of(f, 20, 5, afters[a]);
        serve(r, 20000);
        r->every_ms = 0;
        serve(r, 20000);
        assert_int_equal(calendar_status(f).spaced_ms, 0);
        assert_true(calendar_status(f).concurrency > 8);
        assert_true(serve(r, 1000) > 1500);
    }
}

static void who_isnt_limited_or_refuses_everything_is_never_spaced(void **state)
{
    struct lanes_fixture *f = *state;
    struct receiver *r = receiver_of(f, 0, 5, -1);
    serve(r, 5000);
    assert_int_equal(calendar_status(f).spaced_ms, 0);
    f->policy.breaker.failures = 0; /* it is asked on and on */
    set_policy(f);
    r->is_down = true;
    serve(r, 60000);
    assert_int_equal(calendar_status(f).spaced_ms, 0);
}

static void nor_is_one_whose_concurrency_was_set(void **state)
{
    struct lanes_fixture *f = *state;
    struct receiver *r = receiver_of(f, 20, 1, -1);
    serve(r, 20000);
    assert_in_range((int)calendar_status(f).spaced_ms, 15, 50);
    f->policy.concurrency = 1;
    set_policy(f);
    assert_int_equal(calendar_status(f).spaced_ms, 0);
    serve(r, 5000);
    assert_int_equal(calendar_status(f).spaced_ms, 0);
}

static void what_makes_no_difference_is_forgotten(void **state)
{
    struct lanes_fixture *f = *state;
    struct receiver *r = receiver_of(f, 20, 1, -1);
    serve(r, 20000);
    while (calendar_status(f).waiting > 0) {
        pass(f, 1);
        answer_all(r);
    }
    assert_true(calendar_status(f).spaced_ms > 0);
    for (int i = 0; i < 150; i++) {
        take(f, numbered(f, "x", r->n_made++), NULL);
        for (int ms = 0; ms < 200; ms++) {
            pass(f, 1);
            answer_all(r);
        }
        forget_trace(f);
    }
    assert_int_equal(calendar_status(f).spaced_ms, 0);
}

#define test(name) cmocka_unit_test_setup_teardown(name, lanes_setup, lanes_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(who_has_no_burst_refuses_few_and_takes_most),
        test(of_the_first_200_one_in_five_is_refused_at_most),
        test(a_503_with_a_time_is_a_limiters_too),
        test(who_becomes_slower_gets_fewer),
        test(whose_limiter_is_lifted_soon_gets_all_again),
        test(who_isnt_limited_or_refuses_everything_is_never_spaced),
        test(nor_is_one_whose_concurrency_was_set),
        test(what_makes_no_difference_is_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
