/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* The functions of transformers/, by name. */
#include <stdlib.h>

#include <lauxlib.h>

#include "base/text.h"
#include "script/check.h"
#include "script/load.h"

#define NAMES_MAX 256

struct add_job {
    int ref;
    int list_ref;
    bool takes_event;
};

/* A list of one, the form in which runs apply them. */
static int make_list(lua_State *L)
{
    struct add_job *job = lua_touserdata(L, 1);
    lua_rawgeti(L, LUA_REGISTRYINDEX, job->ref);
    if (!lua_isfunction(L, -1))
        return 0;
    job->takes_event = machine_takes_second(L, -1);
    lua_createtable(L, 1, 0);
    lua_insert(L, -2);
    lua_rawseti(L, -2, 1);
    job->list_ref = luaL_ref(L, LUA_REGISTRYINDEX);
    return 0;
}

void transformer_add(struct loader *l, const struct source *source, int ref)
{
    struct script_machine *m = l->m;
    struct add_job job = {ref, LUA_NOREF, false};
    if (map_find(&m->transformer_map, source->module))
        return;
    if (machine_protect(m, make_list, &job, NULL) < 0 || job.list_ref == LUA_NOREF) {
        loader_tell(l, false, source->name.data, check_find_return(source->text),
                    "a transformer's file returns a function: return function(data, event) … end");
        return;
    }
    struct transformer *t = mem_calloc(1, sizeof(*t));
    t->node.key = source->module;
    t->name = t->node.key.data;
    t->list_ref = job.list_ref;
    t->takes_event = job.takes_event;
    map_insert(&m->transformer_map, &t->node);
}

static const struct transformer *find_loaded(const struct loader *l, const char *name)
{
    struct map_node *node = map_find(&l->m->transformer_map, slice_str(name));
    return node ? container_of(node, struct transformer, node) : NULL;
}

const struct transformer *transformer_find(struct loader *l, const char *name)
{
    const struct transformer *t = find_loaded(l, name);
    const struct source *source =
        t ? NULL : sources_find(l->m->sources, SOURCE_TRANSFORMER, slice_str(name));
    if (!source || !source->is_shipped)
        return t;
    int ref = loader_run(l, source);
    if (ref != LUA_NOREF)
        transformer_add(l, source, ref);
    luaL_unref(l->m->L, LUA_REGISTRYINDEX, ref);
    return find_loaded(l, name);
}

struct names {
    const char *items[NAMES_MAX];
    size_t len;
};

static void add_name(void *ctx, struct map_node *node)
{
    struct names *names = ctx;
    if (names->len < NAMES_MAX)
        names->items[names->len++] = container_of(node, struct transformer, node)->name;
}

void transformer_tell_missing(struct loader *l, const char *name, const char *file, int line)
{
    struct names names = {.len = 0};
    if (sources_find_own(l->m->sources, SOURCE_TRANSFORMER, slice_str(name)))
        return;
    map_each(&l->m->transformer_map, add_name, &names);
    const char *nearest = text_nearest(slice_str(name), names.items, names.len);
    if (nearest)
        loader_tell(l, false, file, line,
                    "no transformer \"%s\": did you mean \"%s\"? Else make transformers/%s.lua",
                    name, nearest, name);
    else
        loader_tell(l, false, file, line, "no transformer \"%s\": make transformers/%s.lua", name,
                    name);
}
