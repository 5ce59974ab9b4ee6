/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* skip, retry and reject: they end a run at once. */
#include <lauxlib.h>

#include "script/batchrun.h"
#include "script/bindings.h"
#include "script/machine.h"
#include "script/options.h"
#include "script/secret.h"
#include "script/watchdog.h"

enum { RETRY_AFTER, RETRY_ITEMS };
static const struct option retry_rows[] = {
    {"after", OPTION_DURATION, NULL},
    {"items", OPTION_TABLE, "a list of rows, as in { 1, 3 }"},
};
const struct option_set options_of_retry = OPTION_SET("retry", retry_rows);

enum { REJECT_ITEMS };
static const struct option reject_rows[] = {
    {"items", OPTION_TABLE, "a list of rows, as in { 1, 3 }"},
};
const struct option_set options_of_reject = OPTION_SET("reject", reject_rows);

/* A test ends with an error where a transformer that it calls itself says so. */
static struct script_run *ending_run(lua_State *L, const char *what)
{
    struct script_run *run = machine_of(L)->current;
    return run && run->kind == RUN_SPEC ? run : machine_waiting_run(L, what);
}

/* Notes the reason, the first argument, in the run that is to end. It comes before all else that a
   call says: one that raises an error leaves nothing behind that another end would be taken for. */
static struct script_run *note_reason(lua_State *L, const char *what)
{
    struct script_run *run = ending_run(L, what);
    struct slice reason = secret_is(L, 1) ? SLICE_LIT("***") : secret_or_text(L, 1);
    if (!reason.data)
        machine_raise(L, "%s takes its reason as a string, as in %s(\"…\")", what, what);
    buf_clear(&run->reason);
    buf_add_slice(&run->reason, reason);
    return run;
}

/* The run gives control back for ever: a yield passes through every pcall. Where none is possible
   (in a comparator of table.sort) the watchdog's hook makes it, one level up. */
static int end_run(lua_State *L, struct script_run *run, const char *what, enum script_end end)
{
    if (run->kind == RUN_SPEC)
        machine_raise(L, "%s: %s", what, run->reason.data);
    run->verdict = end;
    run->pause = PAUSE_VERDICT;
    if (lua_isyieldable(L))
        return lua_yield(L, 0);
    watchdog_stop(run->m->watchdog);
    return luaL_error(L, "%s", what);
}

static int outcome_skip(lua_State *L)
{
    lua_settop(L, 1);
    return end_run(L, note_reason(L, "skip"), "skip", SCRIPT_SKIP);
}

static int outcome_retry(lua_State *L)
{
    struct err err = {0};
    lua_settop(L, 2);
    struct script_run *run = note_reason(L, "retry");
    options_read_or_raise(L, 2, &options_of_retry);
    int after = 3 + RETRY_AFTER;
    int64_t after_ms = -1;
    if (!lua_isnil(L, after) && option_duration(L, after, &after_ms, &err) < 0)
        machine_raise(L, "retry: `after`: %s", err.message);
    if (!lua_isnil(L, 3 + RETRY_ITEMS))
        batchrun_read_items(L, 3 + RETRY_ITEMS, run, "retry");
    run->after_ms = after_ms; /* now that nothing is wrong with it: the error may be caught */
    return end_run(L, run, "retry", SCRIPT_RETRY);
}

static int outcome_reject(lua_State *L)
{
    lua_settop(L, 2);
    struct script_run *run = note_reason(L, "reject");
    options_read_or_raise(L, 2, &options_of_reject);
    if (!lua_isnil(L, 3 + REJECT_ITEMS))
        batchrun_read_items(L, 3 + REJECT_ITEMS, run, "reject");
    return end_run(L, run, "reject", SCRIPT_REJECT);
}

static const luaL_Reg globals[] = {
    {"skip", outcome_skip},
    {"retry", outcome_retry},
    {"reject", outcome_reject},
    {NULL, NULL},
};

void outcome_open(lua_State *L)
{
    luaL_setfuncs(L, globals, 0);
}
