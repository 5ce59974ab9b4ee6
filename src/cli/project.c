/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "cli/project.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/path.h"
#include "cli/datadir.h"

static const char **read_sets(const struct options *options)
{
    size_t n = 0;
    while (options_at(options, "set", n))
        n++;
    const char **sets = mem_calloc(n + 1, sizeof(*sets));
    for (size_t i = 0; i < n; i++)
        sets[i] = options_at(options, "set", i);
    return sets;
}

static int load(struct project *p, const struct invocation *in, const char *path,
                bool has_stand_ins, script_problem_fn problem, void *ctx)
{
    const struct options *o = &in->options;
    *p = (struct project){
        .mask = mask_new(),
        .data_dir = datadir_find(),
        .module_dir = datadir_find_modules(),
        .sets = read_sets(o),
        .path = path_absolute(path ? path : "."),
    };
    p->source = (struct config_source){
        .project = p->path,
        .listen = options_get(o, "listen"),
        .journal = options_get(o, "journal"),
        .sets = p->sets,
        .environment = environ,
        .has_stand_ins = has_stand_ins,
    };
    while (p->sets[p->source.n_sets])
        p->source.n_sets++;
    if (config_load(&p->config, &p->source, p->mask, problem, ctx) == 0)
        return 0;
    project_close(p);
    return -1;
}

int project_open(struct project *p, const struct invocation *in, script_problem_fn problem,
                 void *ctx)
{
    const char *path = in->options.n_operands ? in->options.operands[0] : NULL;
    struct buf cert = {0}, key = {0};
    struct err err = {0};
    if (load(p, in, path, false, problem, ctx) < 0)
        return -1;
    int rc = config_read_tls(&p->config, &cert, &key, &err);
    buf_deinit(&cert);
    buf_deinit(&key);
    if (rc == 0)
        return 0;
    problem(ctx, &(struct script_problem){.text = err.message});
    project_close(p);
    return -1;
}

int project_open_dry(struct project *p, const struct invocation *in, const char *path,
                     script_problem_fn problem, void *ctx)
{
    return load(p, in, path, true, problem, ctx);
}

void project_close(struct project *p)
{
    config_deinit(&p->config);
    mask_free(p->mask);
    free(p->data_dir);
    free(p->module_dir);
    free(p->sets);
    free(p->path);
    *p = (struct project){0};
}

void project_say_problem(void *ctx, const struct script_problem *problem)
{
    struct problem_count *count = ctx;
    const char *word = problem->is_warning ? "warning: " : "";
    if (count && problem->is_warning)
        count->warnings++;
    else if (count)
        count->errors++;
    if (!problem->file)
        command_fail("%s%s", word, problem->text);
    else if (problem->line > 0)
        fprintf(stderr, "%s:%d: %s%s\n", problem->file, problem->line, word, problem->text);
    else
        fprintf(stderr, "%s: %s%s\n", problem->file, word, problem->text);
    if (problem->detail)
        fprintf(stderr, "%s\n", problem->detail);
}

char *project_find_journal(const struct invocation *in, const char *named, const char *how)
{
    if (named)
        return mem_strdup(named);
    struct project project;
    struct invocation here = *in; /* no operand is a project */
    here.options.n_operands = 0;
    if (project_open(&project, &here, project_say_problem, NULL) < 0) {
        command_fail("a journal needs no project where it is named: liaison %s", how);
        return NULL;
    }
    char *path = mem_strdup(project.config.journal);
    project_close(&project);
    return path;
}
