/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * From bytes to events, by the rules of what a message on a channel means: CloudEvents, an object
 * with type and data, any other JSON, text. Pure.
 */
#ifndef LIAISON_EVENT_ENVELOPE_H
#define LIAISON_EVENT_ENVELOPE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "event/event.h"

/* What the surroundings of a message tell of it; borrowed. */
struct envelope_context {
    struct slice channel;
    struct slice type;   /* the channel's own type for it, absent: none (rule 3) */
    struct slice id;     /* the channel's own id for it (an SSE id of that very block), or absent */
    struct slice source; /* where CloudEvents' source is missing: the channel's URL or name */
    struct slice traceparent, tracestate; /* headers beside it: of events that bring none */
    int64_t received_ms;
    /* Gives a fresh id (UUIDv7, 36 characters, NUL) to events that bring none. */
    void (*new_id)(void *ctx, char out[37]);
    void *ctx;
};

/* One message of a channel (rules 1 to 4). -1 with ERR_INVALID and the reason when it is malformed:
   the caller keeps the raw bytes as a dead letter. */
int envelope_parse(const struct envelope_context *context, struct slice message,
                   struct event **event, struct err *err) must_check;

/* What POST /events takes. */
enum envelope_media {
    /* application/json: an event {type, data, …}, a CloudEvent, or an array of such */
    ENVELOPE_JSON,
    ENVELOPE_CE,       /* application/cloudevents+json: one structured CloudEvent */
    ENVELOPE_CE_BATCH, /* application/cloudevents-batch+json */
};

/* A whole request body: calls `each` for each event in order, which takes over the reference.
   All or nothing: on -1 `each` may have been called and the caller drops what it got. The error
   says which element was wrong ("events[3]: …"). Rules 1 and 2 only; `[]` is fine. */
typedef void (*envelope_each_fn)(void *ctx, struct event *event);
int envelope_parse_body(const struct envelope_context *context, enum envelope_media media,
                        struct slice body, envelope_each_fn each, void *each_ctx,
                        struct err *err) must_check;

/* One header of a message; borrowed, as it came. */
struct envelope_header {
    struct slice name, value;
};

/* A CloudEvent in binary mode, whose attributes stand in headers ("ce-id", in any case) and whose
   data is the body (CloudEvents 1.0, HTTP protocol binding, 3.1). Content-Type is its
   datacontenttype, "ce-datacontenttype" where that one is missing; other headers are passed over.
   The data is JSON where its type says so, else bytes; an empty body is no data. -1 with
   ERR_INVALID: an attribute is missing, stands twice or isn't as CloudEvents have it, or the body
   isn't the JSON that its type promises. */
int envelope_parse_binary(const struct envelope_context *context,
                          const struct envelope_header *headers, size_t n_headers,
                          struct slice body, struct event **event, struct err *err) must_check;

/* Appends the event as a JSON object with CloudEvents' names: id type source subject time, its
   attributes beside them, data (bytes as a string when they are UTF-8, else data_base64). */
void envelope_add_json(struct buf *out, const struct event *event);

#endif
