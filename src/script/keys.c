/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "script/keys.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "script/argument.h"
#include "script/document.h"
#include "script/machine.h"

/* Up to so many keys, insertion beats the library's sort. */
#define FEW 16

void keys_deinit(struct keys *k)
{
    free(k->items);
    *k = (struct keys){0};
}

/* Zeros stand for what a short name lacks, as if they were its bytes: where two are equal, the names
   decide. */
static uint64_t start_of(struct slice name)
{
    uint64_t start = 0;
    if (name.len > 0)
        memcpy(&start, name.data, name.len < sizeof(start) ? name.len : sizeof(start));
    return be64toh(start);
}

void keys_push(struct keys *k, struct slice key)
{
    if (k->len == k->cap) {
        k->cap = k->cap ? 2 * k->cap : 32;
        k->items = mem_realloc(k->items, k->cap * sizeof(*k->items));
    }
    k->items[k->len] = (struct key){key, start_of(key), k->len};
    k->len++;
}

static int compare_keys(const struct key *a, const struct key *b)
{
    if (a->start != b->start)
        return a->start < b->start ? -1 : 1;
    return slice_compare(a->name, b->name);
}

static int compare(const void *a, const void *b)
{
    return compare_keys(a, b);
}

static void insertion_sort(struct key *items, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        struct key item = items[i];
        size_t at = i;
        for (; at > 0 && compare_keys(&items[at - 1], &item) > 0; at--)
            items[at] = items[at - 1];
        items[at] = item;
    }
}

void keys_sort(struct keys *k, size_t from)
{
    size_t n = k->len - from;
    if (n <= FEW)
        insertion_sort(k->items + from, n);
    else
        qsort(k->items + from, n, sizeof(*k->items), compare);
}

void keys_push_all(lua_State *L, int index, struct keys *k, const char *what)
{
    size_t from = k->len;
    document_read(L, index);
    lua_pushvalue(L, index);
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        lua_pop(L, 1);
        if (lua_type(L, -1) != LUA_TSTRING)
            machine_raise(L, "%s: its names must be strings, one is %s: write [\"NAME\"] = value",
                          what, argument_describe(L, lua_gettop(L)));
        struct slice key;
        key.data = lua_tolstring(L, -1, &key.len);
        keys_push(k, key);
    }
    lua_pop(L, 1);
    keys_sort(k, from);
}

/* [-0, +0] The first string key that stands behind `after`, absent: the first of all. Absent when there is
   none. */
static struct slice next_name(lua_State *L, int index, struct slice after)
{
    struct slice found = SLICE_NULL;
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
        struct slice key;
        if (lua_type(L, -2) != LUA_TSTRING)
            continue;
        key.data = lua_tolstring(L, -2, &key.len);
        bool is_behind = !after.data || slice_compare(key, after) > 0;
        if (is_behind && (!found.data || slice_compare(key, found) < 0))
            found = key;
    }
    return found;
}

void keys_each(lua_State *L, int index, keys_pair_fn fn, void *ctx)
{
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
        if (lua_type(L, -2) != LUA_TSTRING)
            fn(L, ctx);
    }
    struct slice name = SLICE_NULL;
    while ((name = next_name(L, index, name)).data) {
        lua_pushlstring(L, name.data, name.len);
        lua_pushvalue(L, -1);
        lua_rawget(L, index);
        fn(L, ctx);
        lua_pop(L, 2);
    }
}
