/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "agenda.h"

#include "base/attr.h"

void agenda_put(struct agenda *a, struct agenda_item *item, int64_t after_us)
{
    agenda_remove(a, item);
    heap_insert(&a->items, &item->node, a->now_us + (after_us > 0 ? after_us : 0));
}

void agenda_remove(struct agenda *a, struct agenda_item *item)
{
    heap_remove(&a->items, &item->node);
}

int64_t agenda_next_us(const struct agenda *a)
{
    const struct heap_node *first = heap_min(&a->items);
    return first ? first->rank : INT64_MAX;
}

bool agenda_step(struct agenda *a)
{
    struct heap_node *first = heap_min(&a->items);
    if (!first)
        return false;
    struct agenda_item *item = container_of(first, struct agenda_item, node);
    heap_remove(&a->items, first);
    if (first->rank > a->now_us)
        a->now_us = first->rank;
    a->n_seen += !item->is_aside;
    item->fn(item->ctx);
    return true;
}

void agenda_deinit(struct agenda *a)
{
    heap_deinit(&a->items);
}

static int64_t wall_ms(void *ctx)
{
    const struct agenda *a = ctx;
    return (a->now_us + a->wall_us) / US_PER_MS;
}

static int64_t mono_us(void *ctx)
{
    const struct agenda *a = ctx;
    return a->now_us;
}

struct clock agenda_clock(struct agenda *a)
{
    return (struct clock){.wall_ms = wall_ms, .mono_us = mono_us, .ctx = a};
}
