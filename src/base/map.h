/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * An intrusive hash map: entries carry their node, the map never allocates per entry. Keys are
 * bytes that live as long as their entry. Open to hostile keys: the hash is keyed by a seed drawn
 * for each map.
 *
 *     struct lane { struct map_node node; char *key; … };
 *     map_init(&lanes);
 *     lane->node.key = slice_str(lane->key);
 *     map_insert(&lanes, &lane->node);
 *     struct map_node *n = map_find(&lanes, key);
 *     struct lane *found = n ? container_of(n, struct lane, node) : NULL;
 */
#ifndef LIAISON_BASE_MAP_H
#define LIAISON_BASE_MAP_H

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct map_node {
    struct map_node *next;          /* in its bucket … */
    struct map_node **place;        /* … where what points to this one stands */
    struct map_node *older, *newer; /* in the order of insertion */
    uint64_t hash;
    struct slice key; /* set by the owner before map_insert, constant while in the map */
};

struct map {
    struct map_node **buckets;
    size_t n_buckets; /* a power of two, 0 until the first insert */
    size_t len;       /* entries */
    struct map_node *oldest, *newest;
    uint64_t seed[2];
};

void map_init(struct map *m);
/* Frees the buckets; the entries are their owner's. */
void map_deinit(struct map *m);
struct map_node *map_find(const struct map *m, struct slice key);
/* The key must not be in the map yet (asserted). The buckets grow as needed. */
void map_insert(struct map *m, struct map_node *node);
/* As the two, by turns: for who inserts what isn't found, the key is looked up, and *hash made of it,
   once. Nothing else may be inserted meanwhile. */
struct map_node *map_seek(const struct map *m, struct slice key, uint64_t *hash);
void map_insert_sought(struct map *m, struct map_node *node, uint64_t hash);
/* For keys that nobody else chooses, whose hash is the caller's own, spread by its low bits; they are
   inserted by map_insert_sought. */
struct map_node *map_find_hashed(const struct map *m, struct slice key, uint64_t hash);
/* The node must be in the map (asserted). The buckets shrink when mostly empty. */
void map_remove(struct map *m, struct map_node *node);

/* Walks all entries in the order of their insertion, whatever the seed; `fn` may remove (and free)
   the entry it was given, no other. */
typedef void (*map_visit_fn)(void *ctx, struct map_node *node);
void map_each(struct map *m, map_visit_fn fn, void *ctx);

/* SipHash-2-4 (Aumasson, Bernstein 2012) of `s`. */
uint64_t hash_siphash(const uint64_t seed[2], struct slice s);

#endif
