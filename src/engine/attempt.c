/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * An attempt: a handler's run or a connector's, the requests that it makes, and how it ended.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "dryrun/ending.h"
#include "engine/parts.h"
#include "http/quota.h"

/* ---- how it ended ---- */

static int64_t retry_after_of(struct engine *e, const struct script_result *result)
{
    int64_t delay_ms;
    if (!result->retry_after.data || !http_parse_retry_after(result->retry_after, result->date,
                                                             clock_wall_ms(&e->clock), &delay_ms))
        return -1;
    return delay_ms;
}

struct attempt_end attempt_end_of(struct engine *e, const struct script_result *result)
{
    struct attempt_end end = ending_of(result);
    if (result->end == SCRIPT_HTTP)
        end.after_ms = retry_after_of(e, result);
    return end;
}

void attempt_note_error(const struct item *item, const struct script_result *result)
{
    if (result->end == SCRIPT_ERROR || result->end == SCRIPT_LIMIT)
        reload_note_error(item->engine, item->d.target, result->error);
}

/* ---- its start ---- */

void attempt_ended(void *ctx, const struct script_result *result)
{
    struct item *item = ctx;
    item->run = NULL;
    struct attempt_end end = attempt_end_of(item->engine, result);
    item->run_us = end.us = clock_mono_us(&item->engine->clock) - item->started_us;
    buf_clear(&item->result);
    buf_add_slice(&item->result, result->value);
    attempt_note_error(item, result);
    if (result->end == SCRIPT_SKIP && publication_is(item))
        publication_refused(item, result->error);
    lanes_attempt_ended(item->engine->lanes, &item->d, &end);
}

struct script_attempt attempt_describe(struct item *item, struct slice data)
{
    const struct delivery *d = &item->d;
    item->version = item->engine->version;
    item->script_version = item->engine->script_version;
    return (struct script_attempt){
        .event = d->event,
        .id = slice_str(d->id),
        .attempt = d->attempts + 1,
        .key = slice_str(d->key),
        .has_key = d->key != NULL,
        .handler = slice_str(d->handler),
        .created_ms = d->created_ms,
        .last_error = slice_str(d->last_error),
        .data = data,
        .transformer = slice_str(d->transformer),
        .was_unknown = d->unknown,
        .keeps_value = item->keeps_result,
    };
}

void attempt_connector(struct item *item, struct slice data)
{
    const struct script_connector *connector = target_owner(item->d.target);
    /* A reload took it away, or has it take batches, while something was read for this attempt. */
    if (!connector || connector->batch_size > 0) {
        lanes_take_back(item->engine->lanes, &item->d, false);
        return;
    }
    const struct script_attempt attempt = attempt_describe(item, data);
    item->run = script_attempt(item->engine->machine, connector, &attempt, attempt_ended, item);
}

void attempt_start(void *ctx, struct delivery *d)
{
    struct engine *e = ctx;
    struct item *item = item_of(d);
    item->started_us = clock_mono_us(&e->clock);
    if (target_is_handler(d->target))
        handle_run(item);
    else if (publication_is(item))
        publication_attempt(item);
    else if (item->newest != NEWEST_IGNORED)
        newest_attempt(item);
    else
        attempt_connector(item, d->data);
}

/* ---- its requests ---- */

/* Bytes of the answers that are kept for requests with `cache`. */
#define CACHE_MAX ((size_t)16 * 1024 * 1024)

/* Between a script's run and the client, or what it keeps. */
struct request {
    struct engine *engine;
    struct script_run *run;
    struct http_call *call; /* one of the two */
    struct http_lookup *lookup;
};

/* Who says that it takes no more for a while is spared from then on, whatever becomes of the attempt. */
static void spare(struct engine *e, struct slice connector, int64_t ms)
{
    struct target *t = connector.data ? lanes_find_target(e->lanes, connector, false) : NULL;
    if (t)
        lanes_spare_target(e->lanes, t, ms);
}

static void on_answer(void *ctx, const struct http_answer *answer)
{
    struct request *request = ctx;
    struct engine *e = request->engine;
    struct script_run *run = request->run;
    free(request);

    static_assert(sizeof(struct script_header) == sizeof(struct http_header),
                  "a header is a name and a value on both sides");
    const struct script_answer told = {
        .failure = answer->failure == HTTP_OK ? NULL : http_failure_name(answer->failure),
        .was_written = answer->was_written,
        .status = answer->status,
        .headers = (const struct script_header *)answer->headers.items,
        .n_headers = answer->headers.len,
        .body = answer->body,
        .error = answer->error,
    };
    int64_t wait_ms = http_quota_wait_ms(answer->headers, clock_wall_ms(&e->clock));
    if (wait_ms > 0 && !answer->is_kept)
        spare(e, script_run_connector(run), wait_ms);
    script_answer(run, &told);
    lanes_pump(e->lanes); /* its place is free: the next goes out before other answers are read */
}

static int begin(struct request *request, const struct http_request *sent, int64_t max_age_ms,
                 struct err *err)
{
    struct engine *e = request->engine;
    if (max_age_ms == 0) {
        request->call = http_client_send(e->http, sent, on_answer, request, err);
        return request->call ? 0 : -1;
    }
    if (!e->cache)
        e->cache = http_cache_new(e->http, e->loop, CACHE_MAX);
    request->lookup = http_cache_send(e->cache, sent, max_age_ms, on_answer, request, err);
    return request->lookup ? 0 : -1;
}

void *attempt_http_send(void *ctx, struct script_run *run, const struct script_request *asked,
                        struct err *err)
{
    struct engine *e = ctx;
    struct request *request = mem_calloc(1, sizeof(*request));
    struct http_auth auth;
    const struct http_request sent = {
        .method = asked->method,
        .url = asked->url,
        .headers = {(const struct http_header *)asked->headers, asked->n_headers},
        .body = asked->body,
        .has_body = asked->has_body,
        .auth = auth_of(asked->auth, &auth),
        .timeout_ms = asked->timeout_ms,
        .follow = asked->follow,
        .compressed = asked->compressed,
    };
    request->engine = e;
    request->run = run;
    if (begin(request, &sent, asked->max_age_ms, err) < 0) {
        free(request);
        return NULL;
    }
    return request;
}

void attempt_http_cancel(void *ctx, void *handle)
{
    (void)ctx;
    struct request *request = handle;
    if (request->call)
        http_call_cancel(request->call);
    else
        http_lookup_cancel(request->lookup);
    free(request);
}
