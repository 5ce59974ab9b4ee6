/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Exact numbers: whole numbers beyond ±2^53 and decimals that no double holds, as digits times a
 * power of ten. Arithmetic and comparisons, also with Lua's own numbers, keep every digit; a
 * quotient that doesn't end is rounded to 34 digits.
 *
 * A script sees a cdata without members: it is the one type that LuaJIT compares with plain numbers
 * by < and <=. The digits stand in a userdata that a weak table finds by it.
 */
#ifndef LIAISON_SCRIPT_EXACT_H
#define LIAISON_SCRIPT_EXACT_H

#include <stdbool.h>

#include <lua.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

/* More digits, or a larger exponent, are refused. */
#define EXACT_DIGITS_MAX 10000
/* Bytes of a number's text: its digits, a sign, a point and an exponent. */
#define EXACT_TEXT_MAX (EXACT_DIGITS_MAX + 100)

/* [-0, +1, m] Pushes the exact number of a well-formed JSON number. -1 with err, and nothing
   pushed, when it is too large. */
int exact_push(lua_State *L, struct slice text, struct err *err) must_check;
/* [-0, +0] Whether the value is one. */
bool exact_is(lua_State *L, int index);
/* [-0, +0] Appends its JSON text. */
void exact_add(lua_State *L, int index, struct buf *out);

enum exact_rounding {
    EXACT_TRUNCATE, /* towards zero */
    EXACT_HALF_UP,  /* to the nearest, a half away from zero */
};

struct script_machine;

/* Appends the well-formed JSON number `text`, with so many digits behind the point at most; negative
   `digits` round to tens, hundreds … *is_same, unless NULL, says whether that is the same number. -1
   with err when it is too large. */
int exact_round(struct script_machine *m, struct slice text, long digits, enum exact_rounding how,
                struct buf *out, bool *is_same, struct err *err) must_check;

#endif
