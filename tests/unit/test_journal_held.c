/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * journal/: where the file is damaged, the operations that meet it are held, with what must not come
 * before them, and all appends; the others are committed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "damage_fixture.h"

/* Which of the operations, by its place in the test, has been told that it is kept. */
static bool is_done[DAMAGE_EVENTS + 1];

static void on_done(void *ctx)
{
    *(bool *)ctx = true;
}

static void on_append(void *ctx, size_t duplicates)
{
    (void)duplicates;
    on_done(ctx);
}

static int setup(void **state)
{
    memset(is_done, 0, sizeof(is_done));
    if (fixture_setup_closed(state) < 0)
        return -1;
    fixture_open(*state);
    damage_fill(*state);
    return 0;
}

/* Opens with noise for one page of a table: of its n leaves the middle one, or its root. */
static void open_damaged(struct fixture *f, const char *name, bool is_root)
{
    struct damage_files files = {{0}, {0}, {0}};
    struct rng rng;
    size_t leaves[64] = {0}, n = 0;
    fixture_close(f);
    damage_files_take(f, &files);
    for (size_t i = 2; i <= files.db.len / DAMAGE_PAGE; i++) {
        struct damage_page page = damage_page_of(f, (int64_t)i);
        if (strcmp(page.name, name) == 0 && (page.is_leaf || is_root) && n < 64)
            leaves[n++] = i;
    }
    assert_true(n > 0);
    rng_init(&rng, 7);
    damage_trash(f, &files.db, leaves[is_root ? 0 : n / 2], &rng);
    damage_files_deinit(&files);
    fixture_open(f);
    assert_null(journal_damage(f->journal));
    assert_null(journal_unconfirmed(f->journal));
}

static void deliver(struct fixture *f, int64_t event)
{
    struct delivery_row row = fixture_delivery(event, 0, DELIVERY_DELIVERED);
    journal_put_delivery(f->journal, &row, DELIVERY_WAITING, NULL, on_done, &is_done[event]);
}

static void close_event(struct fixture *f, int64_t event, bool *done)
{
    journal_set_event(f->journal, event, SLICE_LIT(FIXTURE_CHANNEL), EVENT_OPEN, EVENT_CLOSED,
                      on_done, done);
}

static void append_to(struct fixture *f, struct slice channel, bool *done)
{
    struct event *event = fixture_event("new");
    const struct journal_append append = {
        .events = &event, .n_events = 1, .channel = channel, .position = SLICE_LIT("behind")};
    journal_append(f->journal, &append, on_append, done);
    event_unref(event);
}

static int count_done(void)
{
    int n = 0;
    for (int i = 0; i <= DAMAGE_EVENTS; i++)
        n += is_done[i];
    return n;
}

/* Event 1 is of a page that is sound, as is the last one. */
static void what_damage_does_not_touch_is_committed(void **state)
{
    struct fixture *f = *state;
    bool is_fenced = false;
    open_damaged(f, "deliveries", false);
    for (int64_t event = 1; event <= DAMAGE_EVENTS; event += 3)
        deliver(f, event);
    journal_when_kept(f->journal, on_done, &is_fenced);
    fixture_settle(f);
    int done = count_done(), waited = DAMAGE_EVENTS / 3;
    assert_true(is_done[1] && is_done[DAMAGE_EVENTS - 2]);
    assert_in_range(done, waited / 2, waited - 1);
    assert_false(is_fenced);
    assert_int_equal(journal_queued(f->journal), waited - done + 1);
    assert_non_null(strstr(journal_damage(f->journal), "or wait behind such: "));
    assert_null(journal_problem(f->journal));
    assert_int_equal(fixture_sum(f, "connector", "cal", "waiting"), waited - done);
    for (int event = 1; event <= DAMAGE_EVENTS; event += 3) {
        if (!is_done[event])
            continue;
        char sql[128];
        snprintf(sql, sizeof(sql),
                 "SELECT state = 'delivered' FROM deliveries WHERE seq = %d << 20", event);
        assert_int_equal(fixture_query(f, sql), 1);
    }
    fixture_reopen(f);
    assert_non_null(strstr(journal_unconfirmed(f->journal), "is set aside as "));
    fixture_check(f);
}

/* New deliveries and closings are gathered, and so meet the damage together. */
static void of_what_is_gathered_only_what_damage_touches_is_held(void **state)
{
    struct fixture *f = *state;
    static bool is_closed[DAMAGE_EVENTS + 1];
    memset(is_closed, 0, sizeof(is_closed));
    open_damaged(f, "deliveries", false);
    for (int64_t event = 3; event <= DAMAGE_EVENTS; event += 3) {
        struct delivery_row row = fixture_delivery(event, 1, DELIVERY_DELIVERED);
        journal_put_delivery(f->journal, &row, DELIVERY_NEW, NULL, on_done, &is_done[event]);
        close_event(f, event, &is_closed[event]);
    }
    fixture_settle(f);
    int done = count_done(), n = DAMAGE_EVENTS / 3;
    assert_in_range(done, n / 2, n - 1);
    assert_memory_equal(is_closed, is_done, sizeof(is_closed));
    assert_int_equal(journal_queued(f->journal), 2 * (n - done));
    assert_null(journal_problem(f->journal));
    assert_int_equal(fixture_query(f, "SELECT count(*) FROM open_events"), n - done);
    assert_int_equal(fixture_sum(f, "channel", FIXTURE_CHANNEL, "open"), n - done);
    assert_int_equal(fixture_sum(f, "connector", "cal", "delivered"), n + done);
    for (int event = 3; event <= DAMAGE_EVENTS; event += 3) {
        char sql[96];
        snprintf(sql, sizeof(sql), "SELECT count(*) FROM open_events WHERE seq = %d", event);
        assert_int_equal(fixture_query(f, sql), !is_done[event]);
    }
}

static void what_is_of_the_same_event_waits_behind_it(void **state)
{
    struct fixture *f = *state;
    bool is_first_closed = false, is_other_closed = false;
    int64_t held = 0;
    open_damaged(f, "deliveries", false);
    for (int64_t event = 1; event <= DAMAGE_EVENTS; event += 3)
        deliver(f, event);
    fixture_settle(f);
    for (int64_t event = 1; event <= DAMAGE_EVENTS && held == 0; event += 3)
        held = is_done[event] ? 0 : event;
    assert_true(held > 0);
    memset(is_done, 0, sizeof(is_done));
    damage_put(f, 3, 5, DELIVERY_WAITING);
    close_event(f, 3, &is_other_closed);
    close_event(f, held, &is_first_closed);
    fixture_settle(f);
    assert_true(is_other_closed);
    assert_false(is_first_closed);
}

static void appends_are_held_and_nothing_waits_behind_them(void **state)
{
    struct fixture *f = *state;
    bool is_appended = false, is_other = false, is_fenced = false, is_closed = false;
    open_damaged(f, "positions", true);
    append_to(f, SLICE_LIT("other"), &is_other);
    append_to(f, SLICE_LIT(FIXTURE_CHANNEL), &is_appended);
    close_event(f, 3, &is_closed);
    journal_when_kept(f->journal, on_done, &is_fenced);
    fixture_settle(f);
    assert_false(is_appended || is_other);
    assert_true(is_closed && is_fenced);
    const struct journal_append append = {.channel = SLICE_LIT("third"),
                                          .malformed = SLICE_LIT("no event"),
                                          .malformed_error = SLICE_LIT("none")};
    journal_append(f->journal, &append, on_append, &is_other);
    fixture_settle(f);
    assert_false(is_other);
    assert_int_equal(journal_queued(f->journal), 3);
    assert_int_equal(journal_stalled_ms(f->journal), 0);
    assert_int_equal(fixture_sum(f, "channel", FIXTURE_CHANNEL, "received"), DAMAGE_EVENTS);
}

static bool take_row(void *ctx, const struct delivery_row *row)
{
    (void)row;
    ++*(int *)ctx;
    return true;
}

static void read_all(struct journal_reader *r, void *ctx)
{
    const struct journal_filter filter = {.state = DELIVERY_DELIVERED, .limit = DAMAGE_EVENTS};
    struct err err = {0};
    assert_int_equal(journal_list_deliveries(r, &filter, take_row, ctx, &err), -1);
    assert_int_equal(err.code, ERR_CORRUPT);
}

static void what_a_read_met_holds_appends_too(void **state)
{
    struct fixture *f = *state;
    int found = 0;
    bool is_appended = false, is_closed = false;
    open_damaged(f, "deliveries", false);
    journal_read(f->journal, read_all, NULL, &found);
    fixture_settle(f);
    assert_non_null(journal_damage(f->journal));
    append_to(f, SLICE_LIT(FIXTURE_CHANNEL), &is_appended);
    close_event(f, 3, &is_closed);
    fixture_settle(f);
    assert_true(is_closed);
    assert_false(is_appended);
    assert_int_equal(journal_queued(f->journal), 1);
}

/* What is old isn't removed from a file that is damaged, and the thread has nothing to do. */
static void nothing_is_removed_any_more(void **state)
{
    struct fixture *f = *state;
    f->retention.delivered_ms = 1000;
    open_damaged(f, "deliveries", false);
    f->clock.wall_ms += 2000;
    close_event(f, 3, &is_done[3]);
    fixture_settle(f); /* begins, and meets it */
    assert_non_null(journal_damage(f->journal));
    assert_true(is_done[3]); /* which was in the same transaction at first */
    int64_t left = fixture_query(f, "SELECT count(*) FROM events");
    assert_in_range(left, 1, DAMAGE_EVENTS);
    f->clock.mono_ms += 3600000;
    close_event(f, DAMAGE_EVENTS, &is_done[0]);
    fixture_settle(f);
    assert_true(is_done[0]);
    assert_false(journal_step(f->journal));
    assert_int_equal(fixture_query(f, "SELECT count(*) FROM events"), left);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(what_damage_does_not_touch_is_committed),
        TEST(of_what_is_gathered_only_what_damage_touches_is_held),
        TEST(what_is_of_the_same_event_waits_behind_it),
        TEST(appends_are_held_and_nothing_waits_behind_them),
        TEST(what_a_read_met_holds_appends_too),
        TEST(nothing_is_removed_any_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
