/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * isNumber, round, toInteger, toNumber, toBoolean, decimal: between texts, Lua's numbers and exact
 * ones. What a text becomes is what a document's number would: exact where no double holds it.
 */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>

#include "base/json.h"
#include "script/argument.h"
#include "script/bindings.h"
#include "script/codec.h"
#include "script/exact.h"
#include "script/library.h"
#include "script/machine.h"

#define NO_NUMBER "is no number, as \"12.5\" is"
#define NO_INTEGER "is no whole number, as \"12\" is"
#define NO_BOOLEAN "is neither true nor false; yes, no, on, off, 1 and 0 are taken, too"

/* ---- what can't be converted ---- */

/* NAME(x, default): the default where there is one, else an error. */
static int refuse(lua_State *L, const char *what, const char *why)
{
    struct buf *shown = &machine_of(L)->json;
    if (lua_gettop(L) >= 2) {
        lua_settop(L, 2);
        return 1;
    }
    if (lua_gettop(L) == 0 || lua_isnil(L, 1) || codec_is_null(L, 1))
        machine_raise(L, "%s(x): x is %s; give a default, as in %s(x, 0)", what,
                      argument_describe(L, 1), what);
    buf_clear(shown);
    argument_add_shown(L, 1, shown);
    machine_raise(L, "%s(x): %s %s", what, shown->data, why);
}

/* ---- texts ---- */

/* Appends digits without zeros in front, "0" where nothing is left. */
static void add_whole(struct buf *out, struct slice digits)
{
    while (digits.len > 1 && digits.data[0] == '0')
        digits = slice_from(digits, 1);
    if (digits.len == 0)
        buf_add_char(out, '0');
    buf_add_slice(out, digits);
}

static struct slice take_digits(struct slice *s)
{
    size_t n = 0;
    while (n < s->len && isdigit((unsigned char)s->data[n]))
        n++;
    struct slice digits = slice_upto(*s, n);
    *s = slice_from(*s, n);
    return digits;
}

static bool take(struct slice *s, const char *any_of)
{
    if (s->len == 0 || !strchr(any_of, s->data[0]))
        return false;
    *s = slice_from(*s, 1);
    return true;
}

/* Appends the JSON number that a text means: blanks around it, a plus, zeros in front, "5." and ".5"
   are no harm. */
static bool add_number(struct buf *out, struct slice text)
{
    struct slice s = slice_trim(text);
    bool is_negative = s.len > 0 && s.data[0] == '-';
    take(&s, "+-");
    struct slice whole = take_digits(&s), fraction = SLICE_NULL;
    if (take(&s, "."))
        fraction = take_digits(&s);
    if (whole.len == 0 && fraction.len == 0)
        return false;
    if (is_negative)
        buf_add_char(out, '-');
    add_whole(out, whole);
    if (fraction.len > 0)
        buf_printf(out, ".%.*s", SLICE_FMT(fraction));
    if (take(&s, "eE")) {
        bool is_small = s.len > 0 && s.data[0] == '-';
        take(&s, "+-");
        struct slice power = take_digits(&s);
        if (power.len == 0)
            return false;
        buf_printf(out, "e%s%.*s", is_small ? "-" : "", SLICE_FMT(power));
    }
    return s.len == 0;
}

/* The default, too, where a number has too many digits. */
static int refuse_size(lua_State *L, const char *what, const struct err *err)
{
    if (lua_gettop(L) < 2)
        machine_raise(L, "%s(x): %s", what, err->message);
    lua_settop(L, 2);
    return 1;
}

/* [-0, +1, e] Pushes the number of a JSON text as documents have it. */
static int push_number(lua_State *L, const char *what, struct slice text)
{
    struct err err = {0};
    lua_Number value;
    if (codec_read_number(text, &value))
        lua_pushnumber(L, value);
    else if (exact_push(L, text, &err) < 0)
        return refuse_size(L, what, &err);
    return 1;
}

/* Makes `out` the JSON number that argument 1 means; false where it means none. */
static bool read_argument(lua_State *L, struct buf *out)
{
    buf_clear(out);
    if (lua_type(L, 1) == LUA_TSTRING) {
        struct slice text;
        text.data = lua_tolstring(L, 1, &text.len);
        return add_number(out, text);
    }
    if (exact_is(L, 1)) {
        exact_add(L, 1, out);
        return true;
    }
    return lua_type(L, 1) == LUA_TNUMBER && json_add_double(out, lua_tonumber(L, 1)) == 0;
}

/* ---- toNumber, decimal ---- */

static int to_number(lua_State *L)
{
    struct buf *text = &machine_of(L)->body;
    if (lua_type(L, 1) == LUA_TNUMBER || exact_is(L, 1)) {
        lua_settop(L, 1);
        return 1;
    }
    if (!read_argument(L, text))
        return refuse(L, "toNumber", NO_NUMBER);
    return push_number(L, "toNumber", buf_slice(text));
}

static int to_decimal(lua_State *L)
{
    struct buf *text = &machine_of(L)->body;
    struct err err = {0};
    if (!read_argument(L, text))
        return refuse(L, "decimal", NO_NUMBER);
    if (exact_push(L, buf_slice(text), &err) < 0)
        return refuse_size(L, "decimal", &err);
    return 1;
}

static int is_number(lua_State *L)
{
    bool is_plain = lua_type(L, 1) == LUA_TNUMBER && isfinite(lua_tonumber(L, 1));
    lua_pushboolean(L, is_plain || (lua_gettop(L) > 0 && exact_is(L, 1)));
    return 1;
}

/* ---- round, toInteger ---- */

static int number_round(lua_State *L)
{
    struct script_machine *m = machine_of(L);
    struct err err = {0};
    lua_settop(L, 2);
    bool is_plain = lua_type(L, 1) == LUA_TNUMBER;
    if (!is_plain && !exact_is(L, 1))
        machine_raise(L, "round(x, digits): x must be a number, not %s%s", argument_describe(L, 1),
                      lua_type(L, 1) == LUA_TSTRING ? "; write round(toNumber(x), digits)" : "");
    lua_Number digits = lua_isnil(L, 2)                 ? 0
                        : lua_type(L, 2) == LUA_TNUMBER ? lua_tonumber(L, 2)
                                                        : NAN;
    if (!(fabs(digits) <= EXACT_DIGITS_MAX && digits == floor(digits)))
        machine_raise(L, "round(x, digits): digits must be a whole number as in round(x, 2)");
    if (!read_argument(L, &m->body)) { /* not finite */
        lua_settop(L, 1);
        return 1;
    }
    buf_clear(&m->json);
    if (exact_round(m, buf_slice(&m->body), (long)digits, EXACT_HALF_UP, &m->json, NULL, &err) < 0)
        machine_raise(L, "round(x, digits): %s", err.message);
    if (is_plain)
        lua_pushnumber(L, strtod(m->json.data, NULL));
    else if (exact_push(L, buf_slice(&m->json), &err) < 0)
        machine_raise(L, "round(x, digits): %s", err.message);
    return 1;
}

/* A text's number must be whole; of a number, what stands behind the point is dropped. */
static int to_integer(lua_State *L)
{
    struct script_machine *m = machine_of(L);
    struct err err = {0};
    bool is_whole;
    if (lua_isboolean(L, 1)) {
        lua_pushinteger(L, lua_toboolean(L, 1));
        return 1;
    }
    if (!read_argument(L, &m->body))
        return refuse(L, "toInteger", NO_INTEGER);
    buf_clear(&m->json);
    if (exact_round(m, buf_slice(&m->body), 0, EXACT_TRUNCATE, &m->json, &is_whole, &err) < 0)
        return refuse_size(L, "toInteger", &err);
    if (lua_type(L, 1) == LUA_TSTRING && !is_whole)
        return refuse(L, "toInteger", NO_INTEGER);
    return push_number(L, "toInteger", buf_slice(&m->json));
}

/* ---- toBoolean ---- */

static const struct {
    const char *word;
    bool value;
} words[] = {
    {"true", true},   {"yes", true}, {"on", true},   {"t", true},  {"y", true},  {"1", true},
    {"false", false}, {"no", false}, {"off", false}, {"f", false}, {"n", false}, {"0", false},
};

static int to_boolean(lua_State *L)
{
    struct slice text;
    if (lua_isboolean(L, 1)) {
        lua_settop(L, 1);
        return 1;
    }
    if (lua_type(L, 1) == LUA_TNUMBER || exact_is(L, 1)) {
        lua_pushboolean(L, exact_is(L, 1) || lua_tonumber(L, 1) != 0);
        return 1;
    }
    if (lua_type(L, 1) != LUA_TSTRING)
        return refuse(L, "toBoolean", NO_BOOLEAN);
    text.data = lua_tolstring(L, 1, &text.len);
    text = slice_trim(text);
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (slice_is_equal_nocase(text, slice_str(words[i].word))) {
            lua_pushboolean(L, words[i].value);
            return 1;
        }
    }
    return refuse(L, "toBoolean", NO_BOOLEAN);
}

/* ---- the subject ---- */

static const char *const names[] = {
    "isNumber", "round", "toInteger", "toNumber", "toBoolean", "decimal", NULL,
};
static const luaL_Reg functions[] = {
    {"isNumber", is_number},
    {"round", number_round},
    {"toInteger", to_integer},
    {"toNumber", to_number},
    {"toBoolean", to_boolean},
    {"decimal", to_decimal},
    {NULL, NULL},
};
const struct subject subject_number = {"number", names, functions, NULL};
