/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Prometheus' text format, version 0.0.4: families of metrics, one after the other, each with its
 * samples. Numbers are exact.
 * https://github.com/prometheus/docs/blob/main/content/docs/instrumenting/exposition_formats.md
 *
 *     exposition_begin(&x, "liaison_waiting", "gauge", "Deliveries that wait.");
 *     exposition_integer(&x, label("connector", SLICE_LIT("crm")), 7);
 */
#ifndef LIAISON_ADMIN_EXPOSITION_H
#define LIAISON_ADMIN_EXPOSITION_H

#include <stdint.h>

#include "base/buf.h"
#include "base/histogram.h"
#include "base/slice.h"

#define EXPOSITION_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* In place, with `out` set. */
struct exposition {
    struct buf *out;
    const char *family; /* that was begun last; borrowed */
};

/* Of one sample, two at most; a value may be any bytes. */
struct labels {
    const char *names[2]; /* NULL behind the last */
    struct slice values[2];
};

static inline struct labels label(const char *name, struct slice value)
{
    return (struct labels){{name}, {value}};
}

static inline struct labels label_two(const char *a, struct slice a_value, const char *b,
                                      struct slice b_value)
{
    return (struct labels){{a, b}, {a_value, b_value}};
}

/* A family's samples follow at once. `type` is counter, gauge or histogram, `help` one line of
   plain text. */
void exposition_begin(struct exposition *x, const char *family, const char *type, const char *help);
void exposition_integer(struct exposition *x, struct labels labels, int64_t value);
/* The same, shown in seconds. */
void exposition_seconds(struct exposition *x, struct labels labels, int64_t us);
/* All buckets, sum and count; one label at most. */
void exposition_histogram(struct exposition *x, struct labels labels, const struct histogram *h);

#endif
