/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* require: lib/NAME.lua, once for the whole project. */
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>

#include "script/bindings.h"
#include "script/cjson.h"
#include "script/load.h"
#include "script/machine.h"
#include "script/sandbox.h"

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
        machine_raise(L, "require \"%s\": there is no lib/%s.lua", name, name);
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
