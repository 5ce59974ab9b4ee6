/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The notations that users write and read: durations, sizes, times, lists of known names.
 */
#ifndef LIAISON_BASE_TEXT_H
#define LIAISON_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

/* "200ms", "5m", "24h", "7d", "1.5s", "30" (seconds) into milliseconds, rounded up; units ms s m
   h d w. -1 with ERR_INVALID that shows the notation when it is none, is negative, or passes 1000
   years. */
int text_parse_duration(struct slice s, int64_t *ms, struct err *err) must_check;

/* "1MB" (2^20), "64KB", "1.5GB", "4096" into bytes; units B KB MB GB TB, also KiB MiB …, in
   capitals or small. */
int text_parse_size(struct slice s, int64_t *bytes, struct err *err) must_check;

/* Exact, in the largest unit up to days that gives a whole number, else in decimals of seconds:
   200 -> "200ms", 300000 -> "5m", 90000 -> "90s", 1500 -> "1.5s". */
void text_add_duration(struct buf *b, int64_t ms);
/* "500 MB", "1.5 GB", "12 B": to a tenth, 1 MB being 2^20. */
void text_add_size(struct buf *b, int64_t bytes);

/* "50/s", "1000/m", "1/h": *n, above 0, in *ms. -1 with ERR_INVALID that shows the notation. */
int text_parse_rate(struct slice s, int64_t *n, int64_t *ms, struct err *err) must_check;

/* RFC 3339 date-time (any offset, fraction of any length cut to ms) to Unix milliseconds. A leap
   second is the second after it, as in POSIX. */
int text_parse_time(struct slice s, int64_t *unix_ms, struct err *err) must_check;

/* RFC 3339 in UTC with milliseconds, 24 bytes: "2026-11-23T18:56:15.000Z". What lies outside the
   years 0 to 9999 becomes their first or last millisecond. */
#define TEXT_TIME_LEN 24
void text_add_time(struct buf *b, int64_t unix_ms);
void text_format_time(char out[static TEXT_TIME_LEN + 1], int64_t unix_ms);
/* The time of day alone: "18:56:15.042". */
void text_add_time_of_day(struct buf *b, int64_t unix_ms);

/* Decimal digits, with '-' where it is below 0, and a NUL; their number without that is returned. */
#define TEXT_INTEGER_SIZE 21
size_t text_format_integer(char out[static TEXT_INTEGER_SIZE], int64_t i);

/* A day number (days since 1970-01-01) of a proleptic Gregorian date, and back. */
int64_t text_days_from_civil(int64_t year, unsigned month, unsigned day);
void text_civil_from_days(int64_t days, int64_t *year, unsigned *month, unsigned *day);

/* The name of `names` (n of them) nearest to `word` by edit distance (a swap of neighbours counts
   as one), if near enough to be what was meant (distance <= 1 + len/4, letters' case aside); the
   first of equals; else NULL. */
const char *text_nearest(struct slice word, const char *const *names, size_t n);

/* Puts the names into their order, and appends the first `max` of them: "a, b, c and 3 more". */
void text_add_names(struct buf *out, const char **names, size_t n, size_t max);

/* Lower-case hexadecimal of `len` bytes; decoding returns -1 unless it is 2 * len hex digits. */
void text_add_hex(struct buf *b, const void *data, size_t len);
int text_parse_hex(struct slice s, void *out, size_t len) must_check;
int text_hex_digit(char c); /* 0 to 15; -1 for no hex digit */

#endif
