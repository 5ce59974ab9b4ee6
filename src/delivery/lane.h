/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * A lane: one target's deliveries of one key in order, or a single one without. It exists while
 * there is a delivery in it, or is known to be on disk for it; there may be a million, which come
 * and go with each delivery.
 */
#ifndef LIAISON_DELIVERY_LANE_H
#define LIAISON_DELIVERY_LANE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/heap.h"
#include "base/list.h"
#include "base/map.h"
#include "delivery/lanes.h"

/* Rows that are read of a lane at once, at most. */
#define LANE_ASK_MAX 64

/* What a lane has on disk alone, behind what it has loaded. It changes in one place (backlog.c,
   `set_more`). */
enum lane_more {
    MORE_NONE,    /* nothing that is known of */
    MORE_RESTING, /* something, but that isn't needed yet */
    MORE_WANTING, /* something to be read */
    MORE_ASKED,   /* being read */
    MORE_COUNT,   /* their number */
};

struct lane {
    struct map_node node; /* by its key: its own copy, else its head's bytes */
    struct map *home;     /* the map it is in; NULL: none */
    struct target *target;
    char *own_key;
    uint64_t turn;          /* when its head became ready, in its target's order */
    int64_t single;         /* without a key: the position of what it holds */
    struct list link;       /* among all of its target's; of a spare one, among the pool's */
    struct list ready;      /* in one of its target's lists, by what its head waits for */
    struct list deliveries; /* in order; the first is the head */
    struct list marked;     /* in one of its target's lists while it rests or wants */
    struct heap_node due;   /* while it is parked until a time */
    int64_t through;        /* the position of the last one loaded: what is on disk is behind it */
    int64_t woken;          /* the position of one that is due whatever its row says; 0: none */
    int64_t head_due_at;    /* of the head that was parked; NEVER: as its row says */
    int64_t pause_seen_ms;  /* … -1: none was */
    int64_t shelved_at;     /* since when that waits to be woken; -1: it doesn't */
    int64_t ready_at;       /* since when its head is ready, where its target takes batches */
    /* Where its first rows are of a batch that is away, or coming back: */
    struct batch *batch;
    struct list of_batch; /* among that one's lanes */
    unsigned n_of_batch;  /* rows */
    unsigned n_loaded;
    unsigned ask;         /* how many rows to read at once */
    unsigned n_leaving;   /* replaced by newer ones, until that is on disk: the head waits for it */
    int64_t turn_through; /* what was on disk when its turn came … */
    bool has_turn;        /* … as it has: see coalesce.h */
    bool is_keyed;        /* else it is of a single delivery */
    bool is_parked;       /* its head, on disk, isn't due yet */
    enum lane_more more;
};

/* Lanes that were freed and may be used again. */
struct lane_pool {
    struct list spare;
    size_t n_spare;
};

void lane_pool_init(struct lane_pool *pool);
void lane_pool_deinit(struct lane_pool *pool);

/* The lane of a key; without one (data NULL) that of a handler's run at this position, or of one
   that is parked there. NULL where there is none. */
struct lane *lane_find(const struct target *t, struct slice key, int64_t position);
/* A lane of t's for what stands at `position`, with nothing loaded yet. The key is copied. */
struct lane *lane_mark(struct lane_pool *pool, struct target *t, struct slice key,
                       int64_t position);
/* Puts d at the end of the lane of its key, which may come into being thereby. */
void lane_add(struct lane_pool *pool, struct delivery *d);
/* Puts d at the end of this one. */
void lane_append(struct lane *lane, struct delivery *d);
/* Puts d before `at`, a link of this one's deliveries: it isn't behind what is loaded. */
void lane_insert(struct lane *lane, struct delivery *d, struct list *at);
/* Takes d out. An empty lane stays until lane_free_idle, or d is freed, by which it must be called. */
void lane_remove(struct delivery *d);
/* It can be found though no delivery is left in it. */
void lane_keep_key(struct lane *lane);
/* Frees a lane in which there is nothing and for which nothing is on disk; whether it did. */
bool lane_free_idle(struct lane_pool *pool, struct lane *lane);
/* Frees one without deliveries. */
void lane_free(struct lane_pool *pool, struct lane *lane);

static inline struct delivery *lane_head(const struct lane *lane)
{
    return list_first(&lane->deliveries, struct delivery, in_lane);
}

static inline bool lane_has_head(const struct lane *lane, const struct delivery *d)
{
    return lane->deliveries.next == &d->in_lane;
}

#endif
