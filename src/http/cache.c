/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * An entry for each request that is unlike the others: with the call that is under way, the newest
 * answer, and the lookups that wait for either. It goes when it has none of them.
 */
#include "http/cache.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/list.h"
#include "base/map.h"

/* Larger answers, for one of which many would go, aren't kept: of `max`. */
#define SHARE_MAX 8

struct http_cache {
    struct http_client *client;
    struct loop *loop;
    struct clock clock;
    struct map entries;
    struct list kept; /* entries that have an answer, the one that was used last at the end */
    size_t size, max; /* bytes of theirs */
};

struct entry {
    struct map_node node; /* its key is `key` */
    struct buf key;
    struct http_cache *cache;
    struct http_call *call; /* under way, or NULL */
    struct list lookups;    /* that wait */
    size_t n_lookups;       /* and those that are being answered */
    struct list link;       /* in cache->kept, where it has an answer: */
    struct arena arena;
    int status;
    struct http_headers headers;
    struct slice body;
    int64_t answered_at_ms, keep_until_ms; /* monotonic */
};

struct http_lookup {
    struct list link;
    struct entry *entry;
    http_answer_fn done;
    void *ctx;
    struct loop_timer *timer; /* its timeout, or the answer's turn */
    int64_t sent_at_ms, timeout_ms;
    int64_t max_age_ms;
    bool is_hit;       /* it gets the answer that the entry has, in the loop's next turn */
    bool is_answering; /* in its `done`: there is nothing left to cancel */
};

/* ---- alike ---- */

static bool is_of_trace(struct slice name)
{
    return slice_is_equal_nocase(name, SLICE_LIT("traceparent")) ||
           slice_is_equal_nocase(name, SLICE_LIT("tracestate"));
}

static void add_key(struct buf *key, const struct http_request *request)
{
    const char how[] = {(char)request->has_body, (char)request->compressed, (char)request->follow};
    buf_add(key, how, sizeof(how));
    buf_add_part(key, request->method);
    buf_add_part(key, request->url);
    buf_add_part(key, request->body);
    if (request->auth)
        http_auth_add_key(request->auth, key);
    for (size_t i = 0; i < request->headers.len; i++) {
        if (is_of_trace(request->headers.items[i].name))
            continue;
        buf_add_part(key, request->headers.items[i].name);
        buf_add_part(key, request->headers.items[i].value);
    }
}

/* ---- entries ---- */

static bool has_answer(const struct entry *entry)
{
    return !list_is_empty(&entry->link);
}

static size_t size_of(const struct entry *entry)
{
    return sizeof(*entry) + entry->key.len + entry->arena.used;
}

static void forget_answer(struct entry *entry)
{
    if (!has_answer(entry))
        return;
    entry->cache->size -= size_of(entry);
    list_remove(&entry->link);
    arena_deinit(&entry->arena);
    entry->arena = (struct arena){0};
}

static void entry_free(struct entry *entry)
{
    forget_answer(entry);
    if (entry->call)
        http_call_cancel(entry->call);
    map_remove(&entry->cache->entries, &entry->node);
    buf_deinit(&entry->key);
    free(entry);
}

/* Of no use any more once nobody waits. */
static void entry_settle(struct entry *entry)
{
    if (entry->n_lookups > 0)
        return;
    if (entry->call)
        http_call_cancel(entry->call);
    entry->call = NULL;
    if (!has_answer(entry))
        entry_free(entry);
}

static struct entry *entry_at(struct http_cache *cache, const struct http_request *request)
{
    struct buf key = {0};
    add_key(&key, request);
    struct map_node *node = map_find(&cache->entries, buf_slice(&key));
    if (node) {
        buf_deinit(&key);
        return container_of(node, struct entry, node);
    }
    struct entry *entry = mem_calloc(1, sizeof(*entry));
    entry->cache = cache;
    entry->key = key;
    entry->node.key = buf_slice(&entry->key);
    list_init(&entry->lookups);
    list_init(&entry->link);
    map_insert(&cache->entries, &entry->node);
    return entry;
}

/* Frees those that are too old for everybody who has asked so far, and as many more as are too many;
   the ones that are waited for stay. */
static void make_room(struct http_cache *cache)
{
    int64_t now_ms = clock_mono_ms(&cache->clock);
    list_each (it, &cache->kept) {
        struct entry *entry = list_entry(it, struct entry, link);
        if (cache->size <= cache->max && entry->keep_until_ms > now_ms)
            return;
        if (entry->n_lookups == 0)
            entry_free(entry);
    }
}

static bool may_be_kept(const struct http_cache *cache, const struct http_answer *answer)
{
    return answer->failure == HTTP_OK && answer->status >= 200 && answer->status < 300 &&
           answer->body.len <= cache->max / SHARE_MAX;
}

/* For as long as anybody who has asked may take it. */
static void keep_for(struct entry *entry, int64_t max_age_ms)
{
    int64_t left_ms = INT64_MAX - entry->answered_at_ms;
    int64_t until_ms = entry->answered_at_ms + (max_age_ms < left_ms ? max_age_ms : left_ms);
    if (until_ms > entry->keep_until_ms)
        entry->keep_until_ms = until_ms;
}

static void keep_answer(struct entry *entry, const struct http_answer *answer)
{
    struct http_cache *cache = entry->cache;
    forget_answer(entry);
    entry->status = answer->status;
    entry->headers = http_headers_copy(answer->headers, &entry->arena);
    entry->body = arena_copy(&entry->arena, answer->body);
    entry->answered_at_ms = clock_mono_ms(&cache->clock);
    list_each (it, &entry->lookups)
        keep_for(entry, list_entry(it, struct http_lookup, link)->max_age_ms);
    list_add_tail(&cache->kept, &entry->link);
    cache->size += size_of(entry);
}

/* ---- lookups ---- */

static void lookup_free(struct http_lookup *lookup)
{
    list_remove(&lookup->link);
    lookup->entry->n_lookups--;
    loop_timer_free(lookup->timer);
    free(lookup);
}

static void lookup_end(struct http_lookup *lookup)
{
    struct entry *entry = lookup->entry;
    lookup_free(lookup);
    entry_settle(entry);
}

/* The entry stays meanwhile, since the lookup does. */
static void lookup_answer(struct http_lookup *lookup, struct http_answer *answer)
{
    answer->ms = clock_mono_ms(&lookup->entry->cache->clock) - lookup->sent_at_ms;
    lookup->is_answering = true;
    lookup->done(lookup->ctx, answer);
    lookup_end(lookup);
}

static void answer_late(struct http_lookup *lookup)
{
    struct buf why = {0};
    buf_printf(&why, "No answer came within %" PRId64 " ms", lookup->timeout_ms);
    struct http_answer answer = {
        .failure = HTTP_TIMEOUT, .was_written = true, .error = buf_slice(&why)};
    lookup_answer(lookup, &answer);
    buf_deinit(&why);
}

static void answer_kept(struct http_lookup *lookup)
{
    const struct entry *entry = lookup->entry;
    struct http_answer answer = {
        .status = entry->status,
        .headers = entry->headers,
        .body = entry->body,
        .is_kept = true,
    };
    lookup_answer(lookup, &answer);
}

static void on_timer(void *ctx)
{
    struct http_lookup *lookup = ctx;
    if (lookup->is_hit)
        answer_kept(lookup);
    else
        answer_late(lookup);
}

/* All who wait for it; they may send others meanwhile, like ones too, or cancel some of these. */
static void on_answer(void *ctx, const struct http_answer *answer)
{
    struct entry *entry = ctx;
    struct list waiting;
    list_init(&waiting);
    entry->call = NULL;
    if (may_be_kept(entry->cache, answer))
        keep_answer(entry, answer);
    list_each (it, &entry->lookups) {
        if (list_entry(it, struct http_lookup, link)->is_hit)
            continue;
        list_remove(it);
        list_add_tail(&waiting, it);
    }
    make_room(entry->cache);
    while (!list_is_empty(&waiting)) {
        struct http_lookup *lookup = list_first(&waiting, struct http_lookup, link);
        struct http_answer own = *answer;
        list_remove(&lookup->link);
        lookup_answer(lookup, &own);
    }
}

/* Without a timeout of its own: it is cancelled when nobody waits any more. */
static int ask(struct entry *entry, const struct http_request *request, struct err *err)
{
    struct http_request shared = *request;
    shared.timeout_ms = 0;
    entry->call = http_client_send(entry->cache->client, &shared, on_answer, entry, err);
    return entry->call ? 0 : -1;
}

static bool is_fresh(const struct entry *entry, int64_t max_age_ms)
{
    return has_answer(entry) &&
           clock_mono_ms(&entry->cache->clock) - entry->answered_at_ms <= max_age_ms;
}

static void hit(struct http_lookup *lookup)
{
    struct entry *entry = lookup->entry;
    lookup->is_hit = true;
    keep_for(entry, lookup->max_age_ms);
    list_remove(&entry->link);
    list_add_tail(&entry->cache->kept, &entry->link);
    loop_timer_start(lookup->timer, 0);
}

/* ---- public ---- */

struct http_lookup *http_cache_send(struct http_cache *cache, const struct http_request *request,
                                    int64_t max_age_ms, http_answer_fn done, void *ctx,
                                    struct err *err)
{
    struct entry *entry = entry_at(cache, request);
    struct http_lookup *lookup = mem_calloc(1, sizeof(*lookup));
    *lookup = (struct http_lookup){
        .entry = entry,
        .done = done,
        .ctx = ctx,
        .timer = loop_timer_new(cache->loop, on_timer, lookup),
        .sent_at_ms = clock_mono_ms(&cache->clock),
        .timeout_ms = request->timeout_ms,
        .max_age_ms = max_age_ms,
    };
    list_add_tail(&entry->lookups, &lookup->link);
    entry->n_lookups++;
    if (is_fresh(entry, max_age_ms)) {
        hit(lookup);
        return lookup;
    }
    if (!entry->call && ask(entry, request, err) < 0) {
        lookup_end(lookup);
        return NULL;
    }
    if (request->timeout_ms > 0)
        loop_timer_start(lookup->timer, request->timeout_ms);
    return lookup;
}

void http_lookup_cancel(struct http_lookup *lookup)
{
    if (!lookup->is_answering)
        lookup_end(lookup);
}

struct http_cache *http_cache_new(struct http_client *client, struct loop *loop, size_t max)
{
    struct http_cache *cache = mem_calloc(1, sizeof(*cache));
    *cache =
        (struct http_cache){.client = client, .loop = loop, .clock = loop_clock(loop), .max = max};
    map_init(&cache->entries);
    list_init(&cache->kept);
    return cache;
}

static void drop_entry(void *ctx, struct map_node *node)
{
    (void)ctx;
    struct entry *entry = container_of(node, struct entry, node);
    list_each (it, &entry->lookups)
        lookup_free(list_entry(it, struct http_lookup, link));
    entry_free(entry);
}

void http_cache_free(struct http_cache *cache)
{
    if (!cache)
        return;
    map_each(&cache->entries, drop_entry, NULL);
    map_deinit(&cache->entries);
    free(cache);
}
