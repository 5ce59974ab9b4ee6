/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Escapes in JSON strings (RFC 8259, section 7).
 */
#include "base/json_string.h"

#include "base/utf8.h"

/* The value of four hexadecimal digits at p, or -1. */
static int32_t hex4(const char *p)
{
    int32_t value = 0;
    for (int i = 0; i < 4; i++) {
        char c = p[i];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0)
            return -1;
        value = value << 4 | digit;
    }
    return value;
}

/* Measures the \u escape at the start of `s`, with its partner where it is one of a surrogate pair.
   Returns its bytes, or 0 with *wrong. */
static size_t measure_unicode(struct slice s, const char **wrong)
{
    int32_t unit = s.len >= 6 ? hex4(s.data + 2) : -1;
    *wrong = "\\u must be followed by four hexadecimal digits";
    if (unit < 0)
        return 0;
    if (unit < 0xD800 || unit > 0xDFFF)
        return 6;
    *wrong = "half of a surrogate pair: \\uD800 to \\uDBFF and \\uDC00 to \\uDFFF come in pairs";
    if (unit > 0xDBFF || s.len < 12 || s.data[6] != '\\' || s.data[7] != 'u')
        return 0;
    int32_t partner = hex4(s.data + 8);
    return partner >= 0xDC00 && partner <= 0xDFFF ? 12 : 0;
}

size_t json_escape_len(struct slice s, const char **wrong)
{
    *wrong = "a string may escape only \\\" \\\\ \\/ \\b \\f \\n \\r \\t and \\u";
    if (s.len < 2 || s.data[1] == '\0' || !strchr("\"\\/bfnrtu", s.data[1]))
        return 0;
    return s.data[1] == 'u' ? measure_unicode(s, wrong) : 2;
}

/* Decodes the well-formed escape at p; returns its bytes, and what it stands for in `out`. */
static size_t decode_escape(const char *p, char out[static UTF8_LEN_MAX], size_t *len)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    if (p[1] != 'u') {
        out[0] = to[strchr(from, p[1]) - from];
        *len = 1;
        return 2;
    }
    uint32_t scalar = (uint32_t)hex4(p + 2);
    size_t used = 6;
    if (scalar >= 0xD800 && scalar <= 0xDFFF) {
        scalar = 0x10000 + ((scalar - 0xD800) << 10) + ((uint32_t)hex4(p + 8) - 0xDC00);
        used = 12;
    }
    *len = utf8_encode(out, scalar);
    return used;
}

void json_string_decode(struct buf *out, struct slice content)
{
    buf_reserve(out, content.len);
    while (content.len > 0) {
        size_t plain = slice_find(content, '\\');
        buf_add(out, content.data, plain);
        content = slice_from(content, plain);
        if (content.len == 0)
            break;
        char decoded[UTF8_LEN_MAX];
        size_t len;
        content = slice_from(content, decode_escape(content.data, decoded, &len));
        buf_add(out, decoded, len);
    }
}

bool json_string_is_equal(struct slice content, struct slice name)
{
    if (content.len < name.len) /* decoding never makes it longer */
        return false;
    if (name.len > 0 && content.data[0] != name.data[0] && content.data[0] != '\\')
        return false;
    if (slice_find(content, '\\') == content.len)
        return slice_is_equal(content, name);
    size_t i = 0;
    for (size_t pos = 0; pos < content.len;) {
        char decoded[UTF8_LEN_MAX] = {content.data[pos]};
        size_t len = 1;
        pos += content.data[pos] == '\\' ? decode_escape(content.data + pos, decoded, &len) : 1;
        if (name.len - i < len || memcmp(name.data + i, decoded, len) != 0)
            return false;
        i += len;
    }
    return i == name.len;
}
