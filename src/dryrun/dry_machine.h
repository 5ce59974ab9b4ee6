/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * A machine for dry runs alone, with all that it needs: stand-ins for secrets, and a mask that knows
 * them. Belongs to the thread that makes it.
 *
 *     struct dry_machine *m = dry_machine_new(&scripts, on_problem, self);
 *     struct dryrun_result *r = dry_machine_try(m, event);
 *     dryrun_result_free(r);
 *     dry_machine_free(m);
 */
#ifndef LIAISON_DRYRUN_DRY_MACHINE_H
#define LIAISON_DRYRUN_DRY_MACHINE_H

#include <stdint.h>

#include "base/attr.h"
#include "base/slice.h"
#include "dryrun/dryrun.h"
#include "event/event.h"
#include "script/script.h"
#include "script/sources.h"

struct dry_machine;

/* What is tried; as in script_options. */
struct dry_scripts {
    struct sources *sources;
    const char *module_dir; /* may be NULL */
    struct slice settings;  /* a JSON object */
    int64_t handler_time_ms;
    int64_t memory_max;
};

/* NULL when the scripts can't be loaded, which is told. */
struct dry_machine *dry_machine_new(const struct dry_scripts *scripts, script_problem_fn problem,
                                    void *ctx) must_check;
void dry_machine_free(struct dry_machine *dry); /* accepts NULL */
/* As dryrun_event. */
struct dryrun_result *dry_machine_try(struct dry_machine *dry, const struct event *event);
/* As dryrun_attempt. */
struct dryrun_result *dry_machine_attempt(struct dry_machine *dry, const struct event *event,
                                          const struct dryrun_send *wish,
                                          struct err *err) must_check;

#endif
