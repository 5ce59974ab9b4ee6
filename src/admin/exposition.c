/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "admin/exposition.h"

#include <inttypes.h>

#include "base/attr.h"
#include "base/utf8.h"

void exposition_begin(struct exposition *x, const char *family, const char *type, const char *help)
{
    x->family = family;
    buf_printf(x->out, "# HELP %s %s\n# TYPE %s %s\n", family, help, family, type);
}

/* What is no UTF-8 would spoil the whole answer. */
static void add_value(struct buf *out, struct slice value)
{
    struct buf repaired = {0};
    utf8_add_repaired(&repaired, value);
    for (size_t i = 0; i < repaired.len; i++) {
        char c = repaired.data[i];
        if (c == '\n')
            buf_add_str(out, "\\n");
        else if (c == '"' || c == '\\')
            buf_add(out, (char[]){'\\', c}, 2);
        else
            buf_add_char(out, c);
    }
    buf_deinit(&repaired);
}

static void add_name(struct exposition *x, const char *suffix, struct labels labels)
{
    buf_add_str(x->out, x->family);
    buf_add_str(x->out, suffix);
    for (size_t i = 0; i < ARRAY_LEN(labels.names) && labels.names[i]; i++) {
        buf_add_str(x->out, i == 0 ? "{" : ",");
        buf_add_str(x->out, labels.names[i]);
        buf_add_str(x->out, "=\"");
        add_value(x->out, labels.values[i]);
        buf_add_char(x->out, '"');
    }
    if (labels.names[0])
        buf_add_char(x->out, '}');
    buf_add_char(x->out, ' ');
}

/* As a decimal without needless digits: 1500 is 0.0015. */
static void add_seconds(struct buf *out, int64_t us)
{
    const char *sign = us < 0 ? "-" : "";
    uint64_t all = us < 0 ? -(uint64_t)us : (uint64_t)us;
    uint64_t whole = all / 1000000, fraction = all % 1000000;
    int digits = 6;
    for (; fraction > 0 && fraction % 10 == 0; fraction /= 10)
        digits--;
    buf_printf(out, "%s%" PRIu64, sign, whole);
    if (fraction > 0)
        buf_printf(out, ".%0*" PRIu64, digits, fraction);
}

void exposition_integer(struct exposition *x, struct labels labels, int64_t value)
{
    add_name(x, "", labels);
    buf_printf(x->out, "%" PRId64 "\n", value);
}

void exposition_seconds(struct exposition *x, struct labels labels, int64_t us)
{
    add_name(x, "", labels);
    add_seconds(x->out, us);
    buf_add_char(x->out, '\n');
}

static void add_bucket(struct exposition *x, struct labels labels, struct slice bound, uint64_t n)
{
    size_t i = labels.names[0] ? 1 : 0;
    labels.names[i] = "le";
    labels.values[i] = bound;
    add_name(x, "_bucket", labels);
    buf_printf(x->out, "%" PRIu64 "\n", n);
}

void exposition_histogram(struct exposition *x, struct labels labels, const struct histogram *h)
{
    struct buf bound = {0};
    uint64_t n = 0;
    for (size_t i = 0; i < h->scale->n; i++) {
        buf_clear(&bound);
        add_seconds(&bound, h->scale->bounds_us[i]);
        n += h->counts[i];
        add_bucket(x, labels, buf_slice(&bound), n);
    }
    buf_deinit(&bound);
    n += h->counts[h->scale->n];
    add_bucket(x, labels, SLICE_LIT("+Inf"), n);
    add_name(x, "_sum", labels);
    add_seconds(x->out, h->sum_us);
    buf_add_char(x->out, '\n');
    add_name(x, "_count", labels);
    buf_printf(x->out, "%" PRIu64 "\n", n);
}
