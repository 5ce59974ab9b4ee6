/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The embedded channel: the daemon's own POST /events, for programs that have no bus. Its events
 * are taken whole requests at a time; the 202 leaves after the commit.
 */
#ifndef LIAISON_CHANNEL_EMBEDDED_H
#define LIAISON_CHANNEL_EMBEDDED_H

#include "channel/channel.h"
#include "http/server.h"

extern const struct channel_kind channel_embedded;

#define CHANNEL_EMBEDDED_NAME "embedded"

/* Serves one POST /events: 202 {"accepted":N,"duplicates":M} once kept; 400 for what is no event,
   413 and 415 by size and type, 503 with Retry-After when nothing can be taken. */
void embedded_post(struct channel *c, struct http_exchange *x);

#endif
