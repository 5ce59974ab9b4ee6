/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * journal/: a dead letter and the delivery that publishes it are written in one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "journal_fixture.h"

#define DEAD "SELECT count(*) FROM deliveries WHERE state = 'dead'"
#define PUBLICATIONS "SELECT count(*) FROM deliveries WHERE connector = 'deadLetters'"

static struct delivery_row publication_of(int64_t event_seq)
{
    struct delivery_row row = fixture_delivery(event_seq, 0, DELIVERY_WAITING);
    static char id[64];
    snprintf(id, sizeof(id), "%lld-published", (long long)event_seq);
    row.seq = 0;
    row.id = slice_str(id);
    row.connector = SLICE_LIT("deadLetters");
    row.data = SLICE_LIT("{\"cause\":\"refused\"}");
    row.due_ms = FIXTURE_WALL_MS;
    return row;
}

static void note_seq(void *ctx, int64_t publication_seq)
{
    *(int64_t *)ctx = publication_seq;
}

static void put_letter(struct fixture *f, int64_t event_seq, int64_t ordinal, int64_t *told)
{
    const struct attempt_row attempt = {.n = 1, .at_ms = 1, .code = SLICE_LIT("422")};
    struct delivery_row dead = fixture_delivery(event_seq, ordinal, DELIVERY_DEAD);
    struct delivery_row publication = publication_of(event_seq);
    dead.cause = SLICE_LIT("refused");
    dead.ended_ms = FIXTURE_WALL_MS;
    journal_put_letter(f->journal, &dead, DELIVERY_NEW, &attempt, &publication, note_seq, told);
}

static bool take_row(void *ctx, const struct delivery_row *row)
{
    struct delivery_row *taken = ctx;
    *taken = *row;
    assert_true(slice_is_equal(row->data, SLICE_LIT("{\"cause\":\"refused\"}")));
    assert_true(slice_is_equal(row->key, SLICE_LIT("k")));
    return false;
}

static void both_are_there_with_their_sums(void **state)
{
    struct fixture *f = *state;
    int64_t event_seq = fixture_append(f, "a"), told = -1;
    put_letter(f, event_seq, 0, &told);
    fixture_settle(f);
    assert_int_equal(told, delivery_seq(event_seq, DELIVERY_PUBLICATIONS));
    assert_int_equal(fixture_sum(f, "connector", "cal", "dead"), 1);
    assert_int_equal(fixture_sum(f, "connector", "deadLetters", "made"), 1);
    assert_int_equal(fixture_sum(f, "connector", "deadLetters", "waiting"), 1);
    assert_int_equal(fixture_query(f, "SELECT count(*) FROM attempts"), 1);

    struct delivery_row row = {0};
    struct journal_reader *r = fixture_reader(f);
    assert_int_equal(journal_find_delivery(r, publication_of(event_seq).id, take_row, &row, NULL),
                     0);
    assert_int_equal(row.seq, told);
    assert_int_equal(row.state, DELIVERY_WAITING);
    journal_reader_close(r);
    fixture_check(f);
}

static void an_events_publications_are_numbered_on_beside_its_deliveries(void **state)
{
    struct fixture *f = *state;
    int64_t first = fixture_append(f, "a"), second = fixture_append(f, "b"), told[4] = {0};
    put_letter(f, first, 0, &told[0]);
    put_letter(f, first, 1, &told[1]);
    put_letter(f, second, 0, &told[2]);
    fixture_settle(f);
    fixture_reopen(f);
    put_letter(f, first, DELIVERY_ORDINAL_MAX, &told[3]);
    fixture_settle(f);
    assert_int_equal(told[0], delivery_seq(first, DELIVERY_PUBLICATIONS));
    assert_int_equal(told[1], told[0] + 1);
    assert_int_equal(told[2], delivery_seq(second, DELIVERY_PUBLICATIONS));
    assert_int_equal(told[3], told[0] + 2);
    fixture_check(f);
}

static void neither_is_there_without_the_other(void **state)
{
    struct fixture *f = *state;
    int64_t event_seq = fixture_append(f, "a"), told = -1;
    fixture_exec(f, "CREATE TRIGGER full BEFORE INSERT ON deliveries"
                    " WHEN NEW.connector = 'deadLetters'"
                    " BEGIN SELECT RAISE(ABORT, 'the disk is full'); END");
    put_letter(f, event_seq, 0, &told);
    assert_false(journal_step(f->journal));
    journal_dispatch(f->journal);
    assert_int_equal(told, -1);
    assert_int_equal(fixture_query(f, DEAD), 0);
    assert_int_equal(fixture_sum(f, "connector", "cal", "dead"), 0);

    fixture_exec(f, "DROP TRIGGER full");
    fixture_settle(f);
    assert_int_equal(told, delivery_seq(event_seq, DELIVERY_PUBLICATIONS));
    assert_int_equal(fixture_query(f, DEAD), 1);
    assert_int_equal(fixture_query(f, PUBLICATIONS), 1);
    fixture_check(f);
}

static void what_did_not_die_is_not_published(void **state)
{
    struct fixture *f = *state;
    int64_t event_seq = fixture_append(f, "a"), told = -1;
    struct delivery_row delivered = fixture_delivery(event_seq, 0, DELIVERY_DELIVERED);
    journal_put_delivery(f->journal, &delivered, DELIVERY_NEW, NULL, NULL, NULL);
    put_letter(f, event_seq, 0, &told); /* from NEW, which it isn't any more */
    fixture_settle(f);
    assert_int_equal(told, 0);
    assert_int_equal(fixture_query(f, PUBLICATIONS), 0);
    assert_int_equal(fixture_sum(f, "connector", "deadLetters", "made"), 0);
    fixture_check(f);
}

static void a_malformed_message_is_kept_with_its_publication(void **state)
{
    struct fixture *f = *state;
    int64_t seq = journal_next_seq(f->journal);
    struct delivery_row publication = publication_of(seq);
    const struct journal_append append = {
        .channel = SLICE_LIT(FIXTURE_CHANNEL),
        .malformed = SLICE_LIT("{\"a\":"),
        .malformed_error = SLICE_LIT("not JSON"),
        .publication = &publication,
    };
    journal_append(f->journal, &append, NULL, NULL);
    fixture_settle(f);
    assert_int_equal(fixture_query(f, "SELECT max(seq) FROM deliveries"),
                     delivery_seq(seq, DELIVERY_PUBLICATIONS));
    assert_int_equal(fixture_query(f, PUBLICATIONS), 1);
    assert_int_equal(fixture_sum(f, "connector", "deadLetters", "waiting"), 1);
    assert_int_equal(fixture_sum(f, "channel", FIXTURE_CHANNEL, "malformed"), 1);
    fixture_check(f);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(both_are_there_with_their_sums),
        TEST(an_events_publications_are_numbered_on_beside_its_deliveries),
        TEST(neither_is_there_without_the_other),
        TEST(what_did_not_die_is_not_published),
        TEST(a_malformed_message_is_kept_with_its_publication),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
