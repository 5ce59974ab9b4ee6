/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Headers, media types, HTTP-dates and Retry-After; pure.
 */
#include "http/message.h"

#include "base/text.h"

#define DAY_S 86400
/* 50 years of 365.2425 days. */
#define FIFTY_YEARS_S (INT64_C(50) * 31556952)

const struct http_header *http_header_find(struct http_headers headers, const char *name)
{
    struct slice wanted = slice_str(name);
    const struct http_header *header = headers.items;
    for (size_t i = 0; i < headers.len; i++, header++) {
        if (slice_is_equal_nocase(header->name, wanted))
            return header;
    }
    return NULL;
}

struct slice http_header_get(struct http_headers headers, const char *name)
{
    const struct http_header *header = http_header_find(headers, name);
    return header ? header->value : SLICE_NULL;
}

struct http_headers http_headers_copy(struct http_headers headers, struct arena *arena)
{
    struct http_header *items = arena_alloc(arena, (headers.len + 1) * sizeof(*items));
    for (size_t i = 0; i < headers.len; i++)
        items[i] = (struct http_header){arena_copy(arena, headers.items[i].name),
                                        arena_copy(arena, headers.items[i].value)};
    return (struct http_headers){items, headers.len};
}

struct slice http_media_type(struct slice content_type)
{
    return slice_trim(slice_upto(content_type, slice_find(content_type, ';')));
}

/* ---- Dates ---------------------------------------------------------------------------------- */

/* Each taker cuts what it takes off the front of `*s`; once one failed, the rest do nothing. */
struct date_reader {
    struct slice s;
    bool is_bad;
};

struct date_parts {
    int64_t year;
    unsigned month, day, hour, minute, second;
};

static const char *const day_names[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                        "Thursday", "Friday", "Saturday"};
static const char *const month_names[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

static void take_text(struct date_reader *r, struct slice text)
{
    if (!r->is_bad && slice_has_prefix(r->s, text))
        r->s = slice_from(r->s, text.len);
    else
        r->is_bad = true;
}

static unsigned take_digits(struct date_reader *r, size_t n)
{
    unsigned value = 0;
    for (size_t i = 0; i < n && !r->is_bad; i++) {
        if (i >= r->s.len || r->s.data[i] < '0' || r->s.data[i] > '9')
            r->is_bad = true;
        else
            value = value * 10 + (unsigned)(r->s.data[i] - '0');
    }
    if (!r->is_bad)
        r->s = slice_from(r->s, n);
    return value;
}

/* Names are case-sensitive (RFC 9110, 5.6.7). */
static unsigned take_month(struct date_reader *r)
{
    for (unsigned i = 0; i < ARRAY_LEN(month_names); i++) {
        if (slice_has_prefix(r->s, slice_str(month_names[i]))) {
            r->s = slice_from(r->s, 3);
            return i + 1;
        }
    }
    r->is_bad = true;
    return 0;
}

static void take_time(struct date_reader *r, struct date_parts *p)
{
    p->hour = take_digits(r, 2);
    take_text(r, SLICE_LIT(":"));
    p->minute = take_digits(r, 2);
    take_text(r, SLICE_LIT(":"));
    p->second = take_digits(r, 2);
}

/* "Sun, 06 Nov 1994 08:49:37 GMT", behind the day's name. */
static bool read_imf(struct slice s, struct date_parts *p)
{
    struct date_reader r = {.s = s};
    take_text(&r, SLICE_LIT(", "));
    p->day = take_digits(&r, 2);
    take_text(&r, SLICE_LIT(" "));
    p->month = take_month(&r);
    take_text(&r, SLICE_LIT(" "));
    p->year = take_digits(&r, 4);
    take_text(&r, SLICE_LIT(" "));
    take_time(&r, p);
    take_text(&r, SLICE_LIT(" GMT"));
    return !r.is_bad && r.s.len == 0;
}

/* "Sunday, 06-Nov-94 08:49:37 GMT", behind the day's name; the year is left at its two digits. */
static bool read_rfc850(struct slice s, struct date_parts *p)
{
    struct date_reader r = {.s = s};
    take_text(&r, SLICE_LIT(", "));
    p->day = take_digits(&r, 2);
    take_text(&r, SLICE_LIT("-"));
    p->month = take_month(&r);
    take_text(&r, SLICE_LIT("-"));
    p->year = take_digits(&r, 2);
    take_text(&r, SLICE_LIT(" "));
    take_time(&r, p);
    take_text(&r, SLICE_LIT(" GMT"));
    return !r.is_bad && r.s.len == 0;
}

/* "Sun Nov  6 08:49:37 1994", behind the day's name. */
static bool read_asctime(struct slice s, struct date_parts *p)
{
    struct date_reader r = {.s = s};
    take_text(&r, SLICE_LIT(" "));
    p->month = take_month(&r);
    take_text(&r, SLICE_LIT(" "));
    if (slice_has_prefix(r.s, SLICE_LIT(" "))) {
        take_text(&r, SLICE_LIT(" "));
        p->day = take_digits(&r, 1);
    } else {
        p->day = take_digits(&r, 2);
    }
    take_text(&r, SLICE_LIT(" "));
    take_time(&r, p);
    take_text(&r, SLICE_LIT(" "));
    p->year = take_digits(&r, 4);
    return !r.is_bad && r.s.len == 0;
}

/* -1 for a day or time that no calendar has; second 60 is a leap second, the
   next minute's first. */
static int unix_from_parts(const struct date_parts *p, int64_t *unix_s)
{
    if (p->day == 0 || p->hour > 23 || p->minute > 59 || p->second > 60)
        return -1;
    int64_t days = text_days_from_civil(p->year, p->month, p->day);
    int64_t year;
    unsigned month, day;
    text_civil_from_days(days, &year, &month, &day);
    if (month != p->month || day != p->day)
        return -1;
    *unix_s = days * DAY_S + p->hour * INT64_C(3600) + p->minute * INT64_C(60) + p->second;
    return 0;
}

/* A two-digit year is the latest that lies at most 50 years ahead of now: the century to come is
   near at the end of one. */
static int unix_from_short_year(const struct date_parts *p, int64_t now_s, int64_t *unix_s)
{
    int64_t now_year;
    unsigned month, day;
    text_civil_from_days(now_s / DAY_S, &now_year, &month, &day);
    for (int64_t century = now_year - now_year % 100 + 100; century >= now_year - 200;
         century -= 100) {
        struct date_parts in_century = *p;
        in_century.year += century;
        if (unix_from_parts(&in_century, unix_s) == 0 && *unix_s - now_s <= FIFTY_YEARS_S)
            return 0;
    }
    return -1;
}

int http_parse_date(struct slice text, int64_t now_unix_s, int64_t *unix_s)
{
    struct date_parts p;
    for (size_t i = 0; i < ARRAY_LEN(day_names); i++) {
        struct slice full = slice_str(day_names[i]);
        if (slice_has_prefix(text, full)) {
            if (!read_rfc850(slice_from(text, full.len), &p))
                return -1;
            return unix_from_short_year(&p, now_unix_s, unix_s);
        }
        if (slice_has_prefix(text, slice_upto(full, 3))) {
            struct slice rest = slice_from(text, 3);
            return read_imf(rest, &p) || read_asctime(rest, &p) ? unix_from_parts(&p, unix_s) : -1;
        }
    }
    return -1;
}

/* ---- Retry-After ---------------------------------------------------------------------------- */

/* 1*DIGIT as milliseconds, the largest that fits at most. */
static bool parse_seconds(struct slice s, int64_t *ms)
{
    int64_t seconds = 0;
    for (size_t i = 0; i < s.len; i++) {
        if (s.data[i] < '0' || s.data[i] > '9')
            return false;
        int64_t digit = s.data[i] - '0';
        if (seconds > (INT64_MAX / 1000 - digit) / 10)
            seconds = INT64_MAX / 1000;
        else
            seconds = seconds * 10 + digit;
    }
    *ms = seconds < INT64_MAX / 1000 ? seconds * 1000 : INT64_MAX;
    return s.len > 0;
}

bool http_parse_retry_after(struct slice value, struct slice date, int64_t now_ms,
                            int64_t *delay_ms)
{
    value = slice_trim(value);
    if (parse_seconds(value, delay_ms))
        return true;

    int64_t then_s, sent_s;
    if (http_parse_date(value, now_ms / 1000, &then_s) < 0)
        return false;
    int64_t from_ms = now_ms;
    if (http_parse_date(slice_trim(date), now_ms / 1000, &sent_s) == 0)
        from_ms = sent_s * 1000;
    *delay_ms = then_s * 1000 > from_ms ? then_s * 1000 - from_ms : 0;
    return true;
}
