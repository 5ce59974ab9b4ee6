/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What is told of the error that ends a run: file and line, what is wrong in the words of the script,
 * the line itself, who ran it for which event, and the way there.
 *
 *     scripts/rooms.lua:12: event.data.room.name: data has no room; did you mean rooms?
 *        12 | data = { room = event.data.room.name },
 *           |                 ^^^^^^^^^^^^^^^ attempt to index field 'room' (a nil value)
 *       in handler rooms/schedule.updated#1, event e-17 (schedule.updated)
 *       scripts/rooms.lua:12: in the function of line 10
 *
 * The first line is all that lists show. What stands here goes into the log, the dead letter and the
 * API alike.
 *
 * All runs begin with xpcall, whose handler notes it down while the functions that failed still stand:
 * errors that a script catches itself cost nothing, and neither does a run that succeeds.
 */
#ifndef LIAISON_SCRIPT_BLAME_H
#define LIAISON_SCRIPT_BLAME_H

#include <stdbool.h>

#include <lua.h>

#include "base/buf.h"
#include "base/slice.h"

struct script_machine;
struct script_run;

/* What a run noted down. Freed with the run's end. */
struct blame {
    struct buf text;   /* all but the way there; empty: the error is an http error, or none came */
    struct buf frames; /* the way there: "\n  FILE:LINE: in …" */
    bool is_noted;     /* by xpcall's handler */
    bool is_kept;      /* it stands: the error is raised once more */
};

/* [-0, +0, e] Opens what runs begin with. The prelude has xpcall's handler as `note`. */
void blame_open(lua_State *L);

/* [-0, +2] Makes the function at index 1, with its arguments above it, one that is called by xpcall. */
void blame_wrap(lua_State *co);
/* [-1, +0] After it has ended: takes xpcall's own result off. False where the function failed; the
   error is then on top. */
bool blame_unwrap(lua_State *co);

/* The run is refused memory just now: notes the way there, as no handler will be called. */
void blame_note_memory(struct script_run *run);
/* Whether a run that failed was refused memory: nothing else fails without a note. */
bool blame_is_memory(const struct script_run *run, lua_State *co);

/* Puts what was noted of an error in the place of its own text, where that was; the way there follows. */
void blame_take(struct script_run *run, struct buf *error);
/* Whether the way there, as it was noted, has more than one step. */
bool blame_has_way(const struct script_run *run);
/* Appends, of a run that was stopped, the line it was stopped at, and the way there. */
void blame_add_stop(const struct script_run *run, struct buf *out);
/* Appends the way there as it was noted, else as the coroutine has it. `out` begins with the error's own
   text. */
void blame_add_frames(const struct script_run *run, struct buf *out);

/* Appends what is told of a text that LuaJIT refused to compile, "NAME:LINE: message". */
void blame_add_syntax_error(struct script_machine *m, struct slice message, struct buf *out);

void blame_deinit(struct blame *blame);

#endif
