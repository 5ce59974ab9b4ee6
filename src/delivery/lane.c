/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * A lane's key is borrowed from its head, and from the next one when that leaves: equal bytes, so
 * that the map doesn't notice, and no lane has to copy them while it has deliveries.
 */
#include "delivery/lane.h"

#include <stdlib.h>

#include "base/buf.h"
#include "delivery/delivery.h"
#include "delivery/target.h"

#define SPARE_MAX 4096

void lane_pool_init(struct lane_pool *pool)
{
    list_init(&pool->spare);
    pool->n_spare = 0;
}

static struct lane *take_spare(struct lane_pool *pool)
{
    struct lane *lane = list_first(&pool->spare, struct lane, link);
    list_remove(&lane->link);
    pool->n_spare--;
    return lane;
}

void lane_pool_deinit(struct lane_pool *pool)
{
    list_each (it, &pool->spare)
        free(list_entry(it, struct lane, link));
    lane_pool_init(pool);
}

/* ---- its place among its target's ---- */

/* Lanes without a key are found by the position of what they hold. */
static struct slice position_key(const int64_t *position)
{
    return slice_of((const char *)position, sizeof(*position));
}

struct lane *lane_find(const struct target *t, struct slice key, int64_t position)
{
    bool is_keyed = key.data && t->is_keyed;
    struct map_node *node =
        is_keyed ? map_find(&t->keyed, key) : map_find(&t->single, position_key(&position));
    return node ? container_of(node, struct lane, node) : NULL;
}

const struct delivery *target_last_in_order(const struct target *t, struct slice key)
{
    bool is_in_order = t->policy.is_ordered && !target_takes_batches(t) && !t->took_batches;
    if (!is_in_order || !key.data || !t->is_keyed)
        return NULL;
    const struct lane *lane = lane_find(t, key, 0);
    if (!lane || list_is_empty(&lane->deliveries))
        return NULL;
    return list_entry(lane->deliveries.prev, struct delivery, in_lane);
}

static void enter_map(struct lane *lane, struct map *home, struct slice key)
{
    lane->home = home;
    lane->node.key = key;
    map_insert(home, &lane->node);
}

static struct lane *lane_new(struct lane_pool *pool, struct target *t, bool is_keyed)
{
    struct lane *lane = pool->n_spare > 0 ? take_spare(pool) : mem_alloc(sizeof(*lane));
    *lane = (struct lane){.target = t,
                          .ask = 1,
                          .is_keyed = is_keyed,
                          .head_due_at = NEVER,
                          .pause_seen_ms = -1,
                          .shelved_at = -1};
    list_init(&lane->ready);
    list_init(&lane->deliveries);
    list_init(&lane->marked);
    list_init(&lane->of_batch);
    list_add_tail(&t->lanes, &lane->link);
    t->n_lanes++;
    return lane;
}

struct lane *lane_mark(struct lane_pool *pool, struct target *t, struct slice key, int64_t position)
{
    struct lane *lane = lane_new(pool, t, key.data && t->is_keyed);
    lane->through = position - 1;
    lane->single = position;
    if (lane->is_keyed) {
        lane->own_key = slice_dup(key);
        enter_map(lane, &t->keyed, slice_of(lane->own_key, key.len));
    } else {
        lane_keep_key(lane);
    }
    return lane;
}

void lane_keep_key(struct lane *lane)
{
    if (lane->is_keyed && !lane->own_key) {
        lane->own_key = slice_dup(lane->node.key);
        lane->node.key.data = lane->own_key;
    } else if (!lane->is_keyed && !lane->home) {
        enter_map(lane, &lane->target->single, position_key(&lane->single));
    }
}

void lane_free(struct lane_pool *pool, struct lane *lane)
{
    if (lane->home)
        map_remove(lane->home, &lane->node);
    list_remove(&lane->ready);
    list_remove(&lane->marked);
    list_remove(&lane->of_batch);
    list_remove(&lane->link);
    lane->target->n_lanes--;
    free(lane->own_key);
    if (pool->n_spare < SPARE_MAX) {
        list_add_head(&pool->spare, &lane->link);
        pool->n_spare++;
    } else {
        free(lane);
    }
}

/* Something stands on disk for it, or is expected to. */
static bool is_mark(const struct lane *lane)
{
    return lane->more != MORE_NONE || lane->woken;
}

bool lane_free_idle(struct lane_pool *pool, struct lane *lane)
{
    if (lane->n_loaded > 0 || is_mark(lane))
        return false;
    lane_free(pool, lane);
    return true;
}

/* ---- what is in it ---- */

void lane_append(struct lane *lane, struct delivery *d)
{
    d->lane = lane;
    list_add_tail(&lane->deliveries, &d->in_lane);
    lane->through = d->position;
    lane->n_loaded++;
}

void lane_insert(struct lane *lane, struct delivery *d, struct list *at)
{
    d->lane = lane;
    list_add_tail(at, &d->in_lane);
    lane->n_loaded++;
    if (lane->through < d->position)
        lane->through = d->position;
}

/* The lane of d's key, or a new one. */
static struct lane *keyed_lane(struct lane_pool *pool, const struct delivery *d)
{
    struct map *home = &d->target->keyed;
    struct slice key = slice_str(d->key);
    uint64_t hash;
    struct map_node *node = map_seek(home, key, &hash);
    if (node)
        return container_of(node, struct lane, node);
    struct lane *lane = lane_new(pool, d->target, true);
    lane->single = d->position;
    lane->home = home;
    lane->node.key = key;
    map_insert_sought(home, &lane->node, hash);
    return lane;
}

static struct lane *single_lane(struct lane_pool *pool, const struct delivery *d)
{
    struct target *t = d->target;
    struct lane *lane = lane_new(pool, t, false);
    lane->single = d->position;
    if (t->is_handler) /* a run may be woken by its position */
        enter_map(lane, &t->single, position_key(&lane->single));
    return lane;
}

void lane_add(struct lane_pool *pool, struct delivery *d)
{
    bool is_keyed = d->key && d->target->is_keyed;
    lane_append(is_keyed ? keyed_lane(pool, d) : single_lane(pool, d), d);
}

void lane_remove(struct delivery *d)
{
    struct lane *lane = d->lane;
    list_remove(&d->in_lane);
    lane->n_loaded--;
    d->lane = NULL;
    if (lane->n_loaded == 0 && is_mark(lane))
        lane_keep_key(lane);
    else if (lane->n_loaded > 0 && lane->is_keyed && !lane->own_key)
        lane->node.key.data = lane_head(lane)->key;
}
