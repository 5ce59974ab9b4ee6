/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "script/document.h"

#include <string.h>

#include <lauxlib.h>

#include "script/bindings.h"
#include "script/codec.h"
#include "script/machine.h"

/* Of a member's text, at least: how many there may be. */
#define MEMBER_LEN_MIN 6

/* When so many were passed on in a row, the next one is believed to be, too. */
#define PASSED_ON_MANY 64

/* A userdata. */
struct document_pack {
    size_t n;  /* texts that are in it */
    char *end; /* of their bytes, which stand behind the room for … */
    struct slice texts[];
};

/* ---- one that nobody has looked into ---- */

/* [-0, +2, e] A table, its metatable above it, with room for `own` entries of ours and, unless it will
   hardly be looked into, for as many members as the last object had. */
static void push_table(lua_State *L, struct slice text, int own)
{
    struct script_machine *m = machine_of(L);
    size_t size = m->object_sizes[0], most = text.len / MEMBER_LEN_MIN;
    if (m->n_passed_on >= PASSED_ON_MANY)
        size = 0;
    else
        m->n_passed_on++;
    lua_createtable(L, 0, (int)(size < most ? size : most) + own);
    machine_push(L, REF_UNREAD);
}

/* Its text's key is the metatable. */
void document_push(lua_State *L, struct slice text)
{
    push_table(L, text, 1);
    lua_pushvalue(L, -1);
    lua_pushlstring(L, text.data, text.len);
    lua_rawset(L, -4);
    lua_setmetatable(L, -2);
}

struct document_pack *document_push_pack(lua_State *L, size_t n, size_t bytes)
{
    struct document_pack *pack =
        lua_newuserdata(L, sizeof(*pack) + n * sizeof(pack->texts[0]) + bytes);
    pack->n = 0;
    pack->end = (char *)&pack->texts[n];
    return pack;
}

/* Under the metatable is the pack, and under that the text's place in it. */
void document_push_packed(lua_State *L, int index, struct slice text)
{
    struct document_pack *pack = lua_touserdata(L, index);
    memcpy(pack->end, text.data, text.len);
    pack->texts[pack->n] = slice_of(pack->end, text.len);
    pack->end += text.len;
    push_table(L, text, 2);
    lua_pushvalue(L, -1);
    lua_pushvalue(L, index);
    lua_rawset(L, -4);
    lua_pushvalue(L, index);
    lua_pushinteger(L, (lua_Integer)pack->n++);
    lua_rawset(L, -4);
    lua_setmetatable(L, -2);
}

bool document_is_unread(lua_State *L, int index, struct slice *text)
{
    if (!machine_is(L, index, REF_UNREAD))
        return false;
    int top = lua_gettop(L);
    lua_pushvalue(L, index);
    machine_push(L, REF_UNREAD);
    lua_rawget(L, -2);
    const struct document_pack *pack = lua_touserdata(L, -1);
    if (pack) {
        lua_rawget(L, -2);
        *text = pack->texts[lua_tointeger(L, -1)];
    } else {
        text->data = lua_tolstring(L, -1, &text->len);
    }
    lua_settop(L, top);
    return true;
}

/* [-0, +0, e] The table on top is like any other from now on. */
static void forget_text(lua_State *L)
{
    machine_push(L, REF_UNREAD);
    lua_rawget(L, -2);
    if (lua_isuserdata(L, -1)) {
        lua_pushnil(L);
        lua_rawset(L, -3);
    } else {
        lua_pop(L, 1);
    }
    machine_push(L, REF_UNREAD);
    lua_pushnil(L);
    lua_rawset(L, -3);
    lua_pushnil(L);
    lua_setmetatable(L, -2);
}

/* One that can't be filled, for want of time or memory, stays unread. */
static void fill(lua_State *L, int index, struct slice text)
{
    struct err err = {0};
    lua_pushvalue(L, index);
    if (codec_fill(L, text, &err) < 0)
        machine_raise(L, "the data can't be read: %s", err.message);
    machine_of(L)->n_passed_on = 0;
    forget_text(L);
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
