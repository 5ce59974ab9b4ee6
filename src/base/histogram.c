/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "base/histogram.h"

#define MS INT64_C(1000)
#define SECONDS (1000 * MS)
#define HOURS (3600 * SECONDS)

const struct histogram_scale histogram_work = {
    16,
    {100, 250, 500, 1 * MS, 2500, 5 * MS, 10 * MS, 25 * MS, 50 * MS, 100 * MS, 250 * MS, 500 * MS,
     1 * SECONDS, 2500 * MS, 10 * SECONDS, 30 * SECONDS}};

const struct histogram_scale histogram_calls = {
    15,
    {1 * MS, 2500, 5 * MS, 10 * MS, 25 * MS, 50 * MS, 100 * MS, 250 * MS, 500 * MS, 1 * SECONDS,
     2500 * MS, 5 * SECONDS, 10 * SECONDS, 30 * SECONDS, 60 * SECONDS}};

const struct histogram_scale histogram_lives = {
    16,
    {1 * MS, 5 * MS, 10 * MS, 50 * MS, 100 * MS, 500 * MS, 1 * SECONDS, 5 * SECONDS, 30 * SECONDS,
     120 * SECONDS, 600 * SECONDS, 1 * HOURS, 6 * HOURS, 24 * HOURS, 72 * HOURS, 168 * HOURS}};

/* The lower ones are the usual ones. */
void histogram_observe(struct histogram *h, int64_t us)
{
    size_t i = 0;
    if (us < 0)
        us = 0;
    while (i < h->scale->n && us > h->scale->bounds_us[i])
        i++;
    h->counts[i]++;
    h->sum_us += us;
}

uint64_t histogram_count(const struct histogram *h)
{
    uint64_t n = 0;
    for (size_t i = 0; i <= h->scale->n; i++)
        n += h->counts[i];
    return n;
}
