/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * As with the number at once, attempts that were begun before the last refusal tell of the time before it,
 * and nothing is changed for them.
 *
 * A round is as long as a refusal is dear: to go from CUT back to where it was refused takes about one, and
 * with ROUND_COSTS of what a refusal costs no more than a fifth of the time is lost to refusals. Each round
 * without any goes up twice as steeply as the one before, so that who isn't limited any more is soon found
 * out.
 */
#include "delivery/spacing.h"

#include <math.h>

#define NEVER_YET INT64_MIN

/* Where there is nothing to go by: from here up, until it is refused. */
#define FIRST_PER_MS 0.005
#define LEAST_PER_MS 0.0001
/* In less than two milliseconds there is nothing to space. */
#define MOST_PER_MS 0.5

#define RISE 1.5
#define CUT 0.8
#define CUT_AGAIN 0.5 /* nothing was taken since */
#define RISE_ROUND 0.25
#define STEEPEST 6 /* it is doubled so often at most */

#define ROUND_LEAST 48
#define ROUND_COSTS 4
/* Who takes few in that time is tried more often, so that it isn't slow for hours. */
#define ROUND_MS 120000
#define ROUND_OF_FEW 8

/* Later than that is none that was held back: ms, and a part of the time between two. */
#define LATE_MS 2
#define LATE 0.5
/* So many successes on end that it made no difference for. */
#define FORGET 100

void spacing_init(struct spacing *s)
{
    *s = (struct spacing){.refused_at = NEVER_YET};
}

void spacing_forget(struct spacing *s)
{
    s->per_ms = 0;
    s->successes = 0;
}

int64_t spacing_ms(const struct spacing *s)
{
    return spacing_is_on(s) ? llround(1 / s->per_ms) : 0;
}

static void set_rate(struct spacing *s, double per_ms, int64_t now)
{
    s->per_ms = fmin(fmax(per_ms, LEAST_PER_MS), MOST_PER_MS);
    bucket_change(&s->bucket, 1, s->per_ms, now);
}

/* ---- what is learned ---- */

static unsigned round_at(double per_ms, int64_t after_ms)
{
    double n = fmax(ROUND_LEAST, ROUND_COSTS * (double)after_ms * per_ms);
    return (unsigned)fmin(n, fmax(ROUND_OF_FEW, ROUND_MS * per_ms));
}

static void begin(struct spacing *s, int64_t now)
{
    s->good_per_ms = MOST_PER_MS;
    bucket_set(&s->bucket, 1, FIRST_PER_MS, now);
    bucket_take(&s->bucket, now);
    set_rate(s, FIRST_PER_MS, now);
}

static void cut(struct spacing *s, int64_t now)
{
    if (s->successes == 0) {
        set_rate(s, s->per_ms * CUT_AGAIN, now);
        return;
    }
    set_rate(s, s->per_ms < s->good_per_ms ? s->per_ms / RISE : s->per_ms * CUT, now);
    s->good_per_ms = s->per_ms;
}

void spacing_refused(struct spacing *s, bool is_one, int64_t after_ms, int64_t started_at,
                     int64_t now)
{
    if (started_at <= s->refused_at)
        return;
    if (spacing_is_on(s))
        cut(s, now);
    else if (is_one && s->successes > 0)
        begin(s, now);
    s->round = round_at(s->per_ms, after_ms);
    s->successes = s->at_will = 0;
    s->refused_at = now;
}

static double gently(const struct spacing *s)
{
    unsigned steep = s->successes / s->round;
    return 1 + RISE_ROUND / s->round * (1U << (steep < STEEPEST ? steep : STEEPEST));
}

static bool makes_no_difference(const struct spacing *s)
{
    return s->successes >= FORGET && (s->at_will >= FORGET || s->per_ms >= MOST_PER_MS);
}

void spacing_succeeded(struct spacing *s, int64_t started_at)
{
    if (started_at <= s->refused_at)
        return;
    s->successes += s->successes < UINT32_MAX;
    if (!spacing_is_on(s))
        return;
    if (makes_no_difference(s)) {
        spacing_forget(s);
    } else if (s->at_will == 0) {
        bool is_below = s->per_ms < s->good_per_ms;
        double more = s->per_ms * (is_below ? RISE : gently(s));
        set_rate(s, is_below && more > s->good_per_ms ? s->good_per_ms : more, s->bucket.at);
    }
}

/* ---- what may start ---- */

int64_t spacing_opens_at(const struct spacing *s, int64_t now)
{
    return spacing_is_on(s) ? bucket_opens_at(&s->bucket, now) : now;
}

void spacing_start(struct spacing *s, int64_t now)
{
    if (!spacing_is_on(s))
        return;
    double late_ms = (double)(now - bucket_opens_at(&s->bucket, s->bucket.at));
    bool is_at_will = late_ms > LATE_MS + LATE / s->per_ms;
    s->at_will = is_at_will ? s->at_will + 1 : 0;
    bucket_take(&s->bucket, now);
}
