/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include <inttypes.h>
#include <stdio.h>

#include "base/json.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/json_view.h"
#include "cli/operand.h"

static void add_option(struct json_writer *w, const struct invocation *in, const char *option,
                       const char *member)
{
    const char *value = options_get(&in->options, option);
    if (value)
        json_member_cstr(w, member, value);
}

static void write_event(const struct invocation *in, struct slice data, struct buf *event)
{
    struct json_writer w = {.out = event};
    json_object_begin(&w, NULL);
    json_member_cstr(&w, "type", in->options.operands[0]);
    add_option(&w, in, "id", "id");
    add_option(&w, in, "key", "partitionkey");
    json_member_raw(&w, "data", data);
    json_object_end(&w);
}

static void show(const struct invocation *in, struct slice answer)
{
    if (options_has(&in->options, "json")) {
        printf("%.*s\n", SLICE_FMT(slice_trim(answer)));
        return;
    }
    int64_t accepted = view_integer(answer, "accepted", 0);
    int64_t duplicates = view_integer(answer, "duplicates", 0);
    if (accepted > 0)
        printf("accepted %" PRId64 "\n", accepted);
    if (duplicates > 0)
        printf("duplicate: an event with this id was accepted before\n");
}

static int emit(const struct invocation *in, struct slice data)
{
    struct client client;
    struct buf event = {0}, answer = {0};
    write_event(in, data, &event);
    const struct client_request request = {.method = "POST",
                                           .target = "/events",
                                           .body = buf_slice(&event),
                                           .success = 202,
                                           .members = {"accepted"}};
    int status = client_open(&client, in);
    if (status == EXIT_DONE)
        status = client_send(&client, &request, &answer);
    if (status == EXIT_DONE)
        show(in, buf_slice(&answer));
    client_close(&client);
    buf_deinit(&event);
    buf_deinit(&answer);
    return status;
}

static int run(const struct invocation *in)
{
    struct buf data = {0};
    const char *given = in->options.n_operands > 1 ? in->options.operands[1] : "null";
    int status = operand_read(in, given, &data);
    if (status == EXIT_DONE)
        status = emit(in, buf_slice(&data));
    buf_deinit(&data);
    return status;
}

static const struct option_row options[] = {
    {"key", 0, "KEY", "events of one key are handled in order"},
    {"id", 0, "ID", "an id of the sender's: a second event with it is a duplicate"},
    CLIENT_OPTIONS,
    {0},
};

static const struct example_row examples[] = {
    {"liaison emit schedule.updated '{\"id\": 7, \"startTime\": \"2026-11-23T09:00:00Z\"}'",
     "its data on the command line"},
    {"liaison emit schedule.updated @schedule.json --key 7",
     "from a file, and in order with others of key 7"},
    {0},
};

const struct command command_emit = {
    .name = "emit",
    .summary = "publish an event to the running daemon",
    .usage = "emit TYPE [DATA]",
    .operands = "TYPE DATA",
    .help = "Publishes one event. DATA is JSON, @FILE, or - for standard input; without it, null.\n"
            "When it returns, the event is on disk.",
    .options = options,
    .examples = examples,
    .operands_min = 1,
    .operands_max = 2,
    .run = run,
};
