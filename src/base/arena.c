/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "base/arena.h"

#include <stdalign.h>
#include <stdlib.h>

#include "base/buf.h"

#define BLOCK_SIZE 4096

struct arena_block {
    struct arena_block *older;
    size_t used, size;
    alignas(max_align_t) char bytes[];
};

static struct arena_block *add_block(struct arena *a, size_t size)
{
    struct arena_block *block = mem_calloc(1, sizeof(*block) + size);
    block->size = size;
    block->older = a->newest;
    a->newest = block;
    return block;
}

void arena_deinit(struct arena *a)
{
    for (struct arena_block *block = a->newest, *older; block; block = older) {
        older = block->older;
        free(block);
    }
    *a = (struct arena){0};
}

void *arena_alloc(struct arena *a, size_t size)
{
    const size_t unit = alignof(max_align_t);
    size_t room = (size + unit - 1) / unit * unit;
    struct arena_block *block = a->newest;
    if (!block || block->size - block->used < room)
        block = add_block(a, room > BLOCK_SIZE ? room : BLOCK_SIZE);
    void *p = block->bytes + block->used;
    block->used += room;
    a->used += size;
    return p;
}

struct slice arena_copy(struct arena *a, struct slice s)
{
    if (!s.data)
        return SLICE_NULL;
    char *copy = arena_alloc(a, s.len + 1);
    memcpy(copy, s.data, s.len);
    return slice_of(copy, s.len);
}
