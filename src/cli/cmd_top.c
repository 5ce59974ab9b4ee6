/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The daemon at a glance, live: what changes by the second, problems first.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/json_view.h"
#include "cli/screen.h"
#include "cli/terminal.h"

#define EVERY_MS 1000
#define TIMEOUT_MS 5000

/* ---- what happened since the last look ------------------------------------------------------- */

struct look {
    struct buf status; /* as it was answered; empty before the first */
    int64_t at_ms;     /* monotonic */
};

struct top {
    struct client client;
    struct look looks[2];  /* the last two that were answered */
    int64_t away_since_ms; /* wall: nobody answers since then; 0: the daemon does */
};

static int64_t sum_of(struct slice status, const char *scope, struct slice row, const char *term)
{
    struct buf name = {0};
    view_add(&name, row, "name");
    struct slice all = view_member(view_member(status, "sums"), scope);
    int64_t sum = name.data ? view_integer(view_member(all, name.data), term, 0) : 0;
    buf_deinit(&name);
    return sum;
}

/* A second; 0 before there are two looks. */
static double rate_of(const struct look looks[2], const char *scope, struct slice row,
                      const char *term)
{
    int64_t ms = looks[1].at_ms - looks[0].at_ms;
    if (looks[0].status.len == 0 || ms <= 0)
        return 0;
    int64_t more = sum_of(buf_slice(&looks[1].status), scope, row, term) -
                   sum_of(buf_slice(&looks[0].status), scope, row, term);
    return (double)more * 1000 / (double)ms;
}

/* ---- drawing --------------------------------------------------------------------------------- */

#define NAME_WIDTH 24

/* "name      " of a fixed width, cut where it is too long, safe for a terminal. */
static void add_name(struct buf *out, struct slice row)
{
    struct buf name = {0}, safe = {0};
    view_add(&name, row, "name");
    view_add_safe(&safe, buf_slice(&name), false);
    struct slice cut = terminal_cut(buf_slice(&safe), NAME_WIDTH);
    buf_add_slice(out, cut);
    for (size_t width = terminal_text_width(cut); width < NAME_WIDTH; width++)
        buf_add_char(out, ' ');
    buf_deinit(&name);
    buf_deinit(&safe);
}

static void add_connectors(struct buf *out, const struct look looks[2])
{
    struct slice status = buf_slice(&looks[1].status), unused, row;
    struct json_items items;
    buf_printf(out, "\n%-*s %-7s %11s %9s %9s %8s\n", NAME_WIDTH, "CONNECTOR", "STATE",
               "DELIVERED/S", "WAITING", "IN FLIGHT", "DEAD");
    json_items_begin(&items, view_member(status, "connectors"));
    while (json_items_next(&items, &unused, &row)) {
        add_name(out, row);
        buf_printf(out, " %-7s %11.1f %9" PRId64 " %9" PRId64 " %8" PRId64 "\n",
                   view_connector_state(row), rate_of(looks, "connectors", row, "delivered"),
                   view_integer(row, "waiting", 0), view_integer(row, "inFlight", 0),
                   sum_of(status, "connectors", row, "dead"));
    }
    json_items_end(&items);
}

static void add_channels(struct buf *out, const struct look looks[2])
{
    struct slice status = buf_slice(&looks[1].status), unused, row;
    struct json_items items;
    buf_printf(out, "\n%-*s %-7s %11s %9s %9s %8s\n", NAME_WIDTH, "CHANNEL", "STATE", "RECEIVED/S",
               "OPEN", "UNMATCHED", "DEAD");
    json_items_begin(&items, view_member(status, "channels"));
    while (json_items_next(&items, &unused, &row)) {
        add_name(out, row);
        buf_printf(
            out, " %-7s %11.1f %9" PRId64 " %9" PRId64 " %8" PRId64 "\n",
            view_is_true(row, "connected") ? "ok" : "waiting",
            rate_of(looks, "channels", row, "received"), sum_of(status, "channels", row, "open"),
            sum_of(status, "channels", row, "unmatched"), sum_of(status, "channels", row, "dead"));
    }
    json_items_end(&items);
}

static void add_problems(struct buf *out, struct slice status)
{
    struct json_items items;
    struct slice unused, row;
    json_items_begin(&items, view_member(status, "problems"));
    while (json_items_next(&items, &unused, &row)) {
        struct buf line = {0};
        view_add(&line, row, "code");
        buf_add_char(&line, ' ');
        view_add(&line, row, "about");
        buf_add_str(&line, ": ");
        view_add(&line, row, "text");
        view_add_safe(out, buf_slice(&line), false);
        buf_add_char(out, '\n');
        buf_deinit(&line);
    }
    json_items_end(&items);
}

/* What is shown then is how it was. */
static void add_away(struct buf *out, int64_t since_ms)
{
    if (since_ms == 0)
        return;
    buf_add_str(out, "THE DAEMON IS AWAY since ");
    text_add_time(out, since_ms);
    buf_add_str(out, ": this is how it was, until it is back\n");
}

static void add_head(struct buf *out, const struct client *client, struct slice status)
{
    struct slice journal = view_member(status, "journal");
    buf_add_str(out, "Liaison ");
    view_add(out, status, "version");
    buf_add_str(out, " at ");
    daemon_url_add_name(&client->at, out);
    buf_add_str(out, ", journal ");
    text_add_size(out, view_integer(journal, "bytes", 0));
    buf_printf(out, ", %" PRId64 " to be written. q quits\n", view_integer(journal, "queued", 0));
}

static void draw(struct screen *screen, const struct top *top)
{
    struct buf out = {0};
    struct slice status = buf_slice(&top->looks[1].status);
    add_head(&out, &top->client, status);
    add_away(&out, top->away_since_ms);
    add_problems(&out, status);
    add_connectors(&out, top->looks);
    add_channels(&out, top->looks);
    screen_draw(screen, buf_slice(&out));
    buf_deinit(&out);
}

/* ---- its run --------------------------------------------------------------------------------- */

/* One that never answered is an error, one that did is waited for. */
static int look(struct top *top)
{
    const struct client_request request = {.method = "GET",
                                           .target = "/api/status",
                                           .timeout_ms = TIMEOUT_MS,
                                           .members = {"version", "sums"},
                                           .absence = ABSENCE_SHOWN};
    struct clock clock = clock_system();
    struct buf answer = {0};
    int status = client_send(&top->client, &request, &answer);
    if (status == EXIT_DONE) {
        buf_deinit(&top->looks[0].status);
        top->looks[0] = top->looks[1];
        top->looks[1] = (struct look){answer, clock_mono_ms(&clock)};
        top->away_since_ms = 0;
        return status;
    }
    buf_deinit(&answer);
    if (status != EXIT_NO_DAEMON || !top->client.has_answered)
        return status;
    if (top->away_since_ms == 0)
        top->away_since_ms = clock_wall_ms(&clock);
    return EXIT_DONE;
}

/* Until it is quit, or what answers refuses: SCREEN_TIME then. */
static enum screen_event watch(struct screen *screen, struct top *top)
{
    enum screen_event event = SCREEN_RESIZE;
    while (event != SCREEN_QUIT) {
        if (event == SCREEN_TIME && look(top) != EXIT_DONE)
            break;
        draw(screen, top);
        event = screen_wait(screen, EVERY_MS);
    }
    return event;
}

/* Why it refuses would be said on the screen that goes: it is asked once more behind that. */
static int show(struct top *top)
{
    struct screen screen;
    struct err err = {0};
    int status = EXIT_DONE;
    enum screen_event event = SCREEN_TIME;
    while (status == EXIT_DONE && event != SCREEN_QUIT) {
        if (screen_open(&screen, &err) < 0)
            return command_fail("%s: `liaison status` shows the same once", err.message);
        event = watch(&screen, top);
        screen_close(&screen);
        if (event != SCREEN_QUIT)
            status = look(top);
    }
    return status;
}

static int run(const struct invocation *in)
{
    struct top top = {0};
    int status = client_open(&top.client, in);
    if (status == EXIT_DONE)
        status = look(&top);
    if (status == EXIT_DONE)
        status = show(&top);
    client_close(&top.client);
    buf_deinit(&top.looks[0].status);
    buf_deinit(&top.looks[1].status);
    return status;
}

static const struct option_row options[] = {
    DAEMON_OPTIONS,
    {0},
};

const struct command command_top = {
    .name = "top",
    .summary = "the daemon at a glance, live",
    .usage = "top",
    .help =
        "Draws the terminal anew each second: problems first, then what is delivered and\n"
        "received a second, what waits, is under way and is dead. While the daemon is away the\n"
        "head says since when, and what was shown last stays. q quits.",
    .options = options,
    .run = run,
};
