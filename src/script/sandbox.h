/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What a script can reach: the names of an allow-list, and nothing else. Each file of a project
 * gets an environment of its own, in which every library is a copy, so that no script can harm
 * another by altering one.
 */
#ifndef LIAISON_SCRIPT_SANDBOX_H
#define LIAISON_SCRIPT_SANDBOX_H

#include <lua.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/slice.h"

/* [-0, +1, m] Pushes the compiled `text` as a function with a new environment. `name` is its path,
   which errors will show. -1 with err ("NAME:LINE: …"), and nothing pushed, for a syntax error. */
int sandbox_load(lua_State *L, struct slice text, const char *name, struct err *err) must_check;

#endif
