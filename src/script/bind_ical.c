/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* ical.*, which is written in Lua. */
#include "base/text.h"
#include "script/library.h"

#define NAMES_MAX 64

/* nearest(word, names): the name that was meant, or nil. */
static int host_nearest(lua_State *L)
{
    const char *names[NAMES_MAX];
    size_t n = 0;
    struct slice word;
    word.data = luaL_checklstring(L, 1, &word.len);
    for (; n < NAMES_MAX && n < lua_objlen(L, 2); n++) {
        lua_rawgeti(L, 2, (int)n + 1);
        names[n] = lua_tostring(L, -1); /* which its list keeps */
        lua_pop(L, 1);
    }
    lua_pushstring(L, text_nearest(word, names, n));
    return 1;
}

static const char *const names[] = {"ical.decode", "ical.encode", "ical.event", NULL};

static const luaL_Reg functions[] = {{"nearest", host_nearest}, {NULL, NULL}};

const struct subject subject_ical = {"ical", names, functions, NULL};
