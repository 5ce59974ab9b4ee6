/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What the end of an attempt at a batch means for each of its members: their own ends first, then what
 * befell all others alike.
 */
#include "delivery/batch.h"

#include <stdlib.h>

#include "base/buf.h"
#include "delivery/batching.h"
#include "delivery/delivery.h"
#include "delivery/machine.h"

#define TOO_LARGE 413

/* An attempt that ends. */
struct ending {
    struct batch *b;
    const struct attempt_end *end; /* NULL: each has its own */
    const struct attempt_end *const *own;
    size_t n_common; /* members that `end` is for */
    struct verdict verdict;
    bool is_free, is_split;
};

static const struct attempt_end *own_of(const struct ending *e, size_t i)
{
    return e->own ? e->own[i] : NULL;
}

const struct attempt_end lanes_left_out = {.after_ms = -1};

static bool is_left_out(const struct ending *e, size_t i)
{
    return own_of(e, i) == &lanes_left_out;
}

/* ---- what it is ---- */

bool lanes_will_wait(const struct delivery *d, const struct attempt_end *end)
{
    struct verdict verdict = target_verdict(d->target, d, end);
    return verdict.outcome == OUTCOME_RETRY || verdict.outcome == OUTCOME_PAUSE;
}

/* A dead letter that goes back to its place may have come between them. */
size_t lanes_member_before(const struct batch *b, size_t i)
{
    const struct delivery *d = b->members[i];
    const struct list *end = &d->lane->deliveries;
    for (const struct list *it = d->in_lane.prev; it != end; it = it->prev) {
        const struct delivery *before = list_entry(it, const struct delivery, in_lane);
        if (before->batch == b)
            return before->batch_place;
    }
    return i;
}

static size_t count_common(const struct ending *e)
{
    size_t n = 0;
    for (size_t i = 0; e->end && i < e->b->n; i++)
        n += own_of(e, i) == NULL;
    return n;
}

/* For all alike: what an attempt at any of them may have left is so for all. */
static struct verdict common_verdict(const struct ending *e)
{
    const struct batch *b = e->b;
    const struct delivery *like = NULL;
    for (size_t i = 0; i < b->n; i++) {
        const struct delivery *d = b->members[i];
        if (!own_of(e, i) && (!like || (d->unknown && !like->unknown)))
            like = d;
    }
    return target_verdict(b->target, like, e->end);
}

static bool is_for_the_bad_ones(const struct attempt_end *end, const struct verdict *verdict)
{
    return verdict->outcome == OUTCOME_DEAD ||
           (end->kind == ATTEMPT_STATUS && end->status == TOO_LARGE);
}

static void judge(struct ending *e)
{
    e->n_common = count_common(e);
    if (e->n_common == 0)
        return;
    e->verdict = common_verdict(e);
    e->is_free = target_is_free_end(e->b->target, e->end, &e->verdict);
    e->is_split = e->n_common > 1 && is_for_the_bad_ones(e->end, &e->verdict);
}

/* ---- what its target learns ---- */

/* An own end is that of one delivery, and counts as such. */
static void learn_own(struct lanes *lanes, struct delivery *d, const struct attempt_end *end,
                      const struct verdict *verdict)
{
    tally_attempt(&d->target->tally, end);
    machine_call_pause(lanes, d->target, end, verdict);
}

/* Of one that tells nothing, since nothing was sent, the next probe is due at once. */
static void learn(struct lanes *lanes, const struct ending *e)
{
    struct target *t = e->b->target;
    struct delivery *first = e->b->members[0];
    if (e->n_common > 0) {
        tally_attempt(&t->tally, e->end);
        machine_learn(lanes, first, e->end, &e->verdict, e->is_split);
    } else {
        pause_probe_undo(&t->pause, first, &lanes->probes);
    }
}

/* ---- what becomes of its members ---- */

static void conclude_own(struct lanes *lanes, struct delivery *d, const struct attempt_end *end)
{
    struct verdict verdict = target_verdict(d->target, d, end);
    delivery_note_end(d, end, !target_is_free_end(d->target, end, &verdict));
    learn_own(lanes, d, end, &verdict);
    machine_conclude(lanes, d, end, &verdict);
}

/* It waits behind one that does. */
static void leave_out(struct lanes *lanes, struct batch *b, size_t i)
{
    struct delivery *d = b->members[i];
    delivery_undo_start(d);
    machine_move(lanes, d, PHASE_QUEUED);
    b->members[i] = NULL;
    d->batch = NULL;
    if (lane_has_head(d->lane, d))
        machine_head_arrived(lanes, d);
}

static void conclude_with_own(struct lanes *lanes, const struct ending *e, size_t i)
{
    struct delivery *d = e->b->members[i];
    if (is_left_out(e, i)) {
        leave_out(lanes, e->b, i);
        return;
    }
    d->leaves_batch = true;
    e->b->n_unsettled++;
    conclude_own(lanes, d, e->own[i]);
}

/* All that are tried again are at the same time: when the first of them has to be. */
static int64_t common_due(struct lanes *lanes, const struct ending *e)
{
    int64_t due = NEVER, delay = INT64_MIN;
    for (size_t i = 0; i < e->b->n; i++) {
        struct delivery *d = e->b->members[i];
        if (own_of(e, i))
            continue;
        if (delay == INT64_MIN)
            delay = machine_delay_after(lanes, d, e->end);
        int64_t own = machine_due_in(lanes, d, delay);
        due = own < due ? own : due;
    }
    return due;
}

static void conclude_common(struct lanes *lanes, const struct ending *e, struct delivery *d)
{
    if (e->verdict.outcome == OUTCOME_RETRY)
        machine_put_off(lanes, d, e->end, e->b->due_at);
    else
        machine_conclude(lanes, d, e->end, &e->verdict);
}

/* Whether those that wait for another attempt stay together. A single one does, too, where it was
   sent: who took it without a word knows it by the batch's id. */
static bool stays(const struct ending *e)
{
    enum outcome outcome = e->verdict.outcome;
    bool is_again = outcome == OUTCOME_RETRY || (outcome == OUTCOME_PAUSE && e->n_common > 1);
    return is_again && target_takes_batches(e->b->target);
}

static void conclude(struct lanes *lanes, struct ending *e)
{
    struct batch *b = e->b;
    bool is_kept = stays(e);
    if (e->n_common > 0)
        b->due_at = e->verdict.outcome == OUTCOME_RETRY ? common_due(lanes, e) : AT_ONCE;
    for (size_t i = 0; i < b->n; i++) {
        if (own_of(e, i)) {
            conclude_with_own(lanes, e, i);
            continue;
        }
        b->members[i]->leaves_batch = !is_kept;
        b->n_unsettled++;
        conclude_common(lanes, e, b->members[i]);
    }
    if (is_kept || e->verdict.outcome == OUTCOME_RETRY || e->verdict.outcome == OUTCOME_PAUSE)
        batch_release_rest(lanes, b);
}

/* ---- halves ---- */

static struct batch *take_half(struct lanes *lanes, struct ending *e, size_t *from, size_t n)
{
    struct batch *b = e->b, *half = batch_new(b->target, n);
    for (; half->n < n; ++*from) {
        struct delivery *d = b->members[*from];
        if (own_of(e, *from))
            continue;
        b->members[*from] = NULL;
        machine_move(lanes, d, PHASE_QUEUED);
        batch_join(half, d);
    }
    return half;
}

/* Members that have an own end stay, until that is on disk. */
static void split(struct lanes *lanes, struct ending *e)
{
    struct batch *b = e->b;
    size_t from = 0, n_first = (e->n_common + 1) / 2;
    struct batch *first = take_half(lanes, e, &from, n_first);
    first->next = take_half(lanes, e, &from, e->n_common - n_first);
    first->next->next = b->next;
    b->next = first;
    for (size_t i = 0; i < b->n; i++) {
        if (b->members[i])
            conclude_with_own(lanes, e, i);
    }
}

/* ---- the end, and none ---- */

void lanes_batch_ended(struct lanes *lanes, struct batch *b, const struct attempt_end *end,
                       const struct attempt_end *const *own)
{
    struct target *t = b->target;
    struct ending e = {.b = b, .end = end, .own = own};
    machine_end_flight(lanes, t);
    b->phase = BATCH_SETTLING;
    b->n_unsettled = 1; /* ours */
    judge(&e);
    for (size_t i = 0; i < b->n; i++) {
        if (!own_of(&e, i))
            delivery_note_end(b->members[i], end, !e.is_free && !e.is_split);
    }
    learn(lanes, &e);
    if (e.is_split)
        split(lanes, &e);
    else
        conclude(lanes, &e);
    batch_settled(lanes, b);
    machine_offer(lanes, t);
}

void lanes_take_back_batch(struct lanes *lanes, struct batch *b, bool is_unknown)
{
    struct target *t = b->target;
    machine_end_flight(lanes, t);
    pause_probe_undo(&t->pause, b->members[0], &lanes->probes);
    for (size_t i = 0; i < b->n; i++) {
        struct delivery *d = b->members[i];
        delivery_take_back(d, is_unknown);
        machine_move(lanes, d, PHASE_QUEUED);
    }
    b->due_at = AT_ONCE;
    batch_resume(lanes, b);
    machine_offer(lanes, t);
}
