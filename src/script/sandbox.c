/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "script/sandbox.h"

#include <lauxlib.h>
#include <lualib.h>

#include "prelude.h"
#include "script/bindings.h"
#include "script/blame.h"
#include "script/digits.h"
#include "script/library.h"
#include "script/machine.h"

/* What stays of Lua's own. Left out on purpose: what reaches files, processes, bytecode and other
   environments (io, most of os, package, debug, ffi, jit, load*, dofile, getfenv, setfenv,
   string.dump, newproxy, collectgarbage), and coroutine, whose yields would swallow ours. */
static const char *const base_names[] = {
    "_VERSION",     "assert",   "error",    "getmetatable", "ipairs", "next",
    "pairs",        "pcall",    "rawequal", "rawget",       "rawset", "select",
    "setmetatable", "tonumber", "tostring", "type",         "unpack", NULL,
};
static const char *const bit_names[] = {
    "arshift", "band", "bnot",   "bor",   "bswap", "bxor", "lshift",
    "rol",     "ror",  "rshift", "tobit", "tohex", NULL,
};
static const char *const math_names[] = {
    "abs",        "acos", "asin",  "atan", "atan2", "ceil", "cos",   "cosh",
    "deg",        "exp",  "floor", "fmod", "frexp", "huge", "ldexp", "log",
    "log10",      "max",  "min",   "modf", "pi",    "pow",  "rad",   "random",
    "randomseed", "sin",  "sinh",  "sqrt", "tan",   "tanh", NULL,
};
static const char *const os_names[] = {"clock", "date", "difftime", "time", NULL};
static const char *const string_names[] = {
    "byte", "char", "format", "len", "lower", "rep", "reverse", "sub", "upper", NULL,
};
static const char *const table_names[] = {
    "concat", "maxn", "move", "remove", "sort", NULL,
};

static const struct {
    const char *name;
    lua_CFunction open;
    const char *const *members;
} libraries[] = {
    {"bit", luaopen_bit, bit_names},       {"math", luaopen_math, math_names},
    {"os", luaopen_os, os_names},          {"string", luaopen_string, string_names},
    {"table", luaopen_table, table_names},
};

/* [-0, +0] Copies `names` of the table below the top into the table on top. */
static void copy_names(lua_State *L, const char *const *names)
{
    for (; *names; names++) {
        lua_getfield(L, -2, *names);
        lua_setfield(L, -2, *names);
    }
}

static void open_library(lua_State *L, const char *name, lua_CFunction open)
{
    lua_pushcfunction(L, open);
    lua_pushstring(L, name);
    lua_call(L, 1, 0);
}

/* ("x"):upper() finds its methods by the metatable of all strings, which nobody can reach. */
static void share_string_methods(lua_State *L)
{
    lua_pushliteral(L, "");
    lua_getmetatable(L, -1);
    lua_getfield(L, -3, "string");
    lua_newtable(L);
    for (lua_pushnil(L); lua_next(L, -3);) {
        lua_pushvalue(L, -2);
        lua_insert(L, -2);
        lua_settable(L, -4);
    }
    lua_setfield(L, -3, "__index");
    lua_pop(L, 1);
    lua_pushliteral(L, "string");
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 2);
}

void sandbox_open(lua_State *L)
{
    open_library(L, "", luaopen_base);
    lua_pushvalue(L, LUA_GLOBALSINDEX);
    lua_insert(L, -2);
    copy_names(L, base_names);
    for (size_t i = 0; i < ARRAY_LEN(libraries); i++) {
        open_library(L, libraries[i].name, libraries[i].open);
        lua_getfield(L, -2, libraries[i].name);
        lua_newtable(L);
        copy_names(L, libraries[i].members);
        lua_setfield(L, -3, libraries[i].name);
        lua_pop(L, 1);
    }
    lua_remove(L, -2);
    match_open(L);
    table_open(L);
    digits_open(L);
}

/* ---- opening everything ---- */

#define HOST "liaison.host"

void bindings_add_host(lua_State *L, const struct luaL_Reg *functions)
{
    lua_getfield(L, LUA_REGISTRYINDEX, HOST);
    luaL_setfuncs(L, functions, 0);
    lua_pop(L, 1);
}

void bindings_add_metatable(lua_State *L, int ref, const struct luaL_Reg *functions)
{
    lua_newtable(L);
    luaL_setfuncs(L, functions, 0);
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    machine_set(L, (enum machine_ref)ref);
}

/* The prelude gets the globals that it may add to, and a table of what the host alone calls. */
static void run_prelude(lua_State *L)
{
    for (size_t i = 0; i < prelude_files_count; i++) {
        const struct prelude_file *file = &prelude_files[i];
        lua_pushfstring(L, "=%s", file->name);
        if (luaL_loadbuffer(L, file->text, file->len, lua_tostring(L, -1)) != 0)
            lua_error(L);
        lua_remove(L, -2);
        lua_pushvalue(L, -2);
        lua_pushvalue(L, -4);
        lua_call(L, 2, 0);
    }
}

void bindings_open(lua_State *L)
{
    lua_newtable(L); /* the host's */
    lua_pushvalue(L, -1);
    lua_setfield(L, LUA_REGISTRYINDEX, HOST);
    lua_newtable(L); /* the globals */
    sandbox_open(L);
    document_open(L);
    data_open(L);
    path_open(L);
    json_open(L);
    exact_open(L);
    outcome_open(L);
    config_open(L);
    log_open(L);
    sync_open(L);
    answer_open(L);
    http_open(L);
    await_open(L);
    require_open(L);
    cjson_open(L);
    run_open(L);
    batchrun_open(L);
    bus_open(L);
    verify_open(L);
    blame_open(L);
    run_prelude(L);
    share_string_methods(L);
    machine_set(L, REF_GLOBALS);
    lua_newtable(L);
    machine_set(L, REF_ENVIRONMENTS);
    library_open(L);
    run_adopt(L);
    batchrun_adopt(L);
    await_adopt(L);
    bus_adopt(L);
    lua_pop(L, 1);
    lua_pushnil(L);
    lua_setfield(L, LUA_REGISTRYINDEX, HOST);
}

/* ---- environments ---- */

/* [-1, +1] Replaces the table on top by a copy; the tables in it are copied when `deep`. */
static void copy_table(lua_State *L, bool deep)
{
    lua_newtable(L);
    for (lua_pushnil(L); lua_next(L, -3);) {
        if (deep && lua_istable(L, -1))
            copy_table(L, false);
        lua_pushvalue(L, -2);
        lua_insert(L, -2);
        lua_rawset(L, -4);
    }
    lua_remove(L, -2);
}

int sandbox_load(lua_State *L, struct slice text, const char *name, struct err *err)
{
    if (slice_has_prefix(text, SLICE_LIT("\033")))
        return err_set(err, ERR_SCRIPT,
                       "%s:1: this is compiled Lua (bytecode), which isn't run: put its text here",
                       name);
    lua_pushfstring(L, "@%s", name);
    int status =
        luaL_loadbufferx(L, text.data ? text.data : "", text.len, lua_tostring(L, -1), "t");
    lua_remove(L, -2);
    if (status != 0) {
        err_set(err, ERR_SCRIPT, "%s", lua_tostring(L, -1));
        lua_pop(L, 1);
        return -1;
    }
    machine_push(L, REF_GLOBALS);
    copy_table(L, true);
    lua_pushvalue(L, -1);
    lua_setfield(L, -2, "_G");
    library_attach(L);
    machine_push(L, REF_ENVIRONMENTS);
    lua_pushvalue(L, -2);
    lua_setfield(L, -2, name);
    lua_pop(L, 1);
    lua_setfenv(L, -2);
    return 0;
}
