/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "script/match.h"

#include <ctype.h>
#include <string.h>

#define ESCAPE '%'
/* Matches within matches: of quantifiers and captures, whose rest of the pattern is one. As many as
   LuaJIT's own matcher takes. */
#define DEPTH_MAX 200
/* Work between two looks at whether to stop. */
#define WORK_BETWEEN_LOOKS 4096
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

/* What stands at p; a zero behind the end, which no pattern holds. */
static char char_at(const struct match *m, const char *p)
{
    static const char none = 0;
    return *(p < pattern_end(m) ? p : &none);
}

static const char *fail(struct match *m, const char *error)
{
    if (!m->error)
        m->error = error;
    return NULL;
}

bool match_spend(struct match *m, size_t work)
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

/* A place in the text and one in the pattern: what stands before both has matched. */
struct spot {
    const char *s, *p;
};

/* What an item matches costs its length: a set is looked through. */
static bool spend_item(struct match *m, const char *p, const char *end)
{
    return match_spend(m, (size_t)(end - p));
}

/* As many as there are, then fewer and fewer. */
static const char *match_greedy(struct match *m, const char *s, const char *p, const char *end,
                                ptrdiff_t min)
{
    ptrdiff_t n = 0;
    while (spend_item(m, p, end) && is_single(m, s + n, p, end))
        n++;
    for (; n >= min && match_spend(m, 1); n--) {
        const char *rest = match_here(m, s + n, end + 1);
        if (rest)
            return rest;
    }
    return NULL;
}

/* As few as will do. */
static const char *match_lazy(struct match *m, const char *s, const char *p, const char *end)
{
    while (spend_item(m, p, end)) {
        const char *rest = match_here(m, s, end + 1);
        if (rest)
            return rest;
        if (!is_single(m, s, p, end))
            return NULL;
        s++;
    }
    return NULL;
}

/* ---- captures ---- */

static const char *open_capture(struct match *m, const char *s, const char *p)
{
    bool is_position = char_at(m, p + 1) == ')';
    if (m->n_captures >= MATCH_CAPTURES_MAX)
        return fail(m, "too many captures");
    m->captures[m->n_captures++] =
        (struct match_capture){s, is_position ? MATCH_POSITION : MATCH_UNFINISHED};
    const char *rest = match_here(m, s, p + (is_position ? 2 : 1));
    if (!rest)
        m->n_captures--;
    return rest;
}

static const char *close_capture(struct match *m, const char *s, const char *p)
{
    int i = m->n_captures - 1;
    while (i >= 0 && m->captures[i].len != MATCH_UNFINISHED)
        i--;
    if (i < 0)
        return fail(m, "invalid pattern capture");
    m->captures[i].len = s - m->captures[i].start;
    const char *rest = match_here(m, s, p + 1);
    if (!rest)
        m->captures[i].len = MATCH_UNFINISHED;
    return rest;
}

/* %1: what the first capture held, once more. */
static const char *match_again(struct match *m, const char *s, char digit)
{
    int i = digit - '1';
    if (i < 0 || i >= m->n_captures || m->captures[i].len == MATCH_UNFINISHED)
        return fail(m, "invalid capture index");
    if (m->captures[i].len == MATCH_POSITION)
        return NULL;
    size_t len = (size_t)m->captures[i].len;
    if (!match_spend(m, len / BYTES_A_STEP))
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
    for (s++; s < text_end(m) && match_spend(m, 1); s++) {
        if (*s == p[1] && --level == 0)
            return s + 1;
        if (*s == p[0] && p[0] != p[1])
            level++;
    }
    return NULL;
}

/* %f[set]: between a character outside of the set and one in it. Gives the end of the set. */
static const char *match_frontier(struct match *m, const char *s, const char *p)
{
    if (char_at(m, p) != '[')
        return fail(m, "missing '[' after '%f' in pattern");
    const char *end = set_end(m, p);
    if (!end || !spend_item(m, p, end))
        return NULL;
    int before = s == m->text.data ? 0 : (unsigned char)s[-1];
    int here = s < text_end(m) ? (unsigned char)*s : 0;
    return !is_in_set(before, p + 1, end - 1) && is_in_set(here, p + 1, end - 1) ? end : NULL;
}

/* ---- the whole ---- */

/* The end of the match, or NULL: nothing more is to be done. */
static bool finish(struct spot *at, const char *end)
{
    at->s = end;
    return false;
}

/* Goes on behind an item of the pattern, where there was a match. */
static bool go_on(struct spot *at, const char *s, const char *p)
{
    *at = (struct spot){s, p};
    return s != NULL;
}

static bool step_item(struct match *m, struct spot *at)
{
    const char *s = at->s, *p = at->p, *end = item_end(m, p);
    if (!end || !spend_item(m, p, end))
        return finish(at, NULL);
    switch (char_at(m, end)) {
    case '?': {
        const char *rest = is_single(m, s, p, end) ? match_here(m, s + 1, end + 1) : NULL;
        return rest || m->error ? finish(at, rest) : go_on(at, s, end + 1);
    }
    case '*':
        return finish(at, match_greedy(m, s, p, end, 0));
    case '+':
        return finish(at, match_greedy(m, s, p, end, 1));
    case '-':
        return finish(at, match_lazy(m, s, p, end));
    default:
        return go_on(at, is_single(m, s, p, end) ? s + 1 : NULL, end);
    }
}

/* %b, %f and %1 to %9; any other is a class or a character that means itself. */
static bool step_escape(struct match *m, struct spot *at)
{
    const char *p = at->p;
    char c = char_at(m, p + 1);
    if (c == 'b')
        return go_on(at, match_balance(m, at->s, p + 2), p + 4);
    if (c == 'f') {
        const char *end = match_frontier(m, at->s, p + 2);
        return end ? go_on(at, at->s, end) : finish(at, NULL);
    }
    if (c >= '0' && c <= '9')
        return go_on(at, match_again(m, at->s, c), p + 2);
    return step_item(m, at);
}

/* Matches one more item of the pattern; false at the end, which at->s then says. */
static bool step(struct match *m, struct spot *at)
{
    if (at->p >= pattern_end(m))
        return false;
    switch (*at->p) {
    case '(':
        return finish(at, open_capture(m, at->s, at->p));
    case ')':
        return finish(at, close_capture(m, at->s, at->p));
    case ESCAPE:
        return step_escape(m, at);
    case '$':
        if (at->p + 1 < pattern_end(m))
            return step_item(m, at);
        return finish(at, at->s == text_end(m) ? at->s : NULL);
    default:
        return step_item(m, at);
    }
}

static const char *match_here(struct match *m, const char *s, const char *p)
{
    struct spot at = {s, p};
    if (m->depth >= DEPTH_MAX)
        return fail(m, "pattern too complex");
    m->depth++;
    while (step(m, &at))
        ;
    m->depth--;
    return at.s;
}

struct slice match_pattern(struct slice text)
{
    return slice_upto(text, slice_find(text, '\0'));
}

const char *match_at(struct match *m, size_t at)
{
    m->n_captures = 0;
    m->depth = 0;
    if (!match_spend(m, 1))
        return NULL;
    const char *end = match_here(m, m->text.data + at, m->pattern.data);
    return m->error ? NULL : end;
}

bool match_is_plain(struct slice pattern)
{
    for (size_t i = 0; i < pattern.len; i++)
        if (pattern.data[i] && strchr("^$*+?.([%-", pattern.data[i]))
            return false;
    return true;
}
