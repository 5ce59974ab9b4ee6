/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The way from a stream's bytes to the host: parsed into messages, made events, gathered into
 * batches, appended, counted until they are kept. Knows nothing of connections: sse.c feeds it and
 * asks whether it is full.
 *
 *     sse_intake_begin(&in);             // a stream begins; a half message of the last one is gone
 *     sse_intake_feed(&in, bytes);
 *     if (sse_intake_is_full(&in))
 *         http_stream_pause(stream);     // `changed` is called when there is room again
 */
#ifndef LIAISON_CHANNEL_SSE_INTAKE_H
#define LIAISON_CHANNEL_SSE_INTAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/list.h"
#include "channel/batch.h"
#include "channel/channel.h"
#include "channel/identity.h"
#include "channel/sse_parser.h"
#include "loop/loop.h"

#define SSE_BATCH_MAX 500 /* events that are appended together */
/* Events handed over and not kept, after which none are taken until half of them are kept; and the
   same in bytes. */
#define SSE_UNKEPT_MAX 2000
#define SSE_UNKEPT_BYTES ((size_t)32 << 20)

struct sse_intake {
    const struct channel *channel;
    loop_fn changed; /* it isn't full any more */
    void *ctx;
    struct sse_parser *parser;
    struct buf position;  /* the newest that was put into a batch */
    struct batch batch;   /* that is being gathered */
    struct list refused;  /* struct held: batches that the host refused, oldest first */
    struct list unkept;   /* struct handed: what it took and hasn't kept */
    size_t unkept_events; /* of those, a malformed message counts as one */
    size_t unkept_bytes;
    bool is_full;
    bool has_message;      /* one came since _begin */
    bool has_id;           /* the newest message had a last event ID … */
    bool has_any;          /* … if one came at all */
    int64_t last_event_ms; /* wall time, 0: none came yet */
    struct identity_source ids;
};

/* `position` is the last event ID to begin with; may be absent. */
void sse_intake_init(struct sse_intake *in, const struct channel *channel, struct slice position,
                     loop_fn changed, void *ctx);
void sse_intake_deinit(struct sse_intake *in);

void sse_intake_begin(struct sse_intake *in);
void sse_intake_feed(struct sse_intake *in, struct slice bytes);
/* Appends again what was refused. */
void sse_intake_retry(struct sse_intake *in);

bool sse_intake_is_full(const struct sse_intake *in);
/* What the next connection sends as Last-Event-ID; may be empty. */
struct slice sse_intake_last_id(const struct sse_intake *in);
/* The reconnection time that the bus asked for; -1 when it didn't. */
int64_t sse_intake_retry_ms(const struct sse_intake *in);

#endif
