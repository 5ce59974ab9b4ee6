/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* What library/regex.lua is made of: compiled patterns, and one search. */
#include <string.h>

#include "modules/regex.h"
#include "script/argument.h"
#include "script/bindings.h"
#include "script/library.h"
#include "script/machine.h"
#include "script/module.h"

/* A userdata that owns a pattern. */
struct pattern {
    const struct regex_module *module;
    struct regex *regex;
};

/* The compiled pattern, which the Lua file alone can give as the first argument. */
static const struct pattern *first_pattern(lua_State *L)
{
    return lua_touserdata(L, 1);
}

static int pattern_gc(lua_State *L)
{
    struct pattern *p = lua_touserdata(L, 1);
    if (p->regex)
        p->module->free(p->regex);
    p->regex = NULL;
    return 0;
}

/* How many characters stand before byte `offset`. */
static size_t characters_before(struct slice s, size_t offset)
{
    size_t n = 0;
    for (size_t i = 0; i < offset && i < s.len; i++)
        n += ((unsigned char)s.data[i] & 0xC0) != 0x80;
    return n;
}

/* compile(pattern, what) */
static int host_compile(lua_State *L)
{
    const char *what = luaL_checkstring(L, 2);
    struct slice text = argument_utf8(L, 1, what, "pattern");
    const struct regex_module *module = module_find(L, MODULE_REGEX, what);
    struct regex_fault fault = {0, "out of memory"};
    struct pattern *p = lua_newuserdata(L, sizeof(*p));
    *p = (struct pattern){.module = module};
    machine_mark(L, lua_gettop(L), REF_REGEX);
    p->regex = module->compile(text.data, text.len, &fault);
    if (!p->regex)
        machine_raise(L, "%s: the pattern is wrong at character %zu: %s", what,
                      characters_before(text, fault.offset), fault.text);
    return 1;
}

/* groups(pattern): { [number] = true, [name] = true } */
static int host_groups(lua_State *L)
{
    const struct pattern *p = first_pattern(L);
    lua_newtable(L);
    for (unsigned i = 0; i <= p->module->count_groups(p->regex); i++) {
        const char *name = p->module->group_name(p->regex, i);
        lua_pushboolean(L, 1);
        lua_rawseti(L, -2, (int)i);
        if (!name)
            continue;
        lua_pushboolean(L, 1);
        lua_setfield(L, -2, name);
    }
    return 1;
}

/* [-0, +1, e] { [0] = whole, [1] = …, NAME = …, groups = { NAME = … } } */
static void push_match(lua_State *L, struct slice text, const struct pattern *p,
                       const struct regex_span *spans)
{
    unsigned n = p->module->count_groups(p->regex);
    lua_createtable(L, (int)n, 4);
    lua_newtable(L);
    for (unsigned i = 0; i <= n; i++) {
        const char *name = p->module->group_name(p->regex, i);
        if (spans[i].from == REGEX_UNSET)
            continue;
        lua_pushlstring(L, text.data + spans[i].from, spans[i].to - spans[i].from);
        lua_pushvalue(L, -1);
        lua_rawseti(L, -4, (int)i);
        if (name) {
            lua_pushvalue(L, -1);
            lua_setfield(L, -4, name);
            lua_setfield(L, -2, name);
        } else {
            lua_pop(L, 1);
        }
    }
    lua_setfield(L, -2, "groups");
}

static bool is_stopping(void *L)
{
    return machine_is_stopping(L);
}

/* search(pattern, text, at, isNotEmpty, what): nothing, or the position of the match in bytes, that
   behind it, and the match: a string where the pattern has no groups, else a table. */
static int host_search(lua_State *L)
{
    struct regex_span spans[REGEX_GROUPS_MAX + 1];
    const struct pattern *p = first_pattern(L);
    struct slice text;
    text.data = luaL_checklstring(L, 2, &text.len);
    const struct regex_search search = {
        .text = text.data,
        .len = text.len,
        .from = (size_t)luaL_checkinteger(L, 3) - 1,
        .is_not_empty = lua_toboolean(L, 4),
        .is_stopping = is_stopping,
        .ctx = L,
    };
    enum regex_end end = p->module->search(p->regex, &search, spans);
    if (end == REGEX_NONE)
        return 0;
    if (end == REGEX_STOPPED)
        machine_raise(L, "stopped");
    if (end == REGEX_LIMIT)
        machine_raise(L,
                      "%s: the pattern takes too many steps, or too much memory, on this text: "
                      "avoid repetitions within repetitions, as in (a+)+",
                      luaL_checkstring(L, 5));
    lua_pushinteger(L, (lua_Integer)spans[0].from + 1);
    lua_pushinteger(L, (lua_Integer)spans[0].to + 1);
    if (p->module->count_groups(p->regex) > 0)
        push_match(L, text, p, spans);
    else
        lua_pushlstring(L, text.data + spans[0].from, spans[0].to - spans[0].from);
    return 3;
}

static const luaL_Reg metamethods[] = {{"__gc", pattern_gc}, {NULL, NULL}};

static void open_regex(lua_State *L)
{
    bindings_add_metatable(L, REF_REGEX, metamethods);
}

static const char *const names[] = {
    "regex.find", "regex.findAll", "regex.replace", "regex.split", NULL,
};

static const luaL_Reg functions[] = {
    {"compile", host_compile},
    {"groups", host_groups},
    {"search", host_search},
    {NULL, NULL},
};

const struct subject subject_regex = {"regex", names, functions, open_regex};
