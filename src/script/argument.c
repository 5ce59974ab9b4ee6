/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "script/argument.h"

#include <math.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/text.h"
#include "base/utf8.h"
#include "script/codec.h"
#include "script/document.h"
#include "script/exact.h"
#include "script/instant.h"
#include "script/machine.h"
#include "script/secret.h"

#define SHOWN_MAX 40 /* bytes */
#define NAMES_MAX 64
#define WHOLE_MAX 9007199254740992.0 /* 2^53 */

const char *argument_describe(lua_State *L, int index)
{
    switch (lua_type(L, index)) {
    case LUA_TBOOLEAN:
        return lua_toboolean(L, index) ? "true" : "false";
    case LUA_TNUMBER:
        return isfinite(lua_tonumber(L, index)) ? "a number" : "NaN or infinity";
    case LUA_TSTRING:
        return "a string";
    case LUA_TTABLE:
        return codec_is_list(L, index) ? "a list" : "an object";
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

void argument_add_shown(lua_State *L, int index, struct buf *out)
{
    struct slice text;
    if (lua_type(L, index) == LUA_TSTRING) {
        text.data = lua_tolstring(L, index, &text.len);
        struct slice shown = utf8_cut(text, SHOWN_MAX);
        buf_add_char(out, '"');
        utf8_add_repaired(out, shown);
        buf_add_str(out, shown.len < text.len ? "…\"" : "\"");
    } else if (!argument_add_text(L, index, out)) {
        buf_add_str(out, argument_describe(L, index));
    }
}

/* ---- texts ---- */

bool argument_add_text(lua_State *L, int index, struct buf *out)
{
    const struct instant *t;
    struct slice s;
    switch (lua_type(L, index)) {
    case LUA_TSTRING:
        s.data = lua_tolstring(L, index, &s.len);
        buf_add_slice(out, s);
        return true;
    case LUA_TNUMBER:
        return json_add_double(out, lua_tonumber(L, index)) == 0;
    case LUA_TBOOLEAN:
        buf_add_str(out, lua_toboolean(L, index) ? "true" : "false");
        return true;
    default:
        break;
    }
    if ((t = instant_at(L, index)))
        instant_add(out, *t, 0);
    else if (exact_is(L, index))
        exact_add(L, index, out);
    else
        return false;
    return true;
}

bool argument_add_key(lua_State *L, int index, struct buf *out)
{
    int type = lua_type(L, index);
    bool is_key = type == LUA_TSTRING || type == LUA_TNUMBER || exact_is(L, index);
    return is_key && argument_add_text(L, index, out);
}

struct slice argument_text(lua_State *L, int index, const char *what, const char *name)
{
    struct buf *text = &machine_of(L)->text;
    struct slice s;
    if (lua_type(L, index) != LUA_TSTRING) {
        buf_clear(text);
        if (lua_isboolean(L, index) || !argument_add_text(L, index, text))
            refuse(L, index, what, name, "a string");
        lua_pushlstring(L, text->data, text->len);
        lua_replace(L, index);
    }
    s.data = lua_tolstring(L, index, &s.len);
    return s;
}

struct slice argument_bytes(lua_State *L, int index, const char *what, const char *name)
{
    return secret_is(L, index) ? secret_value(L, index) : argument_text(L, index, what, name);
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

/* ---- lists ---- */

/* Counts the elements of the table at `index`; -1 where not all of its keys are positions. *last is the
   highest. */
static int count_positions(lua_State *L, int index, lua_Number *last)
{
    int n = 0;
    *last = 0;
    lua_pushvalue(L, index);
    for (lua_pushnil(L); lua_next(L, -2); n++) {
        lua_pop(L, 1);
        lua_Number key = lua_type(L, -1) == LUA_TNUMBER ? lua_tonumber(L, -1) : 0;
        if (key < 1) {
            lua_pop(L, 2);
            return -1;
        }
        *last = key > *last ? key : *last;
    }
    lua_pop(L, 1);
    return n;
}

static int first_missing(lua_State *L, int index)
{
    for (int i = 1;; i++) {
        lua_rawgeti(L, index, i);
        bool is_missing = lua_isnil(L, -1);
        lua_pop(L, 1);
        if (is_missing)
            return i;
    }
}

int argument_list(lua_State *L, int index, const char *what, const char *name)
{
    lua_Number last;
    if (!lua_istable(L, index))
        refuse(L, index, what, name, "a list");
    document_read(L, index);
    int n = count_positions(L, index, &last);
    if (n < 0)
        machine_raise(L, "%s: %s must be a list, not an object", what, name);
    if (last != n)
        machine_raise(L, "%s: element %d of %s is missing (nil); write null where it is meant",
                      what, first_missing(L, index), name);
    return n;
}

int argument_nearest(lua_State *L)
{
    const char *names[NAMES_MAX];
    size_t n = 0;
    struct slice word = SLICE_NULL;
    if (lua_isstring(L, 1))
        word.data = lua_tolstring(L, 1, &word.len);
    for (; n < NAMES_MAX && n < lua_objlen(L, 2); n++) {
        lua_rawgeti(L, 2, (int)n + 1);
        names[n] = lua_tostring(L, -1); /* which its list keeps */
        lua_pop(L, 1);
    }
    lua_pushstring(L, text_nearest(word, names, n)); /* NULL is nil */
    return 1;
}
