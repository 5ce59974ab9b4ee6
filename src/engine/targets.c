/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The scripts' handlers and connectors as delivery/ knows them.
 */
#include <stdlib.h>

#include "base/buf.h"
#include "engine/parts.h"

static struct retry_policy retry_policy_of(const struct script_connector *c)
{
    static const enum growth growths[] = {
        [SCRIPT_GROWTH_CONSTANT] = GROWTH_CONSTANT,
        [SCRIPT_GROWTH_LINEAR] = GROWTH_LINEAR,
        [SCRIPT_GROWTH_EXPONENTIAL] = GROWTH_EXPONENTIAL,
    };
    return (struct retry_policy){
        .attempts = c->attempts,
        .base_ms = c->base_ms,
        .growth = growths[c->growth],
        .factor = c->factor,
        .cap_ms = c->cap_ms,
        .jitter = c->jitter,
        .age_ms = c->age_ms,
    };
}

static void set_connector(struct engine *e, const struct script_connector *c)
{
    const struct target_policy policy = {
        .retry = retry_policy_of(c),
        .batch = {.size = c->batch_size,
                  .bytes = (size_t)c->batch_bytes,
                  .wait_ms = c->batch_wait_ms},
        .is_ordered = c->is_ordered,
        .parks = c->parks,
        .coalesces = c->coalesces,
        .concurrency = c->concurrency,
        .breaker = {.failures = c->breaker_failures, .open_ms = c->breaker_open_ms},
        .rate = {.n = c->rate_n, .ms = c->rate_ms},
    };
    target_set_owner(lanes_set_target(e->lanes, c->name, false, &policy), (void *)c);
}

static void set_connectors(struct engine *e)
{
    for (size_t i = 0; i < script_connector_count(e->machine); i++)
        set_connector(e, script_connector_at(e->machine, i));
    set_connector(e, script_dead_letters(e->machine));
}

/* A handler that asks to be tried again is, by the policy a connector has by default. */
static void set_handlers(struct engine *e)
{
    const struct target_policy policy = {
        .retry = {.base_ms = 200,
                  .growth = GROWTH_EXPONENTIAL,
                  .factor = 2,
                  .cap_ms = INT64_C(5) * 60 * 1000,
                  .jitter = true,
                  .age_ms = INT64_C(72) * 3600 * 1000},
        .is_ordered = true,
        .concurrency = (unsigned)e->config->in_flight,
    };
    size_t n = script_handler_count(e->machine);
    free(e->handlers);
    e->handlers = mem_calloc(n + 1, sizeof(struct target *));
    for (size_t i = 0; i < n; i++) {
        e->handlers[i] =
            lanes_set_target(e->lanes, script_handler_at(e->machine, i)->name, true, &policy);
        target_set_owner(e->handlers[i], &e->handlers[i]);
    }
}

static void disown(void *ctx, struct target *t)
{
    (void)ctx;
    target_set_owner(t, NULL);
}

static void set_gone(void *ctx, struct target *t)
{
    struct engine *e = ctx;
    if (!target_owner(t))
        lanes_set_target(e->lanes, slice_str(target_name(t)), target_is_handler(t), NULL);
}

void targets_set(struct engine *e)
{
    lanes_each_target(e->lanes, disown, NULL);
    set_connectors(e);
    set_handlers(e);
    lanes_each_target(e->lanes, set_gone, e);
}

bool targets_has_nothing(const struct target *t, const struct target_status *status)
{
    return !target_owner(t) && !status->waiting && !status->in_flight && !status->parked &&
           !status->is_behind && !status->is_held;
}

struct slice targets_file(const struct engine *e, const struct target *t)
{
    void *owner = target_owner(t);
    if (!owner || owner == script_dead_letters(e->machine))
        return SLICE_NULL;
    if (!target_is_handler(t))
        return ((const struct script_connector *)owner)->file;
    struct target **place = owner;
    return script_handler_at(e->machine, (size_t)(place - e->handlers))->file;
}
