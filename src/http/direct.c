/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The request goes out in as few writes as the socket allows, the first one at once where a
 * connection idles; what has come of the answer is read in one. An answer that ends before the
 * request was written to its end is taken, too, and ends its connection.
 */
#include "http/direct.h"

#include <inttypes.h>
#include <stdio.h>

#include "http/client_parts.h"
#include "http/request.h"
#include "http/transfer.h"

/* What is kept of a buffer for the next exchange, at most. */
#define KEPT_BUFFER_MAX ((size_t)64 * 1024)

/* ---- The end -------------------------------------------------------------------------------- */

void direct_stop(struct http_direct *d)
{
    loop_timer_stop(d->timer);
    connection_close(d->connection);
    d->connection = NULL;
}

/* Nothing may be done with `d` after, nor with its client. */
static void end(struct http_direct *d, enum http_failure failure, const char *text)
{
    struct http_client *client = d->client;
    direct_stop(d);
    d->failure_text = text;
    client_enter(client);
    d->ended(d, failure);
    client_leave(client);
}

static void complete(struct http_direct *d, bool is_kept)
{
    if (is_kept && d->answer.is_kept && d->n_written == d->out.len) {
        pool_keep(d->connection);
        d->connection = NULL;
    }
    end(d, HTTP_OK, NULL);
}

static void start_timer(struct http_direct *d)
{
    if (d->timeout_ms > 0)
        loop_timer_start(d->timer, d->end_at_ms - clock_mono_ms(&d->client->clock));
    else
        loop_timer_stop(d->timer);
}

/* The connection is of no use any more. That of one used before says nothing of the other side: it
   may have closed it for its age while the request was under way. The request is made again on a
   new one, but never where the other side may have acted on it, unless its method is safe. */
static void lost(struct http_direct *d, const char *text)
{
    bool is_stale = connection_is_used(d->connection) && !d->answer.has_begun;
    if (is_stale && (d->n_written == 0 || d->is_safe)) {
        d->connection = connection_replace(d->connection);
        answer_begin(&d->answer, d->answer.is_without_body);
        d->n_written = 0;
        d->is_open = d->is_failed = false;
        start_timer(d);
        return;
    }
    end(d, d->was_written ? HTTP_BROKEN : HTTP_CONNECT, text);
}

/* ---- Writing -------------------------------------------------------------------------------- */

static void write_request(struct http_direct *d)
{
    while (d->n_written < d->out.len) {
        struct slice rest = slice_from(buf_slice(&d->out), d->n_written);
        ssize_t n = connection_send(d->connection, rest);
        if (n == CONNECTION_AGAIN)
            break;
        if (n == CONNECTION_FAILED) {
            d->is_failed = true;
            break;
        }
        d->n_written += (size_t)n;
        d->was_written = true;
    }
    connection_await_room(d->connection, !d->is_failed && d->n_written < d->out.len);
    if (!d->is_failed)
        return;
    if (d->n_written == 0)
        lost(d, "The connection closed before the request was written");
    else /* An answer may lie there: 413, say. It is looked at from the loop. */
        loop_timer_start(d->timer, 0);
}

/* ---- Reading -------------------------------------------------------------------------------- */

/* Takes what came; false when that was the end. */
static bool take(struct http_direct *d, struct slice input)
{
    struct slice bytes;
    enum answer_step step;
    while ((step = answer_next(&d->answer, &input, &bytes)) == ANSWER_BODY) {
        if (bytes.len > d->body_max - d->body->len) {
            end(d, HTTP_TOO_BIG, "The answer is larger than allowed");
            return false;
        }
        buf_add_slice(d->body, bytes);
    }
    if (step == ANSWER_MORE)
        return true;
    if (step == ANSWER_END)
        complete(d, input.len == 0);
    else
        end(d, HTTP_BROKEN, d->answer.fault);
    return false;
}

static void take_end(struct http_direct *d, ssize_t result)
{
    if (result == 0 && answer_close(&d->answer) == ANSWER_END)
        complete(d, false);
    else
        lost(d, result == 0 ? d->answer.fault : "The connection broke before the answer's end");
}

/* False when that was the end. */
static bool read_answer(struct http_direct *d)
{
    char *inbox = d->client->inbox;
    do {
        ssize_t n = connection_receive(d->connection, inbox, CLIENT_INBOX_SIZE);
        if (n == CONNECTION_AGAIN)
            return true;
        if (n <= 0) {
            take_end(d, n);
            return false;
        }
        if (!take(d, slice_of(inbox, (size_t)n)))
            return false;
    } while (connection_has_buffer(d->connection));
    return true;
}

/* ---- What happens to it --------------------------------------------------------------------- */

static void opened(void *ctx, CURLcode code, const char *error)
{
    struct http_direct *d = ctx;
    if (code == CURLE_OK) {
        d->is_open = true;
        write_request(d);
        return;
    }
    d->connection = NULL;
    snprintf(d->error, sizeof(d->error), "%s", error);
    end(d, transfer_failure(code, d->was_written), d->error);
}

static void ready(void *ctx, int events)
{
    struct http_direct *d = ctx;
    if (events & LOOP_READ && !read_answer(d))
        return;
    if (events & LOOP_WRITE && !d->is_failed)
        write_request(d);
}

static const struct connection_user user = {opened, ready};

static void time_passed(void *ctx)
{
    struct http_direct *d = ctx;
    if (d->is_failed) {
        if (read_answer(d))
            lost(d, "The connection closed while the request was written");
        return;
    }
    const char *what = !d->is_open            ? "No connection was made"
                       : !d->answer.has_begun ? "No answer came"
                                              : "The answer didn't end";
    snprintf(d->error, sizeof(d->error), "%s within %" PRId64 " ms", what, d->timeout_ms);
    end(d, HTTP_TIMEOUT, d->error);
}

/* ---- Public --------------------------------------------------------------------------------- */

void direct_init(struct http_direct *d, struct http_client *client, struct buf *body,
                 direct_ended_fn ended)
{
    *d = (struct http_direct){.client = client, .ended = ended, .body = body};
    d->timer = loop_timer_new(client->loop, time_passed, d);
}

void direct_deinit(struct http_direct *d)
{
    direct_stop(d);
    loop_timer_free(d->timer);
    answer_deinit(&d->answer);
    buf_deinit(&d->out);
}

void direct_trim(struct http_direct *d)
{
    if (d->out.cap > KEPT_BUFFER_MAX)
        buf_deinit(&d->out);
    if (d->answer.head.lines.cap > KEPT_BUFFER_MAX || d->answer.line.cap > KEPT_BUFFER_MAX)
        answer_deinit(&d->answer);
}

void direct_start(struct http_direct *d, const struct http_request *request,
                  const struct http_url *url, size_t body_max)
{
    struct pool *pool = &d->client->pool;
    buf_clear(&d->out);
    request_frame(request, url, d->client->user_agent, &d->out);
    d->n_written = 0;
    d->was_written = d->is_failed = false;
    d->is_safe = request_is_safe(request);
    answer_begin(&d->answer, slice_is_equal(request->method, SLICE_LIT("HEAD")));
    d->body_max = body_max;
    d->failure_text = NULL;
    d->timeout_ms = request->timeout_ms;
    d->end_at_ms = clock_mono_ms(&d->client->clock) + d->timeout_ms;
    start_timer(d);
    d->connection = pool_take(pool, buf_slice(&url->origin), &user, d);
    d->is_open = d->connection != NULL;
    if (d->is_open)
        write_request(d);
    else
        d->connection = connection_open(pool, buf_slice(&url->origin), &user, d);
}
