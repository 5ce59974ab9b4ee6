/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What people write who come from other languages, and what is written here instead. Three subjects, each a
 * file of tables, of which each row is one slip: to know another, add a row, and a line to the tests.
 */
#ifndef LIAISON_SCRIPT_SLIPS_H
#define LIAISON_SCRIPT_SLIPS_H

#include "base/attr.h"
#include "base/buf.h"
#include "base/slice.h"
#include "script/node.h"

/* ---- names: slips_names.c ---- */

/* Of a global where it stands, such as `console` in console.log(x); NULL: none is known. */
const char *slips_find_global(const struct node *n);
/* Of one in a spec alone, such as `assertEquals`. */
const char *slips_find_spec_global(struct slice name);
/* Of a member, such as `length`. */
const char *slips_find_member(struct slice name);
/* Of a function that the library hasn't, such as math.round; else as slips_find_member. */
const char *slips_find_function(struct slice library, struct slice name);

/* ---- options: slips_options.c ---- */

/* Of an option that a set of options (options.h) hasn't, by the set's name. */
struct option_slip {
    const char *set, *name;
    const char *option; /* what it is called here, where it is one of the set; else NULL */
    const char *words;  /* where it is none: what to write */
};
/* NULL: none is known. */
const struct option_slip *slips_find_option(const char *set, struct slice name);

/* ---- syntax: slips_syntax.c ---- */

/* Where LuaJIT refuses `text` at `line` with that message (without file and line): appends what to
   write instead, and says which part of the text is meant. False, and nothing appended, where it is no
   slip that is known. */
bool slips_find_syntax(struct slice text, int line, struct slice message, struct buf *words,
                       struct slice *mark, int *mark_line);

#endif
