/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "script/culprit.h"

#include <lauxlib.h>

#include "base/attr.h"

#define EXACT "'struct exact_number'" /* as LuaJIT calls it */

/* The beginnings of LuaJIT's messages, those of exact numbers, and those that null gives. */
static const struct {
    const char *beginning;
    enum deed deed;
} deeds[] = {
    {"attempt to index ", DEED_INDEX},
    {"attempt to call ", DEED_CALL},
    {"attempt to perform arithmetic on ", DEED_COUNT},
    {"attempt to concatenate ", DEED_JOIN},
    {"attempt to get length of ", DEED_LENGTH},
    {"attempt to compare ", DEED_COMPARE},
    {EXACT " has no member", DEED_INDEX},
    {EXACT " is not callable", DEED_CALL},
    {"null has no ", DEED_INDEX},
    {"null can't be called", DEED_CALL},
    {"null can't be joined", DEED_JOIN},
};

static enum deed read_deed(struct slice message)
{
    for (size_t i = 0; i < ARRAY_LEN(deeds); i++)
        if (slice_has_prefix(message, slice_str(deeds[i].beginning)))
            return deeds[i].deed;
    return DEED_NONE;
}

/* 'room' of "attempt to index field 'room' (a nil value)". */
static struct slice read_name(struct slice message)
{
    if (!slice_has_prefix(message, SLICE_LIT("attempt to ")))
        return SLICE_NULL;
    struct slice rest = slice_from(message, slice_find(message, '\''));
    if (rest.len == 0 || slice_has_prefix(rest, SLICE_LIT(EXACT)))
        return SLICE_NULL;
    rest = slice_from(rest, 1);
    return slice_upto(rest, slice_find(rest, '\''));
}

struct culprit culprit_of(struct frame *f, const struct failure *failure)
{
    return (struct culprit){.f = f,
                            .failure = failure,
                            .deed = read_deed(failure->message),
                            .name = read_name(failure->message)};
}

bool culprit_is_method(const struct culprit *c)
{
    return c->deed == DEED_CALL && c->operand->kind == NODE_METHOD && c->operand == c->outer;
}

/* ---- what is done to values ---- */

static bool is_operator(const struct node *n, const char *const *names, size_t n_names)
{
    for (size_t i = 0; i < n_names; i++)
        if (slice_is_equal(n->name, slice_str(names[i])))
            return true;
    return false;
}

static bool is_of_deed(const struct node *n, enum deed deed)
{
    static const char *const arithmetic[] = {"+", "-", "*", "/", "%", "^"};
    static const char *const comparisons[] = {"<", ">", "<=", ">="};
    switch (deed) {
    case DEED_INDEX:
        return n->kind == NODE_INDEX || n->kind == NODE_METHOD;
    case DEED_CALL:
        return n->kind == NODE_CALL || n->kind == NODE_METHOD;
    case DEED_COUNT:
        return (n->kind == NODE_BINARY || n->kind == NODE_UNARY) &&
               is_operator(n, arithmetic, ARRAY_LEN(arithmetic));
    case DEED_JOIN:
        return n->kind == NODE_BINARY && slice_is_equal(n->name, SLICE_LIT(".."));
    case DEED_LENGTH:
        return n->kind == NODE_UNARY && *n->name.data == '#';
    case DEED_COMPARE:
        return n->kind == NODE_BINARY && is_operator(n, comparisons, ARRAY_LEN(comparisons));
    default:
        return false;
    }
}

/* ---- what a value can't be used for ---- */

static bool has_metamethod(lua_State *L, const char *name)
{
    if (!luaL_getmetafield(L, -1, name))
        return false;
    lua_pop(L, 1);
    return true;
}

/* An exact number, which has all metamethods. */
static bool is_cdata(int type)
{
    return type > LUA_TTHREAD;
}

/* A string is a number where it reads as one. */
static bool is_number(lua_State *L)
{
    return lua_isnumber(L, -1) || is_cdata(lua_type(L, -1));
}

static bool is_comparable(lua_State *L)
{
    int type = lua_type(L, -1);
    return type == LUA_TNUMBER || type == LUA_TSTRING || is_cdata(type);
}

/* Whether the value on top is of no use for the deed. */
static bool is_useless(lua_State *L, enum deed deed)
{
    int type = lua_type(L, -1);
    if (type == LUA_TNIL || type == LUA_TLIGHTUSERDATA)
        return true;
    switch (deed) {
    case DEED_INDEX:
        return is_cdata(type) ||
               (type != LUA_TTABLE && type != LUA_TSTRING && !has_metamethod(L, "__index"));
    case DEED_CALL:
        return is_cdata(type) || (type != LUA_TFUNCTION && !has_metamethod(L, "__call"));
    case DEED_COUNT:
        return !is_number(L) && !has_metamethod(L, "__add");
    case DEED_JOIN:
        return type != LUA_TNUMBER && type != LUA_TSTRING && !is_cdata(type) &&
               !has_metamethod(L, "__concat");
    case DEED_LENGTH:
        return type != LUA_TTABLE && type != LUA_TSTRING;
    default:
        return !is_comparable(L) && !has_metamethod(L, "__lt");
    }
}

/* ---- the search ---- */

static bool has_name(const struct culprit *c, const struct node *operand)
{
    struct slice name = operand->kind == NODE_INDEX ? node_key(operand) : operand->name;
    return !c->name.data || slice_is_equal(c->name, name);
}

/* [-0, +1 or +0] */
static bool push_operand(struct culprit *c, const struct node *operand)
{
    if (c->deed != DEED_CALL || operand->kind != NODE_METHOD || operand != c->outer)
        return frame_evaluate(c->f, operand);
    if (!frame_evaluate(c->f, operand->first))
        return false;
    bool is_known = frame_member(c->f->L, operand->name);
    lua_remove(c->f->L, is_known ? -2 : -1);
    return is_known;
}

/* [-0, +1 or +0] Whether this is the one; its value is then on top. */
static bool try_operand(struct culprit *c, const struct node *operand)
{
    if (!operand || !has_name(c, operand) || !push_operand(c, operand))
        return false;
    bool is_set = c->deed == DEED_INDEX && c->outer->is_target; /* s.x = 1 */
    c->operand = operand;
    if (is_useless(c->f->L, c->deed) || (is_set && lua_type(c->f->L, -1) == LUA_TSTRING))
        return true;
    lua_pop(c->f->L, 1);
    return false;
}

/* What the deed is done to; NULL where there is no second one. */
struct operands {
    const struct node *items[2];
};

static struct operands operands_of(const struct culprit *c, const struct node *n)
{
    bool is_method = c->deed == DEED_CALL && n->kind == NODE_METHOD;
    return (struct operands){
        {is_method ? n : n->first, n->kind == NODE_BINARY ? node_child(n, 1) : NULL}};
}

static bool try_node(struct culprit *c, const struct node *n)
{
    struct operands operands = operands_of(c, n);
    c->outer = n;
    return try_operand(c, operands.items[0]) || try_operand(c, operands.items[1]);
}

bool culprit_may_be(const struct culprit *c, const struct node *n, bool is_exact)
{
    int line = c->failure->line;
    if (!is_of_deed(n, c->deed) || !frame_has(c->f, n))
        return false;
    return is_exact ? node_code_line(n) == line : n->line <= line && line <= n->last_line + 1;
}

/* Expressions of several lines may have failed on a neighbouring one. */
bool culprit_find_by_value(struct culprit *c)
{
    for (int exact = 1; exact >= 0; exact--)
        for (const struct node *n = syntax_root(c->failure->syntax); n; n = node_next(n))
            if (culprit_may_be(c, n, exact) && try_node(c, n))
                return true;
    return false;
}

/* Of the name in the message; what a call returns has none. */
static bool is_like(const struct culprit *c, const struct node *operand)
{
    return c->name.data ? has_name(c, operand) : node_is_call(operand) && operand != c->outer;
}

bool culprit_find_by_name(struct culprit *c)
{
    const struct node *found = NULL;
    c->operand = NULL;
    for (const struct node *n = syntax_root(c->failure->syntax); n; n = node_next(n)) {
        if (!culprit_may_be(c, n, true))
            continue;
        c->outer = n;
        struct operands operands = operands_of(c, n);
        for (size_t i = 0; i < ARRAY_LEN(operands.items); i++) {
            const struct node *operand = operands.items[i];
            if (!operand || !is_like(c, operand))
                continue;
            if (c->operand)
                return false;
            c->operand = operand;
            found = n;
        }
    }
    c->outer = found;
    return c->operand;
}
