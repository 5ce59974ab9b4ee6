/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* setting and secret: what stands outside the scripts. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <lauxlib.h>

#include "base/text.h"
#include "script/bindings.h"
#include "script/codec.h"
#include "script/digits.h"
#include "script/exact.h"
#include "script/machine.h"
#include "script/secret.h"

#define SECRET_MAX 65536
#define NAMES_MAX 256

/* ---- the value ---- */

struct secret {
    size_t len;
    char bytes[];
};

void secret_push_joined(lua_State *L, struct slice value)
{
    struct secret *s = lua_newuserdata(L, sizeof(*s) + value.len + 1);
    s->len = value.len;
    if (value.len > 0)
        memcpy(s->bytes, value.data, value.len);
    s->bytes[value.len] = '\0';
    machine_mark(L, lua_gettop(L), REF_SECRET);
}

void secret_push(lua_State *L, struct slice value)
{
    secret_push_joined(L, value);
    if (machine_of(L)->mask && value.len > 0)
        mask_add(machine_of(L)->mask, value);
}

bool secret_is(lua_State *L, int index)
{
    return lua_type(L, index) == LUA_TUSERDATA && machine_is(L, index, REF_SECRET);
}

struct slice secret_value(lua_State *L, int index)
{
    struct secret *s = lua_touserdata(L, index);
    return slice_of(s->bytes, s->len);
}

struct slice secret_or_text(lua_State *L, int index)
{
    struct slice text = SLICE_NULL;
    if (lua_type(L, index) == LUA_TNUMBER || exact_is(L, index))
        digits_spell(L, index);
    if (lua_type(L, index) == LUA_TSTRING)
        text.data = lua_tolstring(L, index, &text.len);
    else if (secret_is(L, index))
        text = secret_value(L, index);
    return text;
}

void secret_make_url(lua_State *L, int index)
{
    static const char end[] = "://";
    if (!machine_of(L)->has_stand_ins || !secret_is(L, index))
        return;
    struct slice value = secret_value(L, index);
    if (memmem(value.data, value.len, end, sizeof(end) - 1))
        return;
    struct buf *url = &machine_of(L)->json;
    buf_clear(url);
    buf_add_str(url, "https://");
    buf_add_slice(url, value);
    secret_push_joined(L, buf_slice(url));
    lua_replace(L, index);
}

static int secret_tostring(lua_State *L)
{
    lua_pushliteral(L, "***");
    return 1;
}

static int secret_concat(lua_State *L)
{
    struct buf *joined = &machine_of(L)->json;
    buf_clear(joined);
    for (int i = 1; i <= 2; i++) {
        struct slice part = secret_or_text(L, i);
        if (!part.data)
            machine_raise(L, "attempt to join a secret and a %s", luaL_typename(L, i));
        buf_add_slice(joined, part);
    }
    secret_push_joined(L, buf_slice(joined));
    return 1;
}

static int secret_eq(lua_State *L)
{
    lua_pushboolean(L, slice_is_equal(secret_value(L, 1), secret_value(L, 2)));
    return 1;
}

static int secret_index(lua_State *L)
{
    machine_raise(L, "a secret can't be looked into; it can be joined with .. and sent");
}

static const luaL_Reg secret_metamethods[] = {
    {"__tostring", secret_tostring},
    {"__concat", secret_concat},
    {"__eq", secret_eq},
    {"__index", secret_index},
    {NULL, NULL},
};

/* ---- secret "X" ---- */

static bool is_secret_name(struct slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.", s.data[i]))
            return false;
    return s.len > 0 && s.data[0] != '.';
}

/* Finds a secret's bytes: a file of the service manager, a file that a variable
   names, a variable. */
static int read_secret(const char *name, struct buf *value, struct err *err)
{
    char path[4096];
    const char *folder = getenv("CREDENTIALS_DIRECTORY");
    if (folder) {
        snprintf(path, sizeof(path), "%s/%s", folder, name);
        if (access(path, F_OK) == 0)
            return buf_read_file(value, path, SECRET_MAX, err);
    }
    snprintf(path, sizeof(path), "%s_FILE", name);
    const char *file = getenv(path);
    if (file)
        return buf_read_file(value, file, SECRET_MAX, err);
    const char *variable = getenv(name);
    if (!variable)
        return err_set(
            err, ERR_NOT_FOUND,
            "secret \"%s\" is missing: set the variable %s, or let %s_FILE name its file, "
            "or put it into $CREDENTIALS_DIRECTORY/%s",
            name, name, name, name);
    buf_add_str(value, variable);
    return 0;
}

/* Of the letters that a name has, which a URL and a header take, too. */
static int make_stand_in(const char *name, struct buf *value)
{
    buf_printf(value, "stand-in-for-%s", name);
    return 0;
}

static void cut_newline(struct buf *b)
{
    if (b->len > 0 && b->data[b->len - 1] == '\n')
        buf_truncate(b, b->len - 1);
    if (b->len > 0 && b->data[b->len - 1] == '\r')
        buf_truncate(b, b->len - 1);
}

static int config_secret(lua_State *L)
{
    struct buf *value = &machine_of(L)->json;
    struct err err = {0};
    struct slice name = secret_or_text(L, 1);
    lua_settop(L, 1);
    if (lua_type(L, 1) != LUA_TSTRING || !is_secret_name(name))
        machine_raise(
            L, "secret takes a name of letters, digits, _ - and ., as in secret \"API_KEY\"");
    machine_push(L, REF_SECRETS);
    lua_pushvalue(L, 1);
    lua_rawget(L, 2);
    if (!lua_isnil(L, -1))
        return 1;
    buf_clear(value);
    int rc = machine_of(L)->has_stand_ins ? make_stand_in(name.data, value)
                                          : read_secret(name.data, value, &err);
    if (rc < 0)
        machine_raise_err(L, &err);
    cut_newline(value);
    secret_push(L, buf_slice(value));
    lua_pushvalue(L, 1);
    lua_pushvalue(L, -2);
    lua_rawset(L, 2);
    return 1;
}

/* ---- setting "x" ---- */

/* Collects the names of the settings, for an error; the caller frees them. */
static size_t list_settings(struct script_machine *m, char *names[NAMES_MAX])
{
    struct json_reader r;
    size_t n = 0;
    json_reader_init(&r, buf_slice(&m->settings));
    json_next(&r);
    while (n < NAMES_MAX && json_next(&r) == JSON_KEY) {
        struct slice value;
        names[n++] = slice_dup(r.text);
        if (json_skip(&r, &value) < 0)
            break;
    }
    json_reader_deinit(&r);
    return n;
}

/* "warehouse.url", where warehouse is a setting: one part of it. */
static bool add_inner(struct buf *text, const char *name, char *const *names, size_t n)
{
    const char *dot = strchr(name, '.');
    for (size_t i = 0; i < n && dot; i++) {
        if (!slice_is_equal(slice_of(name, (size_t)(dot - name)), slice_str(names[i])))
            continue;
        buf_printf(text, ": write setting(\"%s\")%s", names[i], dot);
        return true;
    }
    return false;
}

static void add_missing(struct buf *text, const char *name, const char *nearest)
{
    if (nearest)
        buf_printf(text, ": did you mean \"%s\"?", nearest);
    buf_printf(text, "%s write settings = { %s = … } in liaison.lua, or give a default",
               nearest ? " Else" : ":", name);
}

static int raise_no_setting(lua_State *L, const char *name)
{
    struct buf *text = &machine_of(L)->json;
    char *names[NAMES_MAX];
    size_t n = list_settings(machine_of(L), names);
    const char *nearest = text_nearest(slice_str(name), (const char *const *)names, n);
    buf_clear(text);
    buf_printf(text, "there is no setting \"%s\"", name);
    if (!add_inner(text, name, names, n))
        add_missing(text, name, nearest);
    for (size_t i = 0; i < n; i++)
        free(names[i]);
    machine_raise(L, "%s", text->data);
}

/* {"secret": value} is how liaison.lua's own secrets arrive (see script_read_config). Pushes it as
   a secret, when it is one. */
static bool push_secret_setting(lua_State *L, struct slice value)
{
    struct slice inner;
    struct buf *text = &machine_of(L)->json;
    if (!json_is_object(value) || !json_get(value, "secret", &inner) || !json_is_string(inner))
        return false;
    buf_clear(text);
    int rc = machine_of(L)->has_stand_ins ? make_stand_in(lua_tostring(L, 1), text)
                                          : json_get_string(inner, text);
    if (rc < 0)
        return false;
    secret_push(L, buf_slice(text));
    return true;
}

/* [-0, +1] Pushes a setting that was asked for before; nil when it wasn't, or is a table. */
static void push_known_setting(lua_State *L)
{
    machine_push(L, REF_SETTINGS);
    lua_pushvalue(L, 1);
    lua_rawget(L, -2);
    lua_remove(L, -2);
}

/* Remembers the value on top, unless it is a table, which is decoded anew each time: one that a
   script alters isn't another's. */
static void keep_setting(lua_State *L)
{
    if (lua_istable(L, -1))
        return;
    machine_push(L, REF_SETTINGS);
    lua_pushvalue(L, 1);
    lua_pushvalue(L, -3);
    lua_rawset(L, -3);
    lua_pop(L, 1);
}

static int config_setting(lua_State *L)
{
    struct slice value;
    struct err err = {0};
    lua_settop(L, 2);
    if (lua_type(L, 1) != LUA_TSTRING)
        machine_raise(L, "setting takes a name, as in setting \"warehouseUrl\"");
    push_known_setting(L);
    if (!lua_isnil(L, -1))
        return 1;
    lua_pop(L, 1);
    const char *name = lua_tostring(L, 1);
    if (!json_get(buf_slice(&machine_of(L)->settings), name, &value)) {
        if (lua_isnil(L, 2))
            return raise_no_setting(L, name);
        return 1;
    }
    if (!push_secret_setting(L, value) && codec_decode(L, value, &err) < 0)
        machine_raise_err(L, &err);
    keep_setting(L);
    return 1;
}

static const luaL_Reg globals[] = {
    {"secret", config_secret},
    {"setting", config_setting},
    {NULL, NULL},
};

void config_open(lua_State *L)
{
    luaL_setfuncs(L, globals, 0);
    bindings_add_metatable(L, REF_SECRET, secret_metamethods);
    lua_newtable(L);
    machine_set(L, REF_SECRETS);
    lua_newtable(L);
    machine_set(L, REF_SETTINGS);
}
