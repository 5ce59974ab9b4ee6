/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The scripts' string.find, match, gmatch and gsub held against LuaJIT's own: values, errors and
 * their texts, in one Lua state that has both.
 *
 *     struct pattern_oracle *o = pattern_oracle_new();
 *     if (pattern_oracle_ends(o, text, pattern)) … pattern_oracle_compare(o, text, pattern, by)
 */
#ifndef LIAISON_TESTS_PATTERN_ORACLE_H
#define LIAISON_TESTS_PATTERN_ORACLE_H

#include <stdbool.h>

#include "base/slice.h"

struct pattern_oracle;

struct pattern_oracle *pattern_oracle_new(void); /* ends the process where that fails */
void pattern_oracle_free(struct pattern_oracle *o);

/* Whether our matcher finds the pattern everywhere in the text without much work. LuaJIT's own may
   else take for ever. */
bool pattern_oracle_ends(struct slice text, struct slice pattern);

/* Calls each function in each way on one text and pattern, gsub with `by` as the replacement too.
   NULL when all is the same, else what differs, borrowed until the next call. */
const char *pattern_oracle_compare(struct pattern_oracle *o, struct slice text,
                                   struct slice pattern, struct slice by);

#endif
