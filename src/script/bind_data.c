/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* array and null. */
#include <lauxlib.h>

#include "script/argument.h"
#include "script/bindings.h"
#include "script/codec.h"
#include "script/machine.h"

/* ---- array{…} ---- */

static int data_array(lua_State *L)
{
    lua_settop(L, 1);
    if (!lua_isnil(L, 1) && !lua_istable(L, 1))
        machine_raise(L, "array takes a list as in array{1, 2}, not %s", argument_describe(L, 1));
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
