/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Deliveries as they end. What ended since a question of before a restart is found in the journal, page
 * by page, while what ends meanwhile is remembered. No index leads to it, which every delivery would pay
 * for: all that is on record is looked at.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "admin/routes.h"
#include "base/buf.h"
#include "engine/record_json.h"

/* What ends is known of when its row is on disk, a little later than the row says. */
#define COMMIT_MS 10000
#define PAGE_ROWS 1000
#define NEWEST INT64_MAX /* the row before which the first page begins */

/* An end that the journal has. */
struct earlier {
    int64_t at_ms, seq;
    struct buf json;
};

/* A page of the journal, behind what is remembered. */
struct tail {
    struct pending pending;
    struct admin *admin;
    struct rendering *r; /* its filter's cursor says where the page begins, and is moved on */
    bool has_missed;
    struct earlier *found;
    size_t n_found;
    unsigned n_rows; /* that were met, of which some are told */
    int64_t last_seq;
};

static void end_answer(struct rendering *r, bool has_missed)
{
    char next[80];
    const struct filter *f = &r->filter;
    int n =
        snprintf(next, sizeof(next), "%" PRId64 "-%" PRId64, f->followed_ms, f->journal.after_seq);
    if (f->before_seq)
        snprintf(next + n, sizeof(next) - (size_t)n, "-%" PRId64, f->before_seq);
    json_array_end(&r->writer);
    json_member_cstr(&r->writer, "next", next);
    json_member_bool(&r->writer, "hasMore", f->before_seq != 0);
    json_member_bool(&r->writer, "missed", has_missed);
    json_object_end(&r->writer);
}

/* ---- what is remembered ---- */

static void add_end(void *ctx, const struct engine_end *end)
{
    struct rendering *r = ctx;
    const struct event event = {.type = end->type};
    if (filter_takes(&r->filter, &end->row, &event))
        end_add_json(&r->writer, &end->row, end->type, end->ms);
}

/* Moves the cursor on. */
static void add_remembered(struct engine *e, struct rendering *r, bool *has_missed)
{
    struct filter *f = &r->filter;
    f->journal.after_seq = engine_each_end(e, f->journal.after_seq, has_missed, add_end, r);
    if (f->followed_ms == 0)
        f->followed_ms = engine_end_ms(f->journal.after_seq);
}

static void render_checked(struct journal_reader *reader, void *ctx)
{
    struct rendering *r = ctx;
    (void)!filter_check(&r->filter, reader, &r->err);
}

static void answer(struct admin *a, struct rendering *r, bool has_missed)
{
    end_answer(r, has_missed);
    if (filter_has_doubts(&r->filter)) {
        rendering_start(a, r, render_checked);
        return;
    }
    http_exchange_reply(r->x, 200, "application/json", buf_slice(&r->out));
    rendering_free(r);
}

/* ---- what the journal has ---- */

static bool note_type(void *ctx, struct event *event, enum event_state state)
{
    struct buf *type = ctx;
    (void)state;
    buf_add_slice(type, event->type);
    return false;
}

/* Handlers' runs are told where they failed, messages that were no event never. What a person dropped, and
   runs that a replay has replaced, ended before. */
static bool is_told(const struct delivery_row *row)
{
    bool is_run = !row->connector.data;
    return row->state != DELIVERY_DROPPED &&
           (!is_run || (row->state == DELIVERY_DEAD && row->handler.data));
}

static bool note_earlier(void *ctx, const struct delivery_row *row)
{
    struct tail *t = ctx;
    struct buf type = {0};
    struct err err = {0};
    t->n_rows++;
    t->last_seq = row->seq;
    if (!is_told(row))
        return true;
    if (journal_find_event(t->r->reader, delivery_event_seq(row->seq), note_type, &type, &err) < 0)
        t->r->err = err;
    struct earlier *e = &t->found[t->n_found++];
    *e = (struct earlier){.at_ms = row->ended_ms, .seq = row->seq};
    end_add_json(&(struct json_writer){.out = &e->json}, row, buf_slice(&type), -1);
    buf_deinit(&type);
    return t->r->err.code == ERR_NONE;
}

static int compare_earlier(const void *a, const void *b)
{
    const struct earlier *x = a, *y = b;
    if (x->at_ms != y->at_ms)
        return x->at_ms < y->at_ms ? -1 : 1;
    return (x->seq > y->seq) - (x->seq < y->seq);
}

static int find_earlier(struct tail *t, struct err *err)
{
    struct rendering *r = t->r;
    struct journal_filter f = r->filter.journal;
    f.after_seq = r->filter.before_seq;
    f.since_ms =
        r->filter.followed_ms > 0 ? r->filter.followed_ms : 1; /* 0 would be any, what waits, too */
    f.is_of_ends = true;
    f.limit = PAGE_ROWS;
    if (filter_check(&r->filter, r->reader, err) < 0 ||
        journal_bound_deliveries(r->reader, &f, LISTING_LOOKED_AT, err) < 0 ||
        journal_list_deliveries(r->reader, &f, note_earlier, t, err) < 0)
        return -1;
    r->filter.before_seq = t->n_rows == PAGE_ROWS ? t->last_seq : f.through_seq;
    return 0;
}

static void render_earlier(struct journal_reader *reader, void *ctx)
{
    struct tail *t = ctx;
    struct rendering *r = t->r;
    struct err err = {0};
    r->reader = reader;
    t->found = mem_calloc(PAGE_ROWS, sizeof(*t->found));
    if (find_earlier(t, &err) < 0)
        r->err = err;
    qsort(t->found, t->n_found, sizeof(*t->found), compare_earlier);
    for (size_t i = 0; i < t->n_found; i++) {
        json_member_raw(&r->writer, NULL, buf_slice(&t->found[i].json));
        buf_deinit(&t->found[i].json);
    }
    free(t->found);
    end_answer(r, t->has_missed);
}

static void tail_free(void *self)
{
    struct tail *t = self;
    list_remove(&t->pending.link);
    rendering_free(t->r);
    free(t);
}

static void on_earlier(void *ctx)
{
    struct tail *t = ctx;
    struct rendering *r = t->r;
    if (r->err.code != ERR_NONE)
        answer_failure(r->x, &r->err);
    else
        http_exchange_reply(r->x, 200, "application/json", buf_slice(&r->out));
    tail_free(t);
}

/* All that ended before what is remembered is on disk. */
static void on_kept(void *ctx)
{
    struct tail *t = ctx;
    journal_read(engine_journal(t->admin->engine), render_earlier, on_earlier, t);
}

static void answer_from_journal(struct admin *a, struct rendering *r, bool has_missed)
{
    struct tail *t = pending_new(a, sizeof(*t), tail_free);
    t->admin = a;
    t->r = r;
    t->has_missed = has_missed;
    journal_when_kept(engine_journal(a->engine), on_kept, t);
}

/* Of before what is remembered: the cursor is put there, and the journal has the rest. */
static void look_back(struct filter *f, int64_t began)
{
    int64_t since_ms = engine_end_ms(f->journal.after_seq) - COMMIT_MS;
    if (f->followed_ms < since_ms)
        f->followed_ms = since_ms;
    f->journal.after_seq = began;
    f->before_seq = NEWEST;
}

void route_tail(void *ctx, struct http_exchange *x)
{
    struct admin *a = ctx;
    struct rendering *r = listing_new(x, FILTER_ENDS);
    bool has_missed;
    if (!r)
        return;
    int64_t after = r->filter.journal.after_seq, began = engine_ends_began(a->engine);
    filter_doubt(&r->filter, a->engine);
    if (after > 0 && after < began)
        look_back(&r->filter, began);
    add_remembered(a->engine, r, &has_missed);
    if (r->filter.before_seq)
        answer_from_journal(a, r, has_missed);
    else
        answer(a, r, has_missed);
}
