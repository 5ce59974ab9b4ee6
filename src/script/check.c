/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* What can be seen in the text of scripts before an event comes: names that nothing answers. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>

#include "script/load.h"

/* ---- a lexer, as far as names, strings and comments ---- */

enum token { TOKEN_END, TOKEN_NAME, TOKEN_STRING, TOKEN_OTHER };

struct lexer {
    struct slice text;
    size_t pos;
    int line;
    struct slice value; /* of a name; of a string without its quotes, escapes as they stand */
    char other;         /* of TOKEN_OTHER: its character */
};

static char peek(const struct lexer *x, size_t ahead)
{
    if (x->pos + ahead >= x->text.len)
        return '\0';
    return x->text.data[x->pos + ahead];
}

static void step(struct lexer *x)
{
    x->line += x->text.data[x->pos++] == '\n';
}

/* The level of a long bracket that opens here ("[==[" is 2), or -1. */
static int long_bracket(const struct lexer *x)
{
    size_t n = 1;
    if (peek(x, 0) != '[')
        return -1;
    while (peek(x, n) == '=')
        n++;
    return peek(x, n) == '[' ? (int)n - 1 : -1;
}

static bool closes(const struct lexer *x, int level)
{
    if (peek(x, 0) != ']' || peek(x, (size_t)level + 1) != ']')
        return false;
    for (int i = 1; i <= level; i++)
        if (peek(x, (size_t)i) != '=')
            return false;
    return true;
}

/* Takes a long string or comment, whose opening bracket is next. */
static void take_long(struct lexer *x, int level)
{
    x->pos += (size_t)level + 2;
    size_t from = x->pos;
    while (x->pos < x->text.len && !closes(x, level))
        step(x);
    x->value = slice_of(x->text.data + from, x->pos - from);
    x->pos = x->pos < x->text.len ? x->pos + (size_t)level + 2 : x->pos;
}

static void take_string(struct lexer *x)
{
    char quote = x->text.data[x->pos++];
    size_t from = x->pos;
    while (x->pos < x->text.len && x->text.data[x->pos] != quote && x->text.data[x->pos] != '\n') {
        if (x->text.data[x->pos] == '\\' && x->pos + 1 < x->text.len)
            step(x);
        step(x);
    }
    x->value = slice_of(x->text.data + from, x->pos - from);
    if (x->pos < x->text.len)
        step(x);
}

static void skip_comment(struct lexer *x)
{
    x->pos += 2;
    int level = long_bracket(x);
    if (level >= 0) {
        take_long(x, level);
        return;
    }
    while (x->pos < x->text.len && x->text.data[x->pos] != '\n')
        x->pos++;
}

static void skip_blanks(struct lexer *x)
{
    while (x->pos < x->text.len) {
        if (isspace((unsigned char)peek(x, 0)))
            step(x);
        else if (peek(x, 0) == '-' && peek(x, 1) == '-')
            skip_comment(x);
        else
            return;
    }
}

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

static enum token next_token(struct lexer *x)
{
    skip_blanks(x);
    if (x->pos >= x->text.len)
        return TOKEN_END;
    char c = peek(x, 0);
    int level = long_bracket(x);
    if (level >= 0 || c == '"' || c == '\'') {
        if (level >= 0)
            take_long(x, level);
        else
            take_string(x);
        return TOKEN_STRING;
    }
    if (is_word(c)) {
        size_t from = x->pos;
        while (is_word(peek(x, 0)))
            x->pos++;
        x->value = slice_of(x->text.data + from, x->pos - from);
        return TOKEN_NAME;
    }
    x->other = c;
    x->pos++;
    return TOKEN_OTHER;
}

/* Whether an "=" that assigns is next; takes it. */
static bool take_assignment(struct lexer *x)
{
    skip_blanks(x);
    if (peek(x, 0) != '=' || peek(x, 1) == '=')
        return false;
    x->pos++;
    return true;
}

/* ---- name = "literal" in a table constructor ---- */

typedef void (*literal_fn)(void *ctx, struct slice value, int line);

static void each_literal(struct slice text, const char *name, literal_fn each, void *ctx)
{
    struct lexer x = {.text = text, .line = 1};
    bool begins_member = false;
    for (enum token t; (t = next_token(&x)) != TOKEN_END;) {
        bool is_it = t == TOKEN_NAME && begins_member && slice_is_equal(x.value, slice_str(name));
        begins_member = t == TOKEN_OTHER && strchr("{,;", x.other);
        int line = x.line;
        if (!is_it || !take_assignment(&x) || next_token(&x) != TOKEN_STRING)
            continue;
        if (slice_find(x.value, '\\') == x.value.len)
            each(ctx, x.value, line);
    }
}

int check_find_assignment(struct slice text, const char *name)
{
    struct lexer x = {.text = text, .line = 1};
    for (enum token t; (t = next_token(&x)) != TOKEN_END;) {
        int line = x.line;
        if (t == TOKEN_NAME && slice_is_equal(x.value, slice_str(name)) && take_assignment(&x))
            return line;
    }
    return 0;
}

/* ---- the checks ---- */

struct check {
    struct loader *l;
    const struct source *source;
};

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

static void check_connector(void *ctx, struct slice value, int line)
{
    struct check *check = ctx;
    struct loader *l = check->l;
    if (map_find(&l->m->connector_map, value))
        return;
    if (slice_is_equal(value, SLICE_LIT(SCRIPT_DEAD_LETTERS))) {
        loader_tell(l, false, check->source->name.data, line,
                    "nothing is sent to the connector " SCRIPT_DEAD_LETTERS
                    ": dead letters are published by themselves");
        return;
    }
    char *name = slice_dup(value);
    if (!load_shipped(l, value)) {
        const char *nearest = script_connector_nearest(l->m, value);
        if (nearest)
            loader_tell(l, false, check->source->name.data, line,
                        "no connector \"%s\": did you mean \"%s\"? Else make connectors/%s.lua",
                        name, nearest, name);
        else
            loader_tell(l, false, check->source->name.data, line,
                        "no connector \"%s\": make connectors/%s.lua", name, name);
    }
    free(name);
}

static void check_transformer(void *ctx, struct slice value, int line)
{
    struct check *check = ctx;
    char *name = slice_dup(value);
    if (!sources_find_own(check->l->m->sources, SOURCE_TRANSFORMER, value) &&
        !transformer_find(check->l, name))
        transformer_tell_missing(check->l, name, check->source->name.data, line);
    free(name);
}

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

/* ---- http calls that write, in handlers ---- */

static const char *const writes[] = {"post", "put", "patch", "delete"};

static bool is_write(struct slice word)
{
    for (size_t i = 0; i < ARRAY_LEN(writes); i++)
        if (slice_is_equal_nocase(word, slice_str(writes[i])))
            return true;
    return false;
}

static bool take_other(struct lexer *x, char other)
{
    return next_token(x) == TOKEN_OTHER && x->other == other;
}

/* What stands behind `http`: .post, or .request("POST"; the name of a function that writes, or an
   absent one. */
static struct slice find_write(struct lexer x)
{
    if (!take_other(&x, '.') || next_token(&x) != TOKEN_NAME)
        return SLICE_NULL;
    struct slice name = x.value;
    if (is_write(name))
        return name;
    if (!slice_is_equal(name, SLICE_LIT("request")) || !take_other(&x, '('))
        return SLICE_NULL;
    return next_token(&x) == TOKEN_STRING && is_write(x.value) ? name : SLICE_NULL;
}

static void check_lines(struct loader *l, const struct source *source, int first, int last)
{
    struct lexer x = {.text = source->text, .line = 1};
    for (enum token t; (t = next_token(&x)) != TOKEN_END && x.line <= last;) {
        int line = x.line;
        if (t != TOKEN_NAME || line < first || !slice_is_equal(x.value, SLICE_LIT("http")))
            continue;
        struct slice name = find_write(x);
        if (name.data)
            loader_tell(l, true, source->name.data, line,
                        "http.%.*s in a handler is called again whenever the handler runs again: "
                        "leave it to a connector, and sync:send to that",
                        SLICE_FMT(name));
    }
}

/* Its own lines; not those of functions that it calls. */
static void check_handler(struct loader *l, const struct handler *handler)
{
    lua_State *L = l->m->L;
    lua_Debug ar;
    lua_rawgeti(L, LUA_REGISTRYINDEX, handler->run_ref);
    lua_getinfo(L, ">S", &ar);
    const struct source *source =
        *ar.source == '@' ? sources_find_name(l->m->sources, slice_str(ar.source + 1)) : NULL;
    if (source)
        check_lines(l, source, ar.linedefined, ar.lastlinedefined);
}

/* ---- all of them ---- */

void check_project(struct loader *l)
{
    for (size_t i = 0; i < sources_count(l->m->sources); i++) {
        struct check check = {l, sources_at(l->m->sources, i)};
        if (check.source->kind != SOURCE_SCRIPT)
            continue;
        struct slice text = check.source->text;
        each_literal(text, "connector", check_connector, &check);
        each_literal(text, "transformer", check_transformer, &check);
    }
    if (!l->script_failed)
        check_managers(l);
    for (size_t i = 0; i < l->m->n_handlers; i++)
        check_handler(l, &l->m->handlers[i]);
}
