/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Retries, ages and expiry in a lane, the rows that tell of them, and what a restart makes of
 * those.
 */
#include "delivery/lanes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "lanes_fixture.h"

#include <cmocka.h>

#define HOUR_MS INT64_C(3600000) /* the policy's age */

static void fail_after(struct lanes_fixture *f, const char *id, enum attempt_kind kind,
                       int64_t after_ms)
{
    end_attempt(f, id,
                (struct attempt_end){.kind = kind, .status = 503, .after_ms = after_ms, .us = 7});
}

static int64_t waits_ms(const struct lanes_fixture *f)
{
    return f->row.due_ms - f->time.wall_ms;
}

static void assert_text(struct slice s, const char *text)
{
    assert_true(slice_is_equal(s, slice_str(text)));
}

/* Any number of attempts, each an hour's age at most. */
static void by_age_alone(struct lanes_fixture *f)
{
    f->policy.retry.attempts = 0;
    set_policy(f);
}

/* ---- when ---- */

static void the_next_attempt_starts_when_it_is_due(void **state)
{
    struct lanes_fixture *f = *state;
    take(f, "a1", "a");
    turn(f);
    refuse(f, "a1", 503);
    assert_int_equal(lanes_next_ms(f->lanes), f->time.mono_ms + 1000);
    pass(f, 999);
    assert_trace(f, "+a1 a1:waiting a1~");
    pass(f, 1);
    assert_trace(f, "+a1");
}

static void delays_grow_with_the_attempts(void **state)
{
    struct lanes_fixture *f = *state;
    by_age_alone(f);
    f->policy.retry.growth = GROWTH_EXPONENTIAL;
    f->policy.retry.factor = 2;
    set_policy(f);
    take(f, "a1", "a");
    turn(f);
    for (int64_t delay = 1000; delay <= 64000; delay *= 2) {
        refuse(f, "a1", 503);
        assert_int_equal(waits_ms(f), delay);
        pass(f, delay);
    }
}

static void attempts_that_are_used_up_are_exhausted(void **state)
{
    struct lanes_fixture *f = *state;
    take(f, "a1", "a");
    turn(f);
    refuse(f, "a1", 503);
    pass(f, 1000);
    refuse(f, "a1", 503);
    pass(f, 1000);
    forget_trace(f);
    refuse(f, "a1", 503);
    assert_trace(f, "a1:dead/exhausted a1=dead/exhausted");
    assert_int_equal(f->row.attempts, 3);
}

static void what_others_memory_stops_uses_nothing_up(void **state)
{
    struct lanes_fixture *f = *state;
    take(f, "a1", "a");
    turn(f);
    for (int i = 0; i < 1000; i++) { /* longer than its age */
        fail_after(f, "a1", ATTEMPT_STARVED, 5000);
        assert_true(waits_ms(f) >= 5000);
        assert_int_equal(f->row.attempts, 0);
        settle(f, "a1");
        pass(f, waits_ms(f));
        forget_trace(f);
    }
    refuse(f, "a1", 503);
    assert_int_equal(f->row.attempts, 1);
    assert_trace(f, "a1:waiting");
}

static void the_last_attempt_is_at_the_end_of_the_age(void **state)
{
    struct lanes_fixture *f = *state;
    by_age_alone(f);
    take(f, "a1", "a");
    turn(f);
    pass(f, HOUR_MS - 300);
    refuse(f, "a1", 503);
    assert_int_equal(waits_ms(f), 300);
    pass(f, 300);
    forget_trace(f);
    refuse(f, "a1", 503);
    assert_trace(f, "a1:dead/exhausted a1=dead/exhausted");
}

static void age_counts_from_the_first_attempt(void **state)
{
    struct lanes_fixture *f = *state;
    by_age_alone(f);
    take_so(f, "a1", "a", (struct take){.delay_ms = 10 * HOUR_MS});
    turn(f);
    settle(f, "a1");
    pass(f, 10 * HOUR_MS);
    int64_t first_ms = f->time.wall_ms;
    pass(f, HOUR_MS / 2);
    refuse(f, "a1", 503);
    assert_int_equal(waits_ms(f), 1000);
    assert_int_equal(f->row.first_attempt_ms, first_ms);
}

static void without_attempts_and_age_it_goes_on(void **state)
{
    struct lanes_fixture *f = *state;
    by_age_alone(f);
    f->policy.retry.age_ms = 0;
    set_policy(f);
    take(f, "a1", "a");
    turn(f);
    for (int i = 0; i < 50; i++) {
        refuse(f, "a1", 503);
        pass(f, 1000 * HOUR_MS);
    }
    deliver(f, "a1");
    assert_int_equal(f->row.state, DELIVERY_DELIVERED);
}

static void retry_after_moves_the_next_attempt_back_and_never_forward(void **state)
{
    struct lanes_fixture *f = *state;
    take(f, "a1", "a");
    take(f, "b1", "b");
    turn(f);
    fail_after(f, "a1", ATTEMPT_STATUS, 90000);
    assert_int_equal(waits_ms(f), 90000);
    fail_after(f, "b1", ATTEMPT_STATUS, 0);
    assert_int_equal(waits_ms(f), 1000);
}

static void a_scripts_own_after_is_taken_as_it_is(void **state)
{
    struct lanes_fixture *f = *state;
    take(f, "a1", "a");
    take(f, "b1", "b");
    take(f, "c1", "c");
    turn(f);
    fail_after(f, "a1", ATTEMPT_RETRY, 90000);
    assert_int_equal(waits_ms(f), 90000);
    fail_after(f, "b1", ATTEMPT_RETRY, 0);
    assert_int_equal(waits_ms(f), 0);
    fail_after(f, "c1", ATTEMPT_RETRY, -1);
    assert_int_equal(waits_ms(f), 1000);
}

static void no_after_is_later_than_the_end_of_the_age(void **state)
{
    struct lanes_fixture *f = *state;
    take(f, "a1", "a");
    take(f, "b1", "b");
    turn(f);
    fail_after(f, "a1", ATTEMPT_STATUS, INT64_MAX);
    assert_int_equal(waits_ms(f), HOUR_MS);
    fail_after(f, "b1", ATTEMPT_RETRY, 2 * HOUR_MS);
    assert_int_equal(waits_ms(f), HOUR_MS);
}

static void an_endless_after_without_an_age_is_borne(void **state)
{
    struct lanes_fixture *f = *state;
    f->policy.retry.age_ms = 0;
    set_policy(f);
    take(f, "a1", "a");
    turn(f);
    fail_after(f, "a1", ATTEMPT_STATUS, INT64_MAX);
    assert_true(f->row.due_ms > f->time.wall_ms + 1000 * HOUR_MS);
    settle(f, "a1");
    pass(f, 1000 * HOUR_MS);
    assert_trace(f, "+a1 a1:waiting a1~");
}

/* ---- what is written ---- */

static void a_failed_attempt_is_recorded(void **state)
{
    struct lanes_fixture *f = *state;
    take(f, "a1", "a");
    turn(f);
    int64_t at_ms = f->time.wall_ms;
    pass(f, 70);
    end_attempt(f, "a1",
                (struct attempt_end){.kind = ATTEMPT_FAILURE,
                                     .failure = "timeout",
                                     .after_ms = -1,
                                     .unknown = true,
                                     .us = 70999,
                                     .error = SLICE_LIT("no answer within 70 ms"),
                                     .answer = SLICE_LIT("HTTP")});
    assert_true(f->has_attempt);
    assert_int_equal(f->attempt.n, 1);
    assert_int_equal(f->attempt.at_ms, at_ms);
    assert_int_equal(f->attempt.ms, 70);
    assert_text(f->attempt.code, "timeout");
    assert_text(f->attempt.error, "no answer within 70 ms");
    assert_text(f->attempt.answer, "HTTP");
}

static void a_row_tells_how_it_stands(void **state)
{
    struct lanes_fixture *f = *state;
    struct parcel *p = take_so(f, "a1", "a", (struct take){.expires_in_ms = 60000});
    p->d.transformer = (char *)"calendarEvent";
    p->d.data = SLICE_LIT("{}");
    turn(f);
    fail_with(f, "a1", 503);
    assert_int_equal(f->from, DELIVERY_NEW);
    assert_int_equal(f->row.state, DELIVERY_WAITING);
    assert_text(f->row.connector, "calendar");
    assert_text(f->row.error, "it was refused");
    assert_null(f->row.cause.data);
    assert_int_equal(f->row.attempts, 1);
    assert_int_equal(f->row.first_attempt_ms, f->time.wall_ms);
    assert_int_equal(f->row.created_ms, f->time.wall_ms);
    assert_int_equal(f->row.expires_ms, f->time.wall_ms + 60000);
    assert_int_equal(f->row.ended_ms, 0);
    assert_int_equal(f->row.written_ms, f->time.wall_ms);
    assert_true(f->row.has_key);
    assert_ptr_equal(f->row.data.data, p->d.data.data);
    assert_ptr_equal(f->row.transformer.data, p->d.transformer);
    assert_ptr_equal(f->row.handler.data, p->d.handler);
}

static void a_success_is_written_without_its_attempt(void **state)
{
    struct lanes_fixture *f = *state;
    take(f, "a1", NULL);
    turn(f);
    refuse(f, "a1", 503);
    pass(f, 1000);
    deliver(f, "a1");
    assert_false(f->has_attempt);
    assert_int_equal(f->from, DELIVERY_WAITING);
    assert_int_equal(f->row.attempts, 2);
    assert_int_equal(f->row.ended_ms, f->time.wall_ms);
    assert_int_equal(f->row.due_ms, 0);
    assert_int_equal(f->row.written_ms, 0);
    assert_false(f->row.has_key);
}

static void it_is_told_once_that_it_is_kept(void **state)
{
    struct lanes_fixture *f = *state;
    take(f, "a1", "a");
    turn(f);
    refuse(f, "a1", 503);
    assert_trace(f, "+a1 a1:waiting a1~");
    pass(f, 1000);
    refuse(f, "a1", 503);
    assert_trace(f, "+a1 a1:waiting");
}

static void what_is_skipped_has_its_reason_as_cause_and_no_error(void **state)
{
    struct lanes_fixture *f = *state;
    take(f, "a1", "a");
    turn(f);
    fail_by(f, "a1", ATTEMPT_SKIPPED);
    assert_trace(f, "+a1 a1:skipped/so it was");
    assert_null(f->row.error.data);
    assert_false(f->has_attempt);
    settle(f, "a1");
    assert_trace(f, "a1=skipped/so it was");
}

static void what_is_older_than_what_was_delivered_is_superseded(void **state)
{
    struct lanes_fixture *f = *state;
    take(f, "a1", "a");
    turn(f);
    fail_by(f, "a1", ATTEMPT_OLDER);
    assert_trace(f, "+a1 a1:superseded/so it was");
    assert_null(f->row.error.data);
    settle(f, "a1");
    assert_trace(f, "a1=superseded/so it was");
}

static void a_conflict_after_an_unknown_end_is_tried_again(void **state)
{
    struct lanes_fixture *f = *state;
    take(f, "a1", "a");
    turn(f);
    end_attempt(f, "a1",
                (struct attempt_end){.kind = ATTEMPT_FAILURE, .after_ms = -1, .unknown = true});
    assert_true(f->row.unknown);
    settle(f, "a1");
    pass(f, 1000);
    refuse(f, "a1", 503);
    assert_true(f->row.unknown);
    f->policy.retry.attempts = 4;
    set_policy(f);
    pass(f, 1000);
    refuse(f, "a1", 409);
    assert_int_equal(f->row.state, DELIVERY_WAITING);
    take(f, "b1", "b");
    turn(f);
    refuse(f, "b1", 409);
    assert_int_equal(f->row.state, DELIVERY_DEAD);
}

static void each_cause_is_told(void **state)
{
    struct lanes_fixture *f = *state;
    take(f, "a1", NULL);
    take(f, "a2", NULL);
    take(f, "a3", NULL);
    turn(f);
    forget_trace(f);
    fail_by(f, "a1", ATTEMPT_REJECT);
    fail_by(f, "a2", ATTEMPT_SCRIPT);
    fail_by(f, "a3", ATTEMPT_LIMIT);
    assert_trace(f, "a1:dead/refused a2:dead/script a3:dead/limit");
    assert_text(f->attempt.code, "limit");
}

/* ---- expiry ---- */

static void it_expires_while_it_waits_for_its_time(void **state)
{
    struct lanes_fixture *f = *state;
    take_so(f, "a1", "a", (struct take){.expires_in_ms = 400});
    turn(f);
    refuse(f, "a1", 503);
    assert_int_equal(lanes_next_ms(f->lanes), f->time.mono_ms + 400);
    pass(f, 399);
    assert_trace(f, "+a1 a1:waiting a1~");
    pass(f, 1);
    settle(f, "a1");
    assert_trace(f, "a1:dead/expired a1=dead/expired");
}

static void it_expires_while_it_waits_for_its_turn(void **state)
{
    struct lanes_fixture *f = *state;
    f->policy.concurrency = 1;
    set_policy(f);
    take(f, "a1", "a");
    take_so(f, "b1", "b", (struct take){.expires_in_ms = 400});
    turn(f);
    pass(f, 400);
    assert_trace(f, "+a1 b1:dead/expired");
    assert_text(f->row.error, "it expired before it was attempted");
    settle(f, "b1");
    succeed(f, "a1");
    turn(f);
    assert_trace(f, "b1=dead/expired a1:delivered");
}

static void it_expires_behind_others_and_they_go_on(void **state)
{
    struct lanes_fixture *f = *state;
    take(f, "a1", "a");
    take_so(f, "a2", "a", (struct take){.expires_in_ms = 400});
    take(f, "a3", "a");
    turn(f);
    pass(f, 400);
    assert_trace(f, "+a1 a2:dead/expired");
    settle(f, "a2");
    deliver(f, "a1");
    assert_trace(f, "a2=dead/expired a1:delivered a1=delivered +a3");
}

static void behind_one_that_expires_meanwhile_the_lane_waits_for_its_settle(void **state)
{
    struct lanes_fixture *f = *state;
    take(f, "a1", "a");
    take_so(f, "a2", "a", (struct take){.expires_in_ms = 400});
    take(f, "a3", "a");
    turn(f);
    pass(f, 400);
    deliver(f, "a1");
    assert_trace(f, "+a1 a2:dead/expired a1:delivered a1=delivered");
    settle(f, "a2");
    assert_trace(f, "a2=dead/expired +a3");
}

static void a_follower_that_expires_doesnt_cost_its_lane_its_turn(void **state)
{
    struct lanes_fixture *f = *state;
    f->policy.concurrency = 1;
    set_policy(f);
    take(f, "x", NULL);
    turn(f);
    take(f, "a1", "a");
    take_so(f, "a2", "a", (struct take){.expires_in_ms = 400});
    take(f, "b1", "b");
    pass(f, 400);
    settle(f, "a2");
    forget_trace(f);
    deliver(f, "x");
    assert_trace(f, "x:delivered x=delivered +a1");
}

static void it_doesnt_expire_during_an_attempt(void **state)
{
    struct lanes_fixture *f = *state;
    take_so(f, "a1", "a", (struct take){.expires_in_ms = 400});
    take_so(f, "b1", "b", (struct take){.expires_in_ms = 400});
    turn(f);
    pass(f, 1000);
    deliver(f, "a1");
    assert_trace(f, "+a1 +b1 a1:delivered a1=delivered");
    refuse(f, "b1", 503);
    assert_trace(f, "b1:dead/expired b1=dead/expired");
    assert_text(f->row.error, "it was refused");
}

static void what_has_expired_when_its_turn_comes_isnt_attempted(void **state)
{
    struct lanes_fixture *f = *state;
    take(f, "a1", "a");
    take_so(f, "a2", "a", (struct take){.expires_in_ms = 400});
    turn(f);
    succeed(f, "a1");
    clock_fake_advance(&f->time, 400);
    settle(f, "a1");
    assert_trace(f, "+a1 a1:delivered a1=delivered a2:dead/expired");
}

static void a_clock_that_is_set_expires_and_starts_nothing(void **state)
{
    struct lanes_fixture *f = *state;
    by_age_alone(f);
    take(f, "a1", "a");
    take_so(f, "a2", "a", (struct take){.expires_in_ms = 60000});
    turn(f);
    refuse(f, "a1", 503);
    forget_trace(f);
    f->time.wall_ms += 1000 * HOUR_MS;
    turn(f);
    assert_trace(f, "");
    pass(f, 1000);
    f->time.wall_ms -= 5000 * HOUR_MS;
    refuse(f, "a1", 503);
    assert_trace(f, "+a1 a1:waiting");
    assert_int_equal(waits_ms(f), 1000);
}

/* ---- restarts ---- */

static void a_row_is_due_when_it_says(void **state)
{
    struct lanes_fixture *f = *state;
    int64_t now = f->time.wall_ms;
    restore(f, "a1", "a", (struct delivery_row){.state = DELIVERY_WAITING, .due_ms = now + 700});
    restore(f, "b1", "b", (struct delivery_row){.state = DELIVERY_WAITING, .due_ms = now - 700});
    take(f, "a2", "a");
    turn(f);
    assert_trace(f, "+b1");
    pass(f, 700);
    assert_trace(f, "+a1");
    assert_int_equal(find_parcel(f, "a1")->d.state, DELIVERY_WAITING);
}

static void where_the_clock_was_set_back_a_row_waits_for_as_long_as_it_was_put_off(void **state)
{
    struct lanes_fixture *f = *state;
    int64_t was = f->time.wall_ms + 5 * HOUR_MS; /* by the clock before it was set */
    restore(
        f, "a1", "a",
        (struct delivery_row){.state = DELIVERY_WAITING, .due_ms = was + 700, .written_ms = was});
    restore(f, "b1", "b",
            (struct delivery_row){.state = DELIVERY_WAITING, .due_ms = was, .written_ms = was});
    turn(f);
    assert_trace(f, "+b1");
    pass(f, 699);
    assert_trace(f, "");
    pass(f, 1);
    assert_trace(f, "+a1");
}

static void where_the_clock_was_set_back_a_row_expires_as_long_after_its_send(void **state)
{
    struct lanes_fixture *f = *state;
    struct parcel *p = parcel_new(f, "a1", "a", (struct take){0});
    p->d.created_ms = f->time.wall_ms + 5 * HOUR_MS;
    p->d.expires_ms = p->d.created_ms + 700;
    lanes_restore(f->lanes, &p->d,
                  &(struct delivery_row){.state = DELIVERY_WAITING,
                                         .due_ms = p->d.created_ms + HOUR_MS,
                                         .written_ms = p->d.created_ms});
    forget_trace(f);
    pass(f, 699);
    assert_trace(f, "");
    pass(f, 1);
    assert_trace(f, "a1:dead/expired");
}

static void a_row_that_comes_back_isnt_told_as_kept(void **state)
{
    struct lanes_fixture *f = *state;
    restore(f, "a1", "a", (struct delivery_row){.state = DELIVERY_WAITING});
    turn(f);
    refuse(f, "a1", 503);
    assert_trace(f, "+a1 a1:waiting");
    assert_int_equal(f->from, DELIVERY_WAITING);
}

static void attempts_and_age_go_on_where_they_were(void **state)
{
    struct lanes_fixture *f = *state;
    int64_t now = f->time.wall_ms;
    restore(f, "a1", "a", (struct delivery_row){.state = DELIVERY_WAITING, .attempts = 2});
    turn(f);
    refuse(f, "a1", 503);
    assert_trace(f, "+a1 a1:dead/exhausted a1=dead/exhausted");
    assert_int_equal(f->row.attempts, 3);

    by_age_alone(f);
    restore(f, "b1", "b",
            (struct delivery_row){
                .state = DELIVERY_WAITING, .attempts = 2, .first_attempt_ms = now - HOUR_MS + 300});
    turn(f);
    refuse(f, "b1", 503);
    assert_int_equal(waits_ms(f), 300);
    assert_int_equal(f->row.first_attempt_ms, now - HOUR_MS + 300);
}

static void one_whose_age_ended_meanwhile_is_attempted_once_more(void **state)
{
    struct lanes_fixture *f = *state;
    int64_t now = f->time.wall_ms;
    restore(f, "a1", "a",
            (struct delivery_row){
                .state = DELIVERY_WAITING, .attempts = 1, .first_attempt_ms = now - 9 * HOUR_MS});
    turn(f);
    refuse(f, "a1", 503);
    assert_trace(f, "+a1 a1:dead/exhausted a1=dead/exhausted");
}

static void a_first_attempt_in_the_future_was_now(void **state)
{
    struct lanes_fixture *f = *state;
    by_age_alone(f);
    restore(f, "a1", "a",
            (struct delivery_row){.state = DELIVERY_WAITING,
                                  .attempts = 1,
                                  .first_attempt_ms = f->time.wall_ms + 50 * HOUR_MS});
    turn(f);
    pass(f, HOUR_MS);
    refuse(f, "a1", 503);
    assert_trace(f, "+a1 a1:dead/exhausted a1=dead/exhausted");
}

static void what_expired_meanwhile_isnt_attempted(void **state)
{
    struct lanes_fixture *f = *state;
    restore(f, "a1", "a",
            (struct delivery_row){.state = DELIVERY_WAITING,
                                  .expires_ms = f->time.wall_ms - 1,
                                  .error = SLICE_LIT("it was away")});
    turn(f);
    settle(f, "a1");
    assert_trace(f, "a1:dead/expired a1=dead/expired");
    assert_text(f->row.error, "it was away");
}

static void an_unknown_end_is_remembered(void **state)
{
    struct lanes_fixture *f = *state;
    restore(f, "a1", "a", (struct delivery_row){.state = DELIVERY_WAITING, .unknown = true});
    turn(f);
    refuse(f, "a1", 409);
    assert_trace(f, "+a1 a1:waiting");
}

static void times_out_of_all_measure_are_borne(void **state)
{
    struct lanes_fixture *f = *state;
    restore(f, "a1", "a",
            (struct delivery_row){.state = DELIVERY_WAITING,
                                  .due_ms = INT64_MAX,
                                  .expires_ms = INT64_MAX,
                                  .first_attempt_ms = 1});
    take_so(f, "b1", "b", (struct take){.delay_ms = INT64_MAX});
    turn(f);
    assert_trace(f, "b1:waiting");
    assert_true(f->row.due_ms > f->time.wall_ms + 1000 * HOUR_MS);
}

/* The event was not closed yet: its handler runs again, with all the attempts it may have. */
static void a_run_that_was_through_begins_anew_over_its_row(void **state)
{
    struct lanes_fixture *f = *state;
    struct parcel *p = parcel_new(f, "run", "a", (struct take){.target = f->handler});
    const struct delivery_row row = {
        .seq = 7, .state = DELIVERY_DELIVERED, .attempts = 3, .first_attempt_ms = 1};
    p->d.seq = 7;
    lanes_restore(f->lanes, &p->d, &row);
    turn(f);
    refuse(f, "run", 503);
    assert_trace(f, "+run run:waiting");
    assert_int_equal(f->from, DELIVERY_DELIVERED);
    assert_int_equal(f->row.attempts, 1);
    pass(f, 1000);
    deliver(f, "run");
    assert_trace(f, "+run run:delivered run=delivered");
    assert_int_equal(f->row.seq, 7);
}

#define test(name) cmocka_unit_test_setup_teardown(name, lanes_setup, lanes_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(the_next_attempt_starts_when_it_is_due),
        test(delays_grow_with_the_attempts),
        test(attempts_that_are_used_up_are_exhausted),
        test(what_others_memory_stops_uses_nothing_up),
        test(the_last_attempt_is_at_the_end_of_the_age),
        test(age_counts_from_the_first_attempt),
        test(without_attempts_and_age_it_goes_on),
        test(retry_after_moves_the_next_attempt_back_and_never_forward),
        test(a_scripts_own_after_is_taken_as_it_is),
        test(no_after_is_later_than_the_end_of_the_age),
        test(an_endless_after_without_an_age_is_borne),
        test(a_failed_attempt_is_recorded),
        test(a_row_tells_how_it_stands),
        test(a_success_is_written_without_its_attempt),
        test(it_is_told_once_that_it_is_kept),
        test(what_is_skipped_has_its_reason_as_cause_and_no_error),
        test(what_is_older_than_what_was_delivered_is_superseded),
        test(a_conflict_after_an_unknown_end_is_tried_again),
        test(each_cause_is_told),
        test(it_expires_while_it_waits_for_its_time),
        test(it_expires_while_it_waits_for_its_turn),
        test(it_expires_behind_others_and_they_go_on),
        test(behind_one_that_expires_meanwhile_the_lane_waits_for_its_settle),
        test(a_follower_that_expires_doesnt_cost_its_lane_its_turn),
        test(it_doesnt_expire_during_an_attempt),
        test(what_has_expired_when_its_turn_comes_isnt_attempted),
        test(a_clock_that_is_set_expires_and_starts_nothing),
        test(a_row_is_due_when_it_says),
        test(where_the_clock_was_set_back_a_row_waits_for_as_long_as_it_was_put_off),
        test(where_the_clock_was_set_back_a_row_expires_as_long_after_its_send),
        test(a_row_that_comes_back_isnt_told_as_kept),
        test(attempts_and_age_go_on_where_they_were),
        test(one_whose_age_ended_meanwhile_is_attempted_once_more),
        test(a_first_attempt_in_the_future_was_now),
        test(what_expired_meanwhile_isnt_attempted),
        test(an_unknown_end_is_remembered),
        test(times_out_of_all_measure_are_borne),
        test(a_run_that_was_through_begins_anew_over_its_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
