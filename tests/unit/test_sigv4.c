/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * http/sigv4 against signatures that AWS has published: the requests of its signing test suite
 * (awslabs/aws-c-auth, tests/aws-signing-test-suite/v4, those whose paths are normalised), and the
 * examples of the S3 API reference, "Authenticating Requests".
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "http/sigv4.h"

#include <cmocka.h>

#define HEADERS_MAX 16

struct signed_request {
    const char *name, *method, *target;
    const char
        *headers;      /* as lines; one that begins with white space goes on with the one before */
    const char *token; /* of the session, or NULL */
    const char *body;  /* whose hash is sent along; NULL: none, and no hash */
    const char *signature;
};

static const struct signed_request suite[] = {
    {"get-header-key-duplicate", "GET", "/",
     "Host:example.amazonaws.com\nMy-Header1:value2\nMy-Header1:value2\nMy-Header1:value1", NULL,
     NULL, "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"},
    {"get-header-value-multiline", "GET", "/",
     "Host:example.amazonaws.com\nMy-Header1:value1\n  value2\n     value3", NULL, NULL,
     "cfd34249e4b1c8d6b91ef74165d41a32e5fab3306300901bb65a51a73575eefd"},
    {"get-header-value-order", "GET", "/",
     "Host:example.amazonaws.com\nMy-Header1:value4\nMy-Header1:value1\nMy-Header1:value3\nMy-"
     "Header1:value2",
     NULL, NULL, "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01"},
    {"get-header-value-trim", "GET", "/",
     "Host:example.amazonaws.com\nMy-Header1: value1\nMy-Header2: \"a   b   c\"", NULL, NULL,
     "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
    {"get-relative-normalized", "GET", "/example/..", "Host:example.amazonaws.com", NULL, NULL,
     "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
    {"get-relative-relative-normalized", "GET", "/example1/example2/../..",
     "Host:example.amazonaws.com", NULL, NULL,
     "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
    {"get-slash-dot-slash-normalized", "GET", "/./", "Host:example.amazonaws.com", NULL, NULL,
     "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
    {"get-slash-normalized", "GET", "//", "Host:example.amazonaws.com", NULL, NULL,
     "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
    {"get-slash-pointless-dot-normalized", "GET", "/./example", "Host:example.amazonaws.com", NULL,
     NULL, "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5"},
    {"get-slashes-normalized", "GET", "//example//", "Host:example.amazonaws.com", NULL, NULL,
     "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84"},
    {"get-space-normalized", "GET", "/example space/", "Host:example.amazonaws.com", NULL, NULL,
     "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"},
    {"get-unreserved", "GET", "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
     "Host:example.amazonaws.com", NULL, NULL,
     "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"},
    {"get-utf8", "GET", "/\341\210\264", "Host:example.amazonaws.com", NULL, NULL,
     "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"},
    {"get-vanilla-empty-query-key", "GET", "/?Param1=value1", "Host:example.amazonaws.com", NULL,
     NULL, "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"},
    {"get-vanilla-query-order-encoded", "GET", "/?Param-3=Value3&Param=Value2&%E1%88%B4=Value1",
     "Host:example.amazonaws.com", NULL, NULL,
     "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac"},
    {"get-vanilla-query-order-key-case", "GET", "/?Param2=value2&Param1=value1",
     "Host:example.amazonaws.com", NULL, NULL,
     "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
    {"get-vanilla-query-unreserved", "GET",
     "/?-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz=-._~"
     "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
     "Host:example.amazonaws.com", NULL, NULL,
     "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197"},
    {"get-vanilla-query", "GET", "/", "Host:example.amazonaws.com", NULL, NULL,
     "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
    {"get-vanilla-utf8-query", "GET", "/?\341\210\264=bar", "Host:example.amazonaws.com", NULL,
     NULL, "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"},
    {"get-vanilla-with-session-token", "GET", "/", "Host:example.amazonaws.com",
     "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267", NULL,
     "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8"},
    {"get-vanilla", "GET", "/", "Host:example.amazonaws.com", NULL, NULL,
     "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
    {"post-header-key-case", "POST", "/", "Host:example.amazonaws.com", NULL, NULL,
     "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
    {"post-header-key-sort", "POST", "/", "Host:example.amazonaws.com\nMy-Header1:value1", NULL,
     NULL, "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c"},
    {"post-header-value-case", "POST", "/", "Host:example.amazonaws.com\nMy-Header1:VALUE1", NULL,
     NULL, "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d"},
    {"post-sts-header-after", "POST", "/", "Host:example.amazonaws.com", NULL, NULL,
     "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
    {"post-sts-header-before", "POST", "/", "Host:example.amazonaws.com",
     "AQoDYXdzEPT//////////"
     "wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthA"
     "x7mSEI/qkPpKPi/"
     "kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHN"
     "VXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+"
     "scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==",
     NULL, "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead"},
    {"post-vanilla-empty-query-value", "POST", "/?Param1=value1", "Host:example.amazonaws.com",
     NULL, NULL, "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11"},
    {"post-vanilla-query", "POST", "/?Param1=value1", "Host:example.amazonaws.com", NULL, NULL,
     "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11"},
    {"post-vanilla", "POST", "/", "Host:example.amazonaws.com", NULL, NULL,
     "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
    {"post-x-www-form-urlencoded-parameters", "POST", "/",
     "Content-Type:application/x-www-form-urlencoded; "
     "charset=utf-8\nHost:example.amazonaws.com\nContent-Length:13",
     NULL, "Param1=value1", "328d1b9eaadca9f5818ef05e8392801e091653bafec24fcab71e7344e7f51422"},
    {"post-x-www-form-urlencoded", "POST", "/",
     "Content-Type:application/"
     "x-www-form-urlencoded\nHost:example.amazonaws.com\nContent-Length:13",
     NULL, "Param1=value1", "d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b"},
};

static const struct signed_request of_s3[] = {
    {"get-object", "GET", "/test.txt", "Host:examplebucket.s3.amazonaws.com\nRange:bytes=0-9", NULL,
     "", "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"},
    {"put-object", "PUT", "/test$file.text",
     "Date:Fri, 24 May 2013 00:00:00 GMT\nHost:examplebucket.s3.amazonaws.com\n"
     "x-amz-storage-class:REDUCED_REDUNDANCY",
     NULL, "Welcome to Amazon S3.",
     "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"},
    {"get-bucket-lifecycle", "GET", "/?lifecycle", "Host:examplebucket.s3.amazonaws.com", NULL, "",
     "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"},
    {"list-objects", "GET", "/?max-keys=2&prefix=J", "Host:examplebucket.s3.amazonaws.com", NULL,
     "", "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"},
};

/* ---- a request's headers ---- */

struct headers {
    struct http_header items[HEADERS_MAX];
    size_t len;
};

static void add(struct headers *h, struct slice name, struct slice value)
{
    assert_true(h->len < HEADERS_MAX);
    h->items[h->len++] = (struct http_header){name, value};
}

static void add_lines(struct headers *h, const char *lines)
{
    for (struct slice rest = slice_str(lines); rest.data;) {
        struct slice value = slice_split(&rest, '\n');
        if (value.data[0] == ' ') { /* the value before ends here now */
            struct slice *before = &h->items[h->len - 1].value;
            before->len = (size_t)(value.data + value.len - before->data);
            continue;
        }
        struct slice name = slice_split(&value, ':');
        add(h, name, value);
    }
}

static struct slice signature_of(struct slice authorization)
{
    static const char mark[] = "Signature=";
    const char *at = memmem(authorization.data, authorization.len, mark, sizeof(mark) - 1);
    assert_non_null(at);
    return slice_from(authorization, (size_t)(at - authorization.data) + sizeof(mark) - 1);
}

/* ---- the check ---- */

static void assert_signed(const struct signed_request *r, const struct http_sigv4 *by,
                          int64_t unix_s)
{
    char time[SIGV4_TIME_LEN + 1], hash[SIGV4_HASH_LEN + 1];
    struct headers headers = {.len = 0};
    struct buf value = {0};
    sigv4_format_time(time, unix_s);
    sigv4_format_hash(hash, slice_str(r->body));
    add_lines(&headers, r->headers);
    add(&headers, SLICE_LIT("X-Amz-Date"), slice_str(time));
    if (r->token)
        add(&headers, SLICE_LIT("X-Amz-Security-Token"), slice_str(r->token));
    if (r->body)
        add(&headers, SLICE_LIT("x-amz-content-sha256"), slice_str(hash));
    const struct sigv4_request request = {
        .method = slice_str(r->method),
        .target = slice_str(r->target),
        .headers = {headers.items, headers.len},
        .time = slice_str(time),
        .body_hash = slice_str(hash),
    };
    sigv4_add_authorization(&value, by, &request);
    struct slice signature = signature_of(buf_slice(&value));
    if (!slice_is_equal(signature, slice_str(r->signature)))
        fail_msg("%s: signed with %.*s, not %s", r->name, SLICE_FMT(signature), r->signature);
    buf_deinit(&value);
}

static void requests_of_the_test_suite_are_signed_as_aws_signs_them(void **state)
{
    const struct http_sigv4 by = {
        .key = SLICE_LIT("AKIDEXAMPLE"),
        .secret = SLICE_LIT("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
        .region = SLICE_LIT("us-east-1"),
        .service = SLICE_LIT("service"),
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(suite); i++)
        assert_signed(&suite[i], &by, 1440938160);
}

static void requests_to_s3_are_signed_as_its_reference_shows(void **state)
{
    const struct http_sigv4 by = {
        .key = SLICE_LIT("AKIAIOSFODNN7EXAMPLE"),
        .secret = SLICE_LIT("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
        .region = SLICE_LIT("us-east-1"),
        .service = SLICE_LIT("s3"),
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(of_s3); i++)
        assert_signed(&of_s3[i], &by, 1369353600);
}

static void the_header_names_key_scope_and_signed_headers(void **state)
{
    static const struct http_header headers[] = {
        {{"X-Amz-Date", 10}, {"20150830T123600Z", 16}},
        {{"Host", 4}, {"example.amazonaws.com", 21}},
    };
    const struct http_sigv4 by = {SLICE_LIT("AKIDEXAMPLE"),
                                  SLICE_LIT("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"), SLICE_NULL,
                                  SLICE_LIT("us-east-1"), SLICE_LIT("service")};
    char hash[SIGV4_HASH_LEN + 1];
    struct buf value = {0};
    (void)state;
    sigv4_format_hash(hash, SLICE_LIT(""));
    sigv4_add_authorization(&value, &by,
                            &(struct sigv4_request){.method = SLICE_LIT("GET"),
                                                    .target = SLICE_LIT("/"),
                                                    .headers = {headers, ARRAY_LEN(headers)},
                                                    .time = SLICE_LIT("20150830T123600Z"),
                                                    .body_hash = slice_str(hash)});
    assert_string_equal(
        value.data,
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
        "SignedHeaders=host;x-amz-date, "
        "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
    buf_deinit(&value);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_of_the_test_suite_are_signed_as_aws_signs_them),
        cmocka_unit_test(requests_to_s3_are_signed_as_its_reference_shows),
        cmocka_unit_test(the_header_names_key_scope_and_signed_headers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
