/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* Attempts that wait for something else, and rows that are written before their time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/attr.h"
#include "lanes_fixture.h"

static void park(struct lanes_fixture *f, const char *id)
{
    lanes_park(f->lanes, &find_parcel(f, id)->d);
}

static void unpark(struct lanes_fixture *f, const char *id)
{
    lanes_unpark(f->lanes, &find_parcel(f, id)->d);
}

static void shelve(struct lanes_fixture *f, const char *id)
{
    find_parcel(f, id)->is_attempted = false;
    lanes_shelve(f->lanes, &find_parcel(f, id)->d);
}

static void wake(struct lanes_fixture *f, const char *id)
{
    const struct delivery *d = &find_parcel(f, id)->d;
    lanes_wake_place(f->lanes, d->target, slice_str(d->key), d->position);
}

static void keep(struct lanes_fixture *f, const char *id)
{
    lanes_keep(f->lanes, &find_parcel(f, id)->d);
}

static void take_back(struct lanes_fixture *f, const char *id, bool is_unknown)
{
    find_parcel(f, id)->is_attempted = false;
    lanes_take_back(f->lanes, &find_parcel(f, id)->d, is_unknown);
}

/* ---- parked ---- */

static void a_parked_run_takes_up_no_attempts_place(void **state)
{
    struct lanes_fixture *f = *state;
    begin_with(f, 1);
    take_run(f, "h1", "a");
    take(f, "a1", "a");
    turn(f);
    assert_trace(f, "+h1");
    park(f, "h1");
    assert_int_equal(lanes_in_flight(f->lanes), 0);
    turn(f);
    assert_trace(f, "+a1");
    deliver(f, "a1");
    unpark(f, "h1");
    assert_int_equal(lanes_in_flight(f->lanes), 1);
    succeed(f, "h1");
    turn(f);
    assert_trace(f, "a1:delivered a1=delivered h1=delivered");
}

static void a_lane_stays_blocked_while_its_run_is_parked(void **state)
{
    struct lanes_fixture *f = *state;
    take_run(f, "h1", "a");
    take_run(f, "h2", "a");
    take_run(f, "i1", "b");
    turn(f);
    assert_trace(f, "+h1 +i1");
    park(f, "h1");
    pass(f, 60000);
    assert_trace(f, "");
    unpark(f, "h1");
    succeed(f, "h1");
    turn(f);
    assert_trace(f, "h1=delivered +h2");
}

static void park_at_once(struct lanes_fixture *f, struct parcel *p)
{
    lanes_park(f->lanes, &p->d);
}

static void only_so_many_of_a_target_are_parked(void **state)
{
    struct lanes_fixture *f = *state;
    f->policy.concurrency = 10000;
    begin_with(f, 10000);
    f->on_attempt = park_at_once;
    for (int i = 0; i <= LANES_PARKED_MAX; i++)
        take_run(f, numbered(f, "h", i), NULL);
    take(f, "a1", "a");
    turn(f);
    assert_false(find_parcel(f, numbered(f, "h", LANES_PARKED_MAX))->is_attempted);
    assert_true(find_parcel(f, "a1")->is_attempted); /* another target isn't held up */
    forget_trace(f);
    unpark(f, "h0");
    succeed(f, "h0");
    turn(f);
    assert_trace(f, "h0=delivered +h256");
}

static void the_time_parked_is_no_part_of_the_age(void **state)
{
    struct lanes_fixture *f = *state;
    take_run(f, "h1", "a");
    turn(f);
    park(f, "h1");
    pass(f, 3600000 * 3);
    unpark(f, "h1");
    fail_by(f, "h1", ATTEMPT_RETRY);
    assert_trace(f, "+h1 h1:waiting");
}

/* ---- shelved ---- */

static void a_shelved_run_waits_until_it_is_woken(void **state)
{
    struct lanes_fixture *f = *state;
    take_run(f, "h1", "a");
    take_run(f, "h2", "a");
    turn(f);
    park(f, "h1");
    shelve(f, "h1");
    assert_int_equal(f->row.due_ms, 0);
    settle(f, "h1");
    assert_trace(f, "+h1 h1:waiting h1~");
    pass(f, 86400000);
    assert_trace(f, "");
    assert_true(lanes_next_ms(f->lanes) == INT64_MAX);
    wake(f, "h1");
    turn(f);
    assert_trace(f, "+h1");
    deliver(f, "h1");
    assert_trace(f, "h1:delivered h1=delivered +h2");
}

static void a_run_woken_before_its_row_is_on_disk_starts_after_it(void **state)
{
    struct lanes_fixture *f = *state;
    take_run(f, "h1", "a");
    turn(f);
    park(f, "h1");
    shelve(f, "h1");
    wake(f, "h1");
    turn(f);
    assert_trace(f, "+h1 h1:waiting");
    settle(f, "h1");
    assert_trace(f, "h1~ +h1");
}

static void a_long_wait_uses_nothing_up(void **state)
{
    struct lanes_fixture *f = *state;
    take_run(f, "h1", "a");
    turn(f);
    park(f, "h1");
    pass(f, 10000);
    shelve(f, "h1");
    assert_int_equal(f->row.attempts, 0);
    assert_int_equal(f->row.first_attempt_ms, 0);
    settle(f, "h1");
    pass(f, 3600000 * 24);
    wake(f, "h1");
    turn(f);
    fail_by(f, "h1", ATTEMPT_RETRY);
    assert_int_equal(f->row.attempts, 1);
    assert_int_equal(f->row.state, DELIVERY_WAITING);
}

static void a_wait_between_failures_is_no_part_of_the_age_either(void **state)
{
    struct lanes_fixture *f = *state;
    f->policy.retry.attempts = 0;
    begin_with(f, 1000);
    take_run(f, "h1", "a");
    turn(f);
    refuse(f, "h1", 503);
    pass(f, 1000);
    park(f, "h1");
    shelve(f, "h1");
    settle(f, "h1");
    pass(f, 3600000 * 24);
    wake(f, "h1");
    turn(f);
    refuse(f, "h1", 503);
    assert_int_equal(f->row.state, DELIVERY_WAITING);
    pass(f, 1000);
    pass(f, 3600000);
    refuse(f, "h1", 503);
    assert_int_equal(f->row.state, DELIVERY_DEAD);
}

static void parked_and_shelved_runs_are_let_go_at_the_end(void **state)
{
    struct lanes_fixture *f = *state;
    take_run(f, "h1", "a");
    take_run(f, "i1", "b");
    turn(f);
    park(f, "h1");
    park(f, "i1");
    shelve(f, "i1");
    settle(f, "i1");
    forget_trace(f);
    let_go_all(f);
    assert_trace(f, "h1=new i1=new");
}

/* ---- taken back ---- */

static void what_is_taken_back_is_attempted_again_before_its_followers(void **state)
{
    struct lanes_fixture *f = *state;
    take(f, "a1", "a");
    take(f, "a2", "a");
    turn(f);
    take_back(f, "a1", true);
    assert_int_equal(lanes_in_flight(f->lanes), 0);
    turn(f);
    assert_trace(f, "+a1 +a1");
    assert_true(find_parcel(f, "a1")->d.unknown);
    deliver(f, "a1");
    assert_trace(f, "a1:delivered a1=delivered +a2");
    assert_false(find_parcel(f, "a2")->d.unknown);
}

static void a_parked_run_is_taken_back_without_a_row(void **state)
{
    struct lanes_fixture *f = *state;
    take_run(f, "h1", "a");
    turn(f);
    park(f, "h1");
    pass(f, 3600000 * 3);
    take_back(f, "h1", false);
    turn(f);
    assert_trace(f, "+h1 +h1");
    fail_by(f, "h1", ATTEMPT_RETRY);
    assert_int_equal(f->row.attempts, 1);
    assert_int_equal(f->row.state, DELIVERY_WAITING);
}

static void a_probe_that_is_taken_back_is_made_once_more_at_once(void **state)
{
    struct lanes_fixture *f = *state;
    take(f, "a1", "a");
    turn(f);
    refuse(f, "a1", 401);
    forget_trace(f);
    pass(f, 5000);
    assert_trace(f, "+a1");
    take_back(f, "a1", false);
    turn(f);
    assert_trace(f, "+a1");
    deliver(f, "a1");
    assert_int_equal(calendar_status(f).pause, PAUSE_NONE);
}

static void what_is_taken_back_waits_while_its_target_is_gone(void **state)
{
    struct lanes_fixture *f = *state;
    take(f, "a1", "a");
    turn(f);
    lanes_set_target(f->lanes, SLICE_LIT("calendar"), false, NULL);
    take_back(f, "a1", false);
    turn(f);
    assert_trace(f, "+a1 !calendar=gone");
    set_policy(f);
    turn(f);
    assert_trace(f, "!calendar=none +a1");
}

/* ---- kept ---- */

static void what_is_kept_gets_its_row_and_goes_on(void **state)
{
    struct lanes_fixture *f = *state;
    take(f, "a1", "a");
    take(f, "a2", "a");
    turn(f);
    keep(f, "a2");
    assert_trace(f, "+a1 a1:written a2:written");
    assert_int_equal(f->from, DELIVERY_NEW);
    turn(f);
    assert_trace(f, "a1~ a2~");
    succeed(f, "a1");
    assert_int_equal(f->from, DELIVERY_WAITING);
    settle(f, "a1");
    assert_trace(f, "a1:delivered a1=delivered +a2");
    keep(f, "a2");
    deliver(f, "a2");
    assert_trace(f, "a2:delivered a2=delivered");
}

static void nothing_behind_what_has_no_row_gets_one(void **state)
{
    struct lanes_fixture *f = *state;
    for (int i = 1; i <= 4; i++)
        take(f, numbered(f, "a", i), "a");
    take(f, "b1", "b");
    turn(f);
    refuse(f, "a1", 503);
    forget_trace(f);
    keep(f, "a3");
    assert_trace(f, "a2:written a3:written");
    turn(f);
    assert_trace(f, "a2~ a3~");
}

static void what_is_being_written_is_not_written_twice(void **state)
{
    struct lanes_fixture *f = *state;
    take(f, "a1", "a");
    turn(f);
    fail_with(f, "a1", 503);
    forget_trace(f);
    keep(f, "a1");
    assert_trace(f, "");
    settle(f, "a1");
    assert_trace(f, "a1~");
    keep(f, "a1");
    assert_trace(f, "");
}

static void a_delayed_delivery_that_is_kept_is_still_due_in_time(void **state)
{
    struct lanes_fixture *f = *state;
    take_so(f, "a1", "a", (struct take){.delay_ms = 5000});
    keep(f, "a1");
    assert_int_equal(f->row.due_ms, f->time.wall_ms + 5000);
    turn(f);
    assert_trace(f, "a1:written a1~");
    pass(f, 4999);
    assert_trace(f, "");
    pass(f, 1);
    assert_trace(f, "+a1");
}

static void one_that_ends_before_it_is_told_as_kept_ends_once(void **state)
{
    struct lanes_fixture *f = *state;
    take(f, "a1", "a");
    turn(f);
    keep(f, "a1");
    deliver(f, "a1");
    assert_trace(f, "+a1 a1:written a1:delivered a1=delivered");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, lanes_setup, lanes_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_parked_run_takes_up_no_attempts_place),
        TEST(a_lane_stays_blocked_while_its_run_is_parked),
        TEST(only_so_many_of_a_target_are_parked),
        TEST(the_time_parked_is_no_part_of_the_age),
        TEST(a_shelved_run_waits_until_it_is_woken),
        TEST(a_run_woken_before_its_row_is_on_disk_starts_after_it),
        TEST(a_long_wait_uses_nothing_up),
        TEST(a_wait_between_failures_is_no_part_of_the_age_either),
        TEST(parked_and_shelved_runs_are_let_go_at_the_end),
        TEST(what_is_taken_back_is_attempted_again_before_its_followers),
        TEST(a_parked_run_is_taken_back_without_a_row),
        TEST(a_probe_that_is_taken_back_is_made_once_more_at_once),
        TEST(what_is_taken_back_waits_while_its_target_is_gone),
        TEST(what_is_kept_gets_its_row_and_goes_on),
        TEST(nothing_behind_what_has_no_row_gets_one),
        TEST(what_is_being_written_is_not_written_twice),
        TEST(a_delayed_delivery_that_is_kept_is_still_due_in_time),
        TEST(one_that_ends_before_it_is_told_as_kept_ends_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
