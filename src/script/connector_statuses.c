/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "script/connector_statuses.h"

#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>

#include "base/buf.h"
#include "script/answer.h"
#include "script/argument.h"
#include "script/keys.h"
#include "script/lexer.h"
#include "script/options.h"

#define STATUS_MIN 100
#define CLASSES 5
#define WORDS "\"accept\", \"retry\", \"refuse\" or \"pause\""

struct statuses {
    unsigned char own[CLASSES * 100]; /* enum script_said of each status from STATUS_MIN on … */
    unsigned char classes[CLASSES];   /* … and of those that have no row of their own */
    int function_ref;                 /* asked instead; LUA_NOREF: none */
};

/* ---- words ---- */

static const char *const words[] = {
    [SCRIPT_SAID_ACCEPT] = "accept",
    [SCRIPT_SAID_RETRY] = "retry",
    [SCRIPT_SAID_REFUSE] = "refuse",
    [SCRIPT_SAID_PAUSE] = "pause",
};

const char *statuses_word(enum script_said said)
{
    return words[said];
}

enum script_said statuses_said(struct slice word)
{
    for (int i = SCRIPT_SAID_ACCEPT; i <= SCRIPT_SAID_PAUSE; i++)
        if (slice_is_equal(slice_str(words[i]), word))
            return (enum script_said)i;
    return SCRIPT_SAID_NOTHING;
}

/* [-0, +0] Of the value at `index`. */
static enum script_said said_at(lua_State *L, int index)
{
    struct slice word = SLICE_NULL;
    if (lua_type(L, index) == LUA_TSTRING)
        word.data = lua_tolstring(L, index, &word.len);
    return statuses_said(word);
}

/* ---- reading ---- */

/* Where the row of that key is written, or 0: behind `statuses =`, as [403] or ["4xx"]. */
static int find_line(struct slice text, struct slice key)
{
    struct lexer x = lexer_of(text);
    bool is_named = false, is_within = false;
    for (struct token t; lexer_next(&x, &t);) {
        is_within |= is_named && token_is(&t, "=");
        is_named = t.kind == TOKEN_NAME && token_is(&t, "statuses");
        struct slice written = t.kind == TOKEN_STRING   ? t.value
                               : t.kind == TOKEN_NUMBER ? t.text
                                                        : SLICE_NULL;
        if (is_within && written.data && slice_is_equal(written, key))
            return t.line;
    }
    return 0;
}

/* Tells what is wrong with the row whose key is shown so. */
static void tell_row(struct connector_job *job, const struct buf *key, const struct buf *text)
{
    int line = find_line(job->source->text, buf_slice(key));
    if (line > 0)
        connector_tell_at(job, line, text->data);
    else
        connector_tell(job, "statuses", text->data);
}

static void tell_key(struct connector_job *job, const struct buf *key)
{
    struct buf text = {0};
    buf_printf(&text,
               "statuses: a row says of a status or of a class of them, as [403] or [\"4xx\"], one "
               "of " WORDS "; there is %s",
               key->data);
    tell_row(job, key, &text);
    buf_deinit(&text);
}

static void tell_word(struct connector_job *job, const struct buf *key)
{
    struct buf text = {0};
    buf_printf(&text, "statuses: %s must be " WORDS ", not ", key->data);
    argument_add_shown(job->L, lua_gettop(job->L), &text);
    tell_row(job, key, &text);
    buf_deinit(&text);
}

static void set_row(struct statuses *s, int low, int high, enum script_said said)
{
    int i = low - STATUS_MIN;
    if (low < high)
        s->classes[i / 100] = (unsigned char)said;
    else
        s->own[i] = (unsigned char)said;
}

struct reading {
    struct connector_job *job;
    struct statuses *statuses;
};

/* [-0, +0, e] The row whose key is at -2 and whose word is at -1. */
static void read_row(lua_State *L, void *ctx)
{
    const struct reading *reading = ctx;
    struct connector_job *job = reading->job;
    int key = lua_gettop(L) - 1, low, high;
    struct buf shown = {0};
    enum script_said said = said_at(L, key + 1);
    if (lua_type(L, key) == LUA_TSTRING)
        buf_add_str(&shown, lua_tostring(L, key));
    else
        argument_add_shown(L, key, &shown);
    if (!answer_read_statuses(L, key, &low, &high))
        tell_key(job, &shown);
    else if (said == SCRIPT_SAID_NOTHING)
        tell_word(job, &shown);
    else
        set_row(reading->statuses, low, high, said);
    buf_deinit(&shown);
}

/* In one order, so that what is wrong is told in it. */
static void read_rows(struct connector_job *job, int index, struct statuses *s)
{
    struct reading reading = {job, s};
    keys_each(job->L, index, read_row, &reading);
}

void statuses_read(struct connector_job *job, int index)
{
    lua_State *L = job->L;
    if (lua_isnil(L, index))
        return;
    if (!lua_isfunction(L, index) && !lua_istable(L, index)) {
        connector_tell(
            job, "statuses",
            "statuses must be a table, as in { [403] = \"retry\" }, or a function of the "
            "answer");
        return;
    }
    struct statuses *s = mem_calloc(1, sizeof(*s));
    job->connector->statuses = s;
    s->function_ref = LUA_NOREF;
    if (lua_istable(L, index)) {
        read_rows(job, index, s);
    } else {
        lua_pushvalue(L, index);
        s->function_ref = luaL_ref(L, LUA_REGISTRYINDEX);
    }
}

void statuses_free(struct statuses *statuses)
{
    free(statuses);
}

/* ---- asking ---- */

bool statuses_is_function(const struct statuses *statuses)
{
    return statuses->function_ref != LUA_NOREF;
}

/* The most specific row holds. */
enum script_said statuses_find(const struct statuses *statuses, int status)
{
    int i = status - STATUS_MIN;
    if (i < 0 || i >= CLASSES * 100)
        return SCRIPT_SAID_NOTHING;
    return (enum script_said)(statuses->own[i] ? statuses->own[i] : statuses->classes[i / 100]);
}

static _Noreturn void raise_word(lua_State *L)
{
    struct buf *shown = &machine_of(L)->json;
    buf_clear(shown);
    argument_add_shown(L, lua_gettop(L), shown);
    machine_raise(L, "`statuses` must return " WORDS ", or nil where it has nothing to say, not %s",
                  shown->data);
}

enum script_said statuses_ask(lua_State *L, const struct statuses *statuses)
{
    machine_check_nesting(L);
    lua_rawgeti(L, LUA_REGISTRYINDEX, statuses->function_ref);
    lua_insert(L, -2);
    lua_call(L, 1, 1);
    enum script_said said = said_at(L, lua_gettop(L));
    if (said == SCRIPT_SAID_NOTHING && !lua_isnil(L, -1))
        raise_word(L);
    lua_pop(L, 1);
    return said;
}
