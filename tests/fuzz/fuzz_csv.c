/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Comma-separated values: what is read, and written anew, is read as the same.
 */
#include "base/buf.h"
#include "fuzz.h"
#include "script/csv.h"

/* Reads `text` and writes what it holds; whether it could be read to its end. */
static bool rewrite(struct slice text, struct buf *out)
{
    struct buf scratch = {0};
    struct csv c = {.text = text, .delimiter = ',', .scratch = &scratch};
    bool begins_row = true;
    enum csv_token token;
    while ((token = csv_next(&c)) == CSV_FIELD) {
        bool is_only = begins_row && c.is_last;
        require(c.line > 0 && c.row_at <= text.len);
        if (!begins_row)
            buf_add_char(out, ',');
        if (is_only && c.field.len == 0)
            buf_add_str(out, "\"\""); /* else a blank line */
        csv_add_field(out, c.field, ',');
        if (c.is_last)
            buf_add_char(out, '\n');
        begins_row = c.is_last;
    }
    require(token == CSV_ERROR ? c.error && csv_next(&c) == CSV_ERROR : csv_next(&c) == CSV_END);
    buf_deinit(&scratch);
    return token == CSV_END;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf once = {0}, twice = {0};
    buf_reserve(&once, 0);
    buf_reserve(&twice, 0);
    if (rewrite(slice_of((const char *)data, size), &once)) {
        require(rewrite(buf_slice(&once), &twice));
        require(slice_is_equal(buf_slice(&once), buf_slice(&twice)));
    }
    buf_deinit(&once);
    buf_deinit(&twice);
    return 0;
}
