/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * When a target's breaker opens, what it holds up, and how it closes.
 */
#include "delivery/lanes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "lanes_fixture.h"

#include <cmocka.h>

#define OPEN_MS 30000
#define LATEST_MS (OPEN_MS + OPEN_MS / 10)

static int setup(void **state)
{
    lanes_setup(state);
    struct lanes_fixture *f = *state;
    f->policy.breaker = (struct breaker_policy){.failures = 3, .open_ms = OPEN_MS};
    set_policy(f);
    return 0;
}

/* x0, x1, x2 fail and wait; `more` are ready behind them. */
static void open_it(struct lanes_fixture *f, int more)
{
    f->policy.concurrency = 3;
    set_policy(f);
    for (int i = 0; i < 3 + more; i++)
        take(f, numbered(f, "x", i), NULL);
    turn(f);
    for (int i = 0; i < 3; i++)
        fail_with(f, numbered(f, "x", i), 503);
    for (int i = 0; i < 3; i++)
        settle(f, numbered(f, "x", i));
    forget_trace(f);
}

static enum breaker_state breaker_now(const struct lanes_fixture *f)
{
    return calendar_status(f).breaker;
}

static void distinct_deliveries_that_fail_in_a_row_open_it(void **state)
{
    struct lanes_fixture *f = *state;
    take(f, "a1", "a");
    take(f, "b1", "b");
    take(f, "c1", "c");
    turn(f);
    forget_trace(f);
    fail_with(f, "a1", 503);
    end_attempt(f, "b1", (struct attempt_end){.kind = ATTEMPT_FAILURE, .failure = "timeout"});
    assert_int_equal(breaker_now(f), BREAKER_CLOSED);
    fail_with(f, "c1", 429);
    assert_trace(f, "a1:waiting b1:waiting !calendar=breaker c1:waiting");
    assert_string_equal(f->pause_reason, "3 deliveries in a row failed, the last with 429");
    assert_int_equal(breaker_now(f), BREAKER_OPEN);
    assert_in_range(calendar_status(f).probe_in_ms, OPEN_MS, LATEST_MS);
}

static void one_that_fails_again_and_again_opens_nothing(void **state)
{
    struct lanes_fixture *f = *state;
    f->policy.retry.attempts = 0;
    set_policy(f);
    take(f, "a1", "a");
    turn(f);
    for (int i = 0; i < 10; i++) {
        refuse(f, "a1", 503);
        pass(f, 1000);
    }
    assert_int_equal(breaker_now(f), BREAKER_CLOSED);
}

static void an_answer_between_begins_the_row_anew(void **state)
{
    struct lanes_fixture *f = *state;
    for (int i = 0; i < 4; i++)
        take(f, numbered(f, "x", i), NULL);
    turn(f);
    fail_with(f, "x0", 503);
    fail_with(f, "x1", 503);
    succeed(f, "x2");
    fail_with(f, "x3", 503);
    assert_int_equal(breaker_now(f), BREAKER_CLOSED);
}

static void while_it_is_open_nothing_is_attempted(void **state)
{
    struct lanes_fixture *f = *state;
    open_it(f, 2);
    take(f, "a1", "a");
    pass(f, OPEN_MS - 1);
    assert_trace(f, "");
    assert_in_range(lanes_next_ms(f->lanes), f->time.mono_ms, f->time.mono_ms + LATEST_MS);
}

static void then_one_probe_at_a_time(void **state)
{
    struct lanes_fixture *f = *state;
    open_it(f, 3);
    pass(f, LATEST_MS);
    assert_trace(f, "+x3");
    assert_int_equal(breaker_now(f), BREAKER_HALF_OPEN);
    pass(f, 600000);
    assert_trace(f, "");
    refuse(f, "x3", 503);
    assert_int_equal(breaker_now(f), BREAKER_OPEN);
    forget_trace(f);
    pass(f, OPEN_MS - 1);
    assert_trace(f, "");
    pass(f, LATEST_MS);
    assert_trace(f, "+x4");
}

static void a_success_closes_it(void **state)
{
    struct lanes_fixture *f = *state;
    open_it(f, 3);
    pass(f, LATEST_MS);
    forget_trace(f);
    succeed(f, "x3");
    turn(f);
    assert_trace(f, "!calendar=none x3:delivered +x4 +x5 +x0");
    assert_int_equal(breaker_now(f), BREAKER_CLOSED);
}

/* It is about what was sent, and says that somebody is there to answer. */
static void a_refusal_closes_it_too(void **state)
{
    struct lanes_fixture *f = *state;
    open_it(f, 2);
    pass(f, LATEST_MS);
    forget_trace(f);
    fail_with(f, "x3", 404);
    assert_trace(f, "!calendar=none x3:dead/refused");
}

static void a_script_error_of_a_probe_says_nothing(void **state)
{
    struct lanes_fixture *f = *state;
    open_it(f, 2);
    pass(f, LATEST_MS);
    forget_trace(f);
    fail_by(f, "x3", ATTEMPT_SCRIPT);
    settle(f, "x3");
    assert_trace(f, "x3:dead/script x3=dead/script");
    assert_int_equal(breaker_now(f), BREAKER_OPEN);
}

/* Else many that are skipped keep it open, as long as there are of them. */
static void a_probe_that_sent_nothing_is_followed_by_another_one_at_once(void **state)
{
    struct lanes_fixture *f = *state;
    open_it(f, 3);
    pass(f, LATEST_MS);
    forget_trace(f);
    fail_by(f, "x3", ATTEMPT_SKIPPED);
    settle(f, "x3");
    assert_trace(f, "x3:skipped/so it was x3=skipped/so it was +x4");
    fail_by(f, "x4", ATTEMPT_OLDER);
    settle(f, "x4");
    assert_trace(f, "x4:superseded/so it was x4=superseded/so it was +x5");
    refuse(f, "x5", 503);
    assert_in_range(calendar_status(f).probe_in_ms, OPEN_MS, LATEST_MS);
}

static void once_closed_it_takes_as_many_to_open_again(void **state)
{
    struct lanes_fixture *f = *state;
    open_it(f, 3);
    pass(f, LATEST_MS);
    deliver(f, "x3");
    fail_with(f, "x4", 503);
    fail_with(f, "x5", 503);
    assert_int_equal(breaker_now(f), BREAKER_CLOSED);
    fail_with(f, "x0", 503);
    assert_int_equal(breaker_now(f), BREAKER_OPEN);
}

static void probes_and_what_was_under_way_use_nothing_up(void **state)
{
    struct lanes_fixture *f = *state;
    f->policy.retry.attempts = 1;
    f->policy.concurrency = 10;
    set_policy(f);
    for (int i = 0; i < 4; i++)
        take(f, numbered(f, "x", i), NULL);
    turn(f);
    forget_trace(f);
    for (int i = 0; i < 4; i++)
        fail_with(f, numbered(f, "x", i), 503);
    assert_trace(f, "x0:dead/exhausted x1:dead/exhausted !calendar=breaker x2:waiting x3:waiting");
    assert_int_equal(f->row.attempts, 0);
    settle(f, "x3");
    for (int i = 0; i < 5; i++) {
        pass(f, LATEST_MS);
        refuse(f, "x3", 503);
    }
    assert_int_equal(f->row.attempts, 0);
}

static void age_stands_still_while_it_is_open(void **state)
{
    struct lanes_fixture *f = *state;
    f->policy.retry = (struct retry_policy){.base_ms = 1000, .age_ms = 5000};
    open_it(f, 1);
    for (int i = 0; i < 100; i++) {
        pass(f, LATEST_MS);
        refuse(f, numbered(f, "x", (i + 3) % 4), 503);
        assert_int_equal(f->row.state, DELIVERY_WAITING);
    }
}

static void expiry_doesnt_stand_still(void **state)
{
    struct lanes_fixture *f = *state;
    open_it(f, 0);
    take_so(f, "late", NULL, (struct take){.expires_in_ms = 10000});
    pass(f, 10000);
    assert_trace(f, "late:dead/expired");
}

static void refused_credentials_are_graver(void **state)
{
    struct lanes_fixture *f = *state;
    open_it(f, 1);
    pass(f, LATEST_MS);
    forget_trace(f);
    fail_with(f, "x3", 401);
    assert_trace(f, "!calendar=auth x3:waiting");
    assert_int_equal(breaker_now(f), BREAKER_CLOSED);
}

static void loaded_anew_it_is_probed_at_once(void **state)
{
    struct lanes_fixture *f = *state;
    open_it(f, 2);
    set_policy(f);
    turn(f);
    assert_trace(f, "+x3");
    refuse(f, "x3", 503);
    assert_in_range(calendar_status(f).probe_in_ms, OPEN_MS, LATEST_MS);
}

static void let_go_on_by_hand_it_is_probed_at_once(void **state)
{
    struct lanes_fixture *f = *state;
    open_it(f, 2);
    lanes_release_target(f->lanes, f->calendar);
    turn(f);
    assert_trace(f, "+x3");
}

static void without_a_breaker_any_more_all_goes_on(void **state)
{
    struct lanes_fixture *f = *state;
    open_it(f, 2);
    f->policy.breaker.failures = 0;
    set_policy(f);
    turn(f);
    assert_trace(f, "!calendar=none +x3 +x4");
}

static void a_probe_that_is_taken_back_is_made_again_at_once(void **state)
{
    struct lanes_fixture *f = *state;
    open_it(f, 1);
    pass(f, LATEST_MS);
    assert_trace(f, "+x3");
    struct parcel *p = find_parcel(f, "x3");
    p->is_attempted = false;
    lanes_take_back(f->lanes, &p->d, false);
    turn(f);
    assert_trace(f, "+x0");
    assert_int_equal(breaker_now(f), BREAKER_HALF_OPEN);
}

static void a_probe_waits_for_as_long_as_the_other_side_asks(void **state)
{
    struct lanes_fixture *f = *state;
    open_it(f, 1);
    pass(f, LATEST_MS);
    end_attempt(f, "x3",
                (struct attempt_end){.kind = ATTEMPT_STATUS, .status = 503, .after_ms = 120000});
    assert_int_equal(calendar_status(f).probe_in_ms, 120000);
}

/* What was asked for until then is for people to disregard, and for new scripts. */
static void asked_to_wait_long_it_is_probed_at_once_all_the_same(void **state)
{
    struct lanes_fixture *f = *state;
    open_it(f, 3);
    lanes_spare_target(f->lanes, f->calendar, 3600000);
    lanes_release_target(f->lanes, f->calendar);
    turn(f);
    assert_trace(f, "+x3");
    end_attempt(f, "x3",
                (struct attempt_end){.kind = ATTEMPT_STATUS, .status = 503, .after_ms = 3600000});
    settle(f, "x3");
    forget_trace(f);
    set_policy(f);
    turn(f);
    assert_trace(f, "+x4");
}

#define test(name) cmocka_unit_test_setup_teardown(name, setup, lanes_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(distinct_deliveries_that_fail_in_a_row_open_it),
        test(one_that_fails_again_and_again_opens_nothing),
        test(an_answer_between_begins_the_row_anew),
        test(while_it_is_open_nothing_is_attempted),
        test(then_one_probe_at_a_time),
        test(a_success_closes_it),
        test(a_refusal_closes_it_too),
        test(a_script_error_of_a_probe_says_nothing),
        test(a_probe_that_sent_nothing_is_followed_by_another_one_at_once),
        test(once_closed_it_takes_as_many_to_open_again),
        test(probes_and_what_was_under_way_use_nothing_up),
        test(age_stands_still_while_it_is_open),
        test(expiry_doesnt_stand_still),
        test(refused_credentials_are_graver),
        test(loaded_anew_it_is_probed_at_once),
        test(let_go_on_by_hand_it_is_probed_at_once),
        test(without_a_breaker_any_more_all_goes_on),
        test(a_probe_that_is_taken_back_is_made_again_at_once),
        test(a_probe_waits_for_as_long_as_the_other_side_asks),
        test(asked_to_wait_long_it_is_probed_at_once_all_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
