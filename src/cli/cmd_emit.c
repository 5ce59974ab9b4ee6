/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/json_items.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/json_view.h"
#include "cli/operand.h"
#include "dryrun/given.h"
#include "event/envelope.h"
#include "event/event.h"

static void add_option(struct json_writer *w, const struct invocation *in, const char *option,
                       const char *member)
{
    const char *value = options_get(&in->options, option);
    if (value)
        json_member_cstr(w, member, value);
}

/* ---- the event ------------------------------------------------------------------------------- */

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

static bool is_replaced(const struct invocation *in, struct slice name)
{
    return (options_get(&in->options, "id") && slice_is_equal(name, SLICE_LIT("id"))) ||
           (options_get(&in->options, "key") && slice_is_equal(name, SLICE_LIT("partitionkey")));
}

/* A whole event, with what the options say in place of what it says. */
static void rewrite_event(const struct invocation *in, struct slice whole, struct buf *event)
{
    struct json_writer w = {.out = event};
    struct json_items items;
    struct slice name, value;
    struct buf plain = {0};
    json_object_begin(&w, NULL);
    json_items_begin(&items, whole);
    while (json_items_next(&items, &name, &value)) {
        buf_clear(&plain);
        buf_add_slice(&plain, name);
        if (!is_replaced(in, name))
            json_member_raw(&w, plain.data ? plain.data : "", value);
    }
    json_items_end(&items);
    add_option(&w, in, "id", "id");
    add_option(&w, in, "key", "partitionkey");
    json_object_end(&w);
    buf_deinit(&plain);
}

/* Of a recorded one, as the HTTP interface shows it, the event that was recorded. */
static int make_whole(const struct invocation *in, struct slice given, struct buf *event,
                      struct err *err)
{
    const struct clock clock = clock_system();
    struct buf recorded = {0};
    struct event *read = given_event(given, clock_wall_ms(&clock), err);
    if (!read)
        return -1;
    if (read->seq)
        envelope_add_json(&recorded, read);
    rewrite_event(in, read->seq ? buf_slice(&recorded) : given, event);
    event_unref(read);
    buf_deinit(&recorded);
    return 0;
}

/* ---- what was given -------------------------------------------------------------------------- */

/* No type begins like this. */
static bool is_whole(const char *given)
{
    return given[0] == '@' || given[0] == '{' || strcmp(given, "-") == 0;
}

static int read_whole(const struct invocation *in, struct buf *event)
{
    const char *given = in->options.operands[0];
    struct buf text = {0};
    struct err err = {0};
    int status = operand_read(in, given, &text);
    if (status == EXIT_DONE && make_whole(in, buf_slice(&text), event, &err) < 0)
        status =
            command_fail("%s: %s", given[0] == '{' ? "EVENT" : operand_name(given), err.message);
    buf_deinit(&text);
    return status;
}

/* What is likely to be meant otherwise is said; it is sent all the same. */
static void warn(const struct invocation *in, struct slice data)
{
    const char *type = in->options.operands[0];
    const char *given = in->options.n_operands > 1 ? in->options.operands[1] : NULL;
    struct slice inner;
    if (!given && access(type, F_OK) == 0)
        fprintf(stderr,
                "liaison: warning: '%s' is taken for a type, and there is a file of that name: for "
                "the event in it write liaison emit @%s\n",
                type, type);
    if (json_get(data, "type", &inner) && inner.data[0] == '"' && json_get(data, "data", &inner))
        fprintf(stderr,
                "liaison: warning: DATA looks like a whole event, and is sent as the data of one "
                "of type %s: to send it as it is leave out the type, liaison emit %s\n",
                type, given && is_whole(given) && given[0] != '{' ? given : "EVENT");
}

/* As a CloudEvent's type it may be meant (its spec has any text be one); as an operand it is a slip. */
static int check_type(const struct invocation *in)
{
    const char *type = in->options.operands[0];
    if (!strchr(type, '*') || options_has(&in->options, "force"))
        return EXIT_DONE;
    return command_misuse(in,
                          "'%s' is a pattern, as handlers and filters take it: an event has one "
                          "type, such as schedule.updated. --force sends it as it stands",
                          type);
}

static int read_data(const struct invocation *in, struct buf *event)
{
    struct buf data = {0};
    const char *given = in->options.n_operands > 1 ? in->options.operands[1] : "null";
    int status = check_type(in);
    if (status == EXIT_DONE)
        status = operand_read(in, given, &data);
    if (status == EXIT_DONE) {
        warn(in, buf_slice(&data));
        write_event(in, buf_slice(&data), event);
    }
    buf_deinit(&data);
    return status;
}

/* ---- the request ----------------------------------------------------------------------------- */

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

static int emit(const struct invocation *in, struct slice event)
{
    struct client client;
    struct buf answer = {0};
    const struct client_request request = {.method = "POST",
                                           .target = "/events",
                                           .body = event,
                                           .success = 202,
                                           .members = {"accepted"}};
    int status = client_open(&client, in);
    if (status == EXIT_DONE)
        status = client_send(&client, &request, &answer);
    if (status == EXIT_DONE)
        show(in, buf_slice(&answer));
    client_close(&client);
    buf_deinit(&answer);
    return status;
}

static int run(const struct invocation *in)
{
    struct buf event = {0};
    bool has_whole = in->options.n_operands == 1 && is_whole(in->options.operands[0]);
    int status = has_whole ? read_whole(in, &event) : read_data(in, &event);
    if (status == EXIT_DONE)
        status = emit(in, buf_slice(&event));
    buf_deinit(&event);
    return status;
}

static const struct option_row options[] = {
    {"key", 0, "KEY", "events of one key are handled in order"},
    {"id", 0, "ID", "an id of the sender's: a second event with it is a duplicate"},
    {"force", 0, NULL, "also where TYPE has a *, as patterns have"},
    CLIENT_OPTIONS,
    {0},
};

static const struct example_row examples[] = {
    {"liaison emit schedule.updated '{\"id\": 7, \"startTime\": \"2026-11-23T09:00:00Z\"}'",
     "its data on the command line"},
    {"liaison emit schedule.updated @schedule.json --key 7",
     "from a file, and in order with others of key 7"},
    {"liaison emit @event.json", "a whole event, with its type"},
    {0},
};

const struct command command_emit = {
    .name = "emit",
    .summary = "publish an event to the running daemon",
    .usage = "emit TYPE [DATA] | emit @EVENT",
    .operands = "TYPE DATA",
    .help =
        "Publishes one event. DATA is JSON, @FILE, or - for standard input; without it, null.\n"
        "Alone, @FILE or - is a whole event as `try` takes it: a CloudEvent, or an object with\n"
        "type and data; --id and --key then replace what it says.\n"
        "When it returns, the event is on disk.",
    .options = options,
    .examples = examples,
    .operands_min = 1,
    .operands_max = 2,
    .run = run,
};
