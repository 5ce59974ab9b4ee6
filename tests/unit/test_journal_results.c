/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* What connectors returned is kept for who awaits it, and no longer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "journal_fixture.h"

static void put(struct fixture *f, struct delivery_row row, enum delivery_state from)
{
    row.result = row.state == DELIVERY_DELIVERED ? SLICE_LIT("{\"value\":7}") : SLICE_NULL;
    journal_put_delivery(f->journal, &row, from, NULL, NULL, NULL);
    fixture_settle(f);
}

static void set_event(struct fixture *f, int64_t seq, enum event_state from, enum event_state to)
{
    journal_set_event(f->journal, seq, SLICE_LIT(FIXTURE_CHANNEL), from, to, NULL, NULL);
    fixture_settle(f);
}

static bool take_result(void *ctx, const struct delivery_row *row)
{
    char *result = ctx;
    snprintf(result, 32, "%.*s", SLICE_FMT(row->result));
    return true;
}

/* The result of the event's only delivery; "" for none. */
static void assert_result(struct fixture *f, int64_t seq, const char *expected)
{
    char result[32] = "no delivery";
    struct journal_reader *r = fixture_reader(f);
    assert_int_equal(journal_event_deliveries(r, seq, take_result, result, NULL), 0);
    journal_reader_close(r);
    assert_string_equal(result, expected);
}

static void a_result_is_kept_with_a_row_that_is_new_or_waited(void **state)
{
    struct fixture *f = *state;
    int64_t a = fixture_append(f, "a"), b = fixture_append(f, "b");
    put(f, fixture_delivery(a, 0, DELIVERY_DELIVERED), DELIVERY_NEW);
    assert_result(f, a, "{\"value\":7}");
    put(f, fixture_delivery(b, 0, DELIVERY_WAITING), DELIVERY_NEW);
    assert_result(f, b, "");
    put(f, fixture_delivery(b, 0, DELIVERY_DELIVERED), DELIVERY_WAITING);
    assert_result(f, b, "{\"value\":7}");
    fixture_check(f);
}

static void a_result_is_kept_for_a_handler_that_may_be_retried(void **state)
{
    struct fixture *f = *state;
    int64_t a = fixture_append(f, "a");
    put(f, fixture_delivery(a, 0, DELIVERY_WAITING), DELIVERY_NEW);
    set_event(f, a, EVENT_OPEN, EVENT_DEAD);
    put(f, fixture_delivery(a, 0, DELIVERY_DELIVERED), DELIVERY_WAITING);
    assert_result(f, a, "{\"value\":7}");
}

static void a_result_that_comes_when_the_event_is_closed_is_not_kept(void **state)
{
    struct fixture *f = *state;
    int64_t a = fixture_append(f, "a");
    put(f, fixture_delivery(a, 0, DELIVERY_WAITING), DELIVERY_NEW);
    set_event(f, a, EVENT_OPEN, EVENT_CLOSED);
    put(f, fixture_delivery(a, 0, DELIVERY_DELIVERED), DELIVERY_WAITING);
    assert_result(f, a, "");
}

static void in_one_commit_the_result_that_came_first_is_kept(void **state)
{
    const struct slice channel = SLICE_LIT(FIXTURE_CHANNEL);
    struct fixture *f = *state;
    int64_t a = fixture_append(f, "a"), b = fixture_append(f, "b");
    journal_set_event(f->journal, a, channel, EVENT_OPEN, EVENT_CLOSED, NULL, NULL);
    put(f, fixture_delivery(a, 0, DELIVERY_DELIVERED), DELIVERY_NEW);
    assert_result(f, a, "");
    struct delivery_row row = fixture_delivery(b, 0, DELIVERY_DELIVERED);
    row.result = SLICE_LIT("{\"value\":7}");
    journal_put_delivery(f->journal, &row, DELIVERY_NEW, NULL, NULL, NULL);
    set_event(f, b, EVENT_OPEN, EVENT_CLOSED);
    assert_result(f, b, "{\"value\":7}");
}

static void results_are_cleared_of_one_event_alone(void **state)
{
    struct fixture *f = *state;
    int64_t a = fixture_append(f, "a"), b = fixture_append(f, "b"), c = fixture_append(f, "c");
    put(f, fixture_delivery(a, 0, DELIVERY_DELIVERED), DELIVERY_NEW);
    put(f, fixture_delivery(b, 0, DELIVERY_DELIVERED), DELIVERY_NEW);
    put(f, fixture_delivery(c, 0, DELIVERY_DELIVERED), DELIVERY_NEW);
    journal_clear_results(f->journal, b);
    fixture_settle(f);
    assert_result(f, a, "{\"value\":7}");
    assert_result(f, b, "");
    assert_result(f, c, "{\"value\":7}");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_result_is_kept_with_a_row_that_is_new_or_waited),
        TEST(a_result_is_kept_for_a_handler_that_may_be_retried),
        TEST(a_result_that_comes_when_the_event_is_closed_is_not_kept),
        TEST(in_one_commit_the_result_that_came_first_is_kept),
        TEST(results_are_cleared_of_one_event_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
