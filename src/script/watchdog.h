/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Stops scripts that don't stop by themselves. A thread looks on while a script runs; once it has
 * used up its processor time, the thread signals the one that runs it (SIGUSR1), whose handler arms
 * a hook in the Lua state that yields before the next instruction. No pcall catches a yield; where
 * none is possible (a comparator of table.sort, a callback of gsub) the hook raises an error at
 * each instruction until it is. The coroutine is then dropped. Works with the JIT compiler off
 * only.
 *
 * All functions are called by the thread that made it.
 */
#ifndef LIAISON_SCRIPT_WATCHDOG_H
#define LIAISON_SCRIPT_WATCHDOG_H

#include <stdbool.h>
#include <stdint.h>

#include <lua.h>

#include "base/attr.h"
#include "base/err.h"

struct watchdog;

/* `L` is watched over, and outlives it. NULL with err. */
struct watchdog *watchdog_new(lua_State *L, struct err *err) must_check;
/* Accepts NULL. */
void watchdog_free(struct watchdog *w);

/* Lua is about to run, for `budget_us` of processor time at most. */
void watchdog_enter(struct watchdog *w, int64_t budget_us);
/* It has come back: the microseconds it took (of processor time, where they are many), and whether it was stopped. The hook is off again. */
int64_t watchdog_leave(struct watchdog *w, bool *was_stopped);

/* Arms the hook at once: nothing more of the script that runs is to be run. */
void watchdog_stop(struct watchdog *w);
/* Whether the hook is armed. */
bool watchdog_is_stopping(const struct watchdog *w);

#endif
