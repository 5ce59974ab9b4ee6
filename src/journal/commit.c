/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Operations become rows. A row that isn't as the caller believed it to be (an event in another
 * state, a delivery's number taken) is left alone and logged, and its sums with it: they count
 * rows. What most events need is gathered and done at once, as if all rows were so; where one
 * isn't, the group is taken back and applied one by one. Damage is none of that: it ends the group,
 * and the writer finds whose it is.
 */
#include "journal/commit.h"

#include "journal/op.h"
#include "journal/row.h"
#include "journal/steer.h"

static void log_mismatch(struct committer *c, const char *what, int64_t seq, const char *expected)
{
    log_error(c->log, "journal: a row isn't in the state it was to be changed from",
              LOG_STR("row", what), LOG_INT("seq", seq), LOG_STR("expected", expected));
}

/* ---- Events --------------------------------------------------------------------------------- */

static int run_on(struct committer *c, enum sql sql, int64_t seq, struct err *err)
{
    sqlite3_stmt *s = db_statement(c->db, sql, err);
    if (!s)
        return -1;
    db_bind_int(s, 1, seq);
    return db_run(c->db, s, err);
}

/* Of what was gathered all is done, or the group has to be applied one by one. */
static int flush(struct committer *c, struct err *err)
{
    int rc = feed_flush(c->feed, err);
    if (rc == 0)
        c->was_refused = true;
    return rc > 0 ? 0 : -1;
}

static int make_room(struct committer *c, struct err *err)
{
    return feed_is_full(c->feed) ? flush(c, err) : 0;
}

/* So that a start finds the identities of this event and of those around it. */
static int put_block(struct committer *c, struct slice channel, int64_t seq, struct err *err)
{
    if (!recent_enters_block(c->recent, channel, recent_block(seq)))
        return 0;
    sqlite3_stmt *s = db_statement(c->db, SQL_PUT_BLOCK, err);
    if (!s)
        return -1;
    db_bind_text(s, 1, channel);
    db_bind_int(s, 2, recent_block(seq));
    return db_run(c->db, s, err);
}

static int add_event(struct committer *c, const struct op_append *a, size_t i, struct err *err)
{
    struct event_row row = {
        .event = a->events[i],
        .seq = a->op.seq + (int64_t)i,
        .channel = a->channel,
        .identity = a->has_identity[i] ? a->identities[i] : NULL,
        .state = a->is_unmatched[i] ? EVENT_UNMATCHED : EVENT_CLOSED,
    };
    if (make_room(c, err) < 0)
        return -1;
    feed_add_event(c->feed, &row);
    return row.identity ? put_block(c, a->channel, row.seq, err) : 0;
}

static int apply_append(struct committer *c, struct op_append *a, struct err *err)
{
    size_t duplicates = 0, unmatched = 0;
    for (size_t i = 0; i < a->n_events; i++) {
        a->is_duplicate[i] =
            a->has_identity[i] && !recent_add(c->recent, a->channel, a->identities[i]);
        if (a->is_duplicate[i])
            duplicates++;
        else if (add_event(c, a, i, err) < 0)
            return -1;
        else
            unmatched += a->is_unmatched[i];
    }
    sums_add(c->sums, SUM_CHANNEL, a->channel, SUM_RECEIVED, (int64_t)a->n_events);
    sums_add(c->sums, SUM_CHANNEL, a->channel, SUM_DUPLICATE, (int64_t)duplicates);
    sums_add(c->sums, SUM_CHANNEL, a->channel, SUM_UNMATCHED, (int64_t)unmatched);
    sums_add(c->sums, SUM_CHANNEL, a->channel, SUM_OPEN,
             (int64_t)(a->n_events - duplicates - unmatched));
    return 0;
}

static int update_row(struct committer *c, const struct delivery_row *row, enum delivery_state from,
                      struct err *err)
{
    sqlite3_stmt *s = db_statement(c->db, SQL_UPDATE_DELIVERY, err);
    if (!s)
        return -1;
    row_bind_delivery(s, row);
    db_bind_str(s, 19, delivery_state_name(from));
    if (db_run(c->db, s, err) < 0)
        return -1;
    return sqlite3_changes(c->db->handle) > 0;
}

/* Inserts it, or with `from` another state than NEW updates it. 1: done; 0: it wasn't in `from`. */
static int put_row(struct committer *c, const struct delivery_row *row, enum delivery_state from,
                   struct err *err)
{
    if (from != DELIVERY_NEW)
        return update_row(c, row, from, err);
    feed_add_delivery(c->feed, row);
    return feed_flush(c->feed, err);
}

static void count_delivery(struct committer *c, const struct delivery_row *row,
                           enum delivery_state from)
{
    if (!row->connector.data)
        return;
    if (from == DELIVERY_NEW)
        sums_add(c->sums, SUM_CONNECTOR, row->connector, SUM_MADE, 1);
    sums_add(c->sums, SUM_CONNECTOR, row->connector, sum_term_of_delivery(from), -1);
    sums_add(c->sums, SUM_CONNECTOR, row->connector, sum_term_of_delivery(row->state), 1);
}

/* A new delivery behind the event's other publications; *seq is its number. */
static int put_publication(struct committer *c, const struct delivery_row *publication,
                           int64_t event_seq, int64_t *seq, struct err *err)
{
    struct delivery_row row = *publication;
    int64_t end = delivery_seq(event_seq + 1, 0);
    sqlite3_stmt *s = db_statement(c->db, SQL_NEXT_PUBLICATION, err);
    if (!s)
        return -1;
    db_bind_int(s, 1, delivery_seq(event_seq, DELIVERY_PUBLICATIONS));
    db_bind_int(s, 2, end);
    if (db_step(c->db, s, err) < 0)
        return -1;
    row.seq = sqlite3_column_int64(s, 0);
    sqlite3_reset(s);
    int rc = row.seq < end ? put_row(c, &row, DELIVERY_NEW, err) : 0;
    if (rc < 0)
        return -1;
    if (rc > 0)
        count_delivery(c, &row, DELIVERY_NEW);
    else
        log_mismatch(c, "publication", row.seq, delivery_state_name(DELIVERY_NEW));
    *seq = rc > 0 ? row.seq : 0;
    return 0;
}

/* An event of the bytes, which has nothing but them, and its dead letter. */
static int apply_malformed(struct committer *c, const struct op_append *a, struct err *err)
{
    char id[MALFORMED_ID_SIZE];
    int64_t publication_seq;
    struct delivery_row row = {
        .seq = delivery_seq(a->op.seq, 0),
        .state = DELIVERY_DEAD,
        .cause = SLICE_LIT("malformed"),
        .error = a->malformed_error,
        .created_ms = a->op.at_ms,
        .ended_ms = a->op.at_ms,
    };
    const struct event event = {
        .data = a->malformed,
        .data_kind = EVENT_DATA_BYTES,
        .received_ms = a->op.at_ms,
    };
    malformed_id(a->op.seq, id);
    row.id = slice_str(id);
    feed_add_event(c->feed, &(struct event_row){.event = &event,
                                                .seq = a->op.seq,
                                                .channel = a->channel,
                                                .state = EVENT_MALFORMED});
    if (put_row(c, &row, DELIVERY_NEW, err) < 0)
        return -1;
    if (a->publication && put_publication(c, a->publication, a->op.seq, &publication_seq, err) < 0)
        return -1;
    sums_add(c->sums, SUM_CHANNEL, a->channel, SUM_RECEIVED, 1);
    sums_add(c->sums, SUM_CHANNEL, a->channel, SUM_MALFORMED, 1);
    return 0;
}

/* The row of an open event says how it will have ended well. 1: changed; 0: it wasn't in `from`. */
static int set_row(struct committer *c, const struct op_set_event *set, struct err *err)
{
    bool opens = set->to == EVENT_OPEN;
    sqlite3_stmt *s = db_statement(c->db, SQL_SET_EVENT, err);
    if (!s)
        return -1;
    db_bind_int(s, 1, set->op.seq);
    db_bind_str(s, 2, event_state_name(opens ? EVENT_CLOSED : set->to));
    db_bind_time(s, 3, opens ? 0 : set->op.at_ms);
    db_bind_str(s, 4, event_state_name(set->from == EVENT_OPEN ? EVENT_CLOSED : set->from));
    if (db_run(c->db, s, err) < 0)
        return -1;
    return sqlite3_changes(c->db->handle) > 0;
}

/* As set_row. */
static int set_event(struct committer *c, const struct op_set_event *set, struct err *err)
{
    int rc = 1;
    if (set->from == EVENT_OPEN) {
        feed_close_event(c->feed, set->op.seq);
        rc = feed_flush(c->feed, err);
    }
    if (rc > 0 && (set->from != EVENT_OPEN || set->to != EVENT_CLOSED))
        rc = set_row(c, set, err);
    if (rc > 0 && set->to == EVENT_OPEN && run_on(c, SQL_OPEN_EVENT, set->op.seq, err) < 0)
        return -1;
    return rc;
}

static void count_event(struct committer *c, const struct op_set_event *set)
{
    sums_add(c->sums, SUM_CHANNEL, set->channel, sum_term_of_event(set->from), -1);
    sums_add(c->sums, SUM_CHANNEL, set->channel, sum_term_of_event(set->to), 1);
}

static int apply_set_event(struct committer *c, const struct op_set_event *set, struct err *err)
{
    int rc = set_event(c, set, err);
    if (rc < 0)
        return -1;
    if (rc == 0) {
        log_mismatch(c, "event", set->op.seq, event_state_name(set->from));
        return 0;
    }
    count_event(c, set);
    return 0;
}

/* ---- Deliveries ----------------------------------------------------------------------------- */

/* Leaves the newest of those up to `n`. */
static int trim_attempts(struct committer *c, int64_t delivery, int64_t n, struct err *err)
{
    sqlite3_stmt *s = db_statement(c->db, SQL_TRIM_ATTEMPTS, err);
    if (!s)
        return -1;
    db_bind_int(s, 1, delivery);
    db_bind_int(s, 2, n - JOURNAL_ATTEMPTS_KEPT);
    return db_run(c->db, s, err);
}

static int put_attempt(struct committer *c, int64_t delivery, const struct attempt_row *attempt,
                       struct err *err)
{
    sqlite3_stmt *s = db_statement(c->db, SQL_PUT_ATTEMPT, err);
    if (!s)
        return -1;
    row_bind_attempt(s, delivery, attempt);
    if (db_step(c->db, s, err) < 0)
        return -1;
    int64_t n = sqlite3_column_int64(s, 0);
    sqlite3_reset(s);
    return n > JOURNAL_ATTEMPTS_KEPT ? trim_attempts(c, delivery, n, err) : 0;
}

static int mark_stale(struct committer *c, const struct delivery_row *row, enum sql sql,
                      struct err *err)
{
    sqlite3_stmt *s = db_statement(c->db, sql, err);
    if (!s)
        return -1;
    db_bind_text(s, 1, row->connector);
    db_bind_text(s, 2, row->key.data ? row->key : SLICE_LIT(""));
    db_bind_int(s, 3, row->seq);
    db_bind_text(s, 4, row->id);
    return db_run(c->db, s, err);
}

/* A success makes older dead letters of its key void, where there are any of its connector. In a file
   that is damaged they may be what can't be read, which must not keep the success from being written. */
static int void_older(struct committer *c, const struct delivery_row *row, struct err *err)
{
    if (row->state != DELIVERY_DELIVERED || !row->connector.data || !row->has_key ||
        c->db->damage.code != ERR_NONE)
        return 0;
    if (sums_value(c->sums, SUM_CONNECTOR, row->connector, SUM_DELIVERY_DEAD) > 0 &&
        mark_stale(c, row, SQL_MARK_STALE, err) < 0)
        return -1;
    return row->marks_waiting ? mark_stale(c, row, SQL_MARK_STALE_WAITING, err) : 0;
}

/* A dead letter that waits again was retried: what is known of its death goes with that. */
static int keep_retry(struct committer *c, const struct op_put_delivery *put, struct err *err)
{
    if (put->from != DELIVERY_DEAD || put->row.state != DELIVERY_WAITING)
        return 0;
    sqlite3_stmt *s = db_statement(c->db, SQL_KEEP_RETRY, err);
    if (!s)
        return -1;
    db_bind_int(s, 1, put->row.seq);
    db_bind_int(s, 2, put->op.at_ms);
    return db_run(c->db, s, err);
}

/* What takes the place of one that was replaced has it in one with that one's end. */
static int give_place(struct committer *c, const struct op_put_delivery *put, struct err *err)
{
    if (put->row.heir_seq == 0)
        return 0;
    sqlite3_stmt *s = db_statement(c->db, SQL_TAKE_PLACE, err);
    if (!s)
        return -1;
    db_bind_int(s, 1, put->row.heir_seq);
    db_bind_int(s, 2, put->row.position);
    db_bind_time(s, 3, put->row.heir_due_ms);
    db_bind_int(s, 4, put->op.at_ms);
    return db_run(c->db, s, err);
}

/* 1: done; 0: it wasn't in the state that it was to be changed from. */
static int apply_put_delivery(struct committer *c, const struct op_put_delivery *put,
                              struct err *err)
{
    if (keep_retry(c, put, err) < 0)
        return -1;
    int rc = put_row(c, &put->row, put->from, err);
    if (rc < 0)
        return -1;
    if (rc == 0) {
        log_mismatch(c, "delivery", put->row.seq, delivery_state_name(put->from));
        return 0;
    }
    count_delivery(c, &put->row, put->from);
    if (void_older(c, &put->row, err) < 0 || give_place(c, put, err) < 0)
        return -1;
    return put->attempt && put_attempt(c, put->row.seq, put->attempt, err) < 0 ? -1 : 1;
}

static int apply_put_letter(struct committer *c, struct op_put_letter *letter, struct err *err)
{
    letter->publication_seq = 0;
    int rc = apply_put_delivery(c, &letter->put, err);
    if (rc <= 0)
        return rc;
    return put_publication(c, &letter->publication, letter->put.op.seq, &letter->publication_seq,
                           err);
}

/* ---- Groups --------------------------------------------------------------------------------- */

static int apply_alone(struct committer *c, struct op *op, struct err *err)
{
    switch (op->kind) {
    case OP_APPEND:
        return apply_append(c, op_append(op), err);
    case OP_MALFORMED:
        return apply_malformed(c, op_append(op), err);
    case OP_SET_EVENT:
        return apply_set_event(c, op_set_event(op), err);
    case OP_PUT_DELIVERY:
        return apply_put_delivery(c, op_put_delivery(op), err) < 0 ? -1 : 0;
    case OP_PUT_LETTER:
        return apply_put_letter(c, op_put_letter(op), err);
    case OP_CLEAR_RESULTS:
        return run_on(c, SQL_CLEAR_RESULTS, op->seq, err);
    case OP_STEER:
        return steer_apply(c, container_of(op, struct op_steer, op), err);
    case OP_FENCE:
        return 0;
    }
    die("no operation of the journal is number %d", (int)op->kind);
}

/* Whether it can be done later than what comes behind it, if that can be too: events come, new
   deliveries and events that end well, each of another row. A dead letter may be told of a success. A result is kept or not by its event. */
static bool can_be_gathered(struct op *op)
{
    switch (op->kind) {
    case OP_APPEND:
    case OP_FENCE:
        return true;
    case OP_SET_EVENT:
        return op_set_event(op)->from == EVENT_OPEN && op_set_event(op)->to == EVENT_CLOSED;
    case OP_PUT_DELIVERY:
        return op_put_delivery(op)->from == DELIVERY_NEW && !op_put_delivery(op)->attempt &&
               !op_put_delivery(op)->row.result.data && op_put_delivery(op)->row.heir_seq == 0 &&
               op_put_delivery(op)->row.state != DELIVERY_DEAD;
    default:
        return false;
    }
}

static int gather(struct committer *c, struct op *op, struct err *err)
{
    if (op->kind == OP_APPEND)
        return apply_append(c, op_append(op), err);
    if (make_room(c, err) < 0)
        return -1;
    if (op->kind == OP_SET_EVENT) {
        feed_close_event(c->feed, op->seq);
        count_event(c, op_set_event(op));
    } else if (op->kind == OP_PUT_DELIVERY) {
        const struct op_put_delivery *put = op_put_delivery(op);
        feed_add_delivery(c->feed, &put->row);
        count_delivery(c, &put->row, put->from);
        return void_older(c, &put->row, err);
    }
    return 0;
}

static int apply(struct committer *c, struct op *op, struct err *err)
{
    if (!c->one_by_one && can_be_gathered(op))
        return gather(c, op, err);
    if (flush(c, err) < 0 || apply_alone(c, op, err) < 0)
        return -1;
    return c->one_by_one ? flush(c, err) : 0;
}

/* Whose position is to be stored; NULL: `op` brings none. */
static const struct op_append *positioned(struct op *op)
{
    return op_is_append(op) && op_append(op)->position.data ? op_append(op) : NULL;
}

static int put_position(struct committer *c, const struct op_append *a, struct err *err)
{
    sqlite3_stmt *s = db_statement(c->db, SQL_PUT_POSITION, err);
    if (!s)
        return -1;
    db_bind_text(s, 1, a->channel);
    db_bind_text(s, 2, a->position);
    return db_run(c->db, s, err);
}

/* Of positions in a row of one channel the last is enough, as they commit together. */
static int apply_all(struct committer *c, struct list *ops, struct err *err)
{
    const struct op_append *last = NULL; /* whose position isn't written yet */
    list_each (link, ops) {
        struct op *op = list_entry(link, struct op, task.link);
        if (apply(c, op, err) < 0)
            return -1;
        const struct op_append *next = positioned(op);
        if (!next)
            continue;
        if (last && !slice_is_equal(last->channel, next->channel) && put_position(c, last, err) < 0)
            return -1;
        last = next;
    }
    if (flush(c, err) < 0)
        return -1;
    return last ? put_position(c, last, err) : 0;
}

static void roll_back(struct committer *c, struct retain *retain)
{
    /* SQLite has rolled back by itself after some errors, and then has nothing to. */
    if (!sqlite3_get_autocommit(c->db->handle) && db_run_sql(c->db, SQL_ROLLBACK, NULL) < 0)
        log_warn(c->log, "journal: a transaction could not be rolled back");
    feed_clear(c->feed);
    sums_rollback(c->sums);
    recent_rollback(c->recent);
    if (retain)
        retain_rollback(retain);
}

static int try_group(struct committer *c, struct list *ops, struct retain *retain, struct err *err)
{
    c->was_refused = false;
    if (db_run_sql(c->db, SQL_BEGIN_WRITE, err) < 0)
        return -1;
    if (apply_all(c, ops, err) < 0 || (retain && retain_slice(retain, err) < 0) ||
        sums_write(c->sums, c->db, err) < 0 || db_run_sql(c->db, SQL_COMMIT, err) < 0) {
        roll_back(c, retain);
        return -1;
    }
    sums_commit(c->sums);
    recent_commit(c->recent);
    if (retain)
        retain_commit(retain);
    return 0;
}

int commit_group(struct committer *c, struct list *ops, struct retain *retain, struct err *err)
{
    if (files_watch_check(c->files, err) < 0)
        return -1;
    int rc = try_group(c, ops, retain, err);
    if (rc < 0 && c->was_refused) {
        c->one_by_one = true;
        rc = try_group(c, ops, retain, err);
        c->one_by_one = false;
    }
    return rc;
}
