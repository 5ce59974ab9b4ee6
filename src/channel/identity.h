/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * By what an event is known: what makes it a duplicate of another of its channel, and the id of
 * one that came without.
 */
#ifndef LIAISON_CHANNEL_IDENTITY_H
#define LIAISON_CHANNEL_IDENTITY_H

#include "channel/channel.h"

/* An event whose message brought its id: another of that source and id is the same. */
struct channel_identity identity_of_event(const struct event *event);

/* An event whose id is the bus's own: `message` has to be the same too. */
struct channel_identity identity_of_content(const struct event *event, struct slice message);

/* For envelope_context.new_id: a UUIDv7 of the moment *(const int64_t *)ctx, wall time in ms. */
void identity_new_id(void *ctx, char out[37]);

#endif
