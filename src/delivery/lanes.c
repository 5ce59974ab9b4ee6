/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "delivery/lanes.h"

#include <stdlib.h>

#include "base/buf.h"
#include "delivery/parts.h"

#define NEVER INT64_MAX
#define NOT_YET INT64_MIN

/* ---- phases ---- */

/* The one place where a delivery's phase changes: what may follow what. */
static void move(struct delivery *d, enum delivery_phase to)
{
    static const bool may[][PHASE_ENDED + 1] = {
        [PHASE_QUEUED] = {[PHASE_LATER] = true, [PHASE_ATTEMPTING] = true, [PHASE_SETTLING] = true},
        [PHASE_LATER] = {[PHASE_QUEUED] = true, [PHASE_SETTLING] = true},
        [PHASE_ATTEMPTING] = {[PHASE_SETTLING] = true, [PHASE_ENDED] = true},
        [PHASE_SETTLING] = {[PHASE_QUEUED] = true, [PHASE_ENDED] = true},
        [PHASE_ENDED] = {false},
    };
    if (!may[d->phase][to])
        die("a delivery can't move from phase %d to %d", d->phase, to);
    d->phase = to;
}

/* ---- time ---- */

static int64_t now_of(const struct lanes *lanes)
{
    return clock_mono_ms(&lanes->clock);
}

static int64_t add_capped(int64_t a, int64_t b)
{
    return b > 0 && a > NEVER - b ? NEVER : a + b;
}

/* Wall time to monotonic and back, as far from now in the one as in the other. */
static int64_t mono_of_wall(const struct lanes *lanes, int64_t wall_ms)
{
    return now_of(lanes) + (wall_ms - clock_wall_ms(&lanes->clock));
}

static int64_t wall_of_mono(const struct lanes *lanes, int64_t mono_ms)
{
    return clock_wall_ms(&lanes->clock) + (mono_ms - now_of(lanes));
}

/* The age stands still while the target is paused: its beginning moves on by as much. */
static void sync_age(const struct lanes *lanes, struct delivery *d)
{
    int64_t paused_ms = target_paused_ms(d->target, now_of(lanes));
    if (d->first_attempt_at != NOT_YET)
        d->first_attempt_at += paused_ms - d->pause_seen_ms;
    d->pause_seen_ms = paused_ms;
}

/* ---- a lane's head ---- */

/* d has come to the head of its lane, or back there: it waits for its time, or is ready. */
static void head_arrived(struct lanes *lanes, struct delivery *d)
{
    struct target *t = d->target;
    int64_t befalls_at = d->expires_at;
    if (d->due_at > now_of(lanes)) {
        move(d, PHASE_LATER);
        if (d->due_at < befalls_at)
            befalls_at = d->due_at;
    } else {
        list_add_tail(&t->ready, &d->lane->ready);
        target_update_serving(t);
    }
    if (befalls_at != NEVER)
        heap_insert(&lanes->by_time, &d->due, befalls_at);
}

/* d is taken up: it waits no more, neither for its time nor for its turn. */
static void head_taken(struct lanes *lanes, struct delivery *d)
{
    heap_remove(&lanes->by_time, &d->due);
    list_remove(&d->lane->ready);
    target_update_serving(d->target);
}

static void leave_lane(struct lanes *lanes, struct delivery *d)
{
    struct lane *lane = d->lane;
    list_remove(&d->in_lane);
    d->lane = NULL;
    d->target->n_inside--;
    if (list_is_empty(&lane->deliveries))
        lane_free(lane);
    else
        head_arrived(lanes, lane_head(lane));
}

/* ---- taking in ---- */

static void enter(struct lanes *lanes, struct delivery *d)
{
    struct target *t = d->target;
    d->due.pos = 0;
    list_init(&d->in_lane);
    list_init(&d->to_tell);
    d->phase = PHASE_QUEUED;
    d->expires_at = d->expires_ms ? mono_of_wall(lanes, d->expires_ms) : NEVER;
    d->pause_seen_ms = target_paused_ms(t, now_of(lanes));
    d->lane = lane_for(t, d);
    bool is_head = list_is_empty(&d->lane->deliveries);
    list_add_tail(&d->lane->deliveries, &d->in_lane);
    t->n_inside++;
    if (is_head)
        head_arrived(lanes, d);
}

void lanes_take(struct lanes *lanes, struct delivery *d)
{
    d->state = DELIVERY_NEW;
    d->first_attempt_at = NOT_YET;
    d->due_at = add_capped(now_of(lanes), d->delay_ms);
    enter(lanes, d);
}

void lanes_restore(struct lanes *lanes, struct delivery *d, const struct delivery_row *row)
{
    int64_t now = now_of(lanes);
    d->state = row->state;
    d->is_told = row->state == DELIVERY_WAITING;
    d->attempts = row->attempts;
    d->unknown = row->unknown;
    d->last_error = row->error.data ? slice_dup(row->error) : NULL;
    d->due_at = row->state == DELIVERY_WAITING ? mono_of_wall(lanes, row->due_ms) : now;
    d->first_attempt_at = NOT_YET;
    if (row->first_attempt_ms) {
        int64_t first_at = mono_of_wall(lanes, row->first_attempt_ms);
        d->first_attempt_at = first_at < now ? first_at : now;
    }
    enter(lanes, d);
}

/* ---- settling ---- */

static void tell(struct lanes *lanes, struct delivery *d)
{
    if (list_is_empty(&d->to_tell))
        list_add_tail(&lanes->to_tell, &d->to_tell);
}

static void set_cause(struct delivery *d, struct slice cause)
{
    free(d->cause);
    d->cause = cause.data ? slice_dup(cause) : NULL;
}

static struct delivery_row row_of(const struct lanes *lanes, const struct delivery *d)
{
    const struct target *t = d->target;
    return (struct delivery_row){
        .seq = d->seq,
        .id = slice_str(d->id),
        .connector = t->is_handler ? SLICE_NULL : slice_str(t->name),
        .handler = slice_str(d->handler),
        .key = slice_str(d->key),
        .has_key = d->key != NULL,
        .transformer = slice_str(d->transformer),
        .data = d->data,
        .state = d->next,
        .cause = slice_str(d->cause),
        .error = slice_str(d->last_error),
        .attempts = d->attempts,
        .unknown = d->unknown,
        .created_ms = d->created_ms,
        .first_attempt_ms =
            d->first_attempt_at == NOT_YET ? 0 : wall_of_mono(lanes, d->first_attempt_at),
        .due_ms = d->next == DELIVERY_WAITING ? wall_of_mono(lanes, d->due_at) : 0,
        .expires_ms = d->expires_ms,
        .ended_ms = d->next == DELIVERY_WAITING ? 0 : clock_wall_ms(&lanes->clock),
    };
}

/* Hands d's row as it will be to the journal; `end` is the failed attempt's, or NULL. */
static void settle(struct lanes *lanes, struct delivery *d, enum delivery_state next,
                   const struct attempt_end *end)
{
    char code[16];
    struct attempt_row attempt;
    move(d, PHASE_SETTLING);
    lanes->n_settling++;
    d->next = next;
    struct delivery_row row = row_of(lanes, d);
    if (end) {
        outcome_code(end, code);
        attempt = (struct attempt_row){
            .n = d->attempts + d->refusals,
            .at_ms = clock_wall_ms(&lanes->clock) - end->ms,
            .ms = end->ms,
            .code = slice_str(code),
            .error = end->error,
            .answer = end->answer,
        };
    }
    lanes->ports.put(lanes->ports.ctx, d, &row, d->state, end ? &attempt : NULL);
}

/* An end that leaves no trace: a handler that ran through without ever having had a row. */
static void end_unwritten(struct lanes *lanes, struct delivery *d, enum delivery_state final)
{
    move(d, PHASE_ENDED);
    d->next = final;
    leave_lane(lanes, d);
    tell(lanes, d);
}

void lanes_settled(struct lanes *lanes, struct delivery *d)
{
    lanes->n_settling--;
    d->state = d->next;
    if (d->next == DELIVERY_WAITING) {
        move(d, PHASE_QUEUED);
        if (!d->is_told)
            tell(lanes, d);
        head_arrived(lanes, d);
    } else {
        move(d, PHASE_ENDED);
        leave_lane(lanes, d);
        tell(lanes, d);
    }
}

/* ---- how an attempt ended ---- */

static void settle_end(struct lanes *lanes, struct delivery *d, enum delivery_state final)
{
    if (d->target->is_handler && d->state == DELIVERY_NEW)
        end_unwritten(lanes, d, final);
    else
        settle(lanes, d, final, NULL);
}

static void settle_dead(struct lanes *lanes, struct delivery *d, const char *cause,
                        const struct attempt_end *end)
{
    set_cause(d, slice_str(cause));
    settle(lanes, d, DELIVERY_DEAD, end);
}

static int64_t delay_of(struct lanes *lanes, const struct delivery *d, const struct attempt_end *end)
{
    if (end->kind == ATTEMPT_RETRY && end->after_ms >= 0)
        return end->after_ms;
    int64_t delay = retry_delay_ms(&d->target->policy.retry, d->attempts, &lanes->rng);
    return end->after_ms > delay ? end->after_ms : delay;
}

/* Waits for its next attempt, at the end of its age at the latest; or has had the last. */
static void settle_retry(struct lanes *lanes, struct delivery *d, const struct attempt_end *end)
{
    const struct retry_policy *policy = &d->target->policy.retry;
    int64_t now = now_of(lanes);
    sync_age(lanes, d);
    int64_t age_end = policy->age_ms > 0 ? add_capped(d->first_attempt_at, policy->age_ms) : NEVER;

    if (d->expires_at <= now) {
        settle_dead(lanes, d, "expired", end);
    } else if ((policy->attempts && d->attempts >= policy->attempts) || now >= age_end) {
        settle_dead(lanes, d, "exhausted", end);
    } else {
        int64_t due_at = add_capped(now, delay_of(lanes, d, end));
        d->due_at = due_at < age_end ? due_at : age_end;
        settle(lanes, d, DELIVERY_WAITING, end);
    }
}

/* Kept while its target is paused: nothing of it is used up. */
static void settle_kept_back(struct lanes *lanes, struct delivery *d, const struct attempt_end *end)
{
    d->due_at = now_of(lanes);
    settle(lanes, d, DELIVERY_WAITING, end);
}

/* Whether the other side was overburdened or away, so that fewer attempts at once may help. */
static bool is_strain(const struct attempt_end *end, const struct verdict *verdict)
{
    return verdict->outcome == OUTCOME_RETRY &&
           (end->kind == ATTEMPT_FAILURE || end->kind == ATTEMPT_STATUS);
}

static void take_back(struct lanes *lanes, struct delivery *d, const struct attempt_end *end,
                      const struct verdict *verdict)
{
    struct target *t = d->target;
    if (verdict->outcome == OUTCOME_DELIVERED)
        limit_success(&t->limit, t->n_in_flight);
    else if (is_strain(end, verdict))
        limit_failure(&t->limit, d->started_at, now_of(lanes));
    lanes->n_in_flight--;
    t->n_in_flight--;
    d->unknown = d->unknown || end->unknown;
    if (verdict->outcome != OUTCOME_DELIVERED) {
        free(d->last_error);
        d->last_error = slice_dup(end->error);
    }
}

void lanes_attempt_ended(struct lanes *lanes, struct delivery *d, const struct attempt_end *end)
{
    struct target *t = d->target;
    struct verdict verdict = outcome_of(end, t->is_handler, d->unknown);
    take_back(lanes, d, end, &verdict);
    bool is_kept_back = target_learn(t, d, end, &verdict);
    target_update_serving(t);
    if (is_kept_back) {
        settle_kept_back(lanes, d, end);
        return;
    }
    d->attempts++;
    switch (verdict.outcome) {
    case OUTCOME_DELIVERED:
        settle_end(lanes, d, DELIVERY_DELIVERED);
        break;
    case OUTCOME_SKIPPED:
        set_cause(d, end->error);
        settle_end(lanes, d, DELIVERY_SKIPPED);
        break;
    case OUTCOME_RETRY:
        settle_retry(lanes, d, end);
        break;
    case OUTCOME_DEAD:
        settle_dead(lanes, d, verdict.cause, end);
        break;
    case OUTCOME_PAUSE: /* refused again while others were not */
        settle_dead(lanes, d, "refused", end);
        break;
    }
}

/* ---- the pump ---- */

static void start(struct lanes *lanes, struct delivery *d)
{
    struct target *t = d->target;
    sync_age(lanes, d);
    move(d, PHASE_ATTEMPTING);
    lanes->n_in_flight++;
    t->n_in_flight++;
    head_taken(lanes, d);
    d->started_at = now_of(lanes);
    if (d->first_attempt_at == NOT_YET)
        d->first_attempt_at = d->started_at;
    lanes->ports.attempt(lanes->ports.ctx, d);
}

static struct delivery *first_ready(const struct target *t)
{
    return lane_head(list_first(&t->ready, struct lane, ready));
}

static bool start_some(struct lanes *lanes)
{
    bool any = false;
    while (!list_is_empty(&lanes->serving) && lanes->n_in_flight < lanes->in_flight_max) {
        struct target *t = list_first(&lanes->serving, struct target, serving);
        list_remove(&t->serving); /* to the end of the round, if it has more */
        start(lanes, first_ready(t));
        target_update_serving(t);
        any = true;
    }
    return any;
}

static bool befall_some(struct lanes *lanes)
{
    bool any = false;
    int64_t now = now_of(lanes);
    struct heap_node *node;
    while ((node = heap_min(&lanes->by_time)) && node->rank <= now) {
        struct delivery *d = container_of(node, struct delivery, due);
        head_taken(lanes, d);
        if (d->expires_at <= now) {
            settle_dead(lanes, d, "expired", NULL);
        } else {
            move(d, PHASE_QUEUED);
            head_arrived(lanes, d);
        }
        any = true;
    }
    return any;
}

static bool probe_some(struct lanes *lanes)
{
    bool any = false;
    int64_t now = now_of(lanes);
    struct heap_node *node;
    while ((node = heap_min(&lanes->probes)) && node->rank <= now) {
        struct target *t = container_of(node, struct target, pause.probe);
        target_probe_later(t, now);
        if (list_is_empty(&t->ready) || t->n_in_flight > 0)
            continue;
        start(lanes, first_ready(t));
        any = true;
    }
    return any;
}

static bool tell_some(struct lanes *lanes)
{
    bool any = false;
    while (!list_is_empty(&lanes->to_tell)) {
        struct delivery *d = list_first(&lanes->to_tell, struct delivery, to_tell);
        list_remove(&d->to_tell);
        any = true;
        if (d->phase == PHASE_ENDED) {
            struct slice cause = slice_str(d->cause);
            char *last_error = d->last_error;
            lanes->ports.ended(lanes->ports.ctx, d, d->next, cause.data);
            free((char *)cause.data);
            free(last_error);
        } else {
            d->is_told = true;
            lanes->ports.kept(lanes->ports.ctx, d);
        }
    }
    return any;
}

void lanes_pump(struct lanes *lanes)
{
    bool any;
    do {
        any = tell_some(lanes);
        if (lanes->is_stopped)
            continue;
        any |= befall_some(lanes);
        any |= probe_some(lanes);
        any |= start_some(lanes);
    } while (any);
}

void lanes_stop(struct lanes *lanes)
{
    lanes->is_stopped = true;
}

int64_t lanes_next_ms(const struct lanes *lanes)
{
    const struct heap *const heaps[] = {&lanes->by_time, &lanes->probes};
    int64_t next = NEVER;
    if (lanes->is_stopped)
        return NEVER;
    for (size_t i = 0; i < ARRAY_LEN(heaps); i++) {
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

/* ---- its life ---- */

struct lanes *lanes_new(const struct lanes_ports *ports, struct clock clock, uint64_t seed,
                        size_t in_flight_max)
{
    struct lanes *lanes = mem_calloc(1, sizeof(*lanes));
    lanes->ports = *ports;
    lanes->clock = clock;
    lanes->in_flight_max = in_flight_max;
    rng_init(&lanes->rng, seed);
    map_init(&lanes->connectors);
    map_init(&lanes->handlers);
    list_init(&lanes->targets);
    list_init(&lanes->serving);
    list_init(&lanes->to_tell);
    return lanes;
}

static void let_go(struct lanes *lanes, struct delivery *d)
{
    char *cause = d->cause, *last_error = d->last_error;
    lanes->ports.ended(lanes->ports.ctx, d, DELIVERY_NEW, NULL);
    free(cause);
    free(last_error);
}

static void target_free(struct lanes *lanes, struct target *t)
{
    list_each(it, &t->lanes) {
        struct lane *lane = list_entry(it, struct lane, all);
        list_each(d_it, &lane->deliveries) {
            list_remove(d_it);
            let_go(lanes, list_entry(d_it, struct delivery, in_lane));
        }
        lane_free(lane);
    }
    map_deinit(&t->keyed);
    free(t->pause.reason);
    free(t->name);
    free(t);
}

void lanes_free(struct lanes *lanes)
{
    if (!lanes)
        return;
    list_each(it, &lanes->to_tell) {
        struct delivery *d = list_entry(it, struct delivery, to_tell);
        list_remove(it);
        if (d->phase == PHASE_ENDED) /* the others are in their lanes still */
            let_go(lanes, d);
    }
    list_each(it, &lanes->targets)
        target_free(lanes, list_entry(it, struct target, link));
    map_deinit(&lanes->connectors);
    map_deinit(&lanes->handlers);
    heap_deinit(&lanes->by_time);
    heap_deinit(&lanes->probes);
    free(lanes);
}
