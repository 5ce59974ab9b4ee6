/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * POST /api/reload: scripts and settings loaded anew, where that is asked for not before it is known
 * which requests would change.
 */
#include <stdlib.h>

#include "admin/body.h"
#include "admin/routes.h"
#include "base/buf.h"
#include "base/text.h"
#include "engine/record_json.h"
#include "script/sources.h"

#define CHECKED_MAX 10000

/* A request, until it is answered. */
struct wish {
    struct pending pending;
    struct admin *admin;
    struct http_exchange *x;
    int64_t n_checked;         /* of the newest events; 0: nothing is compared */
    bool accepts;              /* requests may change */
    struct buf events;         /* these, a JSON array … */
    struct json_writer writer; /* … of which this is written */
    struct buf comparison;
    struct err err;
};

static void wish_free(void *self)
{
    struct wish *wish = self;
    list_remove(&wish->pending.link);
    buf_deinit(&wish->events);
    buf_deinit(&wish->comparison);
    free(wish);
}

/* ---- loaded ---- */

static void answer_done(const struct wish *wish, const struct engine_scripts *scripts)
{
    struct buf out = {0};
    struct json_writer w = {.out = &out};
    json_object_begin(&w, NULL);
    json_member_bool(&w, "reloaded", true);
    scripts_add_loaded(&w, scripts);
    json_member_integer(&w, "files", (int64_t)sources_count(scripts->sources));
    findings_add_json(&w, "findings", scripts->findings, scripts->n_findings);
    if (wish->comparison.len > 0)
        json_member_raw(&w, "comparison", buf_slice(&wish->comparison));
    json_object_end(&w);
    http_exchange_reply(wish->x, 200, "application/json", buf_slice(&out));
    buf_deinit(&out);
}

static void answer_failed(const struct wish *wish, const struct engine_finding *items, size_t n)
{
    struct buf findings = {0};
    struct json_writer w = {.out = &findings};
    size_t n_errors = 0;
    for (size_t i = 0; i < n; i++)
        n_errors += !items[i].is_warning;
    findings_add_json(&w, NULL, items, n);
    http_exchange_problem_with(wish->x, 422, "findings", buf_slice(&findings),
                               "not reloaded, what was loaded before goes on: %zu error%s",
                               n_errors, n_errors == 1 ? "" : "s");
    buf_deinit(&findings);
}

static void on_reloaded(void *ctx, bool was_done)
{
    struct wish *wish = ctx;
    struct engine_scripts scripts;
    engine_scripts(wish->admin->engine, &scripts);
    const char *refusal = engine_refusal(wish->admin->engine);
    if (was_done)
        answer_done(wish, &scripts);
    else if (scripts.was_done)
        http_exchange_problem(wish->x, 503, "not reloaded: %s", refusal ? refusal : "stopping");
    else
        answer_failed(wish, scripts.findings, scripts.n_findings);
    wish_free(wish);
}

/* ---- compared ---- */

static int64_t count(const struct wish *wish, const char *name)
{
    struct slice value;
    int64_t n = 0;
    if (!json_get(buf_slice(&wish->comparison), name, &value) || json_get_integer(value, &n) < 0)
        return 0;
    return n;
}

static bool would_change(const struct wish *wish)
{
    return count(wish, "changed") || count(wish, "new") || count(wish, "vanished");
}

static void refuse_change(const struct wish *wish)
{
    http_exchange_problem_with(wish->x, 409, "comparison", buf_slice(&wish->comparison),
                               "not reloaded: of the requests for %lld recorded events %lld would "
                               "change, %lld be new and %lld vanish; accept it where it is meant",
                               (long long)count(wish, "events"), (long long)count(wish, "changed"),
                               (long long)count(wish, "new"), (long long)count(wish, "vanished"));
}

/* What was compared is loaded, whatever the files are by now. */
static void on_compared(void *ctx, struct sources *sources, const struct trial_end *end)
{
    struct wish *wish = ctx;
    buf_add_slice(&wish->comparison, end->json);
    if (end->err.code == ERR_NONE && (wish->accepts || !would_change(wish))) {
        engine_reload_from(wish->admin->engine, "checked", sources, on_reloaded, wish);
        return;
    }
    if (end->err.code == ERR_NONE)
        refuse_change(wish);
    else if (end->err.code == ERR_SCRIPT)
        answer_failed(wish, end->findings, end->n_findings);
    else if (end->err.code != ERR_CANCELLED)
        http_exchange_problem(wish->x, 422, "not reloaded: %s", end->err.message);
    wish_free(wish);
}

/* What couldn't be read as an event is none to be handled. */
static bool add_event(void *ctx, struct event *event, enum event_state state)
{
    struct wish *wish = ctx;
    if (state == EVENT_MALFORMED)
        return true;
    event_add_json(&wish->writer, event, state);
    return tried_has_room(&wish->events, &wish->err) == 0;
}

static void read_events(struct journal_reader *reader, void *ctx)
{
    struct wish *wish = ctx;
    const struct journal_filter newest = {
        .newest_first = true, .state = -1, .limit = (unsigned)wish->n_checked};
    wish->writer.out = &wish->events;
    json_array_begin(&wish->writer, NULL);
    (void)!journal_list_events(reader, &newest, add_event, wish, &wish->err);
    json_array_end(&wish->writer);
}

static void refuse(struct wish *wish, int status)
{
    http_exchange_problem(wish->x, status, "not reloaded: %s", wish->err.message);
    wish_free(wish);
}

static void on_events(void *ctx)
{
    struct wish *wish = ctx;
    struct err *err = &wish->err;
    if (err->code != ERR_NONE)
        refuse(wish, 422);
    else if (engine_compare(wish->admin->engine, buf_slice(&wish->events), on_compared, wish, err) <
             0)
        refuse(wish, err->code == ERR_FULL ? 503 : 422);
}

/* ---- what is asked for ---- */

static int take_check(struct wish *wish, struct slice value, struct err *err)
{
    char *text = NULL;
    if (body_take_string("check", value, &text, err) < 0)
        return -1;
    struct slice n = slice_str(text);
    bool is_last = slice_has_prefix(n, SLICE_LIT("last:"));
    int rc = 0;
    if (!is_last || json_get_integer(slice_from(n, 5), &wish->n_checked) < 0 ||
        wish->n_checked < 1 || wish->n_checked > CHECKED_MAX)
        rc = err_set(err, ERR_INVALID,
                     "\"check\" is as in \"last:500\": the newest recorded events, up to %d",
                     CHECKED_MAX);
    free(text);
    return rc;
}

static int take_member(void *ctx, struct slice name, struct slice value, struct err *err)
{
    static const char *const names[] = {"check", "accept"};
    struct wish *wish = ctx;
    if (slice_is_equal(name, SLICE_LIT("check")))
        return take_check(wish, value, err);
    if (slice_is_equal(name, SLICE_LIT("accept")))
        return body_take_flag("accept", value, &wish->accepts, err);
    return body_refuse(name, names, ARRAY_LEN(names), err);
}

void route_reload(void *ctx, struct http_exchange *x)
{
    struct admin *a = ctx;
    struct err err = {0};
    struct wish *wish = pending_new(a, sizeof(*wish), wish_free);
    wish->admin = a;
    wish->x = x;
    if (body_read(http_exchange_body(x), take_member, wish, &err) < 0) {
        http_exchange_problem(x, 400, "%s", err.message);
        wish_free(wish);
    } else if (wish->n_checked > 0) {
        journal_read(engine_journal(a->engine), read_events, on_events, wish);
    } else {
        engine_reload(a->engine, "asked for", on_reloaded, wish);
    }
}
