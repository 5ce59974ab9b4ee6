/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "script/instant.h"

#include <lauxlib.h>

#include "base/text.h"
#include "script/argument.h"
#include "script/bindings.h"
#include "script/machine.h"

#define DAY_S 86400

void instant_push(lua_State *L, struct instant t)
{
    struct instant *box = lua_newuserdata(L, sizeof(*box));
    *box = t;
    machine_mark(L, lua_gettop(L), REF_TIME);
}

const struct instant *instant_at(lua_State *L, int index)
{
    bool is_it = lua_type(L, index) == LUA_TUSERDATA && machine_is(L, index, REF_TIME);
    return is_it ? lua_touserdata(L, index) : NULL;
}

/* ---- as text ---- */

static void add_fraction(struct buf *out, int32_t ns)
{
    if (ns == 0)
        return;
    if (ns % 1000000 == 0)
        buf_printf(out, ".%03d", ns / 1000000);
    else if (ns % 1000 == 0)
        buf_printf(out, ".%06d", ns / 1000);
    else
        buf_printf(out, ".%09d", ns);
}

static void add_offset(struct buf *out, int offset_min)
{
    int size = offset_min < 0 ? -offset_min : offset_min;
    if (offset_min == 0)
        buf_add_char(out, 'Z');
    else
        buf_printf(out, "%c%02d:%02d", offset_min < 0 ? '-' : '+', size / 60, size % 60);
}

void instant_add(struct buf *out, struct instant t, int offset_s)
{
    int offset_min = offset_s / 60;
    int64_t local = t.s + (int64_t)offset_min * 60, year;
    int64_t days = local / DAY_S - (local % DAY_S < 0);
    int rest = (int)(local - days * DAY_S);
    unsigned month, day;
    text_civil_from_days(days, &year, &month, &day);
    buf_printf(out, "%04d-%02u-%02uT%02d:%02d:%02d", (int)year, month, day, rest / 3600,
               rest / 60 % 60, rest % 60);
    add_fraction(out, t.ns);
    add_offset(out, offset_min);
}

/* ---- metamethods ---- */

/* < 0, 0, > 0. LuaJIT asks the metamethods of two times only. */
static int compare(lua_State *L)
{
    const struct instant *a = lua_touserdata(L, 1), *b = lua_touserdata(L, 2);
    if (a->s != b->s)
        return a->s < b->s ? -1 : 1;
    return (a->ns > b->ns) - (a->ns < b->ns);
}

static int instant_eq(lua_State *L)
{
    lua_pushboolean(L, compare(L) == 0);
    return 1;
}

static int instant_lt(lua_State *L)
{
    lua_pushboolean(L, compare(L) < 0);
    return 1;
}

static int instant_le(lua_State *L)
{
    lua_pushboolean(L, compare(L) <= 0);
    return 1;
}

static int instant_tostring(lua_State *L)
{
    struct buf *text = &machine_of(L)->text;
    buf_clear(text);
    instant_add(text, *(const struct instant *)lua_touserdata(L, 1), 0);
    lua_pushlstring(L, text->data, text->len);
    return 1;
}

static int instant_concat(lua_State *L)
{
    luaL_Buffer out;
    luaL_buffinit(L, &out);
    for (int i = 1; i <= 2; i++) {
        struct slice part = argument_text(L, i, "joining a time", "the other part");
        luaL_addlstring(&out, part.data, part.len);
    }
    luaL_pushresult(&out);
    return 1;
}

static int instant_index(lua_State *L)
{
    machine_raise(L, "a time has no fields and no functions: write time.format(t, \"%%Y\") for its "
                     "year, time.unix(t) for its seconds, time.add(t, \"5m\") for a later one");
}

static int instant_arithmetic(lua_State *L)
{
    bool has_text = lua_type(L, 1) == LUA_TSTRING || lua_type(L, 2) == LUA_TSTRING;
    bool is_pair = instant_at(L, 1) && instant_at(L, 2);
    machine_raise(L, "a time takes no arithmetic: write %s%s",
                  is_pair ? "time.diff(a, b) for the seconds between two"
                          : "time.add(t, \"5m\") for a later time, time.add(t, \"-P1D\") for an "
                            "earlier one",
                  has_text ? "; what has to be joined is joined by .." : "");
}

static const luaL_Reg metamethods[] = {
    {"__eq", instant_eq},          {"__lt", instant_lt},
    {"__le", instant_le},          {"__tostring", instant_tostring},
    {"__concat", instant_concat},  {"__index", instant_index},
    {"__add", instant_arithmetic}, {"__sub", instant_arithmetic},
    {"__mul", instant_arithmetic}, {"__div", instant_arithmetic},
    {"__mod", instant_arithmetic}, {NULL, NULL},
};

void instant_open(lua_State *L)
{
    bindings_add_metatable(L, REF_TIME, metamethods);
}
