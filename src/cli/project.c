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
                bool has_stand_ins, struct err *err)
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
    if (config_load(&p->config, &p->source, p->mask, err) == 0)
        return 0;
    project_close(p);
    return -1;
}

int project_open(struct project *p, const struct invocation *in, struct err *err)
{
    const char *path = in->options.n_operands ? in->options.operands[0] : NULL;
    struct buf cert = {0}, key = {0};
    if (load(p, in, path, false, err) < 0)
        return -1;
    int rc = config_read_tls(&p->config, &cert, &key, err);
    buf_deinit(&cert);
    buf_deinit(&key);
    if (rc < 0)
        project_close(p);
    return rc;
}

int project_open_dry(struct project *p, const struct invocation *in, const char *path,
                     struct err *err)
{
    return load(p, in, path, true, err);
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
    if (problem->is_warning)
        count->warnings++;
    else
        count->errors++;
    if (problem->line > 0)
        fprintf(stderr, "%s:%d: %s%s\n", problem->file, problem->line, word, problem->text);
    else
        fprintf(stderr, "%s: %s%s\n", problem->file, word, problem->text);
    if (problem->detail)
        fprintf(stderr, "%s\n", problem->detail);
}

int project_say_error(struct err *err)
{
    struct problem_count count = {0};
    struct script_problem problem;
    config_split_error(err, &problem);
    if (problem.file)
        project_say_problem(&count, &problem);
    else
        command_fail("%s", problem.text);
    return EXIT_FAILED;
}
