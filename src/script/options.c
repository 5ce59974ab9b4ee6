/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "script/options.h"

#include <string.h>

#include <lauxlib.h>

#include "base/text.h"
#include "script/argument.h"
#include "script/document.h"
#include "script/keys.h"
#include "script/machine.h"
#include "script/secret.h"
#include "script/slips.h"

#define ROWS_MAX 32
/* A thousand years, as text_parse_duration has it. */
#define DURATION_MAX_S (1000.0 * 366 * 86400)

static const char *type_words(enum option_type type)
{
    switch (type) {
    case OPTION_STRING:
        return "a string";
    case OPTION_TEXT:
        return "a string or a secret";
    case OPTION_BOOLEAN:
        return "true or false";
    case OPTION_NUMBER:
        return "a number";
    case OPTION_DURATION:
        return "a duration such as \"200ms\" or \"5m\", or seconds";
    case OPTION_TABLE:
        return "a table";
    case OPTION_FUNCTION:
        return "a function";
    default:
        return "something else";
    }
}

static bool has_type(lua_State *L, int index, enum option_type type)
{
    int is = lua_type(L, index);
    switch (type) {
    case OPTION_STRING:
        return is == LUA_TSTRING;
    case OPTION_TEXT:
        return is == LUA_TSTRING || secret_is(L, index);
    case OPTION_BOOLEAN:
        return is == LUA_TBOOLEAN;
    case OPTION_NUMBER:
        return is == LUA_TNUMBER;
    case OPTION_DURATION:
        return is == LUA_TSTRING || is == LUA_TNUMBER;
    case OPTION_TABLE:
        return is == LUA_TTABLE;
    case OPTION_FUNCTION:
        return is == LUA_TFUNCTION;
    default:
        return true;
    }
}

const struct option *options_find(const struct option_set *set, struct slice name)
{
    for (int i = 0; i < set->n_rows; i++)
        if (slice_is_equal(slice_str(set->rows[i].name), name))
            return &set->rows[i];
    return NULL;
}

const char *option_expects(const struct option *row)
{
    return row->expects ? row->expects : type_words(row->type);
}

void options_add_unknown(struct buf *out, const struct option_set *set, struct slice name)
{
    const char *names[ROWS_MAX];
    for (int i = 0; i < set->n_rows; i++)
        names[i] = set->rows[i].name;
    const char *nearest = text_nearest(name, names, (size_t)set->n_rows);
    const struct option_slip *slip = slips_find_option(set->what, name);
    if (slip && slip->option && options_find(set, slice_str(slip->option)))
        nearest = slip->option;
    buf_printf(out, "%s: there is no option `%.*s`", set->what, SLICE_FMT(name));
    if (slip && slip->words) {
        buf_printf(out, ": %s", slip->words);
    } else if (nearest) {
        buf_printf(out, ": did you mean `%s`?", nearest);
    } else {
        buf_add_str(out, "; it takes");
        for (int i = 0; i < set->n_rows; i++)
            buf_printf(out, " `%s`", names[i]);
        if (set->hint)
            buf_printf(out, "; %s", set->hint);
    }
}

/* Where an offence is told; the text is the machine's, since telling it may not return. */
struct teller {
    const struct option_set *set;
    option_offence_fn offence;
    void *ctx;
    struct buf *text;
};

static void tell_unknown(struct teller *t, const char *name)
{
    options_add_unknown(t->text, t->set, slice_str(name));
    t->offence(t->ctx, name, t->text->data);
}

/* The value is at -1. */
static void tell_type(lua_State *L, struct teller *t, const struct option *row)
{
    buf_printf(t->text, "%s: `%s` must be %s, not %s", t->set->what, row->name, option_expects(row),
               argument_describe(L, lua_gettop(L)));
    t->offence(t->ctx, row->name, t->text->data);
}

/* The row of the key at -2, where its value at -1 may stand there; NULL is an offence. */
static const struct option *find_sound(lua_State *L, const struct option_set *set)
{
    if (lua_type(L, -2) != LUA_TSTRING)
        return NULL;
    const struct option *row = options_find(set, slice_str(lua_tostring(L, -2)));
    return row && has_type(L, -1, row->type) ? row : NULL;
}

/* The same key and value, where they are one. */
static void tell_offence(lua_State *L, void *ctx)
{
    struct teller *t = ctx;
    if (find_sound(L, t->set))
        return;
    buf_clear(t->text);
    if (lua_type(L, -2) != LUA_TSTRING) {
        buf_printf(t->text, "%s: %s without a name: its options are written name = value",
                   t->set->what, argument_describe(L, lua_gettop(L)));
        t->offence(t->ctx, NULL, t->text->data);
        return;
    }
    const char *name = lua_tostring(L, -2);
    const struct option *row = options_find(t->set, slice_str(name));
    if (row)
        tell_type(L, t, row);
    else
        tell_unknown(t, name);
}

/* The key is at -2, its value at -1; the rows' slots begin at `base`. False: it is an offence. */
static bool take_option(lua_State *L, const struct option_set *set, int base)
{
    const struct option *row = find_sound(L, set);
    if (row) {
        lua_pushvalue(L, -1);
        lua_replace(L, base + (int)(row - set->rows));
    }
    return row != NULL;
}

static void read_rows(lua_State *L, int index, struct teller *t)
{
    const struct option_set *set = t->set;
    int base = lua_gettop(L) + 1;
    luaL_checkstack(L, set->n_rows + 6, "too many options");
    lua_settop(L, base + set->n_rows - 1);
    if (lua_isnoneornil(L, index))
        return;
    document_read(L, index);
    lua_pushvalue(L, index);
    bool is_sound = true;
    for (lua_pushnil(L); lua_next(L, base + set->n_rows); lua_pop(L, 1))
        is_sound &= take_option(L, set, base);
    if (!is_sound) /* in one order: a walk's differs from run to run */
        keys_each(L, base + set->n_rows, tell_offence, t);
    lua_pop(L, 1);
}

void options_read(lua_State *L, int index, const struct option_set *set, option_offence_fn offence,
                  void *ctx)
{
    struct teller t = {set, offence, ctx, &machine_of(L)->url};
    read_rows(L, index, &t);
}

static void raise_offence(void *ctx, const char *name, const char *text)
{
    (void)name;
    machine_raise(ctx, "%s", text);
}

void options_read_or_raise(lua_State *L, int index, const struct option_set *set)
{
    if (!lua_isnoneornil(L, index) && (!lua_istable(L, index) || machine_is(L, index, REF_ARRAY)))
        machine_raise(L, "%s: its options must be a table, not %s", set->what,
                      argument_describe(L, index));
    options_read(L, index, set, raise_offence, L);
}

int option_duration(lua_State *L, int index, int64_t *ms, struct err *err)
{
    if (lua_type(L, index) == LUA_TSTRING) {
        struct slice text;
        text.data = lua_tolstring(L, index, &text.len);
        return text_parse_duration(text, ms, err);
    }
    lua_Number seconds = lua_tonumber(L, index);
    if (!(seconds >= 0 && seconds <= DURATION_MAX_S))
        return err_set(err, ERR_INVALID, "%g is no number of seconds", seconds);
    *ms = (int64_t)(seconds * 1000 + 0.5);
    return 0;
}
