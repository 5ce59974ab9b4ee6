/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The files of data/ as tables of rows, for lookup("NAME", "column")[key]: CSV with a header, or a JSON
 * list of objects. A row stays text until somebody asks for it.
 */
#ifndef LIAISON_SCRIPT_LOOKUP_H
#define LIAISON_SCRIPT_LOOKUP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "script/csv.h"
#include "script/sources.h"

struct lookup_table {
    const struct source *source; /* whose text the rows borrow */
    bool is_csv;
    bool is_broken; /* it couldn't be read */
    char **columns; /* owned; of CSV in the order of its fields */
    size_t n_columns;
    struct slice *rows; /* a line of CSV, or a JSON object */
    size_t n_rows;
};

/* Reads all of it. -1 with err and *line, where it is known, else 0; the table is then broken, and to be
   deinited, too. */
int lookup_read(struct lookup_table *t, const struct source *source, int *line,
                struct err *err) must_check;
void lookup_deinit(struct lookup_table *t);

/* Appends what a row has in a column as text, a number as JSON has it; nothing where that is missing,
   null or empty. -1 when it is no text and no number. */
int lookup_add_key(const struct lookup_table *t, size_t row, size_t column,
                   struct buf *out) must_check;

/* The line in the file where a row begins, from 1. */
int lookup_line(const struct lookup_table *t, size_t row);

#endif
