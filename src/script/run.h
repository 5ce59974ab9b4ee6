/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* What run.c shares with batchrun.c: what runs are given, and their beginning. */
#ifndef LIAISON_SCRIPT_RUN_H
#define LIAISON_SCRIPT_RUN_H

#include <stdbool.h>

#include <lua.h>

#include "script/machine.h"

/* A list of transformers. */
struct run_transformers {
    int list_ref; /* LUA_NOREF: none */
    bool take_event;
};

/* Those of the connector, or, where it isn't empty, the one of that name. Raises an error where there is
   none. */
struct run_transformers run_find_transformers(lua_State *L, const struct connector *connector,
                                              struct slice name);
/* [-0, +0, e] The field of the table on top; an absent value is left out. */
void run_set_text(lua_State *L, const char *name, struct slice value);
/* [-0, +1, e] An event, as a table of one's own for each caller. */
void run_push_event(lua_State *L, const struct event *event);
/* [-0, +1, e] What a delivery sends, before its transformer. */
void run_push_data(lua_State *L, const struct script_attempt *attempt);
/* The JSON that this is read from, borrowed; absent where it is none. */
struct slice run_given(const struct script_attempt *attempt);
/* [-0, +2, e] The transformers and the event that they take; nil for what there isn't. */
void run_push_transformers(lua_State *L, const struct script_run *run,
                           const struct run_transformers *transformers);
/* Whether it is asked first if it isn't there already. */
bool run_verifies(const struct connector *connector, const struct script_attempt *attempt);
/* [-0, +1, e] What a connector is told of a delivery. */
void run_push_delivery(lua_State *L, const struct script_attempt *attempt, struct slice id,
                       const struct connector *connector);

/* One that begins with this entry of the prelude; `event` may be NULL. */
struct script_run *run_begin(struct script_machine *m, enum run_kind kind, enum machine_ref entry,
                             const struct event *event);
/* Runs on; returns the run if it waits then, NULL if it has ended. */
struct script_run *run_step(struct script_run *run);

#endif
