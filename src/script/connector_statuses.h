/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * A connector's option `statuses`: what an answer means to it, before the table of outcomes is
 * asked. Rows by status and by class, of which the most specific one holds, or a function of the
 * answer.
 *
 *     statuses = { [403] = "retry", [409] = "accept", ["4xx"] = "refuse" }
 *     statuses = function(answer) if answer.json.error then return "retry" end end
 */
#ifndef LIAISON_SCRIPT_CONNECTOR_STATUSES_H
#define LIAISON_SCRIPT_CONNECTOR_STATUSES_H

#include <stdbool.h>

#include <lua.h>

#include "script/connector_job.h"
#include "script/script.h"

struct statuses;

/* [-0, +0, e] Reads the option at `index` into the job's connector; what is wrong is told, at its
   row's own line. */
void statuses_read(struct connector_job *job, int index);
void statuses_free(struct statuses *statuses); /* accepts NULL */

/* Whether it is a function of the answer; then statuses_ask, else statuses_find. */
bool statuses_is_function(const struct statuses *statuses);
enum script_said statuses_find(const struct statuses *statuses, int status);
/* [-1, +0, e] Runs it on the answer on top. Raises its errors, and one where it returns what is none
   of the words. */
enum script_said statuses_ask(lua_State *L, const struct statuses *statuses);

/* The word for it: "retry"; NULL for SCRIPT_SAID_NOTHING. And back: what is no such word says
   nothing. */
const char *statuses_word(enum script_said said);
enum script_said statuses_said(struct slice word);

#endif
