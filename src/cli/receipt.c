/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "cli/receipt.h"

#include "base/json.h"
#include "base/text.h"
#include "base/utf8.h"
#include "cli/json_view.h"

#define BODY_SHOWN 300
#define KEY_SHOWN 12
#define ELLIPSIS "\xe2\x80\xa6"

static void add_cut(struct buf *out, struct slice text, size_t max)
{
    struct slice cut = utf8_cut(text, max);
    buf_add_slice(out, cut);
    if (cut.len < text.len)
        buf_add_str(out, ELLIPSIS);
}

static void add_body(struct buf *out, struct slice body)
{
    struct err err;
    if (body.len == 0)
        buf_add_str(out, "null");
    else if (json_check(body, &err) == 0)
        json_compact(out, body);
    else
        json_add_string(out, body);
}

static void add_shown_body(struct buf *out, struct slice body)
{
    struct buf whole = {0};
    add_body(&whole, body);
    buf_add_str(out, "  ");
    add_cut(out, buf_slice(&whole), BODY_SHOWN);
    buf_deinit(&whole);
}

static void add_time_of_day(struct buf *out, int64_t at_ms)
{
    char time[TEXT_TIME_LEN + 1];
    text_format_time(time, at_ms);
    buf_printf(out, "%.12s", time + sizeof("2026-11-23T") - 1);
}

void receipt_add_line(struct buf *out, const struct receipt *r)
{
    struct slice key = http_header_get(r->headers, "Idempotency-Key");
    add_time_of_day(out, r->at_ms);
    buf_printf(out, " %.*s ", SLICE_FMT(r->method));
    view_add_safe(out, r->path, false);
    if (r->status)
        buf_printf(out, " %d", r->status);
    else
        buf_add_str(out, " never");
    if (r->body.len)
        add_shown_body(out, r->body);
    if (key.len) {
        buf_add_str(out, "  #");
        struct buf shown = {0};
        add_cut(&shown, key, KEY_SHOWN);
        view_add_safe(out, buf_slice(&shown), false);
        buf_deinit(&shown);
    }
    buf_add_char(out, '\n');
}

/* What every request of a kind has says nothing of this one. */
static bool is_of_interest(struct slice name)
{
    static const char *const dull[] = {"host", "accept", "accept-encoding", "connection",
                                       "content-length"};
    for (size_t i = 0; i < ARRAY_LEN(dull); i++) {
        if (slice_is_equal_nocase(name, slice_str(dull[i])))
            return false;
    }
    return true;
}

static void add_headers(struct json_writer *w, struct http_headers headers)
{
    struct buf name = {0};
    json_object_begin(w, "headers");
    for (size_t i = 0; i < headers.len; i++) {
        if (!is_of_interest(headers.items[i].name))
            continue;
        buf_clear(&name);
        buf_add_slice(&name, headers.items[i].name);
        for (size_t k = 0; k < name.len; k++) {
            if (name.data[k] >= 'A' && name.data[k] <= 'Z')
                name.data[k] = (char)(name.data[k] | 0x20);
        }
        json_member_string(w, name.data ? name.data : "", headers.items[i].value);
    }
    json_object_end(w);
    buf_deinit(&name);
}

void receipt_add_json(struct buf *out, const struct receipt *r)
{
    struct json_writer w = {.out = out};
    struct buf body = {0};
    json_object_begin(&w, NULL);
    json_member_time(&w, "at", r->at_ms);
    json_member_string(&w, "method", r->method);
    json_member_string(&w, "path", r->path);
    add_headers(&w, r->headers);
    add_body(&body, r->body);
    json_member_raw(&w, "body", buf_slice(&body));
    if (r->status)
        json_member_integer(&w, "status", r->status);
    else
        json_member_null(&w, "status");
    json_object_end(&w);
    buf_add_char(out, '\n');
    buf_deinit(&body);
}
