/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "http/quota.h"

#include <string.h>

#include "base/attr.h"

/* As many digits as an integer of RFC 9651 may have. */
#define DIGITS_MAX 15

/* What is greater are no seconds from now on but since 1970, or the milliseconds. */
#define EPOCH_LEAST_S INT64_C(1000000000)
#define EPOCH_LEAST_MS INT64_C(1000000000000)

/* ---- structured fields ---- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_key_char(char c)
{
    return (c >= 'a' && c <= 'z') || is_digit(c) || c == '_' || c == '-' || c == '.' || c == '*';
}

static bool is_token_char(char c)
{
    return is_key_char(c) || (c >= 'A' && c <= 'Z') || (c && strchr("!#$%&'+^`|~:/", c));
}

static void skip_spaces(struct slice *s)
{
    while (s->len > 0 && (*s->data == ' ' || *s->data == '\t'))
        *s = slice_from(*s, 1);
}

static bool take_char(struct slice *s, char c)
{
    if (s->len == 0 || *s->data != c)
        return false;
    *s = slice_from(*s, 1);
    return true;
}

static struct slice take_while(struct slice *s, bool (*is)(char c))
{
    size_t n = 0;
    while (n < s->len && is(s->data[n]))
        n++;
    struct slice taken = slice_upto(*s, n);
    *s = slice_from(*s, n);
    return taken;
}

static bool is_more_than_zeros(struct slice digits)
{
    for (size_t i = 0; i < digits.len; i++) {
        if (digits.data[i] != '0')
            return true;
    }
    return false;
}

/* What is less than nothing is nothing, and a part of one is one. */
static bool take_number(struct slice *s, int64_t *n)
{
    bool is_negative = take_char(s, '-');
    struct slice digits = take_while(s, is_digit), parts = SLICE_NULL;
    if (digits.len == 0 || digits.len > DIGITS_MAX)
        return false;
    if (take_char(s, '.')) {
        parts = take_while(s, is_digit);
        if (parts.len == 0)
            return false;
    }
    *n = 0;
    for (size_t i = 0; i < digits.len && !is_negative; i++)
        *n = *n * 10 + (digits.data[i] - '0');
    *n += is_more_than_zeros(parts) && !is_negative;
    return true;
}

/* Behind its first quote. */
static bool take_string(struct slice *s, struct slice *text)
{
    size_t n = 0;
    while (n < s->len && s->data[n] != '"') {
        n += s->data[n] == '\\' ? 2 : 1;
    }
    if (n >= s->len)
        return false;
    *text = slice_upto(*s, n);
    *s = slice_from(*s, n + 1);
    return true;
}

/* Behind its first colon. */
static bool take_bytes(struct slice *s, struct slice *bytes)
{
    size_t n = slice_find(*s, ':');
    if (n >= s->len)
        return false;
    *bytes = slice_upto(*s, n);
    *s = slice_from(*s, n + 1);
    return true;
}

/* Any bare item; a number's value and bytes are given, what there is of others isn't used. */
static bool take_item(struct slice *s, int64_t *number, struct slice *bytes)
{
    struct slice text;
    if (s->len > 0 && (is_digit(*s->data) || *s->data == '-'))
        return take_number(s, number);
    if (take_char(s, '"'))
        return take_string(s, &text);
    if (take_char(s, ':'))
        return take_bytes(s, bytes);
    take_char(s, '?'); /* a boolean, as a token is */
    return take_while(s, is_token_char).len > 0;
}

static bool take_parameter(struct slice *s, struct http_quota *out)
{
    int64_t ignored = -1, *const numbers[] = {&out->q, &out->w, &out->r, &out->t, &ignored};
    static const char names[] = "qwrt";
    struct slice bytes = SLICE_NULL, key;
    skip_spaces(s);
    key = take_while(s, is_key_char);
    if (key.len == 0 || is_digit(*key.data))
        return false;
    if (!take_char(s, '='))
        return true;
    size_t which = sizeof(names) - 1;
    for (size_t i = 0; i < sizeof(names) - 1; i++) {
        if (key.len == 1 && *key.data == names[i])
            which = i;
    }
    if (!take_item(s, numbers[which], &bytes))
        return false;
    if (slice_is_equal(key, SLICE_LIT("pk")))
        out->pk = bytes;
    return true;
}

static bool take_member(struct slice *s, struct http_quota *out)
{
    struct slice unused;
    if (take_char(s, '"')) {
        if (!take_string(s, &out->name))
            return false;
    } else {
        out->name = take_while(s, is_token_char);
        if (out->name.len == 0 || (take_char(s, '=') && !take_item(s, &out->value, &unused)))
            return false;
    }
    while (take_char(s, ';')) {
        if (!take_parameter(s, out))
            return false;
    }
    return true;
}

bool http_quotas_next(struct http_quotas *q, struct http_quota *out)
{
    *out = (struct http_quota){.value = -1, .q = -1, .w = -1, .r = -1, .t = -1};
    skip_spaces(&q->rest);
    if (q->is_bad || q->rest.len == 0)
        return false;
    q->is_bad = !take_member(&q->rest, out);
    skip_spaces(&q->rest);
    if (q->is_bad || q->rest.len == 0)
        return !q->is_bad;
    if (take_char(&q->rest, ','))
        skip_spaces(&q->rest);
    else
        q->is_bad = true;
    q->is_bad = q->is_bad || q->rest.len == 0; /* nothing behind a comma */
    return !q->is_bad;
}

/* ---- how long to wait ---- */

/* What one answer says, in one of the ways. */
struct said {
    int64_t remaining, reset_s; /* -1: nothing */
};

static int64_t wait_s(struct said said)
{
    return said.remaining == 0 && said.reset_s > 0 ? said.reset_s : 0;
}

static int64_t longer(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* A list's members each have their own; a key of older drafts is about all. */
static int64_t wait_of_list_s(struct slice value)
{
    struct http_quotas list = {.rest = value};
    struct http_quota quota;
    struct said all = {-1, -1};
    int64_t wait = 0;
    while (http_quotas_next(&list, &quota)) {
        wait = longer(wait, wait_s((struct said){quota.r, quota.t}));
        if (slice_is_equal(quota.name, SLICE_LIT("remaining")))
            all.remaining = quota.value;
        else if (slice_is_equal(quota.name, SLICE_LIT("reset")))
            all.reset_s = quota.value;
    }
    return list.is_bad ? 0 : longer(wait, wait_s(all));
}

static int64_t number_of(struct slice value)
{
    int64_t n;
    struct slice s = slice_trim(value);
    bool is_number = take_number(&s, &n);
    skip_spaces(&s);
    /* "100, 100;w=60": the first is the one that counts, in the drafts that had it so. */
    return is_number && (s.len == 0 || *s.data == ',' || *s.data == ';') ? n : -1;
}

static int64_t seconds_from(int64_t reset, int64_t sent_s)
{
    if (reset >= EPOCH_LEAST_MS)
        reset /= 1000;
    if (reset < EPOCH_LEAST_S)
        return reset;
    return reset > sent_s ? reset - sent_s : 0;
}

/* RateLimit-Remaining, X-RateLimit-Remaining, X-Rate-Limit-Remaining …: the part behind that. */
static struct slice tail_of(struct slice name)
{
    static const struct slice heads[] = {SLICE_LIT("x-ratelimit-"), SLICE_LIT("ratelimit-"),
                                         SLICE_LIT("x-rate-limit-")};
    for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
        if (slice_has_prefix_nocase(name, heads[i]))
            return slice_from(name, heads[i].len);
    }
    return SLICE_NULL;
}

static void note(struct said *said, struct slice tail, struct slice value, int64_t sent_s)
{
    if (slice_is_equal_nocase(tail, SLICE_LIT("remaining")))
        said->remaining = number_of(value);
    else if (slice_is_equal_nocase(tail, SLICE_LIT("reset-after")) ||
             (slice_is_equal_nocase(tail, SLICE_LIT("reset")) && said->reset_s < 0))
        said->reset_s = number_of(value) < 0 ? -1 : seconds_from(number_of(value), sent_s);
}

static int64_t sent_s_of(struct http_headers headers, int64_t now_ms)
{
    int64_t sent_s;
    struct slice date = http_header_get(headers, "date");
    bool is_dated = date.data && http_parse_date(slice_trim(date), now_ms / 1000, &sent_s) == 0;
    return is_dated ? sent_s : now_ms / 1000;
}

/* Most answers have none of it: of these the names' first letters are all that is looked at. */
int64_t http_quota_wait_ms(struct http_headers headers, int64_t now_ms)
{
    struct said said = {-1, -1};
    int64_t wait = 0, sent_s = -1;
    for (size_t i = 0; i < headers.len; i++) {
        struct slice name = headers.items[i].name, value = headers.items[i].value;
        if (name.len < sizeof("ratelimit") - 1 || !strchr("rRxX", *name.data))
            continue;
        struct slice tail = tail_of(name);
        if (slice_is_equal_nocase(name, SLICE_LIT("ratelimit"))) {
            wait = longer(wait, wait_of_list_s(value));
        } else if (tail.data) {
            sent_s = sent_s < 0 ? sent_s_of(headers, now_ms) : sent_s;
            note(&said, tail, value, sent_s);
        }
    }
    wait = longer(wait, wait_s(said));
    return wait < INT64_MAX / 1000 ? wait * 1000 : INT64_MAX;
}
