/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * An attempt at a batch of deliveries: those that turn out to be older than what was delivered are out
 * first, then each row's transformer runs by itself, then the connector's `send` for the rest at once.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "delivery/batch.h"
#include "engine/parts.h"

#define ID_HASH_BYTES 12

/* A row's own end, with the texts that it borrows. */
struct own_end {
    struct list link;
    struct attempt_end end;
    struct buf failure, error, answer;
};

struct batch_attempt {
    struct engine *engine;
    struct batch *batch;
    size_t n;
    struct item **items;            /* by row; the first is what the scripts have as context */
    struct script_attempt *rows;    /* while the scripts have them */
    const struct attempt_end **own; /* by row; NULL: it has none */
    struct list ends;               /* struct own_end */
    size_t n_asking;                /* rows of which it isn't known yet whether they are older */
    struct script_batch_run *run;
    int64_t started_us;
    bool was_logged;
};

/* ---- its life ---- */

static void batch_attempt_free(struct batch_attempt *a)
{
    list_each (it, &a->ends) {
        struct own_end *own = list_entry(it, struct own_end, link);
        buf_deinit(&own->failure);
        buf_deinit(&own->error);
        buf_deinit(&own->answer);
        free(own);
    }
    free(a->items);
    free(a->rows);
    free(a->own);
    free(a);
}

static struct batch_attempt *batch_attempt_new(struct engine *e, struct batch *b)
{
    struct batch_attempt *a = mem_calloc(1, sizeof(*a));
    a->engine = e;
    a->batch = b;
    a->n = b->n;
    a->items = mem_calloc(b->n, sizeof(struct item *));
    a->own = mem_calloc(b->n, sizeof(struct attempt_end *));
    a->started_us = clock_mono_us(&e->clock);
    list_init(&a->ends);
    for (size_t i = 0; i < b->n; i++) {
        a->items[i] = item_of(b->members[i]);
        a->items[i]->batch = a;
        a->items[i]->started_us = a->started_us;
    }
    return a;
}

/* Its members are in no attempt any more. */
static void end_attempt(struct batch_attempt *a)
{
    for (size_t i = 0; i < a->n; i++)
        a->items[i]->batch = NULL;
    batch_attempt_free(a);
}

void batch_attempt_forget(struct item *item)
{
    struct batch_attempt *a = item->batch;
    item->batch = NULL;
    if (!a || a->items[0] != item)
        return;
    script_cancel_batch(a->run);
    batch_attempt_free(a);
}

/* ---- ends of rows ---- */

static struct slice keep(struct buf *room, struct slice s)
{
    buf_add_slice(room, s);
    return buf_slice(room);
}

static void set_own(struct batch_attempt *a, size_t row, const struct attempt_end *end)
{
    struct own_end *own = mem_calloc(1, sizeof(*own));
    own->end = *end;
    own->end.error = keep(&own->error, end->error);
    own->end.answer = keep(&own->answer, end->answer);
    if (end->failure) {
        buf_add_str(&own->failure, end->failure);
        own->end.failure = own->failure.data;
    }
    own->end.us = clock_mono_us(&a->engine->clock) - a->started_us;
    list_add_tail(&a->ends, &own->link);
    a->own[row] = &own->end;
}

static void on_row_ended(void *ctx, size_t row, const struct script_result *result)
{
    struct batch_attempt *a = ((struct item *)ctx)->batch;
    if (!result) {
        a->own[row] = &lanes_left_out;
        return;
    }
    const struct attempt_end end = attempt_end_of(a->engine, result);
    attempt_note_error(a->items[row], result);
    set_own(a, row, &end);
}

static bool waits(const struct batch_attempt *a, size_t row)
{
    const struct attempt_end *own = a->own[row];
    return own && (own == &lanes_left_out || lanes_will_wait(a->batch->members[row], own));
}

/* What is behind a row of its key that has to wait waits with it, and so does what is behind that. */
static bool is_left_out(void *ctx, size_t row)
{
    struct batch_attempt *a = ((struct item *)ctx)->batch;
    size_t before = lanes_member_before(a->batch, row);
    if (!a->own[row] && before != row && waits(a, before))
        a->own[row] = &lanes_left_out;
    return a->own[row] != NULL;
}

/* ---- what is sent ---- */

/* The same for the same rows in the same order; of one alone it is that one's own. */
static void on_rows_known(void *ctx, struct buf *id)
{
    struct batch_attempt *a = ((struct item *)ctx)->batch;
    struct buf ids = {0};
    const char *last = "";
    size_t n = 0, from = id->len;
    for (size_t i = 0; i < a->n; i++) {
        if (a->own[i])
            continue;
        last = a->items[i]->d.id;
        buf_add_str(&ids, last);
        buf_add_char(&ids, '\n');
        n++;
    }
    if (n == 1) {
        buf_add_str(id, last);
    } else {
        const struct slice all = buf_slice(&ids);
        struct hash128 hash = hash_parts(&all, 1);
        buf_printf(id, "%zu-", n);
        text_add_hex(id, hash.bytes, ID_HASH_BYTES);
    }
    snprintf(a->batch->id, sizeof(a->batch->id), "%.*s",
             SLICE_FMT(slice_from(buf_slice(id), from)));
    buf_deinit(&ids);
}

/* ---- the end of all others ---- */

/* Its row is numbered by its work, which nobody has used lately: it is fetched while others are noted. */
static void note_result(struct item *item, const struct script_result *result, int64_t us)
{
    if (item->work)
        __builtin_prefetch(&item->work->next_ordinal);
    item->run_us = us;
    buf_clear(&item->result);
    if (result && item->keeps_result)
        buf_add_slice(&item->result, result->value);
}

static void on_ended(void *ctx, const struct script_result *result)
{
    struct batch_attempt *a = ((struct item *)ctx)->batch;
    struct attempt_end end = {0};
    int64_t us = clock_mono_us(&a->engine->clock) - a->started_us;
    if (result) {
        end = attempt_end_of(a->engine, result);
        attempt_note_error(a->items[0], result);
    }
    end.us = us;
    a->run = NULL;
    for (size_t i = 0; i < a->n; i++)
        note_result(a->items[i], a->own[i] ? NULL : result, us);
    lanes_batch_ended(a->engine->lanes, a->batch, result ? &end : NULL, a->own);
    end_attempt(a);
}

/* ---- its start ---- */

/* What the scripts are told of it: the most of its members' attempts, the first of their times. */
static struct script_batch describe(struct batch_attempt *a)
{
    struct script_batch asked = {
        .n_rows = a->n,
        .created_ms = INT64_MAX,
        .row_ended = on_row_ended,
        .is_left_out = is_left_out,
        .add_id = on_rows_known,
    };
    a->rows = mem_calloc(a->n, sizeof(*a->rows));
    asked.rows = a->rows;
    for (size_t i = 0; i < a->n; i++) {
        struct script_attempt *row = &a->rows[i];
        *row = attempt_describe(a->items[i], a->items[i]->d.data);
        asked.attempt = row->attempt > asked.attempt ? row->attempt : asked.attempt;
        asked.created_ms = row->created_ms < asked.created_ms ? row->created_ms : asked.created_ms;
        asked.keeps_value |= row->keeps_value;
        if (!asked.last_error.data)
            asked.last_error = row->last_error;
    }
    return asked;
}

static void start(struct batch_attempt *a)
{
    struct engine *e = a->engine;
    struct batch *b = a->batch;
    const struct script_connector *connector = target_owner(b->target);
    /* A reload took it away, or has it take single ones, while something was read for this attempt. */
    if (!connector || connector->batch_size == 0) {
        end_attempt(a);
        lanes_take_back_batch(e->lanes, b, false);
        return;
    }
    const struct script_batch asked = describe(a);
    struct script_batch_run *run =
        script_attempt_batch(e->machine, connector, &asked, on_ended, a->items[0]);
    if (run) /* else a is gone */
        a->run = run;
}

static void judged_one(struct batch_attempt *a)
{
    if (--a->n_asking == 0)
        start(a);
}

void batch_attempt_judged(struct item *item, const struct attempt_end *end)
{
    struct batch_attempt *a = item->batch;
    if (end)
        set_own(a, item->d.batch_place, end);
    judged_one(a);
}

void batch_attempt_start(void *ctx, struct batch *b)
{
    struct batch_attempt *a = batch_attempt_new(ctx, b);
    a->n_asking = 1; /* who asks */
    for (size_t i = 0; i < a->n; i++)
        a->n_asking += a->items[i]->newest != NEWEST_IGNORED;
    for (size_t i = 0; a->n_asking > 1 && i < a->n; i++) {
        if (a->items[i]->newest != NEWEST_IGNORED)
            newest_attempt(a->items[i]);
    }
    judged_one(a);
}

void batch_attempt_take_back(struct item *item, bool is_unknown)
{
    struct batch_attempt *a = item->batch;
    struct batch *b = a->batch;
    script_cancel_batch(a->run);
    end_attempt(a);
    lanes_take_back_batch(item->engine->lanes, b, is_unknown);
}

size_t batch_attempt_to_log(const struct item *item)
{
    struct batch_attempt *a = item->batch;
    if (!a || a->was_logged)
        return a ? 0 : 1;
    a->was_logged = true;
    return a->n;
}
