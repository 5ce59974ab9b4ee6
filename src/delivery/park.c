/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Attempts that wait for something else than an answer: a handler's run, for the end of what it
 * sent. They hold no attempt's place, so that what they wait for can't wait for them.
 */
#include "delivery/delivery.h"
#include "delivery/machine.h"

/* ---- rows before their time ---- */

/* At a start those with a row come first: nothing in the lane may have one behind what has none. */
void lanes_keep(struct lanes *lanes, struct delivery *d)
{
    if (!d->lane)
        return;
    list_each (it, &d->lane->deliveries) {
        struct delivery *before = list_entry(it, struct delivery, in_lane);
        backlog_write(lanes, before);
        if (before == d)
            return;
    }
}

/* ---- waiting ---- */

void lanes_park(struct lanes *lanes, struct delivery *d)
{
    d->parked_at = machine_now(lanes);
    machine_move(lanes, d, PHASE_PARKED);
    machine_offer(lanes, d->target);
}

void lanes_unpark(struct lanes *lanes, struct delivery *d)
{
    delivery_skip_parked(d, machine_now(lanes));
    machine_move(lanes, d, PHASE_ATTEMPTING);
    machine_offer(lanes, d->target);
}

void lanes_shelve(struct lanes *lanes, struct delivery *d)
{
    struct target *t = d->target;
    int64_t now = machine_now(lanes);
    delivery_skip_parked(d, now);
    delivery_undo_start(d);
    delivery_shelve(d, now);
    machine_settle(lanes, d, DELIVERY_WAITING, NULL);
    machine_offer(lanes, t);
}

/* ---- gone without an end ---- */

void lanes_take_back(struct lanes *lanes, struct delivery *d, bool is_unknown)
{
    struct target *t = d->target;
    if (d->phase == PHASE_PARKED)
        delivery_skip_parked(d, machine_now(lanes));
    delivery_take_back(d, is_unknown);
    pause_probe_undo(&t->pause, d, &lanes->probes);
    machine_move(lanes, d, PHASE_QUEUED);
    machine_head_arrived(lanes, d);
    machine_offer(lanes, t);
}
