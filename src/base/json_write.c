/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The JSON writer: strings, the builder of objects and arrays, and text without its white space.
 * Numbers are in json_number.c.
 */
#include "base/json.h"

#include <string.h>

#include "base/json_string.h"
#include "base/text.h"
#include "base/utf8.h"

/* ---- Strings -------------------------------------------------------------------------------- */

/* What a byte becomes in a string: itself (0), "\u00XX" ('u'), or a backslash and this letter.
   Bytes of longer characters (1) are looked at together. */
static const char escape_of[256] = {
    [0x00 ... 0x07] = 'u', ['\b'] = 'b',  ['\t'] = 't',        ['\n'] = 'n',
    [0x0B] = 'u',          ['\f'] = 'f',  ['\r'] = 'r',        [0x0E ... 0x1F] = 'u',
    ['"'] = '"',           ['\\'] = '\\', [0x80 ... 0xFF] = 1,
};

static void add_escape(struct buf *b, char c, char letter)
{
    static const char digits[] = "0123456789abcdef";
    char text[6] = {'\\', letter, '0', '0', digits[(unsigned char)c >> 4], digits[c & 15]};
    buf_add(b, text, letter == 'u' ? 6 : 2);
}

/* How far the bytes of this kind (see escape_of) go on from `i`. */
static size_t run_of(struct slice s, size_t i, char kind)
{
    while (i < s.len && escape_of[(unsigned char)s.data[i]] == kind)
        i++;
    return i;
}

/* From `i` on, where the first byte is that can't stand as it is. */
static void add_encoded(struct buf *b, struct slice s, size_t i)
{
    for (size_t end; i < s.len; i = end) {
        char kind = escape_of[(unsigned char)s.data[i]];
        end = kind <= 1 ? run_of(s, i, kind) : i + 1;
        if (kind == 0)
            buf_add(b, s.data + i, end - i);
        else if (kind == 1)
            utf8_add_repaired(b, slice_of(s.data + i, end - i));
        else
            add_escape(b, s.data[i], kind);
    }
}

static void add_string(struct buf *b, struct slice s, size_t plain)
{
    buf_reserve(b, s.len + 2);
    b->data[b->len++] = '"';
    if (plain > 0)
        memcpy(b->data + b->len, s.data, plain);
    b->len += plain;
    if (plain < s.len)
        add_encoded(b, s, plain);
    buf_add_char(b, '"');
}

void json_add_string(struct buf *b, struct slice s)
{
    add_string(b, s, json_plain_len((const unsigned char *)s.data, s.len));
}

bool json_add_checked(struct buf *b, struct slice s)
{
    size_t plain = json_plain_len((const unsigned char *)s.data, s.len);
    if (plain < s.len && !slice_is_utf8(slice_from(s, plain)))
        return false;
    add_string(b, s, plain);
    return true;
}

size_t json_string_len(struct slice s)
{
    size_t len = s.len + 2;
    for (size_t i = 0; i < s.len; i++) {
        char kind = escape_of[(unsigned char)s.data[i]];
        if (kind > 1)
            len += kind == 'u' ? 5 : 1;
    }
    return len;
}

/* ---- Without white space -------------------------------------------------------------------- */

/* The bytes of the string at the start of `s`, its quotes included. */
static size_t string_len(struct slice s)
{
    size_t i = 1;
    while (i < s.len && s.data[i] != '"')
        i += s.data[i] == '\\' ? 2 : 1;
    return i < s.len ? i + 1 : s.len;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

void json_compact(struct buf *out, struct slice text)
{
    buf_reserve(out, text.len);
    for (size_t i = 0; i < text.len;) {
        size_t from = i;
        while (i < text.len && !is_space(text.data[i]))
            i += text.data[i] == '"' ? string_len(slice_from(text, i)) : 1;
        buf_add(out, text.data + from, i - from);
        while (i < text.len && is_space(text.data[i]))
            i++;
    }
}

static void add_line(struct buf *out, size_t width)
{
    buf_add_char(out, '\n');
    for (size_t i = 0; i < width; i++)
        buf_add_char(out, ' ');
}

void json_pretty(struct buf *out, struct slice text, size_t margin)
{
    size_t width = margin, start = out->len;
    for (size_t i = 0; i < text.len;) {
        char c = text.data[i], before = ':'; /* at first, where no line begins */
        size_t len = c == '"' ? string_len(slice_from(text, i)) : 1;
        bool ends = c == '}' || c == ']';
        if (is_space(c)) {
            i++;
            continue;
        }
        if (out->len > start)
            before = out->data[out->len - 1];
        width -= ends && width > margin ? 2 : 0;
        if (ends ? before != '{' && before != '[' : before == '{' || before == '[' || before == ',')
            add_line(out, width);
        buf_add(out, text.data + i, len);
        if (c == ':')
            buf_add_char(out, ' ');
        width += c == '{' || c == '[' ? 2 : 0;
        i += len;
    }
}

/* ---- The builder ---------------------------------------------------------------------------- */

/* The comma that is due, and the member's name. */
static void begin_member(struct json_writer *w, const char *name)
{
    if (w->comma)
        buf_add_char(w->out, ',');
    w->comma = true;
    if (!name)
        return;
    json_add_string(w->out, slice_str(name));
    buf_add_char(w->out, ':');
}

static void begin_container(struct json_writer *w, const char *name, char bracket)
{
    begin_member(w, name);
    buf_add_char(w->out, bracket);
    w->comma = false;
}

static void end_container(struct json_writer *w, char bracket)
{
    buf_add_char(w->out, bracket);
    w->comma = true;
}

void json_object_begin(struct json_writer *w, const char *name)
{
    begin_container(w, name, '{');
}

void json_object_end(struct json_writer *w)
{
    end_container(w, '}');
}

void json_array_begin(struct json_writer *w, const char *name)
{
    begin_container(w, name, '[');
}

void json_array_end(struct json_writer *w)
{
    end_container(w, ']');
}

void json_member_string(struct json_writer *w, const char *name, struct slice s)
{
    begin_member(w, name);
    json_add_string(w->out, s);
}

void json_member_text(struct json_writer *w, const char *name, struct slice s)
{
    if (s.data)
        json_member_string(w, name, s);
    else
        json_member_null(w, name);
}

void json_member_given(struct json_writer *w, const char *name, struct slice s)
{
    if (s.data)
        json_member_string(w, name, s);
}

void json_member_cstr(struct json_writer *w, const char *name, const char *s)
{
    json_member_text(w, name, slice_str(s));
}

void json_member_integer(struct json_writer *w, const char *name, int64_t i)
{
    begin_member(w, name);
    json_add_integer(w->out, i);
}

void json_member_bool(struct json_writer *w, const char *name, bool v)
{
    begin_member(w, name);
    buf_add_str(w->out, v ? "true" : "false");
}

void json_member_null(struct json_writer *w, const char *name)
{
    begin_member(w, name);
    buf_add_str(w->out, "null");
}

void json_member_raw(struct json_writer *w, const char *name, struct slice json)
{
    begin_member(w, name);
    buf_add_slice(w->out, json);
}

void json_member_time(struct json_writer *w, const char *name, int64_t unix_ms)
{
    if (unix_ms == 0) {
        json_member_null(w, name);
        return;
    }
    begin_member(w, name);
    buf_add_char(w->out, '"');
    text_add_time(w->out, unix_ms);
    buf_add_char(w->out, '"');
}
