/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Replays: recorded events handled again as new.
 */
#include <stdlib.h>

#include "admin/body.h"
#include "admin/routes.h"
#include "base/buf.h"

/* A request for one, until it has begun, or, when dry, was counted. */
struct wish {
    struct pending pending;
    struct admin *admin;
    struct http_exchange *x;
    struct filter filter;
    struct engine_replay replay;
    char *handler;
    bool is_dry, has_more;
    int64_t n_found;
    struct err err;
};

static void wish_free(void *self)
{
    struct wish *wish = self;
    list_remove(&wish->pending.link);
    filter_deinit(&wish->filter);
    free(wish->handler);
    free(wish);
}

/* ---- begun ---- */

static void on_begun(void *ctx, bool has_begun)
{
    struct wish *wish = ctx;
    if (has_begun)
        http_exchange_reply(wish->x, 202, "application/json", SLICE_LIT("{\"begun\":true}"));
    else
        http_exchange_problem(wish->x, 409,
                              "a replay is under way: GET /api/replay shows it, DELETE stops it");
    wish_free(wish);
}

static void begin(struct wish *wish)
{
    wish->replay.filter = wish->filter.journal;
    wish->replay.handler = slice_str(wish->handler);
    engine_replay(wish->admin->engine, &wish->replay, on_begun, wish);
}

static void check_names(struct journal_reader *reader, void *ctx)
{
    struct wish *wish = ctx;
    (void)!filter_check(&wish->filter, reader, &wish->err);
}

static void on_names(void *ctx)
{
    struct wish *wish = ctx;
    if (wish->err.code == ERR_NONE) {
        begin(wish);
        return;
    }
    answer_failure(wish->x, &wish->err);
    wish_free(wish);
}

/* ---- counted ---- */

static bool count_event(void *ctx, struct event *event, enum event_state state)
{
    (void)state;
    struct wish *wish = ctx;
    wish->n_found++;
    wish->filter.journal.after_seq = event->seq;
    return true;
}

static void count_page(struct journal_reader *reader, void *ctx)
{
    struct wish *wish = ctx;
    struct journal_filter *f = &wish->filter.journal;
    int64_t before = wish->n_found;
    f->through_seq = 0;
    if (filter_check(&wish->filter, reader, &wish->err) < 0 ||
        journal_bound_events(reader, f, LISTING_LOOKED_AT, &wish->err) < 0 ||
        journal_list_events(reader, f, count_event, wish, &wish->err) < 0)
        return;
    wish->has_more = filter_turn_page(&wish->filter, (size_t)(wish->n_found - before));
}

static void on_counted(void *ctx)
{
    struct wish *wish = ctx;
    struct buf out = {0};
    if (wish->has_more && wish->err.code == ERR_NONE) {
        wish->has_more = false;
        journal_read(engine_journal(wish->admin->engine), count_page, on_counted, wish);
        return;
    }
    struct json_writer w = {.out = &out};
    json_object_begin(&w, NULL);
    json_member_integer(&w, "matching", wish->n_found);
    json_object_end(&w);
    if (wish->err.code != ERR_NONE)
        answer_failure(wish->x, &wish->err);
    else
        http_exchange_reply(wish->x, 200, "application/json", buf_slice(&out));
    buf_deinit(&out);
    wish_free(wish);
}

/* ---- what is asked for ---- */

static int take_handler(struct wish *wish, struct slice value, struct err *err)
{
    if (body_take_string("handler", value, &wish->handler, err) < 0)
        return -1;
    return engine_check_handler(wish->admin->engine, slice_str(wish->handler), err);
}

static int take_member(void *ctx, struct slice name, struct slice value, struct err *err)
{
    static const char *const names[] = {"since",   "until",     "type",   "key",  "id",
                                        "channel", "connector", "state",  "dead", "force",
                                        "rate",    "dryRun",    "handler"};
    struct wish *wish = ctx;
    if (slice_is_equal(name, SLICE_LIT("handler")))
        return take_handler(wish, value, err);
    if (slice_is_equal(name, SLICE_LIT("dead")))
        return body_take_flag("dead", value, &wish->filter.journal.has_dead, err);
    if (slice_is_equal(name, SLICE_LIT("force")))
        return body_take_flag("force", value, &wish->replay.is_forced, err);
    if (slice_is_equal(name, SLICE_LIT("dryRun")))
        return body_take_flag("dryRun", value, &wish->is_dry, err);
    if (slice_is_equal(name, SLICE_LIT("rate")))
        return body_take_rate(value, &wish->replay.rate_n, &wish->replay.rate_ms, err);
    if (!filter_has(&wish->filter, name))
        return body_refuse(name, names, ARRAY_LEN(names), err);
    return filter_set_json(&wish->filter, name, value, err);
}

/* All that ever was is handled again by nobody's slip. */
static int check(const struct wish *wish, struct err *err)
{
    const struct journal_filter *f = &wish->filter.journal;
    if (f->since_ms || f->until_ms || f->type.data || f->key.data || f->id.data ||
        f->channel.data || f->connector.data || f->state >= 0 || f->has_dead)
        return 0;
    return err_set(err, ERR_INVALID,
                   "which events? Say \"since\", \"type\" or another filter, or \"type\": \"*\"");
}

void route_replay(void *ctx, struct http_exchange *x)
{
    struct admin *a = ctx;
    struct err err = {0};
    struct wish *wish = pending_new(a, sizeof(*wish), wish_free);
    wish->admin = a;
    wish->x = x;
    filter_init(&wish->filter, FILTER_EVENTS);
    wish->filter.journal.newest_first = false;
    wish->filter.journal.limit = FILTER_LIMIT_MAX;
    if (body_read(http_exchange_body(x), take_member, wish, &err) < 0 || check(wish, &err) < 0) {
        http_exchange_problem(x, 400, "%s", err.message);
        wish_free(wish);
        return;
    }
    filter_doubt(&wish->filter, a->engine);
    if (wish->is_dry)
        journal_read(engine_journal(a->engine), count_page, on_counted, wish);
    else if (filter_has_doubts(&wish->filter))
        journal_read(engine_journal(a->engine), check_names, on_names, wish);
    else
        begin(wish);
}

/* ---- shown and stopped ---- */

static bool add_replay(void *ctx, const struct journal_replay *replay)
{
    struct json_writer *w = ctx;
    json_object_begin(w, NULL);
    json_member_integer(w, "id", replay->id);
    json_member_raw(w, "wish", replay->wish);
    json_member_integer(w, "replayed", replay->n_replayed);
    json_member_integer(w, "refused", replay->n_refused);
    json_member_integer(w, "cursor", replay->cursor);
    json_member_integer(w, "through", replay->through);
    json_member_time(w, "at", replay->at_ms);
    json_member_time(w, "ended", replay->ended_ms);
    json_object_end(w);
    return true;
}

static void render_replays(struct journal_reader *reader, void *ctx)
{
    struct rendering *r = ctx;
    struct err err = {0};
    json_object_begin(&r->writer, NULL);
    json_array_begin(&r->writer, "items");
    if (journal_replays(reader, add_replay, &r->writer, &err) < 0)
        r->err = err;
    json_array_end(&r->writer);
    json_member_null(&r->writer, "next");
    json_object_end(&r->writer);
}

void route_replays(void *ctx, struct http_exchange *x)
{
    rendering_start(ctx, rendering_new(x), render_replays);
}

void route_replay_stop(void *ctx, struct http_exchange *x)
{
    struct admin *a = ctx;
    if (engine_stop_replay(a->engine))
        http_exchange_reply(x, 202, "application/json", SLICE_LIT("{\"stopping\":true}"));
    else
        http_exchange_problem(x, 409, "no replay is under way");
}
