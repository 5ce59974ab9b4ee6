/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Escapes in JSON strings (RFC 8259, section 7). For the JSON codec itself; all others use json.h.
 * A string's content is what stands between its quotes.
 */
#ifndef LIAISON_BASE_JSON_STRING_H
#define LIAISON_BASE_JSON_STRING_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/slice.h"

/* Of eight bytes at once, the top bits of those that don't stand for themselves; the lowest of these bits
   is right. (A byte borrows only where it is marked itself, and from higher ones.) */
static inline uint64_t json_marks(uint64_t word)
{
    const uint64_t ones = 0x0101010101010101, tops = 0x80 * ones;
    uint64_t quote = word ^ '"' * ones, backslash = word ^ '\\' * ones;
    return ((word - ' ' * ones) | (quote - ones) | (backslash - ones) | word) & tops;
}

/* The last eight bytes of n, or all where they are fewer, four at least: in any order, some twice. */
static inline uint64_t json_last_word(const unsigned char *p, size_t n)
{
    uint64_t word;
    uint32_t first, last;
    if (n >= sizeof(word)) {
        memcpy(&word, p + n - sizeof(word), sizeof(word));
        return word;
    }
    memcpy(&first, p, sizeof(first));
    memcpy(&last, p + n - sizeof(last), sizeof(last));
    return (uint64_t)first << 32 | last;
}

/* How many bytes at p, n at most, stand for themselves in a string: ASCII but for control
   characters, quotes and backslashes. Inline, for the short strings that most are. */
static inline size_t json_plain_len(const unsigned char *p, size_t n)
{
    size_t i = 0;
    for (uint64_t word; n - i >= sizeof(word); i += sizeof(word)) {
        memcpy(&word, p + i, sizeof(word));
        uint64_t marks = json_marks(le64toh(word));
        if (marks)
            return i + (size_t)__builtin_ctzll(marks) / 8;
    }
    if (n >= sizeof(uint32_t) && !json_marks(json_last_word(p, n)))
        return n;
    while (i < n && p[i] >= ' ' && p[i] != '"' && p[i] != '\\' && p[i] < 0x80)
        i++;
    return i;
}

/* Bytes of the escape that begins at the start of `s`, a surrogate pair being one; 0 with *wrong
   saying why it is none. */
size_t json_escape_len(struct slice s, const char **wrong);

/* Appends a well-formed string's content with its escapes decoded. */
void json_string_decode(struct buf *out, struct slice content);

/* Whether a well-formed string's content, decoded, is `name`. Allocates nothing. */
bool json_string_is_equal(struct slice content, struct slice name);

#endif
