/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* Syntax: what LuaJIT can't read. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "script/lexer.h"
#include "script/slips_parts.h"

#define COMMENT "a comment begins with --"
#define NO_BRACES "blocks have no braces: if … then … end, for … do … end, function(…) … end"
#define NO_COLON "no colon: if … then … end, for … do … end, function(…) … end"
#define NO_STATEMENT "a value alone does nothing: give it to a variable, or call it, as in f(x)"
#define CALLED_TEXT "a text in quotes is called in brackets: (\"Room %s\"):format(name)"
#define REQUIRE                                                                                    \
    "write local %2 = require \"%2\" for lib/%2.lua; json, time, text and so on are there "        \
    "without it"
#define TABLE_COLON "in a table write %2 = …, with = in place of the colon"
#define LOOP "write for i = 1, n do … end, or for _, x in ipairs(list) do … end"

/* A sequence of tokens, which blanks part: a token as it stands, or NAME, STRING, KEYWORD; ^ and $ for
   the ends of the line; VALUE for what may begin a table's value, but no call of a method. In the words,
   %1 is the first token of the sequence. */
struct slip {
    const char *pattern; /* NULL: the message alone is looked at */
    const char *message; /* what LuaJIT's message must contain; NULL: anything */
    const char *words;
    bool
        in_all; /* the whole text is searched from its end, not only the line and the one before it */
};

/* The first one that fits. */
static const struct slip slips[] = {
    {"!==", NULL, "write ~= for \"is not\"", false},
    {"===", NULL, "write == for \"is\"", false},
    {"!=", NULL, "write ~= for \"is not\"", false},
    {"<>", NULL, "write ~= for \"is not\"", false},
    {"&&", NULL, "write `and`", false},
    {"||", NULL, "write `or`", false},
    {"NAME ++", NULL, "write %1 = %1 + 1", false},
    {"++ NAME", NULL, "write %2 = %2 + 1", false},
    {"NAME +=", NULL, "write %1 = %1 + …", false},
    {"NAME -=", NULL, "write %1 = %1 - …", false},
    {"NAME *=", NULL, "write %1 = %1 * …", false},
    {"NAME /=", NULL, "write %1 = %1 / …", false},
    {"NAME ..=", NULL, "write %1 = %1 .. …", false},
    {"=>", NULL, "write function(x) return … end in place of an arrow", false},
    {"`", NULL, JOIN, false},
    {"//", NULL, COMMENT "; a whole quotient is math.floor(a / b)", false},
    {"/*", NULL, COMMENT ", one of several lines stands in --[[ … ]]", false},
    {"^ #", NULL, COMMENT, false},
    {"? .", NULL, "write get(event, \"data.room.name\"), which is nil where a part is missing",
     false},
    {"? ?", NULL, "write a or b; get(t, path, b) where a may be null", false},
    {"?", NULL, "write condition and a or b", false},
    {"!", NULL, "write `not`", false},
    {"&", NULL, "write bit.band(a, b)", false},
    {"|", NULL, "write bit.bor(a, b)", false},
    {"< <", NULL, "write bit.lshift(a, n)", false},
    {"> >", NULL, "write bit.rshift(a, n)", false},
    {"local NAME <", NULL, "write local %2 = …: there are no attributes", false},
    {"NAME : =", NULL, "write %1 = …, or local %1 = …", false},
    {"^ NAME : NAME =", NULL, "write local %1 = …: a name has no type", false},
    {"* *", NULL, "write a ^ n", false},
    {"{ ... NAME", NULL, "write merge(a, b): tables aren't spread", false},
    {"... NAME", NULL, "`...` has no name: write (...), and local %2 = { ... } in the function",
     false},
    {"STRING . NAME", NULL, CALLED_TEXT, false},
    {"STRING %", NULL, CALLED_TEXT, false},
    {"NAME = NAME =", NULL, "give each variable its value in a line of its own", false},
    {"const NAME", NULL, "write local %2 = …", false},
    {"let NAME", NULL, "write local %2 = …", false},
    {"var NAME", NULL, "write local %2 = …", false},
    {"async", NULL, "leave async out: http and await wait by themselves", false},
    {"await NAME", NULL,
     "write delivery:await() behind what sync:send returned, as in sync:send{ … }:await(); http "
     "waits by "
     "itself",
     false},
    {"await", NULL, "leave await out: http waits by itself, a delivery by delivery:await()", false},
    {"throw new NAME", NULL, "write error(text), or reject \"reason\"", false},
    {"new Date", NULL, "there is no `new`: " NEW_DATE, false},
    {"new Error", NULL, "there is no `new`: " NEW_ERROR, false},
    {"new Promise", NULL, "there is no `new`: " NO_PROMISE, false},
    {"new NAME", NULL, "write %2(…) or %2.new{ … }: there is no `new`", false},
    {"NAME . KEYWORD", NULL, "`%3` is a word of Lua: write %1[\"%3\"]", false},
    {"local KEYWORD", "<name>", "`%2` is a word of Lua: give the variable another name", false},
    {"KEYWORD =", "unexpected symbol near", "`%1` is a word of Lua: write [\"%1\"] = …", false},
    {"KEYWORD =", "expected near", "`%1` is a word of Lua: write [\"%1\"] = …", false},
    {"else if", "'end' expected", "write elseif: an `else if` needs an `end` of its own", true},
    {"elif", NULL, "write elseif … then", false},
    {"elsif", NULL, "write elseif … then", false},
    {"try", NULL, NO_TRY, false},
    {"catch", NULL, NO_TRY, false},
    {"except", NULL, NO_TRY, false},
    {"throw", NULL, "write error(…), or reject \"reason\"", false},
    {"raise", NULL, "write error(…), or reject \"reason\"", false},
    {"switch", NULL, "write if … elseif … else … end", false},
    {"continue", NULL, "write goto continue, and ::continue:: before the loop's end", false},
    {"for (", NULL, LOOP, false},
    {"for NAME of", NULL, LOOP, false},
    {"foreach", NULL, LOOP, false},
    {"def NAME", NULL, "write function %2(…) … end", false},
    {"lambda", NULL, "write function(x) return … end", false},
    {"from NAME", NULL, REQUIRE, false},
    {"import NAME", NULL, REQUIRE, false},
    {"export", NULL, "a file ends with return: what it gives to others", false},
    {"class NAME", NULL, "write a table of functions: local %2 = {}", false},
    {"typeof", NULL, "write type(x)", false},
    {"delete NAME", NULL, "write … = nil", false},
    {"pass $", NULL, "leave it out: a block may be empty", false},
    {"{ NAME : VALUE", NULL, TABLE_COLON, false},
    {", NAME : VALUE", NULL, TABLE_COLON, false},
    {"{ STRING :", NULL, "in a table write [%2] = …, with = in place of the colon", false},
    {", STRING :", NULL, "in a table write [%2] = …, with = in place of the colon", false},
    {"^ NAME : VALUE", NULL, "in a table write %1 = …, with = in place of the colon", false},
    {"^ STRING :", NULL, "in a table write [%1] = …, with = in place of the colon", false},
    {": $", "'then' expected", NO_COLON, true},
    {": $", "'do' expected", NO_COLON, true},
    {": $", NULL, NO_COLON, false},
    {") {", "expected near", NO_BRACES, false},
    {") {", "'then' expected", NO_BRACES, true},
    {") {", "'do' expected", NO_BRACES, true},
    {"else {", NULL, NO_BRACES, false},
    {"} else", NULL, NO_BRACES, false},
    {"^ }", "unexpected symbol", NO_BRACES, false},
    {NULL, "unexpected symbol near ')'",
     "there is one ) too many, or a value or an `end` is missing before it", false},
    {NULL, "unexpected symbol near ']'", "there is one ] too many, or a value is missing before it",
     false},
    {NULL, "')' expected near '='",
     "names stand in a table, f { x = 5 }; a default stands in the function: x = x or 5", false},
    {NULL, "')' expected near ','", "several values stand in a table: { a, b }", false},
    {NULL, "')' expected", "is a comma, or .., missing before it?", false},
    {NULL, "unexpected symbol near '['", "a list is written { … }, or array{ … }", false},
    {NULL, "'then' expected near '='", "write == to compare", false},
    {NULL, "'then' expected near 'is'", "write == to compare, and ~= for \"is not\"", false},
    {NULL, "'then' expected near 'else'", "write x = condition and a or b", false},
    {NULL, "']' expected near ':'", "a part of a text is text.sub(s, from, to)", false},
    {NULL, "near '\"\"'", "a text of several lines stands in [[ … ]]", false},
    {NULL, "'do' expected near '='", "write == to compare", false},
    {NULL, "'then' expected near 'in'",
     "`in` belongs to for alone: to find something in a list, loop over it", false},
    {NULL, "ambiguous syntax",
     "a line that begins with ( calls what the line before ends with: write the value into a local "
     "first, or ; before the (",
     false},
    {NULL, "'}' expected near ':'", "in a table write [1] = … or name = …, with =", false},
    {NULL, "'}' expected", "is a comma missing before it? A table's members are parted by commas",
     false},
    {NULL, "invalid escape sequence",
     "in quotes a backslash is written \\\\; in [[ … ]] it stands for itself", false},
    {NULL, "unfinished string",
     "the text has no quote at its end; one of several lines stands in [[ … ]]", false},
    {"^ STRING", "unexpected symbol near '\"", NO_STATEMENT, false},
    {NULL, "'=' expected near", NO_STATEMENT, false},
    {NULL, "'<eof>' expected near 'end'", "there is one `end` too many", false},
    {NULL, "'<eof>' expected near 'else", "no `if` stands before it, or that has its `end` already",
     false},
    {NULL, "'<eof>' expected near 'until'", "no `repeat` stands before it", false},
    {NULL, "'<eof>' expected", "nothing may follow a `return` or `break`: it ends its block",
     false},
};

/* ---- the tokens of a text ---- */

struct tokens {
    struct token *items;
    size_t n, cap;
};

static void read_tokens(struct tokens *tokens, struct slice text)
{
    struct lexer x = lexer_of(text);
    *tokens = (struct tokens){.items = mem_calloc(256, sizeof(struct token)), .cap = 256};
    for (struct token t; lexer_next(&x, &t); tokens->n++) {
        if (tokens->n == tokens->cap) {
            tokens->cap *= 2;
            tokens->items = mem_realloc(tokens->items, tokens->cap * sizeof(*tokens->items));
        }
        tokens->items[tokens->n] = t;
    }
}

static bool begins_line(const struct tokens *tokens, size_t i)
{
    return i == 0 || tokens->items[i - 1].last_line < tokens->items[i].line;
}

static bool ends_line(const struct tokens *tokens, size_t i)
{
    return i + 1 >= tokens->n || tokens->items[i + 1].line > tokens->items[i].last_line;
}

/* a:b(…) is a call and no table's member. */
static bool begins_value(const struct tokens *tokens, size_t i)
{
    const struct token *next = i + 1 < tokens->n ? &tokens->items[i + 1] : NULL;
    if (tokens->items[i].kind != TOKEN_NAME || !next)
        return true;
    return next->kind != TOKEN_STRING && !token_is(next, "(") && !token_is(next, "{");
}

static bool is_token(const struct tokens *tokens, size_t i, struct slice word)
{
    const struct token *t = &tokens->items[i];
    if (slice_is_equal(word, SLICE_LIT("NAME")))
        return t->kind == TOKEN_NAME;
    if (slice_is_equal(word, SLICE_LIT("STRING")))
        return t->kind == TOKEN_STRING;
    if (slice_is_equal(word, SLICE_LIT("KEYWORD")))
        return t->kind == TOKEN_KEYWORD;
    if (slice_is_equal(word, SLICE_LIT("VALUE")))
        return begins_value(tokens, i);
    return t->kind != TOKEN_STRING && slice_is_equal(t->text, word);
}

/* How many tokens from `i` on, of one line, the pattern takes; 0: it doesn't fit. */
static size_t match(const char *pattern, const struct tokens *tokens, size_t i)
{
    struct slice rest = slice_str(pattern);
    size_t n = 0;
    while (rest.len > 0) {
        struct slice word = slice_split(&rest, ' ');
        if (slice_is_equal(word, SLICE_LIT("^"))) {
            if (!begins_line(tokens, i))
                return 0;
        } else if (slice_is_equal(word, SLICE_LIT("$"))) {
            if (!ends_line(tokens, i + n - 1))
                return 0;
        } else if (i + n >= tokens->n || tokens->items[i + n].line != tokens->items[i].line ||
                   !is_token(tokens, i + n, word)) {
            return 0;
        } else {
            n++;
        }
    }
    return n;
}

/* ---- finding ---- */

struct found {
    size_t at, n; /* tokens */
};

/* On the line first, then on the one before it: LuaJIT may see only there that something is wrong. */
static bool find_near(const struct slip *slip, const struct tokens *tokens, int line,
                      struct found *found)
{
    for (int back = 0; back <= 1; back++) {
        for (size_t i = 0; i < tokens->n; i++) {
            found->at = i;
            if (tokens->items[i].line == line - back &&
                (found->n = match(slip->pattern, tokens, i)) > 0)
                return true;
        }
    }
    return false;
}

static bool find_last(const struct slip *slip, const struct tokens *tokens, struct found *found)
{
    for (size_t i = tokens->n; i > 0; i--) {
        found->at = i - 1;
        if ((found->n = match(slip->pattern, tokens, i - 1)) > 0)
            return true;
    }
    return false;
}

static bool has(struct slice text, const char *part)
{
    return memmem(text.data, text.len, part, strlen(part));
}

static const struct slip *find_slip(const struct tokens *tokens, int line, struct slice message,
                                    struct found *found)
{
    for (size_t i = 0; i < ARRAY_LEN(slips); i++) {
        const struct slip *slip = &slips[i];
        *found = (struct found){0};
        if (slip->message && !has(message, slip->message))
            continue;
        if (!slip->pattern ||
            (slip->in_all ? find_last(slip, tokens, found) : find_near(slip, tokens, line, found)))
            return slip;
    }
    return NULL;
}

static void add_words(struct buf *out, const char *words, const struct token *first, size_t n)
{
    for (const char *c = words; *c; c++) {
        size_t i = c[0] == '%' && isdigit((unsigned char)c[1]) ? (size_t)(c[1] - '1') : n;
        if (i < n) {
            buf_add_slice(out, first[i].text);
            c++;
        } else {
            buf_add_char(out, *c);
        }
    }
}

/* "'end' expected (to close 'function' at line 3) near '<eof>'": where that began. */
static bool find_opening(struct slice message, struct buf *words, int *line)
{
    char word[16], closing[16];
    struct buf text = {0};
    buf_add_slice(&text, message);
    const char *close = strstr(text.data, "(to close '");
    bool is = close && sscanf(text.data, "'%15[^']' expected", closing) == 1 &&
              sscanf(close, "(to close '%15[^']' at line %d)", word, line) == 2;
    if (is)
        buf_printf(words, "the `%s` of line %d has no `%s`", word, *line, closing);
    buf_deinit(&text);
    return is;
}

/* The innermost bracket that nothing closes. */
static bool find_bracket(const struct tokens *tokens, struct buf *words, struct slice *mark,
                         int *line)
{
    size_t depth = 0;
    for (size_t i = tokens->n; i > 0; i--) {
        const struct token *t = &tokens->items[i - 1];
        if (token_is(t, ")") || token_is(t, "}") || token_is(t, "]"))
            depth++;
        if (!token_is(t, "(") && !token_is(t, "{") && !token_is(t, "["))
            continue;
        if (depth-- > 0)
            continue;
        const char *closing = token_is(t, "(") ? ")" : token_is(t, "{") ? "}" : "]";
        buf_printf(words, "the `%.*s` of line %d has no `%s`", SLICE_FMT(t->text), t->line,
                   closing);
        *mark = t->text;
        *line = t->line;
        return true;
    }
    return false;
}

/* A name of the line, or of the one before it, that has bytes of others in it. */
static bool find_foreign_name(const struct tokens *tokens, int line, struct buf *words,
                              struct slice *mark, int *mark_line)
{
    for (size_t i = 0; i < tokens->n; i++) {
        const struct token *t = &tokens->items[i];
        const char *found = t->kind == TOKEN_NAME && (t->line == line || t->line == line - 1)
                                ? slips_find_foreign(t->text)
                                : NULL;
        if (!found)
            continue;
        buf_add_str(words, found);
        *mark = t->text;
        *mark_line = t->line;
        return true;
    }
    return false;
}

bool slips_find_syntax(struct slice text, int line, struct slice message, struct buf *words,
                       struct slice *mark, int *mark_line)
{
    struct tokens tokens;
    struct found found;
    read_tokens(&tokens, text);
    *mark = SLICE_NULL;
    *mark_line = line;
    if (find_foreign_name(&tokens, line, words, mark, mark_line)) {
        free(tokens.items);
        return true;
    }
    const struct slip *slip = find_slip(&tokens, line, message, &found);
    bool is_open =
        has(message, "near '<eof>'") && (!slip || !slip->pattern) &&
        (find_opening(message, words, mark_line) || find_bracket(&tokens, words, mark, mark_line));
    if (is_open)
        slip = NULL; /* what was never closed says more */
    if (slip)
        add_words(words, slip->words, tokens.items + found.at, found.n);
    if (slip && found.n > 0) {
        const struct token *first = &tokens.items[found.at], *last = first + found.n - 1;
        *mark = slice_of(first->text.data,
                         (size_t)(last->text.data + last->text.len - first->text.data));
        *mark_line = first->line;
    }
    free(tokens.items);
    return slip || is_open;
}
