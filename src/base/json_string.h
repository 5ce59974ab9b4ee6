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

/* How many bytes at p, n at most, stand for themselves in a string: ASCII but for control
   characters, quotes and backslashes. Inline, for the short strings that most are. */
static inline size_t json_plain_len(const unsigned char *p, size_t n)
{
    const uint64_t ones = 0x0101010101010101, tops = 0x80 * ones;
    size_t i = 0;
    for (uint64_t word; n - i >= sizeof(word); i += sizeof(word)) {
        /* Eight at once: the lowest top bit that is left marks the first byte that is none. (A byte
           borrows only where it is marked itself, and from higher ones.) */
        memcpy(&word, p + i, sizeof(word));
        word = le64toh(word);
        uint64_t quote = word ^ '"' * ones, backslash = word ^ '\\' * ones;
        uint64_t marks = (word - ' ' * ones) | (quote - ones) | (backslash - ones) | word;
        if (marks & tops)
            return i + (size_t)__builtin_ctzll(marks & tops) / 8;
    }
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
