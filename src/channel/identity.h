/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * By what an event is known: what makes it a duplicate of another of its channel, and the id of
 * one that came without.
 */
#ifndef LIAISON_CHANNEL_IDENTITY_H
#define LIAISON_CHANNEL_IDENTITY_H

#include "channel/channel.h"
#include "crypto/hash.h"
#include "crypto/uuid.h"

/* An event whose message brought its id: another of that source and id is the same. */
struct channel_identity identity_of_event(const struct event *event);

/* An event whose id is the bus's own: `message` has to be the same too. */
struct channel_identity identity_of_content(const struct event *event, struct slice message);

/* What ids are made of. In place, zero at first. */
struct identity_source {
    struct uuid_source uuids;
    int64_t now_ms; /* wall time, set by who uses it */
};

/* For envelope_context.new_id: a UUIDv7; `ctx` is a struct identity_source. */
void identity_new_id(void *ctx, char out[37]);

#endif
