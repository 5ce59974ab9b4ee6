/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Rows of text in aligned columns, for people. Where the output is a terminal (or COLUMNS says how
 * wide it is) flexible columns are cut so that rows fit, the widest first; where that isn't enough,
 * each cell has a line of its own.
 *
 *     static const struct table_column columns[] = {
 *         {.title = "CONNECTOR", .is_flexible = true}, {.title = "WAITING", .is_number = true}};
 *     struct table t;
 *     table_init(&t, columns, ARRAY_LEN(columns));
 *     table_add(&t, name);
 *     table_add_integer(&t, waiting);
 *     table_print(&t, stdout);
 *     table_deinit(&t);
 */
#ifndef LIAISON_CLI_TABLE_H
#define LIAISON_CLI_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/slice.h"

#define TABLE_COLUMNS_MAX 10

struct table_column {
    const char *title;
    bool is_number;   /* to the right */
    bool is_flexible; /* cut where a row is too wide */
};

struct table_cell {
    size_t at, len; /* bytes in `text` */
    size_t width;   /* columns of a terminal */
    bool is_note;   /* a line of its own below its row */
};

/* In place. */
struct table {
    const struct table_column *columns;
    size_t n_columns;
    struct table_cell *cells; /* row by row */
    size_t n_cells, cap_cells;
    struct buf text;
    size_t column; /* of the next cell */
    size_t widths[TABLE_COLUMNS_MAX];
};

/* `columns` is borrowed until _deinit; TABLE_COLUMNS_MAX of them at most. */
void table_init(struct table *t, const struct table_column *columns, size_t n_columns);
void table_deinit(struct table *t);
/* The next cell, made safe for a terminal; an empty one is shown as "-". */
void table_add(struct table *t, struct slice text);
void table_add_integer(struct table *t, int64_t i);
/* An indented line below the row that was completed last. */
void table_add_note(struct table *t, struct slice text);
void table_print(const struct table *t, FILE *out);

#endif
