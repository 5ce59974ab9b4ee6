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
#include "script/check.h"
#include "script/excerpt.h"
#include "script/sandbox.h"
#include "script/spec_parts.h"

/* A file's top level may take longer than a handler. */
#define LOAD_TIME_MIN_MS 2000
#define LOAD_TIME_FACTOR 10

/* ---- problems ---- */

/* What has a line, and says no more itself, shows it. `source` NULL: the file is none of a project. */
static void tell_problem(struct loader *l, struct script_problem *problem,
                         const struct source *source, struct slice mark)
{
    struct buf detail = {0};
    if (!problem->detail && problem->line > 0 && source)
        excerpt_add(&detail, source->text, problem->line, mark, NULL);
    if (detail.len > 0)
        problem->detail = detail.data + 1; /* it begins with a line feed */
    l->n_errors += !problem->is_warning;
    if (l->problem)
        l->problem(l->ctx, problem);
    buf_deinit(&detail);
}

/* The lines behind the first are its detail. */
static void tell(struct loader *l, bool is_warning, const char *file, int line, const char *text)
{
    const struct source *source = l->m ? sources_find_name(l->m->sources, slice_str(file)) : NULL;
    char *first = mem_strdup(text), *detail = strchr(first, '\n');
    if (detail)
        *detail++ = '\0';
    struct script_problem problem = {
        .is_warning = is_warning, .file = file, .line = line, .text = first, .detail = detail};
    tell_problem(l, &problem, source, SLICE_NULL);
    free(first);
}

void loader_tell_marked(struct loader *l, enum problem_level level, const struct source *source,
                        int line, struct slice mark, const char *text)
{
    struct script_problem problem = {
        .is_warning = level != PROBLEM_ERROR,
        .fails_check = level == PROBLEM_FINDING,
        .file = source->name.data,
        .line = line,
        .text = text,
    };
    tell_problem(l, &problem, source, mark);
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

/* Takes "FILE:LINE: " off a message. */
static bool take_place(const struct source *source, const char **text, int *line)
{
    struct slice name = source->name;
    int end = 0;
    if (strncmp(*text, name.data, name.len) != 0 ||
        sscanf(*text + name.len, ":%d: %n", line, &end) < 1 || end == 0)
        return false;
    *text += name.len + (size_t)end;
    return true;
}

/* The same, where FILE is one of the sources. */
static const struct source *split_place(struct loader *l, const char **text, int *line)
{
    for (size_t i = 0; i < sources_count(l->m->sources); i++)
        if (take_place(sources_at(l->m->sources, i), text, line))
            return sources_at(l->m->sources, i);
    return NULL;
}

void loader_tell_raised(struct loader *l, const char *file, const char *text)
{
    int line = 0;
    const struct source *source = split_place(l, &text, &line);
    tell(l, false, source ? source->name.data : file, line, text);
}

/* ---- files ---- */

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

int64_t loader_time_ms(const struct script_machine *m)
{
    int64_t ms = m->handler_time_ms * LOAD_TIME_FACTOR;
    return ms > LOAD_TIME_MIN_MS ? ms : LOAD_TIME_MIN_MS;
}

/* At the line where the file, or one that it requires, was stopped. */
static void tell_stop(struct loader *l, const struct source *source, const struct script_run *run,
                      const char *text)
{
    struct buf frames = {0};
    int line = 0;
    blame_add_frames(run, &frames);
    const char *at = frames.data ? frames.data + strspn(frames.data, "\n ") : "";
    const struct source *found = /* a file of specs is none of the sources */
        take_place(source, &at, &line) ? source : split_place(l, &at, &line);
    tell(l, false, found ? found->name.data : source->name.data, line, text);
    buf_deinit(&frames);
}

static void tell_file_end(struct loader *l, const struct source *source,
                          const struct script_run *run, struct file_end *end)
{
    struct buf text = {0};
    switch (end->result) {
    case MACHINE_TIME:
        buf_add_str(&text, "stopped: its top level ran longer than ");
        text_add_duration(&text, loader_time_ms(l->m));
        buf_add_str(&text, "; does a loop never end?");
        tell_stop(l, source, run, text.data);
        break;
    case MACHINE_MEMORY:
        tell_stop(l, source, run,
                  source->kind == SOURCE_CONFIG
                      ? "it needs more memory than the 64 MB that it may have"
                      : "loading it needs more memory than limits.memory");
        break;
    default:
        loader_tell_raised(l, source->name.data, end->error.data ? end->error.data : "it failed");
        break;
    }
    buf_deinit(&text);
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
    if (sandbox_load(L, job->source->text, job->source->name.data, &job->err) < 0)
        return 0;
    if (job->source->kind == SOURCE_SPEC)
        spec_extend(L);
    else if (job->source->kind == SOURCE_CONFIG)
        config_leave_out(L);
    job->is_done = true;
    if (job->to)
        lua_xmove(L, job->to, 1);
    return 0;
}

/* Compiles a file onto `to`, or only checks it. -1 when it can't be, which is told. */
static int compile_source(struct loader *l, const struct source *source, lua_State *to)
{
    struct compile_job job = {.source = source, .to = to};
    if (source->failure) {
        tell(l, false, source->name.data, 0, source->failure);
        return -1;
    }
    if (machine_protect(l->m, compile, &job, &job.err) == 0 && job.is_done)
        return 0;
    struct buf text = {0};
    blame_add_syntax_error(l->m, slice_str(job.err.message), &text);
    loader_tell_raised(l, source->name.data, text.data);
    buf_deinit(&text);
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
    end.result = machine_resume(run, 0, loader_time_ms(l->m));
    if (machine_protect(l->m, take_file_end, &end, &err) < 0)
        buf_add_str(&end.error, err.message);
    if (end.result == MACHINE_ERROR)
        blame_take(run, &end.error);
    if (end.ref == LUA_NOREF)
        tell_file_end(l, source, run, &end);
    buf_deinit(&end.error);
    machine_return_run(run, end.result == MACHINE_RETURNED);
    return end.ref;
}

/* ---- files by themselves ---- */

#define ALONE_HANDLER_TIME_MS 100 /* loading may take 2 s then */
#define ALONE_MEMORY_MAX (64 << 20)

int loader_begin_alone(struct loader *l, struct sources *sources, bool has_stand_ins,
                       struct mask *mask, const char *about)
{
    const struct script_options options = {.sources = sources,
                                           .memory_max = ALONE_MEMORY_MAX,
                                           .handler_time_ms = ALONE_HANDLER_TIME_MS,
                                           .mask = mask,
                                           .has_stand_ins = has_stand_ins,
                                           .clock = clock_system()};
    struct err err = {0};
    l->m = machine_new(&options, &err);
    if (l->m)
        return 0;
    loader_tell(l, false, about, 0, "%s", err.message);
    return -1;
}

int loader_end_alone(struct loader *l, struct sources *sources)
{
    machine_free(l->m);
    sources_unref(sources);
    return l->n_errors > 0 ? -1 : 0;
}

/* ---- the parts of a project ---- */

typedef void (*add_fn)(struct loader *l, const struct source *source, int ref);

/* Two files of one name, which come one behind the other. */
static void tell_twins(struct loader *l)
{
    for (size_t i = 1; i < sources_count(l->m->sources); i++) {
        const struct source *before = sources_at(l->m->sources, i - 1);
        const struct source *source = sources_at(l->m->sources, i);
        if (before->kind == source->kind && slice_is_equal(before->module, source->module))
            loader_tell(l, false, source->name.data, 0, "%s has the same name: keep one of the two",
                        before->name.data);
    }
}

/* An example shows how options make a connector of its folder's pattern. */
static bool is_without_pattern(const struct loader *l, const struct source *source)
{
    return source->kind == SOURCE_EXAMPLE && !connector_is_pattern(l, source->module);
}

static void load_kind(struct loader *l, enum source_kind kind, add_fn add)
{
    for (size_t i = 0; i < sources_count(l->m->sources); i++) {
        const struct source *source = sources_at(l->m->sources, i);
        if (source->kind != kind || source->is_shipped || is_without_pattern(l, source))
            continue;
        int ref = loader_run(l, source);
        if (ref != LUA_NOREF)
            add(l, source, ref);
        luaL_unref(l->m->L, LUA_REGISTRYINDEX, ref);
    }
}

void loader_note_required(struct loader *l, const struct source *lib)
{
    l->required = mem_realloc(l->required, (l->n_required + 1) * sizeof(const struct source *));
    l->required[l->n_required++] = lib;
}

static bool was_required(const struct loader *l, const struct source *lib)
{
    for (size_t i = 0; i < l->n_required; i++) {
        if (l->required[i] == lib)
            return true;
    }
    return false;
}

/* What nobody required yet is checked as well. */
static void check_libs(struct loader *l)
{
    for (size_t i = 0; i < sources_count(l->m->sources); i++) {
        const struct source *source = sources_at(l->m->sources, i);
        if (source->kind == SOURCE_LIB && !was_required(l, source))
            (void)!compile_source(l, source, NULL);
    }
}

/* scripts/register_sync.lua is SCRIPT register_sync. */
static void load_script(struct loader *l, const struct source *source)
{
    l->script = source->module.data;
    l->file = source->name;
    int ref = loader_run(l, source);
    l->script_failed |= ref == LUA_NOREF;
    luaL_unref(l->m->L, LUA_REGISTRYINDEX, ref);
    l->script = NULL;
    l->file = SLICE_NULL;
}

static void load_scripts(struct loader *l)
{
    size_t n = 0;
    for (size_t i = 0; i < sources_count(l->m->sources); i++) {
        const struct source *source = sources_at(l->m->sources, i);
        if (source->kind != SOURCE_SCRIPT)
            continue;
        load_script(l, source);
        n++;
    }
    if (n == 0)
        tell(l, true, "scripts", 0,
             "there are no scripts: put them into scripts/, as in scripts/sync.lua");
}

/* ---- the whole ---- */

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
    if (options->spec)
        spec_open(l.m, options->spec);
    tell_twins(&l);
    lookup_load(&l);
    load_kind(&l, SOURCE_TRANSFORMER, transformer_add);
    connector_add_dead_letters(&l);
    load_kind(&l, SOURCE_CONNECTOR, connector_add);
    load_kind(&l, SOURCE_EXAMPLE, connector_add);
    load_scripts(&l);
    check_libs(&l);
    check_project(&l);
    if (options->spec)
        spec_load(&l);
    connector_finish(&l);
    sources_hash(l.m->sources, l.m->hash);
    l.m->loader = NULL;
    machine_note_loaded(l.m);
    free(l.required);
    free(l.patterns);
    if (l.n_errors == 0)
        return l.m;
    machine_free(l.m);
    return NULL;
}
