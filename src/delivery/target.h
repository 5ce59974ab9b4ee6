/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * A target: its lanes, how many attempts it bears, whether it is paused, and so what may start.
 */
#ifndef LIAISON_DELIVERY_TARGET_H
#define LIAISON_DELIVERY_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "base/map.h"
#include "delivery/backlog.h"
#include "delivery/barrier.h"
#include "delivery/batching.h"
#include "delivery/breaker.h"
#include "delivery/gate.h"
#include "delivery/lane.h"
#include "delivery/lanes.h"
#include "delivery/limit.h"
#include "delivery/pause.h"
#include "delivery/tally.h"

struct target {
    struct map_node node;        /* among those of its kind, by name */
    struct list serving;         /* among those that may start an attempt … */
    struct heap_node gate_opens; /* … or will by time, in the heap of gates */
    char *name;
    bool is_handler;
    void *owner;
    struct target_policy policy; /* the last one, where it is gone */

    bool is_keyed;     /* as its policy was when it last had all in memory */
    struct map keyed;  /* lanes with a key */
    struct map single; /* lanes without that have to be found, by position */
    struct list lanes; /* all */
    size_t n_lanes;
    /* Lanes whose heads may be attempted, the longest ready first: those that weren't yet; those that
       were, of which the gate may let fewer through (with batches among the first); and those that the
       pause has refused, probed when there are no others. */
    struct list ready, retries, refused;
    uint64_t next_turn;
    struct list later;  /* lanes whose heads aren't due yet */
    struct list held;   /* lanes whose turn has come, and wait for what they replace: coalesce.h */
    struct list barred; /* lanes whose heads are kept by dead letters */
    struct barriers barriers;
    size_t n_inside;  /* deliveries in all lanes */
    size_t n_leaving; /* … which newer ones have replaced */
    size_t bytes_inside;
    size_t n_in_flight; /* attempts … */
    size_t n_attempted; /* … and deliveries in these */
    size_t n_parked;
    struct batching batching;
    bool took_batches;     /* at any time, as far as its owner knows */
    int64_t last_position; /* given so far */
    struct backlog backlog;
    struct limit limit;
    struct gate gate; /* a connector's */
    struct pause pause;
    struct breaker breaker;
    uint64_t successes; /* that tell that it takes what it is sent */
    struct tally tally;
};

struct target *target_new(struct slice name, bool is_handler, int64_t now);
/* Its lanes must be empty. */
void target_free(struct target *t);

static inline bool target_is_paused(const struct target *t)
{
    return pause_is_on(&t->pause);
}

static inline bool target_takes_batches(const struct target *t)
{
    return t->policy.batch.size > 0;
}

/* Attempts at once at most. */
unsigned target_concurrency(const struct target *t);
/* When it may start something, by `clock`, monotonic ms: AT_ONCE where it may, NEVER where that isn't a
   question of time alone. */
int64_t target_opens_at(const struct target *t, const struct clock *clock);
/* What that is, where it may at once. */
struct delivery *target_next(const struct target *t, int64_t now);
/* An attempt starts, and is counted as in flight; one that is no delivery's first is a retry. */
void target_start(struct target *t, bool is_retry, int64_t now);
/* One that started then has ended; to be told before that pauses anything. */
void target_learn(struct target *t, const struct attempt_end *end, int64_t started_at, int64_t now);
/* The head of d's lane, d itself, may be attempted from now on. */
void target_add_ready(struct target *t, struct delivery *d);
/* The lane, which is ready, has this turn, as it had before. */
void target_keep_turn(struct target *t, struct lane *lane, uint64_t turn);
/* How long d, ready to be tried again, should wait for the sake of the others, ms: where so many
   retries wait for their budget already that it would only take up room in memory. */
int64_t target_crowd_ms(const struct target *t, const struct delivery *d);
/* Those that a pause refused are as ready as the others. */
void target_ready_all(struct target *t);

/* What the end of an attempt is for its target as it stands: the table of outcomes, but that a
   paused one keeps waiting what it refuses, and that who was refused while others weren't is
   refused for good. */
struct verdict target_verdict(const struct target *t, const struct delivery *d,
                              const struct attempt_end *end);
/* Whether that end uses none of a delivery's attempts up. */
bool target_is_free_end(const struct target *t, const struct attempt_end *end,
                        const struct verdict *verdict);

#endif
