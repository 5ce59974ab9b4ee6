/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "script/machine.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>
#include <luajit.h>

#include "script/auth.h"
#include "script/batchrun.h"
#include "script/bindings.h"
#include "script/connector_statuses.h"
#include "script/last_line.h"
#include "script/spec_parts.h"
#include "script/watchdog.h"

/* Coroutines kept for the next run. */
#define IDLE_MAX 256
/* Bytes of the C stack that calls from C back into Lua may nest over. LuaJIT itself counts only its
   own stack. */
#define C_STACK_MAX (1u << 20)
/* The scripts' memory is full when less than this part of it is left. */
#define FULL_PART 8
/* Scratch that one large document made larger than this is given back. */
#define SCRATCH_KEEP (1u << 20)

struct kept {
    struct kept *next;
    char bytes[];
};

/* ---- memory ---- */

static void *allocate(void *ud, void *ptr, size_t old_size, size_t new_size)
{
    struct script_machine *m = ud;
    struct memory *memory = &m->memory;
    if (new_size == 0) {
        memory->used -= old_size;
        free(ptr);
        return NULL;
    }
    bool is_growth = new_size > old_size && !memory->is_lifted;
    if (is_growth && memory->used + (new_size - old_size) > memory->max) {
        memory->refused = new_size - old_size;
        if (m->current)
            blame_note_memory(m->current);
        return NULL;
    }
    void *p = ptr ? realloc(ptr, new_size) : malloc(new_size); /* which is the shorter way */
    if (!p && memory->is_lifted)
        die("out of memory: %zu bytes for the scripts' machine", new_size);
    if (p)
        memory->used += new_size - old_size;
    return p;
}

static size_t room_of(const struct memory *memory)
{
    return memory->max > memory->used ? memory->max - memory->used : 0;
}

static void note_full(struct script_machine *m)
{
    if (m->memory.full_since_ms == 0)
        m->memory.full_since_ms = clock_wall_ms(&m->clock);
}

/* What is held now isn't garbage. It counts as full until half is free of what the files left free when
   they were loaded. */
static void collect(struct script_machine *m)
{
    struct memory *memory = &m->memory;
    lua_gc(m->L, LUA_GCCOLLECT, 0);
    memory->collect_at = memory->used + room_of(memory) / 2;
    if (room_of(memory) < memory->max / FULL_PART)
        note_full(m);
    else if (memory->used <= memory->loaded + (memory->max - memory->loaded) / 2)
        memory->full_since_ms = 0;
}

/* So that a run that meets the limit has itself to blame: garbage of others is gone before it
   starts. The next collection is due when half of what was free then is used, which bounds their
   number. */
static void make_room(struct script_machine *m)
{
    if (m->memory.used > m->memory.collect_at)
        collect(m);
}

static void trim(struct buf *b)
{
    if (b->cap > SCRATCH_KEEP)
        buf_deinit(b);
    else
        buf_clear(b);
}

static void trim_scratch(struct script_machine *m)
{
    trim(&m->json);
    trim(&m->text);
    trim(&m->url);
    trim(&m->body);
    m->keys.len = 0;
}

struct slice machine_keep(struct script_machine *m, struct slice s)
{
    struct kept *kept = mem_alloc(sizeof(*kept) + s.len + 1);
    if (s.len > 0)
        memcpy(kept->bytes, s.data, s.len);
    kept->bytes[s.len] = '\0';
    kept->next = m->kept;
    m->kept = kept;
    return slice_of(kept->bytes, s.len);
}

/* ---- the registry ---- */

void machine_set(lua_State *L, enum machine_ref ref)
{
    struct script_machine *m = machine_of(L);
    m->metatables[ref] = lua_topointer(L, -1);
    if (m->refs[ref] > 0)
        lua_rawseti(L, LUA_REGISTRYINDEX, m->refs[ref]);
    else
        m->refs[ref] = luaL_ref(L, LUA_REGISTRYINDEX);
}

void machine_push(lua_State *L, enum machine_ref ref)
{
    lua_rawgeti(L, LUA_REGISTRYINDEX, machine_of(L)->refs[ref]);
}

bool machine_is(lua_State *L, int index, enum machine_ref ref)
{
    if (!lua_getmetatable(L, index))
        return false;
    bool is = lua_topointer(L, -1) == machine_of(L)->metatables[ref];
    lua_pop(L, 1);
    return is;
}

void machine_mark(lua_State *L, int index, enum machine_ref ref)
{
    machine_push(L, ref);
    lua_setmetatable(L, index);
}

bool machine_takes_second(lua_State *L, int index)
{
    int top = lua_gettop(L);
    lua_pushvalue(L, index);
    machine_push(L, REF_FUNCTION_INFO);
    lua_insert(L, -2);
    lua_pushliteral(L, "u");
    lua_call(L, 2, 1);
    lua_getfield(L, -1, "nparams");
    lua_getfield(L, -2, "isvararg");
    bool takes = lua_tointeger(L, -2) >= 2 || lua_toboolean(L, -1);
    lua_settop(L, top);
    return takes;
}

/* ---- the host's own work ---- */

int machine_protect(struct script_machine *m, lua_CFunction fn, void *ctx, struct err *err)
{
    bool was_lifted = m->memory.is_lifted;
    m->memory.is_lifted = true;
    int status = lua_cpcall(m->L, fn, ctx);
    int rc = 0;
    if (status != 0) {
        const char *message = lua_tostring(m->L, -1);
        rc = err_set(err, ERR_SCRIPT, "%s", message ? message : "a script failed");
        lua_pop(m->L, 1);
    }
    m->memory.is_lifted = was_lifted;
    return rc;
}

/* ---- runs ---- */

/* With the limit lifted, so that it can't fail. */
static void make_coroutine(struct script_run *run)
{
    lua_State *L = run->m->L;
    bool was_lifted = run->m->memory.is_lifted;
    run->m->memory.is_lifted = true;
    run->co = lua_newthread(L);
    run->co_ref = luaL_ref(L, LUA_REGISTRYINDEX);
    run->m->memory.is_lifted = was_lifted;
}

static void drop_coroutine(struct script_run *run)
{
    if (run->co)
        luaL_unref(run->m->L, LUA_REGISTRYINDEX, run->co_ref);
    run->co = NULL;
}

struct script_run *machine_take_run(struct script_machine *m, enum run_kind kind)
{
    struct script_run *run;
    if (list_is_empty(&m->idle)) {
        run = mem_calloc(1, sizeof(*run));
        run->m = m;
        list_init(&run->link);
    } else {
        run = list_first(&m->idle, struct script_run, link);
        list_remove(&run->link);
        m->n_idle--;
    }
    if (!run->co)
        make_coroutine(run);
    list_add_tail(&m->busy, &run->link);
    run->kind = kind;
    run->after_ms = -1;
    run->last_source = NULL;
    run->stop_line = 0;
    make_room(m);
    return run;
}

void machine_release(struct script_run *run, size_t bytes)
{
    run->held -= bytes;
    run->grown -= (ptrdiff_t)bytes;
    run->m->memory.used -= bytes;
}

void machine_hold(lua_State *L, struct script_run *run, size_t bytes)
{
    struct memory *memory = &run->m->memory;
    if (bytes > room_of(memory))
        lua_gc(L, LUA_GCCOLLECT, 0);
    if (bytes > room_of(memory))
        machine_raise_memory(L, bytes);
    memory->used += bytes;
    run->held += bytes;
}

static void run_free(struct script_run *run)
{
    machine_release(run, run->held);
    list_remove(&run->link);
    blame_deinit(&run->blame);
    buf_deinit(&run->reason);
    buf_deinit(&run->delivery_id);
    event_unref(run->event);
    free(run);
}

/* All members back to zero but for those that the pool keeps. */
static void run_reset(struct script_run *run)
{
    event_unref(run->event);
    blame_deinit(&run->blame);
    buf_clear(&run->reason);
    buf_clear(&run->delivery_id);
    *run = (struct script_run){
        .m = run->m,
        .co = run->co,
        .co_ref = run->co_ref,
        .reason = run->reason,
        .delivery_id = run->delivery_id,
    };
    list_init(&run->link);
}

void machine_return_run(struct script_run *run, bool has_ended)
{
    struct script_machine *m = run->m;
    list_remove(&run->link);
    machine_release(run, run->held);
    if (has_ended)
        lua_settop(run->co, 0);
    else
        drop_coroutine(run);
    run_reset(run);
    if (m->n_idle >= IDLE_MAX) {
        drop_coroutine(run);
        run_free(run);
        return;
    }
    list_add_head(&m->idle, &run->link);
    m->n_idle++;
}

bool machine_drop_hungry(struct script_run *run)
{
    struct memory *memory = &run->m->memory;
    size_t refused = memory->refused, need = refused + (run->grown > 0 ? (size_t)run->grown : 0);
    drop_coroutine(run);
    machine_release(run, run->held);
    collect(run->m);
    size_t others = memory->used > memory->loaded ? memory->used - memory->loaded : 0;
    bool is_own = refused == 0 || need >= others || need >= memory->max - memory->loaded;
    if (!is_own)
        note_full(run->m);
    return is_own;
}

void machine_note_loaded(struct script_machine *m)
{
    lua_gc(m->L, LUA_GCCOLLECT, 0);
    m->memory.loaded = m->memory.used < m->memory.max ? m->memory.used : m->memory.max;
}

void script_memory(struct script_machine *m, struct script_memory *out)
{
    struct memory *memory = &m->memory;
    if (memory->full_since_ms > 0)
        collect(m);
    *out = (struct script_memory){memory->used, memory->max, memory->full_since_ms};
}

/* ---- entering Lua ---- */

static enum machine_result map_result(struct script_run *run, int status, bool is_well,
                                      bool was_stopped)
{
    if (run->pause == PAUSE_VERDICT)
        return MACHINE_PAUSED;
    if (status == 0 && is_well)
        return MACHINE_RETURNED;
    bool waits = run->pause != PAUSE_NONE;
    if (status == LUA_YIELD && waits && !was_stopped)
        return MACHINE_PAUSED;
    if (status == LUA_YIELD || was_stopped)
        return MACHINE_TIME;
    return status == LUA_ERRMEM || blame_is_memory(run, run->co) ? MACHINE_MEMORY : MACHINE_ERROR;
}

enum machine_result machine_resume(struct script_run *run, int n_args, int64_t limit_ms)
{
    struct script_machine *m = run->m;
    assert(!m->current);
    int64_t left_us = limit_ms * 1000 - run->ran_us;
    size_t used = m->memory.used;
    bool was_stopped, was_lifted = m->memory.is_lifted;

    m->memory.is_lifted = false;
    m->current = run;
    m->stack_base = __builtin_frame_address(0);
    m->memory.refused = 0;
    run->pause = PAUSE_NONE;
    if (!run->has_begun) {
        run->has_begun = true;
        n_args += 2;
        blame_wrap(run->co);
    }
    if (m->spec)
        spec_enter(m);
    if (m->notes_lines)
        last_line_arm(m->L);
    watchdog_enter(m->watchdog, left_us > 0 ? left_us : 0);
    int status = lua_resume(run->co, n_args);
    run->ran_us += watchdog_leave(m->watchdog, &was_stopped);
    clock_renew(&m->clock);
    run->grown += (ptrdiff_t)m->memory.used - (ptrdiff_t)used;
    m->current = NULL;
    m->memory.is_lifted = was_lifted;
    trim_scratch(m);

    bool is_well = status == 0 && blame_unwrap(run->co);
    enum machine_result result = map_result(run, status, is_well, was_stopped);
    return result;
}

bool machine_is_stopping(lua_State *L)
{
    struct script_machine *m = machine_of(L);
    return m->watchdog && watchdog_is_stopping(m->watchdog);
}

void machine_check_stopping(lua_State *L, const char *what)
{
    if (machine_is_stopping(L))
        machine_raise(L, "%s: stopped", what);
}

void machine_check_nesting(lua_State *L)
{
    const char *here = __builtin_frame_address(0), *base = machine_of(L)->stack_base;
    if (base && (size_t)(base > here ? base - here : here - base) > C_STACK_MAX)
        machine_raise(L, "stack overflow: too many calls within calls");
}

struct script_run *machine_waiting_run(lua_State *L, const char *what)
{
    struct script_run *run = machine_of(L)->current;
    if (run && (run->kind == RUN_HANDLER || run->kind == RUN_ATTEMPT))
        return run;
    if (run && run->kind == RUN_FUNCTION)
        machine_raise(L, "%s can't be used in `key` or `filter`: they only compute", what);
    machine_raise(L, "%s works while an event is handled or delivered, not %s", what,
                  run && run->kind == RUN_SPEC
                      ? "in a test itself, which says handle(event) or deliver(\"NAME\", data)"
                      : "while a file is loaded");
}

struct script_run *machine_check_can_wait(lua_State *L, const char *what)
{
    struct script_run *run = machine_waiting_run(L, what);
    if (!lua_isyieldable(L))
        machine_raise(L,
                      "%s waits, which is not possible within a comparator of table.sort, a "
                      "callback of string.gsub, or a metamethod called by C",
                      what);
    return run;
}

/* ---- chance ---- */

/* seed(seed): the base table's own randomseed, which no script can have changed. */
static int seed_random(lua_State *L)
{
    const uint64_t *seed = lua_touserdata(L, 1);
    machine_push(L, REF_GLOBALS);
    lua_getfield(L, -1, "math");
    lua_getfield(L, -1, "randomseed");
    lua_pushnumber(L, (lua_Number)(*seed >> 11)); /* all that a double keeps */
    lua_call(L, 1, 0);
    return 0;
}

void script_seed(struct script_machine *m, uint64_t seed)
{
    rng_init(&m->rng, seed);
    m->uuids = (struct uuid_source){.rng = &m->rng};
    if (machine_protect(m, seed_random, &seed, NULL) < 0)
        die("math.randomseed failed");
}

/* ---- life ---- */

static int open_bindings(lua_State *L)
{
    bindings_open(L);
    return 0;
}

static void read_options(struct script_machine *m, const struct script_options *o)
{
    m->ports = o->ports;
    m->clock = o->clock;
    m->log = o->log;
    m->mask = o->mask;
    m->has_stand_ins = o->has_stand_ins;
    m->handler_time_ms = o->handler_time_ms;
    m->memory.max = o->memory_max > 0 ? (size_t)o->memory_max : SIZE_MAX;
    m->memory.collect_at = m->memory.max / 2;
    m->sources = o->sources ? sources_ref(o->sources)
                            : sources_read(&(struct sources_options){
                                  .project = o->project,
                                  .scripts = o->scripts,
                                  .n_scripts = o->n_scripts,
                                  .data_dir = o->data_dir,
                              });
    m->module_dir = o->module_dir ? machine_keep(m, slice_str(o->module_dir)).data : NULL;
    buf_add_slice(&m->settings, o->settings.len > 0 ? o->settings : SLICE_LIT("{}"));
}

struct script_machine *machine_new(const struct script_options *options, struct err *err)
{
    struct script_machine *m = mem_calloc(1, sizeof(*m));
    list_init(&m->busy);
    list_init(&m->idle);
    map_init(&m->connector_map);
    map_init(&m->transformer_map);
    json_reader_init(&m->reader, SLICE_NULL);
    rng_init_entropy(&m->rng);
    json_reader_init(&m->filler, SLICE_NULL);
    read_options(m, options);

    m->memory.is_lifted = true;
    m->L = lua_newstate(allocate, m);
    if (!m->L) {
        err_set(err, ERR_NO_MEMORY, "cannot make a LuaJIT state");
        goto fail;
    }
    luaJIT_setmode(m->L, 0, LUAJIT_MODE_ENGINE | LUAJIT_MODE_OFF);
    m->watchdog = watchdog_new(m->L, err);
    if (!m->watchdog || machine_protect(m, open_bindings, NULL, err) < 0)
        goto fail;
    m->memory.is_lifted = false;
    return m;

fail:
    machine_free(m);
    return NULL;
}

static void free_runs(struct script_machine *m, struct list *runs)
{
    list_each (link, runs) {
        struct script_run *run = list_entry(link, struct script_run, link);
        if (run->request)
            m->ports->http_cancel(m->ports->ctx, run->request);
        if (run->batch)
            batchrun_free(run->batch);
        run_free(run);
    }
}

static void free_transformer(void *ctx, struct map_node *node)
{
    map_remove(ctx, node);
    free(container_of(node, struct transformer, node));
}

static void free_connector(struct connector *c)
{
    statuses_free(c->statuses);
    free(c->auth);
    free(c);
}

static void free_registered(struct script_machine *m)
{
    map_each(&m->transformer_map, free_transformer, &m->transformer_map);
    for (size_t i = 0; i < m->n_managers; i++) {
        free(m->managers[i].headers);
        free(m->managers[i].auth);
    }
    auth_free_identities(m->identities);
    free(m->managers);
    free(m->handlers);
    for (size_t i = 0; i < m->n_connectors; i++)
        free_connector(m->connectors[i]);
    free(m->connectors);
    free(m->dead_letters);
    free(m->connector_names);
    map_deinit(&m->connector_map);
    map_deinit(&m->transformer_map);
}

static void free_scratch(struct script_machine *m)
{
    json_reader_deinit(&m->reader);
    json_reader_deinit(&m->filler);
    buf_deinit(&m->json);
    buf_deinit(&m->text);
    buf_deinit(&m->url);
    buf_deinit(&m->body);
    buf_deinit(&m->id);
    buf_deinit(&m->trace);
    buf_deinit(&m->message_id);
    keys_deinit(&m->keys);
    free(m->headers);
}

void machine_free(struct script_machine *m)
{
    if (!m)
        return;
    assert(!m->current);
    watchdog_free(m->watchdog);
    m->watchdog = NULL;
    free_runs(m, &m->busy);
    free_runs(m, &m->idle);
    m->memory.is_lifted = true;
    if (m->L)
        lua_close(m->L);
    exact_close(m->exact);
    spec_free(m->spec);
    free_registered(m);
    free_scratch(m);
    buf_deinit(&m->settings);
    lookup_free(m->lookups);
    sources_unref(m->sources);
    for (struct kept *kept = m->kept, *next; kept; kept = next) {
        next = kept->next;
        free(kept);
    }
    free(m);
}
