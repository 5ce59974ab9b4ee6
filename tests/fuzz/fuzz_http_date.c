/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * HTTP-dates and Retry-After. The input's lines: the wall time in seconds, the value, the answer's
 * Date. A date that is taken is the same in each of the three forms that can hold it; a delay is
 * what its digits or dates say.
 */
#include <ctype.h>
#include <stdlib.h>
#include <time.h>

#include "base/buf.h"
#include "fuzz.h"
#include "http/message.h"

#define SECONDS_MAX 253402300799 /* the end of the year 9999 */
#define YEAR_1000 (-30610224000)
/* Two digits of the year say which from 50 years before now to 50 after it. */
#define SHORT_YEARS_S (INT64_C(49) * 366 * 86400)
#define NOW_MAX 249000000000 /* a clock in the year 9860, so that years to come have 4 digits */

/* The date in its pieces, as the C library writes them. */
struct pieces {
    char weekday[16], month[8], time[16];
    int day, year;
};

static void take_apart(int64_t unix_s, struct pieces *p)
{
    time_t t = (time_t)unix_s;
    struct tm tm;
    require(gmtime_r(&t, &tm));
    require(strftime(p->weekday, sizeof(p->weekday), "%A", &tm) > 0);
    require(strftime(p->month, sizeof(p->month), "%b", &tm) > 0);
    require(strftime(p->time, sizeof(p->time), "%H:%M:%S", &tm) > 0);
    p->day = tm.tm_mday;
    p->year = tm.tm_year + 1900;
}

static void try_text(const struct buf *text, int64_t unix_s, int64_t now_s)
{
    int64_t again;
    require(http_parse_date(buf_slice(text), now_s, &again) == 0 && again == unix_s);
}

static void try_forms(int64_t unix_s, int64_t now_s)
{
    struct buf text = {0};
    struct pieces p;
    take_apart(unix_s, &p);
    buf_printf(&text, "%.3s, %02d %s %d %s GMT", p.weekday, p.day, p.month, p.year, p.time);
    try_text(&text, unix_s, now_s);
    buf_clear(&text);
    buf_printf(&text, "%.3s %s %2d %s %d", p.weekday, p.month, p.day, p.time, p.year);
    try_text(&text, unix_s, now_s);
    buf_clear(&text);
    buf_printf(&text, "%s, %02d-%s-%02d %s GMT", p.weekday, p.day, p.month, p.year % 100, p.time);
    if (unix_s > now_s - SHORT_YEARS_S && unix_s < now_s + SHORT_YEARS_S)
        try_text(&text, unix_s, now_s);
    buf_deinit(&text);
}

static void try_date(struct slice text, int64_t now_s)
{
    int64_t unix_s;
    if (http_parse_date(text, now_s, &unix_s) < 0)
        return;
    require(unix_s <= SECONDS_MAX + 1);               /* behind a leap second at the very end */
    if (unix_s >= YEAR_1000 && unix_s <= SECONDS_MAX) /* years of four digits */
        try_forms(unix_s, now_s);
}

static bool is_digits(struct slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!isdigit((unsigned char)s.data[i]))
            return false;
    return s.len > 0;
}

static void try_retry_after(struct slice value, struct slice date, int64_t now_s)
{
    int64_t delay_ms = -1, then_s, sent_s, again_ms;
    bool is_taken = http_parse_retry_after(value, date, now_s * 1000, &delay_ms);
    struct slice trimmed = slice_trim(value);
    if (is_digits(trimmed)) {
        char *digits = slice_dup(trimmed);
        unsigned long long s = strtoull(digits, NULL, 10);
        require(is_taken);
        require(delay_ms == (s < INT64_MAX / 1000 ? (int64_t)s * 1000 : INT64_MAX));
        free(digits);
    } else if (http_parse_date(trimmed, now_s, &then_s) == 0) {
        bool is_dated = http_parse_date(slice_trim(date), now_s, &sent_s) == 0;
        int64_t wait_s = then_s - (is_dated ? sent_s : now_s);
        require(is_taken && delay_ms == (wait_s > 0 ? wait_s * 1000 : 0));
    } else {
        require(!is_taken);
    }
    require(!is_taken || delay_ms >= 0);
    require(http_parse_retry_after(trimmed, date, now_s * 1000, &again_ms) == is_taken);
    require(!is_taken || again_ms == delay_ms);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice input = slice_of((const char *)data, size);
    char *now = slice_dup(take_line(&input));
    struct slice value = take_line(&input);
    int64_t now_s = strtoll(now, NULL, 10);
    /* Clocks show times from the epoch on. */
    now_s = now_s < 0 ? 0 : now_s > NOW_MAX ? NOW_MAX : now_s;
    try_date(value, now_s);
    try_date(input, now_s);
    try_retry_after(value, input, now_s);
    free(now);
    return 0;
}
