/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include <inttypes.h>
#include <stdio.h>

#include "base/text.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/json_view.h"
#include "cli/table.h"

/* The sums of one channel or connector; all zero where nothing came yet. */
static struct slice find_sums(struct slice status, const char *scope, struct slice row)
{
    struct buf name = {0};
    view_add(&name, row, "name");
    struct slice all = view_member(view_member(status, "sums"), scope);
    struct slice sums = name.data ? view_member(all, name.data) : SLICE_NULL;
    buf_deinit(&name);
    return sums;
}

static void add_sums(struct table *t, struct slice sums, const char *const *terms, size_t n)
{
    for (size_t i = 0; i < n; i++)
        table_add_integer(t, view_integer(sums, terms[i], 0));
}

/* The rarer terms of a row's sum, those that aren't zero: "and 2 duplicate, 1 dropped". */
static void add_rest(struct table *t, struct slice sums, const char *const *terms, size_t n)
{
    struct buf text = {0};
    for (size_t i = 0; i < n; i++) {
        int64_t count = view_integer(sums, terms[i], 0);
        if (count != 0)
            buf_printf(&text, "%s %" PRId64 " %s", text.len ? "," : "and", count, terms[i]);
    }
    if (text.len)
        table_add_note(t, buf_slice(&text));
    buf_deinit(&text);
}

/* A line that says why a row isn't as it should be. */
static void add_reason(struct table *t, struct slice row, const char *name)
{
    struct buf text = {0};
    view_add(&text, row, name);
    if (text.len)
        table_add_note(t, buf_slice(&text));
    buf_deinit(&text);
}

static const char *channel_state(struct slice row)
{
    if (view_is_true(row, "stopped"))
        return "stopped";
    return view_is_true(row, "connected") ? "connected" : "waiting";
}

static void show_channels(struct slice status)
{
    static const struct table_column columns[] = {
        {.title = "CHANNEL", .is_flexible = true}, {.title = "STATE"},
        {.title = "RECEIVED", .is_number = true},  {.title = "CLOSED", .is_number = true},
        {.title = "OPEN", .is_number = true},      {.title = "DEAD", .is_number = true},
        {.title = "UNMATCHED", .is_number = true},
    };
    static const char *const terms[] = {"received", "closed", "open", "dead", "unmatched"};
    static const char *const rest[] = {"duplicate", "malformed", "dropped"};
    struct table t;
    struct json_items items;
    struct slice name, row;
    table_init(&t, columns, ARRAY_LEN(columns));
    json_items_begin(&items, view_member(status, "channels"));
    while (json_items_next(&items, &name, &row)) {
        view_add_cell(&t, row, "name");
        table_add(&t, slice_str(channel_state(row)));
        struct slice sums = find_sums(status, "channels", row);
        add_sums(&t, sums, terms, ARRAY_LEN(terms));
        add_rest(&t, sums, rest, ARRAY_LEN(rest));
        add_reason(&t, row, "problem");
    }
    json_items_end(&items);
    putchar('\n');
    if (t.n_cells)
        table_print(&t, stdout);
    else
        puts("no channels: a script opens one with SyncManager.new{…} and start()");
    table_deinit(&t);
}

/* MADE, DELIVERED, WAITING, DEAD. The sums count what has a row on disk, and what was just sent may have
   none yet: what waits is as the daemon has it at this moment, and was made as well. */
static void add_deliveries(struct table *t, struct slice row, struct slice sums)
{
    int64_t on_disk = view_integer(sums, "waiting", 0);
    int64_t waiting = view_integer(row, "unended", on_disk);
    table_add_integer(t, view_integer(sums, "made", 0) - on_disk + waiting);
    table_add_integer(t, view_integer(sums, "delivered", 0));
    table_add_integer(t, waiting);
    table_add_integer(t, view_integer(sums, "dead", 0));
}

/* "3d 4h", "4h 12m", "12m 5s", "5s" */
static void add_span(struct buf *out, int64_t s)
{
    const int64_t minute = 60, hour = 3600, day = 86400;
    if (s >= day)
        buf_printf(out, "%" PRId64 "d %" PRId64 "h", s / day, s % day / hour);
    else if (s >= hour)
        buf_printf(out, "%" PRId64 "h %" PRId64 "m", s / hour, s % hour / minute);
    else if (s >= minute)
        buf_printf(out, "%" PRId64 "m %" PRId64 "s", s / minute, s % minute);
    else
        buf_printf(out, "%" PRId64 "s", s);
}

static int64_t read_time(struct slice object, const char *name)
{
    struct buf text = {0};
    struct err err;
    int64_t ms = 0;
    view_add(&text, object, name);
    if (text.len == 0 || text_parse_time(buf_slice(&text), &ms, &err) < 0)
        ms = 0;
    buf_deinit(&text);
    return ms;
}

/* "its credentials were refused with 401, next probe in 12s", by the daemon's own clock. */
static void add_pause(struct table *t, struct slice status, struct slice row)
{
    int64_t now_ms = read_time(status, "started") + view_integer(status, "uptime", 0) * 1000;
    int64_t next_ms = read_time(row, "nextProbe"), left_ms = next_ms - now_ms;
    struct buf text = {0};
    view_add(&text, row, "paused");
    if (next_ms > 0) {
        buf_add_str(&text, text.len ? ", next probe in " : "next probe in ");
        add_span(&text, left_ms > 1000 ? left_ms / 1000 : 1);
    }
    if (text.len)
        table_add_note(t, buf_slice(&text));
    buf_deinit(&text);
}

static void show_connectors(struct slice status)
{
    static const struct table_column columns[] = {
        {.title = "CONNECTOR", .is_flexible = true}, {.title = "STATE"},
        {.title = "MADE", .is_number = true},        {.title = "DELIVERED", .is_number = true},
        {.title = "WAITING", .is_number = true},     {.title = "DEAD", .is_number = true},
        {.title = "IN FLIGHT", .is_number = true},
    };
    static const char *const rest[] = {"skipped", "superseded", "dropped"};
    struct table t;
    struct json_items items;
    struct slice name, row;
    table_init(&t, columns, ARRAY_LEN(columns));
    json_items_begin(&items, view_member(status, "connectors"));
    while (json_items_next(&items, &name, &row)) {
        view_add_cell(&t, row, "name");
        table_add(&t, slice_str(view_connector_state(row)));
        struct slice sums = find_sums(status, "connectors", row);
        add_deliveries(&t, row, sums);
        view_add_cell(&t, row, "inFlight");
        add_rest(&t, sums, rest, ARRAY_LEN(rest));
        add_pause(&t, status, row);
    }
    json_items_end(&items);
    putchar('\n');
    if (t.n_cells)
        table_print(&t, stdout);
    else
        puts("no connectors: put one in connectors/NAME.lua");
    table_deinit(&t);
}

static void show_unmatched(struct slice status)
{
    static const struct table_column columns[] = {
        {.title = "UNMATCHED TYPE", .is_flexible = true},
        {.title = "COUNT", .is_number = true},
        {.title = "NEAREST HANDLED", .is_flexible = true}};
    struct table t;
    struct json_items items;
    struct slice name, row;
    table_init(&t, columns, ARRAY_LEN(columns));
    json_items_begin(&items, view_member(status, "unmatched"));
    while (json_items_next(&items, &name, &row)) {
        view_add_cell(&t, row, "type");
        view_add_cell(&t, row, "count");
        view_add_cell(&t, row, "nearest");
    }
    json_items_end(&items);
    if (t.n_cells) {
        putchar('\n');
        table_print(&t, stdout);
    }
    table_deinit(&t);
}

static void show_problems(struct slice status)
{
    struct json_items items;
    struct slice name, row;
    struct buf line = {0}, safe = {0};
    bool is_first = true;
    json_items_begin(&items, view_member(status, "problems"));
    while (json_items_next(&items, &name, &row)) {
        buf_clear(&line);
        buf_clear(&safe);
        buf_add_str(&line, "  ");
        view_add(&line, row, "code");
        buf_add_char(&line, ' ');
        view_add(&line, row, "about");
        buf_add_str(&line, ", since ");
        view_add_time(&line, row, "since");
        buf_add_str(&line, ": ");
        view_add(&line, row, "text");
        view_add_safe(&safe, buf_slice(&line), false);
        printf("%s%s\n", is_first ? "\nProblems:\n" : "", safe.data);
        is_first = false;
    }
    json_items_end(&items);
    buf_deinit(&line);
    buf_deinit(&safe);
}

static void add_room(struct buf *out, struct slice journal)
{
    int64_t bytes = view_integer(journal, "bytes", 0), queued = view_integer(journal, "queued", 0);
    if (bytes > 0) {
        buf_add_str(out, ", ");
        text_add_size(out, bytes);
        buf_add_str(out, " of ");
        text_add_size(out, view_integer(journal, "limit", 0));
    }
    if (queued > 0)
        buf_printf(out, ", %" PRId64 " to be written", queued);
    if (json_is_string(view_member(journal, "completeSince"))) {
        buf_add_str(out, ", complete since ");
        view_add_time(out, journal, "completeSince");
    }
}

static void show_head(const struct client *client, struct slice status)
{
    struct slice journal = view_member(status, "journal");
    struct buf text = {0}, safe = {0};
    buf_add_str(&text, "Liaison ");
    view_add(&text, status, "version");
    buf_add_str(&text, " at ");
    daemon_url_add_name(&client->at, &text);
    buf_add_str(&text, ", up ");
    add_span(&text, view_integer(status, "uptime", 0));
    buf_add_str(&text, "\njournal ");
    view_add(&text, journal, "path");
    add_room(&text, journal);
    view_add_safe(&safe, buf_slice(&text), true);
    puts(safe.data);
    buf_deinit(&text);
    buf_deinit(&safe);
}

static void show(const struct client *client, struct slice status)
{
    show_head(client, status);
    show_problems(status);
    show_channels(status);
    show_connectors(status);
    show_unmatched(status);
}

static int run(const struct invocation *in)
{
    static const struct client_request request = {
        .method = "GET", .target = "/api/status", .members = {"version", "sums"}};
    struct client client;
    struct buf answer = {0};
    int status = client_open(&client, in);
    if (status == EXIT_DONE)
        status = client_send(&client, &request, &answer);
    if (status == EXIT_DONE && options_has(&in->options, "json"))
        printf("%.*s\n", SLICE_FMT(slice_trim(buf_slice(&answer))));
    else if (status == EXIT_DONE)
        show(&client, buf_slice(&answer));
    client_close(&client);
    buf_deinit(&answer);
    return status;
}

static const struct option_row options[] = {
    CLIENT_OPTIONS,
    {0},
};

static const struct example_row examples[] = {
    {"liaison status --json | jq .problems", "what needs a person, for a program"},
    {0},
};

const struct command command_status = {
    .name = "status",
    .summary = "the running daemon at a glance",
    .usage = "status [--json]",
    .help =
        "Shows what came on each channel, what each connector has delivered and still has to, and\n"
        "what needs a person's eye. The terms add up: what was received is closed, open, dead,\n"
        "unmatched, duplicate, malformed or dropped; what was made is delivered, waiting, dead,\n"
        "skipped, superseded or dropped.",
    .options = options,
    .examples = examples,
    .run = run,
};
