/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What can be seen in the text of scripts before an event comes. Files are read as trees; nothing of
 * them is run. Each check is a function of one file, or of a function that was registered.
 */
#ifndef LIAISON_SCRIPT_CHECK_H
#define LIAISON_SCRIPT_CHECK_H

#include "base/attr.h"
#include "base/slice.h"
#include "script/load.h"
#include "script/node.h"
#include "script/syntax.h"

/* All of them, over all files that were loaded; told through the loader. */
void check_project(struct loader *l);
/* Of liaison.lua, which has nothing but values. */
void check_config(struct loader *l, const struct source *source);
/* The line of the first `name =` in `text`, or 0. */
int check_find_assignment(struct slice text, const char *name);
/* The line of the `return` that ends the file; without one that of its end, where it belongs. 0: it is no Lua. */
int check_find_return(struct slice text);

/* ---- among the checks ---- */

struct check {
    struct loader *l;
    const struct source *source;
    const struct syntax *syntax;
};

/* Tells something of the part `mark` of a node's text, which begins at its beginning or is its name. */
void check_tell(const struct check *c, enum problem_level level, const struct node *n,
                struct slice mark, const char *fmt, ...) printf_like(5, 6);

/* check_names.c: globals that nobody gives, members that a library doesn't have. */
void check_names(const struct check *c);
/* check_calls.c: options that aren't there or are of a wrong type; a dot for a colon; what waits where
   nothing can wait. */
void check_calls(const struct check *c);
/* check_fields.c: fields that an answer, a delivery or a batch doesn't have. */
void check_fields(const struct check *c);
/* check_habits.c: what is right elsewhere and never meant here: list[0], null == nil, "a" + "b". */
void check_habits(const struct check *c);
/* The same of a handler, whose first parameter is the event. */
void check_handler_habits(const struct check *c, const struct node *handler);

/* ---- what nodes mean ---- */

/* Whether it is a library by its global name, or by a local that stands for it. */
bool check_is_library(const struct node *n, const char *library);
/* Whether it is the function LIBRARY.NAME, or with `library` NULL the global NAME, called or not. */
bool check_is_function(const struct node *n, const char *library, const char *name);
/* Whether it is a name of what SyncManager.new returned. */
bool check_is_sync(const struct node *n);
/* Whether it is a name of what http.get and its siblings returned. */
bool check_is_answer(const struct node *n);
/* Whether it is a name of what sync:send returned. */
bool check_is_delivery(const struct node *n);

#endif
