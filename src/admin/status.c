/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Health, readiness, and everything at a glance.
 */
#include <inttypes.h>

#include "admin/routes.h"
#include "base/buf.h"
#include "version.h"

void route_healthz(void *ctx, struct http_exchange *x)
{
    struct admin *a = ctx;
    int64_t stalled_ms = journal_stalled_ms(engine_journal(a->engine));
    if (engine_is_stalled(a->engine))
        http_exchange_problem(x, 503, "the journal has not committed for %" PRId64 " s",
                              stalled_ms / 1000);
    else
        http_exchange_reply(x, 200, "application/json", SLICE_LIT("{\"ok\":true}"));
}

void route_readyz(void *ctx, struct http_exchange *x)
{
    struct admin *a = ctx;
    const char *refusal = engine_refusal(a->engine);
    if (refusal)
        http_exchange_problem(x, 503, "%s", refusal);
    else
        http_exchange_reply(x, 200, "application/json", SLICE_LIT("{\"ready\":true}"));
}

static void on_confirmed(void *ctx, const struct err *err)
{
    struct http_exchange *x = ctx;
    if (err->code == ERR_NONE)
        http_exchange_reply(x, 200, "application/json", SLICE_LIT("{\"confirmed\":true}"));
    else if (err->code == ERR_NOT_FOUND)
        http_exchange_problem(x, 409, "nothing was lost that is to be confirmed");
    else
        http_exchange_problem(x, 500, "%s", err->message);
}

void route_journal_confirm(void *ctx, struct http_exchange *x)
{
    struct admin *a = ctx;
    engine_confirm(a->engine, on_confirmed, x);
}

/* ---- what the engine knows ---- */

static void add_channel(void *ctx, const struct engine_channel_view *channel)
{
    struct json_writer *w = ctx;
    const struct channel_status *status = &channel->status;
    json_object_begin(w, NULL);
    json_member_cstr(w, "name", channel->name);
    json_member_bool(w, "connected", status->is_connected);
    if (status->has_resume_known)
        json_member_bool(w, "resumable", status->is_resumable);
    else
        json_member_null(w, "resumable");
    json_member_bool(w, "stopped", status->is_stopped);
    json_member_time(w, "since", status->since_ms);
    json_member_time(w, "lastEvent", status->last_event_ms);
    json_member_cstr(w, "problem", status->problem);
    json_object_end(w);
}

static void add_unmatched(void *ctx, struct slice type, uint64_t count, const char *nearest)
{
    struct json_writer *w = ctx;
    json_object_begin(w, NULL);
    json_member_string(w, "type", type);
    json_member_integer(w, "count", (int64_t)count);
    json_member_cstr(w, "nearest", nearest);
    json_object_end(w);
}

static void add_problem(void *ctx, const struct engine_problem *problem)
{
    struct json_writer *w = ctx;
    json_object_begin(w, NULL);
    json_member_cstr(w, "code", engine_problem_name(problem->code));
    json_member_cstr(w, "about", problem->about);
    json_member_time(w, "since", problem->since_ms);
    json_member_cstr(w, "text", problem->text);
    json_object_end(w);
}

static void add_engine(struct json_writer *w, struct engine *e, int64_t now_ms)
{
    json_member_cstr(w, "version", LIAISON_VERSION);
    json_member_time(w, "started", engine_started_ms(e));
    json_member_integer(w, "uptime", (now_ms - engine_started_ms(e)) / 1000);
    json_array_begin(w, "channels");
    engine_each_channel(e, add_channel, w);
    json_array_end(w);
    json_array_begin(w, "connectors");
    engine_each_target(e, connector_add_json, w);
    json_array_end(w);
    json_array_begin(w, "unmatched");
    engine_each_unmatched(e, add_unmatched, w);
    json_array_end(w);
    json_array_begin(w, "problems");
    engine_each_problem(e, add_problem, w);
    json_array_end(w);
}

/* ---- what the journal knows: the sums ---- */

struct sums {
    struct json_writer *w;
    const char *scope; /* wanted */
    struct buf name;   /* the one whose object is open */
};

static bool add_sum(void *ctx, const char *scope, const char *name, const char *term, int64_t value)
{
    struct sums *s = ctx;
    if (!slice_is_equal(slice_str(scope), slice_str(s->scope)))
        return true;
    if (!s->name.data || !slice_is_equal(buf_slice(&s->name), slice_str(name))) {
        if (s->name.data)
            json_object_end(s->w);
        json_object_begin(s->w, name);
        buf_clear(&s->name);
        buf_add_str(&s->name, name);
    }
    json_member_integer(s->w, term, value);
    return true;
}

static int add_scope(struct rendering *r, const char *member, const char *scope)
{
    struct sums sums = {.w = &r->writer, .scope = scope};
    json_object_begin(&r->writer, member);
    int rc = journal_sums(r->reader, add_sum, &sums, &r->err);
    if (sums.name.data)
        json_object_end(&r->writer);
    json_object_end(&r->writer);
    buf_deinit(&sums.name);
    return rc;
}

/* Ends the journal's object, which route_status has begun. */
static int add_reach(struct rendering *r)
{
    struct journal_reach reach = {0};
    int rc = journal_reach(r->reader, &reach, &r->err);
    json_member_time(&r->writer, "oldest", reach.oldest_ms);
    json_member_time(&r->writer, "completeSince", reach.complete_ms);
    json_object_end(&r->writer);
    return rc;
}

static void render_sums(struct journal_reader *reader, void *ctx)
{
    struct rendering *r = ctx;
    r->reader = reader;
    int rc = add_reach(r);
    json_object_begin(&r->writer, "sums");
    if (add_scope(r, "channels", "channel") < 0 || add_scope(r, "connectors", "connector") < 0)
        rc = -1;
    /* Whoever asks while the journal can't be read wants to see the problems above all. */
    if (rc < 0) {
        json_member_cstr(&r->writer, "error", r->err.message);
        r->err = (struct err){0};
    }
    json_object_end(&r->writer);
    json_object_end(&r->writer);
}

static void begin_journal(struct json_writer *w, struct engine *e)
{
    struct journal *journal = engine_journal(e);
    struct journal_space space;
    journal_space(journal, &space);
    json_object_begin(w, "journal");
    json_member_cstr(w, "path", engine_config(e)->journal);
    json_member_integer(w, "queued", (int64_t)journal_queued(journal));
    json_member_integer(w, "bytes", space.bytes);
    json_member_integer(w, "limit", engine_config(e)->journal_max);
}

void route_status(void *ctx, struct http_exchange *x)
{
    struct admin *a = ctx;
    struct rendering *r = rendering_new(x);
    json_object_begin(&r->writer, NULL);
    add_engine(&r->writer, a->engine, engine_now_ms(a->engine));
    begin_journal(&r->writer, a->engine);
    rendering_start(a, r, render_sums);
}
