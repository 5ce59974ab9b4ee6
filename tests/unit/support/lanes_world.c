/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "lanes_world.h"

#include <stdio.h>
#include <stdlib.h>

#include "delivery/lane.h"

/* ---- ports ---- */

static bool is_fresh(const struct parcel *p)
{
    return p->key >= 0 && !p->was_attempted && !p->was_retried;
}

static size_t count_inside(const struct world *w, int target)
{
    size_t n = 0;
    for (int i = 0; i < w->n_made; i++)
        n += w->parcels[i].target == target && is_in_lane(&w->parcels[i]);
    return n;
}

/* Nothing newer was on disk alone when p's turn came, unless memory is full of what stays. */
static void check_newest(struct world *w, const struct parcel *p)
{
    bool is_bound = w->policies[p->target].coalesces && w->is_roomy && is_fresh(p) && !p->d.unknown;
    bool is_full = count_inside(w, p->target) >= INSIDE_MAX && !has_leaving(w, p->target);
    if (!is_bound || p->d.batch || is_full)
        return;
    for (int i = p->number + 1; i < w->n_made; i++) {
        const struct parcel *other = &w->parcels[i];
        bool is_newer = other->target == p->target && other->key == p->key && is_fresh(other);
        check(w, !is_newer || other->place != AWAY ||
                     other->latest.row.position > p->d.lane->turn_through);
    }
}

/* What must hold of p as an attempt at it begins. */
static void begin_attempt(struct world *w, struct parcel *p)
{
    check(w, p->place == INSIDE && is_at_front(w, p, p->d.batch));
    check(w, p->d.expires_ms == 0 || w->time.wall_ms < p->d.expires_ms);
    check(w, p->was_woken || p->is_early || w->time.wall_ms >= p->latest.row.due_ms);
    check(w,
          state_of(&p->latest) == DELIVERY_WAITING || w->time.mono_ms >= p->taken_at + p->delay_ms);
    check(w, p->was_woken || !p->is_shelved);
    check_newest(w, p);
    p->was_woken = p->is_shelved = false;
    p->was_attempted = true;
    p->is_early = false;
    p->place = ATTEMPTED;
}

static void begin_flight(struct world *w, struct target *t, struct parcel *p)
{
    struct target_status status;
    target_status(t, w->lanes, &status);
    w->n_flights++;
    check(w, !w->is_stopped && status.in_flight <= status.concurrency);
    check(w, w->paused[p->target] != PAUSE_GONE && w->paused[p->target] != PAUSE_SET_ASIDE);
    check(w, w->n_flights <= IN_FLIGHT_MAX && w->n_unsettled < IN_FLIGHT_MAX);
    check(w, lanes_in_flight(w->lanes) == w->n_flights);
    if (below(w, 3) == 0)
        clock_fake_advance(&w->time, (int64_t)below(w, 8)); /* it takes its time at once */
    if (below(w, 4) == 0)
        world_end_attempt(w, p);
}

static void on_attempt(void *ctx, struct delivery *d)
{
    struct world *w = ctx;
    check(w, w->policies[parcel_of(d)->target].batch.size == 0 && !d->batch);
    begin_attempt(w, parcel_of(d));
    begin_flight(w, d->target, parcel_of(d));
}

/* Members are known by their numbers. */
static void on_attempt_batch(void *ctx, struct batch *b)
{
    struct world *w = ctx;
    uint64_t sum = 0;
    check(w, b->n > 0 && b->n <= BATCH_SIZE_MAX);
    for (size_t i = 0; i < b->n; i++) {
        struct parcel *p = parcel_of(b->members[i]);
        check(w, p->d.batch == b && p->d.target == b->target);
        check(w, i == 0 || b->members[i - 1]->position < p->d.position);
        begin_attempt(w, p);
        sum = sum * 1009 + (uint64_t)p->number + 1;
    }
    snprintf(b->id, sizeof(b->id), "%zu-%llx", b->n, (unsigned long long)sum);
    begin_flight(w, b->target, parcel_of(b->members[0]));
}

static void queue_row(struct world *w, struct parcel *p, struct delivery_row *row)
{
    check(w, w->n_ops < N_OPS);
    check(w, row->position > 0);
    p->d.seq = row->seq = p->number + 1;
    if (row->position > w->last_position)
        w->last_position = row->position;
    struct row *latest = &p->latest;
    bool is_retried = state_of(latest) == DELIVERY_DEAD && row->state == DELIVERY_WAITING;
    if (is_retried && row->position > latest->row.position) { /* at the end */
        p->order = ++w->n_orders;
        p->was_retried = true;
    }
    snprintf(latest->error, sizeof(latest->error), "%.*s", SLICE_FMT(row->error));
    snprintf(latest->batch, sizeof(latest->batch), "%.*s", SLICE_FMT(row->batch));
    check(w, row->batch.len == 0 || row->state == DELIVERY_WAITING);
    latest->row = *row;
    latest->order = p->order;
    latest->row.cause = SLICE_NULL; /* the texts behind these are not kept */
    latest->row.batch = SLICE_NULL;
    latest->row.id = latest->row.connector = latest->row.handler = latest->row.key = SLICE_NULL;
    struct op *op = &w->ops[w->n_ops++];
    *op = (struct op){.parcel = p, .row = *latest};
    if (row->heir_seq == 0)
        return;
    op->heir = &w->parcels[row->heir_seq - 1];
    op->heir->latest.row.position = row->position;
    op->heir->latest.row.due_ms = row->heir_due_ms;
    op->heir_row = op->heir->latest;
}

/* The newer one stands where p did, and is due when it was; p was never attempted. */
static void note_replaced(struct world *w, struct parcel *p, struct slice cause)
{
    int n;
    check(w, sscanf(cause.data, "coalesced: d%d is newer", &n) == 1 && n > p->number);
    struct parcel *by = &w->parcels[n];
    check(w, by->target == p->target && by->key == p->key && by->place == INSIDE);
    check(w, w->policies[p->target].coalesces && p->key >= 0);
    check(w, p->place == INSIDE && !p->was_attempted && !p->was_retried);
    check(w, by->d.position < p->d.position ||
                 (by->d.position == p->d.position && by->d.due_at <= p->d.due_at));
    p->replaced_by = by;
    if (by->order > p->order)
        by->order = p->order;
    by->taken_at = by->delay_ms = 0;
    by->is_early = true;
}

static void on_put(void *ctx, struct delivery *d, struct delivery_row *row,
                   enum delivery_state from, const struct attempt_row *attempt)
{
    struct world *w = ctx;
    struct parcel *p = parcel_of(d);
    check(w, p->place == INSIDE || p->place == ATTEMPTED);
    check(w, from == state_of(&p->latest));
    check(w, (row->state == DELIVERY_DEAD) == (row->cause.data != NULL) ||
                 row->state == DELIVERY_SKIPPED || row->state == DELIVERY_SUPERSEDED);
    if (row->state == DELIVERY_SUPERSEDED)
        note_replaced(w, p, row->cause);
    check(w, row->state != DELIVERY_WAITING || row->due_ms >= w->time.wall_ms || p->is_shelved);
    check(w, row->attempts >= p->latest.row.attempts || from == DELIVERY_DEAD);
    check(w, (attempt != NULL) == (p->place == ATTEMPTED && p->has_failed));
    bool is_through = row->state == DELIVERY_DELIVERED || row->state == DELIVERY_SKIPPED;
    check(w, !is_run(p) || from != DELIVERY_NEW || !is_through);
    queue_row(w, p, row);
    p->put_as = w->n_ops;
    p->place = UNSETTLED;
    w->n_unsettled++;
    check(w, lanes_settling(w->lanes) == w->n_unsettled);
}

static void on_write(void *ctx, struct delivery *d, struct delivery_row *row,
                     enum delivery_state from)
{
    struct world *w = ctx;
    struct parcel *p = parcel_of(d);
    check(w, p->place == INSIDE || p->place == ATTEMPTED);
    check(w, from == state_of(&p->latest) && row->state == DELIVERY_WAITING);
    queue_row(w, p, row);
}

static void on_spilled(void *ctx, struct delivery *d)
{
    struct world *w = ctx;
    struct parcel *p = parcel_of(d);
    check(w, p->place == INSIDE && state_of(&p->latest) == DELIVERY_WAITING);
    check(w, p->latest.row.position == d->position);
    p->place = AWAY;
    p->is_early = false;
    memset(&p->d, 0xaa, sizeof(p->d));
}

static struct reading *reading_of(struct world *w, struct target *t)
{
    for (int i = 0; i < N_TARGETS; i++) {
        if (w->targets[i] == t)
            return &w->readings[i];
    }
    fail_msg("seed %llu: nobody's target reads", (unsigned long long)w->seed);
    return NULL;
}

static void on_scan(void *ctx, struct target *t, int64_t after, int64_t through, size_t limit)
{
    struct world *w = ctx;
    struct reading *r = reading_of(w, t);
    check(w, r->kind == NO_READING && after < through && limit > 0 && !w->is_stopped);
    *r = (struct reading){
        .kind = SCANNING, .asked_at = w->n_ops, .after = after, .through = through, .limit = limit};
}

static void on_load(void *ctx, struct target *t, const struct lane_want *wants, size_t n_wants,
                    size_t bytes_max)
{
    struct world *w = ctx;
    struct reading *r = reading_of(w, t);
    check(w, r->kind == NO_READING && n_wants > 0 && n_wants <= INSIDE_MAX && bytes_max > 0);
    check(w, !w->is_stopped);
    *r = (struct reading){.kind = LOADING, .asked_at = w->n_ops, .n_wants = n_wants};
    for (size_t i = 0; i < n_wants; i++) {
        r->wants[i] = wants[i];
        snprintf(r->keys[i], sizeof(r->keys[i]), "%.*s", SLICE_FMT(wants[i].key));
    }
}

static void on_find_barriers(void *ctx, struct target *t, size_t limit)
{
    struct world *w = ctx;
    struct dead_reading *r = &w->dead[reading_of(w, t) - w->readings];
    check(w, !r->is_asked && limit > 0);
    *r = (struct dead_reading){.is_asked = true, .asked_at = w->n_ops};
}

static void on_find_expired(void *ctx, struct target *t, const struct delivery_expiry *after,
                            int64_t through_ms, size_t limit, size_t bytes_max)
{
    struct world *w = ctx;
    struct reading *r = reading_of(w, t);
    check(w, r->kind == NO_READING && limit > 0 && bytes_max > 0 && !w->is_stopped);
    *r = (struct reading){.kind = EXPIRING,
                          .asked_at = w->n_ops,
                          .after_expiry = *after,
                          .through = through_ms,
                          .limit = limit};
}

static void on_ended(void *ctx, struct delivery *d, enum delivery_state final, const char *cause)
{
    struct world *w = ctx;
    struct parcel *p = parcel_of(d);
    if (w->is_freeing) {
        check(w, final == DELIVERY_NEW);
        memset(&p->d, 0xaa, sizeof(p->d));
        return;
    }
    check(w, p->is_ready_to_end && p->n_ended == 0);
    check(w, final == DELIVERY_DELIVERED || final == DELIVERY_DEAD || final == DELIVERY_SKIPPED ||
                 final == DELIVERY_SUPERSEDED);
    check(w, final != DELIVERY_DEAD || cause);
    check(w, state_of(&p->row) == DELIVERY_NEW || state_of(&p->row) == final);
    p->n_ended++;
    p->place = GONE;
    memset(&p->d, 0xaa, sizeof(p->d)); /* whoever looks at it again sees no pointer */
    memset(p->key_text, '#', sizeof(p->key_text) - 1);
}

static void on_kept(void *ctx, struct delivery *d)
{
    struct world *w = ctx;
    struct parcel *p = parcel_of(d);
    check(w, is_in_lane(p) && state_of(&p->latest) == DELIVERY_WAITING && !p->was_kept);
    p->was_kept = true;
}

static void on_paused(void *ctx, struct target *t, enum target_pause why, const char *reason)
{
    struct world *w = ctx;
    check(w, (why == PAUSE_NONE) == (reason == NULL));
    for (int i = 0; i < N_TARGETS; i++) {
        if (w->targets[i] == t)
            w->paused[i] = why;
    }
}

/* ---- what happens ---- */

static struct attempt_end draw_end(struct world *w)
{
    static const int statuses[] = {503, 500, 429, 401, 403, 404, 409, 422, 408};
    static const char *const failures[] = {"connect", "timeout", "broken", "dns"};
    struct attempt_end end = {
        .kind = ATTEMPT_RETURNED, .after_ms = -1, .error = SLICE_LIT("so it was")};
    uint64_t draw = below(w, 100);
    if (draw < 45)
        return end;
    if (draw < 75) {
        end.kind = ATTEMPT_STATUS;
        end.status = statuses[below(w, ARRAY_LEN(statuses))];
        end.after_ms = below(w, 5) ? -1 : (int64_t)below(w, 20000);
    } else if (draw < 88) {
        end.kind = ATTEMPT_FAILURE;
        end.failure = failures[below(w, ARRAY_LEN(failures))];
        end.unknown = below(w, 2) == 0;
    } else if (draw < 92) {
        end.kind = ATTEMPT_RETRY;
        end.after_ms = below(w, 2) ? -1 : (int64_t)below(w, 5000);
    } else {
        static const enum attempt_kind kinds[] = {ATTEMPT_SKIPPED, ATTEMPT_REJECT, ATTEMPT_SCRIPT,
                                                  ATTEMPT_LIMIT};
        end.kind = kinds[below(w, ARRAY_LEN(kinds))];
    }
    return end;
}

static bool is_failure(const struct attempt_end *end)
{
    return end->kind != ATTEMPT_RETURNED && end->kind != ATTEMPT_SKIPPED;
}

static void end_alone(struct world *w, struct parcel *p, const struct attempt_end *end)
{
    p->has_failed = is_failure(end);
    lanes_attempt_ended(w->lanes, &p->d, end);
    if (p->place == ATTEMPTED) { /* nothing was put: only a handler's run may end so */
        check(w, is_run(p) && state_of(&p->latest) == DELIVERY_NEW);
        check(w, !is_failure(end));
        p->is_ready_to_end = true;
    }
}

/* Of its members `share` in ten have an end of their own. */
static void end_batch(struct world *w, struct batch *b, const struct attempt_end *end,
                      uint64_t share)
{
    struct parcel *members[BATCH_SIZE_MAX];
    struct attempt_end ends[BATCH_SIZE_MAX];
    const struct attempt_end *own[BATCH_SIZE_MAX];
    size_t n = b->n, n_own = 0;
    for (size_t i = 0; i < n; i++) {
        members[i] = parcel_of(b->members[i]);
        bool has_own = below(w, 10) < share;
        ends[i] = has_own ? draw_end(w) : *end;
        own[i] = has_own ? &ends[i] : NULL;
        n_own += has_own;
        members[i]->has_failed = is_failure(&ends[i]);
    }
    lanes_batch_ended(w->lanes, b, n_own < n ? end : NULL, n_own > 0 ? own : NULL);
    for (size_t i = 0; i < n; i++) { /* it was split */
        if (members[i]->place == ATTEMPTED)
            members[i]->place = INSIDE;
    }
}

static void end_by(struct world *w, struct parcel *p, const struct attempt_end *end, uint64_t share)
{
    w->n_flights--;
    if (p->d.batch)
        end_batch(w, p->d.batch, end, share);
    else
        end_alone(w, p, end);
}

void world_end_attempt(struct world *w, struct parcel *p)
{
    const struct attempt_end end = draw_end(w);
    end_by(w, p, &end, below(w, 3));
}

void world_end_well(struct world *w, struct parcel *p)
{
    const struct attempt_end end = {.kind = ATTEMPT_RETURNED, .after_ms = -1};
    end_by(w, p, &end, 0);
}

void world_shelve(struct world *w, struct parcel *p)
{
    p->has_failed = false;
    w->n_flights--;
    p->is_shelved = true;
    lanes_park(w->lanes, &p->d);
    clock_fake_advance(&w->time, (int64_t)below(w, 100));
    lanes_shelve(w->lanes, &p->d);
    check(w, p->place == UNSETTLED);
}

void world_take_back(struct world *w, struct parcel *p)
{
    w->n_flights--;
    p->place = INSIDE;
    p->was_woken = true;
    bool is_unknown = below(w, 2) == 0;
    p->was_attempted = is_unknown || p->d.tries > 0;
    lanes_take_back(w->lanes, &p->d, is_unknown);
}

static void void_older(struct world *w, const struct parcel *p)
{
    for (int i = 0; i < p->number; i++) {
        struct parcel *other = &w->parcels[i];
        if (other->target == p->target && other->key == p->key && p->key >= 0 &&
            state_of(&other->row) == DELIVERY_DEAD)
            other->is_stale = true;
    }
}

/* The journal's writer gets so far. */
void world_write_to(struct world *w, size_t n_ops)
{
    for (; w->n_written < n_ops; w->n_written++) {
        const struct op *op = &w->ops[w->n_written];
        op->parcel->row = op->row;
        if (op->heir)
            op->heir->row = op->heir_row;
        if (state_of(&op->row) == DELIVERY_DELIVERED)
            void_older(w, op->parcel);
    }
}

void world_settle(struct world *w, struct parcel *p)
{
    world_write_to(w, p->put_as);
    w->n_unsettled--;
    if (state_of(&p->latest) == DELIVERY_WAITING)
        p->place = INSIDE;
    else
        p->is_ready_to_end = true;
    lanes_settled(w->lanes, &p->d);
}

void world_give(struct world *w, struct parcel *p)
{
    snprintf(p->key_text, sizeof(p->key_text), "k%d", p->key);
    p->d = (struct delivery){.target = w->targets[p->target],
                             .id = p->id,
                             .seq = p->number + 1,
                             .key = p->key >= 0 ? p->key_text : NULL,
                             .handler = (char *)"onUpdate",
                             .was_cut_off = p->is_old && (state_of(&p->row) != DELIVERY_WAITING ||
                                                          p->row.row.due_ms <= w->started_ms),
                             .delay_ms = p->delay_ms,
                             .created_ms = w->time.wall_ms,
                             .expires_ms = p->expires_ms};
    if (is_run(p)) /* in the order of events, also when they are handled again */
        p->d.position = (p->number + 1) * 100;
    p->place = INSIDE;
    p->is_ready_to_end = false;
    p->taken_at = w->time.mono_ms;
}

const struct delivery_row *world_row(struct row *row)
{
    row->row.error = slice_str(row->error);
    row->row.batch = slice_str(row->batch);
    return &row->row;
}

/* ---- dead letters that were asked for ---- */

static void find_dead(struct world *w, int target)
{
    struct dead_reading *r = &w->dead[target];
    size_t at_least = r->asked_at > w->n_written ? r->asked_at : w->n_written;
    world_write_to(w, at_least + below(w, w->n_ops - at_least + 1));
    r->is_read = true;
    for (int i = 0; i < w->n_made; i++) {
        const struct parcel *p = &w->parcels[i];
        if (p->target != target || p->key < 0 || state_of(&p->row) != DELIVERY_DEAD || p->is_stale)
            continue;
        char *key = r->keys[r->n_found];
        snprintf(key, sizeof(r->keys[0]), "k%d", p->key);
        r->found[r->n_found++] = (struct lane_barrier){
            .key = slice_str(key), .position = p->row.row.position, .seq = p->row.row.seq};
    }
}

bool world_go_on_asking(struct world *w, int target)
{
    struct dead_reading *r = &w->dead[target];
    if (!r->is_asked)
        return false;
    if (!r->is_read) {
        find_dead(w, target);
        return true;
    }
    r->is_asked = false;
    size_t known = r->n_found < LANES_MAX ? r->n_found : LANES_MAX;
    lanes_barriers_found(w->lanes, w->targets[target], r->found, known, r->n_found);
    return true;
}

/* ---- reading ---- */

static int compare_seen(const void *a, const void *b)
{
    int64_t x = ((const struct seen *)a)->row.row.position;
    int64_t y = ((const struct seen *)b)->row.row.position;
    return (x > y) - (x < y);
}

static bool has_key(const struct parcel *p, const char *key)
{
    char own[KEY_SIZE];
    snprintf(own, sizeof(own), "k%d", p->key);
    return p->key >= 0 && strcmp(own, key) == 0;
}

/* Adds the rows of the target that wait there, at most `limit` of them; whether these are all. */
static bool see(struct world *w, int target, struct reading *r, const struct lane_want *want,
                const char *key, size_t index)
{
    struct seen *first = &r->seen[r->n_seen];
    size_t n = 0;
    for (int i = 0; i < w->n_made; i++) {
        struct parcel *p = &w->parcels[i];
        int64_t position = p->row.row.position;
        if (p->target == target && state_of(&p->row) == DELIVERY_WAITING &&
            position > want->after && position <= want->through &&
            (!want->has_key || has_key(p, key)))
            first[n++] = (struct seen){p, p->row, index};
    }
    qsort(first, n, sizeof(*first), compare_seen);
    r->n_seen += n < want->limit ? n : want->limit;
    return n < want->limit;
}

static int compare_expiry(const void *a, const void *b)
{
    const struct delivery_row *x = &((const struct seen *)a)->row.row;
    const struct delivery_row *y = &((const struct seen *)b)->row.row;
    if (x->expires_ms != y->expires_ms)
        return x->expires_ms < y->expires_ms ? -1 : 1;
    return (x->seq > y->seq) - (x->seq < y->seq);
}

static void see_expired(struct world *w, int target, struct reading *r)
{
    const struct delivery_expiry *after = &r->after_expiry;
    size_t limit = 1 + below(w, r->limit);
    for (int i = 0; i < w->n_made; i++) {
        struct parcel *p = &w->parcels[i];
        const struct delivery_row *row = &p->row.row;
        if (p->target != target || row->state != DELIVERY_WAITING || row->expires_ms == 0)
            continue;
        bool is_behind = row->expires_ms > after->at_ms ||
                         (row->expires_ms == after->at_ms && row->seq > after->seq);
        if (row->expires_ms <= r->through && is_behind)
            r->seen[r->n_seen++] = (struct seen){p, p->row, 0};
        else if (row->expires_ms > r->through && (!r->next_ms || row->expires_ms < r->next_ms))
            r->next_ms = row->expires_ms;
    }
    qsort(r->seen, r->n_seen, sizeof(*r->seen), compare_expiry);
    r->is_all = r->n_seen < limit;
    if (!r->is_all)
        r->n_seen = limit;
}

/* What has to be seen is on disk; so may be more. What is found may be less than was asked for. */
static void read_now(struct world *w, int target)
{
    struct reading *r = &w->readings[target];
    size_t at_least = r->asked_at > w->n_written ? r->asked_at : w->n_written;
    world_write_to(w, at_least + below(w, w->n_ops - at_least + 1));
    r->is_read = true;
    if (r->kind == EXPIRING) {
        see_expired(w, target, r);
        return;
    }
    if (r->kind == SCANNING) {
        const struct lane_want all = {
            .after = r->after, .through = r->through, .limit = 1 + below(w, r->limit)};
        r->is_all = see(w, target, r, &all, NULL, 0);
        return;
    }
    for (size_t i = 0; i < r->n_wants; i++) {
        struct lane_want want = r->wants[i];
        if (below(w, 4) == 0)
            want.limit = below(w, want.limit + 1); /* there were too many bytes */
        r->has_more[i] = !see(w, target, r, &want, r->keys[i], i);
    }
}

static void load_one(struct world *w, int target, struct seen *seen)
{
    struct parcel *p = seen->parcel;
    check(w, p->place == AWAY);
    check(w, state_of(&p->latest) == DELIVERY_WAITING);
    p->was_kept = true;
    world_give(w, p);
    lanes_loaded(w->lanes, w->targets[target], seen->want, &p->d, world_row(&seen->row));
}

/* Those that are on disk alone are taken, and no others: all were waiting when they were read. */
static void expire_one(struct world *w, int target, struct seen *seen)
{
    struct parcel *p = seen->parcel;
    struct parcel other = {0};
    bool is_away = p->place == AWAY;
    struct parcel *given = is_away ? p : &other;
    if (!is_away)
        other = (struct parcel){.world = w, .target = p->target, .key = p->key};
    world_give(w, given);
    p->is_expiring = is_away;
    bool was_taken = lanes_expired(w->lanes, w->targets[target], &given->d, world_row(&seen->row));
    check(w, was_taken == (is_away && !w->is_stopped));
    if (was_taken || !is_away)
        return;
    p->place = AWAY;
    p->is_expiring = false;
}

static void answer_expired(struct world *w, int target)
{
    struct reading *r = &w->readings[target];
    struct delivery_expiry passed = {0};
    for (size_t i = 0; i < r->n_seen; i++) {
        passed = (struct delivery_expiry){r->seen[i].row.row.expires_ms, r->seen[i].row.row.seq};
        expire_one(w, target, &r->seen[i]);
    }
    r->kind = NO_READING;
    lanes_expired_ended(w->lanes, w->targets[target], r->is_all ? NULL : &passed, r->next_ms);
}

static void answer(struct world *w, int target)
{
    struct reading *r = &w->readings[target];
    if (r->kind == EXPIRING) {
        answer_expired(w, target);
        return;
    }
    struct lane_place places[N_DELIVERIES];
    char keys[N_DELIVERIES][KEY_SIZE];
    bool is_scan = r->kind == SCANNING;
    for (size_t i = 0; i < r->n_seen; i++) {
        const struct parcel *p = r->seen[i].parcel;
        snprintf(keys[i], sizeof(keys[i]), "k%d", p->key);
        places[i] = (struct lane_place){
            .position = r->seen[i].row.row.position,
            .key = slice_str(keys[i]),
            .has_key = p->key >= 0,
            .due_ms = r->seen[i].row.row.due_ms,
            .batch = slice_str(r->seen[i].row.batch),
        };
        if (!is_scan)
            load_one(w, target, &r->seen[i]);
    }
    r->kind = NO_READING;
    if (is_scan)
        lanes_scanned(w->lanes, w->targets[target], places, r->n_seen, r->is_all);
    else
        lanes_load_ended(w->lanes, w->targets[target], r->has_more);
}

bool world_go_on_reading(struct world *w, int target)
{
    struct reading *r = &w->readings[target];
    if (r->kind == NO_READING)
        return false;
    if (r->is_read)
        answer(w, target);
    else
        read_now(w, target);
    return true;
}

static void on_spared(void *ctx, struct target *t, int64_t ms)
{
    (void)ctx;
    (void)t;
    (void)ms;
}

struct lanes_ports world_ports(struct world *w)
{
    return (struct lanes_ports){
        .attempt = on_attempt,
        .attempt_batch = on_attempt_batch,
        .put = on_put,
        .ended = on_ended,
        .kept = on_kept,
        .write = on_write,
        .spilled = on_spilled,
        .scan = on_scan,
        .load = on_load,
        .find_expired = on_find_expired,
        .find_barriers = on_find_barriers,
        .paused = on_paused,
        .spared = on_spared,
        .ctx = w,
    };
}
