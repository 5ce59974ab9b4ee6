/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What http.* returns and raises: { status, headers, body, json }, and error objects with the same
 * fields and `code` and `message`.
 */
#ifndef LIAISON_SCRIPT_ANSWER_H
#define LIAISON_SCRIPT_ANSWER_H

#include <stdbool.h>

#include <lua.h>

#include "base/buf.h"
#include "base/mask.h"
#include "base/slice.h"
#include "script/script.h"

/* [-0, +0] The statuses that the value at `index` means: 404, "404" or "4xx". False for any other. */
bool answer_read_statuses(lua_State *L, int index, int *low, int *high);

/* [-0, +0, e] Checks an `accept` option: a status, "4xx", or a list of such. Raises an error. */
void answer_check_accept(lua_State *L, int index, const char *what);

/* [-0, +1, e] The request that the current run waited for has been answered: pushes the answer, or
   raises its error. What `accept` names, the option's value at that index, is an answer; then the
   connector's `statuses` are asked; then 2xx are answers. */
int answer_finish(lua_State *L, struct slice method, struct slice url, int accept);

/* Raises the error of a request that there is no time left for. */
_Noreturn void answer_raise_late(lua_State *L, struct slice method, struct slice url);

/* [-0, +0] Fills the fields of SCRIPT_HTTP from the error object at `index`, from which they
   borrow; `answer` is the whole body, with its secrets. */
void answer_read_error(lua_State *L, int index, struct script_result *result);

/* Appends the first `max` bytes of a text, whole characters. Masked before it is cut: of a secret
   across the cut not even the beginning stays. */
void answer_add_masked(const struct mask *mask, struct slice text, size_t max, struct buf *out);

#endif
