/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The way in: what a channel hands over is queued for the journal; once it is on disk, the channel
 * is told, and the events are handled in their turn.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "engine/parts.h"

/* A batch between a channel and the journal. */
struct acceptance {
    struct list link; /* in engine.acceptances */
    struct engine *engine;
    struct engine_channel *channel; /* NULL: it was closed meanwhile, and is told nothing */
    bool is_malformed;
    channel_kept_fn kept;
    void *kept_ctx;
    struct item *publication; /* of a malformed message that it is; NULL: none */
    int64_t publication_seq;
    size_t n_matched, bytes; /* of those that will be handled */
    size_t n_events;
    bool *is_unmatched; /* by event; behind them */
    struct event *events[];
};

static void count(const struct acceptance *a, size_t duplicates)
{
    struct engine_channel *c = a->channel;
    c->received += a->n_events + a->is_malformed;
    c->duplicate += duplicates;
    c->malformed += a->is_malformed;
    if (a->n_events == 0)
        return;
    const struct event *last = a->events[a->n_events - 1];
    if (last->time.len == 0 || last->time.len >= sizeof(c->last_time))
        return;
    memcpy(c->last_time, last->time.data, last->time.len);
    c->last_time[last->time.len] = '\0';
    c->last_received_ms = last->received_ms;
}

static void on_kept(void *ctx, size_t duplicates)
{
    struct acceptance *a = ctx;
    struct engine *e = a->engine;

    arrivals_came(e, a->n_matched, a->bytes);
    if (a->channel) {
        count(a, duplicates);
        a->kept(a->kept_ctx, duplicates);
    }
    if (a->publication)
        publication_take(a->publication, a->publication_seq);
    for (size_t i = 0; i < a->n_events; i++) {
        struct event *event = a->events[i];
        if (event->seq == 0) { /* a duplicate */
            event_unref(event);
            continue;
        }
        if (e->on_kept)
            e->on_kept(e->on_kept_ctx, event);
        if (a->is_unmatched[i]) {
            handle_unmatched(e, event);
            event_unref(event);
            continue;
        }
        arrivals_add(e, event);
    }
    list_remove(&a->link);
    free(a);
}

int accept_batch(void *ctx, const struct channel_batch *batch, channel_kept_fn kept, void *kept_ctx,
                 struct err *err)
{
    struct engine *e = ctx;
    const char *refusal = engine_refusal(e);
    if (refusal) {
        e->has_refused = true;
        return err_set(err, ERR_FULL, "%s", refusal);
    }

    size_t per_event = sizeof(struct event *) + sizeof(bool);
    struct acceptance *a = mem_alloc(sizeof(*a) + batch->n_events * per_event);
    *a = (struct acceptance){
        .engine = e,
        .channel = engine_find_channel(e, batch->channel),
        .is_malformed = batch->malformed.data != NULL,
        .kept = kept,
        .kept_ctx = kept_ctx,
        .n_events = batch->n_events,
        .is_unmatched = (bool *)(a->events + batch->n_events),
    };
    assert(a->channel);
    list_add_tail(&e->acceptances, &a->link);
    for (size_t i = 0; i < batch->n_events; i++) {
        a->events[i] = event_ref(batch->events[i]);
        a->is_unmatched[i] = !handle_is_matched(e, batch->events[i]);
        if (!a->is_unmatched[i]) {
            a->n_matched++;
            a->bytes += event_size(batch->events[i]);
        }
    }
    arrivals_expect(e, a->n_matched, a->bytes);

    struct delivery_row publication;
    if (batch->malformed.data) {
        int64_t seq = journal_next_seq(e->journal);
        a->publication = publication_of_malformed(e, batch, seq);
        a->publication_seq = delivery_seq(seq, DELIVERY_PUBLICATIONS);
    }
    if (a->publication)
        publication = publication_row(a->publication);

    static_assert(sizeof(struct channel_identity) == 16, "the journal takes them as 16 bytes each");
    const struct journal_append append = {
        .events = batch->events,
        .n_events = batch->n_events,
        .identities = (const unsigned char(*)[16])batch->identities,
        .has_identity = batch->has_identity,
        .is_unmatched = a->is_unmatched,
        .channel = batch->channel,
        .position = batch->position,
        .malformed = batch->malformed,
        .malformed_error = batch->malformed_error,
        .publication = a->publication ? &publication : NULL,
    };
    journal_append(e->journal, &append, on_kept, a);
    return 0;
}

void engine_on_kept(struct engine *e, engine_kept_fn fn, void *ctx)
{
    e->on_kept = fn;
    e->on_kept_ctx = ctx;
}

void accept_resume(struct engine *e)
{
    if (!e->has_refused || engine_refusal(e))
        return;
    e->has_refused = false;
    list_each (it, &e->channels)
        channel_resume(list_entry(it, struct engine_channel, link)->channel);
}

void accept_forget(struct engine *e, const struct engine_channel *channel)
{
    list_each (it, &e->acceptances) {
        struct acceptance *a = list_entry(it, struct acceptance, link);
        if (a->channel == channel)
            a->channel = NULL;
    }
}

void accept_free(struct engine *e)
{
    list_each (it, &e->acceptances) {
        struct acceptance *a = list_entry(it, struct acceptance, link);
        for (size_t i = 0; i < a->n_events; i++)
            event_unref(a->events[i]);
        if (a->publication)
            item_free(a->publication);
        free(a);
    }
}
