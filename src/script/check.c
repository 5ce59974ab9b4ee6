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

/* A connector that ships is loaded when a script names it. */
static bool load_shipped(struct loader *l, const char *name)
{
    char *path = modules_find(l->m->data_dir, "connectors", name);
    if (!path)
        return false;
    struct source *source = loader_read(l, path);
    int ref = source ? loader_run(l, source) : LUA_NOREF;
    if (ref != LUA_NOREF)
        connector_add(l, name, source, ref);
    luaL_unref(l->m->L, LUA_REGISTRYINDEX, ref);
    free(path);
    return true;
}

static void check_connector(void *ctx, struct slice value, int line)
{
    struct check *check = ctx;
    struct loader *l = check->l;
    if (map_find(&l->m->connector_map, value))
        return;
    char *name = slice_dup(value);
    char *broken = modules_find(l->m->project, "connectors", name);
    if (!broken && !load_shipped(l, name)) {
        const char *nearest = script_connector_nearest(l->m, value);
        if (nearest)
            loader_tell(l, false, check->source->name.data, line,
                        "no connector \"%s\": did you mean \"%s\"? Else make connectors/%s.lua",
                        name, nearest, name);
        else
            loader_tell(l, false, check->source->name.data, line,
                        "no connector \"%s\": make connectors/%s.lua", name, name);
    }
    free(broken);
    free(name);
}

static void check_transformer(void *ctx, struct slice value, int line)
{
    struct check *check = ctx;
    char *name = slice_dup(value);
    char *broken = modules_find(check->l->m->project, "transformers", name);
    if (!broken && !transformer_find(check->l, name))
        transformer_tell_missing(check->l, name, check->source->name.data, line);
    free(broken);
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

void check_project(struct loader *l)
{
    for (size_t i = 0; i < l->n_sources; i++) {
        struct check check = {l, l->sources[i]};
        if (!check.source->is_script)
            continue;
        struct slice text = buf_slice(&check.source->text);
        each_literal(text, "connector", check_connector, &check);
        each_literal(text, "transformer", check_transformer, &check);
    }
    if (!l->script_failed)
        check_managers(l);
}
