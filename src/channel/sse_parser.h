/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The parser of event streams (WHATWG HTML, section 9.2 "Server-sent events", 9.2.5 and 9.2.6):
 * bytes in, messages out, knowing nothing of sockets.
 *
 *     struct sse_parser *p = sse_parser_new(limit, stored_position);
 *     sse_parser_begin(p);                        // at each connection
 *     sse_parser_feed(p, bytes);                  // in whatever pieces they come
 *     for (struct sse_message m; sse_parser_next(p, &m);)
 *         …
 *     request_header("Last-Event-ID", sse_parser_last_id(p));
 */
#ifndef LIAISON_CHANNEL_SSE_PARSER_H
#define LIAISON_CHANNEL_SSE_PARSER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

/* What is kept of the data of a message that is too long. */
#define SSE_KEPT_MAX 1024

struct sse_parser;

/* One block of the stream that has data. Borrowed until the next sse_parser_next or _begin. */
struct sse_message {
    struct slice type;    /* "message" where the block names none */
    struct slice data;    /* its lines joined by LF, U+FFFD standing for what isn't UTF-8 */
    struct slice raw;     /* the same bytes as they came */
    struct slice last_id; /* the last event ID that holds with this message; may be empty */
    bool has_id;          /* it stood in this very block */
    bool is_too_long;     /* over the limit: data are the first 1 KiB, without half a character */
    bool is_broken;       /* data, type or id isn't UTF-8 */
};

/* `max` bounds the bytes of a message's data, and of its type and id each. `last_id` is where an
   earlier run left off; may be empty. */
struct sse_parser *sse_parser_new(size_t max, struct slice last_id);
void sse_parser_free(struct sse_parser *p);

/* A new stream begins: half a message of the last one is dropped, and bytes of it that weren't
   asked for. The last event ID goes on, and so does the time to wait. */
void sse_parser_begin(struct sse_parser *p);

/* Takes the stream's next bytes (copied). Ask for all messages before feeding again, so that no
   more than one piece is held. */
void sse_parser_feed(struct sse_parser *p, struct slice bytes);

/* The next message; false when all that was fed is read. */
bool sse_parser_next(struct sse_parser *p, struct sse_message *m);

/* What a reconnecting client sends as Last-Event-ID: the last that a finished block gave, one
   without data included. Empty for none. Borrowed until the parser is used again. */
struct slice sse_parser_last_id(const struct sse_parser *p);

/* The time to wait before reconnecting, in milliseconds, that a stream last asked for (`retry:`);
   -1 when none did. INT64_MAX for more than fits. */
int64_t sse_parser_retry_ms(const struct sse_parser *p);

#endif
