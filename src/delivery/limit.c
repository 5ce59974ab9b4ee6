/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Attempts that were begun before the last halving tell of the time before it and halve no more:
 * a crowd that fails together counts as one failure.
 *
 * What successes take is looked at in windows, a round of them each, and compared with the least that
 * a window has taken lately. Slow is what takes a good part longer, by more than chance explains, so
 * that a receiver whose answers take now this, now that long isn't wronged; and in two windows on
 * end, so that one stall isn't. Then it is tried whether fewer at once are quicker. Where they
 * aren't, it isn't our doing: all is as before, and this is what it takes from now on.
 *
 * Why that ends at the knee, also where the first that was ever seen was slow by us: who takes S with C
 * at once takes S * n / C with n. We cut at SLOW times the least to CUT of that, and SLOW * CUT < 1: so
 * each time it falls to less than the least before, or to S.
 */
#include "delivery/limit.h"

#include <string.h>

#include "base/attr.h"

#define LIMIT_START 8
#define LIMIT_MAX 256

#define WINDOW_LEAST 16
#define EPOCH_WINDOWS 64
#define SLOW 1.3
#define CUT 0.7
/* So much is nobody's harm, and may be our own loop's. */
#define SLOW_LEAST_US 5000
/* In standard errors. */
#define CHANCE 4.0
/* Fewer at once help where this share of the time is left at most. */
#define HELPED 0.9

static const struct limit_mean none = {.us = -1};

void limit_init(struct limit *l)
{
    *l = (struct limit){
        .max = LIMIT_START, .cut_at = INT64_MIN, .window_at = INT64_MIN, .low = {none, none}};
}

/* ---- what it took ---- */

static void begin_window(struct limit *l, int64_t now)
{
    l->window_at = now;
    l->n = 0;
    l->sum = l->squares = 0;
    l->is_full = false;
}

static struct limit_mean mean_of_window(const struct limit *l)
{
    double us = l->sum / l->n, spread = l->squares / l->n - us * us;
    return (struct limit_mean){.us = us, .variance = spread > 0 ? spread / l->n : 0};
}

static const struct limit_mean *least(const struct limit *l)
{
    bool is_second = l->low[0].us < 0 || (l->low[1].us >= 0 && l->low[1].us < l->low[0].us);
    return &l->low[is_second];
}

static void note_least(struct limit *l, struct limit_mean mean)
{
    if (++l->n_windows > EPOCH_WINDOWS) {
        l->low[1] = l->low[0];
        l->low[0] = none;
        l->n_windows = 1;
    }
    if (l->low[0].us < 0 || mean.us < l->low[0].us)
        l->low[0] = mean;
}

static bool is_slow(const struct limit_mean *mean, const struct limit_mean *least)
{
    double more = mean->us - least->us;
    return least->us >= 0 && mean->us > SLOW * least->us + SLOW_LEAST_US &&
           more * more > CHANCE * CHANCE * (mean->variance + least->variance);
}

static void set_max(struct limit *l, unsigned max)
{
    l->max = max > 0 ? max : 1;
    l->was_reached = false;
    l->successes = 0;
}

static void try_fewer(struct limit *l, struct limit_mean mean)
{
    l->before = mean;
    l->max_before = l->max;
    /* Of few, a part as small as that is lost in rounding. */
    set_max(l, l->max < WINDOW_LEAST ? l->max / 2 : (unsigned)(l->max * CUT));
    l->was_cut = true;
    l->is_slow = false;
}

static void see_whether_that_helped(struct limit *l, struct limit_mean mean)
{
    if (mean.us > HELPED * l->before.us) {
        set_max(l, l->max_before);
        l->low[0] = mean;
        l->low[1] = none;
        l->n_windows = 1;
    }
    l->max_before = 0;
}

static void judge_window(struct limit *l)
{
    struct limit_mean mean = mean_of_window(l);
    bool was_slow = l->is_slow;
    if (l->max_before > 0)
        see_whether_that_helped(l, mean);
    l->is_slow = l->is_full && is_slow(&mean, least(l));
    note_least(l, mean);
    if (l->is_slow && was_slow && l->max > 1)
        try_fewer(l, mean);
}

static void measure(struct limit *l, int64_t us, int64_t started_at, int64_t now)
{
    if (started_at < l->window_at)
        return;
    l->n++;
    l->sum += (double)us;
    l->squares += (double)us * (double)us;
    if (l->n >= WINDOW_LEAST && l->n >= l->max) {
        judge_window(l);
        begin_window(l, now);
    }
}

/* ---- failures ---- */

/* Whether the other side was overburdened or away. A plain 500 is about what was sent. */
static bool is_overload(const struct attempt_end *end)
{
    static const int statuses[] = {429, 502, 503, 504};
    static const char *const failures[] = {"connect", "timeout", "broken"};
    if (end->said ==
        SAID_REFUSE) /* a status of which the connector says that it is about the data */
        return false;
    if (end->kind == ATTEMPT_STATUS) {
        for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
            if (end->status == statuses[i])
                return true;
        }
    } else if (end->kind == ATTEMPT_FAILURE && end->failure) {
        for (size_t i = 0; i < ARRAY_LEN(failures); i++) {
            if (strcmp(end->failure, failures[i]) == 0)
                return true;
        }
    }
    return false;
}

/* ---- more, and fewer ---- */

/* Who was slow once is given no more than one a window, so that each is seen for what it does. */
static unsigned round_of(const struct limit *l)
{
    return l->was_cut && l->max < WINDOW_LEAST ? WINDOW_LEAST : l->max;
}

static void grow(struct limit *l)
{
    bool is_tried = l->is_slow || l->max_before > 0;
    if (is_tried || !l->was_reached || l->max == LIMIT_MAX || ++l->successes < round_of(l))
        return;
    set_max(l, l->max + 1);
}

static void halve(struct limit *l, int64_t now)
{
    set_max(l, l->max / 2);
    l->max_before = 0;
    l->cut_at = now;
    begin_window(l, now);
}

/* Remembered rather than looked up when attempts end: many end in one turn of the loop, and only
   the first of them would find the limit reached. */
void limit_start(struct limit *l, size_t in_flight)
{
    if (in_flight >= l->max)
        l->was_reached = l->is_full = true;
}

void limit_learn(struct limit *l, const struct attempt_end *end, int64_t started_at, int64_t now)
{
    if (end->kind == ATTEMPT_RETURNED) {
        grow(l);
        measure(l, end->us, started_at, now);
    } else if (is_overload(end) && started_at > l->cut_at) {
        halve(l, now);
    }
}
