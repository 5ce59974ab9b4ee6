/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The world that lanes live in while a seed draws what happens to them: deliveries that last over
 * restarts, a fake journal that writes what is queued in order and reads late and stale, and ports
 * that check what they are asked. For test_lanes_property.c.
 */
#ifndef LIAISON_TESTS_LANES_WORLD_H
#define LIAISON_TESTS_LANES_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/rng.h"
#include "delivery/batch.h"
#include "delivery/lanes.h"

#include <cmocka.h>

#define N_TARGETS 4 /* the last is a handler */
#define N_KEYS 12
#define N_DELIVERIES 400
#define N_OPS (N_DELIVERIES * 200)
#define LOADED_MAX 12
#define INSIDE_MAX (LOADED_MAX + LOADED_MAX / 2) /* of one that coalesces */
#define LANES_MAX 10
#define IN_FLIGHT_MAX 24
#define BATCH_SIZE_MAX 3
#define KEY_SIZE 16 /* of a key's text, "k11" */

struct world;

/* A row, with what is kept of its texts. */
struct row {
    struct delivery_row row;
    int order; /* its parcel's, by this row */
    char error[64], batch[BATCH_ID_SIZE];
};

/* A delivery for the whole of a world, over restarts. */
struct parcel {
    struct delivery d;
    struct world *world;
    int number; /* which one it is */
    int order;  /* of its send, or of its last retry, or of what it replaced */
    int target;
    int key; /* -1: none */
    char key_text[KEY_SIZE], id[16];
    int64_t delay_ms, expires_ms;
    int64_t taken_at; /* monotonic */
    enum { UNMADE, INSIDE, ATTEMPTED, UNSETTLED, AWAY, GONE } place;
    bool is_ready_to_end; /* its end was written, or needs not to be */
    struct row row;       /* on disk */
    struct row latest;    /* when all that is queued will be */
    size_t put_as;        /* the op that was put and isn't settled */
    unsigned n_ended;
    bool was_kept;
    bool was_woken;  /* it needn't wait until it is due */
    bool is_shelved; /* waits to be woken */
    bool was_retried;
    bool was_attempted;
    bool is_early;    /* due when one was that it replaced, whatever its row says yet */
    bool is_old;      /* made before the last start */
    bool is_stale;    /* on disk: something newer of its key has succeeded */
    bool is_expiring; /* found on disk when it had expired: it is in no lane */
    bool has_failed;  /* the attempt that is just ending */
    bool is_free;     /* retried before the last restart: may stand before what had no row then */
    const struct parcel *replaced_by;
};

/* What is queued for the disk, in order. */
struct op {
    struct parcel *parcel;
    struct row row;
    struct parcel *heir; /* whose row changes with it, or NULL */
    struct row heir_row;
};

/* What a target has asked for. */
struct reading {
    enum { NO_READING, SCANNING, LOADING, EXPIRING } kind;
    size_t asked_at; /* ops that it has to see */
    int64_t after, through;
    struct delivery_expiry after_expiry;
    size_t limit;
    struct lane_want wants[INSIDE_MAX];
    char keys[INSIDE_MAX][KEY_SIZE];
    size_t n_wants;
    bool is_read; /* what it finds stands below */
    struct seen {
        struct parcel *parcel;
        struct row row;
        size_t want;
    } seen[N_DELIVERIES];
    size_t n_seen;
    bool is_all, has_more[INSIDE_MAX];
    int64_t next_ms;
};

/* A target's dead letters that it has asked for. */
struct dead_reading {
    bool is_asked, is_read;
    size_t asked_at;
    struct lane_barrier found[N_DELIVERIES];
    char keys[N_DELIVERIES][KEY_SIZE];
    size_t n_found;
};

struct world {
    struct rng rng;
    uint64_t seed;
    struct clock_fake time;
    struct lanes *lanes;
    struct target *targets[N_TARGETS];
    struct target_policy policies[N_TARGETS];
    struct parcel parcels[N_DELIVERIES];
    int n_made;
    int n_orders;
    size_t n_flights; /* attempts */
    size_t n_unsettled;
    struct op ops[N_OPS];
    size_t n_ops, n_written;
    struct reading readings[N_TARGETS];
    struct dead_reading dead[N_TARGETS];
    int64_t last_position; /* of all rows */
    int64_t started_ms;    /* wall */
    unsigned paused[N_TARGETS];
    bool is_freeing, is_stopped;
    bool has_batches;  /* some connectors take them, for a while */
    bool may_park;     /* the first target does, now and then */
    bool may_coalesce; /* … */
    bool is_roomy;     /* as many keys as there are may be known */
};

#define check(w, what)                                                                             \
    do {                                                                                           \
        if (!(what))                                                                               \
            fail_msg("seed %llu: %s", (unsigned long long)(w)->seed, #what);                       \
    } while (0)

static inline struct parcel *parcel_of(struct delivery *d)
{
    return container_of(d, struct parcel, d);
}

static inline uint64_t below(struct world *w, uint64_t n)
{
    return rng_upto(&w->rng, n - 1);
}

static inline bool is_run(const struct parcel *p)
{
    return p->target == N_TARGETS - 1;
}

static inline bool is_in_lane(const struct parcel *p)
{
    return p->place == INSIDE || p->place == ATTEMPTED || p->place == UNSETTLED;
}

static inline enum delivery_state state_of(const struct row *row)
{
    return row->row.state;
}

static inline int64_t position_of(const struct parcel *p)
{
    return p->place == AWAY ? p->latest.row.position : p->d.position;
}

static inline bool is_ordered_after(const struct world *w, const struct parcel *p,
                                    const struct parcel *before)
{
    bool is_before = p->is_free || before->is_free ? position_of(before) < position_of(p)
                                                   : before->order < p->order;
    return is_before && before->target == p->target && before->key == p->key && p->key >= 0 &&
           w->policies[p->target].is_ordered;
}

/* A dead letter that keeps what stands behind it. */
static inline bool is_barrier(const struct world *w, const struct parcel *p)
{
    return state_of(&p->latest) == DELIVERY_DEAD && !p->is_stale && p->key >= 0 &&
           w->policies[p->target].parks;
}

static inline bool is_barred(const struct world *w, const struct parcel *p)
{
    for (int i = 0; i < w->n_made; i++) {
        const struct parcel *other = &w->parcels[i];
        if (other->target == p->target && other->key == p->key && is_barrier(w, other) &&
            other->latest.row.position < position_of(p))
            return true;
    }
    return false;
}

/* Taken back, and not in its place yet. */
static inline bool is_returning(const struct parcel *p)
{
    return p->place == INSIDE && !p->is_ready_to_end && state_of(&p->latest) == DELIVERY_DEAD;
}

static inline bool is_leaving(const struct parcel *p)
{
    return p->place == UNSETTLED && !p->is_ready_to_end &&
           state_of(&p->latest) == DELIVERY_SUPERSEDED;
}

/* p waits until it is on disk what it replaced. */
static inline bool has_replaced(const struct world *w, const struct parcel *p)
{
    for (int i = 0; i < w->n_made; i++) {
        if (is_leaving(&w->parcels[i]) && w->parcels[i].replaced_by == p)
            return true;
    }
    return false;
}

/* Nothing stands before p in its lane but what is attempted with it. */
static inline bool is_at_front(const struct world *w, const struct parcel *p, const struct batch *b)
{
    if (is_barred(w, p) || has_replaced(w, p))
        return false;
    for (int i = 0; i < w->n_made; i++) {
        const struct parcel *other = &w->parcels[i];
        bool is_over = other->is_expiring && state_of(&other->row) == DELIVERY_DEAD;
        bool is_along = b && other->place == ATTEMPTED && other->d.batch == b;
        if (is_ordered_after(w, p, other) && !is_over && !is_along &&
            (is_in_lane(other) || other->place == AWAY))
            return false;
    }
    return true;
}

static inline bool is_head(const struct world *w, const struct parcel *p)
{
    return is_at_front(w, p, NULL);
}

/* Whether something of the target's that was replaced is being written. */
static inline bool has_leaving(const struct world *w, int target)
{
    for (int i = 0; i < w->n_made; i++) {
        if (w->parcels[i].target == target && is_leaving(&w->parcels[i]))
            return true;
    }
    return false;
}

static inline bool is_busy(const struct world *w, int target)
{
    bool is_reading = w->policies[target].coalesces && w->readings[target].kind != NO_READING;
    return is_reading || has_leaving(w, target);
}

/* The ports of this world's lanes. */
struct lanes_ports world_ports(struct world *w);
/* The attempt ends, well or not; that of its whole batch, where it is in one. */
void world_end_attempt(struct world *w, struct parcel *p);
/* … well. */
void world_end_well(struct world *w, struct parcel *p);
/* The attempt, of the handler, waits to be woken. */
void world_shelve(struct world *w, struct parcel *p);
/* The attempt is gone without an end. */
void world_take_back(struct world *w, struct parcel *p);
/* The journal's writer gets so far. */
void world_write_to(struct world *w, size_t n_ops);
/* What was put of p is on disk, and lanes are told so. */
void world_settle(struct world *w, struct parcel *p);
/* As world_go_on_reading for dead letters that were asked for. */
bool world_go_on_asking(struct world *w, int target);
/* Makes p's delivery anew, for lanes_take or the like. */
void world_give(struct world *w, struct parcel *p);
const struct delivery_row *world_row(struct row *row);
/* What the target asked for is read, or then answered; false when it asked for nothing. */
bool world_go_on_reading(struct world *w, int target);

#endif
