/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What a replay makes is older than much that was delivered since, and a dead letter that is retried
 * comes behind newer ones that wait: where the receiver has something newer of its connector and key,
 * it isn't sent. That is known here: by the hash of connector and key
 * the newest delivery that has succeeded. No index has it, since every delivery would
 * have to pay for that; so it is read, once and in pages, of all rows from the oldest event that is
 * asked about on, kept up to date by what succeeds meanwhile, and forgotten with the last replayed delivery in memory.
 */
#include <stdlib.h>

#include "base/buf.h"
#include "engine/parts.h"

#define PAGE_ROWS 20000
#define KEYS_MAX ((size_t)1 << 20)
#define TOO_MANY                                                                                   \
    "more keys were delivered since its event than are remembered at once: replay a shorter "      \
    "span, "                                                                                       \
    "or force it"

struct entry {
    uint64_t hash; /* 0: free */
    int64_t seq;
};

struct newest {
    struct engine *engine;
    uint64_t seed[2];
    struct entry *entries; /* open addressing */
    size_t n, cap;
    bool is_full;
    int64_t from;       /* rows from here on are known; INT64_MAX: none */
    struct list asking; /* struct item.asks, until that is so for its event */
    size_t n_users;
    bool is_reading;
    /* The page being read: */
    int64_t begin, after, until; /* from, and so far; up to there */
    bool is_end;
    struct entry *found;
    size_t n_found;
    struct err err;
};

struct newest *newest_new(struct engine *e)
{
    struct newest *n = mem_calloc(1, sizeof(*n));
    n->engine = e;
    n->from = INT64_MAX;
    n->seed[0] = rng_next(&e->rng);
    n->seed[1] = rng_next(&e->rng);
    list_init(&n->asking);
    return n;
}

void newest_free(struct newest *n)
{
    if (!n)
        return;
    free(n->entries);
    free(n->found);
    free(n);
}

/* ---- the table ---- */

static uint64_t hash_of(const struct newest *n, struct slice connector, struct slice key)
{
    const uint64_t seed[2] = {n->seed[0] ^ hash_siphash(n->seed, connector), n->seed[1]};
    uint64_t hash = hash_siphash(seed, key);
    return hash ? hash : 1;
}

static struct entry *find(const struct newest *n, uint64_t hash)
{
    size_t i = (size_t)hash & (n->cap - 1);
    while (n->entries[i].hash != 0 && n->entries[i].hash != hash)
        i = (i + 1) & (n->cap - 1);
    return &n->entries[i];
}

static void grow(struct newest *n)
{
    struct newest old = *n;
    n->cap = old.cap ? old.cap * 2 : 1024;
    n->entries = mem_calloc(n->cap, sizeof(*n->entries));
    for (size_t i = 0; i < old.cap; i++) {
        if (old.entries[i].hash)
            *find(n, old.entries[i].hash) = old.entries[i];
    }
    free(old.entries);
}

static void note(struct newest *n, uint64_t hash, int64_t seq)
{
    if (n->n * 2 >= n->cap)
        grow(n);
    struct entry *entry = find(n, hash);
    if (entry->hash == 0 && n->n == KEYS_MAX) {
        n->is_full = true;
        return;
    }
    n->n += entry->hash == 0;
    entry->hash = hash;
    if (entry->seq < seq)
        entry->seq = seq;
}

/* ---- judging ---- */

static struct slice key_of(const struct item *item)
{
    return slice_str(item->d.key);
}

static void end_unsent(struct item *item, enum attempt_kind kind, struct slice why)
{
    const struct attempt_end end = {.kind = kind, .after_ms = -1, .error = why};
    if (item->batch)
        batch_attempt_judged(item, &end);
    else
        lanes_attempt_ended(item->engine->lanes, &item->d, &end);
}

static void send(struct item *item)
{
    if (item->batch)
        batch_attempt_judged(item, NULL);
    else
        attempt_connector(item, item->d.data);
}

/* What a replay makes is no older than what was delivered of its own event. */
static bool is_older(const struct item *item, int64_t newest)
{
    return item->newest == NEWEST_SINCE ? item->d.seq < newest
                                        : item->d.event->seq < delivery_event_seq(newest);
}

static void judge(struct newest *n, struct item *item)
{
    struct buf why = {0};
    int64_t newest = 0;
    if (n->cap)
        newest = find(n, hash_of(n, slice_str(target_name(item->d.target)), key_of(item)))->seq;
    if (n->is_full) {
        end_unsent(item, ATTEMPT_REJECT, SLICE_LIT(TOO_MANY));
    } else if (is_older(item, newest)) {
        bool is_letter = item->newest == NEWEST_SINCE; /* people are to see what became of it */
        item->d.is_overtaken = is_letter;
        buf_printf(&why, "%sa newer delivery, of event %lld, has succeeded",
                   is_letter ? "it is stale: " : "", (long long)delivery_event_seq(newest));
        end_unsent(item, is_letter ? ATTEMPT_REJECT : ATTEMPT_OLDER, buf_slice(&why));
    } else {
        send(item);
    }
    buf_deinit(&why);
}

/* ---- reading: on the reader's thread ---- */

static void note_found(void *ctx, struct slice connector, struct slice key, int64_t seq)
{
    struct newest *n = ctx;
    n->found[n->n_found++] = (struct entry){hash_of(n, connector, key), seq};
}

static void read_page(struct journal_reader *reader, void *ctx)
{
    struct newest *n = ctx;
    struct err err = {0};
    n->n_found = 0;
    if (journal_delivered(reader, &n->after, PAGE_ROWS, &n->is_end, note_found, n, &err) < 0)
        n->err = err;
}

/* ---- reading: on the loop ---- */

static void on_page(void *ctx);

static int64_t first_row(const struct item *item)
{
    return delivery_seq(item->d.event->seq, 0) - 1;
}

static void read_on(struct newest *n)
{
    if (!n->found)
        n->found = mem_calloc(PAGE_ROWS, sizeof(*n->found));
    n->is_reading = true;
    n->err = (struct err){0};
    journal_read(n->engine->journal, read_page, on_page, n);
}

/* From the oldest event that is asked about on. */
static void begin_reading(struct newest *n)
{
    int64_t first = n->from;
    list_each (it, &n->asking) {
        int64_t row = first_row(list_entry(it, struct item, asks));
        first = row < first ? row : first;
    }
    n->begin = n->after = first;
    n->until = n->from;
    read_on(n);
}

static void answer_asking(struct newest *n)
{
    list_each (it, &n->asking) {
        struct item *item = list_entry(it, struct item, asks);
        if (first_row(item) < n->from)
            continue;
        list_remove(it);
        judge(n, item);
    }
    if (!list_is_empty(&n->asking))
        begin_reading(n);
}

static void fail_asking(struct newest *n)
{
    while (!list_is_empty(&n->asking)) {
        struct item *item = list_first(&n->asking, struct item, asks);
        list_remove(&item->asks);
        end_unsent(item, ATTEMPT_RETRY, slice_str(n->err.message));
    }
}

static void forget(struct newest *n)
{
    free(n->entries);
    free(n->found);
    n->entries = n->found = NULL;
    n->n = n->cap = 0;
    n->is_full = false;
    n->from = INT64_MAX;
}

static void on_page(void *ctx)
{
    struct newest *n = ctx;
    n->is_reading = false;
    if (n->err.code != ERR_NONE) {
        fail_asking(n);
        return;
    }
    for (size_t i = 0; i < n->n_found; i++)
        note(n, n->found[i].hash, n->found[i].seq);
    if (!n->is_end && n->after < n->until && n->n_users > 0) {
        read_on(n);
        return;
    }
    n->from = n->begin;
    answer_asking(n);
    if (n->n_users == 0 && !n->is_reading)
        forget(n);
}

/* ---- what the engine says and asks ---- */

enum newest_mode newest_mode_of(const struct item *item)
{
    const struct event *event = item->d.event;
    bool is_asked = event->replay > 0 && !event->is_replay_forced && item->d.key &&
                    !target_is_handler(item->d.target) && !publication_is(item);
    return is_asked ? NEWEST_EVER : NEWEST_IGNORED;
}

void newest_hold(struct engine *e)
{
    e->newest->n_users++;
}

void newest_release(struct engine *e)
{
    struct newest *n = e->newest;
    if (--n->n_users == 0 && !n->is_reading)
        forget(n);
}

void newest_set(struct item *item, enum newest_mode mode)
{
    if (mode != NEWEST_IGNORED && item->newest == NEWEST_IGNORED)
        newest_hold(item->engine);
    if (mode == NEWEST_IGNORED && item->newest != NEWEST_IGNORED) {
        list_remove(&item->asks);
        newest_release(item->engine);
    }
    item->newest = mode;
}

void newest_attempt(struct item *item)
{
    struct newest *n = item->engine->newest;
    if (item->newest == NEWEST_SINCE || n->from <= first_row(item)) {
        judge(n, item);
        return;
    }
    list_add_tail(&n->asking, &item->asks);
    if (!n->is_reading)
        begin_reading(n);
}

bool newest_is_used(const struct engine *e)
{
    return e->newest->n_users > 0;
}

void newest_delivered(struct item *item)
{
    struct newest *n = item->engine->newest;
    if (n->n_users > 0 && item->d.key)
        note(n, hash_of(n, slice_str(target_name(item->d.target)), key_of(item)), item->d.seq);
}
