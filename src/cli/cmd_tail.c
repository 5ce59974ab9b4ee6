/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/map.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/json_view.h"
#include "cli/query.h"

#define POLL_MS 500
#define TIMEOUT_MS 30000

/* ---- one line each --------------------------------------------------------------------------- */

static void add_word(struct buf *line, struct slice end, const char *name)
{
    if (!view_member(end, name).data)
        return;
    buf_printf(line, " %s=", name);
    view_add(line, end, name);
}

/* "2026-11-23 18:56:15  delivered calendarApi 17-… type=schedule.updated key=7" */
static void print_line(struct slice end)
{
    struct buf line = {0}, safe = {0};
    view_add_time(&line, end, "at");
    buf_add_str(&line, "  ");
    view_add(&line, end, "state");
    buf_add_char(&line, ' ');
    view_add(&line, end, view_member(end, "connector").data ? "connector" : "handler");
    buf_add_char(&line, ' ');
    view_add(&line, end, "id");
    add_word(&line, end, "type");
    add_word(&line, end, "key");
    add_word(&line, end, "cause");
    add_word(&line, end, "error");
    view_add_safe(&safe, buf_slice(&line), false);
    puts(safe.data);
    buf_deinit(&line);
    buf_deinit(&safe);
}

/* ---- what was printed ------------------------------------------------------------------------ */

/* Behind a restart the daemon tells once more what ended just before. */
#define SEEN_MAX 4096

struct seen {
    uint64_t ends[SEEN_MAX]; /* hashes of their ids and times, the newest ones */
    size_t n;
};

/* Whether it is new, and notes it. */
static bool see(struct seen *seen, struct slice end)
{
    static const uint64_t seed[2] = {0};
    struct buf name = {0};
    view_add(&name, end, "id");
    buf_add_char(&name, ' ');
    view_add(&name, end, "at");
    uint64_t hash = hash_siphash(seed, buf_slice(&name));
    buf_deinit(&name);
    for (size_t i = 0; i < seen->n && i < SEEN_MAX; i++) {
        if (seen->ends[i] == hash)
            return false;
    }
    seen->ends[seen->n++ % SEEN_MAX] = hash;
    return true;
}

/* ---- following along ------------------------------------------------------------------------- */

struct follower {
    const struct invocation *in;
    struct client client;
    struct buf target, cursor, answer;
    struct seen seen;
};

static void print_ends(struct follower *f)
{
    struct json_items items;
    struct slice answer = buf_slice(&f->answer), unused, end;
    if (view_is_true(answer, "missed"))
        fputs("liaison: more ended than is remembered: some are missing here\n", stderr);
    json_items_begin(&items, view_member(answer, "items"));
    while (json_items_next(&items, &unused, &end)) {
        if (!see(&f->seen, end))
            continue;
        if (options_has(&f->in->options, "json"))
            printf("%.*s\n", SLICE_FMT(end));
        else
            print_line(end);
    }
    json_items_end(&items);
}

static void set_target(struct follower *f)
{
    static const char *const names[] = {"connector", "type", "key"};
    buf_clear(&f->target);
    buf_add_str(&f->target, "/api/tail");
    if (f->cursor.len)
        query_add(&f->target, "cursor", buf_slice(&f->cursor));
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const char *wanted = options_get(&f->in->options, names[i]);
        if (wanted)
            query_add(&f->target, names[i], slice_str(wanted));
    }
}

static int ask(struct follower *f)
{
    set_target(f);
    const struct client_request request = {.method = "GET",
                                           .target = f->target.data,
                                           .timeout_ms = TIMEOUT_MS,
                                           .members = {"items", "next"},
                                           .absence = ABSENCE_AWAITED};
    int status = client_send(&f->client, &request, &f->answer);
    if (status == EXIT_DONE) {
        buf_clear(&f->cursor);
        view_add(&f->cursor, buf_slice(&f->answer), "next");
    }
    return status;
}

static int follow(struct follower *f)
{
    int status;
    while ((status = ask(f)) == EXIT_DONE) {
        print_ends(f);
        if (fflush(stdout) != 0)
            break; /* who read it has gone */
        if (!view_is_true(buf_slice(&f->answer), "hasMore"))
            client_rest(POLL_MS);
    }
    return status;
}

static int run(const struct invocation *in)
{
    struct follower follower = {.in = in};
    int status = client_open(&follower.client, in);
    if (status == EXIT_DONE)
        status = follow(&follower);
    client_close(&follower.client);
    buf_deinit(&follower.target);
    buf_deinit(&follower.cursor);
    buf_deinit(&follower.answer);
    return status;
}

static const struct option_row options[] = {
    {"connector", 0, "CONNECTOR", "of this connector"},
    {"type", 0, "TYPE", "of events of this type, or of those that begin so: schedule.*"},
    {"key", 0, "KEY", "of this key"},
    DAEMON_OPTIONS,
    {"json", 0, NULL, "print a JSON document a line"},
    {0},
};

static const struct example_row examples[] = {
    {"liaison tail --connector calendarApi", "what becomes of its deliveries"},
    {"liaison tail --json", "for programs"},
    {0},
};

const struct command command_tail = {
    .name = "tail",
    .summary = "each delivery as it ends",
    .usage = "tail [--connector NAME] [--type TYPE] [--key KEY]",
    .help =
        "Prints a line for each delivery, and each handler's run that failed for good, as it\n"
        "ends from now on, until it is interrupted. Times are UTC. When the daemon goes away it\n"
        "waits, and goes on with what has ended since when it is back.",
    .options = options,
    .examples = examples,
    .run = run,
};
