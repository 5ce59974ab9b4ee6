/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The request in its canonical form, of that the string to sign, of that the signature: in the order
 * and by the names of the AWS General Reference.
 */
#include "http/sigv4.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/percent.h"
#include "base/text.h"
#include "crypto/digest.h"

#define ALGORITHM "AWS4-HMAC-SHA256"
#define DAY_LEN 8 /* of a time: "20150830" */

/* ---- digests ---- */

struct sum {
    unsigned char bytes[DIGEST_LEN_MAX];
    size_t len;
};

/* Keyed, or with an absent key plain. */
static struct sum sum_of(struct slice key, struct slice text)
{
    struct sum sum;
    struct digest *d = digest_new(DIGEST_SHA256, key);
    if (!d)
        die("SHA-256 is not available");
    digest_add(d, text);
    sum.len = digest_end(d, sum.bytes);
    return sum;
}

static struct slice sum_slice(const struct sum *sum)
{
    return slice_of((const char *)sum->bytes, sum->len);
}

void sigv4_format_hash(char out[static SIGV4_HASH_LEN + 1], struct slice body)
{
    struct sum sum = sum_of(SLICE_NULL, body);
    struct buf hex = {0};
    text_add_hex(&hex, sum.bytes, sum.len);
    memcpy(out, hex.data, SIGV4_HASH_LEN + 1);
    buf_deinit(&hex);
}

void sigv4_format_time(char out[static SIGV4_TIME_LEN + 1], int64_t unix_s)
{
    struct tm tm;
    time_t time = (time_t)unix_s;
    gmtime_r(&time, &tm);
    strftime(out, SIGV4_TIME_LEN + 1, "%Y%m%dT%H%M%SZ", &tm);
}

/* ---- the path ---- */

/* All but S3 take "//", "." and ".." out. False for a segment that leaves nothing. */
static bool is_kept(struct slice segment)
{
    return segment.len > 0 && !slice_is_equal(segment, SLICE_LIT(".")) &&
           !slice_is_equal(segment, SLICE_LIT(".."));
}

static void drop_last(struct buf *out, size_t from)
{
    while (out->len > from && out->data[out->len - 1] != '/')
        buf_truncate(out, out->len - 1);
    if (out->len > from)
        buf_truncate(out, out->len - 1);
}

/* What is sent, encoded once more. */
static void add_path(struct buf *out, struct slice path)
{
    size_t from = out->len;
    bool ends_open = true; /* with what leaves nothing: a slash stands behind what is left */
    for (struct slice rest = slice_from(path, 1); rest.data;) {
        struct slice segment = slice_split(&rest, '/');
        ends_open = !is_kept(segment);
        if (slice_is_equal(segment, SLICE_LIT("..")))
            drop_last(out, from);
        if (ends_open)
            continue;
        buf_add_char(out, '/');
        percent_add(out, segment, false);
    }
    if (ends_open)
        buf_add_char(out, '/');
}

/* Encoded as S3 would encode what it stands for. */
static void add_anew(struct buf *out, struct slice text)
{
    struct buf plain = {0};
    size_t at;
    if (percent_parse(&plain, text, &at) == 0)
        percent_add(out, buf_slice(&plain), false);
    else
        percent_add(out, text, false);
    buf_deinit(&plain);
}

static void add_path_of_s3(struct buf *out, struct slice path)
{
    for (struct slice rest = slice_from(path, 1); rest.data;) {
        buf_add_char(out, '/');
        add_anew(out, slice_split(&rest, '/'));
    }
}

/* ---- query and headers: pairs in order ---- */

struct pair {
    struct slice name, value;
    size_t n; /* its place as it came, which those of one name keep */
};

static int compare_names(const void *a, const void *b)
{
    const struct pair *left = a, *right = b;
    int order = slice_compare(left->name, right->name);
    return order ? order : left->n < right->n ? -1 : left->n > right->n;
}

static int compare_pairs(const void *a, const void *b)
{
    const struct pair *left = a, *right = b;
    int order = slice_compare(left->name, right->name);
    return order ? order : slice_compare(left->value, right->value);
}

static struct slice keep_anew(struct arena *arena, struct slice text)
{
    struct buf spaced = {0}, encoded = {0};
    buf_add_slice(&spaced, text);
    for (size_t i = 0; i < spaced.len; i++)
        if (spaced.data[i] == '+')
            spaced.data[i] = ' ';
    add_anew(&encoded, buf_slice(&spaced));
    struct slice kept = arena_copy(arena, slice_present(buf_slice(&encoded)));
    buf_deinit(&spaced);
    buf_deinit(&encoded);
    return kept;
}

static void add_query(struct buf *out, struct arena *arena, struct slice query)
{
    size_t n = 0, cap = 1;
    if (!query.data)
        return;
    for (size_t i = 0; i < query.len; i++)
        cap += query.data[i] == '&';
    struct pair *pairs = arena_alloc(arena, cap * sizeof(*pairs));
    for (struct slice rest = query; rest.data;) {
        struct slice value = slice_split(&rest, '&');
        if (value.len == 0)
            continue;
        struct slice name = slice_split(&value, '=');
        pairs[n++] = (struct pair){keep_anew(arena, name), keep_anew(arena, value), 0};
    }
    qsort(pairs, n, sizeof(*pairs), compare_pairs);
    for (size_t i = 0; i < n; i++)
        buf_printf(out, "%s%.*s=%.*s", i > 0 ? "&" : "", SLICE_FMT(pairs[i].name),
                   SLICE_FMT(pairs[i].value));
}

static struct slice keep_lower(struct arena *arena, struct slice name)
{
    char *lower = arena_alloc(arena, name.len + 1);
    for (size_t i = 0; i < name.len; i++)
        lower[i] =
            (char)(name.data[i] >= 'A' && name.data[i] <= 'Z' ? name.data[i] + 32 : name.data[i]);
    return slice_of(lower, name.len);
}

static bool is_white(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* White space within is one space. */
static void add_value(struct buf *out, struct slice value)
{
    bool is_space = false;
    value = slice_trim(value);
    for (size_t i = 0; i < value.len; i++) {
        bool was_space = is_space;
        is_space = is_white(value.data[i]);
        if (!is_space)
            buf_add_char(out, value.data[i]);
        else if (!was_space)
            buf_add_char(out, ' ');
    }
}

static struct pair *sort_headers(struct arena *arena, struct http_headers headers)
{
    struct pair *pairs = arena_alloc(arena, (headers.len + 1) * sizeof(*pairs));
    for (size_t i = 0; i < headers.len; i++)
        pairs[i] =
            (struct pair){keep_lower(arena, headers.items[i].name), headers.items[i].value, i};
    qsort(pairs, headers.len, sizeof(*pairs), compare_names);
    return pairs;
}

static bool is_of_one_name(const struct pair *pairs, size_t i)
{
    return i > 0 && slice_is_equal(pairs[i - 1].name, pairs[i].name);
}

static void add_headers(struct buf *out, const struct pair *pairs, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (is_of_one_name(pairs, i))
            buf_add_char(out, ',');
        else
            buf_printf(out, "%s%.*s:", i > 0 ? "\n" : "", SLICE_FMT(pairs[i].name));
        add_value(out, pairs[i].value);
    }
    buf_add_char(out, '\n');
}

static void add_names(struct buf *out, const struct pair *pairs, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!is_of_one_name(pairs, i))
            buf_printf(out, "%s%.*s", i > 0 ? ";" : "", SLICE_FMT(pairs[i].name));
}

/* ---- the whole ---- */

static void add_canonical(struct buf *out, struct arena *arena, const struct http_sigv4 *by,
                          const struct sigv4_request *request, const struct pair *headers)
{
    size_t question = slice_find(request->target, '?');
    struct slice path = slice_upto(request->target, question);
    buf_printf(out, "%.*s\n", SLICE_FMT(request->method));
    if (slice_has_prefix(by->service, SLICE_LIT("s3")))
        add_path_of_s3(out, path);
    else
        add_path(out, path);
    buf_add_char(out, '\n');
    if (question < request->target.len)
        add_query(out, arena, slice_from(request->target, question + 1));
    buf_add_char(out, '\n');
    add_headers(out, headers, request->headers.len);
    buf_add_char(out, '\n');
    add_names(out, headers, request->headers.len);
    buf_printf(out, "\n%.*s", SLICE_FMT(request->body_hash));
}

/* The key of a day, a region and a service. */
static struct sum derive_key(const struct http_sigv4 *by, struct slice day)
{
    struct buf first = {0};
    buf_printf(&first, "AWS4%.*s", SLICE_FMT(by->secret));
    struct sum key = sum_of(buf_slice(&first), day);
    key = sum_of(sum_slice(&key), by->region);
    key = sum_of(sum_slice(&key), by->service);
    buf_deinit(&first);
    return sum_of(sum_slice(&key), SLICE_LIT("aws4_request"));
}

void sigv4_add_authorization(struct buf *out, const struct http_sigv4 *by,
                             const struct sigv4_request *request)
{
    struct arena arena = {0};
    struct buf canonical = {0}, scope = {0}, text = {0};
    struct slice day = slice_upto(request->time, DAY_LEN);
    struct pair *headers = sort_headers(&arena, request->headers);
    char hash[SIGV4_HASH_LEN + 1];

    add_canonical(&canonical, &arena, by, request, headers);
    sigv4_format_hash(hash, buf_slice(&canonical));
    buf_printf(&scope, "%.*s/%.*s/%.*s/aws4_request", SLICE_FMT(day), SLICE_FMT(by->region),
               SLICE_FMT(by->service));
    buf_printf(&text, ALGORITHM "\n%.*s\n%s\n%s", SLICE_FMT(request->time), scope.data, hash);

    struct sum key = derive_key(by, day);
    struct sum signature = sum_of(sum_slice(&key), buf_slice(&text));
    buf_printf(out, ALGORITHM " Credential=%.*s/%s, SignedHeaders=", SLICE_FMT(by->key),
               scope.data);
    add_names(out, headers, request->headers.len);
    buf_add_str(out, ", Signature=");
    text_add_hex(out, signature.bytes, signature.len);

    buf_deinit(&canonical);
    buf_deinit(&scope);
    buf_deinit(&text);
    arena_deinit(&arena);
}
