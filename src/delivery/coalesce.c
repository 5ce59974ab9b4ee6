/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "delivery/coalesce.h"

#include <string.h>

#include "base/buf.h"
#include "delivery/delivery.h"
#include "delivery/machine.h"
#include "delivery/room.h"

/* ---- who replaces whom ---- */

static bool does_coalesce(const struct delivery *d)
{
    return d->target->policy.coalesces && d->lane && d->lane->is_keyed;
}

/* A dead letter that is retried has an error from before. */
static bool is_plain(const struct delivery *d)
{
    return !d->is_letter && !d->last_error && !(d->event && d->event->is_replay_forced);
}

static bool may_have_been_attempted(const struct delivery *d)
{
    return d->tries > 0 || d->first_attempt_at != INT64_MIN || d->unknown;
}

static bool waits(const struct delivery *d)
{
    return d->phase == PHASE_QUEUED || d->phase == PHASE_LATER || d->phase == PHASE_BARRED;
}

static bool is_replaceable(const struct delivery *d)
{
    return waits(d) && !d->batch && is_plain(d) && !may_have_been_attempted(d);
}

/* What was on disk when its turn came replaces it still. */
static bool can_be_replaced(const struct delivery *d, const struct delivery *by)
{
    bool has_turn = d->lane->has_turn && lane_has_head(d->lane, d);
    return is_replaceable(d) && (!has_turn || by->position <= d->lane->turn_through);
}

static bool is_of_same_handler(const struct delivery *a, const struct delivery *b)
{
    return a->handler && b->handler && strcmp(a->handler, b->handler) == 0;
}

static bool is_newer(const struct delivery *d, const struct delivery *than)
{
    return !d->event || !than->event || d->event->seq >= than->event->seq;
}

static bool replaces(const struct delivery *d, const struct delivery *e)
{
    return e != d && is_of_same_handler(d, e) && can_be_replaced(e, d) && is_newer(d, e);
}

/* ---- replacing ---- */

/* `heir`, where it isn't NULL, has a row, which says from now on that it stands where e's did. */
static void supersede(struct lanes *lanes, struct delivery *e, const struct delivery *by,
                      const struct delivery *heir)
{
    struct buf cause = {0};
    buf_printf(&cause, "coalesced: %s is newer", by->id ? by->id : "another one");
    delivery_set_cause(e, buf_slice(&cause));
    buf_deinit(&cause);
    e->is_replaced = true;
    list_remove(&e->errand); /* its row is written as it ends */
    e->lane->n_leaving++;
    e->target->n_leaving++;
    e->heir = heir;
    machine_settle(lanes, e, DELIVERY_SUPERSEDED, NULL);
    e->heir = NULL;
}

/* d stands where e did: e's lane keeps its turn where it has one. */
static void stand_for(struct lanes *lanes, struct delivery *d, struct delivery *e)
{
    struct lane *lane = e->lane;
    if (e->phase != PHASE_QUEUED)
        machine_move(lanes, e, PHASE_QUEUED);
    if (e->is_gathered)
        batch_ungather(e);
    if (d->is_gathered)
        batch_ungather(d);
    d->position = e->position;
    d->due_at = e->due_at;
    list_remove(&d->in_lane);
    list_add_tail(&e->in_lane, &d->in_lane); /* before it */
    if (!lane->own_key)
        lane->node.key.data = lane_head(lane)->key;
}

/* Something that stays stands between d's place and that of its row: at a start it would be that which
   may have been attempted. */
static bool has_passed(const struct delivery *d, int64_t row_position)
{
    const struct list *end = &d->lane->deliveries;
    for (const struct list *it = d->in_lane.next; it != end; it = it->next) {
        const struct delivery *e = list_entry(it, struct delivery, in_lane);
        if (e->position < row_position && !e->is_replaced && !replaces(d, e))
            return true;
    }
    return false;
}

/* d takes e's place, and e ends. Where d has a row that says so later, but where that matters: then it does
   in one with e's end, as no two rows may have one place. What is written of d, as it comes to the head,
   comes behind that. */
static void take_place(struct lanes *lanes, struct delivery *d, struct delivery *e)
{
    bool has_row = d->state == DELIVERY_WAITING, was_head = lane_has_head(e->lane, e);
    bool is_sooner = d->due_at > machine_now(lanes) && d->due_at > e->due_at;
    int64_t row_position = d->position;
    stand_for(lanes, d, e);
    bool is_heir = has_row && (is_sooner || has_passed(d, row_position));
    d->is_ahead = d->is_ahead || (has_row && !is_heir);
    supersede(lanes, e, d, is_heir ? d : NULL);
    if (was_head && list_is_empty(&d->lane->ready))
        machine_head_arrived(lanes, d);
}

/* All that d replaces; the first one's place is its own. What had a row stands for nothing any more
   once d has one in its place. */
static void replace(struct lanes *lanes, struct delivery *d)
{
    struct list *end = &d->lane->deliveries;
    bool has_place = false, had_row = false;
    for (struct list *it = end->next, *next; it != end; it = next) {
        struct delivery *e = list_entry(it, struct delivery, in_lane);
        next = it->next;
        if (!replaces(d, e))
            continue;
        had_row = had_row || e->state == DELIVERY_WAITING;
        if (has_place)
            supersede(lanes, e, d, NULL);
        else
            take_place(lanes, d, e);
        has_place = true;
    }
    if (has_place && had_row && d->state != DELIVERY_WAITING)
        lanes_keep(lanes, d);
    backlog_changed(lanes, d->target);
}

void coalesce_came(struct lanes *lanes, struct delivery *d)
{
    if (does_coalesce(d) && is_plain(d) && waits(d) && !d->batch && d->tries == 0)
        replace(lanes, d);
}

void coalesce_waits(struct lanes *lanes, struct delivery *d)
{
    if (!does_coalesce(d) || !is_replaceable(d))
        return;
    struct list *end = &d->lane->deliveries;
    for (struct list *it = end->prev; it != &d->in_lane; it = it->prev) {
        struct delivery *newest = list_entry(it, struct delivery, in_lane);
        if (is_of_same_handler(newest, d) && waits(newest) && is_plain(newest)) {
            coalesce_came(lanes, newest);
            return;
        }
    }
}

/* ---- turns ---- */

/* Turns that are taken at once, at least. */
#define HELD_MIN 8

bool coalesce_wants(const struct lane *lane)
{
    return lane->has_turn && lane->more != MORE_NONE && lane->through < lane->turn_through;
}

/* What would be attempted now. */
static bool has_replaceable(const struct lane *lane)
{
    list_each (it, &lane->deliveries) {
        const struct delivery *d = list_entry(it, struct delivery, in_lane);
        if (is_replaceable(d))
            return true;
        if (!target_takes_batches(lane->target))
            return false;
    }
    return false;
}

/* What isn't replaced stays: of that there may be only so much. */
static bool waits_for_disk(const struct lanes *lanes, const struct lane *lane)
{
    const struct target *t = lane->target;
    if (!t->backlog.is_behind || !t->policy.coalesces || !lane->is_keyed)
        return false;
    if (lane->n_loaded - lane->n_leaving >= LANE_ASK_MAX ||
        (!room_has_for_turns(lanes, t) && t->n_leaving == 0) || !has_replaceable(lane))
        return false;
    return !backlog_is_scanned(lanes, t, lane->turn_through) || coalesce_wants(lane);
}

static bool has_to_wait(const struct lanes *lanes, const struct lane *lane)
{
    return lane->n_leaving > 0 || waits_for_disk(lanes, lane);
}

bool coalesce_is_held(struct lanes *lanes, struct lane *lane)
{
    struct target *t = lane->target;
    if (!t->policy.coalesces && lane->n_leaving == 0)
        return false;
    if (!lane->has_turn)
        lane->turn_through = t->backlog.through;
    lane->has_turn = true;
    if (!has_to_wait(lanes, lane))
        return false;
    if (lane_head(lane)->is_gathered)
        batch_ungather(lane_head(lane));
    list_remove(&lane->ready);
    list_add_tail(&t->held, &lane->ready);
    backlog_turn_changed(lanes, lane);
    machine_offer(lanes, t);
    return true;
}

bool coalesce_holds_enough(const struct target *t)
{
    if (list_is_empty(&t->held))
        return false;
    size_t max = target_takes_batches(t) ? t->policy.batch.size : target_concurrency(t);
    size_t n = 0;
    if (max < HELD_MIN)
        max = HELD_MIN;
    list_each (it, &t->held) {
        if (++n == max || target_is_paused(t))
            return true;
    }
    return false;
}

/* Its turn, which is kept, is before those that came since. */
static void look(struct lanes *lanes, struct lane *lane)
{
    if (has_to_wait(lanes, lane))
        return;
    struct delivery *head = lane_head(lane);
    uint64_t turn = lane->turn;
    list_remove(&lane->ready);
    machine_head_arrived(lanes, head);
    if (head->phase == PHASE_QUEUED && !list_is_empty(&lane->ready))
        target_keep_turn(lane->target, lane, turn);
    backlog_turn_changed(lanes, lane);
    machine_offer(lanes, lane->target);
}

void coalesce_look(struct lanes *lanes, struct target *t)
{
    list_each (it, &t->held)
        look(lanes, list_entry(it, struct lane, ready));
}

static bool is_held(const struct lane *lane)
{
    list_each (it, &lane->target->held) {
        if (it == &lane->ready)
            return true;
    }
    return false;
}

void coalesce_ended(struct lanes *lanes, struct lane *lane)
{
    if (--lane->n_leaving > 0)
        return;
    batch_gather(lanes, lane);
    machine_offer(lanes, lane->target);
    if (lane->has_turn && is_held(lane))
        look(lanes, lane);
}
