/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * journal/: tables, indexes and views that aren't as they were made, though the file is sound to SQLite.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "damage_fixture.h"

static int setup(void **state)
{
    if (fixture_setup_closed(state) < 0)
        return -1;
    fixture_open(*state);
    damage_fill(*state);
    return 0;
}

/* The first page says what tables there are, and their columns. */
static void names_that_changed_cost_no_rows(void **state)
{
    static const char *const names[] = {
        "expires_at", "deliveries", "data_kind",  "term",
        "positions",  "schema",     "event_rows", "open_events",
    };
    struct fixture *f = *state;
    struct damage_files files = {0};
    fixture_close(f);
    damage_files_take(f, &files);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        size_t len = strlen(names[i]);
        struct damage_files changed = {0};
        buf_add_slice(&changed.db, buf_slice(&files.db));
        for (size_t at = 100; at + len <= DAMAGE_PAGE; at++) {
            if (memcmp(changed.db.data + at, names[i], len) == 0)
                changed.db.data[at + 3] ^= 1;
        }
        damage_files_put(f, &changed);
        fixture_open(f);
        damage_assert_lost(f, "is set aside as ");
        assert_int_equal(damage_total(damage_count(f)), damage_total(damage_whole));
        assert_int_equal(fixture_sum(f, "channel", FIXTURE_CHANNEL, "received"), DAMAGE_EVENTS);
        fixture_check(f);
        fixture_close(f);
        damage_files_deinit(&changed);
    }
    damage_files_deinit(&files);
    fixture_open(f);
}

/* What waits wouldn't be found by it. */
static void an_index_that_changed_costs_no_rows(void **state)
{
    struct fixture *f = *state;
    fixture_exec(f, "DROP INDEX deliveries_dead; CREATE INDEX deliveries_dead ON deliveries(seq)"
                    " WHERE state = 'deaf'");
    fixture_reopen(f);
    damage_assert_lost(f, "the index deliveries_dead of ");
    assert_int_equal(damage_total(damage_count(f)), damage_total(damage_whole));
    fixture_check(f);
}

/* By which nobody would find what is open. */
static void a_view_that_changed_costs_no_rows(void **state)
{
    struct fixture *f = *state;
    fixture_exec(f, "DROP VIEW events; CREATE VIEW events AS SELECT * FROM event_rows");
    fixture_reopen(f);
    damage_assert_lost(f, "the view events of ");
    assert_int_equal(damage_total(damage_count(f)), damage_total(damage_whole));
    fixture_check(f);
}

/* By its definition it is there, by the name beside that it isn't. */
static void an_index_that_is_there_and_gone_costs_no_rows(void **state)
{
    struct fixture *f = *state;
    fixture_exec(f, "PRAGMA writable_schema = ON;"
                    "UPDATE sqlite_schema SET name = 'deliveries_deae'"
                    " WHERE name = 'deliveries_dead'");
    fixture_reopen(f);
    damage_assert_lost(f, "is set aside as ");
    assert_int_equal(damage_total(damage_count(f)), damage_total(damage_whole));
    fixture_check(f);
}

static void what_is_derived_and_gone_is_made_anew(void **state)
{
    struct fixture *f = *state;
    fixture_exec(f, "DROP INDEX deliveries_dead; DROP VIEW events");
    fixture_reopen(f);
    assert_null(journal_unconfirmed(f->journal));
    assert_int_equal(fixture_query(f, "SELECT count(*) FROM deliveries INDEXED BY deliveries_dead"
                                      " WHERE state = 'dead'"),
                     damage_whole.dead);
    assert_int_equal(damage_total(damage_count(f)), damage_total(damage_whole));
    assert_int_equal(fixture_append(f, "event-600"), 0);
    fixture_check(f);
}

static void what_others_added_to_a_journal_is_no_damage(void **state)
{
    struct fixture *f = *state;
    fixture_exec(f,
                 "CREATE INDEX by_type ON event_rows(type); CREATE TABLE mine(x);"
                 "CREATE VIEW dead AS SELECT * FROM deliveries WHERE state = 'dead';"
                 "CREATE TRIGGER told AFTER INSERT ON event_rows BEGIN INSERT INTO mine VALUES(1);"
                 " END; ALTER TABLE event_rows ADD COLUMN note; ALTER TABLE sums ADD COLUMN a TEXT;"
                 "ALTER TABLE sums ADD COLUMN b; ANALYZE");
    fixture_reopen(f);
    assert_null(journal_unconfirmed(f->journal));
    assert_int_equal(damage_total(damage_count(f)), damage_total(damage_whole));
    assert_true(fixture_append(f, "new") > 0);
    assert_int_equal(fixture_query(f, "SELECT count(*) FROM mine"), 1);
    fixture_check(f);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(names_that_changed_cost_no_rows),
        TEST(an_index_that_changed_costs_no_rows),
        TEST(a_view_that_changed_costs_no_rows),
        TEST(an_index_that_is_there_and_gone_costs_no_rows),
        TEST(what_is_derived_and_gone_is_made_anew),
        TEST(what_others_added_to_a_journal_is_no_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
