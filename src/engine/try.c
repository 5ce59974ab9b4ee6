/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What the scripts that are live would do with events: a trial of what they were loaded from.
 */
#include <stdlib.h>

#include "base/buf.h"
#include "base/json.h"
#include "engine/parts.h"

/* The module of a script that a caller gives: its handlers are called try/TYPE#n. */
#define SOURCE_MODULE "try"

struct asked {
    struct engine *engine;
    trial_fn done;
    void *ctx;
};

struct trial_end try_mask(const struct engine *e, const struct trial_end *end, struct buf *masked)
{
    struct trial_end shown = *end;
    buf_add_slice(masked, end->json);
    mask_apply(e->mask, masked, 0);
    shown.json = buf_slice(masked);
    if (end->err.code == ERR_NONE && json_check(shown.json, NULL) < 0)
        err_set(&shown.err, ERR_INVALID, "the result can't be shown: there is a secret in it");
    return shown;
}

static void on_tried(void *ctx, const struct trial_end *end)
{
    struct asked *asked = ctx;
    struct buf masked = {0};
    const struct trial_end shown = try_mask(asked->engine, end, &masked);
    asked->done(asked->ctx, &shown);
    buf_deinit(&masked);
    free(asked);
}

int engine_try(struct engine *e, const struct engine_trial *wish, trial_fn done, void *ctx,
               struct err *err)
{
    struct sources *live = script_sources(e->machine);
    struct sources *sources =
        wish->source.data ? sources_with_script(live, SLICE_LIT(SOURCE_MODULE), wish->source)
                          : sources_ref(live);
    const struct trial_wish trial = {
        .scripts =
            {
                .sources = sources,
                .module_dir = e->module_dir,
                .settings = buf_slice(&e->config->settings),
                .handler_time_ms = e->config->handler_time_ms,
                .memory_max = e->config->memory_max,
            },
        .events = wish->events,
        .delivery = wish->delivery,
        .now_ms = clock_wall_ms(&e->clock),
    };
    struct asked *asked = mem_alloc(sizeof(*asked));
    *asked = (struct asked){e, done, ctx};
    if (!e->trials)
        e->trials = trials_new(e->loop);
    int rc = trials_start(e->trials, &trial, on_tried, asked, err);
    if (rc < 0)
        free(asked);
    sources_unref(sources);
    return rc;
}
