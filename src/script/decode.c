/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* JSON to Lua values, token by token. */
#include <limits.h>

#include <lauxlib.h>

#include "script/codec.h"
#include "script/exact.h"
#include "script/machine.h"
#include "script/watchdog.h"

/* Whole numbers of so few digits fit an int64_t, and up to 2^53 are doubles without a further look. */
#define SHORT_DIGITS 16
#define WHOLE_MAX (INT64_C(1) << 53)

struct decoder {
    lua_State *L;
    struct json_reader *r;
    struct script_machine *m;
    int array_mt; /* stack index */
    size_t level; /* of the value at hand */
    struct err *err;
};

static int push_value(struct decoder *d, enum json_token token);

void codec_push_null(lua_State *L)
{
    lua_pushlightuserdata(L, NULL);
}

bool codec_is_null(lua_State *L, int index)
{
    return lua_type(L, index) == LUA_TLIGHTUSERDATA && !lua_touserdata(L, index);
}

static bool read_short_integer(struct slice text, lua_Number *value)
{
    bool is_negative = text.data[0] == '-';
    size_t n_digits = text.len - is_negative;
    if (n_digits > SHORT_DIGITS)
        return false;
    int64_t sum = 0;
    for (size_t i = is_negative; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        sum = sum * 10 + (text.data[i] - '0');
    }
    if (sum > WHOLE_MAX)
        return false;
    *value = (lua_Number)(is_negative ? -sum : sum);
    return true;
}

bool codec_read_number(struct slice text, lua_Number *value)
{
    return text.len <= EXACT_TEXT_MAX &&
           (read_short_integer(text, value) || json_number_is_exact(text, value));
}

static int push_number(struct decoder *d)
{
    lua_Number value;
    if (!codec_read_number(d->r->text, &value))
        return exact_push(d->L, d->r->text, d->err);
    lua_pushnumber(d->L, value);
    return 0;
}

/* Documents of one kind have objects of one size: a table that is made with it never grows, which
   would hash all of its members anew each time. */
static unsigned char *size_of_level(struct decoder *d)
{
    size_t last = ARRAY_LEN(d->m->object_sizes) - 1;
    return &d->m->object_sizes[d->level < last ? d->level : last];
}

static int push_array(struct decoder *d)
{
    luaL_checkstack(d->L, 4, "JSON");
    lua_createtable(d->L, 4, 0);
    lua_pushvalue(d->L, d->array_mt);
    lua_setmetatable(d->L, -2);
    enum json_token token;
    for (int i = 1; (token = json_next(d->r)) != JSON_ARRAY_END; i++) {
        if (push_value(d, token) < 0)
            return -1;
        lua_rawseti(d->L, -2, i);
    }
    return 0;
}

/* Sets the members of the object that has begun in the table on top. */
static int fill_object(struct decoder *d)
{
    luaL_checkstack(d->L, 4, "JSON");
    unsigned char *size = size_of_level(d);
    enum json_token token;
    int n = 0;
    for (d->level++; (token = json_next(d->r)) != JSON_OBJECT_END; n++) {
        if (token == JSON_KEY)
            lua_pushlstring(d->L, d->r->text.data, d->r->text.len);
        if (push_value(d, token == JSON_KEY ? json_next(d->r) : token) < 0)
            return -1;
        lua_rawset(d->L, -3);
    }
    d->level--;
    *size = (unsigned char)(n < UCHAR_MAX ? n : UCHAR_MAX);
    return 0;
}

static int push_object(struct decoder *d)
{
    luaL_checkstack(d->L, 4, "JSON");
    unsigned char size = *size_of_level(d);
    lua_createtable(d->L, 0, size > 0 ? size : 4);
    return fill_object(d);
}

static int push_value(struct decoder *d, enum json_token token)
{
    if (watchdog_is_stopping(d->m->watchdog))
        return err_set(d->err, ERR_TIMEOUT, "stopped");
    switch (token) {
    case JSON_NULL:
        codec_push_null(d->L);
        return 0;
    case JSON_TRUE:
    case JSON_FALSE:
        lua_pushboolean(d->L, token == JSON_TRUE);
        return 0;
    case JSON_NUMBER:
        return push_number(d);
    case JSON_STRING:
        lua_pushlstring(d->L, d->r->text.data, d->r->text.len);
        return 0;
    case JSON_ARRAY_BEGIN:
        return push_array(d);
    case JSON_OBJECT_BEGIN:
        return push_object(d);
    default:
        return err_set(d->err, ERR_INVALID, "%s", json_reader_error(d->r));
    }
}

/* The reader reads `text` from now on, and the metatable of arrays is on top. */
static struct decoder begin(lua_State *L, struct json_reader *r, struct slice text, struct err *err)
{
    json_reader_deinit(r);
    json_reader_init(r, text);
    machine_push(L, REF_ARRAY);
    return (struct decoder){L, r, machine_of(L), lua_gettop(L), 0, err};
}

/* Whether the text ends here. */
static int check_end(struct decoder *d)
{
    return json_next(d->r) == JSON_END
               ? 0
               : err_set(d->err, ERR_INVALID, "%s", json_reader_error(d->r));
}

int codec_decode(lua_State *L, struct slice text, struct err *err)
{
    int top = lua_gettop(L);
    struct decoder d = begin(L, &machine_of(L)->reader, text, err);
    if (push_value(&d, json_next(d.r)) < 0 || check_end(&d) < 0) {
        lua_settop(L, top);
        return -1;
    }
    lua_remove(L, -2);
    return 0;
}

int codec_fill(lua_State *L, struct slice text, struct err *err)
{
    int top = lua_gettop(L);
    struct decoder d = begin(L, &machine_of(L)->filler, text, err);
    lua_pushvalue(L, top);
    bool is_whole =
        json_next(d.r) == JSON_OBJECT_BEGIN && fill_object(&d) == 0 && check_end(&d) == 0;
    lua_settop(L, top);
    return is_whole ? 0 : -1;
}
