/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * lua-cjson, which many scripts know, behind bounds: by itself it takes memory that no limit
 * counts, and nests as deep as its settings say.
 */
#ifndef LIAISON_SCRIPT_CJSON_H
#define LIAISON_SCRIPT_CJSON_H

#include <lua.h>

/* [-0, +1, e] Pushes an instance of `name`, "cjson" or "cjson.safe", with settings of its own. */
int cjson_require(lua_State *L, const char *name);

#endif
