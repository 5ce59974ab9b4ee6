/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * UTF-8 one character at a time: measuring, encoding, repairing.
 */
#include "base/utf8.h"

/* Bytes of a whole character by its first byte; 0 when no character begins so. */
static size_t len_of_lead(unsigned char lead)
{
    if (lead < 0x80)
        return 1;
    if (lead < 0xC2 || lead > 0xF4)
        return 0;
    return lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
}

/* Whether `c` may follow `lead` directly: keeps out overlongs, surrogates, and beyond U+10FFFF. */
static bool is_second(unsigned char lead, unsigned char c)
{
    unsigned char low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    unsigned char high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    return c >= low && c <= high;
}

/* How many of the first `want` bytes of `s` agree with a character of that many; at least 1. */
static size_t matched(struct slice s, size_t want)
{
    const unsigned char *p = (const unsigned char *)s.data;
    size_t n = 1;
    while (n < want && n < s.len && (n == 1 ? is_second(p[0], p[1]) : (p[n] & 0xC0) == 0x80))
        n++;
    return n;
}

size_t utf8_len(struct slice s)
{
    size_t want = s.len > 0 ? len_of_lead((unsigned char)s.data[0]) : 0;
    return want > 0 && matched(s, want) == want ? want : 0;
}

uint32_t utf8_decode(struct slice s)
{
    static const unsigned char lead_bits[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    size_t len = len_of_lead((unsigned char)s.data[0]);
    uint32_t scalar = (unsigned char)s.data[0] & lead_bits[len];
    for (size_t i = 1; i < len; i++)
        scalar = scalar << 6 | ((unsigned char)s.data[i] & 0x3F);
    return scalar;
}

size_t utf8_encode(char out[static UTF8_LEN_MAX], uint32_t scalar)
{
    if (scalar < 0x80) {
        out[0] = (char)scalar;
        return 1;
    }
    size_t len = scalar < 0x800 ? 2 : scalar < 0x10000 ? 3 : 4;
    for (size_t i = len - 1; i > 0; i--, scalar >>= 6)
        out[i] = (char)(0x80 | (scalar & 0x3F));
    static const unsigned char lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
    out[0] = (char)(lead[len] | scalar);
    return len;
}

void utf8_add_repaired(struct buf *b, struct slice s)
{
    size_t from = 0; /* of the well-formed run that isn't copied yet */
    for (size_t i = 0; i < s.len;) {
        struct slice rest = slice_from(s, i);
        size_t len = utf8_len(rest);
        if (len > 0) {
            i += len;
            continue;
        }
        buf_add(b, s.data + from, i - from);
        buf_add_str(b, "\xEF\xBF\xBD");
        i += matched(rest, len_of_lead((unsigned char)rest.data[0]));
        from = i;
    }
    if (from < s.len)
        buf_add(b, s.data + from, s.len - from);
}

struct slice utf8_cut(struct slice s, size_t len)
{
    if (len >= s.len)
        return s;
    size_t cut = len;
    while (cut > 0 && len - cut < UTF8_LEN_MAX - 1 && ((unsigned char)s.data[cut] & 0xC0) == 0x80)
        cut--;
    return slice_upto(s, ((unsigned char)s.data[cut] & 0xC0) == 0x80 ? len : cut);
}

size_t utf8_common(struct slice a, struct slice b)
{
    size_t n = 0, min = a.len < b.len ? a.len : b.len;
    while (n < min && a.data[n] == b.data[n])
        n++;
    size_t in_a = utf8_cut(a, n).len, in_b = utf8_cut(b, n).len;
    return in_a < in_b ? in_a : in_b;
}

void utf8_add_around(struct buf *b, struct slice s, size_t at, size_t ahead, size_t behind)
{
    size_t from = at > ahead ? at - ahead : 0;
    while (from < at && (s.data[from] & 0xc0) == 0x80)
        from++;
    struct slice shown = utf8_cut(slice_from(s, from), at - from + behind);
    if (from > 0)
        buf_add_str(b, "…");
    buf_add_slice(b, shown);
    if (from + shown.len < s.len)
        buf_add_str(b, "…");
}
