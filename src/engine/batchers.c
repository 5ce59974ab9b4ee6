/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Connectors that take batches, or did in a process before this one, whatever their policy is by now: of
 * what waited for these at a crash each may have been under way.
 */
#include "engine/parts.h"

static bool took(void *ctx, struct slice connector)
{
    struct engine *e = ctx;
    struct target *target = lanes_find_target(e->lanes, connector, false);
    if (!target)
        target = lanes_set_target(e->lanes, connector, false, NULL);
    target_set_took_batches(target);
    return true;
}

void batchers_note(struct engine *e)
{
    for (size_t i = 0; i < script_connector_count(e->machine); i++) {
        const struct script_connector *c = script_connector_at(e->machine, i);
        struct target *target = lanes_find_target(e->lanes, c->name, false);
        if (c->batch_size == 0 || target_took_batches(target))
            continue;
        target_set_took_batches(target);
        journal_note_batches(e->journal, c->name);
    }
}

int batchers_start(struct engine *e, struct journal_reader *reader, struct err *err)
{
    if (journal_batchers(reader, took, e, err) < 0)
        return -1;
    batchers_note(e);
    return 0;
}
