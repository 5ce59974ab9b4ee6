/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/client.h"
#include "cli/commands.h"
#include "cli/compare_view.h"
#include "cli/json_view.h"
#include "cli/terminal.h"

static void show_comparison(struct slice document)
{
    struct slice comparison = view_member(document, "comparison");
    if (comparison.data)
        compare_view_print(comparison, terminal_has_color(STDOUT_FILENO));
}

static void show(struct slice answer)
{
    struct buf hash = {0}, restart = {0};
    view_add(&hash, answer, "hash");
    view_add(&restart, answer, "restart");
    client_say_findings(answer);
    show_comparison(answer);
    printf("reloaded: %" PRId64 " files, version %.12s\n", view_integer(answer, "files", 0),
           hash.data ? hash.data : "");
    if (restart.len > 0)
        fprintf(stderr, "what changed of %s takes effect at the next start\n", restart.data);
    buf_deinit(&hash);
    buf_deinit(&restart);
}

static void write_wish(const struct invocation *in, struct buf *out)
{
    struct json_writer w = {.out = out};
    const char *check = options_get(&in->options, "check");
    json_object_begin(&w, NULL);
    if (check)
        json_member_cstr(&w, "check", check);
    if (options_has(&in->options, "accept"))
        json_member_bool(&w, "accept", true);
    json_object_end(&w);
}

static int run(const struct invocation *in)
{
    struct client client;
    struct buf body = {0}, answer = {0}, problem = {0};
    write_wish(in, &body);
    const struct client_request request = {.method = "POST",
                                           .target = "/api/reload",
                                           .body = buf_slice(&body),
                                           .problem = &problem,
                                           .members = {"reloaded", "hash"}};
    int status = client_open(&client, in);
    if (status == EXIT_DONE)
        status = client_send(&client, &request, &answer);
    if (status == EXIT_DONE && options_has(&in->options, "json"))
        printf("%.*s\n", SLICE_FMT(slice_trim(buf_slice(&answer))));
    else if (status == EXIT_DONE)
        show(buf_slice(&answer));
    else if (!options_has(&in->options, "json"))
        show_comparison(buf_slice(&problem));
    client_close(&client);
    buf_deinit(&body);
    buf_deinit(&answer);
    buf_deinit(&problem);
    return status;
}

static const struct option_row options[] = {
    {"check", 0, "last:N", "first compare what would be sent for the newest N recorded events"},
    {"accept", 0, NULL, "with --check: reload also where requests change"},
    CLIENT_OPTIONS,
    {0},
};

static const struct example_row examples[] = {
    {"liaison reload --check last:500", "only where no request of the last 500 events changes"},
    {"liaison reload --check last:500 --accept", "show what changes, and reload"},
    {0},
};

const struct command command_reload = {
    .name = "reload",
    .summary = "load scripts and settings anew",
    .usage = "reload [--check last:N [--accept]]",
    .help =
        "Has the daemon read its project again, all or nothing: where anything is wrong, each "
        "fault\n"
        "is shown, and what was loaded before goes on. What is under way ends on the scripts it\n"
        "began with. The same happens on SIGHUP, and by itself when a file changes unless\n"
        "`reload = \"manual\"` is set. With --check the newest recorded events are tried on both\n"
        "versions first, and where a request would change, that is shown and nothing is loaded.",
    .options = options,
    .examples = examples,
    .run = run,
};
