/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The client and its calls, and which carrier takes a call. One that has ended waits in a pool, with
 * its buffers and what its carriers have, for the next one.
 *
 * A call whose request needs a token is held until it is there, and made once more, with another
 * token, where the answer is 401.
 */
#include "http/client.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/arena.h"
#include "crypto/words.h"
#include "http/authorize.h"
#include "http/client_parts.h"
#include "http/direct.h"
#include "http/held.h"
#include "http/request.h"
#include "http/transfer.h"

#define ANSWER_MAX_DEFAULT ((size_t)16 * 1024 * 1024)
#define IDLE_CALLS_MAX 128
#define KEPT_ANSWER_MAX ((size_t)64 * 1024)

struct http_call {
    struct http_client *client;
    struct list link; /* in the client's calls or idle */
    /* One of the two carries it. */
    struct http_transfer transfer;
    struct http_direct direct;
    http_answer_fn done;
    void *ctx;
    int64_t sent_at_ms;
    int64_t timeout_ms;      /* from then on; 0: none */
    struct held *held;       /* NULL: it needs no token */
    struct loop_timer *late; /* while it waits for one; made when it is first needed */
    size_t answer_max;
    struct buf answer;
    bool is_too_big;
    bool is_answering; /* in its `done`: it is over, there is nothing left to cancel */
};

const char *http_failure_name(enum http_failure failure)
{
    static const char *const names[] = {
        [HTTP_OK] = "",
        [HTTP_CONNECT] = "connect",
        [HTTP_DNS] = "dns",
        [HTTP_TLS] = "tls",
        [HTTP_TIMEOUT] = "timeout",
        [HTTP_BROKEN] = "broken",
        [HTTP_TOO_BIG] = "tooBig",
        [HTTP_BAD_URL] = "url",
        [HTTP_TOKEN] = "token",
    };
    return names[failure];
}

/* ---- Calls ---------------------------------------------------------------------------------- */

static struct http_call *call_of(struct http_transfer *t)
{
    return container_of(t, struct http_call, transfer);
}

static size_t call_bytes(struct http_transfer *t, struct slice bytes)
{
    struct http_call *call = call_of(t);
    if (bytes.len > call->answer_max - call->answer.len) {
        call->is_too_big = true;
        return 0;
    }
    buf_add_slice(&call->answer, bytes);
    return bytes.len;
}

static void call_head(struct http_transfer *t)
{
    (void)t;
}

static void call_free(struct http_call *call)
{
    list_remove(&call->link);
    transfer_deinit(&call->transfer);
    direct_deinit(&call->direct);
    held_free(call->held);
    loop_timer_free(call->late);
    buf_deinit(&call->answer);
    free(call);
}

/* Back to the pool. */
static void call_release(struct http_call *call)
{
    struct http_client *client = call->client;
    transfer_stop(&call->transfer);
    direct_stop(&call->direct);
    held_free(call->held);
    call->held = NULL;
    if (call->late)
        loop_timer_stop(call->late);
    if (client->n_idle >= IDLE_CALLS_MAX) {
        call_free(call);
        return;
    }
    transfer_trim(&call->transfer);
    direct_trim(&call->direct);
    if (call->answer.cap > KEPT_ANSWER_MAX)
        buf_deinit(&call->answer);
    list_remove(&call->link);
    /* At the head: what was used last is still in the processor's caches. */
    list_add_head(&client->idle, &call->link);
    client->n_idle++;
}

static bool repeat(struct http_call *call);

static void call_answer(struct http_call *call, struct http_answer *answer)
{
    if (answer->failure == HTTP_OK && answer->status == 401 && repeat(call))
        return;
    answer->body = buf_slice(&call->answer);
    answer->ms = clock_mono_ms(&call->client->clock) - call->sent_at_ms;
    call->is_answering = true;
    call->done(call->ctx, answer);
    call->is_answering = false;
    call_release(call);
}

static void transfer_call_ended(struct http_transfer *t, enum http_failure failure)
{
    struct http_call *call = call_of(t);
    if (call->is_too_big) {
        failure = HTTP_TOO_BIG;
        t->failure_text = "The answer is larger than allowed";
    }
    struct http_answer answer = {
        .failure = failure,
        .was_written = t->was_written,
        .status = t->status,
        .headers = head_headers(&t->head),
        .error = failure == HTTP_OK ? SLICE_NULL : transfer_error(t),
    };
    call_answer(call, &answer);
}

static void direct_call_ended(struct http_direct *d, enum http_failure failure)
{
    struct http_answer answer = {
        .failure = failure,
        .was_written = d->was_written,
        .status = d->answer.status,
        .headers = head_headers(&d->answer.head),
        .error = slice_str(d->failure_text),
    };
    call_answer(container_of(d, struct http_call, direct), &answer);
}

static const struct transfer_kind call_kind = {call_bytes, call_head, transfer_call_ended};

static struct http_call *call_take(struct http_client *client)
{
    if (!list_is_empty(&client->idle)) {
        struct http_call *call = list_first(&client->idle, struct http_call, link);
        list_remove(&call->link);
        client->n_idle--;
        return call;
    }
    struct http_call *call = mem_calloc(1, sizeof(*call));
    call->client = client;
    transfer_init(&call->transfer, client, &call_kind);
    direct_init(&call->direct, client, &call->answer, direct_call_ended);
    list_init(&call->link);
    return call;
}

static bool has_identity(const struct http_request *request)
{
    return request->auth && (request->auth->tls.cert.data || request->auth->tls.authorities.data);
}

int client_check(struct http_client *client, const struct http_request *request, struct err *err)
{
    if (request_check(request, err) < 0)
        return -1;
    if (http_url_set(&client->url, request->url, err) < 0)
        return -1;
    if (client->url.is_https)
        words_load();
    else if (has_identity(request))
        return err_set(err, ERR_INVALID,
                       "a certificate (auth.tls) can be shown over https:// alone, and the URL "
                       "begins with http://");
    return 0;
}

/* ---- Sending -------------------------------------------------------------------------------- */

/* Whether the request, which was checked, is plain enough to be carried by our own hand. Redirects,
   compression, certificates, and waiting for leave to send a body (Expect), are curl's. */
static bool is_direct(const struct http_client *client, const struct http_request *request)
{
    return client->url.is_plain && request->follow == 0 && !request->compressed &&
           request->unix_socket.len == 0 && request->certificate.len == 0 &&
           !has_identity(request) && !http_header_find(request->headers, "Expect") &&
           !http_header_find(request->headers, "Upgrade") &&
           !slice_is_equal(request->method, SLICE_LIT("CONNECT"));
}

/* What is left of the time, where there is a limit. */
static int64_t left_ms(const struct http_call *call)
{
    if (call->timeout_ms == 0)
        return 0;
    int64_t left = call->sent_at_ms + call->timeout_ms - clock_mono_ms(&call->client->clock);
    return left > 0 ? left : 1;
}

static void carry(struct http_call *call, const struct http_request *request)
{
    struct http_client *client = call->client;
    call->is_too_big = false;
    buf_clear(&call->answer);
    if (is_direct(client, request)) {
        direct_start(&call->direct, request, &client->url, call->answer_max);
    } else {
        transfer_set_request(&call->transfer, request);
        transfer_start(&call->transfer);
    }
}

/* The request was checked just now, so that client->url is its own. */
static int start(struct http_call *call, const struct http_request *request, struct slice token,
                 struct err *err)
{
    struct http_request sent = *request;
    struct arena arena = {0};
    sent.timeout_ms = left_ms(call);
    if (!request->auth) {
        carry(call, &sent);
        return 0;
    }
    int rc = authorize(request, &call->client->url, token,
                       clock_wall_ms(&call->client->clock) / 1000, &arena, &sent.headers, err);
    if (rc == 0)
        carry(call, &sent);
    arena_deinit(&arena);
    return rc;
}

/* ---- With a token --------------------------------------------------------------------------- */

static void fail_without(struct http_call *call, struct slice why)
{
    struct http_client *client = call->client;
    struct http_answer answer = {.failure = HTTP_TOKEN, .error = why};
    buf_clear(&call->answer);
    client_enter(client);
    call_answer(call, &answer);
    client_leave(client);
}

static int start_with(struct http_call *call, struct slice token, struct err *err)
{
    struct held *held = call->held;
    buf_clear(&held->sent);
    buf_add_slice(&held->sent, token);
    if (client_check(call->client, &held->request, err) < 0)
        return -1;
    return start(call, &held->request, buf_slice(&held->sent), err);
}

static void on_token(struct token_wait *wait, struct slice value, struct slice why)
{
    struct http_call *call = wait->ctx;
    struct err err = {0};
    loop_timer_stop(call->late);
    if (!value.data)
        fail_without(call, why);
    else if (start_with(call, value, &err) < 0)
        fail_without(call, slice_str(err.message));
}

static void on_late(void *ctx)
{
    struct http_call *call = ctx;
    struct slice trouble = token_trouble(call->held->token);
    struct buf why = {0};
    token_unwait(&call->held->wait);
    if (trouble.len > 0)
        buf_printf(&why, "%.*s; it was waited for", SLICE_FMT(trouble));
    else
        buf_printf(&why, "no token came from %.*s",
                   SLICE_FMT(call->held->request.auth->oauth2.token_url));
    buf_printf(&why, " for %" PRId64 " ms", call->timeout_ms);
    fail_without(call, buf_slice(&why));
    buf_deinit(&why);
}

/* Starts it with the token that is there, or once one is. -1 with err where it can't be sent. */
static int go_on(struct http_call *call, struct err *err)
{
    struct slice token = token_value(call->held->token);
    if (token.data)
        return start_with(call, token, err);
    if (!call->late)
        call->late = loop_timer_new(call->client->loop, on_late, call);
    if (call->timeout_ms > 0)
        loop_timer_start(call->late, left_ms(call));
    token_wait(call->held->token, &call->held->wait);
    return 0;
}

/* It was answered 401, which it may have been for its token: false where it isn't made again. */
static bool repeat(struct http_call *call)
{
    struct held *held = call->held;
    struct err err = {0};
    if (!held || held->is_repeated)
        return false;
    held->is_repeated = true;
    token_refuse(held->token, buf_slice(&held->sent));
    if (go_on(call, &err) < 0)
        fail_without(call, slice_str(err.message));
    return true;
}

/* ---- Public --------------------------------------------------------------------------------- */

struct http_call *http_client_send(struct http_client *client, const struct http_request *request,
                                   http_answer_fn done, void *ctx, struct err *err)
{
    if (client_check(client, request, err) < 0)
        return NULL;
    struct http_call *call = call_take(client);
    list_add_tail(&client->calls, &call->link);
    call->done = done;
    call->ctx = ctx;
    call->sent_at_ms = clock_mono_ms(&client->clock);
    call->timeout_ms = request->timeout_ms;
    call->answer_max = request->answer_max ? request->answer_max : ANSWER_MAX_DEFAULT;
    bool needs_token = authorize_needs_token(request);
    if (needs_token)
        call->held = held_new(&client->tokens, request, on_token, call);
    int rc = needs_token ? go_on(call, err) : start(call, request, SLICE_NULL, err);
    if (rc < 0) {
        call_release(call);
        return NULL;
    }
    return call;
}

void http_call_cancel(struct http_call *call)
{
    if (!call->is_answering)
        call_release(call);
}

/* ---- The client ----------------------------------------------------------------------------- */

static void client_destroy(struct http_client *client)
{
    list_each (it, &client->idle)
        call_free(list_entry(it, struct http_call, link));
    tokens_deinit(&client->tokens);
    pool_deinit(&client->pool);
    http_multi_free(client->multi);
    loop_timer_free(client->settle_timer);
    http_url_deinit(&client->url);
    free(client->inbox);
    free(client->user_agent);
    free(client);
    curl_global_cleanup();
}

void client_enter(struct http_client *client)
{
    client->depth++;
}

void client_leave(struct http_client *client)
{
    if (--client->depth == 0 && client->is_dying)
        client_destroy(client);
}

static void settle(void *ctx)
{
    struct http_client *client = ctx;
    client_enter(client);
    http_multi_settle(client->multi);
    struct http_stream *stream;
    while ((stream = stream_first_ready(client)))
        stream_hand_on(stream);
    client_leave(client);
}

void client_settle_soon(struct http_client *client)
{
    loop_timer_start(client->settle_timer, 0);
}

struct http_client *http_client_new(struct loop *loop, const char *user_agent, struct err *err)
{
    words_leave_out();
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        err_set(err, ERR_NO_MEMORY, "cannot set up libcurl");
        return NULL;
    }
    struct http_client *client = mem_calloc(1, sizeof(*client));
    list_init(&client->calls);
    list_init(&client->streams);
    list_init(&client->ready);
    list_init(&client->idle);
    client->loop = loop;
    client->clock = loop_clock(loop);
    client->multi = http_multi_new(loop, settle, client, err);
    tokens_init(&client->tokens, client);
    pool_init(&client->pool, loop, client->clock, client->multi);
    if (!client->multi || http_url_init(&client->url, err) < 0) {
        client_destroy(client);
        return NULL;
    }
    client->inbox = mem_alloc(CLIENT_INBOX_SIZE);
    client->user_agent = mem_strdup(user_agent);
    client->settle_timer = loop_timer_new(loop, settle, client);
    return client;
}

void http_client_mask_tokens(struct http_client *client, struct mask *mask)
{
    client->tokens.mask = mask;
}

void http_client_free(struct http_client *client)
{
    if (!client)
        return;
    client_enter(client);
    list_each (it, &client->calls)
        http_call_cancel(list_entry(it, struct http_call, link));
    stream_close_all(client);
    client->is_dying = true;
    client_leave(client);
}
