/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "script/excerpt.h"

#include <stdbool.h>

#include "base/utf8.h"

#define NUMBER_WIDTH 5
#define WIDTH_MAX 100
#define BEFORE_MARK 40 /* of a longer line: what is shown before the mark */

struct slice excerpt_line(struct slice text, int line)
{
    while (--line > 0 && text.data)
        slice_split(&text, '\n');
    if (!text.data || line < 0)
        return SLICE_NULL;
    struct slice found = slice_split(&text, '\n');
    if (found.len > 0 && found.data[found.len - 1] == '\r')
        found.len--;
    return found;
}

/* Columns; a tab is shown as one blank, what is no UTF-8 and what controls a terminal as "?". */
static size_t width_of(struct slice s)
{
    size_t width = 0;
    for (size_t n; s.len > 0; s = slice_from(s, n), width++)
        n = utf8_len(s) ? utf8_len(s) : 1;
    return width;
}

static void add_plain(struct buf *out, struct slice s)
{
    for (size_t n; s.len > 0; s = slice_from(s, n)) {
        unsigned char c = (unsigned char)*s.data;
        n = utf8_len(s);
        bool is_control = c < ' ' || c == 0x7F || (c == 0xC2 && (unsigned char)s.data[1] < 0xA0);
        if (n > 0 && !is_control)
            buf_add(out, s.data, n);
        else
            buf_add_char(out, c == '\t' ? ' ' : '?');
        n = n ? n : 1;
    }
}

/* Without what all lines of a function have at their left, and at most so wide. */
static struct slice cut(struct slice line, struct slice mark)
{
    struct slice shown = slice_trim(line);
    size_t at = mark.data ? (size_t)(mark.data - line.data) : 0;
    if (shown.len <= WIDTH_MAX)
        return shown;
    size_t from = (size_t)(shown.data - line.data);
    if (at > from + BEFORE_MARK)
        from = at - BEFORE_MARK;
    while (from < line.len && ((unsigned char)line.data[from] & 0xC0) == 0x80)
        from++;
    return utf8_cut(slice_from(line, from), WIDTH_MAX);
}

static bool is_within(struct slice mark, struct slice line)
{
    return mark.data && mark.data >= line.data && mark.data <= line.data + line.len;
}

void excerpt_add(struct buf *out, struct slice text, int line, struct slice mark, const char *label)
{
    struct slice whole = excerpt_line(text, line);
    if (slice_trim(whole).len == 0)
        return;
    if (!is_within(mark, whole))
        mark = SLICE_NULL;
    struct slice shown = cut(whole, mark);
    buf_printf(out, "\n%*d | ", NUMBER_WIDTH, line);
    add_plain(out, shown);
    if (!mark.data || mark.data < shown.data)
        return;
    size_t at = (size_t)(mark.data - shown.data), room = shown.len > at ? shown.len - at : 0;
    size_t width = width_of(slice_upto(mark, room));
    buf_printf(out, "\n%*s | %*s", NUMBER_WIDTH, "", (int)width_of(slice_upto(shown, at)), "");
    for (size_t i = 0; i < (width ? width : 1); i++)
        buf_add_char(out, '^');
    if (label)
        buf_printf(out, " %s", label);
}
