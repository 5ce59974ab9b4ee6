/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What a connector returned, on its way to who awaits the delivery: over the journal, or not, it
 * arrives the same. As text it is one JSON object:
 *
 *     {"answer":{"status":201,"body":"…"}}   an http answer; "base64" in place of a body that isn't
 *                                            UTF-8; "cut":true where there was more than 64 KiB
 *     {"value":…}                            anything else that JSON holds
 *     {"refused":"…"}                        what can't be kept, and why: await raises it
 */
#ifndef LIAISON_SCRIPT_RETURNED_H
#define LIAISON_SCRIPT_RETURNED_H

#include <lua.h>

#include "base/buf.h"
#include "base/slice.h"

struct script_run;

#define RETURNED_MAX (64 << 10)

/* Appends the value at the bottom of an ended run's coroutine, its secrets masked; nothing for none
   or nil. Never fails: what can't be kept becomes a refusal. */
void returned_take(struct script_run *run, struct buf *out);

/* [-0, +1, e] Pushes what such a text stands for, true for an absent one; raises a refusal. */
void returned_push(lua_State *L, struct slice text);

#endif
