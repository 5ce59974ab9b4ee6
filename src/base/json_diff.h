/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What differs between two JSON texts, place by place.
 */
#ifndef LIAISON_BASE_JSON_DIFF_H
#define LIAISON_BASE_JSON_DIFF_H

#include <stdbool.h>

#include "base/slice.h"

/* A difference: `path` as scripts would write it ("data.slots[1].start", elements from 1; empty: the
   whole), the values as source text, absent where the place isn't there. All borrowed. False ends
   the walk. */
typedef bool (*json_difference_fn)(void *ctx, struct slice path, struct slice before,
                                   struct slice after);

/* Both are well-formed. Of values that mean the same (json_is_same) nothing is told; members are told in
   the order of their names. False when `fn` ended it. */
bool json_diff(struct slice before, struct slice after, json_difference_fn fn, void *ctx);

#endif
