/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The channel of server-sent events (WHATWG HTML, "Server-sent events"), as a daemon needs it.
 *
 * It stays connected for ever: a stream that ends is opened again after the reconnection time (1 s,
 * or what the bus said by `retry:`), an attempt that fails after delays that grow to a minute; a
 * Retry-After is waited for. Only a 204 ends it for good. A bus that is silent for a minute,
 * comments included, is taken for dead.
 *
 * Its position is the last event ID. It is sent as Last-Event-ID at each connection and handed over
 * with the events that it covers. While more events are handed over than the host has kept, the
 * socket isn't read.
 *
 * Credentials in the URL (http://user:password@host/) are sent as basic authentication and are not
 * shown anywhere. A header of the options takes the place of one that would be sent by itself.
 */
#ifndef LIAISON_CHANNEL_SSE_H
#define LIAISON_CHANNEL_SSE_H

#include "channel/channel.h"

extern const struct channel_kind channel_sse;

/* No byte for so long: the connection is dropped and made anew. */
#define SSE_SILENCE_MS 60000

#endif
