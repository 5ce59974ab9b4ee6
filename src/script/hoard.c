/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Whose variables hold the memory: an estimate by a bounded walk over each file's globals and what its
 * functions have closed over. What two files share counts for the first.
 */
#include "script/script.h"

#include <stdlib.h>

#include "script/machine.h"

/* Things that are looked at, and how deep tables lie within each other. */
#define STEPS_MAX 100000
#define DEPTH_MAX 60
#define SEEN_MAX (1u << 18) /* a power of two, above STEPS_MAX */
/* About what LuaJIT takes for each. */
#define TABLE_BYTES 64
#define ENTRY_BYTES 24
#define ELEMENT_BYTES 8
#define FUNCTION_BYTES 40
#define STRING_BYTES 24
#define LIST_MIN 64

struct hoard {
    struct script_machine *m;
    const void **seen; /* by hash of the address */
    size_t n_steps;
    const char *most; /* the file that holds most so far … */
    size_t most_bytes;
    struct buf *out;
};

static bool is_new(struct hoard *h, const void *thing)
{
    size_t at = ((uintptr_t)thing >> 3) * UINT64_C(0x9e3779b97f4a7c15) >> 32;
    for (;; at++) {
        const void **place = &h->seen[at & (SEEN_MAX - 1)];
        if (*place == thing)
            return false;
        if (!*place) {
            *place = thing;
            return true;
        }
    }
}

static size_t weigh(lua_State *L, struct hoard *h, int depth);

/* A long list of numbers isn't gone through. */
static bool is_list_of_numbers(lua_State *L)
{
    if (lua_objlen(L, -1) < LIST_MIN)
        return false;
    lua_rawgeti(L, -1, 1);
    bool is = lua_type(L, -1) == LUA_TNUMBER;
    lua_pop(L, 1);
    return is;
}

static size_t weigh_table(lua_State *L, struct hoard *h, int depth)
{
    size_t bytes = TABLE_BYTES;
    if (depth > DEPTH_MAX || !lua_checkstack(L, 8))
        return bytes;
    if (is_list_of_numbers(L))
        return bytes + lua_objlen(L, -1) * ELEMENT_BYTES;
    for (lua_pushnil(L); lua_next(L, -2);) {
        bytes += lua_isnumber(L, -2) ? ELEMENT_BYTES : ENTRY_BYTES;
        bytes += weigh(L, h, depth + 1);
        lua_pop(L, 1);
        if (lua_type(L, -1) == LUA_TSTRING)
            bytes += weigh(L, h, depth + 1);
        if (h->n_steps >= STEPS_MAX) {
            lua_pop(L, 1);
            break;
        }
    }
    return bytes;
}

static size_t weigh_function(lua_State *L, struct hoard *h, int depth)
{
    size_t bytes = FUNCTION_BYTES;
    if (depth > DEPTH_MAX || lua_iscfunction(L, -1) || !lua_checkstack(L, 8))
        return bytes;
    for (int i = 1; lua_getupvalue(L, -1, i); i++) {
        bytes += weigh(L, h, depth + 1);
        lua_pop(L, 1);
    }
    return bytes;
}

/* [-0, +0] The value on top, with what it leads to and nobody led to before. */
static size_t weigh(lua_State *L, struct hoard *h, int depth)
{
    int type = lua_type(L, -1);
    bool is_thing = type == LUA_TSTRING || type == LUA_TTABLE || type == LUA_TFUNCTION;
    if (h->n_steps++ >= STEPS_MAX || !is_thing || !is_new(h, lua_topointer(L, -1)))
        return 0;
    if (type == LUA_TTABLE)
        return weigh_table(L, h, depth);
    if (type == LUA_TFUNCTION)
        return weigh_function(L, h, depth);
    return STRING_BYTES + lua_objlen(L, -1);
}

static size_t weigh_ref(lua_State *L, struct hoard *h, int ref)
{
    lua_rawgeti(L, LUA_REGISTRYINDEX, ref);
    size_t bytes = weigh(L, h, 0);
    lua_pop(L, 1);
    return bytes;
}

static size_t weigh_functions_of(lua_State *L, struct hoard *h, const char *file)
{
    size_t bytes = 0;
    for (size_t i = 0; i < h->m->n_handlers; i++) {
        const struct handler *handler = &h->m->handlers[i];
        if (slice_is_equal(handler->public.file, slice_str(file)))
            bytes += weigh_ref(L, h, handler->run_ref);
    }
    for (size_t i = 0; i < h->m->n_connectors; i++) {
        const struct connector *c = h->m->connectors[i];
        if (slice_is_equal(c->public.file, slice_str(file)))
            bytes += weigh_ref(L, h, c->send_ref);
    }
    return bytes;
}

/* find(hoard): what all files begin with is nobody's. */
static int find(lua_State *L)
{
    struct hoard *h = lua_touserdata(L, 1);
    machine_push(L, REF_GLOBALS);
    weigh(L, h, 0);
    machine_push(L, REF_ENVIRONMENTS);
    for (lua_pushnil(L); lua_next(L, -2);) {
        const char *file = lua_tostring(L, -2);
        size_t bytes = weigh(L, h, 0) + weigh_functions_of(L, h, file);
        if (bytes > h->most_bytes) {
            h->most = file;
            h->most_bytes = bytes;
        }
        lua_pop(L, 1);
    }
    if (h->most_bytes >> 20 > 0)
        buf_printf(h->out, "%s holds some %zu MB", h->most, h->most_bytes >> 20);
    return 0;
}

void script_add_hoarder(struct script_machine *m, struct buf *out)
{
    struct hoard h = {.m = m, .out = out};
    h.seen = mem_calloc(SEEN_MAX, sizeof(*h.seen));
    if (machine_protect(m, find, &h, NULL) < 0)
        log_debug(m->log, "what the scripts' variables hold can't be told");
    free(h.seen);
}
