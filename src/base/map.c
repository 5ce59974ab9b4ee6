/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * A chained hash map whose hash no sender can foresee.
 *
 * Beside its bucket, each entry stands in a list by age: walks follow it, so that they don't
 * depend on the random seed (a simulation repeats) nor on the buckets being rebuilt meanwhile.
 */
#include "base/map.h"

#include <assert.h>
#include <endian.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/buf.h"
#include "base/err.h"

#define BUCKETS_MIN 16

static uint64_t rotate_left(uint64_t x, int by)
{
    return (x << by) | (x >> (64 - by));
}

/* n bytes, 8 at most. */
static uint64_t load_le64(const char *p, size_t n)
{
    uint64_t x = 0;
    memcpy(&x, p, n);
    return le64toh(x);
}

static void sip_rounds(uint64_t v[4], int n)
{
    for (; n > 0; n--) {
        v[0] += v[1];
        v[2] += v[3];
        v[1] = rotate_left(v[1], 13) ^ v[0];
        v[3] = rotate_left(v[3], 16) ^ v[2];
        v[0] = rotate_left(v[0], 32);
        v[2] += v[1];
        v[0] += v[3];
        v[1] = rotate_left(v[1], 17) ^ v[2];
        v[3] = rotate_left(v[3], 21) ^ v[0];
        v[2] = rotate_left(v[2], 32);
    }
}

static void sip_absorb(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    sip_rounds(v, 2);
    v[0] ^= word;
}

uint64_t hash_siphash(const uint64_t seed[2], struct slice s)
{
    /* "somepseudorandomlygeneratedbytes" */
    uint64_t v[4] = {
        seed[0] ^ 0x736f6d6570736575,
        seed[1] ^ 0x646f72616e646f6d,
        seed[0] ^ 0x6c7967656e657261,
        seed[1] ^ 0x7465646279746573,
    };
    size_t whole = s.len & ~(size_t)7;
    for (size_t i = 0; i < whole; i += 8)
        sip_absorb(v, load_le64(s.data + i, 8));
    uint64_t last = (uint64_t)s.len << 56;
    if (s.len > whole)
        last |= load_le64(s.data + whole, s.len - whole);
    sip_absorb(v, last);
    v[2] ^= 0xff;
    sip_rounds(v, 4);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

void map_init(struct map *m)
{
    *m = (struct map){0};
    /* Up to 256 bytes come whole or not at all (getrandom(2)). */
    if (getrandom(m->seed, sizeof(m->seed), 0) != (ssize_t)sizeof(m->seed))
        die("the system gives no random bytes");
}

void map_deinit(struct map *m)
{
    free(m->buckets);
    *m = (struct map){.seed = {m->seed[0], m->seed[1]}};
}

static struct map_node **bucket_of(const struct map *m, uint64_t hash)
{
    return &m->buckets[hash & (m->n_buckets - 1)];
}

struct map_node *map_find_hashed(const struct map *m, struct slice key, uint64_t hash)
{
    if (m->n_buckets == 0)
        return NULL;
    struct map_node *node = *bucket_of(m, hash);
    while (node && (node->hash != hash || !slice_is_equal(node->key, key)))
        node = node->next;
    return node;
}

struct map_node *map_find(const struct map *m, struct slice key)
{
    return m->len > 0 ? map_find_hashed(m, key, hash_siphash(m->seed, key)) : NULL;
}

struct map_node *map_seek(const struct map *m, struct slice key, uint64_t *hash)
{
    *hash = hash_siphash(m->seed, key);
    return map_find_hashed(m, key, *hash);
}

static void bucket_push(struct map *m, struct map_node *node)
{
    struct map_node **bucket = bucket_of(m, node->hash);
    node->next = *bucket;
    node->place = bucket;
    if (node->next)
        node->next->place = &node->next;
    *bucket = node;
}

static void rebuild(struct map *m, size_t n_buckets)
{
    free(m->buckets);
    m->buckets = mem_calloc(n_buckets, sizeof(struct map_node *));
    m->n_buckets = n_buckets;
    for (struct map_node *node = m->oldest; node; node = node->newer)
        bucket_push(m, node);
}

/* Half full at most: to pass others in a bucket is to wait for memory that nobody has used lately. */
static void make_room(struct map *m)
{
    size_t n = m->n_buckets;
    if (n == 0)
        rebuild(m, BUCKETS_MIN);
    else if (m->len >= n / 2)
        rebuild(m, n * 2);
}

/* Far below where it grows, so that inserting and removing by turns doesn't rebuild each time. */
static void give_back(struct map *m)
{
    size_t n = m->n_buckets;
    if (n > BUCKETS_MIN && m->len < n / 16)
        rebuild(m, n / 2);
}

void map_insert_sought(struct map *m, struct map_node *node, uint64_t hash)
{
    node->hash = hash;
    make_room(m);
    node->newer = NULL;
    node->older = m->newest;
    *(m->newest ? &m->newest->newer : &m->oldest) = node;
    m->newest = node;
    bucket_push(m, node);
    m->len++;
}

void map_insert(struct map *m, struct map_node *node)
{
    uint64_t hash;
    struct map_node *same = map_seek(m, node->key, &hash);
    assert(!same);
    (void)same;
    map_insert_sought(m, node, hash);
}

void map_remove(struct map *m, struct map_node *node)
{
    assert(*node->place == node); /* else the node isn't in a map */
    *node->place = node->next;
    if (node->next)
        node->next->place = node->place;
    *(node->older ? &node->older->newer : &m->oldest) = node->newer;
    *(node->newer ? &node->newer->older : &m->newest) = node->older;
    m->len--;
    give_back(m);
}

void map_each(struct map *m, map_visit_fn fn, void *ctx)
{
    for (struct map_node *node = m->oldest, *newer; node; node = newer) {
        newer = node->newer;
        fn(ctx, node);
    }
}
