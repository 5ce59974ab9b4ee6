/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Durations, sizes, times, names and hexadecimal, as users write them.
 */
#include "base/text.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define DAY_MS INT64_C(86400000)
#define DURATION_MAX_MS (UINT64_C(365242500) * 86400) /* 1000 Gregorian years */
#define SIZE_MAX_BYTES (UINT64_C(1) << 60) /* so that nobody who adds a share of it overflows */
#define SHOWN_MAX 40                       /* bytes of bad input in a message */
#define WORD_MAX 64                        /* of what is compared for likeness */

struct unit {
    const char *name;
    uint64_t factor;
};

/* A number as written, with what follows it. */
struct decimal {
    uint64_t whole;
    uint64_t nano;     /* the first nine digits behind the point */
    bool is_finer;     /* some digit after those isn't 0 */
    bool is_too_large; /* for `whole` */
    struct slice unit;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Takes the digits that `s` begins with. */
static struct slice take_digits(struct slice *s)
{
    size_t n = 0;
    while (n < s->len && is_digit(s->data[n]))
        n++;
    struct slice digits = slice_upto(*s, n);
    *s = slice_from(*s, n);
    return digits;
}

static void add_fraction(struct decimal *d, struct slice digits)
{
    for (size_t i = 0; i < 9; i++)
        d->nano = d->nano * 10 + (i < digits.len ? (uint64_t)(digits.data[i] - '0') : 0);
    for (size_t i = 9; i < digits.len; i++)
        d->is_finer |= digits.data[i] != '0';
}

static bool parse_decimal(struct slice s, struct decimal *d)
{
    *d = (struct decimal){0};
    struct slice digits = take_digits(&s);
    for (size_t i = 0; i < digits.len; i++) {
        d->is_too_large |= __builtin_mul_overflow(d->whole, 10, &d->whole);
        d->is_too_large |=
            __builtin_add_overflow(d->whole, (uint64_t)(digits.data[i] - '0'), &d->whole);
    }
    if (digits.len > 0 && slice_has_prefix(s, SLICE_LIT("."))) {
        s = slice_from(s, 1);
        digits = take_digits(&s);
        add_fraction(d, digits);
    }
    d->unit = s;
    return digits.len > 0;
}

/* d times factor, rounded up, so that what was meant to be little doesn't become nothing; false
   when it passes `max`. */
static bool scale(const struct decimal *d, uint64_t factor, uint64_t max, int64_t *out)
{
    const uint64_t giga = 1000000000;
    unsigned __int128 part = (unsigned __int128)d->nano * factor + d->is_finer;
    unsigned __int128 value = (unsigned __int128)d->whole * factor + (part + giga - 1) / giga;
    if (d->is_too_large || value > max)
        return false;
    *out = (int64_t)value;
    return true;
}

int text_parse_duration(struct slice s, int64_t *ms, struct err *err)
{
    static const struct unit units[] = {
        {"", 1000},     {"ms", 1},       {"s", 1000},      {"m", 60000},
        {"h", 3600000}, {"d", 86400000}, {"w", 604800000},
    };
    struct slice shown = slice_upto(s, SHOWN_MAX);
    struct decimal d;
    bool is_number = parse_decimal(s, &d);
    for (size_t i = 0; is_number && i < ARRAY_LEN(units); i++) {
        if (!slice_is_equal(d.unit, slice_str(units[i].name)))
            continue;
        if (scale(&d, units[i].factor, DURATION_MAX_MS, ms))
            return 0;
        return err_set(err, ERR_INVALID, "the duration \"%.*s\" is longer than 1000 years",
                       SLICE_FMT(shown));
    }
    return err_set(err, ERR_INVALID,
                   "\"%.*s\" is no duration: write a number with ms, s, m, h, d or w, as in "
                   "\"200ms\" or \"1.5h\" (seconds without a unit)",
                   SLICE_FMT(shown));
}

int text_parse_size(struct slice s, int64_t *bytes, struct err *err)
{
    static const struct unit units[] = {
        {"", 1},
        {"B", 1},
        {"KB", UINT64_C(1) << 10},
        {"KiB", UINT64_C(1) << 10},
        {"MB", UINT64_C(1) << 20},
        {"MiB", UINT64_C(1) << 20},
        {"GB", UINT64_C(1) << 30},
        {"GiB", UINT64_C(1) << 30},
        {"TB", UINT64_C(1) << 40},
        {"TiB", UINT64_C(1) << 40},
    };
    struct slice shown = slice_upto(s, SHOWN_MAX);
    struct decimal d;
    bool is_number = parse_decimal(s, &d);
    for (size_t i = 0; is_number && i < ARRAY_LEN(units); i++) {
        if (!slice_is_equal_nocase(d.unit, slice_str(units[i].name)))
            continue;
        if (scale(&d, units[i].factor, SIZE_MAX_BYTES, bytes))
            return 0;
        return err_set(err, ERR_INVALID, "the size \"%.*s\" is beyond 2^60 bytes",
                       SLICE_FMT(shown));
    }
    return err_set(err, ERR_INVALID,
                   "\"%.*s\" is no size: write a number with B, KB, MB, GB or TB, as in \"64KB\" "
                   "or \"1.5GB\" (bytes without a unit)",
                   SLICE_FMT(shown));
}

/* 1500 as "1.5s". */
static void add_seconds(struct buf *b, uint64_t ms)
{
    buf_printf(b, "%llu.%03u", (unsigned long long)(ms / 1000), (unsigned)(ms % 1000));
    while (b->data[b->len - 1] == '0')
        buf_truncate(b, b->len - 1);
    buf_add_char(b, 's');
}

int text_parse_rate(struct slice s, int64_t *n, int64_t *ms, struct err *err)
{
    static const struct {
        const char *name;
        int64_t ms;
    } units[] = {{"s", 1000}, {"m", 60000}, {"h", 3600000}};
    const int64_t most = 1000000000;
    struct slice unit = s, number = slice_split(&unit, '/');
    bool is_number = number.len > 0;
    *n = 0;
    for (size_t i = 0; i < number.len && is_number; i++) {
        is_number = number.data[i] >= '0' && number.data[i] <= '9' && *n <= most / 10;
        if (is_number)
            *n = *n * 10 + (number.data[i] - '0');
    }
    for (size_t i = 0; i < ARRAY_LEN(units) && is_number && *n > 0; i++) {
        *ms = units[i].ms;
        if (slice_is_equal(unit, slice_str(units[i].name)))
            return 0;
    }
    return err_set(err, ERR_INVALID, "\"%.*s\" is no rate: write 50/s, 1000/m or 10/h",
                   SLICE_FMT(s));
}

void text_add_duration(struct buf *b, int64_t ms)
{
    static const struct unit units[] = {{"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}};
    uint64_t n = ms < 0 ? 0 - (uint64_t)ms : (uint64_t)ms;
    if (ms < 0)
        buf_add_char(b, '-');
    if (n == 0) {
        buf_add_str(b, "0s");
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(units); i++) {
        if (n % units[i].factor == 0) {
            buf_printf(b, "%llu%s", (unsigned long long)(n / units[i].factor), units[i].name);
            return;
        }
    }
    if (n > 1000)
        add_seconds(b, n);
    else
        buf_printf(b, "%llums", (unsigned long long)n);
}

void text_add_size(struct buf *b, int64_t bytes)
{
    static const char *const names[] = {"B", "KB", "MB", "GB", "TB"};
    double value = (double)bytes;
    size_t unit = 0;
    /* What would be rounded to 1024 of one unit is 1 of the next. */
    for (; value >= 1023.95 && unit + 1 < ARRAY_LEN(names); unit++)
        value /= 1024;
    int64_t tenths = (int64_t)(value * 10 + 0.5);
    if (tenths % 10 == 0)
        buf_printf(b, "%lld %s", (long long)(tenths / 10), names[unit]);
    else
        buf_printf(b, "%lld.%lld %s", (long long)(tenths / 10), (long long)(tenths % 10),
                   names[unit]);
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* The calendar is reckoned in eras of 400 years (146,097 days) that begin on 1 March, so that a
   leap day is the last of its year; era 0 begins 719,468 days before 1970. */
#define ERA_DAYS 146097
#define EPOCH_DAYS 719468

/* Days from 1 March to the first of a month, March being 0: 31, 30, 31, 30, 31 and again. */
static int64_t days_before_month(int64_t month)
{
    return (153 * month + 2) / 5;
}

int64_t text_days_from_civil(int64_t year, unsigned month, unsigned day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = floor_div(y, 400);
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = days_before_month((month + 9) % 12) + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * ERA_DAYS + day_of_era - EPOCH_DAYS;
}

void text_civil_from_days(int64_t days, int64_t *year, unsigned *month, unsigned *day)
{
    int64_t era = floor_div(days + EPOCH_DAYS, ERA_DAYS);
    int64_t day_of_era = days + EPOCH_DAYS - era * ERA_DAYS;
    /* Without the leap days so far, years have 365 days: one in 4 years of 1461 days, but for each
       100th of 36,524, and again for the 400th. */
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (year_of_era * 365 + year_of_era / 4 - year_of_era / 100);
    int64_t from_march = (5 * day_of_year + 2) / 153;
    *day = (unsigned)(day_of_year - days_before_month(from_march) + 1);
    *month = (unsigned)(from_march < 10 ? from_march + 3 : from_march - 9);
    *year = era * 400 + year_of_era + (*month <= 2);
}

static unsigned days_in_month(int64_t year, unsigned month)
{
    static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return month == 2 && is_leap ? 29 : days[month - 1];
}

/* Takes a number of just `n` digits, from low to high. */
static bool take_number(struct slice *s, size_t n, unsigned low, unsigned high, unsigned *out)
{
    struct slice head = slice_upto(*s, n);
    struct slice digits = take_digits(&head);
    if (digits.len != n)
        return false;
    *out = 0;
    for (size_t i = 0; i < n; i++)
        *out = *out * 10 + (unsigned)(digits.data[i] - '0');
    *s = slice_from(*s, n);
    return *out >= low && *out <= high;
}

/* Takes one of the characters `any`, and gives it. */
static char take_char(struct slice *s, const char *any)
{
    if (s->len == 0 || s->data[0] == '\0' || !strchr(any, s->data[0]))
        return '\0';
    char c = s->data[0];
    *s = slice_from(*s, 1);
    return c;
}

static bool take_date(struct slice *s, int64_t *days)
{
    unsigned year, month, day;
    if (!take_number(s, 4, 0, 9999, &year) || !take_char(s, "-") ||
        !take_number(s, 2, 1, 12, &month) || !take_char(s, "-") ||
        !take_number(s, 2, 1, days_in_month(year, month), &day))
        return false;
    *days = text_days_from_civil(year, month, day);
    return true;
}

/* hh:mm:ss[.fraction], as milliseconds of the day. */
static bool take_time_of_day(struct slice *s, int64_t *ms, bool *is_leap_second)
{
    unsigned hour, minute, second;
    if (!take_number(s, 2, 0, 23, &hour) || !take_char(s, ":") ||
        !take_number(s, 2, 0, 59, &minute) || !take_char(s, ":") ||
        !take_number(s, 2, 0, 60, &second))
        return false;
    *is_leap_second = second == 60;
    *ms = ((hour * 60 + minute) * 60 + second) * INT64_C(1000);
    if (!take_char(s, "."))
        return true;
    struct slice digits = take_digits(s);
    int64_t unit = 100;
    for (size_t i = 0; i < digits.len && i < 3; i++, unit /= 10)
        *ms += (digits.data[i] - '0') * unit;
    return digits.len > 0;
}

static bool take_offset(struct slice *s, int64_t *ms)
{
    unsigned hour = 0, minute = 0;
    char sign = take_char(s, "Zz+-");
    *ms = 0;
    if (sign == '\0')
        return false;
    if (sign == 'Z' || sign == 'z')
        return true;
    if (!take_number(s, 2, 0, 23, &hour) || !take_char(s, ":") ||
        !take_number(s, 2, 0, 59, &minute))
        return false;
    *ms = (hour * 60 + minute) * INT64_C(60000) * (sign == '-' ? -1 : 1);
    return true;
}

int text_parse_time(struct slice s, int64_t *unix_ms, struct err *err)
{
    struct slice rest = s;
    int64_t days, ms, offset;
    bool is_leap_second;
    bool is_good = take_date(&rest, &days) && take_char(&rest, "Tt ") &&
                   take_time_of_day(&rest, &ms, &is_leap_second) && take_offset(&rest, &offset) &&
                   rest.len == 0;
    if (is_good) {
        *unix_ms = days * DAY_MS + ms - offset;
        /* As in POSIX, a leap second is the second that follows it: only midnight UTC has one. */
        is_good = !is_leap_second || *unix_ms - floor_div(*unix_ms, DAY_MS) * DAY_MS < 1000;
    }
    if (is_good)
        return 0;
    return err_set(err, ERR_INVALID,
                   "\"%.*s\" is no time: write it as in \"2026-11-23T18:56:15Z\" or "
                   "\"2026-11-23T19:56:15.042+01:00\"",
                   SLICE_FMT(slice_upto(s, SHOWN_MAX)));
}

static char *put_number(char *out, int n, int64_t value, char after)
{
    for (int i = n - 1; i >= 0; i--, value /= 10)
        out[i] = (char)('0' + value % 10);
    out[n] = after;
    return out + n + 1;
}

/* … of a day's milliseconds. */
static char *put_time_of_day(char *out, int64_t ms, char after)
{
    char *p = put_number(out, 2, ms / 3600000, ':');
    p = put_number(p, 2, ms / 60000 % 60, ':');
    p = put_number(p, 2, ms / 1000 % 60, '.');
    return put_number(p, 3, ms % 1000, after);
}

void text_format_time(char out[static TEXT_TIME_LEN + 1], int64_t unix_ms)
{
    const int64_t first = text_days_from_civil(0, 1, 1) * DAY_MS;
    const int64_t last = text_days_from_civil(10000, 1, 1) * DAY_MS - 1;
    int64_t t = unix_ms < first ? first : unix_ms > last ? last : unix_ms;
    int64_t days = floor_div(t, DAY_MS), ms = t - days * DAY_MS, year;
    unsigned month, day;
    text_civil_from_days(days, &year, &month, &day);
    char *p = put_number(out, 4, year, '-');
    p = put_number(p, 2, month, '-');
    p = put_number(p, 2, day, 'T');
    p = put_time_of_day(p, ms, 'Z');
    *p = '\0';
}

void text_add_time(struct buf *b, int64_t unix_ms)
{
    char text[TEXT_TIME_LEN + 1];
    text_format_time(text, unix_ms);
    buf_add(b, text, TEXT_TIME_LEN);
}

void text_add_time_of_day(struct buf *b, int64_t unix_ms)
{
    char text[sizeof("18:56:15.042")];
    put_time_of_day(text, unix_ms - floor_div(unix_ms, DAY_MS) * DAY_MS, '\0');
    buf_add(b, text, sizeof(text) - 1);
}

size_t text_format_integer(char out[static TEXT_INTEGER_SIZE], int64_t i)
{
    char reversed[TEXT_INTEGER_SIZE];
    size_t len = 0, used = 0;
    uint64_t rest = i < 0 ? 0 - (uint64_t)i : (uint64_t)i;
    do {
        reversed[used++] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (i < 0)
        reversed[used++] = '-';
    while (used > 0)
        out[len++] = reversed[--used];
    out[len] = '\0';
    return len;
}

static size_t min(size_t a, size_t b)
{
    return a < b ? a : b;
}

static bool is_same_letter(char a, char b)
{
    return slice_is_equal_nocase(slice_of(&a, 1), slice_of(&b, 1));
}

/* Insertions, deletions, replacements and swaps of neighbours that make `a` into `b`, both of at
   most WORD_MAX bytes. Row i holds the distances of a's first i bytes to each beginning of b; a
   swap looks two rows back. */
static size_t edit_distance(struct slice a, struct slice b)
{
    size_t rows[3][WORD_MAX + 1];
    for (size_t j = 0; j <= b.len; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *above2 = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            size_t replace = above[j - 1] + !is_same_letter(a.data[i - 1], b.data[j - 1]);
            row[j] = min(replace, min(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && is_same_letter(a.data[i - 1], b.data[j - 2]) &&
                is_same_letter(a.data[i - 2], b.data[j - 1]))
                row[j] = min(row[j], above2[j - 2] + 1);
        }
    }
    return rows[a.len % 3][b.len];
}

const char *text_nearest(struct slice word, const char *const *names, size_t n)
{
    const char *nearest = NULL;
    size_t limit = 1 + word.len / 4;
    if (word.len == 0 || word.len > WORD_MAX)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        struct slice name = slice_str(names[i]);
        if (name.len > WORD_MAX)
            continue;
        size_t distance = edit_distance(word, name);
        if (distance > limit || (nearest && distance == limit))
            continue;
        nearest = names[i];
        limit = distance;
    }
    return nearest;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void text_add_names(struct buf *out, const char **names, size_t n, size_t max)
{
    qsort(names, n, sizeof(*names), compare_names);
    for (size_t i = 0; i < n && i < max; i++)
        buf_printf(out, "%s%s", i ? ", " : "", names[i]);
    if (n > max)
        buf_printf(out, " and %zu more", n - max);
}

void text_add_hex(struct buf *b, const void *data, size_t len)
{
    const unsigned char *p = data;
    buf_reserve(b, len * 2);
    for (size_t i = 0; i < len; i++) {
        buf_add_char(b, "0123456789abcdef"[p[i] >> 4]);
        buf_add_char(b, "0123456789abcdef"[p[i] & 15]);
    }
}

int text_hex_digit(char c)
{
    if (is_digit(c))
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int text_parse_hex(struct slice s, void *out, size_t len)
{
    unsigned char *p = out;
    if (s.len % 2 != 0 || s.len / 2 != len)
        return -1;
    for (size_t i = 0; i < len; i++) {
        int high = text_hex_digit(s.data[i * 2]), low = text_hex_digit(s.data[i * 2 + 1]);
        if (high < 0 || low < 0)
            return -1;
        p[i] = (unsigned char)(high << 4 | low);
    }
    return 0;
}
