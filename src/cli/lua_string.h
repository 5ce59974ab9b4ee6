/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Texts as literals of Lua, for commands that write specs and annotations.
 */
#ifndef LIAISON_CLI_LUA_STRING_H
#define LIAISON_CLI_LUA_STRING_H

#include "base/buf.h"

/* Appends `text` in quotes, on one line: control characters as in \010, all else as it is. */
void lua_string_add(struct buf *out, struct slice text);

#endif
