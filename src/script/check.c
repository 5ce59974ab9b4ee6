/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "script/check.h"

#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>

#include "event/pattern.h"
#include "script/lexer.h"

int check_find_assignment(struct slice text, const char *name)
{
    struct lexer x = lexer_of(text);
    int line = 0;
    for (struct token t; lexer_next(&x, &t);) {
        if (line > 0 && token_is(&t, "="))
            return line;
        line = t.kind == TOKEN_NAME && token_is(&t, name) ? t.line : 0;
    }
    return 0;
}

int check_find_return(struct slice text)
{
    struct syntax *s = syntax_parse(text);
    const struct node *last = s ? syntax_root(s)->last : NULL;
    int line = !last ? 0 : last->kind == NODE_RETURN ? last->line : last->last_line;
    syntax_free(s);
    return line;
}

/* ---- telling ---- */

void check_tell(const struct check *c, enum problem_level level, const struct node *n,
                struct slice mark, const char *fmt, ...)
{
    struct buf text = {0};
    va_list args;
    va_start(args, fmt);
    buf_vprintf(&text, fmt, args);
    va_end(args);
    int line = mark.data == n->name.data ? n->name_line : n->line;
    loader_tell_marked(c->l, level, c->source, line, mark, text.data);
    buf_deinit(&text);
}

/* ---- what nodes mean ---- */

/* What a local was given where it was declared, and nothing else since. */
static const struct node *value_of(const struct node *n)
{
    if (n->kind != NODE_NAME || !n->declaration || n->declaration->is_reassigned)
        return NULL;
    return n->declaration->first;
}

bool check_is_library(const struct node *n, const char *library)
{
    const struct node *value = value_of(n);
    return node_is_global(value ? value : n, library);
}

bool check_is_function(const struct node *n, const char *library, const char *name)
{
    if (!library)
        return node_is_global(n, name);
    return n->kind == NODE_INDEX && check_is_library(n->first, library) &&
           slice_is_equal(node_key(n), slice_str(name));
}

bool check_is_sync(const struct node *n)
{
    const struct node *value = value_of(n);
    return value && value->kind == NODE_CALL &&
           check_is_function(value->first, "SyncManager", "new");
}

bool check_is_answer(const struct node *n)
{
    const struct node *value = value_of(n);
    return value && value->kind == NODE_CALL && value->first->kind == NODE_INDEX &&
           check_is_library(value->first->first, "http");
}

bool check_is_delivery(const struct node *n)
{
    const struct node *value = value_of(n);
    return value && value->kind == NODE_METHOD && slice_is_equal(value->name, SLICE_LIT("send")) &&
           check_is_sync(value->first);
}

/* ---- connectors and transformers by name ---- */

/* A connector that ships is loaded when a script names it; one of the project that isn't known is
   broken, which was told. */
static bool load_shipped(struct loader *l, struct slice name)
{
    const struct source *source = sources_find(l->m->sources, SOURCE_CONNECTOR, name);
    if (!source)
        return false;
    int ref = source->is_shipped ? loader_run(l, source) : LUA_NOREF;
    if (ref != LUA_NOREF)
        connector_add(l, source, ref);
    luaL_unref(l->m->L, LUA_REGISTRYINDEX, ref);
    return true;
}

static void check_connector(const struct check *c, const struct node *value)
{
    struct slice name = value->name;
    if (map_find(&c->l->m->connector_map, name))
        return;
    if (slice_is_equal(name, SLICE_LIT(SCRIPT_DEAD_LETTERS))) {
        check_tell(c, PROBLEM_ERROR, value, value->text,
                   "nothing is sent to the connector " SCRIPT_DEAD_LETTERS
                   ": dead letters are published by themselves");
        return;
    }
    bool is_there = load_shipped(c->l, name);
    if (connector_is_pattern(c->l, name))
        check_tell(c, PROBLEM_ERROR, value, value->text,
                   "the connector \"%.*s\" takes options: make a file of connectors/ with return "
                   "connector \"%.*s\" { … }, and name that",
                   SLICE_FMT(name), SLICE_FMT(name));
    if (is_there)
        return;
    const char *nearest = script_connector_nearest(c->l->m, name);
    if (nearest)
        check_tell(c, PROBLEM_ERROR, value, value->text,
                   "no connector \"%.*s\": did you mean \"%s\"? Else make connectors/%.*s.lua",
                   SLICE_FMT(name), nearest, SLICE_FMT(name));
    else
        check_tell(c, PROBLEM_ERROR, value, value->text,
                   "no connector \"%.*s\": make connectors/%.*s.lua", SLICE_FMT(name),
                   SLICE_FMT(name));
}

static void check_transformer(const struct check *c, const struct node *value)
{
    char *name = slice_dup(value->name);
    if (!transformer_find(c->l, name))
        transformer_tell_missing(c->l, name, c->source->name.data, value->line);
    free(name);
}

/* `connector = "…"` in any table of a script. */
static void check_literals(const struct check *c)
{
    for (const struct node *n = syntax_root(c->syntax); n; n = node_next(n)) {
        if (n->kind != NODE_FIELD || !n->name.data || n->last->kind != NODE_STRING ||
            memchr(n->last->name.data, '\\', n->last->name.len))
            continue;
        if (slice_is_equal(n->name, SLICE_LIT("connector")))
            check_connector(c, n->last);
        else if (slice_is_equal(n->name, SLICE_LIT("transformer")))
            check_transformer(c, n->last);
    }
}

/* ---- channels ---- */

static void check_managers(struct loader *l)
{
    for (size_t i = 0; i < l->m->n_managers; i++) {
        const struct script_manager *manager = &l->m->managers[i].public;
        if (!manager->is_started)
            loader_tell(
                l, true, manager->file.data, manager->line,
                "this SyncManager is never started, so that the channel %.*s stays closed: call "
                "sync:start() at the end of the script",
                SLICE_FMT(manager->channel));
    }
}

/* ---- handlers ---- */

static bool has_bus(const struct script_machine *m, struct slice channel)
{
    for (size_t i = 0; i < m->n_managers; i++)
        if (slice_is_equal(m->managers[i].public.channel, channel) &&
            m->managers[i].public.url.len > 0)
            return true;
    return false;
}

/* One for types among which dead letters would be, or for those of a channel that has none. */
static void check_pattern(struct loader *l, const struct handler *handler, int line)
{
    struct slice pattern = handler->public.pattern, type = SLICE_LIT(PATTERN_DEAD_LETTER);
    const char *file = handler->public.file.data;
    bool is_dead_letter = slice_is_equal(pattern, type);
    struct slice stem = slice_upto(pattern, pattern.len > 0 ? pattern.len - 1 : 0);
    bool is_beginning = pattern.len > 1 && pattern.data[pattern.len - 1] == '*';
    if (is_beginning && (slice_has_prefix(type, stem) || slice_has_prefix(stem, type)))
        loader_tell(l, true, file, line,
                    "\"%.*s\" takes no dead letters: write sync:on(\"" PATTERN_DEAD_LETTER "\", …)",
                    SLICE_FMT(pattern));
    else if (is_dead_letter && !has_bus(l->m, handler->public.channel))
        loader_tell(l, true, file, line,
                    "no dead letters are published on the channel %.*s, which has no bus: this "
                    "handler never runs",
                    SLICE_FMT(handler->public.channel));
}

static const char *const writes[] = {"post", "put", "patch", "delete"};

static bool is_write(struct slice word)
{
    for (size_t i = 0; i < ARRAY_LEN(writes); i++)
        if (slice_is_equal_nocase(word, slice_str(writes[i])))
            return true;
    return false;
}

/* http.post, called or handed on, and http.request("POST", …). */
static bool is_http_write(const struct node *n)
{
    if (n->kind == NODE_INDEX)
        return check_is_library(n->first, "http") && is_write(node_key(n));
    const struct node *method = node_child(n, 1);
    return n->kind == NODE_CALL && check_is_function(n->first, "http", "request") && method &&
           method->kind == NODE_STRING && is_write(method->name);
}

static void tell_write(const struct check *c, const struct node *n)
{
    check_tell(
        c, PROBLEM_WARNING, n, n->text,
        "http.%.*s in a handler is called again whenever the handler runs again: leave it to a "
        "connector, and sync:send to that",
        SLICE_FMT(node_key(n)));
}

/* Its own text; not that of functions that it calls. */
static void check_writes(const struct check *c, const struct node *function)
{
    for (const struct node *n = function; n && node_is_within(n, function); n = node_next(n))
        if (is_http_write(n))
            tell_write(c, n->kind == NODE_CALL ? n->first : n);
}

static const struct node *find_function(const struct syntax *s, const lua_Debug *ar)
{
    const struct node *n = syntax_root(s);
    while (n && (n->kind != NODE_FUNCTION || n->line != ar->linedefined ||
                 n->last_line != ar->lastlinedefined))
        n = node_next(n);
    return n;
}

/* Those whose functions stand in the file. */
static void check_handlers(const struct check *c)
{
    lua_State *L = c->l->m->L;
    for (size_t i = 0; i < c->l->m->n_handlers; i++) {
        const struct handler *handler = &c->l->m->handlers[i];
        lua_Debug ar;
        lua_rawgeti(L, LUA_REGISTRYINDEX, handler->run_ref);
        lua_getinfo(L, ">S", &ar);
        if (*ar.source != '@' || !slice_is_equal(slice_str(ar.source + 1), c->source->name))
            continue;
        const struct node *function = find_function(c->syntax, &ar);
        check_pattern(c->l, handler, ar.linedefined);
        if (!function)
            continue;
        check_writes(c, function);
        check_handler_habits(c, function);
    }
}

/* ---- lookup("NAME", "column") ---- */

/* At the top of what was run: it was told then. */
static bool was_run(const struct check *c, const struct node *n)
{
    return c->source->kind != SOURCE_LIB && !node_function(n)->parent;
}

static void check_lookups(const struct check *c)
{
    for (const struct node *n = syntax_root(c->syntax); n; n = node_next(n)) {
        const struct node *name = node_child(n, 1), *column = node_child(n, 2);
        struct err err = {0};
        if (n->kind != NODE_CALL || !check_is_function(n->first, NULL, "lookup") || !column ||
            name->kind != NODE_STRING || column->kind != NODE_STRING || was_run(c, n))
            continue;
        if (lookup_check(c->l, name->name, column->name, &err) < 0)
            check_tell(c, PROBLEM_FINDING, n, n->text, "%s", err.message);
    }
}

/* ---- lib/ ---- */

/* What is required without its value is there for what it does. */
static void check_lib(const struct check *c)
{
    const struct node *last = syntax_root(c->syntax)->last;
    if (last && last->kind != NODE_RETURN)
        loader_tell(
            c->l, true, c->source->name.data, last->last_line,
            "this file returns nothing to those who require it: end it with return, and the "
            "table that has what they use");
}

/* ---- all of them ---- */

static void check_file(struct loader *l, const struct source *source)
{
    struct check c = {l, source, syntax_parse(source->text)};
    if (c.syntax) { /* else it is no Lua, and that was told */
        if (source->kind == SOURCE_SCRIPT)
            check_literals(&c);
        if (source->kind == SOURCE_LIB)
            check_lib(&c);
        check_names(&c);
        check_calls(&c);
        check_fields(&c);
        check_habits(&c);
        check_handlers(&c);
        check_lookups(&c);
    }
    syntax_free((struct syntax *)c.syntax);
}

void check_config(struct loader *l, const struct source *source)
{
    struct syntax *syntax = syntax_parse(source->text);
    const struct check c = {l, source, syntax};
    if (syntax) {
        check_names(&c);
        check_habits(&c);
    }
    syntax_free(syntax);
}

void check_project(struct loader *l)
{
    for (size_t i = 0; i < sources_count(l->m->sources); i++) {
        const struct source *source = sources_at(l->m->sources, i);
        if (source->kind != SOURCE_DATA && !source->is_shipped && !source->failure)
            check_file(l, source);
    }
    if (!l->script_failed)
        check_managers(l);
}
