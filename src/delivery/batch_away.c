/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Batches that are to be tried again and whose members are on disk alone: since memory was short, or
 * the process began anew. Each of their lanes knows which batch it waits for and how many of its first
 * rows are members. When the batch is due all of its lanes want just these; the loads of lanes, which
 * keep their order, bring them (backlog.h).
 *
 * How many there are to be is told by the batch's id; where fewer are found when all has been scanned,
 * the others have ended.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "delivery/batch.h"
#include "delivery/batching.h"
#include "delivery/delivery.h"
#include "delivery/machine.h"

static struct slice id_of(const struct batch *b)
{
    return slice_str(b->id);
}

/* ---- its lanes ---- */

static void add_lane(struct batch *b, struct lane *lane)
{
    lane->batch = b;
    lane->n_of_batch = 0;
    list_add_tail(&b->lanes_out, &lane->of_batch);
}

static void count_member(struct lane *lane)
{
    lane->n_of_batch++;
    lane->batch->n_known++;
}

void batch_lane_forget(struct lane *lane)
{
    list_remove(&lane->of_batch);
    lane->batch = NULL;
    lane->n_of_batch = 0;
}

bool batch_lane_passed(struct lanes *lanes, struct lane *lane)
{
    struct batch *b = lane->batch;
    if (!b)
        return true;
    if (--lane->n_of_batch > 0)
        return false;
    batch_lane_forget(lane);
    if (list_is_empty(&b->lanes_out) && b->phase == BATCH_AWAY) {
        map_remove(&b->target->batching.away, &b->node);
        batch_discard(lanes, b);
    }
    return true;
}

/* ---- out of memory ---- */

static void go_away(struct lanes *lanes, struct batch *b)
{
    struct target *t = b->target;
    b->phase = BATCH_AWAY;
    b->node.key = id_of(b);
    map_insert(&t->batching.away, &b->node);
    if (!heap_has(&b->due))
        heap_insert(&lanes->batches, &b->due, b->due_at);
}

bool batch_leave(struct lanes *lanes, struct batch *b)
{
    bool is_known = map_find(&b->target->batching.away, id_of(b)) != NULL;
    for (size_t i = 0; i < b->n; i++) {
        const struct lane *lane = b->members[i]->lane;
        if (is_known || lane->batch || !backlog_can_leave(lane))
            return false;
    }
    for (size_t i = 0; i < b->n; i++) {
        struct lane *lane = b->members[i]->lane;
        if (lane->batch != b)
            add_lane(b, lane);
        count_member(lane);
        b->members[i]->batch = NULL;
    }
    b->n = 0;
    b->n_known = SIZE_MAX;
    list_remove(&b->link);
    go_away(lanes, b);
    list_each (it, &b->lanes_out)
        backlog_leave(lanes, list_entry(it, struct lane, of_batch));
    return true;
}

/* ---- found on disk ---- */

static struct batch *find_away(const struct target *t, struct slice id)
{
    struct map_node *node = map_find(&t->batching.away, id);
    return node ? container_of(node, struct batch, node) : NULL;
}

static struct batch *make_away(struct lanes *lanes, struct target *t, struct slice id,
                               int64_t due_at)
{
    struct batch *b = batch_new(t, 0);
    memcpy(b->id, id.data, id.len);
    b->due_at = due_at;
    go_away(lanes, b);
    return b;
}

bool batch_mark(struct lanes *lanes, struct lane *lane, const struct lane_place *place,
                int64_t due_at)
{
    struct target *t = lane->target;
    if (!target_takes_batches(t) || place->batch.len == 0 || place->batch.len >= BATCH_ID_SIZE)
        return false;
    struct batch *b = find_away(t, place->batch);
    if (!b)
        b = make_away(lanes, t, place->batch, due_at);
    add_lane(b, lane);
    count_member(lane);
    return true;
}

void batch_mark_more(struct lane *lane, const struct lane_place *place)
{
    const struct batch *b = lane->batch;
    if (b && b->phase == BATCH_AWAY && lane->n_loaded == 0 &&
        slice_is_equal(place->batch, id_of(b)))
        count_member(lane);
}

/* ---- back ---- */

/* All of its members that there are have been found. */
static bool is_known(const struct lanes *lanes, const struct batch *b)
{
    const struct target *t = b->target;
    return b->n_known >= strtoul(b->id, NULL, 10) || t->backlog.cursor >= t->backlog.through ||
           t->n_lanes >= lanes->limits.lanes;
}

/* Its members are in memory. */
static void come_home(struct lanes *lanes, struct batch *b)
{
    b->target->batching.loading = NULL;
    b->n_known = 0;
    b->phase = BATCH_SETTLING;
    b->n_unsettled++;
    batch_settled(lanes, b);
}

void batch_fetch(struct lanes *lanes, struct batch *b)
{
    struct batching *of = &b->target->batching;
    list_remove(&b->link);
    heap_remove(&lanes->batches, &b->due);
    map_remove(&of->away, &b->node);
    b->phase = BATCH_LOADING;
    of->loading = b;
    list_each (it, &b->lanes_out) {
        struct lane *lane = list_entry(it, struct lane, of_batch);
        backlog_want(lanes, lane, lane->n_of_batch);
    }
}

bool batch_fetch_due(struct lanes *lanes, struct target *t)
{
    const struct batching *of = &t->batching;
    if (of->loading)
        return false;
    list_each (it, &of->wanted) {
        struct batch *b = list_entry(it, struct batch, link);
        if (!is_known(lanes, b))
            continue;
        batch_fetch(lanes, b);
        return true;
    }
    return false;
}

void batch_take_back_in(struct delivery *d, struct lane *lane, struct slice batch)
{
    if (lane->batch && slice_is_equal(batch, id_of(lane->batch)))
        batch_join(lane->batch, d);
}

void batch_lane_read(struct lanes *lanes, struct lane *lane, bool has_more)
{
    struct batch *b = lane->batch;
    if (!b || b->phase != BATCH_LOADING || (has_more && lane->n_loaded < lane->n_of_batch))
        return;
    batch_lane_forget(lane);
    if (list_is_empty(&b->lanes_out))
        come_home(lanes, b);
}

void batch_disband_away(struct lanes *lanes, struct batch *b)
{
    struct batching *of = &b->target->batching;
    if (b->phase == BATCH_AWAY)
        map_remove(&of->away, &b->node);
    else
        of->loading = NULL;
    while (!list_is_empty(&b->lanes_out)) {
        struct lane *lane = list_first(&b->lanes_out, struct lane, of_batch);
        batch_lane_forget(lane);
        backlog_release(lanes, lane, b->due_at);
    }
}
