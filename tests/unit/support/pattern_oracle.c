/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "pattern_oracle.h"

#include <stdlib.h>

#include <lauxlib.h>
#include <lualib.h>

#include "base/buf.h"
#include "base/err.h"
#include "script/machine.h"
#include "script/match.h"

/* Looks of our matcher, each after some thousands of comparisons. */
#define LOOKS_MAX 20

/* compare(ours, theirs) returns the function that compares one case. Both are called from the same
   lines, so that errors, which name the line, are the same. */
static const char compare[] =
    "local ours, theirs = ...\n"
    "local unpack, select, pcall, type = unpack, select, pcall, type\n"
    "local function all(lib, s, p)\n"
    "  local out = {}\n"
    "  for a, b in lib.gmatch(s, p) do\n"
    "    out[#out + 1] = tostring(a) .. '/' .. tostring(b)\n"
    "    if #out == 50 then break end\n"
    "  end\n"
    "  return unpack(out)\n"
    "end\n"
    "local function keep(...) return ... end -- a last act has no line\n"
    "local replacements = { a = 'A', b = false, ab = 12.5, [1] = 'one', [3] = 'three', x = {} }\n"
    "local indexed = setmetatable({}, { __index = function(_, k) return k ~= 'b' and '<' .. k .. "
    "'>' "
    "end })\n"
    "local odd = { 0, -1, 1.9, '2', 2^31 - 1, 2^31, 2^32, 2^32 + 1, -2^31 - 1, 1e15, math.huge, 0 "
    "/ 0 }\n"
    "local ways = {\n"
    "  ['find from an odd number'] = function(lib, s, p)\n"
    "    return keep(lib.find(s, p, odd[#s % #odd + 1]))\n"
    "  end,\n"
    "  ['gsub an odd number'] = function(lib, s, p)\n"
    "    return keep(lib.gsub(s, p, 'y', odd[#s % #odd + 1]))\n"
    "  end,\n"
    "  find = function(lib, s, p) return keep(lib.find(s, p)) end,\n"
    "  ['find from 3'] = function(lib, s, p) return keep(lib.find(s, p, 3)) end,\n"
    "  ['find from -2'] = function(lib, s, p) return keep(lib.find(s, p, -2)) end,\n"
    "  ['find from beyond'] = function(lib, s, p) return keep(lib.find(s, p, 1000)) end,\n"
    "  ['find plain'] = function(lib, s, p) return keep(lib.find(s, p, 1, true)) end,\n"
    "  match = function(lib, s, p) return keep(lib.match(s, p)) end,\n"
    "  ['match from 2'] = function(lib, s, p) return keep(lib.match(s, p, 2)) end,\n"
    "  ['match from -1'] = function(lib, s, p) return keep(lib.match(s, p, -1)) end,\n"
    "  gmatch = all,\n"
    "  ['gsub by text'] = function(lib, s, p, by) return keep(lib.gsub(s, p, by)) end,\n"
    "  ['gsub by text twice'] = function(lib, s, p, by) return keep(lib.gsub(s, p, by, 2)) end,\n"
    "  ['gsub by captures'] = function(lib, s, p) return keep(lib.gsub(s, p, '%2-%1<%0>%%')) end,\n"
    "  ['gsub by number'] = function(lib, s, p) return keep(lib.gsub(s, p, 7.5)) end,\n"
    "  ['gsub by table'] = function(lib, s, p) return keep(lib.gsub(s, p, replacements)) end,\n"
    "  ['gsub by metamethod'] = function(lib, s, p) return keep(lib.gsub(s, p, indexed)) end,\n"
    "  ['gsub by function'] = function(lib, s, p)\n"
    "    local n = 0\n"
    "    return keep(lib.gsub(s, p, function(a, b)\n"
    "      n = n + 1\n"
    "      if n % 3 == 0 then return n end\n"
    "      if n % 3 == 1 then return b or false end\n"
    "      return type(a) == 'string' and a .. '!'\n"
    "    end))\n"
    "  end,\n"
    "  ['gsub by what is none'] = function(lib, s, p)\n"
    "    return keep(lib.gsub(s, p, function() return lib end))\n"
    "  end,\n"
    "}\n"
    "local function show(n, values)\n"
    "  local out = {}\n"
    "  for i = 1, n do out[i] = ('%s %q'):format(type(values[i]), tostring(values[i])) end\n"
    "  return table.concat(out, ', ')\n"
    "end\n"
    "local function pack(...) return select('#', ...), { ... } end\n"
    "return function(s, p, by)\n"
    "  for name, call in pairs(ways) do\n"
    "    local n, got = pack(pcall(call, ours, s, p, by))\n"
    "    local m, expected = pack(pcall(call, theirs, s, p, by))\n"
    "    local same = n == m\n"
    "    for i = 1, n do same = same and rawequal(got[i], expected[i]) end\n"
    "    if not same then\n"
    "      return ('%s of %q in %q by %q: LuaJIT %s; ours %s'):format(name, p, s, by, show(m, "
    "expected),\n"
    "        show(n, got))\n"
    "    end\n"
    "  end\n"
    "end\n";

struct pattern_oracle {
    struct script_machine *m;
    int compare_ref;
};

static void run_chunk(lua_State *L)
{
    if (luaL_loadbuffer(L, compare, sizeof(compare) - 1, "@compare") != 0)
        die("%s", lua_tostring(L, -1));
    machine_push(L, REF_GLOBALS);
    lua_getfield(L, -1, "string");
    lua_remove(L, -2);
    lua_pushcfunction(L, luaopen_string);
    lua_call(L, 0, 1);
    if (lua_pcall(L, 2, 1, 0) != 0)
        die("%s", lua_tostring(L, -1));
}

struct pattern_oracle *pattern_oracle_new(void)
{
    static struct clock_fake clock = {.mono_ms = 1};
    const struct script_options options = {.clock = clock_of_fake(&clock)};
    struct err err = {0};
    struct pattern_oracle *o = mem_calloc(1, sizeof(*o));
    o->m = machine_new(&options, &err);
    if (!o->m)
        die("%s", err.message);
    run_chunk(o->m->L);
    o->compare_ref = luaL_ref(o->m->L, LUA_REGISTRYINDEX);
    return o;
}

void pattern_oracle_free(struct pattern_oracle *o)
{
    if (o)
        machine_free(o->m);
    free(o);
}

static bool is_stopping(void *ctx)
{
    return --*(int *)ctx <= 0;
}

bool pattern_oracle_ends(struct slice text, struct slice pattern)
{
    int looks = LOOKS_MAX;
    struct match m = {
        .text = text, .pattern = match_pattern(pattern), .is_stopping = is_stopping, .ctx = &looks};
    for (size_t at = 0; at <= text.len && looks > 0; at++) {
        m.error = NULL;
        const char *end = match_at(&m, at);
        if (end && (end < text.data + at || end > text.data + text.len))
            die("a match that ends outside of the text");
    }
    return looks > 0;
}

static void push(lua_State *L, struct slice s)
{
    lua_pushlstring(L, s.data ? s.data : "", s.len);
}

const char *pattern_oracle_compare(struct pattern_oracle *o, struct slice text,
                                   struct slice pattern, struct slice by)
{
    lua_State *L = o->m->L;
    lua_settop(L, 0);
    lua_rawgeti(L, LUA_REGISTRYINDEX, o->compare_ref);
    push(L, text);
    push(L, pattern);
    push(L, by);
    if (lua_pcall(L, 3, 1, 0) != 0)
        die("%s", lua_tostring(L, -1));
    return lua_tostring(L, 1);
}
