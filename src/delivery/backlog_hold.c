/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Whether whoever brings more should wait for a target that is full, before that falls behind.
 */
#include "delivery/backlog.h"

#include "delivery/delivery.h"
#include "delivery/machine.h"
#include "delivery/room.h"

/* For so long a full target may hold up what comes, before it falls behind: in any case where it
   works, and where others would go hungry. */
#define HOLD_MS 1000
#define HOLD_HUNGRY_MS 200
/* One that had a success so long ago works. */
#define LIVE_MS 1000

void backlog_served(struct target *t, int64_t now)
{
    t->backlog.served_at = now;
}

struct hunger {
    const struct lanes *lanes;
    const struct target *than; /* others than this one … */
    int64_t now;
    bool was_found; /* … that would be served if there were something */
};

static bool is_live(const struct target *t, int64_t now)
{
    return t->backlog.served_at != INT64_MIN && now - t->backlog.served_at < LIVE_MS;
}

static void look_for_hunger(void *ctx, struct map_node *node)
{
    struct hunger *hunger = ctx;
    const struct target *t = container_of(node, struct target, node);
    if (t != hunger->than && !t->backlog.is_behind && is_live(t, hunger->now) &&
        room_is_hungry(hunger->lanes, t))
        hunger->was_found = true;
}

static bool would_others_starve(struct lanes *lanes, const struct target *t, int64_t now)
{
    struct hunger hunger = {.lanes = lanes, .than = t, .now = now};
    map_each(t->is_handler ? &lanes->handlers : &lanes->connectors, look_for_hunger, &hunger);
    return hunger.was_found;
}

static bool is_worth_waiting_for(struct lanes *lanes, const struct target *t, int64_t now)
{
    int64_t full_ms = now - t->backlog.full_at;
    if (full_ms < HOLD_HUNGRY_MS && is_live(t, now))
        return true;
    return full_ms < HOLD_MS && !would_others_starve(lanes, t, now);
}

static bool holds(struct lanes *lanes, bool is_handler)
{
    if (list_is_empty(&lanes->full))
        return false; /* as nearly always: without a look at the clock */
    int64_t now = machine_now(lanes);
    list_each (it, &lanes->full) {
        const struct target *t = list_entry(it, struct target, backlog.full);
        if (t->is_handler == is_handler && is_worth_waiting_for(lanes, t, now))
            return true;
    }
    return false;
}

bool backlog_holds_runs(struct lanes *lanes)
{
    return barred_are_asked(lanes) || holds(lanes, false);
}

/* A handler isn't to blame for what it was kept from. */
static void excuse_handlers(struct lanes *lanes)
{
    int64_t now = machine_now(lanes);
    list_each (it, &lanes->full) {
        struct target *t = list_entry(it, struct target, backlog.full);
        if (t->is_handler)
            t->backlog.full_at = now;
    }
}

bool lanes_should_hold(struct lanes *lanes)
{
    if (!backlog_holds_runs(lanes))
        return holds(lanes, true);
    excuse_handlers(lanes);
    return true;
}

int64_t backlog_held_until(const struct lanes *lanes)
{
    int64_t now = machine_now(lanes);
    int64_t until = NEVER;
    list_each (it, &lanes->full) {
        int64_t full_at = list_entry(it, struct target, backlog.full)->backlog.full_at;
        int64_t at = full_at + (now < full_at + HOLD_HUNGRY_MS ? HOLD_HUNGRY_MS : HOLD_MS);
        if (at > now && at < until)
            until = at;
    }
    return until;
}
