/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The string keys of a Lua table in the order of their bytes. LuaJIT walks a table in an order that
 * differs from run to run; what leaves the process must not.
 *
 * A stack, since tables nest: what was pushed is popped by setting `len` back. The bytes are the
 * table's own keys and valid while they are in it.
 */
#ifndef LIAISON_SCRIPT_KEYS_H
#define LIAISON_SCRIPT_KEYS_H

#include <stddef.h>
#include <stdint.h>

#include <lua.h>

#include "base/slice.h"

struct key {
    struct slice name;
    uint64_t start; /* of its name, eight bytes that compare as these do */
    size_t order;   /* in which it was pushed, from 0 */
};

struct keys {
    struct key *items;
    size_t len, cap;
};

void keys_deinit(struct keys *k);
void keys_push(struct keys *k, struct slice key);
/* Sorts the keys from `from` on. */
void keys_sort(struct keys *k, size_t from);

/* [-0, +0, e] Pushes the keys of the table at `index`, sorted. Raises an error, "WHAT: …", for a
   key that is no string. */
void keys_push_all(lua_State *L, int index, struct keys *k, const char *what);

/* [-0, +0, e] Calls `fn` for each pair of the plain table at the absolute `index`, the key at -2 and its
   value at -1: first those whose key is no string, then the others, sorted. It may raise errors. For few
   keys: to find each, all are looked at. */
typedef void (*keys_pair_fn)(lua_State *L, void *ctx);
void keys_each(lua_State *L, int index, keys_pair_fn fn, void *ctx);

#endif
