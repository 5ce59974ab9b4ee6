/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "base/json_diff.h"

#include <ctype.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/json_items.h"

struct diff {
    struct buf path;
    json_difference_fn fn;
    void *ctx;
};

static bool walk(struct diff *d, struct slice before, struct slice after);

/* ---- places ---- */

static bool is_name(struct slice s)
{
    if (s.len == 0 || isdigit((unsigned char)s.data[0]))
        return false;
    for (size_t i = 0; i < s.len; i++)
        if (!isalnum((unsigned char)s.data[i]) && s.data[i] != '_')
            return false;
    return true;
}

static void add_name(struct buf *path, struct slice name)
{
    if (is_name(name)) {
        if (path->len > 0)
            buf_add_char(path, '.');
        buf_add_slice(path, name);
    } else {
        buf_add_char(path, '[');
        json_add_string(path, name);
        buf_add_char(path, ']');
    }
}

/* A place that at least one of the two has; the path is as before afterwards. */
static bool walk_member(struct diff *d, struct slice name, struct slice before, struct slice after)
{
    size_t len = d->path.len;
    add_name(&d->path, name);
    bool goes_on = walk(d, before, after);
    buf_truncate(&d->path, len);
    return goes_on;
}

/* ---- objects ---- */

struct member {
    struct slice name, value;
    size_t n; /* in the order of the text: of members with one name the last one counts */
};

struct members {
    struct member *items;
    size_t len;
    struct arena names;
};

static int compare(const void *a, const void *b)
{
    const struct member *left = a, *right = b;
    int order = slice_compare(left->name, right->name);
    return order ? order : left->n < right->n ? -1 : 1;
}

static void members_read(struct members *m, struct slice object)
{
    struct json_items items;
    struct slice name, value;
    *m = (struct members){.items = mem_calloc(json_items_count(object) + 1, sizeof(*m->items))};
    json_items_begin(&items, object);
    for (; json_items_next(&items, &name, &value); m->len++)
        m->items[m->len] = (struct member){arena_copy(&m->names, name), value, m->len};
    json_items_end(&items);
    qsort(m->items, m->len, sizeof(*m->items), compare);
    size_t kept = 0;
    for (size_t i = 0; i < m->len; i++) {
        if (i + 1 == m->len || !slice_is_equal(m->items[i].name, m->items[i + 1].name))
            m->items[kept++] = m->items[i];
    }
    m->len = kept;
}

static void members_deinit(struct members *m)
{
    arena_deinit(&m->names);
    free(m->items);
}

/* Which of the two has the first name; 0: both. */
static int order_of(const struct members *a, size_t i, const struct members *b, size_t k)
{
    if (i == a->len)
        return 1;
    return k == b->len ? -1 : slice_compare(a->items[i].name, b->items[k].name);
}

static bool walk_objects(struct diff *d, struct slice before, struct slice after)
{
    struct members a, b;
    bool goes_on = true;
    members_read(&a, before);
    members_read(&b, after);
    for (size_t i = 0, k = 0; goes_on && (i < a.len || k < b.len);) {
        int order = order_of(&a, i, &b, k);
        struct slice name = order > 0 ? b.items[k].name : a.items[i].name;
        struct slice old = order > 0 ? SLICE_NULL : a.items[i++].value;
        struct slice new = order < 0 ? SLICE_NULL : b.items[k++].value;
        goes_on = walk_member(d, name, old, new);
    }
    members_deinit(&a);
    members_deinit(&b);
    return goes_on;
}

/* ---- arrays ---- */

static bool walk_arrays(struct diff *d, struct slice before, struct slice after)
{
    struct json_items a, b;
    struct slice unused, old, new;
    bool goes_on = true;
    json_items_begin(&a, before);
    json_items_begin(&b, after);
    for (size_t n = 1; goes_on; n++) {
        bool has_old = json_items_next(&a, &unused, &old);
        bool has_new = json_items_next(&b, &unused, &new);
        size_t len = d->path.len;
        if (!has_old && !has_new)
            break;
        buf_printf(&d->path, "[%zu]", n);
        goes_on = walk(d, has_old ? old : SLICE_NULL, has_new ? new : SLICE_NULL);
        buf_truncate(&d->path, len);
    }
    json_items_end(&a);
    json_items_end(&b);
    return goes_on;
}

/* ---- the whole ---- */

/* Its depth is that of the texts, which is bounded. */
static bool walk(struct diff *d, struct slice before,
                 struct slice after) // NOLINT(misc-no-recursion)
{
    if (before.data && after.data) {
        if (json_is_same(before, after))
            return true;
        if (json_is_object(before) && json_is_object(after))
            return walk_objects(d, before, after);
        if (json_is_array(before) && json_is_array(after))
            return walk_arrays(d, before, after);
    }
    return d->fn(d->ctx, slice_present(buf_slice(&d->path)), before, after);
}

bool json_diff(struct slice before, struct slice after, json_difference_fn fn, void *ctx)
{
    struct diff d = {.fn = fn, .ctx = ctx};
    bool goes_on = walk(&d, slice_trim(before), slice_trim(after));
    buf_deinit(&d.path);
    return goes_on;
}
