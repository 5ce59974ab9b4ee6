/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Answers that are taken as they come. curl's callbacks only gather what came; settle hands it on,
 * outside of curl. When much waits to be handed on, and while the stream is paused, curl is told to
 * hold what it has and to read no more.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "http/authorize.h"
#include "http/client_parts.h"
#include "http/held.h"
#include "http/transfer.h"

/* What is gathered between two turns, at most, and what of it is handed on before a pause counts. */
#define INBOX_MAX ((size_t)256 * 1024)
#define PIECE_MAX ((size_t)64 * 1024)

struct http_stream {
    struct http_transfer transfer;
    struct list link;  /* in the client's streams */
    struct list ready; /* in the client's ready */
    struct http_stream_events events;
    void *ctx;
    struct held *held;        /* NULL: it needs no token */
    struct loop_timer *timer; /* until the head has come, then for silence */
    int64_t silence_ms;
    int64_t heard_at_ms;
    struct buf inbox;
    struct buf outbox; /* what is being handed on, while the inbox may fill again … */
    size_t n_given;    /* … as far as it has been */
    enum http_failure failure;
    bool has_head;    /* it has come */
    bool is_head_due; /* and hasn't been handed on */
    bool has_ended;
    bool is_paused; /* by its user */
    bool is_held;   /* curl holds bytes back until it is told to go on */
    bool is_in_callback;
    bool is_closed; /* freed as soon as no callback of it runs */
};

static struct http_stream *stream_of(struct http_transfer *t)
{
    return container_of(t, struct http_stream, transfer);
}

static void stream_free(struct http_stream *s)
{
    list_remove(&s->ready);
    list_remove(&s->link);
    loop_timer_free(s->timer);
    held_free(s->held);
    transfer_deinit(&s->transfer);
    buf_deinit(&s->inbox);
    buf_deinit(&s->outbox);
    free(s);
}

static void mark_ready(struct http_stream *s)
{
    list_remove(&s->ready);
    list_add_tail(&s->transfer.client->ready, &s->ready);
}

/* ---- From within curl ----------------------------------------------------------------------- */

static void stream_head(struct http_transfer *t)
{
    struct http_stream *s = stream_of(t);
    s->has_head = s->is_head_due = true;
    if (t->status == 401 && s->held)
        token_refuse(s->held->token, buf_slice(&s->held->sent));
    mark_ready(s);
}

static size_t stream_bytes(struct http_transfer *t, struct slice bytes)
{
    struct http_stream *s = stream_of(t);
    if (s->is_paused || s->inbox.len >= INBOX_MAX) {
        s->is_held = true;
        return CURL_WRITEFUNC_PAUSE;
    }
    s->heard_at_ms = clock_mono_ms(&t->client->clock);
    buf_add_slice(&s->inbox, bytes);
    mark_ready(s);
    return bytes.len;
}

static void stream_ended(struct http_transfer *t, enum http_failure failure)
{
    struct http_stream *s = stream_of(t);
    loop_timer_stop(s->timer);
    s->failure = failure;
    s->has_ended = true;
    mark_ready(s);
}

static const struct transfer_kind stream_kind = {stream_bytes, stream_head, stream_ended};

/* ---- Handing on ----------------------------------------------------------------------------- */

static void go_on(struct http_stream *s)
{
    if (!s->is_held || !s->transfer.is_running)
        return;
    s->is_held = false;
    curl_easy_pause(s->transfer.easy, CURLPAUSE_CONT);
}

static void hand_on_head(struct http_stream *s)
{
    s->is_head_due = false;
    s->heard_at_ms = clock_mono_ms(&s->transfer.client->clock);
    if (s->silence_ms > 0)
        loop_timer_start(s->timer, s->silence_ms);
    else
        loop_timer_stop(s->timer);
    if (!s->events.on_head(s->ctx, s->transfer.status, head_headers(&s->transfer.head)))
        s->is_closed = true;
}

static bool can_hand_on(const struct http_stream *s)
{
    return !s->is_closed && !s->is_paused;
}

static bool has_bytes(const struct http_stream *s)
{
    return s->inbox.len > 0 || s->outbox.len > 0;
}

static void empty_inbox(struct http_stream *s)
{
    struct buf full = s->inbox;
    s->inbox = s->outbox;
    s->outbox = full;
}

static void hand_on_bytes(struct http_stream *s)
{
    if (s->outbox.len == 0)
        empty_inbox(s);
    while (s->n_given < s->outbox.len && can_hand_on(s)) {
        struct slice rest = slice_of(s->outbox.data + s->n_given, s->outbox.len - s->n_given);
        struct slice piece = slice_upto(rest, PIECE_MAX);
        s->n_given += piece.len;
        s->events.on_bytes(s->ctx, piece);
    }
    if (s->n_given == s->outbox.len) {
        buf_clear(&s->outbox);
        s->n_given = 0;
    }
    if (can_hand_on(s))
        go_on(s);
}

static void hand_on_end(struct http_stream *s)
{
    s->events.on_end(s->ctx, s->failure,
                     s->failure == HTTP_OK ? SLICE_NULL : transfer_error(&s->transfer));
    s->is_closed = true;
}

void stream_hand_on(struct http_stream *s)
{
    list_remove(&s->ready);
    /* A callback that turns the loop itself isn't called again in that turn. */
    if (s->is_in_callback)
        return;
    s->is_in_callback = true;
    if (s->is_head_due && !s->is_closed)
        hand_on_head(s);
    if (has_bytes(s) && can_hand_on(s))
        hand_on_bytes(s);
    if (s->has_ended && !has_bytes(s) && can_hand_on(s))
        hand_on_end(s);
    s->is_in_callback = false;
    if (s->is_closed)
        stream_free(s);
    else if (can_hand_on(s) && (has_bytes(s) || s->has_ended))
        mark_ready(s);
}

struct http_stream *stream_first_ready(struct http_client *client)
{
    if (list_is_empty(&client->ready))
        return NULL;
    return list_first(&client->ready, struct http_stream, ready);
}

/* ---- Time ----------------------------------------------------------------------------------- */

static void give_up(struct http_stream *s, enum http_failure failure, struct slice why)
{
    struct http_transfer *t = &s->transfer;
    transfer_stop(t);
    t->failure_text = NULL;
    snprintf(t->error, sizeof(t->error), "%.*s", SLICE_FMT(why));
    stream_ended(t, failure);
    client_settle_soon(t->client);
}

static bool awaits_token(const struct http_stream *s)
{
    return s->held && !list_is_empty(&s->held->wait.link);
}

/* No head came in time. */
static void give_up_head(struct http_stream *s)
{
    struct slice trouble = awaits_token(s) ? token_trouble(s->held->token) : SLICE_NULL;
    if (!awaits_token(s)) {
        give_up(s, HTTP_TIMEOUT, SLICE_LIT("No answer came in time"));
        return;
    }
    token_unwait(&s->held->wait);
    give_up(s, HTTP_TOKEN, trouble.len > 0 ? trouble : SLICE_LIT("No token came in time"));
}

/* The timer isn't moved at each byte: when it fires it finds out how much is left. */
static void time_passed(void *ctx)
{
    struct http_stream *s = ctx;
    if (!s->has_head) {
        give_up_head(s);
        return;
    }
    int64_t left = s->heard_at_ms + s->silence_ms - clock_mono_ms(&s->transfer.client->clock);
    if (s->is_paused)
        left = s->silence_ms;
    if (left > 0)
        loop_timer_start(s->timer, left);
    else
        give_up(s, HTTP_TIMEOUT, SLICE_LIT("Nothing came for too long"));
}

/* ---- Its request ---------------------------------------------------------------------------- */

/* It was checked just now, so that the client's URL is its own. */
static int start(struct http_stream *s, const struct http_request *request, struct slice token,
                 struct err *err)
{
    struct http_client *client = s->transfer.client;
    struct http_request sent = *request;
    struct arena arena = {0};
    int rc = request->auth
                 ? authorize(request, &client->url, token, clock_wall_ms(&client->clock) / 1000,
                             &arena, &sent.headers, err)
                 : 0;
    if (rc == 0) {
        transfer_set_request(&s->transfer, &sent);
        transfer_start(&s->transfer);
    }
    arena_deinit(&arena);
    return rc;
}

static void start_with(struct http_stream *s, struct slice token)
{
    struct held *held = s->held;
    struct err err = {0};
    buf_add_slice(&held->sent, token);
    if (client_check(s->transfer.client, &held->request, &err) < 0 ||
        start(s, &held->request, buf_slice(&held->sent), &err) < 0)
        give_up(s, HTTP_TOKEN, slice_str(err.message));
}

static void on_token(struct token_wait *wait, struct slice value, struct slice why)
{
    struct http_stream *s = wait->ctx;
    if (value.data)
        start_with(s, value);
    else
        give_up(s, HTTP_TOKEN, why);
}

static void await_token(struct http_stream *s, const struct http_request *request)
{
    s->held = held_new(&s->transfer.client->tokens, request, on_token, s);
    struct slice token = token_value(s->held->token);
    if (token.data)
        start_with(s, token);
    else
        token_wait(s->held->token, &s->held->wait);
}

/* ---- Public --------------------------------------------------------------------------------- */

struct http_stream *http_stream_open(struct http_client *client,
                                     const struct http_stream_request *request,
                                     const struct http_stream_events *events, void *ctx,
                                     struct err *err)
{
    struct http_stream *s = mem_calloc(1, sizeof(*s));
    transfer_init(&s->transfer, client, &stream_kind);
    list_init(&s->ready);
    list_init(&s->link);
    struct http_request plain = {
        .method = SLICE_LIT("GET"),
        .url = request->url,
        .headers = request->headers,
        .follow = request->follow,
        .auth = request->auth,
    };
    bool needs_token = authorize_needs_token(&plain);
    if (client_check(client, &plain, err) < 0 ||
        (!needs_token && start(s, &plain, SLICE_NULL, err) < 0)) {
        stream_free(s);
        return NULL;
    }
    s->events = *events;
    s->ctx = ctx;
    s->silence_ms = request->silence_ms;
    s->timer = loop_timer_new(client->loop, time_passed, s);
    if (request->connect_timeout_ms > 0)
        loop_timer_start(s->timer, request->connect_timeout_ms);
    list_add_tail(&client->streams, &s->link);
    if (needs_token)
        await_token(s, &plain);
    return s;
}

void http_stream_pause(struct http_stream *s)
{
    s->is_paused = true;
    if (s->transfer.is_running && !s->is_held) {
        s->is_held = true;
        /* Refused while there is no connection yet: then the first bytes are held. */
        curl_easy_pause(s->transfer.easy, CURLPAUSE_RECV);
    }
}

void http_stream_resume(struct http_stream *s)
{
    if (!s->is_paused)
        return;
    s->is_paused = false;
    s->heard_at_ms = clock_mono_ms(&s->transfer.client->clock);
    go_on(s);
    mark_ready(s);
    client_settle_soon(s->transfer.client);
}

void http_stream_close(struct http_stream *s)
{
    if (!s)
        return;
    s->is_closed = true;
    transfer_stop(&s->transfer);
    if (s->held)
        token_unwait(&s->held->wait);
    if (!s->is_in_callback)
        stream_free(s);
}

void stream_close_all(struct http_client *client)
{
    list_each (it, &client->streams)
        http_stream_close(list_entry(it, struct http_stream, link));
}

struct slice http_stream_url(const struct http_stream *s)
{
    return buf_slice(&s->transfer.url);
}
