/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The text of a script. Its tokens stand in it one behind the other; what LuaJIT compiles has a tree,
 * each of whose nodes stands within its parent; what LuaJIT refuses is looked through for slips.
 */
#include "fuzz.h"

#include <stdio.h>
#include <string.h>

#include <lauxlib.h>

#include "script/lexer.h"
#include "script/slips.h"
#include "script/syntax.h"

/* From so many bytes on there may be more steps that follow each other, as in a.b.c, than a tree has
   place for. */
#define STEPS_SIZE 2000

static lua_State *L;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    L = luaL_newstate();
    return 0;
}

static bool is_within(struct slice part, struct slice whole)
{
    return part.data >= whole.data && part.data + part.len <= whole.data + whole.len;
}

static void check_tokens(struct slice text)
{
    struct lexer x = lexer_of(text);
    const char *end = text.data;
    int line = 1;
    for (struct token t; lexer_next(&x, &t); end = t.text.data + t.text.len) {
        if (t.text.len == 0 || t.text.data < end || !is_within(t.text, text))
            die("a token out of place");
        if (t.line < line || t.last_line < t.line)
            die("a token before the one before it");
        line = t.last_line;
    }
}

static void check_tree(const struct syntax *s, struct slice text)
{
    for (const struct node *n = syntax_root(s); n; n = node_next(n)) {
        if (!is_within(n->text, text) || n->last_line < n->line)
            die("a node out of place");
        if (n->parent && n->parent->parent && !is_within(n->text, n->parent->text))
            die("a node outside of its parent");
    }
}

static void check_slip(struct slice text, const char *message)
{
    struct buf words = {0};
    struct slice mark;
    int line = 0, mark_line = 0;
    const char *rest = strchr(message, ':');
    if (rest && sscanf(rest, ":%d: ", &line) == 1)
        message = strchr(rest + 1, ':') + 2;
    bool is_slip = slips_find_syntax(text, line, slice_str(message), &words, &mark, &mark_line);
    if (is_slip != (words.len > 0))
        die("a slip without words");
    if (mark.data && (!is_within(mark, text) || mark_line < 1))
        die("a slip out of place");
    buf_deinit(&words);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || memchr(data, '\r', size))
        return 0; /* lone returns end lines for LuaJIT alone */
    struct slice text = slice_of((const char *)data, size);
    check_tokens(text);
    struct syntax *s = syntax_parse(text);
    if (s)
        check_tree(s, text);
    if (luaL_loadbufferx(L, text.data, text.len, "=x", "t") == 0) {
        if (!s && size < STEPS_SIZE)
            die("LuaJIT takes it");
    } else {
        check_slip(text, lua_tostring(L, -1));
    }
    lua_settop(L, 0);
    syntax_free(s);
    return 0;
}
