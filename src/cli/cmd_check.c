/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/json.h"
#include "cli/against.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/compare_view.h"
#include "cli/project.h"
#include "cli/terminal.h"
#include "dryrun/dryrun.h"
#include "engine/project.h"

/* Where --json collects what else is said as it comes. */
struct check {
    const struct invocation *in;
    const char *path; /* of the project, NULL: the current folder */
    struct problem_count count;
    struct json_writer *json; /* NULL: said in words */
    size_t last;              /* events to compare over; 0: nothing is compared */
    struct buf report;        /* of that */
};

static void tell(void *ctx, const struct script_problem *problem)
{
    struct check *check = ctx;
    if (!check->json) {
        struct script_problem said = *problem;
        said.is_warning = problem->is_warning && !problem->fails_check;
        project_say_problem(&check->count, &said);
        return;
    }
    bool is_warning = problem->is_warning && !problem->fails_check;
    if (is_warning)
        check->count.warnings++;
    else
        check->count.errors++;
    json_object_begin(check->json, NULL);
    json_member_cstr(check->json, "file", problem->file);
    json_member_integer(check->json, "line", problem->line);
    json_member_cstr(check->json, "level", is_warning ? "warning" : "error");
    json_member_cstr(check->json, "text", problem->text);
    if (problem->detail)
        json_member_cstr(check->json, "detail", problem->detail);
    json_object_end(check->json);
}

static const char *plural(size_t n)
{
    return n == 1 ? "" : "s";
}

static void say_summary(const struct script_machine *m, const struct check *check)
{
    if (!m || check->count.errors > 0) {
        fprintf(stderr, "%zu error%s\n", check->count.errors, plural(check->count.errors));
        return;
    }
    size_t handlers = script_handler_count(m), connectors = script_connector_count(m);
    printf("ok: %zu handler%s, %zu connector%s", handlers, plural(handlers), connectors,
           plural(connectors));
    if (check->count.warnings)
        printf(", %zu warning%s", check->count.warnings, plural(check->count.warnings));
    putchar('\n');
}

/* Loads the scripts, to be run where there is a dry run; NULL when something is wrong, which is
   told. */
static struct script_machine *check_scripts(const struct project *p, struct check *check,
                                            struct dryrun *dryrun)
{
    const struct project_options options = {
        .config = &p->config,
        .data_dir = p->data_dir,
        .module_dir = p->module_dir,
        .ports = dryrun ? dryrun_ports(dryrun) : NULL,
        .clock = dryrun ? dryrun_clock(dryrun) : clock_system(),
        .mask = p->mask,
        .has_stand_ins = dryrun != NULL,
    };
    struct script_machine *m = project_load(&options, tell, check);
    if (!check->json)
        say_summary(m, check);
    if (m && check->count.errors == 0)
        return m;
    script_free(m);
    return NULL;
}

static int check_project(const struct project *project, struct check *check)
{
    struct script_machine *m = check_scripts(project, check, NULL);
    script_free(m);
    return m ? EXIT_DONE : EXIT_FAILED;
}

/* A change is what a script that asks wants to stop at. */
static int check_against(const struct project *project, struct check *check)
{
    struct dryrun *dryrun = dryrun_new(&(struct dryrun_options){.mask = project->mask});
    const struct against against = {
        .in = check->in,
        .path = check->path,
        .project = project,
        .dryrun = dryrun,
        .is_recorded = options_has(&check->in->options, "recorded"),
        .machine = check_scripts(project, check, dryrun),
    };
    bool has_changes;
    int status = EXIT_FAILED;
    if (against.machine)
        status = against_compare(&against, check->last, &check->report, &has_changes);
    if (status == EXIT_DONE && !check->json)
        compare_view_print(buf_slice(&check->report), terminal_has_color(STDOUT_FILENO));
    if (status == EXIT_DONE && has_changes)
        status = EXIT_FAILED;
    script_free(against.machine);
    dryrun_free(dryrun);
    return status;
}

static int open_and_check(struct check *check)
{
    struct project project;
    int rc = check->last ? project_open_dry(&project, check->in, check->path, tell, check)
                         : project_open(&project, check->in, tell, check);
    if (rc < 0) {
        if (!check->json)
            say_summary(NULL, check);
        return EXIT_FAILED;
    }
    int status = check->last ? check_against(&project, check) : check_project(&project, check);
    project_close(&project);
    return status;
}

static int run(const struct invocation *in)
{
    const char *last = options_get(&in->options, "against");
    struct buf out = {0};
    struct json_writer w = {.out = &out};
    struct check check = {.in = in, .json = options_has(&in->options, "json") ? &w : NULL};
    struct err err = {0};
    check.path = in->options.n_operands ? in->options.operands[0] : NULL;
    if (last && against_parse(last, &check.last, &err) < 0)
        return command_misuse(in, "--against: %s", err.message);
    if (!last && options_has(&in->options, "recorded"))
        return command_misuse(in, "--recorded says with what --against last:N compares: give both");

    json_object_begin(&w, NULL);
    json_array_begin(&w, "problems");
    int status = open_and_check(&check);
    json_array_end(&w);
    json_member_bool(&w, "ok", status == EXIT_DONE);
    if (check.report.len > 0)
        json_member_raw(&w, "against", buf_slice(&check.report));
    json_object_end(&w);
    if (check.json)
        puts(out.data);
    buf_deinit(&out);
    buf_deinit(&check.report);
    return status;
}

static const struct option_row options[] = {
    {"against", 0, "last:N", "compare over the newest N recorded events"},
    {"recorded", 0, NULL, "compare with the deliveries on record, not with the daemon's scripts"},
    PROJECT_OPTIONS,
    CLIENT_OPTIONS,
    {0},
};

static const struct example_row examples[] = {
    {"liaison check", "the project in the current folder"},
    {"liaison check --set settings.calendarUrl=http://localhost:9999",
     "as it would be with another setting"},
    {"liaison check --against last:500", "which requests the daemon's scripts send otherwise"},
    {"liaison check --against last:500 --recorded", "what was sent otherwise at the time"},
    {0},
};

const struct command command_check = {
    .name = "check",
    .summary = "load everything, send nothing, say what is wrong",
    .usage = "check [PATH] [--against last:N [--recorded]] [--json]",
    .operands = "PATH",
    .help =
        "Loads the configuration, scripts, connectors and transformers of the project at\n"
        "PATH (the current folder), as `run` would, and prints each error as\n"
        "FILE:LINE: what, and what to write instead. Nothing is opened and nothing is sent.\n"
        "\n"
        "--against last:N tries the scripts on the newest N events that the daemon has on\n"
        "record, and shows which requests would stay the same, change, be new or vanish,\n"
        "compared with the scripts that the daemon has loaded. It exits with 1 where any would.\n"
        "Settings that the daemon was given by flags or variables aren't known here: give them\n"
        "by --set, too.\n"
        "\n"
        "Where no daemon answers, and with --recorded, the journal is read instead, and what\n"
        "handlers send is compared with the deliveries that they made: connector, key,\n"
        "transformer and data, before transformers and connectors. Left out are events whose\n"
        "handlers haven't all ended well, and those that were replayed.",
    .options = options,
    .examples = examples,
    .operands_max = 1,
    .run = run,
};
