/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Connectors: listed, paused, let go on.
 */
#include "admin/routes.h"
#include "base/buf.h"

/* Keys that dead letters park: more of them are but counted. */
#define PARKED_SHOWN 100

struct parked {
    struct json_writer *w;
    size_t n;
};

static bool add_parked(void *ctx, const struct lane_barrier *first, size_t n_letters)
{
    struct parked *parked = ctx;
    struct json_writer *w = parked->w;
    json_object_begin(w, NULL);
    json_member_string(w, "key", first->key);
    json_member_integer(w, "deadLetters", (int64_t)n_letters);
    json_member_integer(w, "eventSeq", delivery_event_seq(first->seq));
    json_object_end(w);
    return ++parked->n < PARKED_SHOWN;
}

static void add_all_parked(struct json_writer *w, const struct engine_target_view *connector)
{
    struct parked parked = {.w = w};
    json_member_integer(w, "parkedKeys", (int64_t)connector->status.barred_keys);
    json_array_begin(w, "parked");
    target_each_barred(connector->target, add_parked, &parked);
    json_array_end(w);
}

void connector_add_json(void *json_writer, const struct engine_target_view *connector)
{
    struct json_writer *w = json_writer;
    const struct target_status *status = &connector->status;
    static const char *const states[] = {
        [BREAKER_CLOSED] = "closed",
        [BREAKER_HALF_OPEN] = "half-open",
        [BREAKER_OPEN] = "open",
    };
    const char *why = target_status_is_paused(status) ? status->reason : NULL;
    if (target_is_handler(connector->target))
        return;
    json_object_begin(w, NULL);
    json_member_cstr(w, "name", target_name(connector->target));
    json_member_integer(w, "unended", (int64_t)status->unended);
    json_member_integer(w, "waiting", (int64_t)status->waiting);
    json_member_integer(w, "inFlight", (int64_t)status->in_flight);
    json_member_integer(w, "concurrency", status->concurrency);
    json_member_integer(w, "spacedMs", status->spaced_ms);
    json_member_cstr(w, "breaker", states[status->breaker]);
    json_member_time(w, "opens",
                     status->opens_in_ms > 0 ? connector->now_ms + status->opens_in_ms : 0);
    json_member_time(w, "nextProbe",
                     target_is_probed_in(status) ? connector->now_ms + status->probe_in_ms : 0);
    json_member_cstr(w, "paused", why || !status->is_held ? why : "by hand");
    json_member_bool(w, "pausedByHand", status->is_held);
    add_all_parked(w, connector);
    json_object_end(w);
}

void route_connectors(void *ctx, struct http_exchange *x)
{
    struct admin *a = ctx;
    struct buf out = {0};
    struct json_writer w = {.out = &out};
    json_object_begin(&w, NULL);
    json_array_begin(&w, "items");
    engine_each_target(a->engine, connector_add_json, &w);
    json_array_end(&w);
    json_member_null(&w, "next");
    json_object_end(&w);
    http_exchange_reply(x, 200, "application/json", buf_slice(&out));
    buf_deinit(&out);
}

static void answer(struct http_exchange *x, bool is_paused)
{
    struct buf out = {0};
    struct json_writer w = {.out = &out};
    json_object_begin(&w, NULL);
    json_member_bool(&w, "ok", true);
    json_member_string(&w, "connector", http_exchange_segment(x, 0));
    json_member_bool(&w, "paused", is_paused);
    json_object_end(&w);
    http_exchange_reply(x, 200, "application/json", buf_slice(&out));
    buf_deinit(&out);
}

static void on_paused(void *ctx, bool was_done)
{
    (void)was_done;
    answer(ctx, true);
}

static void on_resumed(void *ctx, bool was_done)
{
    (void)was_done;
    answer(ctx, false);
}

static void set_paused(struct admin *a, struct http_exchange *x, bool is_paused)
{
    struct err err = {0};
    if (engine_set_paused(a->engine, http_exchange_segment(x, 0), is_paused,
                          is_paused ? on_paused : on_resumed, x, &err) < 0)
        http_exchange_problem(x, 404, "%s", err.message);
}

void route_connector_pause(void *ctx, struct http_exchange *x)
{
    set_paused(ctx, x, true);
}

void route_connector_resume(void *ctx, struct http_exchange *x)
{
    set_paused(ctx, x, false);
}
