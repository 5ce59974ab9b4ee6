/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Numbers of JSON: their exact decimal value, what of it a double keeps, and writing doubles.
 * The process keeps the C locale for numbers, so strtod and printf use '.'.
 */
#include "base/json_number.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/text.h"

/* Up to here every whole number is a double. */
#define WHOLE_MAX 9007199254740992.0 /* 2^53 */

/* An exponent of this many digits, and what the place of the '.' adds, fit an int64_t. */
#define POWER_DIGITS_MAX 18

/* Powers of ten that are exact as doubles. */
static const double power_of_ten[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                      1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                      1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
#define POWER_MAX ((int64_t)ARRAY_LEN(power_of_ten) - 1)

/* ---- Decimal values ------------------------------------------------------------------------- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Reads what stands behind the 'e'. */
static void read_power(struct decimal *d, struct slice text)
{
    bool negative = text.data[0] == '-';
    if (!is_digit(text.data[0]))
        text = slice_from(text, 1);
    while (text.len > 0 && text.data[0] == '0')
        text = slice_from(text, 1);
    if (text.len > POWER_DIGITS_MAX) {
        d->power = text;
        d->power_negative = negative;
        return;
    }
    int64_t power = 0;
    for (size_t i = 0; i < text.len; i++)
        power = power * 10 + (text.data[i] - '0');
    d->exponent = negative ? -power : power;
}

/* Cuts zeros, and a '.' among them, off the end of *digits; returns how many zeros. */
static size_t cut_zeros(struct slice *digits)
{
    size_t zeros = 0;
    while (digits->len > 0 && !(digits->data[digits->len - 1] > '0')) {
        zeros += digits->data[digits->len - 1] == '0';
        digits->len--;
    }
    return zeros;
}

struct decimal decimal_of(struct slice text)
{
    struct decimal d = {.negative = text.data[0] == '-'};
    struct slice mantissa = slice_from(text, d.negative ? 1 : 0);
    size_t len = 0;
    while (len < mantissa.len && (mantissa.data[len] | 0x20) != 'e')
        len++;
    if (len < mantissa.len)
        read_power(&d, slice_from(mantissa, len + 1));
    mantissa = slice_upto(mantissa, len);
    size_t point = slice_find(mantissa, '.');
    size_t decimals = point < len ? len - point - 1 : 0;

    d.digits = mantissa;
    d.exponent += (int64_t)cut_zeros(&d.digits) - (int64_t)decimals;
    while (d.digits.len > 0 && !(d.digits.data[0] > '0'))
        d.digits = slice_from(d.digits, 1);
    if (d.digits.len == 0)
        return (struct decimal){0};
    bool split = slice_find(d.digits, '.') < d.digits.len;
    d.n_digits = d.digits.len - (split ? 1 : 0);
    return d;
}

/* Whether both digits are the same but for the place of the '.'. */
static bool is_same_digits(struct slice a, struct slice b)
{
    size_t i = 0, k = 0;
    while (i < a.len && k < b.len) {
        i += a.data[i] == '.';
        k += b.data[k] == '.';
        if (a.data[i++] != b.data[k++])
            return false;
    }
    return i == a.len && k == b.len;
}

bool decimal_is_equal(struct slice a, struct slice b)
{
    struct decimal x = decimal_of(a), y = decimal_of(b);
    return x.negative == y.negative && x.n_digits == y.n_digits && x.exponent == y.exponent &&
           x.power_negative == y.power_negative && slice_is_equal(x.power, y.power) &&
           is_same_digits(x.digits, y.digits);
}

/* ---- Writing -------------------------------------------------------------------------------- */

#define NUMBER_MAX 40 /* bytes of any number that is written here, with its NUL */

/* Prices, coordinates: few decimals and at most 15 digits in all, which are then the shortest text.
   An exact whole number over an exact power of ten is rounded once, as reading the text is. Returns
   0 when d isn't such a number. */
static size_t format_short(char out[static NUMBER_MAX], double d)
{
    enum { DECIMALS_MAX = 9 };
    double size = fabs(d), scaled = 0;
    int decimals = 1;
    for (; decimals <= DECIMALS_MAX; decimals++) {
        scaled = nearbyint(size * power_of_ten[decimals]);
        if (scaled >= power_of_ten[DBL_DIG] || scaled / power_of_ten[decimals] == size)
            break;
    }
    if (size < 1e-4 || decimals > DECIMALS_MAX || scaled >= power_of_ten[DBL_DIG])
        return 0;
    int64_t digits = (int64_t)scaled, unit = (int64_t)power_of_ten[decimals];
    size_t len = 0;
    if (d < 0)
        out[len++] = '-';
    len += text_format_integer(out + len, digits / unit);
    size_t point = len;
    len += text_format_integer(out + len, unit + digits % unit);
    out[point] = '.'; /* in place of the 1 that kept the zeros behind it */
    return len;
}

/* Takes what JSON doesn't need out of an exponent: 1e+300 -> 1e300, 1e-07 -> 1e-7. */
static size_t tidy_exponent(char *text, size_t len)
{
    char *e = memchr(text, 'e', len);
    if (!e)
        return len;
    char *to = e + 1, *from = e + 2;
    if (e[1] == '-')
        to++;
    while (*from == '0')
        from++;
    memmove(to, from, (size_t)(text + len - from) + 1);
    return len - (size_t)(from - to);
}

/* 15 digits always survive being read, 17 always tell two doubles apart; only below the normal
   range may even fewer do. */
static size_t format_digits(char out[static NUMBER_MAX], double d)
{
    for (int digits = fabs(d) < DBL_MIN ? 1 : DBL_DIG;; digits++) {
        int len = snprintf(out, NUMBER_MAX, "%.*g", digits, d);
        if (digits >= DBL_DECIMAL_DIG || strtod(out, NULL) == d)
            return tidy_exponent(out, (size_t)len);
    }
}

/* d is finite. */
static size_t format_double(char out[static NUMBER_MAX], double d)
{
    if (d == 0 && signbit(d))
        return (size_t)snprintf(out, NUMBER_MAX, "-0.0");
    if (fabs(d) <= WHOLE_MAX && d == trunc(d))
        return text_format_integer(out, (int64_t)d);
    size_t len = format_short(out, d);
    return len > 0 ? len : format_digits(out, d);
}

int json_add_double(struct buf *b, double d)
{
    char text[NUMBER_MAX];
    if (!isfinite(d))
        return -1;
    buf_add(b, text, format_double(text, d));
    return 0;
}

void json_add_integer(struct buf *b, int64_t i)
{
    char text[TEXT_INTEGER_SIZE];
    buf_add(b, text, text_format_integer(text, i));
}

/* ---- What a double keeps -------------------------------------------------------------------- */

static double read_double(struct slice text)
{
    char small[64];
    if (text.len < sizeof(small)) {
        memcpy(small, text.data, text.len);
        small[text.len] = '\0';
        return strtod(small, NULL);
    }
    char *copy = slice_dup(text);
    double value = strtod(copy, NULL);
    free(copy);
    return value;
}

/* The value of at most 15 digits times a power of ten that is a double: rounded once, hence right
   (Clinger 1990). False when the number isn't of that kind. */
static bool read_short(const struct decimal *d, double *value)
{
    if (d->n_digits > DBL_DIG || d->power.len > 0 || d->exponent > POWER_MAX ||
        d->exponent < -POWER_MAX)
        return false;
    int64_t digits = 0;
    for (size_t i = 0; i < d->digits.len; i++) {
        if (d->digits.data[i] != '.')
            digits = digits * 10 + (d->digits.data[i] - '0');
    }
    double size = d->exponent < 0 ? (double)digits / power_of_ten[-d->exponent]
                                  : (double)digits * power_of_ten[d->exponent];
    *value = d->negative ? -size : size;
    return true;
}

bool json_number_is_exact(struct slice text, double *value)
{
    struct decimal d = decimal_of(text);
    if (d.n_digits == 0) {
        *value = text.data[0] == '-' ? -0.0 : 0.0;
        return true;
    }
    if (read_short(&d, value))
        return fabs(*value) <= WHOLE_MAX;
    *value = read_double(text);
    if (fabs(*value) > WHOLE_MAX || d.n_digits > DBL_DECIMAL_DIG)
        return false;
    char shortest[NUMBER_MAX];
    return decimal_is_equal(text, slice_of(shortest, format_double(shortest, *value)));
}
