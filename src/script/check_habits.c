/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* What is right in other languages, is no error in Lua, and is never meant here. */
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>

#include "script/check.h"
#include "script/slips.h"

#define NUMBER_MAX 64

static bool is_word(const struct node *n, const char *word)
{
    return n->kind == NODE_WORD && slice_is_equal(n->name, slice_str(word));
}

static bool is_operator(const struct node *n, const char *operator)
{
    return n->kind == NODE_BINARY && slice_is_equal(n->name, slice_str(operator));
}

/* ---- null ---- */

static void check_null(const struct check *c, const struct node *n)
{
    bool is_equal = is_operator(n, "==");
    if (!is_equal && !is_operator(n, "~="))
        return;
    const struct node *a = n->first, *b = n->last;
    if ((node_is_global(a, "null") && is_word(b, "nil")) ||
        (is_word(a, "nil") && node_is_global(b, "null")))
        check_tell(c, PROBLEM_WARNING, n, n->text,
                   "null is not nil, so this is always %s: get(t, path) is nil for both",
                   is_equal ? "false" : "true");
}

/* ---- "a" + "b" ---- */

static bool is_number(struct slice text)
{
    char digits[NUMBER_MAX], *end;
    if (text.len == 0 || text.len >= sizeof(digits))
        return false;
    memcpy(digits, text.data, text.len);
    digits[text.len] = '\0';
    strtod(digits, &end);
    return *end == '\0';
}

/* time.now() and what else gives a time. */
static bool is_time(const struct node *n)
{
    static const char *const names[] = {"now", "parse", "add", "fromUnix"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (n->kind == NODE_CALL && check_is_function(n->first, "time", names[i]))
            return true;
    return false;
}

static void tell_plus(const struct check *c, const struct node *text, const struct node *other)
{
    if (is_time(other))
        check_tell(
            c, PROBLEM_FINDING, other, other->text,
            "a time takes no arithmetic: write time.add(t, \"5m\") for a later time; to join "
            "texts write .. in place of +");
    else
        check_tell(c, PROBLEM_FINDING, text, text->text,
                   "texts are joined by .., not by +: write … .. %.*s",
                   SLICE_FMT(slice_upto(text->text, 40)));
}

static void check_plus(const struct check *c, const struct node *n)
{
    if (!is_operator(n, "+"))
        return;
    for (const struct node *operand = n->first; operand; operand = operand->next) {
        if (operand->kind != NODE_STRING || is_number(operand->name))
            continue;
        tell_plus(c, operand, operand == n->first ? n->last : n->first);
        return;
    }
}

/* ---- documents ---- */

/* What the next step to a chain's beginning is: the object of a member, the value of a local; NULL where
   it begins. */
static const struct node *before(const struct node *n)
{
    const struct node *local = n->declaration;
    if (n->kind == NODE_INDEX)
        return n->first;
    if (n->kind != NODE_NAME || !local || local->is_parameter || local->is_reassigned)
        return NULL;
    return local->is_loop ? NULL : local->first;
}

/* The parameter that a chain of members begins with, also by way of locals; NULL: none. */
static const struct node *root_of(const struct node *n)
{
    for (const struct node *outer = before(n); outer; outer = before(n))
        n = outer;
    bool is_parameter = n->kind == NODE_NAME && n->declaration && n->declaration->is_parameter;
    return is_parameter ? n->declaration : NULL;
}

static void check_first_element(const struct check *c, const struct node *n)
{
    const struct node *key = n->kind == NODE_INDEX && !n->name.data ? n->last : NULL;
    if (!key || key->kind != NODE_NUMBER || !slice_is_equal(key->name, SLICE_LIT("0")) ||
        !root_of(n->first))
        return;
    check_tell(c, PROBLEM_WARNING, n, n->text,
               "lists begin with 1: write [1] for the first element");
}

void check_habits(const struct check *c)
{
    for (const struct node *n = syntax_root(c->syntax); n; n = node_next(n)) {
        check_null(c, n);
        check_plus(c, n);
        check_first_element(c, n);
    }
}

/* ---- the event ---- */

static bool is_string_method(lua_State *L, struct slice name)
{
    lua_pushliteral(L, "");
    luaL_getmetafield(L, -1, "__index");
    lua_pushlstring(L, name.data, name.len);
    lua_rawget(L, -2);
    bool is = !lua_isnil(L, -1);
    lua_pop(L, 3);
    return is;
}

/* event.data.x:foo() and event.data.foo(): data have no functions, texts have those of string. */
static void check_data_call(const struct check *c, const struct node *n, const struct node *event)
{
    bool is_method = n->kind == NODE_METHOD;
    const struct node *chain = n->first;
    if ((!is_method && (n->kind != NODE_CALL || chain->kind != NODE_INDEX)) ||
        root_of(chain) != event)
        return;
    struct slice name = is_method ? n->name : node_key(chain);
    if (!name.data || (is_method && is_string_method(c->l->m->L, name)))
        return;
    const struct node *told = is_method ? n : chain;
    if (is_method && chain->declaration == event) {
        check_tell(c, PROBLEM_FINDING, told, name, "an event has no functions: write %.*s.%.*s",
                   SLICE_FMT(chain->text), SLICE_FMT(name));
        return;
    }
    const char *slip = slips_find_member(name);
    check_tell(c, PROBLEM_FINDING, told, name,
               "an event's data have no functions, and no `%.*s`%s%s", SLICE_FMT(name),
               slip ? ": " : "", slip ? slip : "");
}

void check_handler_habits(const struct check *c, const struct node *handler)
{
    const struct node *event = handler->first;
    if (!event || !event->is_parameter)
        return;
    for (const struct node *n = handler; n && node_is_within(n, handler); n = node_next(n)) {
        check_data_call(c, n, event);
        if (n->kind == NODE_UNARY && *n->name.data == '#' && n->first->declaration == event)
            check_tell(c, PROBLEM_WARNING, n, n->text,
                       "an event is no list, and has no length: count(t) counts names");
    }
}
