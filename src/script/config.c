/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* liaison.lua: a script that returns the engine's settings. */
#include <stdlib.h>

#include <lauxlib.h>

#include "script/check.h"
#include "script/codec.h"
#include "script/config_place.h"
#include "script/load.h"

#define ENVIRONMENT                                                                                \
    "LIAISON_SETTINGS_NAME in the environment sets settings.name; for what is secret, write "      \
    "secret \"NAME\""

/* What scripts have and settings can do without, or what people look for: a value that says so as
   soon as anything is done with it. */
static const struct elsewhere {
    const char *library, *name; /* library NULL: a global */
    const char *words;
} elsewhere[] = {
    {NULL, "SyncManager", "buses and handlers are registered in scripts/NAME.lua"},
    {NULL, "connector", "a connector is a file of its own, connectors/NAME.lua"},
    {NULL, "env", ENVIRONMENT},
    {NULL, "http", "requests are sent by connectors, in connectors/NAME.lua"},
    {NULL, "log",
     "scripts write to the log; log = { level = \"info\" } is a key of the table that "
     "is returned"},
    {NULL, "lookup", "scripts look things up"},
    {NULL, "print", "scripts write to the log: log.info(text)"},
    {NULL, "process", ENVIRONMENT},
    {NULL, "reject", "connectors and handlers reject"},
    {NULL, "require", "what scripts share lies in lib/, and they require it"},
    {NULL, "retry",
     "how a connector retries is said in connectors/NAME.lua: return { send = …, "
     "retry = { attempts = 3 } }"},
    {NULL, "setting", "settings are given here, settings = { name = … }, and read in scripts"},
    {NULL, "skip", "transformers and handlers skip"},
    {"os", "getenv", ENVIRONMENT},
};

/* ---- what isn't there ---- */

/* (words, …) */
static int say_elsewhere(lua_State *L)
{
    machine_raise(L, "%s", lua_tostring(L, lua_upvalueindex(1)));
}

/* [-0, +1] A value of which anything that is asked is an error with these words. */
static void push_elsewhere(lua_State *L, const struct elsewhere *e)
{
    static const char *const events[] = {"__index", "__call"};
    lua_newuserdata(L, 1);
    lua_newtable(L);
    lua_pushfstring(L, SOURCES_CONFIG " has no `%s%s%s`: %s", e->library ? e->library : "",
                    e->library ? "." : "", e->name, e->words);
    for (size_t i = 0; i < ARRAY_LEN(events); i++) {
        lua_pushvalue(L, -1);
        lua_pushcclosure(L, say_elsewhere, 1);
        lua_setfield(L, -3, events[i]);
    }
    lua_pop(L, 1);
    lua_setmetatable(L, -2);
}

void config_leave_out(lua_State *L)
{
    lua_getfenv(L, -1);
    for (size_t i = 0; i < ARRAY_LEN(elsewhere); i++) {
        if (elsewhere[i].library)
            lua_getfield(L, -1, elsewhere[i].library);
        else
            lua_pushvalue(L, -1);
        push_elsewhere(L, &elsewhere[i]);
        lua_setfield(L, -2, elsewhere[i].name);
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
}

/* ---- what it returned ---- */

struct job {
    struct loader *l;
    const struct source *source;
    int ref; /* of what the file returned */
    struct buf *out;
};

/* "PATH: why", where a value has no JSON. */
static void tell_value(struct job *job, const struct err *why)
{
    struct slice rest = slice_str(why->message);
    char *key = slice_dup(slice_split(&rest, ':'));
    config_tell_key(job->l, job->source, key, why->message);
    free(key);
}

/* Turns it into JSON. */
static int take_table(lua_State *L)
{
    struct job *job = lua_touserdata(L, 1);
    struct err why = {0};
    lua_rawgeti(L, LUA_REGISTRYINDEX, job->ref);
    if (!lua_istable(L, -1) || machine_is(L, -1, REF_ARRAY))
        config_tell_return(job->l, job->source, luaL_typename(L, -1));
    else if (lua_objlen(L, -1) > 0)
        config_tell_element(job->l, job->source);
    else if (codec_encode(L, lua_gettop(L), CODEC_CONFIG, CODEC_MAX, NULL, job->out, &why) < 0)
        tell_value(job, &why);
    return 0;
}

/* A table by itself is what settings are elsewhere. */
static bool is_bare_table(struct slice text)
{
    return slice_has_prefix(slice_trim(text), SLICE_LIT("{"));
}

static void read_file(struct loader *l, const struct source *source, struct buf *out)
{
    struct err err = {0};
    if (is_bare_table(source->text)) {
        loader_tell(l, false, SOURCES_CONFIG, 1, "write return before the table: return { … }");
        return;
    }
    struct job job = {l, source, loader_run(l, source), out};
    if (job.ref == LUA_NOREF)
        return;
    if (machine_protect(l->m, take_table, &job, &err) < 0)
        loader_tell_raised(l, SOURCES_CONFIG, err.message);
    if (l->n_errors == 0)
        check_config(l, source);
}

int script_read_config(struct slice text, bool has_stand_ins, struct mask *mask, struct buf *out,
                       script_problem_fn problem, void *ctx)
{
    struct sources *sources = sources_of_config(text);
    struct loader l = {.problem = problem, .ctx = ctx};
    size_t from = out->len;
    if (loader_begin_alone(&l, sources, has_stand_ins, mask, SOURCES_CONFIG) == 0)
        read_file(&l, sources_at(sources, 0), out);
    if (l.n_errors > 0 && out->data)
        buf_truncate(out, from);
    return loader_end_alone(&l, sources);
}
