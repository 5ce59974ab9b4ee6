/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "cli/against.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/json_items.h"
#include "cli/json_view.h"
#include "cli/progress.h"
#include "cli/recorded.h"
#include "cli/recorded_sends.h"
#include "dryrun/compare.h"
#include "dryrun/given.h"

#define PREFIX "last:"
/* Events that the daemon tries in one go: so many, and of so many bytes, since what comes of them is
   bounded, too. A larger one goes by itself. */
#define BATCH 25
#define BATCH_BYTES ((size_t)8 << 20)

int against_parse(const char *text, size_t *n, struct err *err)
{
    struct slice given = slice_str(text);
    int64_t number = 0;
    if (slice_has_prefix(given, SLICE_LIT(PREFIX)))
        given = slice_from(given, sizeof(PREFIX) - 1);
    else
        given = SLICE_NULL;
    if (json_get_integer(given, &number) < 0 || number < 1 || number > AGAINST_MAX)
        return err_set(err, ERR_INVALID,
                       "write last:500 for the newest 500 recorded events (to %d), not '%s'",
                       AGAINST_MAX, text);
    *n = (size_t)number;
    return 0;
}

/* ---- the events ------------------------------------------------------------------------------ */

/* As the HTTP interface shows them, one JSON text each. */
struct events {
    struct slice *items;
    size_t len;
    struct arena arena;
};

/* What couldn't be read as an event is none to be handled. */
static void take_event(void *ctx, struct slice event)
{
    struct events *events = ctx;
    struct buf state = {0};
    view_add(&state, event, "state");
    bool is_event = !slice_is_equal(buf_slice(&state), SLICE_LIT("malformed"));
    buf_deinit(&state);
    if (!is_event)
        return;
    events->items = mem_grow(events->items, events->len, sizeof(*events->items));
    events->items[events->len++] = arena_copy(&events->arena, event);
}

static void events_deinit(struct events *events)
{
    free(events->items);
    arena_deinit(&events->arena);
}

/* ---- both sides ------------------------------------------------------------------------------ */

/* What the daemon's scripts do with some of the events. */
static int ask_daemon(struct client *client, const struct slice *events, size_t n,
                      struct buf *answer)
{
    struct buf body = {0};
    struct json_writer w = {.out = &body};
    json_object_begin(&w, NULL);
    json_array_begin(&w, "events");
    for (size_t i = 0; i < n; i++)
        json_member_integer(&w, NULL, view_integer(events[i], "seq", 0));
    json_array_end(&w);
    json_object_end(&w);
    const struct client_request request = {
        .method = "POST", .target = "/api/try", .body = buf_slice(&body), .members = {"items"}};
    int status = client_send(client, &request, answer);
    buf_deinit(&body);
    return status;
}

/* The same here. */
static int try_here(const struct against *a, struct slice json, struct buf *out, struct err *err)
{
    struct event *event = given_event(json, 0, err);
    if (!event)
        return -1;
    struct dryrun_result *result = dryrun_event(a->dryrun, a->machine, event);
    dryrun_add_json(out, result);
    dryrun_result_free(result);
    event_unref(event);
    return 0;
}

/* What an event is made into by the scripts here is `after`. */
static int compare_one(const struct against *a, struct compare *c, struct slice event,
                       struct slice before)
{
    struct buf after = {0};
    struct err err = {0};
    int rc = try_here(a, event, &after, &err);
    if (rc == 0)
        rc = compare_add(c, before, buf_slice(&after), &err);
    buf_deinit(&after);
    return rc < 0 ? command_fail("%s", err.message) : EXIT_DONE;
}

static int compare_batch(const struct against *a, struct compare *c, const struct slice *events,
                         struct slice answer)
{
    struct json_items items;
    struct slice unused, live;
    int status = EXIT_DONE;
    json_items_begin(&items, view_member(answer, "items"));
    for (size_t i = 0; status == EXIT_DONE && json_items_next(&items, &unused, &live); i++)
        status = compare_one(a, c, events[i], live);
    json_items_end(&items);
    return status;
}

static size_t batch_at(const struct events *events, size_t from)
{
    size_t n = 0, bytes = 0;
    while (n < BATCH && from + n < events->len && (n == 0 || bytes < BATCH_BYTES))
        bytes += events->items[from + n++].len;
    return n > 1 && bytes > BATCH_BYTES ? n - 1 : n;
}

static int compare_with_daemon(const struct against *a, struct client *client,
                               const struct events *events, struct compare *c)
{
    struct buf answer = {0};
    int status = EXIT_DONE;
    client->progress = progress_new(stderr, "compared");
    for (size_t i = 0, n; status == EXIT_DONE && i < events->len; i += n) {
        n = batch_at(events, i);
        status = ask_daemon(client, events->items + i, n, &answer);
        if (status == EXIT_DONE)
            status = compare_batch(a, c, events->items + i, buf_slice(&answer));
        progress_set(client->progress, i + n, events->len);
    }
    progress_free(client->progress);
    client->progress = NULL;
    buf_deinit(&answer);
    return status;
}

/* Counts in *left_out the events whose record doesn't tell. */
static int compare_with_record(const struct against *a, struct journal_reader *reader,
                               const struct events *events, struct compare *c, size_t *left_out)
{
    struct buf before = {0};
    struct err err = {0};
    int status = EXIT_DONE;
    for (size_t i = 0; status == EXIT_DONE && i < events->len; i++) {
        if (!recorded_sends_are_whole(events->items[i])) {
            ++*left_out;
            continue;
        }
        buf_clear(&before);
        if (recorded_sends_add(reader, events->items[i], &before, &err) < 0)
            status = command_fail("%s", err.message);
        else
            status = compare_one(a, c, events->items[i], buf_slice(&before));
    }
    buf_deinit(&before);
    return status;
}

/* ---- what it was compared with --------------------------------------------------------------- */

struct found {
    struct compare *compare;
    bool is_recorded;   /* it was compared with deliveries on record */
    bool is_same_files; /* else: the daemon has loaded these very files */
    size_t left_out;
};

static int read_hash(struct client *client, const struct script_machine *m, bool *is_same)
{
    const struct client_request request = {
        .method = "GET", .target = "/api/scripts", .members = {"hash"}};
    struct buf answer = {0}, hash = {0};
    int status = client_send(client, &request, &answer);
    if (status == EXIT_DONE) {
        view_add(&hash, buf_slice(&answer), "hash");
        *is_same = slice_is_equal(buf_slice(&hash), slice_str(script_hash(m)));
    }
    buf_deinit(&answer);
    buf_deinit(&hash);
    return status;
}

/* Names alone: what a setting says may be a secret. */
static void add_settings(struct json_writer *w, const struct config *config)
{
    struct json_items items;
    struct slice name, unused;
    json_array_begin(w, "settings");
    json_items_begin(&items, buf_slice(&config->settings));
    while (json_items_next(&items, &name, &unused))
        json_member_string(w, NULL, name);
    json_items_end(&items);
    json_array_end(w);
}

static void write_report(const struct against *a, const struct found *found, struct buf *report)
{
    struct json_writer w = {.out = report};
    json_object_begin(&w, NULL);
    json_member_cstr(&w, "with", found->is_recorded ? "deliveries" : "scripts");
    compare_add_members(&w, found->compare);
    if (found->is_recorded) {
        json_member_integer(&w, "leftOut", (int64_t)found->left_out);
    } else {
        json_member_bool(&w, "sameFiles", found->is_same_files);
        add_settings(&w, &a->project->config);
    }
    json_object_end(&w);
}

/* ---- the whole ------------------------------------------------------------------------------- */

static int open_recorded(const struct against *a, struct recorded *recorded)
{
    const struct config *config = &a->project->config;
    return a->is_recorded ? recorded_open_journal(recorded, config)
                          : recorded_open(recorded, a->in, a->path, config);
}

static int find_changes(const struct against *a, struct recorded *recorded,
                        const struct events *events, struct found *found)
{
    if (found->is_recorded)
        return compare_with_record(a, recorded->reader, events, found->compare, &found->left_out);
    int status = compare_with_daemon(a, &recorded->client, events, found->compare);
    return status == EXIT_DONE ? read_hash(&recorded->client, a->machine, &found->is_same_files)
                               : status;
}

int against_compare(const struct against *a, size_t n, struct buf *report, bool *has_changes)
{
    struct recorded recorded = {0};
    struct events events = {0};
    struct found found = {0};
    int status = open_recorded(a, &recorded);
    found.is_recorded = recorded.reader != NULL;
    found.compare = compare_new(found.is_recorded ? COMPARE_SENDS : COMPARE_REQUESTS);
    if (status == EXIT_DONE)
        status = recorded_newest(&recorded, n, take_event, &events);
    if (status == EXIT_DONE)
        status = find_changes(a, &recorded, &events, &found);
    struct compare_counts counts = compare_counts(found.compare);
    *has_changes = counts.changed + counts.new + counts.vanished > 0;
    if (status == EXIT_DONE)
        write_report(a, &found, report);
    compare_free(found.compare);
    events_deinit(&events);
    recorded_close(&recorded);
    return status;
}
