/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Lua's patterns (Lua 5.1 reference manual, 5.4.1) with an end: a pattern may backtrack for ages,
 * and no hook of LuaJIT's reaches into its own matcher. This one counts its work, and asks now and
 * then whether it is to stop. In all else it is LuaJIT's, errors and limits included.
 */
#ifndef LIAISON_SCRIPT_MATCH_H
#define LIAISON_SCRIPT_MATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

#define MATCH_CAPTURES_MAX 32
/* Lengths of captures that have none: "()", which is a position, and one that the pattern opens and
   doesn't close, which is an error for whoever asks for it. */
#define MATCH_POSITION (-2)
#define MATCH_UNFINISHED (-1)

struct match_capture {
    const char *start;
    ptrdiff_t len;
};

/* In place; set text, pattern and is_stopping, the rest 0. */
struct match {
    struct slice text, pattern;
    bool (*is_stopping)(void *ctx);
    void *ctx;
    int n_captures; /* after match_at */
    struct match_capture captures[MATCH_CAPTURES_MAX];
    const char *error; /* why the pattern is none, or "stopped" */
    /* private */
    size_t work;
    unsigned depth;
};

/* What of `text` is a pattern: it ends at a zero, as it does in Lua. */
struct slice match_pattern(struct slice text);

/* Whether the pattern (without a leading ^) matches at text.data + at: the end of the match, else
   NULL. NULL with m->error when the pattern is wrong. */
const char *match_at(struct match *m, size_t at);

/* Counts work that belongs to the matching, a step being a comparison; false, with m->error, once
   it is to end. */
bool match_spend(struct match *m, size_t work);

/* Whether a pattern has no character with a meaning of its own. */
bool match_is_plain(struct slice pattern);

#endif
