/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "outage.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/heap.h"
#include "delivery/budget.h"
#include "delivery/lanes.h"

#define MINUTE INT64_C(60000)
#define TIMEOUT_MS 10000
#define KEYS 1000

static const struct retry_policy retries = {
    .base_ms = 200,
    .growth = GROWTH_EXPONENTIAL,
    .factor = 2,
    .cap_ms = 5 * MINUTE,
    .age_ms = INT64_C(72) * 60 * MINUTE,
};

struct world;

/* A delivery on its way. */
struct parcel {
    struct delivery d;
    struct heap_node node; /* of its attempt's end, or of its next attempt */
    struct attempt_end end;
};

/* Who delivers. */
struct sender {
    const char *name;
    bool has_jitter, has_budget;
    void (*begin)(struct world *w);
    void (*take)(struct world *w, struct parcel *p);
    void (*attempt_ended)(struct world *w, struct parcel *p);
    void (*go_on)(struct world *w);      /* starts what may start now */
    int64_t (*next_ms)(struct world *w); /* when there is something to start */
    void (*finish)(struct world *w);
};

struct world {
    struct outage *outage;
    const struct sender *sender;
    struct clock_fake time;
    struct rng rng;
    struct heap ends; /* of attempts */
    int n_made;
    int64_t free_at_us; /* of the receiver */

    /* A plain sender. */
    struct heap due;
    struct budget budget;

    /* Liaison. */
    struct lanes *lanes;
    struct target *target;
};

static int64_t now_of(const struct world *w)
{
    return w->time.mono_ms;
}

static int second_of(const struct world *w)
{
    return (int)(now_of(w) / 1000);
}

/* ---- the receiver ---- */

/* When the attempt that begins now ends; and how. */
static int64_t take_request(struct world *w, struct attempt_end *end)
{
    struct outage *o = w->outage;
    int64_t now = now_of(w);
    bool is_away = second_of(w) >= o->from_s && second_of(w) < o->to_s;
    o->seen[second_of(w)]++;
    *end = (struct attempt_end){.kind = ATTEMPT_FAILURE, .failure = "connect", .after_ms = -1};
    if (is_away) {
        o->seen_away++;
        return now + 1;
    }
    int64_t begins_us = w->free_at_us > now * 1000 ? w->free_at_us : now * 1000;
    w->free_at_us = begins_us + 1000000 / o->served;
    int64_t ends_at = w->free_at_us / 1000 + 1;
    if (ends_at > now + TIMEOUT_MS) {
        o->given_up++;
        end->failure = "timeout";
        end->unknown = true;
        return now + TIMEOUT_MS;
    }
    *end = (struct attempt_end){.kind = ATTEMPT_RETURNED, .status = 200, .after_ms = -1};
    return ends_at;
}

static void start_attempt(struct world *w, struct parcel *p)
{
    int64_t ends_at = take_request(w, &p->end);
    p->end.us = (ends_at - now_of(w)) * 1000;
    heap_insert(&w->ends, &p->node, ends_at);
}

static void parcel_done(struct world *w, struct parcel *p)
{
    w->outage->waiting--;
    free(p->d.key);
    free(p->d.id);
    free(p);
}

/* ---- who retries plainly: each delivery by itself, as often as its time comes ---- */

static void plain_begin(struct world *w)
{
    budget_init(&w->budget, now_of(w));
}

static void plain_start(struct world *w, struct parcel *p)
{
    if (w->sender->has_budget)
        budget_start(&w->budget, p->d.attempts > 0, now_of(w));
    start_attempt(w, p);
}

static void plain_ended(struct world *w, struct parcel *p)
{
    struct retry_policy policy = retries;
    policy.jitter = w->sender->has_jitter;
    if (p->end.kind == ATTEMPT_RETURNED)
        parcel_done(w, p);
    else
        heap_insert(&w->due, &p->node,
                    now_of(w) + retry_delay_ms(&policy, ++p->d.attempts, &w->rng));
}

static int64_t plain_next(struct world *w)
{
    const struct heap_node *first = heap_min(&w->due);
    if (!first)
        return INT64_MAX;
    int64_t opens_at = w->sender->has_budget ? budget_opens_at(&w->budget, now_of(w)) : INT64_MIN;
    return first->rank > opens_at ? first->rank : opens_at;
}

static void plain_go_on(struct world *w)
{
    while (plain_next(w) <= now_of(w)) {
        struct heap_node *first = heap_min(&w->due);
        heap_remove(&w->due, first);
        plain_start(w, container_of(first, struct parcel, node));
    }
}

static void let_go(struct world *w, struct heap *heap)
{
    for (struct heap_node *n; (n = heap_min(heap));) {
        heap_remove(heap, n);
        parcel_done(w, container_of(n, struct parcel, node));
    }
}

static void plain_finish(struct world *w)
{
    let_go(w, &w->due);
    let_go(w, &w->ends);
    heap_deinit(&w->due);
}

/* ---- Liaison's lanes, over a disk that takes no time ---- */

static void on_attempt(void *ctx, struct delivery *d)
{
    start_attempt(ctx, container_of(d, struct parcel, d));
}

static void on_put(void *ctx, struct delivery *d, struct delivery_row *row,
                   enum delivery_state from, const struct attempt_row *attempt)
{
    struct world *w = ctx;
    (void)row;
    (void)from;
    (void)attempt;
    lanes_settled(w->lanes, d);
}

static void on_write(void *ctx, struct delivery *d, struct delivery_row *row,
                     enum delivery_state from)
{
    (void)ctx;
    (void)d;
    (void)row;
    (void)from;
}

static void on_kept(void *ctx, struct delivery *d)
{
    (void)ctx;
    (void)d;
}

static void on_ended(void *ctx, struct delivery *d, enum delivery_state final, const char *cause)
{
    (void) final;
    (void)cause;
    parcel_done(ctx, container_of(d, struct parcel, d));
}

static void on_paused(void *ctx, struct target *t, enum target_pause why, const char *reason)
{
    (void)ctx;
    (void)t;
    (void)why;
    (void)reason;
}

static void on_spared(void *ctx, struct target *t, int64_t ms)
{
    (void)ctx;
    (void)t;
    (void)ms;
}

static void lanes_begin(struct world *w)
{
    const struct lanes_ports ports = {
        .attempt = on_attempt,
        .put = on_put,
        .write = on_write,
        .kept = on_kept,
        .ended = on_ended,
        .paused = on_paused,
        .spared = on_spared,
        .ctx = w,
    };
    /* As much in memory as there will ever be, so that nothing is read. */
    const struct lanes_limits limits = {
        .in_flight = 10000, .loaded = SIZE_MAX, .bytes = SIZE_MAX, .lanes = SIZE_MAX};
    const struct target_policy policy = {
        .retry = {.base_ms = retries.base_ms,
                  .growth = retries.growth,
                  .factor = retries.factor,
                  .cap_ms = retries.cap_ms,
                  .jitter = true,
                  .age_ms = retries.age_ms},
        .is_ordered = true,
        .breaker = {.failures = 5, .open_ms = 30000},
    };
    w->lanes = lanes_new(&ports, clock_of_fake(&w->time), 1, &limits);
    w->target = lanes_set_target(w->lanes, SLICE_LIT("receiver"), false, &policy);
}

static void lanes_take_parcel(struct world *w, struct parcel *p)
{
    p->d.target = w->target;
    lanes_take(w->lanes, &p->d);
}

static void lanes_parcel_ended(struct world *w, struct parcel *p)
{
    lanes_attempt_ended(w->lanes, &p->d, &p->end);
}

static void lanes_go_on(struct world *w)
{
    lanes_pump(w->lanes);
}

static int64_t lanes_next(struct world *w)
{
    return lanes_next_ms(w->lanes);
}

static void lanes_finish(struct world *w)
{
    lanes_free(w->lanes);
}

/* ---- the world ---- */

static const struct sender senders[] = {
    [OUTAGE_PLAIN] = {"plain", false, false, plain_begin, plain_start, plain_ended, plain_go_on,
                      plain_next, plain_finish},
    [OUTAGE_JITTER] = {"jitter", true, false, plain_begin, plain_start, plain_ended, plain_go_on,
                       plain_next, plain_finish},
    [OUTAGE_BUDGET] = {"budget", true, true, plain_begin, plain_start, plain_ended, plain_go_on,
                       plain_next, plain_finish},
    [OUTAGE_LIAISON] = {"liaison", true, true, lanes_begin, lanes_take_parcel, lanes_parcel_ended,
                        lanes_go_on, lanes_next, lanes_finish},
};

const char *outage_sender_name(enum outage_sender sender)
{
    return senders[sender].name;
}

static void make(struct world *w)
{
    struct parcel *p = mem_calloc(1, sizeof(*p));
    char text[32];
    snprintf(text, sizeof(text), "k%d", w->n_made % KEYS);
    p->d.key = mem_strdup(text);
    snprintf(text, sizeof(text), "d%d", w->n_made++);
    p->d.id = mem_strdup(text);
    p->d.handler = (char *)"onUpdate";
    p->d.created_ms = w->time.wall_ms;
    p->d.seq = w->n_made;
    w->outage->waiting++;
    w->sender->take(w, p);
}

static void make_due(struct world *w)
{
    const struct outage *o = w->outage;
    if (now_of(w) % (1000 / o->steady) == 0)
        make(w);
    for (int i = 0; now_of(w) == INT64_C(1000) * o->many_s && i < o->many; i++)
        make(w);
}

static void end_due(struct world *w)
{
    for (struct heap_node *n; (n = heap_min(&w->ends)) && n->rank <= now_of(w);) {
        heap_remove(&w->ends, n);
        w->sender->attempt_ended(w, container_of(n, struct parcel, node));
    }
}

static void note_done(struct world *w)
{
    struct outage *o = w->outage;
    if (second_of(w) > o->to_s && o->done_s == 0 && o->waiting <= (size_t)o->steady)
        o->done_s = second_of(w);
}

/* Of the next delivery, attempt or end of one; not before now. */
static int64_t next_time(struct world *w)
{
    int64_t each_ms = 1000 / w->outage->steady;
    int64_t next = now_of(w) + each_ms - now_of(w) % each_ms;
    int64_t of_sender = w->sender->next_ms(w);
    const struct heap_node *end = heap_min(&w->ends);
    next = end && end->rank < next ? end->rank : next;
    next = of_sender < next ? of_sender : next;
    return next > now_of(w) ? next : now_of(w);
}

void outage_run(struct outage *o)
{
    struct world w = {.outage = o, .sender = &senders[o->sender]};
    w.time.wall_ms = 1700000000000;
    rng_init(&w.rng, 1);
    o->seen = mem_calloc((size_t)o->end_s, sizeof(*o->seen));
    w.sender->begin(&w);
    for (bool is_later = true; second_of(&w) < o->end_s;) {
        if (is_later)
            make_due(&w);
        end_due(&w);
        w.sender->go_on(&w);
        note_done(&w);
        int64_t next = next_time(&w);
        is_later = next > now_of(&w);
        clock_fake_advance(&w.time, next - now_of(&w));
    }
    size_t waiting = o->waiting;
    w.sender->finish(&w);
    o->waiting = waiting;
    heap_deinit(&w.ends);
}

void outage_deinit(struct outage *o)
{
    free(o->seen);
}
