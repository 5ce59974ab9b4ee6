/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "cli/table.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "cli/json_view.h"
#include "cli/terminal.h"

#define GAP 2
#define NOTE_INDENT 4
#define FLEXIBLE_MIN 8
#define ELLIPSIS "\xe2\x80\xa6"

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
    cell->width = terminal_text_width(slice_of(t->text.data + cell->at, cell->len));
    return cell;
}

static size_t next_column(const struct table *t, size_t column)
{
    return column + 1 < t->n_columns ? column + 1 : 0;
}

void table_add(struct table *t, struct slice text)
{
    struct table_cell *cell = add_cell(t, text);
    if (cell->width > t->widths[t->column])
        t->widths[t->column] = cell->width;
    t->column = next_column(t, t->column);
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

static void print_spaces(FILE *out, size_t n)
{
    while (n-- > 0)
        putc(' ', out);
}

/* Text of at most `width` columns, an ellipsis being the last of one that was cut; returns what it
   took. */
static size_t print_cut(FILE *out, struct slice text, size_t text_width, size_t width)
{
    if (text_width <= width) {
        fprintf(out, "%.*s", SLICE_FMT(text));
        return text_width;
    }
    struct slice cut = terminal_cut(text, width - 1);
    fprintf(out, "%.*s" ELLIPSIS, SLICE_FMT(cut));
    return terminal_text_width(cut) + 1;
}

/* ---- rows ------------------------------------------------------------------------------------ */

struct layout {
    FILE *out;
    size_t widths[TABLE_COLUMNS_MAX];
    size_t line;
};

static size_t sum_widths(const struct table *t, const struct layout *l)
{
    size_t sum = GAP * (t->n_columns - 1);
    for (size_t i = 0; i < t->n_columns; i++)
        sum += l->widths[i];
    return sum;
}

/* The widest column that may still be cut; SIZE_MAX: none. */
static size_t find_widest(const struct table *t, const struct layout *l)
{
    size_t widest = SIZE_MAX, width = FLEXIBLE_MIN;
    for (size_t i = 0; i < t->n_columns; i++) {
        if (!t->columns[i].is_flexible || l->widths[i] <= width)
            continue;
        widest = i;
        width = l->widths[i];
    }
    return widest;
}

/* False where rows don't fit, however much is cut. */
static bool fit_columns(const struct table *t, struct layout *l)
{
    for (size_t i = 0; i < t->n_columns; i++)
        l->widths[i] = t->widths[i];
    while (sum_widths(t, l) > l->line) {
        size_t widest = find_widest(t, l);
        if (widest == SIZE_MAX)
            return false;
        l->widths[widest]--;
    }
    return true;
}

static void print_cell(const struct table *t, const struct layout *l, size_t column,
                       struct slice text, size_t text_width)
{
    size_t width = l->widths[column];
    bool is_number = t->columns[column].is_number;
    if (column > 0)
        print_spaces(l->out, GAP);
    if (is_number && text_width < width)
        print_spaces(l->out, width - text_width);
    size_t shown = print_cut(l->out, text, text_width, width);
    if (column + 1 == t->n_columns)
        putc('\n', l->out);
    else if (!is_number)
        print_spaces(l->out, width - shown);
}

static void print_note(const struct layout *l, struct slice text, size_t text_width)
{
    size_t room = l->line > NOTE_INDENT + FLEXIBLE_MIN ? l->line - NOTE_INDENT : FLEXIBLE_MIN;
    print_spaces(l->out, NOTE_INDENT);
    print_cut(l->out, text, text_width, room);
    putc('\n', l->out);
}

static struct slice cell_text(const struct table *t, const struct table_cell *cell)
{
    return slice_of(t->text.data + cell->at, cell->len);
}

static void print_rows(const struct table *t, const struct layout *l)
{
    for (size_t i = 0; i < t->n_columns; i++)
        print_cell(t, l, i, slice_str(t->columns[i].title), strlen(t->columns[i].title));
    for (size_t i = 0, column = 0; i < t->n_cells; i++) {
        const struct table_cell *cell = &t->cells[i];
        if (cell->is_note) {
            print_note(l, cell_text(t, cell), cell->width);
            continue;
        }
        print_cell(t, l, column, cell_text(t, cell), cell->width);
        column = next_column(t, column);
    }
}

/* ---- records: a line a cell, where rows are too wide ------------------------------------------ */

static size_t widest_title(const struct table *t)
{
    size_t width = 0;
    for (size_t i = 0; i < t->n_columns; i++) {
        size_t len = strlen(t->columns[i].title);
        width = len > width ? len : width;
    }
    return width;
}

static void print_records(const struct table *t, const struct layout *l)
{
    size_t titles = widest_title(t);
    size_t room = l->line > titles + GAP + FLEXIBLE_MIN ? l->line - titles - GAP : FLEXIBLE_MIN;
    for (size_t i = 0, column = 0; i < t->n_cells; i++) {
        const struct table_cell *cell = &t->cells[i];
        if (cell->is_note) {
            print_note(l, cell_text(t, cell), cell->width);
            continue;
        }
        if (column == 0 && i > 0)
            putc('\n', l->out);
        fprintf(l->out, "%-*s", (int)(titles + GAP), t->columns[column].title);
        /* What can't be cut in a row is of no use in part: an id. */
        print_cut(l->out, cell_text(t, cell), cell->width,
                  t->columns[column].is_flexible ? room : cell->width);
        putc('\n', l->out);
        column = next_column(t, column);
    }
}

void table_print(const struct table *t, FILE *out)
{
    struct layout l = {.out = out, .line = terminal_line_width(out)};
    if (fit_columns(t, &l))
        print_rows(t, &l);
    else
        print_records(t, &l);
}
