/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What a connector's rate, its budget of retries, its way back and the other side's wish to be spared
 * do to what waits.
 */
#include "delivery/lanes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/attr.h"
#include "lanes_fixture.h"

#include <cmocka.h>

/* x0, x1, …, each without a key. */
static void take_many(struct lanes_fixture *f, int from, int n)
{
    for (int i = from; i < from + n; i++)
        take(f, numbered(f, "x", i), NULL);
}

static void end_with(struct lanes_fixture *f, const char *id, int status, int64_t after_ms)
{
    end_attempt(
        f, id,
        (struct attempt_end){.kind = ATTEMPT_STATUS, .status = status, .after_ms = after_ms});
    settle(f, id);
}

static void set_rate(struct lanes_fixture *f, int64_t n, int64_t ms)
{
    f->policy.rate = (struct rate_policy){n, ms};
    set_policy(f);
}

/* Goes to when the lanes want to be asked, and does. */
static int64_t pass_to_next(struct lanes_fixture *f)
{
    int64_t ms = lanes_next_ms(f->lanes) - f->time.mono_ms;
    pass(f, ms);
    return ms;
}

/* ---- rates ---- */

static void a_rate_is_kept_by_time_alone(void **state)
{
    struct lanes_fixture *f = *state;
    set_rate(f, 20, 1000);
    take_many(f, 0, 5);
    turn(f);
    assert_trace(f, "+x0 +x1");
    assert_int_equal(calendar_status(f).opens_in_ms, 50);
    assert_int_equal(pass_to_next(f), 50);
    assert_trace(f, "+x2");
    assert_int_equal(pass_to_next(f), 50);
    assert_trace(f, "+x3");
}

static void what_comes_within_its_rate_waits_for_nothing(void **state)
{
    struct lanes_fixture *f = *state;
    set_rate(f, 20, 1000);
    for (int i = 0; i < 5; i++) {
        take_many(f, i, 1);
        pass(f, 50);
    }
    assert_trace(f, "+x0 +x1 +x2 +x3 +x4");
}

static void a_rate_stands_over_a_reload(void **state)
{
    struct lanes_fixture *f = *state;
    set_rate(f, 20, 1000);
    take_many(f, 0, 3);
    turn(f);
    forget_trace(f);
    set_policy(f);
    turn(f);
    assert_trace(f, "");
    set_rate(f, 0, 0);
    turn(f);
    assert_trace(f, "+x2");
}

/* The gate opens in the middle of a turn, while something else is done. */
static void a_rate_may_let_something_through_within_a_turn(void **state)
{
    struct lanes_fixture *f = *state;
    set_rate(f, 20, 1000);
    take_many(f, 0, 3);
    turn(f);
    forget_trace(f);
    take_so(f, "d1", NULL, (struct take){.delay_ms = 9000});
    take_so(f, "d2", NULL, (struct take){.delay_ms = 9000});
    f->put_takes_ms = 1;
    pass(f, 49);
    assert_trace(f, "d1:waiting d2:waiting +x2");
}

static void a_rate_isnt_a_handlers(void **state)
{
    struct lanes_fixture *f = *state;
    set_rate(f, 1, 1000);
    take_run(f, "r1", NULL);
    take_run(f, "r2", NULL);
    turn(f);
    assert_trace(f, "+r1 +r2");
}

static void others_go_on_while_one_waits_for_its_rate(void **state)
{
    struct lanes_fixture *f = *state;
    set_rate(f, 1, 3600000);
    take_many(f, 0, 2);
    turn(f);
    f->policy.rate.n = 0;
    struct target *other = lanes_set_target(f->lanes, SLICE_LIT("other"), false, &f->policy);
    take_so(f, "o1", NULL, (struct take){.target = other});
    turn(f);
    assert_trace(f, "+x0 +o1");
}

static void what_expires_while_it_waits_for_its_rate_is_dead(void **state)
{
    struct lanes_fixture *f = *state;
    set_rate(f, 1, 3600000);
    take_many(f, 0, 1);
    turn(f);
    forget_trace(f);
    take_so(f, "late", NULL, (struct take){.expires_in_ms = 1000});
    turn(f);
    assert_int_equal(pass_to_next(f), 1000);
    assert_trace(f, "late:dead/expired");
}

/* ---- the budget of retries ---- */

/* So many that have failed once and are due again; first attempts are under way. */
static void fail_many(struct lanes_fixture *f, int n)
{
    f->policy.retry.base_ms = 0;
    f->policy.retry.attempts = 0;
    set_policy(f);
    take_many(f, 0, n);
    turn(f);
    for (int i = 0; i < n; i++)
        fail_with(f, numbered(f, "x", i), 409 + 16); /* 425: no sign of trouble */
    for (int i = 0; i < n; i++)
        settle(f, numbered(f, "x", i));
}

static int count_starts(struct lanes_fixture *f)
{
    int n = 0;
    buf_reserve(&f->trace, 1);
    f->trace.data[f->trace.len] = '\0';
    for (const char *at = f->trace.data; (at = strchr(at, '+')); at++)
        n++;
    forget_trace(f);
    return n;
}

/* Passes so much time, ends all that began so, and gives how many that were. */
static int answer_all(struct lanes_fixture *f, int64_t ms, struct attempt_end end)
{
    pass(f, ms);
    int begun = count_starts(f);
    list_each (it, &f->parcels) {
        struct parcel *p = list_entry(it, struct parcel, link);
        if (begun > 0 && p->is_attempted) {
            p->is_attempted = false;
            lanes_attempt_ended(f->lanes, &p->d, &end);
        }
    }
    forget_trace(f);
    return begun;
}

/* So many fail once, and are due again. */
static void fail_all(struct lanes_fixture *f, int n)
{
    f->policy.retry.base_ms = 0;
    f->policy.retry.attempts = 0;
    f->policy.concurrency = 1000;
    set_policy(f);
    take_many(f, 0, n);
    answer_all(f, 1, (struct attempt_end){.kind = ATTEMPT_RETRY, .after_ms = 0});
    turn(f);
}

static void retries_over_the_budget_wait_in_their_order(void **state)
{
    struct lanes_fixture *f = *state;
    fail_many(f, 40);
    assert_int_equal(count_starts(f), 40 + 10);
    turn(f);
    assert_int_equal(pass_to_next(f), 100);
    assert_trace(f, "+x10");
    assert_int_equal(pass_to_next(f), 100);
    assert_trace(f, "+x11");
}

static void first_attempts_go_past_retries_that_wait(void **state)
{
    struct lanes_fixture *f = *state;
    fail_many(f, 40);
    forget_trace(f);
    take_many(f, 100, 4);
    turn(f);
    assert_trace(f, "+x100 +x101 +x102 +x103 +x10");
}

static void within_the_budget_who_is_ready_first_is_first(void **state)
{
    struct lanes_fixture *f = *state;
    f->policy.concurrency = 1;
    set_policy(f);
    take_many(f, 0, 2);
    turn(f);
    fail_with(f, "x0", 503);
    settle(f, "x0");
    pass(f, 1000);
    take_many(f, 2, 1);
    forget_trace(f);
    deliver(f, "x1");
    deliver(f, "x0");
    assert_trace(f, "x1:delivered x1=delivered +x0 x0:delivered x0=delivered +x2");
}

/* Else all that memory may hold would be retries that wait, and nothing else would come in. */
static void many_retries_are_put_off_so_that_memory_has_room_for_others(void **state)
{
    struct lanes_fixture *f = *state;
    f->settles_at_once = true;
    fail_all(f, 300);
    size_t later = 0;
    list_each (it, &f->parcels)
        later += list_entry(it, struct parcel, link)->d.phase == PHASE_LATER;
    assert_in_range(later, 200, 240);
    for (int s = 0; s < 40; s++) {
        for (int i = 0; i < 100; i++)
            answer_all(f, 10, (struct attempt_end){.kind = ATTEMPT_RETURNED});
    }
    assert_true(list_is_empty(&f->parcels));
}

static void handlers_have_no_budget(void **state)
{
    struct lanes_fixture *f = *state;
    f->policy.retry.base_ms = 0;
    f->policy.retry.attempts = 0;
    set_policy(f);
    for (int i = 0; i < 50; i++)
        take_run(f, numbered(f, "r", i), NULL);
    turn(f);
    for (int i = 0; i < 50; i++)
        fail_by(f, numbered(f, "r", i), ATTEMPT_RETRY);
    for (int i = 0; i < 50; i++)
        settle(f, numbered(f, "r", i));
    assert_int_equal(count_starts(f), 100);
}

/* ---- who asks to be spared ---- */

static void a_429_or_503_with_a_time_holds_all_for_that_time(void **state)
{
    static const int statuses[] = {429, 503};
    struct lanes_fixture *f = *state;
    f->policy.concurrency = 1;
    for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
        begin_with(f, 1000);
        take(f, "a1", "a");
        take(f, "b1", "b");
        turn(f);
        forget_trace(f);
        end_with(f, "a1", statuses[i], 3000);
        pass(f, 2999);
        assert_trace(f, "a1:waiting a1~");
        assert_int_equal(pass_to_next(f), 1);
        assert_trace(f, "+b1");
        assert_int_equal(calendar_status(f).pause, PAUSE_NONE);
    }
}

static void other_failures_and_scripts_hold_their_own_delivery_alone(void **state)
{
    struct lanes_fixture *f = *state;
    f->policy.concurrency = 1;
    set_policy(f);
    for (int i = 0; i < 4; i++)
        take_many(f, i, 1);
    turn(f);
    forget_trace(f);
    end_with(f, "x0", 500, 60000);
    end_with(f, "x1", 503, -1);
    end_attempt(f, "x2", (struct attempt_end){.kind = ATTEMPT_RETRY, .after_ms = 60000});
    settle(f, "x2");
    assert_trace(f, "x0:waiting x0~ +x1 x1:waiting x1~ +x2 x2:waiting x2~ +x3");
}

static void what_the_other_side_says_beside_an_end_holds_too(void **state)
{
    struct lanes_fixture *f = *state;
    lanes_spare_target(f->lanes, f->calendar, 3000);
    lanes_spare_target(f->lanes, f->calendar, 3000);
    assert_int_equal(f->n_spared, 1); /* is told of, once */
    take(f, "a1", "a");
    turn(f);
    assert_trace(f, "");
    assert_int_equal(pass_to_next(f), 3000);
    assert_trace(f, "+a1");
}

static void being_spared_uses_nothing_up(void **state)
{
    struct lanes_fixture *f = *state;
    take(f, "a1", "a");
    turn(f);
    lanes_spare_target(f->lanes, f->calendar, 60000);
    refuse(f, "a1", 500);
    pass(f, 59999);
    assert_trace(f, "+a1 a1:waiting a1~");
    pass(f, 1);
    assert_trace(f, "+a1");
    fail_with(f, "a1", 500);
    assert_int_equal(f->row.attempts, 2);
}

static void what_its_connector_refuses_for_good_holds_nothing(void **state)
{
    struct lanes_fixture *f = *state;
    f->policy.concurrency = 1;
    set_policy(f);
    take_many(f, 0, 2);
    turn(f);
    forget_trace(f);
    end_attempt(f, "x0",
                (struct attempt_end){
                    .kind = ATTEMPT_STATUS, .status = 503, .said = SAID_REFUSE, .after_ms = 60000});
    turn(f);
    assert_trace(f, "x0:dead/refused +x1");
}

static void let_go_on_by_hand_it_is_spared_no_more(void **state)
{
    struct lanes_fixture *f = *state;
    lanes_spare_target(f->lanes, f->calendar, 3600000);
    take(f, "a1", "a");
    pass(f, 60000);
    assert_int_equal(calendar_status(f).spared_ms, 3540000);
    assert_int_equal(calendar_status(f).spared_since_ms, 60000);
    set_policy(f); /* a reload isn't about that */
    turn(f);
    assert_trace(f, "");
    lanes_release_target(f->lanes, f->calendar);
    turn(f);
    assert_trace(f, "+a1");
    assert_int_equal(calendar_status(f).spared_ms, 0);
}

static void a_probe_waits_for_who_asks_to_be_spared(void **state)
{
    struct lanes_fixture *f = *state;
    pause_by_a1(f);
    lanes_spare_target(f->lanes, f->calendar, 7000);
    pass(f, 5000);
    assert_trace(f, "");
    assert_int_equal(pass_to_next(f), 2000);
    assert_trace(f, "+b1");
}

/* ---- after trouble ---- */

/* All succeed for so long, and a new one comes every `every_ms` (0: none does). */
static int serve(struct lanes_fixture *f, int64_t ms, int64_t every_ms)
{
    int n = 0;
    for (int64_t i = 0; i < ms; i++) {
        if (every_ms && i % every_ms == 0)
            take_many(f, (int)f->time.mono_ms, 1);
        n += answer_all(f, 1, (struct attempt_end){.kind = ATTEMPT_RETURNED});
    }
    return n;
}

/* 20 a second, then nothing for half an hour, while as many come as before. */
static void after_half_an_hours_outage_it_comes_back_slowly(void **state)
{
    struct lanes_fixture *f = *state;
    const struct attempt_end down = {.kind = ATTEMPT_STATUS, .status = 503, .after_ms = -1};
    f->settles_at_once = true;
    f->policy.concurrency = 0;
    f->policy.breaker = (struct breaker_policy){.failures = 5, .open_ms = 30000};
    set_policy(f);
    assert_int_equal(serve(f, 60000, 50), 1200);
    int asked = 0;
    for (int64_t ms = 0; ms < 1800000; ms += 50) {
        take_many(f, (int)f->time.mono_ms, 1);
        asked += answer_all(f, 50, down);
    }
    assert_in_range(asked, 50, 75);
    while (calendar_status(f).breaker != BREAKER_CLOSED)
        serve(f, 1, 50);
    for (int s = 0; s < 10; s++)
        assert_in_range(serve(f, 1000, 50), 25, 40);
    assert_in_range(serve(f, 5000, 50), 100, 320);
}

static void let_go_on_by_hand_it_comes_back_slowly(void **state)
{
    struct lanes_fixture *f = *state;
    f->settles_at_once = true;
    assert_int_equal(serve(f, 20000, 50), 400);
    lanes_hold_target(f->lanes, f->calendar);
    take_many(f, 0, 900);
    pass(f, 1800000);
    lanes_release_target(f->lanes, f->calendar);
    for (int s = 0; s < 10; s++)
        assert_in_range(serve(f, 1000, 0), 25, 40);
    assert_in_range(serve(f, 5000, 0), 150, 320);
}

static void without_a_breaker_it_comes_back_slowly_too(void **state)
{
    struct lanes_fixture *f = *state;
    f->settles_at_once = true;
    f->policy.retry.attempts = 1;
    set_policy(f);
    serve(f, 20000, 50);
    take_many(f, 0, 5);
    turn(f);
    for (int i = 0; i < 5; i++)
        fail_with(f, numbered(f, "x", i), 503);
    pass(f, 1800000);
    take_many(f, 0, 900);
    serve(f, 1, 0); /* the first success: it is there again */
    for (int s = 0; s < 10; s++)
        assert_in_range(serve(f, 1000, 0), 25, 40);
}

#define test(name) cmocka_unit_test_setup_teardown(name, lanes_setup, lanes_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(a_rate_is_kept_by_time_alone),
        test(what_comes_within_its_rate_waits_for_nothing),
        test(a_rate_stands_over_a_reload),
        test(a_rate_may_let_something_through_within_a_turn),
        test(a_rate_isnt_a_handlers),
        test(others_go_on_while_one_waits_for_its_rate),
        test(what_expires_while_it_waits_for_its_rate_is_dead),
        test(retries_over_the_budget_wait_in_their_order),
        test(first_attempts_go_past_retries_that_wait),
        test(within_the_budget_who_is_ready_first_is_first),
        test(many_retries_are_put_off_so_that_memory_has_room_for_others),
        test(handlers_have_no_budget),
        test(a_429_or_503_with_a_time_holds_all_for_that_time),
        test(other_failures_and_scripts_hold_their_own_delivery_alone),
        test(what_the_other_side_says_beside_an_end_holds_too),
        test(being_spared_uses_nothing_up),
        test(what_its_connector_refuses_for_good_holds_nothing),
        test(let_go_on_by_hand_it_is_spared_no_more),
        test(a_probe_waits_for_who_asks_to_be_spared),
        test(after_half_an_hours_outage_it_comes_back_slowly),
        test(let_go_on_by_hand_it_comes_back_slowly),
        test(without_a_breaker_it_comes_back_slowly_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
