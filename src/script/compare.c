/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* Whether a Lua value still is what a JSON text says: found out without writing the value down. */
#include <lauxlib.h>

#include "script/codec.h"
#include "script/document.h"
#include "script/exact.h"
#include "script/machine.h"

/* By one table, and by what it holds that is none. */
#define STACK_USED 6

struct comparison {
    lua_State *L;
    struct json_reader *r;
};

static bool is_same(struct comparison *c, enum json_token token);

static bool is_same_number(struct comparison *c)
{
    lua_Number value;
    struct slice text = c->r->text;
    if (codec_read_number(text, &value))
        return lua_type(c->L, -1) == LUA_TNUMBER && lua_tonumber(c->L, -1) == value;
    struct buf *own = &machine_of(c->L)->body;
    if (!exact_is(c->L, -1))
        return false;
    buf_clear(own);
    exact_add(c->L, lua_gettop(c->L), own);
    return slice_is_equal(buf_slice(own), text);
}

static bool is_same_string(struct comparison *c)
{
    struct slice own;
    if (lua_type(c->L, -1) != LUA_TSTRING)
        return false;
    own.data = lua_tolstring(c->L, -1, &own.len);
    return slice_is_equal(own, c->r->text);
}

/* How many keys the table on top has. */
static size_t count_keys(lua_State *L)
{
    size_t n = 0;
    lua_pushnil(L);
    for (; lua_next(L, -2); n++)
        lua_pop(L, 1);
    return n;
}

static bool is_same_array(struct comparison *c)
{
    lua_State *L = c->L;
    int i = 1;
    if (!lua_istable(L, -1) || !machine_is(L, -1, REF_ARRAY))
        return false;
    luaL_checkstack(L, STACK_USED, "JSON");
    for (enum json_token token; (token = json_next(c->r)) != JSON_ARRAY_END; i++) {
        lua_rawgeti(L, -1, i);
        bool is = is_same(c, token);
        lua_pop(L, 1);
        if (!is)
            return false;
    }
    return count_keys(L) == (size_t)i - 1;
}

static bool is_same_object(struct comparison *c)
{
    lua_State *L = c->L;
    size_t n = 0;
    if (!lua_istable(L, -1) || machine_is(L, -1, REF_ARRAY))
        return false;
    luaL_checkstack(L, STACK_USED, "JSON");
    document_read(L, -1);
    for (enum json_token token; (token = json_next(c->r)) != JSON_OBJECT_END; n++) {
        if (token != JSON_KEY)
            return false;
        lua_pushlstring(L, c->r->text.data, c->r->text.len);
        lua_rawget(L, -2);
        bool is = is_same(c, json_next(c->r));
        lua_pop(L, 1);
        if (!is)
            return false;
    }
    return count_keys(L) == n;
}

/* The value is on top, `token` is the first of the text's. */
static bool is_same(struct comparison *c, enum json_token token)
{
    switch (token) {
    case JSON_NULL:
        return codec_is_null(c->L, -1);
    case JSON_TRUE:
    case JSON_FALSE:
        return lua_isboolean(c->L, -1) && lua_toboolean(c->L, -1) == (token == JSON_TRUE);
    case JSON_NUMBER:
        return is_same_number(c);
    case JSON_STRING:
        return is_same_string(c);
    case JSON_ARRAY_BEGIN:
        return is_same_array(c);
    case JSON_OBJECT_BEGIN:
        return is_same_object(c);
    default:
        return false;
    }
}

bool codec_is_same(lua_State *L, int index, struct slice text)
{
    struct script_machine *m = machine_of(L);
    struct slice unread;
    if (document_is_unread(L, index, &unread) && slice_is_equal(unread, text))
        return true;
    struct comparison c = {L, &m->reader};
    int top = lua_gettop(L);
    json_reader_deinit(&m->reader);
    json_reader_init(&m->reader, text);
    lua_pushvalue(L, index);
    bool is = is_same(&c, json_next(c.r));
    lua_settop(L, top);
    return is;
}
