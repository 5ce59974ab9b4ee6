/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "script/library.h"

#include <string.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/slice.h"
#include "script/argument.h"
#include "script/bindings.h"
#include "script/codec.h"
#include "script/machine.h"
#include "script/options.h"
#include "subject.h"

#define OPTIONS_MAX 16

static const struct subject *const subjects[] = {
    &subject_connector, &subject_csv,   &subject_encoding, &subject_fixed_width, &subject_hash,
    &subject_ical,      &subject_list,  &subject_lookup,   &subject_number,      &subject_object,
    &subject_path,      &subject_regex, &subject_text,     &subject_time,        &subject_url,
    &subject_uuid,      &subject_xml,
};

/* ---- names ---- */

/* "text" of "text.trim"; "map" of "map". */
static struct slice global_of(const char *name)
{
    return slice_upto(slice_str(name), slice_find(slice_str(name), '.'));
}

static const struct subject *find_subject(struct slice global)
{
    for (size_t i = 0; i < ARRAY_LEN(subjects); i++)
        for (const char *const *name = subjects[i]->names; *name; name++)
            if (slice_is_equal(global_of(*name), global))
                return subjects[i];
    return NULL;
}

bool library_has(struct slice global)
{
    return find_subject(global);
}

void library_each(void (*each)(void *ctx, const char *name), void *ctx)
{
    for (size_t i = 0; i < ARRAY_LEN(subjects); i++)
        for (const char *const *name = subjects[i]->names; *name; name++)
            each(ctx, *name);
}

/* ---- what every Lua file of a subject can call ---- */

/* raise(text): an error at the script's line. */
static int host_raise(lua_State *L)
{
    machine_raise(L, "%s", luaL_checkstring(L, 1));
}

/* describe(value): what an error says that it got. */
static int host_describe(lua_State *L)
{
    lua_pushstring(L, argument_describe(L, 1));
    return 1;
}

/* text(value, what, name), utf8(value, what, name), whole(value, what, name): the argument, checked; see argument.h. */
static int host_text(lua_State *L)
{
    argument_text(L, 1, luaL_checkstring(L, 2), luaL_checkstring(L, 3));
    lua_settop(L, 1);
    return 1;
}

static int host_utf8(lua_State *L)
{
    argument_utf8(L, 1, luaL_checkstring(L, 2), luaL_checkstring(L, 3));
    lua_settop(L, 1);
    return 1;
}

static int host_whole(lua_State *L)
{
    argument_whole(L, 1, luaL_checkstring(L, 2), luaL_checkstring(L, 3));
    lua_settop(L, 1);
    return 1;
}

/* textOf(value): the text of a value that has one, else nil. */
static int host_text_of(lua_State *L)
{
    struct buf *text = &machine_of(L)->json;
    buf_clear(text);
    if (argument_add_text(L, 1, text))
        lua_pushlstring(L, text->data ? text->data : "", text->len);
    else
        lua_pushnil(L);
    return 1;
}

/* list(value, what, name): how many elements the list has. */
static int host_list(lua_State *L)
{
    lua_pushinteger(L, argument_list(L, 1, luaL_checkstring(L, 2), luaL_checkstring(L, 3)));
    return 1;
}

/* func(value, what, name), table(value, what, name): it has to be one. */
static int host_func(lua_State *L)
{
    if (!lua_isfunction(L, 1))
        machine_raise(L, "%s: %s must be a function, not %s", luaL_checkstring(L, 2),
                      luaL_checkstring(L, 3), argument_describe(L, 1));
    return 0;
}

static int host_table(lua_State *L)
{
    if (!lua_istable(L, 1))
        machine_raise(L, "%s: %s must be an object or a list, not %s", luaL_checkstring(L, 2),
                      luaL_checkstring(L, 3), argument_describe(L, 1));
    return 0;
}

/* isList(table): whether it leaves as a list. */
static int host_is_list(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_pushboolean(L, codec_is_list(L, 1));
    return 1;
}

/* names(object, what): its names in the order of their bytes, as a list. */
static int host_names(lua_State *L)
{
    struct keys *keys = &machine_of(L)->keys;
    luaL_checktype(L, 1, LUA_TTABLE);
    keys->len = 0;
    keys_push_all(L, 1, keys, luaL_checkstring(L, 2));
    lua_createtable(L, (int)keys->len, 0);
    for (size_t i = 0; i < keys->len; i++) {
        lua_pushlstring(L, keys->items[i].name.data, keys->items[i].name.len);
        lua_rawseti(L, -2, (int)i + 1);
    }
    keys->len = 0;
    machine_mark(L, lua_gettop(L), REF_ARRAY);
    return 1;
}

static enum option_type type_named(lua_State *L, const char *word)
{
    static const char *const words[] = {
        [OPTION_ANY] = "any",       [OPTION_STRING] = "string",
        [OPTION_TEXT] = "text",     [OPTION_BOOLEAN] = "boolean",
        [OPTION_NUMBER] = "number", [OPTION_DURATION] = "duration",
        [OPTION_TABLE] = "table",   [OPTION_FUNCTION] = "function",
    };
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (strcmp(word, words[i]) == 0)
            return (enum option_type)i;
    luaL_error(L, "no type of options: %s", word);
    return OPTION_ANY;
}

/* options(what, t, "header", "boolean", "delimiter", "string"): the values, in that order. */
static int host_options(lua_State *L)
{
    struct option rows[OPTIONS_MAX];
    int n = (lua_gettop(L) - 2) / 2;
    if (n > OPTIONS_MAX)
        luaL_error(L, "too many options");
    for (int i = 0; i < n; i++) {
        rows[i].name = luaL_checkstring(L, 3 + 2 * i);
        rows[i].type = type_named(L, luaL_checkstring(L, 4 + 2 * i));
        rows[i].expects = NULL;
    }
    const struct option_set set = {luaL_checkstring(L, 1), rows, n, NULL};
    options_read_or_raise(L, 2, &set);
    return n;
}

static const luaL_Reg host_functions[] = {
    {"raise", host_raise},         {"describe", host_describe},
    {"text", host_text},           {"utf8", host_utf8},
    {"whole", host_whole},         {"options", host_options},
    {"textOf", host_text_of},      {"list", host_list},
    {"func", host_func},           {"table", host_table},
    {"nearest", argument_nearest}, {"isList", host_is_list},
    {"names", host_names},         {NULL, NULL},
};

/* ---- opening ---- */

/* [-0, +1, e] The table or, of a name without a dot, the table that it is a member of. */
static const char *push_owner(lua_State *L, int globals, const char *name)
{
    struct slice global = global_of(name);
    if (name[global.len] == '\0') {
        lua_pushvalue(L, globals);
        return name;
    }
    lua_pushlstring(L, global.data, global.len);
    lua_rawget(L, globals);
    if (!lua_istable(L, -1)) {
        lua_pop(L, 1);
        lua_newtable(L);
        lua_pushlstring(L, global.data, global.len);
        lua_pushvalue(L, -2);
        lua_rawset(L, globals);
    }
    return name + global.len + 1;
}

/* [-0, +0, e] Moves what of `host` scripts may see to `globals`. */
static void publish(lua_State *L, const struct subject *subject, int globals, int host)
{
    for (const char *const *name = subject->names; *name; name++) {
        const char *member = push_owner(L, globals, *name);
        lua_getfield(L, host, *name);
        if (!lua_isnil(L, -1))
            lua_setfield(L, -2, member);
        else
            lua_pop(L, 1);
        lua_pop(L, 1);
        lua_pushnil(L);
        lua_setfield(L, host, *name);
    }
}

/* NAME.lua, or NAME_MORE.lua, which comes behind it in the order of their names. */
static bool is_of(const struct subject_file *file, const char *name)
{
    size_t len = strlen(name);
    return strncmp(file->name, name, len) == 0 && strchr("._", file->name[len]);
}

/* [-0, +0, e] Runs a Lua file. */
static void run_file(lua_State *L, const struct subject_file *file, int globals, int host)
{
    lua_pushfstring(L, "=%s", file->name);
    if (luaL_loadbuffer(L, file->text, file->len, lua_tostring(L, -1)) != 0)
        lua_error(L);
    lua_remove(L, -2);
    machine_push(L, REF_LIBRARY);
    lua_setfenv(L, -2);
    lua_pushvalue(L, globals);
    lua_pushvalue(L, host);
    lua_call(L, 2, 0);
}

/* [-0, +0, e] Opens a subject. An error on the way, for want of time or memory, leaves nothing. */
static void open_subject(lua_State *L, const struct subject *subject)
{
    int top = lua_gettop(L);
    luaL_checkstack(L, 10, "a subject of the library");
    machine_check_nesting(L);
    lua_newtable(L);
    lua_newtable(L);
    luaL_setfuncs(L, host_functions, 0);
    if (subject->functions)
        luaL_setfuncs(L, subject->functions, 0);
    if (subject->open)
        subject->open(L);
    publish(L, subject, top + 1, top + 2);
    for (size_t i = 0; i < subject_files_count; i++)
        if (is_of(&subject_files[i], subject->name))
            run_file(L, &subject_files[i], top + 1, top + 2);
    machine_push(L, REF_LIBRARY);
    for (lua_pushnil(L); lua_next(L, top + 1);) {
        lua_pushvalue(L, -2);
        lua_insert(L, -2);
        lua_rawset(L, top + 3);
    }
    lua_settop(L, top);
}

/* ---- finding ---- */

/* The subject that the key at `index` is a global of. */
static const struct subject *find_named(lua_State *L, int index)
{
    struct slice name;
    if (lua_type(L, index) != LUA_TSTRING)
        return NULL;
    name.data = lua_tolstring(L, index, &name.len);
    return find_subject(name);
}

/* What the library's own files find: Lua's own, the bindings, and other subjects. */
static int index_library(lua_State *L)
{
    lua_settop(L, 2);
    machine_push(L, REF_GLOBALS);
    lua_pushvalue(L, 2);
    lua_rawget(L, 3);
    if (!lua_isnil(L, -1))
        return 1;
    const struct subject *subject = find_named(L, 2);
    if (!subject)
        return 1;
    open_subject(L, subject);
    lua_pushvalue(L, 2);
    lua_rawget(L, 1);
    return 1;
}

/* What is no global of a file, at its first use. A table is copied, lest files change each
   other's. */
static int index_file(lua_State *L)
{
    lua_settop(L, 2);
    if (!find_named(L, 2))
        return 0;
    machine_push(L, REF_LIBRARY);
    lua_pushvalue(L, 2);
    lua_gettable(L, 3);
    if (lua_istable(L, 4)) {
        lua_newtable(L);
        for (lua_pushnil(L); lua_next(L, 4);) {
            lua_pushvalue(L, -2);
            lua_insert(L, -2);
            lua_rawset(L, 5);
        }
    }
    lua_pushvalue(L, 2);
    lua_pushvalue(L, -2);
    lua_rawset(L, 1);
    return 1;
}

static const luaL_Reg file_metamethods[] = {{"__index", index_file}, {NULL, NULL}};

void library_attach(lua_State *L)
{
    machine_mark(L, lua_gettop(L), REF_FILE_GLOBALS);
}

void library_open(lua_State *L)
{
    bindings_add_metatable(L, REF_FILE_GLOBALS, file_metamethods);
    lua_newtable(L);
    lua_newtable(L);
    lua_pushcfunction(L, index_library);
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, -2);
    machine_set(L, REF_LIBRARY);
}
