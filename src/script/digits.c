/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "script/digits.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#include <lauxlib.h>

#include "script/bindings.h"
#include "script/document.h"
#include "script/exact.h"
#include "script/machine.h"

#define WHOLE_MIN 1e14                   /* Lua writes 14 digits … */
#define WHOLE_MAX 9007199254740992.0     /* … and beyond 2^53 it doesn't hold all of them */
static const char powers[] = {'4', '5'}; /* of what lies between: e+14, e+15 */

static bool is_cut(lua_State *L, int index)
{
    if (lua_type(L, index) != LUA_TNUMBER)
        return false;
    lua_Number n = lua_tonumber(L, index);
    return fabs(n) >= WHOLE_MIN && fabs(n) <= WHOLE_MAX && n == floor(n);
}

void digits_spell(lua_State *L, int index)
{
    int at = index < 0 ? lua_gettop(L) + 1 + index : index;
    struct buf *text = &machine_of(L)->text;
    buf_clear(text);
    if (is_cut(L, at))
        buf_printf(text, "%.0f", lua_tonumber(L, at));
    else if (exact_is(L, at))
        exact_add(L, at, text);
    if (text->len > 0) {
        lua_pushlstring(L, text->data, text->len);
        lua_replace(L, at);
    } else {
        lua_tolstring(L, at, NULL);
    }
}

/* How many characters of "1.7000000001235e+15" stand at the beginning; 0: none. Without the point it may
   be anything: signatures in base64 have 1e+15 in them once in a while. */
static size_t match_cut(struct slice s)
{
    size_t n = 1;
    if (s.len < 7 || !isdigit((unsigned char)s.data[0]) || s.data[1] != '.')
        return 0;
    while (++n < s.len && isdigit((unsigned char)s.data[n]))
        ;
    struct slice power = slice_from(s, n);
    if (!slice_has_prefix(power, SLICE_LIT("e+1")) || power.len < 4 ||
        !memchr(powers, power.data[3], sizeof(powers)))
        return 0;
    return n + 4;
}

struct slice digits_find_cut(struct slice text)
{
    if (text.len < 7 || !memmem(text.data, text.len, "e+1", 3)) /* which hardly any text has */
        return SLICE_NULL;
    for (size_t i = 0; i < text.len; i++) {
        size_t n = match_cut(slice_from(text, i));
        if (n > 0)
            return slice_of(text.data + i, n);
    }
    return SLICE_NULL;
}

void digits_check(lua_State *L, struct slice text, const char *what, const char *name)
{
    struct slice cut = digits_find_cut(text);
    if (cut.data)
        machine_raise(L, "%s: %s has %.*s in it, " DIGITS_CUT, what, name, SLICE_FMT(cut));
}

/* ---- Lua's own functions ---- */

/* [-0, +1, e] The elements, their numbers as texts. */
static void push_spelt(lua_State *L, int from, int to)
{
    lua_createtable(L, to, 0);
    for (int i = from; i <= to; i++) {
        lua_rawgeti(L, 1, i);
        if (is_cut(L, -1))
            digits_spell(L, -1);
        lua_rawseti(L, -2, i);
    }
}

/* table.concat(list [, separator [, from [, to]]]); Lua's own is the upvalue. */
static int table_concat(lua_State *L)
{
    bool is_any = false;
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_optstring(L, 2, "");
    document_read(L, 1);
    lua_settop(L, 4);
    int from = luaL_optint(L, 3, 1), to = luaL_optint(L, 4, (int)lua_objlen(L, 1));
    for (int i = from; i <= to && !is_any; i++) {
        lua_rawgeti(L, 1, i);
        is_any = is_cut(L, -1);
        if (lua_isnil(L, -1))
            break; /* which it will refuse */
        lua_pop(L, 1);
    }
    lua_settop(L, 4);
    lua_pushvalue(L, lua_upvalueindex(1));
    if (is_any)
        push_spelt(L, from, to);
    else
        lua_pushvalue(L, 1);
    lua_pushvalue(L, 2);
    lua_pushinteger(L, from);
    lua_pushinteger(L, to);
    lua_call(L, 4, 1);
    return 1;
}

/* spell(…): the same values, such numbers as texts. */
static int spell(lua_State *L)
{
    for (int i = 1; i <= lua_gettop(L); i++)
        if (is_cut(L, i))
            digits_spell(L, i);
    return lua_gettop(L);
}

static const luaL_Reg host_functions[] = {{"spell", spell}, {NULL, NULL}};

void digits_open(lua_State *L)
{
    lua_getfield(L, -1, "table");
    lua_getfield(L, -1, "concat");
    lua_pushcclosure(L, table_concat, 1);
    lua_setfield(L, -2, "concat");
    lua_pop(L, 1);
    bindings_add_host(L, host_functions);
}
