/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "admin/body.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/text.h"

int body_read(struct slice body, body_member_fn take, void *ctx, struct err *err)
{
    struct json_reader reader;
    body = slice_trim(body);
    if (body.len == 0)
        return 0;
    if (!json_is_object(body))
        return err_set(err, ERR_INVALID, "send a JSON object");
    int result = json_check(body, err);
    if (result < 0)
        return err_prefix(err, "the body is no JSON");
    json_reader_init(&reader, body);
    for (enum json_token t; result == 0 && (t = json_next(&reader)) != JSON_END;) {
        if (t != JSON_KEY)
            continue;
        char *name = slice_dup(reader.text);
        struct slice value;
        result = json_skip(&reader, &value) < 0 ? -1 : take(ctx, slice_str(name), value, err);
        free(name);
    }
    json_reader_deinit(&reader);
    return result;
}

int body_take_flag(const char *name, struct slice value, bool *flag, struct err *err)
{
    *flag = slice_is_equal(value, SLICE_LIT("true"));
    if (*flag || slice_is_equal(value, SLICE_LIT("false")))
        return 0;
    return err_set(err, ERR_INVALID, "\"%s\" must be true or false", name);
}

int body_take_string(const char *name, struct slice value, char **text, struct err *err)
{
    struct buf decoded = {0};
    if (json_get_string(value, &decoded) < 0)
        return err_set(err, ERR_INVALID, "\"%s\" must be a string", name);
    if (slice_find(buf_slice(&decoded), '\0') < decoded.len) {
        buf_deinit(&decoded);
        return err_set(err, ERR_INVALID, "\"%s\" may hold no NUL", name);
    }
    free(*text);
    *text = buf_take(&decoded);
    return 0;
}

int body_take_rate(struct slice value, int64_t *n, int64_t *ms, struct err *err)
{
    char *text = NULL;
    int rc = body_take_string("rate", value, &text, err);
    if (rc == 0)
        rc = text_parse_rate(slice_str(text), n, ms, err);
    free(text);
    return rc;
}

int body_refuse(struct slice name, const char *const *names, size_t n, struct err *err)
{
    const char *nearest = text_nearest(name, names, n);
    struct buf all = {0};
    for (size_t i = 0; i < n; i++)
        buf_printf(&all, "%s%s", i ? ", " : "", names[i]);
    err_set(err, ERR_INVALID, "unknown member \"%.*s\": %s%s%s", SLICE_FMT(name),
            nearest ? "did you mean " : "there are ", nearest ? nearest : all.data,
            nearest ? "?" : "");
    buf_deinit(&all);
    return -1;
}
