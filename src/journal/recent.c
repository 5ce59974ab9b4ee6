/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Rings of identities. Each has a number, counted from the channel's first; the ring holds numbers
 * [first, next), and those below `kept` are committed. The table maps an identity to its number by
 * open addressing. Nothing leaves the ring before its group is committed, so that a rollback has
 * nothing to bring back; an identity that is too old meanwhile isn't found any more, and may stand
 * in the ring twice.
 */
#include "journal/recent.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/map.h"
#include "base/rng.h"
#include "journal/db.h"

#define RING_MIN 64

struct identity {
    unsigned char bytes[IDENTITY_LEN];
};

struct ring {
    struct map_node node; /* in recent.channels */
    char *channel;
    struct identity *entries; /* `size` of them, a power of two; number n is at n % size */
    uint32_t *table;          /* 2 * size slots: 0 free, else 1 + the entry's place */
    size_t size;
    uint64_t first, kept, next;
    int64_t block, kept_block; /* of the newest identity; -1: not known */
};

struct recent {
    size_t capacity;
    uint64_t factor; /* random and odd: senders can't choose what collides in the table */
    struct map channels;
    struct ring *last; /* the one used last, mostly the one used next */
};

struct recent *recent_new(size_t capacity)
{
    struct recent *recent = mem_calloc(1, sizeof(*recent));
    struct rng rng;
    rng_init_entropy(&rng);
    recent->capacity = capacity;
    recent->factor = rng_next(&rng) | 1;
    map_init(&recent->channels);
    return recent;
}

static void free_ring(void *ctx, struct map_node *node)
{
    struct recent *recent = ctx;
    struct ring *ring = container_of(node, struct ring, node);
    map_remove(&recent->channels, node);
    free(ring->channel);
    free(ring->entries);
    free(ring->table);
    free(ring);
}

void recent_free(struct recent *recent)
{
    if (!recent)
        return;
    map_each(&recent->channels, free_ring, recent);
    map_deinit(&recent->channels);
    free(recent);
}

/* ---- The table ------------------------------------------------------------------------------ */

static size_t place_of(const struct ring *ring, uint64_t number)
{
    return (size_t)(number & (ring->size - 1));
}

static size_t slot_mask(const struct ring *ring)
{
    return 2 * ring->size - 1;
}

static size_t home_slot(const struct recent *recent, const struct ring *ring,
                        const struct identity *identity)
{
    uint64_t word;
    memcpy(&word, identity->bytes, sizeof(word));
    return (size_t)(word * recent->factor >> 32) & slot_mask(ring);
}

static void table_insert(const struct recent *recent, struct ring *ring, size_t place)
{
    size_t slot = home_slot(recent, ring, &ring->entries[place]);
    while (ring->table[slot])
        slot = (slot + 1) & slot_mask(ring);
    ring->table[slot] = (uint32_t)place + 1;
}

/* Takes out the entry at `place`, and moves those behind it up to where they are looked for. */
static void table_remove(const struct recent *recent, struct ring *ring, size_t place)
{
    size_t mask = slot_mask(ring), hole = home_slot(recent, ring, &ring->entries[place]);
    while (ring->table[hole] != place + 1)
        hole = (hole + 1) & mask;
    for (size_t slot = (hole + 1) & mask; ring->table[slot]; slot = (slot + 1) & mask) {
        size_t home = home_slot(recent, ring, &ring->entries[ring->table[slot] - 1]);
        if (((slot - home) & mask) >= ((slot - hole) & mask)) {
            ring->table[hole] = ring->table[slot];
            hole = slot;
        }
    }
    ring->table[hole] = 0;
}

/* The number of the entry at `place`, which is in [first, next). */
static uint64_t number_at(const struct ring *ring, size_t place)
{
    return ring->first + ((place - ring->first) & (ring->size - 1));
}

static bool is_known(const struct recent *recent, const struct ring *ring,
                     const struct identity *identity)
{
    size_t slot = home_slot(recent, ring, identity);
    for (; ring->table[slot]; slot = (slot + 1) & slot_mask(ring)) {
        size_t place = ring->table[slot] - 1;
        if (memcmp(&ring->entries[place], identity, sizeof(*identity)) == 0 &&
            ring->next - number_at(ring, place) <= recent->capacity)
            return true;
    }
    return false;
}

/* ---- Rings ---------------------------------------------------------------------------------- */

static void resize(const struct recent *recent, struct ring *ring, size_t size)
{
    struct ring old = *ring;
    ring->size = size;
    ring->entries = mem_alloc(size * sizeof(*ring->entries));
    ring->table = mem_calloc(2 * size, sizeof(*ring->table));
    for (uint64_t n = ring->first; n < ring->next; n++) {
        ring->entries[place_of(ring, n)] = old.entries[place_of(&old, n)];
        table_insert(recent, ring, place_of(ring, n));
    }
    free(old.entries);
    free(old.table);
}

static struct ring *find_ring(struct recent *recent, struct slice channel)
{
    if (recent->last && slice_is_equal(recent->last->node.key, channel))
        return recent->last;
    struct map_node *node = map_find(&recent->channels, channel);
    return node ? container_of(node, struct ring, node) : NULL;
}

static struct ring *ring_of(struct recent *recent, struct slice channel)
{
    struct ring *ring = find_ring(recent, channel);
    if (!ring) {
        ring = mem_calloc(1, sizeof(*ring));
        ring->channel = slice_dup(channel);
        ring->node.key = slice_of(ring->channel, channel.len);
        map_insert(&recent->channels, &ring->node);
        ring->block = ring->kept_block = -1;
        resize(recent, ring, RING_MIN);
    }
    recent->last = ring;
    return ring;
}

bool recent_add(struct recent *recent, struct slice channel,
                const unsigned char identity[static IDENTITY_LEN])
{
    struct ring *ring = ring_of(recent, channel);
    struct identity added;
    memcpy(added.bytes, identity, sizeof(added.bytes));
    if (is_known(recent, ring, &added))
        return false;
    if (ring->next - ring->first == ring->size)
        resize(recent, ring, 2 * ring->size);
    ring->entries[place_of(ring, ring->next)] = added;
    table_insert(recent, ring, place_of(ring, ring->next));
    ring->next++;
    return true;
}

bool recent_has(struct recent *recent, struct slice channel,
                const unsigned char identity[static IDENTITY_LEN])
{
    struct ring *ring = find_ring(recent, channel);
    struct identity wanted;
    memcpy(wanted.bytes, identity, sizeof(wanted.bytes));
    return ring && is_known(recent, ring, &wanted);
}

bool recent_enters_block(struct recent *recent, struct slice channel, int64_t block)
{
    struct ring *ring = ring_of(recent, channel);
    bool enters = block != ring->block;
    ring->block = block;
    return enters;
}

size_t recent_count(struct recent *recent, struct slice channel)
{
    struct ring *ring = find_ring(recent, channel);
    uint64_t n = ring ? ring->next - ring->first : 0;
    return n < recent->capacity ? (size_t)n : recent->capacity;
}

static void commit_ring(void *ctx, struct map_node *node)
{
    struct recent *recent = ctx;
    struct ring *ring = container_of(node, struct ring, node);
    for (; ring->next - ring->first > recent->capacity; ring->first++)
        table_remove(recent, ring, place_of(ring, ring->first));
    ring->kept = ring->next;
    ring->kept_block = ring->block;
}

static void rollback_ring(void *ctx, struct map_node *node)
{
    struct recent *recent = ctx;
    struct ring *ring = container_of(node, struct ring, node);
    while (ring->next > ring->kept) {
        ring->next--;
        table_remove(recent, ring, place_of(ring, ring->next));
    }
    ring->block = ring->kept_block;
}

void recent_commit(struct recent *recent)
{
    map_each(&recent->channels, commit_ring, recent);
}

void recent_rollback(struct recent *recent)
{
    map_each(&recent->channels, rollback_ring, recent);
}

/* ---- Loading -------------------------------------------------------------------------------- */

/* What a statement gives, the newest first. */
struct source {
    sqlite3_stmt *s;
    int64_t seq; /* of the row that stands in it; 0: there are no more */
};

static int next(struct source *from, struct db *db, struct err *err)
{
    int rc = db_step(db, from->s, err);
    from->seq = rc > 0 ? sqlite3_column_int64(from->s, 0) : 0;
    return rc < 0 ? -1 : 0;
}

static int begin(struct source *from, struct db *db, enum sql sql, struct slice channel,
                 size_t capacity, struct err *err)
{
    from->s = db_statement(db, sql, err);
    if (!from->s)
        return -1;
    db_bind_text(from->s, 1, channel);
    db_bind_int(from->s, 2, (int64_t)capacity);
    return next(from, db, err);
}

/* The newest `capacity` identities, the newest first. */
static int read_newest(struct db *db, struct slice channel, size_t capacity, struct buf *out,
                       struct err *err)
{
    struct source held, gone;
    if (begin(&held, db, SQL_RECENT, channel, capacity, err) < 0 ||
        begin(&gone, db, SQL_RECENT_GONE, channel, capacity, err) < 0)
        return -1;
    while (out->len < capacity * IDENTITY_LEN && (held.seq > 0 || gone.seq > 0)) {
        struct source *newer = held.seq > gone.seq ? &held : &gone;
        struct slice identity = db_column_blob(newer->s, 1);
        if (identity.len == IDENTITY_LEN)
            buf_add_slice(out, identity);
        if (next(newer, db, err) < 0)
            return -1;
    }
    sqlite3_reset(held.s);
    sqlite3_reset(gone.s);
    return 0;
}

int recent_load(struct recent *recent, struct slice channel, struct db *db, struct err *err)
{
    struct buf newest = {0};
    int rc = read_newest(db, channel, recent->capacity, &newest, err);
    for (size_t at = newest.len; rc == 0 && at > 0; at -= IDENTITY_LEN)
        recent_add(recent, channel, (const unsigned char *)newest.data + at - IDENTITY_LEN);
    recent_commit(recent);
    buf_deinit(&newest);
    return rc;
}
