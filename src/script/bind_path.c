/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* get, set and remove: one value in a document, by its path "a.b[2].c". */
#include <math.h>

#include <lauxlib.h>

#include "script/argument.h"
#include "script/bindings.h"
#include "script/codec.h"
#include "script/document.h"
#include "script/library.h"
#include "script/machine.h"

/* So many nulls at most are put between a list's end and a position behind it. */
#define PADDING_MAX 100000

/* A path on its way: `whole` as it was written, `rest` what is still to go. */
struct path {
    const char *what; /* "get", begins each error */
    struct slice whole, rest;
};

/* ---- steps ---- */

static struct path check_path(lua_State *L, int index, const char *what)
{
    struct path path = {.what = what};
    if (lua_type(L, index) != LUA_TSTRING)
        machine_raise(L, "%s(t, path): the path must be a string as in \"a.b[2].c\", not %s", what,
                      argument_describe(L, index));
    path.whole.data = lua_tolstring(L, index, &path.whole.len);
    path.rest = path.whole;
    return path;
}

/* What has been gone of it. */
static struct slice gone(const struct path *path)
{
    return slice_upto(path->whole, path->whole.len - path->rest.len);
}

/* [-0, +1, e] The inside of brackets: a name in quotes, else a position. */
static void push_bracketed(lua_State *L, const struct path *path, struct slice inner)
{
    if (inner.len >= 2 && inner.data[0] == '"' && inner.data[inner.len - 1] == '"') {
        lua_pushlstring(L, inner.data + 1, inner.len - 2);
        return;
    }
    lua_pushlstring(L, inner.data, inner.len);
    if (!lua_isnumber(L, -1))
        machine_raise(L, "%s: [%.*s] is no position: write a number, or a name in quotes",
                      path->what, SLICE_FMT(inner));
    lua_pushnumber(L, lua_tonumber(L, -1));
    lua_remove(L, -2);
}

/* Where the bracket that opens the text closes; a name in quotes may have brackets of its own. */
static size_t closing(struct slice s)
{
    if (s.len > 1 && s.data[1] == '"')
        for (size_t i = 2; i + 1 < s.len; i++)
            if (s.data[i] == '"' && s.data[i + 1] == ']')
                return i + 1;
    return slice_find(s, ']');
}

/* [-0, +1, e] Takes the next step and pushes it as a key: `name`, `[2]` or `["any name"]`. */
static void push_step(lua_State *L, struct path *path)
{
    size_t len = 0;
    machine_check_stopping(L, path->what);
    if (path->rest.data[0] == '.')
        path->rest = slice_from(path->rest, 1);
    if (path->rest.len == 0)
        machine_raise(L, "%s: the path ends with a dot; write it as in \"a.b[2].c\"", path->what);
    struct slice rest = path->rest;
    if (rest.data[0] != '[') {
        while (len < rest.len && rest.data[len] != '.' && rest.data[len] != '[')
            len++;
        if (len == 0)
            machine_raise(L, "%s: the path has an empty name; write it as in \"a.b[2].c\"",
                          path->what);
        lua_pushlstring(L, rest.data, len);
        path->rest = slice_from(rest, len);
        return;
    }
    len = closing(rest);
    if (len == rest.len || len < 2)
        machine_raise(L, "%s: the path has a [ without its ]; write it as in \"a.b[2].c\"",
                      path->what);
    push_bracketed(L, path, slice_of(rest.data + 1, len - 1));
    path->rest = slice_from(rest, len + 1);
}

/* [-0, +0] Turns the key on top, where it counts from the end of the table below it, into the position
   that it means. One before the first stays as it is. */
static void count_from_end(lua_State *L)
{
    lua_Number key = lua_type(L, -1) == LUA_TNUMBER ? lua_tonumber(L, -1) : 0;
    lua_Number n = key < 0 ? (lua_Number)lua_objlen(L, -2) : 0;
    if (key >= 0 || -key > n)
        return;
    lua_pushnumber(L, n + 1 + key);
    lua_replace(L, -2);
}

/* ---- get(t, "a.b[2].c" [, default]) ---- */

/* [-1, +1, e] Replaces the table on top by what the path leads to; nil when that isn't there. */
static void follow(lua_State *L, struct path *path)
{
    while (path->rest.len > 0) {
        push_step(L, path);
        if (lua_istable(L, -2)) {
            count_from_end(L);
            lua_gettable(L, -2); /* an answer's json is found by its metatable */
        } else {
            lua_pop(L, 1);
            lua_pushnil(L);
        }
        lua_remove(L, -2);
    }
}

static int path_get(lua_State *L)
{
    lua_settop(L, 3);
    machine_check_nesting(L);
    struct path path = check_path(L, 2, "get");
    lua_pushvalue(L, 1);
    follow(L, &path);
    if (lua_isnil(L, -1) || codec_is_null(L, -1))
        lua_settop(L, 3);
    return 1;
}

/* ---- set(t, "a.b[2].c", value) ---- */

static struct path check_target(lua_State *L, const char *what)
{
    struct path path = check_path(L, 2, what);
    if (!lua_istable(L, 1))
        machine_raise(L, "%s(t, path): `t` must be an object or a list, not %s", what,
                      argument_describe(L, 1));
    if (path.rest.len == 0)
        machine_raise(L, "%s: the path is empty; write it as in \"a.b[2].c\"", what);
    return path;
}

static _Noreturn void printf_like(3, 4)
    raise_at(lua_State *L, const struct path *path, const char *fmt, ...)
{
    struct buf *why = &machine_of(L)->json;
    struct slice place = gone(path);
    va_list args;
    buf_clear(why);
    va_start(args, fmt);
    buf_vprintf(why, fmt, args);
    va_end(args);
    machine_raise(L, "%s: %.*s: %s", path->what, SLICE_FMT(place), why->data);
}

/* [-0, +0] Gives the table below the key on top the mark of an array, so that it stays one when it
   is empty again. One with a metatable of its own is left as it is. */
static void mark_array(lua_State *L)
{
    if (lua_getmetatable(L, -2))
        lua_pop(L, 1);
    else
        machine_mark(L, lua_gettop(L) - 1, REF_ARRAY);
}

/* The position on top, for the list below it, which grows up to it by nulls. */
static void reach_position(lua_State *L, const struct path *path)
{
    lua_Number n = (lua_Number)lua_objlen(L, -2), at = lua_tonumber(L, -1);
    if (at < 0)
        raise_at(L, path, "the list has only %.0f elements", n);
    if (at < 1 || at != floor(at))
        raise_at(L, path, "positions are whole numbers and begin with 1");
    if (at - n > PADDING_MAX)
        raise_at(L, path, "the position lies more than %d behind the end of the list", PADDING_MAX);
    mark_array(L);
    for (int i = (int)n + 1; i < (int)at; i++) {
        codec_push_null(L);
        lua_rawseti(L, -3, i);
    }
}

/* [-0, +0] Whether the table at `index`, which is no list, has names. */
static bool has_names(lua_State *L, int index)
{
    lua_pushvalue(L, index);
    lua_pushnil(L);
    bool has = lua_next(L, -2);
    lua_pop(L, has ? 3 : 1);
    return has;
}

/* [-0, +0, e] Makes the key on top one that can be set in the table below it. */
static void check_key(lua_State *L, const struct path *path)
{
    int table = lua_gettop(L) - 1;
    bool is_list = codec_is_list(L, table);
    if (lua_type(L, -1) != LUA_TNUMBER) {
        if (is_list)
            raise_at(L, path, "what it is in is a list, which has positions and no names");
        return;
    }
    if (!is_list && has_names(L, table))
        raise_at(L, path, "what it is in is an object, which has names and no positions");
    count_from_end(L);
    reach_position(L, path);
}

/* Whether the next step is a position. */
static bool is_position_next(const struct path *path)
{
    return path->rest.len > 1 && path->rest.data[0] == '[' && path->rest.data[1] != '"';
}

/* [-1, +1, e] Replaces the key on top by what the table below has there; a table made for it where
   there is nothing or null. */
static void enter(lua_State *L, const struct path *path)
{
    lua_pushvalue(L, -1);
    lua_rawget(L, -3);
    if (lua_isnil(L, -1) || codec_is_null(L, -1)) {
        lua_pop(L, 1);
        lua_newtable(L);
        if (is_position_next(path))
            machine_mark(L, lua_gettop(L), REF_ARRAY);
        lua_pushvalue(L, -2);
        lua_pushvalue(L, -2);
        lua_rawset(L, -5);
    }
    if (!lua_istable(L, -1))
        raise_at(L, path, "this is %s, which nothing can be set in", argument_describe(L, -1));
    lua_remove(L, -2);
}

static int path_set(lua_State *L)
{
    lua_settop(L, 3);
    struct path path = check_target(L, "set");
    if (lua_isnil(L, 3))
        machine_raise(L, "set(t, path, value): there is no value (nil); write null for JSON's "
                         "null, or remove(t, path)");
    for (lua_pushvalue(L, 1);; lua_remove(L, -2)) {
        push_step(L, &path);
        check_key(L, &path);
        if (path.rest.len == 0)
            break;
        enter(L, &path);
    }
    lua_pushvalue(L, 3);
    lua_rawset(L, -3);
    lua_settop(L, 1);
    return 1;
}

/* ---- remove(t, "a.b[2].c") ---- */

/* [-1, +0] Takes an element out of the list below its position, which is on top. */
static void take_element(lua_State *L)
{
    lua_Number at = lua_tonumber(L, -1);
    int n = (int)lua_objlen(L, -2);
    if (at >= 1 && at <= n && at == floor(at)) {
        mark_array(L);
        for (int i = (int)at; i <= n; i++) {
            lua_rawgeti(L, -2, i + 1);
            lua_rawseti(L, -3, i);
        }
    }
    lua_pop(L, 1);
}

static int path_remove(lua_State *L)
{
    lua_settop(L, 2);
    struct path path = check_target(L, "remove");
    lua_pushvalue(L, 1);
    while (lua_istable(L, -1)) {
        document_read(L, lua_gettop(L));
        push_step(L, &path);
        count_from_end(L);
        if (path.rest.len > 0) {
            lua_rawget(L, -2);
            lua_remove(L, -2);
            continue;
        }
        if (codec_is_list(L, lua_gettop(L) - 1) && lua_type(L, -1) == LUA_TNUMBER) {
            take_element(L);
        } else {
            lua_pushnil(L);
            lua_rawset(L, -3);
        }
        break;
    }
    lua_settop(L, 1);
    return 1;
}

/* ---- opening ---- */

static const luaL_Reg globals[] = {{"get", path_get}, {NULL, NULL}};

void path_open(lua_State *L)
{
    luaL_setfuncs(L, globals, 0);
}

static const char *const names[] = {"set", "remove", NULL};
static const luaL_Reg functions[] = {{"set", path_set}, {"remove", path_remove}, {NULL, NULL}};
const struct subject subject_path = {"path", names, functions, NULL};
