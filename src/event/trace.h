/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Traces that go through: W3C Trace Context (Recommendation of 23 November 2021), which events carry
 * as CloudEvents' extension for distributed tracing, attributes `traceparent` and `tracestate`.
 * Liaison begins none of its own.
 */
#ifndef LIAISON_EVENT_TRACE_H
#define LIAISON_EVENT_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"
#include "event/event.h"

#define TRACE_PARENT_LEN 55 /* of version 00 */

/* Borrowed from what it was read from. */
struct trace {
    struct slice id;    /* 32 hexadecimal digits; data NULL: there is no trace */
    struct slice flags; /* 2 */
    struct slice state; /* the other systems' own, as it came; may be absent */
};

/* From the value of a header or attribute; false, and no trace, when it isn't one. */
bool trace_parse(struct trace *trace, struct slice traceparent);
/* The one that the event belongs to; `room` holds its state, NULL: which isn't asked for. */
bool trace_of_event(struct trace *trace, const struct event *event, struct buf *room);
/* Appends a traceparent of version 00, by which the next system knows what called it: `span`, any
   number but 0. */
void trace_add_parent(struct buf *out, const struct trace *trace, uint64_t span);
/* Appends the event's attributes, a JSON object or absent, with the trace beside them. */
void trace_add_attributes(struct buf *out, struct slice attributes, struct slice traceparent,
                          struct slice tracestate);

#endif
