/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "admin/admin.h"
#include "base/buf.h"
#include "cli/commands.h"
#include "cli/project.h"
#include "cli/service.h"
#include "cli/terminal.h"
#include "engine/engine.h"
#include "loop/guard.h"
#include "version.h"

/* A loop that takes longer for one turn hangs. */
#define TURN_MAX_MS 30000
#define FILES_MAX 65536
/* What closing the journal may take behind a drain. */
#define CLOSE_MAX_MS 60000
#define STOPPING "stopping: what runs may end, what waits is kept"

/* The daemon: everything that lives as long as `run` does. */
struct daemon {
    struct project project;
    struct loop *loop;
    struct log *log;
    struct engine *engine;
    struct admin *admin;
    struct loop_guard *guard;
    struct service *service;
    struct loop_signal *term, *interrupt, *hangup;
    struct loop_prepare *flush; /* of the log */
    bool is_stopping;
};

static void on_drained(void *ctx)
{
    struct daemon *d = ctx;
    loop_stop(d->loop);
}

static bool is_clear(void *ctx)
{
    const struct daemon *d = ctx;
    return admin_pending(d->admin) == 0;
}

/* A second one doesn't wait for the drain. */
static void on_stop(void *ctx)
{
    struct daemon *d = ctx;
    if (d->is_stopping) {
        loop_stop(d->loop);
        return;
    }
    d->is_stopping = true;
    log_info(d->log, STOPPING);
    service_stopping(d->service, STOPPING, d->project.config.drain_ms + CLOSE_MAX_MS);
    admin_quiesce(d->admin);
    engine_drain(d->engine, &(struct engine_drain){is_clear, on_drained, d});
}

static void on_hangup(void *ctx)
{
    struct daemon *d = ctx;
    engine_reload(d->engine, "SIGHUP", NULL, NULL);
}

static void on_reload(void *ctx)
{
    struct daemon *d = ctx;
    admin_reload(d->admin);
}

static int load(struct daemon *d, const struct invocation *in)
{
    struct err err = {0};
    if (project_open(&d->project, in, project_say_problem, NULL) < 0)
        return EXIT_REFUSED;
    struct config *config = &d->project.config;
    d->log = log_new(&(struct log_options){
        .fd = STDERR_FILENO,
        .level = config->log_level,
        .format = config->log_format,
        .color = terminal_has_color(STDERR_FILENO),
        .mask = d->project.mask,
        .clock = clock_system(),
    });
    d->loop = loop_new(&err);
    if (!d->loop)
        return command_fail("%s", err.message);
    const struct engine_options options = {
        .config = config,
        .source = &d->project.source,
        .on_reload = on_reload,
        .ctx = d,
        .loop = d->loop,
        .log = d->log,
        .mask = d->project.mask,
        .clock = loop_clock(d->loop),
        .data_dir = d->project.data_dir,
        .module_dir = d->project.module_dir,
    };
    d->engine = engine_new(&options, project_say_problem, NULL, &err);
    if (d->engine)
        return EXIT_DONE;
    command_fail("%s", err.message);
    return err.code == ERR_SCRIPT ? EXIT_REFUSED : EXIT_FAILED;
}

/* Each client, stream and connector's connection takes a descriptor; the limit that a shell or
   service manager gives at first (1024) is for programs that use select(2), which nothing here does. */
static void raise_files_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return;
    limit.rlim_cur = limit.rlim_max < FILES_MAX ? limit.rlim_max : FILES_MAX;
    setrlimit(RLIMIT_NOFILE, &limit);
}

/* An address that is in use is most often this project's own daemon. */
static int say_no_address(const struct daemon *d, const struct err *err)
{
    struct buf owner = {0};
    bool is_own = err->code == ERR_EXISTS && journal_holder(d->project.config.journal, &owner);
    if (is_own)
        command_fail("a Liaison%s%s%s runs here already, on the journal %s: `liaison status` shows "
                     "it, `liaison reload` has it load what was changed",
                     owner.len ? " (" : "", owner.len ? owner.data : "", owner.len ? ")" : "",
                     d->project.config.journal);
    else
        command_fail("%s", err->message);
    buf_deinit(&owner);
    return EXIT_FAILED;
}

static int start(struct daemon *d)
{
    struct err err = {0};
    const struct admin_options options = {&d->project.config, d->loop, d->log};
    struct buf owner = {0};
    int status = EXIT_FAILED;
    d->admin = admin_open(&options, &err);
    if (!d->admin) {
        status = say_no_address(d, &err);
        goto out;
    }
    buf_printf(&owner, "pid %ld, listening on %s", (long)getpid(), admin_address(d->admin));
    if (engine_start(d->engine, owner.data, &err) < 0) {
        command_fail("%s", err.message);
        goto out;
    }
    d->guard = loop_guard_new(d->loop, TURN_MAX_MS, &err);
    if (!d->guard) {
        command_fail("%s", err.message);
        goto out;
    }
    admin_serve(d->admin, d->engine);
    status = EXIT_DONE;
out:
    buf_deinit(&owner);
    return status;
}

static void count_problem(void *ctx, const struct engine_problem *problem)
{
    (void)problem;
    ++*(size_t *)ctx;
}

/* "takes events on 127.0.0.1:8750; 2 problems, see: liaison status" */
static bool describe(void *ctx, struct buf *out)
{
    const struct daemon *d = ctx;
    const char *refusal = engine_refusal(d->engine);
    size_t problems = 0;
    engine_each_problem(d->engine, count_problem, &problems);
    if (refusal)
        buf_printf(out, "takes no events: %s", refusal);
    else
        buf_printf(out, "takes events on %s", admin_address(d->admin));
    if (problems > 0)
        buf_printf(out, "; %zu problem%s, see: liaison status", problems, problems == 1 ? "" : "s");
    return !refusal;
}

static void on_flush(void *ctx)
{
    struct daemon *d = ctx;
    log_flush(d->log);
}

/* A turn's lines are one write. The hook is the last, since the others may log. */
static void serve(struct daemon *d)
{
    d->term = loop_signal_new(d->loop, SIGTERM, on_stop, d);
    d->interrupt = loop_signal_new(d->loop, SIGINT, on_stop, d);
    d->hangup = loop_signal_new(d->loop, SIGHUP, on_hangup, d);
    log_info(d->log, "started", LOG_STR("version", LIAISON_VERSION),
             LOG_STR("listen", admin_address(d->admin)),
             LOG_STR("project", d->project.config.project),
             LOG_STR("journal", d->project.config.journal), LOG_INT("pid", getpid()));
    d->service = service_new(
        &(struct service_options){.loop = d->loop, .log = d->log, .describe = describe, .ctx = d});
    d->flush = loop_prepare_new(d->loop, on_flush, d);
    log_gather(d->log);
    loop_run(d->loop);
    log_gather_end(d->log);
    loop_guard_free(d->guard); /* closing the journal may wait for its disk */
    d->guard = NULL;
    log_info(d->log, "stopped");
}

static void end(struct daemon *d)
{
    loop_guard_free(d->guard);
    service_free(d->service);
    admin_close(d->admin);
    engine_free(d->engine);
    admin_free(d->admin);
    loop_signal_free(d->term);
    loop_signal_free(d->interrupt);
    loop_signal_free(d->hangup);
    loop_prepare_free(d->flush);
    loop_free(d->loop);
    log_free(d->log);
    project_close(&d->project);
}

static int run(const struct invocation *in)
{
    struct daemon d = {0};
    int status = load(&d, in);
    raise_files_limit();
    if (status == EXIT_DONE)
        status = start(&d);
    if (status == EXIT_DONE)
        serve(&d);
    end(&d);
    return status;
}

static const struct option_row options[] = {
    PROJECT_OPTIONS,
    {0},
};

static const struct example_row examples[] = {
    {"liaison run /etc/liaison/NAME", "as a service does"},
    {"liaison run --listen 127.0.0.1:9000 --set log.level=debug",
     "the project here, on another port"},
    {0},
};

const struct command command_run = {
    .name = "run",
    .summary = "run the daemon in the foreground",
    .usage = "run [PATH] [--listen ADDRESS] [--journal FILE] [--set KEY=VALUE]...",
    .operands = "PATH",
    .help = "Runs the project at PATH (the current folder), or one script of it. TERM and INT\n"
            "end what runs and keep what waits. Exit status 78: the configuration or the\n"
            "scripts are refused, nothing was opened.",
    .options = options,
    .examples = examples,
    .operands_max = 1,
    .lists_keys = true,
    .run = run,
};
