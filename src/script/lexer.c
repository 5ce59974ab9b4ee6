/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "script/lexer.h"

#include <ctype.h>
#include <string.h>

#include "base/attr.h"

/* Lua's reserved words (Lua 5.1 reference manual, 2.1). LuaJIT's goto is none: x.goto and goto = 1 are
   taken, and only before a name it is a statement. */
static const char *const keywords[] = {
    "and",   "break", "do",  "else", "elseif", "end",    "false", "for",  "function", "if",    "in",
    "local", "nil",   "not", "or",   "repeat", "return", "then",  "true", "until",    "while",
};

/* Longer ones first. Lua has those of the last row. */
static const char *const symbols[] = {
    "===", "!==", "..=", "!=", "&&",  "||", "++", "+=", "-=", "*=", "/=",
    "=>",  "//",  "/*",  "<>", "...", "..", "==", "~=", "<=", ">=", "::",
};

bool lexer_is_keyword(struct slice word)
{
    for (size_t i = 0; i < ARRAY_LEN(keywords); i++)
        if (slice_is_equal(word, slice_str(keywords[i])))
            return true;
    return false;
}

bool token_is(const struct token *t, const char *text)
{
    return t->kind != TOKEN_STRING && slice_is_equal(t->text, slice_str(text));
}

static char peek(const struct lexer *x, size_t ahead)
{
    if (x->pos + ahead >= x->text.len)
        return '\0';
    return x->text.data[x->pos + ahead];
}

static void step(struct lexer *x)
{
    if (x->text.data[x->pos++] == '\n')
        x->line++;
}

/* ---- long brackets ---- */

/* The level of one that opens here ("[==[" is 2), or -1. */
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

/* Takes a long string or comment, whose opening bracket is next; what it holds. */
static struct slice take_long(struct lexer *x, int level)
{
    x->pos += (size_t)level + 2;
    size_t from = x->pos;
    while (x->pos < x->text.len && !closes(x, level))
        step(x);
    struct slice value = slice_of(x->text.data + from, x->pos - from);
    x->pos = x->pos < x->text.len ? x->pos + (size_t)level + 2 : x->pos;
    return value;
}

/* ---- what tokens are made of ---- */

/* What stands behind a backslash: a line's end too, and behind \z all white space. */
static void take_escape(struct lexer *x)
{
    bool is_z = peek(x, 0) == 'z', is_return = peek(x, 0) == '\r';
    step(x);
    if (is_return && peek(x, 0) == '\n')
        step(x);
    while (is_z && x->pos < x->text.len && isspace((unsigned char)peek(x, 0)))
        step(x);
}

/* One that isn't closed ends with its line. */
static struct slice take_string(struct lexer *x)
{
    char quote = x->text.data[x->pos++];
    size_t from = x->pos;
    while (x->pos < x->text.len && x->text.data[x->pos] != quote && x->text.data[x->pos] != '\n') {
        bool is_escape = x->text.data[x->pos] == '\\' && x->pos + 1 < x->text.len;
        step(x);
        if (is_escape)
            take_escape(x);
    }
    struct slice value = slice_of(x->text.data + from, x->pos - from);
    if (x->pos < x->text.len && x->text.data[x->pos] == quote)
        x->pos++;
    return value;
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

/* Names may hold any byte beyond ASCII, as LuaJIT has it. */
static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

/* A sign belongs to the exponent before it alone: 1e+2, 0x1p+2, but 0xe + 2. */
static void take_number(struct lexer *x)
{
    char exponent = peek(x, 0) == '0' && tolower((unsigned char)peek(x, 1)) == 'x' ? 'p' : 'e';
    while (is_word(peek(x, 0)) || peek(x, 0) == '.') {
        bool is_exponent = tolower((unsigned char)peek(x, 0)) == exponent;
        x->pos++;
        if (is_exponent && (peek(x, 0) == '+' || peek(x, 0) == '-'))
            x->pos++;
    }
}

static void take_symbol(struct lexer *x)
{
    struct slice rest = slice_from(x->text, x->pos);
    for (size_t i = 0; i < ARRAY_LEN(symbols); i++) {
        if (slice_has_prefix(rest, slice_str(symbols[i]))) {
            x->pos += strlen(symbols[i]);
            return;
        }
    }
    x->pos++;
}

/* ---- tokens ---- */

struct lexer lexer_of(struct slice text)
{
    struct lexer x = {.text = text, .line = 1};
    if (slice_has_prefix(text, SLICE_LIT("\xEF\xBB\xBF"))) /* which some editors write */
        x.pos = 3;
    if (peek(&x, 0) == '#') /* the first line may be for the shell */
        x.pos += slice_find(slice_from(text, x.pos), '\n');
    return x;
}

static enum token_kind take(struct lexer *x, struct slice *value)
{
    char c = peek(x, 0);
    int level = long_bracket(x);
    if (level >= 0 || c == '"' || c == '\'') {
        *value = level >= 0 ? take_long(x, level) : take_string(x);
        return TOKEN_STRING;
    }
    if (isdigit((unsigned char)c) || (c == '.' && isdigit((unsigned char)peek(x, 1)))) {
        take_number(x);
        return TOKEN_NUMBER;
    }
    if (!is_word(c)) {
        take_symbol(x);
        return TOKEN_SYMBOL;
    }
    size_t from = x->pos;
    while (is_word(peek(x, 0)))
        x->pos++;
    bool is_keyword = lexer_is_keyword(slice_of(x->text.data + from, x->pos - from));
    return is_keyword ? TOKEN_KEYWORD : TOKEN_NAME;
}

bool lexer_next(struct lexer *x, struct token *t)
{
    skip_blanks(x);
    *t = (struct token){.line = x->line, .last_line = x->line};
    if (x->pos >= x->text.len) {
        t->text = slice_from(x->text, x->text.len);
        return false;
    }
    size_t from = x->pos;
    t->kind = take(x, &t->value);
    t->text = slice_of(x->text.data + from, x->pos - from);
    t->last_line = x->line;
    return true;
}
