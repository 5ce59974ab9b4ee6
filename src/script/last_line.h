/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The line that ran last, noted while script_note_lines says so: what `try` tells of a handler that sent
 * nothing.
 */
#ifndef LIAISON_SCRIPT_LAST_LINE_H
#define LIAISON_SCRIPT_LAST_LINE_H

#include <lua.h>

#include "base/buf.h"

struct script_run;

/* [-0, +0] Sets the hook, which the watchdog may have taken away, before the machine is entered. */
void last_line_arm(lua_State *L);

/* [-0, +0] Appends "FILE:LINE" and the line itself; nothing where none is known. */
void last_line_add(const struct script_run *run, struct buf *out);

#endif
