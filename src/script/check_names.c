/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* Globals that nobody gives, and members that a library doesn't have. */
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>

#include "base/text.h"
#include "script/check.h"
#include "script/library.h"
#include "script/slips.h"

#define NAMES_MAX 512
#define LISTED_MAX 8 /* members that an error names */
#define FOUND_MAX 64 /* globals of a file that are told, each once */

struct names {
    const char *items[NAMES_MAX]; /* Lua's, or the library's own */
    size_t n;
    struct slice library; /* members of this alone; absent: globals */
};

static void add(struct names *names, const char *name)
{
    if (names->n < NAMES_MAX)
        names->items[names->n++] = name;
}

static bool has(const struct names *names, struct slice name)
{
    for (size_t i = 0; i < names->n; i++)
        if (slice_is_equal(slice_str(names->items[i]), name))
            return true;
    return false;
}

/* [-0, +0] The names of the table on top. */
static void add_table(lua_State *L, struct names *names)
{
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1))
        if (lua_type(L, -2) == LUA_TSTRING)
            add(names, lua_tostring(L, -2));
}

/* "text.trim" is a member of text; "map" is a global. */
static void add_helper(void *ctx, const char *name)
{
    struct names *names = ctx;
    const char *dot = strchr(name, '.');
    if (!names->library.data && !dot)
        add(names, name);
    if (names->library.data && dot &&
        slice_is_equal(names->library, slice_of(name, (size_t)(dot - name))))
        add(names, dot + 1);
}

static void list_globals(lua_State *L, struct names *names)
{
    *names = (struct names){.n = 0};
    machine_push(L, REF_GLOBALS);
    add_table(L, names);
    lua_pop(L, 1);
    add(names, "_G");
    add(names, "return"); /* misspelt, it is a call of what follows */
    library_each(add_helper, names);
}

/* False where it is no library. */
static bool list_members(lua_State *L, struct slice library, struct names *names)
{
    *names = (struct names){.library = library};
    machine_push(L, REF_GLOBALS);
    lua_pushlstring(L, library.data, library.len);
    lua_rawget(L, -2);
    if (lua_istable(L, -1))
        add_table(L, names);
    lua_pop(L, 2);
    library_each(add_helper, names);
    return names->n > 0;
}

/* ---- what the file gives values itself ---- */

/* The targets of its assignments, in the order of their texts: globals and members. */
struct given {
    const struct node **items;
    size_t n;
};

static bool is_gift(const struct node *n)
{
    return n->is_target && (n->kind == NODE_INDEX || (n->kind == NODE_NAME && !n->declaration));
}

static int compare(const void *a, const void *b)
{
    const struct node *const *left = a, *const *right = b;
    return slice_compare((*left)->text, (*right)->text);
}

/* The caller frees the items. */
static struct given find_given(const struct check *c)
{
    struct given given = {0};
    const struct node *n;
    for (n = syntax_root(c->syntax); n; n = node_next(n))
        given.n += is_gift(n);
    given.items = mem_calloc(given.n + 1, sizeof(const struct node *));
    given.n = 0;
    for (n = syntax_root(c->syntax); n; n = node_next(n))
        if (is_gift(n))
            given.items[given.n++] = n;
    qsort(given.items, given.n, sizeof(const struct node *), compare);
    return given;
}

/* Of a global, or a member. */
static bool is_given(const struct given *given, const struct node *wanted)
{
    return bsearch(&wanted, given->items, given->n, sizeof(const struct node *), compare);
}

/* ---- globals ---- */

/* The class of `new Date(…)`, which Lua reads as two expressions; NULL where it is none. */
static const struct node *find_class(const struct node *n)
{
    const struct node *next = slice_is_equal(n->name, SLICE_LIT("new")) ? node_next(n) : NULL;
    while (next &&
           (next->kind == NODE_CALL || next->kind == NODE_METHOD || next->kind == NODE_INDEX))
        next = next->first;
    return next && next->kind == NODE_NAME && next->line == n->line ? next : NULL;
}

static void tell_new(const struct check *c, const struct node *n, const struct node *class)
{
    const char *slip = slips_find_global(class);
    struct slice mark = n->text;
    mark.len = (size_t)(class->text.data + class->text.len - n->text.data);
    if (slip)
        check_tell(c, PROBLEM_FINDING, n, mark, "there is no `new`: %s", slip);
    else
        check_tell(c, PROBLEM_FINDING, n, mark,
                   "there is no `new`: write %.*s(…), or %.*s.new{ … }", SLICE_FMT(class->name),
                   SLICE_FMT(class->name));
}

static void tell_global(const struct check *c, const struct node *n, const struct names *names)
{
    const char *slip = slips_find_global(n);
    const char *nearest = text_nearest(n->name, names->items, names->n);
    if (slip)
        check_tell(c, PROBLEM_FINDING, n, n->text, "there is no `%.*s`: %s", SLICE_FMT(n->name),
                   slip);
    else if (nearest && n->name.len > 2)
        check_tell(c, PROBLEM_FINDING, n, n->text, "there is no `%.*s`: did you mean `%s`?",
                   SLICE_FMT(n->name), nearest);
    else
        check_tell(
            c, PROBLEM_FINDING, n, n->text,
            c->source->kind == SOURCE_CONFIG
                ? "there is no `%.*s`: nothing gives it a value; write local %.*s = … above, or "
                  "quotes around it if it is a text"
                : "there is no `%.*s`: no file gives it a value before this one reads it; write "
                  "local %.*s = … above, or require the file of lib/ that has it",
            SLICE_FMT(n->name), SLICE_FMT(n->name));
}

static void check_globals(const struct check *c, const struct names *names,
                          const struct given *given)
{
    struct slice told[FOUND_MAX];
    size_t n_told = 0;
    for (const struct node *n = syntax_root(c->syntax); n; n = node_next(n)) {
        if (n->kind != NODE_NAME || n->declaration || n->is_target || has(names, n->name) ||
            library_has(n->name) || is_given(given, n))
            continue;
        bool was_told = n_told == FOUND_MAX;
        for (size_t i = 0; i < n_told; i++)
            was_told |= slice_is_equal(told[i], n->name);
        if (was_told)
            continue;
        told[n_told++] = n->name;
        const struct node *class = find_class(n);
        if (class && n_told < FOUND_MAX)
            told[n_told++] = class->name;
        if (class)
            tell_new(c, n, class);
        else
            tell_global(c, n, names);
    }
}

/* ---- members ---- */

static void tell_member(const struct check *c, const struct node *n, struct names *names)
{
    struct slice library = n->first->name, key = node_key(n);
    const char *slip = slips_find_function(library, key);
    const char *nearest = text_nearest(key, names->items, names->n);
    struct buf text = {0};
    buf_printf(&text, "%.*s has no `%.*s`", SLICE_FMT(library), SLICE_FMT(key));
    if (slip) {
        buf_printf(&text, ": %s", slip);
    } else if (nearest) {
        buf_printf(&text, ": did you mean %.*s.%s?", SLICE_FMT(library), nearest);
    } else {
        buf_add_str(&text, "; it has ");
        text_add_names(&text, names->items, names->n, LISTED_MAX);
    }
    check_tell(c, PROBLEM_FINDING, n, n->text, "%s", text.data);
    buf_deinit(&text);
}

/* SyncManager:new, which was told then. */
static bool fails_while_loading(const struct node *n)
{
    return !node_function(n)->parent && slice_is_equal(n->first->name, SLICE_LIT("SyncManager"));
}

/* A member of a library: a.b, or a:b(…), which hands `a` itself on as the first argument. */
static void check_member(const struct check *c, const struct node *n, const struct given *given)
{
    struct names names;
    struct slice library = n->first->name, key = node_key(n);
    if (!list_members(c->l->m->L, library, &names) || is_given(given, n))
        return;
    if (n->kind == NODE_INDEX && !has(&names, key))
        tell_member(c, n, &names);
    else if (n->kind == NODE_METHOD && has(&names, key) && !fails_while_loading(n))
        check_tell(c, PROBLEM_FINDING, n, key, "write %.*s.%.*s with a dot, not with a colon",
                   SLICE_FMT(library), SLICE_FMT(key));
}

void check_names(const struct check *c)
{
    struct names globals;
    struct given given = find_given(c);
    list_globals(c->l->m->L, &globals);
    check_globals(c, &globals, &given);
    for (const struct node *n = syntax_root(c->syntax); n; n = node_next(n)) {
        bool is_member = (n->kind == NODE_INDEX || n->kind == NODE_METHOD) && !n->is_target &&
                         node_key(n).data && n->first->kind == NODE_NAME &&
                         !n->first->declaration && !node_is_global(n->first, "_G");
        if (is_member && !is_given(&given, n->first))
            check_member(c, n, &given);
    }
    free(given.items);
}
