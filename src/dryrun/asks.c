/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "dryrun/asks.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/json_items.h"

/* ---- looking into the run ---- */

/* A member that is a string, decoded; else absent. */
static struct slice text_of(struct arena *arena, struct slice object, const char *name)
{
    struct buf text = {0};
    struct slice value, kept = SLICE_NULL;
    buf_reserve(&text, 0);
    if (json_get(object, name, &value) && json_get_string(value, &text) == 0)
        kept = arena_copy(arena, buf_slice(&text));
    buf_deinit(&text);
    return kept;
}

static struct slice list_of(struct slice object, const char *name)
{
    struct slice value;
    return json_get(object, name, &value) ? value : SLICE_NULL;
}

/* ---- the form of a request ---- */

static bool is_own_id(struct slice value, struct slice id)
{
    struct slice rest = slice_from(value, id.len);
    return id.len > 0 && slice_has_prefix(value, id) &&
           (rest.len == 0 || (rest.data[0] == '-' && rest.len > 1 &&
                              strspn(rest.data + 1, "0123456789") == rest.len - 1));
}

/* What every send has of its own. */
static bool is_passing(struct slice name, struct slice value, struct slice id)
{
    return slice_is_equal_nocase(name, SLICE_LIT("traceparent")) ||
           slice_is_equal_nocase(name, SLICE_LIT("tracestate")) ||
           ((slice_is_equal_nocase(name, SLICE_LIT("idempotency-key")) ||
             slice_is_equal_nocase(name, SLICE_LIT("webhook-id"))) &&
            is_own_id(value, id));
}

static void add_headers(struct json_writer *w, struct slice headers, struct slice id)
{
    struct json_items items;
    struct slice name, value;
    struct buf text = {0}, plain = {0};
    json_object_begin(w, "headers");
    json_items_begin(&items, headers);
    while (json_items_next(&items, &name, &value)) {
        buf_clear(&text);
        buf_reserve(&text, 0);
        buf_clear(&plain);
        buf_add_slice(&plain, name);
        if (json_get_string(value, &text) == 0 && !is_passing(name, buf_slice(&text), id))
            json_member_raw(w, plain.data ? plain.data : "", value);
    }
    json_items_end(&items);
    json_object_end(w);
    buf_deinit(&text);
    buf_deinit(&plain);
}

static void add_member(struct json_writer *w, struct slice object, const char *name)
{
    struct slice value;
    if (json_get(object, name, &value))
        json_member_raw(w, name, value);
}

static struct slice make_form(struct arena *arena, struct slice request, struct slice key,
                              struct slice id)
{
    static const char *const bodies[] = {"json", "body", "base64"};
    struct buf form = {0};
    struct json_writer w = {.out = &form};
    json_object_begin(&w, NULL);
    if (key.data)
        json_member_string(&w, "key", key);
    add_member(&w, request, "method");
    add_member(&w, request, "url");
    add_headers(&w, list_of(request, "headers"), id);
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++)
        add_member(&w, request, bodies[i]);
    json_object_end(&w);
    struct slice kept = arena_copy(arena, buf_slice(&form));
    buf_deinit(&form);
    return kept;
}

/* What a handler sends is seen before any connector. */
static struct slice make_send_form(struct arena *arena, struct slice send)
{
    static const char *const members[] = {"key", "transformer", "data"};
    struct buf form = {0};
    struct json_writer w = {.out = &form};
    json_object_begin(&w, NULL);
    for (size_t i = 0; i < ARRAY_LEN(members); i++)
        add_member(&w, send, members[i]);
    json_object_end(&w);
    struct slice kept = arena_copy(arena, buf_slice(&form));
    buf_deinit(&form);
    return kept;
}

/* ---- in a row ---- */

static struct ask *add(struct asks *a, const struct ask *ask)
{
    if (a->len == a->cap) {
        a->cap = a->cap ? 2 * a->cap : 16;
        a->items = mem_realloc(a->items, a->cap * sizeof(*a->items));
    }
    a->items[a->len] = *ask;
    return &a->items[a->len++];
}

/* The requests of a handler's run, or of a send. */
static void read_requests(struct asks *a, struct slice run, const struct ask *about,
                          struct slice id)
{
    struct json_items items;
    struct slice unused, request;
    struct ask ask = *about;
    json_items_begin(&items, list_of(run, "requests"));
    for (; json_items_next(&items, &unused, &request); ask.k++) {
        ask.method = text_of(&a->arena, request, "method");
        ask.url = text_of(&a->arena, request, "url");
        ask.form = make_form(&a->arena, request, about->key, id);
        add(a, &ask);
    }
    json_items_end(&items);
}

/* The sends of a handler so far that are known by the same. */
struct known {
    struct slice connector, key;
};

static size_t count_known(const struct known *known, size_t len, const struct known *one)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++)
        n += slice_is_equal(known[i].connector, one->connector) &&
             slice_is_equal(known[i].key, one->key);
    return n;
}

typedef bool (*send_fn)(void *ctx, struct slice send, const struct ask *about);

/* Each send of a handler with what it is known by; false from `fn` ends it. */
static void each_send(struct arena *arena, struct slice handler, const struct ask *about,
                      send_fn fn, void *ctx)
{
    struct json_items items;
    struct slice unused, send, sends = list_of(handler, "sends");
    struct known *known = mem_calloc(json_items_count(sends) + 1, sizeof(*known));
    json_items_begin(&items, sends);
    for (size_t i = 0; json_items_next(&items, &unused, &send); i++) {
        known[i] = (struct known){text_of(arena, send, "connector"), text_of(arena, send, "key")};
        struct ask ask = *about;
        ask.connector = known[i].connector;
        ask.key = known[i].key;
        ask.n = count_known(known, i, &known[i]);
        if (!fn(ctx, send, &ask))
            break;
    }
    json_items_end(&items);
    free(known);
}

static bool read_attempt(void *ctx, struct slice send, const struct ask *about)
{
    struct asks *a = ctx;
    read_requests(a, send, about, text_of(&a->arena, send, "id"));
    return true;
}

static bool read_send(void *ctx, struct slice send, const struct ask *about)
{
    struct asks *a = ctx;
    struct ask ask = *about;
    ask.form = make_send_form(&a->arena, send);
    add(a, &ask);
    return true;
}

static void read_handler(struct asks *a, enum compare_what what, struct slice handler)
{
    const struct ask about = {.handler = text_of(&a->arena, handler, "handler")};
    if (what == COMPARE_REQUESTS)
        read_requests(a, handler, &about, SLICE_NULL);
    each_send(&a->arena, handler, &about, what == COMPARE_REQUESTS ? read_attempt : read_send, a);
}

int asks_read(struct asks *a, enum compare_what what, struct slice run, struct err *err)
{
    struct json_items items;
    struct slice unused, handler;
    *a = (struct asks){.run = run};
    if (json_check(run, NULL) < 0 || !json_is_array(list_of(run, "handlers")))
        return err_set(err, ERR_INVALID, "that is no result of a dry run");
    json_items_begin(&items, list_of(run, "handlers"));
    while (json_items_next(&items, &unused, &handler))
        read_handler(a, what, handler);
    json_items_end(&items);
    return 0;
}

void asks_deinit(struct asks *a)
{
    free(a->items);
    arena_deinit(&a->arena);
    *a = (struct asks){0};
}

/* ---- why one isn't there ---- */

/* "dead, script: …"; nothing where the run ended well. */
static void add_end(struct buf *out, struct arena *arena, struct slice run)
{
    struct slice outcome = text_of(arena, run, "outcome"), cause = text_of(arena, run, "cause");
    struct slice reason = text_of(arena, run, "reason");
    if (slice_is_equal(outcome, SLICE_LIT("delivered")))
        return;
    buf_add_slice(out, outcome);
    if (cause.data)
        buf_printf(out, ", %.*s", SLICE_FMT(cause));
    if (reason.data)
        buf_printf(out, ": %.*s", SLICE_FMT(slice_upto(reason, slice_find(reason, '\n'))));
}

struct search {
    const struct ask *missing;
    struct arena *arena;
    struct buf *out;
};

static bool explain_send(void *ctx, struct slice send, const struct ask *about)
{
    struct search *s = ctx;
    if (about->n != s->missing->n || !slice_is_equal(about->connector, s->missing->connector) ||
        !slice_is_equal(about->key, s->missing->key))
        return true;
    add_end(s->out, s->arena, send);
    return false;
}

static void explain_handler(struct search *s, struct slice handler)
{
    struct slice filtered;
    size_t from = s->out->len;
    if (json_get(handler, "filtered", &filtered) && slice_is_equal(filtered, SLICE_LIT("true"))) {
        buf_add_str(s->out, "the filter lets the event pass by");
        return;
    }
    each_send(s->arena, handler, &(struct ask){.handler = s->missing->handler}, explain_send, s);
    if (s->out->len == from)
        add_end(s->out, s->arena, handler);
}

void asks_add_reason(struct buf *out, const struct asks *a, const struct ask *missing)
{
    struct arena arena = {0};
    struct search s = {missing, &arena, out};
    struct json_items items;
    struct slice unused, handler;
    bool is_there = false;
    json_items_begin(&items, list_of(a->run, "handlers"));
    while (!is_there && json_items_next(&items, &unused, &handler)) {
        is_there = slice_is_equal(text_of(&arena, handler, "handler"), missing->handler);
        if (is_there)
            explain_handler(&s, handler);
    }
    json_items_end(&items);
    if (!is_there)
        buf_add_str(out, "no handler of that name takes the event");
    arena_deinit(&arena);
}
