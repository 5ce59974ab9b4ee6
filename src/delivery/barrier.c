/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "delivery/barrier.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "delivery/lanes.h"

struct letter {
    int64_t position, seq;
};

/* A key, with its letters in the order of their places. */
struct barred_key {
    struct map_node node;
    char *key;
    struct letter *letters;
    size_t n, cap;
};

enum change_kind { ADDED, REMOVED, VOIDED };

/* What happened while an answer was to come: it may know of it or not. */
struct change {
    struct list link;
    enum change_kind kind;
    struct lane_barrier barrier;
    char *key;
};

void barriers_init(struct barriers *b)
{
    *b = (struct barriers){0};
    map_init(&b->keys);
    list_init(&b->asking);
    list_init(&b->unknown);
    list_init(&b->changes);
}

/* ---- one key ---- */

static struct barred_key *find(const struct barriers *b, struct slice key)
{
    struct map_node *node = b->keys.len > 0 ? map_find(&b->keys, key) : NULL;
    return node ? container_of(node, struct barred_key, node) : NULL;
}

static struct barred_key *key_new(struct barriers *b, struct slice key)
{
    struct barred_key *k = mem_calloc(1, sizeof(*k));
    k->key = slice_dup(key);
    k->node.key = slice_of(k->key, key.len);
    map_insert(&b->keys, &k->node);
    return k;
}

static void key_free(struct barriers *b, struct barred_key *k)
{
    map_remove(&b->keys, &k->node);
    free(k->letters);
    free(k->key);
    free(k);
}

/* Where the position stands among the key's, or would. */
static size_t place_of(const struct barred_key *k, int64_t position)
{
    size_t at = k->n;
    while (at > 0 && k->letters[at - 1].position >= position)
        at--;
    return at;
}

static bool has_at(const struct barred_key *k, size_t at, int64_t position)
{
    return at < k->n && k->letters[at].position == position;
}

static void take_out(struct barriers *b, struct barred_key *k, size_t at)
{
    memmove(&k->letters[at], &k->letters[at + 1], (k->n - at - 1) * sizeof(*k->letters));
    b->n--;
    if (--k->n == 0)
        key_free(b, k);
}

/* ---- the set ---- */

static void add(struct barriers *b, const struct lane_barrier *barrier)
{
    struct barred_key *k = find(b, barrier->key);
    if (!k)
        k = key_new(b, barrier->key);
    size_t at = place_of(k, barrier->position);
    if (has_at(k, at, barrier->position)) {
        k->letters[at].seq = barrier->seq;
        return;
    }
    if (k->n == k->cap) {
        k->cap = k->cap ? k->cap * 2 : 1;
        k->letters = mem_realloc(k->letters, k->cap * sizeof(*k->letters));
    }
    memmove(&k->letters[at + 1], &k->letters[at], (k->n - at) * sizeof(*k->letters));
    k->letters[at] = (struct letter){barrier->position, barrier->seq};
    k->n++;
    if (b->n++ == 0 || barrier->at_ms < b->since_ms)
        b->since_ms = barrier->at_ms;
}

static void remove_one(struct barriers *b, struct slice key, int64_t position)
{
    struct barred_key *k = find(b, key);
    size_t at = k ? place_of(k, position) : 0;
    if (k && has_at(k, at, position))
        take_out(b, k, at);
}

static void void_older(struct barriers *b, struct slice key, int64_t seq)
{
    struct barred_key *k = find(b, key);
    for (size_t at = k ? k->n : 0; at > 0; at--) {
        if (k->letters[at - 1].seq < seq)
            take_out(b, k, at - 1);
    }
}

static void free_key(void *ctx, struct map_node *node)
{
    key_free(ctx, container_of(node, struct barred_key, node));
}

static void clear(struct barriers *b)
{
    map_each(&b->keys, free_key, b);
    b->n = 0;
    b->since_ms = 0;
}

/* ---- what changes while they are asked for ---- */

static void apply(struct barriers *b, enum change_kind kind, const struct lane_barrier *barrier)
{
    if (kind == ADDED)
        add(b, barrier);
    else if (kind == REMOVED)
        remove_one(b, barrier->key, barrier->position);
    else
        void_older(b, barrier->key, barrier->seq);
}

static void change(struct barriers *b, enum change_kind kind, const struct lane_barrier *barrier)
{
    if (b->is_known)
        apply(b, kind, barrier);
    if (!b->is_asked)
        return;
    struct change *c = mem_calloc(1, sizeof(*c));
    c->kind = kind;
    c->barrier = *barrier;
    c->key = slice_dup(barrier->key);
    c->barrier.key = slice_of(c->key, barrier->key.len);
    list_add_tail(&b->changes, &c->link);
}

static void change_free(struct change *c)
{
    list_remove(&c->link);
    free(c->key);
    free(c);
}

static void forget_changes(struct barriers *b)
{
    list_each (it, &b->changes)
        change_free(list_entry(it, struct change, link));
}

static void make_good(struct barriers *b)
{
    list_each (it, &b->changes) {
        struct change *c = list_entry(it, struct change, link);
        apply(b, c->kind, &c->barrier);
        change_free(c);
    }
}

/* ---- from outside ---- */

void barriers_add(struct barriers *b, const struct lane_barrier *barrier)
{
    change(b, ADDED, barrier);
}

void barriers_remove(struct barriers *b, struct slice key, int64_t position)
{
    change(b, REMOVED, &(struct lane_barrier){.key = key, .position = position});
}

void barriers_void_older(struct barriers *b, struct slice key, int64_t seq)
{
    change(b, VOIDED, &(struct lane_barrier){.key = key, .seq = seq});
}

bool barriers_has(const struct barriers *b, struct slice key, int64_t position)
{
    const struct barred_key *k = find(b, key);
    return k && has_at(k, place_of(k, position), position);
}

int64_t barriers_first(const struct barriers *b, struct slice key)
{
    const struct barred_key *k = find(b, key);
    return k ? k->letters[0].position : INT64_MAX;
}

void barriers_ask(struct barriers *b)
{
    b->is_asked = true;
}

void barriers_answer(struct barriers *b, const struct lane_barrier *found, size_t n_found,
                     size_t n_all)
{
    b->is_asked = false;
    list_remove(&b->unknown);
    clear(b);
    b->is_known = n_all <= n_found;
    for (size_t i = 0; i < n_found && b->is_known; i++)
        add(b, &found[i]);
    if (b->is_known)
        make_good(b);
    else
        b->n = n_all;
    forget_changes(b);
}

void barriers_overflow(struct barriers *b)
{
    size_t n = b->n;
    clear(b);
    b->n = n;
    b->is_known = false;
}

void barriers_forget(struct barriers *b)
{
    b->is_void = b->is_asked;
    b->is_known = false;
    list_remove(&b->asking);
    list_remove(&b->unknown);
    clear(b);
    forget_changes(b);
}

void barriers_deinit(struct barriers *b)
{
    barriers_forget(b);
    map_deinit(&b->keys);
}

struct walk {
    barriers_visit_fn fn;
    void *ctx;
    bool is_over;
};

static void visit(void *ctx, struct map_node *node)
{
    struct walk *walk = ctx;
    const struct barred_key *k = container_of(node, struct barred_key, node);
    const struct lane_barrier first = {
        .key = node->key, .position = k->letters[0].position, .seq = k->letters[0].seq};
    if (!walk->is_over)
        walk->is_over = !walk->fn(walk->ctx, &first, k->n);
}

void barriers_each(const struct barriers *b, barriers_visit_fn fn, void *ctx)
{
    struct walk walk = {.fn = fn, .ctx = ctx};
    map_each((struct map *)&b->keys, visit, &walk);
}
