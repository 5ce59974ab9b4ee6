/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * A token bucket: on average so many a second, and so many at once after a lull. Pure, in place; times
 * are monotonic ms.
 *
 *     bucket_set(&b, 10, 0.05, now);        // ten at once, fifty a second
 *     if (bucket_opens_at(&b, now) <= now)
 *         bucket_take(&b, now);
 */
#ifndef LIAISON_DELIVERY_BUCKET_H
#define LIAISON_DELIVERY_BUCKET_H

#include <stdint.h>

struct bucket {
    double level, cap; /* tokens */
    double per_ms;     /* that come in */
    int64_t at;        /* when there were `level` of them */
};

/* Full. `cap` is at least 1. */
void bucket_set(struct bucket *b, double cap, double per_ms, int64_t now);
/* From now on so: what is in it stays, as far as it has room. */
void bucket_change(struct bucket *b, double cap, double per_ms, int64_t now);
/* When there is a token, at the earliest now; INT64_MAX where none comes in. */
int64_t bucket_opens_at(const struct bucket *b, int64_t now);
/* Takes one, or what there is of one. */
void bucket_take(struct bucket *b, int64_t now);
/* Puts some in beside those that come by themselves. */
void bucket_add(struct bucket *b, double tokens);

#endif
