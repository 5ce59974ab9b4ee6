/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What is ready for the next batch, when that is formed, and whose turn it is.
 */
#include "delivery/batch.h"

#include <assert.h>
#include <stdlib.h>

#include "base/buf.h"
#include "delivery/batching.h"
#include "delivery/delivery.h"
#include "delivery/machine.h"

void batching_init(struct batching *b)
{
    *b = (struct batching){0};
    list_init(&b->all);
    list_init(&b->ready);
    list_init(&b->later);
    list_init(&b->wanted);
    map_init(&b->away);
}

/* ---- a batch by itself ---- */

struct batch *batch_new(struct target *t, size_t cap)
{
    struct batch *b = mem_calloc(1, sizeof(*b));
    b->target = t;
    b->phase = BATCH_BEHIND;
    b->due_at = AT_ONCE;
    b->cap = cap;
    b->members = cap > 0 ? mem_calloc(cap, sizeof(struct delivery *)) : NULL;
    list_init(&b->link);
    list_init(&b->lanes_out);
    list_add_tail(&t->batching.all, &b->all);
    return b;
}

void batch_join(struct batch *b, struct delivery *d)
{
    if (b->n == b->cap) {
        b->cap = b->cap ? b->cap * 2 : 16;
        b->members = mem_realloc(b->members, b->cap * sizeof(struct delivery *));
    }
    assert(b->members);
    d->batch = b;
    d->batch_place = (unsigned)b->n;
    d->leaves_batch = false;
    b->members[b->n++] = d;
}

/* Out of all lists but that of all, and of what is away. */
static void unlink_batch(struct lanes *lanes, struct batch *b)
{
    list_remove(&b->link);
    heap_remove(&lanes->batches, &b->due);
}

static void batch_free(struct batch *b)
{
    list_remove(&b->link);
    list_remove(&b->all);
    while (!list_is_empty(&b->lanes_out))
        batch_lane_forget(list_first(&b->lanes_out, struct lane, of_batch));
    free(b->members);
    free(b);
}

void batch_discard(struct lanes *lanes, struct batch *b)
{
    unlink_batch(lanes, b);
    batch_free(b);
}

void batching_deinit(struct batching *b)
{
    while (!list_is_empty(&b->all))
        batch_free(list_first(&b->all, struct batch, all));
    map_deinit(&b->away);
}

static int compare_positions(const void *a, const void *b)
{
    const struct delivery *const *x = a, *const *y = b;
    return ((*x)->position > (*y)->position) - ((*x)->position < (*y)->position);
}

/* Closes the gaps of those that have left, and has the rest in the order of their sends. */
static void put_in_order(struct batch *b)
{
    size_t n = 0;
    bool is_sorted = true;
    for (size_t i = 0; i < b->n; i++) {
        if (!b->members[i])
            continue;
        is_sorted = is_sorted && (n == 0 || b->members[n - 1]->position < b->members[i]->position);
        b->members[n++] = b->members[i];
    }
    b->n = n;
    if (!is_sorted)
        qsort(b->members, n, sizeof(struct delivery *), compare_positions);
    for (size_t i = 0; i < n; i++)
        b->members[i]->batch_place = (unsigned)i;
}

/* ---- what is gathered ---- */

static size_t json_len(const struct delivery *d)
{
    if (d->data.data)
        return d->data.len;
    return d->event ? d->event->data.len : 0;
}

static bool is_ready_at(const struct delivery *d, int64_t now)
{
    return d->phase == PHASE_QUEUED && !d->batch && (d->due_at == AT_ONCE || d->due_at <= now) &&
           !barred_is(d);
}

static void gather(struct delivery *d)
{
    struct batching *b = &d->target->batching;
    d->is_gathered = true;
    b->gathered++;
    b->bytes += json_len(d);
}

void batch_gather(struct lanes *lanes, struct lane *lane)
{
    struct target *t = lane->target;
    if (!target_takes_batches(t) || list_is_empty(&lane->ready) || lane->n_loaded == 0 ||
        lane->n_leaving > 0 || lane_head(lane)->refusals > 0)
        return;
    int64_t now = machine_now(lanes);
    list_each (it, &lane->deliveries) {
        struct delivery *d = list_entry(it, struct delivery, in_lane);
        if (d->is_gathered)
            continue;
        if (!is_ready_at(d, now))
            break;
        gather(d);
    }
}

void batch_gather_last(struct delivery *d)
{
    const struct delivery *before = list_entry(d->in_lane.prev, struct delivery, in_lane);
    if (before->is_gathered && d->phase == PHASE_QUEUED && d->due_at == AT_ONCE && !d->batch &&
        !barred_is(d))
        gather(d);
}

void batch_ungather(struct delivery *d)
{
    struct batching *b = &d->target->batching;
    const struct list *end = &d->lane->deliveries;
    for (struct list *it = &d->in_lane; it != end; it = it->next) {
        struct delivery *behind = list_entry(it, struct delivery, in_lane);
        if (!behind->is_gathered)
            return;
        behind->is_gathered = false;
        b->gathered--;
        b->bytes -= json_len(behind);
    }
}

void batch_gather_all(struct lanes *lanes, struct target *t)
{
    if (!target_takes_batches(t))
        return;
    list_each (it, &t->ready)
        batch_gather(lanes, list_entry(it, struct lane, ready));
}

/* ---- what starts ---- */

static bool is_full(const struct target *t)
{
    const struct batch_policy *policy = &t->policy.batch;
    return t->batching.gathered >= policy->size || t->batching.bytes >= policy->bytes;
}

bool batch_can_start(const struct target *t)
{
    const struct batching *b = &t->batching;
    bool has_ready = !list_is_empty(&t->ready);
    if (!list_is_empty(&b->ready))
        return true;
    if (target_is_paused(t))
        return has_ready || !list_is_empty(&t->refused);
    return has_ready && (b->is_wait_over || is_full(t));
}

/* Halves of one that was split are due at once, and try something new. */
static bool is_retry(const struct batch *b)
{
    return b->due_at != AT_ONCE;
}

bool batch_next_is_retry(const struct target *t)
{
    const struct list *ready = &t->batching.ready;
    return !list_is_empty(ready) && is_retry(list_first(ready, struct batch, link));
}

void batch_set_wait(struct lanes *lanes, struct target *t)
{
    struct batching *b = &t->batching;
    if (list_is_empty(&t->ready)) {
        b->is_wait_over = false;
        heap_remove(&lanes->waits, &b->wait);
    } else if (!b->is_wait_over && !heap_has(&b->wait)) {
        const struct lane *first = list_first(&t->ready, struct lane, ready);
        heap_insert(&lanes->waits, &b->wait, time_add(first->ready_at, t->policy.batch.wait_ms));
    }
}

void batch_wait_over(struct lanes *lanes, struct target *t)
{
    heap_remove(&lanes->waits, &t->batching.wait);
    t->batching.is_wait_over = true;
    machine_offer(lanes, t);
}

/* As much of the lane as there is room for, of what is gathered; at least one in all. */
static void add_lane(struct batch *b, const struct lane *lane, size_t size, size_t *bytes)
{
    list_each (it, &lane->deliveries) {
        struct delivery *d = list_entry(it, struct delivery, in_lane);
        bool is_head = lane_has_head(lane, d); /* of one that was refused, it isn't gathered */
        size_t len = json_len(d);
        if (b->n == size || (!d->is_gathered && !is_head) || (b->n > 0 && len > *bytes))
            return;
        batch_join(b, d);
        *bytes -= len < *bytes ? len : *bytes;
    }
}

/* Of the lanes that have been ready for longest. */
static struct batch *form(struct lanes *lanes, struct target *t, const struct list *from,
                          size_t size)
{
    size_t room = t->batching.gathered < size ? t->batching.gathered : size;
    size_t bytes = t->policy.batch.bytes;
    struct batch *b = batch_new(t, room);
    list_each (it, from) {
        struct lane *lane = list_entry(it, struct lane, ready);
        size_t before = b->n;
        if (coalesce_holds_enough(t))
            break;
        if (coalesce_is_held(lanes, lane))
            continue;
        add_lane(b, lane, size, &bytes);
        if (b->n == size || b->n == before)
            break;
    }
    put_in_order(b);
    return b;
}

/* While its target is paused it is probed by as little as there is. */
static struct batch *choose(struct lanes *lanes, struct target *t)
{
    struct batching *b = &t->batching;
    bool is_probe = target_is_paused(t), has_ready = !list_is_empty(&t->ready);
    if (is_probe && has_ready)
        return form(lanes, t, &t->ready, 1);
    if (!list_is_empty(&b->ready))
        return list_first(&b->ready, struct batch, link);
    return form(lanes, t, has_ready ? &t->ready : &t->refused, is_probe ? 1 : t->policy.batch.size);
}

void batch_start_next(struct lanes *lanes, struct target *t, int64_t now)
{
    struct batch *b = choose(lanes, t);
    if (b->n == 0) { /* the turn of what has to wait has come */
        batch_discard(lanes, b);
        return;
    }
    unlink_batch(lanes, b);
    b->phase = BATCH_ATTEMPTING;
    if (target_is_paused(t))
        pause_probe_start(&t->pause, b->members[0]);
    t->batching.is_forming = true;
    for (size_t i = 0; i < b->n; i++)
        machine_start(lanes, b->members[i], now);
    t->batching.is_forming = false;
    t->batching.is_wait_over = false;
    heap_remove(&lanes->waits, &t->batching.wait);
    machine_begin_flight(lanes, t);
    target_start(t, is_retry(b), now);
    list_remove(&t->serving); /* to the end of the round */
    machine_offer(lanes, t);
    lanes->ports.attempt_batch(lanes->ports.ctx, b);
}

/* ---- turns ---- */

/* What is on disk behind its members is needed, or isn't. */
static void tell_lanes(struct lanes *lanes, const struct batch *b)
{
    for (size_t i = 0; b->target->backlog.is_behind && i < b->n; i++)
        backlog_lane_changed(lanes, b->members[i]->lane);
}

static void make_ready(struct lanes *lanes, struct batch *b)
{
    b->phase = BATCH_READY;
    tell_lanes(lanes, b);
    list_add_tail(&b->target->batching.ready, &b->link);
    machine_offer(lanes, b->target);
}

static void put_off(struct lanes *lanes, struct batch *b)
{
    b->phase = BATCH_LATER;
    tell_lanes(lanes, b);
    list_add_tail(&b->target->batching.later, &b->link);
    heap_insert(&lanes->batches, &b->due, b->due_at);
    backlog_changed(lanes, b->target);
}

/* Its members are as all others from now on. */
static void disband(struct lanes *lanes, struct batch *b)
{
    for (size_t i = 0; i < b->n; i++) {
        if (b->members[i])
            b->members[i]->batch = NULL;
    }
    for (size_t i = 0; i < b->n; i++) {
        struct delivery *d = b->members[i];
        if (d && d->lane && lane_has_head(d->lane, d) && list_is_empty(&d->lane->ready))
            machine_head_arrived(lanes, d);
    }
    batch_discard(lanes, b);
}

static void begin_turn(struct lanes *lanes, struct batch *b)
{
    if (b->n_unsettled > 0)
        b->phase = BATCH_SETTLING;
    else
        batch_resume(lanes, b);
}

/* Nothing stands before its members in their lanes that isn't one, too. */
static bool is_at_front(const struct batch *b)
{
    for (size_t i = 0; i < b->n; i++) {
        const struct delivery *d = b->members[i];
        const struct delivery *before = list_entry(d->in_lane.prev, struct delivery, in_lane);
        if (!lane_has_head(d->lane, d) && before->batch != b)
            return false;
    }
    return true;
}

void batch_release_rest(struct lanes *lanes, struct batch *b)
{
    while (b->next) {
        struct batch *rest = b->next;
        b->next = rest->next;
        disband(lanes, rest);
    }
}

/* Members behind one that has died, where that keeps what follows it. */
static void leave_barred(struct lanes *lanes, struct batch *b)
{
    if (b->target->barriers.n == 0)
        return;
    for (size_t i = 0; i < b->n; i++) {
        struct delivery *d = b->members[i];
        if (!d || !barred_is(d))
            continue;
        b->members[i] = NULL;
        d->batch = NULL;
        if (lane_has_head(d->lane, d))
            machine_head_arrived(lanes, d);
    }
}

void batch_resume(struct lanes *lanes, struct batch *b)
{
    struct batch *next = b->next;
    leave_barred(lanes, b);
    put_in_order(b);
    if (b->n == 0) {
        batch_free(b);
        if (next)
            begin_turn(lanes, next);
    } else if (!target_takes_batches(b->target) || !is_at_front(b)) {
        batch_release_rest(lanes, b);
        disband(lanes, b);
    } else if (b->due_at > machine_now(lanes)) {
        put_off(lanes, b);
    } else {
        make_ready(lanes, b);
    }
}

void batch_due(struct lanes *lanes, struct batch *b)
{
    heap_remove(&lanes->batches, &b->due);
    if (b->phase == BATCH_AWAY) {
        list_add_tail(&b->target->batching.wanted, &b->link);
        backlog_changed(lanes, b->target);
        return;
    }
    list_remove(&b->link);
    make_ready(lanes, b);
}

/* ---- members that leave ---- */

void batch_expires(struct delivery *d, struct lanes *lanes)
{
    struct batch *b = d->batch;
    if (!b)
        return;
    d->leaves_batch = true;
    b->n_unsettled++;
    if (b->phase == BATCH_READY || b->phase == BATCH_LATER) {
        unlink_batch(lanes, b);
        b->phase = BATCH_SETTLING;
        machine_offer(lanes, b->target);
    }
}

struct batch *batch_settling(struct delivery *d)
{
    struct batch *b = d->batch;
    if (b && (d->leaves_batch || d->next != DELIVERY_WAITING)) {
        b->members[d->batch_place] = NULL;
        d->batch = NULL;
    }
    return b;
}

void batch_settled(struct lanes *lanes, struct batch *b)
{
    if (--b->n_unsettled == 0 && b->phase == BATCH_SETTLING)
        batch_resume(lanes, b);
}

/* ---- another policy ---- */

/* Its members are on disk alone, or come back from there. */
static bool is_out(const struct batch *b)
{
    return b->phase == BATCH_AWAY || b->phase == BATCH_LOADING;
}

/* Neither is it attempted or written, nor does it wait for another one. */
static bool waits(const struct batch *b)
{
    return b->phase == BATCH_READY || b->phase == BATCH_LATER || is_out(b);
}

/* One that waits. */
static void end_batch(struct lanes *lanes, struct batch *b)
{
    if (is_out(b))
        batch_disband_away(lanes, b);
    else
        batch_release_rest(lanes, b);
    disband(lanes, b);
}

/* ---- barriers that come to be known ---- */

static bool has_barred(const struct batch *b)
{
    for (size_t i = 0; i < b->n; i++) {
        if (b->members[i] && barred_is(b->members[i]))
            return true;
    }
    list_each (it, &b->lanes_out) {
        const struct lane *lane = list_entry(it, struct lane, of_batch);
        if (lane->is_keyed && barred_is_place(b->target, lane->node.key, lane->through + 1))
            return true;
    }
    return false;
}

static bool bar_one(struct lanes *lanes, struct target *t)
{
    list_each (it, &t->batching.all) {
        struct batch *b = list_entry(it, struct batch, all);
        if (!waits(b) || !has_barred(b))
            continue;
        if (is_out(b)) {
            end_batch(lanes, b);
        } else {
            unlink_batch(lanes, b);
            batch_resume(lanes, b);
        }
        return true;
    }
    return false;
}

static void ungather_all(struct target *t)
{
    list_each (it, &t->ready)
        batch_ungather(lane_head(list_entry(it, struct lane, ready)));
}

void batch_bar(struct lanes *lanes, struct target *t)
{
    ungather_all(t);
    batch_gather_all(lanes, t);
    while (bar_one(lanes, t)) {
    }
}

/* What is being attempted or written goes on, and finds out when that is over. To end one frees those
   behind it, too, which don't wait by themselves: hence a list apart. */
static void end_waiting(struct lanes *lanes, struct target *t)
{
    struct list waiting;
    list_init(&waiting);
    list_each (it, &t->batching.all) {
        struct batch *b = list_entry(it, struct batch, all);
        if (!waits(b))
            continue;
        list_remove(&b->all);
        list_add_tail(&waiting, &b->all);
    }
    while (!list_is_empty(&waiting))
        end_batch(lanes, list_first(&waiting, struct batch, all));
}

void batch_policy_changed(struct lanes *lanes, struct target *t, bool took)
{
    if (!took) {
        int64_t now = machine_now(lanes);
        list_each (it, &t->ready)
            list_entry(it, struct lane, ready)->ready_at = now;
        batch_gather_all(lanes, t);
        return;
    }
    if (target_takes_batches(t))
        return;
    heap_remove(&lanes->waits, &t->batching.wait);
    ungather_all(t);
    end_waiting(lanes, t);
}
