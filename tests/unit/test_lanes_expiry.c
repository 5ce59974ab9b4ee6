/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* Lanes: what expires while it waits on disk alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lanes_fixture.h"

static void what_expires_on_disk_is_asked_for_then(void **state)
{
    struct lanes_fixture *f = *state;
    fall_behind(f);
    f->has_expired = true;
    take_so(f, "b1", "b", (struct take){.expires_in_ms = 5000});
    take_so(f, "c1", "c", (struct take){.expires_in_ms = 3000});
    pass(f, 2999);
    assert_trace(f, "b1:written b1^ c1:written c1^");
    assert_int_equal(lanes_next_ms(f->lanes), f->time.mono_ms + 1);
    pass(f, 1);
    assert_trace(f, "?calendar:expired");
    assert_true(expired(f, "c7", "c", (struct delivery_row){.position = 7}));
    assert_int_equal(f->row.state, DELIVERY_DEAD);
    lanes_expired_ended(f->lanes, f->calendar, NULL, f->time.wall_ms + 2000);
    assert_trace(f, "c7:dead/expired");
    assert_int_equal(calendar_status(f).waiting, 6);
    settle(f, "c7");
    assert_trace(f, "c7=dead/expired");
    assert_int_equal(calendar_status(f).waiting, 5);
    pass(f, 2000);
    assert_trace(f, "?calendar:expired");
}

static void what_is_in_memory_expires_there_alone(void **state)
{
    struct lanes_fixture *f = *state;
    fall_behind(f);
    f->has_expired = true;
    take_so(f, "b1", "b", (struct take){.expires_in_ms = 1000});
    pass(f, 1000);
    assert_trace(f, "b1:written b1^ ?calendar:expired");
    assert_false(expired(f, "a2", "a", (struct delivery_row){.position = 2}));
    assert_false(expired(f, "gone", "z", (struct delivery_row){.position = 3}));
    assert_true(expired(f, "a5", "a", (struct delivery_row){.position = 5}));
    assert_trace(f, "a5:dead/expired");
}

static void a_paused_targets_disk_expires_too(void **state)
{
    struct lanes_fixture *f = *state;
    fall_behind(f);
    f->has_expired = true;
    take_so(f, "b1", "b", (struct take){.expires_in_ms = 1000});
    lanes_set_target(f->lanes, SLICE_LIT("calendar"), false, NULL);
    forget_trace(f);
    pass(f, 1000);
    assert_trace(f, "?calendar:expired");
}

static void the_next_page_is_asked_for_when_the_first_has_ended(void **state)
{
    struct lanes_fixture *f = *state;
    fall_behind(f);
    f->has_expired = true;
    take_so(f, "b1", "b", (struct take){.expires_in_ms = 1000});
    pass(f, 1000);
    forget_trace(f);
    assert_true(expired(f, "b6", "b", (struct delivery_row){.position = 6}));
    lanes_expired_ended(f->lanes, f->calendar, &(struct delivery_expiry){f->time.wall_ms, 77}, 0);
    turn(f);
    assert_trace(f, "b6:dead/expired");
    settle(f, "b6");
    assert_trace(f, "b6=dead/expired ?calendar:expired>77");
}

static void what_expires_during_a_sweep_is_asked_for_after_it(void **state)
{
    struct lanes_fixture *f = *state;
    fall_behind(f);
    f->has_expired = true;
    take_so(f, "b1", "b", (struct take){.expires_in_ms = 1000});
    pass(f, 1000);
    take_so(f, "c1", "c", (struct take){.expires_in_ms = 10});
    pass(f, 10);
    forget_trace(f);
    lanes_expired_ended(f->lanes, f->calendar, NULL, 0);
    turn(f);
    assert_trace(f, "?calendar:expired");
}

static void a_key_whose_parked_head_expires_goes_on(void **state)
{
    struct lanes_fixture *f = *state;
    const int64_t due_ms = f->time.wall_ms + 90000;
    const struct lane_place places[] = {
        {.position = 5, .key = SLICE_LIT("a"), .has_key = true, .due_ms = due_ms},
        {.position = 6, .key = SLICE_LIT("b"), .has_key = true, .due_ms = due_ms},
    };
    f->has_expired = true;
    lanes_begin_behind(f->lanes, f->calendar, 99, 9);
    turn(f);
    lanes_expired_ended(f->lanes, f->calendar, NULL, f->time.wall_ms + 1000);
    turn(f);
    assert_trace(f, "?calendar:expired ?calendar:0-99");
    lanes_scanned(f->lanes, f->calendar, places, 2, true);
    pass(f, 1000);
    assert_trace(f, "?calendar:expired");
    assert_true(expired(f, "a5", "a", (struct delivery_row){.position = 5}));
    lanes_expired_ended(f->lanes, f->calendar, NULL, 0);
    turn(f);
    assert_trace(f, "a5:dead/expired ?calendar/a:5-99*1");
}

static void nothing_expires_once_stopped(void **state)
{
    struct lanes_fixture *f = *state;
    fall_behind(f);
    f->has_expired = true;
    take_so(f, "b1", "b", (struct take){.expires_in_ms = 1000});
    pass(f, 1000);
    lanes_stop(f->lanes);
    assert_false(expired(f, "b6", "b", (struct delivery_row){.position = 6}));
}

static void what_is_ending_is_let_go_at_the_end(void **state)
{
    struct lanes_fixture *f = *state;
    fall_behind(f);
    f->has_expired = true;
    take_so(f, "b1", "b", (struct take){.expires_in_ms = 1000});
    pass(f, 1000);
    forget_trace(f);
    assert_true(expired(f, "b6", "b", (struct delivery_row){.position = 6}));
    let_go_all(f);
    assert_trace(f, "b6:dead/expired a1=new a2=new a3=new a4=new b6=new/expired");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, lanes_setup_small, lanes_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_expires_on_disk_is_asked_for_then),
        TEST(what_is_in_memory_expires_there_alone),
        TEST(a_paused_targets_disk_expires_too),
        TEST(the_next_page_is_asked_for_when_the_first_has_ended),
        TEST(what_expires_during_a_sweep_is_asked_for_after_it),
        TEST(a_key_whose_parked_head_expires_goes_on),
        TEST(nothing_expires_once_stopped),
        TEST(what_is_ending_is_let_go_at_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
