/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "cli/json_view.h"

#include "base/utf8.h"

struct slice view_member(struct slice object, const char *name)
{
    struct slice value;
    if (!json_get(object, name, &value) || slice_is_equal(value, SLICE_LIT("null")))
        return SLICE_NULL;
    return value;
}

int64_t view_integer(struct slice object, const char *name, int64_t fallback)
{
    int64_t i;
    struct slice value = view_member(object, name);
    return value.data && json_get_integer(value, &i) == 0 ? i : fallback;
}

bool view_is_true(struct slice object, const char *name)
{
    return slice_is_equal(view_member(object, name), SLICE_LIT("true"));
}

void view_add_value(struct buf *out, struct slice value)
{
    if (json_is_string(value)) {
        if (json_get_string(value, out) < 0)
            buf_add_slice(out, value);
    } else if (value.len > 0) {
        json_compact(out, value);
    }
}

void view_add(struct buf *out, struct slice object, const char *name)
{
    view_add_value(out, view_member(object, name));
}

void view_add_cell(struct table *t, struct slice object, const char *name)
{
    struct buf text = {0};
    view_add(&text, object, name);
    table_add(t, buf_slice(&text));
    buf_deinit(&text);
}

void view_add_time(struct buf *out, struct slice object, const char *name)
{
    size_t from = out->len;
    view_add(out, object, name);
    if (out->len - from < sizeof("2026-11-23T18:56:15") - 1)
        return;
    buf_truncate(out, from + sizeof("2026-11-23T18:56:15") - 1);
    out->data[from + sizeof("2026-11-23") - 1] = ' ';
}

const char *view_connector_state(struct slice connector)
{
    if (view_member(connector, "paused").data)
        return "paused";
    struct slice breaker = view_member(connector, "breaker");
    return !breaker.data || slice_is_equal(breaker, SLICE_LIT("\"closed\"")) ? "ok" : "breaker";
}

void view_add_safe(struct buf *out, struct slice text, bool keeps_lines)
{
    size_t from = out->len;
    utf8_add_repaired(out, text);
    for (size_t i = from; i < out->len; i++) {
        unsigned char c = (unsigned char)out->data[i];
        /* C1 controls are two bytes in UTF-8, of which C2 is the first. */
        bool is_c1 = c == 0xc2 && (unsigned char)out->data[i + 1] < 0xa0;
        if (is_c1)
            out->data[i] = out->data[i + 1] = ' ';
        else if ((c < 0x20 && !(keeps_lines && c == '\n')) || c == 0x7f)
            out->data[i] = ' ';
    }
}
