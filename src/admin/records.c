/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Events and deliveries, listed and shown.
 */

#include "admin/routes.h"
#include "base/buf.h"
#include "engine/record_json.h"

/* ---- events ---- */

/* Deliveries that are shown with their event; a list with ?id= has them all. */
#define SHOWN_MAX 1000

void route_event_list(void *ctx, struct http_exchange *x)
{
    struct rendering *r = listing_new(x, FILTER_EVENTS);
    if (r)
        listing_start(ctx, r);
}

static bool add_brief(void *ctx, const struct delivery_row *row)
{
    struct rendering *r = ctx;
    struct err err = {0};
    if (delivery_add_json_brief(r->reader, &r->writer, row, false, &err) < 0)
        r->err = err;
    return r->err.code == ERR_NONE && ++r->n_rows < SHOWN_MAX;
}

static bool show_event(void *ctx, struct event *event, enum event_state state)
{
    struct rendering *r = ctx;
    struct err err = {0};
    json_object_begin(&r->writer, NULL);
    event_add_members(&r->writer, event, state);
    json_array_begin(&r->writer, "deliveries");
    if (journal_event_deliveries(r->reader, event->seq, add_brief, r, &err) < 0)
        r->err = err;
    json_array_end(&r->writer);
    json_member_bool(&r->writer, "hasMore", r->n_rows == SHOWN_MAX);
    json_object_end(&r->writer);
    return false;
}

struct event_search {
    journal_event_visit visit;
    void *ctx;
    bool has_found;
};

static bool visit_found(void *ctx, struct event *event, enum event_state state)
{
    struct event_search *search = ctx;
    search->has_found = true;
    search->visit(search->ctx, event, state);
    return false;
}

int event_find(struct journal_reader *reader, struct slice id, journal_event_visit visit, void *ctx,
               struct err *err)
{
    struct event_search search = {.visit = visit, .ctx = ctx};
    struct journal_filter filter = {.newest_first = true, .state = -1, .limit = 1, .id = id};
    int64_t seq;
    if (json_get_integer(id, &seq) == 0 &&
        journal_find_event(reader, seq, visit_found, &search, err) < 0)
        return -1;
    if (search.has_found)
        return 0;
    if (journal_bound_events(reader, &filter, LISTING_LOOKED_AT, err) < 0 ||
        journal_list_events(reader, &filter, visit_found, &search, err) < 0)
        return -1;
    if (search.has_found)
        return 0;
    if (filter.through_seq)
        return err_set(err, ERR_NOT_FOUND,
                       "there is no event %.*s, by number or among the newest %d by the sender's "
                       "id; GET /api/events?id= looks further back",
                       SLICE_FMT(id), LISTING_LOOKED_AT);
    return err_set(err, ERR_NOT_FOUND, "there is no event %.*s", SLICE_FMT(id));
}

static void render_event(struct journal_reader *reader, void *ctx)
{
    struct rendering *r = ctx;
    struct err err = {0};
    r->reader = reader;
    if (event_find(reader, slice_str(r->id), show_event, r, &err) < 0 && r->err.code == ERR_NONE)
        r->err = err;
}

void route_event(void *ctx, struct http_exchange *x)
{
    struct rendering *r = rendering_new(x);
    r->id = slice_dup(http_exchange_segment(x, 0));
    rendering_start(ctx, r, render_event);
}

/* ---- deliveries ---- */

void route_deliveries(void *ctx, struct http_exchange *x)
{
    struct admin *a = ctx;
    struct rendering *r = listing_new(x, FILTER_DELIVERIES);
    if (!r)
        return;
    listing_add_unkept(r, a->engine);
    listing_start(a, r);
}

static bool show_delivery(void *ctx, const struct delivery_row *row)
{
    struct rendering *r = ctx;
    struct err err = {0};
    bool flies = row->state == DELIVERY_WAITING && r->n_in_flight > 0;
    if (delivery_add_json(r->reader, &r->writer, row, flies, &err) < 0)
        r->err = err;
    r->n_rows++;
    return false;
}

static void render_delivery(struct journal_reader *reader, void *ctx)
{
    struct rendering *r = ctx;
    struct err err = {0};
    r->reader = reader;
    if (journal_find_delivery(reader, slice_str(r->id), show_delivery, r, &err) < 0)
        r->err = err;
    else if (r->n_rows == 0 && r->n_unkept > 0)
        buf_add_slice(&r->out, buf_slice(&r->unkept[0].json));
    else if (r->n_rows == 0)
        err_set(&r->err, ERR_NOT_FOUND, "there is no delivery %s", r->id);
}

static bool note_own(void *ctx, const struct engine_delivery *d)
{
    struct rendering *r = ctx;
    if (!slice_is_equal(d->row.id, slice_str(r->id)))
        return true;
    r->n_in_flight = d->has_row && d->is_in_flight;
    if (d->has_row)
        return false;
    r->unkept = mem_calloc(1, sizeof(*r->unkept));
    r->n_unkept = 1;
    struct json_writer w = {.out = &r->unkept->json};
    delivery_add_json_unkept(&w, &d->row, d->event, d->is_in_flight);
    return false;
}

void route_delivery(void *ctx, struct http_exchange *x)
{
    struct admin *a = ctx;
    struct rendering *r = rendering_new(x);
    r->id = slice_dup(http_exchange_segment(x, 0));
    engine_each_delivery(a->engine, note_own, r);
    rendering_start(a, r, render_delivery);
}
