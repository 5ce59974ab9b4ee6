/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * journal/: retention by age, with a clock that was ahead or behind and is set right.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "journal_fixture.h"

#define DAY (INT64_C(24) * 3600 * 1000)
#define BLOCK 4500 /* more than is looked at in one go, twice */

static const struct slice channel = SLICE_LIT(FIXTURE_CHANNEL);

static int setup(void **state)
{
    if (fixture_setup_closed(state) < 0)
        return -1;
    struct fixture *f = *state;
    f->retention = (struct journal_retention){.delivered_ms = 7 * DAY, .dead_ms = 90 * DAY};
    fixture_open(f);
    return 0;
}

/* The clock is set; no time passes. */
static void set_clock(struct fixture *f, int64_t by_ms)
{
    f->clock.wall_ms += by_ms;
}

/* Lets time pass, and retention do what is due then, for as long as that takes. */
static void pass(struct fixture *f, int64_t ms)
{
    clock_fake_advance(&f->clock, ms);
    for (int i = 0; i < 10; i++) {
        fixture_settle(f);
        clock_fake_advance(&f->clock, 60000);
    }
}

/* One that is over, received by the clock as it stands; its number. */
static int64_t receive(struct fixture *f)
{
    struct event *event = fixture_event("x");
    event->received_ms = f->clock.wall_ms;
    const struct journal_append append = {.events = &event, .n_events = 1, .channel = channel};
    journal_append(f->journal, &append, NULL, NULL);
    int64_t seq = event->seq;
    event_unref(event);
    journal_set_event(f->journal, seq, channel, EVENT_OPEN, EVENT_CLOSED, NULL, NULL);
    return seq;
}

static void put(struct fixture *f, int64_t seq, enum delivery_state from, enum delivery_state to)
{
    struct delivery_row row = fixture_delivery(seq, 0, to);
    row.ended_ms = to == DELIVERY_DEAD ? f->clock.wall_ms : 0;
    journal_put_delivery(f->journal, &row, from, NULL, NULL, NULL);
}

static int64_t count(struct fixture *f)
{
    return fixture_query(f, "SELECT count(*) FROM events");
}

static int64_t first(struct fixture *f)
{
    return fixture_query(f, "SELECT min(seq) FROM events");
}

static int64_t letters(struct fixture *f)
{
    return fixture_sum(f, "connector", "cal", "dead");
}

static void what_is_dated_ahead_goes_in_its_time_and_holds_up_nothing(void **state)
{
    struct fixture *f = *state;
    int64_t last = 0;
    receive(f);
    set_clock(f, 365 * DAY);
    for (int i = 0; i < BLOCK; i++)
        receive(f);
    set_clock(f, -365 * DAY);
    last = receive(f);
    pass(f, 6 * DAY);
    assert_int_equal(count(f), BLOCK + 2);
    int64_t young = receive(f);
    pass(f, 1 * DAY - 600000);
    assert_int_equal(first(f), young);
    assert_true(young > last);
    pass(f, 7 * DAY);
    assert_int_equal(count(f), 0);
    fixture_check(f);
}

/* Nothing tells when it was received, before there is something behind it. */
static void what_is_dated_ahead_stays_while_it_is_the_newest(void **state)
{
    struct fixture *f = *state;
    set_clock(f, 365 * DAY);
    receive(f);
    set_clock(f, -365 * DAY);
    pass(f, 8 * DAY);
    assert_int_equal(count(f), 1);
    receive(f);
    pass(f, 6 * DAY);
    assert_int_equal(count(f), 2);
    pass(f, 1 * DAY);
    assert_int_equal(count(f), 0);
}

static void what_is_dated_behind_takes_nothing_with_it(void **state)
{
    struct fixture *f = *state;
    receive(f);
    int64_t back = f->clock.wall_ms - 1000; /* to the beginning of 1970 */
    set_clock(f, -back);
    int64_t behind = receive(f);
    set_clock(f, back);
    fixture_settle(f);
    pass(f, 6 * DAY);
    assert_int_equal(count(f), 2);
    int64_t newest = receive(f);
    pass(f, 1 * DAY);
    assert_int_equal(first(f), newest);
    assert_true(behind < newest);
    fixture_check(f);
}

static void letters_of_what_is_dated_ahead_hold_up_no_others(void **state)
{
    struct fixture *f = *state;
    set_clock(f, 365 * DAY);
    put(f, receive(f), DELIVERY_NEW, DELIVERY_DEAD);
    set_clock(f, -365 * DAY);
    put(f, receive(f), DELIVERY_NEW, DELIVERY_DEAD);
    pass(f, 89 * DAY);
    assert_int_equal(letters(f), 2);
    pass(f, 1 * DAY);
    assert_int_equal(letters(f), 1);
    pass(f, 365 * DAY);
    assert_int_equal(letters(f), 0);
    fixture_check(f);
}

static void a_letter_that_ended_while_the_clock_was_behind_is_not_taken_for_old(void **state)
{
    struct fixture *f = *state;
    int64_t seq = receive(f);
    put(f, seq, DELIVERY_NEW, DELIVERY_WAITING);
    pass(f, 100 * DAY);
    int64_t back = f->clock.wall_ms - 1000;
    set_clock(f, -back);
    put(f, seq, DELIVERY_WAITING, DELIVERY_DEAD);
    fixture_settle(f);
    set_clock(f, back);
    pass(f, DAY);
    assert_int_equal(letters(f), 1);
}

static void small_steps_change_nothing(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 40; i++) {
        receive(f);
        set_clock(f, i % 2 == 0 ? -1500 : 2000);
    }
    pass(f, 6 * DAY);
    assert_int_equal(count(f), 40);
    pass(f, 1 * DAY);
    assert_int_equal(count(f), 0);
}

/* Reloads would begin it anew again and again, and it would come to no end. */
static void settings_that_stay_as_they_were_begin_no_sweep(void **state)
{
    struct fixture *f = *state;
    receive(f);
    fixture_settle(f);
    set_clock(f, 8 * DAY);
    fixture_settle(f);
    assert_int_equal(count(f), 1); /* the sweep rests */
    const struct journal_retention same = f->retention;
    journal_set_retention(f->journal, &same);
    fixture_settle(f);
    assert_int_equal(count(f), 1);
    pass(f, 60000);
    assert_int_equal(count(f), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(settings_that_stay_as_they_were_begin_no_sweep),
        TEST(what_is_dated_ahead_goes_in_its_time_and_holds_up_nothing),
        TEST(what_is_dated_ahead_stays_while_it_is_the_newest),
        TEST(what_is_dated_behind_takes_nothing_with_it),
        TEST(letters_of_what_is_dated_ahead_hold_up_no_others),
        TEST(a_letter_that_ended_while_the_clock_was_behind_is_not_taken_for_old),
        TEST(small_steps_change_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
