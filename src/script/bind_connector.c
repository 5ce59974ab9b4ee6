/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* What `connector "NAME" { … }` needs: the file of that name; the rest is in library/connector.lua. */
#include <lauxlib.h>

#include "base/text.h"
#include "script/library.h"
#include "script/load.h"
#include "script/machine.h"
#include "script/sandbox.h"

/* The project's own file, but for the one that asks, which may have the name of what it is made of. */
static const struct source *find_file(const struct script_machine *m, struct slice name)
{
    const struct source *own = sources_find_own(m->sources, SOURCE_CONNECTOR, name);
    if (own && !slice_is_equal(own->name, slice_str(m->current->what)))
        return own;
    return sources_find_shipped(m->sources, SOURCE_CONNECTOR, name);
}

/* load(name): what the connector's file returns. */
static int load(lua_State *L)
{
    struct script_machine *m = machine_of(L);
    struct err err = {0};
    struct slice name;
    name.data = luaL_checklstring(L, 1, &name.len);
    if (!m->loader || !m->current)
        machine_raise(L,
                      "connector \"%s\" belongs at the top of a file of connectors/, as in return "
                      "connector \"%s\" { … }",
                      name.data, name.data);
    machine_check_nesting(L);
    const struct source *source = find_file(m, name);
    if (!source)
        machine_raise(L,
                      "connector \"%s\": there is none in connectors/, and none of that name ships "
                      "with Liaison",
                      name.data);
    if (source->failure)
        machine_raise(L, "connector \"%s\": %s", name.data, source->failure);
    if (sandbox_load(L, source->text, source->name.data, &err) < 0)
        machine_raise_err(L, &err);
    lua_call(L, 0, 1);
    return 1;
}

static const char *const names[] = {"connector", NULL};
static const luaL_Reg functions[] = {{"load", load}, {NULL, NULL}};
const struct subject subject_connector = {"connector", names, functions, NULL};
