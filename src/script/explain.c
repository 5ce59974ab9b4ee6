/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The expression is found on the line by what the message says was done to it, and by what it is: the
 * first one, in the order of the text, that this could not be done to.
 */
#include "script/explain.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>

#include "base/attr.h"
#include "script/absence.h"
#include "script/codec.h"
#include "script/instant.h"
#include "script/library.h"
#include "script/machine.h"
#include "script/slips.h"

enum deed { DEED_NONE, DEED_INDEX, DEED_CALL, DEED_COUNT, DEED_JOIN, DEED_LENGTH, DEED_COMPARE };

/* The beginnings of LuaJIT's messages, and of those that null gives. */
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
    {"null has no ", DEED_INDEX},
    {"null can't be called", DEED_CALL},
    {"null can't be joined", DEED_JOIN},
};

struct search {
    struct frame *f;
    const struct failure *failure;
    enum deed deed;
    struct slice name;          /* that the message has in quotes; absent: none */
    const struct node *outer;   /* what failed … */
    const struct node *operand; /* … for this of its parts, whose value is on top of the stack */
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
    if (rest.len == 0)
        return SLICE_NULL;
    rest = slice_from(rest, 1);
    return slice_upto(rest, slice_find(rest, '\''));
}

/* ---- where an expression fails ---- */

/* The line that LuaJIT has its instruction on. */
static int line_of(const struct node *n)
{
    switch (n->kind) {
    case NODE_INDEX:
        return n->name.data ? n->name_line : n->last_line;
    case NODE_CALL:
    case NODE_METHOD:
        return n->name_line;
    default:
        return n->last_line;
    }
}

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

/* Whether it is in the function that stands, or in any where none does. */
static bool is_in_frame(const struct frame *f, const struct node *n)
{
    const struct node *function = node_function(n);
    if (!f->stands || !function)
        return !f->stands;
    return *f->ar.what == 'm' ? !function->parent : function->line == f->ar.linedefined;
}

/* ---- what a value can't be used for ---- */

static bool has_metamethod(lua_State *L, const char *name)
{
    if (!luaL_getmetafield(L, -1, name))
        return false;
    lua_pop(L, 1);
    return true;
}

/* A string is a number where it reads as one. */
static bool is_number(lua_State *L)
{
    return lua_isnumber(L, -1) || lua_type(L, -1) > LUA_TTHREAD; /* a cdata: an exact number */
}

static bool is_comparable(lua_State *L)
{
    int type = lua_type(L, -1);
    return type == LUA_TNUMBER || type == LUA_TSTRING || type > LUA_TTHREAD;
}

/* Whether the value on top is of no use for the deed. */
static bool is_useless(lua_State *L, enum deed deed)
{
    int type = lua_type(L, -1);
    if (type == LUA_TNIL || type == LUA_TLIGHTUSERDATA)
        return true;
    switch (deed) {
    case DEED_INDEX:
        return type != LUA_TTABLE && type != LUA_TSTRING && !has_metamethod(L, "__index");
    case DEED_CALL:
        return type != LUA_TFUNCTION && !has_metamethod(L, "__call");
    case DEED_COUNT:
        return !is_number(L) && !has_metamethod(L, "__add");
    case DEED_JOIN:
        return type != LUA_TNUMBER && type != LUA_TSTRING && type <= LUA_TTHREAD &&
               !has_metamethod(L, "__concat");
    case DEED_LENGTH:
        return type != LUA_TTABLE && type != LUA_TSTRING;
    default:
        return !is_comparable(L) && !has_metamethod(L, "__lt");
    }
}

/* ---- the search ---- */

static bool has_name(const struct search *s, const struct node *operand)
{
    struct slice name = operand->kind == NODE_INDEX ? node_key(operand) : operand->name;
    return !s->name.data || slice_is_equal(s->name, name);
}

/* [-0, +1 or +0] */
static bool push_operand(struct search *s, const struct node *operand)
{
    if (s->deed != DEED_CALL || operand->kind != NODE_METHOD || operand != s->outer)
        return frame_evaluate(s->f, operand);
    if (!frame_evaluate(s->f, operand->first))
        return false;
    bool is_known = frame_member(s->f->L, operand->name);
    lua_remove(s->f->L, is_known ? -2 : -1);
    return is_known;
}

/* [-0, +1 or +0] Whether this is the one; its value is then on top. */
static bool try_operand(struct search *s, const struct node *operand)
{
    if (!operand || !has_name(s, operand) || !push_operand(s, operand))
        return false;
    s->operand = operand;
    if (is_useless(s->f->L, s->deed))
        return true;
    lua_pop(s->f->L, 1);
    return false;
}

static bool try_node(struct search *s, const struct node *n)
{
    s->outer = n;
    if (s->deed == DEED_CALL && n->kind == NODE_METHOD)
        return try_operand(s, n);
    if (n->kind != NODE_BINARY)
        return try_operand(s, n->first);
    return try_operand(s, n->first) || try_operand(s, node_child(n, 1));
}

static bool is_candidate(const struct search *s, const struct node *n, bool is_exact)
{
    int line = s->failure->line;
    if (!is_of_deed(n, s->deed) || !is_in_frame(s->f, n))
        return false;
    return is_exact ? line_of(n) == line : n->line <= line && line <= n->last_line + 1;
}

/* Expressions of several lines may have failed on a neighbouring one. */
static bool find_by_value(struct search *s)
{
    for (int exact = 1; exact >= 0; exact--)
        for (const struct node *n = syntax_root(s->failure->syntax); n; n = node_next(n))
            if (is_candidate(s, n, exact) && try_node(s, n))
                return true;
    return false;
}

static bool is_call(const struct node *n)
{
    return n->kind == NODE_CALL || n->kind == NODE_METHOD;
}

/* Of the name in the message; what a call returns has none. */
static bool is_like(const struct search *s, const struct node *operand)
{
    return s->name.data ? has_name(s, operand) : is_call(operand) && operand != s->outer;
}

/* Where values can't be known: the only one of that name. */
static bool find_by_name(struct search *s)
{
    const struct node *found = NULL;
    s->operand = NULL;
    for (const struct node *n = syntax_root(s->failure->syntax); n; n = node_next(n)) {
        if (!is_candidate(s, n, true))
            continue;
        s->outer = n;
        bool is_method = s->deed == DEED_CALL && n->kind == NODE_METHOD;
        const struct node *operands[] = {is_method ? n : n->first,
                                         n->kind == NODE_BINARY ? node_child(n, 1) : NULL};
        for (size_t i = 0; i < ARRAY_LEN(operands); i++) {
            if (!operands[i] || !is_like(s, operands[i]))
                continue;
            if (s->operand)
                return false;
            s->operand = operands[i];
            found = n;
        }
    }
    s->outer = found;
    return s->operand;
}

/* ---- words ---- */

/* a.b of a.b(…) and a:b(…). */
static struct slice text_to_name(const struct node *n)
{
    const char *end = n->kind == NODE_METHOD ? n->name.data + n->name.len
                                             : n->first->text.data + n->first->text.len;
    return slice_of(n->text.data, (size_t)(end - n->text.data));
}

/* get(event, "data.room.name"), where the chain is one of plain names. */
static bool add_get(struct buf *out, const struct node *n)
{
    const struct node *root = n;
    while (root->kind == NODE_INDEX)
        root = root->first;
    if (root == n || root->kind != NODE_NAME || memchr(n->text.data, '(', n->text.len) ||
        memchr(n->text.data, '"', n->text.len) || memchr(n->text.data, '\n', n->text.len))
        return false;
    struct slice path = slice_from(n->text, root->text.len);
    path = slice_from(path, *path.data == '.');
    buf_printf(out, "get(%.*s, \"%.*s\")", SLICE_FMT(root->text), SLICE_FMT(path));
    return true;
}

static void add_null(struct buf *out, const struct search *s)
{
    const struct node *whole = s->deed == DEED_INDEX ? s->outer : s->operand;
    absence_add_name(out, s->operand);
    buf_add_str(out, " is null");
    size_t before = out->len;
    buf_add_str(out, "; ");
    if (add_get(out, whole))
        buf_add_str(out, " is nil then, and get(…, …, x) is x");
    else
        buf_truncate(out, before);
}

/* [-0, +0] A global table of functions. */
static bool is_library(lua_State *L, const struct node *n)
{
    if (n->kind != NODE_NAME || n->declaration)
        return false;
    machine_push(L, REF_GLOBALS);
    lua_pushlstring(L, n->name.data, n->name.len);
    lua_rawget(L, -2);
    bool is = lua_istable(L, -1) || library_has(n->name);
    lua_pop(L, 2);
    return is;
}

static const char *type_word(lua_State *L, int index)
{
    if (instant_at(L, index))
        return "time";
    return lua_type(L, index) == LUA_TSTRING ? "text" : luaL_typename(L, index);
}

static bool is_loop_name(const struct node *n)
{
    return n->kind == NODE_NAME && n->declaration && n->declaration->is_loop;
}

/* f.name, where `f` is a function. */
static void add_function_advice(struct buf *out, lua_State *L, const struct node *n)
{
    bool is_global = n->kind == NODE_NAME && !n->declaration;
    const char *slip = is_global ? absence_find_slip(L, n->name) : NULL;
    if (slip)
        buf_printf(out, "; %s", slip);
    else
        buf_printf(out, "; call it: %.*s(…)", SLICE_FMT(n->text));
}

/* "2026-11-23" and what follows it. */
static bool is_time_text(lua_State *L)
{
    int n = 0;
    return lua_type(L, -1) == LUA_TSTRING &&
           sscanf(lua_tostring(L, -1), "%*4u-%*2u-%*2u%n", &n) == 0 && n == 10;
}

/* What the value on top is, and what would be right. */
static void add_wrong_type(struct buf *out, const struct search *s)
{
    lua_State *L = s->f->L;
    int type = lua_type(L, -1);
    if (s->operand->kind == NODE_METHOD && s->operand == s->outer)
        buf_add_slice(out, s->operand->name);
    else
        absence_add_name(out, s->operand);
    buf_printf(out, " is a %s", type_word(L, -1));
    switch (s->deed) {
    case DEED_INDEX:
        if (type == LUA_TFUNCTION)
            add_function_advice(out, L, s->operand);
        else if (type == LUA_TNUMBER && is_loop_name(s->operand))
            buf_add_str(out, ", the place in the list: write for _, x in ipairs(list) do");
        break;
    case DEED_CALL:
        buf_add_str(out, ", not a function");
        if (is_library(L, s->operand))
            absence_add_names(out, L);
        break;
    case DEED_COUNT:
        buf_add_str(out, is_time_text(L)       ? ": write time.add(…, \"5m\") for a later time, "
                                                 "time.diff(a, b) for the seconds between two"
                         : type == LUA_TSTRING ? " that is no number; texts are joined by .."
                                               : ", not a number");
        break;
    case DEED_JOIN:
        buf_add_str(out, type == LUA_TTABLE
                             ? "; json.encode(…) or table.concat(…) make a text of it"
                             : "; tostring(…) makes a text of it");
        break;
    case DEED_COMPARE:
        buf_add_str(out, ", which can't be put in order");
        break;
    default:
        break;
    }
}

static void add_missing_method(struct buf *out, const struct search *s)
{
    if (!frame_evaluate(s->f, s->operand->first)) {
        buf_printf(out, "there is no function %.*s", SLICE_FMT(s->operand->name));
        return;
    }
    absence_add_member(out, s->f->L, s->operand, "function ", s->operand->name);
    lua_pop(s->f->L, 1);
}

static void add_nil(struct buf *out, const struct search *s)
{
    if (s->operand->kind == NODE_METHOD && s->deed == DEED_CALL && s->operand == s->outer)
        add_missing_method(out, s);
    else
        absence_add(out, s->f, s->operand);
}

/* What stands before the reason: the whole of an index, what is called, or the operand. */
static void add_subject(struct buf *out, const struct search *s)
{
    struct slice subject = s->deed == DEED_CALL || s->outer->kind == NODE_METHOD
                               ? text_to_name(s->outer)
                           : s->deed == DEED_INDEX ? s->outer->text
                                                   : s->operand->text;
    bool begins_reason = s->operand->kind == NODE_NAME || is_call(s->operand);
    if (begins_reason && slice_is_equal(subject, s->operand->text))
        return;
    absence_add_text(out, subject);
    buf_add_str(out, ": ");
}

/* The operand's value is on top. */
static void add_words(struct buf *out, const struct search *s)
{
    add_subject(out, s);
    if (lua_isnil(s->f->L, -1))
        add_nil(out, s);
    else if (codec_is_null(s->f->L, lua_gettop(s->f->L)))
        add_null(out, s);
    else
        add_wrong_type(out, s);
}

/* A part of the text of `n`, from its beginning; of several lines the last. */
static void mark(struct explanation *out, const struct node *n, struct slice text)
{
    out->mark_line = n->line;
    for (size_t end; (end = slice_find(text, '\n')) < text.len; out->mark_line++)
        text = slice_from(text, end + 1);
    while (text.len > 0 && isblank((unsigned char)*text.data))
        text = slice_from(text, 1);
    out->mark = text;
}

static void mark_operand(struct explanation *out, const struct search *s)
{
    bool is_method = s->operand->kind == NODE_METHOD && s->operand == s->outer;
    mark(out, s->operand, is_method ? text_to_name(s->operand) : s->operand->text);
}

/* "find(1).y: find(1) returned nil" */
static void add_returned(struct explanation *out, const struct search *s)
{
    struct slice message = s->failure->message;
    if (s->name.data || !is_call(s->operand) || !slice_has_suffix(message, SLICE_LIT("nil value")))
        return;
    add_subject(&out->words, s);
    absence_add(&out->words, s->f, s->operand);
    out->is_whole = true;
}

/* ---- a < b ---- */

/* How the two values on top can be made of one type. */
static const char *advise_mixed(lua_State *L)
{
    if (!instant_at(L, -1) && !instant_at(L, -2))
        return "toNumber(…) and tostring(…) make one of the other";
    return lua_type(L, -1) == LUA_TNUMBER || lua_type(L, -2) == LUA_TNUMBER
               ? "time.fromUnix(…) makes a time of seconds"
               : "time.parse(…) makes a time of a text";
}

/* A number and a text, each of which could be put in order among its own. */
static bool explain_mixed(struct explanation *out, const struct search *s)
{
    lua_State *L = s->f->L;
    for (const struct node *n = syntax_root(s->failure->syntax); n; n = node_next(n)) {
        if (!is_candidate(s, n, true) || !frame_evaluate(s->f, n->first))
            continue;
        bool is_known = frame_evaluate(s->f, n->last);
        bool is_mixed = is_known && lua_type(L, -1) != lua_type(L, -2);
        if (is_mixed) {
            absence_add_text(&out->words, n->text);
            buf_add_str(&out->words, ": ");
            absence_add_name(&out->words, n->first);
            buf_printf(&out->words, " is a %s, and ", type_word(L, -2));
            absence_add_name(&out->words, n->last);
            buf_printf(&out->words, " a %s: %s", type_word(L, -1), advise_mixed(L));
            mark(out, n, n->text);
        }
        lua_pop(L, is_known ? 2 : 1);
        if (is_mixed)
            return true;
    }
    return false;
}

/* ---- for x in t ---- */

/* A table in the place of ipairs(t): a loop calls what it is given. */
static bool explain_loop(struct explanation *out, const struct search *s)
{
    const struct failure *failure = s->failure;
    for (const struct node *n = syntax_root(failure->syntax); n; n = node_next(n)) {
        const struct node *list = n->next;
        if (n->kind != NODE_LOCAL || !n->is_loop || !list || list->kind == NODE_LOCAL ||
            list->last_line != failure->line || !is_in_frame(s->f, n) ||
            !frame_evaluate(s->f, list))
            continue;
        bool is_table = lua_istable(s->f->L, -1), is_nil = lua_isnil(s->f->L, -1);
        lua_pop(s->f->L, 1);
        if (!is_table && !is_nil)
            continue;
        absence_add_text(&out->words, list->text);
        buf_add_str(&out->words, is_nil ? ": " : " is a table: write for _, x in ipairs(");
        if (is_nil)
            absence_add(&out->words, s->f, list);
        else
            absence_add_text(&out->words, list->text);
        buf_add_str(&out->words, is_nil ? "" : ") do, or pairs(…) where it has names");
        mark(out, list, list->text);
        return true;
    }
    return false;
}

/* ---- arguments of functions that aren't the script's ---- */

static bool is_callee(const struct node *n, struct slice name)
{
    if (n->kind == NODE_METHOD)
        return slice_is_equal(n->name, name);
    return n->kind == NODE_CALL &&
           slice_is_equal(n->first->kind == NODE_INDEX ? node_key(n->first) : n->first->name, name);
}

/* "bad argument #2 to …" is about the second one. */
static unsigned read_argument(struct slice message)
{
    const struct slice beginning = SLICE_LIT("bad argument #");
    if (!slice_has_prefix(message, beginning))
        return 0;
    return (unsigned)atoi(message.data + beginning.len);
}

/* "; event.data.slots: data has no slots", where the argument is nil or null. */
static bool explain_argument(struct explanation *out, struct frame *f, const struct node *n)
{
    if ((n->kind != NODE_INDEX && n->kind != NODE_NAME) || !frame_evaluate(f, n))
        return false;
    bool is_null = codec_is_null(f->L, lua_gettop(f->L)), is_nil = lua_isnil(f->L, -1);
    lua_pop(f->L, 1);
    if (!is_null && !is_nil)
        return false;
    if (n->kind == NODE_INDEX || is_null)
        absence_add_text(&out->words, n->text);
    buf_add_str(&out->words, is_null ? " is null" : n->kind == NODE_INDEX ? ": " : "");
    if (is_nil)
        absence_add(&out->words, f, n);
    mark(out, n, n->text);
    return true;
}

/* An argument, or a member of a table that is one. */
static bool explain_arguments(struct explanation *out, struct frame *f, const struct node *call,
                              unsigned only)
{
    unsigned i = 0;
    for (const struct node *n = call->first->next; n; n = n->next) {
        if (++i != only && only > 0)
            continue;
        if (explain_argument(out, f, n))
            return true;
        for (const struct node *field = n->first; field && n->kind == NODE_TABLE;
             field = field->next)
            if (field->kind == NODE_FIELD && explain_argument(out, f, field->last))
                return true;
        if (only > 0)
            mark(out, n, n->text);
    }
    return false;
}

/* http:post(…), which hands the library itself on as the first argument. */
static bool explain_colon(struct explanation *out, struct frame *f, const struct node *call)
{
    if (call->kind != NODE_METHOD || !is_library(f->L, call->first))
        return false;
    buf_printf(&out->words, "write %.*s.%.*s with a dot, not with a colon",
               SLICE_FMT(call->first->text), SLICE_FMT(call->name));
    out->is_whole = true;
    return true;
}

static void explain_call(struct explanation *out, struct frame *f, const struct failure *failure)
{
    unsigned only = read_argument(failure->message);
    for (const struct node *n = syntax_root(failure->syntax); n; n = node_next(n)) {
        if (!is_callee(n, failure->callee) || !is_in_frame(f, n) || line_of(n) != failure->line)
            continue;
        if (!out->mark.data)
            mark(out, n, text_to_name(n));
        if (explain_colon(out, f, n) || explain_arguments(out, f, n, only))
            return;
    }
}

/* ---- all ---- */

/* table.sort(list) without a function, of what has no order. */
static bool explain_sort(struct explanation *out, const struct search *s)
{
    if (!slice_is_equal(s->failure->callee, SLICE_LIT("sort")))
        return false;
    explain_call(out, s->f, s->failure);
    buf_add_str(&out->words,
                "table.sort: two of the elements have no order: give it a function(a, b) that is "
                "true where a comes first, or write sortBy(list, name)");
    return true;
}

/* What fails though none of its parts is useless by itself. */
static bool explain_otherwise(struct explanation *out, const struct search *s)
{
    if (s->deed == DEED_COMPARE)
        return explain_mixed(out, s) || explain_sort(out, s);
    return s->deed == DEED_CALL && explain_loop(out, s);
}

void explain(struct explanation *out, struct frame *f, const struct failure *failure)
{
    struct search s = {.f = f, .failure = failure, .deed = read_deed(failure->message)};
    int top = f->L ? lua_gettop(f->L) : 0;
    *out = (struct explanation){.mark_line = failure->line};
    s.name = read_name(failure->message);
    if (s.deed == DEED_NONE) {
        if (failure->callee.data)
            explain_call(out, f, failure);
    } else if (f->stands && find_by_value(&s)) {
        add_words(&out->words, &s);
        out->is_whole = true;
        mark_operand(out, &s);
    } else if (f->stands && explain_otherwise(out, &s)) {
        out->is_whole = true;
    } else if (find_by_name(&s)) {
        add_returned(out, &s);
        mark_operand(out, &s);
    }
    if (f->L)
        lua_settop(f->L, top);
}
