/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Between JSON text and Lua values, without loss: arrays are marked by a metatable, null is a light
 * userdata, numbers that no double holds are exact numbers.
 */
#ifndef LIAISON_SCRIPT_CODEC_H
#define LIAISON_SCRIPT_CODEC_H

#include <stdbool.h>

#include <lua.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

/* [-0, +1, m] Pushes the value of `text`; -1 with err, and nothing pushed, when it is no JSON. */
int codec_decode(lua_State *L, struct slice text, struct err *err) must_check;

/* [-0, +0, m] Sets the members of `text`, an object, in the table on top; -1 with err where that isn't
   possible, some of them set. May be called while another text is being decoded or compared. */
int codec_fill(lua_State *L, struct slice text, struct err *err) must_check;

enum codec_mode {
    CODEC_STRICT,  /* a secret is an error */
    CODEC_SECRETS, /* a secret is its value: what goes to another system */
    CODEC_CONFIG,  /* a secret is {"secret": value}: what liaison.lua returned */
    CODEC_SHOW,    /* a secret is "***": for logs */
};

/* Bytes of JSON, where only limits.memory says how many there may be. */
#define CODEC_MAX 0

/* [-0, +0, m] Appends the value at `index` as JSON, members sorted by name, `max` bytes at most.
   -1 with err, "ROOT.items[3].price: …" (without ROOT where it is NULL), when it can't be sent as
   it stands; `out` then ends somewhere within. What is larger takes no more time than that many
   bytes do. Calls no metamethods. */
int codec_encode(lua_State *L, int index, enum codec_mode mode, size_t max, const char *root,
                 struct buf *out, struct err *err) must_check;
/* Raises "WHAT: …" where codec_encode failed; where it was for limits.memory, as Lua does. */
_Noreturn void codec_raise(lua_State *L, const char *what, const struct err *err);

/* [-0, +0, m] Whether the table at `index` is a list to codec_encode: it is marked as an array, or has
   positions. Fills a document that nobody has looked into. */
bool codec_is_list(lua_State *L, int index);

/* [-0, +0, m] Whether the value at `index` is what codec_decode makes of `text`; a document in
   which a name occurs twice, or an exact number is written otherwise, may be told to differ. */
bool codec_is_same(lua_State *L, int index, struct slice text);

/* The double that a well-formed JSON number is; false when no double holds it, or its text is longer
   than that of any exact number. */
bool codec_read_number(struct slice text, lua_Number *value);

/* [-0, +1] Pushes null. */
void codec_push_null(lua_State *L);
bool codec_is_null(lua_State *L, int index);

#endif
