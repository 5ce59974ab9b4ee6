/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "cli/spec_runner.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/json.h"
#include "engine/project.h"
#include "event/envelope.h"
#include "script/spec.h"

/* ---- what a test asks for ---- */

static struct event *make_event(const struct spec_runner *runner, struct slice json,
                                struct err *err)
{
    const struct envelope_context context = {
        .received_ms = runner->now_ms,
    };
    struct event *event;
    return envelope_parse(&context, json, &event, err) < 0 ? NULL : event;
}

/* Those that ran. */
static void count_handlers(const struct spec_runner *runner, const struct dryrun_result *result)
{
    for (const struct dryrun_handler *h = result->handlers; h && runner->coverage; h = h->next)
        spec_coverage_add_handler(runner->coverage, h->name, !h->is_filtered);
}

static struct dryrun_result *play(struct spec_runner *runner, const struct script_ask *ask,
                                  const struct event *event, struct err *err)
{
    if (!ask->is_delivery)
        return dryrun_event(runner->dryrun, runner->machine, event);
    const struct dryrun_send wish = {
        .connector = ask->connector,
        .key = ask->key,
        .transformer = ask->transformer,
        .data = ask->data,
        .was_unknown = ask->was_unknown,
    };
    return dryrun_attempt(runner->dryrun, runner->machine, event, &wish, err);
}

static int on_ask(void *ctx, const struct script_ask *ask, struct buf *answer, struct err *err)
{
    struct spec_runner *runner = ctx;
    struct event *event = make_event(runner, ask->event, err);
    if (!event)
        return -1;
    runner->failure = (struct err){0};
    struct dryrun_result *result = play(runner, ask, event, err);
    if (result)
        count_handlers(runner, result);
    if (result && runner->failure.code == ERR_NONE) {
        buf_add_str(answer, "{\"eventKey\":");
        if (event->has_key)
            json_add_string(answer, event->key);
        else
            buf_add_str(answer, "null");
        buf_add_str(answer, ",\"result\":");
        dryrun_add_json(answer, result);
        buf_add_char(answer, '}');
    } else if (result) {
        *err = runner->failure;
    }
    bool is_done = answer->len > 0;
    dryrun_result_free(result);
    event_unref(event);
    return is_done ? 0 : -1;
}

/* A request of the scripts: the test's fakes come first. */
static void on_request(void *ctx, const struct dryrun_request *request,
                       struct script_answer *answer)
{
    struct spec_runner *runner = ctx;
    const struct script_request asked = {
        .method = request->method,
        .url = request->url,
        .headers = request->headers,
        .n_headers = request->n_headers,
        .body = request->body,
        .has_body = request->has_body,
    };
    struct err err = {0};
    if (script_spec_fake(runner->machine, &asked, answer, &err) < 0)
        runner->failure = err;
}

static void on_set_time(void *ctx, int64_t wall_ms)
{
    struct spec_runner *runner = ctx;
    runner->now_ms = wall_ms;
    dryrun_set_time(runner->dryrun, wall_ms);
}

/* Beside the report, which is for programs too. */
static void on_print(void *ctx, struct slice line)
{
    (void)ctx;
    fprintf(stderr, "%.*s\n", SLICE_FMT(line));
}

/* ---- one file ---- */

/* The first problem of a file that can't be loaded. */
struct problem {
    struct buf file, text;
    int line;
};

static void note_problem(void *ctx, const struct script_problem *problem)
{
    struct problem *first = ctx;
    if (problem->is_warning || first->text.len > 0)
        return;
    first->line = problem->line;
    buf_add_str(&first->file, problem->file);
    buf_add_str(&first->text, problem->text);
    if (problem->detail)
        buf_printf(&first->text, "\n%s", problem->detail);
}

static void report_unloaded(struct spec_runner *runner, struct slice file,
                            const struct problem *problem)
{
    struct buf text = {0};
    if (!slice_is_equal(file, buf_slice(&problem->file)))
        buf_printf(&text, "%s:%d: ", problem->file.data, problem->line);
    buf_add_slice(&text, buf_slice(&problem->text));
    runner->n_ran++;
    spec_report_test(runner->report, &(struct spec_test){
                                         .file = file,
                                         .line = problem->line,
                                         .error = buf_slice(&text),
                                     });
    buf_deinit(&text);
}

struct test_end {
    struct spec_runner *runner;
    const struct script_spec *spec;
};

static void on_end(void *ctx, const struct script_spec_end *end)
{
    const struct test_end *of = ctx;
    spec_report_test(of->runner->report, &(struct spec_test){
                                             .file = of->runner->file,
                                             .name = of->spec->name,
                                             .line = of->spec->line,
                                             .is_passed = end->is_passed,
                                             .remark = end->remark,
                                             .error = end->error,
                                             .differences = end->differences,
                                         });
}

static bool holds(struct slice text, struct slice part)
{
    for (size_t i = 0; i + part.len <= text.len; i++)
        if (slice_has_prefix_nocase(slice_from(text, i), part))
            return true;
    return false;
}

static bool is_wanted(const struct spec_runner *runner, const struct script_spec *spec)
{
    struct slice filter = slice_str(runner->filter);
    return !filter.data || holds(spec->name, filter) || holds(runner->file, filter);
}

static void run_tests(struct spec_runner *runner)
{
    const struct script_spec_host host = {.ask = on_ask, .ctx = runner};
    for (size_t i = 0; i < script_spec_count(runner->machine); i++) {
        struct test_end of = {runner, script_spec_at(runner->machine, i)};
        if (!is_wanted(runner, of.spec))
            continue;
        runner->n_ran++;
        script_spec_run(runner->machine, i, &host, on_end, &of);
    }
}

static struct script_machine *load(struct spec_runner *runner, struct sources *sources,
                                   const struct script_spec_options *spec,
                                   script_problem_fn problem, void *ctx)
{
    const struct project_options options = {
        .config = &runner->project->config,
        .data_dir = runner->project->data_dir,
        .module_dir = runner->project->module_dir,
        .ports = dryrun_ports(runner->dryrun),
        .clock = dryrun_clock(runner->dryrun),
        .mask = runner->project->mask,
        .has_stand_ins = true,
        .sources = sources,
        .spec = spec,
    };
    return project_load(&options, problem, ctx);
}

void spec_runner_run(struct spec_runner *runner, const char *path)
{
    const struct script_spec_options spec = {
        .set_time = on_set_time,
        .print = on_print,
        .counts_lines = runner->coverage != NULL,
        .ctx = runner,
    };
    struct sources *sources = sources_with_spec(runner->sources, path);
    struct problem problem = {0};
    runner->file = sources_at(sources, sources_count(sources) - 1)->name;
    runner->machine = load(runner, sources, &spec, note_problem, &problem);
    if (runner->machine)
        run_tests(runner);
    else
        report_unloaded(runner, runner->file, &problem);
    if (runner->machine && runner->coverage)
        spec_coverage_add_machine(runner->coverage, runner->machine);
    script_free(runner->machine);
    runner->machine = NULL;
    sources_unref(sources);
    buf_deinit(&problem.file);
    buf_deinit(&problem.text);
}

/* ---- all ---- */

/* A test of their file that failed; warnings are what `check` is for. */
static void report_problem(void *ctx, const struct script_problem *problem)
{
    const struct spec_runner *runner = ctx;
    if (problem->is_warning)
        return;
    spec_report_test(runner->report, &(struct spec_test){
                                         .file = slice_str(problem->file),
                                         .line = problem->line,
                                         .error = slice_str(problem->text),
                                     });
}

static void begin_coverage(struct spec_runner *runner)
{
    spec_coverage_init(runner->coverage, runner->sources);
    for (size_t i = 0; i < script_handler_count(runner->machine); i++)
        spec_coverage_add_handler(runner->coverage, script_handler_at(runner->machine, i)->name, 0);
}

int spec_runner_open(struct spec_runner *runner)
{
    const struct project *p = runner->project;
    runner->sources = sources_read(
        &(struct sources_options){.project = p->config.project, .data_dir = p->data_dir});
    runner->dryrun = dryrun_new(&(struct dryrun_options){
        .mask = p->mask,
        .answer = on_request,
        .ctx = runner,
    });
    runner->machine = load(runner, runner->sources, NULL, report_problem, runner);
    if (!runner->machine)
        return -1;
    if (runner->coverage)
        begin_coverage(runner);
    script_free(runner->machine);
    runner->machine = NULL;
    return 0;
}

void spec_runner_close(struct spec_runner *runner)
{
    dryrun_free(runner->dryrun);
    sources_unref(runner->sources);
}
