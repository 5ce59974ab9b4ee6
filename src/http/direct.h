/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The cheap carrier: one exchange that is written and read by our own hand on a connection that
 * curl made. For calls (client.c), which give it what is plain enough for it; its life is that of a
 * transfer (transfer.h).
 *
 *     direct_init(&d, client, &body, call_ended);
 *     direct_start(&d, &request, &client->url, max);  // ended is called from the loop, once
 *     …
 *     direct_stop(&d);
 *     direct_deinit(&d);
 *
 * A connection that was used before and closed without an answer is replaced by a new one, once: if
 * nothing of the request was written, or its method is safe.
 */
#ifndef LIAISON_HTTP_DIRECT_H
#define LIAISON_HTTP_DIRECT_H

#include <stdbool.h>
#include <stddef.h>

#include <curl/curl.h>

#include "base/buf.h"
#include "http/answer.h"
#include "http/client.h"
#include "http/connection.h"
#include "http/url.h"

struct http_direct;
/* It is over; free to be started again after. */
typedef void (*direct_ended_fn)(struct http_direct *d, enum http_failure failure);

/* In place. */
struct http_direct {
    struct http_client *client;
    direct_ended_fn ended;
    struct connection *connection; /* NULL when it isn't running */
    struct loop_timer *timer;

    struct buf out;   /* head and body as they are written */
    size_t n_written; /* on this connection */
    bool was_written; /* anything, on any */
    bool is_safe;
    bool is_open;       /* the connection is made */
    bool is_failed;     /* and takes nothing any more */
    int64_t timeout_ms; /* 0: none */
    int64_t end_at_ms;  /* when it passes, on the client's monotonic clock */

    struct answer answer;
    struct buf *body; /* of the answer; its owner is the call */
    size_t body_max;

    const char *failure_text; /* NULL but when it has failed */
    char error[CURL_ERROR_SIZE];
};

void direct_init(struct http_direct *d, struct http_client *client, struct buf *body,
                 direct_ended_fn ended);
void direct_deinit(struct http_direct *d);
/* The request was checked; nothing of it is kept. The answer's body goes to the buffer given to
   direct_init, `body_max` bytes of it at most. */
void direct_start(struct http_direct *d, const struct http_request *request,
                  const struct http_url *url, size_t body_max);
/* Ends it without a word, and its connection; nothing when it isn't running. */
void direct_stop(struct http_direct *d);
/* Lets go of large buffers. */
void direct_trim(struct http_direct *d);

#endif
