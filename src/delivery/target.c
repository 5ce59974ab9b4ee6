/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Targets and their lanes: who is there, who has what to do, whose turn it is.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "delivery/parts.h"

static struct map *map_of(struct lanes *lanes, bool is_handler)
{
    return is_handler ? &lanes->handlers : &lanes->connectors;
}

struct target *lanes_find_target(struct lanes *lanes, struct slice name, bool is_handler)
{
    struct map_node *node = map_find(map_of(lanes, is_handler), name);
    return node ? container_of(node, struct target, node) : NULL;
}

static struct target *target_new(struct lanes *lanes, struct slice name, bool is_handler)
{
    struct target *t = mem_calloc(1, sizeof(*t));
    t->owner_lanes = lanes;
    t->name = slice_dup(name);
    t->is_handler = is_handler;
    map_init(&t->keyed);
    list_init(&t->lanes);
    list_init(&t->ready);
    list_init(&t->serving);
    limit_init(&t->limit);
    t->node.key = slice_str(t->name);
    map_insert(map_of(lanes, is_handler), &t->node);
    list_add_tail(&lanes->targets, &t->link);
    return t;
}

struct target *lanes_set_target(struct lanes *lanes, struct slice name, bool is_handler,
                                const struct target_policy *policy)
{
    struct target *t = lanes_find_target(lanes, name, is_handler);
    if (!t)
        t = target_new(lanes, name, is_handler);
    if (policy) {
        t->policy = *policy;
        target_pause_end(t);
    } else {
        target_pause_set(t, PAUSE_GONE,
                         is_handler ? "no such handler is registered any more: what waits for it waits"
                                    : "there is no such connector any more: what waits for it waits");
    }
    target_update_serving(t);
    return t;
}

const char *target_name(const struct target *t)
{
    return t->name;
}

bool target_is_handler(const struct target *t)
{
    return t->is_handler;
}

void target_set_owner(struct target *t, void *owner)
{
    t->owner = owner;
}

void *target_owner(const struct target *t)
{
    return t->owner;
}

unsigned target_concurrency(const struct target *t)
{
    return t->policy.concurrency ? t->policy.concurrency : t->limit.max;
}

void target_status(const struct target *t, const struct lanes *lanes, struct target_status *out)
{
    int64_t now = clock_mono_ms(&lanes->clock);
    *out = (struct target_status){
        .pause = t->pause.why,
        .reason = t->pause.reason,
        .paused_ms = target_is_paused(t) ? now - t->pause.since : 0,
        .waiting = t->n_inside - t->n_in_flight,
        .in_flight = t->n_in_flight,
        .concurrency = target_concurrency(t),
    };
}

void lanes_each_target(struct lanes *lanes, target_visit_fn fn, void *ctx)
{
    list_each(it, &lanes->targets)
        fn(ctx, list_entry(it, struct target, link));
}

void target_update_serving(struct target *t)
{
    bool may = !target_is_paused(t) && !list_is_empty(&t->ready) &&
               t->n_in_flight < target_concurrency(t);
    bool is_served = !list_is_empty(&t->serving);
    if (may && !is_served)
        list_add_tail(&t->owner_lanes->serving, &t->serving);
    else if (!may && is_served)
        list_remove(&t->serving);
}

struct lane *lane_for(struct target *t, const struct delivery *d)
{
    bool has_key = d->key && t->policy.is_ordered;
    struct slice key = has_key ? slice_str(d->key) : SLICE_NULL;
    struct map_node *node = has_key ? map_find(&t->keyed, key) : NULL;
    if (node)
        return container_of(node, struct lane, node);

    struct lane *lane = mem_alloc(sizeof(*lane) + key.len + 1);
    lane->target = t;
    lane->has_key = has_key;
    list_init(&lane->ready);
    list_init(&lane->deliveries);
    list_add_tail(&t->lanes, &lane->all);
    if (has_key) {
        memcpy(lane->key, key.data, key.len);
        lane->node.key = slice_of(lane->key, key.len);
        map_insert(&t->keyed, &lane->node);
    }
    return lane;
}

void lane_free(struct lane *lane)
{
    if (lane->has_key)
        map_remove(&lane->target->keyed, &lane->node);
    list_remove(&lane->ready);
    list_remove(&lane->all);
    free(lane);
}
