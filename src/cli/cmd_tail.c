/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/client.h"
#include "cli/commands.h"
#include "cli/json_view.h"
#include "cli/query.h"

#define POLL_MS 500

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

static bool is_wanted(const struct invocation *in, struct slice end)
{
    static const char *const names[] = {"connector", "type", "key"};
    bool is_wanted = true;
    for (size_t i = 0; i < ARRAY_LEN(names) && is_wanted; i++) {
        struct buf value = {0};
        const char *wanted = options_get(&in->options, names[i]);
        view_add(&value, end, names[i]);
        is_wanted = !wanted || slice_is_equal(buf_slice(&value), slice_str(wanted));
        buf_deinit(&value);
    }
    return is_wanted;
}

static void print_ends(const struct invocation *in, struct slice answer)
{
    struct json_items items;
    struct slice unused, end;
    if (view_is_true(answer, "missed"))
        fputs("liaison: more ended than is remembered: some are missing here\n", stderr);
    json_items_begin(&items, view_member(answer, "items"));
    while (json_items_next(&items, &unused, &end)) {
        if (!is_wanted(in, end))
            continue;
        if (options_has(&in->options, "json"))
            printf("%.*s\n", SLICE_FMT(end));
        else
            print_line(end);
    }
    json_items_end(&items);
}

/* ---- following along ------------------------------------------------------------------------- */

static void rest(void)
{
    const struct timespec time = {.tv_nsec = POLL_MS * 1000000L};
    nanosleep(&time, NULL);
}

static int ask(struct client *client, struct buf *cursor, struct buf *answer)
{
    struct buf target = {0};
    buf_add_str(&target, "/api/tail");
    if (cursor->len)
        query_add(&target, "cursor", buf_slice(cursor));
    const struct client_request request = {
        .method = "GET", .target = target.data, .members = {"items", "next"}};
    int status = client_send(client, &request, answer);
    buf_deinit(&target);
    if (status == EXIT_DONE) {
        buf_clear(cursor);
        view_add(cursor, buf_slice(answer), "next");
    }
    return status;
}

static int run(const struct invocation *in)
{
    struct client client;
    struct buf cursor = {0}, answer = {0};
    int status = client_open(&client, in);
    while (status == EXIT_DONE && (status = ask(&client, &cursor, &answer)) == EXIT_DONE) {
        print_ends(in, buf_slice(&answer));
        if (fflush(stdout) != 0)
            break; /* who read it has gone */
        rest();
    }
    client_close(&client);
    buf_deinit(&cursor);
    buf_deinit(&answer);
    return status;
}

static const struct option_row options[] = {
    {"connector", 0, "CONNECTOR", "of this connector"},
    {"type", 0, "TYPE", "of events of this type"},
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
    .help = "Prints a line for each delivery, and each handler's run that failed for good, as it\n"
            "ends from now on, until it is interrupted. Times are UTC.",
    .options = options,
    .examples = examples,
    .run = run,
};
