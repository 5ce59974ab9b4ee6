/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Twenty dead letters in a row of one status: what belongs to such a row, and the pause that it calls
 * for. And what a connector's `statuses` say of such answers.
 */
#include "delivery/lanes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "lanes_fixture.h"

#include <cmocka.h>

static enum target_pause pause_now(const struct lanes_fixture *f)
{
    return calendar_status(f).pause;
}

static void twenty_refused_of_one_status_pause_it(void **state)
{
    struct lanes_fixture *f = *state;
    refuse_many(f, 19, 403);
    forget_trace(f);
    refuse_many(f, 1, 403);
    assert_trace(f, "+x !calendar=refusals x:dead/refused x=dead/refused");
    assert_string_equal(f->pause_reason, "20 deliveries in a row were refused with 403");
}

static void what_is_refused_after_that_is_kept(void **state)
{
    struct lanes_fixture *f = *state;
    take(f, "a1", "a");
    turn(f);
    refuse_many(f, 20, 403);
    forget_trace(f);
    refuse(f, "a1", 403);
    pass(f, 5000);
    assert_trace(f, "a1:waiting a1~ +a1");
    refuse(f, "a1", 422);
    pass(f, 10000);
    deliver(f, "a1");
    assert_trace(f, "a1:waiting +a1 !calendar=none a1:delivered a1=delivered");
    assert_int_equal(f->row.attempts, 1);
}

static void refuse_by_statuses(struct lanes_fixture *f, const char *id, int status)
{
    end_attempt(f, id,
                (struct attempt_end){
                    .kind = ATTEMPT_STATUS, .status = status, .said = SAID_REFUSE, .after_ms = -1});
}

static void what_a_connector_says_to_refuse_counts_as_refused(void **state)
{
    struct lanes_fixture *f = *state;
    for (int i = 0; i < 20; i++) {
        assert_int_equal(pause_now(f), PAUSE_NONE);
        take(f, "x", NULL);
        turn(f);
        refuse_by_statuses(f, "x", 200);
        settle(f, "x");
    }
    assert_int_equal(pause_now(f), PAUSE_REFUSALS);
    assert_string_equal(f->pause_reason, "20 deliveries in a row were refused with 200");
}

static void what_is_only_put_off_between_leaves_the_row_be(void **state)
{
    struct lanes_fixture *f = *state;
    refuse_many(f, 19, 403);
    take(f, "a1", "a");
    turn(f);
    refuse(f, "a1", 503);
    take(f, "b1", "b");
    turn(f);
    fail_by(f, "b1", ATTEMPT_SKIPPED);
    settle(f, "b1");
    assert_int_equal(pause_now(f), PAUSE_NONE);
    refuse_many(f, 1, 403);
    assert_int_equal(pause_now(f), PAUSE_REFUSALS);
}

static void what_a_connector_says_to_pause_for_is_probed_like_refused_credentials(void **state)
{
    struct lanes_fixture *f = *state;
    take(f, "a1", "a");
    take(f, "b1", "b");
    turn(f);
    end_attempt(f, "a1",
                (struct attempt_end){
                    .kind = ATTEMPT_STATUS, .status = 402, .said = SAID_PAUSE, .after_ms = -1});
    assert_int_equal(pause_now(f), PAUSE_AUTH);
    assert_string_equal(f->pause_reason, "it answered 402, for which its `statuses` say to pause");
    deliver(f, "b1");
    settle(f, "a1");
    forget_trace(f);
    pass(f, 5000);
    deliver(f, "a1");
    assert_trace(f, "+a1 !calendar=none a1:delivered a1=delivered");
}

static void a_success_between_begins_the_row_anew(void **state)
{
    struct lanes_fixture *f = *state;
    refuse_many(f, 19, 403);
    take(f, "a1", "a");
    turn(f);
    deliver(f, "a1");
    refuse_many(f, 19, 403);
    assert_int_equal(pause_now(f), PAUSE_NONE);
    refuse_many(f, 1, 403);
    assert_int_equal(pause_now(f), PAUSE_REFUSALS);
}

static void another_status_begins_the_row_anew(void **state)
{
    struct lanes_fixture *f = *state;
    refuse_many(f, 19, 403);
    refuse_many(f, 1, 422);
    refuse_many(f, 19, 403);
    assert_int_equal(pause_now(f), PAUSE_NONE);
}

static void what_a_script_rejects_is_no_such_refusal(void **state)
{
    struct lanes_fixture *f = *state;
    refuse_many(f, 19, 403);
    for (int i = 0; i < 40; i++) {
        take(f, "x", NULL);
        turn(f);
        fail_by(f, "x", i % 2 ? ATTEMPT_REJECT : ATTEMPT_SCRIPT);
        settle(f, "x");
    }
    assert_int_equal(pause_now(f), PAUSE_NONE);
    refuse_many(f, 1, 403);
    assert_int_equal(pause_now(f), PAUSE_REFUSALS);
}

static void a_handlers_refusals_dont_pause_it(void **state)
{
    struct lanes_fixture *f = *state;
    for (int i = 0; i < 40; i++) {
        take_run(f, "run", NULL);
        turn(f);
        refuse(f, "run", 404);
    }
    take_run(f, "run", NULL);
    turn(f);
    forget_trace(f);
    succeed(f, "run");
    turn(f);
    assert_trace(f, "run=delivered");
}

static void after_the_pause_a_row_counts_from_its_beginning(void **state)
{
    struct lanes_fixture *f = *state;
    refuse_many(f, 20, 403);
    take(f, "a1", "a");
    pass(f, 5000);
    deliver(f, "a1");
    pass(f, 600000); /* it comes back slowly */
    refuse_many(f, 19, 403);
    assert_int_equal(pause_now(f), PAUSE_NONE);
}

#define test(name) cmocka_unit_test_setup_teardown(name, lanes_setup, lanes_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(twenty_refused_of_one_status_pause_it),
        test(what_is_refused_after_that_is_kept),
        test(what_a_connector_says_to_refuse_counts_as_refused),
        test(what_is_only_put_off_between_leaves_the_row_be),
        test(what_a_connector_says_to_pause_for_is_probed_like_refused_credentials),
        test(a_success_between_begins_the_row_anew),
        test(another_status_begins_the_row_anew),
        test(what_a_script_rejects_is_no_such_refusal),
        test(a_handlers_refusals_dont_pause_it),
        test(after_the_pause_a_row_counts_from_its_beginning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
