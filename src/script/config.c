/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* liaison.lua: a script that returns the engine's settings. */
#include <string.h>
#include <unistd.h>

#include <lauxlib.h>

#include "script/codec.h"
#include "script/machine.h"
#include "script/sandbox.h"

#define FILE_MAX (1u << 20)
#define TIME_MS 2000
#define MEMORY_MAX (64 << 20)

/* What a project's scripts have and settings can do without. */
static const char *const left_out[] = {
    "SyncManager", "http", "log", "print", "reject", "require", "retry", "setting", "skip",
};

struct job {
    const char *name;
    struct slice text;
    struct script_run *run;
    enum machine_result how;
    struct buf *out;
    struct err err;
    bool is_ok;
};

static int compile(lua_State *L)
{
    struct job *job = lua_touserdata(L, 1);
    if (sandbox_load(L, job->text, job->name, &job->err) < 0)
        return 0;
    lua_getfenv(L, -1);
    for (size_t i = 0; i < ARRAY_LEN(left_out); i++) {
        lua_pushnil(L);
        lua_setfield(L, -2, left_out[i]);
    }
    lua_pop(L, 1);
    lua_xmove(L, job->run->co, 1);
    job->is_ok = true;
    return 0;
}

static int fail(struct job *job, const char *text)
{
    err_set(&job->err, ERR_SCRIPT, "%s: %s", job->name, text);
    return 0;
}

/* Turns what the file returned, or threw, into JSON or an error. */
static int take_result(lua_State *L)
{
    struct job *job = lua_touserdata(L, 1);
    lua_State *co = job->run->co;
    struct buf *text = &job->run->m->text;
    if (job->how == MACHINE_TIME)
        return fail(job, "stopped: it ran for longer than 2 seconds; does a loop never end?");
    if (job->how == MACHINE_MEMORY)
        return fail(job, "stopped: it needs more than 64 MB of memory");
    if (job->how == MACHINE_RETURNED)
        lua_settop(co, 1);
    lua_xmove(co, L, 1);
    if (job->how == MACHINE_ERROR) {
        buf_clear(text);
        machine_add_error(L, lua_gettop(L), text);
        err_set(&job->err, ERR_SCRIPT, "%s", text->data ? text->data : "it failed");
        return 0;
    }
    if (!lua_istable(L, -1) || machine_is(L, -1, REF_ARRAY))
        return fail(job, "it must return a table: return { listen = \"127.0.0.1:8750\" }");
    if (lua_objlen(L, -1) > 0)
        return fail(job, "the table that it returns must have names, as in { listen = … }");
    struct err why = {0};
    if (codec_encode(L, lua_gettop(L), CODEC_CONFIG, CODEC_MAX, NULL, job->out, &why) < 0)
        return fail(job, why.message);
    job->is_ok = true;
    return 0;
}

static int run_config(struct script_machine *m, struct job *job)
{
    job->run = machine_take_run(m, RUN_FILE);
    job->run->what = job->name;
    int rc = machine_protect(m, compile, job, &job->err);
    if (rc == 0 && job->is_ok) {
        job->is_ok = false;
        job->how = machine_resume(job->run, 0, TIME_MS);
        rc = machine_protect(m, take_result, job, &job->err);
    }
    machine_return_run(job->run, false);
    return rc == 0 && job->is_ok ? 0 : -1;
}

int script_read_config(const char *path, bool has_stand_ins, struct mask *mask, struct buf *out,
                       struct err *err)
{
    struct buf text = {0};
    size_t from = out->len;
    if (access(path, F_OK) < 0) {
        buf_add_str(out, "{}");
        return 0;
    }
    if (buf_read_file(&text, path, FILE_MAX, err) < 0)
        return -1;
    const struct script_options options = {.memory_max = MEMORY_MAX,
                                           .handler_time_ms = TIME_MS,
                                           .mask = mask,
                                           .has_stand_ins = has_stand_ins,
                                           .clock = clock_system()};
    struct script_machine *m = machine_new(&options, err);
    int rc = -1;
    if (m) {
        const char *slash = strrchr(path, '/');
        struct job job = {.name = slash ? slash + 1 : path, .text = buf_slice(&text), .out = out};
        rc = run_config(m, &job);
        if (rc < 0 && err)
            *err = job.err;
    }
    if (rc < 0 && out->data)
        buf_truncate(out, from);
    machine_free(m);
    buf_deinit(&text);
    return rc;
}
