/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * UTF-8 one character at a time (Unicode 15, table 3-7: no surrogates, no overlongs), for what
 * decodes or repairs text. To ask about a whole text, see slice_is_utf8.
 */
#ifndef LIAISON_BASE_UTF8_H
#define LIAISON_BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

#define UTF8_LEN_MAX 4

/* Bytes of the well-formed character at the start of `s`: 1 to 4, or 0 when there is none. */
size_t utf8_len(struct slice s);

/* The Unicode scalar value of the well-formed character at the start of `s`. */
uint32_t utf8_decode(struct slice s);

/* Writes a Unicode scalar value (no surrogate); returns its bytes, 1 to 4. */
size_t utf8_encode(char out[static UTF8_LEN_MAX], uint32_t scalar);

/* Appends `s`, U+FFFD standing for each maximal part that is not UTF-8, as the WHATWG Encoding
   standard decodes (Unicode 15, section 3.9). */
void utf8_add_repaired(struct buf *b, struct slice s);

/* The bytes with which both begin, whole characters. */
size_t utf8_common(struct slice a, struct slice b);

/* Appends what stands around byte `at`: so many bytes ahead of it and behind it, or up to 3 fewer,
   with "…" where something is left out. */
void utf8_add_around(struct buf *b, struct slice s, size_t at, size_t ahead, size_t behind);

/* The first `len` bytes of `s`, or up to 3 fewer so that no character is cut in two. */
struct slice utf8_cut(struct slice s, size_t len);

#endif
