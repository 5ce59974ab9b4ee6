/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "engine/project.h"

#include <stdlib.h>

#include "base/buf.h"
#include "engine/parts.h"

static struct script_machine *load(const struct project_options *options, script_problem_fn problem,
                                   void *ctx)
{
    const struct config *config = options->config;
    const char *script = config->script;
    const struct script_options script_options = {
        .project = config->project,
        .scripts = script ? &script : NULL,
        .n_scripts = script ? 1 : 0,
        .data_dir = options->data_dir,
        .module_dir = options->module_dir,
        .settings = buf_slice(&config->settings),
        .handler_time_ms = config->handler_time_ms,
        .memory_max = config->memory_max,
        .ports = options->ports,
        .clock = options->clock,
        .log = options->log,
        .mask = options->mask,
        .has_stand_ins = options->has_stand_ins,
        .sources = options->sources,
        .spec = options->spec,
    };
    return script_load(&script_options, problem, ctx);
}

/* Whether the manager's bus is of a kind that there is, and can be reached by its URL. */
static bool check_channel(const struct script_manager *m, script_problem_fn problem, void *ctx)
{
    struct err err = {0};
    char *file = slice_dup(m->file);
    bool is_sound = channels_check(m, &err) == 0;
    if (!is_sound)
        problem(ctx, &(struct script_problem){.file = file, .line = m->line, .text = err.message});
    free(file);
    return is_sound;
}

struct script_machine *project_load(const struct project_options *options,
                                    script_problem_fn problem, void *ctx)
{
    struct script_machine *m = load(options, problem, ctx);
    bool is_sound = true;
    for (size_t i = 0; m && i < script_manager_count(m); i++)
        is_sound &= check_channel(script_manager_at(m, i), problem, ctx);
    if (is_sound)
        return m;
    script_free(m);
    return NULL;
}
