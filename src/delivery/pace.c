/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "delivery/pace.h"

#include <math.h>

#define NEVER_YET INT64_MIN

/* Attempts are added up so often, and count for so long. */
#define FOLD_MS 1000
#define MEMORY_MS 120000.0

#define SLOW_MS 10000
#define DOUBLING_MS 5000
#define FACTOR 1.5
/* By then it is twice as many twenty times over. */
#define RISING_MS (SLOW_MS + 20 * DOUBLING_MS)

/* Where there is nothing to go by: so many, and as many at once. */
#define UNKNOWN_PER_MS 0.05
#define UNKNOWN_BURST 20
/* Of who was asked now and then, that can be no burden. */
#define LEAST_PER_MS 0.005
/* Of what is known, as many at once as come in so much time. */
#define BURST_MS 100

void pace_init(struct pace *p)
{
    *p = (struct pace){.since = NEVER_YET};
}

/* ---- what there was before ---- */

static void fold(struct pace *p, int64_t now)
{
    double elapsed = (double)(now - p->since);
    double stays = exp(-elapsed / MEMORY_MS);
    p->attempts = p->attempts * stays + p->counted;
    p->ms = p->ms * stays + elapsed;
    p->counted = 0;
    p->since = now;
}

static void count(struct pace *p, int64_t now)
{
    if (p->since == NEVER_YET)
        p->since = now;
    else if (now - p->since >= FOLD_MS)
        fold(p, now);
    p->counted++;
}

static bool is_known(const struct pace *p)
{
    return p->ms >= FOLD_MS;
}

static double slow_per_ms(const struct pace *p)
{
    if (!is_known(p))
        return UNKNOWN_PER_MS;
    double per_ms = FACTOR * p->attempts / p->ms;
    return per_ms > LEAST_PER_MS ? per_ms : LEAST_PER_MS;
}

/* ---- after trouble ---- */

static double per_ms_at(const struct pace *p, int64_t now)
{
    double past_ms = (double)(now - p->resumed_at - SLOW_MS);
    return slow_per_ms(p) * (past_ms > 0 ? exp2(past_ms / DOUBLING_MS) : 1);
}

static double burst(const struct pace *p, double per_ms)
{
    double n = per_ms * BURST_MS, least = is_known(p) ? 1 : UNKNOWN_BURST;
    return n > least ? n : least;
}

static void adapt(const struct pace *p, struct bucket *b, int64_t now)
{
    double per_ms = per_ms_at(p, now);
    bucket_change(b, burst(p, per_ms), per_ms, now);
}

static bool is_over(const struct pace *p, int64_t now)
{
    int64_t slow_until = p->resumed_at + SLOW_MS;
    int64_t from = p->pressed_at > slow_until ? p->pressed_at : slow_until;
    return now - from >= DOUBLING_MS || now - p->resumed_at >= RISING_MS;
}

static void rise(struct pace *p, int64_t now)
{
    adapt(p, &p->bucket, now);
    bucket_take(&p->bucket, now);
    if (bucket_opens_at(&p->bucket, now) > now)
        p->pressed_at = now;
}

void pace_start(struct pace *p, int64_t now)
{
    if (p->state == PACE_RISING && is_over(p, now)) {
        p->state = PACE_STEADY;
        p->since = now;
    }
    if (p->state == PACE_RISING)
        rise(p, now);
    else if (p->state == PACE_STEADY)
        count(p, now);
}

void pace_stop(struct pace *p, int64_t now)
{
    if (p->state == PACE_STEADY && p->since != NEVER_YET)
        fold(p, now);
    p->state = PACE_STOPPED;
}

void pace_resume(struct pace *p, int64_t at)
{
    if (p->state != PACE_STOPPED)
        return;
    p->state = PACE_RISING;
    p->resumed_at = p->pressed_at = at;
    bucket_set(&p->bucket, burst(p, slow_per_ms(p)), slow_per_ms(p), at);
}

int64_t pace_opens_at(const struct pace *p, int64_t now)
{
    if (p->state != PACE_RISING || is_over(p, now))
        return now;
    struct bucket b = p->bucket;
    adapt(p, &b, now);
    return bucket_opens_at(&b, now);
}
