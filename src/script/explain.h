/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What an error means in the words of the script: which expression on the line was nil, and why. Lua
 * says "attempt to index field 'room' (a nil value)"; this says "event.data.room.name: data has no
 * room; did you mean rooms?".
 *
 * Called while the function that failed still stands (blame.h). Nothing of the script is run.
 */
#ifndef LIAISON_SCRIPT_EXPLAIN_H
#define LIAISON_SCRIPT_EXPLAIN_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"
#include "script/frame.h"
#include "script/syntax.h"

struct failure {
    const struct syntax *syntax; /* of the file */
    int line;
    struct slice message; /* Lua's, or a function's of ours, without file and line */
    struct slice callee;  /* the function not of a script that raised it; absent: none did */
};

struct explanation {
    struct buf words;  /* empty: nothing could be found out */
    bool is_whole;     /* they stand in place of the message, else they follow it */
    struct slice mark; /* the part of the text that is meant; absent: the line */
    int mark_line;
};

/* [-0, +0] Fills `out`, whose words the caller frees. */
void explain(struct explanation *out, struct frame *f, const struct failure *failure);

#endif
