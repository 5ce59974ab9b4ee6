/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Secrets are looked for as needles: the secret itself, and its base64 at each of the three ways
 * it may lie in longer bytes ("user:password"). Each is recognised as it stands and through the
 * escapes of JSON and of URLs, whichever characters the writer chose to escape.
 *
 * Needles are only ever added, each to the chain of its first byte and by one atomic store: who
 * reads meanwhile sees it whole or not at all, and never one that is freed. Those of passing secrets
 * are apart, behind a lock that nobody takes before there is a first one.
 */
#include "base/mask.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/text.h"
#include "base/utf8.h"

#define SECRET_LEN_MIN 4
#define STARS "***"
#define FILTER_BITS 8192
static_assert(sizeof(STARS) - 1 < SECRET_LEN_MIN, "a masked text never grows");

struct needle {
    struct needle *next; /* with the same first byte */
    size_t len;
    char bytes[];
};

struct passing {
    pthread_mutex_t lock;
    struct needle *first;
};

struct mask {
    /* Chains by first byte. */
    _Atomic(struct needle *) first[256];
    /* Not 0 for each byte with which a needle may begin in a text: few do. */
    _Atomic unsigned char begins[256];
    /* A bit for each pair of bytes where one may: of those few places pass it. */
    _Atomic uint64_t filter[FILTER_BITS / 64];
    atomic_bool has_needles;
    _Atomic(struct passing *) passing; /* NULL before the first, then the same for good */
};

/* A mask while a text is looked through. */
struct view {
    const struct mask *mask;
    struct passing *passing; /* locked; NULL: there was none */
};

/* What the beginning of an encoded text stands for. */
struct unit {
    char bytes[UTF8_LEN_MAX];
    size_t len;
    size_t width; /* in the text */
};

typedef bool (*decode_fn)(struct slice text, struct unit *unit);

static bool decode_plain(struct slice text, struct unit *unit)
{
    if (text.len == 0)
        return false;
    *unit = (struct unit){{text.data[0]}, 1, 1};
    return true;
}

static bool decode_percent(struct slice text, struct unit *unit)
{
    unsigned char byte;
    if (text.len < 3 || text.data[0] != '%' ||
        text_parse_hex(slice_of(text.data + 1, 2), &byte, 1) < 0)
        return decode_plain(text, unit);
    *unit = (struct unit){{(char)byte}, 1, 3};
    return true;
}

/* application/x-www-form-urlencoded */
static bool decode_form(struct slice text, struct unit *unit)
{
    if (text.len == 0 || text.data[0] != '+')
        return decode_percent(text, unit);
    *unit = (struct unit){{' '}, 1, 1};
    return true;
}

/* The code of "\uXXXX" at the start of `text`; false when it doesn't begin so. */
static bool parse_u(struct slice text, uint32_t *code)
{
    unsigned char bytes[2];
    if (!slice_has_prefix(text, SLICE_LIT("\\u")) || text.len < 6 ||
        text_parse_hex(slice_of(text.data + 2, 4), bytes, 2) < 0)
        return false;
    *code = (uint32_t)(bytes[0] << 8 | bytes[1]);
    return true;
}

static bool decode_json_u(struct slice text, struct unit *unit)
{
    uint32_t code, low;
    if (!parse_u(text, &code))
        return false;
    if ((code & 0xFC00) == 0xDC00)
        return false;
    unit->width = 6;
    if ((code & 0xFC00) == 0xD800) {
        if (!parse_u(slice_from(text, 6), &low) || (low & 0xFC00) != 0xDC00)
            return false;
        code = 0x10000 + ((code & 0x3FF) << 10 | (low & 0x3FF));
        unit->width = 12;
    }
    unit->len = utf8_encode(unit->bytes, code);
    return true;
}

static bool decode_json(struct slice text, struct unit *unit)
{
    static const char escapes[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    if (text.len < 2 || text.data[0] != '\\')
        return decode_plain(text, unit);
    const char *escape = memchr(escapes, text.data[1], sizeof(escapes) - 1);
    if (!escape)
        return decode_json_u(text, unit);
    *unit = (struct unit){{meant[escape - escapes]}, 1, 2};
    return true;
}

static const decode_fn decoders[] = {decode_plain, decode_json, decode_percent, decode_form};

/* Whether decoders may disagree about what begins with `c`. */
static bool is_escape(char c)
{
    return c == '\\' || c == '%' || c == '+';
}

/* How many bytes of `text` spell the whole needle when `decode` reads it from `same` on, up to
   which they are the same; 0 when none do. */
static size_t match_from(const struct needle *needle, struct slice text, size_t same,
                         decode_fn decode)
{
    size_t width = same;
    struct unit unit;
    for (size_t done = same; done < needle->len; done += unit.len) {
        if (!decode(slice_from(text, width), &unit) || unit.len > needle->len - done ||
            memcmp(unit.bytes, needle->bytes + done, unit.len) != 0)
            return 0;
        width += unit.width;
    }
    return width;
}

/* As match_from, whichever decoder spells it longest. */
static size_t match_needle(const struct needle *needle, struct slice text)
{
    size_t same = 0, most = needle->len < text.len ? needle->len : text.len;
    while (same < most && text.data[same] == needle->bytes[same] && !is_escape(text.data[same]))
        same++;
    if (same == needle->len)
        return same;
    if (same == text.len || !is_escape(text.data[same]))
        return 0;
    size_t longest = 0;
    for (size_t i = 0; i < ARRAY_LEN(decoders); i++) {
        size_t width = match_from(needle, text, same, decoders[i]);
        longest = width > longest ? width : longest;
    }
    return longest;
}

static size_t pair_bit(unsigned char a, unsigned char b)
{
    return (size_t)(a << 5 ^ b) % FILTER_BITS;
}

static void filter_add(struct mask *mask, char a, char b)
{
    size_t bit = pair_bit((unsigned char)a, (unsigned char)b);
    atomic_fetch_or(&mask->filter[bit / 64], UINT64_C(1) << bit % 64);
}

static bool filter_passes(const struct mask *mask, struct slice text)
{
    if (text.len < SECRET_LEN_MIN)
        return false;
    if (is_escape(text.data[0]))
        return true;
    size_t bit = pair_bit((unsigned char)text.data[0], (unsigned char)text.data[1]);
    return atomic_load_explicit(&mask->filter[bit / 64], memory_order_relaxed) >> bit % 64 & 1;
}

/* The longest of a list's needles. */
static size_t match_list(const struct needle *needle, struct slice text)
{
    size_t longest = 0;
    for (; needle; needle = needle->next) {
        size_t width = match_needle(needle, text);
        longest = width > longest ? width : longest;
    }
    return longest;
}

/* … among all those that begin with `first`, and those that pass. */
static size_t match_chain(const struct view *view, unsigned char first, struct slice text)
{
    size_t longest =
        match_list(atomic_load_explicit(&view->mask->first[first], memory_order_acquire), text);
    size_t passing = view->passing ? match_list(view->passing->first, text) : 0;
    return passing > longest ? passing : longest;
}

/* The length of the longest secret, in any form, that `text` begins with; 0 for none. */
static size_t match_longest(const struct view *view, struct slice text)
{
    if (!filter_passes(view->mask, text))
        return 0;
    if (!is_escape(text.data[0]))
        return match_chain(view, (unsigned char)text.data[0], text);
    size_t longest = 0;
    for (size_t i = 0; i < ARRAY_LEN(decoders); i++) {
        struct unit unit;
        if (!decoders[i](text, &unit))
            continue;
        size_t width = match_chain(view, (unsigned char)unit.bytes[0], text);
        longest = width > longest ? width : longest;
    }
    return longest;
}

/* The first place of `text` from `at` on where a needle may begin; its end: none may. */
static size_t next_candidate(const struct mask *mask, struct slice text, size_t at)
{
    for (; at < text.len; at++) {
        unsigned char byte = (unsigned char)text.data[at];
        if (atomic_load_explicit(&mask->begins[byte], memory_order_relaxed) &&
            filter_passes(mask, slice_of(text.data + at, text.len - at)))
            return at;
    }
    return text.len;
}

static void apply(const struct view *view, struct buf *b, size_t from)
{
    size_t kept = from;
    for (size_t at = from; at < b->len;) {
        size_t plain = next_candidate(view->mask, buf_slice(b), at) - at;
        if (kept < at)
            memmove(b->data + kept, b->data + at, plain);
        kept += plain;
        at += plain;
        if (at == b->len)
            break;
        size_t end = at + match_longest(view, slice_from(buf_slice(b), at));
        if (end == at) {
            b->data[kept++] = b->data[at++];
            continue;
        }
        /* One that begins inside another and ends behind it must not leave its end. */
        while (++at < end) {
            size_t inner = at + match_longest(view, slice_from(buf_slice(b), at));
            end = inner > end ? inner : end;
        }
        memcpy(b->data + kept, STARS, sizeof(STARS) - 1);
        kept += sizeof(STARS) - 1;
    }
    buf_truncate(b, kept);
}

void mask_apply(const struct mask *mask, struct buf *b, size_t from)
{
    if (!mask)
        return;
    const struct view view = {mask, atomic_load(&mask->passing)};
    if (view.passing)
        pthread_mutex_lock(&view.passing->lock);
    apply(&view, b, from);
    if (view.passing)
        pthread_mutex_unlock(&view.passing->lock);
}

bool mask_may_change(const struct mask *mask, struct slice s)
{
    if (!mask)
        return false;
    return atomic_load(&mask->passing) ||
           (atomic_load(&mask->has_needles) && next_candidate(mask, s, 0) < s.len);
}

static struct needle *needle_new(struct needle *next, struct slice s)
{
    struct needle *needle = mem_alloc(sizeof(*needle) + s.len);
    needle->next = next;
    needle->len = s.len;
    memcpy(needle->bytes, s.data, s.len);
    return needle;
}

/* A needle's beginning isn't filtered out any more. */
static void let_pass(struct mask *mask, struct slice s)
{
    filter_add(mask, s.data[0], s.data[1]);
    /* Or the second byte is written as an escape. */
    filter_add(mask, s.data[0], '\\');
    filter_add(mask, s.data[0], '%');
    filter_add(mask, s.data[0], '+');
    atomic_store(&mask->begins[(unsigned char)s.data[0]], 1);
}

static void add_needle(struct mask *mask, struct slice s)
{
    assert(s.data && s.len >= 2);
    _Atomic(struct needle *) *chain = &mask->first[(unsigned char)s.data[0]];
    struct needle *head = atomic_load(chain);
    for (const struct needle *known = head; known; known = known->next) {
        if (slice_is_equal(slice_of(known->bytes, known->len), s))
            return;
    }
    atomic_store(&mask->has_needles, true);
    atomic_store(chain, needle_new(head, s));
    let_pass(mask, s);
}

static void add_base64(struct buf *b, struct slice s, bool is_for_url)
{
    const char *digits = is_for_url
                             ? "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
                             : "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *p = (const unsigned char *)s.data;
    for (size_t i = 0; i < s.len; i += 3) {
        size_t n = s.len - i < 3 ? s.len - i : 3;
        uint32_t bits = (uint32_t)p[i] << 16;
        bits |= n > 1 ? (uint32_t)p[i + 1] << 8 : 0;
        bits |= n > 2 ? p[i + 2] : 0;
        for (size_t k = 0; k < 4; k++)
            buf_add(b, k <= n ? &digits[bits >> (18 - 6 * k) & 63] : "=", 1);
    }
}

/* The secret as the end, or inside, of longer bytes, `before` of them (modulo 3) standing before
   it: the digits that they share with it are left out at the beginning. */
static void add_base64_needles(struct mask *mask, struct slice secret, size_t before,
                               bool is_for_url)
{
    struct buf plain = {0}, base64 = {0};
    buf_add(&plain, "\0\0", before);
    buf_add_slice(&plain, secret);
    add_base64(&base64, buf_slice(&plain), is_for_url);
    size_t from = (before * 8 + 5) / 6;
    struct slice padded = buf_slice(&base64);
    add_needle(mask, slice_from(padded, from));
    add_needle(mask, slice_from(slice_upto(padded, (plain.len * 8 + 5) / 6), from));
    add_needle(mask, slice_from(slice_upto(padded, plain.len * 8 / 6), from));
    buf_deinit(&plain);
    buf_deinit(&base64);
}

void mask_add(struct mask *mask, struct slice secret)
{
    if (secret.len < SECRET_LEN_MIN)
        return;
    add_needle(mask, secret);
    for (size_t before = 0; before < 3; before++) {
        add_base64_needles(mask, secret, before, false);
        add_base64_needles(mask, secret, before, true);
    }
}

void mask_add_passing(struct mask *mask, struct slice secret)
{
    if (!mask || secret.len < SECRET_LEN_MIN)
        return;
    struct passing *passing = atomic_load(&mask->passing);
    if (!passing) {
        passing = mem_calloc(1, sizeof(*passing));
        pthread_mutex_init(&passing->lock, NULL);
        atomic_store(&mask->passing, passing);
    }
    pthread_mutex_lock(&passing->lock);
    passing->first = needle_new(passing->first, secret);
    pthread_mutex_unlock(&passing->lock);
    let_pass(mask, secret);
}

void mask_remove_passing(struct mask *mask, struct slice secret)
{
    struct passing *passing = mask ? atomic_load(&mask->passing) : NULL;
    if (!passing)
        return;
    pthread_mutex_lock(&passing->lock);
    struct needle **at = &passing->first;
    while (*at && !slice_is_equal(slice_of((*at)->bytes, (*at)->len), secret))
        at = &(*at)->next;
    struct needle *found = *at;
    if (found)
        *at = found->next;
    pthread_mutex_unlock(&passing->lock);
    free(found);
}

struct mask *mask_new(void)
{
    struct mask *mask = mem_calloc(1, sizeof(*mask));
    mask->begins['\\'] = mask->begins['%'] = mask->begins['+'] = 1; /* as is_escape */
    return mask;
}

static void free_list(struct needle *needle)
{
    for (struct needle *next; needle; needle = next) {
        next = needle->next;
        free(needle);
    }
}

void mask_free(struct mask *mask)
{
    if (!mask)
        return;
    for (size_t i = 0; i < ARRAY_LEN(mask->first); i++)
        free_list(atomic_load(&mask->first[i]));
    struct passing *passing = atomic_load(&mask->passing);
    if (passing) {
        free_list(passing->first);
        pthread_mutex_destroy(&passing->lock);
        free(passing);
    }
    free(mask);
}
