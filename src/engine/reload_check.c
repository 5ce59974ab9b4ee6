/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What a reload would change: a trial of the files as they are now beside what is loaded, over events
 * that are on record.
 */
#include <stdlib.h>

#include "base/buf.h"
#include "engine/parts.h"
#include "script/sources.h"

struct comparison {
    struct engine *engine;
    unsigned version; /* of the machine that is compared with */
    struct sources *sources;
    engine_compared_fn done;
    void *ctx;
};

static void on_tried(void *ctx, const struct trial_end *end)
{
    struct comparison *c = ctx;
    struct buf masked = {0};
    struct trial_end shown = try_mask(c->engine, end, &masked);
    /* What is loaded since may be newer than what was read for this. */
    if (shown.err.code == ERR_NONE && c->version != c->engine->version)
        err_set(&shown.err, ERR_INVALID,
                "others were loaded while these were compared: compare once more");
    c->done(c->ctx, c->sources, &shown);
    buf_deinit(&masked);
    sources_unref(c->sources);
    free(c);
}

static struct dry_scripts scripts_of(const struct engine *e, const struct config *config,
                                     struct sources *sources)
{
    return (struct dry_scripts){
        .sources = sources,
        .module_dir = e->module_dir,
        .settings = buf_slice(&config->settings),
        .handler_time_ms = config->handler_time_ms,
        .memory_max = config->memory_max,
    };
}

static int start(struct engine *e, const struct config *next, struct slice events,
                 struct comparison *c, struct err *err)
{
    const struct dry_scripts before = scripts_of(e, e->config, script_sources(e->machine));
    const struct trial_wish wish = {
        .scripts = scripts_of(e, next, c->sources),
        .before = &before,
        .events = events,
        .now_ms = clock_wall_ms(&e->clock),
    };
    if (!e->trials)
        e->trials = trials_new(e->loop);
    return trials_start(e->trials, &wish, on_tried, c, err);
}

int engine_compare(struct engine *e, struct slice events, engine_compared_fn done, void *ctx,
                   struct err *err)
{
    const struct config_source *source = reload_source(e);
    struct config next = {0};
    if (source && config_load(&next, source, e->mask, config_note_problem, err) < 0)
        return -1;
    const struct config *config = source ? &next : e->config;
    struct comparison *c = mem_alloc(sizeof(*c));
    *c = (struct comparison){e, e->version, reload_read_sources(e, config), done, ctx};
    int rc = start(e, config, events, c, err);
    if (rc < 0) {
        sources_unref(c->sources);
        free(c);
    }
    config_deinit(&next);
    return rc;
}
