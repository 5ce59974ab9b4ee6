/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* lookup("NAME", "column")[key]: rows of the tables in data/. */
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>

#include "base/text.h"
#include "script/argument.h"
#include "script/bindings.h"
#include "script/codec.h"
#include "script/document.h"
#include "script/library.h"
#include "script/load.h"
#include "script/lookup.h"
#include "script/machine.h"

/* Rows between two looks at whether to stop. */
#define ROWS_BETWEEN_LOOKS 256

struct lookups {
    struct lookup_table *tables;
    size_t n;
};

/* ---- loading ---- */

static void load_table(struct loader *l, const struct source *source)
{
    struct lookups *lookups = l->m->lookups;
    struct err err = {0};
    int line = 0;
    if (source->failure) {
        loader_tell(l, false, source->name.data, 0, "%s", source->failure);
        return;
    }
    struct lookup_table *t = &lookups->tables[lookups->n++];
    if (lookup_read(t, source, &line, &err) < 0)
        loader_tell(l, false, source->name.data, line, "%s", err.message);
}

void lookup_load(struct loader *l)
{
    size_t n = 0;
    for (size_t i = 0; i < sources_count(l->m->sources); i++)
        n += sources_at(l->m->sources, i)->kind == SOURCE_DATA;
    if (n == 0)
        return;
    l->m->lookups = mem_calloc(1, sizeof(struct lookups));
    l->m->lookups->tables = mem_calloc(n, sizeof(struct lookup_table));
    for (size_t i = 0; i < sources_count(l->m->sources); i++)
        if (sources_at(l->m->sources, i)->kind == SOURCE_DATA)
            load_table(l, sources_at(l->m->sources, i));
}

void lookup_free(struct lookups *lookups)
{
    if (!lookups)
        return;
    for (size_t i = 0; i < lookups->n; i++)
        lookup_deinit(&lookups->tables[i]);
    free(lookups->tables);
    free(lookups);
}

/* ---- finding a table and a column ---- */

static const struct lookup_table *find_by_name(const struct lookups *lookups, struct slice name)
{
    for (size_t i = 0; lookups && i < lookups->n; i++)
        if (slice_is_equal(lookups->tables[i].source->module, name))
            return &lookups->tables[i];
    return NULL;
}

/* rooms of "rooms.csv". */
static struct slice bare_name(struct slice name)
{
    return slice_upto(name, slice_find(name, '.'));
}

_Noreturn static void raise_no_table(lua_State *L, const char *name)
{
    struct lookups *lookups = machine_of(L)->lookups;
    size_t n = lookups ? lookups->n : 0;
    const struct lookup_table *bare = find_by_name(lookups, bare_name(slice_str(name)));
    if (bare)
        machine_raise(L, "lookup: write \"%s\", without the ending, for %s",
                      bare->source->module.data, bare->source->name.data);
    const char **names = lua_newuserdata(L, (n + 1) * sizeof(*names));
    for (size_t i = 0; i < n; i++)
        names[i] = lookups->tables[i].source->module.data;
    const char *nearest = text_nearest(slice_str(name), names, n);
    machine_raise(L, "lookup: there is no data/%s.csv or data/%s.json%s%s%s", name, name,
                  nearest ? ": did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?" : "");
}

_Noreturn static void raise_no_column(lua_State *L, const struct lookup_table *t, const char *name)
{
    struct buf *text = &machine_of(L)->json;
    const char *nearest =
        text_nearest(slice_str(name), (const char *const *)t->columns, t->n_columns);
    buf_clear(text);
    buf_printf(text, "lookup: %s has no column \"%s\"", t->source->name.data, name);
    if (nearest)
        buf_printf(text, ": did you mean \"%s\"?", nearest);
    else
        buf_add_str(text, t->n_columns > 0 ? "; it has" : "; it has none");
    for (size_t i = 0; !nearest && i < t->n_columns; i++)
        buf_printf(text, "%s %s", i > 0 ? "," : "", t->columns[i]);
    if (t->is_csv && t->n_columns == 1 && strpbrk(t->columns[0], ";\t"))
        buf_add_str(text, ": save the file with commas between its columns");
    machine_raise(L, "%s", text->data);
}

static const struct lookup_table *find_table(lua_State *L, const char *name)
{
    const struct lookup_table *t = find_by_name(machine_of(L)->lookups, slice_str(name));
    if (!t)
        raise_no_table(L, name);
    return t;
}

static size_t find_column(lua_State *L, const struct lookup_table *t, const char *name)
{
    if (t->is_broken)
        machine_raise(L, "lookup: %s is broken: mend that first", t->source->name.data);
    for (size_t i = 0; i < t->n_columns; i++)
        if (strcmp(t->columns[i], name) == 0)
            return i;
    if (t->n_rows > 0 || t->is_csv)
        raise_no_column(L, t, name);
    return 0; /* a list without rows has what is asked for */
}

/* ---- an index: key -> row ---- */

/* [-0, +0, e] Adds a row to the table of keys on top. */
static void add_row(lua_State *L, const struct lookup_table *t, size_t row, size_t column)
{
    struct buf *key = &machine_of(L)->json;
    buf_clear(key);
    if (lookup_add_key(t, row, column, key) < 0)
        machine_raise(L,
                      "lookup: %s:%d: what column \"%s\" has there is no key: neither a text nor a "
                      "number",
                      t->source->name.data, lookup_line(t, row), t->columns[column]);
    if (key->len == 0)
        return;
    lua_pushlstring(L, key->data, key->len);
    lua_pushvalue(L, -1);
    lua_rawget(L, -3);
    if (!lua_isnil(L, -1))
        machine_raise(L, "lookup: %s:%d: \"%s\" stands in column \"%s\" twice, in line %d before",
                      t->source->name.data, lookup_line(t, row), lua_tostring(L, -2),
                      t->columns[column], lookup_line(t, (size_t)lua_tointeger(L, -1)));
    lua_pop(L, 1);
    lua_pushinteger(L, (lua_Integer)row);
    lua_rawset(L, -3);
}

/* [-0, +1, e] What lookup returns: a userdata of its own, whose environment has the keys. */
static void push_index(lua_State *L, const struct lookup_table *t, size_t column)
{
    const struct lookup_table **box = lua_newuserdata(L, sizeof(struct lookup_table *));
    *box = t;
    lua_createtable(L, 0, (int)t->n_rows);
    for (size_t row = 0; row < t->n_rows; row++) {
        if (row % ROWS_BETWEEN_LOOKS == 0)
            machine_check_stopping(L, "lookup");
        add_row(L, t, row, column);
    }
    lua_setfenv(L, -2);
    machine_mark(L, lua_gettop(L), REF_LOOKUP);
}

/* lookup(name, column): made at its first call. */
static int lookup(lua_State *L)
{
    lua_settop(L, 2);
    if (lua_type(L, 1) != LUA_TSTRING || lua_type(L, 2) != LUA_TSTRING)
        machine_raise(L, "lookup takes the name of a file in data/ and one of its columns, as in "
                         "lookup(\"rooms\", \"code\")[key]");
    machine_push(L, REF_LOOKUPS);
    lua_pushfstring(L, "%s\n%s", lua_tostring(L, 1), lua_tostring(L, 2));
    lua_pushvalue(L, -1);
    lua_rawget(L, 3);
    if (!lua_isnil(L, -1))
        return 1;
    lua_pop(L, 1);
    const struct lookup_table *t = find_table(L, lua_tostring(L, 1));
    push_index(L, t, find_column(L, t, lua_tostring(L, 2)));
    lua_pushvalue(L, -1);
    lua_insert(L, -3);
    lua_rawset(L, 3);
    return 1;
}

struct lookup_call {
    struct slice name, column;
};

/* Finds it as scripts do. */
static int call_lookup(lua_State *L)
{
    const struct lookup_call *call = lua_touserdata(L, 1);
    machine_push(L, REF_LIBRARY);
    lua_getfield(L, -1, "lookup");
    lua_pushlstring(L, call->name.data, call->name.len);
    lua_pushlstring(L, call->column.data, call->column.len);
    lua_call(L, 2, 0);
    return 0;
}

int lookup_check(struct loader *l, struct slice name, struct slice column, struct err *err)
{
    struct lookup_call call = {name, column};
    return machine_protect(l->m, call_lookup, &call, err);
}

/* ---- a row ---- */

static void push_csv_row(lua_State *L, const struct lookup_table *t, struct slice row)
{
    struct csv c = {.text = row, .delimiter = ',', .scratch = &machine_of(L)->body};
    lua_createtable(L, 0, (int)t->n_columns);
    for (size_t i = 0; i < t->n_columns && csv_next(&c) == CSV_FIELD; i++) {
        lua_pushlstring(L, c.field.data ? c.field.data : "", c.field.len);
        lua_setfield(L, -2, t->columns[i]);
    }
}

/* The row of a key, a copy of the caller's own; nil where there is none. */
static int lookup_index(lua_State *L)
{
    struct buf *key = &machine_of(L)->json;
    lua_settop(L, 2);
    const struct lookup_table *t = *(const struct lookup_table **)lua_touserdata(L, 1);
    buf_clear(key);
    if (!argument_add_text(L, 2, key))
        return 0;
    lua_getfenv(L, 1);
    lua_pushlstring(L, key->data ? key->data : "", key->len);
    lua_rawget(L, 3);
    if (lua_isnil(L, -1))
        return 1;
    struct slice row = t->rows[lua_tointeger(L, -1)];
    if (t->is_csv)
        push_csv_row(L, t, row);
    else
        document_push(L, row);
    return 1;
}

static int lookup_newindex(lua_State *L)
{
    machine_raise(L, "what lookup returns can't be changed; change the file in data/");
}

static const luaL_Reg metamethods[] = {
    {"__index", lookup_index},
    {"__newindex", lookup_newindex},
    {NULL, NULL},
};

static void open(lua_State *L)
{
    bindings_add_metatable(L, REF_LOOKUP, metamethods);
    lua_newtable(L);
    machine_set(L, REF_LOOKUPS);
}

/* ---- the subject ---- */

static const char *const names[] = {"lookup", NULL};
static const luaL_Reg functions[] = {{"lookup", lookup}, {NULL, NULL}};
const struct subject subject_lookup = {"lookup", names, functions, open};
