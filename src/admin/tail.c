/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Deliveries as they end. What ended since a question of before a restart is found in the journal.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "admin/routes.h"
#include "base/buf.h"
#include "engine/record_json.h"

/* What ends is known of when its row is on disk, a little later than the row says. */
#define COMMIT_MS 10000
#define EARLIER_MAX 1000

struct tail {
    struct admin *admin;
    struct rendering *r;
    int64_t since_ms; /* ends since then are looked for, wall: not before it was begun to follow */
    struct earlier *found;
    size_t n_found;
};

static void end_answer(struct rendering *r, int64_t next_number, bool has_missed)
{
    char next[48];
    bool begins = r->filter.journal.after_seq == 0;
    int64_t since_ms = begins ? engine_end_ms(next_number) : r->filter.followed_ms;
    json_array_end(&r->writer);
    snprintf(next, sizeof(next), "%" PRId64 "-%" PRId64, since_ms, next_number);
    json_member_cstr(&r->writer, "next", next);
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

static void render_checked(struct journal_reader *reader, void *ctx)
{
    struct rendering *r = ctx;
    (void)!filter_check(&r->filter, reader, &r->err);
}

static void answer(struct admin *a, struct rendering *r)
{
    bool has_missed;
    int64_t next = engine_each_end(a->engine, r->filter.journal.after_seq, &has_missed, add_end, r);
    end_answer(r, next, has_missed);
    if (filter_has_doubts(&r->filter)) {
        rendering_start(a, r, render_checked);
        return;
    }
    http_exchange_reply(r->x, 200, "application/json", buf_slice(&r->out));
    rendering_free(r);
}

/* ---- what the journal remembers ---- */

struct earlier {
    int64_t at_ms, seq;
    struct buf json;
};

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

static bool note_received(void *ctx, struct event *event, enum event_state state)
{
    (void)state;
    *(int64_t *)ctx = event->received_ms;
    return false;
}

/* Whether there were more: rows that weren't looked at, of which the newest came since. */
static int find_missed(const struct tail *t, const struct journal_filter *f, bool *has_missed,
                       struct err *err)
{
    int64_t received_ms = 0;
    if (f->through_seq && journal_find_event(t->r->reader, delivery_event_seq(f->through_seq),
                                             note_received, &received_ms, err) < 0)
        return -1;
    *has_missed = t->n_found == EARLIER_MAX || received_ms >= t->since_ms;
    return 0;
}

static int compare_earlier(const void *a, const void *b)
{
    const struct earlier *x = a, *y = b;
    if (x->at_ms != y->at_ms)
        return x->at_ms < y->at_ms ? -1 : 1;
    return (x->seq > y->seq) - (x->seq < y->seq);
}

static int find_earlier(struct tail *t, bool *has_missed, struct err *err)
{
    struct rendering *r = t->r;
    struct journal_filter f = r->filter.journal;
    f.after_seq = 0;
    f.since_ms = t->since_ms > 0 ? t->since_ms : 1; /* 0 would be any, what waits, too */
    f.is_of_ends = true;
    f.limit = EARLIER_MAX;
    if (filter_check(&r->filter, r->reader, err) < 0 ||
        journal_bound_deliveries(r->reader, &f, LISTING_LOOKED_AT, err) < 0 ||
        journal_list_deliveries(r->reader, &f, note_earlier, t, err) < 0)
        return -1;
    return find_missed(t, &f, has_missed, err);
}

static void render_earlier(struct journal_reader *reader, void *ctx)
{
    struct tail *t = ctx;
    struct rendering *r = t->r;
    struct err err = {0};
    bool has_missed = false;
    r->reader = reader;
    t->found = mem_calloc(EARLIER_MAX, sizeof(*t->found));
    if (find_earlier(t, &has_missed, &err) < 0)
        r->err = err;
    qsort(t->found, t->n_found, sizeof(*t->found), compare_earlier);
    for (size_t i = 0; i < t->n_found; i++) {
        json_member_raw(&r->writer, NULL, buf_slice(&t->found[i].json));
        buf_deinit(&t->found[i].json);
    }
    free(t->found);
    end_answer(r, r->next, has_missed);
}

static void on_earlier(void *ctx)
{
    struct tail *t = ctx;
    struct rendering *r = t->r;
    free(t);
    if (r->err.code != ERR_NONE)
        answer_failure(r->x, &r->err);
    else
        http_exchange_reply(r->x, 200, "application/json", buf_slice(&r->out));
    rendering_free(r);
}

/* All that ended before what is remembered is on disk. */
static void on_kept(void *ctx)
{
    struct tail *t = ctx;
    journal_read(engine_journal(t->admin->engine), render_earlier, on_earlier, t);
}

void route_tail(void *ctx, struct http_exchange *x)
{
    struct admin *a = ctx;
    struct rendering *r = listing_new(x, FILTER_ENDS);
    if (!r)
        return;
    int64_t after = r->filter.journal.after_seq;
    filter_doubt(&r->filter, a->engine);
    r->next = engine_ends_began(a->engine);
    if (after == 0 || after >= r->next) {
        answer(a, r);
        return;
    }
    struct tail *t = mem_calloc(1, sizeof(*t));
    int64_t since_ms = engine_end_ms(after) - COMMIT_MS, begun_ms = r->filter.followed_ms;
    *t = (struct tail){.admin = a, .r = r, .since_ms = since_ms > begun_ms ? since_ms : begun_ms};
    journal_when_kept(engine_journal(a->engine), on_kept, t);
}
