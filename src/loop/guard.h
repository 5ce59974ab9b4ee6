/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Ends a process whose loop doesn't turn any more, by SIGABRT, so that whoever watches over it
 * starts it again. A thread counts its own seconds: a process that was stopped, or a machine that
 * slept, has lost none.
 *
 *     struct loop_guard *guard = loop_guard_new(loop, 30000, &err);
 */
#ifndef LIAISON_LOOP_GUARD_H
#define LIAISON_LOOP_GUARD_H

#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "loop/loop.h"

struct loop_guard;

/* A turn may take up to `limit_ms`. Watches from the first turn on, until it is freed: that is for
   before the loop is left. */
struct loop_guard *loop_guard_new(struct loop *loop, int64_t limit_ms, struct err *err) must_check;
void loop_guard_free(struct loop_guard *guard); /* accepts NULL */

#endif
