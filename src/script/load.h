/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * A project while it is being loaded: its files, what they returned, and what is wrong with them.
 * Shared by load.c, connector.c, check.c and the bindings that work at load time only.
 */
#ifndef LIAISON_SCRIPT_LOAD_H
#define LIAISON_SCRIPT_LOAD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/buf.h"
#include "script/machine.h"
#include "script/sources.h"

struct loader {
    struct script_machine *m;
    script_problem_fn problem;
    void *ctx;
    size_t n_errors;
    bool script_failed; /* in its midst: what it would have done from there on is unknown */
    const char *script; /* SCRIPT of the handlers that are registered just now, or NULL … */
    struct slice file;  /* … and the name of its source */
    const struct source **required; /* files of lib/ that were run … */
    size_t n_required;              /* … so many */
    const struct source **patterns; /* of connectors, see connector_is_pattern … */
    size_t n_patterns;              /* … so many */
};

/* Tells a problem. `line` 0 is the file as a whole. */
void loader_tell(struct loader *l, bool is_warning, const char *file, int line, const char *fmt,
                 ...) printf_like(5, 6);
/* Tells what is wrong with a part of a file's text, which is marked. A finding is a warning to `run`,
   and an error to `check`. */
enum problem_level { PROBLEM_ERROR, PROBLEM_FINDING, PROBLEM_WARNING };
void loader_tell_marked(struct loader *l, enum problem_level level, const struct source *source,
                        int line, struct slice mark, const char *text);
/* Tells an error whose text may begin with "FILE:LINE: "; else it is told of `file`. */
void loader_tell_raised(struct loader *l, const char *file, const char *text);

/* For files that are run by themselves, in a machine of `sources` that has `secret` and helpers only: begins a
   loader of which problem and ctx are set, -1 where there is no memory for it, which is told of `about`; … */
int loader_begin_alone(struct loader *l, struct sources *sources, bool has_stand_ins,
                       struct mask *mask, const char *about) must_check;
/* … and ends it, with the caller's reference to its sources, in either case. -1 where anything that was told
   is more than a warning. */
int loader_end_alone(struct loader *l, struct sources *sources);

/* What a file's top level may take, and a test. */
int64_t loader_time_ms(const struct script_machine *m);

/* Compiles and runs a file. A registry reference to what it returned, the caller's to unref;
   LUA_NOREF when it failed, or can't be read, which is told. */
int loader_run(struct loader *l, const struct source *source);
/* A file of lib/ is run by `require` just now: it isn't compiled once more to be checked. */
void loader_note_required(struct loader *l, const struct source *lib);

/* ---- connector.c, transformer.c: registering what files returned (`ref`) ---- */

/* By the name of its file. */
void connector_add(struct loader *l, const struct source *source, int ref);
/* [-0, +0, e] Whether what a file returned, which is on top, makes connectors by options: a table with a
   function `new`. */
bool connector_makes_others(lua_State *L);
/* Whether a file of that name makes connectors by options, and is none itself. */
bool connector_is_pattern(const struct loader *l, struct slice name);
/* The prelude's own. */
void connector_add_dead_letters(struct loader *l);
/* Sorts them by name; after this no more are added. */
void connector_finish(struct loader *l);

void transformer_add(struct loader *l, const struct source *source, int ref);
/* One of the project, or one that ships and is loaded now; NULL when there is none. */
const struct transformer *transformer_find(struct loader *l, const char *name);
/* Tells that there is none; nothing where the project has a file of it, of which another problem was told. */
void transformer_tell_missing(struct loader *l, const char *name, const char *file, int line);

/* ---- config.c ---- */

/* [-0, +0] In the environment of the function on top, what only scripts have says where it belongs. */
void config_leave_out(lua_State *L);

/* ---- bind_lookup.c ---- */

/* Reads the tables of data/. */
void lookup_load(struct loader *l);
/* -1 with err where lookup(name, column) would raise one. */
int lookup_check(struct loader *l, struct slice name, struct slice column,
                 struct err *err) must_check;

#endif
