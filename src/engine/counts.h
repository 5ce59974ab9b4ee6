/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * A small set of 64-bit hashes with a count for each: which sends an event has made, and how often
 * a run sent to the same place. Four fit in place; most events need no more.
 */
#ifndef LIAISON_ENGINE_COUNTS_H
#define LIAISON_ENGINE_COUNTS_H

#include <stddef.h>
#include <stdint.h>

#define COUNTS_INLINE 4

struct count {
    uint64_t hash;
    uint32_t n; /* 0: the place is free */
};

/* In place, zero-initialised. */
struct counts {
    struct count inplace[COUNTS_INLINE];
    struct count *table; /* open addressing; NULL while all fit in place */
    size_t cap;          /* of the table, a power of two */
    size_t len;          /* hashes in it */
};

/* Empty after, and fit for use. */
void counts_deinit(struct counts *c);
/* Adds one to the count of `hash`; returns what it was before: 0 for a new one. */
uint32_t counts_add(struct counts *c, uint64_t hash);
/* 0 when it isn't there. */
uint32_t counts_get(const struct counts *c, uint64_t hash);

#endif
