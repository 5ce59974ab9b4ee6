/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Whether two JSON texts mean the same. Each is indexed once, so that a value can be stepped over
 * without reading it again; objects whose members stand in another order are sorted by name. Hence
 * no text makes this take more than n log n time.
 */
#include <assert.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/json_number.h"

/* A value or a name, in the order of the text. */
struct node {
    uint32_t start;  /* its first byte in the text */
    uint32_t extent; /* bytes of a scalar or a name; of a container the index behind its nodes */
};

struct index {
    struct slice text;
    struct node *nodes;
    uint32_t len, cap;
};

/* ---- Indexing ------------------------------------------------------------------------------- */

static void add_node(struct index *x, const struct json_reader *r)
{
    if (x->len == x->cap) {
        x->cap = x->cap > 0 ? x->cap * 2 : 64;
        x->nodes = mem_realloc(x->nodes, x->cap * sizeof(*x->nodes));
    }
    x->nodes[x->len++] = (struct node){(uint32_t)r->start, (uint32_t)(r->pos - r->start)};
}

/* Indexes the text; -1 when it is not well-formed, or of 2 GiB and more. */
static int index_init(struct index *x, struct slice text)
{
    *x = (struct index){.text = text};
    if (text.len > INT32_MAX)
        return -1;
    struct json_reader r;
    uint32_t open[JSON_DEPTH_MAX];
    enum json_token token;
    json_reader_init(&r, text);
    while ((token = json_next(&r)) != JSON_END && token != JSON_ERROR) {
        if (token == JSON_ARRAY_END || token == JSON_OBJECT_END) {
            x->nodes[open[r.depth]].extent = x->len;
            continue;
        }
        if (token == JSON_ARRAY_BEGIN || token == JSON_OBJECT_BEGIN)
            open[r.depth - 1] = x->len;
        add_node(x, &r);
    }
    json_reader_deinit(&r);
    assert(token != JSON_END || x->len > 0);
    return token == JSON_END ? 0 : -1;
}

static void index_deinit(struct index *x)
{
    free(x->nodes);
}

static char kind_of(const struct index *x, uint32_t node)
{
    char c = x->text.data[x->nodes[node].start];
    if (c == '-' || (c >= '0' && c <= '9'))
        return '0';
    return c;
}

static bool is_container(char kind)
{
    return kind == '{' || kind == '[';
}

static struct slice source_of(const struct index *x, uint32_t node)
{
    return slice_of(x->text.data + x->nodes[node].start, x->nodes[node].extent);
}

/* The index behind a value's own nodes. */
static uint32_t behind(const struct index *x, uint32_t node)
{
    return is_container(kind_of(x, node)) ? x->nodes[node].extent : node + 1;
}

/* ---- Members -------------------------------------------------------------------------------- */

struct member {
    struct slice name; /* decoded */
    uint32_t value;    /* its node */
};

struct members {
    struct member *items;
    size_t len;
    struct buf names; /* those with escapes, decoded */
};

static int compare_members(const void *a, const void *b)
{
    const struct member *x = a, *y = b;
    int order = slice_compare(x->name, y->name);
    return order != 0 ? order : (x->value > y->value) - (x->value < y->value);
}

/* Of members with one name, which stand together once sorted, keeps the last. */
static void drop_overruled(struct members *m)
{
    size_t kept = 0;
    for (size_t i = 0; i < m->len; i++) {
        if (i + 1 == m->len || !slice_is_equal(m->items[i].name, m->items[i + 1].name))
            m->items[kept++] = m->items[i];
    }
    m->len = kept;
}

/* What a name or string of the source stands for; decoded at the end of `out` only where it has
   escapes, and borrowed from the source where not. */
static struct slice decode(struct slice source, struct buf *out)
{
    struct slice content = slice_of(source.data + 1, source.len - 2);
    if (slice_find(content, '\\') == content.len)
        return content;
    size_t begin = out->len;
    if (json_get_string(source, out) < 0)
        die("a JSON string that was read before can't be read again");
    return slice_from(buf_slice(out), begin);
}

/* The members of an object, by name. */
static void members_init(struct members *m, const struct index *x, uint32_t object)
{
    size_t n = 0, names = 0;
    uint32_t end = behind(x, object);
    for (uint32_t name = object + 1; name < end; name = behind(x, name + 1), n++)
        names += x->nodes[name].extent;
    *m = (struct members){.items = mem_alloc((n + 1) * sizeof(*m->items))};
    /* All room at once: the names that are decoded into it must stay where they are. A name is
       never longer than its source. */
    buf_reserve(&m->names, names);
    for (uint32_t name = object + 1; name < end; name = behind(x, name + 1))
        m->items[m->len++] = (struct member){decode(source_of(x, name), &m->names), name + 1};
    qsort(m->items, m->len, sizeof(*m->items), compare_members);
    drop_overruled(m);
}

static void members_deinit(struct members *m)
{
    free(m->items);
    buf_deinit(&m->names);
}

/* ---- Comparing ------------------------------------------------------------------------------ */

static bool is_value_same(const struct index *a, uint32_t x, const struct index *b, uint32_t y);

static bool is_object_same(const struct index *a, uint32_t x, const struct index *b, uint32_t y)
{
    struct members m, n;
    members_init(&m, a, x);
    members_init(&n, b, y);
    bool same = m.len == n.len;
    for (size_t i = 0; same && i < m.len; i++)
        same = slice_is_equal(m.items[i].name, n.items[i].name) &&
               is_value_same(a, m.items[i].value, b, n.items[i].value);
    members_deinit(&m);
    members_deinit(&n);
    return same;
}

static bool is_array_same(const struct index *a, uint32_t x, const struct index *b, uint32_t y)
{
    uint32_t x_end = behind(a, x), y_end = behind(b, y);
    for (x++, y++; x < x_end && y < y_end; x = behind(a, x), y = behind(b, y)) {
        if (!is_value_same(a, x, b, y))
            return false;
    }
    return x == x_end && y == y_end;
}

static bool is_string_same(struct slice a, struct slice b)
{
    struct buf x = {0}, y = {0};
    bool same = slice_is_equal(decode(a, &x), decode(b, &y));
    buf_deinit(&x);
    buf_deinit(&y);
    return same;
}

/* Calls itself through objects and arrays, JSON_DEPTH_MAX deep at most. */
static bool is_value_same(const struct index *a, uint32_t x, const struct index *b, uint32_t y)
{
    if (kind_of(a, x) != kind_of(b, y))
        return false;
    switch (kind_of(a, x)) {
    case '{':
        return is_object_same(a, x, b, y);
    case '[':
        return is_array_same(a, x, b, y);
    case '"':
        return is_string_same(source_of(a, x), source_of(b, y));
    case '0':
        return decimal_is_equal(source_of(a, x), source_of(b, y));
    default:
        return true; /* true, false and null differ in their first byte */
    }
}

bool json_is_same(struct slice a, struct slice b)
{
    struct index x, y = {0};
    bool same = index_init(&x, a) == 0 && index_init(&y, b) == 0 && is_value_same(&x, 0, &y, 0);
    index_deinit(&x);
    index_deinit(&y);
    return same;
}
