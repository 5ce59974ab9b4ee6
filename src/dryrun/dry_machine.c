/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "dryrun/dry_machine.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/mask.h"

#define EVENT_TIME_MAX_MS 10000

struct dry_machine {
    struct mask *mask;
    struct dryrun *dryrun;
    struct script_machine *m;
};

struct dry_machine *dry_machine_new(const struct dry_scripts *scripts, script_problem_fn problem,
                                    void *ctx)
{
    struct dry_machine *dry = mem_calloc(1, sizeof(*dry));
    dry->mask = mask_new();
    dry->dryrun = dryrun_new(&(struct dryrun_options){
        .mask = dry->mask, .says_where = true, .time_max_ms = EVENT_TIME_MAX_MS});
    const struct script_options options = {
        .sources = scripts->sources,
        .module_dir = scripts->module_dir,
        .settings = scripts->settings,
        .handler_time_ms = scripts->handler_time_ms,
        .memory_max = scripts->memory_max,
        .ports = dryrun_ports(dry->dryrun),
        .clock = dryrun_clock(dry->dryrun),
        .mask = dry->mask,
        .has_stand_ins = true,
    };
    dry->m = script_load(&options, problem, ctx);
    if (dry->m)
        return dry;
    dry_machine_free(dry);
    return NULL;
}

void dry_machine_free(struct dry_machine *dry)
{
    if (!dry)
        return;
    script_free(dry->m);
    dryrun_free(dry->dryrun);
    mask_free(dry->mask);
    free(dry);
}

struct dryrun_result *dry_machine_try(struct dry_machine *dry, const struct event *event)
{
    return dryrun_event(dry->dryrun, dry->m, event);
}

struct dryrun_result *dry_machine_attempt(struct dry_machine *dry, const struct event *event,
                                          const struct dryrun_send *wish, struct err *err)
{
    return dryrun_attempt(dry->dryrun, dry->m, event, wish, err);
}
