/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * All that a script can call, one file a subject. Each _open has the stack effect [-0, +0, e] and
 * adds its names to the table of globals on top of the stack, of which every file of a project gets
 * its own copy.
 */
#ifndef LIAISON_SCRIPT_BINDINGS_H
#define LIAISON_SCRIPT_BINDINGS_H

#include <lua.h>

/* Makes the table of globals and opens everything below, then runs the prelude. */
void bindings_open(lua_State *L);

void sandbox_open(lua_State *L);
void match_open(lua_State *L);
void document_open(lua_State *L);
void data_open(lua_State *L);
void path_open(lua_State *L);
void json_open(lua_State *L);
void exact_open(lua_State *L);
void outcome_open(lua_State *L);
void config_open(lua_State *L);
void log_open(lua_State *L);
void sync_open(lua_State *L);
void http_open(lua_State *L);
void await_open(lua_State *L);
void answer_open(lua_State *L);
void require_open(lua_State *L);
void cjson_open(lua_State *L);
void table_open(lua_State *L);
void run_open(lua_State *L);
void batchrun_open(lua_State *L);
void bus_open(lua_State *L);
void verify_open(lua_State *L);

/* [-0, +0, e] Keeps the prelude's entries of runs, from the host's table on top. */
void run_adopt(lua_State *L);
void batchrun_adopt(lua_State *L);
/* [-0, +0, e] Keeps the prelude's connector, from the host's table on top. */
void bus_adopt(lua_State *L);

/* [-0, +0, e] Gives deliveries the prelude's `await`, from the host's table on top. */
void await_adopt(lua_State *L);

/* [-0, +0, e] Adds `functions` to what only the prelude can call: the host's table. */
struct luaL_Reg;
void bindings_add_host(lua_State *L, const struct luaL_Reg *functions);

/* [-0, +0, e] Makes a metatable of `functions`, which scripts can't see, and keeps it as `ref`. */
void bindings_add_metatable(lua_State *L, int ref, const struct luaL_Reg *functions);

/* Exact numbers' scratch, made by exact_open. Accepts NULL. */
struct exact_scratch;
void exact_close(struct exact_scratch *scratch);

/* The tables of data/, made by lookup_load. Accepts NULL. */
struct lookups;
void lookup_free(struct lookups *lookups);

#endif
