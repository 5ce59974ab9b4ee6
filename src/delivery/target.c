/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "delivery/target.h"

#include <stdlib.h>

#include "base/buf.h"
#include "delivery/coalesce.h"
#include "delivery/delivery.h"

struct target *target_new(struct slice name, bool is_handler, int64_t now)
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
    list_init(&t->retries);
    list_init(&t->refused);
    list_init(&t->later);
    list_init(&t->held);
    list_init(&t->barred);
    barriers_init(&t->barriers);
    limit_init(&t->limit);
    gate_init(&t->gate, now);
    tally_init(&t->tally, is_handler ? &histogram_work : &histogram_calls);
    return t;
}

void target_free(struct target *t)
{
    batching_deinit(&t->batching);
    map_deinit(&t->keyed);
    map_deinit(&t->single);
    backlog_deinit(&t->backlog);
    barriers_deinit(&t->barriers);
    pause_deinit(&t->pause);
    breaker_deinit(&t->breaker);
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

void target_set_took_batches(struct target *t)
{
    t->took_batches = true;
}

bool target_took_batches(const struct target *t)
{
    return t->took_batches;
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

void target_each_barred(const struct target *t, target_barred_fn fn, void *ctx)
{
    barriers_each(&t->barriers, fn, ctx);
}

/* ---- what may start ---- */

unsigned target_concurrency(const struct target *t)
{
    return t->policy.concurrency ? t->policy.concurrency : t->limit.max;
}

static bool has_place(const struct target *t)
{
    if (t->pause.is_held || (target_is_paused(t) && !t->pause.is_probe_due))
        return false;
    if ((t->policy.parks && !t->barriers.is_known) || coalesce_holds_enough(t))
        return false;
    return t->n_in_flight < target_concurrency(t) && t->n_parked < LANES_PARKED_MAX;
}

/* The next one of a list that the gate lets through now, or NULL. */
static struct lane *first_let(const struct target *t, const struct list *list, bool is_retry,
                              int64_t now)
{
    bool is_let =
        !list_is_empty(list) && (t->is_handler || gate_opens_at(&t->gate, is_retry, now) <= now);
    return is_let ? list_first(list, struct lane, ready) : NULL;
}

struct delivery *target_next(const struct target *t, int64_t now)
{
    struct lane *first = first_let(t, &t->ready, false, now);
    const struct lane *retry = first_let(t, &t->retries, true, now);
    if (!first && !retry)
        return lane_head(list_first(&t->refused, struct lane, ready));
    return lane_head(!first || (retry && retry->turn < first->turn) ? retry : first);
}

static bool has_something(const struct target *t)
{
    if (target_takes_batches(t))
        return batch_can_start(t);
    return !list_is_empty(&t->ready) || !list_is_empty(&t->retries) || !list_is_empty(&t->refused);
}

/* Whether all that it could start next are retries. */
static bool has_but_retries(const struct target *t)
{
    if (target_takes_batches(t))
        return batch_next_is_retry(t);
    return list_is_empty(&t->ready) && !list_is_empty(&t->retries);
}

int64_t target_opens_at(const struct target *t, const struct clock *clock)
{
    if (!has_place(t) || !has_something(t))
        return NEVER;
    bool is_retry = has_but_retries(t);
    if (t->is_handler || (!is_retry && gate_is_wide_open(&t->gate)))
        return AT_ONCE;
    int64_t now = clock_mono_ms(clock);
    int64_t at = gate_opens_at(&t->gate, is_retry, now);
    return at > now ? at : AT_ONCE;
}

void target_start(struct target *t, bool is_retry, int64_t now)
{
    limit_start(&t->limit, t->n_in_flight);
    if (!t->is_handler)
        gate_start(&t->gate, is_retry, now);
}

/* By its rate: an answer of those that limiters give, but where the connector says that it is about the
   data. A 503 that doesn't say for how long is as well one that is down. */
static bool is_refused_by_rate(const struct attempt_end *end)
{
    bool is_limiters = end->status == 429 || (end->status == 503 && end->after_ms >= 0);
    return end->kind == ATTEMPT_STATUS && is_limiters && end->said != SAID_REFUSE;
}

/* Who is spaced and still refused gets fewer a second, and not fewer at once besides. */
void target_learn(struct target *t, const struct attempt_end *end, int64_t started_at, int64_t now)
{
    struct spacing *s = &t->gate.spacing;
    bool is_refused = !t->is_handler && is_refused_by_rate(end);
    if (!is_refused || !spacing_is_on(s))
        limit_learn(&t->limit, end, started_at, now);
    if (end->kind == ATTEMPT_RETURNED)
        spacing_succeeded(s, started_at);
    else if (is_refused && t->policy.concurrency == 0 && !target_is_paused(t))
        spacing_refused(s, t->limit.max == 1, end->after_ms, started_at, now);
}

/* ---- who is ready ---- */

static struct list *ready_list_of(struct target *t, const struct delivery *d)
{
    if (t->is_handler)
        return &t->ready;
    if (pause_is_probed(&t->pause) && d->refusals > 0)
        return &t->refused;
    return d->tries > 0 && !target_takes_batches(t) ? &t->retries : &t->ready;
}

void target_add_ready(struct target *t, struct delivery *d)
{
    struct lane *lane = d->lane;
    list_remove(&lane->ready);
    lane->turn = t->next_turn++;
    list_add_tail(ready_list_of(t, d), &lane->ready);
}

void target_keep_turn(struct target *t, struct lane *lane, uint64_t turn)
{
    struct list *list = ready_list_of(t, lane_head(lane));
    list_remove(&lane->ready);
    lane->turn = turn;
    struct list *at = list->next;
    while (at != list && list_entry(at, struct lane, ready)->turn < turn)
        at = at->next;
    list_add_tail(at, &lane->ready);
}

/* What waits is what the budget lets through in some seconds. */
#define CROWD 64
#define CROWD_MS 5000

int64_t target_crowd_ms(const struct target *t, const struct delivery *d)
{
    size_t n = 0;
    if (list_is_empty(&t->retries) || d->tries == 0 || target_is_paused(t))
        return 0;
    list_each (it, &t->retries) {
        if (++n == CROWD)
            return CROWD_MS;
    }
    return 0;
}

void target_ready_all(struct target *t)
{
    while (!list_is_empty(&t->refused))
        target_add_ready(t, lane_head(list_first(&t->refused, struct lane, ready)));
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

bool target_is_free_end(const struct target *t, const struct attempt_end *end,
                        const struct verdict *verdict)
{
    return verdict->outcome == OUTCOME_PAUSE || end->kind == ATTEMPT_STARVED ||
           (verdict->outcome == OUTCOME_RETRY && target_is_paused(t));
}
