/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "journal/steer.h"

#include "base/buf.h"

/* ---- edits, pauses, batches ---- */

static int edit(struct committer *c, struct op_steer *steer, struct err *err)
{
    sqlite3_stmt *s = db_statement(c->db, SQL_KEEP_EDIT, err);
    if (!s)
        return -1;
    db_bind_int(s, 1, steer->number);
    db_bind_int(s, 2, steer->op.at_ms);
    if (db_run(c->db, s, err) < 0)
        return -1;
    steer->was_done = sqlite3_changes(c->db->handle) > 0;
    if (!steer->was_done)
        return 0;
    s = db_statement(c->db, SQL_EDIT, err);
    if (!s)
        return -1;
    db_bind_int(s, 1, steer->number);
    db_bind_text(s, 2, steer->text);
    return db_run(c->db, s, err);
}

static int set_paused(struct committer *c, struct op_steer *steer, struct err *err)
{
    bool pauses = steer->kind == STEER_PAUSE;
    sqlite3_stmt *s = db_statement(c->db, pauses ? SQL_PAUSE : SQL_RESUME, err);
    if (!s)
        return -1;
    db_bind_text(s, 1, steer->text);
    if (pauses)
        db_bind_int(s, 2, steer->op.at_ms);
    steer->was_done = true;
    return db_run(c->db, s, err);
}

static int put_batcher(struct committer *c, struct op_steer *steer, struct err *err)
{
    sqlite3_stmt *s = db_statement(c->db, SQL_PUT_BATCHER, err);
    if (!s)
        return -1;
    db_bind_text(s, 1, steer->text);
    steer->was_done = true;
    return db_run(c->db, s, err);
}

/* ---- replays ---- */

static int begin_replay(struct committer *c, struct op_steer *steer, struct err *err)
{
    sqlite3_stmt *s = db_statement(c->db, SQL_BEGIN_REPLAY, err);
    if (!s)
        return -1;
    db_bind_text(s, 1, steer->text);
    db_bind_int(s, 2, steer->op.at_ms);
    db_bind_int(s, 3, steer->op.seq);
    if (db_run(c->db, s, err) < 0)
        return -1;
    steer->was_done = sqlite3_changes(c->db->handle) > 0;
    return steer->was_done ? db_run_sql(c->db, SQL_FORGET_REPLAYS, err) : 0;
}

static int advance(struct committer *c, int64_t seq, int64_t n_replayed, int64_t n_refused,
                   struct err *err)
{
    sqlite3_stmt *s = db_statement(c->db, SQL_ADVANCE_REPLAY, err);
    if (!s)
        return -1;
    db_bind_int(s, 1, seq);
    db_bind_int(s, 2, n_replayed);
    db_bind_int(s, 3, n_refused);
    return db_run(c->db, s, err);
}

/* Whether the event is over: then its state and channel; the latter is to be freed. */
static int find_over(struct committer *c, int64_t seq, enum event_state *state, struct buf *channel,
                     struct err *err)
{
    sqlite3_stmt *s = db_statement(c->db, SQL_EVENT_STATE, err);
    if (!s)
        return -1;
    db_bind_int(s, 1, seq);
    int rc = db_step(c->db, s, err);
    if (rc <= 0)
        return rc;
    int found = event_state_of(db_column_text(s, 0));
    buf_add_slice(channel, db_column_text(s, 1));
    sqlite3_reset(s);
    *state = found < 0 ? EVENT_NEW : (enum event_state)found;
    return *state == EVENT_CLOSED || *state == EVENT_DEAD || *state == EVENT_UNMATCHED ||
           *state == EVENT_DROPPED;
}

static int reopen(struct committer *c, const struct op_steer *steer, struct err *err)
{
    sqlite3_stmt *s = db_statement(c->db, SQL_REOPEN, err);
    if (!s)
        return -1;
    db_bind_int(s, 1, steer->op.seq);
    db_bind_text(s, 2, steer->text);
    db_bind_int(s, 3, steer->is_forced);
    if (db_run(c->db, s, err) < 0 || !(s = db_statement(c->db, SQL_OPEN_EVENT, err)))
        return -1;
    db_bind_int(s, 1, steer->op.seq);
    if (db_run(c->db, s, err) < 0 || !(s = db_statement(c->db, SQL_REPLACE_RUNS, err)))
        return -1;
    db_bind_int(s, 1, steer->op.seq);
    db_bind_text(s, 2, steer->text);
    db_bind_int(s, 3, steer->op.at_ms);
    return db_run(c->db, s, err);
}

static int replay(struct committer *c, struct op_steer *steer, struct err *err)
{
    struct buf channel = {0};
    enum event_state state;
    int rc = find_over(c, steer->op.seq, &state, &channel, err);
    steer->was_done = rc > 0;
    if (rc > 0) {
        sums_add(c->sums, SUM_CHANNEL, buf_slice(&channel), sum_term_of_event(state), -1);
        sums_add(c->sums, SUM_CHANNEL, buf_slice(&channel), SUM_OPEN, 1);
        rc = reopen(c, steer, err);
    }
    buf_deinit(&channel);
    return rc < 0 ? -1 : advance(c, steer->op.seq, steer->was_done, !steer->was_done, err);
}

static int end_replay(struct committer *c, struct op_steer *steer, struct err *err)
{
    sqlite3_stmt *s = db_statement(c->db, SQL_END_REPLAY, err);
    if (!s)
        return -1;
    db_bind_int(s, 1, steer->op.at_ms);
    if (db_run(c->db, s, err) < 0)
        return -1;
    steer->was_done = sqlite3_changes(c->db->handle) > 0;
    return 0;
}

static int put_scripts(struct committer *c, struct op_steer *steer, struct err *err)
{
    sqlite3_stmt *s = db_statement(c->db, SQL_PUT_SCRIPTS, err);
    if (!s)
        return -1;
    db_bind_int(s, 1, steer->number);
    db_bind_text(s, 2, steer->text);
    db_bind_int(s, 3, steer->op.at_ms);
    if (db_run(c->db, s, err) < 0 || !(s = db_statement(c->db, SQL_FORGET_SCRIPTS, err)))
        return -1;
    db_bind_int(s, 1, steer->number);
    steer->was_done = true;
    return db_run(c->db, s, err);
}

int steer_apply(struct committer *c, struct op_steer *steer, struct err *err)
{
    steer->was_done = false;
    switch (steer->kind) {
    case STEER_EDIT:
        return edit(c, steer, err);
    case STEER_PAUSE:
    case STEER_RESUME:
        return set_paused(c, steer, err);
    case STEER_BATCHER:
        return put_batcher(c, steer, err);
    case STEER_BEGIN_REPLAY:
        return begin_replay(c, steer, err);
    case STEER_REPLAY:
        return replay(c, steer, err);
    case STEER_PASS:
        return advance(c, steer->op.seq, 0, steer->number, err);
    case STEER_END_REPLAY:
        return end_replay(c, steer, err);
    case STEER_SCRIPTS:
        return put_scripts(c, steer, err);
    }
    die("no deed is number %d", (int)steer->kind);
}
