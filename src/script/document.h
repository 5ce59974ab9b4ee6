/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * An event's data as scripts get them: a table that is filled when somebody first looks into it. What
 * is only passed on is then neither decoded nor compared nor written anew.
 *
 * Until then it holds its text alone, under a key that scripts don't have. Those of Lua's functions
 * that pass metatables by (next, rawget, …) are replaced by some that fill it first; code of ours
 * that walks over a script's table calls document_read before.
 */
#ifndef LIAISON_SCRIPT_DOCUMENT_H
#define LIAISON_SCRIPT_DOCUMENT_H

#include <stdbool.h>

#include <lua.h>

#include "base/slice.h"

/* [-0, +1, e] Pushes it. `text` is an object, well-formed; copied. */
void document_push(lua_State *L, struct slice text);

/* [-0, +0] Whether the value at `index` is one that nobody has looked into. *text is then its text,
   borrowed from the table, until that is filled or goes. */
bool document_is_unread(lua_State *L, int index, struct slice *text);

/* [-0, +0, e] Fills the table at `index` where it is unread. */
void document_read(lua_State *L, int index);

#endif
