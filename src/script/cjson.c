/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "script/cjson.h"

#include <math.h>

#include <lauxlib.h>
#include <lualib.h>

#include "script/bindings.h"
#include "script/document.h"
#include "script/machine.h"

/* lua-cjson's own default; its functions call themselves for each level. */
#define DEPTH_MAX 1000
/* Of what is decoded, and of what is encoded, counted roughly. */
#define BYTES_MAX (16u << 20)
#define BYTES_A_VALUE 8

/* ---- the size of what is to be encoded ---- */

struct walk {
    lua_State *L;
    double bytes;
};

static void add_bytes(struct walk *w, double bytes)
{
    w->bytes += bytes;
    if (w->bytes > BYTES_MAX || machine_is_stopping(w->L))
        machine_raise(w->L, "cjson.encode: more than 16 MB of JSON; does a table contain itself?");
}

/* Adds what the value on top comes to; a list may be filled up with nulls to its last position. */
static void walk_value(struct walk *w, int depth)
{
    lua_State *L = w->L;
    size_t len = lua_type(L, -1) == LUA_TSTRING ? lua_objlen(L, -1) : 0;
    add_bytes(w, (double)len + BYTES_A_VALUE);
    if (!lua_istable(L, -1) || depth > DEPTH_MAX)
        return;
    luaL_checkstack(L, 4, "cjson");
    document_read(L, -1);
    double last = 0;
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
        if (lua_type(L, -2) == LUA_TNUMBER)
            last = fmax(last, lua_tonumber(L, -2));
        else if (lua_type(L, -2) == LUA_TSTRING)
            add_bytes(w, (double)lua_objlen(L, -2));
        walk_value(w, depth + 1);
    }
    add_bytes(w, last * BYTES_A_VALUE);
}

/* Upvalue: the instance's own encode. */
static int cjson_encode(lua_State *L)
{
    struct walk w = {.L = L};
    lua_settop(L, 1);
    walk_value(&w, 0);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, 1, LUA_MULTRET);
    return lua_gettop(L);
}

/* Upvalue: the instance's own decode, which no hook stops. */
static int cjson_decode(lua_State *L)
{
    lua_settop(L, 1);
    if (lua_type(L, 1) == LUA_TSTRING && lua_objlen(L, 1) > BYTES_MAX)
        machine_raise(L, "cjson.decode: more than 16 MB of JSON");
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, 1, LUA_MULTRET);
    return lua_gettop(L);
}

/* Upvalue: the instance's own encode_max_depth or decode_max_depth. */
static int cjson_max_depth(lua_State *L)
{
    lua_settop(L, 1);
    if (lua_type(L, 1) == LUA_TNUMBER && !(lua_tonumber(L, 1) <= DEPTH_MAX))
        machine_raise(L, "cjson: the depth can't be more than %d", DEPTH_MAX);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, lua_isnil(L, 2) ? 0 : 1, LUA_MULTRET);
    return lua_gettop(L);
}

/* ---- instances ---- */

/* [-0, +0] Puts `fn` before a function of the instance on top. */
static void guard(lua_State *L, const char *name, lua_CFunction fn)
{
    lua_getfield(L, -1, name);
    lua_pushcclosure(L, fn, 1);
    lua_setfield(L, -2, name);
}

/* Upvalue: the module's name. */
static int cjson_new(lua_State *L)
{
    return cjson_require(L, lua_tostring(L, lua_upvalueindex(1)));
}

int cjson_require(lua_State *L, const char *name)
{
    machine_push(L, REF_NATIVE_REQUIRE);
    lua_pushstring(L, name);
    lua_call(L, 1, 1);
    lua_getfield(L, -1, "new");
    lua_call(L, 0, 1);
    guard(L, "encode", cjson_encode);
    guard(L, "decode", cjson_decode);
    guard(L, "encode_max_depth", cjson_max_depth);
    guard(L, "decode_max_depth", cjson_max_depth);
    lua_pushstring(L, name);
    lua_pushcclosure(L, cjson_new, 1);
    lua_setfield(L, -2, "new");
    return 1;
}

/* Lua's own require finds C libraries on the system's path alone. */
void cjson_open(lua_State *L)
{
    lua_pushcfunction(L, luaopen_package);
    lua_pushliteral(L, LUA_LOADLIBNAME);
    lua_call(L, 1, 1);
    lua_pushliteral(L, "");
    lua_setfield(L, -2, "path");
    lua_pop(L, 1);
    lua_getglobal(L, "require");
    machine_set(L, REF_NATIVE_REQUIRE);
}
