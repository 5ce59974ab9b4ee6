/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Attempts that wait for something else than an answer: a handler's run, for the end of what it
 * sent. They hold no attempt's place, so that what they wait for can't wait for them.
 */
#include "delivery/delivery.h"
#include "delivery/machine.h"

/* ---- rows before their time ---- */

/* A head that could not wait for its time without a row can now. */
static void write_row(struct lanes *lanes, struct delivery *d)
{
    d->next = DELIVERY_WAITING;
    struct delivery_row row = delivery_describe(d, moment_now(&lanes->clock));
    d->state = DELIVERY_WAITING;
    lanes->ports.write(lanes->ports.ctx, d, &row, DELIVERY_NEW);
    machine_add_errand(lanes, d);
    if (lane_has_head(d->lane, d) && list_is_empty(&d->lane->ready))
        machine_head_arrived(lanes, d);
}

/* At a start those with a row come first: nothing in the lane may have one behind what has none. */
void lanes_keep(struct lanes *lanes, struct delivery *d)
{
    if (!d->lane)
        return;
    list_each (it, &d->lane->deliveries) {
        struct delivery *before = list_entry(it, struct delivery, in_lane);
        bool is_written = before->state != DELIVERY_NEW || before->phase == PHASE_SETTLING;
        if (!is_written)
            write_row(lanes, before);
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
    delivery_skip_parked(d, machine_now(lanes));
    delivery_undo_start(d);
    d->is_shelved = true;
    d->due_at = NEVER;
    machine_settle(lanes, d, DELIVERY_WAITING, NULL);
    machine_offer(lanes, t);
}

/* While its row is still being written it will be found due. */
void lanes_wake(struct lanes *lanes, struct delivery *d)
{
    delivery_skip_parked(d, machine_now(lanes));
    d->is_shelved = false;
    d->due_at = AT_ONCE;
    if (d->phase != PHASE_LATER)
        return;
    machine_move(lanes, d, PHASE_QUEUED);
    machine_head_arrived(lanes, d);
}
