/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "script/explain.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include <lauxlib.h>

#include "base/attr.h"
#include "script/absence.h"
#include "script/codec.h"
#include "script/culprit.h"
#include "script/exact.h"
#include "script/instant.h"
#include "script/library.h"
#include "script/machine.h"
#include "script/secret.h"

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

static void add_null(struct buf *out, const struct culprit *c)
{
    const struct node *whole = c->deed == DEED_INDEX ? c->outer : c->operand;
    absence_add_name(out, c->operand);
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

static const char *type_words(lua_State *L, int index)
{
    if (instant_at(L, index))
        return "a time";
    switch (lua_type(L, index)) {
    case LUA_TBOOLEAN:
        return lua_toboolean(L, index) ? "true" : "false";
    case LUA_TNUMBER:
        return "a number";
    case LUA_TSTRING:
        return "a text";
    case LUA_TTABLE:
        return "a table";
    case LUA_TFUNCTION:
        return "a function";
    default:
        return secret_is(L, index)  ? "a secret"
               : exact_is(L, index) ? "an exact number"
                                    : "a userdata";
    }
}

static bool is_loop_name(const struct node *n)
{
    return n->kind == NODE_NAME && n->declaration && n->declaration->is_loop;
}

/* f.name, where `f` is a function. */
static void add_function_advice(struct buf *out, lua_State *L, const struct node *n)
{
    bool is_global = n->kind == NODE_NAME && !n->declaration;
    const char *slip = is_global ? absence_find_slip(L, n) : NULL;
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

/* 'Room %s' % name, as it is written elsewhere. */
static bool is_filled(const struct culprit *c)
{
    const struct slice percent = SLICE_LIT("%");
    return slice_is_equal(c->outer->name, percent) && c->operand == c->outer->first &&
           lua_type(c->f->L, -1) == LUA_TSTRING;
}

/* What the value on top is, and what would be right. */
static void add_wrong_type(struct buf *out, const struct culprit *c)
{
    lua_State *L = c->f->L;
    int type = lua_type(L, -1);
    if (culprit_is_method(c))
        buf_add_slice(out, c->operand->name);
    else
        absence_add_name(out, c->operand);
    buf_printf(out, " is %s", type_words(L, -1));
    switch (c->deed) {
    case DEED_INDEX:
        if (type == LUA_TSTRING)
            buf_add_str(out, ", in which nothing can be set");
        else if (type == LUA_TFUNCTION)
            add_function_advice(out, L, c->operand);
        else if (type == LUA_TNUMBER && is_loop_name(c->operand))
            buf_add_str(out, ", the place in the list: write for _, x in ipairs(list) do");
        break;
    case DEED_CALL:
        buf_add_str(out, ", not a function");
        if (is_library(L, c->operand))
            absence_add_names(out, L);
        break;
    case DEED_COUNT:
        buf_add_str(out, is_filled(c)          ? ": what stands in it is filled by (…):format(x)"
                         : is_time_text(L)     ? ": write time.add(…, \"5m\") for a later time, "
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
    case DEED_LENGTH:
        buf_add_str(out, "; # counts the elements of a list, and the bytes of a text");
        break;
    default:
        break;
    }
}

static void add_missing_method(struct buf *out, const struct culprit *c)
{
    if (!frame_evaluate(c->f, c->operand->first)) {
        buf_printf(out, "there is no function %.*s", SLICE_FMT(c->operand->name));
        return;
    }
    absence_add_member(out, c->f->L, c->operand, "function ", c->operand->name);
    lua_pop(c->f->L, 1);
}

static void add_nil(struct buf *out, const struct culprit *c)
{
    if (culprit_is_method(c))
        add_missing_method(out, c);
    else
        absence_add(out, c->f, c->operand);
}

/* What stands before the reason: the whole of an index, what is called, or the operand. */
static void add_subject(struct buf *out, const struct culprit *c)
{
    struct slice subject = c->deed == DEED_CALL || c->outer->kind == NODE_METHOD
                               ? text_to_name(c->outer)
                           : c->deed == DEED_INDEX ? c->outer->text
                                                   : c->operand->text;
    bool begins_reason = c->operand->kind == NODE_NAME || node_is_call(c->operand);
    if (begins_reason && slice_is_equal(subject, c->operand->text))
        return;
    absence_add_text(out, subject);
    buf_add_str(out, ": ");
}

/* The operand's value is on top. */
static void add_words(struct buf *out, const struct culprit *c)
{
    add_subject(out, c);
    if (lua_isnil(c->f->L, -1))
        add_nil(out, c);
    else if (codec_is_null(c->f->L, lua_gettop(c->f->L)))
        add_null(out, c);
    else
        add_wrong_type(out, c);
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

static void mark_operand(struct explanation *out, const struct culprit *c)
{
    bool is_method = culprit_is_method(c);
    mark(out, c->operand, is_method ? text_to_name(c->operand) : c->operand->text);
}

/* "find(1).y: find(1) returned nil" */
static void add_returned(struct explanation *out, const struct culprit *c)
{
    struct slice message = c->failure->message;
    if (c->name.data || !node_is_call(c->operand) ||
        !slice_has_suffix(message, SLICE_LIT("nil value")))
        return;
    add_subject(&out->words, c);
    absence_add(&out->words, c->f, c->operand);
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
static bool explain_mixed(struct explanation *out, const struct culprit *c)
{
    lua_State *L = c->f->L;
    for (const struct node *n = syntax_root(c->failure->syntax); n; n = node_next(n)) {
        if (!culprit_may_be(c, n, true) || !frame_evaluate(c->f, n->first))
            continue;
        bool is_known = frame_evaluate(c->f, n->last);
        bool is_mixed = is_known && lua_type(L, -1) != lua_type(L, -2);
        if (is_mixed) {
            absence_add_text(&out->words, n->text);
            buf_add_str(&out->words, ": ");
            absence_add_name(&out->words, n->first);
            buf_printf(&out->words, " is %s, and ", type_words(L, -2));
            absence_add_name(&out->words, n->last);
            buf_printf(&out->words, " %s: %s", type_words(L, -1), advise_mixed(L));
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
static bool explain_loop(struct explanation *out, const struct culprit *c)
{
    const struct failure *failure = c->failure;
    for (const struct node *n = syntax_root(failure->syntax); n; n = node_next(n)) {
        const struct node *list = n->next;
        if (n->kind != NODE_LOCAL || !n->is_loop || !list || list->kind == NODE_LOCAL ||
            list->last_line != failure->line || !frame_has(c->f, n) || !frame_evaluate(c->f, list))
            continue;
        bool is_table = lua_istable(c->f->L, -1), is_nil = lua_isnil(c->f->L, -1);
        lua_pop(c->f->L, 1);
        if (!is_table && !is_nil)
            continue;
        absence_add_text(&out->words, list->text);
        buf_add_str(&out->words, is_nil ? ": " : " is a table: write for _, x in ipairs(");
        if (is_nil)
            absence_add(&out->words, c->f, list);
        else
            absence_add_text(&out->words, list->text);
        buf_add_str(&out->words, is_nil ? "" : ") do, or pairs(…) where it has names");
        mark(out, list, list->text);
        return true;
    }
    return false;
}

/* ---- for i = a, b, c do ---- */

/* Which of the three isn't a number; -1: the message is another. */
static int read_bound(struct slice message)
{
    static const char *const bounds[] = {"'for' initial value", "'for' limit", "'for' step"};
    for (int i = 0; i < (int)ARRAY_LEN(bounds); i++)
        if (slice_has_prefix(message, slice_str(bounds[i])))
            return i;
    return -1;
}

static bool explain_bound(struct explanation *out, struct culprit *c, int bound)
{
    for (const struct node *n = syntax_root(c->failure->syntax); n; n = node_next(n)) {
        const struct node *value = n->next;
        if (n->kind != NODE_LOCAL || !n->is_loop || n->line != c->failure->line ||
            !frame_has(c->f, n))
            continue;
        for (int i = 0; i < bound && value; i++)
            value = value->next;
        if (!value || !frame_evaluate(c->f, value))
            continue;
        c->deed = DEED_COUNT;
        c->outer = c->operand = value;
        add_words(&out->words, c);
        mark(out, value, value->text);
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

/* What the value on top is that is neither number nor text, though it looks so; NULL: none of these. */
static const char *find_stranger(lua_State *L, bool is_native)
{
    int top = lua_gettop(L);
    if (codec_is_null(L, top))
        return "null";
    if (is_native && instant_at(L, top))
        return "a time: time.unix(…) gives its seconds, time.format(…) a text";
    return is_native && exact_is(L, top) ? "an exact number, which Lua's own functions don't take: "
                                           "round(…), toInteger(…) and tostring(…) do"
                                         : NULL;
}

/* "; event.data.slots: data has no slots", where the argument is nil or a stranger; `is_native`: of one of
   Lua's own functions. */
static bool explain_argument(struct explanation *out, struct frame *f, const struct node *n,
                             bool is_native)
{
    if ((n->kind != NODE_INDEX && n->kind != NODE_NAME) || node_is_global(n, "null") ||
        !frame_evaluate(f, n))
        return false;
    const char *words = find_stranger(f->L, is_native);
    bool is_nil = lua_isnil(f->L, -1);
    lua_pop(f->L, 1);
    if (!words && !is_nil)
        return false;
    if (n->kind == NODE_INDEX || words)
        absence_add_text(&out->words, n->text);
    if (words)
        buf_printf(&out->words, " is %s", words);
    else if (n->kind == NODE_INDEX)
        buf_add_str(&out->words, ": ");
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
        if (explain_argument(out, f, n, only > 0))
            return true;
        for (const struct node *field = n->first; field && n->kind == NODE_TABLE;
             field = field->next)
            if (field->kind == NODE_FIELD && explain_argument(out, f, field->last, false))
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
        if (!is_callee(n, failure->callee) || !frame_has(f, n) ||
            node_code_line(n) != failure->line)
            continue;
        if (!out->mark.data)
            mark(out, n, text_to_name(n));
        if (explain_colon(out, f, n) || explain_arguments(out, f, n, only))
            return;
    }
}

/* ---- t[nil] = x ---- */

/* The key of a[b] = … or { [b] = … }; NULL: there is none. */
static const struct node *key_of(const struct node *n)
{
    if (n->name.data)
        return NULL;
    if (n->kind == NODE_FIELD)
        return n->first != n->last ? n->first : NULL;
    return n->kind == NODE_INDEX && n->is_target ? node_child(n, 1) : NULL;
}

static bool explain_key(struct explanation *out, struct frame *f, const struct failure *failure)
{
    if (!slice_has_prefix(failure->message, SLICE_LIT("table index is ")))
        return false;
    for (const struct node *n = syntax_root(failure->syntax); n; n = node_next(n)) {
        const struct node *key = key_of(n);
        if (key && frame_has(f, n) && key->last_line == failure->line &&
            explain_argument(out, f, key, false))
            return true;
    }
    return false;
}

/* ---- messages of Lua's own functions that are riddles ---- */

#define PATTERN                                                                                    \
    "in a pattern % makes a sign mean itself, as in %(; text.contains, text.replace and "          \
    "regex.find know nothing of %"

static const struct {
    const char *part, *words;
} riddles[] = {
    {"invalid value (", "table.concat joins texts and numbers alone: table.concat(map(list, "
                        "tostring), \", \")"},
    {"invalid order function", "it is true where a comes before b, and false where both are equal: "
                               "a < b, not a <= b"},
    {"malformed pattern", PATTERN},
    {"unfinished capture", PATTERN},
    {"invalid pattern capture", PATTERN},
    {"invalid capture index", "in what is put in, %1 is the first capture, and %% a % itself"},
    {"invalid use of '%'", "in what is put in, %1 is the first capture, and %% a % itself"},
};

static void explain_riddle(struct explanation *out, struct slice message)
{
    for (size_t i = 0; i < ARRAY_LEN(riddles) && out->words.len == 0; i++)
        if (slice_has_prefix(message, slice_str(riddles[i].part)))
            buf_add_str(&out->words, riddles[i].words);
}

/* ---- all ---- */

/* table.sort(list) without a function, of what has no order. */
static bool explain_sort(struct explanation *out, const struct culprit *c)
{
    if (!slice_is_equal(c->failure->callee, SLICE_LIT("sort")))
        return false;
    explain_call(out, c->f, c->failure);
    buf_add_str(&out->words,
                "table.sort: two of the elements have no order: give it a function(a, b) that is "
                "true where a comes first, or write sortBy(list, name)");
    return true;
}

/* What fails though none of its parts is useless by itself. */
static bool explain_otherwise(struct explanation *out, const struct culprit *c)
{
    if (c->deed == DEED_COMPARE)
        return explain_mixed(out, c) || explain_sort(out, c);
    return c->deed == DEED_CALL && explain_loop(out, c);
}

void explain(struct explanation *out, struct frame *f, const struct failure *failure)
{
    struct culprit c = culprit_of(f, failure);
    int top = f->L ? lua_gettop(f->L) : 0;
    *out = (struct explanation){.mark_line = failure->line};
    int bound = read_bound(failure->message);
    if (f->stands && bound >= 0) {
        out->is_whole = explain_bound(out, &c, bound);
    } else if (c.deed == DEED_NONE) {
        if (!explain_key(out, f, failure) && failure->callee.data)
            explain_call(out, f, failure);
        explain_riddle(out, failure->message);
    } else if (f->stands && culprit_find_by_value(&c)) {
        add_words(&out->words, &c);
        out->is_whole = true;
        mark_operand(out, &c);
    } else if (f->stands && explain_otherwise(out, &c)) {
        out->is_whole = true;
    } else if (culprit_find_by_name(&c)) {
        add_returned(out, &c);
        mark_operand(out, &c);
    }
    if (f->L)
        lua_settop(f->L, top);
}
