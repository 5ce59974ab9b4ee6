/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The client as its parts see it: client.c (calls), stream.c (streams) and transfer.c (what both
 * have in common). Nobody else includes this.
 *
 * Users' callbacks are called from settle alone, never from within one of curl's callbacks, so that
 * they may send, cancel, pause and close as they like.
 */
#ifndef LIAISON_HTTP_CLIENT_PARTS_H
#define LIAISON_HTTP_CLIENT_PARTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/list.h"
#include "http/client.h"
#include "http/multi.h"

struct http_client {
    struct loop *loop;
    struct clock clock;
    struct http_multi *multi;
    char *user_agent;
    CURLU *url_parser;
    /* The one that was found to be a URL last: many requests in a row have it. */
    struct buf good_url;
    struct list calls;   /* under way */
    struct list streams; /* open */
    struct list ready;   /* streams that have something to hand on */
    struct list idle;    /* calls that wait for use */
    size_t n_idle;
    struct loop_timer *settle_timer;
    unsigned depth; /* of settling; what is freed meanwhile stays until it is 0 */
    bool is_dying;
};

/* Around all that may call back a user. */
void client_enter(struct http_client *client);
void client_leave(struct http_client *client);
/* Hands on what is ready in the loop's next turn. */
void client_settle_soon(struct http_client *client);

/* Hands on what has come for the stream; between client_enter and client_leave. */
struct http_stream;
void stream_hand_on(struct http_stream *stream);
struct http_stream *stream_first_ready(struct http_client *client);
/* Closes all streams. */
void stream_close_all(struct http_client *client);

#endif
