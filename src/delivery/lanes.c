/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What befalls a delivery between lanes_take and ports.ended. Each step ends in a move, which keeps
 * lists, heaps and counters in accord with its phase. Nothing walks over deliveries or lanes: what
 * can happen next stands at the front of a list or a heap.
 */
#include "delivery/lanes.h"

#include "base/buf.h"
#include "base/err.h"
#include "delivery/delivery.h"
#include "delivery/machine.h"

/* In a row they are trouble where there is no breaker to say how many. */
#define TROUBLE_FAILURES 5

/* ---- who is served ---- */

void machine_offer(struct lanes *lanes, struct target *t)
{
    if (target_takes_batches(t)) {
        if (t->batching.is_forming)
            return;
        batch_set_wait(lanes, t);
    }
    int64_t at = target_opens_at(t, &lanes->clock);
    heap_remove(&lanes->gates, &t->gate_opens);
    if (at != AT_ONCE)
        list_remove(&t->serving);
    else if (list_is_empty(&t->serving))
        list_add_tail(&lanes->serving, &t->serving);
    if (at != AT_ONCE && at != NEVER)
        heap_insert(&lanes->gates, &t->gate_opens, at);
}

void machine_add_errand(struct lanes *lanes, struct delivery *d)
{
    if (list_is_empty(&d->errand))
        list_add_tail(&lanes->errands, &d->errand);
}

/* ---- phases ---- */

void machine_begin_flight(struct lanes *lanes, struct target *t)
{
    lanes->n_in_flight++;
    t->n_in_flight++;
}

void machine_end_flight(struct lanes *lanes, struct target *t)
{
    lanes->n_in_flight--;
    t->n_in_flight--;
}

static void leave_phase(struct lanes *lanes, struct delivery *d)
{
    switch (d->phase) {
    case PHASE_QUEUED:
        if (d->is_gathered)
            batch_ungather(d);
        if (d->lane && lane_has_head(d->lane, d)) {
            list_remove(&d->lane->ready);
            d->lane->has_turn = false;
            machine_offer(lanes, d->target);
        }
        break;
    case PHASE_LATER:
        heap_remove(&lanes->due, &d->due);
        list_remove(&d->lane->ready);
        break;
    case PHASE_BARRED:
        list_remove(&d->lane->ready);
        break;
    case PHASE_ATTEMPTING:
        d->target->n_attempted--;
        if (!d->batch)
            machine_end_flight(lanes, d->target);
        break;
    case PHASE_PARKED:
        d->target->n_parked--;
        break;
    case PHASE_SETTLING:
        lanes->n_settling--;
        break;
    case PHASE_ENDED:
    case PHASE_AWAY:
        break;
    }
}

static void leave_lane(struct lanes *lanes, struct delivery *d)
{
    heap_remove(&lanes->expiries, &d->expiry);
    d->target->n_inside--;
    if (d->is_replaced)
        d->target->n_leaving--;
    d->target->bytes_inside -= d->size;
    lane_remove(d);
}

/* The next one comes to the head, from memory or from the disk; or the lane goes. What expired on
   disk is in none. */
static void end(struct lanes *lanes, struct delivery *d)
{
    struct lane *lane = d->lane;
    if (!lane) {
        expiry_ended(lanes, d);
        return;
    }
    bool was_head = lane_has_head(lane, d);
    if (lane->woken == d->position)
        lane->woken = 0;
    leave_lane(lanes, d);
    machine_add_errand(lanes, d);
    if (lane_free_idle(&lanes->pool, lane)) {
        backlog_changed(lanes, d->target);
        return;
    }
    if (was_head && lane->n_loaded > 0)
        machine_head_arrived(lanes, lane_head(lane));
    else
        batch_gather(lanes, lane);
    if (d->is_replaced)
        coalesce_ended(lanes, lane);
    backlog_lane_changed(lanes, lane);
}

static void enter_phase(struct lanes *lanes, struct delivery *d)
{
    switch (d->phase) {
    case PHASE_QUEUED:
        if (d->expires_at != NEVER && !heap_has(&d->expiry))
            heap_insert(&lanes->expiries, &d->expiry, d->expires_at);
        break;
    case PHASE_LATER:
        heap_insert(&lanes->due, &d->due, d->due_at);
        list_add_tail(&d->target->later, &d->lane->ready);
        backlog_lane_changed(lanes, d->lane);
        break;
    case PHASE_BARRED:
        list_add_tail(&d->target->barred, &d->lane->ready);
        backlog_lane_changed(lanes, d->lane);
        break;
    case PHASE_ATTEMPTING:
        heap_remove(&lanes->expiries, &d->expiry);
        d->target->n_attempted++;
        if (!d->batch)
            machine_begin_flight(lanes, d->target);
        break;
    case PHASE_PARKED:
        d->target->n_parked++;
        break;
    case PHASE_SETTLING:
        heap_remove(&lanes->expiries, &d->expiry);
        lanes->n_settling++;
        break;
    case PHASE_ENDED:
        end(lanes, d);
        break;
    case PHASE_AWAY:
        list_remove(&d->errand);
        if (d->lane)
            leave_lane(lanes, d);
        break;
    }
}

/* The one place where a delivery's phase changes: what may follow what. */
void machine_move(struct lanes *lanes, struct delivery *d, enum delivery_phase to)
{
    static const bool may[PHASE_AWAY + 1][PHASE_AWAY + 1] = {
        /* due later; kept; started; expired, or written before it waits; left to the disk */
        [PHASE_QUEUED] = {[PHASE_LATER] = true,
                          [PHASE_BARRED] = true,
                          [PHASE_ATTEMPTING] = true,
                          [PHASE_SETTLING] = true,
                          [PHASE_AWAY] = true},
        /* due now; expired; left to the disk */
        [PHASE_LATER] = {[PHASE_QUEUED] = true, [PHASE_SETTLING] = true, [PHASE_AWAY] = true},
        /* kept no more, or no head any more; expired; left to the disk */
        [PHASE_BARRED] = {[PHASE_QUEUED] = true, [PHASE_SETTLING] = true, [PHASE_AWAY] = true},
        /* it waits within; its end is written, or leaves no trace; it is taken back */
        [PHASE_ATTEMPTING] = {[PHASE_PARKED] = true,
                              [PHASE_SETTLING] = true,
                              [PHASE_ENDED] = true,
                              [PHASE_QUEUED] = true},
        /* it goes on; or is to be made once more, when it is woken or at once */
        [PHASE_PARKED] =
            {[PHASE_ATTEMPTING] = true, [PHASE_SETTLING] = true, [PHASE_QUEUED] = true},
        /* it waits (again); or that was all */
        [PHASE_SETTLING] = {[PHASE_QUEUED] = true, [PHASE_ENDED] = true},
    };
    static const char *const names[] = {
        [PHASE_QUEUED] = "queued", [PHASE_LATER] = "later",       [PHASE_ATTEMPTING] = "attempting",
        [PHASE_PARKED] = "parked", [PHASE_SETTLING] = "settling", [PHASE_ENDED] = "ended",
        [PHASE_AWAY] = "away",     [PHASE_BARRED] = "barred",
    };
    if (!may[d->phase][to])
        die("delivery %s of %s can't go from %s to %s", d->id ? d->id : "(unnamed)",
            d->target->name, names[d->phase], names[to]);
    leave_phase(lanes, d);
    d->phase = to;
    enter_phase(lanes, d);
}

/* What is due later gets its row first, so that nobody has to remember it; only a head does, so
   that those with a row stand at the front of their lanes also after a restart. A follower that
   expired may still be settling when it becomes the head, and goes by itself. */
void machine_head_arrived(struct lanes *lanes, struct delivery *d)
{
    if (d->phase != PHASE_QUEUED || d->batch)
        return;
    if (d->lane->woken == d->position)
        delivery_wake(d, machine_now(lanes));
    int64_t crowd_ms = target_crowd_ms(d->target, d);
    if (crowd_ms > 0 && d->state == DELIVERY_WAITING && d->due_at <= machine_now(lanes))
        d->due_at = time_add(machine_now(lanes), crowd_ms);
    if (barred_is(d)) {
        barred_keep_lane(lanes, d);
    } else if (d->due_at == AT_ONCE || d->due_at <= machine_now(lanes)) {
        target_add_ready(d->target, d);
        if (target_takes_batches(d->target)) {
            d->lane->ready_at = machine_now(lanes);
            batch_gather(lanes, d->lane);
        }
        machine_offer(lanes, d->target);
    } else if (d->state == DELIVERY_NEW) {
        machine_add_errand(lanes, d);
    } else {
        machine_move(lanes, d, PHASE_LATER);
    }
}

/* ---- taking in ---- */

void machine_init(struct lanes *lanes, struct delivery *d, const struct delivery_row *row)
{
    bool is_timed = row || d->delay_ms > 0 || d->expires_ms > 0 || target_is_paused(d->target);
    struct moment now = {0};
    if (is_timed) /* few are: to read both clocks takes longer than all that is done here */
        now = moment_now(&lanes->clock);
    delivery_init(d, now, pause_total_ms(&d->target->pause, now.mono_ms));
    if (row)
        delivery_restore(d, row, now);
}

void machine_enter(struct lanes *lanes, struct delivery *d)
{
    d->target->n_inside++;
    d->target->bytes_inside += d->size;
    enter_phase(lanes, d);
    if (lane_has_head(d->lane, d)) {
        machine_head_arrived(lanes, d);
    } else if (target_takes_batches(d->target)) {
        batch_gather_last(d);
        machine_offer(lanes, d->target);
    }
}

/* Behind all others, further on where it wishes to be; a row that says so stands as it is. */
void machine_take(struct lanes *lanes, struct delivery *d)
{
    struct target *t = d->target;
    bool is_away = backlog_takes(lanes, t);
    int64_t wish = d->position;
    d->position = wish > t->last_position ? wish : t->last_position + 1;
    t->last_position = d->position;

    bool is_written = d->state == DELIVERY_WAITING && d->position == wish;
    if (is_away) {
        backlog_spill(lanes, d, is_written);
        return;
    }
    if (d->state == DELIVERY_WAITING && !is_written)
        machine_write(lanes, d);
    lane_add(&lanes->pool, d);
    machine_enter(lanes, d);
    backlog_changed(lanes, t);
    barred_took(lanes, d);
    coalesce_came(lanes, d);
    if (d->state == DELIVERY_DEAD)
        machine_settle(lanes, d, DELIVERY_WAITING, NULL);
}

void lanes_take(struct lanes *lanes, struct delivery *d)
{
    machine_init(lanes, d, NULL);
    machine_take(lanes, d);
}

void lanes_restore(struct lanes *lanes, struct delivery *d, const struct delivery_row *row)
{
    d->position = row->position;
    machine_init(lanes, d, row);
    if (row->state != DELIVERY_DEAD || !barred_take_back(lanes, d))
        machine_take(lanes, d);
}

/* ---- settling ---- */

/* How d is recorded when it is in state `next`. */
static struct delivery_row describe(struct delivery *d, enum delivery_state next, struct moment now)
{
    delivery_sync_age(d, pause_total_ms(&d->target->pause, now.mono_ms));
    d->next = next;
    d->is_ahead = false;
    return delivery_describe(d, now);
}

void machine_write(struct lanes *lanes, struct delivery *d)
{
    struct delivery_row row = describe(d, DELIVERY_WAITING, moment_now(&lanes->clock));
    enum delivery_state from = d->state;
    d->state = DELIVERY_WAITING;
    lanes->ports.write(lanes->ports.ctx, d, &row, from);
}

static void count_end(struct delivery *d, int64_t wall_ms)
{
    int64_t received_ms = d->event ? d->event->received_ms : d->created_ms;
    tally_end(&d->target->tally, d->next, d->cause, wall_ms - received_ms);
}

void machine_settle(struct lanes *lanes, struct delivery *d, enum delivery_state next,
                    const struct attempt_end *end)
{
    struct moment now = moment_now(&lanes->clock);
    struct delivery_row row = describe(d, next, now);
    machine_move(lanes, d, PHASE_SETTLING);
    if (next != DELIVERY_WAITING)
        count_end(d, now.wall_ms);
    barred_note_end(lanes, d, now.wall_ms);

    char code[OUTCOME_CODE_SIZE];
    struct attempt_row attempt;
    if (end)
        attempt = delivery_describe_attempt(d, end, code, now);
    lanes->ports.put(lanes->ports.ctx, d, &row, d->state, end ? &attempt : NULL);
    barred_note_number(lanes, d, now.wall_ms);
}

static void settle_dead(struct lanes *lanes, struct delivery *d, const char *cause,
                        const struct attempt_end *end)
{
    delivery_set_cause(d, slice_str(cause));
    machine_settle(lanes, d, DELIVERY_DEAD, end);
}

/* A handler that ran through without ever having had a row leaves none. */
static void settle_done(struct lanes *lanes, struct delivery *d, enum delivery_state final)
{
    if (d->target->is_handler && d->state == DELIVERY_NEW) {
        d->next = final;
        machine_move(lanes, d, PHASE_ENDED);
    } else {
        machine_settle(lanes, d, final, NULL);
    }
}

static void wait_again(struct lanes *lanes, struct delivery *d)
{
    machine_move(lanes, d, PHASE_QUEUED);
    if (d->state == DELIVERY_NEW)
        machine_add_errand(lanes, d);
    d->state = DELIVERY_WAITING;
    if (lane_has_head(d->lane, d))
        machine_head_arrived(lanes, d);
    else
        batch_gather(lanes, d->lane);
}

void lanes_settled(struct lanes *lanes, struct delivery *d)
{
    struct batch *b = batch_settling(d);
    if (d->next != DELIVERY_WAITING)
        machine_move(lanes, d, PHASE_ENDED);
    else
        wait_again(lanes, d);
    if (b)
        batch_settled(lanes, b);
}

void machine_expire(struct lanes *lanes, struct delivery *d, const struct attempt_end *end)
{
    if (!d->last_error)
        d->last_error = mem_strdup("it expired before it was attempted");
    settle_dead(lanes, d, "expired", end);
}

/* ---- a target's pauses ---- */

void machine_pause(struct lanes *lanes, struct target *t, enum target_pause why, const char *reason)
{
    int64_t now = machine_now(lanes);
    if (!pause_begin(&t->pause, why, reason, now, &lanes->probes))
        return;
    gate_stop(&t->gate, now);
    machine_offer(lanes, t);
    lanes->ports.paused(lanes->ports.ctx, t, why, t->pause.reason);
}

void machine_unpause(struct lanes *lanes, struct target *t)
{
    int64_t now = machine_now(lanes);
    if (!pause_end(&t->pause, now, &lanes->probes))
        return;
    if (!target_is_paused(t))
        gate_resume(&t->gate, now);
    target_ready_all(t);
    batch_gather_all(lanes, t);
    machine_offer(lanes, t);
    lanes->ports.paused(lanes->ports.ctx, t, PAUSE_NONE, NULL);
}

static void probe_later(struct lanes *lanes, struct target *t, const struct attempt_end *end)
{
    int64_t now = machine_now(lanes);
    if (t->pause.why == PAUSE_BREAKER)
        pause_probe_in(&t->pause, breaker_wait_ms(&t->policy.breaker, end, &lanes->rng), now,
                       &lanes->probes);
    else
        pause_probe_later(&t->pause, now, &lanes->probes);
}

static void pause_for_end(struct lanes *lanes, struct target *t, enum target_pause why,
                          const struct attempt_end *end)
{
    struct buf reason = {0};
    if (why == PAUSE_BREAKER)
        breaker_add_reason(&reason, t->policy.breaker.failures, end);
    else
        pause_add_reason(&reason, why, end);
    machine_pause(lanes, t, why, reason.data);
    if (why == PAUSE_BREAKER)
        probe_later(lanes, t, end);
    buf_deinit(&reason);
}

/* It is but one that is sent, so nobody's wish is done much harm by it. */
void machine_probe_now(struct lanes *lanes, struct target *t)
{
    gate_spare_no_more(&t->gate, machine_now(lanes));
    pause_probe_soon(&t->pause, &lanes->probes);
}

void lanes_hold_target(struct lanes *lanes, struct target *t)
{
    int64_t now = machine_now(lanes);
    pause_hold(&t->pause, now);
    gate_stop(&t->gate, now);
    machine_offer(lanes, t);
}

void lanes_release_target(struct lanes *lanes, struct target *t)
{
    int64_t now = machine_now(lanes);
    pause_release(&t->pause, now);
    gate_spare_no_more(&t->gate, now);
    if (!target_is_paused(t))
        gate_resume(&t->gate, now);
    if (pause_is_probed(&t->pause))
        pause_probe_soon(&t->pause, &lanes->probes);
    machine_offer(lanes, t);
}

void lanes_spare_target(struct lanes *lanes, struct target *t, int64_t ms)
{
    int64_t now = machine_now(lanes);
    if (!gate_spare(&t->gate, ms, now))
        return;
    machine_offer(lanes, t);
    lanes->ports.spared(lanes->ports.ctx, t, gate_spared_ms(&t->gate, now));
}

void machine_call_pause(struct lanes *lanes, struct target *t, const struct attempt_end *end,
                        const struct verdict *verdict)
{
    enum target_pause why = pause_called_for(&t->pause, end, verdict, t->is_handler);
    if (why > t->pause.why)
        pause_for_end(lanes, t, why, end);
}

/* Who is there again after one failure on the other is slow at first also where no breaker opened. What
   a handler's run asked for isn't its own. */
static enum target_pause learn_trouble(struct target *t, const struct delivery *d,
                                       enum breaker_sign sign, int64_t now)
{
    unsigned failures = t->policy.breaker.failures;
    if (t->is_handler)
        return PAUSE_NONE;
    if (breaker_learn(&t->breaker, sign, d->position, d->started_at, now,
                      failures ? failures : TROUBLE_FAILURES)) {
        if (failures)
            return PAUSE_BREAKER;
        gate_stop(&t->gate, now);
    } else if (sign == BREAKER_SAYS_UP && !target_is_paused(t)) {
        gate_resume(&t->gate, now);
    }
    return PAUSE_NONE;
}

/* Who answers so and says for how long means all that is sent to it, and not this delivery alone;
   unless its connector knows better. */
static bool is_overburdened(const struct attempt_end *end)
{
    return end->kind == ATTEMPT_STATUS && (end->status == 429 || end->status == 503) &&
           end->said != SAID_REFUSE && end->after_ms > 0;
}

/* A probe that sent nothing found nothing out: the next one needn't wait. */
static bool sent_nothing(const struct verdict *verdict)
{
    return verdict->outcome == OUTCOME_SKIPPED || verdict->outcome == OUTCOME_SUPERSEDED;
}

/* While it is paused only a probe's success counts: other attempts began before it was known to
   refuse. */
void machine_learn(struct lanes *lanes, struct delivery *d, const struct attempt_end *end,
                   const struct verdict *verdict, bool is_split)
{
    struct target *t = d->target;
    int64_t now = machine_now(lanes);
    bool is_probe = pause_probe_end(&t->pause, d);
    bool is_success = verdict->outcome == OUTCOME_DELIVERED;
    target_learn(t, end, d->started_at, now);
    if (is_success && (is_probe || !target_is_paused(t)))
        t->successes++;
    if (is_success)
        backlog_served(t, now);

    enum target_pause why =
        is_split ? PAUSE_NONE : pause_called_for(&t->pause, end, verdict, t->is_handler);
    enum breaker_sign sign = breaker_sign_of(end, verdict);
    enum target_pause trouble = learn_trouble(t, d, sign, now);
    if (why == PAUSE_NONE)
        why = trouble;
    if (!t->is_handler && is_overburdened(end))
        lanes_spare_target(lanes, t, end->after_ms);
    bool is_over = is_success || (t->pause.why == PAUSE_BREAKER && sign == BREAKER_SAYS_UP);
    if (why > t->pause.why)
        pause_for_end(lanes, t, why, end);
    else if (is_probe && is_over)
        machine_unpause(lanes, t);
    else if (is_probe && sent_nothing(verdict))
        pause_probe_due(&t->pause, &lanes->probes);
    else if (is_probe)
        probe_later(lanes, t, end);
}

/* ---- how an attempt ended ---- */

int64_t machine_delay_after(struct lanes *lanes, const struct delivery *d,
                            const struct attempt_end *end)
{
    if (end->kind == ATTEMPT_RETRY && end->after_ms >= 0)
        return end->after_ms;
    unsigned n = end->kind == ATTEMPT_STARVED ? d->tries : d->attempts;
    int64_t delay = retry_delay_ms(&d->target->policy.retry, n, &lanes->rng);
    return end->after_ms > delay ? end->after_ms : delay;
}

static int64_t age_end_of(const struct delivery *d)
{
    int64_t age_ms = d->target->policy.retry.age_ms;
    return age_ms > 0 ? time_add(d->first_attempt_at, age_ms) : NEVER;
}

int64_t machine_due_in(struct lanes *lanes, struct delivery *d, int64_t delay_ms)
{
    int64_t now = machine_now(lanes), due_at = time_add(now, delay_ms);
    delivery_sync_age(d, pause_total_ms(&d->target->pause, now));
    int64_t age_end = age_end_of(d);
    return due_at > age_end && age_end > now ? age_end : due_at;
}

/* A paused target uses nothing up. */
void machine_put_off(struct lanes *lanes, struct delivery *d, const struct attempt_end *end,
                     int64_t due_at)
{
    const struct target *t = d->target;
    int64_t now = machine_now(lanes);
    unsigned attempts = t->policy.retry.attempts;
    delivery_sync_age(d, pause_total_ms(&t->pause, now));
    bool is_starved = end->kind == ATTEMPT_STARVED;
    if (is_starved)
        delivery_stand_still(d, due_at);
    bool is_used_up =
        !is_starved && (now >= age_end_of(d) || (attempts && d->attempts >= attempts));

    if (d->expires_at <= now) {
        machine_expire(lanes, d, end);
    } else if (is_used_up && !target_is_paused(t)) {
        settle_dead(lanes, d, "exhausted", end);
    } else {
        d->due_at = due_at;
        machine_settle(lanes, d, DELIVERY_WAITING, end);
    }
}

/* Its target refuses whatever comes: it waits until a probe succeeds. */
static void keep_refused(struct lanes *lanes, struct delivery *d, const struct attempt_end *end)
{
    if (d->expires_at <= machine_now(lanes)) {
        machine_expire(lanes, d, end);
        return;
    }
    d->refusals++;
    d->successes_seen = d->target->successes;
    d->due_at = AT_ONCE;
    machine_settle(lanes, d, DELIVERY_WAITING, end);
}

void machine_conclude(struct lanes *lanes, struct delivery *d, const struct attempt_end *end,
                      const struct verdict *verdict)
{
    switch (verdict->outcome) {
    case OUTCOME_DELIVERED:
        settle_done(lanes, d, DELIVERY_DELIVERED);
        break;
    case OUTCOME_SKIPPED:
        delivery_set_cause(d, end->error);
        settle_done(lanes, d, DELIVERY_SKIPPED);
        break;
    case OUTCOME_SUPERSEDED:
        delivery_set_cause(d, end->error);
        settle_done(lanes, d, DELIVERY_SUPERSEDED);
        break;
    case OUTCOME_RETRY:
        machine_put_off(lanes, d, end,
                        machine_due_in(lanes, d, machine_delay_after(lanes, d, end)));
        break;
    case OUTCOME_PAUSE:
        keep_refused(lanes, d, end);
        break;
    case OUTCOME_DEAD:
        settle_dead(lanes, d, verdict->cause, end);
        break;
    }
}

void lanes_attempt_ended(struct lanes *lanes, struct delivery *d, const struct attempt_end *end)
{
    struct target *t = d->target;
    struct verdict verdict = target_verdict(t, d, end);
    delivery_note_end(d, end, !target_is_free_end(t, end, &verdict));
    tally_attempt(&t->tally, end);
    machine_learn(lanes, d, end, &verdict, false);
    machine_conclude(lanes, d, end, &verdict);
    machine_offer(lanes, t);
}
