/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What a route sees of its request, and how it answers.
 */
#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>

#include "base/json.h"
#include "http/handover.h"
#include "http/server_parts.h"

#define IDLE_EXCHANGES_MAX 128
#define KEPT_BODY_MAX ((size_t)64 * 1024)
#define SHARED_MAX 256 /* bytes of a body */
#define SHORT_MAX                                                                                  \
    ((size_t)16 * 1024) /* bytes of a body that a client takes at once, if it takes any */
#define SILENCE_S 60u   /* a client that takes none of a longer one for so long is left */
#define FEED_BLOCK ((size_t)8 * 1024) /* read at once */

/* ---- The pool ------------------------------------------------------------------------------- */

/* The pool's newest, whose memory is the warmest, is taken first. */
void exchange_move(struct http_exchange *x, enum exchange_place place)
{
    struct http_server *server = x->server;
    list_remove(&x->link);
    server->n_at[x->place]--;
    x->place = place;
    server->n_at[place]++;
    if (place == EXCHANGE_IDLE)
        list_add_head(&server->at[place], &x->link);
    else
        list_add_tail(&server->at[place], &x->link);
}

static struct http_exchange *exchange_new(struct http_server *server)
{
    struct http_exchange *x = mem_calloc(1, sizeof(*x));
    x->server = server;
    list_add_head(&server->at[EXCHANGE_IDLE], &x->link);
    server->n_at[EXCHANGE_IDLE]++;
    return x;
}

struct http_exchange *exchange_take(struct http_server *server)
{
    struct http_exchange *x =
        list_is_empty(&server->at[EXCHANGE_IDLE])
            ? exchange_new(server)
            : list_first(&server->at[EXCHANGE_IDLE], struct http_exchange, link);
    exchange_move(x, EXCHANGE_ACTIVE);
    x->state = EXCHANGE_NEW;
    x->is_too_large = x->is_bad_target = false;
    x->connection = NULL;
    x->method = "";
    x->route = NULL;
    x->body_seen = x->n_headers = 0;
    x->status = 0;
    x->feed = (struct http_feed){0};
    buf_clear(&x->body);
    buf_clear(&x->reply_headers);
    return x;
}

static void exchange_free(struct http_exchange *x)
{
    list_remove(&x->link);
    x->server->n_at[x->place]--;
    target_deinit(&x->target);
    buf_deinit(&x->body);
    buf_deinit(&x->reply_headers);
    free(x->headers);
    free(x);
}

static void drop_response(struct http_exchange *x)
{
    if (x->is_shared)
        x->server->shared.n_held--;
    else if (x->response)
        MHD_destroy_response(x->response);
    x->response = NULL;
    x->is_shared = false;
}

void exchange_release(struct http_exchange *x)
{
    struct http_server *server = x->server;
    drop_response(x);
    if (x->feed.gone)
        x->feed.gone(x->feed.ctx);
    if (server->n_at[EXCHANGE_IDLE] >= IDLE_EXCHANGES_MAX) {
        exchange_free(x);
        return;
    }
    if (x->body.cap > KEPT_BODY_MAX)
        buf_deinit(&x->body);
    exchange_move(x, EXCHANGE_IDLE);
}

void exchange_leave(struct http_exchange *x)
{
    exchange_move(x, EXCHANGE_GONE);
    x->connection = NULL;
    x->deadline = NULL;
    x->method = "";
    x->n_headers = 0;
}

void exchange_free_all(struct http_server *server)
{
    if (server->shared.response)
        MHD_destroy_response(server->shared.response);
    buf_deinit(&server->shared.type);
    buf_deinit(&server->shared.body);
    list_each (it, &server->at[EXCHANGE_IDLE])
        exchange_free(list_entry(it, struct http_exchange, link));
}

/* ---- The request ---------------------------------------------------------------------------- */

struct slice http_exchange_method(const struct http_exchange *x)
{
    return slice_str(x->method);
}

struct slice http_exchange_path(const struct http_exchange *x)
{
    return x->target.path;
}

struct slice http_exchange_target(const struct http_exchange *x)
{
    return buf_slice(&x->target.raw);
}

struct slice http_exchange_segment(const struct http_exchange *x, size_t n)
{
    return x->route ? target_wildcard(&x->target, x->route->pattern, n) : SLICE_NULL;
}

struct slice http_exchange_query(const struct http_exchange *x, const char *name)
{
    return target_query(&x->target, name);
}

bool http_exchange_query_at(const struct http_exchange *x, size_t n, struct slice *name,
                            struct slice *value)
{
    return target_query_at(&x->target, n, name, value);
}

static enum MHD_Result note_header(void *ctx, enum MHD_ValueKind kind, const char *name,
                                   size_t name_len, const char *value, size_t value_len)
{
    (void)kind;
    struct http_exchange *x = ctx;
    if (x->n_headers == x->headers_cap) {
        x->headers_cap = x->headers_cap ? x->headers_cap * 2 : 16;
        x->headers = mem_realloc(x->headers, x->headers_cap * sizeof(*x->headers));
    }
    x->headers[x->n_headers++] = (struct http_header){
        slice_of(name, name_len), value ? slice_of(value, value_len) : SLICE_LIT("")};
    return MHD_YES;
}

void exchange_note_headers(struct http_exchange *x)
{
    MHD_get_connection_values_n(x->connection, MHD_HEADER_KIND, note_header, x);
}

struct http_headers http_exchange_headers(const struct http_exchange *x)
{
    return (struct http_headers){x->headers, x->n_headers};
}

struct slice http_exchange_header(const struct http_exchange *x, const char *name)
{
    return http_header_get(http_exchange_headers(x), name);
}

struct slice http_exchange_body(const struct http_exchange *x)
{
    return buf_slice(&x->body);
}

/* ---- The answer ----------------------------------------------------------------------------- */

void http_exchange_add_header(struct http_exchange *x, const char *name, const char *value)
{
    buf_add(&x->reply_headers, name, strlen(name) + 1);
    buf_add(&x->reply_headers, value, strlen(value) + 1);
}

static void add_reply_headers(struct http_exchange *x, struct MHD_Response *response)
{
    for (size_t at = 0; at < x->reply_headers.len;) {
        const char *name = x->reply_headers.data + at;
        const char *value = name + strlen(name) + 1;
        /* The library refuses what would break the head. */
        if (MHD_add_response_header(response, name, value) != MHD_YES)
            log_error(x->server->options.log, "header left out: it can't be sent",
                      LOG_STR("name", name));
        at = (size_t)(value + strlen(value) + 1 - x->reply_headers.data);
    }
}

static struct MHD_Response *make_response(const char *content_type, struct slice body)
{
    /* The library copies what it is told to; it only lacks the const. */
    struct MHD_Response *response = MHD_create_response_from_buffer(
        body.len, (void *)body.data, body.len ? MHD_RESPMEM_MUST_COPY : MHD_RESPMEM_PERSISTENT);
    if (!response)
        die("out of memory for an answer of %zu bytes", body.len);
    if (content_type)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, content_type);
    return response;
}

static bool is_shared_answer(const struct shared_answer *shared, const char *content_type,
                             struct slice body)
{
    return shared->response && slice_is_equal(body, buf_slice(&shared->body)) &&
           slice_is_equal(slice_str(content_type), buf_slice(&shared->type));
}

/* The shared answer, if it says the same, or can be made to, since nobody holds it. */
static bool share_response(struct http_exchange *x, const char *content_type, struct slice body)
{
    struct shared_answer *shared = &x->server->shared;
    if (!is_shared_answer(shared, content_type, body)) {
        if (shared->n_held > 0)
            return false;
        if (shared->response)
            MHD_destroy_response(shared->response);
        shared->response = make_response(content_type, body);
        buf_clear(&shared->type);
        buf_add_str(&shared->type, content_type);
        buf_clear(&shared->body);
        buf_add_slice(&shared->body, body);
    }
    shared->n_held++;
    x->is_shared = true;
    x->response = shared->response;
    return true;
}

/* A shared one is nobody's to change: it gets its own, that says the same. */
static void own_response(struct http_exchange *x)
{
    const struct shared_answer *shared = &x->server->shared;
    if (!x->is_shared)
        return;
    drop_response(x);
    x->response = make_response(shared->type.data, buf_slice(&shared->body));
}

/* The library's own timeout costs a look at the clock and a lock for each step of each request: so a short
   answer has a deadline as requests have, and the library looks after the others alone. */
static void limit_time(struct http_exchange *x)
{
    if (x->is_long)
        MHD_set_connection_option(x->connection, MHD_CONNECTION_OPTION_TIMEOUT, SILENCE_S);
    else
        deadline_restart(x->deadline);
}

enum MHD_Result exchange_queue(struct http_exchange *x)
{
    if (!x->response)
        return MHD_NO;
    if (handover_has(x->server, x->connection)) { /* the next one is to see the new certificate */
        own_response(x);
        MHD_add_response_header(x->response, MHD_HTTP_HEADER_CONNECTION, "close");
    }
    limit_time(x);
    enum MHD_Result result = MHD_queue_response(x->connection, (unsigned)x->status, x->response);
    drop_response(x);
    return result;
}

/* The library wants the answer from within its handler, which it calls again: the server runs it
   before the loop sleeps, for all that were answered in a turn at once. */
static void wake_up(struct http_exchange *x)
{
    struct http_server *server = x->server;
    if (x->place == EXCHANGE_SUSPENDED)
        MHD_resume_connection(x->connection);
    exchange_move(x, EXCHANGE_ACTIVE);
    /* The server's hook may have run already in this turn. */
    if (!server->has_resumed)
        loop_hurry(server->loop);
    server->has_resumed = true;
}

/* By its response. */
static void answer(struct http_exchange *x, int status)
{
    assert(x->state != EXCHANGE_ANSWERED);
    if (x->place == EXCHANGE_GONE) {
        exchange_release(x);
        return;
    }
    if (x->state == EXCHANGE_PENDING)
        x->server->n_pending--;
    x->state = EXCHANGE_ANSWERED;
    x->status = status;
    add_reply_headers(x, x->response); /* a shared one has none */
    if (x->place != EXCHANGE_ACTIVE)
        wake_up(x);
}

void http_exchange_reply(struct http_exchange *x, int status, const char *content_type,
                         struct slice body)
{
    x->is_long = body.len > SHORT_MAX;
    bool may_share = content_type && body.len <= SHARED_MAX && x->reply_headers.len == 0;
    if (!may_share || !share_response(x, content_type, body))
        x->response = make_response(content_type, content_type ? body : SLICE_LIT(""));
    answer(x, status);
}

/* ---- A feed --------------------------------------------------------------------------------- */

static_assert((ssize_t)MHD_CONTENT_READER_END_OF_STREAM == HTTP_FEED_END, "the same to both");
static_assert((ssize_t)MHD_CONTENT_READER_END_WITH_ERROR == HTTP_FEED_BROKEN, "the same to both");

/* A client that there is nothing for is suspended: the library would ask again and again. */
static ssize_t read_feed(void *ctx, uint64_t pos, char *out, size_t max)
{
    (void)pos;
    struct http_exchange *x = ctx;
    ssize_t n = x->feed.read(x->feed.ctx, out, max);
    x->server->has_moved = true;
    if (n == 0) {
        exchange_move(x, EXCHANGE_SUSPENDED);
        MHD_suspend_connection(x->connection);
    }
    return n;
}

void http_exchange_feed(struct http_exchange *x, int status, const char *content_type,
                        const struct http_feed *feed)
{
    struct MHD_Response *response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, FEED_BLOCK, read_feed, x, NULL);
    if (!response)
        die("out of memory for a response");
    if (content_type)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, content_type);
    x->response = response;
    x->is_long = true;
    x->feed = *feed;
    answer(x, status);
}

void http_exchange_feed_more(struct http_exchange *x)
{
    if (x->place == EXCHANGE_SUSPENDED)
        wake_up(x);
}

static void printf_like(5, 0) reply_problem(struct http_exchange *x, int status, const char *member,
                                            struct slice json, const char *detail_fmt, va_list args)
{
    struct buf body = {0}, detail = {0};
    buf_vprintf(&detail, detail_fmt, args);
    struct json_writer w = {.out = &body};
    json_object_begin(&w, NULL);
    json_member_cstr(&w, "type", "about:blank");
    json_member_cstr(&w, "title", MHD_get_reason_phrase_for((unsigned)status));
    json_member_integer(&w, "status", status);
    json_member_string(&w, "detail", buf_slice(&detail));
    if (member)
        json_member_raw(&w, member, json);
    json_object_end(&w);
    http_exchange_reply(x, status, "application/problem+json", buf_slice(&body));
    buf_deinit(&body);
    buf_deinit(&detail);
}

void http_exchange_problem(struct http_exchange *x, int status, const char *detail_fmt, ...)
{
    va_list args;
    va_start(args, detail_fmt);
    reply_problem(x, status, NULL, SLICE_NULL, detail_fmt, args);
    va_end(args);
}

void http_exchange_problem_with(struct http_exchange *x, int status, const char *member,
                                struct slice json, const char *detail_fmt, ...)
{
    va_list args;
    va_start(args, detail_fmt);
    reply_problem(x, status, member, json, detail_fmt, args);
    va_end(args);
}
