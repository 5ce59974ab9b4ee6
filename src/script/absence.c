/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "script/absence.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/utf8.h"
#include "script/document.h"
#include "script/library.h"
#include "script/machine.h"
#include "script/slips.h"

#define LISTED_MAX 8
#define NAME_MAX_LEN 40
#define TEXT_MAX 60
#define TRACED_MAX 3 /* locals that come from each other */

/* ---- names of expressions ---- */

void absence_add_text(struct buf *out, struct slice text)
{
    struct slice shown = utf8_cut(text, TEXT_MAX);
    bool was_blank = false;
    for (size_t i = 0; i < shown.len; i++) {
        bool is_blank = isspace((unsigned char)shown.data[i]);
        if (!is_blank)
            buf_add_char(out, shown.data[i]);
        else if (!was_blank)
            buf_add_char(out, ' ');
        was_blank = is_blank;
    }
    if (shown.len < text.len)
        buf_add_str(out, "…");
}

void absence_add_name(struct buf *out, const struct node *n)
{
    const struct node *inner = n;
    while (inner->kind == NODE_INDEX && !inner->name.data)
        inner = inner->first;
    if (inner->kind != NODE_INDEX || *n->text.data == '(') {
        absence_add_text(out, n->text);
        return;
    }
    const char *end = n->text.data + n->text.len;
    absence_add_text(out, slice_of(inner->name.data, (size_t)(end - inner->name.data)));
}

/* ---- the names that are there ---- */

struct names {
    const char *items[FRAME_NAMES_MAX]; /* Lua's own strings, of the table that is looked at */
    size_t n;
    bool has_others; /* that can't be shown */
};

static bool is_showable(struct slice name)
{
    for (size_t i = 0; i < name.len; i++)
        if ((unsigned char)name.data[i] < ' ' || name.data[i] == 0x7F)
            return false;
    return name.len > 0 && name.len <= NAME_MAX_LEN && slice_is_utf8(name);
}

static void add_name(void *ctx, struct slice name)
{
    struct names *names = ctx;
    if (!is_showable(name))
        names->has_others = true;
    else if (names->n < FRAME_NAMES_MAX)
        names->items[names->n++] = name.data;
}

/* A short word is near to too many. */
static const char *find_near(const struct names *names, struct slice word)
{
    const char *nearest = word.len < 3 ? NULL : text_nearest(word, names->items, names->n);
    if (nearest && word.len <= 4 &&
        !slice_has_prefix_nocase(slice_str(nearest), slice_upto(word, 1)))
        return NULL;
    return nearest;
}

/* One that continues the word, or that the word continues: `start` of startTime. */
static const char *find_longer(const struct names *names, struct slice word)
{
    const char *found = NULL;
    for (size_t i = 0; i < names->n && word.len >= 3; i++) {
        struct slice name = slice_str(names->items[i]);
        if (name.len < 3 ||
            (!slice_has_prefix_nocase(name, word) && !slice_has_prefix_nocase(word, name)))
            continue;
        if (found)
            return NULL;
        found = names->items[i];
    }
    return found;
}

static void add_list(struct buf *out, struct names *names)
{
    if (names->n == 0 && names->has_others)
        return;
    buf_add_str(out, names->n ? "; it has " : "; it is empty");
    text_add_names(out, names->items, names->n, LISTED_MAX);
}

static bool add_nearest(struct buf *out, const struct names *names, struct slice name)
{
    const char *nearest = find_near(names, name);
    if (!nearest)
        nearest = find_longer(names, name);
    if (nearest)
        buf_printf(out, "; did you mean %s?", nearest);
    return nearest;
}

/* The nearest of the names on top, else what there is. */
static void add_names(struct buf *out, lua_State *L, struct slice name, bool lists)
{
    struct names names = {.n = 0};
    frame_each_name(L, add_name, &names);
    if (!add_nearest(out, &names, name) && lists)
        add_list(out, &names);
}

void absence_add_names(struct buf *out, lua_State *L)
{
    add_names(out, L, SLICE_LIT(""), true);
}

/* ---- members ---- */

static bool is_list(lua_State *L)
{
    struct slice unread;
    return lua_istable(L, -1) && !document_is_unread(L, lua_gettop(L), &unread) &&
           (machine_is(L, lua_gettop(L), REF_ARRAY) || lua_objlen(L, -1) > 0);
}

static void add_count(struct buf *out, lua_State *L)
{
    size_t n = lua_objlen(L, -1);
    buf_printf(out, " has %zu element%s", n, n == 1 ? "" : "s");
}

static bool is_called(const struct node *n)
{
    return n->kind == NODE_METHOD || (n->parent->kind == NODE_CALL && n->parent->first == n);
}

/* What would be written for it elsewhere. Names such as `items` are also those of data, so that they are
   looked at where they are called; of lists and texts people ask the length without a call. */
static const char *find_slip(lua_State *L, const struct node *n, struct slice name, bool is_list)
{
    if (is_called(n))
        return n->first->kind == NODE_NAME ? slips_find_function(n->first->name, name)
                                           : slips_find_member(name);
    bool is_length =
        slice_is_equal(name, SLICE_LIT("length")) || slice_is_equal(name, SLICE_LIT("size"));
    return is_length && (is_list || lua_type(L, -1) == LUA_TSTRING) ? slips_find_member(name)
                                                                    : NULL;
}

void absence_add_member(struct buf *out, lua_State *L, const struct node *n, const char *what,
                        struct slice name)
{
    const char *slip = find_slip(L, n, name, is_list(L));
    absence_add_name(out, n->first);
    if (is_list(L)) {
        buf_add_str(out, " is a list and has no ");
        buf_printf(out, "%s%.*s", what, SLICE_FMT(name));
        if (!slip)
            buf_add_str(out, "; its first element is [1]");
    } else {
        bool is_text = lua_type(L, -1) == LUA_TSTRING;
        buf_printf(out, "%s has no %s%.*s", is_text ? " is a text, which" : "", what,
                   SLICE_FMT(name));
        if (!slip)
            add_names(out, L, name, !is_text);
    }
    if (slip)
        buf_printf(out, "; %s", slip);
}

/* Of the table on top, by the number above it. */
static void add_element(struct buf *out, lua_State *L, const struct node *n)
{
    lua_Number key = lua_tonumber(L, -1);
    lua_pop(L, 1);
    const struct node *written = node_child(n, 1);
    if (written && written->kind != NODE_NUMBER) {
        absence_add_text(out, written->text);
        buf_printf(out, " is %.14g, and ", key);
    }
    absence_add_name(out, n->first);
    if (lua_type(L, -1) == LUA_TSTRING) {
        buf_printf(out, " is a text, of which text.sub(s, %.14g, %.14g) is a letter", key, key);
        return;
    }
    if (!is_list(L)) {
        buf_printf(out, " has no [%.14g]", key);
        add_names(out, L, SLICE_LIT(""), true);
        return;
    }
    add_count(out, L);
    if (key == 0)
        buf_add_str(out, ", and the first is [1]");
}

/* a.b and a[b], whose object is on top. */
static void add_of_object(struct buf *out, struct frame *f, const struct node *n)
{
    struct slice name = node_key(n);
    if (name.data) {
        absence_add_member(out, f->L, n, "", name);
        return;
    }
    const struct node *key = node_child(n, 1);
    if (!frame_evaluate(f, key)) {
        absence_add_name(out, n);
        buf_add_str(out, " is nil");
        return;
    }
    if (lua_type(f->L, -1) == LUA_TNUMBER) {
        add_element(out, f->L, n);
        return;
    }
    if (lua_type(f->L, -1) == LUA_TSTRING) {
        size_t len;
        const char *text = lua_tolstring(f->L, -1, &len);
        absence_add_text(out, key->text);
        buf_add_str(out, " is \"");
        absence_add_text(out, slice_of(text, len));
        buf_add_str(out, "\", and ");
        absence_add_name(out, n->first);
        buf_add_str(out, " has no such name");
    } else if (lua_isnil(f->L, -1)) {
        absence_add(out, f, key);
    } else {
        absence_add_name(out, n);
        buf_add_str(out, " is nil");
    }
    lua_pop(f->L, 1);
}

/* ---- names ---- */

static bool comes_from_chain(const struct node *local)
{
    return !local->is_reassigned && local->first &&
           (local->first->kind == NODE_INDEX || local->first->kind == NODE_CALL ||
            local->first->kind == NODE_METHOD);
}

static void add_nil(struct buf *out, struct frame *f, const struct node *n, int depth);

static void add_local(struct buf *out, struct frame *f, const struct node *n, int depth)
{
    const struct node *local = n->declaration;
    buf_printf(out, "%.*s is nil", SLICE_FMT(n->name));
    if (local->is_parameter) {
        buf_add_str(out, ": the call of this function gives none");
    } else if (depth < TRACED_MAX && comes_from_chain(local)) {
        buf_printf(out, ": in line %d it comes from ", local->line);
        absence_add_text(out, local->first->text);
        if (local->first->kind == NODE_INDEX) {
            buf_add_str(out, ", and ");
            add_nil(out, f, local->first, depth + 1);
        }
    } else if (!local->first && !local->is_reassigned && !local->is_loop) {
        buf_printf(out, ": line %d gives it no value", local->line);
    }
}

/* Of a subject that may not be open yet: those that are globals themselves. */
static void add_helper(void *ctx, const char *name)
{
    if (!strchr(name, '.'))
        add_name(ctx, slice_str(name));
}

const char *absence_find_slip(lua_State *L, const struct node *n)
{
    const char *slip = machine_of(L)->spec ? slips_find_spec_global(n->name) : NULL;
    return slip ? slip : slips_find_global(n);
}

static void add_global(struct buf *out, struct frame *f, const struct node *n)
{
    const char *slip = absence_find_slip(f->L, n);
    buf_printf(out, "there is no %.*s", SLICE_FMT(n->name));
    if (slip) {
        buf_printf(out, "; %s", slip);
        return;
    }
    struct names names = {.n = 0};
    lua_getinfo(f->L, "f", &f->ar);
    lua_getfenv(f->L, -1);
    frame_each_name(f->L, add_name, &names);
    library_each(add_helper, &names);
    add_name(&names, SLICE_LIT("return")); /* misspelt, it is a call of what follows */
    add_nearest(out, &names, n->name);
    lua_pop(f->L, 2);
}

static void add_nil(struct buf *out, struct frame *f, const struct node *n, int depth)
{
    if (n->kind == NODE_NAME && n->declaration) {
        add_local(out, f, n, depth);
    } else if (n->kind == NODE_NAME && f->stands) {
        add_global(out, f, n);
    } else if (n->kind == NODE_INDEX && frame_evaluate(f, n->first)) {
        if (lua_isnil(f->L, -1)) /* not so when it was looked into: it has changed since */
            buf_printf(out, "%.*s is nil", SLICE_FMT(n->name));
        else
            add_of_object(out, f, n);
        lua_pop(f->L, 1);
    } else if (n->kind == NODE_CALL || n->kind == NODE_METHOD) {
        absence_add_text(out, n->text);
        buf_add_str(out, " returned nil");
    } else if (n->kind == NODE_WORD) {
        buf_add_str(out, "it is written there");
    } else {
        absence_add_name(out, n);
        buf_add_str(out, " is nil");
    }
}

void absence_add(struct buf *out, struct frame *f, const struct node *n)
{
    add_nil(out, f, n, 0);
}
