/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Percent-encoding (RFC 3986, 2.1): what stands in a URL for bytes that can't.
 */
#ifndef LIAISON_BASE_PERCENT_H
#define LIAISON_BASE_PERCENT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/slice.h"

/* Appends `s` so that it may stand in any part of a URL: all but letters, digits and -._~ is encoded.
   `is_form`: as HTML's forms have it, where a space is a +. */
void percent_add(struct buf *out, struct slice s, bool is_form);

/* Appends the bytes that `s` stands for; a + stays one. -1 where a % isn't followed by two hex digits;
   *at is then its position in `s`, and what came before it has been added. */
int percent_parse(struct buf *out, struct slice s, size_t *at) must_check;

#endif
