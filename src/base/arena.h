/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Memory for many small things that all go at once, at addresses that stay.
 *
 *     struct arena a = {0};
 *     struct slice name = arena_copy(&a, r->text);
 *     struct row *row = arena_alloc(&a, sizeof(*row));
 *     arena_deinit(&a);
 */
#ifndef LIAISON_BASE_ARENA_H
#define LIAISON_BASE_ARENA_H

#include <stddef.h>

#include "base/slice.h"

struct arena {
    struct arena_block *newest;
    size_t used; /* bytes that were asked for in all */
};

void arena_deinit(struct arena *a);
/* Zeros, aligned for any type. Dies when memory runs out. */
void *arena_alloc(struct arena *a, size_t size);
/* A copy with a NUL behind it; absent stays absent. */
struct slice arena_copy(struct arena *a, struct slice s);

#endif
