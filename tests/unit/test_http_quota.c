/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * http/quota: RateLimit in all its forms. The conformance cases are skipped where they aren't there.
 */
#include "http/quota.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/json_items.h"

#include <cmocka.h>

#define CASES LIAISON_SOURCE_DIR "/../shared/conformance/retry-after-cases.json"
#define NOW_MS INT64_C(1795476000250)
#define HEADERS_MAX 8

/* "Name: value" each. */
static int64_t wait_of(const char *const *lines, size_t n)
{
    struct http_header items[HEADERS_MAX];
    for (size_t i = 0; i < n; i++) {
        struct slice value = slice_str(lines[i]), name = slice_split(&value, ':');
        items[i] = (struct http_header){name, slice_trim(value)};
    }
    return http_quota_wait_ms((struct http_headers){items, n}, NOW_MS);
}

#define wait_of_lines(...)                                                                         \
    wait_of((const char *const[]){__VA_ARGS__},                                                    \
            sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

/* ---- the list ---- */

static void nothing_left_is_waited_for(void **state)
{
    (void)state;
    assert_int_equal(wait_of_lines("RateLimit: \"default\";r=0;t=30"), 30000);
    assert_int_equal(wait_of_lines("ratelimit: \"default\"; r=0; t=30"), 30000);
    assert_int_equal(wait_of_lines("RATELIMIT: default;r=0;t=30;pk=:YQ==:"), 30000);
}

static void as_long_as_something_is_left_nothing_is(void **state)
{
    (void)state;
    assert_int_equal(wait_of_lines("RateLimit: \"default\";r=1;t=30"), 0);
    assert_int_equal(wait_of_lines("RateLimit: \"default\";r=0"), 0);
    assert_int_equal(wait_of_lines("RateLimit: \"default\";r=0;t=0"), 0);
    assert_int_equal(wait_of_lines("RateLimit: \"default\";t=30"), 0);
    assert_int_equal(wait_of_lines("Content-Type: x", "X-Request-Id-Of-It: 0"), 0);
    assert_int_equal(wait_of_lines("RateLimit-Policy: \"default\";q=0;w=30"), 0);
}

static void of_several_the_longest_counts(void **state)
{
    (void)state;
    assert_int_equal(wait_of_lines("RateLimit: \"a\";r=0;t=30, \"b\";r=0;t=60,\"c\";r=9;t=99"),
                     60000);
    assert_int_equal(wait_of_lines("RateLimit: \"a\";r=0;t=60", "RateLimit: \"b\";r=0;t=30"),
                     60000);
}

static void what_is_no_list_says_nothing(void **state)
{
    (void)state;
    static const char *const values[] = {
        "",
        ",",
        "\"a",
        "\"a\";r=0;t=30,",
        "\"a\";r=0;t=30 \"b\"",
        "\"a\";r=0;t=30;",
        "\"a\"; r=0 ;t=30",
        "\"a\";r=;t=30",
        "\"a\";r=0;t=3x",
        "\"a\";R=0;t=30",
        "\"a\";r=0;t=30;pk=:YQ",
        "\"a\";r=0;t=1234567890123456",
        "\"a\";r=0;t=30, ;",
        "(\"a\");r=0;t=30",
        "\"a\\",
        "=1",
        "a=",
    };
    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        struct buf line = {0};
        buf_printf(&line, "RateLimit: %s", values[i]);
        const char *const lines[] = {line.data};
        if (wait_of(lines, 1) != 0)
            fail_msg("taken: %s", values[i]);
        buf_deinit(&line);
    }
}

/* A copy of just that size, so that reading past its end shows. */
static void no_beginning_of_a_list_is_read_past_its_end(void **state)
{
    (void)state;
    static const char *const values[] = {"\"d\\\"x\";r=0;t=30;pk=:YWJj:;a=?1;b=tok/en;c=\"s\\\\\"",
                                         "limit=100, remaining=0, reset=30"};
    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        for (size_t len = 0; len <= strlen(values[i]); len++) {
            char *part = mem_alloc(len + 1);
            memcpy(part, values[i], len);
            struct http_quotas list = {.rest = slice_of(part, len)};
            struct http_quota quota;
            size_t n = 0;
            while (http_quotas_next(&list, &quota))
                n++;
            assert_true(n <= 3);
            free(part);
        }
    }
}

/* ---- what there was before, and beside ---- */

static void older_drafts_are_understood(void **state)
{
    (void)state;
    assert_int_equal(wait_of_lines("RateLimit: limit=100, remaining=0, reset=30"), 30000);
    assert_int_equal(wait_of_lines("RateLimit: limit=100, remaining=5, reset=30"), 0);
    assert_int_equal(
        wait_of_lines("RateLimit-Limit: 100", "RateLimit-Remaining: 0", "RateLimit-Reset: 30"),
        30000);
    assert_int_equal(wait_of_lines("RateLimit-Remaining: 1", "RateLimit-Reset: 30"), 0);
    assert_int_equal(wait_of_lines("RateLimit-Remaining: 0"), 0);
}

static void x_ratelimit_may_say_seconds_or_a_moment(void **state)
{
    (void)state;
    assert_int_equal(wait_of_lines("X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 30"), 30000);
    assert_int_equal(wait_of_lines("x-ratelimit-reset: 1795476045", "x-ratelimit-remaining: 0"),
                     45000);
    assert_int_equal(wait_of_lines("X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 1795476045.5"),
                     46000);
    assert_int_equal(wait_of_lines("X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 1795476045000"),
                     45000);
    assert_int_equal(wait_of_lines("X-Rate-Limit-Remaining: 0", "X-Rate-Limit-Reset: 1795476045"),
                     45000);
    assert_int_equal(wait_of_lines("X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 1795475000"), 0);
    assert_int_equal(wait_of_lines("X-RateLimit-Remaining: 3", "X-RateLimit-Reset: 1795476045"), 0);
    assert_int_equal(wait_of_lines("X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 1795476045",
                                   "X-RateLimit-Reset-After: 7.25"),
                     8000);
}

/* So that clocks that differ do no harm. */
static void a_moment_is_counted_from_the_answers_own_date(void **state)
{
    (void)state;
    assert_int_equal(wait_of_lines("Date: Mon, 23 Nov 2026 23:19:00 GMT",
                                   "X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 1795476000"),
                     60000);
}

static void what_is_no_number_says_nothing(void **state)
{
    (void)state;
    static const char *const values[] = {"", "soon", "1 2", "1x", "--1", "12345678901234567", "1."};
    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        struct buf line = {0};
        buf_printf(&line, "RateLimit-Reset: %s", values[i]);
        const char *const lines[] = {"RateLimit-Remaining: 0", line.data};
        if (wait_of(lines, 2) != 0)
            fail_msg("taken: %s", values[i]);
        buf_deinit(&line);
    }
}

/* ---- the conformance cases ---- */

static struct slice member(struct slice doc, const char *name)
{
    struct slice value = SLICE_NULL;
    json_get(doc, name, &value);
    return value;
}

static void check_number(struct slice expected, const char *name, int64_t got)
{
    int64_t n = -1;
    struct slice value = member(expected, name);
    if (value.data)
        assert_int_equal(json_get_integer(value, &n), 0);
    assert_int_equal(got, n);
}

static void check_text(struct slice expected, const char *name, struct slice got)
{
    struct buf text = {0};
    struct slice value = member(expected, name);
    if (value.data)
        assert_int_equal(json_get_string(value, &text), 0);
    assert_true(slice_is_equal(got, buf_slice(&text)));
    buf_deinit(&text);
}

static void check_case(struct slice item)
{
    struct buf value = {0};
    struct json_items items;
    struct slice unused, expected;
    struct http_quota quota;
    assert_int_equal(json_get_string(member(item, "value"), &value), 0);
    struct http_quotas list = {.rest = buf_slice(&value)};
    json_items_begin(&items, member(item, "expect"));
    while (json_items_next(&items, &unused, &expected)) {
        assert_true(http_quotas_next(&list, &quota));
        check_text(expected, "name", quota.name);
        check_text(expected, "pk", quota.pk);
        check_number(expected, "q", quota.q);
        check_number(expected, "w", quota.w);
        check_number(expected, "r", quota.r);
        check_number(expected, "t", quota.t);
    }
    json_items_end(&items);
    assert_false(http_quotas_next(&list, &quota));
    assert_false(list.is_bad);
    buf_deinit(&value);
}

static void the_conformance_cases_hold(void **state)
{
    (void)state;
    if (access(CASES, R_OK) < 0)
        skip();
    struct buf text = {0};
    struct err err;
    struct json_items items;
    struct slice unused, item;
    int n = 0;
    assert_int_equal(buf_read_file(&text, CASES, 1 << 20, &err), 0);
    json_items_begin(&items, member(buf_slice(&text), "ratelimit_parse"));
    for (; json_items_next(&items, &unused, &item); n++)
        check_case(item);
    json_items_end(&items);
    assert_true(n >= 7);
    buf_deinit(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_left_is_waited_for),
        cmocka_unit_test(as_long_as_something_is_left_nothing_is),
        cmocka_unit_test(of_several_the_longest_counts),
        cmocka_unit_test(what_is_no_list_says_nothing),
        cmocka_unit_test(no_beginning_of_a_list_is_read_past_its_end),
        cmocka_unit_test(older_drafts_are_understood),
        cmocka_unit_test(x_ratelimit_may_say_seconds_or_a_moment),
        cmocka_unit_test(a_moment_is_counted_from_the_answers_own_date),
        cmocka_unit_test(what_is_no_number_says_nothing),
        cmocka_unit_test(the_conformance_cases_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
