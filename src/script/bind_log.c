/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* log.debug, log.info, log.warn, log.error, and print. */
#include <lauxlib.h>

#include "script/bindings.h"
#include "script/codec.h"
#include "script/machine.h"
#include "script/secret.h"

#define FIELDS_MAX 32
#define TEXT_MAX 8192
#define FIELD_MAX 65536 /* bytes of a field that is a table */

/* What the line is about comes first, then the script's own fields. */
static size_t add_own_field(struct script_machine *m, struct log_field *fields)
{
    struct script_run *run = m->current;
    if (!run || !run->what)
        return 0;
    const char *name = run->connector ? "connector" : run->handler ? "handler" : "file";
    fields[0] = LOG_STR(name, run->what);
    return 1;
}

/* A field's value stands in the table where it is a string, else as JSON in m->json, whose bytes
   may still move: `ends` says where it ends there. */
static void encode_field(lua_State *L, struct script_machine *m, struct log_field *field,
                         size_t *end)
{
    struct err err = {0};
    size_t from = m->json.len;
    lua_pushstring(L, field->name);
    lua_rawget(L, 2);
    if (lua_type(L, -1) == LUA_TSTRING)
        *field = LOG_SLICE(field->name, secret_or_text(L, -1));
    else if (codec_encode(L, lua_gettop(L), CODEC_SHOW, FIELD_MAX, NULL, &m->json, &err) < 0) {
        buf_truncate(&m->json, from);
        json_add_string(&m->json, slice_str(err.message));
    }
    lua_pop(L, 1);
    *end = m->json.len;
}

/* The fields of the table at index 2, by name; returns how many. */
static size_t read_fields(lua_State *L, struct script_machine *m, struct log_field *fields)
{
    size_t ends[FIELDS_MAX], n;
    m->keys.len = 0;
    keys_push_all(L, 2, &m->keys, "log");
    n = m->keys.len < FIELDS_MAX ? m->keys.len : FIELDS_MAX;
    buf_clear(&m->json);
    for (size_t i = 0; i < n; i++) {
        fields[i] = LOG_RAW(m->keys.items[i].name.data, SLICE_NULL);
        encode_field(L, m, &fields[i], &ends[i]);
    }
    for (size_t i = 0, from = 0; i < n; from = ends[i++])
        if (fields[i].kind == LOG_KIND_JSON)
            fields[i].text = slice_of(m->json.data + from, ends[i] - from);
    m->keys.len = 0;
    return n;
}

static int write_line(lua_State *L, enum log_level level)
{
    struct script_machine *m = machine_of(L);
    struct log_field fields[FIELDS_MAX + 1];
    size_t own = add_own_field(m, fields), n = own;
    lua_settop(L, 2);
    struct slice text = secret_is(L, 1) ? SLICE_LIT("***") : secret_or_text(L, 1);
    if (!text.data || !(lua_isnil(L, 2) || lua_istable(L, 2)))
        machine_raise(L, "write log.info(text, fields): a string, and a table of names and values");
    if (!lua_isnil(L, 2))
        n += read_fields(L, m, fields + n);
    buf_clear(&m->text);
    buf_add_slice(&m->text, slice_upto(text, TEXT_MAX));
    if (m->ports && m->ports->log)
        m->ports->log(m->ports->ctx, level, buf_slice(&m->text), fields + own, n - own);
    else
        log_write(m->log, level, m->text.data ? m->text.data : "", fields, n);
    return 0;
}

static int log_at_debug(lua_State *L)
{
    return write_line(L, LOG_DEBUG);
}

static int log_at_info(lua_State *L)
{
    return write_line(L, LOG_INFO);
}

static int log_at_warn(lua_State *L)
{
    return write_line(L, LOG_WARN);
}

static int log_at_error(lua_State *L)
{
    return write_line(L, LOG_ERROR);
}

static const luaL_Reg functions[] = {
    {"debug", log_at_debug}, {"info", log_at_info}, {"warn", log_at_warn},
    {"error", log_at_error}, {NULL, NULL},
};

void log_open(lua_State *L)
{
    lua_newtable(L);
    luaL_setfuncs(L, functions, 0);
    lua_setfield(L, -2, "log");
}
