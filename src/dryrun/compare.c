/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "dryrun/compare.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/map.h"
#include "dryrun/asks.h"
#include "dryrun/places.h"

#define SHOWN_PER_ROW 3

enum kind { SAME, CHANGED, NEW, VANISHED, KINDS };
static const char *const kind_names[KINDS] = {"same", "changed", "new", "vanished"};

/* What one handler sends to one connector. */
struct row {
    struct map_node node; /* by both */
    char *name;
    struct slice handler, connector; /* connector absent: what the handler asks by itself */
    size_t counts[KINDS];
    size_t n_shown;
};

struct compare {
    enum compare_what what;
    struct map rows;
    size_t n_events, counts[KINDS];
    struct buf changes;
    struct json_writer writer; /* of `changes` */
};

/* ---- rows ---- */

static struct row *row_of(struct compare *c, const struct ask *ask)
{
    struct buf name = {0};
    buf_add_slice(&name, ask->handler);
    buf_add_char(&name, '\0');
    buf_add_slice(&name, ask->connector);
    struct map_node *node = map_find(&c->rows, buf_slice(&name));
    if (node) {
        buf_deinit(&name);
        return container_of(node, struct row, node);
    }
    struct row *row = mem_calloc(1, sizeof(*row));
    size_t len = name.len;
    row->name = buf_take(&name);
    row->node.key = slice_of(row->name, len);
    row->handler = slice_of(row->name, ask->handler.len);
    if (ask->connector.data)
        row->connector = slice_of(row->name + ask->handler.len + 1, ask->connector.len);
    map_insert(&c->rows, &row->node);
    return row;
}

static void free_row(void *ctx, struct map_node *node)
{
    struct compare *c = ctx;
    struct row *row = container_of(node, struct row, node);
    map_remove(&c->rows, node);
    free(row->name);
    free(row);
}

/* ---- which belong together ---- */

typedef bool (*match_fn)(const struct ask *a, const struct ask *b);

/* Where one of several was left out, the others stay what they were. */
static bool is_equal(const struct ask *a, const struct ask *b)
{
    return slice_is_equal(a->form, b->form) && slice_is_equal(a->handler, b->handler) &&
           slice_is_equal(a->connector, b->connector);
}

static bool has_same_connector(const struct ask *a, const struct ask *b)
{
    return slice_is_equal(a->connector, b->connector) &&
           (a->connector.data != NULL) == (b->connector.data != NULL) && a->k == b->k;
}

static bool has_same_key(const struct ask *a, const struct ask *b)
{
    return slice_is_equal(a->key, b->key) && (a->key.data != NULL) == (b->key.data != NULL);
}

static bool is_the_same_send(const struct ask *a, const struct ask *b)
{
    return a->n == b->n && slice_is_equal(a->handler, b->handler) && has_same_connector(a, b) &&
           has_same_key(a, b);
}

static bool is_of_another_handler(const struct ask *a, const struct ask *b)
{
    return has_same_connector(a, b) && has_same_key(a, b);
}

static bool has_another_key(const struct ask *a, const struct ask *b)
{
    return slice_is_equal(a->handler, b->handler) && has_same_connector(a, b);
}

static struct ask *find_single(struct asks *among, const struct ask *a, match_fn matches)
{
    for (size_t i = 0; i < among->len; i++) {
        if (!among->items[i].partner && matches(a, &among->items[i]))
            return &among->items[i];
    }
    return NULL;
}

static void pair(struct asks *before, struct asks *after, match_fn matches)
{
    for (size_t i = 0; i < before->len; i++) {
        struct ask *a = &before->items[i];
        if (a->partner)
            continue;
        a->partner = find_single(after, a, matches);
        if (a->partner)
            a->partner->partner = a;
    }
}

/* ---- what is shown ---- */

static void add_optional(struct json_writer *w, const char *name, struct slice text)
{
    if (text.data)
        json_member_string(w, name, text);
    else
        json_member_null(w, name);
}

/* What the two runs made of an event, while one of its requests is shown. */
struct sides {
    const struct asks *before, *after;
};

static void add_reason(struct json_writer *w, const struct sides *sides, enum kind kind,
                       const struct ask *ask)
{
    struct buf reason = {0};
    asks_add_reason(&reason, kind == NEW ? sides->before : sides->after, ask);
    if (reason.len > 0)
        json_member_string(w, "reason", buf_slice(&reason));
    buf_deinit(&reason);
}

static void add_request(struct json_writer *w, const struct ask *ask)
{
    json_object_begin(w, "request");
    json_member_string(w, "method", ask->method);
    json_member_string(w, "url", ask->url);
    json_object_end(w);
}

/* Of a request that is new `ask` is the new one, else the old one. */
static void add_change(struct compare *c, const struct sides *sides, enum kind kind,
                       const struct ask *ask)
{
    struct json_writer *w = &c->writer;
    struct slice event;
    json_object_begin(w, NULL);
    if (json_get(sides->before->run, "event", &event))
        json_member_raw(w, "event", event);
    json_member_string(w, "handler", ask->handler);
    add_optional(w, "connector", ask->connector);
    add_optional(w, "key", ask->key);
    json_member_cstr(w, "kind", kind_names[kind]);
    if (c->what == COMPARE_REQUESTS)
        add_request(w, ask);
    if (kind == CHANGED) {
        json_array_begin(w, "differences");
        size_t n_more = places_add_json(w, ask->form, ask->partner->form);
        json_array_end(w);
        if (n_more > 0)
            json_member_integer(w, "more", (int64_t)n_more);
    } else {
        add_reason(w, sides, kind, ask);
    }
    json_object_end(w);
}

static void count(struct compare *c, const struct sides *sides, enum kind kind,
                  const struct ask *ask)
{
    struct row *row = row_of(c, ask);
    row->counts[kind]++;
    c->counts[kind]++;
    if (kind != SAME && row->n_shown < SHOWN_PER_ROW) {
        row->n_shown++;
        add_change(c, sides, kind, ask);
    }
}

/* ---- one event ---- */

int compare_add(struct compare *c, struct slice before, struct slice after, struct err *err)
{
    struct asks a = {0}, b = {0};
    const struct sides sides = {&a, &b};
    int rc = -1;
    if (asks_read(&a, c->what, before, err) < 0 || asks_read(&b, c->what, after, err) < 0)
        goto out;
    pair(&a, &b, is_equal);
    pair(&a, &b, is_the_same_send);
    pair(&a, &b, is_of_another_handler);
    pair(&a, &b, has_another_key);
    for (size_t i = 0; i < a.len; i++) {
        const struct ask *ask = &a.items[i];
        bool is_same = ask->partner && json_is_same(ask->form, ask->partner->form);
        count(c, &sides, is_same ? SAME : ask->partner ? CHANGED : VANISHED, ask);
    }
    for (size_t i = 0; i < b.len; i++) {
        if (!b.items[i].partner)
            count(c, &sides, NEW, &b.items[i]);
    }
    c->n_events++;
    rc = 0;
out:
    asks_deinit(&a);
    asks_deinit(&b);
    return rc;
}

/* ---- all of them ---- */

struct compare *compare_new(enum compare_what what)
{
    struct compare *c = mem_calloc(1, sizeof(*c));
    c->what = what;
    map_init(&c->rows);
    c->writer.out = &c->changes;
    return c;
}

void compare_free(struct compare *c)
{
    if (!c)
        return;
    map_each(&c->rows, free_row, c);
    map_deinit(&c->rows);
    buf_deinit(&c->changes);
    free(c);
}

struct compare_counts compare_counts(const struct compare *c)
{
    return (struct compare_counts){
        .events = c->n_events,
        .same = c->counts[SAME],
        .changed = c->counts[CHANGED],
        .new = c->counts[NEW],
        .vanished = c->counts[VANISHED],
    };
}

static void add_counts(struct json_writer *w, const size_t counts[static KINDS])
{
    for (int i = 0; i < KINDS; i++)
        json_member_integer(w, kind_names[i], (int64_t)counts[i]);
}

static void add_row(void *ctx, struct map_node *node)
{
    struct json_writer *w = ctx;
    const struct row *row = container_of(node, struct row, node);
    json_object_begin(w, NULL);
    json_member_string(w, "handler", row->handler);
    add_optional(w, "connector", row->connector);
    add_counts(w, row->counts);
    json_object_end(w);
}

void compare_add_members(struct json_writer *w, const struct compare *c)
{
    json_member_integer(w, "events", (int64_t)c->n_events);
    add_counts(w, c->counts);
    json_array_begin(w, "rows");
    map_each((struct map *)&c->rows, add_row, w); /* which only looks */
    json_array_end(w);
    json_array_begin(w, "changes");
    buf_add_slice(w->out, buf_slice(&c->changes));
    json_array_end(w);
}

void compare_add_json(struct buf *out, const struct compare *c)
{
    struct json_writer w = {.out = out};
    json_object_begin(&w, NULL);
    compare_add_members(&w, c);
    json_object_end(&w);
}
