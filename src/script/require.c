/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* require: lib/NAME.lua, once for the whole project. */
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>

#include "base/text.h"
#include "script/bindings.h"
#include "script/cjson.h"
#include "script/library.h"
#include "script/load.h"
#include "script/machine.h"
#include "script/sandbox.h"

#define NAMES_MAX 256

/* [-0, +1, e] Runs the file, whose name the script may not see. */
static void run_lib(lua_State *L, struct loader *l, const struct source *source)
{
    struct err err = {0};
    if (source->failure)
        machine_raise(L, "require \"%s\": %s", source->module.data, source->failure);
    loader_note_required(l, source);
    if (sandbox_load(L, source->text, source->name.data, &err) < 0) {
        lua_pushstring(L, err.message);
        lua_error(L);
    }
    lua_call(L, 0, 1);
    if (lua_isnil(L, -1)) {
        lua_pop(L, 1);
        lua_pushboolean(L, 1);
    }
}

/* rooms of ./lib/rooms.lua. */
static struct slice bare_name(struct slice name)
{
    static const struct slice beginnings[] = {SLICE_LIT("./"), SLICE_LIT("lib/"),
                                              SLICE_LIT("lib.")};
    for (size_t i = 0; i < ARRAY_LEN(beginnings); i++)
        if (slice_has_prefix(name, beginnings[i]))
            name = slice_from(name, beginnings[i].len);
    return slice_has_suffix(name, SLICE_LIT(".lua")) ? slice_upto(name, name.len - 4) : name;
}

static const char *find_near(struct sources *s, struct slice name)
{
    const char *names[NAMES_MAX];
    size_t n = 0;
    for (size_t i = 0; i < sources_count(s) && n < NAMES_MAX; i++)
        if (sources_at(s, i)->kind == SOURCE_LIB)
            names[n++] = sources_at(s, i)->module.data;
    return text_nearest(name, names, n);
}

/* [-0, +0] string, json and the like, which elsewhere have to be required. */
static bool is_global(lua_State *L, const char *name)
{
    machine_push(L, REF_GLOBALS);
    lua_getfield(L, -1, name);
    bool is = lua_istable(L, -1) || library_has(slice_str(name));
    lua_pop(L, 2);
    return is;
}

static _Noreturn void raise_missing(lua_State *L, struct sources *s, struct slice name)
{
    if (is_global(L, name.data))
        machine_raise(L, "require \"%.*s\": `%.*s` is there without it: leave the line out",
                      SLICE_FMT(name), SLICE_FMT(name));
    struct slice bare = bare_name(name);
    const struct source *source = sources_find(s, SOURCE_LIB, bare);
    const char *near = source ? source->module.data : find_near(s, bare);
    if (near)
        machine_raise(L, "require \"%.*s\": there is no such file in lib/; did you mean \"%s\"?",
                      SLICE_FMT(name), near);
    machine_raise(L, "require \"%.*s\": there is no lib/%.*s.lua", SLICE_FMT(name),
                  SLICE_FMT(bare));
}

static int require_lib(lua_State *L)
{
    struct script_machine *m = machine_of(L);
    lua_settop(L, 1);
    if (lua_type(L, 1) != LUA_TSTRING)
        machine_raise(L, "require takes the name of a file in lib/, as in require \"shared\"");
    const char *name = lua_tostring(L, 1);
    if (strcmp(name, "cjson") == 0 || strcmp(name, "cjson.safe") == 0)
        return cjson_require(L, name);

    machine_push(L, REF_LIBS);
    lua_getfield(L, 2, name);
    if (lua_isboolean(L, -1) && !lua_toboolean(L, -1))
        machine_raise(
            L,
            "require \"%s\": this file is being loaded just now; two files of lib/ require "
            "each other",
            name);
    if (!lua_isnil(L, -1))
        return 1;
    if (!m->loader)
        machine_raise(L, "require \"%s\" belongs at the top of a file, so that a reload checks it",
                      name);
    const struct source *source = sources_find(m->sources, SOURCE_LIB, slice_str(name));
    if (!source)
        raise_missing(L, m->sources, slice_str(name));
    lua_pushboolean(L, 0);
    lua_setfield(L, 2, name);
    run_lib(L, m->loader, source);
    lua_pushvalue(L, -1);
    lua_setfield(L, 2, name);
    return 1;
}

static const luaL_Reg globals[] = {{"require", require_lib}, {NULL, NULL}};

void require_open(lua_State *L)
{
    luaL_setfuncs(L, globals, 0);
    lua_newtable(L);
    machine_set(L, REF_LIBS);
}
