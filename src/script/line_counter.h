/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The hook behind script_lines_run.
 */
#ifndef LIAISON_SCRIPT_LINE_COUNTER_H
#define LIAISON_SCRIPT_LINE_COUNTER_H

#include <lua.h>

#include "script/lines.h"

struct line_counter;

struct line_counter *line_counter_new(void);
void line_counter_free(struct line_counter *counter); /* accepts NULL */

/* Sets the hook, which the watchdog may have taken away. */
void line_counter_arm(lua_State *L);
const struct lines *line_counter_find(const struct line_counter *counter, struct slice name);

#endif
