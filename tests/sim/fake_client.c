/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "fake_client.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/list.h"
#include "bus.h"
#include "fake_loop.h"
#include "receivers.h"
#include "world.h"

struct http_client {
    struct world *world;
    struct list calls, streams;
};

struct http_call {
    struct list link;
    struct http_client *client;
    struct visit visit;
    struct agenda_item arrival, end;
    int64_t sent_us, timeout_us;
    http_answer_fn done;
    void *ctx;
};

struct http_stream {
    struct list link;
    struct http_client *client;
    struct http_stream_events events;
    void *ctx;
    char *url;
    bool is_paused;
    bool *is_gone; /* set when it is closed while one of its callbacks runs; NULL: none does */
};

const char *http_failure_name(enum http_failure failure)
{
    static const char *const words[] = {"",       "connect", "dns", "tls",  "timeout",
                                        "broken", "tooBig",  "url", "token"};
    return words[failure];
}

/* ---- the client ---- */

struct http_client *http_client_new(struct loop *loop, const char *user_agent, struct err *err)
{
    (void)user_agent, (void)err;
    struct http_client *client = mem_calloc(1, sizeof(*client));
    client->world = fake_loop_world(loop);
    list_init(&client->calls);
    list_init(&client->streams);
    return client;
}

void http_client_mask_tokens(struct http_client *client, struct mask *mask)
{
    (void)client, (void)mask; /* nothing here needs one */
}

void http_client_free(struct http_client *client)
{
    if (!client)
        return;
    list_each (it, &client->calls)
        http_call_cancel(list_entry(it, struct http_call, link));
    list_each (it, &client->streams)
        http_stream_close(list_entry(it, struct http_stream, link));
    free(client);
}

/* ---- calls ---- */

static void call_free(struct http_call *call)
{
    struct agenda *agenda = &call->client->world->agenda;
    agenda_remove(agenda, &call->arrival);
    agenda_remove(agenda, &call->end);
    list_remove(&call->link);
    free(call);
}

static void on_arrival(void *ctx)
{
    struct http_call *call = ctx;
    visit_arrive(&call->visit);
}

/* The call is gone before its answer is told, as the real one is. */
static void finish(struct http_call *call, const struct http_answer *answer)
{
    http_answer_fn done = call->done;
    void *ctx = call->ctx;
    call_free(call);
    done(ctx, answer);
}

static void finish_well(struct http_call *call, struct http_answer *answer)
{
    const struct visit *v = &call->visit;
    char seconds[24];
    snprintf(seconds, sizeof(seconds), "%" PRId64, v->retry_after_s);
    const struct http_header after = {SLICE_LIT("Retry-After"), slice_str(seconds)};
    answer->status = v->status;
    answer->body = slice_str(v->body);
    answer->headers = (struct http_headers){&after, v->retry_after_s > 0};
    finish(call, answer);
}

static void on_end(void *ctx)
{
    struct http_call *call = ctx;
    struct visit *v = &call->visit;
    bool timed_out = v->answers_us > call->timeout_us;
    enum http_failure failure = timed_out ? HTTP_TIMEOUT : v->failure;
    struct http_answer answer = {
        .failure = failure,
        .was_written = failure != HTTP_CONNECT,
        .error = slice_str(failure == HTTP_OK ? NULL : http_failure_name(failure)),
        .ms = (v->world->agenda.now_us - call->sent_us) / US_PER_MS,
    };
    if (timed_out)
        visit_give_up(v, "timeout");
    else
        visit_end(v, failure);
    if (failure == HTTP_OK)
        finish_well(call, &answer);
    else
        finish(call, &answer);
}

struct http_call *http_client_send(struct http_client *client, const struct http_request *request,
                                   http_answer_fn done, void *ctx, struct err *err)
{
    (void)err;
    struct http_call *call = mem_calloc(1, sizeof(*call));
    struct agenda *agenda = &client->world->agenda;
    call->client = client;
    call->done = done;
    call->ctx = ctx;
    call->sent_us = agenda->now_us;
    call->timeout_us = request->timeout_ms > 0 ? request->timeout_ms * US_PER_MS : INT64_MAX;
    call->arrival = (struct agenda_item){.fn = on_arrival, .ctx = call, .is_aside = true};
    call->end = (struct agenda_item){.fn = on_end, .ctx = call};
    list_add_tail(&client->calls, &call->link);
    struct visit *v = &call->visit;
    visit_begin(v, client->world, request);
    int64_t end_us = v->answers_us < call->timeout_us ? v->answers_us : call->timeout_us;
    if (v->arrives_us < end_us)
        agenda_put(agenda, &call->arrival, v->arrives_us);
    if (end_us != INT64_MAX)
        agenda_put(agenda, &call->end, end_us);
    return call;
}

void http_call_cancel(struct http_call *call)
{
    visit_give_up(&call->visit, "cancelled");
    call_free(call);
}

/* ---- streams ---- */

struct http_stream *http_stream_open(struct http_client *client,
                                     const struct http_stream_request *request,
                                     const struct http_stream_events *events, void *ctx,
                                     struct err *err)
{
    (void)err;
    struct http_stream *stream = mem_calloc(1, sizeof(*stream));
    stream->client = client;
    stream->events = *events;
    stream->ctx = ctx;
    stream->url = slice_dup(request->url);
    list_add_tail(&client->streams, &stream->link);
    bus_connect(client->world->bus, stream, http_header_get(request->headers, "Last-Event-ID"));
    return stream;
}

static void stream_free(struct http_stream *stream)
{
    if (stream->is_gone)
        *stream->is_gone = true;
    list_remove(&stream->link);
    free(stream->url);
    free(stream);
}

void http_stream_close(struct http_stream *stream)
{
    if (!stream)
        return;
    bus_disconnect(stream->client->world->bus);
    stream_free(stream);
}

void http_stream_pause(struct http_stream *stream)
{
    stream->is_paused = true;
}

void http_stream_resume(struct http_stream *stream)
{
    stream->is_paused = false;
    bus_resume(stream->client->world->bus);
}

struct slice http_stream_url(const struct http_stream *stream)
{
    return slice_str(stream->url);
}

bool fake_stream_head(struct http_stream *stream, int status)
{
    const struct http_header type = {SLICE_LIT("Content-Type"), SLICE_LIT("text/event-stream")};
    bool is_gone = false;
    stream->is_gone = &is_gone;
    bool goes_on = stream->events.on_head(stream->ctx, status, (struct http_headers){&type, 1});
    if (is_gone)
        return false;
    stream->is_gone = NULL;
    if (!goes_on)
        stream_free(stream);
    return goes_on;
}

bool fake_stream_bytes(struct http_stream *stream, struct slice bytes)
{
    bool is_gone = false;
    stream->is_gone = &is_gone;
    stream->events.on_bytes(stream->ctx, bytes);
    if (!is_gone)
        stream->is_gone = NULL;
    return !is_gone;
}

void fake_stream_end(struct http_stream *stream, enum http_failure failure)
{
    struct http_stream_events events = stream->events;
    void *ctx = stream->ctx;
    stream_free(stream);
    events.on_end(ctx, failure, slice_str(failure == HTTP_OK ? "" : http_failure_name(failure)));
}

bool fake_stream_is_paused(const struct http_stream *stream)
{
    return stream->is_paused;
}
