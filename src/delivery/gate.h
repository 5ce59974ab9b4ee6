/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * When a connector's next attempt may start, as far as that is a question of time: the rate that was
 * set for it and the one that was learned, how much of it may be retries, how it comes back after
 * trouble, and for how long the other side has asked to be spared. Pure, in place; times are monotonic ms. A handler has none of
 * it: its runs ask nobody.
 */
#ifndef LIAISON_DELIVERY_GATE_H
#define LIAISON_DELIVERY_GATE_H

#include <stdbool.h>
#include <stdint.h>

#include "delivery/bucket.h"
#include "delivery/budget.h"
#include "delivery/pace.h"
#include "delivery/spacing.h"

/* `n` attempts in `ms`; n 0: as many as may be. A tenth of them, one at least, may go at once. */
struct rate_policy {
    int64_t n, ms;
};

struct gate {
    struct rate_policy policy;
    struct bucket rate;
    struct budget budget;
    struct pace pace;
    struct spacing spacing;
    int64_t spared_until; /* INT64_MIN: it isn't */
    int64_t spared_since; /* where it is */
};

void gate_init(struct gate *g, int64_t now);
/* The same rate again changes nothing. */
void gate_set_rate(struct gate *g, const struct rate_policy *policy, int64_t now);
/* The other side takes nothing for so long; an hour is believed at most, and then it is asked again.
   Whether that is news: it wasn't spared already, or for less. */
bool gate_spare(struct gate *g, int64_t ms, int64_t now);
/* It is asked again, whatever it wished. */
void gate_spare_no_more(struct gate *g, int64_t now);
/* For how long it still wishes to be. */
int64_t gate_spared_ms(const struct gate *g, int64_t now);

/* Trouble begins: what piles up from here on is let through slowly once it is over. */
void gate_stop(struct gate *g, int64_t now);
void gate_resume(struct gate *g, int64_t now);

/* Whether a first attempt may start at any time, so that nobody needs to ask when. */
static inline bool gate_is_wide_open(const struct gate *g)
{
    return g->policy.n == 0 && g->spared_until == INT64_MIN && g->pace.state == PACE_STEADY &&
           !spacing_is_on(&g->spacing);
}

/* When the next one may start, a retry or a delivery's first; at the earliest now. */
int64_t gate_opens_at(const struct gate *g, bool is_retry, int64_t now);
/* One starts. */
void gate_start(struct gate *g, bool is_retry, int64_t now);

#endif
