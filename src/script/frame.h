/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * A script's function that stands still in the middle of a line: what its expressions are just now.
 * They are looked up, not run: no metamethod is called, no document decoded, nothing changed.
 *
 *     struct frame f;
 *     frame_find(&f, L, source, 12);
 *     if (frame_evaluate(&f, node)) …          // the value is on top of the stack
 */
#ifndef LIAISON_SCRIPT_FRAME_H
#define LIAISON_SCRIPT_FRAME_H

#include <stdbool.h>

#include <lua.h>

#include "base/slice.h"
#include "script/syntax.h"

struct frame {
    lua_State *L;
    lua_Debug ar;
    bool stands;       /* else nothing of it can be evaluated */
    unsigned n_looked; /* expressions that were looked up */
};

/* [-0, +0] Finds the innermost function of the file `name` that stands at `line`. */
void frame_find(struct frame *f, lua_State *L, struct slice name, int line);

/* Whether the expression is in the function that stands, or in any where none does. */
bool frame_has(const struct frame *f, const struct node *n);

/* [-0, +1 or +0] Pushes what the expression is now. False, and nothing pushed, where that can't be
   told without running something. Takes room on the stack for a few values for each level of nesting,
   and is false where there is none. False, too, once a frame has looked up so many that it took
   milliseconds: nobody stops it. */
bool frame_evaluate(struct frame *f, const struct node *n);

/* [-0, +1 or +0] Pushes the member of the value on top by that name; nil when there is none. False,
   and nothing pushed, where a function of a script, or of ours, would have to be asked. */
bool frame_member(lua_State *L, struct slice name);

/* Calls `each` with the names that the value on top has, those of its metatable's __index after its
   own; at most FRAME_NAMES_MAX. */
#define FRAME_NAMES_MAX 256
typedef void (*frame_name_fn)(void *ctx, struct slice name);
void frame_each_name(lua_State *L, frame_name_fn each, void *ctx);

#endif
