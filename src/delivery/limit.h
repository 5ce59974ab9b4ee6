/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * How many attempts at once a target bears, found out by trying, as TCP finds its window (additive
 * increase, multiplicative decrease: RFC 5681): one more for each round of successes while the
 * limit binds, half as many when the other side fails under it. Pure; target.c holds one a target.
 */
#ifndef LIAISON_DELIVERY_LIMIT_H
#define LIAISON_DELIVERY_LIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "delivery/outcome.h"

struct limit {
    unsigned max;       /* in force, 1 to 256 */
    bool was_reached;   /* since it last changed */
    unsigned successes; /* since it was reached */
    int64_t cut_at;     /* monotonic ms of the last halving */
};

void limit_init(struct limit *l);
/* An attempt begins; `in_flight` counts it. */
void limit_start(struct limit *l, size_t in_flight);
/* An attempt has ended; `started_at` and `now` are monotonic ms. */
void limit_learn(struct limit *l, const struct attempt_end *end, int64_t started_at, int64_t now);

#endif
