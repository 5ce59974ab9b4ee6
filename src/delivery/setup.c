/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What the machine is set up with, its targets, and its own beginning and end.
 */
#include <stdlib.h>

#include "base/buf.h"
#include "delivery/delivery.h"
#include "delivery/machine.h"

/* ---- targets ---- */

static struct map *targets_of(struct lanes *lanes, bool is_handler)
{
    return is_handler ? &lanes->handlers : &lanes->connectors;
}

struct target *lanes_find_target(struct lanes *lanes, struct slice name, bool is_handler)
{
    struct map_node *node = map_find(targets_of(lanes, is_handler), name);
    return node ? container_of(node, struct target, node) : NULL;
}

/* Loaded anew it may do better than before: what was set aside or gone goes on; what refused is
   asked at once whether it still does, by one probe and not by all that waits. */
static void load_target(struct lanes *lanes, struct target *t, const struct target_policy *policy)
{
    bool took_batches = target_takes_batches(t);
    t->policy = *policy;
    gate_set_rate(&t->gate, &policy->rate, machine_now(lanes));
    if (policy->concurrency)
        spacing_forget(&t->gate.spacing);
    if (target_takes_batches(t))
        list_splice_tail(&t->ready, &t->retries);
    batch_policy_changed(lanes, t, took_batches);
    if (!t->backlog.is_behind)
        t->is_keyed = policy->is_ordered;
    bool has_lost_breaker = t->pause.why == PAUSE_BREAKER && policy->breaker.failures == 0;
    if (pause_is_probed(&t->pause) && !has_lost_breaker)
        machine_probe_now(lanes, t);
    else
        machine_unpause(lanes, t);
    barred_set_policy(lanes, t);
    coalesce_look(lanes, t);
}

struct target *lanes_set_target(struct lanes *lanes, struct slice name, bool is_handler,
                                const struct target_policy *policy)
{
    struct target *t = lanes_find_target(lanes, name, is_handler);
    if (!t) {
        t = target_new(name, is_handler, machine_now(lanes));
        t->last_position = is_handler ? 0 : lanes->first_position;
        map_insert(targets_of(lanes, is_handler), &t->node);
    }
    if (policy)
        load_target(lanes, t, policy);
    else
        machine_pause(lanes, t, PAUSE_GONE,
                      is_handler ? "no script registers this handler any more"
                                 : "there is no connector of this name any more");
    machine_offer(lanes, t);
    return t;
}

static void begin_at(void *ctx, struct map_node *node)
{
    const struct lanes *lanes = ctx;
    struct target *t = container_of(node, struct target, node);
    if (t->last_position < lanes->first_position)
        t->last_position = lanes->first_position;
}

void lanes_begin_at(struct lanes *lanes, int64_t position)
{
    lanes->first_position = position;
    map_each(&lanes->connectors, begin_at, lanes);
}

void lanes_set_in_flight(struct lanes *lanes, size_t in_flight)
{
    lanes->limits.in_flight = in_flight;
}

static enum breaker_state breaker_state_of(const struct pause *p, bool is_spared)
{
    if (p->why != PAUSE_BREAKER)
        return BREAKER_CLOSED;
    return p->probe || (p->is_probe_due && !is_spared) ? BREAKER_HALF_OPEN : BREAKER_OPEN;
}

static int64_t ms_until(const struct heap_node *node, int64_t now)
{
    return heap_has(node) && node->rank > now ? node->rank - now : 0;
}

/* The other side's wish holds for probes, too. */
static int64_t probe_in_ms(const struct pause *p, int64_t spared_ms, int64_t now)
{
    int64_t ms = ms_until(&p->probe_at, now);
    return pause_is_probed(p) && !p->probe && spared_ms > ms ? spared_ms : ms;
}

void target_status(const struct target *t, const struct lanes *lanes, struct target_status *out)
{
    int64_t now = machine_now(lanes), spared_ms = gate_spared_ms(&t->gate, now);
    size_t unended = t->n_inside + (t->backlog.n_away > 0 ? (size_t)t->backlog.n_away : 0);
    *out = (struct target_status){
        .pause = t->pause.why,
        .reason = t->pause.reason,
        .breaker = breaker_state_of(&t->pause, spared_ms > 0),
        .probe_in_ms = probe_in_ms(&t->pause, spared_ms, now),
        .paused_ms = target_is_paused(t) ? now - t->pause.since : 0,
        .is_held = t->pause.is_held,
        .held_ms = t->pause.is_held ? now - t->pause.held_at : 0,
        .unended = unended,
        .waiting = unended - t->n_attempted - t->n_parked,
        .is_behind = t->backlog.is_behind,
        .in_flight = t->n_in_flight,
        .parked = t->n_parked,
        .concurrency = target_concurrency(t),
        .spaced_ms = spacing_ms(&t->gate.spacing),
        .opens_in_ms = ms_until(&t->gate_opens, now),
        .spared_ms = spared_ms,
        .spared_since_ms = spared_ms > 0 ? now - t->gate.spared_since : 0,
        .barriers = t->barriers.n,
        .barred_keys = t->barriers.keys.len,
        .barred_ms = t->barriers.since_ms,
        .is_overbarred = !t->barriers.is_known && !t->barriers.is_asked && t->barriers.n > 0,
    };
}

struct target_walk {
    target_visit_fn fn;
    void *ctx;
};

static void visit_target(void *ctx, struct map_node *node)
{
    const struct target_walk *walk = ctx;
    walk->fn(walk->ctx, container_of(node, struct target, node));
}

void lanes_each_target(struct lanes *lanes, target_visit_fn fn, void *ctx)
{
    struct target_walk walk = {fn, ctx};
    map_each(&lanes->connectors, visit_target, &walk);
    map_each(&lanes->handlers, visit_target, &walk);
}

struct delivery_walk {
    delivery_visit_fn fn;
    void *ctx;
    size_t n_left; /* lanes; 0: it is over */
};

static void visit_deliveries(void *ctx, struct target *t)
{
    struct delivery_walk *walk = ctx;
    for (struct list *it = t->lanes.next; it != &t->lanes && walk->n_left > 0; it = it->next) {
        walk->n_left--;
        struct list *deliveries = &list_entry(it, struct lane, link)->deliveries;
        list_each (at, deliveries) {
            if (!walk->fn(walk->ctx, list_entry(at, struct delivery, in_lane))) {
                walk->n_left = 0;
                break;
            }
        }
    }
}

void lanes_each_delivery(struct lanes *lanes, size_t lanes_max, delivery_visit_fn fn, void *ctx)
{
    struct delivery_walk walk = {fn, ctx, lanes_max};
    lanes_each_target(lanes, visit_deliveries, &walk);
}

struct delivery_row lanes_describe(const struct lanes *lanes, const struct delivery *d)
{
    struct delivery_row row = delivery_describe(d, moment_now(&lanes->clock));
    row.state = DELIVERY_WAITING;
    row.cause = SLICE_NULL;
    row.ended_ms = 0;
    return row;
}

/* ---- its life ---- */

struct lanes_limits lanes_limits_default(size_t in_flight)
{
    return (struct lanes_limits){
        .in_flight = in_flight, .loaded = 1000, .bytes = 8 << 20, .lanes = 100000};
}

struct lanes *lanes_new(const struct lanes_ports *ports, struct clock clock, uint64_t seed,
                        const struct lanes_limits *limits)
{
    struct lanes *lanes = mem_calloc(1, sizeof(*lanes));
    lanes->ports = *ports;
    lanes->clock = clock;
    lanes->limits = *limits;
    rng_init(&lanes->rng, seed);
    lane_pool_init(&lanes->pool);
    map_init(&lanes->connectors);
    map_init(&lanes->handlers);
    list_init(&lanes->serving);
    list_init(&lanes->errands);
    list_init(&lanes->reading);
    list_init(&lanes->full);
    list_init(&lanes->asking);
    list_init(&lanes->unknown);
    list_init(&lanes->returning);
    return lanes;
}

/* The lane first: its key may be that of one of its deliveries. */
static void let_go(struct lanes *lanes, struct lane *lane)
{
    struct list deliveries;
    list_init(&deliveries);
    list_splice_tail(&deliveries, &lane->deliveries);
    lane_free(&lanes->pool, lane);
    list_each (it, &deliveries) {
        struct delivery *d = list_entry(it, struct delivery, in_lane);
        list_remove(&d->errand);
        machine_tell_end(lanes, d, DELIVERY_NEW);
    }
}

static void free_target(void *ctx, struct map_node *node)
{
    struct lanes *lanes = ctx;
    struct target *t = container_of(node, struct target, node);
    batching_deinit(&t->batching);
    batching_init(&t->batching); /* as what is in them goes */
    while (!list_is_empty(&t->lanes))
        let_go(lanes, list_first(&t->lanes, struct lane, link));
    expiry_let_go(lanes, t);
    target_free(t);
}

void lanes_free(struct lanes *lanes)
{
    if (!lanes)
        return;
    map_each(&lanes->connectors, free_target, lanes);
    map_each(&lanes->handlers, free_target, lanes);
    list_each (it, &lanes->returning)
        machine_tell_end(lanes, list_entry(it, struct delivery, in_lane), DELIVERY_NEW);
    list_each (it, &lanes->errands) /* those that are left have ended: they are in no lane */
        machine_tell_end(lanes, list_entry(it, struct delivery, errand), DELIVERY_NEW);
    lane_pool_deinit(&lanes->pool);
    map_deinit(&lanes->connectors);
    map_deinit(&lanes->handlers);
    heap_deinit(&lanes->due);
    heap_deinit(&lanes->expiries);
    heap_deinit(&lanes->probes);
    heap_deinit(&lanes->gates);
    heap_deinit(&lanes->parked);
    heap_deinit(&lanes->sweeps);
    heap_deinit(&lanes->waits);
    heap_deinit(&lanes->batches);
    free(lanes);
}
