/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * journal/: what stands beside the rows of events and is needed to understand them: the numbers of
 * those that are open, and the blocks by which a start finds identities.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "damage_fixture.h"
#include "journal/files.h"
#include "journal/note.h"
#include "journal/schema.h"
#include "journal_fixture.h"

#define DAY ((int64_t)86400000)

static void close_event(struct fixture *f, int64_t seq)
{
    journal_set_event(f->journal, seq, SLICE_LIT(FIXTURE_CHANNEL), EVENT_OPEN, EVENT_CLOSED, NULL,
                      NULL);
}

/* Events of the ids FIRST to LAST. */
static void append(struct fixture *f, int first, int last)
{
    for (int i = first; i <= last; i++) {
        char id[16];
        snprintf(id, sizeof(id), "%d", i);
        fixture_append(f, id);
    }
}

/* ---- What is open ---- */

/* Lets the next start find that page damaged; the journal is closed. */
static void damage(struct fixture *f, int64_t page)
{
    char junk[DAMAGE_PAGE];
    int fd = open(f->path.data, O_WRONLY);
    memset(junk, 0x5A, sizeof(junk));
    assert_int_equal(pwrite(fd, junk, DAMAGE_PAGE, (page - 1) * DAMAGE_PAGE), DAMAGE_PAGE);
    close(fd);
    assert_int_equal(note_add(f->path.data, NOTE_SUSPECT, "a read met it", NULL), 0);
}

static void damage_table(struct fixture *f, const char *table)
{
    char sql[96];
    snprintf(sql, sizeof(sql), "SELECT rootpage FROM sqlite_schema WHERE name = '%s'", table);
    damage(f, fixture_query(f, sql));
}

static void where_it_is_lost_which_events_are_open_the_newest_are_handled_again(void **state)
{
    struct fixture *f = *state;
    append(f, 1, 30);
    for (int64_t seq = 1; seq <= 20; seq++)
        close_event(f, seq);
    fixture_settle(f);
    fixture_close(f);
    damage_table(f, "open_events");
    fixture_open(f);
    damage_assert_lost(f, "with 10 open events");
    damage_assert_lost(f, "of 10 open events it could not be read which they are");
    assert_int_equal(fixture_query(f, "SELECT count(*) FROM events WHERE state = 'open'"), 10);
    assert_int_equal(fixture_query(f, "SELECT min(seq) FROM events WHERE state = 'open'"), 21);
    fixture_check(f);
}

/* They are the columns of nothing that a new journal has. */
static void columns_of_others_cost_no_event(void **state)
{
    struct fixture *f = *state;
    append(f, 1, 30);
    close_event(f, 7);
    fixture_settle(f);
    fixture_exec(f, "ALTER TABLE event_rows ADD COLUMN note");
    fixture_close(f);
    damage_table(f, "positions");
    fixture_open(f);
    damage_assert_lost(f, "with 29 open events");
    assert_null(strstr(journal_unconfirmed(f->journal), "it could not be read which"));
    fixture_check(f);
}

#define BEFORE_OPEN_EVENTS 5

static void make_older(struct fixture *f)
{
    struct db db;
    struct err err = {0};
    const struct schema older = {schema_own().migrations, BEFORE_OPEN_EVENTS};
    fixture_close(f);
    unlink(f->path.data);
    assert_int_equal(files_create(f->path.data, &err), 0);
    assert_int_equal(db_open(&db, f->path.data, DB_WRITE, &err), 0);
    assert_int_equal(schema_migrate(&db, &older, 0, FIXTURE_WALL_MS, &err), 0);
    assert_int_equal(
        db_exec(&db,
                "INSERT INTO events(seq, channel, data, data_kind, received_at, state, own_id)"
                " VALUES (1, 'bus', NULL, 'none', 1, 'open', 0),"
                " (2, 'bus', zeroblob(100000), 'bytes', 1, 'closed', 0);"
                "INSERT INTO deliveries(seq, id, connector, state, attempts, unknown, created_at)"
                " VALUES (1 << 20, '1-a', 'cal', 'delivered', 1, 0, 1);"
                "INSERT INTO positions VALUES ('bus', 'p2');"
                "INSERT INTO sums VALUES ('channel', 'bus', 'received', 2),"
                " ('channel', 'bus', 'open', 1), ('channel', 'bus', 'closed', 1)",
                &err),
        0);
    db_close(&db);
}

static void assert_one_is_open(struct fixture *f)
{
    fixture_open(f);
    damage_assert_lost(f, "with 1 open events");
    assert_null(strstr(journal_unconfirmed(f->journal), "it could not be read which"));
    assert_int_equal(fixture_query(f, "SELECT seq FROM events WHERE state = 'open'"), 1);
    assert_int_equal(fixture_query(f, "SELECT count(*) FROM deliveries WHERE event = 1"), 1);
    fixture_check(f);
}

static void what_is_open_in_a_damaged_journal_of_an_older_schema_stays_so(void **state)
{
    struct fixture *f = *state;
    make_older(f);
    damage_table(f, "positions");
    assert_one_is_open(f);
}

static void and_where_nothing_tells_of_which_schema_it_was(void **state)
{
    struct fixture *f = *state;
    make_older(f);
    damage(f, 1);
    assert_one_is_open(f);
}

static void the_view_tells_when_an_event_ended(void **state)
{
    struct fixture *f = *state;
    append(f, 1, 3);
    struct delivery_row row = fixture_delivery(2, 0, DELIVERY_DELIVERED);
    row.ended_ms = 7;
    journal_put_delivery(f->journal, &row, DELIVERY_NEW, NULL, NULL, NULL);
    close_event(f, 2);
    journal_set_event(f->journal, 3, SLICE_LIT(FIXTURE_CHANNEL), EVENT_OPEN, EVENT_UNMATCHED, NULL,
                      NULL);
    fixture_settle(f);
    assert_int_equal(fixture_query(f, "SELECT count(closed_at) FROM events"), 2);
    assert_int_equal(fixture_query(f, "SELECT closed_at FROM events WHERE state = 'closed'"), 7);
    assert_int_equal(fixture_query(f, "SELECT closed_at FROM events WHERE state = 'unmatched'"),
                     FIXTURE_WALL_MS);
}

/* ---- Identities ---- */

static int64_t n_blocks(struct fixture *f)
{
    return fixture_query(f, "SELECT count(*) FROM identity_blocks");
}

/* All that came until now is over, and gone. */
static void pass(struct fixture *f)
{
    for (int64_t seq = fixture_query(f, "SELECT ifnull(min(seq), 1) FROM open_events");
         seq < journal_next_seq(f->journal); seq++)
        close_event(f, seq);
    fixture_settle(f);
    clock_fake_advance(&f->clock, 8 * DAY);
    fixture_settle(f);
    assert_int_equal(fixture_query(f, "SELECT count(*) FROM events"), 0);
}

static void blocks_go_with_their_events_but_for_the_one_that_is_filled(void **state)
{
    struct fixture *f = *state;
    fixture_close(f);
    f->retention = (struct journal_retention){.delivered_ms = 7 * DAY};
    fixture_open(f);
    append(f, 1, 63);
    pass(f);
    assert_int_equal(n_blocks(f), 1);
    append(f, 64, 300);
    assert_int_equal(n_blocks(f), 5);
    pass(f);
    assert_int_equal(n_blocks(f), 1);
    append(f, 301, 301);
    fixture_check(f);
    fixture_reopen(f);
    for (int i = 1; i <= 301; i++) {
        char id[16];
        snprintf(id, sizeof(id), "%d", i);
        assert_int_equal(fixture_append(f, id), 0);
    }
}

static void what_no_handler_takes_is_never_open(void **state)
{
    struct fixture *f = *state;
    struct event *events[] = {fixture_event("taken"), fixture_event("not"), fixture_event("again")};
    const unsigned char identities[][16] = {{1}, {2}, {2}};
    const bool has_identity[] = {true, true, true}, is_unmatched[] = {false, true, true};
    const struct journal_append append = {
        .events = events,
        .n_events = ARRAY_LEN(events),
        .identities = identities,
        .has_identity = has_identity,
        .is_unmatched = is_unmatched,
        .channel = SLICE_LIT(FIXTURE_CHANNEL),
    };
    journal_append(f->journal, &append, NULL, NULL);
    fixture_settle(f);
    for (size_t i = 0; i < ARRAY_LEN(events); i++)
        event_unref(events[i]);
    assert_int_equal(fixture_query(f, "SELECT count(*) FROM events WHERE state = 'open'"), 1);
    assert_int_equal(
        fixture_query(f, "SELECT count(*) FROM events WHERE state = 'unmatched' AND id = 'not'"),
        1);
    assert_int_equal(fixture_query(f, "SELECT count(*) FROM events"), 2);
    assert_int_equal(fixture_sum(f, "channel", FIXTURE_CHANNEL, "received"), 3);
    assert_int_equal(fixture_sum(f, "channel", FIXTURE_CHANNEL, "duplicate"), 1);
    assert_int_equal(fixture_sum(f, "channel", FIXTURE_CHANNEL, "unmatched"), 1);
    assert_int_equal(fixture_sum(f, "channel", FIXTURE_CHANNEL, "open"), 1);
    fixture_check(f);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(where_it_is_lost_which_events_are_open_the_newest_are_handled_again),
        TEST(columns_of_others_cost_no_event),
        TEST(what_is_open_in_a_damaged_journal_of_an_older_schema_stays_so),
        TEST(and_where_nothing_tells_of_which_schema_it_was),
        TEST(the_view_tells_when_an_event_ended),
        TEST(what_no_handler_takes_is_never_open),
        TEST(blocks_go_with_their_events_but_for_the_one_that_is_filled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
