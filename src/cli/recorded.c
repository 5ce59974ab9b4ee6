/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "cli/recorded.h"

#include <string.h>

#include "base/json.h"
#include "base/percent.h"
#include "cli/json_view.h"
#include "cli/query.h"
#include "engine/record_json.h"
#include "journal/journal.h"

#define PAGE_EVENTS ((size_t)200)

/* ---- opening --------------------------------------------------------------------------------- */

/* Whether one answers at all. */
static int ask_daemon(struct client *client)
{
    struct buf answer = {0};
    const struct client_request request = {
        .method = "GET", .target = "/api/status", .members = {"version"}, .absence = ABSENCE_FINE};
    int status = client_send(client, &request, &answer);
    buf_deinit(&answer);
    return status;
}

static int open_journal(struct recorded *r, const struct config *config)
{
    struct err err = {0};
    r->reader = journal_reader_open(config->journal, &err);
    if (r->reader)
        return EXIT_DONE;
    struct buf at = {0};
    daemon_url_add_name(&r->client.at, &at);
    command_fail("there are no recorded events: no daemon answers at %s, and %s", at.data,
                 err.message);
    buf_deinit(&at);
    return EXIT_NO_DAEMON;
}

int recorded_open(struct recorded *r, const struct invocation *in, const char *path,
                  const struct config *config)
{
    *r = (struct recorded){0};
    int status = client_open_for(&r->client, in, path);
    if (status == EXIT_DONE)
        status = ask_daemon(&r->client);
    return status == EXIT_NO_DAEMON ? open_journal(r, config) : status;
}

int recorded_open_journal(struct recorded *r, const struct config *config)
{
    struct err err = {0};
    *r = (struct recorded){.reader = journal_reader_open(config->journal, &err)};
    return r->reader ? EXIT_DONE : command_fail("there are no recorded events: %s", err.message);
}

void recorded_close(struct recorded *r)
{
    journal_reader_close(r->reader);
    client_close(&r->client);
    *r = (struct recorded){0};
}

/* ---- the daemon's ---------------------------------------------------------------------------- */

/* Tells the events of a page, `left` at most; returns how many. */
static size_t tell_page(struct slice page, size_t left, recorded_fn fn, void *ctx)
{
    struct json_items items;
    struct slice unused, event;
    size_t n = 0;
    json_items_begin(&items, view_member(page, "items"));
    for (; n < left && json_items_next(&items, &unused, &event); n++)
        fn(ctx, event);
    json_items_end(&items);
    return n;
}

int recorded_ask_newest(struct client *client, const char *type, size_t n, recorded_fn fn,
                        void *ctx)
{
    struct buf cursor = {0}, target = {0}, answer = {0};
    size_t left = n;
    int status;
    do {
        buf_clear(&target);
        buf_printf(&target, "/api/events?limit=%zu", left < PAGE_EVENTS ? left : PAGE_EVENTS);
        if (type)
            query_add(&target, "type", slice_str(type));
        if (cursor.len)
            query_add(&target, "cursor", buf_slice(&cursor));
        const struct client_request request = {.method = "GET",
                                               .target = target.data,
                                               .members = {"items"},
                                               .absence = ABSENCE_AWAITED};
        status = client_send(client, &request, &answer);
        if (status != EXIT_DONE)
            break;
        left -= tell_page(buf_slice(&answer), left, fn, ctx);
        buf_clear(&cursor);
        view_add(&cursor, buf_slice(&answer), "next");
    } while (cursor.len && left > 0);
    buf_deinit(&cursor);
    buf_deinit(&target);
    buf_deinit(&answer);
    return status;
}

static int ask_one(struct client *client, struct slice id, recorded_fn fn, void *ctx)
{
    struct buf target = {0}, answer = {0};
    buf_add_str(&target, "/api/events/");
    percent_add(&target, id, false);
    const struct client_request request = {
        .method = "GET", .target = target.data, .members = {"seq", "type"}};
    int status = client_send(client, &request, &answer);
    if (status == EXIT_DONE)
        fn(ctx, buf_slice(&answer));
    buf_deinit(&target);
    buf_deinit(&answer);
    return status;
}

/* ---- the journal's --------------------------------------------------------------------------- */

struct visit {
    recorded_fn fn;
    void *ctx;
    size_t n;
};

static bool tell_event(void *ctx, struct event *event, enum event_state state)
{
    struct visit *visit = ctx;
    struct buf json = {0};
    struct json_writer w = {.out = &json};
    event_add_json(&w, event, state);
    visit->fn(visit->ctx, buf_slice(&json));
    visit->n++;
    buf_deinit(&json);
    return true;
}

static int read_events(struct recorded *r, const struct journal_filter *filter, struct visit *visit)
{
    struct err err = {0};
    if (journal_list_events(r->reader, filter, tell_event, visit, &err) < 0)
        return command_fail("%s", err.message);
    return EXIT_DONE;
}

/* ---- both ------------------------------------------------------------------------------------ */

int recorded_newest(struct recorded *r, size_t n, recorded_fn fn, void *ctx)
{
    struct visit visit = {.fn = fn, .ctx = ctx};
    const struct journal_filter filter = {.newest_first = true, .state = -1, .limit = (unsigned)n};
    return r->reader ? read_events(r, &filter, &visit)
                     : recorded_ask_newest(&r->client, NULL, n, fn, ctx);
}

struct slice recorded_event_of(const char *id)
{
    struct slice given = slice_str(id);
    struct slice number = slice_upto(given, slice_find(given, '-'));
    struct slice hash = slice_from(given, number.len + 1);
    bool is_number = number.len > 0 && number.len <= 19 && number.len < given.len;
    for (size_t i = 0; i < number.len; i++)
        is_number &= number.data[i] >= '0' && number.data[i] <= '9';
    bool is_hash = hash.len == 24 && strspn(hash.data, "0123456789abcdef") == hash.len;
    return is_number && is_hash ? number : given;
}

int recorded_find(struct recorded *r, const char *id, recorded_fn fn, void *ctx)
{
    struct visit visit = {.fn = fn, .ctx = ctx};
    const struct journal_filter filter = {
        .id = recorded_event_of(id), .newest_first = true, .state = -1, .limit = 1};
    if (!r->reader)
        return ask_one(&r->client, filter.id, fn, ctx);
    int status = read_events(r, &filter, &visit);
    if (status == EXIT_DONE && visit.n == 0)
        return command_fail("there is no event %s", id);
    return status;
}
