/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* json.encode, json.decode and json.lines. */
#include <stdio.h>
#include <string.h>

#include <lauxlib.h>

#include "script/argument.h"
#include "script/bindings.h"
#include "script/codec.h"
#include "script/document.h"
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
        machine_raise(L, "json.decode takes a string, not %s", argument_describe(L, 1));
    text.data = lua_tolstring(L, 1, &text.len);
    if (codec_decode(L, text, &err) < 0)
        machine_raise(L, "json.decode: %s", err.message);
    return 1;
}

/* ---- json.lines ---- */

/* Between two looks at whether to stop: most may be blank. */
#define LINES_BETWEEN_LOOKS 1024

/* A list of the documents that the lines of the text at 1 are. */
static int decode_lines(lua_State *L)
{
    struct slice text;
    struct err err = {0};
    text.data = lua_tolstring(L, 1, &text.len);
    lua_newtable(L);
    machine_mark(L, 2, REF_ARRAY);
    for (int line = 1, n = 0; text.data; line++) {
        struct slice document = slice_trim(slice_split(&text, '\n'));
        if (line % LINES_BETWEEN_LOOKS == 0)
            machine_check_stopping(L, "json.lines");
        if (document.len == 0)
            continue;
        if (codec_decode(L, document, &err) < 0)
            machine_raise(L, "json.lines: line %d: %s", line, err.message);
        lua_rawseti(L, 2, ++n);
    }
    return 1;
}

/* A text of the documents that the elements of the list at 1 are. */
static int encode_lines(lua_State *L)
{
    struct buf *out = &machine_of(L)->json;
    struct err err = {0};
    int n = argument_list(L, 1, "json.lines", "list");
    buf_clear(out);
    for (int i = 1; i <= n; i++) {
        struct slice text;
        lua_rawgeti(L, 1, i);
        if (document_is_unread(L, -1, &text) && !memchr(text.data, '\n', text.len))
            buf_add_slice(out, text); /* which nobody touched */
        else if (codec_encode(L, -1, CODEC_STRICT, CODEC_MAX, NULL, out, &err) < 0) {
            char what[40];
            snprintf(what, sizeof(what), "json.lines: element %d", i);
            codec_raise(L, what, &err);
        }
        buf_add_char(out, '\n');
        if (out->len > machine_of(L)->memory.max) /* each of them is within it */
            machine_raise_memory(L, out->len);
        lua_pop(L, 1);
    }
    lua_pushlstring(L, out->data ? out->data : "", out->len);
    return 1;
}

static int json_lines(lua_State *L)
{
    lua_settop(L, 1);
    if (lua_type(L, 1) == LUA_TSTRING)
        return decode_lines(L);
    if (lua_istable(L, 1))
        return encode_lines(L);
    machine_raise(L, "json.lines takes a text to read, or a list to write, not %s",
                  argument_describe(L, 1));
}

static const luaL_Reg functions[] = {
    {"encode", json_encode},
    {"decode", json_decode},
    {"lines", json_lines},
    {NULL, NULL},
};

void json_open(lua_State *L)
{
    lua_newtable(L);
    luaL_setfuncs(L, functions, 0);
    lua_setfield(L, -2, "json");
}
