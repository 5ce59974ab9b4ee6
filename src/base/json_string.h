/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Escapes in JSON strings (RFC 8259, section 7). For the JSON codec itself; all others use json.h.
 * A string's content is what stands between its quotes.
 */
#ifndef LIAISON_BASE_JSON_STRING_H
#define LIAISON_BASE_JSON_STRING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/slice.h"

/* Bytes of the escape that begins at the start of `s`, a surrogate pair being one; 0 with *wrong
   saying why it is none. */
size_t json_escape_len(struct slice s, const char **wrong);

/* Appends a well-formed string's content with its escapes decoded. */
void json_string_decode(struct buf *out, struct slice content);

/* Whether a well-formed string's content, decoded, is `name`. Allocates nothing. */
bool json_string_is_equal(struct slice content, struct slice name);

#endif
