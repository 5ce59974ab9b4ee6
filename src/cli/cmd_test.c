/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/client.h"
#include "cli/commands.h"
#include "cli/project.h"
#include "cli/spec_files.h"
#include "cli/spec_record.h"
#include "cli/spec_report.h"
#include "cli/spec_runner.h"
#include "cli/terminal.h"

/* What the operands mean: a single one that isn't there as a path is a filter. */
struct wish {
    const char *path, *filter;
};

static struct wish read_wish(const struct invocation *in)
{
    const struct options *o = &in->options;
    if (o->n_operands == 1 && access(o->operands[0], F_OK) < 0)
        return (struct wish){".", o->operands[0]};
    return (struct wish){o->n_operands > 0 ? o->operands[0] : ".",
                         o->n_operands > 1 ? o->operands[1] : NULL};
}

static bool is_same_file(const char *a, const char *b)
{
    struct stat first, second;
    return stat(a, &first) == 0 && stat(b, &second) == 0 && first.st_dev == second.st_dev &&
           first.st_ino == second.st_ino;
}

/* A single spec that PATH named, in place of all. */
static int keep_only(struct spec_files *files, const char *path)
{
    for (size_t i = 0; i < files->len; i++) {
        if (!is_same_file(files->paths[i], path))
            continue;
        char *kept = files->paths[i];
        files->paths[i] = files->paths[0];
        files->paths[0] = kept;
        while (files->len > 1)
            free(files->paths[--files->len]);
        return 0;
    }
    return -1;
}

static int find_files(struct project *p, struct spec_files *files)
{
    spec_files_find(files, p->config.project);
    if (files->len == 0)
        return command_fail("there are no specs in %s: write " SPEC_FILES_WHERE, p->config.project);
    if (!p->config.script)
        return EXIT_DONE;
    if (keep_only(files, p->config.script) < 0)
        return command_fail("%s is no spec: those are " SPEC_FILES_WHERE, p->config.script);
    /* What was named in place of the project's scripts is none of them. */
    free(p->config.script);
    p->config.script = NULL;
    return EXIT_DONE;
}

static int say_none(const struct spec_runner *runner)
{
    if (runner->filter)
        return command_fail("no test has \"%s\" in its name or its file's", runner->filter);
    return command_fail("there are no tests in the specs: write them as in "
                        "it(\"…\", function() … end)");
}

static void run_files(struct spec_runner *runner, const struct spec_files *files)
{
    runner->report->lists_all = runner->filter || files->len == 1;
    for (size_t i = 0; i < files->len; i++)
        spec_runner_run(runner, files->paths[i]);
    if (runner->coverage)
        spec_report_coverage(runner->report, runner->coverage);
}

/* The closing line follows in any case. */
static int run_specs(struct spec_runner *runner, const struct spec_files *files)
{
    struct spec_report *report = runner->report;
    bool is_loaded = spec_runner_open(runner) == 0;
    if (is_loaded)
        run_files(runner, files);
    bool is_well = report->passed > 0 && report->failed == 0;
    if (is_loaded && runner->n_ran == 0)
        say_none(runner);
    spec_report_close(report);
    return is_well ? EXIT_DONE : EXIT_FAILED;
}

static int run_project(struct project *p, const struct invocation *in, const char *filter)
{
    struct spec_files files;
    bool is_json = options_has(&in->options, "json");
    struct spec_report report = {
        .is_json = is_json,
        .has_color = !is_json && terminal_has_color(STDOUT_FILENO),
    };
    struct spec_coverage coverage = {0};
    struct spec_runner runner = {
        .project = p,
        .filter = filter,
        .report = &report,
        .coverage = options_has(&in->options, "coverage") ? &coverage : NULL,
    };
    int status = find_files(p, &files);
    if (status == EXIT_DONE)
        status = run_specs(&runner, &files);
    spec_coverage_deinit(&coverage);
    spec_runner_close(&runner);
    spec_files_deinit(&files);
    return status;
}

static int record(const struct invocation *in)
{
    const struct options *o = &in->options;
    const char *path = o->n_operands > 0 ? o->operands[0] : NULL;
    struct project project;
    if (o->n_operands > 1)
        return command_misuse(in, "--record takes a PATH alone");
    if (project_open_dry(&project, in, path, project_say_problem, NULL) < 0)
        return EXIT_FAILED;
    int status = spec_record(in, &project, path, options_get(o, "record"));
    project_close(&project);
    return status;
}

static int run(const struct invocation *in)
{
    struct wish wish = read_wish(in);
    struct project project;
    if (options_has(&in->options, "record"))
        return record(in);
    if (project_open_dry(&project, in, wish.path, project_say_problem, NULL) < 0)
        return EXIT_FAILED;
    int status = run_project(&project, in, wish.filter);
    project_close(&project);
    return status;
}

static const struct option_row options[] = {
    {"record", 0, "ID", "write a spec of a recorded event or dead letter"},
    {"coverage", 0, NULL, "say which handlers and lines never ran"},
    PROJECT_OPTIONS,
    CLIENT_OPTIONS,
    {0},
};

static const struct example_row examples[] = {
    {"liaison test", "all specs of the project in the current folder"},
    {"liaison test calendar", "those with \"calendar\" in their name or their file's"},
    {"liaison test tests/calendar.lua", "one file"},
    {"liaison test --record 1017", "a spec of event 1017, and of what is sent for it today"},
    {"liaison test --coverage", "and what of the scripts no test has reached"},
    {0},
};

const struct command command_test = {
    .name = "test",
    .summary = "run the mapping specs",
    .usage = "test [PATH] [FILTER] [--coverage | --record ID] [--json]",
    .operands = "PATH FILTER",
    .help =
        "Runs the specs of the project at PATH (the current folder): tests/NAME.lua and, below\n"
        "tests/, NAME.spec.lua; in the folder of a connector or transformer spec.lua and\n"
        "NAME.spec.lua. Nothing is sent: what a test hands to handle or deliver is played\n"
        "through, its requests answered by the test's fakes or with 200. With FILTER, only\n"
        "tests with that in their name or their file's. The last line is\n"
        "\"N passed, N failed\".\n\n"
        "--record writes a spec into tests/recorded/ instead: an event by its number, its\n"
        "sender's id or that of a dead letter, from the daemon or, where none answers, the\n"
        "journal; what the scripts send for it today is what they are held to.",
    .options = options,
    .examples = examples,
    .operands_max = 2,
    .run = run,
};
