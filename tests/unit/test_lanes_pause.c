/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * When a whole target waits, what that does to what waits for it, and how it goes on.
 */
#include "delivery/lanes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "lanes_fixture.h"

#include <cmocka.h>

static enum target_pause pause_now(const struct lanes_fixture *f)
{
    return calendar_status(f).pause;
}

/* ---- refused credentials ---- */

static void refused_credentials_pause_the_target_and_keep_what_waits(void **state)
{
    struct lanes_fixture *f = *state;
    pause_by_a1(f);
    assert_int_equal(f->row.attempts, 0);
    assert_int_equal(f->row.due_ms, f->time.wall_ms);
    assert_true(f->has_attempt);
    assert_string_equal(f->pause_reason, "its credentials were refused with 401");
    assert_string_equal(calendar_status(f).reason, f->pause_reason);
    take(f, "c1", "c");
    turn(f);
    assert_trace(f, "");
}

static void a_407_and_a_token_that_cant_be_had_pause_it_too(void **state)
{
    struct lanes_fixture *f = *state;
    take(f, "a1", "a");
    turn(f);
    fail_with(f, "a1", 407);
    assert_trace(f, "+a1 !calendar=auth a1:waiting");
    begin_with(f, 1000);
    take(f, "a1", "a");
    turn(f);
    end_attempt(f, "a1",
                (struct attempt_end){.kind = ATTEMPT_FAILURE,
                                     .failure = "token",
                                     .after_ms = -1,
                                     .error = SLICE_LIT("no token came\n  in connector")});
    assert_trace(f, "+a1 !calendar=auth a1:waiting");
    assert_string_equal(f->pause_reason, "its credentials can't be had: no token came");
}

static void other_targets_go_on(void **state)
{
    struct lanes_fixture *f = *state;
    pause_by_a1(f);
    take_run(f, "run", "a");
    turn(f);
    assert_trace(f, "+run");
}

static void all_that_are_refused_together_pause_it_once(void **state)
{
    struct lanes_fixture *f = *state;
    take(f, "a1", "a");
    take(f, "b1", "b");
    take(f, "c1", "c");
    turn(f);
    forget_trace(f);
    fail_with(f, "a1", 401);
    fail_with(f, "b1", 407);
    fail_with(f, "c1", 401);
    assert_trace(f, "!calendar=auth a1:waiting b1:waiting c1:waiting");
}

static void probes_start_after_5_s_and_then_in_twice_the_time_to_5_min(void **state)
{
    static const int64_t seconds[] = {5, 10, 20, 40, 80, 160, 300, 300};
    struct lanes_fixture *f = *state;
    take(f, "a1", "a");
    turn(f);
    refuse(f, "a1", 401);
    for (size_t i = 0; i < ARRAY_LEN(seconds); i++) {
        forget_trace(f);
        assert_int_equal(lanes_next_ms(f->lanes), f->time.mono_ms + seconds[i] * 1000);
        pass(f, seconds[i] * 1000 - 1);
        assert_trace(f, "");
        pass(f, 1);
        assert_trace(f, "+a1");
        refuse(f, "a1", 401);
    }
}

static void a_probe_takes_another_keys_head(void **state)
{
    struct lanes_fixture *f = *state;
    pause_by_a1(f);
    take(f, "a2", "a");
    take(f, "c1", "c");
    pass(f, 5000);
    assert_trace(f, "+b1");
    refuse(f, "b1", 401);
    pass(f, 10000);
    refuse(f, "c1", 401);
    pass(f, 20000);
    assert_trace(f, "b1:waiting b1~ +c1 c1:waiting c1~ +a1");
    refuse(f, "a1", 401);
    pass(f, 40000);
    assert_trace(f, "a1:waiting +b1");
}

static void one_success_ends_it(void **state)
{
    struct lanes_fixture *f = *state;
    pause_by_a1(f);
    pass(f, 5000);
    deliver(f, "b1");
    assert_trace(f, "+b1 !calendar=none b1:delivered b1=delivered +a1");
    assert_int_equal(pause_now(f), PAUSE_NONE);
    assert_null(calendar_status(f).reason);
    assert_int_equal(calendar_status(f).paused_ms, 0);
}

static void the_only_one_ready_is_its_own_probe(void **state)
{
    struct lanes_fixture *f = *state;
    take(f, "a1", "a");
    turn(f);
    refuse(f, "a1", 401);
    pass(f, 5000);
    refuse(f, "a1", 401);
    pass(f, 10000);
    forget_trace(f);
    deliver(f, "a1");
    assert_trace(f, "!calendar=none a1:delivered a1=delivered");
    assert_int_equal(f->row.attempts, 1);
}

static void a_probe_that_finds_nobody_starts_with_the_next_to_come(void **state)
{
    struct lanes_fixture *f = *state;
    take_so(f, "a1", "a", (struct take){.expires_in_ms = 100});
    turn(f);
    refuse(f, "a1", 401);
    pass(f, 100);
    settle(f, "a1");
    forget_trace(f);
    pass(f, 600000);
    assert_int_equal(lanes_next_ms(f->lanes), INT64_MAX);
    take(f, "b1", "b");
    turn(f);
    assert_trace(f, "+b1");
    refuse(f, "b1", 401);
    assert_int_equal(lanes_next_ms(f->lanes), f->time.mono_ms + 10000);
}

static void a_probe_waits_for_a_place_among_all_attempts(void **state)
{
    struct lanes_fixture *f = *state;
    begin_with(f, 1);
    take(f, "a1", "a");
    turn(f);
    refuse(f, "a1", 401);
    take_run(f, "run", "a");
    turn(f);
    forget_trace(f);
    pass(f, 5000);
    assert_trace(f, "");
    assert_int_equal(lanes_next_ms(f->lanes), INT64_MAX);
    succeed(f, "run");
    turn(f);
    assert_trace(f, "run=delivered +a1");
}

static void what_is_refused_twice_while_others_succeed_is_dead(void **state)
{
    struct lanes_fixture *f = *state;
    pause_by_a1(f);
    pass(f, 5000);
    deliver(f, "b1");
    forget_trace(f);
    refuse(f, "a1", 401);
    assert_trace(f, "a1:dead/refused a1=dead/refused");
    assert_int_equal(pause_now(f), PAUSE_NONE);
}

/* Credentials that ran out: what was sent before that says nothing. */
static void a_success_begun_before_the_pause_says_nothing(void **state)
{
    struct lanes_fixture *f = *state;
    take(f, "a1", "a");
    take(f, "b1", "b");
    turn(f);
    refuse(f, "a1", 401);
    deliver(f, "b1");
    assert_trace(f, "+a1 +b1 !calendar=auth a1:waiting a1~ b1:delivered b1=delivered");
    pass(f, 5000);
    refuse(f, "a1", 401);
    assert_trace(f, "+a1 a1:waiting");
}

static void a_probe_that_fails_otherwise_ends_nothing_and_uses_nothing_up(void **state)
{
    struct lanes_fixture *f = *state;
    take(f, "a1", "a");
    turn(f);
    refuse(f, "a1", 401);
    for (int i = 0; i < 10; i++) {
        pass(f, 600000);
        refuse(f, "a1", 503);
        assert_int_equal(f->row.state, DELIVERY_WAITING);
        assert_int_equal(f->row.attempts, 0);
        assert_int_equal(pause_now(f), PAUSE_AUTH);
        pass(f, 1000);
    }
}

static void an_attempt_that_fails_after_the_pause_began_isnt_counted(void **state)
{
    struct lanes_fixture *f = *state;
    f->policy.retry.attempts = 1;
    set_policy(f);
    take(f, "a1", "a");
    take(f, "b1", "b");
    turn(f);
    refuse(f, "a1", 401);
    refuse(f, "b1", 503);
    assert_int_equal(f->row.state, DELIVERY_WAITING);
    assert_int_equal(f->row.attempts, 0);
}

static void what_is_used_up_when_the_pause_begins_waits_for_its_end(void **state)
{
    struct lanes_fixture *f = *state;
    f->policy.retry.attempts = 0;
    set_policy(f);
    take(f, "a1", "a");
    take(f, "b1", "b");
    turn(f);
    pass(f, 2 * INT64_C(3600000));
    refuse(f, "a1", 401);
    refuse(f, "b1", 503);
    assert_int_equal(f->row.state, DELIVERY_WAITING);
    assert_int_equal(f->row.due_ms, f->time.wall_ms + 1000);
    pass(f, 5000);
    deliver(f, "b1");
    assert_int_equal(f->row.state, DELIVERY_DELIVERED);
}

static void what_was_refused_has_its_turn_again_after_the_pause(void **state)
{
    struct lanes_fixture *f = *state;
    pause_by_a1(f);
    take(f, "b2", "b");
    pass(f, 5000);
    succeed(f, "b1");
    take(f, "c1", "c");
    turn(f);
    assert_trace(f, "+b1 !calendar=none b1:delivered +a1");
}

static void a_script_error_of_a_probe_is_its_own(void **state)
{
    struct lanes_fixture *f = *state;
    pause_by_a1(f);
    pass(f, 5000);
    fail_by(f, "b1", ATTEMPT_SCRIPT);
    assert_trace(f, "+b1 b1:dead/script");
    assert_int_equal(pause_now(f), PAUSE_AUTH);
    assert_int_equal(lanes_next_ms(f->lanes), f->time.mono_ms + 10000);
}

static void handlers_dont_pause_for_credentials(void **state)
{
    struct lanes_fixture *f = *state;
    take_run(f, "run", "a");
    turn(f);
    fail_with(f, "run", 401);
    assert_trace(f, "+run run:waiting");
    assert_int_equal(f->row.attempts, 1);
}

static void loaded_anew_it_is_probed_at_once(void **state)
{
    struct lanes_fixture *f = *state;
    pause_by_a1(f);
    f->policy.concurrency = 10;
    set_policy(f);
    turn(f);
    assert_trace(f, "+b1");
    refuse(f, "b1", 401);
    assert_int_equal(lanes_next_ms(f->lanes), f->time.mono_ms + 10000);
}

static void loaded_anew_during_a_probe_there_is_no_other(void **state)
{
    struct lanes_fixture *f = *state;
    f->policy.concurrency = 10;
    take(f, "a1", "a");
    turn(f);
    refuse(f, "a1", 401);
    take(f, "b1", "b");
    pass(f, 5000);
    set_policy(f);
    turn(f);
    assert_trace(f, "+a1 !calendar=auth a1:waiting a1~ +b1");
}

/* ---- what stands still ---- */

static void age_stands_still_while_it_is_paused(void **state)
{
    struct lanes_fixture *f = *state;
    f->policy.retry.attempts = 0;
    set_policy(f);
    take(f, "a1", "a");
    take(f, "b1", "b");
    turn(f);
    int64_t first_ms = f->time.wall_ms;
    refuse(f, "a1", 503);
    pass(f, 500);
    refuse(f, "b1", 401);
    pass(f, 100 * INT64_C(3600000));
    fail_with(f, "a1", 401);
    assert_int_equal(f->row.first_attempt_ms, first_ms + 100 * INT64_C(3600000));
    settle(f, "a1");
    pass(f, 10000);
    deliver(f, "b1");
    refuse(f, "a1", 503);
    assert_int_equal(f->row.state, DELIVERY_WAITING);
    assert_int_equal(f->row.first_attempt_ms, first_ms + 100 * INT64_C(3600000) + 10000);
    pass(f, 3600000 - 501);
    refuse(f, "a1", 503);
    assert_int_equal(f->row.state, DELIVERY_WAITING);
    assert_int_equal(f->row.due_ms, f->time.wall_ms + 1);
    pass(f, 1);
    refuse(f, "a1", 503);
    assert_int_equal(f->row.state, DELIVERY_DEAD);
}

static void a_row_tells_of_the_pause_during_its_attempt(void **state)
{
    struct lanes_fixture *f = *state;
    take(f, "a1", "a");
    take(f, "b1", "b");
    turn(f);
    int64_t first_ms = f->time.wall_ms;
    refuse(f, "b1", 401);
    pass(f, 4000);
    fail_with(f, "a1", 401);
    assert_int_equal(f->row.first_attempt_ms, first_ms + 4000);
}

static void expiry_doesnt_stand_still(void **state)
{
    struct lanes_fixture *f = *state;
    pause_by_a1(f);
    take_so(f, "c1", "c", (struct take){.expires_in_ms = 1000});
    take_so(f, "a2", "a", (struct take){.expires_in_ms = 1000});
    pass(f, 1000);
    assert_trace(f, "c1:dead/expired a2:dead/expired");
}

static void what_expired_during_a_refused_attempt_is_dead(void **state)
{
    struct lanes_fixture *f = *state;
    take_so(f, "a1", "a", (struct take){.expires_in_ms = 1000});
    turn(f);
    pass(f, 1000);
    fail_with(f, "a1", 401);
    assert_trace(f, "+a1 !calendar=auth a1:dead/expired");
}

/* ---- set aside, gone ---- */

static void stop_many(struct lanes_fixture *f, int n)
{
    for (int i = 0; i < n; i++) {
        take(f, "x", NULL);
        turn(f);
        fail_by(f, "x", ATTEMPT_LIMIT);
        settle(f, "x");
    }
}

static void stopped_three_times_running_it_is_set_aside(void **state)
{
    struct lanes_fixture *f = *state;
    stop_many(f, 2);
    forget_trace(f);
    stop_many(f, 1);
    assert_trace(f, "+x !calendar=set-aside x:dead/limit x=dead/limit");
    take(f, "a1", "a");
    pass(f, INT64_C(1000) * 3600000);
    assert_trace(f, "");
    assert_string_equal(calendar_status(f).reason,
                        "stopped 3 times running for its limits of time or memory");
    assert_int_equal(calendar_status(f).paused_ms, INT64_C(1000) * 3600000);
}

static void any_other_end_between_begins_the_count_anew(void **state)
{
    struct lanes_fixture *f = *state;
    stop_many(f, 2);
    refuse_many(f, 1, 400);
    stop_many(f, 2);
    assert_int_equal(pause_now(f), PAUSE_NONE);
}

static void a_handler_is_set_aside_too(void **state)
{
    struct lanes_fixture *f = *state;
    for (int i = 0; i < 3; i++) {
        take_run(f, "run", NULL);
        turn(f);
        forget_trace(f);
        fail_by(f, "run", ATTEMPT_LIMIT);
        settle(f, "run");
    }
    assert_trace(f, "!calendar=set-aside run:dead/limit run=dead/limit");
    take_run(f, "run", NULL);
    turn(f);
    assert_trace(f, "");
}

static void loaded_anew_what_was_set_aside_goes_on(void **state)
{
    struct lanes_fixture *f = *state;
    stop_many(f, 3);
    take(f, "a1", "a");
    turn(f);
    forget_trace(f);
    set_policy(f);
    turn(f);
    assert_trace(f, "!calendar=none +a1");
    fail_by(f, "a1", ATTEMPT_LIMIT);
    assert_int_equal(pause_now(f), PAUSE_NONE);
}

static void what_is_gone_waits_until_it_is_back(void **state)
{
    struct lanes_fixture *f = *state;
    struct target *gone = lanes_set_target(f->lanes, SLICE_LIT("warehouse"), false, NULL);
    take_so(f, "w1", "a", (struct take){.target = gone});
    pass(f, 600000);
    assert_trace(f, "!warehouse=gone");
    assert_ptr_equal(lanes_set_target(f->lanes, SLICE_LIT("warehouse"), false, &f->policy), gone);
    turn(f);
    assert_trace(f, "!warehouse=none +w1");
}

static void what_is_gone_is_neither_probed_nor_ended_by_what_still_runs(void **state)
{
    struct lanes_fixture *f = *state;
    take(f, "a1", "a");
    take(f, "b1", "b");
    take(f, "c1", "c");
    turn(f);
    forget_trace(f);
    lanes_set_target(f->lanes, SLICE_LIT("calendar"), false, NULL);
    refuse(f, "a1", 401);
    deliver(f, "b1");
    refuse(f, "c1", 503);
    pass(f, 600000);
    assert_trace(f, "!calendar=gone a1:waiting a1~ b1:delivered b1=delivered c1:waiting c1~");
    assert_int_equal(pause_now(f), PAUSE_GONE);
}

static void a_probe_of_what_is_gone_meanwhile_ends_nothing(void **state)
{
    struct lanes_fixture *f = *state;
    pause_by_a1(f);
    pass(f, 5000);
    lanes_set_target(f->lanes, SLICE_LIT("calendar"), false, NULL);
    deliver(f, "b1");
    pass(f, 600000);
    assert_trace(f, "+b1 !calendar=gone b1:delivered b1=delivered");
}

static void a_pause_grows_graver_and_never_milder(void **state)
{
    struct lanes_fixture *f = *state;
    for (int i = 0; i < 5; i++)
        take(f, numbered(f, "x", i), NULL);
    turn(f);
    forget_trace(f);
    fail_with(f, "x0", 401);
    for (int i = 1; i <= 3; i++)
        fail_by(f, numbered(f, "x", i), ATTEMPT_LIMIT);
    fail_with(f, "x4", 401);
    lanes_set_target(f->lanes, SLICE_LIT("calendar"), false, NULL);
    assert_trace(f, "!calendar=auth x0:waiting x1:dead/limit x2:dead/limit !calendar=set-aside "
                    "x3:dead/limit x4:waiting !calendar=gone");
}

static void a_pause_that_grows_graver_is_one_pause(void **state)
{
    struct lanes_fixture *f = *state;
    pause_by_a1(f);
    pass(f, 4000);
    lanes_set_target(f->lanes, SLICE_LIT("calendar"), false, NULL);
    pass(f, 3000);
    assert_int_equal(calendar_status(f).paused_ms, 7000);
}

#define test(name) cmocka_unit_test_setup_teardown(name, lanes_setup, lanes_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(refused_credentials_pause_the_target_and_keep_what_waits),
        test(a_407_and_a_token_that_cant_be_had_pause_it_too),
        test(other_targets_go_on),
        test(all_that_are_refused_together_pause_it_once),
        test(probes_start_after_5_s_and_then_in_twice_the_time_to_5_min),
        test(a_probe_takes_another_keys_head),
        test(one_success_ends_it),
        test(the_only_one_ready_is_its_own_probe),
        test(a_probe_that_finds_nobody_starts_with_the_next_to_come),
        test(a_probe_waits_for_a_place_among_all_attempts),
        test(what_is_refused_twice_while_others_succeed_is_dead),
        test(a_success_begun_before_the_pause_says_nothing),
        test(a_probe_that_fails_otherwise_ends_nothing_and_uses_nothing_up),
        test(an_attempt_that_fails_after_the_pause_began_isnt_counted),
        test(what_is_used_up_when_the_pause_begins_waits_for_its_end),
        test(what_was_refused_has_its_turn_again_after_the_pause),
        test(a_script_error_of_a_probe_is_its_own),
        test(handlers_dont_pause_for_credentials),
        test(loaded_anew_it_is_probed_at_once),
        test(loaded_anew_during_a_probe_there_is_no_other),
        test(age_stands_still_while_it_is_paused),
        test(a_row_tells_of_the_pause_during_its_attempt),
        test(expiry_doesnt_stand_still),
        test(what_expired_during_a_refused_attempt_is_dead),
        test(stopped_three_times_running_it_is_set_aside),
        test(any_other_end_between_begins_the_count_anew),
        test(a_handler_is_set_aside_too),
        test(loaded_anew_what_was_set_aside_goes_on),
        test(what_is_gone_waits_until_it_is_back),
        test(what_is_gone_is_neither_probed_nor_ended_by_what_still_runs),
        test(a_probe_of_what_is_gone_meanwhile_ends_nothing),
        test(a_pause_grows_graver_and_never_milder),
        test(a_pause_that_grows_graver_is_one_pause),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
