/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The way in: what a channel hands over is queued for the journal; once it is on disk, the channel
 * is told and the events are handled.
 */
#include <assert.h>
#include <stdlib.h>

#include "base/buf.h"
#include "engine/parts.h"

/* A batch between a channel and the journal. */
struct acceptance {
    struct engine *engine;
    channel_kept_fn kept;
    void *kept_ctx;
    size_t n_events;
    struct event *events[];
};

static void queue_behind_recovery(struct engine *e, struct event *event)
{
    if (e->n_arrivals == e->cap_arrivals) {
        e->cap_arrivals = e->cap_arrivals ? e->cap_arrivals * 2 : 256;
        e->arrivals = mem_realloc(e->arrivals, e->cap_arrivals * sizeof(struct event *));
    }
    e->arrivals[e->n_arrivals++] = event;
}

static void on_kept(void *ctx, size_t duplicates)
{
    struct acceptance *a = ctx;
    struct engine *e = a->engine;

    a->kept(a->kept_ctx, duplicates);
    for (size_t i = 0; i < a->n_events; i++) {
        if (a->events[i]->seq == 0) /* a duplicate */
            event_unref(a->events[i]);
        else if (e->recovery)
            queue_behind_recovery(e, a->events[i]);
        else
            handle_event(e, a->events[i]);
    }
    free(a);
}

int accept_batch(void *ctx, const struct channel_batch *batch, channel_kept_fn kept, void *kept_ctx,
                 struct err *err)
{
    struct engine *e = ctx;
    const char *refusal = engine_refusal(e);
    if (refusal)
        return err_set(err, ERR_FULL, "%s", refusal);

    struct acceptance *a = mem_alloc(sizeof(*a) + batch->n_events * sizeof(struct event *));
    *a = (struct acceptance){e, kept, kept_ctx, batch->n_events};
    for (size_t i = 0; i < batch->n_events; i++)
        a->events[i] = event_ref(batch->events[i]);

    static_assert(sizeof(struct channel_identity) == 16, "the journal takes them as 16 bytes each");
    const struct journal_append append = {
        .events = batch->events,
        .n_events = batch->n_events,
        .identities = (const unsigned char(*)[16])batch->identities,
        .has_identity = batch->has_identity,
        .channel = batch->channel,
        .position = batch->position,
        .malformed = batch->malformed,
        .malformed_error = batch->malformed_error,
    };
    journal_append(e->journal, &append, on_kept, a);
    return 0;
}

void accept_resume(struct engine *e)
{
    if (engine_refusal(e))
        return;
    list_each(it, &e->channels)
    {
        struct engine_channel *c = list_entry(it, struct engine_channel, link);
        channel_resume(c->channel);
    }
}
