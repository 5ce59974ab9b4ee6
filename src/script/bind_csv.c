/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* csv.decode and csv.encode. */
#include <lauxlib.h>

#include "script/argument.h"
#include "script/codec.h"
#include "script/csv.h"
#include "script/document.h"
#include "script/library.h"
#include "script/machine.h"
#include "script/options.h"

/* ---- options of both ---- */

enum { CSV_HEADER, CSV_DELIMITER, CSV_NEWLINE };
static const struct option rows[] = {
    {"header", OPTION_ANY, NULL},
    {"delimiter", OPTION_STRING, NULL},
    {"newline", OPTION_STRING, NULL},
};
static const struct option_set decode_options = {"csv.decode", rows, CSV_NEWLINE, NULL};
static const struct option_set encode_options = OPTION_SET("csv.encode", rows);

/* Where the arguments and what they mean stand on the stack. */
enum { AT_INPUT = 1, AT_OPTIONS, AT_HEADER, AT_DELIMITER, AT_NEWLINE, AT_OUTPUT };

static char check_delimiter(lua_State *L, const char *what)
{
    struct slice s = SLICE_LIT(",");
    if (!lua_isnil(L, AT_DELIMITER))
        s.data = lua_tolstring(L, AT_DELIMITER, &s.len);
    if (s.len != 1 || !csv_can_delimit(s.data[0]))
        machine_raise(L, "%s: `delimiter` must be one character as in \",\", \";\" or \"\\t\"",
                      what);
    return s.data[0];
}

/* How many names the list of `header` has; 0 where it is no list. */
static int check_names(lua_State *L, const char *what)
{
    if (lua_isnil(L, AT_HEADER) || lua_isboolean(L, AT_HEADER))
        return 0;
    int n = argument_list(L, AT_HEADER, what, "header");
    for (int i = 1; i <= n; i++) {
        lua_rawgeti(L, AT_HEADER, i);
        if (lua_type(L, -1) != LUA_TSTRING)
            machine_raise(L, "%s: `header` must be true, false, or a list of names", what);
        lua_pop(L, 1);
    }
    if (n == 0)
        machine_raise(L, "%s: `header` is an empty list; name the columns", what);
    return n;
}

/* ---- decode ---- */

struct decoder {
    lua_State *L;
    struct csv csv;
    int n_columns; /* 0: the first row tells */
    int n_rows;
    bool has_names; /* at AT_HEADER: rows are objects */
};

static enum csv_token next_field(struct decoder *d)
{
    enum csv_token token = csv_next(&d->csv);
    if (token == CSV_ERROR)
        machine_raise(d->L, "csv.decode: line %zu: %s", d->csv.line, d->csv.error);
    machine_check_stopping(d->L, "csv.decode");
    return token;
}

static void push_field(struct decoder *d)
{
    lua_pushlstring(d->L, d->csv.field.data ? d->csv.field.data : "", d->csv.field.len);
}

static void check_width(struct decoder *d, int n, size_t line)
{
    if (n > d->n_columns || (d->csv.is_last && n < d->n_columns))
        machine_raise(d->L, "csv.decode: line %zu has %s fields than the %d of the %s", line,
                      n > d->n_columns ? "more" : "fewer", d->n_columns,
                      d->has_names ? "header" : "first row");
}

/* Sets the names of the header's row, of which the first field has been read. */
static void read_header(struct decoder *d)
{
    lua_State *L = d->L;
    lua_newtable(L); /* names seen */
    lua_newtable(L);
    for (int n = 1;; n++) {
        const char *refused = csv_refuse_name(d->csv.field);
        if (refused)
            machine_raise(L, "csv.decode: line 1: %s", refused);
        push_field(d);
        lua_pushvalue(L, -1);
        lua_rawget(L, -4);
        if (!lua_isnil(L, -1))
            machine_raise(L, "csv.decode: the header names \"%s\" twice", lua_tostring(L, -2));
        lua_pop(L, 1);
        lua_pushvalue(L, -1);
        lua_pushboolean(L, 1);
        lua_rawset(L, -5);
        lua_rawseti(L, -2, n);
        d->n_columns = n;
        if (d->csv.is_last)
            break;
        next_field(d);
    }
    lua_replace(L, AT_HEADER);
    lua_pop(L, 1);
}

/* [-0, +1, e] Pushes the row of which the first field has been read. */
static void push_row(struct decoder *d)
{
    lua_State *L = d->L;
    size_t line = d->csv.line;
    lua_createtable(L, d->has_names ? 0 : d->n_columns, d->has_names ? d->n_columns : 0);
    for (int n = 1;; n++) {
        if (d->n_columns > 0)
            check_width(d, n, line);
        if (d->has_names)
            lua_rawgeti(L, AT_HEADER, n);
        push_field(d);
        if (d->has_names)
            lua_rawset(L, -3);
        else
            lua_rawseti(L, -2, n);
        if (d->csv.is_last) {
            d->n_columns = n;
            break;
        }
        next_field(d);
    }
    if (!d->has_names)
        machine_mark(L, lua_gettop(L), REF_ARRAY);
}

static int csv_decode(lua_State *L)
{
    lua_settop(L, 2);
    options_read_or_raise(L, AT_OPTIONS, &decode_options);
    lua_settop(L, AT_NEWLINE);
    struct decoder d = {.L = L};
    d.csv.text = argument_text(L, AT_INPUT, "csv.decode", "text");
    d.csv.scratch = &machine_of(L)->body;
    d.csv.delimiter = check_delimiter(L, "csv.decode");
    d.n_columns = check_names(L, "csv.decode");
    bool is_first_header =
        d.n_columns == 0 && (lua_isnil(L, AT_HEADER) || lua_toboolean(L, AT_HEADER));
    d.has_names = is_first_header || d.n_columns > 0;
    lua_newtable(L);
    machine_mark(L, AT_OUTPUT, REF_ARRAY);
    if (is_first_header && next_field(&d) == CSV_FIELD)
        read_header(&d);
    while (next_field(&d) == CSV_FIELD) {
        push_row(&d);
        lua_rawseti(L, AT_OUTPUT, ++d.n_rows);
    }
    return 1;
}

/* ---- encode ---- */

struct encoder {
    lua_State *L;
    struct buf *out;
    char delimiter;
    int row; /* from 1 */
};

/* [-1, +0, e] Null and nothing are an empty field. */
static void add_field(struct encoder *e, int column)
{
    lua_State *L = e->L;
    struct buf *text = &machine_of(L)->json;
    buf_clear(text);
    if (column > 1)
        buf_add_char(e->out, e->delimiter);
    if (lua_istable(L, -1))
        machine_raise(
            L,
            "csv.encode: row %d, column %d: a table can't be a field; make a text of it, as "
            "by json.encode",
            e->row, column);
    if (!lua_isnil(L, -1) && !codec_is_null(L, -1) && !argument_add_text(L, lua_gettop(L), text))
        machine_raise(L, "csv.encode: row %d, column %d: %s can't be a field", e->row, column,
                      lua_type(L, -1) == LUA_TNUMBER ? "a number that isn't finite"
                                                     : argument_describe(L, -1));
    csv_add_field(e->out, buf_slice(text), e->delimiter);
    lua_pop(L, 1);
    if (e->out->len > machine_of(L)->memory.max)
        machine_raise_memory(L, e->out->len);
    machine_check_stopping(L, "csv.encode");
}

static void begin_row(struct encoder *e)
{
    struct slice newline = SLICE_LIT("\r\n");
    if (!lua_isnil(e->L, AT_NEWLINE))
        newline.data = lua_tolstring(e->L, AT_NEWLINE, &newline.len);
    if (e->out->len > 0)
        buf_add_slice(e->out, newline);
}

/* An only field that is empty would make a blank line, which readers pass over. */
static void end_row(struct encoder *e, size_t from, int n_columns)
{
    if (n_columns == 1 && e->out->len == from)
        buf_add_str(e->out, "\"\"");
}

/* The list at `index`. */
static void add_list(struct encoder *e, int index)
{
    lua_State *L = e->L;
    begin_row(e);
    size_t from = e->out->len;
    int n = argument_list(L, index, "csv.encode", "a row");
    for (int i = 1; i <= n; i++) {
        lua_rawgeti(L, index, i);
        add_field(e, i);
    }
    end_row(e, from, n);
}

/* The object on top, in the order of the names at AT_HEADER. */
static void add_object(struct encoder *e)
{
    lua_State *L = e->L;
    begin_row(e);
    size_t from = e->out->len;
    int n = (int)lua_objlen(L, AT_HEADER);
    for (int i = 1; i <= n; i++) {
        lua_rawgeti(L, AT_HEADER, i);
        lua_gettable(L, -2);
        add_field(e, i);
    }
    end_row(e, from, n);
}

/* [-0, +0, e] Adds those of the row on top to the table at AT_OUTPUT. */
static void add_names(lua_State *L)
{
    document_read(L, lua_gettop(L));
    for (lua_pushnil(L); lua_next(L, -2);) {
        lua_pop(L, 1);
        lua_pushvalue(L, -1);
        lua_pushboolean(L, 1);
        lua_rawset(L, AT_OUTPUT);
    }
}

/* The names of all rows, sorted, take the place of the header. */
static void collect_names(lua_State *L, int n_rows)
{
    struct keys *keys = &machine_of(L)->keys;
    lua_newtable(L);
    for (int i = 1; i <= n_rows; i++) {
        lua_rawgeti(L, AT_INPUT, i);
        add_names(L);
        lua_settop(L, AT_OUTPUT);
    }
    keys->len = 0;
    keys_push_all(L, AT_OUTPUT, keys, "csv.encode: a row");
    lua_createtable(L, (int)keys->len, 0);
    for (size_t i = 0; i < keys->len; i++) {
        lua_pushlstring(L, keys->items[i].name.data, keys->items[i].name.len);
        lua_rawseti(L, -2, (int)i + 1);
    }
    keys->len = 0;
    lua_replace(L, AT_HEADER);
    lua_settop(L, AT_NEWLINE);
}

/* All rows must be what the first one is. */
static void check_rows(struct encoder *e, int n_rows, bool is_lists)
{
    lua_State *L = e->L;
    for (int i = 1; i <= n_rows; i++) {
        lua_rawgeti(L, AT_INPUT, i);
        if (!lua_istable(L, -1) || codec_is_list(L, lua_gettop(L)) != is_lists)
            machine_raise(L, "csv.encode: row %d must be %s as the first one is, not %s", i,
                          is_lists ? "a list" : "an object", argument_describe(L, -1));
        lua_pop(L, 1);
    }
}

static void add_objects(struct encoder *e, int n_rows)
{
    lua_State *L = e->L;
    bool has_header = lua_isnil(L, AT_HEADER) || lua_toboolean(L, AT_HEADER);
    check_rows(e, n_rows, false);
    if (!lua_istable(L, AT_HEADER))
        collect_names(L, n_rows);
    if (has_header)
        add_list(e, AT_HEADER);
    for (e->row = 1; e->row <= n_rows; e->row++) {
        lua_rawgeti(L, AT_INPUT, e->row);
        add_object(e);
        lua_pop(L, 1);
    }
}

static void add_lists(struct encoder *e, int n_rows)
{
    lua_State *L = e->L;
    check_rows(e, n_rows, true);
    if (lua_istable(L, AT_HEADER))
        add_list(e, AT_HEADER);
    for (e->row = 1; e->row <= n_rows; e->row++) {
        lua_rawgeti(L, AT_INPUT, e->row);
        add_list(e, lua_gettop(L));
        lua_pop(L, 1);
    }
}

/* A list of objects, a list of lists, or one list of fields. */
static int csv_encode(lua_State *L)
{
    lua_settop(L, 2);
    options_read_or_raise(L, AT_OPTIONS, &encode_options);
    struct encoder e = {.L = L, .out = &machine_of(L)->body, .row = 1};
    e.delimiter = check_delimiter(L, "csv.encode");
    int n_rows = argument_list(L, AT_INPUT, "csv.encode", "rows");
    check_names(L, "csv.encode");
    buf_clear(e.out);
    lua_rawgeti(L, AT_INPUT, 1);
    bool is_list = lua_istable(L, -1) && codec_is_list(L, lua_gettop(L));
    bool is_one_row = n_rows > 0 && !lua_istable(L, -1);
    lua_pop(L, 1);
    if (is_one_row)
        add_list(&e, AT_INPUT);
    else if (is_list)
        add_lists(&e, n_rows);
    else
        add_objects(&e, n_rows);
    lua_pushlstring(L, e.out->data ? e.out->data : "", e.out->len);
    return 1;
}

/* ---- the subject ---- */

static const char *const names[] = {"csv.decode", "csv.encode", NULL};
static const luaL_Reg functions[] = {
    {"csv.decode", csv_decode},
    {"csv.encode", csv_encode},
    {NULL, NULL},
};
const struct subject subject_csv = {"csv", names, functions, NULL};
