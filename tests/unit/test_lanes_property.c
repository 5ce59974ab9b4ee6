/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What must hold of lanes whatever happens, tried with thousands of deliveries that a seed draws:
 * keys, outcomes, delays, expiries, settles that come late and out of order across lanes, more than
 * fits into memory, reads that come late and stale, wakes, dead letters retried, pauses, reloads,
 * drains, and restarts that go on with what the fake journal holds. A failure names its seed.
 */
#include "delivery/lanes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lanes_world.h"

#define N_STEPS 3000
#define N_SEEDS 60

/* ---- what happens ---- */

static void make_one(struct world *w)
{
    if (w->n_made == N_DELIVERIES)
        return;
    struct parcel *p = &w->parcels[w->n_made];
    *p = (struct parcel){.world = w, .number = w->n_made++, .order = ++w->n_orders};
    p->row.order = p->latest.order = p->order;
    p->target = (int)below(w, N_TARGETS);
    p->key = below(w, 8) ? (int)below(w, N_KEYS) : -1;
    snprintf(p->id, sizeof(p->id), "d%d", p->number);
    p->delay_ms = !is_run(p) && below(w, 10) == 0 ? (int64_t)below(w, 3000) : 0;
    p->expires_ms =
        !is_run(p) && below(w, 10) == 0 ? w->time.wall_ms + (int64_t)below(w, 60000) + 1 : 0;
    world_give(w, p);
    lanes_take(w->lanes, &p->d);
}

/* The first of those in this place, from a place drawn by chance: any order across lanes. */
static struct parcel *draw_parcel(struct world *w, int place)
{
    if (w->n_made == 0)
        return NULL;
    int from = (int)below(w, (uint64_t)w->n_made);
    for (int i = 0; i < w->n_made; i++) {
        struct parcel *p = &w->parcels[(from + i) % w->n_made];
        if ((int)p->place == place && !p->is_ready_to_end)
            return p;
    }
    return NULL;
}

/* A dead letter, as people find it: on disk. */
static struct parcel *draw_dead(struct world *w)
{
    struct parcel *p = draw_parcel(w, GONE);
    if (!p || state_of(&p->row) != DELIVERY_DEAD)
        return NULL;
    world_write_to(w, w->n_ops);
    return p;
}

/* A person drops one, and what it kept goes on. */
static void drop_one(struct world *w)
{
    struct parcel *p = draw_dead(w);
    if (!p)
        return;
    p->row.row.state = p->latest.row.state = DELIVERY_DROPPED;
    char key[KEY_SIZE];
    snprintf(key, sizeof(key), "k%d", p->key);
    lanes_letter_gone(w->lanes, w->targets[p->target], p->key >= 0 ? slice_str(key) : SLICE_NULL,
                      p->row.row.position);
}

/* A person retries a dead letter: it goes to the end of its lane, or back to its place where it
   kept what is behind it. */
static void retry_one(struct world *w)
{
    struct parcel *p = draw_dead(w);
    if (!p)
        return;
    if (!is_barrier(w, p)) {
        p->order = ++w->n_orders;
        p->was_retried = true;
        p->is_free = false;
    }
    p->n_ended = 0;
    p->was_kept = true;
    p->expires_ms = p->row.row.expires_ms = 0;
    world_give(w, p);
    p->row.row.stale_by = p->is_stale ? SLICE_LIT("newer") : SLICE_NULL;
    lanes_restore(w->lanes, &p->d, world_row(&p->row));
}

/* What waits at a head for the handler is due at once, wherever it is. */
static void wake(struct world *w, struct parcel *p)
{
    char key[KEY_SIZE];
    snprintf(key, sizeof(key), "k%d", p->key);
    int64_t position = p->place == AWAY ? p->latest.row.position : p->d.position;
    p->was_woken = true;
    lanes_wake_place(w->lanes, w->targets[p->target], p->key >= 0 ? slice_str(key) : SLICE_NULL,
                     position);
}

static void wake_one(struct world *w)
{
    static const int places[] = {AWAY, INSIDE, ATTEMPTED, UNSETTLED};
    struct parcel *p = draw_parcel(w, places[below(w, ARRAY_LEN(places))]);
    if (p && is_run(p) && is_head(w, p))
        wake(w, p);
}

/* What they wait for comes, of all that wait to be woken and haven't been. */
static void wake_all(struct world *w)
{
    for (int i = 0; i < w->n_made; i++) {
        struct parcel *p = &w->parcels[i];
        if (p->is_shelved && !p->was_woken)
            wake(w, p);
    }
}

/* ---- what must hold ---- */

/* An attempt at several is counted with the first of them. */
static bool is_flight(const struct parcel *p)
{
    return p->place == ATTEMPTED && (!p->d.batch || p->d.batch->members[0] == &p->d);
}

static void check_counts(struct world *w)
{
    size_t inside[N_TARGETS] = {0}, attempted[N_TARGETS] = {0}, away[N_TARGETS] = {0};
    size_t flights[N_TARGETS] = {0};
    for (int i = 0; i < w->n_made; i++) {
        const struct parcel *p = &w->parcels[i];
        if (p->is_ready_to_end || is_returning(p))
            continue;
        inside[p->target] += is_in_lane(p) && !p->is_expiring;
        away[p->target] += p->place == AWAY || p->is_expiring;
        attempted[p->target] += p->place == ATTEMPTED;
        flights[p->target] += is_flight(p);
    }
    check(w, lanes_in_flight(w->lanes) == w->n_flights);
    check(w, lanes_settling(w->lanes) == w->n_unsettled);
    for (int i = 0; i < N_TARGETS; i++) {
        struct target_status status;
        target_status(w->targets[i], w->lanes, &status);
        check(w, inside[i] <= (w->may_coalesce && i == 0 ? INSIDE_MAX : LOADED_MAX));
        check(w, status.in_flight == flights[i]);
        check(w, status.waiting == inside[i] + away[i] - attempted[i]);
        check(w, status.pause == w->paused[i]);
        check(w, (status.reason != NULL) == (status.pause != PAUSE_NONE));
    }
}

static bool may_start(const struct world *w, const struct parcel *p)
{
    struct target_status status;
    target_status(p->d.target, w->lanes, &status);
    bool is_held = (is_run(p) && lanes_should_hold(w->lanes)) || is_returning(p) ||
                   w->dead[p->target].is_asked || status.is_overbarred;
    bool waits_for_others =
        w->policies[p->target].batch.size > 0 || p->d.batch || is_busy(w, p->target);
    return !w->is_stopped && !is_held && !waits_for_others && is_head(w, p) &&
           status.pause == PAUSE_NONE && w->n_flights < IN_FLIGHT_MAX &&
           w->n_unsettled < IN_FLIGHT_MAX && status.in_flight < status.concurrency &&
           status.opens_in_ms == 0;
}

/* What the pump has to have done, and when it has to be asked again. */
static void check_pumped(struct world *w, const struct parcel *p, int64_t next)
{
    bool has_row = state_of(&p->latest) == DELIVERY_WAITING;
    int64_t offset = w->time.wall_ms - w->time.mono_ms;
    int64_t due = has_row ? p->latest.row.due_ms - offset : p->taken_at + p->delay_ms;
    bool is_later = (due > w->time.mono_ms || p->is_shelved) && !p->was_woken;
    check(w, !has_row || p->was_kept);
    check(w, is_later || !may_start(w, p));
    if (w->is_stopped)
        return;
    check(w, p->expires_ms == 0 || next <= p->expires_ms - offset);
    if (is_later && is_head(w, p) && !p->d.batch)
        check(w, has_row && (p->is_shelved || next <= due));
}

/* Nothing that has expired is left where nobody looks for it: there is a time at which somebody will,
   or reading goes on, or what was found is being written. */
static void check_away(struct world *w, const struct parcel *p, int64_t next)
{
    int64_t expires = p->expires_ms - (w->time.wall_ms - w->time.mono_ms);
    if (p->expires_ms == 0 || next <= expires || w->readings[p->target].kind != NO_READING)
        return;
    for (int i = 0; i < w->n_made; i++) {
        const struct parcel *other = &w->parcels[i];
        if (other->target == p->target && other->is_expiring && other->place == UNSETTLED)
            return;
    }
    check(w, !"something expires on disk and nobody looks");
}

static void pump(struct world *w)
{
    do
        lanes_pump(w->lanes);
    while (lanes_next_ms(w->lanes) <= w->time.mono_ms);
    int64_t next = lanes_next_ms(w->lanes);
    check(w, !w->is_stopped || next == INT64_MAX);
    for (int i = 0; i < w->n_made; i++) {
        const struct parcel *p = &w->parcels[i];
        if (p->place == INSIDE && !p->is_ready_to_end && !is_returning(p))
            check_pumped(w, p, next);
        else if (p->place == AWAY && !w->is_stopped)
            check_away(w, p, next);
    }
}

/* With each reload a connector may take batches, or take them no more. */
static void draw_batches(struct world *w, struct target_policy *policy)
{
    policy->batch = (struct batch_policy){0};
    if (below(w, 3) > 0)
        policy->batch = (struct batch_policy){
            .size = 1 + below(w, BATCH_SIZE_MAX), .bytes = 1000, .wait_ms = (int64_t)below(w, 300)};
}

static void set_targets(struct world *w, bool all)
{
    static const char *const names[N_TARGETS] = {"calendar", "warehouse", "gone", "handler"};
    for (int i = 0; i < N_TARGETS; i++) {
        bool is_gone = !all && below(w, 6) == 0;
        if (w->may_coalesce && i == 0 && !all && !is_gone && below(w, 4) == 0)
            w->policies[i].coalesces = !w->policies[i].coalesces;
        if (w->may_park && i == 0 && !all && !is_gone && below(w, 4) == 0)
            w->policies[i].parks = !w->policies[i].parks;
        if (i < 2 && w->has_batches && !is_gone)
            draw_batches(w, &w->policies[i]);
        w->targets[i] = lanes_set_target(w->lanes, slice_str(names[i]), i == N_TARGETS - 1,
                                         is_gone ? NULL : &w->policies[i]);
        struct target_status status;
        target_status(w->targets[i], w->lanes, &status);
        w->paused[i] = status.pause;
    }
}

static void start_lanes(struct world *w)
{
    const struct lanes_ports ports = world_ports(w);
    const struct lanes_limits limits = {.in_flight = IN_FLIGHT_MAX,
                                        .loaded = LOADED_MAX,
                                        .bytes = 1 << 20,
                                        .lanes = w->is_roomy ? N_DELIVERIES : LANES_MAX};
    w->is_stopped = false;
    w->lanes = lanes_new(&ports, clock_of_fake(&w->time), rng_next(&w->rng), &limits);
    lanes_begin_at(w->lanes, w->last_position);
    set_targets(w, true);
    for (int i = 0; i < 2 && w->has_batches; i++)
        target_set_took_batches(w->targets[i]);
}

/* What is read goes on behind a place: no two of a key may have the same. */
static void check_places(struct world *w)
{
    for (int i = 0; i < w->n_made; i++) {
        const struct parcel *p = &w->parcels[i];
        for (int k = 0; k < i && !is_run(p); k++) {
            const struct parcel *other = &w->parcels[k];
            check(w, state_of(&p->row) != DELIVERY_WAITING ||
                         state_of(&other->row) != DELIVERY_WAITING || p->target != other->target ||
                         p->row.row.position != other->row.row.position);
        }
    }
}

/* What has a row stays on disk for now, and is what its target begins behind with, but for handlers,
   whose runs come with their events. */
static void begin_behind(struct world *w)
{
    int64_t through[N_TARGETS] = {0}, count[N_TARGETS] = {0};
    for (int i = 0; i < w->n_made; i++) {
        struct parcel *p = &w->parcels[i];
        if (p->place == GONE || state_of(&p->row) != DELIVERY_WAITING)
            continue;
        p->place = AWAY;
        p->is_ready_to_end = false;
        count[p->target]++;
        if (!is_run(p) && p->row.row.position > through[p->target])
            through[p->target] = p->row.row.position;
    }
    for (int i = 0; i < N_TARGETS; i++) {
        if (through[i] > 0)
            lanes_begin_behind(w->lanes, w->targets[i], through[i], count[i]);
    }
}

/* What has a row comes first, in order; then what its event makes anew. What ended
   on disk doesn't. */
static void restore_all(struct world *w)
{
    check_places(w);
    begin_behind(w);
    for (int i = 0; i < w->n_made; i++) {
        struct parcel *p = &w->parcels[i];
        bool is_waiting = state_of(&p->row) == DELIVERY_WAITING;
        if (p->place == GONE || (is_waiting && !is_run(p)))
            continue;
        if (is_waiting) {
            p->was_kept = true;
            world_give(w, p);
            lanes_restore(w->lanes, &p->d, world_row(&p->row));
        } else if (state_of(&p->row) == DELIVERY_NEW) {
            p->was_kept = false;
            world_give(w, p);
            lanes_take(w->lanes, &p->d);
        } else {
            p->place = GONE;
            p->is_ready_to_end = false;
            p->n_ended = 1;
        }
    }
}

/* The process ends and comes again: of what was queued for the journal the first ones got there. */
static void restart(struct world *w)
{
    world_write_to(w, w->n_written + below(w, w->n_ops - w->n_written + 1));
    w->is_freeing = true;
    lanes_free(w->lanes);
    w->is_freeing = false;
    w->n_flights = w->n_unsettled = 0;
    w->n_ops = w->n_written = 0;
    memset(w->readings, 0, sizeof(w->readings));
    memset(w->dead, 0, sizeof(w->dead));
    for (int i = 0; i < w->n_made; i++) {
        w->parcels[i].latest = w->parcels[i].row;
        w->parcels[i].order = w->parcels[i].row.order;
        w->parcels[i].was_woken = w->parcels[i].is_shelved = false;
        w->parcels[i].is_expiring = w->parcels[i].is_early = false;
        w->parcels[i].is_old = true;
        w->parcels[i].is_free = w->parcels[i].was_retried;
    }
    clock_fake_advance(&w->time, (int64_t)below(w, 6000));
    w->time.mono_ms = (int64_t)below(w, 100000);
    w->started_ms = w->time.wall_ms;
    start_lanes(w);
    restore_all(w);
}

static void happen(struct world *w)
{
    uint64_t draw = below(w, 1000);
    struct parcel *p;
    if (draw < 200) {
        make_one(w);
    } else if (draw < 220) {
        wake_one(w);
    } else if (draw < 225) {
        retry_one(w);
    } else if (draw < 227) {
        drop_one(w);
    } else if (draw < 240) {
        world_go_on_asking(w, 0);
    } else if (draw < 400) {
        world_go_on_reading(w, (int)below(w, N_TARGETS));
    } else if (draw < 550) {
        p = draw_parcel(w, ATTEMPTED);
        if (p && is_run(p) && below(w, 3) == 0)
            world_shelve(w, p);
        else if (p && !p->d.batch && below(w, 10) == 0)
            world_take_back(w, p);
        else if (p)
            world_end_attempt(w, p);
    } else if (draw < 750) {
        if ((p = draw_parcel(w, UNSETTLED)))
            world_settle(w, p);
    } else if (draw < 900) {
        pump(w);
    } else if (draw < 985) {
        clock_fake_advance(&w->time, (int64_t)below(w, 1000));
    } else if (draw < 994) {
        set_targets(w, false);
    } else if (draw < 997) {
        int64_t next = lanes_next_ms(w->lanes);
        if (next != INT64_MAX && next > w->time.mono_ms)
            clock_fake_advance(&w->time, next - w->time.mono_ms);
    } else if (draw < 998) {
        lanes_stop(w->lanes);
        w->is_stopped = true;
    } else {
        restart(w);
    }
}

/* All goes well from here on: whatever is left has to end. */
static void finish(struct world *w)
{
    w->policies[0].parks = false;
    set_targets(w, true);
    wake_all(w);
    for (int rounds = 0;; rounds++) {
        struct parcel *p;
        lanes_pump(w->lanes);
        while ((p = draw_parcel(w, ATTEMPTED))) {
            world_end_well(w, p);
        }
        while ((p = draw_parcel(w, UNSETTLED)))
            world_settle(w, p);
        lanes_pump(w->lanes);
        check_counts(w);
        bool was_read = false;
        for (int i = 0; i < N_TARGETS; i++)
            was_read = world_go_on_asking(w, i) || world_go_on_reading(w, i) || was_read;
        if (was_read || lanes_in_flight(w->lanes) || lanes_settling(w->lanes))
            continue;
        int64_t next = lanes_next_ms(w->lanes);
        if (next == INT64_MAX)
            break;
        check(w, rounds < 100000);
        check(w, next > w->time.mono_ms);
        clock_fake_advance(&w->time, next - w->time.mono_ms);
        for (int i = 0; i < N_TARGETS; i++) {
            if (w->paused[i] == PAUSE_SET_ASIDE)
                set_targets(w, true);
        }
    }
}

static void run_world(uint64_t seed)
{
    struct world *w = mem_calloc(1, sizeof(*w));
    w->seed = seed;
    rng_init(&w->rng, seed);
    w->time = (struct clock_fake){.wall_ms = 1700000000000, .mono_ms = 5000};
    w->may_park = below(w, 2);
    w->may_coalesce = below(w, 2);
    w->is_roomy = w->may_coalesce && seed % 2;
    for (int i = 0; i < N_TARGETS; i++) {
        w->policies[i] = (struct target_policy){
            .retry = {.attempts = (unsigned)below(w, 6),
                      .base_ms = (int64_t)below(w, 500),
                      .growth = (enum growth)below(w, 3),
                      .factor = 2,
                      .cap_ms = 10000,
                      .jitter = below(w, 2),
                      .age_ms = below(w, 2) ? 600000 : 60000},
            .is_ordered = i != 1,
            .concurrency = (unsigned)below(w, 3) * 3,
            .rate = {.n = below(w, 3) ? 0 : (int64_t)below(w, 100) + 1, .ms = 1000},
            .breaker = {.failures = i < N_TARGETS - 1 ? (unsigned)below(w, 5) : 0, .open_ms = 2000},
        };
    }
    w->has_batches = below(w, 3) > 0;
    start_lanes(w);
    for (int step = 0; step < N_STEPS; step++) {
        happen(w);
        check_counts(w);
    }
    if (w->is_stopped)
        restart(w);
    finish(w);
    for (int i = 0; i < w->n_made; i++)
        check(w, w->parcels[i].place == GONE && w->parcels[i].n_ended == 1);
    lanes_free(w->lanes);
    free(w);
}

static void whatever_happens_lanes_keep_order_and_lose_nothing(void **state)
{
    (void)state;
    const char *one = getenv("LIAISON_SEED"); /* to repeat the one that failed */
    if (one) {
        run_world(strtoull(one, NULL, 10));
        return;
    }
    for (uint64_t seed = 1; seed <= N_SEEDS; seed++)
        run_world(seed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_happens_lanes_keep_order_and_lose_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
