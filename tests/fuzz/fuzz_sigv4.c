/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Targets of requests, signed for AWS. The order of a query doesn't change the signature, nor does how
 * a path to S3 is encoded, as long as it stands for the same.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/percent.h"
#include "fuzz.h"
#include "http/sigv4.h"

#define PIECES_MAX 64

static void sign(struct buf *out, const char *service, struct slice target)
{
    static const struct http_header headers[] = {{SLICE_LIT("Host"), SLICE_LIT("example.org")}};
    const struct http_sigv4 by = {SLICE_LIT("AKID"), SLICE_LIT("secret"), SLICE_NULL,
                                  SLICE_LIT("eu-north-1"), slice_str(service)};
    const struct sigv4_request request = {
        .method = SLICE_LIT("GET"),
        .target = target,
        .headers = {headers, 1},
        .time = SLICE_LIT("20150830T123600Z"),
        .body_hash = SLICE_LIT("UNSIGNED-PAYLOAD"),
    };
    sigv4_add_authorization(out, &by, &request);
}

static void require_same(const char *service, struct slice target, const struct buf *other)
{
    struct buf a = {0}, b = {0};
    sign(&a, service, target);
    sign(&b, service, buf_slice(other));
    require(slice_is_equal(buf_slice(&a), buf_slice(&b)));
    buf_deinit(&a);
    buf_deinit(&b);
}

/* The pieces of its query the other way round. */
static void turn_query(struct slice target)
{
    struct buf other = {0};
    struct slice pieces[PIECES_MAX];
    size_t n = 0, question = slice_find(target, '?');
    struct slice rest = slice_from(target, question + 1);
    while (rest.data && n < PIECES_MAX)
        pieces[n++] = slice_split(&rest, '&');
    buf_add_slice(&other, slice_upto(target, question));
    for (size_t i = n; i-- > 0;) {
        buf_add_str(&other, i + 1 == n ? "?" : "&");
        buf_add_slice(&other, pieces[i]);
    }
    if (!rest.data && question < target.len) {
        require_same("sqs", target, &other);
        require_same("s3", target, &other);
    }
    buf_deinit(&other);
}

/* Each segment of its path encoded anew. */
static void encode_path(struct slice target)
{
    struct buf other = {0}, plain = {0};
    bool is_sound = true;
    size_t at, question = slice_find(target, '?');
    for (struct slice rest = slice_from(slice_upto(target, question), 1); rest.data;) {
        struct slice segment = slice_split(&rest, '/');
        buf_clear(&plain);
        is_sound &= percent_parse(&plain, segment, &at) == 0;
        buf_add_char(&other, '/');
        percent_add(&other, buf_slice(&plain), false);
    }
    buf_add_slice(&other, slice_from(target, question));
    if (is_sound)
        require_same("s3", target, &other);
    buf_deinit(&other);
    buf_deinit(&plain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice target = slice_of((const char *)data, size);
    if (size == 0 || data[0] != '/')
        return 0;
    turn_query(target);
    encode_path(target);
    return 0;
}
