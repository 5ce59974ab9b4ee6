/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * An event's data as scripts get them: a table that is filled when somebody first looks into it. What
 * is only passed on is then neither decoded nor compared nor written anew.
 *
 * Until then it holds its text alone, or where that is, under a key that scripts don't have. Those of Lua's functions
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

/* Several that come together share a pack, which holds all of their texts: one object of Lua's, where
   each would have a string of its own. It lives as long as one of them is unread.

       struct document_pack *pack = document_push_pack(L, n, bytes);
       document_push_packed(L, lua_gettop(L), text); …
*/
struct document_pack;
/* [-0, +1, e] One with room for n of them, of so many bytes in all. */
struct document_pack *document_push_pack(lua_State *L, size_t n, size_t bytes);
/* [-0, +1, e] As document_push; `pack` is the stack index of the pack, which has room for it. */
void document_push_packed(lua_State *L, int index, struct slice text);

/* [-0, +0] Whether the value at `index` is one that nobody has looked into. *text is then its text,
   borrowed from the table, until that is filled or goes. */
bool document_is_unread(lua_State *L, int index, struct slice *text);

/* [-0, +0, e] Fills the table at `index` where it is unread. */
void document_read(lua_State *L, int index);

#endif
