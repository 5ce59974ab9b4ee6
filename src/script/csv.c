/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "script/csv.h"

#include <string.h>

#define BYTE_ORDER_MARK "\xEF\xBB\xBF"

static bool is_at(const struct csv *c, char want)
{
    return c->pos < c->text.len && c->text.data[c->pos] == want;
}

/* Takes the end of a line, if it is here. */
static bool take_line_end(struct csv *c)
{
    bool has_return =
        is_at(c, '\r') && c->pos + 1 < c->text.len && c->text.data[c->pos + 1] == '\n';
    if (!has_return && !is_at(c, '\n'))
        return false;
    c->pos += has_return ? 2 : 1;
    c->next_line++;
    return true;
}

static void begin(struct csv *c)
{
    if (slice_has_prefix(c->text, SLICE_LIT(BYTE_ORDER_MARK)))
        c->pos = strlen(BYTE_ORDER_MARK);
    c->next_line = 1;
}

static enum csv_token fail(struct csv *c, const char *error)
{
    c->error = error;
    return CSV_ERROR;
}

/* What is behind a field: a delimiter, the end of the row, or something that is wrong there. */
static enum csv_token end_field(struct csv *c, const char *otherwise)
{
    c->is_in_row = is_at(c, c->delimiter);
    c->is_last = !c->is_in_row;
    if (c->is_in_row)
        c->pos++;
    else if (!take_line_end(c) && c->pos < c->text.len)
        return fail(c, otherwise);
    return CSV_FIELD;
}

/* The quote that comes next, or the end of the text; counts the lines up to there. */
static size_t find_quote(struct csv *c)
{
    size_t i = c->pos;
    for (; i < c->text.len && c->text.data[i] != '"'; i++)
        c->next_line += c->text.data[i] == '\n';
    return i;
}

/* A field whose opening quote was taken. Without doubled ones inside it stands in the text. */
static enum csv_token read_quoted(struct csv *c)
{
    size_t from = c->pos, end;
    buf_clear(c->scratch);
    for (;;) {
        end = find_quote(c);
        if (end == c->text.len)
            return fail(c, "a quote is never closed");
        c->pos = end + 1;
        if (!is_at(c, '"'))
            break;
        buf_add(c->scratch, c->text.data + from, end + 1 - from); /* one of the two */
        from = ++c->pos;
    }
    c->field = slice_of(c->text.data + from, end - from);
    if (c->scratch->len > 0) {
        buf_add_slice(c->scratch, c->field);
        c->field = buf_slice(c->scratch);
    }
    return end_field(c, "text stands behind a closing quote");
}

static enum csv_token read_plain(struct csv *c)
{
    size_t from = c->pos;
    for (; c->pos < c->text.len; c->pos++) {
        char here = c->text.data[c->pos];
        if (here == c->delimiter || here == '\n')
            break;
        if (here == '\r' && c->pos + 1 < c->text.len && c->text.data[c->pos + 1] == '\n')
            break;
        if (here == '"')
            return fail(c, "a quote stands in a field that isn't quoted; write \"…\" around it and "
                           "double those inside");
    }
    c->field = slice_of(c->text.data + from, c->pos - from);
    return end_field(c, NULL);
}

enum csv_token csv_next(struct csv *c)
{
    if (c->error)
        return CSV_ERROR;
    if (c->next_line == 0)
        begin(c);
    while (!c->is_in_row && take_line_end(c))
        ;
    if (!c->is_in_row)
        c->row_at = c->pos;
    c->line = c->next_line;
    if (!c->is_in_row && c->pos >= c->text.len)
        return CSV_END;
    if (!is_at(c, '"'))
        return read_plain(c);
    c->pos++;
    return read_quoted(c);
}

bool csv_can_delimit(char c)
{
    return c != '"' && c != '\n' && c != '\r' && c != '\0';
}

const char *csv_refuse_name(struct slice name)
{
    return memchr(name.data ? name.data : "", '\r', name.len)
               ? "a name of the header has \\r in it: do lines end by \\r alone? They must end by "
                 "\\n or \\r\\n"
               : NULL;
}

void csv_add_field(struct buf *out, struct slice field, char delimiter)
{
    bool is_quoted = slice_has_prefix(field, SLICE_LIT(BYTE_ORDER_MARK));
    for (size_t i = 0; !is_quoted && i < field.len; i++)
        is_quoted = field.data[i] == delimiter || !csv_can_delimit(field.data[i]);
    if (!is_quoted) {
        buf_add_slice(out, field);
        return;
    }
    buf_add_char(out, '"');
    for (size_t i = 0; i < field.len; i++) {
        if (field.data[i] == '"')
            buf_add_char(out, '"');
        buf_add_char(out, field.data[i]);
    }
    buf_add_char(out, '"');
}
