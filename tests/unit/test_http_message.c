/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * http/message: header look-up, media types, dates, Retry-After.
 */
#include "http/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/json.h"
#include "base/text.h"

#include <cmocka.h>

#define CASES LIAISON_SOURCE_DIR "/../shared/conformance/retry-after-cases.json"

/* 1994-11-06T08:49:37Z, the example of RFC 9110, and a "now" of 2026. */
#define EXAMPLE_S INT64_C(784111777)
#define NOW_S INT64_C(1795476000)

static int64_t date_of(const char *text)
{
    int64_t s = 0;
    return http_parse_date(slice_str(text), NOW_S, &s) == 0 ? s : -1;
}

static void test_a_header_is_found_in_any_case_and_the_first_counts(void **state)
{
    (void)state;
    const struct http_header items[] = {
        {SLICE_LIT("Content-Type"), SLICE_LIT("text/plain")},
        {SLICE_LIT("content-type"), SLICE_LIT("text/html")},
        {SLICE_LIT("X-Empty"), SLICE_LIT("")},
    };
    struct http_headers headers = {items, ARRAY_LEN(items)};
    assert_true(slice_is_equal(http_header_get(headers, "CONTENT-TYPE"), SLICE_LIT("text/plain")));
    assert_non_null(http_header_get(headers, "x-empty").data);
    assert_null(http_header_get(headers, "Content").data);
}

static void test_a_media_type_is_without_parameters_and_white_space(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"application/json", "application/json"},
        {" application/json ; charset=utf-8", "application/json"},
        {"text/html;a=b;c=d", "text/html"},
        {"", ""},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct slice type = http_media_type(slice_str(cases[i][0]));
        assert_true(slice_is_equal(type, slice_str(cases[i][1])));
    }
}

static void test_the_three_forms_of_a_date_are_read(void **state)
{
    (void)state;
    assert_int_equal(date_of("Sun, 06 Nov 1994 08:49:37 GMT"), EXAMPLE_S);
    assert_int_equal(date_of("Sunday, 06-Nov-94 08:49:37 GMT"), EXAMPLE_S);
    assert_int_equal(date_of("Sun Nov  6 08:49:37 1994"), EXAMPLE_S);
    assert_int_equal(date_of("Wed Nov 16 08:49:37 1994"), EXAMPLE_S + 10 * 86400);
}

static void test_leap_days_and_leap_seconds_are_read(void **state)
{
    (void)state;
    assert_int_equal(date_of("Thu, 29 Feb 2024 00:00:00 GMT"), 1709164800);
    assert_int_equal(date_of("Sat, 31 Dec 2016 23:59:60 GMT"), 1483228800);
}

static void test_a_short_year_more_than_50_years_ahead_lies_in_the_past(void **state)
{
    (void)state;
    assert_int_equal(date_of("Monday, 23-Nov-26 00:00:00 GMT"), 1795392000);
    assert_int_equal(date_of("Thursday, 23-Nov-75 00:00:00 GMT"), INT64_C(3341692800));
    assert_int_equal(date_of("Friday, 23-Nov-79 00:00:00 GMT"), 312163200);
}

static void test_a_short_year_may_lie_in_the_century_to_come(void **state)
{
    (void)state;
    int64_t unix_s;
    const int64_t end_of_2099_s = 4102444799;
    assert_int_equal(
        http_parse_date(SLICE_LIT("Friday, 01-Jan-00 00:00:00 GMT"), end_of_2099_s, &unix_s), 0);
    assert_int_equal(unix_s, end_of_2099_s + 1);
    assert_int_equal(
        http_parse_date(SLICE_LIT("Tuesday, 29-Feb-00 00:00:00 GMT"), end_of_2099_s, &unix_s), 0);
    assert_int_equal(unix_s, 951782400); /* 2100 has no such day */
}

static void test_what_is_no_date_is_refused(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "",
        "Sun",
        "Sun, ",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 GMT ",
        "sun, 06 nov 1994 08:49:37 gmt",
        "Xyz, 06 Nov 1994 08:49:37 GMT",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 31 Nov 1994 08:49:37 GMT",
        "Wed, 29 Feb 2023 00:00:00 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:60:00 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT",
        "Sun, 06-Nov-94 08:49:37 GMT",
        "Sunday, 06 Nov 1994 08:49:37 GMT",
        "Sun Nov 6 08:49:37 1994",
        "1994-11-06T08:49:37Z",
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        if (date_of(cases[i]) != -1)
            fail_msg("read as a date: \"%s\"", cases[i]);
    }
}

static void test_no_beginning_of_a_date_is_one(void **state)
{
    (void)state;
    static const char *const dates[] = {"Sun, 06 Nov 1994 08:49:37 GMT",
                                        "Sunday, 06-Nov-94 08:49:37 GMT",
                                        "Sun Nov  6 08:49:37 1994"};
    for (size_t i = 0; i < ARRAY_LEN(dates); i++) {
        for (size_t len = 0; len < strlen(dates[i]); len++) {
            /* A copy of just that size, so that reading past its end shows. */
            char *part = mem_alloc(len + 1);
            memcpy(part, dates[i], len);
            int64_t s;
            assert_int_equal(http_parse_date(slice_of(part, len), NOW_S, &s), -1);
            free(part);
        }
    }
}

/* -1: none */
static int64_t delay_of(const char *value, const char *date)
{
    int64_t ms;
    bool is_valid =
        http_parse_retry_after(slice_str(value), slice_str(date), NOW_S * 1000 + 250, &ms);
    return is_valid ? ms : -1;
}

static void test_retry_after_counts_seconds(void **state)
{
    (void)state;
    assert_int_equal(delay_of("0", NULL), 0);
    assert_int_equal(delay_of(" 120\t", NULL), 120000);
    assert_int_equal(delay_of("9223372036854775", NULL), INT64_MAX);
    assert_int_equal(delay_of("9223372036854774", NULL), INT64_C(9223372036854774000));
    assert_int_equal(delay_of("99999999999999999999999999", NULL), INT64_MAX);
}

static void test_retry_after_counts_a_date_from_the_answers_own_date(void **state)
{
    (void)state;
    const char *then = "Sun, 06 Nov 1994 08:50:37 GMT";
    assert_int_equal(delay_of(then, "Sun, 06 Nov 1994 08:49:37 GMT"), 60000);
    assert_int_equal(delay_of(then, "Sun, 06 Nov 1994 08:59:37 GMT"), 0);
    assert_int_equal(delay_of(then, "no date"), 0);
}

static void test_retry_after_counts_a_date_from_now_without_another(void **state)
{
    (void)state;
    assert_int_equal(delay_of("Mon, 23 Nov 2026 23:20:10 GMT", NULL), 9750);
}

static void test_retry_after_that_is_neither_is_none(void **state)
{
    (void)state;
    static const char *const cases[] = {"", " ", "-1", "+1", "1.5", "1s", "soon", "0x10"};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_int_equal(delay_of(cases[i], NULL), -1);
}

/* ---- The conformance cases ---- */

static struct slice member(struct slice doc, const char *name)
{
    struct slice value = SLICE_NULL;
    json_get(doc, name, &value);
    return value;
}

static void add_string(struct buf *b, struct slice json)
{
    assert_int_equal(json_get_string(json, b), 0);
}

/* The case's value: of several fields the first. */
static void read_value(struct slice item, struct buf *value)
{
    struct slice json = member(item, "value");
    if (!json_is_array(json)) {
        add_string(value, json);
        return;
    }
    struct json_reader r;
    json_reader_init(&r, json);
    assert_int_equal(json_next(&r), JSON_ARRAY_BEGIN);
    assert_int_equal(json_next(&r), JSON_STRING);
    buf_add_slice(value, r.text);
    json_reader_deinit(&r);
}

/* Whether the JSON value (null: no delay) says what came out. */
static bool says(struct slice json, bool is_valid, int64_t delay_ms)
{
    int64_t s;
    if (json_get_integer(json, &s) < 0)
        return !is_valid;
    return is_valid && delay_ms == s * 1000;
}

static bool says_one_of(struct slice list, bool is_valid, int64_t delay_ms)
{
    bool found = false;
    struct json_reader r;
    json_reader_init(&r, list);
    for (enum json_token t; (t = json_next(&r)) != JSON_END && t != JSON_ERROR;) {
        if (t == JSON_NUMBER || t == JSON_NULL)
            found |= says(slice_of(list.data + r.start, r.pos - r.start), is_valid, delay_ms);
    }
    json_reader_deinit(&r);
    return found;
}

static void check_case(struct slice item)
{
    struct buf value = {0}, name = {0}, now = {0};
    int64_t now_ms = NOW_S * 1000, delay_ms = 0;
    add_string(&name, member(item, "name"));
    read_value(item, &value);
    if (json_is_string(member(item, "now"))) {
        add_string(&now, member(item, "now"));
        assert_int_equal(text_parse_time(buf_slice(&now), &now_ms, NULL), 0);
    }
    bool is_valid = http_parse_retry_after(buf_slice(&value), SLICE_NULL, now_ms, &delay_ms);
    if (!says(member(item, "delay_s"), is_valid, delay_ms) &&
        !says_one_of(member(item, "alternatives"), is_valid, delay_ms))
        fail_msg("%s: got %s, %lld ms", name.data, is_valid ? "a delay" : "none",
                 (long long)delay_ms);
    buf_deinit(&value);
    buf_deinit(&name);
    buf_deinit(&now);
}

static void test_the_static_conformance_cases_hold(void **state)
{
    (void)state;
    if (access(CASES, R_OK) != 0) {
        print_message("skipped: there is no %s\n", CASES);
        skip();
    }
    struct buf doc = {0};
    struct err err = {0};
    assert_int_equal(buf_read_file(&doc, CASES, 1 << 20, &err), 0);
    struct slice list = member(buf_slice(&doc), "static");
    struct json_reader r;
    json_reader_init(&r, list);
    size_t n = 0;
    assert_int_equal(json_next(&r), JSON_ARRAY_BEGIN);
    while (json_next(&r) == JSON_OBJECT_BEGIN) {
        struct slice item;
        assert_int_equal(json_skip(&r, &item), 0);
        check_case(item);
        n++;
    }
    assert_true(n >= 10);
    json_reader_deinit(&r);
    buf_deinit(&doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_header_is_found_in_any_case_and_the_first_counts),
        cmocka_unit_test(test_a_media_type_is_without_parameters_and_white_space),
        cmocka_unit_test(test_the_three_forms_of_a_date_are_read),
        cmocka_unit_test(test_leap_days_and_leap_seconds_are_read),
        cmocka_unit_test(test_a_short_year_more_than_50_years_ahead_lies_in_the_past),
        cmocka_unit_test(test_a_short_year_may_lie_in_the_century_to_come),
        cmocka_unit_test(test_what_is_no_date_is_refused),
        cmocka_unit_test(test_no_beginning_of_a_date_is_one),
        cmocka_unit_test(test_retry_after_counts_seconds),
        cmocka_unit_test(test_retry_after_counts_a_date_from_the_answers_own_date),
        cmocka_unit_test(test_retry_after_counts_a_date_from_now_without_another),
        cmocka_unit_test(test_retry_after_that_is_neither_is_none),
        cmocka_unit_test(test_the_static_conformance_cases_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
