/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "delivery/bucket.h"

#include <math.h>

/* What adding up fractions may lack of a whole one. */
#define ALMOST 1e-6

static double level_at(const struct bucket *b, int64_t now)
{
    double level = b->level;
    if (now > b->at)
        level += (double)(now - b->at) * b->per_ms;
    return level < b->cap ? level : b->cap;
}

static void bring_up_to(struct bucket *b, int64_t now)
{
    b->level = level_at(b, now);
    if (now > b->at)
        b->at = now;
}

void bucket_set(struct bucket *b, double cap, double per_ms, int64_t now)
{
    *b = (struct bucket){.level = cap, .cap = cap, .per_ms = per_ms, .at = now};
}

void bucket_change(struct bucket *b, double cap, double per_ms, int64_t now)
{
    bring_up_to(b, now);
    b->cap = cap;
    b->per_ms = per_ms;
    if (b->level > cap)
        b->level = cap;
}

int64_t bucket_opens_at(const struct bucket *b, int64_t now)
{
    double lacks = 1 - level_at(b, now);
    if (lacks <= ALMOST)
        return now;
    double wait_ms = b->per_ms > 0 ? ceil((lacks - ALMOST) / b->per_ms) : INFINITY;
    int64_t from = now > b->at ? now : b->at;
    return wait_ms < 1e15 ? from + (int64_t)wait_ms : INT64_MAX;
}

void bucket_take(struct bucket *b, int64_t now)
{
    bring_up_to(b, now);
    b->level = b->level > 1 ? b->level - 1 : 0;
}

void bucket_add(struct bucket *b, double tokens)
{
    b->level = b->level + tokens < b->cap ? b->level + tokens : b->cap;
}
