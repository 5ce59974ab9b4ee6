/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* get, array and null: reading documents. */
#include <lauxlib.h>
#include <string.h>

#include "script/bindings.h"
#include "script/codec.h"
#include "script/machine.h"

/* ---- get(t, "a.b[2].c" [, default]) ---- */

/* Takes the next step off a path and pushes it as a key: `name`, `[2]` or `["any name"]`. */
static void push_step(lua_State *L, struct slice *path)
{
    size_t len = 0;
    if (path->data[0] != '[') {
        while (len < path->len && path->data[len] != '.' && path->data[len] != '[')
            len++;
        if (len == 0)
            machine_raise(L, "get: the path has an empty name; write it as in \"a.b[2].c\"");
        lua_pushlstring(L, path->data, len);
        *path = slice_from(*path, len);
        return;
    }
    len = slice_find(*path, ']');
    struct slice inner = slice_upto(slice_from(*path, 1), len > 0 ? len - 1 : 0);
    if (len == path->len || inner.len == 0)
        machine_raise(L, "get: the path has a [ without its ]; write it as in \"a.b[2].c\"");
    if (inner.len >= 2 && inner.data[0] == '"' && inner.data[inner.len - 1] == '"') {
        lua_pushlstring(L, inner.data + 1, inner.len - 2);
    } else {
        lua_pushlstring(L, inner.data, inner.len);
        if (!lua_isnumber(L, -1))
            machine_raise(L, "get: [%.*s] is no position: write a number, or a name in quotes",
                          SLICE_FMT(inner));
        lua_pushnumber(L, lua_tonumber(L, -1));
        lua_remove(L, -2);
    }
    *path = slice_from(*path, len + 1);
}

/* [-1, +1, e] Replaces the table on top by what the path leads to; nil when that isn't there. */
static void follow_path(lua_State *L, struct slice path)
{
    while (path.len > 0) {
        if (machine_is_stopping(L))
            machine_raise(L, "stopped");
        if (path.data[0] == '.')
            path = slice_from(path, 1);
        if (path.len == 0)
            machine_raise(L, "get: the path ends with a dot; write it as in \"a.b[2].c\"");
        push_step(L, &path);
        if (lua_istable(L, -2)) {
            lua_gettable(L, -2); /* an answer's json is found by its metatable */
        } else {
            lua_pop(L, 1);
            lua_pushnil(L);
        }
        lua_remove(L, -2);
    }
}

static int data_get(lua_State *L)
{
    lua_settop(L, 3);
    machine_check_nesting(L);
    if (lua_type(L, 2) != LUA_TSTRING)
        machine_raise(L, "get(t, path): the path must be a string as in \"a.b[2].c\", not a %s",
                      luaL_typename(L, 2));
    struct slice path;
    path.data = lua_tolstring(L, 2, &path.len);
    lua_pushvalue(L, 1);
    follow_path(L, path);
    if (lua_isnil(L, -1) || codec_is_null(L, -1))
        lua_settop(L, 3);
    return 1;
}

/* ---- array{…} ---- */

static int data_array(lua_State *L)
{
    lua_settop(L, 1);
    if (!lua_isnil(L, 1) && !lua_istable(L, 1))
        machine_raise(L, "array takes a list as in array{1, 2}, not a %s", luaL_typename(L, 1));
    int n = lua_isnil(L, 1) ? 0 : (int)lua_objlen(L, 1);
    lua_createtable(L, n, 0);
    if (lua_istable(L, 1)) {
        for (lua_pushnil(L); lua_next(L, 1);) {
            if (lua_type(L, -2) != LUA_TNUMBER)
                machine_raise(L, "array takes a list as in array{1, 2}; this table has names");
            lua_pushvalue(L, -2);
            lua_insert(L, -2);
            lua_rawset(L, -4);
        }
    }
    machine_mark(L, 2, REF_ARRAY);
    return 1;
}

/* ---- null ---- */

/* null.x, null.x = 1, null() */
static int null_index(lua_State *L)
{
    if (lua_type(L, 2) == LUA_TSTRING)
        machine_raise(L, "null has no field `%s` (it came as null): use get(…)",
                      lua_tostring(L, 2));
    machine_raise(L, "null has no elements (it came as null): use get(…)");
}

static int null_call(lua_State *L)
{
    machine_raise(L, "null can't be called (it came as null): use get(…)");
}

static int null_concat(lua_State *L)
{
    machine_raise(L, "null can't be joined to a text (it came as null): use get(t, path, \"\")");
}

static int null_tostring(lua_State *L)
{
    lua_pushstring(L, codec_is_null(L, 1) ? "null" : "userdata");
    return 1;
}

static const luaL_Reg null_metamethods[] = {
    {"__index", null_index},   {"__newindex", null_index},    {"__call", null_call},
    {"__concat", null_concat}, {"__tostring", null_tostring}, {NULL, NULL},
};

static const luaL_Reg globals[] = {
    {"get", data_get},
    {"array", data_array},
    {NULL, NULL},
};

void data_open(lua_State *L)
{
    luaL_setfuncs(L, globals, 0);
    codec_push_null(L);
    lua_newtable(L); /* of all light userdata: there are no others */
    luaL_setfuncs(L, null_metamethods, 0);
    lua_pushliteral(L, "null");
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
    lua_setfield(L, -2, "null");

    lua_newtable(L);
    lua_pushliteral(L, "array");
    lua_setfield(L, -2, "__metatable");
    machine_set(L, REF_ARRAY);
}
