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
#include "delivery/batching.h"
#include "delivery/lane.h"
#include "delivery/lanes.h"
#include "delivery/limit.h"
#include "delivery/pause.h"
#include "delivery/tally.h"

struct target {
    struct map_node node; /* among those of its kind, by name */
    struct list serving;  /* among those that may start an attempt */
    char *name;
    bool is_handler;
    void *owner;
    struct target_policy policy; /* the last one, where it is gone */

    bool is_keyed;     /* as its policy was when it last had all in memory */
    struct map keyed;  /* lanes with a key */
    struct map single; /* lanes without that have to be found, by position */
    struct list lanes; /* all */
    size_t n_lanes;
    struct list ready; /* lanes whose heads may be attempted, the longest ready first */
    /* The same, where the pause has refused them: probed when `ready` is empty. */
    struct list refused;
    struct list later; /* lanes whose heads aren't due yet */
    size_t n_inside;   /* deliveries in all lanes */
    size_t bytes_inside;
    size_t n_in_flight; /* attempts … */
    size_t n_attempted; /* … and deliveries in these */
    size_t n_parked;
    struct batching batching;
    int64_t last_position; /* given so far */
    struct backlog backlog;
    struct limit limit;
    struct pause pause;
    uint64_t successes; /* that tell that it takes what it is sent */
    struct tally tally;
};

struct target *target_new(struct slice name, bool is_handler);
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
/* Whether it has something that may start now. */
bool target_can_start(const struct target *t);
/* What that is; only where it can. */
struct delivery *target_next(const struct target *t);
/* The head of d's lane, d itself, may be attempted from now on. */
void target_add_ready(struct target *t, struct delivery *d);
/* Those that a pause refused are as ready as the others. */
void target_ready_all(struct target *t);

/* What the end of an attempt is for its target as it stands: the table of outcomes, but that a
   paused one keeps waiting what it refuses, and that who was refused while others weren't is
   refused for good. */
struct verdict target_verdict(const struct target *t, const struct delivery *d,
                              const struct attempt_end *end);

#endif
