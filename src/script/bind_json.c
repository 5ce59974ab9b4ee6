/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* json.encode and json.decode. */
#include <lauxlib.h>

#include "script/bindings.h"
#include "script/codec.h"
#include "script/machine.h"

static int json_encode(lua_State *L)
{
    struct buf *out = &machine_of(L)->json;
    struct err err = {0};
    lua_settop(L, 1);
    if (lua_isnil(L, 1))
        machine_raise(L,
                      "json.encode: there is nothing to encode (nil); write null for JSON's null");
    buf_clear(out);
    if (codec_encode(L, 1, CODEC_STRICT, CODEC_MAX, NULL, out, &err) < 0)
        codec_raise(L, "json.encode", &err);
    lua_pushlstring(L, out->data, out->len);
    return 1;
}

static int json_decode(lua_State *L)
{
    struct err err = {0};
    struct slice text;
    if (lua_type(L, 1) != LUA_TSTRING)
        machine_raise(L, "json.decode takes a string, not a %s", luaL_typename(L, 1));
    text.data = lua_tolstring(L, 1, &text.len);
    if (codec_decode(L, text, &err) < 0)
        machine_raise(L, "json.decode: %s", err.message);
    return 1;
}

static const luaL_Reg functions[] = {
    {"encode", json_encode},
    {"decode", json_decode},
    {NULL, NULL},
};

void json_open(lua_State *L)
{
    lua_newtable(L);
    luaL_setfuncs(L, functions, 0);
    lua_setfield(L, -2, "json");
}
