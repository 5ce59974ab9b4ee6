/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Lanes: what waits on disk. When a target falls behind, what is read of it when, what is parked,
 * what is woken, and when whoever brings more should wait.
 */
#include "delivery/lanes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "lanes_fixture.h"

#include <cmocka.h>

static void row_of(struct lanes_fixture *f, int64_t position)
{
    assert_int_equal(f->row.position, position);
    assert_int_equal(f->row.state, DELIVERY_WAITING);
}

/* ---- falling behind ---- */

static void what_fits_stays_in_memory_without_a_row(void **state)
{
    struct lanes_fixture *f = *state;
    for (int i = 1; i <= 4; i++)
        take(f, numbered(f, "a", i), "a");
    turn(f);
    assert_trace(f, "+a1");
    assert_false(calendar_status(f).is_behind);
}

static void all_in_memory_gets_its_row_before_the_first_goes_to_disk_alone(void **state)
{
    struct lanes_fixture *f = *state;
    fall_behind(f);
    row_of(f, 5);
    assert_true(calendar_status(f).is_behind);
    assert_int_equal(calendar_status(f).waiting, 4);
}

static void what_is_settling_is_not_written_twice(void **state)
{
    struct lanes_fixture *f = *state;
    for (int i = 1; i <= 4; i++)
        take(f, numbered(f, "a", i), "a");
    turn(f);
    fail_with(f, "a1", 503);
    take(f, "a5", "a");
    assert_trace(f, "+a1 a1:waiting a2:written a3:written a4:written a5:written a5^");
}

static void one_that_waited_for_its_row_goes_on_with_it(void **state)
{
    struct lanes_fixture *f = *state;
    take_so(f, "later", "z", (struct take){.delay_ms = 1000});
    for (int i = 1; i <= 4; i++)
        take(f, numbered(f, "a", i), "a");
    turn(f);
    assert_trace(f, "later:written a1:written a2:written a3:written a4:written a4^ later~ a1~ a2~ "
                    "a3~ later^ +a1");
}

static void while_behind_all_that_comes_goes_to_disk_alone(void **state)
{
    struct lanes_fixture *f = *state;
    fall_behind(f);
    take(f, "b1", "b");
    assert_trace(f, "b1:written b1^");
    turn(f);
    assert_trace(f, "");
}

static void too_many_bytes_are_too_much_as_well(void **state)
{
    struct lanes_fixture *f = *state;
    const struct lanes_limits limits = {.in_flight = 9, .loaded = 100, .bytes = 1, .lanes = 9};
    begin_within(f, &limits);
    take(f, "a1", "a");
    take(f, "b1", "b");
    assert_trace(f, "a1:written b1:written b1^");
}

static void a_retried_dead_letter_goes_to_the_end_on_disk(void **state)
{
    struct lanes_fixture *f = *state;
    fall_behind(f);
    restore(f, "dead", "b", (struct delivery_row){.state = DELIVERY_DEAD, .attempts = 7});
    assert_trace(f, "dead:written dead^");
    assert_int_equal(f->from, DELIVERY_DEAD);
    assert_int_equal(f->row.attempts, 0);
}

static void a_retried_dead_letter_is_attempted_when_its_row_says_so(void **state)
{
    struct lanes_fixture *f = *state;
    restore(f, "dead", "b", (struct delivery_row){.state = DELIVERY_DEAD, .attempts = 7});
    turn(f);
    assert_trace(f, "dead:waiting");
    settle(f, "dead");
    assert_trace(f, "+dead");
}

/* ---- reading ---- */

static void when_half_is_gone_places_are_asked_for(void **state)
{
    struct lanes_fixture *f = *state;
    fall_behind(f);
    deliver(f, "a1");
    assert_trace(f, "a1:delivered a1=delivered +a2");
    deliver(f, "a2");
    assert_trace(f, "a2:delivered a2=delivered ?calendar:4-5 +a3");
}

static void a_key_that_has_enough_is_marked_and_read_on_when_it_hasnt(void **state)
{
    struct lanes_fixture *f = *state;
    fall_behind(f);
    deliver(f, "a1");
    deliver(f, "a2");
    forget_trace(f);
    scanned(f, "a5", true);
    turn(f);
    assert_trace(f, "");
    deliver(f, "a3");
    assert_trace(f, "a3:delivered a3=delivered ?calendar/a:4-5*3 +a4");
    loaded(f, 0, "a5", "a", (struct delivery_row){.position = 5});
    lanes_load_ended(f->lanes, f->calendar, (const bool[]){false});
    deliver(f, "a4");
    assert_trace(f, "a4:delivered a4=delivered +a5");
}

static void another_key_is_read_at_once(void **state)
{
    struct lanes_fixture *f = *state;
    fall_behind(f);
    deliver(f, "a1");
    deliver(f, "a2");
    forget_trace(f);
    scanned(f, "b5 -6", true);
    turn(f);
    assert_trace(f, "?calendar/b:4-5*1 ?calendar/:5-6*1");
    loaded(f, 0, "b5", "b", (struct delivery_row){.position = 5});
    loaded(f, 1, "n6", NULL, (struct delivery_row){.position = 6});
    lanes_load_ended(f->lanes, f->calendar, (const bool[]){false, false});
    turn(f);
    assert_trace(f, "+b5 +n6");
}

static void rows_that_are_gone_when_they_are_read_leave_nothing(void **state)
{
    struct lanes_fixture *f = *state;
    fall_behind(f);
    deliver(f, "a1");
    deliver(f, "a2");
    scanned(f, "b5", true);
    turn(f);
    forget_trace(f);
    lanes_load_ended(f->lanes, f->calendar, (const bool[]){false});
    turn(f);
    assert_trace(f, "");
    assert_false(calendar_status(f).is_behind);
}

static void with_all_in_memory_again_nothing_more_is_written(void **state)
{
    struct lanes_fixture *f = *state;
    fall_behind(f);
    deliver(f, "a1");
    deliver(f, "a2");
    scanned(f, "", true);
    turn(f);
    assert_false(calendar_status(f).is_behind);
    forget_trace(f);
    take(f, "b1", "b");
    turn(f);
    assert_trace(f, "+b1");
}

static void what_came_during_a_scan_is_scanned_after_it(void **state)
{
    struct lanes_fixture *f = *state;
    fall_behind(f);
    deliver(f, "a1");
    deliver(f, "a2");
    take(f, "a6", "a");
    forget_trace(f);
    turn(f);
    assert_trace(f, "");
    scanned(f, "a5", true);
    turn(f);
    assert_trace(f, "?calendar:5-6");
}

static void a_scan_that_was_cut_short_goes_on_from_there(void **state)
{
    struct lanes_fixture *f = *state;
    lanes_begin_behind(f->lanes, f->calendar, 90, 1);
    turn(f);
    assert_trace(f, "?calendar:0-90");
    scanned(f, "a5", false);
    turn(f);
    assert_trace(f, "?calendar/a:4-5*1");
    lanes_load_ended(f->lanes, f->calendar, (const bool[]){false});
    turn(f);
    assert_trace(f, "?calendar:5-90");
}

static void known_keys_are_bounded(void **state)
{
    struct lanes_fixture *f = *state;
    const struct lanes_limits limits = {.in_flight = 9, .loaded = 4, .bytes = 1 << 20, .lanes = 3};
    begin_within(f, &limits);
    lanes_begin_behind(f->lanes, f->calendar, 90, 1);
    turn(f);
    scanned(f, "a1 b2 c3", false);
    turn(f);
    assert_trace(f, "?calendar:0-90 ?calendar/a:0-3*1 ?calendar/b:1-3*1 ?calendar/c:2-3*1");
    loaded(f, 0, "a1", "a", (struct delivery_row){.position = 1});
    lanes_load_ended(f->lanes, f->calendar, (const bool[]){false, true, true});
    turn(f);
    assert_trace(f, "?calendar/b:1-3*1 ?calendar/c:2-3*1 +a1");
    lanes_load_ended(f->lanes, f->calendar, (const bool[]){true, false});
    deliver(f, "a1");
    assert_trace(f, "a1:delivered a1=delivered ?calendar/b:1-3*4");
    lanes_load_ended(f->lanes, f->calendar, (const bool[]){false});
    turn(f);
    assert_trace(f, "?calendar:3-90");
}

static void nothing_is_read_once_stopped(void **state)
{
    struct lanes_fixture *f = *state;
    lanes_begin_behind(f->lanes, f->calendar, 90, 1);
    lanes_stop(f->lanes);
    turn(f);
    assert_trace(f, "");
    assert_int_equal(lanes_next_ms(f->lanes), INT64_MAX);
}

/* ---- parking ---- */

/* Keys a to d have failed, of which a and b are parked to make room; e waits on disk. */
static void park_two(struct lanes_fixture *f)
{
    static const char *const keys[] = {"a", "b", "c", "d"};
    for (size_t i = 0; i < 4; i++)
        take(f, keys[i], keys[i]);
    turn(f);
    for (size_t i = 0; i < 4; i++)
        refuse(f, keys[i], 503);
    forget_trace(f);
    take(f, "e", "e");
    turn(f);
    assert_trace(f, "e:written e^ a^ b^ ?calendar:4-5");
}

static void who_waits_for_later_makes_room_for_others(void **state)
{
    struct lanes_fixture *f = *state;
    park_two(f);
    scanned(f, "e5", true);
    turn(f);
    assert_trace(f, "?calendar/e:4-5*1");
    loaded(f, 0, "e5", "e", (struct delivery_row){.position = 5});
    lanes_load_ended(f->lanes, f->calendar, (const bool[]){false});
    turn(f);
    assert_trace(f, "+e5");
}

static void the_parked_is_read_when_it_is_due(void **state)
{
    struct lanes_fixture *f = *state;
    park_two(f);
    scanned(f, "", true);
    turn(f);
    assert_trace(f, "");
    pass(f, 999);
    assert_trace(f, "");
    pass(f, 1);
    assert_trace(f, "?calendar/a:0-5*1 ?calendar/b:1-5*1 +c +d");
    loaded(f, 0, "a1", "a", (struct delivery_row){.position = 1, .attempts = 1});
    loaded(f, 1, "b2", "b", (struct delivery_row){.position = 2, .attempts = 1});
    lanes_load_ended(f->lanes, f->calendar, (const bool[]){false, false});
    turn(f);
    assert_trace(f, "+a1 +b2");
}

static void followers_are_parked_with_their_head(void **state)
{
    struct lanes_fixture *f = *state;
    take(f, "a1", "a");
    take(f, "a2", "a");
    take(f, "a3", "a");
    take(f, "b1", "b");
    turn(f);
    refuse(f, "a1", 503);
    forget_trace(f);
    take(f, "c1", "c");
    turn(f);
    assert_trace(
        f, "a2:written a3:written b1:written c1:written c1^ a2~ a3~ b1~ a1^ a2^ a3^ ?calendar:4-5");
    scanned(f, "c5", true);
    pass(f, 1000);
    assert_trace(f, "?calendar/c:4-5*1 ?calendar/a:0-5*1");
}

static void what_isnt_due_when_it_is_found_is_left_until_then(void **state)
{
    struct lanes_fixture *f = *state;
    lanes_begin_behind(f->lanes, f->calendar, 99, 1);
    turn(f);
    const struct lane_place place = {
        .position = 9, .key = SLICE_LIT("a"), .has_key = true, .due_ms = f->time.wall_ms + 700};
    forget_trace(f);
    lanes_scanned(f->lanes, f->calendar, &place, 1, false);
    turn(f);
    assert_trace(f, "?calendar:9-99");
    scanned(f, "", true);
    pass(f, 700);
    assert_trace(f, "?calendar/a:8-99*1");
}

static void
where_the_clock_was_set_back_what_is_found_is_left_for_as_long_as_it_was_put_off(void **state)
{
    struct lanes_fixture *f = *state;
    int64_t was = f->time.wall_ms + 3600000; /* by the clock before it was set */
    lanes_begin_behind(f->lanes, f->calendar, 99, 1);
    turn(f);
    const struct lane_place place = {.position = 9,
                                     .key = SLICE_LIT("a"),
                                     .has_key = true,
                                     .due_ms = was + 700,
                                     .written_ms = was};
    forget_trace(f);
    lanes_scanned(f->lanes, f->calendar, &place, 1, false);
    turn(f);
    scanned(f, "", true);
    forget_trace(f);
    pass(f, 700);
    assert_trace(f, "?calendar/a:8-99*1");
    loaded(f, 0, "a9", "a",
           (struct delivery_row){
               .position = 9, .due_ms = place.due_ms, .written_ms = place.written_ms});
    lanes_load_ended(f->lanes, f->calendar, (const bool[]){false});
    turn(f);
    assert_trace(f, "+a9");
}

static void the_parked_is_due_in_time_wherever_the_clock_is_set_to(void **state)
{
    struct lanes_fixture *f = *state;
    park_two(f);
    int64_t due_ms = f->time.wall_ms + 1000;
    scanned(f, "", true);
    f->time.wall_ms -= 3600000;
    pass(f, 1000);
    assert_trace(f, "?calendar/a:0-5*1 ?calendar/b:1-5*1 +c +d");
    loaded(f, 0, "a1", "a", (struct delivery_row){.position = 1, .due_ms = due_ms});
    loaded(f, 1, "b2", "b", (struct delivery_row){.position = 2, .due_ms = due_ms});
    lanes_load_ended(f->lanes, f->calendar, (const bool[]){false, false});
    turn(f);
    assert_trace(f, "+a1 +b2");
}

static void while_a_target_is_paused_its_time_stands_still_for_the_parked_too(void **state)
{
    struct lanes_fixture *f = *state;
    park_two(f);
    scanned(f, "", true);
    turn(f);
    pass(f, 1000);
    forget_trace(f);
    fail_with(f, "c", 401);
    settle(f, "c");
    pass(f, 3600000);
    loaded(f, 0, "a1", "a",
           (struct delivery_row){
               .position = 1, .attempts = 1, .first_attempt_ms = f->time.wall_ms - 3601000});
    lanes_load_ended(f->lanes, f->calendar, (const bool[]){false, false});
    lanes_set_target(f->lanes, SLICE_LIT("calendar"), false, NULL);
    set_policy(f);
    forget_trace(f);
    turn(f);
    fail_with(f, "a1", 503);
    assert_int_equal(f->row.state, DELIVERY_WAITING);
}

static void few_that_rest_come_home_when_there_is_nothing_else(void **state)
{
    struct lanes_fixture *f = *state;
    const struct lane_place place = {
        .position = 9, .key = SLICE_LIT("a"), .has_key = true, .due_ms = f->time.wall_ms + 700};
    lanes_begin_behind(f->lanes, f->calendar, 9, 1);
    turn(f);
    lanes_scanned(f->lanes, f->calendar, &place, 1, true);
    turn(f);
    assert_trace(f, "?calendar:0-9 ?calendar/a:8-9*4");
    loaded(f, 0, "a9", "a", (struct delivery_row){.position = 9, .due_ms = place.due_ms});
    lanes_load_ended(f->lanes, f->calendar, (const bool[]){false});
    turn(f);
    assert_false(calendar_status(f).is_behind);
    take(f, "b1", "b");
    turn(f);
    assert_trace(f, "+b1");
    pass(f, 700);
    assert_trace(f, "+a9");
}

/* ---- waking ---- */

static void the_woken_is_due_at_once(void **state)
{
    struct lanes_fixture *f = *state;
    take_run(f, "run", "a");
    turn(f);
    refuse(f, "run", 503);
    forget_trace(f);
    lanes_wake_place(f->lanes, f->handler, SLICE_LIT("a"), 1);
    turn(f);
    assert_trace(f, "+run");
}

static void one_without_a_key_is_woken_by_its_place(void **state)
{
    struct lanes_fixture *f = *state;
    take_run(f, "run", NULL);
    turn(f);
    refuse(f, "run", 503);
    forget_trace(f);
    lanes_wake_place(f->lanes, f->handler, SLICE_NULL, 1);
    turn(f);
    assert_trace(f, "+run");
}

static void woken_in_progress_it_is_due_at_once_after(void **state)
{
    struct lanes_fixture *f = *state;
    take_run(f, "run", "a");
    turn(f);
    lanes_wake_place(f->lanes, f->handler, SLICE_LIT("a"), 1);
    refuse(f, "run", 503);
    assert_trace(f, "+run run:waiting run~ +run");
    refuse(f, "run", 503);
    assert_trace(f, "run:waiting");
}

static void what_has_ended_or_never_was_is_not_woken(void **state)
{
    struct lanes_fixture *f = *state;
    take_run(f, "run", "a");
    turn(f);
    refuse(f, "run", 503);
    forget_trace(f);
    lanes_wake_place(f->lanes, f->handler, SLICE_LIT("a"), 9);
    lanes_wake_place(f->lanes, f->handler, SLICE_LIT("b"), 1);
    turn(f);
    assert_trace(f, "");
    pass(f, 1000);
    succeed(f, "run");
    settle(f, "run");
    lanes_wake_place(f->lanes, f->handler, SLICE_LIT("a"), 1);
    turn(f);
    assert_trace(f, "+run run:delivered run=delivered");
}

static void the_parked_is_woken_on_disk(void **state)
{
    struct lanes_fixture *f = *state;
    int64_t due_ms = f->time.wall_ms + 1000;
    park_two(f);
    scanned(f, "", true);
    turn(f);
    lanes_wake_place(f->lanes, f->calendar, SLICE_LIT("a"), 1);
    turn(f);
    assert_trace(f, "?calendar/a:0-5*1");
    loaded(f, 0, "a1", "a", (struct delivery_row){.position = 1, .due_ms = due_ms});
    lanes_load_ended(f->lanes, f->calendar, (const bool[]){false});
    turn(f);
    assert_trace(f, "+a1");
}

static void the_unseen_is_woken_when_it_is_found(void **state)
{
    struct lanes_fixture *f = *state;
    int64_t due_ms = f->time.wall_ms + 1000;
    lanes_begin_behind(f->lanes, f->calendar, 9, 1);
    lanes_wake_place(f->lanes, f->calendar, SLICE_LIT("a"), 9);
    turn(f);
    scanned(f, "a9", true);
    turn(f);
    assert_trace(f, "?calendar:0-9 ?calendar/a:0-9*1");
    loaded(f, 0, "a9", "a", (struct delivery_row){.position = 9, .due_ms = due_ms});
    lanes_load_ended(f->lanes, f->calendar, (const bool[]){false});
    turn(f);
    assert_trace(f, "+a9");
}

/* ---- pacing ---- */

static void fill(struct lanes_fixture *f)
{
    for (int i = 1; i <= 4; i++)
        take(f, numbered(f, "a", i), "a");
    turn(f);
}

static void who_brings_more_waits_until_a_full_target_is_half_empty(void **state)
{
    struct lanes_fixture *f = *state;
    assert_false(lanes_should_hold(f->lanes));
    fill(f);
    assert_true(lanes_should_hold(f->lanes));
    deliver(f, "a1");
    assert_true(lanes_should_hold(f->lanes));
    deliver(f, "a2");
    assert_false(lanes_should_hold(f->lanes));
}

static void nobody_waits_for_longer_than_a_second(void **state)
{
    struct lanes_fixture *f = *state;
    fill(f);
    pass(f, 500);
    assert_int_equal(lanes_next_ms(f->lanes), f->time.mono_ms + 500);
    pass(f, 499);
    assert_true(lanes_should_hold(f->lanes));
    pass(f, 1);
    assert_false(lanes_should_hold(f->lanes));
    take(f, "a5", "a");
    assert_true(calendar_status(f).is_behind);
}

static void nobody_waits_while_another_target_would_go_hungry(void **state)
{
    struct lanes_fixture *f = *state;
    struct target *warehouse =
        lanes_set_target(f->lanes, SLICE_LIT("warehouse"), false, &f->policy);
    take_so(f, "w1", "w", (struct take){.target = warehouse});
    turn(f);
    deliver(f, "w1");
    fill(f);
    assert_false(lanes_should_hold(f->lanes));
    pass(f, 999);
    assert_false(lanes_should_hold(f->lanes));
}

static void one_that_works_is_waited_for_a_little_even_so(void **state)
{
    struct lanes_fixture *f = *state;
    struct target *warehouse =
        lanes_set_target(f->lanes, SLICE_LIT("warehouse"), false, &f->policy);
    take_so(f, "w1", "w", (struct take){.target = warehouse});
    take(f, "a0", "a");
    turn(f);
    deliver(f, "w1");
    deliver(f, "a0");
    fill(f);
    pass(f, 199);
    assert_true(lanes_should_hold(f->lanes));
    pass(f, 1);
    assert_false(lanes_should_hold(f->lanes));
}

static void handlers_start_nothing_that_would_send_to_a_full_connector(void **state)
{
    struct lanes_fixture *f = *state;
    fill(f);
    take_run(f, "run", "a");
    forget_trace(f);
    turn(f);
    assert_trace(f, "");
    deliver(f, "a1");
    deliver(f, "a2");
    assert_trace(f, "a1:delivered a1=delivered +a2 a2:delivered a2=delivered +run +a3");
}

static void a_handler_is_not_blamed_for_what_it_was_kept_from(void **state)
{
    struct lanes_fixture *f = *state;
    fill(f);
    for (int i = 1; i <= 4; i++)
        take_run(f, numbered(f, "r", i), "a");
    pass(f, 999);
    assert_true(lanes_should_hold(f->lanes));
    pass(f, 1);
    assert_true(lanes_should_hold(f->lanes));
    pass(f, 1000);
    assert_false(lanes_should_hold(f->lanes));
}

static void one_that_had_no_success_lately_does_not_count_as_hungry(void **state)
{
    struct lanes_fixture *f = *state;
    struct target *warehouse =
        lanes_set_target(f->lanes, SLICE_LIT("warehouse"), false, &f->policy);
    take_so(f, "w1", "w", (struct take){.target = warehouse});
    turn(f);
    deliver(f, "w1");
    pass(f, 1000);
    fill(f);
    assert_true(lanes_should_hold(f->lanes));
}

static void one_that_is_behind_holds_nobody_up(void **state)
{
    struct lanes_fixture *f = *state;
    fall_behind(f);
    assert_false(lanes_should_hold(f->lanes));
}

#define test(name) cmocka_unit_test_setup_teardown(name, lanes_setup_small, lanes_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(what_fits_stays_in_memory_without_a_row),
        test(all_in_memory_gets_its_row_before_the_first_goes_to_disk_alone),
        test(what_is_settling_is_not_written_twice),
        test(one_that_waited_for_its_row_goes_on_with_it),
        test(while_behind_all_that_comes_goes_to_disk_alone),
        test(too_many_bytes_are_too_much_as_well),
        test(a_retried_dead_letter_goes_to_the_end_on_disk),
        test(a_retried_dead_letter_is_attempted_when_its_row_says_so),
        test(when_half_is_gone_places_are_asked_for),
        test(a_key_that_has_enough_is_marked_and_read_on_when_it_hasnt),
        test(another_key_is_read_at_once),
        test(rows_that_are_gone_when_they_are_read_leave_nothing),
        test(with_all_in_memory_again_nothing_more_is_written),
        test(what_came_during_a_scan_is_scanned_after_it),
        test(a_scan_that_was_cut_short_goes_on_from_there),
        test(known_keys_are_bounded),
        test(nothing_is_read_once_stopped),
        test(who_waits_for_later_makes_room_for_others),
        test(the_parked_is_read_when_it_is_due),
        test(followers_are_parked_with_their_head),
        test(where_the_clock_was_set_back_what_is_found_is_left_for_as_long_as_it_was_put_off),
        test(the_parked_is_due_in_time_wherever_the_clock_is_set_to),
        test(what_isnt_due_when_it_is_found_is_left_until_then),
        test(while_a_target_is_paused_its_time_stands_still_for_the_parked_too),
        test(few_that_rest_come_home_when_there_is_nothing_else),
        test(the_woken_is_due_at_once),
        test(one_without_a_key_is_woken_by_its_place),
        test(woken_in_progress_it_is_due_at_once_after),
        test(what_has_ended_or_never_was_is_not_woken),
        test(the_parked_is_woken_on_disk),
        test(the_unseen_is_woken_when_it_is_found),
        test(who_brings_more_waits_until_a_full_target_is_half_empty),
        test(nobody_waits_for_longer_than_a_second),
        test(nobody_waits_while_another_target_would_go_hungry),
        test(one_that_works_is_waited_for_a_little_even_so),
        test(handlers_start_nothing_that_would_send_to_a_full_connector),
        test(a_handler_is_not_blamed_for_what_it_was_kept_from),
        test(one_that_had_no_success_lately_does_not_count_as_hungry),
        test(one_that_is_behind_holds_nobody_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
