/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The helpers that a project pays for only when it uses them: subjects, such as text and regex. A
 * name of one isn't among the globals; when a file first says it, the subject is opened, once for
 * the whole machine, and that file gets a copy.
 *
 * A subject is one literal, here of two functions in C, one of which only its Lua file sees, and one
 * in Lua:
 *
 *     static const char *const names[] = {"text.trim", "text.pad", NULL};
 *     static const luaL_Reg functions[] = {{"text.trim", trim}, {"repeat", repeat}, {NULL, NULL}};
 *     const struct subject subject_text = {"text", names, functions, NULL};
 *
 *     -- library/text.lua
 *     local globals, host = ...
 *     function globals.text.pad(s, width) … host.repeat(" ", n) … host.raise("text.pad: …") … end
 *
 * Files library/NAME_MORE.lua are run behind that, with the same two tables.
 *
 * The Lua file sees what scripts see, other subjects included, and `host` beside: its functions in C
 * that aren't public, and those of every subject (see library.c).
 */
#ifndef LIAISON_SCRIPT_LIBRARY_H
#define LIAISON_SCRIPT_LIBRARY_H

#include <stdbool.h>

#include <lauxlib.h>
#include <lua.h>

#include "base/slice.h"

struct subject {
    const char *name;           /* of its file library/NAME.lua, where it has one */
    const char *const *names;   /* what scripts see of it: "text.trim", or a global's: "map" */
    const luaL_Reg *functions;  /* in C: those by their public names, and the host's; or NULL */
    void (*open)(lua_State *L); /* [-0, +0, e] makes its metatables; or NULL */
};

extern const struct subject subject_connector;
extern const struct subject subject_csv;
extern const struct subject subject_encoding;
extern const struct subject subject_fixed_width;
extern const struct subject subject_hash;
extern const struct subject subject_ical;
extern const struct subject subject_list;
extern const struct subject subject_lookup;
extern const struct subject subject_number;
extern const struct subject subject_object;
extern const struct subject subject_path;
extern const struct subject subject_regex;
extern const struct subject subject_text;
extern const struct subject subject_time;
extern const struct subject subject_url;
extern const struct subject subject_uuid;
extern const struct subject subject_xml;

/* [-0, +0, e] Makes the machine know all subjects; opens none. After the other bindings. */
void library_open(lua_State *L);

/* [-0, +0, e] Lets the file whose environment is on top find them. */
void library_attach(lua_State *L);

/* Whether a subject has a global of that name. */
bool library_has(struct slice global);

/* Calls `each` with every name that scripts see of any subject. */
void library_each(void (*each)(void *ctx, const char *name), void *ctx);

#endif
