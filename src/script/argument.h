/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Arguments of helpers. Each function raises an error at the script's line that names the helper,
 * the argument and what was given in its place: "text.sub: from must be a whole number, not nil".
 */
#ifndef LIAISON_SCRIPT_ARGUMENT_H
#define LIAISON_SCRIPT_ARGUMENT_H

#include <stdbool.h>
#include <stdint.h>

#include <lua.h>

#include "base/buf.h"
#include "base/slice.h"

/* [-0, +0, e] What the value is, in the words of an error: "nil", "null", "a list", "an object". Fills
   a document that nobody has looked into. */
const char *argument_describe(lua_State *L, int index);
/* [-0, +0, e] Appends what an error shows of it: a number, a text in quotes, cut where it is long; else
   what it is. Never a secret's value. */
void argument_add_shown(lua_State *L, int index, struct buf *out);

/* [-0, +0, m] Appends the text of a value that has one: a string, a number, true or false, a time; false
   for all others, such as numbers that aren't finite. */
bool argument_add_text(lua_State *L, int index, struct buf *out);
/* [-0, +0, m] Appends the key that a value is: a string as it is, a number as documents have it; false for
   all others. */
bool argument_add_key(lua_State *L, int index, struct buf *out);
/* [-0, +0, e] A string, or the text of a number or time, which it then is at `index`. Borrowed from there. */
struct slice argument_text(lua_State *L, int index, const char *what, const char *name);
/* As argument_text, for what has to be UTF-8. */
struct slice argument_utf8(lua_State *L, int index, const char *what, const char *name);
/* As argument_text, or the bytes of a secret. */
struct slice argument_bytes(lua_State *L, int index, const char *what, const char *name);

/* [-0, +0, e] How many elements the list at `index` has, none of which is missing. An empty table is
   a list, too. */
int argument_list(lua_State *L, int index, const char *what, const char *name);

/* [-0, +0, e] A whole number within ±2^53. */
int64_t argument_whole(lua_State *L, int index, const char *what, const char *name);
/* The same, `missing` where there is nil or nothing. */
int64_t argument_whole_or(lua_State *L, int index, int64_t missing, const char *what,
                          const char *name);

/* [-0, +1, e] For Lua files of our own: nearest(word, names), the one of the list that was meant, or
   nil; nil too for what is no text. Of a long list the first 64 are looked at. */
int argument_nearest(lua_State *L);

#endif
