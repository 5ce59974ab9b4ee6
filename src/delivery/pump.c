/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What starts, and when: what there is to tell, what befalls by time, and the attempts of one
 * target after the other.
 */
#include "base/buf.h"
#include "delivery/delivery.h"
#include "delivery/machine.h"

/* A turn of the loop does no more at once: others have to have theirs. */
#define PUMP_MS 10

/* ---- errands ---- */

void machine_tell_end(struct lanes *lanes, struct delivery *d, enum delivery_state final)
{
    /* d is its owner's to free; what it holds for us stands until the port returns. */
    struct delivery held = {.cause = d->cause, .last_error = d->last_error};
    lanes->ports.ended(lanes->ports.ctx, d, final, d->cause);
    delivery_deinit(&held);
}

void machine_tell_spilled(struct lanes *lanes, struct delivery *d)
{
    struct delivery held = {.cause = d->cause, .last_error = d->last_error};
    lanes->ports.spilled(lanes->ports.ctx, d);
    delivery_deinit(&held);
}

static void tell_kept(struct lanes *lanes, struct delivery *d)
{
    lanes->ports.kept(lanes->ports.ctx, d);
    coalesce_waits(lanes, d);
}

static void run_errand(struct lanes *lanes, struct delivery *d)
{
    if (d->phase == PHASE_ENDED)
        machine_tell_end(lanes, d, d->next);
    else if (d->state == DELIVERY_NEW)
        machine_settle(lanes, d, DELIVERY_WAITING, NULL);
    else if (d->next == DELIVERY_WAITING)
        tell_kept(lanes, d);
}

static void run_errands(struct lanes *lanes)
{
    while (!list_is_empty(&lanes->errands)) {
        struct delivery *d = list_first(&lanes->errands, struct delivery, errand);
        list_remove(&d->errand);
        run_errand(lanes, d);
    }
}

/* ---- time ---- */

/* The first of a heap whose time has come, or NULL. */
static struct heap_node *befallen(const struct heap *heap, int64_t now)
{
    struct heap_node *node = heap_min(heap);
    return node && node->rank <= now ? node : NULL;
}

/* The next thing that befalls by time, if there is one. */
static bool pass_time(struct lanes *lanes, int64_t now)
{
    struct heap_node *node;
    if ((node = befallen(&lanes->expiries, now))) {
        struct delivery *d = container_of(node, struct delivery, expiry);
        batch_expires(d, lanes);
        machine_expire(lanes, d, NULL);
    } else if ((node = befallen(&lanes->due, now))) {
        struct delivery *d = container_of(node, struct delivery, due);
        machine_move(lanes, d, PHASE_QUEUED);
        machine_head_arrived(lanes, d);
    } else if ((node = befallen(&lanes->parked, now))) {
        backlog_lane_due(lanes, container_of(node, struct lane, due));
    } else if ((node = befallen(&lanes->sweeps, now))) {
        expiry_come(lanes, container_of(node, struct target, backlog.expiry.next));
    } else if ((node = befallen(&lanes->probes, now))) {
        struct target *t = container_of(node, struct target, pause.probe_at);
        pause_probe_due(&t->pause, &lanes->probes);
        machine_offer(lanes, t);
    } else if ((node = befallen(&lanes->batches, now))) {
        batch_due(lanes, container_of(node, struct batch, due));
    } else if ((node = befallen(&lanes->waits, now))) {
        batch_wait_over(lanes, container_of(node, struct target, batching.wait));
    } else if ((node = befallen(&lanes->gates, now))) {
        machine_offer(lanes, container_of(node, struct target, gate_opens));
    }
    return node != NULL;
}

/* ---- attempts ---- */

/* The target whose turn it is to start something, or NULL. While nothing can be written, ends of
   attempts pile up: no further than this. */
static struct target *next_served(struct lanes *lanes)
{
    if (lanes->is_stopped || lanes->n_in_flight >= lanes->limits.in_flight ||
        lanes->n_settling >= lanes->limits.in_flight || list_is_empty(&lanes->serving))
        return NULL;
    bool holds_runs = backlog_holds_runs(lanes);
    list_each (it, &lanes->serving) {
        struct target *t = list_entry(it, struct target, serving);
        if (!t->is_handler || !holds_runs)
            return t;
    }
    return NULL;
}

void machine_start(struct lanes *lanes, struct delivery *d, int64_t now)
{
    if (d->lane->woken == d->position)
        d->lane->woken = 0; /* from now on it is about the attempt after this one */
    delivery_start(d, now, pause_total_ms(&d->target->pause, now));
    machine_move(lanes, d, PHASE_ATTEMPTING);
}

/* By a time of its own: a gate may have opened since the turn's step began. */
static bool start_next(struct lanes *lanes)
{
    struct target *t = next_served(lanes);
    if (!t)
        return false;
    int64_t now = machine_now(lanes);
    if (target_takes_batches(t)) {
        batch_start_next(lanes, t, now);
        return true;
    }
    struct delivery *d = target_next(t, now);
    if (coalesce_is_held(lanes, d->lane))
        return true;
    if (target_is_paused(t))
        pause_probe_start(&t->pause, d);
    machine_start(lanes, d, now);
    target_start(t, d->tries > 0, now);
    list_remove(&t->serving); /* to the end of the round */
    machine_offer(lanes, t);
    lanes->ports.attempt(lanes->ports.ctx, d);
    return true;
}

/* ---- a turn ---- */

/* One thing at a time, by time before by readiness: what has expired isn't attempted. */
static bool step(struct lanes *lanes, int64_t now)
{
    run_errands(lanes);
    if (lanes->is_stopped)
        return false;
    if (pass_time(lanes, now))
        return true;
    barred_ask(lanes);
    backlog_read(lanes);
    return start_next(lanes);
}

void lanes_pump(struct lanes *lanes)
{
    if (lanes->is_pumping) /* a port asks for what goes on already */
        return;
    lanes->is_pumping = true;
    int64_t now = machine_now(lanes);
    int64_t until = now + PUMP_MS;
    barred_return_all(lanes);
    while (now < until && step(lanes, now))
        now = machine_now(lanes);
    lanes->is_pumping = false;
}

void lanes_stop(struct lanes *lanes)
{
    lanes->is_stopped = true;
}

int64_t lanes_next_ms(struct lanes *lanes)
{
    const struct heap *const heaps[] = {&lanes->due,     &lanes->expiries, &lanes->probes,
                                        &lanes->parked,  &lanes->sweeps,   &lanes->waits,
                                        &lanes->batches, &lanes->gates};
    bool can_read =
        !lanes->is_stopped && (!list_is_empty(&lanes->reading) || barred_has_to_ask(lanes));
    if (!list_is_empty(&lanes->errands) || next_served(lanes) || can_read)
        return machine_now(lanes);
    int64_t next = lanes->is_stopped ? NEVER : backlog_held_until(lanes);
    for (size_t i = 0; i < ARRAY_LEN(heaps) && !lanes->is_stopped; i++) {
        const struct heap_node *node = heap_min(heaps[i]);
        if (node && node->rank < next)
            next = node->rank;
    }
    return next;
}

size_t lanes_in_flight(const struct lanes *lanes)
{
    return lanes->n_in_flight;
}

size_t lanes_settling(const struct lanes *lanes)
{
    return lanes->n_settling;
}
