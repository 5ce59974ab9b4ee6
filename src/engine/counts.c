/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "engine/counts.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

void counts_deinit(struct counts *c)
{
    free(c->table);
    *c = (struct counts){0};
}

/* The place of `hash`, or the free one where it belongs. The hashes are evenly spread already. */
static struct count *table_place(struct count *table, size_t cap, uint64_t hash)
{
    size_t i = (size_t)hash & (cap - 1);
    while (table[i].n != 0 && table[i].hash != hash)
        i = (i + 1) & (cap - 1);
    return &table[i];
}

static void table_grow(struct counts *c)
{
    size_t cap = c->cap ? c->cap * 2 : (size_t)COUNTS_INLINE * 4;
    struct count *table = mem_calloc(cap, sizeof(*table));
    const struct count *from = c->table ? c->table : c->inplace;
    size_t n = c->table ? c->cap : COUNTS_INLINE;
    for (size_t i = 0; i < n; i++) {
        if (from[i].n != 0)
            *table_place(table, cap, from[i].hash) = from[i];
    }
    free(c->table);
    c->table = table;
    c->cap = cap;
}

static struct count *find(const struct counts *c, uint64_t hash)
{
    if (c->table) {
        struct count *found = table_place(c->table, c->cap, hash);
        return found->n ? found : NULL;
    }
    for (size_t i = 0; i < c->len; i++) {
        if (c->inplace[i].hash == hash)
            return (struct count *)&c->inplace[i];
    }
    return NULL;
}

uint32_t counts_get(const struct counts *c, uint64_t hash)
{
    const struct count *found = find(c, hash);
    return found ? found->n : 0;
}

uint32_t counts_add(struct counts *c, uint64_t hash)
{
    struct count *found = find(c, hash);
    if (found)
        return found->n++;
    /* Half full at most, so that a search stays short. */
    if (c->table ? c->len * 2 >= c->cap : c->len == COUNTS_INLINE)
        table_grow(c);
    struct count *place = c->table ? table_place(c->table, c->cap, hash) : &c->inplace[c->len];
    *place = (struct count){hash, 1};
    c->len++;
    return 0;
}
