/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * An intrusive binary min-heap ordered by a 64-bit rank, for what falls due in time. An entry
 * knows its place, so that it can be moved or taken out in O(log n).
 */
#ifndef LIAISON_BASE_HEAP_H
#define LIAISON_BASE_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct heap_node {
    int64_t rank; /* the smallest comes first; equal ranks come in the order of insertion */
    uint64_t order;
    size_t pos; /* 1-based; 0 when in no heap */
};

struct heap {
    struct heap_node **nodes;
    size_t len, cap;
    uint64_t next_order;
};

void heap_deinit(struct heap *h); /* the entries are their owner's */
void heap_insert(struct heap *h, struct heap_node *n, int64_t rank);
void heap_remove(struct heap *h, struct heap_node *n); /* nothing when n is in no heap */
struct heap_node *heap_min(const struct heap *h);      /* NULL when empty */

static inline bool heap_has(const struct heap_node *n)
{
    return n->pos != 0;
}

#endif
