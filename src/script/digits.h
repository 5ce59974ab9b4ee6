/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Whole numbers of 15 and 16 digits, as of microseconds and of many ids: Lua holds each digit, and
 * writes 1.7000000001235e+15. Wherever a number becomes text by a function, that is put right here; the
 * operator .. can't be, so that what it made is found where it would do harm.
 */
#ifndef LIAISON_SCRIPT_DIGITS_H
#define LIAISON_SCRIPT_DIGITS_H

#include <lua.h>

#include "base/slice.h"

/* [-0, +0, m] A number at `index`, an exact one too, becomes its text. */
void digits_spell(lua_State *L, int index);
/* The first number in the text that .. has cut; absent: there is none. */
struct slice digits_find_cut(struct slice text);
/* What is told of it, behind it. */
#define DIGITS_CUT "a number whose digits .. has cut: write tostring(x), which keeps them"
/* [-0, +0, e] Raises "WHAT: NAME has 1.7e+15 in it, …" where there is one. */
void digits_check(lua_State *L, struct slice text, const char *what, const char *name);

/* Opens table.concat, and what the prelude needs to do the same for its functions. */
void digits_open(lua_State *L);

#endif
