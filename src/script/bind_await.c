/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * delivery:await() of what sync:send returned: the wait for a delivery's end, and how that reads.
 */
#include <lauxlib.h>

#include "script/bindings.h"
#include "script/machine.h"
#include "script/returned.h"

#define MISPLACED                                                                                  \
    "await works in the handler that sent the delivery, while it handles that event: sync:send "   \
    "and await belong into one function given to sync:on"

/* [-0, +0] The delivery's id, borrowed from the table at `index`. */
static struct slice read_id(lua_State *L, int index)
{
    struct slice id = SLICE_NULL;
    if (!lua_istable(L, index) || !machine_is(L, index, REF_SENT))
        machine_raise(L, "write delivery:await() with a colon, on what sync:send returned");
    lua_pushliteral(L, "id");
    lua_rawget(L, index);
    if (lua_type(L, -1) == LUA_TSTRING)
        id.data = lua_tolstring(L, -1, &id.len);
    lua_pop(L, 1);
    return id;
}

/* startAwait(delivery): gives control back until script_awaited. */
static int await_start(lua_State *L)
{
    struct script_machine *m = machine_of(L);
    struct err err = {0};
    lua_settop(L, 1);
    struct slice id = read_id(L, 1);
    struct script_run *run = machine_check_can_wait(L, "await");
    if (run->kind != RUN_HANDLER || !id.data)
        machine_raise(L, MISPLACED);
    if (m->ports->await(m->ports->ctx, run->ctx, id, &err) < 0)
        machine_raise(L, "await: %s", err.message);
    run->pause = PAUSE_AWAIT;
    return lua_yield(L, 0);
}

/* [-0, +1] { cause, error, attempts } */
static void push_failure(lua_State *L, const struct script_awaited *end)
{
    lua_createtable(L, 0, 3);
    lua_pushlstring(L, end->cause.data ? end->cause.data : "", end->cause.len);
    lua_setfield(L, -2, "cause");
    lua_pushlstring(L, end->error.data ? end->error.data : "", end->error.len);
    lua_setfield(L, -2, "error");
    lua_pushinteger(L, (lua_Integer)end->attempts);
    lua_setfield(L, -2, "attempts");
}

/* finishAwait() -> what the connector returned; or nil, failure */
static int await_finish(lua_State *L)
{
    const struct script_awaited *end = machine_of(L)->current->awaited;
    if (end->refusal.data)
        machine_raise(L, "await: %.*s", SLICE_FMT(end->refusal));
    if (end->is_delivered) {
        returned_push(L, end->value);
        return 1;
    }
    lua_pushnil(L);
    push_failure(L, end);
    return 2;
}

static const luaL_Reg host_functions[] = {
    {"startAwait", await_start},
    {"finishAwait", await_finish},
    {NULL, NULL},
};

void await_open(lua_State *L)
{
    bindings_add_host(L, host_functions);
}

void await_adopt(lua_State *L)
{
    machine_push(L, REF_SENT);
    lua_newtable(L);
    lua_getfield(L, -3, "await");
    lua_setfield(L, -2, "await");
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
}
