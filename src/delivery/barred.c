/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "delivery/barred.h"

#include "delivery/delivery.h"
#include "delivery/machine.h"

/* ---- what is kept ---- */

bool barred_is_place(const struct target *t, struct slice key, int64_t position)
{
    return t->barriers.n > 0 && t->is_keyed && key.data &&
           barriers_first(&t->barriers, key) < position;
}

bool barred_is(const struct delivery *d)
{
    return d->target->barriers.n > 0 && d->lane->is_keyed &&
           barriers_first(&d->target->barriers, slice_str(d->key)) < d->position;
}

/* It isn't any more, or won't be. */
static void take_from_ready(struct lanes *lanes, struct delivery *head)
{
    if (head->is_gathered)
        batch_ungather(head);
    list_remove(&head->lane->ready);
    machine_offer(lanes, head->target);
}

/* Who waits for people may wait for days, and its event shouldn't: what waits has its row. In order,
   since whatever has one comes first at a start. */
void barred_keep_lane(struct lanes *lanes, struct delivery *d)
{
    list_each (it, &d->lane->deliveries) {
        struct delivery *behind = list_entry(it, struct delivery, in_lane);
        if (behind->state == DELIVERY_NEW && behind->phase == PHASE_QUEUED)
            machine_add_errand(lanes, behind);
    }
    if (d->state != DELIVERY_NEW)
        machine_move(lanes, d, PHASE_BARRED);
    else
        take_from_ready(lanes, d);
}

void barred_took(struct lanes *lanes, struct delivery *d)
{
    if (d->target->policy.parks && barred_is(d))
        lanes_keep(lanes, d);
}

/* ---- who keeps ---- */

/* Whether d keeps, or would if it died, what stands behind it. */
static bool keeps(const struct delivery *d)
{
    bool is_keyed = d->lane ? d->lane->is_keyed : d->target->is_keyed;
    return d->target->policy.parks && is_keyed && d->key && !d->is_overtaken;
}

static void add(struct lanes *lanes, struct delivery *d, int64_t wall_ms)
{
    struct barriers *b = &d->target->barriers;
    barriers_add(
        b, &(struct lane_barrier){
               .key = slice_str(d->key), .position = d->position, .seq = d->seq, .at_ms = wall_ms});
    if (b->is_known && b->n > lanes->limits.lanes)
        barriers_overflow(b);
}

/* Rows below this number are older than d's, which gets one behind its event's others where it has
   none yet. */
static int64_t number_bound(const struct delivery *d)
{
    if (d->seq > 0 || !d->event)
        return d->seq;
    return delivery_seq(d->event->seq + 1, 0);
}

void barred_note_number(struct lanes *lanes, struct delivery *d, int64_t wall_ms)
{
    if (d->next == DELIVERY_DEAD && keeps(d))
        add(lanes, d, wall_ms);
}

void barred_note_end(struct lanes *lanes, struct delivery *d, int64_t wall_ms)
{
    barred_note_number(lanes, d, wall_ms);
    if (d->next == DELIVERY_DELIVERED && d->target->policy.parks && d->key)
        barriers_void_older(&d->target->barriers, slice_str(d->key), number_bound(d));
}

/* ---- when it doesn't any more ---- */

/* The head is where it has to be by what is known now; or what is on disk comes. */
static void look_again(struct lanes *lanes, struct lane *lane)
{
    if (lane->n_loaded == 0) {
        backlog_unbar(lanes, lane);
        return;
    }
    struct delivery *head = lane_head(lane);
    bool waits = head->phase == PHASE_QUEUED || head->phase == PHASE_LATER;
    if (head->phase == PHASE_BARRED ? barred_is(head) : !waits || !barred_is(head))
        return;
    if (head->phase != PHASE_QUEUED)
        machine_move(lanes, head, PHASE_QUEUED);
    machine_head_arrived(lanes, head);
}

static void look_at_key(struct lanes *lanes, struct target *t, struct slice key, int64_t position)
{
    struct lane *lane = t->is_keyed ? lane_find(t, key, position) : NULL;
    if (lane)
        look_again(lanes, lane);
}

static void look_at_all(struct lanes *lanes, struct target *t)
{
    batch_bar(lanes, t);
    list_each (it, &t->lanes)
        look_again(lanes, list_entry(it, struct lane, link));
    machine_offer(lanes, t);
}

static void want_to_ask(struct lanes *lanes, struct target *t)
{
    struct barriers *b = &t->barriers;
    if (!b->is_known && list_is_empty(&b->unknown))
        list_add_tail(&lanes->unknown, &b->unknown);
    if (!b->is_asked && list_is_empty(&b->asking))
        list_add_tail(&lanes->asking, &b->asking);
}

/* Of too many it is known only how many there are. */
static void forget_one(struct lanes *lanes, struct target *t, struct slice key, int64_t position)
{
    struct barriers *b = &t->barriers;
    bool are_too_many = !b->is_known && !b->is_asked && b->n > 0;
    if (are_too_many && --b->n <= lanes->limits.lanes)
        want_to_ask(lanes, t);
    barriers_remove(b, key, position);
}

void lanes_letter_gone(struct lanes *lanes, struct target *t, struct slice key, int64_t position)
{
    if (!t->policy.parks || !key.data)
        return;
    forget_one(lanes, t, key, position);
    look_at_key(lanes, t, key, position);
}

/* ---- attempted again ---- */

/* The head isn't one any more: something comes to stand before it. */
static void stand_back(struct lanes *lanes, struct lane *lane)
{
    struct delivery *head = lane_head(lane);
    if (head->phase == PHASE_BARRED || head->phase == PHASE_LATER)
        machine_move(lanes, head, PHASE_QUEUED);
    take_from_ready(lanes, head);
}

static void insert(struct lanes *lanes, struct lane *lane, struct delivery *d)
{
    struct list *at = lane->deliveries.next;
    while (at != &lane->deliveries &&
           list_entry(at, struct delivery, in_lane)->position < d->position)
        at = at->next;
    if (at == lane->deliveries.next)
        stand_back(lanes, lane);
    lane_insert(lane, d, at);
}

static void put_in_memory(struct lanes *lanes, struct lane *lane, struct delivery *d)
{
    if (lane && lane->n_loaded > 0)
        insert(lanes, lane, d);
    else if (lane)
        lane_insert(lane, d, &lane->deliveries);
    else
        lane_add(&lanes->pool, d);
    machine_enter(lanes, d);
    machine_settle(lanes, d, DELIVERY_WAITING, NULL);
}

/* An attempt at what has passed the place is being made, or is to be made once more with others. */
static bool is_under_way(const struct lane *lane)
{
    if (lane->n_loaded == 0)
        return lane->batch != NULL;
    const struct delivery *head = lane_head(lane);
    return head->phase == PHASE_ATTEMPTING || head->phase == PHASE_PARKED || head->batch ||
           lane->batch;
}

/* Whether d is in its place now. */
static bool put_back(struct lanes *lanes, struct delivery *d)
{
    struct target *t = d->target;
    struct slice key = slice_str(d->key);
    struct lane *lane = lane_find(t, key, d->position);
    bool is_away = backlog_takes(lanes, t);
    if (t->backlog.is_reading || (lane && is_under_way(lane)) ||
        (is_away && lane && !backlog_can_leave(lane)))
        return false;
    forget_one(lanes, t, key, d->position);
    if (is_away)
        backlog_put_back(lanes, d);
    else
        put_in_memory(lanes, lane, d);
    backlog_changed(lanes, t);
    return true;
}

/* Where d isn't to stand any more: its row may say so since it waited, which nobody knew when it died. */
static void forget_void(struct lanes *lanes, const struct delivery *d)
{
    struct target *t = d->target;
    struct slice key = slice_str(d->key);
    if (!t->policy.parks || !key.data)
        return;
    barriers_remove(&t->barriers, key, d->position);
    look_at_key(lanes, t, key, d->position);
}

bool barred_take_back(struct lanes *lanes, struct delivery *d)
{
    if (!keeps(d)) {
        forget_void(lanes, d);
        return false;
    }
    if (!put_back(lanes, d))
        list_add_tail(&lanes->returning, &d->in_lane);
    return true;
}

void barred_return_all(struct lanes *lanes)
{
    struct list waiting;
    list_init(&waiting);
    list_splice_tail(&waiting, &lanes->returning);
    list_each (it, &waiting) {
        struct delivery *d = list_entry(it, struct delivery, in_lane);
        const struct barriers *b = &d->target->barriers;
        list_remove(it);
        /* It was made void while it waited. */
        if (b->is_known && !barriers_has(b, slice_str(d->key), d->position))
            d->is_overtaken = true;
        if (!keeps(d))
            machine_take(lanes, d);
        else if (!put_back(lanes, d))
            list_add_tail(&lanes->returning, &d->in_lane);
    }
}

/* ---- what is known ---- */

void barred_set_policy(struct lanes *lanes, struct target *t)
{
    struct barriers *b = &t->barriers;
    bool is_asking = b->is_asked || !list_is_empty(&b->asking);
    if (t->policy.parks && !b->is_known) {
        want_to_ask(lanes, t);
    } else if (!t->policy.parks && (b->is_known || is_asking || b->n > 0)) {
        barriers_forget(b);
        look_at_all(lanes, t);
    }
}

bool barred_are_asked(const struct lanes *lanes)
{
    return !list_is_empty(&lanes->unknown);
}

bool barred_has_to_ask(const struct lanes *lanes)
{
    return !list_is_empty(&lanes->asking);
}

void barred_ask(struct lanes *lanes)
{
    while (barred_has_to_ask(lanes)) {
        struct target *t = list_first(&lanes->asking, struct target, barriers.asking);
        list_remove(&t->barriers.asking);
        barriers_ask(&t->barriers);
        lanes->ports.find_barriers(lanes->ports.ctx, t, lanes->limits.lanes);
    }
}

void lanes_ask_barriers(struct lanes *lanes, struct target *t)
{
    if (t->policy.parks)
        want_to_ask(lanes, t);
}

void lanes_barriers_found(struct lanes *lanes, struct target *t, const struct lane_barrier *found,
                          size_t n_found, size_t n_all)
{
    struct barriers *b = &t->barriers;
    if (b->is_void) {
        b->is_void = b->is_asked = false;
        barred_set_policy(lanes, t);
        return;
    }
    barriers_answer(b, found, n_found, n_all);
    for (size_t i = 0; i < n_found; i++) {
        if (t->last_position < found[i].position)
            t->last_position = found[i].position;
    }
    look_at_all(lanes, t);
}
