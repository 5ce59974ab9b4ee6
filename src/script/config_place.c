/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "script/config_place.h"

#include <string.h>

#include "base/buf.h"
#include "script/syntax.h"

#define SHOWN "return { listen = \"127.0.0.1:8750\" }"

/* ---- telling ---- */

struct place {
    struct loader *l;
    const struct source *source;
    struct syntax *syntax; /* NULL: it is no Lua */
};

static struct place place_of(struct loader *l, const struct source *source)
{
    return (struct place){l, source, syntax_parse(source->text)};
}

static void tell(const struct place *p, int line, struct slice mark, const char *words)
{
    loader_tell_marked(p->l, PROBLEM_ERROR, p->source, line, mark, words);
}

static void tell_node(const struct place *p, const struct node *n, struct slice mark,
                      const char *words)
{
    bool is_name = mark.data && mark.data == n->name.data;
    tell(p, is_name ? n->name_line : n->line, mark, words);
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

static void tell_nothing(const struct place *p)
{
    const struct node *root = p->syntax ? syntax_root(p->syntax) : NULL;
    const struct node *gift = root ? find_gift(root) : NULL;
    struct buf words = {0};
    buf_add_str(&words, "it returns nothing");
    if (gift)
        buf_printf(&words, ", and %.*s = … alone sets no key: write return { %.*s = … }",
                   SLICE_FMT(gift->name), SLICE_FMT(gift->name));
    else
        buf_add_str(&words, "; it must return a table: " SHOWN);
    if (gift)
        tell_node(p, gift, gift->text, words.data);
    else
        tell(p, 0, SLICE_NULL, words.data);
    buf_deinit(&words);
}

static void tell_value(const struct place *p, const struct node *value, const char *type)
{
    struct buf words = {0};
    bool is_nil = strcmp(type, "nil") == 0;
    if (is_nil && value->kind == NODE_NAME)
        buf_printf(&words, "it returns %.*s, which is nil", SLICE_FMT(value->name));
    else
        buf_printf(&words, "it returns %s%s", is_nil ? "" : "a ", type);
    buf_add_str(&words, "; it must return a table: " SHOWN);
    tell_node(p, value, value->text, words.data);
    buf_deinit(&words);
}

void config_tell_return(struct loader *l, const struct source *source, const char *type)
{
    struct place p = place_of(l, source);
    const struct node *given = p.syntax ? find_return(syntax_root(p.syntax)) : NULL;
    if (given && given->first)
        tell_value(&p, given->first, type);
    else
        tell_nothing(&p);
    syntax_free(p.syntax);
}

void config_tell_element(struct loader *l, const struct source *source)
{
    struct place p = place_of(l, source);
    const struct node *given = p.syntax ? find_return(syntax_root(p.syntax)) : NULL;
    const struct node *table = given ? table_of(given->first) : NULL;
    const struct node *n = table ? table->first : NULL;
    while (n && n->kind == NODE_FIELD && node_key(n).data)
        n = n->next;
    if (n)
        tell_node(&p, n, n->text, "this has no name: write listen = … or what else it is for");
    else
        tell(&p, given ? given->line : 0, SLICE_NULL,
             "the table that it returns must have names, as in { listen = … }");
    syntax_free(p.syntax);
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

void config_tell_key(struct loader *l, const struct source *source, const char *key,
                     const char *words)
{
    struct place p = place_of(l, source);
    struct slice name = slice_str(key);
    name =
        slice_upto(name, slice_find(name, '[')); /* an element of a list has no name of its own */
    const struct node *n = p.syntax ? find_key(syntax_root(p.syntax), name) : NULL;
    if (n)
        tell_node(&p, n, mark_of(n), words);
    else
        tell(&p, 0, SLICE_NULL, words);
    syntax_free(p.syntax);
}

int script_refuse_setting(struct slice text, const char *key, const char *words,
                          script_problem_fn problem, void *ctx)
{
    struct loader l = {.problem = problem, .ctx = ctx};
    const struct source source = {
        .kind = SOURCE_CONFIG, .name = SLICE_LIT(SOURCES_CONFIG), .text = text};
    config_tell_key(&l, &source, key, words);
    return -1;
}
