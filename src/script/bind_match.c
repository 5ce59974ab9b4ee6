/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * string.find, match, gmatch and gsub, over match.h. What they answer and how they fail is what
 * LuaJIT's own do, numbers beyond an int and a "%" at a replacement's end included.
 */
#include <limits.h>
#include <string.h>

#include <lauxlib.h>

#include "script/bindings.h"
#include "script/digits.h"
#include "script/machine.h"
#include "script/match.h"

static bool is_stopping(void *L)
{
    return machine_is_stopping(L);
}

/* [-0, +0, e] A string argument, or a number's text. */
static struct slice check_text(lua_State *L, int index)
{
    struct slice s;
    s.data = luaL_checklstring(L, index, &s.len);
    return s;
}

static struct match begin(lua_State *L)
{
    struct slice text = check_text(L, 1), pattern = match_pattern(check_text(L, 2));
    return (struct match){.text = text, .pattern = pattern, .is_stopping = is_stopping, .ctx = L};
}

static void spend_or_raise(lua_State *L, struct match *m, size_t work)
{
    if (!match_spend(m, work))
        machine_raise(L, "%s", m->error);
}

static const char *match_or_raise(lua_State *L, struct match *m, size_t at)
{
    const char *end = match_at(m, at);
    if (m->error)
        machine_raise(L, "%s", m->error);
    return end;
}

/* [-0, +1, e] Pushes capture i; the whole match start..end where there are none. */
static void push_capture(lua_State *L, const struct match *m, int i, const char *start,
                         const char *end)
{
    const struct match_capture *c = &m->captures[i];
    if (i >= m->n_captures) {
        if (i > 0)
            machine_raise(L, "invalid capture index");
        lua_pushlstring(L, start, (size_t)(end - start));
    } else if (c->len == MATCH_POSITION) {
        lua_pushinteger(L, c->start - m->text.data + 1);
    } else if (c->len == MATCH_UNFINISHED) {
        machine_raise(L, "unfinished capture");
    } else {
        lua_pushlstring(L, c->start, (size_t)c->len);
    }
}

/* [-0, +n, e] All captures; `start` NULL: nothing in place of them where there are none. */
static int push_captures(lua_State *L, const struct match *m, const char *start, const char *end)
{
    int n = m->n_captures == 0 && start ? 1 : m->n_captures;
    luaL_checkstack(L, n + 2, "too many captures");
    for (int i = 0; i < n; i++)
        push_capture(L, m, i, start, end);
    return n;
}

/* ---- find and match ---- */

/* An int as LuaJIT's own library reads one: what is none becomes the smallest. */
static int64_t read_int(lua_State *L, int index, int otherwise)
{
    if (lua_isnoneornil(L, index))
        return otherwise;
    lua_Number n = luaL_checknumber(L, index);
    return n > INT_MIN && n < INT_MAX + 1.0 ? (int64_t)n : INT_MIN;
}

/* The 0-based place that argument `index` means; negative ones count from the end. */
static size_t read_init(lua_State *L, int index, size_t len)
{
    int64_t init = read_int(L, index, 1);
    init += init < 0 ? (int64_t)len : -1;
    if (init < 0)
        return 0;
    return (size_t)init > len ? len : (size_t)init;
}

static int find_plain(lua_State *L, struct slice text, struct slice wanted, size_t init)
{
    const char *found = memmem(text.data + init, text.len - init, wanted.data, wanted.len);
    if (!found) {
        lua_pushnil(L);
        return 1;
    }
    lua_pushinteger(L, found - text.data + 1);
    lua_pushinteger(L, found - text.data + (ptrdiff_t)wanted.len);
    return 2;
}

/* Takes a leading ^ off. */
static bool take_anchor(struct match *m)
{
    bool is_anchored = m->pattern.len > 0 && m->pattern.data[0] == '^';
    m->pattern = slice_from(m->pattern, is_anchored);
    return is_anchored;
}

static int find_pattern(lua_State *L, struct match *m, size_t init, bool wants_place)
{
    bool is_anchored = take_anchor(m);
    for (size_t at = init; at <= m->text.len; at++) {
        const char *start = m->text.data + at, *end = match_or_raise(L, m, at);
        if (end && wants_place) {
            lua_pushinteger(L, (lua_Integer)at + 1);
            lua_pushinteger(L, end - m->text.data);
            return 2 + push_captures(L, m, NULL, NULL);
        }
        if (end)
            return push_captures(L, m, start, end);
        if (is_anchored)
            break;
    }
    lua_pushnil(L);
    return 1;
}

static int string_find(lua_State *L)
{
    struct match m = begin(L);
    struct slice wanted = check_text(L, 2);
    size_t init = read_init(L, 3, m.text.len);
    if (lua_toboolean(L, 4) || match_is_plain(wanted))
        return find_plain(L, m.text, wanted, init);
    return find_pattern(L, &m, init, true);
}

static int string_match(lua_State *L)
{
    struct match m = begin(L);
    return find_pattern(L, &m, read_init(L, 3, m.text.len), false);
}

/* ---- gmatch ---- */

/* Upvalues: text, pattern, the place to go on at. */
static int next_match(lua_State *L)
{
    struct match m = {.is_stopping = is_stopping, .ctx = L};
    m.text.data = lua_tolstring(L, lua_upvalueindex(1), &m.text.len);
    m.pattern.data = lua_tolstring(L, lua_upvalueindex(2), &m.pattern.len);
    m.pattern = match_pattern(m.pattern);
    for (size_t at = (size_t)lua_tointeger(L, lua_upvalueindex(3)); at <= m.text.len; at++) {
        const char *start = m.text.data + at, *end = match_or_raise(L, &m, at);
        if (!end)
            continue;
        lua_pushinteger(L, end - m.text.data + (end == start));
        lua_replace(L, lua_upvalueindex(3));
        return push_captures(L, &m, start, end);
    }
    return 0;
}

static int string_gmatch(lua_State *L)
{
    check_text(L, 1);
    check_text(L, 2);
    lua_settop(L, 2);
    lua_pushinteger(L, 0);
    lua_pushcclosure(L, next_match, 3);
    return 1;
}

/* ---- gsub ---- */

/* What "%c" in a replacement's text stands for: a capture, the whole match, or c itself. */
static void add_escaped(lua_State *L, luaL_Buffer *out, const struct match *m, char c,
                        const char *start, const char *end)
{
    if (c == '0') {
        luaL_addlstring(out, start, (size_t)(end - start));
    } else if (c >= '1' && c <= '9') {
        push_capture(L, m, c - '1', start, end);
        luaL_addvalue(out);
    } else {
        luaL_addchar(out, c);
    }
}

static void add_template(lua_State *L, luaL_Buffer *out, struct match *m, const char *start,
                         const char *end)
{
    struct slice t;
    t.data = lua_tolstring(L, 3, &t.len);
    for (size_t i = 0; i < t.len; i++) {
        spend_or_raise(L, m, 1); /* a long one may come to nothing, again and again */
        if (t.data[i] == '%')
            add_escaped(L, out, m, t.data[++i], start, end); /* behind the last stands a zero */
        else
            luaL_addchar(out, t.data[i]);
    }
}

/* What a match becomes; false and nil leave it as it is. */
static void add_replacement(lua_State *L, luaL_Buffer *out, struct match *m, const char *start,
                            const char *end)
{
    int type = lua_type(L, 3);
    if (type == LUA_TSTRING || type == LUA_TNUMBER) {
        add_template(L, out, m, start, end);
        return;
    }
    if (type == LUA_TFUNCTION) {
        lua_pushvalue(L, 3);
        lua_call(L, push_captures(L, m, start, end), 1);
    } else {
        push_capture(L, m, 0, start, end);
        lua_gettable(L, 3);
    }
    if (!lua_toboolean(L, -1)) {
        lua_pop(L, 1);
        lua_pushlstring(L, start, (size_t)(end - start));
    } else if (!lua_isstring(L, -1)) {
        machine_raise(L, "invalid replacement value (a %s)", luaL_typename(L, -1));
    }
    if (lua_type(L, -1) == LUA_TNUMBER)
        digits_spell(L, -1);
    luaL_addvalue(out);
}

static void check_replacement(lua_State *L)
{
    int type = lua_type(L, 3);
    luaL_argcheck(L,
                  type == LUA_TSTRING || type == LUA_TNUMBER || type == LUA_TTABLE ||
                      type == LUA_TFUNCTION,
                  3, "string/function/table expected");
    if (type == LUA_TNUMBER)
        digits_spell(L, 3);
}

static int string_gsub(lua_State *L)
{
    struct match m = begin(L);
    luaL_Buffer out;
    size_t at = 0;
    int max = luaL_optint(L, 4, (int)m.text.len + 1), n = 0;
    check_replacement(L);
    machine_check_nesting(L);
    lua_settop(L, 4);
    bool is_anchored = take_anchor(&m);
    luaL_buffinit(L, &out);
    while (n < max) {
        const char *start = m.text.data + at, *end = match_or_raise(L, &m, at);
        if (end) {
            n++;
            add_replacement(L, &out, &m, start, end);
        }
        if (end && end > start)
            at = (size_t)(end - m.text.data);
        else if (at < m.text.len)
            luaL_addchar(&out, m.text.data[at++]);
        else
            break;
        if (is_anchored)
            break;
    }
    luaL_addlstring(&out, m.text.data + at, m.text.len - at);
    luaL_pushresult(&out);
    lua_pushinteger(L, n);
    return 2;
}

static const luaL_Reg functions[] = {
    {"find", string_find},
    {"match", string_match},
    {"gmatch", string_gmatch},
    {"gsub", string_gsub},
    {NULL, NULL},
};

void match_open(lua_State *L)
{
    lua_getfield(L, -1, "string");
    luaL_setfuncs(L, functions, 0);
    lua_pop(L, 1);
}
