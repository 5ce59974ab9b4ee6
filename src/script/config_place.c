/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "script/config_place.h"

#include <string.h>

#include "base/buf.h"
#include "script/excerpt.h"
#include "script/script.h"
#include "script/syntax.h"

#define SHOWN "return { listen = \"127.0.0.1:8750\" }"

/* ---- telling ---- */

static void tell(struct slice text, int line, struct slice mark, const char *words, struct err *err)
{
    struct buf told = {0};
    buf_add_str(&told, CONFIG_NAME);
    if (line > 0)
        buf_printf(&told, ":%d", line);
    buf_printf(&told, ": %s", words);
    if (line > 0)
        excerpt_add(&told, text, line, mark, NULL);
    err_set(err, ERR_INVALID, "%s", told.data);
    buf_deinit(&told);
}

static void tell_node(struct slice text, const struct node *n, struct slice mark, const char *words,
                      struct err *err)
{
    bool is_name = mark.data && mark.data == n->name.data;
    tell(text, is_name ? n->name_line : n->line, mark, words, err);
}

void config_place_line(struct slice text, int line, const char *words, struct err *err)
{
    tell(text, line, SLICE_NULL, words, err);
}

/* ---- what it returns ---- */

static const struct node *find_return(const struct node *root)
{
    const struct node *last = NULL; /* those before it are an if's */
    for (const struct node *n = root->first; n; n = n->next)
        if (n->kind == NODE_RETURN)
            last = n;
    return last;
}

/* The table that an expression is: written there, or what a local began as. */
static const struct node *table_of(const struct node *n)
{
    if (n && n->kind == NODE_NAME && n->declaration)
        n = n->declaration->first;
    return n && n->kind == NODE_TABLE ? n : NULL;
}

/* A global that the file itself sets: `listen = …` without a table around it. */
static const struct node *find_gift(const struct node *root)
{
    for (const struct node *n = root; n; n = node_next(n))
        if (n->kind == NODE_NAME && n->is_target && !n->declaration)
            return n;
    return NULL;
}

static void tell_nothing(struct slice text, const struct node *root, struct err *err)
{
    const struct node *gift = root ? find_gift(root) : NULL;
    struct buf words = {0};
    buf_add_str(&words, "it returns nothing");
    if (gift)
        buf_printf(&words, ", and %.*s = … alone sets no key: write return { %.*s = … }",
                   SLICE_FMT(gift->name), SLICE_FMT(gift->name));
    else
        buf_add_str(&words, "; it must return a table: " SHOWN);
    if (gift)
        tell_node(text, gift, gift->text, words.data, err);
    else
        tell(text, 0, SLICE_NULL, words.data, err);
    buf_deinit(&words);
}

static void tell_value(struct slice text, const struct node *value, const char *type,
                       struct err *err)
{
    struct buf words = {0};
    bool is_nil = strcmp(type, "nil") == 0;
    if (is_nil && value->kind == NODE_NAME)
        buf_printf(&words, "it returns %.*s, which is nil", SLICE_FMT(value->name));
    else
        buf_printf(&words, "it returns %s%s", is_nil ? "" : "a ", type);
    buf_add_str(&words, "; it must return a table: " SHOWN);
    tell_node(text, value, value->text, words.data, err);
    buf_deinit(&words);
}

void config_place_return(struct slice text, const char *type, struct err *err)
{
    struct syntax *syntax = syntax_parse(text);
    const struct node *root = syntax ? syntax_root(syntax) : NULL;
    const struct node *given = root ? find_return(root) : NULL;
    if (given && given->first)
        tell_value(text, given->first, type, err);
    else
        tell_nothing(text, root, err);
    syntax_free(syntax);
}

void config_place_element(struct slice text, struct err *err)
{
    static const char words[] = "this has no name: write listen = … or what else it is for";
    struct syntax *syntax = syntax_parse(text);
    const struct node *given = syntax ? find_return(syntax_root(syntax)) : NULL;
    const struct node *table = given ? table_of(given->first) : NULL;
    const struct node *n = table ? table->first : NULL;
    while (n && n->kind == NODE_FIELD && node_key(n).data)
        n = n->next;
    if (n)
        tell_node(text, n, n->text, words, err);
    else
        tell(text, given ? given->line : 0, SLICE_NULL,
             "the table that it returns must have names, as in { listen = … }", err);
    syntax_free(syntax);
}

/* ---- a key ---- */

/* Whether it is LOCAL.limits.drain, for the key of that name. */
static bool is_key_of(const struct node *n, const struct node *local, struct slice key)
{
    if (n->kind == NODE_NAME)
        return key.len == 0 && n->declaration == local;
    struct slice name = n->kind == NODE_INDEX ? node_key(n) : SLICE_NULL;
    if (!name.data || !slice_has_suffix(key, name))
        return false;
    struct slice outer = slice_upto(key, key.len - name.len);
    if (outer.len > 0 && outer.data[outer.len - 1] != '.')
        return false;
    return is_key_of(n->first, local, slice_upto(outer, outer.len - (outer.len > 0)));
}

/* config.limits.drain = …, where `config` is the local that is returned. */
static const struct node *find_assigned(const struct node *root, const struct node *returned,
                                        struct slice key)
{
    if (returned->kind != NODE_NAME || !returned->declaration)
        return NULL;
    for (const struct node *n = root; n; n = node_next(n))
        if (n->kind == NODE_INDEX && n->is_target && is_key_of(n, returned->declaration, key))
            return n;
    return NULL;
}

/* The field of a table that has `key`, or as much of that as can be seen. */
static const struct node *find_field(const struct node *table, struct slice key)
{
    const struct node *found = NULL;
    while (table && key.len > 0) {
        struct slice name = slice_split(&key, '.');
        const struct node *n = table->first;
        while (n && !(n->kind == NODE_FIELD && slice_is_equal(node_key(n), name)))
            n = n->next;
        if (!n)
            break;
        found = n;
        table = table_of(n->last);
    }
    return found;
}

static struct slice mark_of(const struct node *n)
{
    if (n->name.data)
        return n->name;
    return n->kind == NODE_FIELD ? n->first->text : n->text;
}

/* The key, else what is nearest around it. */
static const struct node *find_key(const struct node *root, struct slice key)
{
    const struct node *given = find_return(root), *returned = given ? given->first : NULL;
    if (!returned)
        return NULL;
    const struct node *n = find_assigned(root, returned, key);
    if (!n)
        n = find_field(table_of(returned), key);
    return n ? n : returned;
}

int script_refuse_setting(struct slice text, const char *key, const char *words, struct err *err)
{
    struct syntax *syntax = syntax_parse(text);
    struct slice name = slice_str(key);
    name =
        slice_upto(name, slice_find(name, '[')); /* an element of a list has no name of its own */
    const struct node *n = syntax ? find_key(syntax_root(syntax), name) : NULL;
    if (n)
        tell_node(text, n, mark_of(n), words, err);
    else
        tell(text, 0, SLICE_NULL, words, err);
    syntax_free(syntax);
    return -1;
}
