/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "script/batchrun.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>

#include "base/json.h"
#include "base/text.h"
#include "script/bindings.h"
#include "script/document.h"
#include "script/run.h"

/* Rows for which limits.handlerTime is there once more, and how often at most. */
#define ROWS_A_TIME 100
#define TIMES_MAX 10
/* So many rows that are stopped tell that all would be. */
#define STOPPED_MAX 3

static const struct script_attempt *row_at(const struct script_batch_run *b, size_t place)
{
    return &b->asked.rows[b->places[place]];
}

/* ---- what `send` is given ---- */

/* [-0, +0] The JSON of this place's document, which nobody has made yet; absent where there is none. */
static struct slice json_at(lua_State *L, const struct script_batch_run *b, int values,
                            size_t place)
{
    struct slice json = run_given(row_at(b, place));
    lua_rawgeti(L, values, (int)place + 1);
    bool is_made = !lua_isnil(L, -1);
    lua_pop(L, 1);
    return is_made || !json_is_object(json) ? SLICE_NULL : json;
}

/* [-0, +1, e] A pack with room for all of these. */
static void push_pack(lua_State *L, const struct script_batch_run *b, int values)
{
    size_t bytes = 0;
    for (size_t i = 0; i < b->n_places; i++)
        bytes += json_at(L, b, values, i).len;
    document_push_pack(L, b->n_places, bytes);
}

/* [-0, +1, e] What stands at this place: what its transformer returned, or its data. */
static void push_value(lua_State *L, const struct script_batch_run *b, int values, int pack,
                       size_t place)
{
    struct slice json = json_at(L, b, values, place);
    if (json.data) {
        document_push_packed(L, pack, json);
    } else {
        lua_rawgeti(L, values, (int)place + 1);
        if (!lua_isnil(L, -1))
            return;
        lua_pop(L, 1);
        run_push_data(L, row_at(b, place));
    }
    lua_pushvalue(L, -1);
    lua_rawseti(L, values, (int)place + 1);
}

/* [-0, +1, e] A list that is the script's own; the values stay known beside it, as they may be named
   in `items`. */
static void push_list(lua_State *L, const struct script_batch_run *b)
{
    luaL_checkstack(L, 10, "batch");
    lua_createtable(L, (int)b->n_places, 0);
    lua_rawgeti(L, LUA_REGISTRYINDEX, b->values_ref);
    int list = lua_gettop(L) - 1;
    push_pack(L, b, list + 1);
    for (size_t i = 0; i < b->n_places; i++) {
        push_value(L, b, list + 1, list + 2, i);
        lua_rawseti(L, list, (int)i + 1);
        if (i % 64 == 0)
            machine_check_stopping(L, "the batch");
    }
    lua_settop(L, list);
    machine_mark(L, list, REF_ARRAY);
}

/* [-0, +1, e] */
static void push_batch(lua_State *L, const struct script_batch_run *b)
{
    char created[TEXT_TIME_LEN + 1];
    lua_createtable(L, 0, 6);
    run_set_text(L, "id", buf_slice(&b->id));
    lua_pushinteger(L, (lua_Integer)b->asked.attempt);
    lua_setfield(L, -2, "attempt");
    run_set_text(L, "connector", b->connector->public.name);
    text_format_time(created, b->asked.created_ms);
    run_set_text(L, "createdAt", slice_str(created));
    if (b->last_error.len > 0)
        run_set_text(L, "lastError", buf_slice(&b->last_error));
    machine_mark(L, lua_gettop(L), REF_BATCH);
}

/* batch.deliveries is made when it is first asked for; most connectors never do. */
static int batch_index(lua_State *L)
{
    struct script_run *run = machine_of(L)->current;
    if (lua_type(L, 2) != LUA_TSTRING || strcmp(lua_tostring(L, 2), "deliveries") != 0 || !run ||
        !run->batch || !run->batch->is_sending)
        return 0;
    struct script_batch_run *b = run->batch;
    lua_settop(L, 2);
    lua_createtable(L, (int)b->n_places, 0);
    lua_newtable(L);
    for (size_t i = 0; i < b->n_places; i++) {
        const struct script_attempt *row = row_at(b, i);
        run_push_delivery(L, row, row->id, b->connector);
        lua_pushvalue(L, -1);
        lua_pushinteger(L, (lua_Integer)i);
        lua_rawset(L, 4);
        lua_rawseti(L, 3, (int)i + 1);
        machine_check_stopping(L, "batch.deliveries");
    }
    if (b->has_rows)
        luaL_unref(L, LUA_REGISTRYINDEX, b->rows_ref);
    b->has_rows = true;
    b->rows_ref = luaL_ref(L, LUA_REGISTRYINDEX);
    machine_mark(L, 3, REF_ARRAY);
    lua_pushvalue(L, 2);
    lua_pushvalue(L, 3);
    lua_rawset(L, 1);
    return 1;
}

const struct event *batchrun_event_of(lua_State *L, int index, const struct script_run *run)
{
    const struct script_batch_run *b = run->batch;
    const struct event *event = NULL;
    if (!b || !b->has_rows)
        return NULL;
    lua_rawgeti(L, LUA_REGISTRYINDEX, b->rows_ref);
    lua_pushvalue(L, index);
    lua_rawget(L, -2);
    if (lua_type(L, -1) == LUA_TNUMBER)
        event = row_at(b, (size_t)lua_tointeger(L, -1))->event;
    lua_pop(L, 2);
    return event;
}

/* beginRow() -> data, transformers, event [, verify, delivery] */
static int begin_row(lua_State *L)
{
    struct script_run *run = machine_of(L)->current;
    const struct script_attempt *row = run->attempt;
    struct run_transformers transformers =
        run_find_transformers(L, run->connector, row->transformer);
    run_push_data(L, row);
    run_push_transformers(L, run, &transformers);
    if (!run_verifies(run->connector, row))
        return 3;
    lua_rawgeti(L, LUA_REGISTRYINDEX, run->connector->verify_ref);
    run_push_delivery(L, row, row->id, run->connector);
    return 5;
}

/* beginBatch() -> send, list [, batch] */
static int begin_batch(lua_State *L)
{
    struct script_run *run = machine_of(L)->current;
    lua_rawgeti(L, LUA_REGISTRYINDEX, run->connector->send_ref);
    push_list(L, run->batch);
    if (!run->connector->takes_delivery)
        return 2;
    push_batch(L, run->batch);
    return 3;
}

static const luaL_Reg host_functions[] = {
    {"beginRow", begin_row},
    {"beginBatch", begin_batch},
    {NULL, NULL},
};

static const luaL_Reg batch_metamethods[] = {{"__index", batch_index}, {NULL, NULL}};

void batchrun_open(lua_State *L)
{
    bindings_add_host(L, host_functions);
    bindings_add_metatable(L, REF_BATCH, batch_metamethods);
}

void batchrun_adopt(lua_State *L)
{
    lua_getfield(L, -1, "runRow");
    machine_set(L, REF_RUN_ROW);
    lua_getfield(L, -1, "runBatch");
    machine_set(L, REF_RUN_BATCH);
}

/* ---- items ---- */

/* [-0, +1, e] A table of places by the list's elements that are tables. */
static void push_places(lua_State *L, const struct script_batch_run *b)
{
    lua_newtable(L);
    lua_rawgeti(L, LUA_REGISTRYINDEX, b->values_ref);
    for (size_t i = 0; i < b->n_places; i++) {
        lua_rawgeti(L, -1, (int)i + 1);
        if (lua_istable(L, -1)) {
            lua_pushinteger(L, (lua_Integer)i + 1);
            lua_rawset(L, -4);
        } else {
            lua_pop(L, 1);
        }
    }
    lua_pop(L, 1);
}

/* The place that the item on top stands for, which it pops; from 1 on. */
static size_t read_item(lua_State *L, const struct script_batch_run *b, int places, int n,
                        const char *what)
{
    lua_Number number = 0;
    if (lua_istable(L, -1)) {
        lua_rawget(L, places);
        if (lua_isnil(L, -1))
            machine_raise(L,
                          "%s: item %d is a table that isn't one of the list's: name rows by "
                          "their numbers, or by what stands in the list",
                          what, n);
    }
    if (lua_type(L, -1) == LUA_TNUMBER)
        number = lua_tonumber(L, -1);
    lua_pop(L, 1);
    if (!(number >= 1 && number <= (lua_Number)b->n_places && number == floor(number)))
        machine_raise(L, "%s: item %d is no row of the batch: those are numbered from 1 to %zu",
                      what, n, b->n_places);
    return (size_t)number;
}

/* Rows under keys of another kind would count as delivered. */
static void check_is_list(lua_State *L, int index, int n, const char *what)
{
    int n_keys = 0;
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1))
        n_keys++;
    if (n_keys > n)
        machine_raise(
            L, "%s: `items` must be a list of rows, as in { 1, 3 }; this one has other keys", what);
}

void batchrun_read_items(lua_State *L, int index, struct script_run *run, const char *what)
{
    struct script_batch_run *b = run->batch;
    if (!b || !b->is_sending)
        machine_raise(L,
                      "%s: `items` are rows of a batch: it belongs into the `send` of a connector "
                      "with `batch`",
                      what);
    if (!lua_istable(L, index))
        machine_raise(L, "%s: `items` must be a list of rows, as in { 1, 3 }", what);
    int n = (int)lua_objlen(L, index);
    check_is_list(L, index, n, what);
    free(b->items);
    b->items = mem_calloc(b->n_places + 1, sizeof(bool));
    push_places(L, b);
    int places = lua_gettop(L);
    for (int i = 1; i <= n; i++) {
        lua_rawgeti(L, index, i);
        b->items[read_item(L, b, places, i, what) - 1] = true;
    }
    lua_settop(L, places - 1);
    b->has_items = true;
}

/* ---- its life ---- */

void batchrun_free(struct script_batch_run *b)
{
    luaL_unref(b->m->L, LUA_REGISTRYINDEX, b->values_ref);
    if (b->has_rows)
        luaL_unref(b->m->L, LUA_REGISTRYINDEX, b->rows_ref);
    buf_deinit(&b->id);
    buf_deinit(&b->last_error);
    buf_deinit(&b->stop);
    free(b->items);
    free(b->places);
    free(b);
}

/* newTable(batchrun), protected. */
static int new_table(lua_State *L)
{
    struct script_batch_run *b = lua_touserdata(L, 1);
    lua_newtable(L);
    b->values_ref = luaL_ref(L, LUA_REGISTRYINDEX);
    return 0;
}

static int64_t time_us(const struct script_machine *m, size_t n_rows)
{
    size_t times = 1 + (n_rows > 0 ? n_rows - 1 : 0) / ROWS_A_TIME;
    return m->handler_time_ms * 1000 * (int64_t)(times < TIMES_MAX ? times : TIMES_MAX);
}

static struct script_batch_run *batchrun_new(struct script_machine *m,
                                             const struct script_connector *connector,
                                             const struct script_batch *batch)
{
    struct script_batch_run *b = mem_calloc(1, sizeof(*b));
    b->m = m;
    b->connector = container_of(connector, struct connector, public);
    b->asked = *batch;
    b->places = mem_calloc(batch->n_rows + 1, sizeof(*b->places));
    b->left_us = time_us(m, batch->n_rows);
    b->late_ms = clock_mono_ms(&m->clock) + connector->timeout_ms;
    buf_add_slice(&b->last_error, batch->last_error);
    if (machine_protect(m, new_table, b, NULL) < 0)
        die("no table can be made for a batch");
    return b;
}

/* ---- its ends ---- */

static void end(struct script_batch_run *b, const struct script_result *result)
{
    script_result_fn done = b->is_cancelled ? NULL : b->done;
    void *ctx = b->ctx;
    if (done)
        done(ctx, result);
    batchrun_free(b);
}

/* Those that were named have this end, all others were delivered. */
static void end_by_items(struct script_batch_run *b, const struct script_result *result)
{
    size_t n_named = 0;
    for (size_t i = 0; i < b->n_places; i++) {
        if (!b->items[i])
            continue;
        b->asked.row_ended(b->ctx, b->places[i], result);
        n_named++;
    }
    const struct script_result rest = {
        .end = SCRIPT_RETURNED, .after_ms = -1, .status = b->last_status};
    end(b, n_named < b->n_places ? &rest : NULL);
}

/* ---- rows ---- */

/* What it needs before it can be sent. */
static bool needs_run(const struct script_batch_run *b, const struct script_attempt *row)
{
    return row->transformer.len > 0 || b->connector->transformer_ref != LUA_NOREF ||
           run_verifies(b->connector, row);
}

static struct script_run *begin_run(struct script_batch_run *b, enum machine_ref entry,
                                    const struct script_attempt *row, struct slice id)
{
    struct script_run *run = run_begin(b->m, RUN_ATTEMPT, entry, row ? row->event : NULL);
    int64_t left_ms = (b->left_us + 999) / 1000;
    run->connector = b->connector;
    run->what = b->connector->public.name.data;
    run->attempt = row;
    run->batch = b;
    run->time_ms = left_ms;
    run->deadline_ms = clock_mono_ms(&b->m->clock) + b->connector->public.timeout_ms;
    run->done = b->done;
    run->ctx = b->ctx;
    buf_add_slice(&run->delivery_id, id);
    return run;
}

static void stop(struct script_batch_run *b, struct slice error)
{
    b->is_over = true;
    buf_clear(&b->stop);
    buf_add_slice(&b->stop, error);
}

/* What is on top of the run's coroutine at its bottom, with the limit lifted: it can't fail. */
static void keep_value(const struct script_batch_run *b, const struct script_run *run)
{
    lua_State *L = b->m->L;
    bool was_lifted = b->m->memory.is_lifted;
    b->m->memory.is_lifted = true;
    lua_rawgeti(L, LUA_REGISTRYINDEX, b->values_ref);
    lua_pushvalue(run->co, 1);
    lua_xmove(run->co, L, 1);
    lua_rawseti(L, -2, (int)b->n_places + 1);
    lua_pop(L, 1);
    b->m->memory.is_lifted = was_lifted;
}

/* One that used up what was left of the batch's time isn't to blame alone. */
static void take_row(struct script_batch_run *b, const struct script_run *run,
                     enum machine_result how, const struct script_result *result)
{
    size_t row = b->next;
    bool is_stopped = result->end == SCRIPT_LIMIT;
    b->left_us -= run->ran_us;
    if (is_stopped && (b->left_us <= 0 || ++b->n_stopped == STOPPED_MAX)) {
        stop(b, result->error);
        return;
    }
    b->next++;
    bool is_there = how == MACHINE_RETURNED && lua_toboolean(run->co, 2);
    if (how == MACHINE_RETURNED && !is_there) {
        keep_value(b, run);
        b->places[b->n_places++] = row;
    } else {
        b->asked.row_ended(b->ctx, row, result);
    }
}

void batchrun_take(struct script_run *run, enum machine_result how,
                   const struct script_result *result)
{
    struct script_batch_run *b = run->batch;
    b->run = NULL;
    b->last_status = run->last_status;
    if (b->is_cancelled)
        b->is_over = true;
    else if (!b->is_sending)
        take_row(b, run, how, result);
}

/* The rows before it took all the time that there is for rows. It goes with a later batch then, so that
   rows which are slow to get ready keep none from being sent, and none fails for the others' time. */
static bool is_late(const struct script_batch_run *b)
{
    return b->next > 0 && clock_mono_ms(&b->m->clock) >= b->late_ms;
}

/* Starts the rows one after another, until one waits, whose run is returned. */
static struct script_run *work_off(struct script_batch_run *b)
{
    struct script_run *waits = NULL;
    b->is_working = true;
    while (!waits && !b->is_over && b->next < b->asked.n_rows) {
        size_t row = b->next;
        if (b->asked.is_left_out(b->ctx, row)) {
            b->next++;
        } else if (!needs_run(b, &b->asked.rows[row])) {
            b->places[b->n_places++] = row;
            b->next++;
        } else if (b->left_us <= 0) {
            stop(b, SLICE_LIT("the batch was stopped: its transformers ran longer than "
                              "limits.handlerTime has it for so many rows"));
        } else if (is_late(b)) {
            b->asked.row_ended(b->ctx, b->next++, NULL);
        } else {
            struct script_run *run =
                begin_run(b, REF_RUN_ROW, &b->asked.rows[row], b->asked.rows[row].id);
            if (run->time_ms > b->m->handler_time_ms)
                run->time_ms = b->m->handler_time_ms;
            waits = run_step(run);
        }
    }
    b->is_working = false;
    return waits;
}

static struct script_batch_run *send(struct script_batch_run *b)
{
    b->asked.add_id(b->ctx, &b->id);
    const struct script_attempt *alone = b->n_places == 1 ? row_at(b, 0) : NULL;
    struct script_run *run = begin_run(b, REF_RUN_BATCH, alone, buf_slice(&b->id));
    run->keeps_value = b->asked.keeps_value;
    if (run->time_ms < 1)
        run->time_ms = 1;
    b->is_sending = true;
    b->run = run;
    return run_step(run) ? b : NULL;
}

/* NULL: it has ended, and b is gone. */
static struct script_batch_run *go_on(struct script_batch_run *b)
{
    b->run = work_off(b);
    if (b->run)
        return b;
    if (b->is_over) {
        const struct script_result stopped = {
            .end = SCRIPT_LIMIT, .after_ms = -1, .error = buf_slice(&b->stop)};
        end(b, &stopped);
        return NULL;
    }
    if (b->n_places > 0)
        return send(b);
    end(b, NULL);
    return NULL;
}

void batchrun_go_on(struct script_batch_run *b, const struct script_result *result)
{
    if (b->is_working)
        return; /* who works goes on by itself */
    if (!b->is_sending)
        go_on(b);
    else if (b->has_items && !b->is_cancelled)
        end_by_items(b, result);
    else
        end(b, result);
}

struct script_batch_run *script_attempt_batch(struct script_machine *m,
                                              const struct script_connector *connector,
                                              const struct script_batch *batch,
                                              script_result_fn done, void *ctx)
{
    struct script_batch_run *b = batchrun_new(m, connector, batch);
    b->done = done;
    b->ctx = ctx;
    return go_on(b);
}

void script_cancel_batch(struct script_batch_run *run)
{
    struct script_batch_run *b = run;
    if (!b)
        return;
    b->is_cancelled = true;
    bool is_within = b->is_working || b->m->current == b->run;
    script_cancel(b->run);
    if (!is_within)
        batchrun_free(b);
}
