/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * journal/commit: what is gathered in a commit comes to the same as one after the other.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "journal_fixture.h"

static void take_duplicates(void *ctx, size_t duplicates)
{
    if (ctx)
        *(size_t *)ctx = duplicates;
}

/* Queues an event of that id; its number. */
static int64_t append(struct fixture *f, const char *id, size_t *duplicates)
{
    unsigned char identity[1][16] = {{0}};
    const bool has_identity = true;
    memcpy(identity[0], id, strnlen(id, sizeof(identity[0])));
    struct event *event = fixture_event(id);
    const struct journal_append append = {
        .events = &event,
        .n_events = 1,
        .identities = (const unsigned char(*)[16])identity,
        .has_identity = &has_identity,
        .channel = SLICE_LIT(FIXTURE_CHANNEL),
    };
    journal_append(f->journal, &append, take_duplicates, duplicates);
    int64_t seq = event->seq;
    event_unref(event);
    return seq;
}

static void put(struct fixture *f, int64_t event, enum delivery_state state)
{
    struct delivery_row row = fixture_delivery(event, 0, state);
    journal_put_delivery(f->journal, &row, DELIVERY_NEW, NULL, NULL, NULL);
}

static void close_event(struct fixture *f, int64_t seq)
{
    journal_set_event(f->journal, seq, SLICE_LIT(FIXTURE_CHANNEL), EVENT_OPEN, EVENT_CLOSED, NULL,
                      NULL);
}

static int64_t of_channel(struct fixture *f, const char *term)
{
    return fixture_sum(f, "channel", FIXTURE_CHANNEL, term);
}

static int64_t of_connector(struct fixture *f, const char *term)
{
    return fixture_sum(f, "connector", "cal", term);
}

/* A row that isn't as it was believed to be costs the others nothing, their identities neither. */
static void what_is_left_alone_costs_what_commits_with_it_nothing(void **state)
{
    struct fixture *f = *state;
    size_t new = 7, known = 7;
    int64_t a = fixture_append(f, "a"), b = fixture_append(f, "b");
    put(f, a, DELIVERY_DELIVERED);
    close_event(f, a);
    close_event(f, a);
    append(f, "c", &new);
    append(f, "a", &known);
    put(f, a, DELIVERY_WAITING);
    put(f, b, DELIVERY_WAITING);
    close_event(f, 77);
    fixture_settle(f);
    assert_int_equal(new, 0);
    assert_int_equal(known, 1);
    assert_int_equal(of_channel(f, "received"), 4);
    assert_int_equal(of_channel(f, "closed"), 1);
    assert_int_equal(of_channel(f, "open"), 2);
    assert_int_equal(of_connector(f, "made"), 2);
    assert_int_equal(of_connector(f, "delivered"), 1);
    assert_int_equal(of_connector(f, "waiting"), 1);
    assert_int_equal(fixture_append(f, "c"), 0);
    fixture_check(f);
}

/* More than are gathered at once. */
static void a_commit_holds_events_with_all_that_is_theirs(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 300; i++) {
        char id[16];
        snprintf(id, sizeof(id), "%d", i);
        int64_t seq = append(f, id, NULL);
        put(f, seq, i % 3 == 0 ? DELIVERY_WAITING : DELIVERY_DELIVERED);
        if (i % 2 == 0)
            close_event(f, seq);
    }
    fixture_settle(f);
    assert_int_equal(of_channel(f, "open"), 150);
    assert_int_equal(of_connector(f, "waiting"), 100);
    assert_int_equal(of_connector(f, "delivered"), 200);
    assert_int_equal(
        fixture_query(f, "SELECT count(*) FROM events WHERE seq % 2 = 1 AND state = 'closed'"),
        150);
    fixture_check(f);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(what_is_left_alone_costs_what_commits_with_it_nothing),
        TEST(a_commit_holds_events_with_all_that_is_theirs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
