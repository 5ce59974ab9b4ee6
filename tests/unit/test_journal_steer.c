/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * journal/steer, and what a success says of older dead letters: what people do is kept, with the
 * sums, and nothing is done where things stand otherwise.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "journal/sql.h"
#include "journal_fixture.h"

static void put(struct fixture *f, struct delivery_row row, enum delivery_state from)
{
    journal_put_delivery(f->journal, &row, from, NULL, NULL, NULL);
}

static void note_done(void *ctx, bool was_done)
{
    *(int *)ctx = was_done;
}

/* ---- the stale guard ---- */

static int64_t stale(struct fixture *f, int64_t event, int64_t ordinal, const char *by)
{
    char sql[160];
    snprintf(
        sql, sizeof(sql), "SELECT count(*) FROM deliveries WHERE seq = %lld AND stale_by IS %s%s%s",
        (long long)delivery_seq(event, ordinal), by ? "'" : "", by ? by : "NULL", by ? "'" : "");
    return fixture_query(f, sql);
}

static void a_success_writes_itself_into_older_dead_letters_of_its_key(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 9; i++)
        fixture_append(f, (const char[]){(char)('a' + i), '\0'});
    put(f, fixture_delivery(1, 0, DELIVERY_DEAD), DELIVERY_NEW);
    put(f, fixture_delivery(2, 0, DELIVERY_DEAD), DELIVERY_NEW);
    struct delivery_row other = fixture_delivery(3, 0, DELIVERY_DEAD);
    other.key = SLICE_LIT("j");
    put(f, other, DELIVERY_NEW);
    other = fixture_delivery(4, 0, DELIVERY_DEAD);
    other.connector = SLICE_LIT("dw");
    put(f, other, DELIVERY_NEW);
    other = fixture_delivery(5, 0, DELIVERY_DEAD);
    other.has_key = false;
    other.key = SLICE_NULL;
    put(f, other, DELIVERY_NEW);
    put(f, fixture_delivery(7, 0, DELIVERY_DEAD), DELIVERY_NEW);
    put(f, fixture_delivery(6, 0, DELIVERY_DELIVERED), DELIVERY_NEW);
    fixture_settle(f);
    assert_true(stale(f, 1, 0, "6-hash0") && stale(f, 2, 0, "6-hash0"));
    assert_true(stale(f, 3, 0, NULL) && stale(f, 4, 0, NULL) && stale(f, 5, 0, NULL));
    assert_true(stale(f, 7, 0, NULL));
    put(f, fixture_delivery(8, 0, DELIVERY_WAITING), DELIVERY_NEW);
    put(f, fixture_delivery(8, 0, DELIVERY_DELIVERED), DELIVERY_WAITING);
    put(f, fixture_delivery(2, 1, DELIVERY_DELIVERED), DELIVERY_NEW);
    fixture_settle(f);
    assert_true(stale(f, 1, 0, "8-hash0") && stale(f, 7, 0, "8-hash0"));
    fixture_check(f);
}

static void a_letter_that_dies_again_stays_stale(void **state)
{
    struct fixture *f = *state;
    fixture_append(f, "a");
    fixture_append(f, "b");
    put(f, fixture_delivery(1, 0, DELIVERY_DEAD), DELIVERY_NEW);
    put(f, fixture_delivery(2, 0, DELIVERY_DELIVERED), DELIVERY_NEW);
    put(f, fixture_delivery(1, 0, DELIVERY_WAITING), DELIVERY_DEAD);
    put(f, fixture_delivery(1, 0, DELIVERY_DEAD), DELIVERY_WAITING);
    fixture_settle(f);
    assert_true(stale(f, 1, 0, "2-hash0"));
}

/* Whatever else waits, as what a forced replay made, is no letter. */
static void a_letter_that_waits_again_is_told_where_somebody_asks(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 3; i++)
        fixture_append(f, (const char[]){(char)('a' + i), '\0'});
    put(f, fixture_delivery(1, 0, DELIVERY_DEAD), DELIVERY_NEW);
    put(f, fixture_delivery(1, 0, DELIVERY_WAITING), DELIVERY_DEAD);
    put(f, fixture_delivery(1, 1, DELIVERY_WAITING), DELIVERY_NEW);
    put(f, fixture_delivery(2, 0, DELIVERY_DELIVERED), DELIVERY_NEW);
    fixture_settle(f);
    assert_true(stale(f, 1, 0, NULL));
    struct delivery_row row = fixture_delivery(3, 0, DELIVERY_DELIVERED);
    row.marks_waiting = true;
    put(f, row, DELIVERY_NEW);
    fixture_settle(f);
    assert_true(stale(f, 1, 0, "3-hash0") && stale(f, 1, 1, NULL));
}

/* ---- edits ---- */

static bool note_edit(void *ctx, int64_t at_ms, struct slice data)
{
    assert_int_equal(at_ms, FIXTURE_WALL_MS);
    buf_printf(ctx, "%.*s|", SLICE_FMT(data));
    return true;
}

static void an_edit_keeps_what_it_replaces(void **state)
{
    struct fixture *f = *state;
    int was_done = -1;
    int64_t seq = delivery_seq(fixture_append(f, "a"), 0);
    put(f, fixture_delivery(1, 0, DELIVERY_DEAD), DELIVERY_NEW);
    journal_edit_letter(f->journal, seq, SLICE_LIT("{\"n\":1}"), note_done, &was_done);
    journal_edit_letter(f->journal, seq, SLICE_LIT("{\"n\":2}"), NULL, NULL);
    fixture_settle(f);
    assert_int_equal(was_done, 1);
    struct buf edits = {0};
    struct journal_reader *r = fixture_reader(f);
    assert_int_equal(journal_edits(r, seq, note_edit, &edits, NULL), 0);
    journal_reader_close(r);
    assert_string_equal(edits.data, "|{\"n\":1}|");
    buf_deinit(&edits);
    assert_int_equal(fixture_query(f, "SELECT data = '{\"n\":2}' FROM deliveries"), 1);
    fixture_check(f);
}

static void what_is_not_dead_is_not_edited(void **state)
{
    struct fixture *f = *state;
    int was_done = -1;
    fixture_append(f, "a");
    put(f, fixture_delivery(1, 0, DELIVERY_WAITING), DELIVERY_NEW);
    journal_edit_letter(f->journal, delivery_seq(1, 0), SLICE_LIT("1"), note_done, &was_done);
    fixture_settle(f);
    assert_int_equal(was_done, 0);
    assert_int_equal(fixture_query(f, "SELECT count(*) FROM edits"), 0);
    assert_int_equal(fixture_query(f, "SELECT data IS NULL FROM deliveries"), 1);
}

/* ---- retries ---- */

static bool note_retry(void *ctx, int64_t at_ms, int64_t died_ms, struct slice cause)
{
    assert_int_equal(at_ms, FIXTURE_WALL_MS);
    buf_printf(ctx, "%lld %.*s|", (long long)died_ms, SLICE_FMT(cause));
    return true;
}

static void a_retry_keeps_of_what_it_had_died(void **state)
{
    struct fixture *f = *state;
    int64_t seq = delivery_seq(fixture_append(f, "a"), 0);
    struct delivery_row dead = fixture_delivery(1, 0, DELIVERY_DEAD);
    const struct delivery_row waiting = fixture_delivery(1, 0, DELIVERY_WAITING);
    dead.cause = SLICE_LIT("refused");
    dead.ended_ms = 11;
    put(f, dead, DELIVERY_NEW);
    put(f, waiting, DELIVERY_DEAD);
    put(f, waiting, DELIVERY_WAITING);
    dead.cause = SLICE_LIT("script");
    dead.ended_ms = 12;
    put(f, dead, DELIVERY_WAITING);
    put(f, waiting, DELIVERY_DEAD);
    fixture_settle(f);
    struct buf retries = {0};
    struct journal_reader *r = fixture_reader(f);
    assert_int_equal(journal_retries(r, seq, note_retry, &retries, NULL), 0);
    journal_reader_close(r);
    assert_string_equal(retries.data, "11 refused|12 script|");
    buf_deinit(&retries);
    fixture_check(f);
}

/* ---- batches ---- */

static bool note_batcher(void *ctx, struct slice connector)
{
    buf_printf(ctx, "%.*s ", SLICE_FMT(connector));
    return true;
}

static void who_takes_batches_is_known_over_a_restart(void **state)
{
    struct fixture *f = *state;
    struct buf found = {0};
    journal_note_batches(f->journal, SLICE_LIT("dw"));
    journal_note_batches(f->journal, SLICE_LIT("cal"));
    journal_note_batches(f->journal, SLICE_LIT("dw"));
    fixture_settle(f);
    fixture_reopen(f);
    struct journal_reader *r = fixture_reader(f);
    assert_int_equal(journal_batchers(r, note_batcher, &found, NULL), 0);
    journal_reader_close(r);
    assert_string_equal(found.data, "cal dw ");
    buf_deinit(&found);
}

/* ---- pauses ---- */

static bool note_pause(void *ctx, struct slice connector, int64_t at_ms)
{
    assert_int_equal(at_ms, FIXTURE_WALL_MS);
    buf_printf(ctx, "%.*s|", SLICE_FMT(connector));
    return true;
}

static void pauses_stand_over_a_restart_until_they_end(void **state)
{
    struct fixture *f = *state;
    struct buf found = {0};
    journal_set_paused(f->journal, SLICE_LIT("cal"), true, NULL, NULL);
    journal_set_paused(f->journal, SLICE_LIT("cal"), true, NULL, NULL);
    journal_set_paused(f->journal, SLICE_LIT("dw"), true, NULL, NULL);
    journal_set_paused(f->journal, SLICE_LIT("dw"), false, NULL, NULL);
    fixture_settle(f);
    fixture_reopen(f);
    struct journal_reader *r = fixture_reader(f);
    assert_int_equal(journal_pauses(r, note_pause, &found, NULL), 0);
    journal_reader_close(r);
    assert_string_equal(found.data, "cal|");
    buf_deinit(&found);
}

/* ---- versions of the scripts ---- */

static bool note_version(void *ctx, const struct delivery_row *row)
{
    *(int64_t *)ctx = row->script_version;
    return true;
}

static void a_delivery_names_the_scripts_that_attempted_it_last(void **state)
{
    struct fixture *f = *state;
    struct buf hash = {0};
    struct err err = {0};
    int64_t version = -1;
    fixture_append(f, "e1");
    journal_put_scripts(f->journal, 1, SLICE_LIT("aaa"));
    struct delivery_row row = fixture_delivery(1, 0, DELIVERY_WAITING);
    put(f, row, DELIVERY_NEW);
    fixture_settle(f);
    assert_int_equal(fixture_query(f, "SELECT script_version IS NULL FROM deliveries"), 1);
    journal_put_scripts(f->journal, 2, SLICE_LIT("bbb"));
    row.state = DELIVERY_DELIVERED;
    row.script_version = 2;
    put(f, row, DELIVERY_WAITING);
    fixture_settle(f);
    struct journal_reader *r = fixture_reader(f);
    assert_int_equal(journal_event_deliveries(r, 1, note_version, &version, &err), 0);
    assert_int_equal(version, 2);
    assert_int_equal(journal_scripts(r, version, &hash, &err), 0);
    assert_string_equal(hash.data, "bbb");
    buf_clear(&hash);
    assert_int_equal(journal_scripts(r, 3, &hash, &err), 0);
    assert_int_equal(hash.len, 0);
    assert_int_equal(journal_last_scripts(r, &version, &hash, &err), 0);
    assert_int_equal(version, 2);
    assert_string_equal(hash.data, "bbb");
    journal_reader_close(r);
    buf_deinit(&hash);
}

static void versions_of_long_ago_are_forgotten(void **state)
{
    struct fixture *f = *state;
    struct buf hash = {0};
    struct err err = {0};
    int64_t version = -1;
    struct journal_reader *r = fixture_reader(f);
    assert_int_equal(journal_last_scripts(r, &version, &hash, &err), 0);
    assert_int_equal(version, 0);
    journal_reader_close(r);
    journal_put_scripts(f->journal, 1, SLICE_LIT("aaa"));
    journal_put_scripts(f->journal, 2, SLICE_LIT("bbb"));
    journal_put_scripts(f->journal, 10001, SLICE_LIT("ccc"));
    fixture_settle(f);
    assert_int_equal(fixture_query(f, "SELECT min(version) FROM script_versions"), 2);
    buf_deinit(&hash);
}

/* ---- replays ---- */

static bool note_replay(void *ctx, const struct journal_replay *replay)
{
    buf_printf(ctx, "%.*s %lld/%lld %lld+%lld%s|", SLICE_FMT(replay->wish),
               (long long)replay->cursor, (long long)replay->through, (long long)replay->n_replayed,
               (long long)replay->n_refused, replay->ended_ms ? "" : " goes on");
    return true;
}

static void assert_replays(struct fixture *f, const char *expected)
{
    struct buf found = {0};
    struct journal_reader *r = fixture_reader(f);
    assert_int_equal(journal_replays(r, note_replay, &found, NULL), 0);
    journal_reader_close(r);
    assert_string_equal(found.data, expected);
    buf_deinit(&found);
}

static void close_event(struct fixture *f, int64_t seq, enum event_state to)
{
    journal_set_event(f->journal, seq, SLICE_LIT(FIXTURE_CHANNEL), EVENT_OPEN, to, NULL, NULL);
}

static void a_replayed_event_is_open_again_in_the_sums_too(void **state)
{
    struct fixture *f = *state;
    int was_done[3] = {-1, -1, -1};
    for (int i = 0; i < 3; i++)
        fixture_append(f, (const char[]){(char)('a' + i), '\0'});
    close_event(f, 1, EVENT_CLOSED);
    close_event(f, 2, EVENT_UNMATCHED);
    journal_begin_replay(f->journal, SLICE_LIT("{}"), 3, NULL, NULL);
    for (int i = 0; i < 3; i++)
        journal_replay_event(f->journal, i + 1, i == 1 ? SLICE_LIT("h") : SLICE_NULL, i == 1,
                             note_done, &was_done[i]);
    fixture_settle(f);
    assert_true(was_done[0] == 1 && was_done[1] == 1 && was_done[2] == 0);
    assert_int_equal(fixture_sum(f, "channel", FIXTURE_CHANNEL, "open"), 3);
    assert_int_equal(fixture_sum(f, "channel", FIXTURE_CHANNEL, "closed"), 0);
    assert_int_equal(fixture_query(f, "SELECT sum(replay) FROM events WHERE state = 'open'"), 2);
    assert_int_equal(
        fixture_query(f, "SELECT seq FROM events WHERE replay_handler = 'h' AND replay_forced"), 2);
    assert_replays(f, "{} 3/3 2+1 goes on|");
    fixture_check(f);
}

static void a_failed_handlers_letter_makes_way_for_its_replay(void **state)
{
    struct fixture *f = *state;
    fixture_append(f, "a");
    for (int i = 0; i < 2; i++) {
        struct delivery_row run = fixture_delivery(1, i, DELIVERY_DEAD);
        run.connector = SLICE_NULL;
        run.handler = i ? SLICE_LIT("h") : SLICE_LIT("g");
        put(f, run, DELIVERY_NEW);
    }
    put(f, fixture_delivery(1, 2, DELIVERY_DEAD), DELIVERY_NEW);
    close_event(f, 1, EVENT_DEAD);
    journal_replay_event(f->journal, 1, SLICE_LIT("h"), false, NULL, NULL);
    fixture_settle(f);
    assert_int_equal(fixture_query(f, "SELECT handler = 'h' FROM deliveries"
                                      " WHERE state = 'superseded'"),
                     1);
    assert_int_equal(fixture_query(f, "SELECT count(*) FROM deliveries WHERE state = 'dead'"), 2);
    assert_int_equal(fixture_sum(f, "channel", FIXTURE_CHANNEL, "dead"), 0);
    assert_int_equal(fixture_sum(f, "connector", "cal", "dead"), 1);
    fixture_check(f);
}

static void one_replay_is_under_way_at_a_time(void **state)
{
    struct fixture *f = *state;
    int first = -1, second = -1, third = -1;
    fixture_append(f, "a");
    journal_begin_replay(f->journal, SLICE_LIT("1"), 1, note_done, &first);
    journal_begin_replay(f->journal, SLICE_LIT("2"), 1, note_done, &second);
    journal_pass_replay(f->journal, 1, 0);
    fixture_settle(f);
    fixture_reopen(f);
    assert_replays(f, "1 1/1 0+0 goes on|");
    journal_end_replay(f->journal, NULL, NULL);
    journal_begin_replay(f->journal, SLICE_LIT("3"), 1, note_done, &third);
    fixture_settle(f);
    assert_true(first == 1 && second == 0 && third == 1);
    assert_replays(f, "3 0/1 0+0 goes on|1 1/1 0+0|");
}

static void note_delivered(void *ctx, struct slice connector, struct slice key, int64_t seq)
{
    buf_printf(ctx, "%.*s/%.*s=%lld+%lld ", SLICE_FMT(connector), SLICE_FMT(key),
               (long long)delivery_event_seq(seq), (long long)delivery_ordinal(seq));
}

static void what_was_delivered_is_told_in_pages(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 3; i++)
        fixture_append(f, (const char[]){(char)('a' + i), '\0'});
    put(f, fixture_delivery(1, 0, DELIVERY_DEAD), DELIVERY_NEW);
    put(f, fixture_delivery(2, 0, DELIVERY_WAITING), DELIVERY_NEW);
    put(f, fixture_delivery(3, 2, DELIVERY_DELIVERED), DELIVERY_NEW);
    fixture_settle(f);
    struct buf found = {0};
    struct journal_reader *r = fixture_reader(f);
    int64_t after = 0;
    bool is_end = false;
    for (int pages = 0; !is_end; pages++) {
        assert_int_equal(journal_delivered(r, &after, 2, &is_end, note_delivered, &found, NULL), 0);
        assert_true(pages < 3);
    }
    journal_reader_close(r);
    assert_string_equal(found.data, "cal/k=3+0 cal/k=3+2 ");
    buf_deinit(&found);
}

/* ---- a journal from before ---- */

static void a_journal_from_before_keeps_what_it_has(void **state)
{
    struct fixture *f = *state;
    fixture_close(f);
    unlink(f->path.data);
    FILE *file = fopen(f->path.data, "w");
    assert_non_null(file);
    fclose(file);
    size_t before = sql_migrations_count - 1;
    char marks[128];
    for (size_t i = 0; i < before; i++)
        fixture_exec(f, sql_migrations[i]);
    snprintf(marks, sizeof(marks), "PRAGMA application_id = %d; PRAGMA user_version = %d",
             SQL_APPLICATION, (int)before);
    fixture_exec(f, marks);
    fixture_exec(f,
                 "INSERT INTO schema(version, journal, created_at)"
                 " SELECT user_version, hex(zeroblob(16)), 1 FROM pragma_user_version;"
                 "INSERT INTO event_rows(seq, channel, data_kind, received_at, state, own_id)"
                 " VALUES (1, 'bus', 'none', 1, 'closed', 0), (2, 'bus', 'none', 1, 'closed', 0);"
                 "INSERT INTO deliveries(seq, id, connector, key, state, attempts, unknown,"
                 " created_at) VALUES (1 << 20, '1-a', 'cal', 'k', 'dead', 1, 0, 1);"
                 "INSERT INTO sums VALUES ('channel', 'bus', 'received', 2),"
                 " ('channel', 'bus', 'closed', 2), ('connector', 'cal', 'made', 1),"
                 " ('connector', 'cal', 'dead', 1)");
    fixture_open(f);
    put(f, fixture_delivery(2, 0, DELIVERY_DELIVERED), DELIVERY_NEW);
    fixture_settle(f);
    assert_true(stale(f, 1, 0, "2-hash0"));
    assert_int_equal(fixture_query(f, "SELECT sum(replay) FROM events"), 0);
    fixture_check(f);
}

static void what_people_did_is_salvaged(void **state)
{
    struct fixture *f = *state;
    fixture_append(f, "a");
    fixture_append(f, "b");
    put(f, fixture_delivery(1, 0, DELIVERY_DEAD), DELIVERY_NEW);
    put(f, fixture_delivery(2, 0, DELIVERY_DELIVERED), DELIVERY_NEW);
    journal_edit_letter(f->journal, delivery_seq(1, 0), SLICE_LIT("1"), NULL, NULL);
    journal_set_paused(f->journal, SLICE_LIT("cal"), true, NULL, NULL);
    fixture_settle(f);
    fixture_close(f);
    fixture_exec(f, "PRAGMA user_version = 3"); /* the header says another version than the table */
    fixture_open(f);
    assert_non_null(journal_unconfirmed(f->journal));
    assert_true(stale(f, 1, 0, "2-hash0"));
    assert_int_equal(fixture_query(f, "SELECT count(*) FROM edits"), 1);
    assert_int_equal(fixture_query(f, "SELECT count(*) FROM pauses WHERE connector = 'cal'"), 1);
    fixture_check(f);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_success_writes_itself_into_older_dead_letters_of_its_key),
        TEST(a_letter_that_dies_again_stays_stale),
        TEST(a_letter_that_waits_again_is_told_where_somebody_asks),
        TEST(an_edit_keeps_what_it_replaces),
        TEST(what_is_not_dead_is_not_edited),
        TEST(a_retry_keeps_of_what_it_had_died),
        TEST(who_takes_batches_is_known_over_a_restart),
        TEST(pauses_stand_over_a_restart_until_they_end),
        TEST(a_delivery_names_the_scripts_that_attempted_it_last),
        TEST(versions_of_long_ago_are_forgotten),
        TEST(a_replayed_event_is_open_again_in_the_sums_too),
        TEST(a_failed_handlers_letter_makes_way_for_its_replay),
        TEST(one_replay_is_under_way_at_a_time),
        TEST(what_was_delivered_is_told_in_pages),
        TEST(a_journal_from_before_keeps_what_it_has),
        TEST(what_people_did_is_salvaged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
