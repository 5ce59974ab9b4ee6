/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Values that `secret` returned: opaque to scripts, shown as ***, usable where something is sent.
 */
#ifndef LIAISON_SCRIPT_SECRET_H
#define LIAISON_SCRIPT_SECRET_H

#include <stdbool.h>

#include <lua.h>

#include "base/slice.h"

/* [-0, +1, m] Pushes a new secret with that value, which the machine's mask then knows. */
void secret_push(lua_State *L, struct slice value);
/* As secret_push, for one made of others: the mask knows its parts, and remembering each whole that
   scripts make, one an attempt perhaps, would grow without end. */
void secret_push_joined(lua_State *L, struct slice value);
bool secret_is(lua_State *L, int index);
/* Borrowed from the userdata at `index`. */
struct slice secret_value(lua_State *L, int index);

/* [-0, +0, m] Where secrets have stand-ins, one at `index` that has the place of a URL is made to
   look like one. */
void secret_make_url(lua_State *L, int index);

/* [-0, +0, e] The bytes of a string, secret, or number, exact ones included, at `index`; data NULL for
   anything else. A number at `index` becomes a string there. */
struct slice secret_or_text(lua_State *L, int index);

#endif
