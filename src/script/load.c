/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* Loads a project into a machine, telling every problem on the way. */
#include "script/load.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>

#include "base/text.h"
#include "crypto/hash.h"
#include "script/sandbox.h"

#define FILE_MAX (16u << 20)
/* A file's top level may take longer than a handler. */
#define LOAD_TIME_MIN_MS 2000
#define LOAD_TIME_FACTOR 10

/* ---- problems ---- */

static void tell(struct loader *l, bool is_warning, const char *file, int line, const char *text)
{
    const struct script_problem problem = {is_warning, file, line, text};
    l->n_errors += !is_warning;
    if (l->problem)
        l->problem(l->ctx, &problem);
}

void loader_tell(struct loader *l, bool is_warning, const char *file, int line, const char *fmt,
                 ...)
{
    struct buf text = {0};
    va_list args;
    va_start(args, fmt);
    buf_vprintf(&text, fmt, args);
    va_end(args);
    tell(l, is_warning, file, line, text.data);
    buf_deinit(&text);
}

/* Takes "FILE:LINE: " off a message, where FILE is one that was read. */
static const struct source *split_place(struct loader *l, const char **text, int *line)
{
    for (size_t i = 0; i < l->n_sources; i++) {
        struct slice name = l->sources[i]->name;
        int end = 0;
        if (strncmp(*text, name.data, name.len) != 0 ||
            sscanf(*text + name.len, ":%d: %n", line, &end) < 1 || end == 0)
            continue;
        *text += name.len + (size_t)end;
        return l->sources[i];
    }
    return NULL;
}

void loader_tell_raised(struct loader *l, const char *file, const char *text)
{
    int line = 0;
    const struct source *source = split_place(l, &text, &line);
    tell(l, false, source ? source->name.data : file, line, text);
}

/* ---- files ---- */

struct source *loader_read(struct loader *l, const char *path)
{
    struct err err = {0};
    struct source *source = mem_calloc(1, sizeof(*source));
    char *name = project_show_path(l->m, path);
    source->name = machine_keep(l->m, slice_str(name));
    free(name);
    if (buf_read_file(&source->text, path, FILE_MAX, &err) < 0) {
        tell(l, false, source->name.data, 0, err.message);
        buf_deinit(&source->text);
        free(source);
        return NULL;
    }
    if (l->n_sources == l->cap_sources) {
        l->cap_sources = l->cap_sources ? 2 * l->cap_sources : 16;
        l->sources = mem_realloc(l->sources, l->cap_sources * sizeof(struct source *));
    }
    l->sources[l->n_sources++] = source;
    return source;
}

/* What a file's run left behind, for a protected call. */
struct file_end {
    lua_State *co;
    enum machine_result result;
    struct buf error;
    int ref;
};

static int take_file_end(lua_State *L)
{
    struct file_end *end = lua_touserdata(L, 1);
    if (end->result == MACHINE_RETURNED) {
        lua_settop(end->co, 1);
        lua_xmove(end->co, L, 1);
        end->ref = luaL_ref(L, LUA_REGISTRYINDEX);
    } else if (end->result == MACHINE_ERROR) {
        lua_xmove(end->co, L, 1);
        machine_add_error(L, lua_gettop(L), &end->error);
    }
    return 0;
}

static int64_t load_time_ms(const struct script_machine *m)
{
    int64_t ms = m->handler_time_ms * LOAD_TIME_FACTOR;
    return ms > LOAD_TIME_MIN_MS ? ms : LOAD_TIME_MIN_MS;
}

static void tell_file_end(struct loader *l, const struct source *source, struct file_end *end)
{
    struct buf time = {0};
    switch (end->result) {
    case MACHINE_TIME:
        text_add_duration(&time, load_time_ms(l->m));
        loader_tell(l, false, source->name.data, 0,
                    "stopped: its top level ran longer than %s; does a loop never end?", time.data);
        break;
    case MACHINE_MEMORY:
        tell(l, false, source->name.data, 0, "loading it needs more memory than limits.memory");
        break;
    default:
        loader_tell_raised(l, source->name.data, end->error.data ? end->error.data : "it failed");
        break;
    }
    buf_deinit(&time);
}

struct compile_job {
    const struct source *source;
    lua_State *to;
    struct err err;
    bool is_done;
};

static int compile(lua_State *L)
{
    struct compile_job *job = lua_touserdata(L, 1);
    if (sandbox_load(L, buf_slice(&job->source->text), job->source->name.data, &job->err) < 0)
        return 0;
    job->is_done = true;
    if (job->to)
        lua_xmove(L, job->to, 1);
    return 0;
}

/* Compiles a file onto `to`, or only checks it. -1 when it can't be, which is told. */
static int compile_source(struct loader *l, const struct source *source, lua_State *to)
{
    struct compile_job job = {.source = source, .to = to};
    if (machine_protect(l->m, compile, &job, &job.err) == 0 && job.is_done)
        return 0;
    loader_tell_raised(l, source->name.data, job.err.message);
    return -1;
}

int loader_run(struct loader *l, const struct source *source)
{
    struct script_run *run = machine_take_run(l->m, RUN_FILE);
    struct file_end end = {.co = run->co, .ref = LUA_NOREF};
    struct err err = {0};
    run->what = source->name.data;
    if (compile_source(l, source, run->co) < 0) {
        machine_return_run(run, false);
        return LUA_NOREF;
    }
    end.result = machine_resume(run, 0, load_time_ms(l->m));
    if (machine_protect(l->m, take_file_end, &end, &err) < 0)
        buf_add_str(&end.error, err.message);
    if (end.ref == LUA_NOREF)
        tell_file_end(l, source, &end);
    buf_deinit(&end.error);
    machine_return_run(run, end.result == MACHINE_RETURNED);
    return end.ref;
}

/* ---- the parts of a project ---- */

typedef void (*add_fn)(struct loader *l, const char *name, const struct source *source, int ref);

static void load_folder(struct loader *l, const char *folder, add_fn add)
{
    struct modules modules = {0};
    modules_list(l, folder, true, &modules);
    for (size_t i = 0; i < modules.len; i++) {
        struct source *source = loader_read(l, modules.items[i].path);
        int ref = source ? loader_run(l, source) : LUA_NOREF;
        if (ref != LUA_NOREF)
            add(l, modules.items[i].name, source, ref);
        luaL_unref(l->m->L, LUA_REGISTRYINDEX, ref);
    }
    modules_deinit(&modules);
}

static bool was_read(const struct loader *l, const char *path)
{
    char *name = project_show_path(l->m, path);
    bool found = false;
    for (size_t i = 0; !found && i < l->n_sources; i++)
        found = strcmp(l->sources[i]->name.data, name) == 0;
    free(name);
    return found;
}

/* What nobody required yet is checked as well. */
static void check_libs(struct loader *l)
{
    struct modules modules = {0};
    modules_list(l, "lib", true, &modules);
    for (size_t i = 0; i < modules.len; i++) {
        if (was_read(l, modules.items[i].path))
            continue;
        struct source *source = loader_read(l, modules.items[i].path);
        if (source)
            (void)!compile_source(l, source, NULL);
    }
    modules_deinit(&modules);
}

/* scripts/register_sync.lua is SCRIPT register_sync. */
static char *script_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    struct slice name = slice_str(slash ? slash + 1 : path);
    if (slice_has_suffix(name, SLICE_LIT(".lua")))
        name.len -= 4;
    return slice_dup(name);
}

static void load_script(struct loader *l, const char *path)
{
    struct source *source = loader_read(l, path);
    if (!source)
        return;
    source->is_script = true;
    char *name = script_name(path);
    l->script = machine_keep(l->m, slice_str(name)).data;
    l->file = source->name;
    free(name);
    int ref = loader_run(l, source);
    l->script_failed |= ref == LUA_NOREF;
    luaL_unref(l->m->L, LUA_REGISTRYINDEX, ref);
    l->script = NULL;
    l->file = SLICE_NULL;
}

static void load_scripts(struct loader *l, const struct script_options *options)
{
    struct modules modules = {0};
    if (options->scripts) {
        for (size_t i = 0; i < options->n_scripts; i++)
            load_script(l, options->scripts[i]);
        return;
    }
    modules_list(l, "scripts", false, &modules);
    for (size_t i = 0; i < modules.len; i++)
        load_script(l, modules.items[i].path);
    if (modules.len == 0)
        tell(l, true, "scripts", 0,
             "there are no scripts: put them into scripts/, as in scripts/sync.lua");
    modules_deinit(&modules);
}

/* ---- the whole ---- */

static void make_hash(struct loader *l)
{
    struct slice *parts = mem_calloc(2 * l->n_sources + 1, sizeof(*parts));
    for (size_t i = 0; i < l->n_sources; i++) {
        parts[2 * i] = l->sources[i]->name;
        parts[2 * i + 1] = buf_slice(&l->sources[i]->text);
    }
    struct hash128 hash = hash_parts(parts, 2 * l->n_sources);
    struct buf hex = {0};
    text_add_hex(&hex, hash.bytes, sizeof(hash.bytes));
    snprintf(l->m->hash, sizeof(l->m->hash), "%s", hex.data);
    buf_deinit(&hex);
    free(parts);
}

static void loader_deinit(struct loader *l)
{
    for (size_t i = 0; i < l->n_sources; i++) {
        buf_deinit(&l->sources[i]->text);
        free(l->sources[i]);
    }
    free(l->sources);
}

struct script_machine *script_load(const struct script_options *options, script_problem_fn problem,
                                   void *ctx)
{
    struct err err = {0};
    struct loader l = {.problem = problem, .ctx = ctx, .m = machine_new(options, &err)};
    if (!l.m) {
        tell(&l, false, options->project ? options->project : ".", 0, err.message);
        return NULL;
    }
    l.m->loader = &l;
    load_folder(&l, "transformers", transformer_add);
    connector_add_dead_letters(&l);
    load_folder(&l, "connectors", connector_add);
    load_scripts(&l, options);
    check_libs(&l);
    check_project(&l);
    connector_finish(&l);
    make_hash(&l);
    l.m->loader = NULL;
    loader_deinit(&l);
    if (l.n_errors == 0)
        return l.m;
    machine_free(l.m);
    return NULL;
}
