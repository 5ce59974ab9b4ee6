/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Base64 (RFC 4648, section 4: the standard alphabet, padded), as CloudEvents carry bytes in JSON.
 */
#ifndef LIAISON_BASE_BASE64_H
#define LIAISON_BASE_BASE64_H

#include "base/attr.h"
#include "base/buf.h"
#include "base/slice.h"

void base64_add(struct buf *out, struct slice bytes);

/* Appends the bytes that `text` stands for; -1, with nothing added, when it isn't base64: a length
   that is no multiple of 4, other characters, padding elsewhere than at the end, or bits that stand
   for nothing and aren't 0. */
int base64_parse(struct slice text, struct buf *out) must_check;

/* The same for what people copy and cut: the padding may be missing, - and _ may stand for + and /, and
   bits at the end that stand for nothing are left out. */
int base64_parse_loose(struct slice text, struct buf *out) must_check;

#endif
