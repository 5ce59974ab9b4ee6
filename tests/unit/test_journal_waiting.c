/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * journal/: what waits, in the order in which it waits, by connector, handler and key; and what is
 * read behind what was written.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "journal/journal.h"
#include "journal_fixture.h"

#define CAL                                                                                        \
    {                                                                                              \
        SLICE_LIT("cal"), false                                                                    \
    }
#define RUNS                                                                                       \
    {                                                                                              \
        SLICE_LIT("onUpdate"), true                                                                \
    }

static void put(struct fixture *f, int64_t event, int64_t position, const char *connector,
                const char *key, enum delivery_state state)
{
    struct delivery_row row = fixture_delivery(event, 0, state);
    row.position = position;
    row.connector = slice_str(connector);
    row.handler = SLICE_LIT("onUpdate");
    row.key = slice_str(key);
    row.has_key = key != NULL;
    row.due_ms = position * 10;
    row.written_ms = position * 9;
    journal_put_delivery(f->journal, &row, DELIVERY_NEW, NULL, NULL, NULL);
}

/* Of cal wait k at 5, j at 3, none at 9 and k at 7; of dw k at 4; of a handler k at 2 and none at
   1. */
static void fill(struct fixture *f)
{
    for (int i = 0; i < 8; i++)
        fixture_append(f, (const char[]){(char)('a' + i), '\0'});
    put(f, 1, 5, "cal", "k", DELIVERY_WAITING);
    put(f, 2, 3, "cal", "j", DELIVERY_WAITING);
    put(f, 3, 9, "cal", NULL, DELIVERY_WAITING);
    put(f, 4, 7, "cal", "k", DELIVERY_WAITING);
    put(f, 5, 6, "cal", "k", DELIVERY_DEAD);
    put(f, 6, 4, "dw", "k", DELIVERY_WAITING);
    put(f, 7, 2, NULL, "k", DELIVERY_WAITING);
    put(f, 8, 1, NULL, NULL, DELIVERY_WAITING);
    fixture_settle(f);
}

static bool note_place(void *ctx, const struct journal_place *place)
{
    assert_int_equal(place->due_ms, place->position * 10);
    assert_int_equal(place->written_ms, place->position * 9);
    buf_printf(ctx, "%s%.*s%lld", ((struct buf *)ctx)->len > 0 ? " " : "",
               SLICE_FMT(place->has_key ? place->key : SLICE_LIT("-")), (long long)place->position);
    if (place->batch.len > 0)
        buf_printf(ctx, "@%.*s", SLICE_FMT(place->batch));
    return true;
}

static bool note_row(void *ctx, const struct delivery_row *row)
{
    const struct journal_place place = {row->position, row->key,        row->has_key,
                                        row->due_ms,   row->written_ms, row->batch};
    return note_place(ctx, &place);
}

static bool note_connector(void *ctx, struct slice connector, int64_t last_position, int64_t count)
{
    buf_printf(ctx, "%.*s:%lld*%lld ", SLICE_FMT(connector), (long long)last_position,
               (long long)count);
    return true;
}

static void assert_noted(struct buf *noted, const char *expected)
{
    buf_reserve(noted, 1);
    noted->data[noted->len] = '\0';
    assert_string_equal(noted->data, expected);
    buf_deinit(noted);
}

static void assert_places(struct fixture *f, struct journal_target target,
                          struct journal_range range, const char *expected)
{
    struct buf noted = {0};
    struct journal_reader *r = fixture_reader(f);
    assert_int_equal(journal_waiting_places(r, &target, &range, note_place, &noted, NULL), 0);
    journal_reader_close(r);
    assert_noted(&noted, expected);
}

static void assert_rows(struct fixture *f, struct journal_target target, struct journal_range range,
                        const char *expected)
{
    struct buf noted = {0};
    struct journal_reader *r = fixture_reader(f);
    assert_int_equal(journal_waiting_rows(r, &target, &range, note_row, &noted, NULL), 0);
    journal_reader_close(r);
    assert_noted(&noted, expected);
}

static void places_come_in_the_order_of_waiting(void **state)
{
    fill(*state);
    const struct journal_target cal = CAL, runs = RUNS;
    assert_places(*state, cal, (struct journal_range){.through = 99, .limit = 9}, "j3 k5 k7 -9");
    assert_places(*state, cal, (struct journal_range){.after = 3, .through = 7, .limit = 9},
                  "k5 k7");
    assert_places(*state, cal, (struct journal_range){.through = 99, .limit = 2}, "j3 k5");
    assert_places(*state, runs, (struct journal_range){.through = 99, .limit = 9}, "-1 k2");
}

static void rows_say_in_which_batch_they_are_tried_again(void **state)
{
    struct fixture *f = *state;
    const struct journal_target cal = CAL;
    const struct journal_range all = {.through = 99, .limit = 9};
    fill(f);
    struct delivery_row row = fixture_delivery(1, 0, DELIVERY_WAITING);
    row.position = 5;
    row.due_ms = 50;
    row.written_ms = 45;
    row.connector = SLICE_LIT("cal");
    row.key = SLICE_LIT("k");
    row.has_key = true;
    row.batch = SLICE_LIT("2-ab");
    journal_put_delivery(f->journal, &row, DELIVERY_WAITING, NULL, NULL, NULL);
    fixture_settle(f);
    assert_places(f, cal, all, "j3 k5@2-ab k7 -9");
    assert_rows(f, cal, all, "j3 k5@2-ab k7 -9");

    row.batch = SLICE_NULL;
    journal_put_delivery(f->journal, &row, DELIVERY_WAITING, NULL, NULL, NULL);
    fixture_settle(f);
    assert_rows(f, cal, all, "j3 k5 k7 -9");
}

static void what_takes_anothers_place_stands_there_with_that_ones_end(void **state)
{
    struct fixture *f = *state;
    const struct journal_target cal = CAL;
    const struct journal_range all = {.through = 99, .limit = 9};
    fill(f);
    struct delivery_row row = fixture_delivery(1, 0, DELIVERY_SUPERSEDED);
    row.position = 5;
    row.connector = SLICE_LIT("cal");
    row.key = SLICE_LIT("k");
    row.has_key = true;
    row.heir_seq = delivery_seq(4, 0); /* k at 7 */
    row.heir_due_ms = 50;
    f->clock.wall_ms = 45;
    journal_put_delivery(f->journal, &row, DELIVERY_WAITING, NULL, NULL, NULL);
    fixture_settle(f);
    assert_places(f, cal, all, "j3 k5 -9");
    assert_rows(f, cal, all, "j3 k5 -9");
}

static void rows_come_by_key_or_by_place(void **state)
{
    fill(*state);
    const struct journal_target cal = CAL, runs = RUNS;
    const struct slice k = SLICE_LIT("k");
    assert_rows(*state, cal, (struct journal_range){.through = 99, .key = k, .limit = 9}, "k5 k7");
    assert_rows(*state, cal,
                (struct journal_range){.after = 5, .through = 99, .key = k, .limit = 9}, "k7");
    assert_rows(*state, cal, (struct journal_range){.through = 6, .key = k, .limit = 9}, "k5");
    assert_rows(*state, cal, (struct journal_range){.after = 8, .through = 9, .limit = 1}, "-9");
    assert_rows(*state, runs, (struct journal_range){.through = 99, .key = k, .limit = 9}, "k2");
}

static void connectors_with_something_waiting_are_known_with_the_last_of_it(void **state)
{
    struct buf noted = {0};
    struct journal_reader *r = fixture_reader(*state);
    assert_int_equal(journal_waiting_connectors(r, note_connector, &noted, NULL), 0);
    journal_reader_close(r);
    assert_noted(&noted, "");
    fill(*state);
    r = fixture_reader(*state);
    assert_int_equal(journal_waiting_connectors(r, note_connector, &noted, NULL), 0);
    journal_reader_close(r);
    assert_noted(&noted, "cal:9*4 dw:4*1 ");
}

/* ---- what expires ---- */

static void put_expiring(struct fixture *f, int64_t event, const char *connector, int64_t at_ms,
                         enum delivery_state state)
{
    struct delivery_row row = fixture_delivery(event, 0, state);
    row.position = event;
    row.connector = slice_str(connector);
    row.expires_ms = at_ms;
    journal_put_delivery(f->journal, &row, DELIVERY_NEW, NULL, NULL, NULL);
}

static bool note_expiring(void *ctx, const struct delivery_row *row)
{
    buf_printf(ctx, "%lld@%lld ", (long long)delivery_event_seq(row->seq),
               (long long)row->expires_ms);
    return true;
}

static void assert_expired(struct fixture *f, struct journal_expiry_range range,
                           const char *expected, int64_t next_ms)
{
    struct buf noted = {0};
    int64_t found_ms = -1;
    struct slice cal = SLICE_LIT("cal");
    struct journal_reader *r = fixture_reader(f);
    assert_int_equal(journal_expired_rows(r, cal, &range, note_expiring, &noted, NULL), 0);
    assert_int_equal(journal_next_expiry(r, cal, range.through_ms, &found_ms, NULL), 0);
    journal_reader_close(r);
    assert_noted(&noted, expected);
    assert_int_equal(found_ms, next_ms);
}

static void what_has_expired_comes_in_order_of_time(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 8; i++)
        fixture_append(f, (const char[]){(char)('a' + i), '\0'});
    put_expiring(f, 1, "cal", 200, DELIVERY_WAITING);
    put_expiring(f, 2, "cal", 100, DELIVERY_WAITING);
    put_expiring(f, 3, "cal", 200, DELIVERY_WAITING);
    put_expiring(f, 4, "cal", 300, DELIVERY_WAITING);
    put_expiring(f, 5, "cal", 0, DELIVERY_WAITING);
    put_expiring(f, 6, "cal", 100, DELIVERY_DEAD);
    put_expiring(f, 7, "dw", 100, DELIVERY_WAITING);
    fixture_settle(f);
    assert_expired(f, (struct journal_expiry_range){.through_ms = 99, .limit = 9}, "", 100);
    assert_expired(f, (struct journal_expiry_range){.through_ms = 200, .limit = 9},
                   "2@100 1@200 3@200 ", 300);
    assert_expired(f, (struct journal_expiry_range){.through_ms = 300, .limit = 2}, "2@100 1@200 ",
                   0);
    assert_expired(
        f,
        (struct journal_expiry_range){
            .after_ms = 200, .after_seq = delivery_seq(1, 0), .through_ms = 300, .limit = 9},
        "3@200 4@300 ", 0);
}

static void note_done(void *ctx)
{
    *(bool *)ctx = true;
}

static void what_was_queued_before_is_on_disk_when_that_is_said(void **state)
{
    struct fixture *f = *state;
    bool is_kept = false;
    fixture_append(f, "a");
    put(f, 1, 1, "cal", "k", DELIVERY_WAITING);
    journal_when_kept(f->journal, note_done, &is_kept);
    assert_false(is_kept);
    fixture_settle(f);
    assert_true(is_kept);
    assert_int_equal(fixture_query(f, "SELECT count(*) FROM deliveries"), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(places_come_in_the_order_of_waiting),
        TEST(rows_say_in_which_batch_they_are_tried_again),
        TEST(rows_come_by_key_or_by_place),
        TEST(what_takes_anothers_place_stands_there_with_that_ones_end),
        TEST(connectors_with_something_waiting_are_known_with_the_last_of_it),
        TEST(what_has_expired_comes_in_order_of_time),
        TEST(what_was_queued_before_is_on_disk_when_that_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
