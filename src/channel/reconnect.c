/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The arithmetic of waiting: doubling that saturates, evenly drawn jitter.
 */
#include "channel/reconnect.h"

/* Failures are repeated far less often than streams that a bus ends by itself. */
#define FAILURE_LEAST_MS 200

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t most(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t draw(int64_t from, int64_t to, struct rng *rng)
{
    return from + (int64_t)rng_upto(rng, (uint64_t)(to - from));
}

static int64_t with_a_tenth(int64_t ms, struct rng *rng)
{
    return draw(ms, ms + ms / 10, rng);
}

void reconnect_init(struct reconnect *r)
{
    *r = (struct reconnect){.base_ms = RECONNECT_DEFAULT_MS};
}

void reconnect_set_base(struct reconnect *r, int64_t base_ms)
{
    r->base_ms = least(most(base_ms, RECONNECT_LEAST_MS), RECONNECT_ASKED_MS);
}

void reconnect_succeeded(struct reconnect *r)
{
    r->failures = 0;
}

int64_t reconnect_after_end(const struct reconnect *r, struct rng *rng)
{
    return with_a_tenth(r->base_ms, rng);
}

/* base * 2^failures, saturated. */
static int64_t grown(const struct reconnect *r)
{
    int64_t ms = most(r->base_ms, FAILURE_LEAST_MS);
    for (unsigned i = 0; i < r->failures && ms < RECONNECT_GROWN_MS; i++)
        ms *= 2;
    return least(ms, most(r->base_ms, RECONNECT_GROWN_MS));
}

int64_t reconnect_after_failure(struct reconnect *r, int64_t asked_ms, struct rng *rng)
{
    if (r->failures < 64)
        r->failures++;
    int64_t whole = grown(r);
    int64_t own =
        whole / 2 < r->base_ms ? with_a_tenth(r->base_ms, rng) : draw(whole / 2, whole, rng);
    if (asked_ms <= 0)
        return own;
    return most(own, with_a_tenth(least(asked_ms, RECONNECT_ASKED_MS), rng));
}
