/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Base64, three bytes to four characters.
 */
#include "base/base64.h"

#include <stdbool.h>
#include <stdint.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_add(struct buf *out, struct slice bytes)
{
    buf_reserve(out, bytes.len / 3 * 4 + 4);
    for (size_t i = 0; i < bytes.len; i += 3) {
        size_t n = bytes.len - i < 3 ? bytes.len - i : 3;
        uint32_t bits = 0;
        for (size_t j = 0; j < 3; j++)
            bits = bits << 8 | (j < n ? (unsigned char)bytes.data[i + j] : 0);
        for (size_t j = 0; j < 4; j++)
            buf_add_char(out, (char)(j <= n ? alphabet[bits >> (18 - 6 * j) & 63] : '='));
    }
}

static int value_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+')
        return 62;
    return c == '/' ? 63 : -1;
}

static int value_of_loose(char c)
{
    return c == '-' ? 62 : c == '_' ? 63 : value_of(c);
}

/* Four characters, of which `n` carry bits; of one alone nothing comes. */
static int parse_quad(const char *quad, size_t n, bool is_loose, struct buf *out)
{
    uint32_t bits = 0;
    if (n == 1)
        return -1;
    for (size_t j = 0; j < 4; j++) {
        int value = j >= n ? 0 : is_loose ? value_of_loose(quad[j]) : value_of(quad[j]);
        if (value < 0)
            return -1;
        bits = bits << 6 | (uint32_t)value;
    }
    if (!is_loose && ((n == 3 && (bits & 0xFF) != 0) || (n == 2 && (bits & 0xFFFF) != 0)))
        return -1;
    for (size_t j = 0; j + 1 < n; j++)
        buf_add_char(out, (char)(bits >> (16 - 8 * j)));
    return 0;
}

/* `len` characters without padding. */
static int parse(const char *text, size_t len, bool is_loose, struct buf *out)
{
    size_t before = out->len;
    buf_reserve(out, len / 4 * 3 + 3);
    for (size_t i = 0; i < len; i += 4) {
        if (parse_quad(text + i, len - i < 4 ? len - i : 4, is_loose, out) < 0) {
            buf_truncate(out, before);
            return -1;
        }
    }
    return 0;
}

/* Its length without the padding at its end. */
static size_t unpadded(struct slice text)
{
    size_t len = text.len;
    while (len > 0 && text.len - len < 2 && text.data[len - 1] == '=')
        len--;
    return len;
}

int base64_parse(struct slice text, struct buf *out)
{
    return text.len % 4 == 0 ? parse(text.data, unpadded(text), false, out) : -1;
}

int base64_parse_loose(struct slice text, struct buf *out)
{
    return parse(text.data, unpadded(text), true, out);
}
