/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What the scripts would send for one event: it is handled here, by the scripts in the folder, and
 * nothing leaves.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "cli/commands.h"
#include "cli/dryrun_view.h"
#include "cli/operand.h"
#include "cli/project.h"
#include "cli/recorded.h"
#include "cli/terminal.h"
#include "dryrun/dryrun.h"
#include "dryrun/given.h"
#include "engine/project.h"

/* ---- the event ------------------------------------------------------------------------------- */

/* "@FILE", as `emit` takes it, is understood, too. */
static const char *file_of(const char *given)
{
    return given[0] == '@' && access(given, F_OK) < 0 ? given + 1 : given;
}

/* What names no file is an id, unless it looks like a file's name. */
static bool is_id(const char *given)
{
    return strcmp(given, "-") != 0 && access(given, F_OK) < 0 && !strchr(given, '/') &&
           !strchr(given, '.') && given[0] != '@';
}

static void take_recorded(void *ctx, struct slice event)
{
    buf_add_slice(ctx, event);
}

static int read_recorded(const struct invocation *in, const char *path, const struct config *config,
                         struct buf *text)
{
    struct recorded recorded;
    int status = recorded_open(&recorded, in, path, config);
    if (status == EXIT_DONE)
        status = recorded_find(&recorded, in->options.operands[0], take_recorded, text);
    recorded_close(&recorded);
    return status;
}

static int read_event(const struct invocation *in, const char *path, const struct config *config,
                      struct event **event)
{
    const char *given = in->options.operands[0], *type = options_get(&in->options, "type");
    const struct clock clock = clock_system();
    struct buf text = {0};
    struct err err = {0};
    int status = is_id(given) ? read_recorded(in, path, config, &text)
                              : operand_read_file(file_of(given), &text);
    if (status == EXIT_DONE) {
        int64_t now_ms = clock_wall_ms(&clock);
        *event = type ? given_data(buf_slice(&text), slice_str(type), now_ms, &err)
                      : given_event(buf_slice(&text), now_ms, &err);
        if (!*event)
            status = command_fail("%s: %s", strcmp(given, "-") == 0 ? "standard input" : given,
                                  err.message);
    }
    buf_deinit(&text);
    return status;
}

/* ---- the run --------------------------------------------------------------------------------- */

static void show(const struct invocation *in, const struct dryrun_result *result)
{
    struct buf out = {0};
    if (options_has(&in->options, "json")) {
        dryrun_add_json(&out, result);
        buf_add_char(&out, '\n');
    } else if (options_has(&in->options, "curl")) {
        dryrun_view_add_curl(&out, result);
    } else {
        dryrun_view_add(&out, result, terminal_has_color(STDOUT_FILENO));
    }
    command_print(buf_slice(&out));
    buf_deinit(&out);
}

static int try_event(const struct invocation *in, struct project *project,
                     const struct event *event)
{
    struct dryrun *dryrun =
        dryrun_new(&(struct dryrun_options){.mask = project->mask, .says_where = true});
    const struct project_options options = {
        .config = &project->config,
        .data_dir = project->data_dir,
        .module_dir = project->module_dir,
        .ports = dryrun_ports(dryrun),
        .clock = dryrun_clock(dryrun),
        .mask = project->mask,
        .has_stand_ins = true,
    };
    int status = EXIT_FAILED;
    struct script_machine *m = project_load(&options, project_say_problem, NULL);
    if (m) {
        struct dryrun_result *result = dryrun_event(dryrun, m, event);
        show(in, result);
        if (result->handlers && !dryrun_has_failed(result))
            status = EXIT_DONE;
        dryrun_result_free(result);
    }
    script_free(m);
    dryrun_free(dryrun);
    return status;
}

static int run(const struct invocation *in)
{
    const char *path = in->options.n_operands > 1 ? in->options.operands[1] : NULL;
    struct project project;
    struct event *event = NULL;
    if (project_open_dry(&project, in, path, project_say_problem, NULL) < 0)
        return EXIT_FAILED;
    int status = read_event(in, path, &project.config, &event);
    if (status == EXIT_DONE)
        status = try_event(in, &project, event);
    event_unref(event);
    project_close(&project);
    return status;
}

static const struct option_row options[] = {
    {"type", 0, "TYPE", "EVENT is the data of an event of this type"},
    {"curl", 0, NULL, "print each request as a call of curl"},
    PROJECT_OPTIONS,
    CLIENT_OPTIONS,
    {0},
};

static const struct example_row examples[] = {
    {"liaison try event.json", "the scripts of the project here"},
    {"liaison try --type schedule.updated --curl data.json", "the data alone, and calls of curl"},
    {"liaison try 1017", "a recorded event, by its number or its sender's id"},
    {0},
};

const struct command command_try = {
    .name = "try",
    .summary = "handle one event, send nothing, show each request",
    .usage = "try EVENT [PATH] [--curl | --json]",
    .operands = "EVENT PATH",
    .help =
        "Handles one event by the scripts of the project at PATH (the current folder), and prints\n"
        "each request as it would be sent, how each send would end, and why nothing was sent.\n"
        "Requests are answered by a stand-in: 200, and an empty JSON object. Secrets have\n"
        "stand-ins, too, so that it works where there are none.\n"
        "\n"
        "EVENT is a file, or - for standard input: a CloudEvent, or an object with type and data. "
        "Or\n"
        "it is the id of a recorded event, delivery or dead letter, of the daemon where one\n"
        "answers, else of the project's journal.\n"
        "\n"
        "It exits with 1 where no handler takes the event, or a handler or connector fails.",
    .options = options,
    .examples = examples,
    .operands_min = 1,
    .operands_max = 2,
    .run = run,
};
