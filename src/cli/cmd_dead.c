/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>

#include "base/json.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/dead.h"
#include "cli/editor.h"
#include "cli/json_view.h"
#include "cli/operand.h"

#define LIST_DEFAULT 50

/* ---- list ------------------------------------------------------------------------------------ */

static int read_limit(const struct invocation *in, size_t *limit)
{
    const char *given = options_get(&in->options, "limit");
    int64_t n = 0;
    *limit = options_has(&in->options, "json") ? SIZE_MAX : LIST_DEFAULT;
    if (!given)
        return EXIT_DONE;
    if (json_get_integer(slice_str(given), &n) < 0 || n < 1)
        return command_misuse(in, "--limit needs a whole number above 0, not '%s'", given);
    *limit = (size_t)n;
    return EXIT_DONE;
}

static int run_list(const struct invocation *in)
{
    struct dead dead;
    int status = dead_open(&dead, in);
    if (status == EXIT_DONE)
        status = read_limit(in, &dead.limit);
    if (status == EXIT_DONE)
        status = dead_read_filters(&dead);
    if (status == EXIT_DONE)
        status = dead_print(&dead);
    dead_close(&dead);
    return status;
}

static const struct option_row list_options[] = {
    DEAD_FILTERS,
    {"limit", 'n', "N", "of the newest events N (50; with --json all)"},
    CLIENT_OPTIONS,
    {0},
};

static const struct example_row list_examples[] = {
    {"liaison dead list --connector calendarApi --since 2h", "those of the last two hours"},
    {0},
};

static const struct command list = {
    .name = "list",
    .summary = "the dead letters, those of the newest events first",
    .usage = "dead list [FILTERS] [--limit N]",
    .options = list_options,
    .examples = list_examples,
    .run = run_list,
};

/* ---- show ------------------------------------------------------------------------------------ */

/* A handler's run and a malformed message send nothing themselves. Without it the letter has been shown
   all the same. */
static void show_request(struct dead *dead, struct slice letter)
{
    struct buf attempt = {0};
    if (view_member(letter, "connector").data &&
        dead_find_request(dead, dead->in->options.operands[0], &attempt) == EXIT_DONE)
        dead_print_request(buf_slice(&attempt));
    buf_deinit(&attempt);
}

static int run_show(const struct invocation *in)
{
    struct dead dead;
    struct buf letter = {0};
    int status = dead_open(&dead, in);
    if (status == EXIT_DONE)
        status = dead_find(&dead, in->options.operands[0], &letter);
    if (status == EXIT_DONE && options_has(&in->options, "json")) {
        printf("%.*s\n", SLICE_FMT(slice_trim(buf_slice(&letter))));
    } else if (status == EXIT_DONE) {
        dead_print_letter(buf_slice(&letter));
        show_request(&dead, buf_slice(&letter));
    }
    dead_close(&dead);
    buf_deinit(&letter);
    return status;
}

static const struct option_row show_options[] = {
    CLIENT_OPTIONS,
    {0},
};

static const struct command show = {
    .name = "show",
    .summary = "one dead letter: why, its data, its attempts, what a retry would send",
    .usage = "dead show ID",
    .operands = "ID",
    .options = show_options,
    .operands_min = 1,
    .operands_max = 1,
    .run = run_show,
};

/* ---- export ---------------------------------------------------------------------------------- */

static int run_export(const struct invocation *in)
{
    struct dead dead;
    int status = dead_open(&dead, in);
    if (status == EXIT_DONE)
        status = dead_read_filters(&dead);
    if (status == EXIT_DONE)
        status = options_has(&in->options, "json") ? dead_print(&dead) : dead_export(&dead);
    dead_close(&dead);
    return status;
}

static const struct option_row export_options[] = {
    DEAD_FILTERS,
    CLIENT_OPTIONS,
    {0},
};

static const struct example_row export_examples[] = {
    {"liaison dead export --since 7d", "those of a week"},
    {0},
};

static const struct command export = {
    .name = "export",
    .summary = "print them whole, one JSON document a line",
    .usage = "dead export [FILTERS]",
    .examples = export_examples,
    .help = "Prints each dead letter as a JSON document on a line of its own (NDJSON), the newest\n"
            "first; with --json all in one array.",
    .options = export_options,
    .run = run_export,
};

/* ---- edit ------------------------------------------------------------------------------------ */

static int edit_data(struct dead *dead, const char *id, struct buf *data)
{
    const struct options *options = &dead->in->options;
    struct buf letter = {0};
    int status = dead_find(dead, id, &letter);
    if (status == EXIT_DONE && options->n_operands > 1) {
        status = operand_read(dead->in, options->operands[1], data);
    } else if (status == EXIT_DONE) {
        struct slice old;
        if (!json_get(buf_slice(&letter), "data", &old))
            old = SLICE_LIT("null");
        status = editor_edit(old, data);
    }
    buf_deinit(&letter);
    return status;
}

static int run_edit(const struct invocation *in)
{
    struct dead dead;
    struct buf data = {0};
    const char *id = in->options.operands[0];
    int status = dead_open(&dead, in);
    if (status == EXIT_DONE)
        status = edit_data(&dead, id, &data);
    if (status == EXIT_DONE && data.len > 0)
        status = dead_edit(&dead, id, buf_slice(&data));
    bool is_json = options_has(&in->options, "json");
    if (status == EXIT_DONE && is_json)
        printf("{\"edited\":%s}\n", data.len > 0 ? "true" : "false");
    else if (status == EXIT_DONE)
        puts(data.len > 0 ? "edited: `liaison dead retry` attempts it" : "nothing was changed");
    dead_close(&dead);
    buf_deinit(&data);
    return status;
}

static const struct example_row edit_examples[] = {
    {"liaison dead edit 17-6dd6ac577d9ad88212cc30a8", "in the editor"},
    {"liaison dead edit 17-6dd6ac577d9ad88212cc30a8 '{\"id\": 7}'", "to this"},
    {0},
};

static const struct command edit = {
    .name = "edit",
    .summary = "give one other data",
    .usage = "dead edit ID [DATA]",
    .operands = "ID DATA",
    .examples = edit_examples,
    .help =
        "DATA is JSON, @FILE, or - for standard input; without it $VISUAL or $EDITOR opens what\n"
        "it has. What it had is kept with it. Then retry it.",
    .options = show_options,
    .operands_min = 1,
    .operands_max = 2,
    .run = run_edit,
};

/* ---- retry and drop -------------------------------------------------------------------------- */

/* Either ids, or a filter, or --all said outright: nothing is retried or dropped by a slip. */
static int check_choice(const struct invocation *in, const struct dead *dead)
{
    const char *verb = in->command->name;
    bool has_choice = dead->n_filters > 0 || options_has(&in->options, "all");
    if (in->options.n_operands == 0 && !has_choice)
        return command_misuse(
            in,
            "which ones? Name their IDs, or filters such as --cause exhausted, or "
            "--all to %s every dead letter",
            verb);
    if (in->options.n_operands > 0 && has_choice)
        return command_misuse(in, "either IDs or filters, not both");
    return EXIT_DONE;
}

static int print_result(const struct invocation *in, const struct dead_result *result,
                        const char *past)
{
    if (options_has(&in->options, "json"))
        printf("{\"%s\":%" PRId64 ",\"refused\":%" PRId64 "}\n", past, result->done,
               result->refused);
    else
        printf("%s %" PRId64 "\n", past, result->done);
    if (result->refused)
        return command_fail("%" PRId64 " could not be %s", result->refused, past);
    return EXIT_DONE;
}

static const struct command retry;

static int read_pace(struct dead *dead)
{
    const struct options *options = &dead->in->options;
    struct err err = {0};
    int64_t n, ms;
    bool is_retry = dead->in->command == &retry;
    dead->is_forced = is_retry && options_has(options, "force");
    dead->tells_stale = is_retry && !dead->is_forced;
    dead->rate = options_get(options, "rate");
    if (dead->rate && text_parse_rate(slice_str(dead->rate), &n, &ms, &err) < 0)
        return command_misuse(dead->in, "--rate: %s", err.message);
    if (dead->rate)
        dead->every_ms = ms / n;
    return EXIT_DONE;
}

typedef int (*dead_act_fn)(struct dead *dead, struct dead_result *result);

static int act(const struct invocation *in, dead_act_fn fn, const char *past)
{
    struct dead dead;
    struct dead_result result = {0};
    int status = dead_open(&dead, in);
    if (status == EXIT_DONE)
        status = dead_read_filters(&dead);
    if (status == EXIT_DONE)
        status = check_choice(in, &dead);
    if (status == EXIT_DONE)
        status = read_pace(&dead);
    if (status == EXIT_DONE && options_has(&in->options, "dry-run")) {
        status = dead_print(&dead);
    } else if (status == EXIT_DONE) {
        status = fn(&dead, &result);
        if (status == EXIT_DONE)
            status = print_result(in, &result, past);
    }
    dead_close(&dead);
    return status;
}

static int run_retry(const struct invocation *in)
{
    return act(in, dead_retry, "retried");
}

static int run_drop(const struct invocation *in)
{
    return act(in, dead_drop, "dropped");
}

#define ACT_OPTIONS                                                                                \
    {"all", 0, NULL, "every dead letter"}, {"rate", 0, "RATE", "so many at most: 10/s, 100/m"},    \
    {                                                                                              \
        "dry-run", 0, NULL, "only show which they are"                                             \
    }

static const struct option_row retry_options[] = {
    DEAD_FILTERS,
    ACT_OPTIONS,
    {"force", 0, NULL, "also those that a newer delivery of their key has made void"},
    CLIENT_OPTIONS,
    {0},
};

static const struct option_row drop_options[] = {
    DEAD_FILTERS,
    ACT_OPTIONS,
    CLIENT_OPTIONS,
    {0},
};

static const struct example_row retry_examples[] = {
    {"liaison dead retry --cause exhausted --dry-run", "which would be retried"},
    {"liaison dead retry --cause exhausted", "all of them"},
    {0},
};

static const struct command retry = {
    .name = "retry",
    .summary = "attempt them again with today's connectors",
    .usage = "dead retry ID... | FILTERS | --all",
    .operands = "ID",
    .help = "Attempts the stored data again, with the transformer and connector as they are\n"
            "now; where the handler had failed, the event is handled again. One that is stale,\n"
            "since a newer delivery of its connector and key has succeeded, is refused; and\n"
            "so is one that a replay of its event has made anew.",
    .options = retry_options,
    .examples = retry_examples,
    .operands_max = OPERANDS_MANY,
    .run = run_retry,
};

static const struct example_row drop_examples[] = {
    {"liaison dead drop --cause malformed", "messages that were no events"},
    {0},
};

static const struct command drop = {
    .name = "drop",
    .summary = "give them up",
    .usage = "dead drop ID... | FILTERS | --all",
    .operands = "ID",
    .help = "Gives dead letters up: they aren't attempted again, and count as dropped.",
    .options = drop_options,
    .examples = drop_examples,
    .operands_max = OPERANDS_MANY,
    .run = run_drop,
};

static const struct command *const verbs[] = {&list, &show, &retry, &edit, &drop, &export, NULL};

const struct command command_dead = {
    .name = "dead",
    .summary = "dead letters: list, show, retry, edit, drop, export",
    .usage = "dead list|show|retry|edit|drop|export",
    .help = "Deliveries that can't succeed by themselves are kept as dead letters, each with\n"
            "its cause, until they are retried or dropped.",
    .verbs = verbs,
};
