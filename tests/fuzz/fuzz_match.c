/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Lua's patterns: the first line is the pattern, the rest the text. Where our matcher ends within
 * its budget of work, LuaJIT's own string.find says the same, its captures included.
 */
#include <lauxlib.h>
#include <lualib.h>

#include "fuzz.h"
#include "script/match.h"

/* Looks after which our matcher is told to stop: what takes longer may take LuaJIT for ever. */
#define LOOKS_MAX 20

static lua_State *L;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    L = luaL_newstate();
    require(L);
    luaL_openlibs(L);
    lua_getglobal(L, "string");
    lua_getfield(L, -1, "find");
    lua_replace(L, 1);
    require(lua_gettop(L) == 1);
    return 0;
}

static bool is_stopping(void *ctx)
{
    return --*(int *)ctx <= 0;
}

/* As string.find: where the first match begins and ends, NULL for none. */
static const char *find(struct match *m, const char **end)
{
    bool is_anchored = slice_has_prefix(m->pattern, SLICE_LIT("^"));
    m->pattern = slice_from(m->pattern, is_anchored);
    for (size_t at = 0; at <= m->text.len; at++) {
        *end = match_at(m, at);
        if (*end)
            return m->text.data + at;
        if (m->error || is_anchored)
            break;
    }
    return NULL;
}

static void check_capture(const struct match *m, int i)
{
    struct slice theirs;
    if (m->captures[i].len == MATCH_POSITION) {
        require(lua_tointeger(L, 4 + i) == m->captures[i].start - m->text.data + 1);
        return;
    }
    require(lua_type(L, 4 + i) == LUA_TSTRING);
    theirs.data = lua_tolstring(L, 4 + i, &theirs.len);
    require(slice_is_equal(theirs, slice_of(m->captures[i].start, (size_t)m->captures[i].len)));
}

static void compare(const struct match *m, const char *start, const char *end)
{
    if (!start) {
        require(lua_isnil(L, 2));
        return;
    }
    require(lua_tointeger(L, 2) == start - m->text.data + 1);
    require(lua_tointeger(L, 3) == end - m->text.data);
    require(lua_gettop(L) == 3 + m->n_captures);
    for (int i = 0; i < m->n_captures; i++)
        check_capture(m, i);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = slice_of((const char *)data, size), pattern = take_line(&text);
    int looks = LOOKS_MAX;
    const char *end, *start;
    if (!text.data)
        text = SLICE_LIT("");
    /* Lua 5.1 ends a pattern at a zero; ours takes it for the character that it is. */
    if (match_is_plain(pattern) || slice_find(pattern, '\0') < pattern.len)
        return 0;
    struct match m = {.text = text, .pattern = pattern, .is_stopping = is_stopping, .ctx = &looks};
    start = find(&m, &end);
    require(!start || (start <= end && end <= text.data + text.len));
    if (looks <= 0)
        return 0;
    lua_pushvalue(L, 1);
    lua_pushlstring(L, text.data, text.len);
    lua_pushlstring(L, pattern.data, pattern.len);
    bool failed = lua_pcall(L, 2, LUA_MULTRET, 0) != 0;
    if (failed || m.error)
        require(failed && m.error);
    else
        compare(&m, start, end);
    lua_settop(L, 1);
    return 0;
}
