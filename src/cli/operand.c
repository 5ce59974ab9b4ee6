/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "cli/operand.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"

#define DATA_MAX ((size_t)64 << 20)

static int read_stdin(struct buf *data, struct err *err)
{
    char chunk[16384];
    size_t n;
    while ((n = fread(chunk, 1, sizeof(chunk), stdin)) > 0) {
        if (data->len + n > DATA_MAX)
            return err_set(err, ERR_FULL, "standard input is longer than 64 MB");
        buf_add(data, chunk, n);
    }
    return ferror(stdin) ? err_set_errno(err, ERR_IO, errno, "can't read standard input") : 0;
}

static int read_given(const char *given, struct buf *data, struct err *err)
{
    if (strcmp(given, "-") == 0)
        return read_stdin(data, err);
    if (given[0] == '@')
        return buf_read_file(data, given + 1, DATA_MAX, err);
    buf_add_str(data, given);
    return 0;
}

const char *operand_name(const char *given)
{
    return strcmp(given, "-") == 0 ? "standard input" : given + (given[0] == '@');
}

int operand_read_file(const char *path, struct buf *data)
{
    struct err err = {0};
    int rc =
        strcmp(path, "-") == 0 ? read_stdin(data, &err) : buf_read_file(data, path, DATA_MAX, &err);
    return rc < 0 ? command_fail("%s", err.message) : EXIT_DONE;
}

int operand_read(const struct invocation *in, const char *given, struct buf *data)
{
    struct err err = {0};
    if (read_given(given, data, &err) < 0)
        return command_fail("%s", err.message);
    if (json_check(buf_slice(data), &err) == 0)
        return EXIT_DONE;
    if (given[0] == '@' || strcmp(given, "-") == 0)
        return command_fail("%s isn't JSON: %s", operand_name(given), err.message);
    return command_misuse(in,
                          "DATA isn't JSON (%s): a text needs its quotes, '\"text\"'; a file "
                          "is named as @FILE",
                          err.message);
}
