/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What can be asked of a journal. Lists walk the rows by number, in the index that fits the filter
 * best, and test the rest of it row by row.
 */
#include "journal/journal.h"

#include "journal/reader.h"
#include "journal/row.h"

#define LIMIT_DEFAULT 100

/* ---- Rows ----------------------------------------------------------------------------------- */

/* A statement with one number. NULL with err. */
static sqlite3_stmt *statement_of(struct journal_reader *r, enum sql sql, int64_t n,
                                  struct err *err)
{
    sqlite3_stmt *s = db_statement(&r->db, sql, err);
    if (s)
        db_bind_int(s, 1, n);
    return s;
}

/* … and with a text. */
static sqlite3_stmt *statement_for(struct journal_reader *r, enum sql sql, struct slice text,
                                   struct err *err)
{
    sqlite3_stmt *s = db_statement(&r->db, sql, err);
    if (s)
        db_bind_text(s, 1, text);
    return s;
}

/* As db_step, for a statement that there may not be. */
static int next_row(struct journal_reader *r, sqlite3_stmt *s, struct err *err)
{
    return s ? db_step(&r->db, s, err) : -1;
}

/* The last step was `rc`, whatever may come behind. */
static int end_rows(sqlite3_stmt *s, int rc)
{
    sqlite3_reset(s);
    return rc < 0 ? -1 : 0;
}

/* ---- Filters -------------------------------------------------------------------------------- */

/* Liaison's own id of an event is its number; 0 for what is none. */
static int64_t parse_seq(struct slice id)
{
    int64_t seq = 0;
    for (size_t i = 0; i < id.len; i++) {
        if (id.data[i] < '0' || id.data[i] > '9' || seq > (INT64_MAX >> DELIVERY_ORDINAL_BITS) / 10)
            return 0;
        seq = seq * 10 + (id.data[i] - '0');
    }
    return seq;
}

/* The ends of a list. */
static void bind_range(sqlite3_stmt *s, const struct journal_filter *f)
{
    int64_t after = f->after_seq;
    if (after == 0 && f->newest_first)
        after = INT64_MAX;
    db_bind_int(s, 1, after);
    db_bind_time(s, 11, f->through_seq);
}

/* The parameters that lists of events and deliveries share (see sql.c). */
static void bind_filter(sqlite3_stmt *s, const struct journal_filter *f, const char *state)
{
    struct slice type = f->type;
    bool is_beginning = type.len > 0 && type.data[type.len - 1] == '*';
    bind_range(s, f);
    db_bind_int(s, 2, f->limit > 0 ? f->limit : LIMIT_DEFAULT);
    db_bind_str(s, 3, state);
    db_bind_time(s, 4, f->since_ms);
    db_bind_time(s, 5, f->until_ms);
    db_bind_text(s, 6, type);
    db_bind_text(s, 12, is_beginning ? slice_upto(type, type.len - 1) : SLICE_NULL);
    db_bind_text(s, 7, f->channel);
    db_bind_text(s, 8, f->key);
    db_bind_text(s, 9, f->connector);
    db_bind_text(s, 13, f->id);
    db_bind_int(s, 14, parse_seq(f->id));
}

static enum sql down_if(enum sql sql, bool newest_first)
{
    return newest_first ? (enum sql)(sql + 1) : sql;
}

static enum sql events_source(const struct journal_filter *f)
{
    return f->state == EVENT_OPEN ? SQL_EVENTS_OPEN : SQL_EVENTS_ALL;
}

static enum sql deliveries_source(const struct journal_filter *f)
{
    if (f->state == DELIVERY_DEAD)
        return SQL_DELIVERIES_DEAD;
    if (f->state != DELIVERY_WAITING)
        return SQL_DELIVERIES_ALL;
    bool is_of_handlers = f->connector.data && f->connector.len == 0;
    return is_of_handlers ? SQL_DELIVERIES_OF_HANDLERS : SQL_DELIVERIES_WAITING;
}

/* What an id of Liaison's own looks like; a sender's may look like anything. */
static bool is_delivery_id(struct slice id, size_t dash)
{
    const size_t hash_len = 24;
    struct slice rest = slice_from(id, dash + 1);
    return dash < id.len && (rest.len == hash_len || slice_is_equal(rest, SLICE_LIT("malformed")));
}

/* A delivery's id names its event, in whose rows alone it is looked for. */
static struct journal_filter narrowed(const struct journal_filter *filter)
{
    struct journal_filter f = *filter;
    size_t dash = slice_find(f.id, '-');
    int64_t event = is_delivery_id(f.id, dash) ? parse_seq(slice_upto(f.id, dash)) : 0;
    int64_t first = delivery_seq(event, 0), end = delivery_seq(event + 1, 0);
    if (event == 0)
        return f;
    if (f.newest_first) {
        f.after_seq = f.after_seq == 0 || f.after_seq > end ? end : f.after_seq;
        f.through_seq = f.through_seq < first ? first : f.through_seq;
    } else {
        f.after_seq = f.after_seq < first - 1 ? first - 1 : f.after_seq;
        f.through_seq = f.through_seq == 0 || f.through_seq >= end ? end - 1 : f.through_seq;
    }
    return f;
}

/* *through_seq: left as it is where fewer rows are there. */
static int find_bound(struct journal_reader *r, enum sql sql, const struct journal_filter *filter,
                      unsigned n_rows, int64_t *through_seq, struct err *err)
{
    sqlite3_stmt *s = db_statement(&r->db, down_if(sql, filter->newest_first), err);
    if (!s)
        return -1;
    bind_range(s, filter);
    db_bind_int(s, 2, n_rows);
    int rc = db_step(&r->db, s, err);
    if (rc > 0)
        *through_seq = sqlite3_column_int64(s, 0);
    return end_rows(s, rc);
}

int journal_bound_events(struct journal_reader *r, struct journal_filter *filter, unsigned n_rows,
                         struct err *err)
{
    enum sql bound = events_source(filter) - SQL_EVENTS_ALL + SQL_BOUND_EVENTS_ALL;
    return find_bound(r, bound, filter, n_rows, &filter->through_seq, err);
}

int journal_bound_deliveries(struct journal_reader *r, struct journal_filter *filter,
                             unsigned n_rows, struct err *err)
{
    enum sql bound = deliveries_source(filter) - SQL_DELIVERIES_ALL + SQL_BOUND_DELIVERIES_ALL;
    const struct journal_filter near = narrowed(filter);
    return find_bound(r, bound, &near, n_rows, &filter->through_seq, err);
}

/* ---- Events --------------------------------------------------------------------------------- */

static int visit_events(struct journal_reader *r, sqlite3_stmt *s, journal_event_visit visit,
                        void *ctx, struct err *err)
{
    int rc;
    while ((rc = next_row(r, s, err)) > 0) {
        enum event_state state;
        struct event *event = row_event(s, &state);
        bool more = visit(ctx, event, state);
        event_unref(event);
        if (!more)
            break;
    }
    return end_rows(s, rc);
}

int journal_find_event(struct journal_reader *r, int64_t seq, journal_event_visit visit, void *ctx,
                       struct err *err)
{
    sqlite3_stmt *s = statement_of(r, SQL_EVENT, seq, err);
    return visit_events(r, s, visit, ctx, err);
}

int journal_list_events(struct journal_reader *r, const struct journal_filter *filter,
                        journal_event_visit visit, void *ctx, struct err *err)
{
    enum sql source = events_source(filter);
    sqlite3_stmt *s = db_statement(&r->db, down_if(source, filter->newest_first), err);
    if (!s)
        return -1;
    const char *state =
        filter->state < 0 ? NULL : event_state_name((enum event_state)filter->state);
    bind_filter(s, filter, state);
    db_bind_int(s, 16, filter->has_dead);
    return visit_events(r, s, visit, ctx, err);
}

/* ---- Deliveries ----------------------------------------------------------------------------- */

static int visit_deliveries(struct journal_reader *r, sqlite3_stmt *s, journal_delivery_visit visit,
                            void *ctx, struct err *err)
{
    int rc;
    while ((rc = next_row(r, s, err)) > 0) {
        struct delivery_row row;
        row_delivery(s, &row);
        if (!visit(ctx, &row))
            break;
    }
    return end_rows(s, rc);
}

int journal_find_delivery(struct journal_reader *r, struct slice id, journal_delivery_visit visit,
                          void *ctx, struct err *err)
{
    sqlite3_stmt *s = db_statement(&r->db, SQL_DELIVERY, err);
    if (!s)
        return -1;
    db_bind_int(s, 1, parse_seq(slice_upto(id, slice_find(id, '-'))));
    db_bind_text(s, 2, id);
    return visit_deliveries(r, s, visit, ctx, err);
}

int journal_list_deliveries(struct journal_reader *r, const struct journal_filter *filter,
                            journal_delivery_visit visit, void *ctx, struct err *err)
{
    enum sql source = deliveries_source(filter);
    sqlite3_stmt *s = db_statement(&r->db, down_if(source, filter->newest_first), err);
    if (!s)
        return -1;
    const char *state =
        filter->state < 0 ? NULL : delivery_state_name((enum delivery_state)filter->state);
    const struct journal_filter near = narrowed(filter);
    bind_filter(s, &near, state);
    db_bind_text(s, 10, filter->cause);
    db_bind_int(s, 15, filter->is_of_ends);
    return visit_deliveries(r, s, visit, ctx, err);
}

int journal_event_deliveries(struct journal_reader *r, int64_t event_seq,
                             journal_delivery_visit visit, void *ctx, struct err *err)
{
    sqlite3_stmt *s = statement_of(r, SQL_DELIVERIES_OF_EVENT, event_seq, err);
    return visit_deliveries(r, s, visit, ctx, err);
}

/* ---- What waits ------------------------------------------------------------------------------ */

static sqlite3_stmt *waiting_statement(struct journal_reader *r, enum sql sql,
                                       const struct journal_target *target,
                                       const struct journal_range *range, struct err *err)
{
    sqlite3_stmt *s = statement_for(r, sql, target->name, err);
    if (!s)
        return NULL;
    db_bind_int(s, 2, range->after);
    db_bind_int(s, 3, range->through);
    db_bind_int(s, 4, (int64_t)range->limit);
    if (range->key.data)
        db_bind_text(s, 5, range->key);
    return s;
}

int journal_waiting_places(struct journal_reader *r, const struct journal_target *target,
                           const struct journal_range *range, journal_place_visit visit, void *ctx,
                           struct err *err)
{
    enum sql sql = target->is_handler ? SQL_PLACES_OF_HANDLER : SQL_PLACES_OF_CONNECTOR;
    sqlite3_stmt *s = waiting_statement(r, sql, target, range, err);
    int rc;
    while ((rc = next_row(r, s, err)) > 0) {
        const struct journal_place place = {
            .position = sqlite3_column_int64(s, 0),
            .key = db_column_text(s, 1),
            .has_key = sqlite3_column_type(s, 1) != SQLITE_NULL,
            .due_ms = sqlite3_column_int64(s, 2),
            .written_ms = sqlite3_column_int64(s, 4),
            .batch = db_column_text(s, 3),
        };
        if (!visit(ctx, &place))
            break;
    }
    return end_rows(s, rc);
}

int journal_waiting_rows(struct journal_reader *r, const struct journal_target *target,
                         const struct journal_range *range, journal_delivery_visit visit, void *ctx,
                         struct err *err)
{
    enum sql sql = target->is_handler ? SQL_ROWS_OF_HANDLER : SQL_ROWS_OF_CONNECTOR;
    if (range->key.data)
        sql = target->is_handler ? SQL_ROWS_OF_HANDLER_AND_KEY : SQL_ROWS_OF_CONNECTOR_AND_KEY;
    sqlite3_stmt *s = waiting_statement(r, sql, target, range, err);
    return visit_deliveries(r, s, visit, ctx, err);
}

int journal_expired_rows(struct journal_reader *r, struct slice connector,
                         const struct journal_expiry_range *range, journal_delivery_visit visit,
                         void *ctx, struct err *err)
{
    sqlite3_stmt *s = statement_for(r, SQL_ROWS_EXPIRED, connector, err);
    if (!s)
        return -1;
    db_bind_int(s, 2, range->after_ms);
    db_bind_int(s, 3, range->after_seq);
    db_bind_int(s, 4, range->through_ms);
    db_bind_int(s, 5, (int64_t)range->limit);
    return visit_deliveries(r, s, visit, ctx, err);
}

int journal_next_expiry(struct journal_reader *r, struct slice connector, int64_t after_ms,
                        int64_t *next_ms, struct err *err)
{
    sqlite3_stmt *s = statement_for(r, SQL_NEXT_EXPIRY, connector, err);
    if (!s)
        return -1;
    db_bind_int(s, 2, after_ms);
    int rc = db_step(&r->db, s, err);
    if (rc > 0)
        *next_ms = sqlite3_column_int64(s, 0);
    return end_rows(s, rc);
}

int journal_waiting_connectors(struct journal_reader *r, journal_waiting_visit visit, void *ctx,
                               struct err *err)
{
    sqlite3_stmt *s = db_statement(&r->db, SQL_WAITING_CONNECTORS, err);
    int rc;
    while ((rc = next_row(r, s, err)) > 0 &&
           visit(ctx, db_column_text(s, 0), sqlite3_column_int64(s, 1), sqlite3_column_int64(s, 2)))
        continue;
    return end_rows(s, rc);
}

int journal_attempts(struct journal_reader *r, int64_t delivery_seq, journal_attempt_visit visit,
                     void *ctx, struct err *err)
{
    sqlite3_stmt *s = statement_of(r, SQL_ATTEMPTS, delivery_seq, err);
    int rc;
    while ((rc = next_row(r, s, err)) > 0) {
        struct attempt_row attempt;
        row_attempt(s, &attempt);
        if (!visit(ctx, &attempt))
            break;
    }
    return end_rows(s, rc);
}

/* ---- What people did ------------------------------------------------------------------------- */

int journal_edits(struct journal_reader *r, int64_t delivery_seq, journal_edit_visit visit,
                  void *ctx, struct err *err)
{
    sqlite3_stmt *s = statement_of(r, SQL_EDITS, delivery_seq, err);
    int rc;
    while ((rc = next_row(r, s, err)) > 0 &&
           visit(ctx, sqlite3_column_int64(s, 0), db_column_text(s, 1)))
        continue;
    return end_rows(s, rc);
}

int journal_retries(struct journal_reader *r, int64_t delivery_seq, journal_retry_visit visit,
                    void *ctx, struct err *err)
{
    sqlite3_stmt *s = statement_of(r, SQL_RETRIES, delivery_seq, err);
    int rc;
    while ((rc = next_row(r, s, err)) > 0 &&
           visit(ctx, sqlite3_column_int64(s, 0), sqlite3_column_int64(s, 1), db_column_text(s, 2)))
        continue;
    return end_rows(s, rc);
}

int journal_pauses(struct journal_reader *r, journal_pause_visit visit, void *ctx, struct err *err)
{
    sqlite3_stmt *s = db_statement(&r->db, SQL_PAUSES, err);
    int rc;
    while ((rc = next_row(r, s, err)) > 0 &&
           visit(ctx, db_column_text(s, 0), sqlite3_column_int64(s, 1)))
        continue;
    return end_rows(s, rc);
}

int journal_batchers(struct journal_reader *r, journal_batcher_visit visit, void *ctx,
                     struct err *err)
{
    sqlite3_stmt *s = db_statement(&r->db, SQL_BATCHERS, err);
    int rc;
    while ((rc = next_row(r, s, err)) > 0 && visit(ctx, db_column_text(s, 0)))
        continue;
    return end_rows(s, rc);
}

int journal_last_scripts(struct journal_reader *r, int64_t *version, struct buf *hash,
                         struct err *err)
{
    sqlite3_stmt *s = db_statement(&r->db, SQL_LAST_SCRIPTS, err);
    int rc = next_row(r, s, err);
    *version = rc > 0 ? sqlite3_column_int64(s, 0) : 0;
    if (rc > 0)
        buf_add_slice(hash, db_column_text(s, 1));
    return end_rows(s, rc);
}

int journal_scripts(struct journal_reader *r, int64_t version, struct buf *hash, struct err *err)
{
    sqlite3_stmt *s = statement_of(r, SQL_SCRIPTS, version, err);
    int rc = next_row(r, s, err);
    if (rc > 0)
        buf_add_slice(hash, db_column_text(s, 0));
    return end_rows(s, rc);
}

int journal_replays(struct journal_reader *r, journal_replay_visit visit, void *ctx,
                    struct err *err)
{
    sqlite3_stmt *s = db_statement(&r->db, SQL_REPLAYS, err);
    int rc;
    while ((rc = next_row(r, s, err)) > 0) {
        const struct journal_replay replay = {
            .id = sqlite3_column_int64(s, 0),
            .wish = db_column_text(s, 1),
            .cursor = sqlite3_column_int64(s, 2),
            .through = sqlite3_column_int64(s, 3),
            .n_replayed = sqlite3_column_int64(s, 4),
            .n_refused = sqlite3_column_int64(s, 5),
            .at_ms = sqlite3_column_int64(s, 6),
            .ended_ms = sqlite3_column_int64(s, 7),
        };
        if (!visit(ctx, &replay))
            break;
    }
    return end_rows(s, rc);
}

int journal_delivered(struct journal_reader *r, int64_t *after_seq, unsigned n_rows, bool *is_end,
                      journal_delivered_visit visit, void *ctx, struct err *err)
{
    sqlite3_stmt *s = statement_of(r, SQL_DELIVERED, *after_seq, err);
    unsigned n = 0;
    int rc;
    if (!s)
        return -1;
    db_bind_int(s, 2, n_rows);
    for (; (rc = db_step(&r->db, s, err)) > 0; n++) {
        *after_seq = sqlite3_column_int64(s, 0);
        if (sqlite3_column_int64(s, 3) > 0 && sqlite3_column_type(s, 1) != SQLITE_NULL &&
            sqlite3_column_type(s, 2) != SQLITE_NULL)
            visit(ctx, db_column_text(s, 1), db_column_text(s, 2), sqlite3_column_int64(s, 3));
    }
    *is_end = n < n_rows;
    return end_rows(s, rc);
}

/* ---- Sums and positions --------------------------------------------------------------------- */

int journal_sums(struct journal_reader *r, journal_sum_visit visit, void *ctx, struct err *err)
{
    sqlite3_stmt *s = db_statement(&r->db, SQL_SUMS, err);
    int rc;
    while ((rc = next_row(r, s, err)) > 0 && visit(ctx, db_column_str(s, 0), db_column_str(s, 1),
                                                   db_column_str(s, 2), sqlite3_column_int64(s, 3)))
        continue;
    return end_rows(s, rc);
}

int journal_dead_letters(struct journal_reader *r, journal_letter_visit visit, void *ctx,
                         struct err *err)
{
    sqlite3_stmt *s = db_statement(&r->db, SQL_DEAD_LETTERS, err);
    int rc;
    while ((rc = next_row(r, s, err)) > 0 && visit(ctx, db_column_text(s, 0), db_column_text(s, 1)))
        continue;
    return end_rows(s, rc);
}

int journal_barriers(struct journal_reader *r, struct slice connector, journal_barrier_visit visit,
                     void *ctx, struct err *err)
{
    sqlite3_stmt *s = statement_for(r, SQL_BARRIERS, connector, err);
    int rc;
    while ((rc = next_row(r, s, err)) > 0) {
        const struct journal_barrier barrier = {
            .key = db_column_text(s, 0),
            .position = sqlite3_column_int64(s, 1),
            .seq = sqlite3_column_int64(s, 2),
            .ended_ms = sqlite3_column_int64(s, 3),
        };
        if (!visit(ctx, &barrier))
            break;
    }
    return end_rows(s, rc);
}

int journal_reach(struct journal_reader *r, struct journal_reach *reach, struct err *err)
{
    sqlite3_stmt *s = db_statement(&r->db, SQL_REACH, err);
    int rc = next_row(r, s, err);
    if (rc > 0) {
        reach->oldest_ms = sqlite3_column_int64(s, 0);
        reach->complete_ms = sqlite3_column_int64(s, 1);
    }
    return end_rows(s, rc);
}

int journal_position(struct journal_reader *r, struct slice channel, struct buf *position,
                     bool *has_position, struct err *err)
{
    sqlite3_stmt *s = statement_for(r, SQL_POSITION, channel, err);
    int rc = next_row(r, s, err);
    *has_position = rc > 0;
    if (*has_position)
        buf_add_slice(position, db_column_text(s, 0));
    return end_rows(s, rc);
}
