/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Growing arrays side by side, one entry of each an event.
 */
#include "channel/batch.h"

#include <stdlib.h>

static void grow(struct batch *b)
{
    b->cap = b->cap ? 2 * b->cap : 8;
    b->events = mem_realloc(b->events, b->cap * sizeof(struct event *));
    b->identities = mem_realloc(b->identities, b->cap * sizeof(*b->identities));
    b->has_identity = mem_realloc(b->has_identity, b->cap * sizeof(*b->has_identity));
}

void batch_clear(struct batch *b)
{
    for (size_t i = 0; i < b->n_events; i++)
        event_unref(b->events[i]);
    b->n_events = 0;
    b->bytes = 0;
    b->has_position = b->is_malformed = false;
    buf_clear(&b->position);
    buf_clear(&b->malformed);
    buf_clear(&b->malformed_error);
}

void batch_deinit(struct batch *b)
{
    batch_clear(b);
    free(b->events);
    free(b->identities);
    free(b->has_identity);
    buf_deinit(&b->position);
    buf_deinit(&b->malformed);
    buf_deinit(&b->malformed_error);
}

bool batch_is_empty(const struct batch *b)
{
    return b->n_events == 0 && !b->is_malformed;
}

void batch_add(struct batch *b, struct event *event, const struct channel_identity *identity)
{
    if (b->n_events == b->cap)
        grow(b);
    b->events[b->n_events] = event;
    b->has_identity[b->n_events] = identity != NULL;
    b->identities[b->n_events] = identity ? *identity : (struct channel_identity){{0}};
    b->n_events++;
    b->bytes += event_size(event);
}

void batch_set_malformed(struct batch *b, struct slice message, struct slice error)
{
    buf_clear(&b->malformed);
    buf_clear(&b->malformed_error);
    buf_add_slice(&b->malformed, message);
    buf_add_slice(&b->malformed_error, error);
    b->is_malformed = true;
    b->bytes += message.len;
}

void batch_set_position(struct batch *b, struct slice position)
{
    buf_clear(&b->position);
    buf_add_slice(&b->position, position);
    b->has_position = true;
}

/* Present, also when nothing was ever added: not NULL. */
static struct slice present(const struct buf *b)
{
    return b->data ? buf_slice(b) : SLICE_LIT("");
}

int batch_append(const struct batch *b, const struct channel *channel, channel_kept_fn kept,
                 void *kept_ctx, struct err *err)
{
    const struct channel_host *host = channel->host;
    struct channel_batch batch = {
        .channel = slice_str(channel->name),
        .events = b->events,
        .n_events = b->n_events,
        .identities = b->identities,
        .has_identity = b->has_identity,
        .position = b->has_position ? present(&b->position) : SLICE_NULL,
    };
    if (b->is_malformed) {
        batch.malformed = present(&b->malformed);
        batch.malformed_error = present(&b->malformed_error);
    }
    return host->append(host->ctx, &batch, kept, kept_ctx, err);
}
