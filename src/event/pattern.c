/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Type patterns: all, a beginning, or one type.
 */
#include "event/pattern.h"

#define SHOWN_MAX 80 /* bytes of a bad pattern in a message */

static bool is_all(struct slice pattern)
{
    return slice_is_equal(pattern, SLICE_LIT("*"));
}

/* "schedule.*" */
static bool is_beginning(struct slice pattern)
{
    return pattern.len > 2 && slice_has_suffix(pattern, SLICE_LIT(".*"));
}

int pattern_check(struct slice pattern, struct err *err)
{
    struct slice fixed = pattern;
    if (is_all(pattern))
        return 0;
    if (pattern.len == 0)
        return err_set(err, ERR_INVALID,
                       "the type is empty: write a type, its beginning as in \"schedule.*\", or "
                       "\"*\" for all");
    if (is_beginning(pattern))
        fixed.len--;
    if (slice_find(fixed, '*') == fixed.len)
        return 0;
    return err_set(err, ERR_INVALID,
                   "\"%.*s\" is no type pattern: a star stands alone or at the end behind a dot, "
                   "as in \"schedule.*\"",
                   SLICE_FMT(slice_upto(pattern, SHOWN_MAX)));
}

bool pattern_matches(struct slice pattern, struct slice type)
{
    if (slice_is_equal(pattern, type))
        return true;
    /* Who takes everything does not thereby take the report of its own failures. */
    if (slice_is_equal(type, SLICE_LIT(PATTERN_DEAD_LETTER)))
        return false;
    if (is_all(pattern))
        return true;
    return is_beginning(pattern) && slice_has_prefix(type, slice_upto(pattern, pattern.len - 1));
}
