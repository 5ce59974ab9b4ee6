/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "cli/query.h"

#include <stdbool.h>
#include <string.h>

#include "base/text.h"

static bool is_unreserved(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c != '\0' && strchr("-._~", c));
}

void query_add_encoded(struct buf *target, struct slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (is_unreserved(s.data[i]))
            buf_add_char(target, s.data[i]);
        else
            buf_printf(target, "%%%02X", (unsigned char)s.data[i]);
    }
}

void query_add(struct buf *target, const char *name, struct slice value)
{
    buf_add_char(target, slice_find(buf_slice(target), '?') < target->len ? '&' : '?');
    buf_add_str(target, name);
    buf_add_char(target, '=');
    query_add_encoded(target, value);
}

int query_parse_when(const char *text, int64_t now_ms, struct buf *out, struct err *err)
{
    int64_t when_ms, age_ms;
    struct err ignored = {0};
    if (text_parse_time(slice_str(text), &when_ms, &ignored) < 0) {
        if (text_parse_duration(slice_str(text), &age_ms, &ignored) < 0)
            return err_set(err, ERR_INVALID,
                           "'%s' is no time: write 2026-11-23T18:00:00Z, or an age such as 2h",
                           text);
        when_ms = now_ms - age_ms;
    }
    text_add_time(out, when_ms);
    return 0;
}
