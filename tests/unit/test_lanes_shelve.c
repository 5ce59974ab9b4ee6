/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* Lanes: runs that wait to be woken, when their handler has more than memory holds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lanes_fixture.h"

/* The handler's load brings this run and no more. */
static void load_run(struct lanes_fixture *f, const char *id, struct delivery_row row)
{
    struct parcel *p = parcel_new(f, id, id, (struct take){.target = f->handler});
    p->d.seq = row.seq = row.position;
    row.state = DELIVERY_WAITING;
    lanes_loaded(f->lanes, f->handler, 0, &p->d, &row);
    lanes_load_ended(f->lanes, f->handler, (const bool[]){false});
    turn(f);
}

/* Runs of the keys a to d wait to be woken; a and b are on disk, e has come and is there, too. */
static void shelve_four(struct lanes_fixture *f)
{
    static const char *const keys[] = {"a", "b", "c", "d"};
    for (size_t i = 0; i < 4; i++)
        take_run(f, keys[i], keys[i]);
    turn(f);
    for (size_t i = 0; i < 4; i++) {
        struct parcel *run = find_parcel(f, keys[i]);
        lanes_park(f->lanes, &run->d);
        run->is_attempted = false;
        lanes_shelve(f->lanes, &run->d);
        settle(f, keys[i]);
    }
    forget_trace(f);
    take_run(f, "e", "e");
    turn(f);
    assert_trace(f, "e:written e^ a^ b^ ?calendar:4-5");
    lanes_scanned(f->lanes, f->handler, NULL, 0, true);
    turn(f);
}

static void the_shelved_makes_room_and_is_woken_on_disk(void **state)
{
    struct lanes_fixture *f = *state;
    shelve_four(f);
    pass(f, 86400000);
    assert_trace(f, "");
    lanes_wake_place(f->lanes, f->handler, SLICE_LIT("b"), 2);
    turn(f);
    assert_trace(f, "?calendar/b:1-5*1");
}

/* b, c and d are woken and end; a is being read, to come home. */
static void bring_a_home(struct lanes_fixture *f)
{
    shelve_four(f);
    lanes_wake_place(f->lanes, f->handler, SLICE_LIT("b"), 2);
    turn(f);
    load_run(f, "b", (struct delivery_row){.position = 2});
    deliver(f, "b");
    lanes_wake_place(f->lanes, f->handler, SLICE_LIT("c"), 3);
    lanes_wake_place(f->lanes, f->handler, SLICE_LIT("d"), 4);
    turn(f);
    deliver(f, "c");
    deliver(f, "d");
    turn(f);
    forget_trace(f);
}

static void the_shelved_that_comes_home_still_waits_to_be_woken(void **state)
{
    struct lanes_fixture *f = *state;
    bring_a_home(f);
    load_run(f, "a", (struct delivery_row){.position = 1});
    pass(f, 86400000);
    assert_trace(f, "");
    lanes_wake_place(f->lanes, f->handler, SLICE_LIT("a"), 1);
    turn(f);
    assert_trace(f, "+a");
}

static void the_shelved_that_is_being_read_is_woken_when_it_comes(void **state)
{
    struct lanes_fixture *f = *state;
    bring_a_home(f);
    lanes_wake_place(f->lanes, f->handler, SLICE_LIT("a"), 1);
    load_run(f, "a", (struct delivery_row){.position = 1});
    assert_trace(f, "+a");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, lanes_setup_small, lanes_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_shelved_makes_room_and_is_woken_on_disk),
        TEST(the_shelved_that_comes_home_still_waits_to_be_woken),
        TEST(the_shelved_that_is_being_read_is_woken_when_it_comes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
