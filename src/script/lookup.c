/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "script/lookup.h"

#include <stdlib.h>

#include <lua.h>

#include "base/json.h"
#include "script/codec.h"

/* Columns of JSON that are known by name, and those that a header of CSV may have: each is compared
   with all of them. */
#define COLUMNS_MAX 256
#define HEADER_MAX 4096

static void add_row(struct lookup_table *t, struct slice row)
{
    t->rows = mem_grow(t->rows, t->n_rows, sizeof(*t->rows));
    t->rows[t->n_rows++] = row;
}

static bool has_column(const struct lookup_table *t, struct slice name)
{
    for (size_t i = 0; i < t->n_columns; i++)
        if (slice_is_equal(slice_str(t->columns[i]), name))
            return true;
    return false;
}

static void add_column(struct lookup_table *t, struct slice name)
{
    t->columns = mem_grow(t->columns, t->n_columns, sizeof(*t->columns));
    t->columns[t->n_columns++] = slice_dup(name);
}

/* ---- CSV ---- */

static int read_header(struct lookup_table *t, struct csv *c, struct err *err)
{
    enum csv_token token;
    while ((token = csv_next(c)) == CSV_FIELD) {
        const char *refused = csv_refuse_name(c->field);
        if (refused)
            return err_set(err, ERR_INVALID, "%s", refused);
        if (has_column(t, c->field))
            return err_set(err, ERR_INVALID, "the header names \"%.*s\" twice",
                           SLICE_FMT(c->field));
        if (t->n_columns == HEADER_MAX)
            return err_set(err, ERR_INVALID, "the header has more than %d columns", HEADER_MAX);
        add_column(t, c->field);
        if (c->is_last)
            return 0;
    }
    return token == CSV_ERROR
               ? err_set(err, ERR_INVALID, "%s", c->error)
               : err_set(err, ERR_INVALID, "there is no header, which names the columns");
}

/* The row whose first field has been read. */
static int read_row(struct lookup_table *t, struct csv *c, struct err *err)
{
    size_t from = c->row_at, n = 1;
    for (; !c->is_last; n++)
        if (csv_next(c) != CSV_FIELD)
            return err_set(err, ERR_INVALID, "%s", c->error);
    if (n != t->n_columns)
        return err_set(err, ERR_INVALID, "the line has %s fields than the %zu of the header",
                       n > t->n_columns ? "more" : "fewer", t->n_columns);
    add_row(t, slice_of(c->text.data + from, c->pos - from));
    return 0;
}

static int read_csv(struct lookup_table *t, int *line, struct err *err)
{
    struct buf scratch = {0};
    struct csv c = {.text = t->source->text, .delimiter = ',', .scratch = &scratch};
    int rc = read_header(t, &c, err);
    while (rc == 0) {
        enum csv_token token = csv_next(&c);
        if (token == CSV_END)
            break;
        *line = (int)c.line;
        rc = token == CSV_ERROR ? err_set(err, ERR_INVALID, "%s", c.error) : read_row(t, &c, err);
    }
    if (rc < 0 && c.error)
        *line = (int)c.line;
    buf_deinit(&scratch);
    return rc;
}

static int add_csv_key(const struct lookup_table *t, size_t row, size_t column, struct buf *out)
{
    struct buf scratch = {0};
    struct csv c = {.text = t->rows[row], .delimiter = ',', .scratch = &scratch};
    for (size_t i = 0; i <= column; i++)
        (void)!csv_next(&c);
    buf_add_slice(out, c.field);
    buf_deinit(&scratch);
    return 0;
}

/* ---- JSON ---- */

static void add_names(struct lookup_table *t, struct slice row)
{
    struct json_reader r;
    struct slice value;
    json_reader_init(&r, row);
    json_next(&r);
    while (json_next(&r) == JSON_KEY) {
        if (t->n_columns < COLUMNS_MAX && !has_column(t, r.text))
            add_column(t, r.text);
        if (json_skip(&r, &value) < 0)
            break;
    }
    json_reader_deinit(&r);
}

static int read_json(struct lookup_table *t, int *line, struct err *err)
{
    struct json_reader r;
    struct slice row;
    int rc = 0;
    if (json_check(t->source->text, err) < 0)
        return -1;
    json_reader_init(&r, t->source->text);
    if (json_next(&r) != JSON_ARRAY_BEGIN)
        rc =
            err_set(err, ERR_INVALID,
                    "it must be a list of objects, as in [{\"code\": \"A1\", \"name\": \"Hall\"}]");
    while (rc == 0 && json_next(&r) != JSON_ARRAY_END) {
        rc = json_skip(&r, &row);
        if (rc == 0 && json_is_object(row)) {
            add_names(t, row);
            add_row(t, row);
        } else {
            rc = err_set(err, ERR_INVALID, "element %zu is no object", t->n_rows + 1);
        }
    }
    json_reader_deinit(&r);
    *line = 0;
    return rc;
}

static int add_json_key(const struct lookup_table *t, size_t row, size_t column, struct buf *out)
{
    struct slice value;
    lua_Number number;
    if (!json_get(t->rows[row], t->columns[column], &value) || value.data[0] == 'n')
        return 0;
    if (json_is_string(value))
        return json_get_string(value, out);
    if (value.data[0] != '-' && (value.data[0] < '0' || value.data[0] > '9'))
        return -1;
    if (codec_read_number(value, &number))
        return json_add_double(out, number);
    buf_add_slice(out, value);
    return 0;
}

/* ---- both ---- */

/* Office programs write other encodings unless they are told not to. */
static int check_encoding(const struct source *source, int *line, struct err *err)
{
    struct slice rest = source->text;
    if (slice_is_utf8(rest))
        return 0;
    for (*line = 1; slice_is_utf8(slice_split(&rest, '\n')); ++*line)
        ;
    return err_set(err, ERR_INVALID,
                   "the line isn't UTF-8: save the file as UTF-8 (\"CSV UTF-8\" in Excel)");
}

int lookup_read(struct lookup_table *t, const struct source *source, int *line, struct err *err)
{
    *t = (struct lookup_table){.source = source};
    *line = 0;
    t->is_csv = slice_has_suffix(source->name, SLICE_LIT(".csv"));
    int rc = check_encoding(source, line, err);
    if (rc == 0)
        rc = t->is_csv ? read_csv(t, line, err) : read_json(t, line, err);
    t->is_broken = rc < 0;
    return rc;
}

void lookup_deinit(struct lookup_table *t)
{
    for (size_t i = 0; i < t->n_columns; i++)
        free(t->columns[i]);
    free(t->columns);
    free(t->rows);
}

int lookup_add_key(const struct lookup_table *t, size_t row, size_t column, struct buf *out)
{
    return t->is_csv ? add_csv_key(t, row, column, out) : add_json_key(t, row, column, out);
}

int lookup_line(const struct lookup_table *t, size_t row)
{
    int line = 1;
    for (const char *c = t->source->text.data; c < t->rows[row].data; c++)
        line += *c == '\n';
    return line;
}
