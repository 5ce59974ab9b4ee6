/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The tables are SQLite's virtual ones (https://sqlite.org/vtab.html): there without being created,
 * read from the first row to the last, and never written.
 */
#include "journal/feed.h"

#include <stdlib.h>

#include "base/attr.h"
#include "base/buf.h"

/* At most so many of each are gathered. */
#define FEED_MAX 64

struct feed {
    struct db *db;
    struct event_row events[FEED_MAX];
    const struct delivery_row *deliveries[FEED_MAX];
    int64_t closed[FEED_MAX];
    size_t n_events, n_deliveries, n_closed;
};

/* ---- The tables ----------------------------------------------------------------------------- */

struct table {
    sqlite3_vtab base;
    const struct feed *feed;
};

struct cursor {
    sqlite3_vtab_cursor base;
    size_t at;
};

static const struct feed *feed_of(sqlite3_vtab_cursor *cursor)
{
    return container_of(cursor->pVtab, struct table, base)->feed;
}

static struct cursor *cursor_of(sqlite3_vtab_cursor *cursor)
{
    return container_of(cursor, struct cursor, base);
}

static int connect_table(sqlite3 *handle, const char *columns, const void *feed, sqlite3_vtab **out)
{
    int rc = sqlite3_declare_vtab(handle, columns);
    if (rc != SQLITE_OK)
        return rc;
    struct table *table = mem_calloc(1, sizeof(*table));
    table->feed = feed;
    *out = &table->base;
    return SQLITE_OK;
}

static int connect_events(sqlite3 *handle, void *feed, int argc, const char *const *argv,
                          sqlite3_vtab **out, char **message)
{
    (void)argc, (void)argv, (void)message;
    return connect_table(handle, sql_text[SQL_NEW_EVENTS], feed, out);
}

static int connect_deliveries(sqlite3 *handle, void *feed, int argc, const char *const *argv,
                              sqlite3_vtab **out, char **message)
{
    (void)argc, (void)argv, (void)message;
    return connect_table(handle, sql_text[SQL_NEW_DELIVERIES], feed, out);
}

static int disconnect(sqlite3_vtab *base)
{
    free(container_of(base, struct table, base));
    return SQLITE_OK;
}

/* There is but one way to read them. */
static int plan(sqlite3_vtab *base, sqlite3_index_info *info)
{
    (void)base;
    info->estimatedRows = FEED_MAX;
    info->estimatedCost = FEED_MAX;
    return SQLITE_OK;
}

static int open_cursor(sqlite3_vtab *base, sqlite3_vtab_cursor **out)
{
    struct cursor *cursor = mem_calloc(1, sizeof(*cursor));
    (void)base;
    *out = &cursor->base;
    return SQLITE_OK;
}

static int close_cursor(sqlite3_vtab_cursor *base)
{
    free(cursor_of(base));
    return SQLITE_OK;
}

static int rewind_cursor(sqlite3_vtab_cursor *base, int number, const char *text, int argc,
                         sqlite3_value **argv)
{
    (void)number, (void)text, (void)argc, (void)argv;
    cursor_of(base)->at = 0;
    return SQLITE_OK;
}

static int advance(sqlite3_vtab_cursor *base)
{
    cursor_of(base)->at++;
    return SQLITE_OK;
}

static int is_behind_events(sqlite3_vtab_cursor *base)
{
    return cursor_of(base)->at >= feed_of(base)->n_events;
}

static int is_behind_deliveries(sqlite3_vtab_cursor *base)
{
    return cursor_of(base)->at >= feed_of(base)->n_deliveries;
}

static int event_column(sqlite3_vtab_cursor *base, sqlite3_context *value, int column)
{
    row_give_event(value, column, &feed_of(base)->events[cursor_of(base)->at]);
    return SQLITE_OK;
}

static int delivery_column(sqlite3_vtab_cursor *base, sqlite3_context *value, int column)
{
    row_give_delivery(value, column, feed_of(base)->deliveries[cursor_of(base)->at]);
    return SQLITE_OK;
}

static int number_of_row(sqlite3_vtab_cursor *base, sqlite3_int64 *number)
{
    *number = (sqlite3_int64)cursor_of(base)->at;
    return SQLITE_OK;
}

static const sqlite3_module new_events = {
    .xConnect = connect_events,
    .xBestIndex = plan,
    .xDisconnect = disconnect,
    .xOpen = open_cursor,
    .xClose = close_cursor,
    .xFilter = rewind_cursor,
    .xNext = advance,
    .xEof = is_behind_events,
    .xColumn = event_column,
    .xRowid = number_of_row,
};

static const sqlite3_module new_deliveries = {
    .xConnect = connect_deliveries,
    .xBestIndex = plan,
    .xDisconnect = disconnect,
    .xOpen = open_cursor,
    .xClose = close_cursor,
    .xFilter = rewind_cursor,
    .xNext = advance,
    .xEof = is_behind_deliveries,
    .xColumn = delivery_column,
    .xRowid = number_of_row,
};

/* ---- Gathering ------------------------------------------------------------------------------ */

struct feed *feed_new(struct db *db)
{
    struct feed *feed = mem_calloc(1, sizeof(*feed));
    feed->db = db;
    if (sqlite3_create_module(db->handle, "new_events", &new_events, feed) != SQLITE_OK ||
        sqlite3_create_module(db->handle, "new_deliveries", &new_deliveries, feed) != SQLITE_OK)
        die("out of memory for a module of SQLite");
    return feed;
}

void feed_free(struct feed *feed)
{
    free(feed);
}

bool feed_is_full(const struct feed *feed)
{
    return feed->n_events == FEED_MAX || feed->n_deliveries == FEED_MAX ||
           feed->n_closed == FEED_MAX;
}

void feed_add_event(struct feed *feed, const struct event_row *row)
{
    feed->events[feed->n_events++] = *row;
}

void feed_add_delivery(struct feed *feed, const struct delivery_row *row)
{
    feed->deliveries[feed->n_deliveries++] = row;
}

void feed_close_event(struct feed *feed, int64_t seq)
{
    feed->closed[feed->n_closed++] = seq;
}

void feed_clear(struct feed *feed)
{
    feed->n_events = feed->n_deliveries = feed->n_closed = 0;
}

/* ---- Flushing ------------------------------------------------------------------------------- */

static int insert_events(struct feed *feed, struct err *err)
{
    if (feed->n_events == 0)
        return 1;
    if (db_run_sql(feed->db, SQL_INSERT_EVENTS, err) < 0 ||
        db_run_sql(feed->db, SQL_OPEN_EVENTS, err) < 0)
        return -1;
    return 1;
}

static int insert_deliveries(struct feed *feed, struct err *err)
{
    if (feed->n_deliveries == 0)
        return 1;
    if (db_run_sql(feed->db, SQL_INSERT_DELIVERIES, err) < 0)
        return -1;
    return (size_t)sqlite3_changes(feed->db->handle) == feed->n_deliveries;
}

static int by_number(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Numbers in a row go at once; mostly all are. */
static int close_events(struct feed *feed, struct err *err)
{
    size_t n_done = 0, from = 0;
    qsort(feed->closed, feed->n_closed, sizeof(feed->closed[0]), by_number);
    for (size_t i = 1; i <= feed->n_closed; i++) {
        if (i < feed->n_closed && feed->closed[i] == feed->closed[i - 1] + 1)
            continue;
        sqlite3_stmt *s = db_statement(feed->db, SQL_CLOSE_EVENTS, err);
        if (!s)
            return -1;
        db_bind_int(s, 1, feed->closed[from]);
        db_bind_int(s, 2, feed->closed[i - 1]);
        if (db_run(feed->db, s, err) < 0)
            return -1;
        n_done += (size_t)sqlite3_changes(feed->db->handle);
        from = i;
    }
    return n_done == feed->n_closed;
}

int feed_flush(struct feed *feed, struct err *err)
{
    int rc = insert_events(feed, err);
    if (rc > 0)
        rc = insert_deliveries(feed, err);
    if (rc > 0)
        rc = close_events(feed, err);
    feed_clear(feed);
    return rc;
}
