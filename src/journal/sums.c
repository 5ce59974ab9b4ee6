/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Sums by scope and name, a row of terms each.
 */
#include "journal/sums.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/list.h"
#include "base/map.h"
#include "journal/db.h"
#include "journal/sql.h"

struct sum_row {
    struct map_node node; /* in sums.rows[scope] */
    struct list link;     /* in sums.changed, else alone */
    enum sum_scope scope;
    char *name;
    bool is_stored; /* with all its terms, so that nobody has to know that an absent one is 0 */
    int64_t values[SUM_TERMS_MAX];
    int64_t committed[SUM_TERMS_MAX];
};

struct sums {
    struct map rows[2]; /* by enum sum_scope */
    struct sum_row *last[2];
    struct list changed;
};

static const struct {
    const char *name;
    int n_terms;
    const char *terms[SUM_TERMS_MAX];
} scopes[] = {
    [SUM_CHANNEL] = {"channel",
                     SUM_CHANNEL_TERMS,
                     {"received", "duplicate", "malformed", "unmatched", "closed", "dead",
                      "dropped", "open"}},
    [SUM_CONNECTOR] = {"connector",
                       SUM_CONNECTOR_TERMS,
                       {"made", "delivered", "dead", "skipped", "superseded", "dropped",
                        "waiting"}},
};

/* ---- Names ---------------------------------------------------------------------------------- */

const char *sum_scope_name(enum sum_scope scope)
{
    return scopes[scope].name;
}

int sum_scope_of(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(scopes); i++) {
        if (strcmp(name, scopes[i].name) == 0)
            return (int)i;
    }
    return -1;
}

int sum_terms(enum sum_scope scope)
{
    return scopes[scope].n_terms;
}

const char *sum_term_name(enum sum_scope scope, int term)
{
    assert(term >= 0 && term < scopes[scope].n_terms);
    return scopes[scope].terms[term];
}

int sum_term_of(enum sum_scope scope, const char *name)
{
    for (int i = 0; i < scopes[scope].n_terms; i++) {
        if (strcmp(name, scopes[scope].terms[i]) == 0)
            return i;
    }
    return -1;
}

int sum_term_of_event(enum event_state state)
{
    static const int terms[] = {
        [EVENT_NEW] = -1,
        [EVENT_OPEN] = SUM_OPEN,
        [EVENT_CLOSED] = SUM_CLOSED,
        [EVENT_DEAD] = SUM_EVENT_DEAD,
        [EVENT_DROPPED] = SUM_EVENT_DROPPED,
        [EVENT_UNMATCHED] = SUM_UNMATCHED,
        [EVENT_MALFORMED] = SUM_MALFORMED,
    };
    return terms[state];
}

int sum_term_of_delivery(enum delivery_state state)
{
    static const int terms[] = {
        [DELIVERY_NEW] = -1,
        [DELIVERY_WAITING] = SUM_WAITING,
        [DELIVERY_DELIVERED] = SUM_DELIVERED,
        [DELIVERY_DEAD] = SUM_DELIVERY_DEAD,
        [DELIVERY_SKIPPED] = SUM_SKIPPED,
        [DELIVERY_SUPERSEDED] = SUM_SUPERSEDED,
        [DELIVERY_DROPPED] = SUM_DELIVERY_DROPPED,
    };
    return terms[state];
}

/* ---- Rows ----------------------------------------------------------------------------------- */

struct sums *sums_new(void)
{
    struct sums *sums = mem_calloc(1, sizeof(*sums));
    for (size_t i = 0; i < ARRAY_LEN(sums->rows); i++)
        map_init(&sums->rows[i]);
    list_init(&sums->changed);
    return sums;
}

static void free_row(void *ctx, struct map_node *node)
{
    struct sum_row *row = container_of(node, struct sum_row, node);
    map_remove(ctx, node);
    free(row->name);
    free(row);
}

void sums_free(struct sums *sums)
{
    if (!sums)
        return;
    for (size_t i = 0; i < ARRAY_LEN(sums->rows); i++) {
        map_each(&sums->rows[i], free_row, &sums->rows[i]);
        map_deinit(&sums->rows[i]);
    }
    free(sums);
}

static struct sum_row *add_row(struct sums *sums, enum sum_scope scope, struct slice name)
{
    struct sum_row *row = mem_calloc(1, sizeof(*row));
    row->scope = scope;
    row->name = slice_dup(name);
    row->node.key = slice_of(row->name, name.len);
    list_init(&row->link);
    map_insert(&sums->rows[scope], &row->node);
    return row;
}

static struct sum_row *row_of(struct sums *sums, enum sum_scope scope, struct slice name)
{
    struct sum_row *row = sums->last[scope]; /* mostly the one used before */
    if (row && slice_is_equal(row->node.key, name))
        return row;
    struct map_node *node = map_find(&sums->rows[scope], name);
    row = node ? container_of(node, struct sum_row, node) : add_row(sums, scope, name);
    return sums->last[scope] = row;
}

void sums_add(struct sums *sums, enum sum_scope scope, struct slice name, int term, int64_t by)
{
    if (term < 0 || by == 0)
        return;
    struct sum_row *row = row_of(sums, scope, name);
    row->values[term] += by;
    if (list_is_empty(&row->link))
        list_add_tail(&sums->changed, &row->link);
}

int64_t sums_value(struct sums *sums, enum sum_scope scope, struct slice name, int term)
{
    return row_of(sums, scope, name)->values[term];
}

/* ---- Storing -------------------------------------------------------------------------------- */

int sums_load(struct sums *sums, struct db *db, struct err *err)
{
    sqlite3_stmt *s = db_statement(db, SQL_SUMS, err);
    int rc = -1;
    while (s && (rc = db_step(db, s, err)) > 0) {
        int scope = sum_scope_of(db_column_str(s, 0));
        int term = scope < 0 ? -1 : sum_term_of((enum sum_scope)scope, db_column_str(s, 2));
        if (term < 0)
            continue; /* of a later version that was taken back: nothing to count on */
        struct sum_row *row = row_of(sums, (enum sum_scope)scope, db_column_text(s, 1));
        row->values[term] = row->committed[term] = sqlite3_column_int64(s, 3);
        row->is_stored = true;
    }
    return rc;
}

static int write_row(struct sum_row *row, struct db *db, struct err *err)
{
    sqlite3_stmt *s = db_statement(db, SQL_PUT_SUM, err);
    if (!s)
        return -1;
    for (int term = 0; term < scopes[row->scope].n_terms; term++) {
        if (row->is_stored && row->values[term] == row->committed[term])
            continue;
        db_bind_str(s, 1, scopes[row->scope].name);
        db_bind_text(s, 2, row->node.key);
        db_bind_str(s, 3, scopes[row->scope].terms[term]);
        db_bind_int(s, 4, row->values[term]);
        if (db_run(db, s, err) < 0)
            return -1;
    }
    return 0;
}

int sums_write(struct sums *sums, struct db *db, struct err *err)
{
    list_each (link, &sums->changed) {
        if (write_row(list_entry(link, struct sum_row, link), db, err) < 0)
            return -1;
    }
    return 0;
}

void sums_commit(struct sums *sums)
{
    list_each (link, &sums->changed) {
        struct sum_row *row = list_entry(link, struct sum_row, link);
        memcpy(row->committed, row->values, sizeof(row->values));
        row->is_stored = true;
        list_remove(link);
    }
}

void sums_rollback(struct sums *sums)
{
    list_each (link, &sums->changed) {
        struct sum_row *row = list_entry(link, struct sum_row, link);
        memcpy(row->values, row->committed, sizeof(row->values));
        list_remove(link);
    }
}
