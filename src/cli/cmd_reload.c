/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include <inttypes.h>
#include <stdio.h>

#include "cli/client.h"
#include "cli/commands.h"
#include "cli/json_view.h"

static void show(struct slice answer)
{
    struct buf hash = {0}, restart = {0};
    view_add(&hash, answer, "hash");
    view_add(&restart, answer, "restart");
    client_say_findings(answer);
    printf("reloaded: %" PRId64 " files, version %.12s\n", view_integer(answer, "files", 0),
           hash.data ? hash.data : "");
    if (restart.len > 0)
        fprintf(stderr, "what changed of %s takes effect at the next start\n", restart.data);
    buf_deinit(&hash);
    buf_deinit(&restart);
}

static int run(const struct invocation *in)
{
    static const struct client_request request = {.method = "POST",
                                                  .target = "/api/reload",
                                                  .body = SLICE_LIT("{}"),
                                                  .members = {"reloaded", "hash"}};
    struct client client;
    struct buf answer = {0};
    int status = client_open(&client, in);
    if (status == EXIT_DONE)
        status = client_send(&client, &request, &answer);
    if (status == EXIT_DONE && options_has(&in->options, "json"))
        printf("%.*s\n", SLICE_FMT(slice_trim(buf_slice(&answer))));
    else if (status == EXIT_DONE)
        show(buf_slice(&answer));
    client_close(&client);
    buf_deinit(&answer);
    return status;
}

static const struct option_row options[] = {
    CLIENT_OPTIONS,
    {0},
};

const struct command command_reload = {
    .name = "reload",
    .summary = "load scripts and settings anew",
    .usage = "reload",
    .help =
        "Has the daemon read its project again, all or nothing: where anything is wrong, each "
        "fault\n"
        "is shown, and what was loaded before goes on. What is under way ends on the scripts it\n"
        "began with. The same happens on SIGHUP, and by itself when a file changes unless\n"
        "`reload = \"manual\"` is set.",
    .options = options,
    .run = run,
};
