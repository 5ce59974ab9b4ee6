/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "script/frame.h"

#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>

#include "script/document.h"
#include "script/library.h"
#include "script/machine.h"

#define LEVELS_MAX 200
#define INDEX_MAX 8 /* tables behind each other by __index */
#define ROOM 8      /* values that looking up a step takes */
#define NUMBER_MAX 64
#define LOOKED_MAX 100000

static bool is_of(const lua_Debug *ar, struct slice name)
{
    return *ar->source == '@' && slice_is_equal(slice_str(ar->source + 1), name);
}

void frame_find(struct frame *f, lua_State *L, struct slice name, int line)
{
    *f = (struct frame){.L = L};
    for (int level = 0; level < LEVELS_MAX && lua_getstack(L, level, &f->ar); level++) {
        lua_getinfo(L, "Sl", &f->ar);
        if (is_of(&f->ar, name) && f->ar.currentline == line) {
            f->stands = true;
            return;
        }
    }
}

/* ---- members ---- */

/* [-0, +1 or +0] Of the value on top: what its metatable's __index is; nil where it has none. False
   where that is a function. */
static bool push_index(lua_State *L)
{
    if (!lua_getmetatable(L, -1)) {
        lua_pushnil(L);
        return true;
    }
    lua_pushliteral(L, "__index");
    lua_rawget(L, -2);
    lua_remove(L, -2);
    if (lua_istable(L, -1) || lua_isnil(L, -1))
        return true;
    lua_pop(L, 1);
    return false;
}

/* Of what http answers, all members are there but `json`, which is read when it is first asked for. */
static bool is_answer(lua_State *L, int index)
{
    return machine_is(L, index, REF_ANSWER) || machine_is(L, index, REF_HTTP_ERROR);
}

static bool is_json(lua_State *L, int key)
{
    return lua_type(L, key) == LUA_TSTRING && strcmp(lua_tostring(L, key), "json") == 0;
}

/* [-1, +1 or -1] As frame_member, by the key on top of the value. */
static bool look_up(lua_State *L)
{
    int key = lua_gettop(L);
    struct slice unread;
    lua_pushvalue(L, key - 1);
    for (int i = 0; i < INDEX_MAX; i++) {
        if (document_is_unread(L, lua_gettop(L), &unread))
            break;
        if (lua_istable(L, -1)) {
            lua_pushvalue(L, key);
            lua_rawget(L, -2);
            if (!lua_isnil(L, -1)) {
                lua_replace(L, key);
                lua_settop(L, key);
                return true;
            }
            lua_pop(L, 1);
        }
        if (is_answer(L, lua_gettop(L)) && !is_json(L, key))
            lua_pushnil(L);
        else if (!push_index(L))
            break;
        if (lua_isnil(L, -1)) {
            lua_replace(L, key);
            lua_settop(L, key);
            return true;
        }
        lua_replace(L, key + 1);
    }
    lua_settop(L, key - 1);
    return false;
}

bool frame_has(const struct frame *f, const struct node *n)
{
    const struct node *function = node_function(n);
    if (!f->stands || !function)
        return !f->stands;
    return *f->ar.what == 'm' ? !function->parent : function->line == f->ar.linedefined;
}

bool frame_member(lua_State *L, struct slice name)
{
    if (!lua_checkstack(L, ROOM))
        return false;
    lua_pushlstring(L, name.data, name.len);
    return look_up(L);
}

void frame_each_name(lua_State *L, frame_name_fn each, void *ctx)
{
    int top = lua_gettop(L), n = 0;
    struct slice unread;
    if (!lua_checkstack(L, ROOM))
        return;
    lua_pushvalue(L, -1);
    for (int i = 0; i < INDEX_MAX && !lua_isnil(L, -1); i++) {
        bool is_table = lua_istable(L, -1) && !document_is_unread(L, top + 1, &unread);
        for (lua_pushnil(L); is_table && n < FRAME_NAMES_MAX && lua_next(L, top + 1); n++) {
            struct slice name;
            lua_pop(L, 1);
            if (lua_type(L, -1) != LUA_TSTRING)
                continue;
            name.data = lua_tolstring(L, -1, &name.len);
            each(ctx, name);
        }
        lua_settop(L, top + 1);
        if (is_answer(L, top + 1))
            each(ctx, SLICE_LIT("json"));
        if (!push_index(L))
            break;
        lua_replace(L, top + 1);
    }
    lua_settop(L, top);
}

/* ---- names ---- */

/* The last of its locals by that name is the one that is seen. */
static bool push_local(struct frame *f, struct slice name)
{
    int found = 0;
    const char *local;
    for (int i = 1; (local = lua_getlocal(f->L, &f->ar, i)); i++) {
        lua_pop(f->L, 1);
        if (slice_is_equal(slice_str(local), name))
            found = i;
    }
    return found && lua_getlocal(f->L, &f->ar, found);
}

/* [-1, +1 or -1] Of the function on top. */
static bool push_upvalue(lua_State *L, struct slice name)
{
    const char *upvalue;
    for (int i = 1; (upvalue = lua_getupvalue(L, -1, i)); i++) {
        if (slice_is_equal(slice_str(upvalue), name)) {
            lua_remove(L, -2);
            return true;
        }
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    return false;
}

static bool push_name(struct frame *f, const struct node *n)
{
    if (n->declaration && push_local(f, n->name))
        return true;
    lua_getinfo(f->L, "f", &f->ar);
    if (n->declaration)
        return push_upvalue(f->L, n->name);
    lua_getfenv(f->L, -1);
    lua_remove(f->L, -2);
    lua_pushlstring(f->L, n->name.data, n->name.len);
    lua_rawget(f->L, -2);
    lua_remove(f->L, -2);
    if (!lua_isnil(f->L, -1) || !library_has(n->name))
        return true;
    lua_pop(f->L, 1); /* a helper that nobody has asked for yet */
    return false;
}

/* ---- expressions ---- */

static bool push_number(lua_State *L, struct slice text)
{
    char digits[NUMBER_MAX], *end;
    if (text.len >= sizeof(digits))
        return false;
    memcpy(digits, text.data, text.len);
    digits[text.len] = '\0';
    double number = strtod(digits, &end);
    if (*end)
        return false;
    lua_pushnumber(L, number);
    return true;
}

/* The key of a.b or a[b]. */
static bool push_key(struct frame *f, const struct node *n)
{
    if (!n->name.data)
        return frame_evaluate(f, node_child(n, 1));
    lua_pushlstring(f->L, n->name.data, n->name.len);
    return true;
}

static bool push_member(struct frame *f, const struct node *n)
{
    if (!frame_evaluate(f, n->first))
        return false;
    bool has_members =
        lua_istable(f->L, -1) || lua_isuserdata(f->L, -1) || lua_type(f->L, -1) == LUA_TSTRING;
    if (!has_members || lua_islightuserdata(f->L, -1) || !push_key(f, n)) {
        lua_pop(f->L, 1);
        return false;
    }
    bool is_known = look_up(f->L);
    lua_remove(f->L, is_known ? -2 : -1);
    return is_known;
}

static bool push_word(lua_State *L, struct slice word)
{
    bool is_nil = slice_is_equal(word, SLICE_LIT("nil"));
    if (slice_is_equal(word, SLICE_LIT("...")))
        return false;
    if (is_nil)
        lua_pushnil(L);
    else
        lua_pushboolean(L, slice_is_equal(word, SLICE_LIT("true")));
    return true;
}

bool frame_evaluate(struct frame *f, const struct node *n)
{
    if (!f->stands || ++f->n_looked > LOOKED_MAX || !lua_checkstack(f->L, ROOM))
        return false;
    switch (n->kind) {
    case NODE_NAME:
        return push_name(f, n);
    case NODE_INDEX:
        return push_member(f, n);
    case NODE_STRING: /* escapes left as they are: one with some is no name of anything */
        lua_pushlstring(f->L, n->name.data, n->name.len);
        return true;
    case NODE_NUMBER:
        return push_number(f->L, n->name);
    case NODE_WORD:
        return push_word(f->L, n->name);
    default:
        return false;
    }
}
