/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "script/spec.h"

#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>

#include "base/text.h"
#include "script/codec.h"
#include "script/spec_parts.h"
#include "spec_prelude.h"

/* ---- opening ---- */

/* [-0, +0, e] With the globals, the host's table and that of the specs' own globals on top. */
static void run_prelude(lua_State *L)
{
    for (size_t i = 0; i < spec_prelude_files_count; i++) {
        const struct spec_prelude_file *file = &spec_prelude_files[i];
        lua_pushfstring(L, "=%s", file->name);
        if (luaL_loadbuffer(L, file->text, file->len, lua_tostring(L, -1)) != 0)
            lua_error(L);
        lua_remove(L, -2);
        for (int arg = 0; arg < 3; arg++)
            lua_pushvalue(L, -4);
        lua_call(L, 3, 0);
    }
}

static int open_prelude(lua_State *L)
{
    machine_push(L, REF_GLOBALS);
    lua_newtable(L);
    bind_spec_open(L);
    lua_newtable(L);
    run_prelude(L);
    machine_set(L, REF_SPEC_GLOBALS);
    machine_set(L, REF_SPEC_HOST);
    return 0;
}

void spec_open(struct script_machine *m, const struct script_spec_options *options)
{
    struct err err = {0};
    m->spec = mem_calloc(1, sizeof(*m->spec));
    m->spec->options = *options;
    if (options->counts_lines)
        m->spec->counter = line_counter_new();
    if (machine_protect(m, open_prelude, NULL, &err) < 0)
        die("the specs' prelude: %s", err.message);
}

void spec_free(struct spec *spec)
{
    if (!spec)
        return;
    buf_deinit(&spec->event);
    buf_deinit(&spec->connector);
    buf_deinit(&spec->transformer);
    buf_deinit(&spec->key);
    buf_deinit(&spec->data);
    buf_deinit(&spec->answer);
    line_counter_free(spec->counter);
    free(spec->headers);
    free(spec->tests);
    free(spec);
}

void spec_enter(struct script_machine *m)
{
    if (m->spec->counter)
        line_counter_arm(m->L);
}

/* ---- loading ---- */

void spec_extend(lua_State *L)
{
    lua_getfenv(L, -1);
    machine_push(L, REF_SPEC_GLOBALS);
    for (lua_pushnil(L); lua_next(L, -2);) {
        lua_pushvalue(L, -2);
        lua_insert(L, -2);
        lua_rawset(L, -5);
    }
    lua_pop(L, 2);
}

/* [-0, +1] Pushes a member of the host's table. */
static void push_host(lua_State *L, const char *name)
{
    machine_push(L, REF_SPEC_HOST);
    lua_getfield(L, -1, name);
    lua_remove(L, -2);
}

static int list_tests(lua_State *L)
{
    struct script_machine *m = machine_of(L);
    struct spec *spec = m->spec;
    push_host(L, "tests");
    size_t n = lua_objlen(L, -1);
    spec->tests = mem_calloc(n + 1, sizeof(*spec->tests));
    for (size_t i = 0; i < n; i++) {
        struct slice name;
        lua_rawgeti(L, -1, (int)i + 1);
        lua_getfield(L, -1, "name");
        lua_getfield(L, -2, "line");
        name.data = lua_tolstring(L, -2, &name.len);
        spec->tests[i] = (struct script_spec){machine_keep(m, name), (int)lua_tointeger(L, -1)};
        lua_pop(L, 3);
    }
    spec->n_tests = n;
    return 0;
}

void spec_load(struct loader *l)
{
    struct spec *spec = l->m->spec;
    struct err err = {0};
    for (size_t i = 0; i < sources_count(l->m->sources); i++) {
        const struct source *source = sources_at(l->m->sources, i);
        if (source->kind != SOURCE_SPEC)
            continue;
        spec->file = source->name;
        l->script = source->module.data; /* of handlers that it registers itself */
        l->file = source->name;
        luaL_unref(l->m->L, LUA_REGISTRYINDEX, loader_run(l, source));
        l->script = NULL;
        l->file = SLICE_NULL;
    }
    if (machine_protect(l->m, list_tests, NULL, &err) < 0)
        loader_tell(l, false, spec->file.data, 0, "%s", err.message);
}

size_t script_spec_count(const struct script_machine *m)
{
    return m->spec->n_tests;
}

const struct script_spec *script_spec_at(const struct script_machine *m, size_t i)
{
    return &m->spec->tests[i];
}

void spec_add_place(const struct script_machine *m, struct buf *out)
{
    const struct spec *spec = m->spec;
    if (spec->current)
        buf_printf(out, "%s:%d: ", spec->file.data, spec->current->line);
}

/* ---- running a test ---- */

/* A function of the host's with its arguments, onto a run's coroutine. */
struct call {
    lua_State *to;
    const char *function;
    size_t test;                          /* its one argument … */
    const struct script_request *request; /* … or this as several */
    int n_args;
};

static void push_text(lua_State *L, struct slice text)
{
    lua_pushlstring(L, text.data ? text.data : "", text.len);
}

static int push_call(lua_State *L)
{
    struct call *call = lua_touserdata(L, 1);
    const struct script_request *r = call->request;
    push_host(L, call->function);
    if (!r) {
        lua_pushinteger(L, (lua_Integer)call->test + 1);
    } else {
        luaL_checkstack(L, 2 * (int)r->n_headers + 8, "headers");
        push_text(L, r->method);
        push_text(L, r->url);
        if (r->has_body)
            push_text(L, r->body);
        else
            lua_pushnil(L);
        for (size_t i = 0; i < r->n_headers; i++) {
            push_text(L, r->headers[i].name);
            push_text(L, r->headers[i].value);
        }
    }
    call->n_args = lua_gettop(L) - 2;
    if (!lua_checkstack(call->to, call->n_args + 4))
        luaL_error(L, "too many headers");
    lua_xmove(L, call->to, call->n_args + 1);
    return 0;
}

/* A run that is about to call a function of the host's. */
static struct script_run *begin(struct script_machine *m, enum run_kind kind, struct call *call)
{
    struct script_run *run = machine_take_run(m, kind);
    struct err err = {0};
    run->what = m->spec->current ? m->spec->current->name.data : "a spec";
    call->to = run->co;
    if (machine_protect(m, push_call, call, &err) < 0)
        die("a spec can't be called: %s", err.message);
    return run;
}

/* How a run failed, in words. */
struct failure {
    struct script_run *run;
    bool is_expectation; /* that was not met */
    struct buf text, differences;
};

static void failure_deinit(struct failure *f)
{
    buf_deinit(&f->text);
    buf_deinit(&f->differences);
}

static int read_raised(lua_State *L)
{
    struct failure *f = lua_touserdata(L, 1);
    struct err err = {0};
    lua_xmove(f->run->co, L, 1);
    f->is_expectation = machine_is(L, 2, REF_SPEC_FAILURE);
    if (!f->is_expectation) {
        machine_add_error(L, 2, &f->text);
        return 0;
    }
    lua_getfield(L, 2, "message");
    buf_add_str(&f->text, lua_tostring(L, -1));
    lua_getfield(L, 2, "differences");
    if (!lua_isnil(L, -1) &&
        codec_encode(L, lua_gettop(L), CODEC_SHOW, CODEC_MAX, NULL, &f->differences, &err) < 0)
        buf_clear(&f->differences);
    return 0;
}

static void read_failure(struct failure *f, enum machine_result how)
{
    struct script_machine *m = f->run->m;
    struct err err = {0};
    switch (how) {
    case MACHINE_TIME:
        buf_add_str(&f->text, "it was stopped: it ran longer than ");
        text_add_duration(&f->text, loader_time_ms(m));
        buf_add_str(&f->text, "; does a loop never end?");
        break;
    case MACHINE_MEMORY:
        buf_add_str(&f->text, "it was stopped: it needs more memory than limits.memory");
        break;
    default:
        if (machine_protect(m, read_raised, f, &err) < 0)
            buf_add_str(&f->text, err.message);
        break;
    }
    if (how == MACHINE_ERROR && !f->is_expectation)
        blame_take(f->run, &f->text);
    else if (!f->is_expectation || blame_has_way(f->run))
        blame_add_frames(f->run, &f->text);
    mask_apply(m->mask, &f->text, 0);
    mask_apply(m->mask, &f->differences, 0);
}

/* Runs on, as often as it asks for something, to the end. */
static enum machine_result run_to_end(struct script_run *run, const struct script_spec_host *host)
{
    struct spec *spec = run->m->spec;
    for (int n_args = 1;; n_args = 0) {
        enum machine_result how = machine_resume(run, n_args, loader_time_ms(run->m));
        if (how != MACHINE_PAUSED)
            return how;
        spec->refusal = (struct err){0};
        buf_clear(&spec->answer);
        if (host->ask(host->ctx, &spec->ask, &spec->answer, &spec->refusal) < 0 &&
            spec->refusal.code == ERR_NONE)
            spec->refusal.code = ERR_INVALID;
    }
}

/* Lets go of what the last fake answered. */
static void drop_fake(struct spec *spec)
{
    if (spec->fake)
        machine_return_run(spec->fake, true);
    spec->fake = NULL;
}

/* What it has set goes with it. Appends what there is to say of it. */
static void end_test(struct script_machine *m, size_t i, struct buf *remark)
{
    struct call call = {.function = "endTest", .test = i};
    struct script_run *run = begin(m, RUN_SPEC, &call);
    bool is_well = machine_resume(run, 1, loader_time_ms(m)) == MACHINE_RETURNED;
    if (is_well && lua_type(run->co, 1) == LUA_TSTRING)
        buf_add_str(remark, lua_tostring(run->co, 1));
    machine_return_run(run, is_well);
}

void script_spec_run(struct script_machine *m, size_t i, const struct script_spec_host *host,
                     script_spec_fn done, void *ctx)
{
    struct call call = {.function = "runTest", .test = i};
    m->spec->current = &m->spec->tests[i];
    struct failure f = {.run = begin(m, RUN_SPEC, &call)};
    enum machine_result how = run_to_end(f.run, host);
    bool is_passed = how == MACHINE_RETURNED;
    if (!is_passed)
        read_failure(&f, how);
    machine_return_run(f.run, is_passed);
    drop_fake(m->spec);
    struct buf remark = {0};
    end_test(m, i, &remark);
    m->spec->current = NULL;
    done(ctx, &(struct script_spec_end){
                  .is_passed = is_passed,
                  .remark = is_passed ? buf_slice(&remark) : SLICE_NULL,
                  .error = buf_slice(&f.text),
                  .differences = buf_slice(&f.differences),
              });
    buf_deinit(&remark);
    failure_deinit(&f);
}

/* ---- fakes ---- */

static struct slice text_at(lua_State *L, int index)
{
    struct slice text = SLICE_NULL;
    text.data = lua_tolstring(L, index, &text.len);
    return text;
}

/* Of the strings that stand on the coroutine: status or failure, body, headers. */
static void read_answer(struct spec *spec, struct script_answer *answer)
{
    lua_State *L = spec->fake->co;
    int top = lua_gettop(L);
    size_t n_headers = (size_t)(top - 2) / 2;
    spec->headers = mem_realloc(spec->headers, (n_headers + 1) * sizeof(*spec->headers));
    for (size_t i = 0; i < n_headers; i++) {
        int at = 3 + 2 * (int)i;
        spec->headers[i] = (struct script_header){text_at(L, at), text_at(L, at + 1)};
    }
    *answer = (struct script_answer){
        .body = text_at(L, 2), .headers = spec->headers, .n_headers = n_headers};
    if (lua_type(L, 1) == LUA_TNUMBER) {
        answer->status = (int)lua_tointeger(L, 1);
    } else {
        answer->failure = lua_tostring(L, 1);
        answer->was_written = strcmp(answer->failure, "timeout") == 0;
        answer->error = SLICE_LIT("the spec's fake says so");
    }
}

int script_spec_fake(struct script_machine *m, const struct script_request *request,
                     struct script_answer *answer, struct err *err)
{
    struct spec *spec = m->spec;
    struct call call = {.function = "answerFake", .request = request};
    if (!spec->current)
        return 0;
    drop_fake(spec);
    struct script_run *run = begin(m, RUN_FUNCTION, &call);
    enum machine_result how = machine_resume(run, call.n_args, loader_time_ms(m));
    if (how == MACHINE_RETURNED) {
        spec->fake = run;
        if (lua_isnoneornil(run->co, 1))
            return 0;
        read_answer(spec, answer);
        return 1;
    }
    struct failure f = {.run = run};
    read_failure(&f, how);
    err_set(err, ERR_SCRIPT, "%.*s", SLICE_FMT(buf_slice(&f.text)));
    failure_deinit(&f);
    machine_return_run(run, false);
    return -1;
}
