/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * GET /api/dead-letters/ID/request: what a retry of the letter would send, by the scripts at work.
 */
#include <stdlib.h>

#include "admin/routes.h"
#include "base/buf.h"
#include "engine/record_json.h"

/* A request, until it is answered. */
struct asked {
    struct pending pending;
    struct admin *admin;
    struct http_exchange *x;
    char *id;
    int64_t event_seq; /* 0: there is no such letter */
    struct buf
        delivery; /* as engine_trial takes it; empty: a handler's run, or a malformed message */
    struct buf events; /* the same; "[]": its event isn't on record */
    struct err err;
};

static void asked_free(void *self)
{
    struct asked *a = self;
    list_remove(&a->pending.link);
    buf_deinit(&a->delivery);
    buf_deinit(&a->events);
    free(a->id);
    free(a);
}

static void refuse(struct asked *a, int status, const char *detail)
{
    if (status == 503)
        http_exchange_add_header(a->x, "Retry-After", "1");
    http_exchange_problem(a->x, status, "%s", detail);
    asked_free(a);
}

static void refuse_unknown(struct asked *a)
{
    http_exchange_problem(a->x, 404, "there is no dead letter %s", a->id);
    asked_free(a);
}

/* ---- the answer ---- */

static void reply(const struct asked *a, struct slice results)
{
    struct slice attempt = SLICE_NULL;
    json_get(slice_of(results.data + 1, results.len - 2), "attempt", &attempt);
    http_exchange_reply(a->x, 200, "application/json", attempt);
}

static void on_tried(void *ctx, const struct trial_end *end)
{
    struct asked *a = ctx;
    enum err_code code = end->err.code;
    if (code == ERR_NONE)
        reply(a, end->json);
    if (code == ERR_NONE || code == ERR_CANCELLED)
        asked_free(a);
    else /* the letter is there, its connector may be gone */
        refuse(a, code == ERR_NOT_FOUND ? 409 : tried_status(code), end->err.message);
}

/* ---- the letter, on the reader's thread ---- */

static bool note_letter(void *ctx, const struct delivery_row *row)
{
    struct asked *a = ctx;
    if (row->state != DELIVERY_DEAD)
        return false;
    a->event_seq = delivery_event_seq(row->seq);
    if (row->connector.len == 0)
        return false;
    struct json_writer w = {.out = &a->delivery};
    json_object_begin(&w, NULL);
    json_member_given(&w, "id", row->id);
    json_member_given(&w, "connector", row->connector);
    json_member_given(&w, "handler", row->handler);
    if (row->has_key)
        json_member_string(&w, "key", row->key);
    json_member_given(&w, "transformer", row->transformer);
    if (row->data.data)
        json_member_raw(&w, "data", row->data);
    json_member_bool(&w, "wasUnknown", row->unknown);
    json_object_end(&w);
    return false;
}

static bool note_event(void *ctx, struct event *event, enum event_state state)
{
    event_add_json(ctx, event, state);
    return false;
}

static void find(struct journal_reader *reader, void *ctx)
{
    struct asked *a = ctx;
    struct json_writer w = {.out = &a->events};
    if (journal_find_delivery(reader, slice_str(a->id), note_letter, a, &a->err) < 0)
        return;
    json_array_begin(&w, NULL);
    if (a->delivery.len > 0 &&
        journal_find_event(reader, a->event_seq, note_event, &w, &a->err) < 0)
        return;
    json_array_end(&w);
}

/* ---- the request ---- */

static void start(struct asked *a)
{
    const struct engine_trial wish = {
        .events = buf_slice(&a->events),
        .delivery = buf_slice(&a->delivery),
    };
    if (engine_try(a->admin->engine, &wish, on_tried, a, &a->err) < 0)
        refuse(a, 503, a->err.message);
}

static void on_found(void *ctx)
{
    struct asked *a = ctx;
    if (a->err.code != ERR_NONE)
        refuse(a, 500, a->err.message);
    else if (a->event_seq == 0)
        refuse_unknown(a);
    else if (a->delivery.len == 0)
        refuse(a, 409, "this is no delivery: nothing was to be sent yet");
    else if (slice_is_equal(buf_slice(&a->events), SLICE_LIT("[]")))
        refuse(a, 409, "its event is gone, of which its connector may ask");
    else
        start(a);
}

void route_letter_request(void *ctx, struct http_exchange *x)
{
    struct admin *admin = ctx;
    struct asked *a = pending_new(admin, sizeof(*a), asked_free);
    a->admin = admin;
    a->x = x;
    a->id = slice_dup(http_exchange_segment(x, 0));
    journal_read(engine_journal(admin->engine), find, on_found, a);
}
