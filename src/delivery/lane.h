/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * A lane: one target's deliveries of one key in order, or a single one without. It exists while
 * there is a delivery in it; there may be a million, which come and go with each delivery.
 */
#ifndef LIAISON_DELIVERY_LANE_H
#define LIAISON_DELIVERY_LANE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/list.h"
#include "base/map.h"
#include "delivery/lanes.h"

struct lane {
    struct map_node node;   /* in its target's map, while it has a key: its head's own bytes */
    struct map *by_key;     /* that map; NULL for a lane without a key */
    struct list link;       /* among all of its target's; of a spare one, among the pool's */
    struct list ready;      /* in a list of its target's while its head may be attempted */
    struct list deliveries; /* in order; the first is the head */
};

/* Lanes that were freed and may be used again. */
struct lane_pool {
    struct list spare;
    size_t n_spare;
};

void lane_pool_init(struct lane_pool *pool);
void lane_pool_deinit(struct lane_pool *pool);

/* Puts d at the end of the lane of its key in `by_key`, or in one of its own where that is NULL;
   one that is new is added to `all`. */
void lane_add(struct lane_pool *pool, struct map *by_key, struct list *all, struct delivery *d);
/* Takes d out; returns the delivery that thereby became the head, or NULL. An empty lane goes. */
struct delivery *lane_remove(struct lane_pool *pool, struct delivery *d);

static inline struct delivery *lane_head(const struct lane *lane)
{
    return list_first(&lane->deliveries, struct delivery, in_lane);
}

static inline bool lane_has_head(const struct lane *lane, const struct delivery *d)
{
    return lane->deliveries.next == &d->in_lane;
}

#endif
