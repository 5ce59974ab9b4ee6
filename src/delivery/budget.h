/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * How many of a connector's attempts may be retries, that is, not a delivery's first: a fifth of all,
 * never below 10 a second. So a receiver in trouble isn't brought down by being asked again and again.
 * Pure, in place; times are monotonic ms.
 */
#ifndef LIAISON_DELIVERY_BUDGET_H
#define LIAISON_DELIVERY_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

#include "delivery/bucket.h"

/* A retry may go by either, and is taken from both: what is allowed is the greater of the two, not
   their sum. */
struct budget {
    struct bucket least; /* filled by time */
    struct bucket share; /* filled by first attempts */
};

void budget_init(struct budget *b, int64_t now);
/* When the next retry may start, at the earliest now. */
int64_t budget_opens_at(const struct budget *b, int64_t now);
/* An attempt starts. */
void budget_start(struct budget *b, bool is_retry, int64_t now);

#endif
