/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The circuit breaker of a target: found out is that the other side is down, by so many distinct
 * deliveries in a row that failed for its sake. One that fails again and again counts once. That it
 * is open is a pause like others (pause.h), with its probes: nothing is attempted but these, and
 * nothing used up. Pure; target.c holds one a target.
 */
#ifndef LIAISON_DELIVERY_BREAKER_H
#define LIAISON_DELIVERY_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/rng.h"
#include "delivery/outcome.h"

/* More are never counted. */
#define BREAKER_FAILURES_MAX 1000

struct breaker_policy {
    unsigned failures; /* in a row open it, 1 to BREAKER_FAILURES_MAX; 0: there is no breaker */
    int64_t open_ms;   /* before a probe */
};

struct breaker {
    int64_t *failed; /* positions of the deliveries that failed in a row; NULL before the first */
    unsigned n, room;
    int64_t up_at; /* monotonic ms of the last sign that it is up */
};

void breaker_deinit(struct breaker *b);

/* What an attempt's end says of the other side. */
enum breaker_sign {
    BREAKER_SAYS_NOTHING, /* it wasn't asked, or the script said how to take the answer */
    BREAKER_SAYS_UP,      /* it answered */
    BREAKER_SAYS_DOWN,    /* no connection, a timeout, 429, or a 5xx that may pass */
};
enum breaker_sign breaker_sign_of(const struct attempt_end *end, const struct verdict *verdict);

/* The delivery at that position, unique in its target, was attempted from `started_at` to `now`,
   monotonic ms, with such an end. True when that makes as many in a row as open it; then they are
   counted anew. What began before the other side was seen to be up says nothing of the time since:
   where many are under way, those that fail tend to end together. */
bool breaker_learn(struct breaker *b, enum breaker_sign sign, int64_t position, int64_t started_at,
                   int64_t now, unsigned failures);

/* Adds, in words for people, why that end opens it. */
void breaker_add_reason(struct buf *b, unsigned failures, const struct attempt_end *end);

/* How long it stays open, in ms: that of the policy, and up to a tenth more, so that not all who
   failed together ask again together; at least what the other side asked for (Retry-After). */
int64_t breaker_wait_ms(const struct breaker_policy *policy, const struct attempt_end *end,
                        struct rng *rng);

#endif
