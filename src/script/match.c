/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "script/match.h"

#include <ctype.h>
#include <string.h>

#define ESCAPE '%'
#define OPEN (-1) /* length of a capture whose end hasn't come */
/* Nesting of quantifiers and captures, which is a pattern's length at most. */
#define DEPTH_MAX 200
/* Work between two looks at whether to stop; a step is a comparison, but for sets, which cost their
   length. */
#define WORK_BETWEEN_LOOKS 4096
#define PATTERN_MAX 10000
/* Bytes that are compared at once for a step's worth. */
#define BYTES_A_STEP 16

static const char *match_here(struct match *m, const char *s, const char *p);

static const char *text_end(const struct match *m)
{
    return m->text.data + m->text.len;
}

static const char *pattern_end(const struct match *m)
{
    return m->pattern.data + m->pattern.len;
}

static const char *fail(struct match *m, const char *error)
{
    if (!m->error)
        m->error = error;
    return NULL;
}

/* Counts work; false once it is to end. */
static bool spend(struct match *m, size_t work)
{
    m->work += work;
    if (m->work >= WORK_BETWEEN_LOOKS) {
        m->work = 0;
        if (m->is_stopping && m->is_stopping(m->ctx))
            fail(m, "stopped");
    }
    return !m->error;
}

/* ---- single characters ---- */

/* The end of a set, whose "[" is at p: behind its "]". */
static const char *set_end(struct match *m, const char *p)
{
    const char *end = pattern_end(m);
    p++;
    if (p < end && *p == '^')
        p++;
    /* A "]" that comes first is a member. */
    for (bool first = true; p < end; first = false) {
        if (*p == ']' && !first)
            return p + 1;
        p += *p == ESCAPE ? 2 : 1;
    }
    return fail(m, "malformed pattern (missing ']')");
}

/* Behind the item that begins at p: a character, %x, or a set. */
static const char *item_end(struct match *m, const char *p)
{
    if (*p == ESCAPE) {
        if (p + 1 >= pattern_end(m))
            return fail(m, "malformed pattern (ends with '%')");
        return p + 2;
    }
    return *p == '[' ? set_end(m, p) : p + 1;
}

static bool is_in_class(int c, int class)
{
    bool is;
    switch (tolower(class)) {
    case 'a':
        is = isalpha(c);
        break;
    case 'c':
        is = iscntrl(c);
        break;
    case 'd':
        is = isdigit(c);
        break;
    case 'g':
        is = isgraph(c);
        break;
    case 'l':
        is = islower(c);
        break;
    case 'p':
        is = ispunct(c);
        break;
    case 's':
        is = isspace(c);
        break;
    case 'u':
        is = isupper(c);
        break;
    case 'w':
        is = isalnum(c);
        break;
    case 'x':
        is = isxdigit(c);
        break;
    case 'z':
        is = c == 0;
        break;
    default:
        return class == c;
    }
    return isupper(class) ? !is : is;
}

/* `p` is behind the "[", `last` is the "]". */
static bool is_in_set(int c, const char *p, const char *last)
{
    bool is_negated = *p == '^';
    for (p += is_negated; p < last; p++) {
        if (*p == ESCAPE) {
            p++;
            if (is_in_class(c, (unsigned char)*p))
                return !is_negated;
        } else if (p + 2 < last && p[1] == '-') {
            if ((unsigned char)p[0] <= c && c <= (unsigned char)p[2])
                return !is_negated;
            p += 2;
        } else if ((unsigned char)*p == c) {
            return !is_negated;
        }
    }
    return is_negated;
}

/* Whether the character at s is what the item p..end says. */
static bool is_single(const struct match *m, const char *s, const char *p, const char *end)
{
    if (s >= text_end(m))
        return false;
    int c = (unsigned char)*s;
    switch (*p) {
    case '.':
        return true;
    case ESCAPE:
        return is_in_class(c, (unsigned char)p[1]);
    case '[':
        return is_in_set(c, p + 1, end - 1);
    default:
        return (unsigned char)*p == c;
    }
}

/* ---- quantifiers ---- */

/* As many as there are, then fewer and fewer. */
static const char *match_greedy(struct match *m, const char *s, const char *p, const char *end,
                                ptrdiff_t min)
{
    ptrdiff_t n = 0;
    while (spend(m, 1) && is_single(m, s + n, p, end))
        n++;
    for (; n >= min && spend(m, 1); n--) {
        const char *rest = match_here(m, s + n, end + 1);
        if (rest)
            return rest;
    }
    return NULL;
}

/* As few as will do. */
static const char *match_lazy(struct match *m, const char *s, const char *p, const char *end)
{
    while (spend(m, 1)) {
        const char *rest = match_here(m, s, end + 1);
        if (rest)
            return rest;
        if (!is_single(m, s, p, end))
            return NULL;
        s++;
    }
    return NULL;
}

static const char *match_optional(struct match *m, const char *s, const char *p, const char *end)
{
    const char *rest = is_single(m, s, p, end) ? match_here(m, s + 1, end + 1) : NULL;
    return rest || m->error ? rest : match_here(m, s, end + 1);
}

/* ---- captures ---- */

static const char *open_capture(struct match *m, const char *s, const char *p, ptrdiff_t len)
{
    if (m->n_captures >= MATCH_CAPTURES_MAX)
        return fail(m, "too many captures");
    m->captures[m->n_captures++] = (struct match_capture){s, len};
    const char *rest = match_here(m, s, p);
    if (!rest)
        m->n_captures--;
    return rest;
}

static const char *close_capture(struct match *m, const char *s, const char *p)
{
    int i = m->n_captures - 1;
    while (i >= 0 && m->captures[i].len != OPEN)
        i--;
    if (i < 0)
        return fail(m, "invalid pattern capture");
    m->captures[i].len = s - m->captures[i].start;
    const char *rest = match_here(m, s, p);
    if (!rest)
        m->captures[i].len = OPEN;
    return rest;
}

/* %1: what the first capture held, once more. */
static const char *match_again(struct match *m, const char *s, char digit)
{
    int i = digit - '1';
    if (i < 0 || i >= m->n_captures || m->captures[i].len == OPEN)
        return fail(m, "invalid capture index");
    if (m->captures[i].len == MATCH_POSITION)
        return NULL;
    size_t len = (size_t)m->captures[i].len;
    if (!spend(m, len / BYTES_A_STEP))
        return NULL;
    bool is_same = (size_t)(text_end(m) - s) >= len && memcmp(m->captures[i].start, s, len) == 0;
    return is_same ? s + len : NULL;
}

/* %bxy: from x to the y that balances it. */
static const char *match_balance(struct match *m, const char *s, const char *p)
{
    if (p + 1 >= pattern_end(m))
        return fail(m, "unbalanced pattern");
    if (s >= text_end(m) || *s != p[0])
        return NULL;
    int level = 1;
    for (s++; s < text_end(m) && spend(m, 1); s++) {
        if (*s == p[1] && --level == 0)
            return s + 1;
        if (*s == p[0] && p[0] != p[1])
            level++;
    }
    return NULL;
}

/* %f[set]: between a character outside of the set and one in it. */
static const char *match_frontier(struct match *m, const char *s, const char *p)
{
    if (p >= pattern_end(m) || *p != '[')
        return fail(m, "missing '[' after '%f' in pattern");
    const char *end = set_end(m, p);
    if (!end)
        return NULL;
    int before = s == m->text.data ? 0 : (unsigned char)s[-1];
    int here = s < text_end(m) ? (unsigned char)*s : 0;
    if (is_in_set(before, p + 1, end - 1) || !is_in_set(here, p + 1, end - 1))
        return NULL;
    return match_here(m, s, end);
}

/* ---- the whole ---- */

static const char *match_item(struct match *m, const char *s, const char *p)
{
    const char *end = item_end(m, p);
    if (!end)
        return NULL;
    switch (end < pattern_end(m) ? *end : '\0') {
    case '?':
        return match_optional(m, s, p, end);
    case '*':
        return match_greedy(m, s, p, end, 0);
    case '+':
        return match_greedy(m, s, p, end, 1);
    case '-':
        return match_lazy(m, s, p, end);
    default:
        return is_single(m, s, p, end) ? match_here(m, s + 1, end) : NULL;
    }
}

/* %b, %f and %1 to %9; any other is a class or a character that means itself. */
static const char *match_escape(struct match *m, const char *s, const char *p)
{
    char c = '\0';
    if (p + 1 < pattern_end(m))
        c = p[1];
    if (c == 'f')
        return match_frontier(m, s, p + 2);
    bool is_balance = c == 'b';
    if (!is_balance && !isdigit((unsigned char)c))
        return match_item(m, s, p);
    s = is_balance ? match_balance(m, s, p + 2) : match_again(m, s, c);
    return s ? match_here(m, s, p + (is_balance ? 4 : 2)) : NULL;
}

/* Plain characters one after another are taken here, so that only what may backtrack nests. */
static const char *skip_plain(const struct match *m, const char **s, const char *p)
{
    while (p < pattern_end(m) && *s < text_end(m) && !strchr("^$*+?.([%-)", *p) && *p == **s &&
           !(p + 1 < pattern_end(m) && strchr("*+?-", p[1]) && p[1])) {
        p++;
        (*s)++;
    }
    return p;
}

static const char *match_one(struct match *m, const char *s, const char *p)
{
    p = skip_plain(m, &s, p);
    if (p >= pattern_end(m))
        return s;
    switch (*p) {
    case '(':
        if (p + 1 < pattern_end(m) && p[1] == ')')
            return open_capture(m, s, p + 2, MATCH_POSITION);
        return open_capture(m, s, p + 1, OPEN);
    case ')':
        return close_capture(m, s, p + 1);
    case ESCAPE:
        return match_escape(m, s, p);
    case '$':
        if (p + 1 == pattern_end(m))
            return s == text_end(m) ? s : NULL;
        return match_item(m, s, p);
    default:
        return match_item(m, s, p);
    }
}

static const char *match_here(struct match *m, const char *s, const char *p)
{
    if (!spend(m, 1))
        return NULL;
    if (m->depth >= DEPTH_MAX)
        return fail(m, "pattern too complex");
    m->depth++;
    const char *end = match_one(m, s, p);
    m->depth--;
    return end;
}

const char *match_at(struct match *m, size_t at)
{
    m->n_captures = 0;
    m->depth = 0;
    if (m->pattern.len > PATTERN_MAX) {
        fail(m, "pattern too long");
        return NULL;
    }
    const char *end = match_here(m, m->text.data + at, m->pattern.data);
    for (int i = 0; end && i < m->n_captures; i++)
        if (m->captures[i].len == OPEN)
            return fail(m, "unfinished capture");
    return m->error ? NULL : end;
}

bool match_is_plain(struct slice pattern)
{
    for (size_t i = 0; i < pattern.len; i++)
        if (pattern.data[i] && strchr("^$*+?.([%-", pattern.data[i]))
            return false;
    return true;
}
