/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "delivery/gate.h"

#define NOT_SPARED INT64_MIN
#define SPARED_MAX_MS (INT64_C(60) * 60 * 1000)
/* What piles up in less is no trouble. */
#define TROUBLE_MS 5000

void gate_init(struct gate *g, int64_t now)
{
    *g = (struct gate){.spared_until = NOT_SPARED};
    budget_init(&g->budget, now);
    pace_init(&g->pace);
    spacing_init(&g->spacing);
}

void gate_set_rate(struct gate *g, const struct rate_policy *policy, int64_t now)
{
    if (policy->n == g->policy.n && policy->ms == g->policy.ms)
        return;
    bool is_new = g->policy.n == 0;
    g->policy = *policy;
    if (policy->n == 0)
        return;
    double burst = policy->n > 10 ? (double)policy->n / 10 : 1;
    double per_ms = (double)policy->n / (double)policy->ms;
    if (is_new)
        bucket_set(&g->rate, burst, per_ms, now);
    else
        bucket_change(&g->rate, burst, per_ms, now);
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

void gate_stop(struct gate *g, int64_t now)
{
    pace_stop(&g->pace, now);
}

void gate_resume(struct gate *g, int64_t now)
{
    pace_resume(&g->pace, later(now, g->spared_until));
}

/* Slowly, unless that is already for another to say. */
static void come_back_at(struct gate *g, int64_t at, int64_t now)
{
    if (g->pace.state == PACE_STOPPED)
        return;
    pace_stop(&g->pace, now);
    pace_resume(&g->pace, at);
}

bool gate_spare(struct gate *g, int64_t ms, int64_t now)
{
    int64_t until = now + (ms < SPARED_MAX_MS ? ms : SPARED_MAX_MS);
    if (until <= g->spared_until || until <= now)
        return false;
    if (g->spared_until <= now)
        g->spared_since = now;
    g->spared_until = until;
    if (until - now >= TROUBLE_MS)
        come_back_at(g, until, now);
    return true;
}

void gate_spare_no_more(struct gate *g, int64_t now)
{
    if (gate_spared_ms(g, now) == 0)
        return;
    g->spared_until = NOT_SPARED;
    if (g->pace.state == PACE_RISING)
        come_back_at(g, now, now);
}

int64_t gate_spared_ms(const struct gate *g, int64_t now)
{
    return g->spared_until > now ? g->spared_until - now : 0;
}

int64_t gate_opens_at(const struct gate *g, bool is_retry, int64_t now)
{
    int64_t at = later(now, g->spared_until);
    at = later(at, pace_opens_at(&g->pace, now));
    at = later(at, spacing_opens_at(&g->spacing, now));
    if (g->policy.n > 0)
        at = later(at, bucket_opens_at(&g->rate, now));
    if (is_retry)
        at = later(at, budget_opens_at(&g->budget, now));
    return at;
}

void gate_start(struct gate *g, bool is_retry, int64_t now)
{
    g->spared_until = NOT_SPARED;
    pace_start(&g->pace, now);
    spacing_start(&g->spacing, now);
    budget_start(&g->budget, is_retry, now);
    if (g->policy.n > 0)
        bucket_take(&g->rate, now);
}
