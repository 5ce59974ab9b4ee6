/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The head of an answer, line by line as it comes, whichever carrier brings it.
 *
 *     head_begin(&h);
 *     if (head_add(&h, line) < 0) …      // once a line, the status line and the empty one not
 *     struct http_headers headers = head_headers(&h);
 *     …
 *     head_deinit(&h);
 */
#ifndef LIAISON_HTTP_HEAD_H
#define LIAISON_HTTP_HEAD_H

#include <stddef.h>

#include "base/attr.h"
#include "base/buf.h"
#include "http/message.h"

/* Bytes that an answer's header lines, or its trailer's besides, may have. */
#define HEAD_MAX ((size_t)256 * 1024)

/* In place, zero-initialised. */
struct head {
    struct buf lines; /* each ended by '\n' */
    struct http_header *items;
    size_t cap;
};

void head_deinit(struct head *h);
/* Forgets what came, for the next answer. */
void head_begin(struct head *h);
/* `line` with or without its end. One that begins with white space goes on with the one before
   (RFC 9112, 5.2). -1 when the head grows beyond HEAD_MAX. */
int head_add(struct head *h, struct slice line) must_check;
/* Borrowed until the next call on `h`. */
struct http_headers head_headers(struct head *h);

#endif
