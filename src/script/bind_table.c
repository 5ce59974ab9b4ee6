/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * table.insert, since LuaJIT's own shifts elements from wherever it is told, for ages where no hook
 * looks; and what the prelude's replacements of Lua's functions ask the host.
 */
#include <lauxlib.h>

#include "script/bindings.h"
#include "script/document.h"
#include "script/machine.h"

static int table_insert(lua_State *L)
{
    int n_args = lua_gettop(L);
    luaL_checktype(L, 1, LUA_TTABLE);
    document_read(L, 1);
    if (n_args != 2 && n_args != 3)
        machine_raise(L,
                      "wrong number of arguments to 'insert': write table.insert(list, value) or "
                      "table.insert(list, position, value)");
    int end = (int)lua_objlen(L, 1) + 1;
    lua_Integer at = n_args == 3 ? luaL_checkinteger(L, 2) : end;
    if (at < 1 || at > end)
        machine_raise(L, "table.insert: the position must lie between 1 and %d", end);
    for (int i = end; i > at; i--) {
        lua_rawgeti(L, 1, i - 1);
        lua_rawseti(L, 1, i);
    }
    lua_rawseti(L, 1, (int)at);
    return 0;
}

/* isNative(f): whether f is a C function. */
static int is_native(lua_State *L)
{
    lua_pushboolean(L, lua_iscfunction(L, 1));
    return 1;
}

/* checkNesting(): an error where calls from C into Lua are nested too deep. */
static int check_nesting(lua_State *L)
{
    machine_check_nesting(L);
    return 0;
}

static const luaL_Reg functions[] = {{"insert", table_insert}, {NULL, NULL}};
static const luaL_Reg host_functions[] = {
    {"isNative", is_native},
    {"checkNesting", check_nesting},
    {NULL, NULL},
};

void table_open(lua_State *L)
{
    lua_getfield(L, -1, "table");
    luaL_setfuncs(L, functions, 0);
    lua_pop(L, 1);
    bindings_add_host(L, host_functions);
}
