/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Rows are copied column by column, whatever columns the older table has. What was read from a page
 * that only looks sound is refused where it can't be what was written.
 */
#include "journal/salvage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/json.h"
#include "event/record.h"
#include "journal/journal.h"
#include "journal/recent.h"
#include "journal/sums.h"

/* Whether a row is to be copied. */
struct copying;
typedef bool (*keep_fn)(struct copying *c, sqlite3_stmt *row);

/* A table with its statements on both sides; `row` gives those of one `key`, `all` every one. */
struct table {
    const char *name, *into; /* on either side */
    char *columns;
    sqlite3_stmt *seek, *row, *insert; /* `seek` where rows have a seq */
};

struct copying {
    struct db *from, *to;
    struct table events, deliveries, attempts;
    struct recent *recent; /* identities that are copied */
    int64_t last_seq;      /* the highest number seen */
    int64_t n_unmarked;    /* events that must be open, though which can't be read */
    int64_t n_guessed;     /* as salvage.n_open_guessed */
    bool is_older;         /* the rows themselves say what is open */
    struct err *err;
};

/* What a read of the damaged file came to. */
enum reading {
    READ_FAILED = -1, /* for another reason: with err */
    READ_END,
    READ_ROW,
    READ_DAMAGED,
};

/* ---- Reading what is damaged ---------------------------------------------------------------- */

/* Damage shows itself as such, or as a schema in which things are missing. */
static enum reading judge(struct copying *c)
{
    if (db_was_unreadable(c->from))
        return READ_FAILED;
    switch (sqlite3_errcode(c->from->handle) & 0xFF) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_ERROR:
    case SQLITE_TOOBIG:
        return READ_DAMAGED;
    default:
        return READ_FAILED;
    }
}

static enum reading step(struct copying *c, sqlite3_stmt *s)
{
    if (!s)
        return READ_DAMAGED;
    struct err err;
    int rc = db_step(c->from, s, &err);
    if (rc >= 0)
        return rc > 0 ? READ_ROW : READ_END;
    if (err.code == ERR_CORRUPT || judge(c) == READ_DAMAGED)
        return READ_DAMAGED;
    *c->err = err;
    return READ_FAILED;
}

/* *s is NULL when the damaged file has no such table any more. Frees the text. */
static int prepare_from(struct copying *c, char *sql, sqlite3_stmt **s)
{
    *s = NULL;
    int code = sqlite3_prepare_v2(c->from->handle, sql, -1, s, NULL);
    sqlite3_free(sql);
    if (code == SQLITE_OK || judge(c) == READ_DAMAGED)
        return 0;
    return err_set(c->err, ERR_IO, "cannot read %s: %s", c->from->path,
                   sqlite3_errmsg(c->from->handle));
}

/* ---- Tables --------------------------------------------------------------------------------- */

static void table_deinit(struct table *t)
{
    sqlite3_finalize(t->seek);
    sqlite3_finalize(t->row);
    sqlite3_finalize(t->insert);
    free(t->columns);
}

static int read_columns(struct copying *c, struct table *t)
{
    sqlite3_stmt *s = db_statement(c->from, SQL_SALVAGE_COLUMNS, c->err);
    if (!s)
        return judge(c) == READ_DAMAGED ? 0 : -1;
    db_bind_str(s, 1, t->name);
    enum reading got = step(c, s);
    if (got == READ_ROW && sqlite3_column_type(s, 0) != SQLITE_NULL)
        t->columns = mem_strdup(db_column_str(s, 0));
    sqlite3_reset(s);
    return got == READ_FAILED ? -1 : 0;
}

static bool is_in(struct slice names, struct slice name)
{
    while (names.data) {
        if (slice_is_equal(slice_trim(slice_split(&names, ',')), name))
            return true;
    }
    return false;
}

/* 1: the table has no column but those of the new one; 0: it has, or isn't there; -1 with err. */
static int knows_table(struct copying *c, const char *name)
{
    struct table found = {.name = name}, known = {.name = name};
    struct copying new = {.from = c->to, .err = c->err};
    int rc = read_columns(c, &found) < 0 || read_columns(&new, &known) < 0 ? -1 : 0;
    if (rc == 0 && found.columns && known.columns) {
        struct slice names = slice_str(found.columns);
        for (rc = 1; names.data && rc;)
            rc = is_in(slice_str(known.columns), slice_trim(slice_split(&names, ',')));
    }
    table_deinit(&found);
    table_deinit(&known);
    return rc;
}

/* Up to version 5 events had one table, of the name that the view has now. */
static int knows_events(struct copying *c)
{
    int rows = knows_table(c, "event_rows"), open = knows_table(c, "open_events");
    if (rows < 0 || open < 0)
        return -1;
    return rows > 0 || open > 0 ? rows && open : knows_table(c, "events");
}

int salvage_knows_tables(struct db *from, struct db *to, struct err *err)
{
    static const char *const names[] = {"schema", "deliveries", "attempts", "positions", "sums"};
    struct copying c = {.from = from, .to = to, .err = err};
    int rc = knows_events(&c);
    for (size_t i = 0; i < ARRAY_LEN(names) && rc > 0; i++)
        rc = knows_table(&c, names[i]);
    return rc;
}

/* A table with a column that no journal has is none of which anything is known. */
static int prepare_insert(struct copying *c, struct table *t)
{
    struct buf marks = {0};
    const char *comma = "";
    for (int i = 0; i < sqlite3_column_count(t->row); i++, comma = ", ")
        buf_printf(&marks, "%s?%d", comma, i + 1);
    char *sql =
        sqlite3_mprintf(sql_text[SQL_SALVAGE_INSERT_FORMAT], t->into, t->columns, marks.data);
    int code = sqlite3_prepare_v2(c->to->handle, sql, -1, &t->insert, NULL);
    sqlite3_free(sql);
    buf_deinit(&marks);
    if (code == SQLITE_ERROR) {
        sqlite3_finalize(t->row);
        sqlite3_finalize(t->seek);
        t->row = t->seek = NULL;
        return 0;
    }
    if (code != SQLITE_OK)
        return err_set(c->err, ERR_IO, "cannot write %s: %s", c->to->path,
                       sqlite3_errmsg(c->to->handle));
    return 0;
}

/* A table that can't be read any more stays without statements. */
static int table_init(struct copying *c, struct table *t, const char *name, const char *into,
                      const char *key)
{
    *t = (struct table){.name = name, .into = into};
    if (read_columns(c, t) < 0)
        return -1;
    if (!t->columns)
        return 0;
    char *sql = sqlite3_mprintf(sql_text[SQL_SALVAGE_ROW_FORMAT], t->columns, name, key);
    if (prepare_from(c, sql, &t->row) < 0)
        return -1;
    sql = sqlite3_mprintf(sql_text[SQL_SALVAGE_SEEK_FORMAT], name);
    if (strcmp(key, "seq") != 0)
        sqlite3_free(sql);
    else if (prepare_from(c, sql, &t->seek) < 0)
        return -1;
    return t->row ? prepare_insert(c, t) : 0;
}

/* Up to version 5 they had the name that the view has now. */
static int events_init(struct copying *c)
{
    if (table_init(c, &c->events, "event_rows", "event_rows", "seq") < 0)
        return -1;
    return c->events.columns ? 0 : table_init(c, &c->events, "events", "event_rows", "seq");
}

static bool has_open_events(const struct copying *c)
{
    return strcmp(c->events.name, c->events.into) == 0;
}

static int column_of(sqlite3_stmt *s, const char *name)
{
    for (int i = 0; i < sqlite3_column_count(s); i++) {
        if (strcmp(sqlite3_column_name(s, i), name) == 0)
            return i;
    }
    return -1;
}

static struct slice text_of(sqlite3_stmt *s, const char *name)
{
    int i = column_of(s, name);
    return i < 0 ? SLICE_NULL : db_column_blob(s, i);
}

static int64_t int_of(sqlite3_stmt *s, const char *name)
{
    int i = column_of(s, name);
    return i < 0 ? 0 : sqlite3_column_int64(s, i);
}

static int copy_row(struct copying *c, sqlite3_stmt *row, sqlite3_stmt *insert)
{
    sqlite3_reset(insert);
    for (int i = 0; i < sqlite3_column_count(row); i++)
        sqlite3_bind_value(insert, i + 1, sqlite3_column_value(row, i));
    return db_run(c->to, insert, c->err);
}

/* Copies the rows of `key` that are to be kept, as far as they can be read. */
static int copy_rows_of(struct copying *c, struct table *t, int64_t key, keep_fn keep)
{
    enum reading got;
    if (!t->row)
        return 0;
    sqlite3_reset(t->row);
    db_bind_int(t->row, 1, key);
    while ((got = step(c, t->row)) == READ_ROW) {
        if (keep(c, t->row) && copy_row(c, t->row, t->insert) < 0)
            return -1;
    }
    return got == READ_FAILED ? -1 : 0;
}

/* ---- Looking for rows ----------------------------------------------------------------------- */

/* The number of the next row at or below `at`. */
static enum reading seek(struct copying *c, struct table *t, int64_t at, int64_t *seq)
{
    sqlite3_reset(t->seek);
    db_bind_int(t->seek, 1, at);
    enum reading got = step(c, t->seek);
    if (got == READ_ROW)
        *seq = sqlite3_column_int64(t->seek, 0);
    sqlite3_reset(t->seek);
    return got;
}

/* As seek, where `at` lies in what can't be read: the highest number below it from which on reading
   works, found by growing steps, then by halving the last one. */
static enum reading seek_below(struct copying *c, struct table *t, int64_t at, int64_t *seq)
{
    int64_t bad = at, good = 0, found;
    enum reading got = READ_DAMAGED;
    for (int64_t gap = 1; got == READ_DAMAGED && bad > 0; gap = gap > bad / 2 ? bad : gap * 2) {
        good = bad - gap;
        got = seek(c, t, good, &found);
        if (got == READ_DAMAGED)
            bad = good;
    }
    if (got != READ_ROW && got != READ_END)
        return got == READ_DAMAGED ? READ_END : got;
    enum reading best = got;
    *seq = best == READ_ROW ? found : 0;
    while (bad - good > 1) {
        int64_t middle = good + (bad - good) / 2;
        got = seek(c, t, middle, &found);
        if (got == READ_FAILED)
            return got;
        if (got == READ_DAMAGED) {
            bad = middle;
            continue;
        }
        good = middle;
        best = got;
        *seq = got == READ_ROW ? found : 0;
    }
    return best;
}

/* The next row at or below `at` that can be read. */
static enum reading seek_near(struct copying *c, struct table *t, int64_t at, int64_t *seq)
{
    enum reading got = seek(c, t, at, seq);
    return got == READ_DAMAGED ? seek_below(c, t, at, seq) : got;
}

/* Copies what is to be kept of a whole table, from its end on. */
static int copy_table(struct copying *c, struct table *t, keep_fn keep)
{
    int64_t at = INT64_MAX, seq = 0;
    if (!t->seek)
        return 0;
    for (;;) {
        enum reading got = seek_near(c, t, at, &seq);
        if (got != READ_ROW || seq <= 0)
            return got == READ_FAILED ? -1 : 0;
        if (copy_rows_of(c, t, seq, keep) < 0)
            return -1;
        at = seq - 1;
    }
}

/* Copies a small table from its beginning to where it can't be read, and from its end. */
static int copy_small_table(struct copying *c, const char *name, const char *const orders[2],
                            keep_fn keep)
{
    struct table t;
    int rc = table_init(c, &t, name, name, "1");
    for (int i = 0; i < 2 && rc == 0 && t.row; i++) {
        enum reading got = READ_END;
        sqlite3_stmt *s;
        rc = prepare_from(
            c, sqlite3_mprintf(sql_text[SQL_SALVAGE_ALL_FORMAT], t.columns, name, orders[i]), &s);
        while (rc == 0 && (got = step(c, s)) == READ_ROW) {
            if (keep(c, s))
                rc = copy_row(c, s, t.insert);
        }
        sqlite3_finalize(s);
        if (got == READ_FAILED)
            rc = -1;
    }
    table_deinit(&t);
    return rc;
}

/* ---- Which rows ----------------------------------------------------------------------------- */

static bool is_data(struct slice data)
{
    return !data.data || json_check(data, NULL) == 0;
}

/* "SEQ-HASH" of the event that the row's number says. */
static bool has_id_of_its_event(sqlite3_stmt *row, int64_t event)
{
    char prefix[24];
    int len = snprintf(prefix, sizeof(prefix), "%lld-", (long long)event);
    return slice_has_prefix(text_of(row, "id"), slice_of(prefix, (size_t)len));
}

static bool is_delivery(struct copying *c, sqlite3_stmt *row)
{
    int64_t event = delivery_event_seq(int_of(row, "seq"));
    if (delivery_state_of(text_of(row, "state")) <= DELIVERY_NEW ||
        !has_id_of_its_event(row, event) || !is_data(text_of(row, "data")))
        return false;
    if (event > c->last_seq)
        c->last_seq = event;
    return true;
}

static bool is_unfinished(struct copying *c, sqlite3_stmt *row)
{
    if (!is_delivery(c, row))
        return false;
    int state = delivery_state_of(text_of(row, "state"));
    return state == DELIVERY_WAITING || state == DELIVERY_DEAD;
}

/* Whether the statement finds something of the event in what was copied. */
static bool has(struct copying *c, enum sql sql, int64_t event)
{
    sqlite3_stmt *s = db_statement(c->to, sql, c->err);
    if (!s)
        return false;
    db_bind_int(s, 1, event);
    bool has = db_step(c->to, s, c->err) > 0;
    sqlite3_reset(s);
    return has;
}

/* One of its channel's newest, which come first. */
static bool is_recent(struct copying *c, sqlite3_stmt *row)
{
    struct slice channel = text_of(row, "channel"), identity = text_of(row, "identity");
    if (identity.len != IDENTITY_LEN || recent_count(c->recent, channel) >= JOURNAL_RECENT)
        return false;
    return recent_add(c->recent, channel, (const unsigned char *)identity.data);
}

/* Where it can't be read which events are open, the newest are taken to be: to handle one again that
   was closed repeats none of its sends, which have their rows. */
static bool is_open(struct copying *c, int64_t seq)
{
    if (has(c, SQL_SALVAGE_IS_OPEN, seq))
        return true;
    if (c->n_unmarked == 0)
        return false;
    sqlite3_stmt *s = db_statement(c->to, SQL_OPEN_EVENT, c->err);
    if (!s)
        return false;
    c->n_unmarked--;
    c->n_guessed++;
    db_bind_int(s, 1, seq);
    return db_run(c->to, s, c->err) == 0;
}

static bool is_wanted_event(struct copying *c, sqlite3_stmt *row)
{
    int64_t seq = int_of(row, "seq");
    int state = event_state_of(text_of(row, "state"));
    bool is_json = slice_is_equal(text_of(row, "data_kind"), SLICE_LIT("json"));
    if (state <= EVENT_NEW || seq > INT64_MAX >> DELIVERY_ORDINAL_BITS ||
        text_of(row, "channel").len == 0 || (is_json && !is_data(text_of(row, "data"))))
        return false;
    if (seq > c->last_seq)
        c->last_seq = seq;
    c->is_older = c->is_older || state == EVENT_OPEN;
    bool is_new = is_recent(c, row);
    return state == EVENT_OPEN || (state == EVENT_CLOSED && is_open(c, seq)) || is_new ||
           has(c, SQL_SALVAGE_HAS_DELIVERY, seq);
}

static bool is_any(struct copying *c, sqlite3_stmt *row)
{
    (void)c;
    (void)row;
    return true;
}

static bool is_sum(struct copying *c, sqlite3_stmt *row)
{
    (void)c;
    char *scope_name = slice_dup(text_of(row, "scope")), *term = slice_dup(text_of(row, "term"));
    int scope = sum_scope_of(scope_name);
    bool is =
        scope >= 0 && sum_term_of((enum sum_scope)scope, term) >= 0 && int_of(row, "value") >= 0;
    free(scope_name);
    free(term);
    return is;
}

/* ---- Tables, in order ------------------------------------------------------------------------ */

typedef int (*with_seq_fn)(struct copying *c, int64_t seq);

/* Calls `fn` with each number that the statement gives, whose parameter is the one before. */
static int each_seq(struct copying *c, enum sql sql, with_seq_fn fn)
{
    for (int64_t seq = 0;;) {
        sqlite3_stmt *s = db_statement(c->to, sql, c->err);
        if (!s)
            return -1;
        db_bind_int(s, 1, seq);
        int rc = db_step(c->to, s, c->err);
        seq = rc > 0 ? sqlite3_column_int64(s, 0) : 0;
        sqlite3_reset(s);
        if (rc <= 0)
            return rc;
        if (fn(c, seq) < 0)
            return -1;
    }
}

/* A handler that runs again has to know what it sent. */
static int copy_deliveries_of(struct copying *c, int64_t event)
{
    for (int64_t at = delivery_seq(event, DELIVERY_ORDINAL_MAX), seq; c->deliveries.seek;
         at = seq - 1) {
        enum reading got = seek_near(c, &c->deliveries, at, &seq);
        if (got != READ_ROW || delivery_event_seq(seq) != event)
            return got == READ_FAILED ? -1 : 0;
        if (copy_rows_of(c, &c->deliveries, seq, is_delivery) < 0)
            return -1;
    }
    return 0;
}

static int copy_attempts_of(struct copying *c, int64_t delivery)
{
    return copy_rows_of(c, &c->attempts, delivery, is_any);
}

static int run_each(struct copying *c, const enum sql *sql, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (db_run_sql(c->to, sql[i], c->err) < 0)
            return -1;
    }
    return 0;
}

/* By the first page of the new one, what is older looks as if it had lost which events are open. */
static int forget_guesses(struct copying *c)
{
    if (!c->is_older)
        return 0;
    c->n_guessed = 0;
    return db_run_sql(c->to, SQL_SALVAGE_FORGET_OPEN, c->err);
}

static int copy_rows(struct copying *c)
{
    static const enum sql opening[] = {SQL_SALVAGE_PUT_OPEN, SQL_SALVAGE_CLOSE_ROWS,
                                       SQL_SALVAGE_DROP_OPEN};
    static const enum sql mending[] = {SQL_SALVAGE_DROP_RUNS,    SQL_SALVAGE_DROP_DELIVERIES,
                                       SQL_SALVAGE_ADD_EVENTS,   SQL_SALVAGE_CLOSE_EVENTS,
                                       SQL_SALVAGE_DROP_EVENTS,  SQL_SALVAGE_DROP_EDITS,
                                       SQL_SALVAGE_DROP_RETRIES, SQL_SALVAGE_PUT_BLOCKS};
    if (copy_table(c, &c->deliveries, is_unfinished) < 0 ||
        copy_table(c, &c->events, is_wanted_event) < 0 || forget_guesses(c) < 0 ||
        run_each(c, opening, ARRAY_LEN(opening)) < 0 ||
        each_seq(c, SQL_SALVAGE_NEXT_OPEN, copy_deliveries_of) < 0 ||
        run_each(c, mending, ARRAY_LEN(mending)) < 0)
        return -1;
    return each_seq(c, SQL_SALVAGE_NEXT_DELIVERY, copy_attempts_of);
}

static int copy_small_tables(struct copying *c)
{
    static const char *const by_channel[] = {"channel", "channel DESC"};
    static const char *const by_seq[] = {"seq", "seq DESC"};
    static const char *const by_place[] = {"channel, seq", "channel DESC, seq DESC"};
    static const char *const by_connector[] = {"connector", "connector DESC"};
    static const char *const by_version[] = {"version", "version DESC"};
    static const char *const by_delivery[] = {"delivery, n", "delivery DESC, n DESC"};
    static const char *const by_term[] = {"scope, name, term", "scope DESC, name DESC, term DESC"};
    if (copy_small_table(c, "positions", by_channel, is_any) < 0 ||
        copy_small_table(c, "identities", by_place, is_any) < 0 ||
        copy_small_table(c, "open_events", by_seq, is_any) < 0 ||
        copy_small_table(c, "pauses", by_connector, is_any) < 0 ||
        copy_small_table(c, "batchers", by_connector, is_any) < 0 ||
        copy_small_table(c, "script_versions", by_version, is_any) < 0 ||
        copy_small_table(c, "edits", by_delivery, is_any) < 0 ||
        copy_small_table(c, "retries", by_delivery, is_any) < 0)
        return -1;
    return copy_small_table(c, "sums", by_term, is_sum);
}

static int64_t above_zero(int64_t n)
{
    return n > 0 ? n : 0;
}

static int count(struct copying *c, struct salvage *out)
{
    sqlite3_stmt *s = db_statement(c->to, SQL_SALVAGE_COUNTS, c->err);
    if (!s || db_step(c->to, s, c->err) < 0)
        return -1;
    *out = (struct salvage){
        .n_open = sqlite3_column_int64(s, 0),
        .n_waiting = sqlite3_column_int64(s, 1),
        .n_dead = sqlite3_column_int64(s, 2),
        .n_open_lost = above_zero(sqlite3_column_int64(s, 3) - sqlite3_column_int64(s, 0)),
        .n_waiting_lost = above_zero(sqlite3_column_int64(s, 4) - sqlite3_column_int64(s, 1)),
        .n_open_guessed = c->n_guessed,
    };
    sqlite3_reset(s);
    return 0;
}

static int count_unmarked(struct copying *c)
{
    struct salvage found = {0};
    if (has_open_events(c) && count(c, &found) < 0)
        return -1;
    c->n_unmarked = has_open_events(c) ? found.n_open_lost : 0;
    return 0;
}

static int fit_sums(struct copying *c)
{
    static const enum sql steps[] = {SQL_SALVAGE_FIT_EVENTS,  SQL_SALVAGE_FIT_DELIVERIES,
                                     SQL_SALVAGE_HOLD_EVENTS, SQL_SALVAGE_HOLD_DELIVERIES,
                                     SQL_SALVAGE_FIT_TERMS,   SQL_SALVAGE_FIT_DROPPED,
                                     SQL_SALVAGE_FIT_TOTALS};
    return run_each(c, steps, ARRAY_LEN(steps));
}

/* The id stays, since those of deliveries are made of it, and numbers go on behind all that may
   have been given. */
static int copy_schema(struct copying *c)
{
    sqlite3_stmt *read = db_statement(c->from, SQL_SALVAGE_SCHEMA, c->err);
    if (!read && judge(c) == READ_FAILED)
        return -1;
    sqlite3_stmt *put = db_statement(c->to, SQL_SALVAGE_PUT_SCHEMA, c->err);
    sqlite3_stmt *skip = db_statement(c->to, SQL_SKIP_SEQS, c->err);
    if (!put || !skip)
        return -1;
    enum reading got = step(c, read);
    if (got == READ_FAILED)
        return -1;
    bool has_id = got == READ_ROW && db_column_text(read, 0).len == JOURNAL_ID_LEN;
    db_bind_text(put, 1, has_id ? db_column_text(read, 0) : SLICE_NULL);
    db_bind_time(put, 2, has_id ? sqlite3_column_int64(read, 1) : 0);
    int64_t last_seq = has_id ? sqlite3_column_int64(read, 2) : 0;
    db_bind_int(put, 3, last_seq > c->last_seq ? last_seq : c->last_seq);
    int rc = db_run(c->to, put, c->err);
    sqlite3_reset(read);
    db_bind_int(skip, 1, SALVAGE_GAP);
    return rc < 0 ? -1 : db_run(c->to, skip, c->err);
}

static int copy_all(struct copying *c, struct salvage *out)
{
    /* Of one moment, and without a lock for each row; a file too damaged for it can't be read. */
    if (db_run_sql(c->from, SQL_BEGIN_READ, c->err) < 0 && judge(c) == READ_FAILED)
        return -1;
    if (events_init(c) < 0 ||
        table_init(c, &c->deliveries, "deliveries", "deliveries", "seq") < 0 ||
        table_init(c, &c->attempts, "attempts", "attempts", "delivery") < 0)
        return -1;
    if (db_run_sql(c->to, SQL_BEGIN_WRITE, c->err) < 0 || copy_small_tables(c) < 0 ||
        count_unmarked(c) < 0 || copy_rows(c) < 0 || count(c, out) < 0 || fit_sums(c) < 0 ||
        copy_schema(c) < 0)
        return -1;
    return db_run_sql(c->to, SQL_COMMIT, c->err);
}

/* ---- The first page ------------------------------------------------------------------------- */

#define PAGE_LEN 8192
#define HEADER_CHANGES 24 /* where the header has these, four bytes each, the highest first */
#define HEADER_PAGES 28
#define HEADER_FREE_PAGES 32 /* the first, then their number */
#define HEADER_VALID_FOR 92  /* the changes at which the number of pages was right */

static void put_big(unsigned char *at, uint64_t value)
{
    for (int i = 3; i >= 0; i--, value >>= 8)
        at[i] = (unsigned char)value;
}

int salvage_put_page(const char *path, const char *model, struct err *err)
{
    unsigned char page[PAGE_LEN];
    struct stat st;
    int from = open(model, O_RDONLY | O_CLOEXEC), to = open(path, O_WRONLY | O_CLOEXEC), rc = -1;
    if (from < 0 || to < 0 || fstat(to, &st) < 0 ||
        pread(from, page, sizeof(page), 0) != PAGE_LEN) {
        err_set_errno(err, ERR_IO, errno, "cannot read the first page of %s", model);
        goto out;
    }
    put_big(page + HEADER_PAGES, ((uint64_t)st.st_size + PAGE_LEN - 1) / PAGE_LEN);
    put_big(page + HEADER_FREE_PAGES, 0);
    put_big(page + HEADER_FREE_PAGES + 4, 0);
    memcpy(page + HEADER_VALID_FOR, page + HEADER_CHANGES, 4);
    if (pwrite(to, page, sizeof(page), 0) != PAGE_LEN)
        err_set_errno(err, ERR_IO, errno, "cannot write %s", path);
    else
        rc = 0;
out:
    if (from >= 0)
        close(from);
    if (to >= 0)
        close(to);
    return rc;
}

/* ---- All of it ------------------------------------------------------------------------------ */

int salvage_copy(struct db *from, struct db *to, struct salvage *out, struct err *err)
{
    struct copying c = {.from = from, .to = to, .recent = recent_new(JOURNAL_RECENT), .err = err};
    int rc = copy_all(&c, out);
    table_deinit(&c.events);
    table_deinit(&c.deliveries);
    table_deinit(&c.attempts);
    recent_free(c.recent);
    return rc;
}
