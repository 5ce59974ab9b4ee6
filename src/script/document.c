/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "script/document.h"

#include <lauxlib.h>

#include "script/bindings.h"
#include "script/codec.h"
#include "script/machine.h"

/* Of a member's text, at least: how many there may be. */
#define MEMBER_LEN_MIN 6

/* Its members, as many as the last object had, find room beside its text, whose key is the metatable. */
void document_push(lua_State *L, struct slice text)
{
    size_t size = machine_of(L)->object_sizes[0], most = text.len / MEMBER_LEN_MIN;
    lua_createtable(L, 0, (int)(size < most ? size : most) + 1);
    machine_push(L, REF_UNREAD);
    lua_pushlstring(L, text.data, text.len);
    lua_rawset(L, -3);
    machine_push(L, REF_UNREAD);
    lua_setmetatable(L, -2);
}

bool document_is_unread(lua_State *L, int index, struct slice *text)
{
    if (!machine_is(L, index, REF_UNREAD))
        return false;
    lua_pushvalue(L, index);
    machine_push(L, REF_UNREAD);
    lua_rawget(L, -2);
    text->data = lua_tolstring(L, -1, &text->len);
    lua_pop(L, 2);
    return true;
}

/* One that can't be filled, for want of time or memory, stays unread. */
static void fill(lua_State *L, int index, struct slice text)
{
    struct err err = {0};
    lua_pushvalue(L, index);
    if (codec_fill(L, text, &err) < 0)
        machine_raise(L, "the data can't be read: %s", err.message);
    machine_push(L, REF_UNREAD);
    lua_pushnil(L);
    lua_rawset(L, -3);
    lua_pushnil(L);
    lua_setmetatable(L, -2);
    lua_pop(L, 1);
}

void document_read(lua_State *L, int index)
{
    struct slice text;
    if (document_is_unread(L, index, &text))
        fill(L, index, text);
}

/* ---- its metamethods ---- */

static int unread_index(lua_State *L)
{
    document_read(L, 1);
    lua_settop(L, 2);
    lua_rawget(L, 1);
    return 1;
}

static int unread_newindex(lua_State *L)
{
    document_read(L, 1);
    lua_settop(L, 3);
    lua_rawset(L, 1);
    return 0;
}

/* ---- Lua's functions that pass metatables by, or show them ---- */

static void check_table(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    document_read(L, 1);
}

static int base_next(lua_State *L)
{
    check_table(L);
    lua_settop(L, 2);
    if (lua_next(L, 1))
        return 2;
    lua_pushnil(L);
    return 1;
}

/* Upvalue: Lua's own next, which loops are fastest with. */
static int base_pairs(lua_State *L)
{
    check_table(L);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_pushvalue(L, 1);
    lua_pushnil(L);
    return 3;
}

static int base_rawget(lua_State *L)
{
    check_table(L);
    luaL_checkany(L, 2);
    lua_settop(L, 2);
    lua_rawget(L, 1);
    return 1;
}

static int base_rawset(lua_State *L)
{
    check_table(L);
    luaL_checkany(L, 2);
    luaL_checkany(L, 3);
    lua_settop(L, 3);
    lua_rawset(L, 1);
    return 1;
}

static int base_getmetatable(lua_State *L)
{
    luaL_checkany(L, 1);
    document_read(L, 1);
    if (!lua_getmetatable(L, 1))
        lua_pushnil(L);
    else
        luaL_getmetafield(L, 1, "__metatable");
    return 1;
}

static int base_setmetatable(lua_State *L)
{
    check_table(L);
    luaL_argcheck(L, lua_isnil(L, 2) || lua_istable(L, 2), 2, "nil or table expected");
    if (luaL_getmetafield(L, 1, "__metatable"))
        return luaL_error(L, "cannot change a protected metatable");
    lua_settop(L, 2);
    lua_setmetatable(L, 1);
    return 1;
}

/* ---- opening ---- */

static const luaL_Reg metamethods[] = {
    {"__index", unread_index},
    {"__newindex", unread_newindex},
    {NULL, NULL},
};

static const luaL_Reg globals[] = {
    {"next", base_next},
    {"rawget", base_rawget},
    {"rawset", base_rawset},
    {"getmetatable", base_getmetatable},
    {"setmetatable", base_setmetatable},
    {NULL, NULL},
};

void document_open(lua_State *L)
{
    bindings_add_metatable(L, REF_UNREAD, metamethods);
    lua_getfield(L, -1, "next");
    lua_pushcclosure(L, base_pairs, 1);
    lua_setfield(L, -2, "pairs");
    luaL_setfuncs(L, globals, 0);
}
