/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* What the files of connectors that are made by options (library/connector.lua) say of themselves. */
#include <lauxlib.h>

#include "base/json.h"
#include "script/codec.h"
#include "script/load.h"

struct job {
    const struct source *source;
    int ref; /* of what the file returned */
    struct json_writer *out;
    struct err err;
};

/* [-0, +0] The member of the table on top, where it is of that type. */
static void add_member(lua_State *L, struct job *job, const char *name, int type)
{
    struct buf json = {0};
    lua_getfield(L, -1, name);
    if (lua_type(L, -1) == type &&
        codec_encode(L, lua_gettop(L), CODEC_STRICT, CODEC_MAX, name, &json, &job->err) == 0)
        json_member_raw(job->out, name, buf_slice(&json));
    lua_pop(L, 1);
    buf_deinit(&json);
}

/* Nothing of a connector that takes no options. */
static int add(lua_State *L)
{
    struct job *job = lua_touserdata(L, 1);
    lua_rawgeti(L, LUA_REGISTRYINDEX, job->ref);
    if (!connector_makes_others(L))
        return 0;
    json_object_begin(job->out, NULL);
    json_member_string(job->out, "name", job->source->module);
    add_member(L, job, "about", LUA_TSTRING);
    add_member(L, job, "options", LUA_TTABLE);
    json_object_end(job->out);
    return 0;
}

static void describe(struct loader *l, const struct source *source, struct json_writer *out)
{
    struct job job = {.source = source, .ref = loader_run(l, source), .out = out};
    if (job.ref == LUA_NOREF)
        return;
    if (machine_protect(l->m, add, &job, &job.err) < 0 || job.err.code != ERR_NONE)
        loader_tell(l, false, source->name.data, 0, "%s", job.err.message);
}

int script_describe_connectors(const char *data_dir, struct buf *out, script_problem_fn problem,
                               void *ctx)
{
    struct sources *sources = sources_of_shipped(data_dir);
    struct loader l = {.problem = problem, .ctx = ctx};
    struct json_writer w = {.out = out};
    json_array_begin(&w, NULL);
    if (loader_begin_alone(&l, sources, true, NULL, data_dir) == 0)
        for (size_t i = 0; i < sources_count(sources); i++)
            describe(&l, sources_at(sources, i), &w);
    json_array_end(&w);
    return loader_end_alone(&l, sources);
}
