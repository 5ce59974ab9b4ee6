/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Connectors paused by people: at once, and in the journal, by which they stay so over restarts.
 */
#include "engine/parts.h"

int engine_set_paused(struct engine *e, struct slice connector, bool is_paused,
                      journal_steer_fn done, void *ctx, struct err *err)
{
    if (engine_check_connector(e, connector, err) < 0)
        return -1;
    struct target *target = lanes_find_target(e->lanes, connector, false);
    if (is_paused)
        lanes_hold_target(e->lanes, target);
    else
        lanes_release_target(e->lanes, target);
    log_info(e->log, is_paused ? "paused by hand" : "goes on by hand",
             LOG_SLICE("connector", connector));
    journal_set_paused(e->journal, connector, is_paused, done, ctx);
    return 0;
}

static bool hold(void *ctx, struct slice connector, int64_t at_ms)
{
    (void)at_ms;
    struct engine *e = ctx;
    struct target *target = lanes_find_target(e->lanes, connector, false);
    if (!target)
        target = lanes_set_target(e->lanes, connector, false, NULL);
    lanes_hold_target(e->lanes, target);
    return true;
}

int pauses_start(struct engine *e, struct journal_reader *reader, struct err *err)
{
    return journal_pauses(reader, hold, e, err);
}
