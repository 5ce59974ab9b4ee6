/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Why an expression is nil, in the words of the document it looks into: "data has no room; did you
 * mean rooms?", "slots has 1 element", "room is nil: in line 4 it comes from event.data.room, and data
 * has no room".
 */
#ifndef LIAISON_SCRIPT_ABSENCE_H
#define LIAISON_SCRIPT_ABSENCE_H

#include <lua.h>

#include "base/buf.h"
#include "script/frame.h"

/* [-0, +0] Appends it, of an expression that is nil. */
void absence_add(struct buf *out, struct frame *f, const struct node *n);

/* What is written in the place of a global that isn't there, or NULL: in a spec also what only specs say. */
const char *absence_find_slip(lua_State *L, const struct node *n);

/* [-0, +0] Why, of the member `name` that `n` asks of the value on top; `what` is the word before the
   member's name ("function "), or "". */
void absence_add_member(struct buf *out, lua_State *L, const struct node *n, const char *what,
                        struct slice name);

/* [-0, +0] "; it has a, b and 3 more", of the value on top. */
void absence_add_names(struct buf *out, lua_State *L);

/* How the text speaks of an expression: its last name with what follows it ("slots[2]"), or the whole
   where it is short; on one line. */
void absence_add_name(struct buf *out, const struct node *n);
/* A part of the source on one line, shortened where it is long. */
void absence_add_text(struct buf *out, struct slice text);

#endif
