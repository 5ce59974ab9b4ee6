/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * When a person has a target wait, and lets it go on.
 */
#include "delivery/lanes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "lanes_fixture.h"

#include <cmocka.h>

static void what_a_person_holds_waits_whatever_else_goes_on(void **state)
{
    struct lanes_fixture *f = *state;
    f->policy.concurrency = 1;
    set_policy(f);
    lanes_hold_target(f->lanes, f->calendar);
    take(f, "a1", "a");
    take(f, "a2", "a");
    pass(f, 3600000);
    assert_trace(f, "");
    assert_true(calendar_status(f).is_held);
    assert_int_equal(calendar_status(f).held_ms, 3600000);
    assert_int_equal(calendar_status(f).pause, PAUSE_NONE);
    lanes_release_target(f->lanes, f->calendar);
    turn(f);
    assert_trace(f, "+a1");
    deliver(f, "a1");
    turn(f);
    assert_trace(f, "a1:delivered a1=delivered +a2");
}

static void what_a_person_holds_is_not_probed(void **state)
{
    struct lanes_fixture *f = *state;
    pause_by_a1(f);
    lanes_hold_target(f->lanes, f->calendar);
    pass(f, 3600000);
    assert_trace(f, "");
    lanes_release_target(f->lanes, f->calendar);
    turn(f);
    assert_trace(f, "+b1");
    assert_int_equal(calendar_status(f).pause, PAUSE_AUTH);
}

static void an_attempt_that_fails_while_it_is_held_uses_nothing_up(void **state)
{
    struct lanes_fixture *f = *state;
    take(f, "a1", "a");
    turn(f);
    lanes_hold_target(f->lanes, f->calendar);
    refuse(f, "a1", 503);
    assert_trace(f, "+a1 a1:waiting a1~");
    assert_int_equal(f->row.attempts, 0);
}

#define test(name) cmocka_unit_test_setup_teardown(name, lanes_setup, lanes_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(what_a_person_holds_waits_whatever_else_goes_on),
        test(what_a_person_holds_is_not_probed),
        test(an_attempt_that_fails_while_it_is_held_uses_nothing_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
