/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "cli/table.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/json.h"
#include "base/utf8.h"
#include "cli/json_view.h"

#define GAP 2
#define NOTE_INDENT 4
#define FLEXIBLE_MIN 8
#define ELLIPSIS "\xe2\x80\xa6"

static size_t count_characters(struct slice text)
{
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++)
        n += ((unsigned char)text.data[i] & 0xc0) != 0x80;
    return n;
}

/* Bytes of the first `n` characters. */
static size_t bytes_of(struct slice text, size_t n)
{
    size_t at = 0;
    while (n-- > 0 && at < text.len) {
        size_t len = utf8_len(slice_from(text, at));
        at += len ? len : 1;
    }
    return at;
}

void table_init(struct table *t, const struct table_column *columns, size_t n_columns)
{
    if (n_columns > TABLE_COLUMNS_MAX)
        die("a table of %zu columns", n_columns);
    *t = (struct table){.columns = columns, .n_columns = n_columns};
    for (size_t i = 0; i < n_columns; i++)
        t->widths[i] = strlen(columns[i].title);
}

void table_deinit(struct table *t)
{
    free(t->cells);
    buf_deinit(&t->text);
}

static struct table_cell *add_cell(struct table *t, struct slice text)
{
    if (t->n_cells == t->cap_cells) {
        t->cap_cells = t->cap_cells ? t->cap_cells * 2 : 64;
        t->cells = mem_realloc(t->cells, t->cap_cells * sizeof(*t->cells));
    }
    struct table_cell *cell = &t->cells[t->n_cells++];
    *cell = (struct table_cell){.at = t->text.len};
    view_add_safe(&t->text, text.len ? text : SLICE_LIT("-"), false);
    cell->len = t->text.len - cell->at;
    cell->width = count_characters(slice_of(t->text.data + cell->at, cell->len));
    return cell;
}

void table_add(struct table *t, struct slice text)
{
    struct table_cell *cell = add_cell(t, text);
    if (cell->width > t->widths[t->column])
        t->widths[t->column] = cell->width;
    t->column = (t->column + 1) % t->n_columns;
}

void table_add_integer(struct table *t, int64_t i)
{
    struct buf text = {0};
    json_add_integer(&text, i);
    table_add(t, buf_slice(&text));
    buf_deinit(&text);
}

void table_add_note(struct table *t, struct slice text)
{
    add_cell(t, text)->is_note = true;
}

size_t table_line_width(FILE *out)
{
    struct winsize size;
    const char *columns = getenv("COLUMNS");
    long given = columns ? strtol(columns, NULL, 10) : 0;
    if (given > 0)
        return (size_t)given;
    if (ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return SIZE_MAX;
}

static void print_spaces(FILE *out, size_t n)
{
    while (n-- > 0)
        putc(' ', out);
}

/* Text of at most `width` characters, an ellipsis being the last of one that was cut. */
static size_t print_cut(FILE *out, struct slice text, size_t text_width, size_t width)
{
    if (text_width <= width) {
        fprintf(out, "%.*s", SLICE_FMT(text));
        return text_width;
    }
    size_t len = bytes_of(text, width - 1);
    fprintf(out, "%.*s" ELLIPSIS, (int)len, text.data);
    return width;
}

struct layout {
    FILE *out;
    size_t widths[TABLE_COLUMNS_MAX];
    size_t line;
};

static void fit_columns(const struct table *t, struct layout *l)
{
    size_t sum = 0, flexible = SIZE_MAX;
    for (size_t i = 0; i < t->n_columns; i++) {
        l->widths[i] = t->widths[i];
        sum += t->widths[i] + (i > 0 ? GAP : 0);
        if (t->columns[i].is_flexible)
            flexible = i;
    }
    if (sum <= l->line || flexible == SIZE_MAX)
        return;
    size_t over = sum - l->line;
    size_t width = l->widths[flexible];
    size_t least = width < FLEXIBLE_MIN ? width : FLEXIBLE_MIN;
    l->widths[flexible] = width > over + least ? width - over : least;
}

static void print_cell(const struct table *t, const struct layout *l, size_t column,
                       struct slice text, size_t text_width)
{
    size_t width = l->widths[column];
    size_t shown = text_width < width ? text_width : width;
    if (column > 0)
        print_spaces(l->out, GAP);
    if (t->columns[column].is_number)
        print_spaces(l->out, width - shown);
    print_cut(l->out, text, text_width, width);
    if (column + 1 == t->n_columns)
        putc('\n', l->out);
    else if (!t->columns[column].is_number)
        print_spaces(l->out, width - shown);
}

static void print_note(const struct layout *l, struct slice text, size_t text_width)
{
    size_t room = l->line > NOTE_INDENT + FLEXIBLE_MIN ? l->line - NOTE_INDENT : FLEXIBLE_MIN;
    print_spaces(l->out, NOTE_INDENT);
    print_cut(l->out, text, text_width, room);
    putc('\n', l->out);
}

void table_print(const struct table *t, FILE *out)
{
    struct layout l = {.out = out, .line = table_line_width(out)};
    fit_columns(t, &l);
    for (size_t i = 0; i < t->n_columns; i++)
        print_cell(t, &l, i, slice_str(t->columns[i].title), strlen(t->columns[i].title));
    for (size_t i = 0, column = 0; i < t->n_cells; i++) {
        const struct table_cell *cell = &t->cells[i];
        struct slice text = slice_of(t->text.data + cell->at, cell->len);
        if (cell->is_note) {
            print_note(&l, text, cell->width);
            continue;
        }
        print_cell(t, &l, column, text, cell->width);
        column = (column + 1) % t->n_columns;
    }
}
