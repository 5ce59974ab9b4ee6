/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * POST /api/try: what the scripts would do with events, those in the request and recorded ones.
 */
#include <stdlib.h>
#include <string.h>

#include "admin/body.h"
#include "admin/routes.h"
#include "base/buf.h"
#include "base/json_items.h"
#include "engine/record_json.h"

#define EVENTS_MAX 100
/* A trial has them in memory, and a copy of them. */
#define BYTES_MAX ((size_t)64 << 20)

/* A request, until it is answered. */
struct
try {
    struct pending pending;
    struct admin *admin;
    struct http_exchange *x;
    struct buf asked; /* the JSON array of what is asked for: events, and ids of recorded ones … */
    struct buf events; /* … and of the events alone */
    char *source;      /* NULL: none */
    bool is_one;       /* `event`, not `events` */
    struct err err;
};

static void try_free(void *self)
{
    struct try *t = self;
    list_remove(&t->pending.link);
    buf_deinit(&t->asked);
    buf_deinit(&t->events);
    free(t->source);
    free(t);
}

/* ---- the answer ---- */

int tried_status(enum err_code code)
{
    switch (code) {
    case ERR_NOT_FOUND:
        return 404;
    case ERR_INVALID:
        return 400;
    case ERR_TIMEOUT:
    case ERR_FULL:
        return 422;
    default:
        return 500;
    }
}

static void reply(const struct try *t, struct slice results)
{
    struct buf out = {0};
    if (t->is_one) /* without the brackets around it */
        buf_add_slice(&out, slice_of(results.data + 1, results.len - 2));
    else
        buf_printf(&out, "{\"items\":%.*s}", SLICE_FMT(results));
    http_exchange_reply(t->x, 200, "application/json", buf_slice(&out));
    buf_deinit(&out);
}

static void refuse_scripts(const struct try *t, const struct trial_end *end)
{
    struct buf findings = {0};
    struct json_writer w = {.out = &findings};
    findings_add_json(&w, NULL, end->findings, end->n_findings);
    http_exchange_problem_with(t->x, 422, "findings", buf_slice(&findings), "%s", end->err.message);
    buf_deinit(&findings);
}

static void on_tried(void *ctx, const struct trial_end *end)
{
    struct try *t = ctx;
    enum err_code code = end->err.code;
    if (code == ERR_NONE)
        reply(t, end->json);
    else if (code == ERR_SCRIPT)
        refuse_scripts(t, end);
    else if (code != ERR_CANCELLED)
        http_exchange_problem(t->x, tried_status(code), "%s", end->err.message);
    try_free(t);
}

static void start(struct try *t)
{
    const struct engine_trial wish = {
        .events = buf_slice(&t->events),
        .source = slice_str(t->source),
    };
    if (engine_try(t->admin->engine, &wish, on_tried, t, &t->err) == 0)
        return;
    http_exchange_add_header(t->x, "Retry-After", "1");
    http_exchange_problem(t->x, 503, "%s", t->err.message);
    try_free(t);
}

/* ---- recorded events ---- */

static bool add_event(void *ctx, struct event *event, enum event_state state)
{
    event_add_json(ctx, event, state);
    return false;
}

static int find(struct journal_reader *reader, struct slice given, struct json_writer *w,
                struct err *err)
{
    struct buf id = {0};
    if (json_is_object(given)) {
        json_member_raw(w, NULL, given);
        return 0;
    }
    if (json_get_string(given, &id) < 0)
        buf_add_slice(&id, given); /* a number as it stands */
    int rc = event_find(reader, buf_slice(&id), add_event, w, err);
    buf_deinit(&id);
    return rc;
}

int tried_has_room(const struct buf *events, struct err *err)
{
    if (events->len <= BYTES_MAX)
        return 0;
    return err_set(err, ERR_FULL, "these events pass %zu MB: try fewer", BYTES_MAX >> 20);
}

static void find_all(struct journal_reader *reader, void *ctx)
{
    struct try *t = ctx;
    struct json_writer w = {.out = &t->events};
    struct json_items items;
    struct slice unused, given;
    int rc = 0;
    json_array_begin(&w, NULL);
    json_items_begin(&items, buf_slice(&t->asked));
    while (rc == 0 && json_items_next(&items, &unused, &given)) {
        rc = find(reader, given, &w, &t->err);
        if (rc == 0)
            rc = tried_has_room(&t->events, &t->err);
    }
    json_items_end(&items);
    json_array_end(&w);
}

static void on_found(void *ctx)
{
    struct try *t = ctx;
    if (t->err.code == ERR_NONE) {
        start(t);
        return;
    }
    http_exchange_problem(t->x, tried_status(t->err.code), "%s", t->err.message);
    try_free(t);
}

/* ---- what is asked for ---- */

static int take_events(struct try *t, const char *name, struct slice value, struct err *err)
{
    if (t->asked.len > 0)
        return err_set(err, ERR_INVALID, "\"event\" or \"events\", not both");
    t->is_one = strcmp(name, "event") == 0;
    if (t->is_one) {
        buf_printf(&t->asked, "[%.*s]", SLICE_FMT(value));
        return 0;
    }
    if (!json_is_array(value) || json_items_count(value) > EVENTS_MAX)
        return err_set(err, ERR_INVALID, "\"events\" is an array of up to %d events", EVENTS_MAX);
    buf_add_slice(&t->asked, value);
    return 0;
}

static int take_member(void *ctx, struct slice name, struct slice value, struct err *err)
{
    static const char *const names[] = {"event", "events", "source"};
    struct try *t = ctx;
    for (size_t i = 0; i < 2; i++) {
        if (slice_is_equal(name, slice_str(names[i])))
            return take_events(t, names[i], value, err);
    }
    if (slice_is_equal(name, SLICE_LIT("source")))
        return body_take_string("source", value, &t->source, err);
    return body_refuse(name, names, ARRAY_LEN(names), err);
}

/* Each is an event, or the id of one. */
static int check_events(const struct try *t, struct err *err)
{
    struct json_items items;
    struct slice unused, given;
    int rc = 0;
    if (t->asked.len == 0)
        return err_set(err, ERR_INVALID,
                       "which event? Write {\"event\": {\"type\": …, \"data\": …}}, or "
                       "{\"event\": ID} for a recorded one");
    json_items_begin(&items, buf_slice(&t->asked));
    while (rc == 0 && json_items_next(&items, &unused, &given)) {
        bool is_number = given.data[0] == '-' || (given.data[0] >= '0' && given.data[0] <= '9');
        if (!json_is_object(given) && !json_is_string(given) && !is_number)
            rc = err_set(err, ERR_INVALID, "an event is an object, or the id of a recorded one");
    }
    json_items_end(&items);
    return rc;
}

void route_try(void *ctx, struct http_exchange *x)
{
    struct admin *a = ctx;
    struct err err = {0};
    struct try *t = pending_new(a, sizeof(*t), try_free);
    t->admin = a;
    t->x = x;
    if (body_read(http_exchange_body(x), take_member, t, &err) < 0 || check_events(t, &err) < 0) {
        http_exchange_problem(x, 400, "%s", err.message);
        try_free(t);
        return;
    }
    journal_read(engine_journal(a->engine), find_all, on_found, t);
}
