/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "script/argument.h"

#include <math.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "script/codec.h"
#include "script/exact.h"
#include "script/instant.h"
#include "script/machine.h"
#include "script/secret.h"

#define WHOLE_MAX 9007199254740992.0 /* 2^53 */

const char *argument_describe(lua_State *L, int index)
{
    switch (lua_type(L, index)) {
    case LUA_TBOOLEAN:
        return lua_toboolean(L, index) ? "true" : "false";
    case LUA_TNUMBER:
        return "a number";
    case LUA_TSTRING:
        return "a string";
    case LUA_TTABLE:
        return "a table";
    case LUA_TFUNCTION:
        return "a function";
    case LUA_TNONE:
    case LUA_TNIL:
        return "nil";
    default:
        break;
    }
    if (codec_is_null(L, index))
        return "null";
    if (secret_is(L, index))
        return "a secret";
    if (instant_at(L, index))
        return "a time";
    return exact_is(L, index) ? "an exact number" : "a value of another kind";
}

_Noreturn static void refuse(lua_State *L, int index, const char *what, const char *name,
                             const char *wanted)
{
    machine_raise(L, "%s: %s must be %s, not %s", what, name, wanted, argument_describe(L, index));
}

/* [-0, +0, e] Puts the text of an exact number, or of a time, in its place; false for another value. */
static bool to_text(lua_State *L, int index)
{
    struct buf *text = &machine_of(L)->text;
    const struct instant *t = instant_at(L, index);
    buf_clear(text);
    if (t)
        instant_add(text, *t, 0);
    else if (exact_is(L, index))
        exact_add(L, index, text);
    else
        return false;
    lua_pushlstring(L, text->data, text->len);
    lua_replace(L, index);
    return true;
}

struct slice argument_text(lua_State *L, int index, const char *what, const char *name)
{
    struct slice s;
    int type = lua_type(L, index);
    if (type != LUA_TSTRING && type != LUA_TNUMBER && !to_text(L, index))
        refuse(L, index, what, name, "a string");
    s.data = lua_tolstring(L, index, &s.len);
    return s;
}

struct slice argument_utf8(lua_State *L, int index, const char *what, const char *name)
{
    struct slice s = argument_text(L, index, what, name), rest = s;
    if (slice_is_utf8(s))
        return s;
    for (size_t n; (n = utf8_len(rest)) > 0;)
        rest = slice_from(rest, n);
    machine_raise(L, "%s: %s isn't UTF-8 text: it is broken at byte %zu", what, name,
                  s.len - rest.len + 1);
}

int64_t argument_whole(lua_State *L, int index, const char *what, const char *name)
{
    lua_Number n = lua_tonumber(L, index);
    if (lua_type(L, index) != LUA_TNUMBER)
        refuse(L, index, what, name, "a whole number");
    if (n != floor(n) || fabs(n) > WHOLE_MAX)
        machine_raise(L, "%s: %s must be a whole number, not %.14g", what, name, n);
    return (int64_t)n;
}

int64_t argument_whole_or(lua_State *L, int index, int64_t missing, const char *what,
                          const char *name)
{
    return lua_isnoneornil(L, index) ? missing : argument_whole(L, index, what, name);
}
