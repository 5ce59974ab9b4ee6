/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Identities are hashes: 16 bytes stand for ids of any length.
 */
#include "channel/identity.h"

#include <assert.h>

static_assert(sizeof(struct hash128) == sizeof(struct channel_identity), "one holds the other");
static_assert(UUID_LEN == 36, "what envelope_context.new_id has room for");

static struct channel_identity identity_of(const struct slice *parts, size_t n_parts)
{
    struct hash128 hash = hash_parts(parts, n_parts);
    struct channel_identity identity;
    memcpy(identity.bytes, hash.bytes, sizeof(identity.bytes));
    return identity;
}

struct channel_identity identity_of_event(const struct event *event)
{
    const struct slice parts[] = {event->source, event->id};
    return identity_of(parts, ARRAY_LEN(parts));
}

struct channel_identity identity_of_content(const struct event *event, struct slice message)
{
    const struct slice parts[] = {event->source, event->id, event->type, message};
    return identity_of(parts, ARRAY_LEN(parts));
}

void identity_new_id(void *ctx, char out[37])
{
    struct identity_source *source = ctx;
    uuid_v7(&source->uuids, out, source->now_ms);
}
