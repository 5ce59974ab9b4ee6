/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Lanes: of what waits of one handler and key only the newest is sent, `coalesce = true`.
 */
#include "delivery/lanes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "lanes_fixture.h"

#include <cmocka.h>

static void coalesces(struct lanes_fixture *f, bool coalesces)
{
    f->policy.coalesces = coalesces;
    set_policy(f);
}

static int setup(void **state)
{
    lanes_setup(state);
    coalesces(*state, true);
    return 0;
}

static int setup_small(void **state)
{
    lanes_setup_small(state);
    coalesces(*state, true);
    return 0;
}

static struct parcel *take_by(struct lanes_fixture *f, const char *id, const char *key,
                              const char *handler)
{
    struct parcel *p = parcel_new(f, id, key, (struct take){0});
    p->d.handler = (char *)handler;
    lanes_take(f->lanes, &p->d);
    return p;
}

/* ---- who is replaced ---- */

static void behind_an_attempt_only_the_newest_waits(void **state)
{
    struct lanes_fixture *f = *state;
    take(f, "a1", "a");
    turn(f);
    take(f, "a2", "a");
    take(f, "a3", "a");
    take(f, "a4", "a");
    turn(f);
    assert_trace(f, "+a1 a2:superseded/coalesced: a3 is newer "
                    "a3:superseded/coalesced: a4 is newer");
    settle(f, "a2");
    settle(f, "a3");
    deliver(f, "a1");
    assert_trace(f, "a2=superseded/coalesced: a3 is newer a3=superseded/coalesced: a4 is newer "
                    "a1:delivered a1=delivered +a4");
}

static void it_isnt_attempted_before_it_is_on_disk_whom_it_replaced(void **state)
{
    struct lanes_fixture *f = *state;
    take(f, "a1", "a");
    take(f, "a2", "a");
    turn(f);
    turn(f);
    assert_trace(f, "a1:superseded/coalesced: a2 is newer");
    settle(f, "a1");
    assert_trace(f, "a1=superseded/coalesced: a2 is newer +a2");
}

static void what_was_attempted_stays(void **state)
{
    struct lanes_fixture *f = *state;
    take(f, "a1", "a");
    turn(f);
    refuse(f, "a1", 503);
    take(f, "a2", "a");
    forget_trace(f);
    pass(f, 1000);
    deliver(f, "a1");
    assert_trace(f, "+a1 a1:delivered a1=delivered +a2");
}

static void other_keys_other_handlers_and_none_are_others(void **state)
{
    struct lanes_fixture *f = *state;
    f->policy.concurrency = 1;
    coalesces(f, true);
    take(f, "x1", "x");
    turn(f);
    take(f, "a1", "a");
    take_by(f, "a2", "a", "other");
    take(f, "b1", "b");
    take(f, "n1", NULL);
    take(f, "n2", NULL);
    turn(f);
    assert_trace(f, "+x1");
    take(f, "a3", "a");
    assert_trace(f, "a1:superseded/coalesced: a3 is newer");
    settle(f, "a1");
    forget_trace(f);
    deliver(f, "x1");
    deliver(f, "a3"); /* in a1's place, before a2 */
    assert_trace(f, "x1:delivered x1=delivered +a3 a3:delivered a3=delivered +b1");
}

static void without_coalescing_all_are_sent(void **state)
{
    struct lanes_fixture *f = *state;
    coalesces(f, false);
    take(f, "a1", "a");
    take(f, "a2", "a");
    turn(f);
    deliver(f, "a1");
    assert_trace(f, "+a1 a1:delivered a1=delivered +a2");
}

static void a_letter_that_is_retried_replaces_nothing_and_isnt_replaced(void **state)
{
    struct lanes_fixture *f = *state;
    take(f, "a1", "a");
    turn(f);
    take(f, "a2", "a");
    restore(f, "dead", "a", (struct delivery_row){.state = DELIVERY_DEAD});
    settle(f, "dead");
    assert_trace(f, "+a1 dead:waiting");
    take(f, "a3", "a");
    assert_trace(f, "a2:superseded/coalesced: a3 is newer");
    settle(f, "a2");
    forget_trace(f);
    deliver(f, "a1");
    deliver(f, "a3");
    assert_trace(f, "a1:delivered a1=delivered +a3 a3:delivered a3=delivered +dead");
}

static void what_may_have_been_attempted_before_a_restart_stays(void **state)
{
    struct lanes_fixture *f = *state;
    f->policy.concurrency = 1;
    coalesces(f, true);
    take(f, "x1", "x");
    turn(f);
    struct parcel *p = parcel_new(f, "a1", "a", (struct take){0});
    p->d.was_cut_off = true;
    lanes_take(f->lanes, &p->d);
    take(f, "a2", "a");
    forget_trace(f);
    deliver(f, "x1");
    deliver(f, "a1");
    assert_trace(f, "x1:delivered x1=delivered +a1 a1:delivered a1=delivered +a2");
}

static void what_was_taken_back_and_may_have_arrived_stays(void **state)
{
    struct lanes_fixture *f = *state;
    take(f, "a1", "a");
    turn(f);
    struct parcel *a2 = take(f, "a2", "a");
    deliver(f, "a1");
    a2->is_attempted = false;
    lanes_take_back(f->lanes, &a2->d, true);
    take(f, "a3", "a");
    turn(f);
    deliver(f, "a2");
    assert_trace(f, "+a1 a1:delivered a1=delivered +a2 +a2 a2:delivered a2=delivered +a3");
}

static void what_may_have_arrived_by_its_row_stays_also_behind_others(void **state)
{
    struct lanes_fixture *f = *state;
    take(f, "a1", "a");
    turn(f);
    restore(f, "a2", "a", (struct delivery_row){.state = DELIVERY_WAITING, .unknown = true});
    take(f, "a3", "a");
    forget_trace(f);
    deliver(f, "a1");
    deliver(f, "a2");
    assert_trace(f, "a1:delivered a1=delivered +a2 a2:delivered a2=delivered +a3");
}

/* ---- time and turns ---- */

static void a_burst_with_a_delay_is_one_after_the_first_ones_delay(void **state)
{
    struct lanes_fixture *f = *state;
    take_so(f, "a1", "a", (struct take){.delay_ms = 1000});
    turn(f);
    settle(f, "a1");
    pass(f, 400);
    take_so(f, "a2", "a", (struct take){.delay_ms = 1000});
    turn(f);
    assert_trace(f, "a1:waiting a1~ a1:superseded/coalesced: a2 is newer a2:written a2~");
    assert_int_equal(f->row.due_ms, f->time.wall_ms + 600);
    settle(f, "a1");
    pass(f, 599);
    assert_trace(f, "a1=superseded/coalesced: a2 is newer");
    pass(f, 1);
    assert_trace(f, "+a2");
}

static void one_that_came_while_the_first_was_written_replaces_it_then(void **state)
{
    struct lanes_fixture *f = *state;
    take_so(f, "a1", "a", (struct take){.delay_ms = 1000});
    turn(f);
    take_so(f, "a2", "a", (struct take){.delay_ms = 1000});
    turn(f);
    assert_trace(f, "a1:waiting");
    settle(f, "a1");
    assert_trace(f, "a1~ a1:superseded/coalesced: a2 is newer a2:written a2~");
}

static void one_that_was_to_be_written_is_replaced_before(void **state)
{
    struct lanes_fixture *f = *state;
    take_so(f, "a1", "a", (struct take){.delay_ms = 1000});
    take_so(f, "a2", "a", (struct take){.delay_ms = 1000});
    turn(f);
    assert_trace(f, "a1:superseded/coalesced: a2 is newer a2:waiting");
    settle(f, "a1");
    settle(f, "a2");
    pass(f, 1000);
    assert_trace(f, "a1=superseded/coalesced: a2 is newer a2~ +a2");
}

static void it_has_the_turn_of_the_one_that_it_replaces(void **state)
{
    struct lanes_fixture *f = *state;
    f->policy.concurrency = 1;
    coalesces(f, true);
    take(f, "x1", "x");
    turn(f);
    take(f, "a1", "a");
    take(f, "b1", "b");
    take(f, "a2", "a");
    settle(f, "a1");
    forget_trace(f);
    deliver(f, "x1");
    assert_trace(f, "x1:delivered x1=delivered +a2");
}

/* However fast they come: one whose turn has come isn't replaced any more. */
static void a_steady_stream_is_sent(void **state)
{
    struct lanes_fixture *f = *state;
    take(f, "a1", "a");
    take(f, "a2", "a");
    turn(f); /* a2's turn, which waits for a1's end */
    take(f, "a3", "a");
    take(f, "a4", "a");
    turn(f);
    assert_trace(f, "a1:superseded/coalesced: a2 is newer a3:superseded/coalesced: a4 is newer");
    settle(f, "a1");
    assert_trace(f, "a1=superseded/coalesced: a2 is newer");
    settle(f, "a3");
    assert_trace(f, "a3=superseded/coalesced: a4 is newer +a2");
    take(f, "a5", "a");
    settle(f, "a4");
    deliver(f, "a2");
    assert_trace(f, "a4:superseded/coalesced: a5 is newer a4=superseded/coalesced: a5 is newer "
                    "a2:delivered a2=delivered +a5");
}

static void while_paused_but_the_last_is_left(void **state)
{
    struct lanes_fixture *f = *state;
    lanes_hold_target(f->lanes, f->calendar);
    for (int i = 1; i <= 5; i++) {
        take(f, numbered(f, "a", i), "a");
        turn(f);
        if (i > 1)
            settle(f, numbered(f, "a", i - 1));
    }
    forget_trace(f);
    lanes_release_target(f->lanes, f->calendar);
    turn(f);
    assert_trace(f, "+a5");
    assert_int_equal(calendar_status(f).waiting, 0);
}

static void a_stream_into_a_batch_is_one_member(void **state)
{
    struct lanes_fixture *f = *state;
    f->policy.batch = (struct batch_policy){.size = 3, .bytes = 1000, .wait_ms = 200};
    coalesces(f, true);
    take(f, "a1", "a");
    take(f, "b1", "b");
    take(f, "a2", "a");
    take(f, "c1", "c");
    turn(f);
    assert_trace(f, "a1:superseded/coalesced: a2 is newer");
    settle(f, "a1");
    assert_trace(f, "a1=superseded/coalesced: a2 is newer +[a2,b1,c1]");
}

/* ---- with rows, and on disk ---- */

static void in_the_place_of_a_row_it_has_one(void **state)
{
    struct lanes_fixture *f = *state;
    f->policy.parks = true;
    coalesces(f, true);
    turn(f);
    dead_found(f, "a0");
    take(f, "a1", "a");
    turn(f);
    forget_trace(f);
    take(f, "a2", "a");
    turn(f);
    assert_trace(f, "a2:written a1:superseded/coalesced: a2 is newer a2~");
}

static void what_is_loaded_is_replaced_by_the_newest(void **state)
{
    struct lanes_fixture *f = *state;
    lanes_begin_behind(f->lanes, f->calendar, 5, 3);
    turn(f);
    scanned(f, "a3 a4 a5", true);
    turn(f);
    forget_trace(f);
    loaded(f, 0, "a3", "a", (struct delivery_row){.position = 3});
    loaded(f, 0, "a4", "a", (struct delivery_row){.position = 4});
    loaded(f, 0, "a5", "a", (struct delivery_row){.position = 5});
    lanes_load_ended(f->lanes, f->calendar, (const bool[]){false});
    turn(f);
    assert_trace(f, "a3:superseded/coalesced: a4 is newer a4:superseded/coalesced: a5 is newer");
    settle(f, "a3");
    settle(f, "a4");
    assert_trace(f, "a3=superseded/coalesced: a4 is newer a4=superseded/coalesced: a5 is newer "
                    "+a5");
}

/* a3 to a5 are on disk, of which a3 alone is loaded at first. */
static void load_the_first(struct lanes_fixture *f, const char *places, bool is_all, bool has_more)
{
    lanes_begin_behind(f->lanes, f->calendar, 5, 3);
    turn(f);
    scanned(f, places, is_all);
    turn(f);
    forget_trace(f);
    loaded(f, 0, "a3", "a", (struct delivery_row){.position = 3});
    lanes_load_ended(f->lanes, f->calendar, (const bool[]){has_more});
    turn(f);
}

static void one_of_which_more_is_on_disk_waits_for_that(void **state)
{
    struct lanes_fixture *f = *state;
    load_the_first(f, "a3 a4 a5", true, true);
    assert_trace(f, "?calendar/a:3-5*3");
    loaded(f, 0, "a4", "a", (struct delivery_row){.position = 4});
    loaded(f, 0, "a5", "a", (struct delivery_row){.position = 5});
    lanes_load_ended(f->lanes, f->calendar, (const bool[]){false});
    settle_all(f);
    assert_trace(f, "a3:superseded/coalesced: a4 is newer a4:superseded/coalesced: a5 is newer "
                    "a3=superseded/coalesced: a4 is newer a4=superseded/coalesced: a5 is newer "
                    "+a5");
}

static void one_of_which_more_may_be_on_disk_waits_until_that_is_known(void **state)
{
    struct lanes_fixture *f = *state;
    load_the_first(f, "a3", false, false);
    assert_trace(f, "?calendar:3-5");
    scanned(f, "a5", true);
    turn(f);
    assert_trace(f, "?calendar/a:3-5*5");
    loaded(f, 0, "a5", "a", (struct delivery_row){.position = 5});
    lanes_load_ended(f->lanes, f->calendar, (const bool[]){false});
    forget_trace(f);
    settle_all(f);
    assert_trace(f, "a3=superseded/coalesced: a5 is newer +a5");
}

static void what_comes_to_the_disk_after_its_turn_isnt_waited_for(void **state)
{
    struct lanes_fixture *f = *state;
    load_the_first(f, "a3 a4 a5", true, true);
    take(f, "a6", "a");
    loaded(f, 0, "a5", "a", (struct delivery_row){.position = 5});
    lanes_load_ended(f->lanes, f->calendar, (const bool[]){false});
    forget_trace(f);
    settle_all(f);
    assert_trace(f, "a3=superseded/coalesced: a5 is newer ?calendar:5-6 +a5");
}

static void where_nothing_comes_of_it_the_first_is_sent(void **state)
{
    struct lanes_fixture *f = *state;
    load_the_first(f, "a3 a4 a5", true, true);
    forget_trace(f);
    lanes_load_ended(f->lanes, f->calendar, (const bool[]){false});
    turn(f);
    assert_trace(f, "+a3");
}

static void load_by(struct lanes_fixture *f, const char *id, const char *handler, int64_t position,
                    int64_t due_in_ms)
{
    struct parcel *p = parcel_new(f, id, "a", (struct take){0});
    p->d.handler = (char *)handler;
    p->d.seq = position * 100;
    lanes_loaded(f->lanes, f->calendar, 0, &p->d,
                 &(struct delivery_row){.state = DELIVERY_WAITING,
                                        .position = position,
                                        .due_ms = f->time.wall_ms + due_in_ms});
}

/* At no moment two rows have one place, nor would what stays be taken for the first. */
static void what_passes_another_has_its_place_in_one_with_the_end_of_whose_it_was(void **state)
{
    struct lanes_fixture *f = *state;
    lanes_begin_behind(f->lanes, f->calendar, 5, 3);
    turn(f);
    scanned(f, "a3 a4 a5", true);
    turn(f);
    forget_trace(f);
    load_by(f, "a3", "onUpdate", 3, 0);
    load_by(f, "x4", "other", 4, 0);
    load_by(f, "a5", "onUpdate", 5, 0);
    assert_trace(f, "a3:superseded/coalesced: a5 is newer");
    assert_int_equal(f->row.position, 3);
    assert_int_equal(f->row.heir_seq, 500);
    assert_int_equal(f->row.heir_due_ms, f->time.wall_ms);
    lanes_load_ended(f->lanes, f->calendar, (const bool[]){false});
    settle_all(f);
    assert_trace(f, "a3=superseded/coalesced: a5 is newer +a5");
}

static void what_is_due_sooner_by_that_has_it_in_its_row(void **state)
{
    struct lanes_fixture *f = *state;
    lanes_begin_behind(f->lanes, f->calendar, 5, 3);
    turn(f);
    scanned(f, "a3 a4 a5", true);
    turn(f);
    forget_trace(f);
    load_by(f, "a3", "onUpdate", 3, 100);
    load_by(f, "a4", "onUpdate", 4, 5000);
    assert_trace(f, "a3:superseded/coalesced: a4 is newer");
    assert_int_equal(f->row.heir_seq, 400);
    assert_int_equal(f->row.heir_due_ms, f->time.wall_ms + 100);
    load_by(f, "a5", "onUpdate", 5, -1);
    assert_trace(f, "a4:superseded/coalesced: a5 is newer");
    assert_int_equal(f->row.heir_seq, 0);
    lanes_load_ended(f->lanes, f->calendar, (const bool[]){false});
}

/* a3 to a5 were there when the process before ended. */
static void load_cut_off(struct lanes_fixture *f)
{
    lanes_begin_behind(f->lanes, f->calendar, 5, 3);
    turn(f);
    scanned(f, "a3 a4 a5", true);
    turn(f);
    for (int64_t position = 3; position <= 5; position++) {
        struct parcel *p = parcel_new(f, numbered(f, "a", (int)position), "a", (struct take){0});
        p->d.was_cut_off = true;
        lanes_loaded(f->lanes, f->calendar, 0, &p->d,
                     &(struct delivery_row){.state = DELIVERY_WAITING, .position = position});
    }
    lanes_load_ended(f->lanes, f->calendar, (const bool[]){false});
    forget_trace(f);
}

static void of_one_after_the_other_but_the_first_may_have_been_attempted(void **state)
{
    struct lanes_fixture *f = *state;
    load_cut_off(f);
    assert_true(find_parcel(f, "a3")->d.unknown);
    assert_false(find_parcel(f, "a5")->d.unknown);
    settle_all(f);
    assert_trace(f, "a4=superseded/coalesced: a5 is newer +a3");
    deliver(f, "a3");
    assert_trace(f, "a3:delivered a3=delivered +a5");
}

static void of_a_batch_each_may_have_been_attempted(void **state)
{
    struct lanes_fixture *f = *state;
    target_set_took_batches(f->calendar);
    load_cut_off(f);
    assert_true(find_parcel(f, "a5")->d.unknown);
    turn(f);
    deliver(f, "a3");
    deliver(f, "a4");
    assert_trace(f, "+a3 a3:delivered a3=delivered +a4 a4:delivered a4=delivered +a5");
}

static void without_coalescing_any_more_nothing_is_waited_for(void **state)
{
    struct lanes_fixture *f = *state;
    load_the_first(f, "a3 a4 a5", true, true);
    forget_trace(f);
    coalesces(f, false);
    turn(f);
    assert_trace(f, "+a3");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, lanes_teardown)
#define SMALL(name) cmocka_unit_test_setup_teardown(name, setup_small, lanes_teardown)
    const struct CMUnitTest tests[] = {
        TEST(behind_an_attempt_only_the_newest_waits),
        TEST(it_isnt_attempted_before_it_is_on_disk_whom_it_replaced),
        TEST(what_was_attempted_stays),
        TEST(other_keys_other_handlers_and_none_are_others),
        TEST(without_coalescing_all_are_sent),
        TEST(a_letter_that_is_retried_replaces_nothing_and_isnt_replaced),
        TEST(what_may_have_been_attempted_before_a_restart_stays),
        TEST(what_was_taken_back_and_may_have_arrived_stays),
        TEST(what_may_have_arrived_by_its_row_stays_also_behind_others),
        TEST(a_burst_with_a_delay_is_one_after_the_first_ones_delay),
        TEST(one_that_came_while_the_first_was_written_replaces_it_then),
        TEST(one_that_was_to_be_written_is_replaced_before),
        TEST(it_has_the_turn_of_the_one_that_it_replaces),
        TEST(a_steady_stream_is_sent),
        TEST(while_paused_but_the_last_is_left),
        TEST(a_stream_into_a_batch_is_one_member),
        TEST(in_the_place_of_a_row_it_has_one),
        SMALL(what_is_loaded_is_replaced_by_the_newest),
        SMALL(one_of_which_more_is_on_disk_waits_for_that),
        SMALL(one_of_which_more_may_be_on_disk_waits_until_that_is_known),
        SMALL(what_comes_to_the_disk_after_its_turn_isnt_waited_for),
        SMALL(where_nothing_comes_of_it_the_first_is_sent),
        SMALL(without_coalescing_any_more_nothing_is_waited_for),
        SMALL(what_passes_another_has_its_place_in_one_with_the_end_of_whose_it_was),
        SMALL(what_is_due_sooner_by_that_has_it_in_its_row),
        SMALL(of_one_after_the_other_but_the_first_may_have_been_attempted),
        SMALL(of_a_batch_each_may_have_been_attempted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
