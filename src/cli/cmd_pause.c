/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * pause and resume.
 */
#include <stdio.h>

#include "base/json.h"
#include "base/percent.h"
#include "cli/client.h"
#include "cli/commands.h"

static void show(const struct invocation *in, bool is_paused)
{
    const char *name = in->options.operands[0];
    if (options_has(&in->options, "json")) {
        struct buf out = {0};
        struct json_writer w = {.out = &out};
        json_object_begin(&w, NULL);
        json_member_cstr(&w, "connector", name);
        json_member_bool(&w, "paused", is_paused);
        json_object_end(&w);
        puts(out.data);
        buf_deinit(&out);
    } else if (is_paused) {
        printf("%s is paused: what is for it waits until `liaison resume %s`\n", name, name);
    } else {
        printf("%s goes on\n", name);
    }
}

static int set_paused(const struct invocation *in, bool is_paused)
{
    struct client client;
    struct buf target = {0}, answer = {0};
    buf_add_str(&target, "/api/connectors/");
    percent_add(&target, slice_str(in->options.operands[0]), false);
    buf_add_str(&target, is_paused ? "/pause" : "/resume");
    const struct client_request request = {.method = "POST",
                                           .target = target.data,
                                           .body = SLICE_LIT("{}"),
                                           .members = {"ok", "connector"}};
    int status = client_open(&client, in);
    if (status == EXIT_DONE)
        status = client_send(&client, &request, &answer);
    if (status == EXIT_DONE)
        show(in, is_paused);
    client_close(&client);
    buf_deinit(&target);
    buf_deinit(&answer);
    return status;
}

static int run_pause(const struct invocation *in)
{
    return set_paused(in, true);
}

static int run_resume(const struct invocation *in)
{
    return set_paused(in, false);
}

static const struct option_row options[] = {
    CLIENT_OPTIONS,
    {0},
};

const struct command command_pause = {
    .name = "pause",
    .summary = "have a connector wait",
    .usage = "pause CONNECTOR",
    .operands = "CONNECTOR",
    .help =
        "What is for it waits in its order, and doesn't age, until `liaison resume`; also over\n"
        "restarts. What is under way ends.",
    .options = options,
    .operands_min = 1,
    .operands_max = 1,
    .run = run_pause,
};

const struct command command_resume = {
    .name = "resume",
    .summary = "let a paused connector go on",
    .usage = "resume CONNECTOR",
    .operands = "CONNECTOR",
    .options = options,
    .operands_min = 1,
    .operands_max = 1,
    .run = run_resume,
};
