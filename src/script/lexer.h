/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Lua's text in tokens: for what looks at scripts without running them. Takes any text, also one
 * that LuaJIT refuses: what is no Lua are symbols, among them the operators of other languages
 * (!= += && =>), which no Lua text has side by side.
 *
 *     struct lexer x = lexer_of(text);
 *     for (struct token t; lexer_next(&x, &t);)
 *         if (token_is(&t, "await")) …
 */
#ifndef LIAISON_SCRIPT_LEXER_H
#define LIAISON_SCRIPT_LEXER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

enum token_kind {
    TOKEN_END,
    TOKEN_NAME,
    TOKEN_KEYWORD,
    TOKEN_NUMBER,
    TOKEN_STRING,
    TOKEN_SYMBOL, /* one to three characters */
};

struct token {
    enum token_kind kind;
    struct slice text;  /* as it stands, quotes included */
    struct slice value; /* of a string: what stands between its quotes, escapes as they are */
    int line;           /* where it begins, from 1 */
    int last_line;      /* where it ends: of a long string */
};

struct lexer {
    struct slice text; /* borrowed, as all slices of its tokens are */
    size_t pos;
    int line;
};

struct lexer lexer_of(struct slice text);
/* The next token; false at the end, where *t is TOKEN_END. Comments are passed over. */
bool lexer_next(struct lexer *x, struct token *t);

/* Whether a name, keyword or symbol is `text`. */
bool token_is(const struct token *t, const char *text);
/* Whether it is one of the words that no name may be. `goto` is none of them in LuaJIT: a name, but
   where a statement begins with it and a label follows. */
bool lexer_is_keyword(struct slice word);

#endif
