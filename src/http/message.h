/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What HTTP's client and server share: methods, header lists, status classes, dates.
 */
#ifndef LIAISON_HTTP_MESSAGE_H
#define LIAISON_HTTP_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/slice.h"

struct http_header {
    struct slice name, value;
};

/* Borrowed. */
struct http_headers {
    const struct http_header *items;
    size_t len;
};

/* The first header called `name` (any case), or NULL. */
const struct http_header *http_header_find(struct http_headers headers, const char *name);

/* The value of the first header called `name` (any case), data NULL when there is none. */
struct slice http_header_get(struct http_headers headers, const char *name);

/* A copy of all of them. */
struct http_headers http_headers_copy(struct http_headers headers, struct arena *arena);

/* The media type of a Content-Type, without parameters and white space: "application/json". */
struct slice http_media_type(struct slice content_type);

/* An HTTP-date in any of RFC 9110's three forms to Unix seconds; -1 when it is none. A two-digit
   year is the latest that isn't more than 50 years ahead of `now` (RFC 9110, 5.6.7). */
int http_parse_date(struct slice text, int64_t now_unix_s, int64_t *unix_s) must_check;

/* Retry-After (RFC 9110, 10.2.3: seconds or a date) as milliseconds from now, never negative;
   false when it is neither. `now_ms` is wall time; `date` is the answer's own Date, may be empty:
   where it stands, a date is counted from it, so that clocks that differ do no harm. Seconds beyond
   what fits are the largest that does. */
bool http_parse_retry_after(struct slice value, struct slice date, int64_t now_ms,
                            int64_t *delay_ms);

#endif
