/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * journal/: what is over goes in its time or when room is needed, what is needed stays, the sums
 * stand, and a journal without room says so and recovers.
 */
#include <limits.h>
#include <malloc.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "journal/sql.h"
#include "journal_fixture.h"

#define SECOND INT64_C(1000)
#define HOUR (3600 * SECOND)
#define DAY (24 * HOUR)
#define MB (INT64_C(1) << 20)

static const struct slice channel = SLICE_LIT(FIXTURE_CHANNEL);

static void open_with(struct fixture *f, const struct journal_retention *retention)
{
    fixture_close(f);
    f->retention = *retention;
    fixture_open(f);
}

/* A week and 90 days. */
static void open_by_age(struct fixture *f)
{
    open_with(f, &(struct journal_retention){.delivered_ms = 7 * DAY, .dead_ms = 90 * DAY});
}

/* Lets time pass, and retention do what is due then. */
static void pass(struct fixture *f, int64_t ms)
{
    clock_fake_advance(&f->clock, ms);
    fixture_settle(f);
}

/* ---- What happens to events ---- */

static void take_duplicates(void *ctx, size_t duplicates)
{
    if (ctx)
        *(size_t *)ctx = duplicates;
}

/* Queues one that is received now; its number. */
static int64_t queue_event(struct fixture *f, uint64_t n, size_t *duplicates)
{
    char id[32];
    unsigned char identity[1][16] = {{0}};
    const bool has_identity = true;
    snprintf(id, sizeof(id), "event-%llu", (unsigned long long)n);
    memcpy(identity[0], &n, sizeof(n));
    struct event *event = fixture_event(id);
    event->received_ms = f->clock.wall_ms;
    const struct journal_append append = {
        .events = &event,
        .n_events = 1,
        .identities = (const unsigned char(*)[16])identity,
        .has_identity = &has_identity,
        .channel = channel,
    };
    journal_append(f->journal, &append, take_duplicates, duplicates);
    int64_t seq = event->seq;
    event_unref(event);
    return seq;
}

static void put(struct fixture *f, int64_t seq, int64_t ordinal, enum delivery_state from,
                enum delivery_state to)
{
    struct delivery_row row = fixture_delivery(seq, ordinal, to);
    const struct attempt_row attempt = {.code = SLICE_LIT("503"), .at_ms = f->clock.wall_ms};
    bool failed = to == DELIVERY_WAITING || to == DELIVERY_DEAD;
    row.created_ms = f->clock.wall_ms;
    row.ended_ms = to == DELIVERY_WAITING ? 0 : f->clock.wall_ms;
    journal_put_delivery(f->journal, &row, from, failed ? &attempt : NULL, NULL, NULL);
}

static void put_run(struct fixture *f, int64_t seq, int64_t ordinal, enum delivery_state from,
                    enum delivery_state to)
{
    struct delivery_row row = fixture_delivery(seq, ordinal, to);
    row.connector = SLICE_NULL;
    row.ended_ms = to == DELIVERY_WAITING ? 0 : f->clock.wall_ms;
    journal_put_delivery(f->journal, &row, from, NULL, NULL, NULL);
}

static void set(struct fixture *f, int64_t seq, enum event_state from, enum event_state to)
{
    journal_set_event(f->journal, seq, channel, from, to, NULL, NULL);
}

/* One that is over: delivered to one connector. */
static int64_t queue_delivered(struct fixture *f, uint64_t n)
{
    int64_t seq = queue_event(f, n, NULL);
    put(f, seq, 0, DELIVERY_NEW, DELIVERY_DELIVERED);
    set(f, seq, EVENT_OPEN, EVENT_CLOSED);
    return seq;
}

static int64_t queue_malformed(struct fixture *f)
{
    const struct journal_append malformed = {
        .channel = channel, .malformed = SLICE_LIT("{"), .malformed_error = SLICE_LIT("no")};
    int64_t seq = journal_next_seq(f->journal);
    journal_append(f->journal, &malformed, NULL, NULL);
    return seq;
}

/* ---- What is there ---- */

static bool has_event(struct fixture *f, int64_t seq)
{
    char sql[64];
    snprintf(sql, sizeof(sql), "SELECT count(*) FROM events WHERE seq = %lld", (long long)seq);
    return fixture_query(f, sql) == 1;
}

static int64_t count(struct fixture *f, const char *table)
{
    char sql[64];
    snprintf(sql, sizeof(sql), "SELECT count(*) FROM %s", table);
    return fixture_query(f, sql);
}

static int64_t of_channel(struct fixture *f, const char *term)
{
    return fixture_sum(f, "channel", FIXTURE_CHANNEL, term);
}

static int64_t of_connector(struct fixture *f, const char *term)
{
    return fixture_sum(f, "connector", "cal", term);
}

static struct journal_space space_of(struct fixture *f)
{
    struct journal_space space;
    journal_space(f->journal, &space);
    return space;
}

/* ---- By age ---- */

static void what_is_over_goes_when_it_is_old(void **state)
{
    struct fixture *f = *state;
    open_by_age(f);
    int64_t delivered = queue_delivered(f, 1);
    int64_t unmatched = queue_event(f, 2, NULL);
    set(f, unmatched, EVENT_OPEN, EVENT_UNMATCHED);
    int64_t retried = queue_event(f, 3, NULL);
    put(f, retried, 0, DELIVERY_NEW, DELIVERY_WAITING);
    put(f, retried, 0, DELIVERY_WAITING, DELIVERY_DELIVERED);
    set(f, retried, EVENT_OPEN, EVENT_CLOSED);
    fixture_settle(f);
    pass(f, 6 * DAY);
    assert_int_equal(count(f, "events"), 3);
    int64_t young = queue_delivered(f, 4);
    pass(f, DAY);
    assert_false(has_event(f, delivered));
    assert_false(has_event(f, unmatched));
    assert_false(has_event(f, retried));
    assert_true(has_event(f, young));
    assert_int_equal(count(f, "deliveries"), 1);
    assert_int_equal(count(f, "attempts"), 0);
    assert_int_equal(of_channel(f, "received"), 4);
    assert_int_equal(of_channel(f, "closed"), 3);
    assert_int_equal(of_channel(f, "unmatched"), 1);
    assert_int_equal(of_connector(f, "delivered"), 3);
    fixture_check(f);
}

static void what_is_open_waits_or_is_dead_stays(void **state)
{
    struct fixture *f = *state;
    open_by_age(f);
    int64_t seqs[5];
    for (uint64_t i = 0; i < 5; i++) {
        queue_delivered(f, 100 + i);
        seqs[i] = i < 4 ? queue_event(f, i, NULL) : queue_malformed(f);
    }
    put(f, seqs[1], 0, DELIVERY_NEW, DELIVERY_DELIVERED); /* and one that waits */
    put(f, seqs[1], 1, DELIVERY_NEW, DELIVERY_WAITING);
    set(f, seqs[1], EVENT_OPEN, EVENT_CLOSED);
    put(f, seqs[2], 0, DELIVERY_NEW, DELIVERY_DEAD);
    set(f, seqs[2], EVENT_OPEN, EVENT_CLOSED);
    put_run(f, seqs[3], 0, DELIVERY_NEW, DELIVERY_DEAD);
    set(f, seqs[3], EVENT_OPEN, EVENT_DEAD);
    fixture_settle(f);
    pass(f, 89 * DAY);
    for (int i = 0; i < 5; i++)
        assert_true(has_event(f, seqs[i]));
    assert_int_equal(count(f, "events"), 5);
    assert_int_equal(count(f, "deliveries"), 5);
    fixture_check(f);
    /* What has ended goes with the next sweep. */
    set(f, seqs[0], EVENT_OPEN, EVENT_CLOSED);
    put(f, seqs[1], 1, DELIVERY_WAITING, DELIVERY_DELIVERED);
    pass(f, 60 * SECOND);
    assert_false(has_event(f, seqs[0]));
    assert_false(has_event(f, seqs[1]));
    fixture_check(f);
}

static void old_dead_letters_count_as_dropped(void **state)
{
    struct fixture *f = *state;
    open_by_age(f);
    int64_t delivery = queue_event(f, 1, NULL);
    put(f, delivery, 0, DELIVERY_NEW, DELIVERY_DEAD);
    set(f, delivery, EVENT_OPEN, EVENT_CLOSED);
    int64_t runs = queue_event(f, 2, NULL); /* both handlers failed */
    put_run(f, runs, 0, DELIVERY_NEW, DELIVERY_DEAD);
    put_run(f, runs, 1, DELIVERY_NEW, DELIVERY_DEAD);
    set(f, runs, EVENT_OPEN, EVENT_DEAD);
    queue_malformed(f);
    fixture_settle(f);
    pass(f, 90 * DAY);
    assert_int_equal(of_connector(f, "dead"), 0);
    assert_int_equal(of_connector(f, "dropped"), 1);
    assert_int_equal(of_channel(f, "dead"), 0);
    assert_int_equal(of_channel(f, "malformed"), 0);
    assert_int_equal(of_channel(f, "dropped"), 2);
    assert_int_equal(of_channel(f, "closed"), 1);
    fixture_check(f);
    pass(f, 60 * SECOND);
    assert_int_equal(count(f, "events"), 0);
    assert_int_equal(count(f, "deliveries"), 0);
    assert_int_equal(count(f, "attempts"), 0);
    fixture_check(f);
}

static void a_dead_letters_time_begins_with_its_end(void **state)
{
    struct fixture *f = *state;
    open_by_age(f);
    int64_t seq = queue_event(f, 1, NULL);
    put(f, seq, 0, DELIVERY_NEW, DELIVERY_WAITING);
    set(f, seq, EVENT_OPEN, EVENT_CLOSED);
    fixture_settle(f);
    pass(f, 60 * DAY);
    put(f, seq, 0, DELIVERY_WAITING, DELIVERY_DEAD);
    pass(f, 89 * DAY);
    assert_int_equal(of_connector(f, "dead"), 1);
    pass(f, DAY);
    assert_int_equal(of_connector(f, "dead"), 0);
    assert_int_equal(of_connector(f, "dropped"), 1);
}

static void dead_letters_in_somebodys_hands_stay(void **state)
{
    struct fixture *f = *state;
    open_by_age(f);
    int64_t seq = queue_event(f, 1, NULL);
    put(f, seq, 0, DELIVERY_NEW, DELIVERY_DEAD);
    set(f, seq, EVENT_OPEN, EVENT_CLOSED);
    fixture_settle(f);
    journal_hold_letters(f->journal);
    pass(f, 91 * DAY);
    assert_int_equal(of_connector(f, "dead"), 1);
    journal_release_letters(f->journal);
    pass(f, 60 * SECOND);
    assert_int_equal(of_connector(f, "dead"), 0);
}

static void a_letter_of_an_open_event_stays(void **state)
{
    struct fixture *f = *state;
    open_by_age(f);
    int64_t seq = queue_event(f, 1, NULL);
    put_run(f, seq, 0, DELIVERY_NEW, DELIVERY_DEAD);
    fixture_settle(f);
    pass(f, 91 * DAY);
    set(f, seq, EVENT_OPEN, EVENT_DEAD);
    fixture_settle(f);
    assert_int_equal(of_channel(f, "dead"), 1);
    fixture_check(f);
}

/* ---- What must outlive the rows ---- */

/* What is to be removed lies where it can't be. */
static void what_can_not_be_removed_holds_up_nothing(void **state)
{
    struct fixture *f = *state;
    open_by_age(f);
    queue_delivered(f, 1);
    fixture_settle(f);
    fixture_exec(f, "ALTER TABLE attempts RENAME TO elsewhere");
    clock_fake_advance(&f->clock, 8 * DAY);
    int64_t seq = queue_event(f, 2, NULL);
    assert_false(journal_step(f->journal));
    assert_non_null(journal_problem(f->journal));
    assert_true(journal_step(f->journal));
    assert_null(journal_problem(f->journal));
    assert_true(has_event(f, seq));
    fixture_exec(f, "ALTER TABLE elsewhere RENAME TO attempts");
    fixture_settle(f);
    assert_false(has_event(f, 1));
}

static void numbers_are_not_given_again(void **state)
{
    struct fixture *f = *state;
    open_by_age(f);
    for (uint64_t i = 0; i < 10; i++)
        queue_delivered(f, i);
    fixture_settle(f);
    int64_t next = journal_next_seq(f->journal);
    pass(f, 8 * DAY);
    assert_int_equal(count(f, "events"), 0);
    fixture_reopen(f);
    assert_int_equal(journal_next_seq(f->journal), next);
}

static void duplicates_of_what_is_gone_are_known(void **state)
{
    struct fixture *f = *state;
    open_by_age(f);
    queue_event(f, 1, NULL); /* stays open: what is left isn't the newest */
    for (uint64_t i = 2; i < 10; i++)
        queue_delivered(f, i);
    fixture_settle(f);
    pass(f, 8 * DAY);
    assert_int_equal(count(f, "events"), 1);
    for (int again = 0; again < 2; again++) {
        for (uint64_t i = 1; i < 10; i++) {
            size_t duplicates = 0;
            queue_event(f, i, &duplicates);
            fixture_settle(f);
            assert_int_equal(duplicates, 1);
        }
        fixture_reopen(f);
    }
    fixture_check(f);
}

static void the_record_says_how_far_back_it_reaches(void **state)
{
    struct fixture *f = *state;
    struct journal_reach reach;
    open_by_age(f);
    for (uint64_t day = 0; day < 10; day++) {
        int64_t seq = queue_delivered(f, day);
        if (day == 1)
            put(f, seq, 1, DELIVERY_NEW, DELIVERY_WAITING);
        pass(f, DAY);
    }
    struct journal_reader *r = fixture_reader(f);
    assert_int_equal(journal_reach(r, &reach, NULL), 0);
    journal_reader_close(r);
    assert_int_equal(reach.oldest_ms, FIXTURE_WALL_MS + DAY);
    assert_int_equal(reach.complete_ms, FIXTURE_WALL_MS + 4 * DAY);
}

/* ---- By size ---- */

#define SMALL (4 * MB)

static void fill(struct fixture *f, uint64_t *n, int events, bool waiting)
{
    for (int i = 0; i < events; i++) {
        int64_t seq = queue_event(f, (*n)++, NULL);
        put(f, seq, 0, DELIVERY_NEW, waiting ? DELIVERY_WAITING : DELIVERY_DELIVERED);
        set(f, seq, EVENT_OPEN, EVENT_CLOSED);
        if (i % 500 == 499)
            fixture_settle(f);
    }
    fixture_settle(f);
}

static void at_four_fifths_the_oldest_goes_first(void **state)
{
    struct fixture *f = *state;
    uint64_t n = 0;
    open_with(f, &(struct journal_retention){.size_max = SMALL});
    for (int i = 0; i < 40; i++) {
        fill(f, &n, 1000, false);
        assert_true(space_of(f).bytes < SMALL / 100 * 95);
        assert_null(journal_refusal(f->journal));
    }
    /* Without holes: from one number on all are there. */
    assert_int_equal(fixture_query(f, "SELECT max(seq) FROM events"), n);
    assert_int_equal(fixture_query(f, "SELECT max(seq) - min(seq) + 1 - count(*) FROM events"), 0);
    assert_true(count(f, "events") > 2000);
    assert_int_equal(of_connector(f, "delivered"), n);
    fixture_check(f);
}

static void a_journal_full_of_waiting_work_takes_no_more_until_some_has_ended(void **state)
{
    struct fixture *f = *state;
    uint64_t n = 0;
    open_with(f, &(struct journal_retention){.size_max = SMALL});
    fill(f, &n, 100, false);
    while (!journal_refusal(f->journal))
        fill(f, &n, 500, true);
    assert_int_equal(space_of(f).room, JOURNAL_FULL);
    assert_int_equal(space_of(f).since_ms, f->clock.wall_ms);
    assert_non_null(strstr(journal_refusal(f->journal), "the journal is full"));
    assert_non_null(strstr(journal_refusal(f->journal), "of limits.journal, 4 MB"));
    assert_null(journal_problem(f->journal));
    assert_int_equal(of_connector(f, "waiting"), n - 100);
    assert_int_equal(count(f, "events"), n - 100);
    fixture_check(f);
    /* What waits ends, and what is over then goes. */
    for (int64_t seq = 101; journal_refusal(f->journal) && seq <= (int64_t)n; seq++) {
        put(f, seq, 0, DELIVERY_WAITING, DELIVERY_DELIVERED);
        if (seq % 100 == 0)
            pass(f, SECOND);
    }
    assert_null(journal_refusal(f->journal));
    assert_true(of_connector(f, "waiting") > 0);
    fixture_check(f);
}

static int64_t disk_left;

static int64_t say_disk_left(const char *path)
{
    (void)path;
    return disk_left;
}

static void a_short_disk_is_lived_on_with_the_pages_of_what_is_over(void **state)
{
    struct fixture *f = *state;
    uint64_t n = 0;
    f->disk_free = say_disk_left;
    disk_left = 100 * MB;
    open_with(f, &(struct journal_retention){.disk_free_min = 4 * MB});
    fill(f, &n, 10000, false);
    assert_int_equal(count(f, "events"), n);
    disk_left = 7 * MB / 2;
    fill(f, &n, 100, true);
    for (int i = 0; i < 4; i++)
        pass(f, SECOND);
    assert_true(count(f, "events") < 6000);
    assert_true(count(f, "events") >= 100);
    assert_null(journal_refusal(f->journal));
    int64_t pages = fixture_query(f, "PRAGMA page_count");
    fill(f, &n, 10000, false);
    assert_int_equal(fixture_query(f, "PRAGMA page_count"), pages);
    assert_int_equal(of_connector(f, "waiting"), 100);
    /* Without such pages nothing is taken, until there is room. */
    disk_left = MB;
    pass(f, SECOND);
    fill(f, &n, 1, false);
    for (int i = 0; i < 9; i++)
        pass(f, SECOND);
    assert_int_equal(space_of(f).room, JOURNAL_DISK_SHORT);
    assert_non_null(strstr(journal_refusal(f->journal), "1 MB are free, limits.diskFree is 4 MB"));
    disk_left = 100 * MB;
    pass(f, SECOND);
    assert_null(journal_refusal(f->journal));
    fixture_check(f);
}

/* Also while a sweep, which had to go past many events, rests for longer. */
static void room_that_comes_back_is_told_without_a_commit(void **state)
{
    struct fixture *f = *state;
    uint64_t n = 0;
    f->disk_free = say_disk_left;
    disk_left = 100 * MB;
    open_with(f, &(struct journal_retention){.disk_free_min = 10 * MB});
    fill(f, &n, 30000, true);
    disk_left = MB;
    pass(f, 60 * SECOND);
    assert_non_null(journal_refusal(f->journal));
    while (sem_trywait(&f->notified) == 0)
        ;
    disk_left = 100 * MB;
    pass(f, SECOND);
    assert_null(journal_refusal(f->journal));
    assert_int_equal(sem_trywait(&f->notified), 0);
}

/* ---- Cost ---- */

static void assert_plan_is_cheap(sqlite3 *db, enum sql sql)
{
    struct buf text = {0};
    sqlite3_stmt *s;
    buf_printf(&text, "EXPLAIN QUERY PLAN %s", sql_text[sql]);
    assert_int_equal(sqlite3_prepare_v2(db, text.data, -1, &s, NULL), SQLITE_OK);
    while (sqlite3_step(s) == SQLITE_ROW) {
        const char *detail = (const char *)sqlite3_column_text(s, 3);
        if (strncmp(detail, "SCAN", 4) == 0 && !strstr(detail, "CONSTANT ROW") &&
            !strstr(detail, "schema"))
            fail_msg("%s: %s", sql_text[sql], detail);
    }
    sqlite3_finalize(s);
    buf_deinit(&text);
}

static void nothing_is_searched_by_reading_all(void **state)
{
    static const enum sql statements[] = {
        SQL_RETAIN_DATES,    SQL_RETAIN_AGE,      SQL_RETAIN_HELD,     SQL_RETAIN_IDENTITIES,
        SQL_OLDEST_IDENTITY, SQL_FORGET_IDENTITY, SQL_REMOVE_ATTEMPTS, SQL_REMOVE_DELIVERIES,
        SQL_REMOVE_EVENTS,   SQL_DROP_LETTER,     SQL_DROP_EVENT,      SQL_RECENT,
        SQL_RECENT_GONE,     SQL_REMOVE_BLOCKS,
    };
    struct fixture *f = *state;
    sqlite3 *db;
    assert_int_equal(sqlite3_open(f->path.data, &db), SQLITE_OK);
    for (size_t i = 0; i < ARRAY_LEN(statements); i++)
        assert_plan_is_cheap(db, statements[i]);
    sqlite3_close(db);
}

/* ---- By chance ---- */

#define CHANCE_EVENTS 600

struct model {
    struct rng rng;
    int64_t seqs[CHANCE_EVENTS];
    enum event_state events[CHANCE_EVENTS];
    enum delivery_state deliveries[CHANCE_EVENTS];
    size_t n;
};

/* One step of one event's life. */
static void go_on(struct fixture *f, struct model *m, size_t i)
{
    static const enum delivery_state ends[] = {DELIVERY_DELIVERED, DELIVERY_DEAD, DELIVERY_WAITING,
                                               DELIVERY_SKIPPED};
    enum delivery_state *delivery = &m->deliveries[i];
    if (*delivery == DELIVERY_NEW || *delivery == DELIVERY_WAITING) {
        enum delivery_state end = ends[rng_upto(&m->rng, ARRAY_LEN(ends) - 1)];
        put(f, m->seqs[i], 0, *delivery, end);
        *delivery = end;
    } else if (m->events[i] == EVENT_OPEN) {
        set(f, m->seqs[i], EVENT_OPEN, EVENT_CLOSED);
        m->events[i] = EVENT_CLOSED;
    }
}

static void assert_needed_is_there(struct fixture *f, const struct model *m)
{
    for (size_t i = 0; i < m->n; i++) {
        if (m->events[i] == EVENT_OPEN || m->deliveries[i] == DELIVERY_WAITING)
            assert_true(has_event(f, m->seqs[i]));
    }
}

/* The terms that count what is over never fall, and those of deliveries include all that ever
   were. */
static void assert_sums_stand(struct fixture *f, int64_t before[2])
{
    int64_t closed = of_channel(f, "closed"), delivered = of_connector(f, "delivered");
    assert_true(closed >= before[0]);
    assert_true(delivered >= before[1]);
    before[0] = closed;
    before[1] = delivered;
    fixture_check(f);
}

static void live_by_chance(struct fixture *f, uint64_t seed)
{
    struct model m = {0};
    int64_t before[2] = {of_channel(f, "closed"), of_connector(f, "delivered")};
    rng_init(&m.rng, seed);
    for (int step = 0; step < 3 * CHANCE_EVENTS; step++) {
        if (m.n < CHANCE_EVENTS && rng_upto(&m.rng, 2) == 0) {
            m.events[m.n] = EVENT_OPEN;
            m.seqs[m.n++] = queue_event(f, seed << 32 | (uint64_t)step, NULL);
        } else if (m.n > 0) {
            go_on(f, &m, (size_t)rng_upto(&m.rng, m.n - 1));
        }
        if (rng_upto(&m.rng, 60) == 0)
            pass(f, (int64_t)rng_upto(&m.rng, (uint64_t)DAY));
        if (step % 100 == 0) {
            fixture_settle(f);
            assert_needed_is_there(f, &m);
            assert_sums_stand(f, before);
        }
        if (rng_upto(&m.rng, 300) == 0) {
            fixture_settle(f);
            fixture_reopen(f);
        }
    }
}

static void by_chance_nothing_needed_goes_and_the_sums_stand(void **state)
{
    struct fixture *f = *state;
    open_with(f, &(struct journal_retention){.delivered_ms = 3 * DAY, .dead_ms = 5 * DAY});
    for (uint64_t seed = 1; seed <= 3; seed++)
        live_by_chance(f, seed);
}

/* ---- A week ---- */

static int64_t memory_used(void)
{
    struct mallinfo2 info = mallinfo2();
    return (int64_t)(info.uordblks + info.hblkhd);
}

#define WEEK_GROUP 1000

/* A week's traffic, squeezed into the time it takes: LIAISON_WEEK_EVENTS of them, 50,000 at least.
   Of each thousand one waits a day, and one dies. */
static void a_weeks_traffic_takes_no_more_room_than_a_days(void **state)
{
    struct fixture *f = *state;
    const char *asked = getenv("LIAISON_WEEK_EVENTS");
    int64_t groups = (asked ? strtoll(asked, NULL, 10) : 100000) / WEEK_GROUP;
    int64_t memory = 0, bytes = 0;
    open_with(f, &(struct journal_retention){.delivered_ms = DAY, .dead_ms = 2 * DAY});
    for (int64_t g = 0; g < groups; g++) {
        for (uint64_t i = 0; i < WEEK_GROUP - 2; i++)
            queue_delivered(f, (uint64_t)g * WEEK_GROUP + i);
        int64_t seq = queue_event(f, (uint64_t)g * WEEK_GROUP + WEEK_GROUP - 2, NULL);
        put(f, seq, 0, DELIVERY_NEW, DELIVERY_DEAD);
        set(f, seq, EVENT_OPEN, EVENT_CLOSED);
        seq = queue_event(f, (uint64_t)g * WEEK_GROUP + WEEK_GROUP - 1, NULL);
        put(f, seq, 0, DELIVERY_NEW, DELIVERY_WAITING);
        set(f, seq, EVENT_OPEN, EVENT_CLOSED);
        int64_t yesterdays = seq - groups / 7 * WEEK_GROUP;
        if (yesterdays > 0)
            put(f, yesterdays, 0, DELIVERY_WAITING, DELIVERY_DELIVERED);
        fixture_settle(f);
        pass(f, 7 * DAY / groups);
        if (g == groups * 3 / 7) {
            memory = memory_used();
            bytes = space_of(f).bytes;
        }
    }
    assert_true(space_of(f).bytes < bytes + bytes / 4);
    /* Known identities grow to 200,000, of 16 bytes and their table's. */
    assert_true(memory_used() < memory + 12 * MB);
    assert_true(count(f, "identities") <= JOURNAL_RECENT);
    assert_int_equal(of_channel(f, "received"), groups * WEEK_GROUP);
    assert_true(count(f, "events") < groups * WEEK_GROUP / 7 * 2);
    fixture_check(f);
}

static void what_is_to_be_kept_may_change_while_it_is_open(void **state)
{
    struct fixture *f = *state;
    open_by_age(f);
    int64_t seq = queue_delivered(f, 1);
    fixture_settle(f);
    pass(f, 2 * DAY);
    assert_true(has_event(f, seq));
    const struct journal_retention shorter = {.delivered_ms = DAY, .dead_ms = 90 * DAY};
    journal_set_retention(f->journal, &shorter);
    fixture_settle(f);
    assert_false(has_event(f, seq));
    fixture_check(f);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(what_is_to_be_kept_may_change_while_it_is_open),
        TEST(what_is_over_goes_when_it_is_old),
        TEST(what_is_open_waits_or_is_dead_stays),
        TEST(old_dead_letters_count_as_dropped),
        TEST(a_dead_letters_time_begins_with_its_end),
        TEST(dead_letters_in_somebodys_hands_stay),
        TEST(a_letter_of_an_open_event_stays),
        TEST(what_can_not_be_removed_holds_up_nothing),
        TEST(numbers_are_not_given_again),
        TEST(duplicates_of_what_is_gone_are_known),
        TEST(the_record_says_how_far_back_it_reaches),
        TEST(at_four_fifths_the_oldest_goes_first),
        TEST(a_journal_full_of_waiting_work_takes_no_more_until_some_has_ended),
        TEST(a_short_disk_is_lived_on_with_the_pages_of_what_is_over),
        TEST(room_that_comes_back_is_told_without_a_commit),
        TEST(nothing_is_searched_by_reading_all),
        TEST(by_chance_nothing_needed_goes_and_the_sums_stand),
        TEST(a_weeks_traffic_takes_no_more_room_than_a_days),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
