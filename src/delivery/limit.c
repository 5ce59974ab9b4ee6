/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Attempts that were begun before the last halving tell of the time before it and halve no more:
 * a crowd that fails together counts as one failure.
 */
#include "delivery/limit.h"

#include <string.h>

#include "base/attr.h"

#define LIMIT_START 8
#define LIMIT_MAX 256

void limit_init(struct limit *l)
{
    *l = (struct limit){.max = LIMIT_START, .cut_at = INT64_MIN};
}

/* Whether the other side was overburdened or away. A plain 500 is about what was sent. */
static bool is_overload(const struct attempt_end *end)
{
    static const int statuses[] = {429, 502, 503, 504};
    static const char *const failures[] = {"connect", "timeout", "broken"};
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

static void grow(struct limit *l)
{
    if (!l->was_reached || l->max == LIMIT_MAX || ++l->successes < l->max)
        return;
    l->max++;
    l->was_reached = false;
    l->successes = 0;
}

static void halve(struct limit *l, int64_t now)
{
    l->max = l->max > 1 ? l->max / 2 : 1;
    l->was_reached = false;
    l->successes = 0;
    l->cut_at = now;
}

/* Remembered rather than looked up when attempts end: many end in one turn of the loop, and only
   the first of them would find the limit reached. */
void limit_start(struct limit *l, size_t in_flight)
{
    if (in_flight >= l->max)
        l->was_reached = true;
}

void limit_learn(struct limit *l, const struct attempt_end *end, int64_t started_at, int64_t now)
{
    if (end->kind == ATTEMPT_RETURNED)
        grow(l);
    else if (is_overload(end) && started_at > l->cut_at)
        halve(l, now);
}
