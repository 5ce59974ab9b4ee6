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

/* "a.b" is lib/a/b.lua or lib/a/b/init.lua. The caller frees it; NULL when there is none. */
static char *find_lib(const struct script_machine *m, const char *name)
{
    char *folder = mem_strdup(name);
    for (char *dot = folder; (dot = strchr(dot, '.'));)
        *dot = '/';
    char *last = strrchr(folder, '/');
    struct buf path = {0};
    buf_add_str(&path, "lib");
    if (last) {
        *last = '\0';
        buf_printf(&path, "/%s", folder);
    }
    char *found =
        strstr(name, "..") ? NULL : modules_find(m->project, path.data, last ? last + 1 : folder);
    buf_deinit(&path);
    free(folder);
    return found;
}

/* [-0, +1, e] Runs the file at `path`, whose name the script may not see. */
static void run_lib(lua_State *L, struct loader *l, const char *name, char *path)
{
    struct err err = {0};
    struct source *source = loader_read(l, path);
    free(path);
    int rc = source ? sandbox_load(L, buf_slice(&source->text), source->name.data, &err)
                    : err_set(&err, ERR_IO, "require \"%s\": its file can't be read", name);
    if (rc < 0) {
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
    char *path = find_lib(m, name);
    if (!path)
        machine_raise(L, "require \"%s\": there is no lib/%s.lua", name, name);
    lua_pushboolean(L, 0);
    lua_setfield(L, 2, name);
    run_lib(L, m->loader, name, path);
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
