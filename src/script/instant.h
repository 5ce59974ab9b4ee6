/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Times as scripts have them: an instant to the nanosecond, of the years 0 to 9999, without a zone.
 * They compare by ==, < and <=, and are RFC 3339 text, in UTC, wherever they are shown or sent.
 */
#ifndef LIAISON_SCRIPT_INSTANT_H
#define LIAISON_SCRIPT_INSTANT_H

#include <stdint.h>

#include <lua.h>

#include "base/buf.h"

struct instant {
    int64_t s;  /* Unix time */
    int32_t ns; /* 0 to 999999999, onwards from s */
};

/* 0000-01-01T00:00:00Z and 9999-12-31T23:59:59Z. */
#define INSTANT_MIN_S (-62167219200)
#define INSTANT_MAX_S 253402300799

/* [-0, +0, e] Makes their metatable; before any of the others. */
void instant_open(lua_State *L);

/* [-0, +1, e] */
void instant_push(lua_State *L, struct instant t);
/* [-0, +0] The time at `index`; NULL where it is something else. */
const struct instant *instant_at(lua_State *L, int index);

/* Appends it as RFC 3339 has it, in a zone that is `offset_s` east of UTC: with as many digits of
   seconds as it takes, in threes. The offset is cut to minutes. */
void instant_add(struct buf *out, struct instant t, int offset_s);

#endif
