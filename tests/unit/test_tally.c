/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * delivery/tally, as lanes count: each attempt by its code, each end once, and how long they took.
 */
#include "delivery/tally.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/attr.h"

#include <cmocka.h>

#include "lanes_fixture.h"

static const struct tally *calendar(const struct lanes_fixture *f)
{
    return target_tally(f->calendar);
}

static uint64_t of_code(const struct tally *t, const char *code)
{
    for (size_t i = 0; i < t->n_codes; i++) {
        char name[OUTCOME_CODE_SIZE];
        outcome_code_format(t->codes[i].code, name);
        if (strcmp(name, code) == 0)
            return t->codes[i].n;
    }
    return 0;
}

static uint64_t died_of(const struct tally *t, const char *cause)
{
    for (size_t i = 0; i < TALLY_CAUSES; i++) {
        if (strcmp(tally_causes[i], cause) == 0)
            return t->dead[i];
    }
    fail_msg("there is no cause %s", cause);
    return 0;
}

static void attempts_count_by_code(void **state)
{
    struct lanes_fixture *f = *state;
    take(f, "a1", "a");
    take(f, "b1", "b");
    turn(f);
    refuse(f, "a1", 503);
    end_attempt(f, "b1", (struct attempt_end){.kind = ATTEMPT_RETURNED, .status = 204, .us = 7});
    settle(f, "b1");
    pass(f, 1000);
    refuse(f, "a1", 503);
    pass(f, 1000);
    deliver(f, "a1");
    assert_int_equal(of_code(calendar(f), "503"), 2);
    assert_int_equal(of_code(calendar(f), "204"), 1);
    assert_int_equal(of_code(calendar(f), "ok"), 1);
    assert_int_equal(calendar(f)->n_codes, 3);
    assert_int_equal(histogram_count(&calendar(f)->attempts), 4);
    assert_int_equal(calendar(f)->attempts.sum_us, 7);
}

/* However often another system changes its mind. */
static void codes_are_bounded(void **state)
{
    (void)state;
    struct tally t;
    tally_init(&t, &histogram_calls);
    for (int status = -1; status < 2000; status++)
        tally_attempt(&t, &(struct attempt_end){.kind = ATTEMPT_STATUS, .status = status});
    assert_in_range(t.n_codes, 1000, OUTCOME_CODES);
    assert_int_equal(histogram_count(&t.attempts), 2001);
    assert_int_equal(tally_of_code(&t, 200), 1);
    assert_int_equal(tally_of_code(&t, 2000), 0);
    tally_deinit(&t);
}

static void what_waits_again_has_not_ended(void **state)
{
    struct lanes_fixture *f = *state;
    take(f, "a1", "a");
    turn(f);
    refuse(f, "a1", 503);
    assert_int_equal(histogram_count(&calendar(f)->lives), 0);
    for (size_t i = 0; i < ARRAY_LEN(calendar(f)->ended); i++)
        assert_int_equal(calendar(f)->ended[i], 0);
}

static void each_end_counts_once(void **state)
{
    struct lanes_fixture *f = *state;
    take(f, "a1", "a");
    take(f, "b1", "b");
    take(f, "c1", "c");
    turn(f);
    deliver(f, "a1");
    fail_by(f, "b1", ATTEMPT_SKIPPED);
    settle(f, "b1");
    refuse(f, "c1", 404);
    assert_int_equal(calendar(f)->ended[DELIVERY_DELIVERED], 1);
    assert_int_equal(calendar(f)->ended[DELIVERY_SKIPPED], 1);
    assert_int_equal(calendar(f)->ended[DELIVERY_DEAD], 1);
    assert_int_equal(histogram_count(&calendar(f)->lives), 3);
}

static void the_dead_count_by_cause(void **state)
{
    struct lanes_fixture *f = *state;
    take(f, "a1", "a");
    take(f, "b1", "b");
    take(f, "c1", "c");
    take_so(f, "d1", "d", (struct take){.delay_ms = 60000, .expires_in_ms = 500});
    turn(f);
    refuse(f, "a1", 404);
    fail_by(f, "b1", ATTEMPT_SCRIPT);
    settle(f, "b1");
    fail_by(f, "c1", ATTEMPT_LIMIT);
    settle(f, "c1");
    settle(f, "d1"); /* it waits */
    pass(f, 500);
    settle(f, "d1");
    take(f, "e1", "e");
    turn(f);
    for (int attempt = 0; attempt < 3; attempt++) {
        refuse(f, "e1", 503);
        pass(f, 1000);
    }
    for (size_t i = 0; i < TALLY_CAUSES; i++)
        assert_int_equal(died_of(calendar(f), tally_causes[i]), 1);
    assert_int_equal(calendar(f)->ended[DELIVERY_DEAD], 5);
}

static void a_life_begins_with_the_receipt_of_its_event(void **state)
{
    struct lanes_fixture *f = *state;
    struct event event = {.received_ms = f->time.wall_ms - 250};
    struct parcel *p = parcel_new(f, "a1", "a", (struct take){0});
    p->d.event = &event;
    lanes_take(f->lanes, &p->d);
    turn(f);
    pass(f, 50);
    deliver(f, "a1");
    assert_int_equal(calendar(f)->lives.sum_us, 300000);
}

static void a_handler_s_runs_count_as_its_own(void **state)
{
    struct lanes_fixture *f = *state;
    take_run(f, "r1", "a");
    turn(f);
    end_attempt(f, "r1", (struct attempt_end){.kind = ATTEMPT_RETURNED, .us = 300});
    turn(f);
    take_run(f, "r2", "a");
    turn(f);
    fail_by(f, "r2", ATTEMPT_SCRIPT);
    settle(f, "r2");
    const struct tally *handler = target_tally(f->handler);
    assert_int_equal(histogram_count(&handler->attempts), 2);
    assert_int_equal(of_code(handler, "script"), 1);
    assert_int_equal(died_of(handler, "script"), 1);
    assert_int_equal(calendar(f)->n_codes, 0);
}

static void the_oldest_is_the_one_made_first(void **state)
{
    struct lanes_fixture *f = *state;
    assert_int_equal(target_oldest_ms(f->calendar), 0);
    int64_t first_ms = f->time.wall_ms;
    take(f, "a1", "a");
    pass(f, 100);
    take(f, "a2", "a");
    pass(f, 100);
    take(f, "b1", "b");
    turn(f);
    assert_int_equal(target_oldest_ms(f->calendar), first_ms);
    succeed(f, "a1"); /* seen to have ended, if not on disk yet */
    assert_int_equal(target_oldest_ms(f->calendar), first_ms + 100);
    settle(f, "a1");
    refuse(f, "a2", 503); /* it waits again */
    deliver(f, "b1");
    assert_int_equal(target_oldest_ms(f->calendar), first_ms + 100);
    pass(f, 1000);
    deliver(f, "a2");
    assert_int_equal(target_oldest_ms(f->calendar), 0);
}

static void where_some_are_on_disk_alone_the_oldest_is_looked_for_there(void **state)
{
    struct lanes_fixture *f = *state;
    fall_behind(f);
    assert_int_equal(target_oldest_ms(f->calendar), TARGET_OLDEST_ON_DISK);
}

#define WITH_LANES(test) cmocka_unit_test_setup_teardown(test, lanes_setup, lanes_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_LANES(attempts_count_by_code),
        cmocka_unit_test(codes_are_bounded),
        WITH_LANES(what_waits_again_has_not_ended),
        WITH_LANES(each_end_counts_once),
        WITH_LANES(the_dead_count_by_cause),
        WITH_LANES(a_life_begins_with_the_receipt_of_its_event),
        WITH_LANES(a_handler_s_runs_count_as_its_own),
        WITH_LANES(the_oldest_is_the_one_made_first),
        cmocka_unit_test_setup_teardown(where_some_are_on_disk_alone_the_oldest_is_looked_for_there,
                                        lanes_setup_small, lanes_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
