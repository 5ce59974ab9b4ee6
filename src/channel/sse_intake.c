/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Batches stay in order: behind one that was refused nothing is handed over.
 */
#include "channel/sse_intake.h"

#include <stdlib.h>

#include "channel/identity.h"
#include "event/envelope.h"

/* A batch that the host refused. */
struct held {
    struct list link;
    struct batch batch;
};

/* A batch that the host took. */
struct handed {
    struct list link;
    struct sse_intake *intake;
    size_t n_events, bytes;
};

/* ---- handing over ---- */

static void update_full(struct sse_intake *in)
{
    bool was_full = in->is_full;
    if (!list_is_empty(&in->refused) || in->unkept_events >= SSE_UNKEPT_MAX ||
        in->unkept_bytes >= SSE_UNKEPT_BYTES)
        in->is_full = true;
    else if (in->unkept_events < SSE_UNKEPT_MAX / 2 && in->unkept_bytes < SSE_UNKEPT_BYTES / 2)
        in->is_full = false;
    if (was_full && !in->is_full)
        in->changed(in->ctx);
}

static void release(struct handed *handed)
{
    list_remove(&handed->link);
    handed->intake->unkept_events -= handed->n_events;
    handed->intake->unkept_bytes -= handed->bytes;
    free(handed);
}

static void on_kept(void *ctx, size_t duplicates)
{
    (void)duplicates;
    struct handed *handed = ctx;
    struct sse_intake *in = handed->intake;
    release(handed);
    update_full(in);
}

/* False when the host refuses it. */
static bool hand_over(struct sse_intake *in, const struct batch *batch)
{
    struct handed *handed = mem_alloc(sizeof(*handed));
    handed->intake = in;
    handed->n_events = batch->is_malformed ? 1 : batch->n_events;
    handed->bytes = batch->bytes;
    in->unkept_events += handed->n_events;
    in->unkept_bytes += handed->bytes;
    list_add_tail(&in->unkept, &handed->link);

    struct err err = {0};
    if (batch_append(batch, in->channel, on_kept, handed, &err) == 0)
        return true;
    release(handed);
    return false;
}

static void held_free(struct held *held)
{
    list_remove(&held->link);
    batch_deinit(&held->batch);
    free(held);
}

/* Sends the gathered batch on its way, or to the end of the queue. */
static void flush(struct sse_intake *in)
{
    if (batch_is_empty(&in->batch))
        return;
    if (list_is_empty(&in->refused) && hand_over(in, &in->batch)) {
        batch_clear(&in->batch);
        return;
    }
    struct held *held = mem_alloc(sizeof(*held));
    held->batch = in->batch;
    in->batch = (struct batch){0};
    list_add_tail(&in->refused, &held->link);
}

void sse_intake_retry(struct sse_intake *in)
{
    while (!list_is_empty(&in->refused)) {
        struct held *held = list_first(&in->refused, struct held, link);
        if (!hand_over(in, &held->batch))
            return;
        held_free(held);
    }
    update_full(in);
}

/* ---- from messages to batches ---- */

/* The batch so far is resumed behind by this id; one that is known to the host isn't told again. */
static void set_position(struct sse_intake *in, struct slice last_id)
{
    if (slice_is_equal(buf_slice(&in->position), last_id))
        return;
    buf_clear(&in->position);
    buf_add_slice(&in->position, last_id);
    batch_set_position(&in->batch, last_id);
}

static void add_event(struct sse_intake *in, struct event *event, const struct sse_message *m)
{
    if (event->has_inner_id) {
        struct channel_identity identity = identity_of_event(event);
        batch_add(&in->batch, event, &identity);
    } else if (event->has_own_id) {
        struct channel_identity identity = identity_of_content(event, m->data);
        batch_add(&in->batch, event, &identity);
    } else {
        batch_add(&in->batch, event, NULL);
    }
    set_position(in, m->last_id);
    if (in->batch.n_events >= SSE_BATCH_MAX)
        flush(in);
}

static void add_malformed(struct sse_intake *in, const struct sse_message *m, const char *why)
{
    flush(in);
    batch_set_malformed(&in->batch, m->raw, slice_str(why));
    set_position(in, m->last_id);
    flush(in);
}

/* NULL with the reason when it is none. */
static struct event *make_event(struct sse_intake *in, const struct sse_message *m, int64_t now_ms,
                                struct err *err)
{
    const struct channel *c = in->channel;
    struct event *event = NULL;
    in->ids.now_ms = now_ms;
    const struct envelope_context context = {
        .channel = slice_str(c->name),
        .type = slice_is_equal(m->type, SLICE_LIT("message")) ? SLICE_NULL : m->type,
        .id = m->has_id && m->last_id.len > 0 ? m->last_id : SLICE_NULL,
        .source = slice_str(c->name),
        .received_ms = now_ms,
        .new_id = identity_new_id,
        .ctx = &in->ids,
    };
    if (m->is_too_long)
        err_set(err, ERR_INVALID, "longer than limits.message, %zu bytes", c->host->message_max);
    else if (m->is_broken)
        err_set(err, ERR_INVALID, "not UTF-8");
    else if (envelope_parse(&context, m->data, &event, err) < 0)
        return NULL;
    return event;
}

static void take_message(struct sse_intake *in, const struct sse_message *m)
{
    int64_t now_ms = clock_wall_ms(&in->channel->host->clock);
    struct err err;
    err_clear(&err);
    struct event *event = make_event(in, m, now_ms, &err);
    if (event)
        add_event(in, event, m);
    else
        add_malformed(in, m, err.message);
    in->has_message = in->has_any = true;
    in->has_id = m->last_id.len > 0;
    in->last_event_ms = now_ms;
}

/* ---- the intake ---- */

void sse_intake_init(struct sse_intake *in, const struct channel *channel, struct slice position,
                     loop_fn changed, void *ctx)
{
    *in = (struct sse_intake){.channel = channel, .changed = changed, .ctx = ctx};
    list_init(&in->refused);
    list_init(&in->unkept);
    in->parser = sse_parser_new(channel->host->message_max, position);
    buf_add_slice(&in->position, position);
}

void sse_intake_deinit(struct sse_intake *in)
{
    list_each (it, &in->refused)
        held_free(container_of(it, struct held, link));
    list_each (it, &in->unkept)
        release(container_of(it, struct handed, link));
    batch_deinit(&in->batch);
    buf_deinit(&in->position);
    sse_parser_free(in->parser);
}

void sse_intake_begin(struct sse_intake *in)
{
    in->has_message = false;
    sse_parser_begin(in->parser);
}

void sse_intake_feed(struct sse_intake *in, struct slice bytes)
{
    struct sse_message message;
    sse_parser_feed(in->parser, bytes);
    while (sse_parser_next(in->parser, &message))
        take_message(in, &message);
    flush(in);
    update_full(in);
}

bool sse_intake_is_full(const struct sse_intake *in)
{
    return in->is_full;
}

struct slice sse_intake_last_id(const struct sse_intake *in)
{
    return sse_parser_last_id(in->parser);
}

int64_t sse_intake_retry_ms(const struct sse_intake *in)
{
    return sse_parser_retry_ms(in->parser);
}
