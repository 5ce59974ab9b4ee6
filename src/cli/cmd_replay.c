/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/json_view.h"
#include "cli/progress.h"
#include "cli/query.h"

#define POLL_MS 200

/* ---- what is asked for ----------------------------------------------------------------------- */

static int add_time(const struct invocation *in, struct json_writer *w, const char *name)
{
    struct clock clock = clock_system();
    struct buf when = {0};
    struct err err = {0};
    const char *given = options_get(&in->options, name);
    int status = EXIT_DONE;
    if (given && query_parse_when(given, clock_wall_ms(&clock), &when, &err) < 0)
        status = command_misuse(in, "--%s: %s", name, err.message);
    else if (given)
        json_member_string(w, name, buf_slice(&when));
    buf_deinit(&when);
    return status;
}

static int check_rate(const struct invocation *in)
{
    struct err err = {0};
    int64_t n, ms;
    const char *given = options_get(&in->options, "rate");
    if (given && text_parse_rate(slice_str(given), &n, &ms, &err) < 0)
        return command_misuse(in, "--rate: %s", err.message);
    return EXIT_DONE;
}

/* All that ever was is handled again by nobody's slip. */
static int check_filters(const struct invocation *in)
{
    static const char *const filters[] = {"since", "until", "type", "connector", "key", "dead"};
    for (size_t i = 0; i < ARRAY_LEN(filters); i++) {
        if (options_has(&in->options, filters[i]))
            return EXIT_DONE;
    }
    return command_misuse(in, "which events? Name filters such as --since 2h, or --type '*' to "
                              "replay every event on record");
}

static int write_wish(const struct invocation *in, struct buf *body)
{
    static const char *const texts[] = {"type", "handler", "connector", "key", "rate"};
    static const char *const flags[] = {"dead", "force"};
    struct json_writer w = {.out = body};
    json_object_begin(&w, NULL);
    int status = add_time(in, &w, "since");
    if (status == EXIT_DONE)
        status = add_time(in, &w, "until");
    if (status == EXIT_DONE)
        status = check_rate(in);
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        const char *given = options_get(&in->options, texts[i]);
        if (given)
            json_member_cstr(&w, texts[i], given);
    }
    for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
        if (options_has(&in->options, flags[i]))
            json_member_bool(&w, flags[i], true);
    }
    if (options_has(&in->options, "dry-run"))
        json_member_bool(&w, "dryRun", true);
    json_object_end(&w);
    return status;
}

/* ---- its course ------------------------------------------------------------------------------ */

/* Of the list `id`; 0: the newest, which is ours, since there is one at a time. */
static struct slice find_replay(struct slice answer, int64_t id)
{
    struct json_items items;
    struct slice unused, replay;
    bool found = false;
    json_items_begin(&items, view_member(answer, "items"));
    while (!found && json_items_next(&items, &unused, &replay))
        found = id == 0 || view_integer(replay, "id", 0) == id;
    json_items_end(&items);
    return found ? replay : SLICE_NULL;
}

static void show_end(const struct invocation *in, struct slice replay)
{
    int64_t refused = view_integer(replay, "refused", 0);
    if (options_has(&in->options, "json")) {
        printf("%.*s\n", SLICE_FMT(slice_trim(replay)));
        return;
    }
    printf("replayed %" PRId64 "\n", view_integer(replay, "replayed", 0));
    if (refused)
        fprintf(stderr, "%" PRId64 " were still being handled, and were passed over\n", refused);
}

static int follow(struct client *client, const struct invocation *in)
{
    static const struct client_request request = {
        .method = "GET", .target = "/api/replay", .members = {"items"}, .absence = ABSENCE_AWAITED};
    struct buf answer = {0};
    struct slice replay = SLICE_NULL;
    int64_t id = 0;
    int status;
    client->progress = progress_new(stderr, "replaying");
    while ((status = client_send(client, &request, &answer)) == EXIT_DONE) {
        replay = find_replay(buf_slice(&answer), id);
        id = view_integer(replay, "id", 0);
        if (!replay.data || view_member(replay, "ended").data)
            break;
        progress_set(client->progress, (size_t)view_integer(replay, "replayed", 0), 0);
        client_rest(POLL_MS);
    }
    progress_free(client->progress);
    client->progress = NULL;
    if (status == EXIT_DONE && replay.data)
        show_end(in, replay);
    else if (status == EXIT_DONE)
        status =
            command_fail("the replay isn't on record any more: has the journal been replaced?");
    buf_deinit(&answer);
    return status;
}

static void show_count(const struct invocation *in, struct slice answer)
{
    if (options_has(&in->options, "json"))
        printf("%.*s\n", SLICE_FMT(slice_trim(answer)));
    else
        printf("%" PRId64 " events match\n", view_integer(answer, "matching", 0));
}

static void show_begin(const struct invocation *in, struct slice answer)
{
    if (options_has(&in->options, "json"))
        printf("%.*s\n", SLICE_FMT(slice_trim(answer)));
    else
        puts("the replay has begun");
}

static int begin(const struct invocation *in, struct client *client, struct slice wish)
{
    bool is_dry = options_has(&in->options, "dry-run");
    struct buf answer = {0};
    const struct client_request request = {.method = "POST",
                                           .target = "/api/replay",
                                           .body = wish,
                                           .members = {is_dry ? "matching" : "begun"}};
    int status = client_send(client, &request, &answer);
    if (status == EXIT_DONE && is_dry)
        show_count(in, buf_slice(&answer));
    else if (status == EXIT_DONE && options_has(&in->options, "no-wait"))
        show_begin(in, buf_slice(&answer));
    else if (status == EXIT_DONE)
        status = follow(client, in);
    buf_deinit(&answer);
    return status;
}

/* What is open by then is still handled. */
static int stop(const struct invocation *in, struct client *client)
{
    static const struct client_request request = {
        .method = "DELETE", .target = "/api/replay", .members = {"stopping"}};
    struct buf answer = {0};
    int status = client_send(client, &request, &answer);
    buf_deinit(&answer);
    return status == EXIT_DONE ? follow(client, in) : status;
}

static int check_stop(const struct invocation *in)
{
    for (const struct option_row *row = in->command->options; row->name; row++) {
        static const char *const beside[] = {"stop", "url", "token-file", "json"};
        bool is_beside = false;
        for (size_t i = 0; i < ARRAY_LEN(beside); i++)
            is_beside |= strcmp(row->name, beside[i]) == 0;
        if (!is_beside && options_has(&in->options, row->name))
            return command_misuse(in,
                                  "--stop stops the replay that is under way, whichever: "
                                  "leave out --%s",
                                  row->name);
    }
    return EXIT_DONE;
}

static int run(const struct invocation *in)
{
    struct client client = {0};
    struct buf wish = {0};
    bool is_stop = options_has(&in->options, "stop");
    int status = is_stop ? check_stop(in) : check_filters(in);
    if (status == EXIT_DONE && !is_stop)
        status = write_wish(in, &wish);
    if (status == EXIT_DONE)
        status = client_open(&client, in);
    if (status == EXIT_DONE)
        status = is_stop ? stop(in, &client) : begin(in, &client, buf_slice(&wish));
    client_close(&client);
    buf_deinit(&wish);
    return status;
}

static const struct option_row options[] = {
    {"since", 0, "TIME", "received since then: 2026-11-23T18:00:00Z, or an age such as 2h"},
    {"until", 0, "TIME", "received before then"},
    {"type", 0, "TYPE", "events of this type, or of those that begin so: schedule.*"},
    {"key", 0, "KEY", "events of this key"},
    {"connector", 0, "CONNECTOR", "events that were sent to it"},
    {"handler", 0, "HANDLER", "run this handler alone"},
    {"dead", 0, NULL, "only events that have a dead letter"},
    {"force", 0, NULL, "send also what is older than what was delivered of its key"},
    {"rate", 0, "RATE", "so many events at most: 50/s, 1000/m"},
    {"dry-run", 0, NULL, "only count them"},
    {"no-wait", 0, NULL, "return when it has begun"},
    {"stop", 0, NULL, "stop the one that is under way"},
    CLIENT_OPTIONS,
    {0},
};

static const struct example_row examples[] = {
    {"liaison replay --since 2h --type 'schedule.*' --dry-run", "how many they are"},
    {"liaison replay --since 2h --type 'schedule.*' --rate 50/s", "handle them again"},
    {"liaison replay --dead --handler sync/schedule.updated#1", "what one handler could not do"},
    {0},
};

const struct command command_replay = {
    .name = "replay",
    .summary = "handle recorded events again, as new",
    .usage = "replay --since TIME [--until TIME] [--type TYPE] ... | --stop",
    .help = "Handles recorded events again, the oldest first; what their handlers send are new\n"
            "deliveries. One that is older than the newest delivered for its connector and key\n"
            "ends as superseded, unless --force. It goes on by itself, also after a restart of\n"
            "the daemon; this command only waits for its end, and for the daemon. --stop stops it.",
    .options = options,
    .examples = examples,
    .run = run,
};
