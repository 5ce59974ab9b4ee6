/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Lanes: order, who starts when, what a handler's run leaves, delays, and how it all ends. Retries
 * are in test_lanes_retry.c, pauses in test_lanes_pause.c.
 */
#include "delivery/lanes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "lanes_fixture.h"

#include <cmocka.h>

static void succeed_at_once(struct lanes_fixture *f, struct parcel *p)
{
    succeed(f, p->d.id);
}

/* ---- order ---- */

static void nothing_starts_before_the_pump(void **state)
{
    struct lanes_fixture *f = *state;
    take(f, "a1", "a");
    assert_trace(f, "");
    turn(f);
    assert_trace(f, "+a1");
}

static void only_the_head_of_a_lane_is_attempted(void **state)
{
    struct lanes_fixture *f = *state;
    take(f, "a1", "a");
    take(f, "a2", "a");
    take(f, "b1", "b");
    turn(f);
    assert_trace(f, "+a1 +b1");
}

static void the_next_starts_only_when_the_end_before_it_is_on_disk(void **state)
{
    struct lanes_fixture *f = *state;
    take(f, "a1", "a");
    take(f, "a2", "a");
    turn(f);
    succeed(f, "a1");
    turn(f);
    assert_trace(f, "+a1 a1:delivered");
    settle(f, "a1");
    assert_trace(f, "a1=delivered +a2");
}

static void a_retry_keeps_its_lane_and_no_other(void **state)
{
    struct lanes_fixture *f = *state;
    take(f, "a1", "a");
    take(f, "a2", "a");
    turn(f);
    refuse(f, "a1", 503);
    take(f, "b1", "b");
    turn(f);
    assert_trace(f, "+a1 a1:waiting a1~ +b1");
    pass(f, 1000);
    assert_trace(f, "+a1");
    deliver(f, "a1");
    assert_trace(f, "a1:delivered a1=delivered +a2");
}

static void the_last_in_order_is_the_one_that_has_to_end_first(void **state)
{
    struct lanes_fixture *f = *state;
    struct slice a = SLICE_LIT("a");
    assert_null(target_last_in_order(f->calendar, a));
    take(f, "a1", "a");
    take(f, "a2", "a");
    take(f, "b1", "b");
    turn(f);
    assert_string_equal(target_last_in_order(f->calendar, a)->id, "a2");
    assert_null(target_last_in_order(f->calendar, SLICE_LIT("c")));
    assert_null(target_last_in_order(f->calendar, SLICE_NULL));
    f->policy.batch = (struct batch_policy){.size = 2, .bytes = 1000};
    set_policy(f);
    assert_null(target_last_in_order(f->calendar, a));
}

static void a_dead_letter_frees_its_lane(void **state)
{
    struct lanes_fixture *f = *state;
    take(f, "a1", "a");
    take(f, "a2", "a");
    turn(f);
    refuse(f, "a1", 400);
    assert_trace(f, "+a1 a1:dead/refused a1=dead/refused +a2");
}

static void without_a_key_there_is_no_order(void **state)
{
    struct lanes_fixture *f = *state;
    take(f, "x1", NULL);
    take(f, "x2", NULL);
    take(f, "e1", "");
    take(f, "e2", "");
    turn(f);
    assert_trace(f, "+x1 +x2 +e1");
}

static void a_target_without_order_takes_all_of_a_key_at_once(void **state)
{
    struct lanes_fixture *f = *state;
    f->policy.is_ordered = false;
    set_policy(f);
    take(f, "a1", "a");
    take(f, "a2", "a");
    turn(f);
    assert_trace(f, "+a1 +a2");
}

static void a_handler_and_a_connector_of_one_name_are_two(void **state)
{
    struct lanes_fixture *f = *state;
    assert_ptr_not_equal(f->calendar, f->handler);
    assert_ptr_equal(lanes_find_target(f->lanes, SLICE_LIT("calendar"), false), f->calendar);
    assert_ptr_equal(lanes_find_target(f->lanes, SLICE_LIT("calendar"), true), f->handler);
    assert_null(lanes_find_target(f->lanes, SLICE_LIT("warehouse"), false));
    take(f, "a1", "a");
    take_run(f, "run", "a");
    turn(f);
    assert_trace(f, "+a1 +run");
}

static void order_set_anew_holds_for_what_comes_then(void **state)
{
    struct lanes_fixture *f = *state;
    take(f, "a1", "a");
    take(f, "a2", "a");
    f->policy.is_ordered = false;
    set_policy(f);
    take(f, "a3", "a");
    turn(f);
    assert_trace(f, "+a1 +a3");
    deliver(f, "a1");
    assert_trace(f, "a1:delivered a1=delivered +a2");
}

/* ---- who starts when ---- */

static void concurrency_bounds_attempts_and_not_settles(void **state)
{
    struct lanes_fixture *f = *state;
    f->policy.concurrency = 2;
    set_policy(f);
    take(f, "a1", "a");
    take(f, "b1", "b");
    take(f, "c1", "c");
    turn(f);
    assert_trace(f, "+a1 +b1");
    succeed(f, "a1");
    turn(f);
    assert_trace(f, "a1:delivered +c1");
}

static void the_longest_ready_starts_first(void **state)
{
    struct lanes_fixture *f = *state;
    f->policy.concurrency = 1;
    set_policy(f);
    take(f, "a1", "a");
    take(f, "a2", "a");
    take(f, "b1", "b");
    turn(f);
    deliver(f, "a1");
    assert_trace(f, "+a1 a1:delivered a1=delivered +b1");
}

static void targets_take_turns_when_attempts_are_few(void **state)
{
    struct lanes_fixture *f = *state;
    begin_with(f, 2);
    for (int i = 1; i <= 3; i++) {
        take(f, numbered(f, "x", i), NULL);
        take_run(f, numbered(f, "run", i), NULL);
    }
    turn(f);
    assert_trace(f, "+x1 +run1");
    succeed(f, "x1");
    turn(f);
    assert_trace(f, "x1:delivered +x2");
    succeed(f, "run1");
    turn(f);
    assert_trace(f, "run1=delivered +run2");
    assert_int_equal(lanes_in_flight(f->lanes), 2);
}

static void auto_concurrency_grows_with_success(void **state)
{
    struct lanes_fixture *f = *state;
    f->policy.concurrency = 0;
    set_policy(f);
    for (int i = 0; i < 20; i++) {
        take(f, numbered(f, "x", i), NULL);
    }
    turn(f);
    assert_int_equal(calendar_status(f).in_flight, 8);
    for (int i = 0; i < 8; i++) {
        succeed(f, numbered(f, "x", i));
    }
    turn(f);
    assert_int_equal(calendar_status(f).concurrency, 9);
    assert_int_equal(calendar_status(f).in_flight, 9);
}

static void counters_tell_where_deliveries_are(void **state)
{
    struct lanes_fixture *f = *state;
    take(f, "a1", "a");
    take(f, "a2", "a");
    take(f, "b1", "b");
    assert_int_equal(calendar_status(f).waiting, 3);
    turn(f);
    assert_int_equal(calendar_status(f).waiting, 1);
    assert_int_equal(calendar_status(f).in_flight, 2);
    assert_int_equal(lanes_in_flight(f->lanes), 2);
    succeed(f, "a1");
    assert_int_equal(lanes_in_flight(f->lanes), 1);
    assert_int_equal(lanes_settling(f->lanes), 1);
    settle(f, "a1");
    assert_int_equal(lanes_settling(f->lanes), 0);
    deliver(f, "a2");
    deliver(f, "b1");
    assert_int_equal(calendar_status(f).waiting, 0);
    assert_int_equal(lanes_in_flight(f->lanes), 0);
    assert_int_equal(lanes_next_ms(f->lanes), INT64_MAX);
}

/* ---- handlers' runs ---- */

static void a_run_that_is_through_leaves_nothing(void **state)
{
    struct lanes_fixture *f = *state;
    take_run(f, "run1", "a");
    take_run(f, "run2", "a");
    turn(f);
    succeed(f, "run1");
    assert_trace(f, "+run1");
    turn(f);
    assert_trace(f, "run1=delivered +run2");
    fail_by(f, "run2", ATTEMPT_SKIPPED);
    turn(f);
    assert_trace(f, "run2=skipped/so it was");
}

static void a_run_that_fails_gets_a_row_without_a_connector(void **state)
{
    struct lanes_fixture *f = *state;
    take_run(f, "run", "a");
    turn(f);
    fail_with(f, "run", 401);
    assert_trace(f, "+run run:waiting");
    assert_null(f->row.connector.data);
    assert_int_equal(f->from, DELIVERY_NEW);
    settle(f, "run");
    pass(f, 1000);
    deliver(f, "run");
    assert_trace(f, "run~ +run run:delivered run=delivered");
    assert_int_equal(f->from, DELIVERY_WAITING);
}

static void runs_that_end_at_once_go_on_in_the_same_turn(void **state)
{
    struct lanes_fixture *f = *state;
    f->on_attempt = succeed_at_once;
    take_run(f, "run1", "a");
    take_run(f, "run2", "a");
    take_run(f, "run3", NULL);
    turn(f);
    assert_trace(f, "+run1 run1=delivered +run3 run3=delivered +run2 run2=delivered");
    assert_int_equal(lanes_in_flight(f->lanes), 0);
}

static void a_long_lane_of_runs_that_end_at_once_needs_no_stack(void **state)
{
    struct lanes_fixture *f = *state;
    f->on_attempt = succeed_at_once;
    f->settles_at_once = true;
    for (int i = 0; i < 20000; i++) {
        take_run(f, numbered(f, "run", i), "a");
    }
    turn(f);
    assert_true(list_is_empty(&f->parcels));
}

static void attempts_and_settles_may_end_within_their_ports(void **state)
{
    struct lanes_fixture *f = *state;
    f->on_attempt = succeed_at_once;
    f->settles_at_once = true;
    take(f, "a1", "a");
    take(f, "a2", "a");
    turn(f);
    assert_trace(f, "+a1 a1:delivered a1=delivered +a2 a2:delivered a2=delivered");
}

static void take_another(struct lanes_fixture *f, struct parcel *p)
{
    if (p->d.target == f->handler) {
        take(f, "sent", "a");
        succeed(f, p->d.id);
    }
}

static void what_a_run_sends_starts_in_the_same_turn(void **state)
{
    struct lanes_fixture *f = *state;
    f->on_attempt = take_another;
    take_run(f, "run", "a");
    turn(f);
    assert_trace(f, "+run run=delivered +sent");
}

/* Each takes 4 ms. */
static void succeed_slowly(struct lanes_fixture *f, struct parcel *p)
{
    clock_fake_advance(&f->time, 4);
    succeed(f, p->d.id);
}

static void a_turn_that_takes_long_leaves_the_rest_to_the_next(void **state)
{
    struct lanes_fixture *f = *state;
    f->on_attempt = succeed_slowly;
    for (int i = 1; i <= 5; i++) {
        take_run(f, numbered(f, "run", i), NULL);
    }
    turn(f);
    assert_int_equal(lanes_next_ms(f->lanes), f->time.mono_ms);
    assert_trace(f, "+run1 run1=delivered +run2 run2=delivered +run3");
    turn(f);
    assert_trace(f, "run3=delivered +run4 run4=delivered +run5 run5=delivered");
    assert_int_equal(lanes_next_ms(f->lanes), INT64_MAX);
}

/* ---- delays ---- */

static void a_delay_is_written_before_it_is_waited_for(void **state)
{
    struct lanes_fixture *f = *state;
    take_so(f, "a1", "a", (struct take){.delay_ms = 5000});
    turn(f);
    assert_trace(f, "a1:waiting");
    assert_int_equal(f->row.due_ms, f->time.wall_ms + 5000);
    assert_int_equal(f->row.attempts, 0);
    assert_int_equal(f->row.first_attempt_ms, 0);
    assert_false(f->has_attempt);
    settle(f, "a1");
    assert_int_equal(lanes_next_ms(f->lanes), f->time.mono_ms + 5000);
    pass(f, 4999);
    assert_trace(f, "a1~");
    pass(f, 1);
    assert_trace(f, "+a1");
}

static void a_delay_counts_from_the_send(void **state)
{
    struct lanes_fixture *f = *state;
    take(f, "a1", "a");
    take_so(f, "a2", "a", (struct take){.delay_ms = 5000});
    turn(f);
    pass(f, 3000);
    deliver(f, "a1");
    settle(f, "a2");
    pass(f, 2000);
    assert_trace(f, "+a1 a1:delivered a1=delivered a2:waiting a2~ +a2");
}

/* Else a restart would put it before the one that it stands behind. */
static void behind_others_no_delay_is_written(void **state)
{
    struct lanes_fixture *f = *state;
    take(f, "a1", "a");
    take_so(f, "a2", "a", (struct take){.delay_ms = 5000});
    turn(f);
    pass(f, 6000);
    deliver(f, "a1");
    assert_trace(f, "+a1 a1:delivered a1=delivered +a2");
}

static void a_delay_holds_its_lane(void **state)
{
    struct lanes_fixture *f = *state;
    take_so(f, "a1", "a", (struct take){.delay_ms = 5000});
    take(f, "a2", "a");
    turn(f);
    settle(f, "a1");
    pass(f, 5000);
    deliver(f, "a1");
    assert_trace(f, "a1:waiting a1~ +a1 a1:delivered a1=delivered +a2");
}

/* ---- drain and end ---- */

static void stopped_nothing_starts_and_what_runs_may_end(void **state)
{
    struct lanes_fixture *f = *state;
    take(f, "a1", "a");
    take(f, "a2", "a");
    take_so(f, "b1", "b", (struct take){.expires_in_ms = 100});
    f->policy.concurrency = 1;
    set_policy(f);
    turn(f);
    lanes_stop(f->lanes);
    take(f, "c1", "c");
    pass(f, 1000);
    assert_trace(f, "+a1");
    assert_int_equal(lanes_next_ms(f->lanes), INT64_MAX);
    deliver(f, "a1");
    assert_trace(f, "a1:delivered a1=delivered");
}

static void stopped_a_delay_is_written_all_the_same(void **state)
{
    struct lanes_fixture *f = *state;
    lanes_stop(f->lanes);
    take_so(f, "a1", "a", (struct take){.delay_ms = 5000});
    assert_int_equal(lanes_next_ms(f->lanes), f->time.mono_ms);
    turn(f);
    settle(f, "a1");
    assert_trace(f, "a1:waiting a1~");
}

static void freed_it_lets_go_of_each_delivery_once(void **state)
{
    struct lanes_fixture *f = *state;
    take(f, "flight", "a");
    take(f, "behind", "a");
    take(f, "settling", "b");
    take(f, "kept", "c");
    take(f, "done", "d");
    turn(f);
    take(f, "ready", "e");
    take_so(f, "delayed", "f", (struct take){.delay_ms = 1000, .expires_in_ms = 5000});
    succeed(f, "settling");
    fail_with(f, "kept", 503);
    find_parcel(f, "kept")->is_unsettled = false;
    lanes_settled(f->lanes, &find_parcel(f, "kept")->d);
    succeed(f, "done");
    find_parcel(f, "done")->is_unsettled = false;
    lanes_settled(f->lanes, &find_parcel(f, "done")->d);
    forget_trace(f);
    let_go_all(f);
    assert_trace(f, "flight=new behind=new settling=new kept=new ready=new delayed=new done=new");
}

static void a_target_is_found_with_what_its_owner_hung_on_it(void **state)
{
    struct lanes_fixture *f = *state;
    target_set_owner(f->calendar, f);
    set_policy(f);
    assert_ptr_equal(target_owner(f->calendar), f);
    assert_string_equal(target_name(f->calendar), "calendar");
    assert_false(target_is_handler(f->calendar));
    assert_true(target_is_handler(f->handler));
}

static void count_target(void *ctx, struct target *t)
{
    struct lanes_fixture *f = *(struct lanes_fixture **)ctx;
    assert_true(t == f->calendar || t == f->handler);
    f->next_seq++;
}

static void each_target_is_visited(void **state)
{
    struct lanes_fixture *f = *state;
    lanes_each_target(f->lanes, count_target, state);
    assert_int_equal(f->next_seq, 2);
}

#define test(name) cmocka_unit_test_setup_teardown(name, lanes_setup, lanes_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(nothing_starts_before_the_pump),
        test(only_the_head_of_a_lane_is_attempted),
        test(the_next_starts_only_when_the_end_before_it_is_on_disk),
        test(a_retry_keeps_its_lane_and_no_other),
        test(the_last_in_order_is_the_one_that_has_to_end_first),
        test(a_dead_letter_frees_its_lane),
        test(without_a_key_there_is_no_order),
        test(a_target_without_order_takes_all_of_a_key_at_once),
        test(a_handler_and_a_connector_of_one_name_are_two),
        test(order_set_anew_holds_for_what_comes_then),
        test(concurrency_bounds_attempts_and_not_settles),
        test(the_longest_ready_starts_first),
        test(targets_take_turns_when_attempts_are_few),
        test(auto_concurrency_grows_with_success),
        test(counters_tell_where_deliveries_are),
        test(a_run_that_is_through_leaves_nothing),
        test(a_run_that_fails_gets_a_row_without_a_connector),
        test(runs_that_end_at_once_go_on_in_the_same_turn),
        test(a_long_lane_of_runs_that_end_at_once_needs_no_stack),
        test(attempts_and_settles_may_end_within_their_ports),
        test(what_a_run_sends_starts_in_the_same_turn),
        test(a_turn_that_takes_long_leaves_the_rest_to_the_next),
        test(a_delay_is_written_before_it_is_waited_for),
        test(a_delay_counts_from_the_send),
        test(behind_others_no_delay_is_written),
        test(a_delay_holds_its_lane),
        test(stopped_nothing_starts_and_what_runs_may_end),
        test(stopped_a_delay_is_written_all_the_same),
        test(freed_it_lets_go_of_each_delivery_once),
        test(a_target_is_found_with_what_its_owner_hung_on_it),
        test(each_target_is_visited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
