/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Which expression of a line failed: the first one, in the order of the text, that the deed which Lua's
 * message names could not be done to. "attempt to index field 'room' (a nil value)" on a line with
 * event.data.room.name finds `event.data.room`.
 *
 *     struct culprit c = culprit_of(f, failure);
 *     if (culprit_find_by_value(&c)) …          // c.operand; its value is on top of the stack
 */
#ifndef LIAISON_SCRIPT_CULPRIT_H
#define LIAISON_SCRIPT_CULPRIT_H

#include "script/explain.h"

enum deed { DEED_NONE, DEED_INDEX, DEED_CALL, DEED_COUNT, DEED_JOIN, DEED_LENGTH, DEED_COMPARE };

struct culprit {
    struct frame *f;
    const struct failure *failure;
    enum deed deed;             /* DEED_NONE: the message is of another kind */
    struct slice name;          /* that the message has in quotes; absent: none */
    const struct node *outer;   /* what failed … */
    const struct node *operand; /* … for this of its parts */
};

/* Not found yet; both are borrowed. */
struct culprit culprit_of(struct frame *f, const struct failure *failure);
/* [-0, +1 or +0] By what its parts are, of a frame that stands. */
bool culprit_find_by_value(struct culprit *c);
/* Where values can't be known: the only one of that name. */
bool culprit_find_by_name(struct culprit *c);
/* Whether `n` is of the deed, and on the line; else, unless that `is_exact`, on one of several lines of
   which this is one, or the next. */
bool culprit_may_be(const struct culprit *c, const struct node *n, bool is_exact);
/* Whether it is the method of the very call that failed: a:b() where there is no b. */
bool culprit_is_method(const struct culprit *c);

#endif
