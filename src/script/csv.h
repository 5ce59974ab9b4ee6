/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Reads comma-separated values (RFC 4180) field by field. Lines end by LF as well as by CRLF, blank
 * ones are passed over, and so is a byte order mark.
 *
 *     struct csv c = {.text = text, .delimiter = ',', .scratch = &buf};
 *     for (enum csv_token t; (t = csv_next(&c)) == CSV_FIELD;) {
 *         use(c.field);
 *         if (c.is_last) end_of_row();
 *     }
 *     if (t == CSV_ERROR) tell(c.line, c.error);
 */
#ifndef LIAISON_SCRIPT_CSV_H
#define LIAISON_SCRIPT_CSV_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/slice.h"

enum csv_token { CSV_END, CSV_FIELD, CSV_ERROR };

/* In place; set text, delimiter and scratch, the rest 0. */
struct csv {
    struct slice text;
    char delimiter;
    struct buf *scratch; /* fields with quotes in them are unquoted there */
    /* after csv_next */
    struct slice field; /* valid until the next csv_next */
    bool is_last;       /* of its row */
    size_t row_at;      /* where its row begins in the text */
    size_t line;        /* where the field, or what is wrong, begins; from 1 */
    const char *error;
    /* private */
    size_t pos, next_line;
    bool is_in_row;
};

/* The next field; after CSV_END or CSV_ERROR the same again. */
enum csv_token csv_next(struct csv *c);

/* Whether a character may part fields: neither a quote nor the end of a line. */
bool csv_can_delimit(char c);

/* What is wrong with a column's name; NULL: nothing. A text whose lines end by \r alone is all header. */
const char *csv_refuse_name(struct slice name);

/* Appends a field, quoted where it has to be. */
void csv_add_field(struct buf *out, struct slice field, char delimiter);

#endif
