/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * admin/exposition: to the letter, what Prometheus reads.
 */
#include "admin/exposition.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include "base/attr.h"

#include <cmocka.h>

static struct buf out;

static int begin(void **state)
{
    (void)state;
    out = (struct buf){0};
    return 0;
}

static int end(void **state)
{
    (void)state;
    buf_deinit(&out);
    return 0;
}

static void assert_text(const char *text)
{
    assert_string_equal(out.data, text);
    buf_clear(&out);
}

static void a_family_says_what_it_is(void **state)
{
    (void)state;
    struct exposition x = {.out = &out};
    exposition_begin(&x, "a_total", "counter", "How many.");
    exposition_integer(&x, (struct labels){0}, 3);
    assert_text("# HELP a_total How many.\n# TYPE a_total counter\na_total 3\n");
}

static void labels_stand_in_their_order(void **state)
{
    (void)state;
    struct exposition x = {.out = &out, .family = "a"};
    exposition_integer(&x, label("b", SLICE_LIT("c")), 1);
    assert_text("a{b=\"c\"} 1\n");
    exposition_integer(&x, label_two("b", SLICE_NULL, "d", SLICE_LIT("e")), 1);
    assert_text("a{b=\"\",d=\"e\"} 1\n");
}

static void values_of_labels_are_escaped(void **state)
{
    (void)state;
    struct exposition x = {.out = &out, .family = "a"};
    exposition_integer(&x, label("b", SLICE_LIT("q\"b\\n\nü\tend")), 1);
    assert_text("a{b=\"q\\\"b\\\\n\\nü\tend\"} 1\n");
}

static void what_is_no_utf8_is_replaced(void **state)
{
    (void)state;
    struct exposition x = {.out = &out, .family = "a"};
    exposition_integer(&x, label("b", SLICE_LIT("x\xffy\xc3")), 1);
    assert_text("a{b=\"x\xef\xbf\xbdy\xef\xbf\xbd\"} 1\n");
}

static void whole_numbers_keep_every_digit(void **state)
{
    (void)state;
    struct exposition x = {.out = &out, .family = "a"};
    exposition_integer(&x, (struct labels){0}, INT64_MAX);
    assert_text("a 9223372036854775807\n");
    exposition_integer(&x, (struct labels){0}, INT64_MIN);
    assert_text("a -9223372036854775808\n");
}

static void seconds_keep_every_digit(void **state)
{
    (void)state;
    static const struct {
        int64_t us;
        const char *text;
    } samples[] = {
        {0, "a 0\n"},
        {1, "a 0.000001\n"},
        {10, "a 0.00001\n"},
        {1500, "a 0.0015\n"},
        {1000000, "a 1\n"},
        {1000001, "a 1.000001\n"},
        {123456789, "a 123.456789\n"},
        {604800000000, "a 604800\n"},
        {-250000, "a -0.25\n"},
        {INT64_MIN, "a -9223372036854.775808\n"},
    };
    struct exposition x = {.out = &out, .family = "a"};
    for (size_t i = 0; i < ARRAY_LEN(samples); i++) {
        exposition_seconds(&x, (struct labels){0}, samples[i].us);
        assert_text(samples[i].text);
    }
}

static const struct histogram_scale two = {2, {1000, 2500000}};

static void a_histogram_is_whole(void **state)
{
    (void)state;
    struct exposition x = {.out = &out, .family = "a"};
    struct histogram h = {.scale = &two};
    histogram_observe(&h, 1000);
    histogram_observe(&h, 1001);
    histogram_observe(&h, 2500000);
    histogram_observe(&h, 2500001);
    exposition_histogram(&x, label("b", SLICE_LIT("c")), &h);
    assert_text("a_bucket{b=\"c\",le=\"0.001\"} 1\n"
                "a_bucket{b=\"c\",le=\"2.5\"} 3\n"
                "a_bucket{b=\"c\",le=\"+Inf\"} 4\n"
                "a_sum{b=\"c\"} 5.002002\n"
                "a_count{b=\"c\"} 4\n");
}

static void an_empty_one_too(void **state)
{
    (void)state;
    struct exposition x = {.out = &out, .family = "a"};
    struct histogram h = {.scale = &two};
    exposition_histogram(&x, (struct labels){0}, &h);
    assert_text("a_bucket{le=\"0.001\"} 0\na_bucket{le=\"2.5\"} 0\na_bucket{le=\"+Inf\"} 0\n"
                "a_sum 0\na_count 0\n");
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_family_says_what_it_is),       TEST(labels_stand_in_their_order),
        TEST(values_of_labels_are_escaped),   TEST(what_is_no_utf8_is_replaced),
        TEST(whole_numbers_keep_every_digit), TEST(seconds_keep_every_digit),
        TEST(a_histogram_is_whole),           TEST(an_empty_one_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
