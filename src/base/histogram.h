/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * How long things took: how many of them were within which bound, and the sum of all. In memory of
 * one size, whatever is observed; of one thread, or under its owner's lock.
 *
 *     struct histogram h = {.scale = &histogram_work};
 *     histogram_observe(&h, 250);      // within 250 µs
 */
#ifndef LIAISON_BASE_HISTOGRAM_H
#define LIAISON_BASE_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

#define HISTOGRAM_BOUNDS_MAX 16

/* Bounds in µs, rising; what is as long as one is within it. */
struct histogram_scale {
    size_t n;
    int64_t bounds_us[HISTOGRAM_BOUNDS_MAX];
};

extern const struct histogram_scale histogram_work;  /* of our own: 100 µs to 30 s */
extern const struct histogram_scale histogram_calls; /* to other systems: 1 ms to 60 s */
extern const struct histogram_scale histogram_lives; /* of deliveries: 1 ms to 7 days */

/* In place, with a scale and else zero-initialised. */
struct histogram {
    const struct histogram_scale *scale;
    uint64_t counts[HISTOGRAM_BOUNDS_MAX + 1]; /* within a bound and no lower one; the one at
                                                  scale->n: above all */
    int64_t sum_us;
};

/* A time below zero (of a clock that was set back) counts as zero. */
void histogram_observe(struct histogram *h, int64_t us);
uint64_t histogram_count(const struct histogram *h);

#endif
