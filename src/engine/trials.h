/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Trials: scripts run dry over events beside the engine, on a thread and in machines of their own, so
 * that nothing that they do holds the loop up or touches what is live. One at a time, others wait.
 *
 *     struct trials *t = trials_new(loop);
 *     if (trials_start(t, &wish, on_tried, self, &err) < 0) …
 *     trials_free(t);
 */
#ifndef LIAISON_ENGINE_TRIALS_H
#define LIAISON_ENGINE_TRIALS_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/slice.h"
#include "dryrun/dry_machine.h"
#include "loop/loop.h"

struct trials;
struct engine_finding;

/* All is copied. */
struct trial_wish {
    struct dry_scripts scripts;
    const struct dry_scripts *before; /* compares with these; NULL: nothing is compared */
    struct slice events;              /* a JSON array of such as dryrun/given.h takes */
    struct slice
        delivery;   /* JSON, as there: this alone is attempted, of the one event; absent: all that
                              handlers send */
    int64_t now_ms; /* the receipt of those that aren't recorded */
};

/* What came of it; borrowed. */
struct trial_end {
    /* ERR_NONE; ERR_SCRIPT, the scripts can't be loaded; ERR_INVALID, one of the events is none;
       ERR_NOT_FOUND, there is no such connector;
       ERR_TIMEOUT or ERR_FULL, it was too much; ERR_CANCELLED, the trials are freed, and nobody waits
       for an answer any more. */
    struct err err;
    /* Without an error: an array of results as dryrun_add_json writes them, or, where something was
       compared, what compare_add_json says. */
    struct slice json;
    const struct engine_finding *findings; /* of ERR_SCRIPT */
    size_t n_findings;
};
/* Once, on the loop. */
typedef void (*trial_fn)(void *ctx, const struct trial_end *end);

struct trials *trials_new(struct loop *loop);
/* Waits for the one under way, for some seconds at most. Accepts NULL. */
void trials_free(struct trials *t);
/* -1 with ERR_FULL, and no `done`, when too many wait. */
int trials_start(struct trials *t, const struct trial_wish *wish, trial_fn done, void *ctx,
                 struct err *err) must_check;

#endif
