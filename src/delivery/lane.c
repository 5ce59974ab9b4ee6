/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * A lane's key is borrowed from its head, and from the next one when that leaves: equal bytes, so
 * that the map doesn't notice, and no lane has to copy them.
 */
#include "delivery/lane.h"

#include <stdlib.h>

#include "base/buf.h"

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

static struct lane *lane_new(struct lane_pool *pool, struct map *by_key, struct slice key)
{
    struct lane *lane = pool->n_spare > 0 ? take_spare(pool) : mem_alloc(sizeof(*lane));
    list_init(&lane->ready);
    list_init(&lane->deliveries);
    lane->by_key = by_key;
    if (by_key) {
        lane->node.key = key;
        map_insert(by_key, &lane->node);
    }
    return lane;
}

static void lane_free(struct lane_pool *pool, struct lane *lane)
{
    if (lane->by_key)
        map_remove(lane->by_key, &lane->node);
    list_remove(&lane->ready);
    list_remove(&lane->link);
    if (pool->n_spare < SPARE_MAX) {
        list_add_head(&pool->spare, &lane->link);
        pool->n_spare++;
    } else {
        free(lane);
    }
}

void lane_add(struct lane_pool *pool, struct map *by_key, struct list *all, struct delivery *d)
{
    struct slice key = slice_str(d->key);
    struct map_node *node = by_key ? map_find(by_key, key) : NULL;
    if (node) {
        d->lane = container_of(node, struct lane, node);
    } else {
        d->lane = lane_new(pool, by_key, key);
        list_add_tail(all, &d->lane->link);
    }
    list_add_tail(&d->lane->deliveries, &d->in_lane);
}

struct delivery *lane_remove(struct lane_pool *pool, struct delivery *d)
{
    struct lane *lane = d->lane;
    bool was_head = lane_has_head(lane, d);
    list_remove(&d->in_lane);
    d->lane = NULL;
    if (list_is_empty(&lane->deliveries)) {
        lane_free(pool, lane);
        return NULL;
    }
    if (!was_head)
        return NULL;
    struct delivery *head = lane_head(lane);
    if (lane->by_key)
        lane->node.key.data = head->key;
    return head;
}
