/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * A binary heap in an array of pointers; positions are 1-based, so that 0 means "in no heap".
 */
#include "base/heap.h"

#include <assert.h>
#include <stdlib.h>

#include "base/buf.h"

#define HEAP_CAP_MIN 16

void heap_deinit(struct heap *h)
{
    free(h->nodes);
    *h = (struct heap){0};
}

static bool is_before(const struct heap_node *a, const struct heap_node *b)
{
    return a->rank != b->rank ? a->rank < b->rank : a->order < b->order;
}

static struct heap_node *at(const struct heap *h, size_t pos)
{
    return h->nodes[pos - 1];
}

static void place(struct heap *h, struct heap_node *n, size_t pos)
{
    h->nodes[pos - 1] = n;
    n->pos = pos;
}

/* Finds the place of `n`, upwards from the free one at `pos`. */
static void sift_up(struct heap *h, struct heap_node *n, size_t pos)
{
    for (; pos > 1 && is_before(n, at(h, pos / 2)); pos /= 2)
        place(h, at(h, pos / 2), pos);
    place(h, n, pos);
}

static void sift_down(struct heap *h, struct heap_node *n, size_t pos)
{
    for (size_t child; (child = pos * 2) <= h->len; pos = child) {
        if (child < h->len && is_before(at(h, child + 1), at(h, child)))
            child++;
        if (!is_before(at(h, child), n))
            break;
        place(h, at(h, child), pos);
    }
    place(h, n, pos);
}

static void resize(struct heap *h, size_t cap)
{
    h->nodes = mem_realloc(h->nodes, cap * sizeof(struct heap_node *));
    h->cap = cap;
}

void heap_insert(struct heap *h, struct heap_node *n, int64_t rank)
{
    assert(!heap_has(n));
    if (h->len == h->cap)
        resize(h, h->cap > 0 ? h->cap * 2 : HEAP_CAP_MIN);
    n->rank = rank;
    n->order = h->next_order++;
    h->len++;
    sift_up(h, n, h->len);
}

void heap_remove(struct heap *h, struct heap_node *n)
{
    if (!heap_has(n))
        return;
    assert(n->pos <= h->len && at(h, n->pos) == n);
    size_t pos = n->pos;
    struct heap_node *last = at(h, h->len);
    h->len--;
    n->pos = 0;
    if (last != n && is_before(last, n))
        sift_up(h, last, pos);
    else if (last != n)
        sift_down(h, last, pos);
    if (h->cap > HEAP_CAP_MIN && h->len < h->cap / 8)
        resize(h, h->cap / 2);
}

struct heap_node *heap_min(const struct heap *h)
{
    return h->len > 0 ? h->nodes[0] : NULL;
}
