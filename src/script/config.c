/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* liaison.lua: a script that returns the engine's settings. */
#include <stdio.h>
#include <stdlib.h>

#include <lauxlib.h>

#include "script/codec.h"
#include "script/config_place.h"
#include "script/machine.h"
#include "script/sandbox.h"
#include "script/sources.h"

#define TIME_MS 2000
#define MEMORY_MAX (64 << 20)
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

struct job {
    struct slice text;
    struct script_run *run;
    enum machine_result how;
    struct buf *out;
    struct buf raised; /* by the file, or by LuaJIT, that can't read it */
    struct err err;
    bool is_ok;
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
    lua_newtable(L);
    lua_newtable(L);
    lua_pushfstring(L, "liaison.lua has no `%s%s%s`: %s", e->library ? e->library : "",
                    e->library ? "." : "", e->name, e->words);
    for (size_t i = 0; i < ARRAY_LEN(events); i++) {
        lua_pushvalue(L, -1);
        lua_pushcclosure(L, say_elsewhere, 1);
        lua_setfield(L, -3, events[i]);
    }
    lua_pop(L, 1);
    lua_setmetatable(L, -2);
}

/* [-0, +0] In the environment of the function on top. */
static void leave_out(lua_State *L)
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

/* ---- running it ---- */

/* Of a text that LuaJIT refused. A table by itself is what settings are elsewhere. */
static void tell_syntax(struct job *job)
{
    struct slice begun = slice_trim(job->text);
    if (slice_has_prefix(begun, SLICE_LIT("{")))
        config_place_line(job->text, 1, "write return before the table: return { … }", &job->err);
    else
        blame_add_syntax_error(job->run->m, slice_str(job->err.message), &job->raised);
}

static int compile(lua_State *L)
{
    struct job *job = lua_touserdata(L, 1);
    if (sandbox_load(L, job->text, CONFIG_NAME, &job->err) < 0) {
        tell_syntax(job);
        return 0;
    }
    leave_out(L);
    lua_xmove(L, job->run->co, 1);
    job->is_ok = true;
    return 0;
}

/* The line that it was stopped at begins the way there: "\n  liaison.lua:3: in …". */
static void tell_stop(struct job *job, const char *words)
{
    struct buf frames = {0};
    int line = 0;
    blame_add_frames(job->run, &frames);
    if (frames.data && sscanf(frames.data, " " CONFIG_NAME ":%d", &line) != 1)
        line = 0;
    config_place_line(job->text, line, words, &job->err);
    buf_deinit(&frames);
}

/* "PATH: why", where a value has no JSON. */
static void tell_value(struct job *job, const struct err *why)
{
    struct slice rest = slice_str(why->message);
    char *key = slice_dup(slice_split(&rest, ':'));
    script_refuse_setting(job->text, key, why->message, &job->err);
    free(key);
}

/* Turns what the file returned into JSON. */
static int take_table(lua_State *L)
{
    struct job *job = lua_touserdata(L, 1);
    struct err why = {0};
    lua_settop(job->run->co, 1);
    lua_xmove(job->run->co, L, 1);
    if (!lua_istable(L, -1) || machine_is(L, -1, REF_ARRAY))
        config_place_return(job->text, luaL_typename(L, -1), &job->err);
    else if (lua_objlen(L, -1) > 0)
        config_place_element(job->text, &job->err);
    else if (codec_encode(L, lua_gettop(L), CODEC_CONFIG, CODEC_MAX, NULL, job->out, &why) < 0)
        tell_value(job, &why);
    else
        job->is_ok = true;
    return 0;
}

static int take_error(lua_State *L)
{
    struct job *job = lua_touserdata(L, 1);
    lua_xmove(job->run->co, L, 1);
    machine_add_error(L, lua_gettop(L), &job->raised);
    return 0;
}

static void tell_raised(struct job *job)
{
    struct slice text = buf_slice(&job->raised);
    bool has_place = slice_has_prefix(text, SLICE_LIT(CONFIG_NAME ":"));
    err_set(&job->err, ERR_SCRIPT, "%s%.*s", has_place ? "" : CONFIG_NAME ": ", SLICE_FMT(text));
}

static void take_result(struct job *job)
{
    struct script_machine *m = job->run->m;
    switch (job->how) {
    case MACHINE_TIME:
        tell_stop(job, "stopped: it ran for longer than 2 seconds; does a loop never end?");
        break;
    case MACHINE_MEMORY:
        tell_stop(job, "stopped: it needs more than 64 MB of memory");
        break;
    case MACHINE_RETURNED:
        (void)!machine_protect(m, take_table, job, &job->err);
        break;
    default:
        if (machine_protect(m, take_error, job, &job->err) < 0)
            break;
        blame_take(job->run, &job->raised);
        tell_raised(job);
        break;
    }
}

static int run_config(struct script_machine *m, struct job *job)
{
    job->run = machine_take_run(m, RUN_FILE);
    job->run->what = CONFIG_NAME;
    if (machine_protect(m, compile, job, &job->err) == 0 && job->is_ok) {
        job->is_ok = false;
        job->how = machine_resume(job->run, 0, TIME_MS);
        take_result(job);
    } else if (job->raised.len > 0) {
        tell_raised(job);
    }
    machine_return_run(job->run, false);
    buf_deinit(&job->raised);
    return job->is_ok ? 0 : -1;
}

int script_read_config(struct slice text, bool has_stand_ins, struct mask *mask, struct buf *out,
                       struct err *err)
{
    size_t from = out->len;
    struct sources *sources = sources_of_script(SLICE_LIT(CONFIG_NAME), text);
    const struct script_options options = {.sources = sources,
                                           .memory_max = MEMORY_MAX,
                                           .handler_time_ms = TIME_MS,
                                           .mask = mask,
                                           .has_stand_ins = has_stand_ins,
                                           .clock = clock_system()};
    struct script_machine *m = machine_new(&options, err);
    int rc = -1;
    if (m) {
        struct job job = {.text = text, .out = out};
        rc = run_config(m, &job);
        if (rc < 0 && err)
            *err = job.err;
    }
    if (rc < 0 && out->data)
        buf_truncate(out, from);
    machine_free(m);
    sources_unref(sources);
    return rc;
}
