/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "cli/query.h"

#include "base/percent.h"
#include "base/text.h"

void query_add(struct buf *target, const char *name, struct slice value)
{
    buf_add_char(target, slice_find(buf_slice(target), '?') < target->len ? '&' : '?');
    buf_add_str(target, name);
    buf_add_char(target, '=');
    percent_add(target, value, false);
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
