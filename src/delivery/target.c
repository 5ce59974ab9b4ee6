/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "delivery/target.h"

#include <stdlib.h>

#include "base/buf.h"

struct target *target_new(struct slice name, bool is_handler)
{
    struct target *t = mem_calloc(1, sizeof(*t));
    t->name = slice_dup(name);
    t->node.key = slice_of(t->name, name.len);
    t->is_handler = is_handler;
    t->is_keyed = t->policy.is_ordered = true; /* until it is known: order does no harm */
    map_init(&t->keyed);
    map_init(&t->single);
    backlog_init(&t->backlog);
    batching_init(&t->batching);
    list_init(&t->serving);
    list_init(&t->lanes);
    list_init(&t->ready);
    list_init(&t->refused);
    list_init(&t->later);
    limit_init(&t->limit);
    tally_init(&t->tally, is_handler ? &histogram_work : &histogram_calls);
    return t;
}

void target_free(struct target *t)
{
    batching_deinit(&t->batching);
    map_deinit(&t->keyed);
    map_deinit(&t->single);
    backlog_deinit(&t->backlog);
    pause_deinit(&t->pause);
    tally_deinit(&t->tally);
    free(t->name);
    free(t);
}

const char *target_name(const struct target *t)
{
    return t->name;
}

bool target_is_handler(const struct target *t)
{
    return t->is_handler;
}

void target_set_owner(struct target *t, void *owner)
{
    t->owner = owner;
}

void *target_owner(const struct target *t)
{
    return t->owner;
}

const struct tally *target_tally(const struct target *t)
{
    return &t->tally;
}

static bool is_over(const struct delivery *d)
{
    return d->phase == PHASE_SETTLING && d->next != DELIVERY_WAITING;
}

/* While none is on disk alone there are few lanes, with all of them. */
int64_t target_oldest_ms(const struct target *t)
{
    int64_t oldest_ms = 0;
    if (t->backlog.is_behind)
        return TARGET_OLDEST_ON_DISK;
    list_each (it, &t->lanes) {
        const struct lane *lane = list_entry(it, struct lane, link);
        list_each (in, &lane->deliveries) {
            const struct delivery *d = list_entry(in, struct delivery, in_lane);
            if (!is_over(d) && (oldest_ms == 0 || d->created_ms < oldest_ms))
                oldest_ms = d->created_ms;
        }
    }
    return oldest_ms;
}

int64_t lanes_next_position(struct target *t)
{
    return ++t->last_position;
}

/* ---- what may start ---- */

unsigned target_concurrency(const struct target *t)
{
    return t->policy.concurrency ? t->policy.concurrency : t->limit.max;
}

bool target_can_start(const struct target *t)
{
    if (t->pause.is_held || (target_is_paused(t) && !t->pause.is_probe_due))
        return false;
    if (target_takes_batches(t) ? !batch_can_start(t)
                                : list_is_empty(&t->ready) && list_is_empty(&t->refused))
        return false;
    return t->n_in_flight < target_concurrency(t) && t->n_parked < LANES_PARKED_MAX;
}

struct delivery *target_next(const struct target *t)
{
    const struct list *from = list_is_empty(&t->ready) ? &t->refused : &t->ready;
    return lane_head(list_first(from, struct lane, ready));
}

void target_add_ready(struct target *t, struct delivery *d)
{
    bool was_refused = pause_is_probed(&t->pause) && d->refusals > 0;
    list_remove(&d->lane->ready);
    list_add_tail(was_refused ? &t->refused : &t->ready, &d->lane->ready);
}

void target_ready_all(struct target *t)
{
    list_splice_tail(&t->ready, &t->refused);
}

/* ---- what an end means here ---- */

struct verdict target_verdict(const struct target *t, const struct delivery *d,
                              const struct attempt_end *end)
{
    struct verdict verdict = outcome_of(end, t->is_handler, d->unknown);
    bool is_refusal = verdict.outcome == OUTCOME_DEAD && end->kind == ATTEMPT_STATUS;
    if (is_refusal && t->pause.why == PAUSE_REFUSALS)
        verdict = (struct verdict){OUTCOME_PAUSE, NULL};
    if (verdict.outcome == OUTCOME_PAUSE && d->refusals > 0 && t->successes > d->successes_seen)
        verdict = (struct verdict){OUTCOME_DEAD, "refused"};
    return verdict;
}
