/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* Runs of handlers and attempts: their beginning, their waits, their ends. */
#include "script/run.h"

#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>
#include <lualib.h>

#include "base/text.h"
#include "base/utf8.h"
#include "script/answer.h"
#include "script/argument.h"
#include "script/batchrun.h"
#include "script/bindings.h"
#include "script/codec.h"
#include "script/digits.h"
#include "script/document.h"
#include "script/last_line.h"
#include "script/machine.h"
#include "script/returned.h"
#include "script/watchdog.h"

#define ERROR_MAX 8192
#define ANSWER_MAX 1024
/* Before what starved is tried again: each time costs a full collection. */
#define STARVED_AFTER_MS 5000

/* ---- what a run is given ---- */

/* [-0, +1, e] nil where it is absent. */
static void push_text(lua_State *L, struct slice value)
{
    if (value.data)
        lua_pushlstring(L, value.data, value.len);
    else
        lua_pushnil(L);
}

void run_set_text(lua_State *L, const char *name, struct slice value)
{
    if (!value.data)
        return;
    lua_pushlstring(L, value.data, value.len);
    lua_setfield(L, -2, name);
}

/* [-0, +1, e] JSON that was checked when it was taken in. */
static void push_json(lua_State *L, struct slice json)
{
    if (json_is_object(json)) {
        document_push(L, json);
        return;
    }
    struct err err = {0};
    if (codec_decode(L, json, &err) < 0)
        machine_raise(L, "the data can't be read: %s", err.message);
}

/* [-0, +0, e] Sets the members of a JSON object in the table on top. */
static void add_attributes(lua_State *L, struct slice json)
{
    struct err err = {0};
    if (codec_fill(L, json, &err) < 0)
        machine_raise(L, "the attributes can't be read: %s", err.message);
}

/* [-0, +1, e] The event's data; nil without any. */
static void push_event_data(lua_State *L, const struct event *event)
{
    if (event->data_kind == EVENT_DATA_JSON)
        push_json(L, event->data);
    else if (event->data_kind == EVENT_DATA_BYTES)
        lua_pushlstring(L, event->data.data ? event->data.data : "", event->data.len);
    else
        lua_pushnil(L);
}

/* [-0, +1, e] A table of one's own for each caller. */
void run_push_event(lua_State *L, const struct event *event)
{
    luaL_checkstack(L, 12, "event");
    machine_push(L, REF_NEW_EVENT);
    push_text(L, event->id);
    push_text(L, event->type);
    push_text(L, event->source);
    push_text(L, event->subject);
    push_text(L, event->time);
    push_text(L, event_key(event));
    push_event_data(L, event);
    machine_of(L)->current->data = lua_topointer(L, -1);
    lua_call(L, 7, 1);
    if (event->attributes.len == 0)
        return;
    add_attributes(L, event->attributes);
    run_set_text(L, "key", event_key(event)); /* so one of these may be called */
}

/* beginHandler() -> handler, event */
static int begin_handler(lua_State *L)
{
    struct script_run *run = machine_of(L)->current;
    lua_rawgeti(L, LUA_REGISTRYINDEX, run->handler->run_ref);
    run_push_event(L, run->event);
    return 2;
}

/* beginFunction() -> key or filter, event */
static int begin_function(lua_State *L)
{
    struct script_run *run = machine_of(L)->current;
    lua_rawgeti(L, LUA_REGISTRYINDEX, run->function_ref);
    run_push_event(L, run->event);
    return 2;
}

/* delivery.event is made when it is first asked for; most connectors never do. */
static int delivery_index(lua_State *L)
{
    struct script_run *run = machine_of(L)->current;
    if (lua_type(L, 2) != LUA_TSTRING || strcmp(lua_tostring(L, 2), "event") != 0 || !run ||
        run->kind != RUN_ATTEMPT)
        return 0;
    const struct event *event = run->batch ? batchrun_event_of(L, 1, run) : run->event;
    if (!event)
        return 0;
    run_push_event(L, event);
    lua_pushvalue(L, 2);
    lua_pushvalue(L, -2);
    lua_rawset(L, 1);
    return 1;
}

void run_push_delivery(lua_State *L, const struct script_attempt *attempt, struct slice id,
                       const struct connector *connector)
{
    char created[TEXT_TIME_LEN + 1];
    lua_createtable(L, 0, 8);
    run_set_text(L, "id", id);
    lua_pushinteger(L, (lua_Integer)attempt->attempt);
    lua_setfield(L, -2, "attempt");
    if (attempt->has_key)
        run_set_text(L, "key",
                     slice_of(attempt->key.data ? attempt->key.data : "", attempt->key.len));
    run_set_text(L, "connector", connector->public.name);
    run_set_text(L, "handler", attempt->handler);
    text_format_time(created, attempt->created_ms);
    run_set_text(L, "createdAt", slice_str(created));
    run_set_text(L, "lastError", attempt->last_error);
    machine_mark(L, lua_gettop(L), REF_DELIVERY);
}

/* send's in place of the connector's. */
struct run_transformers run_find_transformers(lua_State *L, const struct connector *connector,
                                              struct slice name)
{
    if (name.len == 0)
        return (struct run_transformers){connector->transformer_ref,
                                         connector->transformer_takes_event};
    struct map_node *node = map_find(&machine_of(L)->transformer_map, name);
    if (!node)
        machine_raise(L, "no transformer \"%.*s\" any more: make transformers/%.*s.lua",
                      SLICE_FMT(name), SLICE_FMT(name));
    const struct transformer *t = container_of(node, struct transformer, node);
    return (struct run_transformers){t->list_ref, t->takes_event};
}

void run_push_data(lua_State *L, const struct script_attempt *attempt)
{
    if (attempt->data.data)
        push_json(L, attempt->data);
    else
        push_event_data(L, attempt->event);
}

struct slice run_given(const struct script_attempt *attempt)
{
    if (attempt->data.data)
        return attempt->data;
    return attempt->event->data_kind == EVENT_DATA_JSON ? attempt->event->data : SLICE_NULL;
}

void run_push_transformers(lua_State *L, const struct script_run *run,
                           const struct run_transformers *transformers)
{
    if (transformers->list_ref == LUA_NOREF) {
        lua_pushnil(L);
        lua_pushnil(L);
        return;
    }
    lua_rawgeti(L, LUA_REGISTRYINDEX, transformers->list_ref);
    if (transformers->take_event)
        run_push_event(L, run->event);
    else
        lua_pushnil(L);
}

bool run_verifies(const struct connector *connector, const struct script_attempt *attempt)
{
    return attempt->was_unknown && connector->verify_ref != LUA_NOREF;
}

/* beginAttempt() -> send, data, delivery [, transformers, event [, verify]]; what no function takes is
   nil. */
static int begin_attempt(lua_State *L)
{
    struct script_run *run = machine_of(L)->current;
    struct run_transformers transformers =
        run_find_transformers(L, run->connector, run->attempt->transformer);
    bool verifies = run_verifies(run->connector, run->attempt);
    lua_rawgeti(L, LUA_REGISTRYINDEX, run->connector->send_ref);
    run_push_data(L, run->attempt);
    if (transformers.list_ref == LUA_NOREF) /* else what comes of it is another document */
        run->given = run_given(run->attempt);
    if (run->connector->takes_delivery)
        run_push_delivery(L, run->attempt, buf_slice(&run->delivery_id), run->connector);
    else
        lua_pushnil(L);
    if (transformers.list_ref == LUA_NOREF && !verifies)
        return 3;
    run_push_transformers(L, run, &transformers);
    if (!verifies)
        return 5;
    lua_rawgeti(L, LUA_REGISTRYINDEX, run->connector->verify_ref);
    return 6;
}

/* refuseNoData(transformer): it returned nothing. */
static int refuse_no_data(lua_State *L)
{
    lua_Debug ar;
    lua_settop(L, 1);
    lua_getinfo(L, ">S", &ar);
    machine_raise(L,
                  "the transformer at %s:%d returned nothing: return the data, or skip \"reason\"",
                  *ar.source == '@' ? ar.source + 1 : ar.short_src, ar.linedefined);
}

static const luaL_Reg host_functions[] = {
    {"beginHandler", begin_handler},
    {"beginFunction", begin_function},
    {"beginAttempt", begin_attempt},
    {"refuseNoData", refuse_no_data},
    {NULL, NULL},
};

static const luaL_Reg delivery_metamethods[] = {{"__index", delivery_index}, {NULL, NULL}};

/* debug.getinfo tells of a function's parameters, which lua_getinfo doesn't. */
static void keep_function_info(lua_State *L)
{
    lua_pushcfunction(L, luaopen_debug);
    lua_pushliteral(L, LUA_DBLIBNAME);
    lua_call(L, 1, 1);
    lua_getfield(L, -1, "getinfo");
    machine_set(L, REF_FUNCTION_INFO);
    lua_pop(L, 1);
}

void run_open(lua_State *L)
{
    keep_function_info(L);
    bindings_add_host(L, host_functions);
    bindings_add_metatable(L, REF_DELIVERY, delivery_metamethods);
}

void run_adopt(lua_State *L)
{
    lua_getfield(L, -1, "runHandler");
    machine_set(L, REF_RUN_HANDLER);
    lua_getfield(L, -1, "runAttempt");
    machine_set(L, REF_RUN_ATTEMPT);
    lua_getfield(L, -1, "runFunction");
    machine_set(L, REF_RUN_FUNCTION);
    lua_getfield(L, -1, "newEvent");
    machine_set(L, REF_NEW_EVENT);
    lua_getfield(L, -1, "newSent");
    machine_set(L, REF_NEW_SENT);
    lua_getfield(L, -1, "newAnswer");
    machine_set(L, REF_NEW_ANSWER);
}

/* ---- how a run ended ---- */

/* Everything that a result borrows; of its own, since the run is back in its pool, and the machine
   perhaps gone, before the callback has returned. */
struct ending {
    struct script_run *run;
    enum machine_result how;
    struct script_result result;
    struct buf error, failure, retry_after, date, answer, value;
};

static void ending_deinit(struct ending *e)
{
    buf_deinit(&e->error);
    buf_deinit(&e->failure);
    buf_deinit(&e->retry_after);
    buf_deinit(&e->date);
    buf_deinit(&e->answer);
    buf_deinit(&e->value);
}

static struct slice copy(struct buf *to, struct slice s)
{
    if (!s.data)
        return SLICE_NULL;
    buf_add(to, s.data, s.len);
    return slice_of(to->data ? to->data : "", to->len);
}

static void copy_http_error(lua_State *L, struct ending *e)
{
    struct script_result *r = &e->result;
    answer_read_error(L, 1, r);
    r->end = SCRIPT_HTTP;
    if (r->failure)
        r->failure = copy(&e->failure, slice_str(r->failure)).data;
    r->retry_after = copy(&e->retry_after, r->retry_after);
    r->date = copy(&e->date, r->date);
    if (r->answer.data) {
        answer_add_masked(e->run->m->mask, r->answer, ANSWER_MAX, &e->answer);
        r->answer = buf_slice(&e->answer);
    }
}

/* describe_error(error, ending), protected: what was thrown. */
static int describe_error(lua_State *L)
{
    struct ending *e = lua_touserdata(L, 2);
    machine_add_error(L, 1, &e->error);
    e->result.end = SCRIPT_ERROR;
    if (machine_is(L, 1, REF_HTTP_ERROR))
        copy_http_error(L, e);
    return 0;
}

/* Describes the error on top of the run's coroutine, which it pops. */
static void describe(struct ending *e)
{
    struct script_machine *m = e->run->m;
    lua_State *L = m->L;
    m->memory.is_lifted = true;
    lua_pushcfunction(L, describe_error);
    lua_xmove(e->run->co, L, 1);
    lua_pushlightuserdata(L, e);
    if (lua_pcall(L, 2, 0, 0) != 0)
        lua_pop(L, 1);
    m->memory.is_lifted = false;
}

static void end_error(struct ending *e)
{
    e->result.end = SCRIPT_ERROR;
    describe(e);
    if (e->error.len == 0)
        buf_add_str(&e->error, "an error that can't be shown");
    if (e->result.end != SCRIPT_ERROR)
        return;
    blame_take(e->run, &e->error);
}

static void end_time(struct ending *e)
{
    e->result.end = SCRIPT_LIMIT;
    buf_printf(&e->error, "%s was stopped: it ran longer than ", e->run->what);
    text_add_duration(&e->error, e->run->time_ms);
    buf_add_str(&e->error, " (limits.handlerTime); does a loop never end?");
    blame_add_stop(e->run, &e->error);
}

/* Who meets the machine's limit without having taken much isn't to blame: it is tried again. */
static void end_memory(struct ending *e)
{
    struct buf frames = {0};
    size_t max_mb = e->run->m->memory.max >> 20;
    blame_add_stop(e->run, &frames);
    bool is_own = machine_drop_hungry(e->run);
    e->result.end = is_own ? SCRIPT_LIMIT : SCRIPT_STARVED;
    if (!is_own)
        e->result.after_ms = STARVED_AFTER_MS;
    buf_printf(&e->error,
               is_own
                   ? "%s was stopped: it needs more memory than the %zu MB of limits.memory"
                   : "%s was stopped: the scripts hold nearly all of the %zu MB of limits.memory",
               e->run->what, max_mb);
    buf_add_slice(&e->error, buf_slice(&frames));
    buf_deinit(&frames);
}

static void end_verdict(struct ending *e)
{
    e->result.end = e->run->verdict;
    e->result.after_ms = e->run->after_ms;
    buf_add_slice(&e->error, buf_slice(&e->run->reason));
}

/* An attempt's first value, which stands at the bottom of the run's coroutine. */
static void end_returned(struct ending *e)
{
    e->result.end = SCRIPT_RETURNED;
    e->result.status = e->run->last_status;
    if (e->run->m->notes_lines && e->run->kind == RUN_HANDLER)
        last_line_add(e->run, &e->error);
    if (!e->run->keeps_value)
        return;
    returned_take(e->run, &e->value);
    if (e->value.len > 0)
        e->result.value = buf_slice(&e->value);
}

static void describe_end(struct ending *e)
{
    e->result.after_ms = -1;
    switch (e->how) {
    case MACHINE_RETURNED:
        end_returned(e);
        break;
    case MACHINE_PAUSED:
        end_verdict(e);
        break;
    case MACHINE_ERROR:
        end_error(e);
        break;
    case MACHINE_TIME:
        end_time(e);
        break;
    case MACHINE_MEMORY:
        end_memory(e);
        break;
    }
    mask_apply(e->run->m->mask, &e->error, 0);
    buf_truncate(&e->error, utf8_cut(buf_slice(&e->error), ERROR_MAX).len);
    e->result.error = slice_of(e->error.data ? e->error.data : "", e->error.len);
    e->result.unknown = e->run->is_unknown;
}

/* A request that was on its way when the run ended. */
static void drop_request(struct script_run *run)
{
    if (!run->request)
        return;
    run->m->ports->http_cancel(run->m->ports->ctx, run->request);
    machine_release(run, run->requested);
    run->is_unknown |= run->is_writing;
    run->request = NULL;
}

static void end_run(struct script_run *run, enum machine_result how)
{
    struct ending e = {.run = run, .how = how};
    script_result_fn done = run->is_cancelled ? NULL : run->done;
    void *ctx = run->ctx;
    struct script_batch_run *batch = run->batch;
    drop_request(run);
    if (done)
        describe_end(&e);
    if (batch)
        batchrun_take(run, how, &e.result);
    machine_return_run(run, how == MACHINE_RETURNED);
    if (batch)
        batchrun_go_on(batch, &e.result);
    else if (done)
        done(ctx, &e.result);
    ending_deinit(&e);
}

struct script_run *run_step(struct script_run *run)
{
    enum machine_result how = machine_resume(run, 0, run->time_ms);
    run->answer = NULL;
    run->awaited = NULL;
    if (run->attempt && run->attempt->data.data)
        run->given = SLICE_NULL; /* borrowed until the first wait; the event stays */
    run->attempt = NULL;
    if (how == MACHINE_PAUSED && run->pause != PAUSE_VERDICT && !run->is_cancelled)
        return run;
    end_run(run, how);
    return NULL;
}

/* ---- handlers and attempts ---- */

/* An event is counted, not changed. */
static struct event *keep_event(const struct event *event)
{
    return event_ref((struct event *)event);
}

struct script_run *run_begin(struct script_machine *m, enum run_kind kind, enum machine_ref entry,
                             const struct event *event)
{
    struct script_run *run = machine_take_run(m, kind);
    run->time_ms = m->handler_time_ms;
    run->event = event ? keep_event(event) : NULL;
    lua_rawgeti(run->co, LUA_REGISTRYINDEX, m->refs[entry]);
    return run;
}

struct script_run *script_handle(struct script_machine *m, size_t handler,
                                 const struct event *event, struct slice key, script_result_fn done,
                                 void *run_ctx)
{
    struct script_run *run = run_begin(m, RUN_HANDLER, REF_RUN_HANDLER, event);
    run->handler = &m->handlers[handler];
    run->key = key;
    run->what = run->handler->public.name.data;
    run->done = done;
    run->ctx = run_ctx;
    return run_step(run);
}

struct script_run *script_attempt(struct script_machine *m,
                                  const struct script_connector *connector,
                                  const struct script_attempt *attempt, script_result_fn done,
                                  void *ctx)
{
    struct script_run *run = run_begin(m, RUN_ATTEMPT, REF_RUN_ATTEMPT, attempt->event);
    run->connector = container_of(connector, struct connector, public);
    run->what = connector->name.data;
    run->attempt = attempt;
    run->deadline_ms = clock_mono_ms(&m->clock) + connector->timeout_ms;
    run->keeps_value = attempt->keeps_value;
    buf_add_slice(&run->delivery_id, attempt->id);
    run->done = done;
    run->ctx = ctx;
    return run_step(run);
}

void script_answer(struct script_run *run, const struct script_answer *answer)
{
    run->request = NULL;
    machine_release(run, run->requested);
    run->answer = answer;
    run->last_status = answer->failure ? 0 : answer->status;
    if (answer->failure && run->is_writing && answer->was_written)
        run->is_unknown = true;
    run_step(run);
}

void script_awaited(struct script_run *run, const struct script_awaited *end)
{
    run->awaited = end;
    run_step(run);
}

struct slice script_run_connector(const struct script_run *run)
{
    return run->connector ? run->connector->public.name : SLICE_NULL;
}

void script_cancel(struct script_run *run)
{
    if (!run)
        return;
    if (run->m->current == run) {
        run->is_cancelled = true;
        watchdog_stop(run->m->watchdog);
        return;
    }
    drop_request(run);
    machine_return_run(run, false);
}

bool script_is_idle(const struct script_machine *m)
{
    return list_is_empty(&m->busy);
}

void script_each_run(struct script_machine *m, script_run_fn fn, void *ctx)
{
    list_each (it, &m->busy)
        fn(ctx, list_entry(it, struct script_run, link)->ctx);
}

/* ---- key and filter ---- */

static enum err_code code_of(enum script_end end)
{
    if (end == SCRIPT_STARVED)
        return ERR_NO_MEMORY;
    return end == SCRIPT_LIMIT ? ERR_TIMEOUT : ERR_SCRIPT;
}

/* The function's result is on top of the run's coroutine after; NULL with err, and the run given
   back. */
static struct script_run *call_function(struct script_machine *m, size_t handler, int ref,
                                        const struct event *event, struct err *err)
{
    struct script_run *run = run_begin(m, RUN_FUNCTION, REF_RUN_FUNCTION, event);
    run->handler = &m->handlers[handler];
    run->what = run->handler->public.name.data;
    run->function_ref = ref;
    enum machine_result how = machine_resume(run, 0, run->time_ms);
    if (how == MACHINE_RETURNED) {
        lua_settop(run->co, 1);
        return run;
    }
    struct ending e = {.run = run, .how = how};
    describe_end(&e);
    err_set(err, code_of(e.result.end), "%.*s", SLICE_FMT(e.result.error));
    machine_return_run(run, false);
    ending_deinit(&e);
    return NULL;
}

static int read_key(lua_State *L, struct buf *key, bool *has_key, struct err *err)
{
    *has_key = !lua_isnil(L, 1) && !codec_is_null(L, 1);
    if (!*has_key)
        return 0;
    if (argument_add_key(L, 1, key)) {
        struct slice cut = digits_find_cut(buf_slice(key));
        return cut.data
                   ? err_set(err, ERR_SCRIPT, "`key` returned %.*s, " DIGITS_CUT, SLICE_FMT(cut))
                   : 0;
    }
    return err_set(err, ERR_SCRIPT, "`key` must return a string, a number or nil, not %s",
                   argument_describe(L, 1));
}

/* "FILE:LINE: HANDLER: ", where the function begins. */
static void prefix_place(const struct script_run *run, struct err *err)
{
    lua_Debug ar;
    lua_rawgeti(run->co, LUA_REGISTRYINDEX, run->function_ref);
    lua_getinfo(run->co, ">S", &ar);
    err_prefix(err, "%s", run->what);
    if (*ar.source == '@')
        err_prefix(err, "%s:%d", ar.source + 1, ar.linedefined);
}

int script_handler_key(struct script_machine *m, size_t handler, const struct event *event,
                       struct buf *key, bool *has_key, struct err *err)
{
    struct script_run *run = call_function(m, handler, m->handlers[handler].key_ref, event, err);
    if (!run)
        return -1;
    int rc = read_key(run->co, key, has_key, err);
    if (rc < 0)
        prefix_place(run, err);
    machine_return_run(run, true);
    return rc;
}

int script_handler_filter(struct script_machine *m, size_t handler, const struct event *event,
                          bool *passes, struct err *err)
{
    struct script_run *run = call_function(m, handler, m->handlers[handler].filter_ref, event, err);
    if (!run)
        return -1;
    *passes = lua_toboolean(run->co, 1) && !codec_is_null(run->co, 1);
    machine_return_run(run, true);
    return 0;
}
