/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* What the prelude needs of the host while a connector's `verify` is asked. */
#include <lauxlib.h>

#include "script/answer.h"
#include "script/argument.h"
#include "script/bindings.h"
#include "script/machine.h"

/* beginVerify(): its requests are questions, see script_run.is_verifying. */
static int verify_begin(lua_State *L)
{
    machine_of(L)->current->is_verifying = true;
    return 0;
}

/* finishVerify(answer) -> answer */
static int verify_finish(lua_State *L)
{
    lua_settop(L, 1);
    if (!lua_isboolean(L, 1))
        machine_raise(L,
                      "`verify` must return true, where it is there already, or false, where it is "
                      "to be sent; not %s",
                      argument_describe(L, 1));
    machine_of(L)->current->is_verifying = false;
    return 1;
}

/* isEcho(error) -> whether it is a 409 of which `statuses` say nothing */
static int verify_is_echo(lua_State *L)
{
    struct script_result result = {0};
    if (machine_is(L, 1, REF_HTTP_ERROR))
        answer_read_error(L, 1, &result);
    lua_pushboolean(L, result.status == 409 && result.said == SCRIPT_SAID_NOTHING);
    return 1;
}

/* raiseNoted(error): once more what xpcall caught; what was noted of it stands. */
static int verify_raise_noted(lua_State *L)
{
    machine_of(L)->current->blame.is_kept = true;
    lua_settop(L, 1);
    return lua_error(L);
}

static const luaL_Reg host_functions[] = {
    {"beginVerify", verify_begin},
    {"finishVerify", verify_finish},
    {"isEcho", verify_is_echo},
    {"raiseNoted", verify_raise_noted},
    {NULL, NULL},
};

void verify_open(lua_State *L)
{
    bindings_add_host(L, host_functions);
}
