/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The client as its parts see it: client.c (calls), stream.c (streams), and the two carriers of
 * requests, transfer.c (curl's transfers; all that there is) and direct.c (by hand; plain exchanges,
 * for a third of the processor's time or less). Nobody else includes this.
 *
 * Users' callbacks are called from settle and direct.c's `end` alone, never from within one of curl's
 * callbacks, so that they may send, cancel, pause and close as they like.
 */
#ifndef LIAISON_HTTP_CLIENT_PARTS_H
#define LIAISON_HTTP_CLIENT_PARTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/list.h"
#include "http/client.h"
#include "http/connection.h"
#include "http/multi.h"
#include "http/token.h"
#include "http/url.h"

#define CLIENT_INBOX_SIZE ((size_t)64 * 1024)

struct http_client {
    struct loop *loop;
    struct clock clock;
    struct http_multi *multi;
    char *user_agent;
    struct http_url url; /* of the newest request */
    struct pool pool;
    struct tokens tokens;
    char *inbox; /* CLIENT_INBOX_SIZE bytes: what a connection has brought, while it is looked at */
    struct list calls;   /* under way */
    struct list streams; /* open */
    struct list ready;   /* streams that have something to hand on */
    struct list idle;    /* calls that wait for use */
    size_t n_idle;
    struct loop_timer *settle_timer;
    unsigned depth; /* of settling; what is freed meanwhile stays until it is 0 */
    bool is_dying;
};

/* Refuses what can't be sent, and leaves its URL in client->url. */
int client_check(struct http_client *client, const struct http_request *request,
                 struct err *err) must_check;

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
