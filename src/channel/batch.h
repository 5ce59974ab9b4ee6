/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * A batch while a channel gathers it: the owned counterpart of struct channel_batch, which borrows
 * from it while it is appended. Its memory is kept from one batch to the next.
 *
 *     batch_add(&b, event, &identity);            // takes over the reference
 *     if (batch_append(&b, channel, on_kept, token, &err) == 0)
 *         batch_clear(&b);
 */
#ifndef LIAISON_CHANNEL_BATCH_H
#define LIAISON_CHANNEL_BATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/buf.h"
#include "channel/channel.h"

struct batch {
    struct event **events;
    struct channel_identity *identities;
    bool *has_identity;
    size_t n_events, cap;
    size_t bytes; /* held by the events and the malformed message */
    struct buf position;
    bool has_position;
    bool is_malformed; /* instead of events: */
    struct buf malformed, malformed_error;
};

/* Zero-initialised is empty. */
void batch_deinit(struct batch *b);
void batch_clear(struct batch *b);
bool batch_is_empty(const struct batch *b);
/* Takes over the reference; `identity` NULL: it can't be a duplicate. */
void batch_add(struct batch *b, struct event *event, const struct channel_identity *identity);
void batch_set_malformed(struct batch *b, struct slice message, struct slice error);
void batch_set_position(struct batch *b, struct slice position);

/* Hands it to the channel's host, which takes its own references. */
int batch_append(const struct batch *b, const struct channel *channel, channel_kept_fn kept,
                 void *kept_ctx, struct err *err) must_check;

#endif
