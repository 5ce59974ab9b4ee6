/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "delivery/expiry.h"

#include "delivery/delivery.h"
#include "delivery/machine.h"

/* Found at once. They are in memory beside what else is, so the next are asked for when these have
   ended. */
#define PAGE_ROWS 250

static struct expiry *expiry_of(struct target *t)
{
    return &t->backlog.expiry;
}

void expiry_init(struct expiry *x)
{
    *x = (struct expiry){0};
    list_init(&x->ending);
}

/* ---- when ---- */

void expiry_note(struct lanes *lanes, struct target *t, int64_t expires_at)
{
    struct heap_node *next = &expiry_of(t)->next;
    if (expires_at == NEVER || (heap_has(next) && next->rank <= expires_at))
        return;
    heap_remove(&lanes->sweeps, next);
    heap_insert(&lanes->sweeps, next, expires_at);
}

void expiry_come(struct lanes *lanes, struct target *t)
{
    struct expiry *x = expiry_of(t);
    heap_remove(&lanes->sweeps, &x->next);
    x->is_due_again = x->is_due;
    x->is_due = true;
    backlog_changed(lanes, t);
}

void expiry_forget(struct lanes *lanes, struct target *t)
{
    struct expiry *x = expiry_of(t);
    heap_remove(&lanes->sweeps, &x->next);
    x->is_due = x->is_due_again = false;
    x->passed = (struct delivery_expiry){0};
}

/* ---- a sweep ---- */

bool expiry_ask(struct lanes *lanes, struct target *t)
{
    struct expiry *x = expiry_of(t);
    if (!x->is_due || !list_is_empty(&x->ending))
        return false;
    t->backlog.is_reading = true;
    lanes->ports.find_expired(lanes->ports.ctx, t, &x->passed, moment_now(&lanes->clock).wall_ms,
                              PAGE_ROWS, lanes->limits.bytes);
    return true;
}

bool lanes_expired(struct lanes *lanes, struct target *t, struct delivery *d,
                   const struct delivery_row *row)
{
    struct lane *lane = lane_find(t, slice_str(d->key), row->position);
    int64_t in_memory = lane ? lane->through : t->backlog.cursor;
    if (lanes->is_stopped || row->position <= in_memory)
        return false;
    d->position = row->position;
    machine_init(lanes, d, row);
    list_add_tail(&expiry_of(t)->ending, &d->in_lane);
    if (lane)
        backlog_passed(lanes, lane, row->position);
    machine_expire(lanes, d, NULL);
    return true;
}

void lanes_expired_ended(struct lanes *lanes, struct target *t,
                         const struct delivery_expiry *passed, int64_t next_ms)
{
    struct expiry *x = expiry_of(t);
    t->backlog.is_reading = false;
    if (passed) {
        x->passed = *passed;
    } else {
        x->passed = (struct delivery_expiry){0};
        x->is_due = x->is_due_again;
        x->is_due_again = false;
        if (next_ms > 0)
            expiry_note(lanes, t, moment_mono_of(moment_now(&lanes->clock), next_ms));
    }
    backlog_changed(lanes, t);
}

/* ---- ends ---- */

void expiry_ended(struct lanes *lanes, struct delivery *d)
{
    struct target *t = d->target;
    list_remove(&d->in_lane);
    t->backlog.n_away--;
    machine_add_errand(lanes, d);
    if (list_is_empty(&expiry_of(t)->ending))
        backlog_changed(lanes, t);
}

void expiry_let_go(struct lanes *lanes, struct target *t)
{
    list_each (it, &expiry_of(t)->ending) {
        list_remove(it);
        machine_tell_end(lanes, list_entry(it, struct delivery, in_lane), DELIVERY_NEW);
    }
}
