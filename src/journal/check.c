/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Whether a journal is what the writer would have written. Rows that retention has removed are
 * still in the sums, so that these may exceed the rows of what is over; what is open, waits or is
 * dead is never removed, and neither are messages that are no events: of these there are as many
 * rows as the sums say.
 */
#include "journal/journal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/map.h"
#include "journal/reader.h"
#include "journal/sums.h"

struct check {
    struct journal_reader *reader;
    journal_finding_fn found;
    void *ctx;
    int findings;
    struct map rows; /* struct row by scope and name */
};

/* A channel or connector: its sums, and what counting gives. */
struct row {
    struct map_node node;
    enum sum_scope scope;
    char *key; /* scope, a blank, name */
    int64_t sums[SUM_TERMS_MAX], counts[SUM_TERMS_MAX];
};

static void report(struct check *c, const char *code, const char *fmt, ...) printf_like(3, 4);

static void report(struct check *c, const char *code, const char *fmt, ...)
{
    struct buf text = {0};
    va_list args;
    va_start(args, fmt);
    buf_vprintf(&text, fmt, args);
    va_end(args);
    const struct journal_finding finding = {.code = code, .text = text.data};
    c->findings++;
    c->found(c->ctx, &finding);
    buf_deinit(&text);
}

/* ---- Pages and rows ------------------------------------------------------------------------- */

static int check_pages(struct check *c, struct err *err)
{
    struct db *db = &c->reader->db;
    sqlite3_stmt *s = db_statement(db, SQL_CHECK_PAGES, err);
    int rc = -1;
    while (s && (rc = db_step(db, s, err)) > 0) {
        const char *text = db_column_str(s, 0);
        if (strcmp(text, "ok") != 0)
            report(c, "page", "SQLite finds the file damaged: %s", text);
    }
    return rc;
}

static int check_rows(struct check *c, struct err *err)
{
    static const enum sql checks[] = {
        SQL_CHECK_EVENT_STATES,     SQL_CHECK_DELIVERY_STATES, SQL_CHECK_ORPHANS,
        SQL_CHECK_ORPHAN_ATTEMPTS,  SQL_CHECK_ORPHAN_EDITS,    SQL_CHECK_DEAD_EVENTS,
        SQL_CHECK_MALFORMED_EVENTS, SQL_CHECK_WAITING_RUNS,    SQL_CHECK_PLACES,
        SQL_CHECK_OPEN_EVENTS,      SQL_CHECK_BLOCKS,          SQL_CHECK_ORPHAN_RETRIES,
    };
    struct db *db = &c->reader->db;
    for (size_t i = 0; i < ARRAY_LEN(checks); i++) {
        sqlite3_stmt *s = db_statement(db, checks[i], err);
        int rc = -1;
        while (s && (rc = db_step(db, s, err)) > 0)
            report(c, "row", "%s", db_column_str(s, 0));
        if (rc < 0)
            return -1;
    }
    return 0;
}

/* Bytes that changed within a page are no fault to SQLite, but rarely leave JSON behind. */
static int check_data(struct check *c, struct err *err)
{
    static const enum sql checks[] = {SQL_CHECK_EVENT_DATA, SQL_CHECK_DELIVERY_DATA};
    struct db *db = &c->reader->db;
    for (size_t i = 0; i < ARRAY_LEN(checks); i++) {
        sqlite3_stmt *s = db_statement(db, checks[i], err);
        struct err why;
        int rc = -1;
        while (s && (rc = db_step(db, s, err)) > 0) {
            if (json_check(db_column_blob(s, 1), &why) < 0)
                report(c, "data", "%s holds data that can't be what was written: %s",
                       db_column_str(s, 0), why.message);
        }
        if (rc < 0)
            return -1;
    }
    return 0;
}

/* ---- Sums ----------------------------------------------------------------------------------- */

static struct row *row_of(struct check *c, enum sum_scope scope, const char *name)
{
    struct buf key = {0};
    buf_printf(&key, "%s %s", sum_scope_name(scope), name);
    struct map_node *node = map_find(&c->rows, buf_slice(&key));
    if (node) {
        buf_deinit(&key);
        return container_of(node, struct row, node);
    }
    struct row *row = mem_calloc(1, sizeof(*row));
    row->scope = scope;
    row->node.key = slice_of(key.data, key.len);
    row->key = buf_take(&key);
    map_insert(&c->rows, &row->node);
    return row;
}

static bool take_sum(void *ctx, const char *scope, const char *name, const char *term,
                     int64_t value)
{
    struct check *c = ctx;
    int found = sum_scope_of(scope);
    int index = found < 0 ? -1 : sum_term_of((enum sum_scope)found, term);
    if (index < 0)
        report(c, "sum", "there is no sum %s of a %s (%s)", term, scope, name);
    else
        row_of(c, (enum sum_scope)found, name)->sums[index] = value;
    return true;
}

static int term_of_state(enum sum_scope scope, struct slice state)
{
    int found = scope == SUM_CHANNEL ? event_state_of(state) : delivery_state_of(state);
    if (found < 0)
        return -1; /* reported as a row */
    return scope == SUM_CHANNEL ? sum_term_of_event((enum event_state)found)
                                : sum_term_of_delivery((enum delivery_state)found);
}

static int count_rows(struct check *c, enum sum_scope scope, enum sql sql, struct err *err)
{
    struct db *db = &c->reader->db;
    sqlite3_stmt *s = db_statement(db, sql, err);
    int rc = -1;
    while (s && (rc = db_step(db, s, err)) > 0) {
        int term = term_of_state(scope, db_column_text(s, 1));
        if (term >= 0)
            row_of(c, scope, db_column_str(s, 0))->counts[term] += sqlite3_column_int64(s, 2);
    }
    return rc;
}

/* received = duplicate + …, made = delivered + … */
static void check_equation(struct check *c, const struct row *row)
{
    int64_t rest = 0;
    for (int i = 1; i < sum_terms(row->scope); i++)
        rest += row->sums[i];
    if (rest != row->sums[0])
        report(c, "sum", "%s: %s is %" PRId64 ", but what became of them adds up to %" PRId64,
               row->key, sum_term_name(row->scope, 0), row->sums[0], rest);
}

static bool is_held(enum sum_scope scope, int term)
{
    if (scope == SUM_CONNECTOR)
        return term == SUM_WAITING || term == SUM_DELIVERY_DEAD;
    return term == SUM_OPEN || term == SUM_EVENT_DEAD || term == SUM_MALFORMED;
}

static void check_terms(struct check *c, const struct row *row)
{
    for (int i = 0; i < sum_terms(row->scope); i++) {
        int64_t sum = row->sums[i], count = row->counts[i];
        const char *term = sum_term_name(row->scope, i);
        if (sum < 0)
            report(c, "sum", "%s: the sum %s is below zero: %" PRId64, row->key, term, sum);
        else if (count > sum || (is_held(row->scope, i) && count != sum))
            report(c, "sum", "%s: the sum %s is %" PRId64 ", but there are %" PRId64 " rows",
                   row->key, term, sum, count);
    }
}

static void check_row(void *ctx, struct map_node *node)
{
    struct check *c = ctx;
    struct row *row = container_of(node, struct row, node);
    check_equation(c, row);
    check_terms(c, row);
    map_remove(&c->rows, node);
    free(row->key);
    free(row);
}

static int check_sums(struct check *c, struct err *err)
{
    int rc = 0;
    map_init(&c->rows);
    if (journal_sums(c->reader, take_sum, c, err) < 0 ||
        count_rows(c, SUM_CHANNEL, SQL_COUNT_EVENTS, err) < 0 ||
        count_rows(c, SUM_CONNECTOR, SQL_COUNT_DELIVERIES, err) < 0)
        rc = -1;
    map_each(&c->rows, check_row, c);
    map_deinit(&c->rows);
    return rc;
}

static int check_all(struct check *c, struct err *err)
{
    if (check_pages(c, err) < 0)
        return -1;
    /* What a damaged file says of its rows is worth nothing. */
    if (c->findings > 0)
        return 0;
    return check_rows(c, err) < 0 || check_data(c, err) < 0 ? -1 : check_sums(c, err);
}

int journal_check(struct journal_reader *r, journal_finding_fn found, void *ctx, struct err *err)
{
    struct check c = {.reader = r, .found = found, .ctx = ctx};
    struct err why = {0};
    if (check_all(&c, &why) == 0)
        return c.findings;
    if (why.code != ERR_CORRUPT)
        return err_set(err, why.code, "%s", why.message);
    /* So damaged that SQLite can't go on looking. */
    report(&c, "page", "%s", why.message);
    return c.findings;
}
