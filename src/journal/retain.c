/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * A sweep ends where nothing more may go now, rests, and begins anew from the oldest event. It
 * rests in proportion to the events that it had to go past, so that a journal full of waiting work
 * isn't searched all the time; what has come behind it is looked at meanwhile when room is needed.
 */
#include "journal/retain.h"

#include <stdlib.h>

#include "base/buf.h"
#include "journal/space.h"

/* A slice ends after so many ms, or so many numbers of events; where commits must wait or events
   be refused, they wait. */
#define SLICE_MS 3
#define SLICE_EVENTS 1000
#define URGENT_SLICES 8
#define SLICE_LETTERS 50
/* Events that are looked at in one go: fewer where that takes long, as their data may be large. */
#define WINDOW_MAX 500
#define WINDOW_MS 2

#define REST_MIN_MS 1000
#define REST_MAX_MS 60000
#define KEPT_PER_MS 20 /* events gone past cost about a microsecond each: a fiftieth of the time */
#define MEASURE_MS 1000
/* With room and nothing to remove it is measured anew only after so long, or when so much was written
   that it could make a difference: SQLite compiles what it is asked anew each time. */
#define MEASURE_REST_MS 100
#define MEASURE_SHARE 64 /* of a limit, one part */
#define LOOK_MAX 2000    /* events that are looked at in one go for one that isn't dated ahead */
#define UNDATED_MS INT64_C(3600000)

struct sweep {
    int64_t at;        /* events up to this one were looked at */
    int64_t letter_at; /* dead letters likewise */
    bool has_letters;  /* there may be more of these */
    bool is_over;      /* nothing more may go now */
    int64_t again_ms;  /* when the next one begins, monotonic; while over */
    int64_t kept;      /* rows that it went past */
    int64_t dropped;   /* dead letters */
};

/* What a rollback takes back. */
struct standing {
    struct space space;
    int64_t measured_ms; /* monotonic; 0: not yet */
    int64_t written;     /* bytes that the connection had written then */
    struct sweep sweep;
};

/* Events that were found dated ahead, in a row. */
struct ahead {
    int64_t first, last;
};

struct retain {
    struct retain_options options;
    struct standing now, committed;
    int64_t window;
    int64_t removed; /* the last event of this slice that is gone; 0: none is */
    bool are_letters_held;
    struct ahead ahead;
};

static const struct sweep sweep_start = {.has_letters = true};

static int64_t mono_ms(const struct retain *r)
{
    return clock_mono_ms(&r->options.clock);
}

/* ---- Identities ----------------------------------------------------------------------------- */

/* Two at most for each one that is kept: so there are soon no more of a channel than are known. */
static int forget_oldest(struct retain *r, struct slice channel, struct err *err)
{
    for (int i = 0; i < 2; i++) {
        sqlite3_stmt *oldest = db_statement(r->options.db, SQL_OLDEST_IDENTITY, err);
        if (!oldest)
            return -1;
        db_bind_text(oldest, 1, channel);
        if (db_step(r->options.db, oldest, err) <= 0)
            return -1; /* the one just kept is there */
        int64_t seq = sqlite3_column_int64(oldest, 0);
        struct slice identity = db_column_blob(oldest, 1);
        bool is_known =
            identity.len == IDENTITY_LEN &&
            recent_has(r->options.recent, channel, (const unsigned char *)identity.data);
        sqlite3_reset(oldest);
        if (is_known)
            return 0;
        sqlite3_stmt *s = db_statement(r->options.db, SQL_FORGET_IDENTITY, err);
        if (!s)
            return -1;
        db_bind_text(s, 1, channel);
        db_bind_int(s, 2, seq);
        if (db_run(r->options.db, s, err) < 0)
            return -1;
    }
    return 0;
}

static int keep_identity(struct retain *r, int64_t seq, struct slice channel, struct slice identity,
                         struct err *err)
{
    if (identity.len != IDENTITY_LEN ||
        !recent_has(r->options.recent, channel, (const unsigned char *)identity.data))
        return 0;
    sqlite3_stmt *s = db_statement(r->options.db, SQL_KEEP_IDENTITY, err);
    if (!s)
        return -1;
    db_bind_text(s, 1, channel);
    db_bind_int(s, 2, seq);
    db_bind_blob(s, 3, identity);
    if (db_run(r->options.db, s, err) < 0)
        return -1;
    return forget_oldest(r, channel, err);
}

/* Those that a restart would have to know. */
static int keep_identities(struct retain *r, int64_t first, int64_t last, struct err *err)
{
    sqlite3_stmt *s = db_statement(r->options.db, SQL_RETAIN_IDENTITIES, err);
    int rc = -1;
    if (!s)
        return -1;
    db_bind_int(s, 1, first);
    db_bind_int(s, 2, last);
    while ((rc = db_step(r->options.db, s, err)) > 0) {
        if (keep_identity(r, sqlite3_column_int64(s, 0), db_column_text(s, 1), db_column_blob(s, 2),
                          err) < 0) {
            sqlite3_reset(s);
            return -1;
        }
    }
    return rc;
}

/* ---- Events --------------------------------------------------------------------------------- */

/* All events from `first` to `last`, and all that is theirs. */
static int remove_events(struct retain *r, int64_t first, int64_t last, struct err *err)
{
    static const enum sql removals[] = {SQL_REMOVE_ATTEMPTS, SQL_REMOVE_EDITS,
                                        SQL_REMOVE_RETRIES,  SQL_REMOVE_DELIVERIES,
                                        SQL_REMOVE_EVENTS,   SQL_REMOVE_BLOCKS};
    if (keep_identities(r, first, last, err) < 0)
        return -1;
    for (size_t i = 0; i < ARRAY_LEN(removals); i++) {
        sqlite3_stmt *s = db_statement(r->options.db, removals[i], err);
        if (!s)
            return -1;
        db_bind_int(s, 1, first);
        db_bind_int(s, 2, last);
        if (db_run(r->options.db, s, err) < 0)
            return -1;
    }
    r->removed = last > r->removed ? last : r->removed;
    return 0;
}

/* Removes what lies between those that have to stay. */
static int clear_window(struct retain *r, int64_t first, int64_t last, struct err *err)
{
    sqlite3_stmt *held = db_statement(r->options.db, SQL_RETAIN_HELD, err);
    int rc = -1;
    if (!held)
        return -1;
    db_bind_int(held, 1, first);
    db_bind_int(held, 2, last);
    while ((rc = db_step(r->options.db, held, err)) > 0) {
        int64_t seq = sqlite3_column_int64(held, 0);
        r->now.sweep.kept++;
        if (seq > first && remove_events(r, first, seq - 1, err) < 0) {
            sqlite3_reset(held);
            return -1;
        }
        first = seq + 1;
    }
    return rc < 0 || first > last ? rc : remove_events(r, first, last, err);
}

/* ---- Age ------------------------------------------------------------------------------------ */

/* Receipts are in the order of numbers, dates are as long as the clock isn't set. An event that is
   dated ahead of the time was received while the clock was: its date says nothing, but that of the
   next one behind it which isn't does, as that was received later. And one that is dated before
   those in front of it isn't older than they are. So events go by number alone, and their time is
   over when it is for the latest date among them and in front of them, those ahead left out. */

/* The first event from `first` on that isn't dated ahead, and when it was received; *seq is 0 where
   there is none, or it lies further than is looked at once. */
static int find_dated(struct retain *r, int64_t first, int64_t now_ms, int64_t *seq,
                      int64_t *received_ms, struct err *err)
{
    struct ahead *ahead = &r->ahead;
    sqlite3_stmt *s = db_statement(r->options.db, SQL_RETAIN_DATES, err);
    int rc;
    if (!s)
        return -1;
    if (first < ahead->first || first > ahead->last + 1)
        *ahead = (struct ahead){first, first - 1};
    db_bind_int(s, 1, ahead->last + 1);
    db_bind_int(s, 2, LOOK_MAX);
    *seq = 0;
    while ((rc = db_step(r->options.db, s, err)) > 0) {
        *received_ms = sqlite3_column_int64(s, 1);
        if (*received_ms <= now_ms) {
            *seq = sqlite3_column_int64(s, 0);
            sqlite3_reset(s);
            return 0;
        }
        ahead->last = sqlite3_column_int64(s, 0);
    }
    return rc;
}

/* The latest date from `first` to `last`, those ahead left out, and the last event that has one. */
static int find_latest(struct retain *r, int64_t first, int64_t last, int64_t now_ms,
                       int64_t *latest_ms, int64_t *seq, struct err *err)
{
    sqlite3_stmt *s = db_statement(r->options.db, SQL_RETAIN_AGE, err);
    if (!s)
        return -1;
    db_bind_int(s, 1, first);
    db_bind_int(s, 2, last);
    db_bind_int(s, 3, now_ms);
    if (db_step(r->options.db, s, err) < 0)
        return -1;
    *latest_ms = sqlite3_column_int64(s, 0);
    *seq = sqlite3_column_int64(s, 1);
    sqlite3_reset(s);
    return 0;
}

/* Cuts the events from `first` to *last to those whose time is over; 0: none is. */
static int cut_to_old(struct retain *r, int64_t first, int64_t *last, struct err *err)
{
    int64_t now_ms = clock_wall_ms(&r->options.clock);
    int64_t before_ms = now_ms - r->options.retention.delivered_ms;
    int64_t dated, date_ms;
    if (find_dated(r, first, now_ms, &dated, &date_ms, err) < 0)
        return -1;
    if (dated == 0 || date_ms > before_ms)
        return 0;
    if (dated >= *last)
        return 1;
    for (;;) {
        int64_t seq;
        if (find_latest(r, dated, *last, now_ms, &date_ms, &seq, err) < 0)
            return -1;
        if (date_ms <= before_ms) {
            *last = seq;
            return 1;
        }
        *last = dated + (*last - dated) / 2;
    }
}

/* The next events whose time has come, one of them at least; 0: there are none. */
static int find_window(struct retain *r, int64_t *first, int64_t *last, struct err *err)
{
    sqlite3_stmt *s = db_statement(r->options.db, SQL_RETAIN_SPAN, err);
    if (!s)
        return -1;
    db_bind_int(s, 1, r->now.sweep.at);
    if (db_step(r->options.db, s, err) < 0)
        return -1;
    *first = sqlite3_column_int64(s, 0);
    *last = sqlite3_column_int64(s, 1);
    sqlite3_reset(s);
    if (*first == 0)
        return 0;
    if (*last >= *first + r->window)
        *last = *first + r->window - 1;
    if (r->now.space.is_pressed)
        return 1;
    return r->options.retention.delivered_ms == 0 ? 0 : cut_to_old(r, *first, last, err);
}

/* 1: the sweep went on; 0: it can't. */
static int sweep_window(struct retain *r, struct err *err)
{
    int64_t first, last, began_ms = mono_ms(r);
    int rc = find_window(r, &first, &last, err);
    if (rc <= 0)
        return rc;
    if (clear_window(r, first, last, err) < 0)
        return -1;
    r->now.sweep.at = last;
    if (mono_ms(r) - began_ms >= WINDOW_MS)
        r->window = r->window > 1 ? r->window / 2 : 1;
    else if (r->window < WINDOW_MAX)
        r->window = 2 * r->window < WINDOW_MAX ? 2 * r->window : WINDOW_MAX;
    return 1;
}

/* ---- Dead letters --------------------------------------------------------------------------- */

static int run_on(struct retain *r, enum sql sql, int64_t seq, struct err *err)
{
    sqlite3_stmt *s = db_statement(r->options.db, sql, err);
    if (!s)
        return -1;
    db_bind_int(s, 1, seq);
    return db_run(r->options.db, s, err);
}

/* The one that stands in `letter`. */
static int drop_letter(struct retain *r, sqlite3_stmt *letter, struct err *err)
{
    struct sums *sums = r->options.sums;
    struct slice connector = db_column_text(letter, 1), channel = db_column_text(letter, 4);
    if (run_on(r, SQL_DROP_LETTER, sqlite3_column_int64(letter, 0), err) < 0)
        return -1;
    r->now.sweep.dropped++;
    if (connector.data) {
        sums_add(sums, SUM_CONNECTOR, connector, SUM_DELIVERY_DEAD, -1);
        sums_add(sums, SUM_CONNECTOR, connector, SUM_DELIVERY_DROPPED, 1);
        r->now.space.shown.n_dropped++;
        return 0;
    }
    if (run_on(r, SQL_DROP_EVENT, sqlite3_column_int64(letter, 3), err) < 0)
        return -1;
    if (sqlite3_changes(r->options.db->handle) == 0)
        return 0;
    int state = event_state_of(db_column_text(letter, 5));
    sums_add(sums, SUM_CHANNEL, channel, sum_term_of_event((enum event_state)state), -1);
    sums_add(sums, SUM_CHANNEL, channel, SUM_EVENT_DROPPED, 1);
    return 0;
}

/* Whether the letter in `s` may go. Those of an open event stay until it is closed, whose work counts
   them. One that ended long before it was received did while the clock was behind, nobody knows
   when: it stays for people. */
static bool is_letter_over(sqlite3_stmt *s, int64_t before_ms)
{
    int64_t ended_ms = sqlite3_column_int64(s, 2), received_ms = sqlite3_column_int64(s, 6);
    bool is_open = slice_is_equal(db_column_text(s, 5), SLICE_LIT("open"));
    return !is_open && ended_ms <= before_ms && ended_ms >= received_ms - UNDATED_MS;
}

/* 1: it was looked at, and dropped if its time is over; 0: there are no more as old. */
static int sweep_letter(struct retain *r, struct err *err)
{
    sqlite3_stmt *s = db_statement(r->options.db, SQL_RETAIN_LETTER, err);
    if (!s)
        return -1;
    int64_t now_ms = clock_wall_ms(&r->options.clock);
    int64_t before_ms = now_ms - r->options.retention.dead_ms;
    db_bind_int(s, 1, r->now.sweep.letter_at);
    int rc = db_step(r->options.db, s, err);
    if (rc <= 0)
        return rc;
    r->now.sweep.letter_at = sqlite3_column_int64(s, 0);
    int64_t received_ms = sqlite3_column_int64(s, 6);
    if (received_ms > now_ms)
        r->now.sweep.kept++;
    else if (received_ms > before_ms)
        rc = 0;
    else if (is_letter_over(s, before_ms))
        rc = drop_letter(r, s, err) < 0 ? -1 : 1;
    sqlite3_reset(s);
    return rc;
}

static int sweep_letters(struct retain *r, struct err *err)
{
    if (r->options.retention.dead_ms == 0 || r->are_letters_held)
        r->now.sweep.has_letters = false;
    for (int i = 0; i < SLICE_LETTERS && r->now.sweep.has_letters; i++) {
        int rc = sweep_letter(r, err);
        if (rc < 0)
            return -1;
        r->now.sweep.has_letters = rc > 0;
    }
    return 0;
}

/* ---- Sweeps --------------------------------------------------------------------------------- */

static int64_t rest_ms(const struct retain *r)
{
    const struct journal_retention *retention = &r->options.retention;
    int64_t shortest = retention->delivered_ms;
    if (shortest == 0 || (retention->dead_ms > 0 && retention->dead_ms < shortest))
        shortest = retention->dead_ms;
    int64_t ms = shortest > 0 ? shortest / 64 : REST_MAX_MS;
    if (ms > REST_MAX_MS)
        ms = REST_MAX_MS;
    if (ms < REST_MIN_MS || r->now.space.is_pressed)
        ms = REST_MIN_MS;
    int64_t earned = r->now.sweep.kept / KEPT_PER_MS;
    return earned > ms ? earned : ms;
}

static void end_sweep(struct retain *r)
{
    struct sweep *sweep = &r->now.sweep;
    if (sweep->is_over || sweep->has_letters)
        return;
    sweep->is_over = true;
    sweep->again_ms = mono_ms(r) + rest_ms(r);
    if (sweep->dropped > 0)
        log_warn(r->options.log, "journal: dead letters dropped, they were older than retain.dead",
                 LOG_INT("letters", sweep->dropped));
    sweep->dropped = 0;
}

static int measure(struct retain *r, struct err *err)
{
    bool was_pressed = r->now.space.is_pressed;
    r->now.measured_ms = mono_ms(r);
    r->now.written = db_bytes_written(r->options.db);
    if (space_measure(&r->now.space, r->options.db, &r->options.retention, r->options.disk_free,
                      err) < 0)
        return -1;
    if (r->now.space.is_pressed && !was_pressed)
        r->now.sweep.is_over = false; /* what was too young may go now */
    return 0;
}

/* Bytes that can be written without making a difference. */
static int64_t slack(const struct journal_retention *retention)
{
    int64_t size = retention->size_max, least = retention->disk_free_min;
    if (size == 0 || (least > 0 && least < size))
        size = least;
    return size > 0 ? size / MEASURE_SHARE : INT64_MAX;
}

static bool is_measure_due(const struct retain *r)
{
    const struct standing *now = &r->now;
    return now->measured_ms == 0 || !now->sweep.is_over || now->space.is_pressed ||
           now->space.shown.room != JOURNAL_HAS_ROOM ||
           mono_ms(r) >= now->measured_ms + MEASURE_REST_MS ||
           db_bytes_written(r->options.db) - now->written >= slack(&r->options.retention);
}

static int sweep(struct retain *r, struct err *err)
{
    int64_t slices = r->now.space.is_urgent ? URGENT_SLICES : 1;
    int64_t until_ms = mono_ms(r) + slices * SLICE_MS;
    int64_t left = slices * SLICE_EVENTS;
    while (left > 0 && mono_ms(r) < until_ms) {
        int64_t at = r->now.sweep.at;
        int rc = sweep_window(r, err);
        if (rc < 0)
            return -1;
        if (rc == 0) {
            end_sweep(r);
            return 0;
        }
        left -= r->now.sweep.at - at;
        if (measure(r, err) < 0)
            return -1;
    }
    return 0;
}

int retain_slice(struct retain *r, struct err *err)
{
    r->removed = 0;
    if (is_measure_due(r) && measure(r, err) < 0)
        return -1;
    if (r->now.sweep.is_over && mono_ms(r) >= r->now.sweep.again_ms)
        r->now.sweep = sweep_start;
    if (r->now.sweep.is_over && !r->now.space.is_pressed)
        return 0;
    if (sweep_letters(r, err) < 0 || sweep(r, err) < 0)
        return -1;
    return r->removed > 0 ? run_on(r, SQL_SET_LAST_SEQ, r->removed, err) : 0;
}

void retain_commit(struct retain *r)
{
    r->committed = r->now;
}

void retain_rollback(struct retain *r)
{
    r->now = r->committed;
}

/* ---- All of it ------------------------------------------------------------------------------ */

struct retain *retain_new(const struct retain_options *options)
{
    struct retain *r = mem_calloc(1, sizeof(*r));
    r->options = *options;
    r->window = WINDOW_MAX;
    r->now.sweep = r->committed.sweep = sweep_start;
    return r;
}

void retain_free(struct retain *r)
{
    free(r);
}

void retain_set(struct retain *r, const struct journal_retention *retention)
{
    r->options.retention = *retention;
    r->now.sweep = r->committed.sweep = sweep_start;
}

void retain_hold_letters(struct retain *r, bool hold)
{
    r->are_letters_held = hold;
}

int64_t retain_next_ms(const struct retain *r)
{
    const struct journal_retention *retention = &r->options.retention;
    if (retention->delivered_ms == 0 && retention->dead_ms == 0 && retention->size_max == 0 &&
        retention->disk_free_min == 0)
        return INT64_MAX;
    if (!r->committed.sweep.is_over)
        return INT64_MIN;
    int64_t next_ms = r->committed.sweep.again_ms;
    int64_t measure_ms = r->committed.measured_ms + MEASURE_MS;
    bool has_room = r->committed.space.shown.room == JOURNAL_HAS_ROOM;
    return !has_room && measure_ms < next_ms ? measure_ms : next_ms;
}

const struct journal_space *retain_space(const struct retain *r)
{
    return &r->committed.space.shown;
}
