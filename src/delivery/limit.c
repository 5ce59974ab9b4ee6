/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "delivery/parts.h"

#define LIMIT_START 8
#define LIMIT_MAX 256

void limit_init(struct limit *l)
{
    *l = (struct limit){.max = LIMIT_START, .cut_at = INT64_MIN};
}

/* Only successes while the limit binds say that more would be borne. */
void limit_success(struct limit *l, size_t in_flight)
{
    if (in_flight < l->max || l->max >= LIMIT_MAX)
        return;
    if (++l->successes < l->max)
        return;
    l->max++;
    l->successes = 0;
}

/* Attempts begun before the last cut tell of the time before it, and cut no more. */
void limit_failure(struct limit *l, int64_t started_at, int64_t now)
{
    if (started_at < l->cut_at)
        return;
    l->max = l->max > 1 ? l->max / 2 : 1;
    l->successes = 0;
    l->cut_at = now;
}
