/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * How many attempts at once a target bears, found out by trying, as TCP finds its window (additive
 * increase, multiplicative decrease: RFC 5681): one more for each round of successes while the
 * limit binds, half as many when the other side fails under it, and somewhat fewer when it becomes
 * slow by it (as TCP Vegas does, and for the same reason: what is more only waits over there). All of
 * it is about attempts, each by itself, never about deliveries with their retries. Pure; target.c
 * holds one a target.
 */
#ifndef LIAISON_DELIVERY_LIMIT_H
#define LIAISON_DELIVERY_LIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "delivery/outcome.h"

/* A mean of what successes took, us, and its own variance. */
struct limit_mean {
    double us, variance; /* us < 0: there is none */
};

struct limit {
    unsigned max;       /* in force, 1 to 256 */
    bool was_reached;   /* since it last changed */
    unsigned successes; /* since it was reached */
    int64_t cut_at;     /* monotonic ms of the last time that it was made less for failures */

    /* Successes that began since then, and whether the limit was reached meanwhile. */
    int64_t window_at;
    unsigned n;
    double sum, squares;
    bool is_full;

    struct limit_mean low[2]; /* the least that it took: in this epoch, and in the one before */
    unsigned n_windows;       /* of this epoch */
    bool is_slow;             /* the last window was */
    bool was_cut;             /* for that, once */
    struct limit_mean before; /* while it is tried whether fewer are quicker: what they took … */
    unsigned max_before;      /* … and how many they were; 0: nothing is tried */
};

void limit_init(struct limit *l);
/* An attempt begins; `in_flight` counts it. */
void limit_start(struct limit *l, size_t in_flight);
/* An attempt has ended; `started_at` and `now` are monotonic ms. */
void limit_learn(struct limit *l, const struct attempt_end *end, int64_t started_at, int64_t now);

#endif
