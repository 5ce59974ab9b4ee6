/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Lanes: dead letters that keep what stands behind them, `onDead = "park"`.
 */
#include "delivery/lanes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "lanes_fixture.h"

#include <cmocka.h>

static void parks(struct lanes_fixture *f, bool parks)
{
    f->policy.parks = parks;
    set_policy(f);
}

/* Parking, and no letter is dead yet. */
static int setup(void **state)
{
    lanes_setup(state);
    parks(*state, true);
    turn(*state);
    dead_found(*state, "");
    forget_trace(*state);
    return 0;
}

static int setup_small(void **state)
{
    lanes_setup_small(state);
    parks(*state, true);
    turn(*state);
    dead_found(*state, "");
    forget_trace(*state);
    return 0;
}

/* Parking, and nothing is known of it. */
static int setup_start(void **state)
{
    lanes_setup_small(state);
    parks(*state, true);
    return 0;
}

/* A person attempts a letter again, which died in this place. */
static void retry(struct lanes_fixture *f, const char *id, const char *key, int64_t position)
{
    struct parcel *p = parcel_new(f, id, key, (struct take){0});
    struct delivery_row row = {.state = DELIVERY_DEAD, .position = position};
    p->d.seq = row.seq = position;
    row.id = slice_str(p->d.id);
    lanes_restore(f->lanes, &p->d, &row);
}

/* a1 to a3 and b1 are in memory; a1 has died. */
static void park_a(struct lanes_fixture *f)
{
    take(f, "a1", "a");
    take(f, "a2", "a");
    take(f, "a3", "a");
    take(f, "b1", "b");
    turn(f);
    refuse(f, "a1", 404);
}

/* … and a2 and a3 have their rows. */
static void park_a_for_long(struct lanes_fixture *f)
{
    park_a(f);
    settle(f, "a2");
    settle(f, "a3");
    deliver(f, "b1");
    forget_trace(f);
}

/* ---- what is kept ---- */

static void a_dead_letter_keeps_its_followers_which_get_their_rows(void **state)
{
    struct lanes_fixture *f = *state;
    park_a(f);
    assert_trace(f, "+a1 +b1 a1:dead/refused a1=dead/refused a2:waiting a3:waiting");
    settle(f, "a2");
    settle(f, "a3");
    pass(f, 1000000);
    assert_trace(f, "a2~ a3~");
    assert_int_equal(calendar_status(f).barriers, 1);
    assert_int_equal(calendar_status(f).barred_keys, 1);
}

static void what_comes_behind_it_is_written_and_waits(void **state)
{
    struct lanes_fixture *f = *state;
    park_a_for_long(f);
    take(f, "a4", "a");
    turn(f);
    assert_trace(f, "a4:written a4~");
}

static void what_comes_when_nothing_else_is_left_of_the_key_waits(void **state)
{
    struct lanes_fixture *f = *state;
    take(f, "a1", "a");
    turn(f);
    refuse(f, "a1", 404);
    forget_trace(f);
    take(f, "a2", "a");
    turn(f);
    assert_trace(f, "a2:written a2~");
}

static void other_keys_and_what_has_none_go_on(void **state)
{
    struct lanes_fixture *f = *state;
    park_a_for_long(f);
    take(f, "b2", "b");
    take(f, "none", NULL);
    turn(f);
    assert_trace(f, "+b2 +none");
}

static void one_without_a_key_keeps_nothing(void **state)
{
    struct lanes_fixture *f = *state;
    take(f, "none", NULL);
    turn(f);
    refuse(f, "none", 404);
    assert_int_equal(calendar_status(f).barriers, 0);
}

static void without_parking_the_next_one_goes(void **state)
{
    struct lanes_fixture *f = *state;
    parks(f, false);
    park_a(f);
    assert_trace(f, "+a1 +b1 a1:dead/refused a1=dead/refused +a2");
}

static void what_is_skipped_or_delivered_keeps_nothing(void **state)
{
    struct lanes_fixture *f = *state;
    take(f, "a1", "a");
    take(f, "a2", "a");
    take(f, "a3", "a");
    turn(f);
    fail_by(f, "a1", ATTEMPT_SKIPPED);
    settle(f, "a1");
    deliver(f, "a2");
    assert_trace(f, "+a1 a1:skipped/so it was a1=skipped/so it was +a2 a2:delivered a2=delivered "
                    "+a3");
}

static void what_waits_behind_it_expires(void **state)
{
    struct lanes_fixture *f = *state;
    take(f, "a1", "a");
    take_so(f, "a2", "a", (struct take){.expires_in_ms = 5000});
    turn(f);
    refuse(f, "a1", 404);
    settle(f, "a2");
    forget_trace(f);
    pass(f, 5000);
    assert_trace(f, "a2:dead/expired");
    settle(f, "a2");
    assert_trace(f, "a2=dead/expired");
    assert_int_equal(calendar_status(f).barriers, 2);
    assert_int_equal(calendar_status(f).barred_keys, 1);
}

/* ---- when it goes ---- */

static void dropped_it_lets_its_followers_go(void **state)
{
    struct lanes_fixture *f = *state;
    park_a_for_long(f);
    lanes_letter_gone(f->lanes, f->calendar, SLICE_LIT("a"), 1);
    turn(f);
    assert_trace(f, "+a2");
    deliver(f, "a2");
    assert_trace(f, "a2:delivered a2=delivered +a3");
}

static void attempted_again_it_goes_first_in_its_old_place(void **state)
{
    struct lanes_fixture *f = *state;
    park_a_for_long(f);
    retry(f, "a1", "a", 1);
    turn(f);
    assert_trace(f, "a1:waiting");
    assert_int_equal(f->row.position, 1);
    settle(f, "a1");
    assert_trace(f, "+a1");
    deliver(f, "a1");
    assert_trace(f, "a1:delivered a1=delivered +a2");
}

static void dying_again_it_keeps_them_as_before(void **state)
{
    struct lanes_fixture *f = *state;
    park_a_for_long(f);
    retry(f, "a1", "a", 1);
    settle(f, "a1");
    refuse(f, "a1", 404);
    assert_trace(f, "a1:waiting +a1 a1:dead/refused a1=dead/refused");
    lanes_letter_gone(f->lanes, f->calendar, SLICE_LIT("a"), 1);
    turn(f);
    assert_trace(f, "+a2");
}

static void failing_it_is_put_off_with_them_behind_it(void **state)
{
    struct lanes_fixture *f = *state;
    park_a_for_long(f);
    retry(f, "a1", "a", 1);
    settle(f, "a1");
    refuse(f, "a1", 503);
    forget_trace(f);
    pass(f, 1000);
    assert_trace(f, "+a1");
}

/* a1 was refused, a2 expired behind it, and a3 waits for both. */
static void park_twice(struct lanes_fixture *f)
{
    take(f, "a1", "a");
    take_so(f, "a2", "a", (struct take){.expires_in_ms = 5000});
    take(f, "a3", "a");
    turn(f);
    refuse(f, "a1", 404);
    settle(f, "a2");
    settle(f, "a3");
    pass(f, 5000);
    settle(f, "a2");
    forget_trace(f);
}

static void a_letter_before_another_one_goes_and_what_is_behind_that_waits(void **state)
{
    struct lanes_fixture *f = *state;
    park_twice(f);
    retry(f, "a1", "a", 1);
    settle(f, "a1");
    deliver(f, "a1");
    assert_trace(f, "a1:waiting +a1 a1:delivered a1=delivered");
    retry(f, "a2", "a", 2);
    settle(f, "a2");
    deliver(f, "a2");
    assert_trace(f, "a2:waiting +a2 a2:delivered a2=delivered +a3");
}

static void attempted_again_behind_another_one_it_waits_for_that(void **state)
{
    struct lanes_fixture *f = *state;
    park_twice(f);
    retry(f, "a2", "a", 2);
    settle(f, "a2");
    assert_trace(f, "a2:waiting");
    retry(f, "a1", "a", 1);
    settle(f, "a1");
    deliver(f, "a1");
    assert_trace(f, "a1:waiting +a1 a1:delivered a1=delivered +a2");
}

static void a_success_makes_older_letters_void(void **state)
{
    struct lanes_fixture *f = *state;
    park_twice(f);
    struct parcel *p = parcel_new(f, "a1", "a", (struct take){0});
    p->d.seq = 900; /* of a later event than a2, though before it in the lane */
    lanes_restore(f->lanes, &p->d,
                  &(struct delivery_row){.seq = 900, .position = 1, .state = DELIVERY_DEAD});
    settle(f, "a1");
    deliver(f, "a1");
    assert_trace(f, "a1:waiting +a1 a1:delivered a1=delivered +a3");
    assert_int_equal(calendar_status(f).barriers, 0);
}

static void a_letter_that_is_void_goes_to_the_end_and_keeps_nothing(void **state)
{
    struct lanes_fixture *f = *state;
    park_a_for_long(f);
    struct parcel *p = parcel_new(f, "old", "b", (struct take){0});
    p->d.seq = 1;
    lanes_restore(
        f->lanes, &p->d,
        &(struct delivery_row){
            .seq = 1, .position = 1, .state = DELIVERY_DEAD, .stale_by = SLICE_LIT("newer")});
    take(f, "b2", "b");
    settle(f, "old");
    assert_int_equal(f->row.position, 5);
    refuse(f, "old", 404);
    assert_trace(f, "old:waiting +old old:dead/refused old=dead/refused +b2");
}

/* Its row was told so while it waited, and memory wasn't. */
static void a_letter_that_turns_out_to_be_void_lets_its_followers_go(void **state)
{
    struct lanes_fixture *f = *state;
    park_a_for_long(f);
    struct parcel *p = parcel_new(f, "a1", "a", (struct take){0});
    p->d.seq = 1;
    lanes_restore(
        f->lanes, &p->d,
        &(struct delivery_row){
            .seq = 1, .position = 1, .state = DELIVERY_DEAD, .stale_by = SLICE_LIT("newer")});
    assert_int_equal(calendar_status(f).barriers, 0);
    turn(f);
    deliver(f, "a2");
    deliver(f, "a3");
    settle(f, "a1");
    assert_trace(f, "a1:waiting +a2 a2:delivered a2=delivered +a3 a3:delivered a3=delivered +a1");
}

/* ---- turned on and off, and from before ---- */

static void nothing_starts_until_it_is_known_what_is_dead(void **state)
{
    struct lanes_fixture *f = *state;
    begin_with(f, 100);
    turn(f);
    assert_trace(f, "?calendar:dead");
    take(f, "a9", "a");
    take(f, "b1", "b");
    turn(f);
    assert_trace(f, "");
    dead_found(f, "a0");
    turn(f);
    assert_trace(f, "a9:waiting +b1");
}

static void turned_off_all_goes_on(void **state)
{
    struct lanes_fixture *f = *state;
    park_a_for_long(f);
    parks(f, false);
    turn(f);
    assert_trace(f, "+a2");
    assert_int_equal(calendar_status(f).barriers, 0);
}

static void turned_on_what_is_ready_waits_behind_what_is_dead(void **state)
{
    struct lanes_fixture *f = *state;
    f->policy.concurrency = 1;
    parks(f, false);
    take(f, "b1", "b");
    take(f, "a2", "a");
    take_so(f, "a3", "a", (struct take){.delay_ms = 10});
    turn(f);
    parks(f, true);
    deliver(f, "b1");
    assert_trace(f, "+b1 b1:delivered b1=delivered ?calendar:dead");
    dead_found(f, "a0");
    turn(f);
    settle(f, "a2");
    settle(f, "a3");
    pass(f, 100);
    assert_trace(f, "a2:waiting a3:waiting a2~ a3~");
}

static void what_dies_and_goes_while_they_are_asked_for_counts(void **state)
{
    struct lanes_fixture *f = *state;
    parks(f, false);
    take(f, "a1", "a");
    take(f, "a2", "a");
    turn(f);
    parks(f, true);
    turn(f);
    refuse(f, "a1", 404);
    lanes_letter_gone(f->lanes, f->calendar, SLICE_LIT("c"), 0);
    dead_found(f, "c0");
    forget_trace(f);
    take(f, "c2", "c");
    turn(f);
    assert_trace(f, "a2:waiting +c2");
}

static void an_answer_that_is_not_wanted_any_more_is_asked_for_again(void **state)
{
    struct lanes_fixture *f = *state;
    parks(f, false);
    parks(f, true);
    turn(f);
    parks(f, false);
    parks(f, true);
    turn(f);
    assert_trace(f, "?calendar:dead");
    dead_found(f, "a0");
    take(f, "a1", "a");
    turn(f);
    assert_trace(f, "?calendar:dead");
    dead_found(f, "");
    turn(f);
    assert_trace(f, "+a1");
}

static void others_that_are_gone_are_found_out(void **state)
{
    struct lanes_fixture *f = *state;
    park_a_for_long(f);
    lanes_ask_barriers(f->lanes, f->calendar);
    take(f, "b2", "b");
    turn(f);
    assert_trace(f, "?calendar:dead +b2");
    dead_found(f, "");
    turn(f);
    assert_trace(f, "+a2");
}

static void too_many_have_all_of_it_wait_until_there_are_fewer(void **state)
{
    struct lanes_fixture *f = *state;
    const struct lanes_limits limits = {
        .in_flight = 100, .loaded = 100, .bytes = 1 << 20, .lanes = 2};
    begin_within(f, &limits);
    turn(f);
    take(f, "z1", "z");
    const struct lane_barrier found[2] = {{.key = SLICE_LIT("a"), .position = 1},
                                          {.key = SLICE_LIT("b"), .position = 2}};
    lanes_barriers_found(f->lanes, f->calendar, found, 2, 4);
    turn(f);
    assert_trace(f, "?calendar:dead");
    assert_true(calendar_status(f).is_overbarred);
    assert_int_equal(calendar_status(f).barriers, 4);
    lanes_letter_gone(f->lanes, f->calendar, SLICE_LIT("a"), 1);
    turn(f);
    assert_trace(f, "");
    lanes_letter_gone(f->lanes, f->calendar, SLICE_LIT("b"), 2);
    turn(f);
    assert_trace(f, "?calendar:dead");
    dead_found(f, "c3 d4");
    turn(f);
    assert_trace(f, "+z1");
}

static void one_too_many_dies(void **state)
{
    struct lanes_fixture *f = *state;
    const struct lanes_limits limits = {
        .in_flight = 100, .loaded = 100, .bytes = 1 << 20, .lanes = 1};
    begin_within(f, &limits);
    turn(f);
    dead_found(f, "a0");
    take(f, "b1", "b");
    turn(f);
    refuse(f, "b1", 404);
    forget_trace(f);
    take(f, "z1", "z");
    turn(f);
    assert_trace(f, "");
    assert_true(calendar_status(f).is_overbarred);
}

static void while_it_isnt_known_who_brings_more_waits(void **state)
{
    struct lanes_fixture *f = *state;
    begin_with(f, 100);
    assert_true(lanes_should_hold(f->lanes));
    turn(f);
    dead_found(f, "a7");
    assert_false(lanes_should_hold(f->lanes));
    forget_trace(f);
    take(f, "a1", "a");
    turn(f);
    assert_trace(f, "a1:written a1~"); /* behind it, whatever place it would have had */
    assert_int_equal(f->row.position, 8);
}

static void a_letter_waits_for_what_of_its_key_is_under_way(void **state)
{
    struct lanes_fixture *f = *state;
    parks(f, false);
    take(f, "a2", "a");
    take(f, "a3", "a");
    turn(f);
    parks(f, true);
    turn(f);
    dead_found(f, "a0");
    forget_trace(f);
    retry(f, "a0", "a", 0);
    turn(f);
    assert_trace(f, "");
    deliver(f, "a2");
    assert_trace(f, "a2:delivered a0:waiting a2=delivered a3:waiting");
    settle(f, "a0");
    assert_trace(f, "+a0");
}

static void a_letter_is_taken_as_any_where_parking_was_turned_off_meanwhile(void **state)
{
    struct lanes_fixture *f = *state;
    parks(f, false);
    take(f, "a2", "a");
    turn(f);
    parks(f, true);
    turn(f);
    dead_found(f, "a0");
    retry(f, "a0", "a", 0);
    forget_trace(f);
    parks(f, false);
    turn(f);
    assert_trace(f, "a0:waiting");
    assert_int_equal(f->row.position, 2);
}

/* ---- on disk ---- */

/* a2 to a4 wait behind the dead a1, a2 and a3 and b1 in memory. */
static void fall_behind_parked(struct lanes_fixture *f)
{
    take(f, "a1", "a");
    turn(f);
    refuse(f, "a1", 404);
    for (int i = 2; i <= 5; i++)
        take(f, numbered(f, "a", i), "a");
    turn(f);
    take(f, "b6", "b"); /* full */
    turn(f);
    forget_trace(f);
}

static void a_lane_that_is_kept_makes_room(void **state)
{
    struct lanes_fixture *f = *state;
    fall_behind_parked(f);
    assert_true(calendar_status(f).is_behind);
    assert_int_equal(calendar_status(f).waiting, 5);
    scanned(f, "b6", true);
    turn(f);
    assert_trace(f, "?calendar/b:5-6*1");
    loaded(f, 0, "b6", "b", (struct delivery_row){.position = 6});
    lanes_load_ended(f->lanes, f->calendar, (const bool[]){false});
    turn(f);
    assert_trace(f, "?calendar/a:1-6*3 +b6"); /* which comes home, as nothing else is there */
}

/* As at a start: a4 and b5 wait on disk, behind the dead a1. */
static void begin_behind(struct lanes_fixture *f)
{
    lanes_begin_behind(f->lanes, f->calendar, 5, 2);
    turn(f);
    dead_found(f, "a1");
    scanned(f, "a4 b5", true);
    turn(f);
}

static void found_by_a_scan_it_isnt_read_until_there_is_time_for_it(void **state)
{
    struct lanes_fixture *f = *state;
    begin_behind(f);
    assert_trace(f, "?calendar:dead ?calendar:0-5 ?calendar/b:4-5*1");
}

static void dropped_what_is_on_disk_is_read(void **state)
{
    struct lanes_fixture *f = *state;
    begin_behind(f);
    lanes_load_ended(f->lanes, f->calendar, (const bool[]){false});
    forget_trace(f);
    lanes_letter_gone(f->lanes, f->calendar, SLICE_LIT("a"), 1);
    turn(f);
    assert_trace(f, "?calendar/a:3-5*1");
}

static void attempted_again_it_waits_while_something_is_read_and_goes_to_disk(void **state)
{
    struct lanes_fixture *f = *state;
    begin_behind(f);
    forget_trace(f);
    retry(f, "a1", "a", 1);
    turn(f);
    assert_trace(f, "");
    lanes_load_ended(f->lanes, f->calendar, (const bool[]){false});
    turn(f);
    assert_trace(f, "a1:written a1^ ?calendar/a:0-5*1");
    loaded(f, 0, "a1", "a", (struct delivery_row){.position = 1});
    lanes_load_ended(f->lanes, f->calendar, (const bool[]){true});
    turn(f);
    assert_trace(f, "?calendar/a:1-5*3 +a1");
}

static void of_a_key_that_no_lane_is_known_of_it_is_read_from_disk(void **state)
{
    struct lanes_fixture *f = *state;
    lanes_begin_behind(f->lanes, f->calendar, 5, 1);
    turn(f);
    dead_found(f, "a1");
    scanned(f, "b5", true);
    turn(f);
    loaded(f, 0, "b5", "b", (struct delivery_row){.position = 5});
    forget_trace(f);
    retry(f, "a1", "a", 1);
    lanes_load_ended(f->lanes, f->calendar, (const bool[]){false});
    turn(f);
    assert_trace(f, "a1:written a1^ ?calendar/a:0-5*1 +b5");
}

static void a_lane_in_memory_goes_to_disk_with_it(void **state)
{
    struct lanes_fixture *f = *state;
    fall_behind_parked(f);
    scanned(f, "b6", true);
    retry(f, "a1", "a", 1);
    assert_trace(f, "a1:written a1^");
    turn(f);
    assert_trace(f, "?calendar/b:5-6*1 ?calendar/a:0-6*1");
}

static void what_was_taken_back_leaves_memory_with_what_its_row_didnt_say(void **state)
{
    struct lanes_fixture *f = *state;
    take(f, "a0", "a");
    turn(f);
    refuse(f, "a0", 404);
    forget_trace(f);
    fall_behind(f);
    struct parcel *a1 = find_parcel(f, "a1");
    a1->is_attempted = false;
    lanes_take_back(f->lanes, &a1->d, true);
    parks(f, true);
    turn(f);
    forget_trace(f);
    dead_found(f, "a1");
    turn(f);
    assert_trace(f, "a1:written a1^ a2^ a3^ a4^ ?calendar:5-6");
    assert_true(f->row.unknown);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, lanes_teardown)
#define START(name) cmocka_unit_test_setup_teardown(name, setup_start, lanes_teardown)
#define SMALL(name) cmocka_unit_test_setup_teardown(name, setup_small, lanes_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_dead_letter_keeps_its_followers_which_get_their_rows),
        TEST(what_comes_behind_it_is_written_and_waits),
        TEST(what_comes_when_nothing_else_is_left_of_the_key_waits),
        TEST(other_keys_and_what_has_none_go_on),
        TEST(one_without_a_key_keeps_nothing),
        TEST(without_parking_the_next_one_goes),
        TEST(what_is_skipped_or_delivered_keeps_nothing),
        TEST(what_waits_behind_it_expires),
        TEST(dropped_it_lets_its_followers_go),
        TEST(attempted_again_it_goes_first_in_its_old_place),
        TEST(dying_again_it_keeps_them_as_before),
        TEST(failing_it_is_put_off_with_them_behind_it),
        TEST(a_letter_before_another_one_goes_and_what_is_behind_that_waits),
        TEST(attempted_again_behind_another_one_it_waits_for_that),
        TEST(a_success_makes_older_letters_void),
        TEST(a_letter_that_is_void_goes_to_the_end_and_keeps_nothing),
        TEST(a_letter_that_turns_out_to_be_void_lets_its_followers_go),
        TEST(nothing_starts_until_it_is_known_what_is_dead),
        TEST(turned_off_all_goes_on),
        TEST(turned_on_what_is_ready_waits_behind_what_is_dead),
        TEST(what_dies_and_goes_while_they_are_asked_for_counts),
        TEST(an_answer_that_is_not_wanted_any_more_is_asked_for_again),
        TEST(others_that_are_gone_are_found_out),
        TEST(too_many_have_all_of_it_wait_until_there_are_fewer),
        TEST(one_too_many_dies),
        TEST(while_it_isnt_known_who_brings_more_waits),
        TEST(a_letter_waits_for_what_of_its_key_is_under_way),
        TEST(a_letter_is_taken_as_any_where_parking_was_turned_off_meanwhile),
        SMALL(a_lane_that_is_kept_makes_room),
        START(found_by_a_scan_it_isnt_read_until_there_is_time_for_it),
        START(dropped_what_is_on_disk_is_read),
        START(attempted_again_it_waits_while_something_is_read_and_goes_to_disk),
        START(of_a_key_that_no_lane_is_known_of_it_is_read_from_disk),
        SMALL(a_lane_in_memory_goes_to_disk_with_it),
        cmocka_unit_test_setup_teardown(
            what_was_taken_back_leaves_memory_with_what_its_row_didnt_say, lanes_setup_small,
            lanes_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
