/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "script/keys.h"

#include <stdlib.h>

#include "base/buf.h"
#include "script/document.h"
#include "script/machine.h"

/* Up to so many keys, insertion beats the library's sort. */
#define FEW 16

void keys_deinit(struct keys *k)
{
    free(k->items);
    *k = (struct keys){0};
}

void keys_push(struct keys *k, struct slice key)
{
    if (k->len == k->cap) {
        k->cap = k->cap ? 2 * k->cap : 32;
        k->items = mem_realloc(k->items, k->cap * sizeof(*k->items));
    }
    k->items[k->len] = (struct key){key, k->len};
    k->len++;
}

static int compare(const void *a, const void *b)
{
    return slice_compare(((const struct key *)a)->name, ((const struct key *)b)->name);
}

static void insertion_sort(struct key *items, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        struct key item = items[i];
        size_t at = i;
        for (; at > 0 && slice_compare(items[at - 1].name, item.name) > 0; at--)
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
            machine_raise(L, "%s: its names must be strings, one is a %s", what,
                          lua_typename(L, lua_type(L, -1)));
        struct slice key;
        key.data = lua_tolstring(L, -1, &key.len);
        keys_push(k, key);
    }
    lua_pop(L, 1);
    keys_sort(k, from);
}
