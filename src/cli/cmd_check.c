/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include <stdio.h>

#include "base/buf.h"
#include "base/json.h"
#include "cli/commands.h"
#include "cli/project.h"
#include "engine/project.h"

/* Where --json collects what else is said as it comes. */
struct check {
    struct problem_count count;
    struct json_writer *json; /* NULL: said in words */
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

static int check_scripts(struct project *p, struct check *check)
{
    const struct project_options options = {
        .config = &p->config,
        .data_dir = p->data_dir,
        .module_dir = p->module_dir,
        .clock = clock_system(),
        .mask = p->mask,
    };
    struct script_machine *m = project_load(&options, tell, check);
    if (!check->json)
        say_summary(m, check);
    script_free(m);
    return m && check->count.errors == 0 ? EXIT_DONE : EXIT_FAILED;
}

static int run(const struct invocation *in)
{
    struct buf out = {0};
    struct json_writer w = {.out = &out};
    struct check check = {.json = options_has(&in->options, "json") ? &w : NULL};
    struct project project;
    struct err err = {0};
    int status = EXIT_FAILED;

    json_object_begin(&w, NULL);
    json_array_begin(&w, "problems");
    if (project_open(&project, in, &err) == 0) {
        status = check_scripts(&project, &check);
        project_close(&project);
    } else if (check.json) {
        tell(&check, &(struct script_problem){.file = "liaison.lua", .text = err.message});
    } else {
        fprintf(stderr, "%s\n", err.message);
    }
    json_array_end(&w);
    json_member_bool(&w, "ok", status == EXIT_DONE);
    json_object_end(&w);
    if (check.json)
        puts(out.data);
    buf_deinit(&out);
    return status;
}

static const struct option_row options[] = {
    PROJECT_OPTIONS,
    {"json", 0, NULL, "print a JSON document"},
    {0},
};

static const struct example_row examples[] = {
    {"liaison check", "the project in the current folder"},
    {"liaison check --set settings.calendarUrl=http://localhost:9999",
     "as it would be with another setting"},
    {0},
};

const struct command command_check = {
    .name = "check",
    .summary = "load everything, send nothing, say what is wrong",
    .usage = "check [PATH] [--json]",
    .operands = "PATH",
    .help = "Loads the configuration, scripts, connectors and transformers of the project at\n"
            "PATH (the current folder), as `run` would, and prints each error as\n"
            "FILE:LINE: what, and what to write instead. Nothing is opened and nothing is sent.",
    .options = options,
    .examples = examples,
    .operands_max = 1,
    .run = run,
};
