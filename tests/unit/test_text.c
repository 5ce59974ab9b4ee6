/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The notations of durations, sizes, times and names: what is taken, refused and written.
 */
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static int64_t duration(const char *s)
{
    struct err err = {0};
    int64_t ms = -2;
    return text_parse_duration(slice_str(s), &ms, &err) < 0 ? -1 : ms;
}

static int64_t size(const char *s)
{
    struct err err = {0};
    int64_t bytes = -2;
    return text_parse_size(slice_str(s), &bytes, &err) < 0 ? -1 : bytes;
}

/* INT64_MIN for what is refused. */
static int64_t when(const char *s)
{
    struct err err = {0};
    int64_t ms;
    return text_parse_time(slice_str(s), &ms, &err) < 0 ? INT64_MIN : ms;
}

static void durations_take_every_unit(void **state)
{
    (void)state;
    assert_int_equal(duration("200ms"), 200);
    assert_int_equal(duration("10s"), 10000);
    assert_int_equal(duration("5m"), 300000);
    assert_int_equal(duration("24h"), 86400000);
    assert_int_equal(duration("7d"), 604800000);
    assert_int_equal(duration("2w"), 1209600000);
    assert_int_equal(duration("30"), 30000);
    assert_int_equal(duration("0"), 0);
    assert_int_equal(duration("007s"), 7000);
}

static void durations_take_fractions(void **state)
{
    (void)state;
    assert_int_equal(duration("1.5s"), 1500);
    assert_int_equal(duration("0.25"), 250);
    assert_int_equal(duration("1.5h"), 5400000);
    assert_int_equal(duration("0.1d"), 8640000);
    assert_int_equal(duration("1.000000000s"), 1000);
}

static void durations_round_up_so_that_little_is_not_nothing(void **state)
{
    (void)state;
    assert_int_equal(duration("0.5ms"), 1);
    assert_int_equal(duration("1.0001s"), 1001);
    assert_int_equal(duration("0.0000000001s"), 1);
    assert_int_equal(duration("0.0000000000s"), 0);
}

static void durations_refuse_other_notations(void **state)
{
    (void)state;
    static const char *const bad[] = {"",    "s",   "5 m", " 5m", "5m ", "-5m",  "+5m", "5M",
                                      "5.m", ".5m", "1e3", "5mm", "5,5", "1h30", "0x5", "m5"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        if (duration(bad[i]) != -1)
            fail_msg("\"%s\" was taken", bad[i]);
    }
    struct err err = {0};
    int64_t ms;
    assert_int_equal(text_parse_duration(slice_of("5m\0", 3), &ms, &err), -1);
}

static void durations_end_at_1000_years(void **state)
{
    (void)state;
    assert_true(duration("365242.5d") == INT64_C(31556952000000));
    assert_true(duration("31556952000000ms") == INT64_C(31556952000000));
    assert_int_equal(duration("31556952000001ms"), -1);
    assert_int_equal(duration("9223372036854775807"), -1);
    assert_int_equal(duration("18446744073709551615w"), -1);
    assert_int_equal(duration("18446744073709551616"), -1);
    assert_int_equal(duration("184467440737095516160000000000000000000000"), -1);
}

static void duration_errors_show_the_notation(void **state)
{
    (void)state;
    struct err err = {0};
    int64_t ms;
    assert_int_equal(text_parse_duration(SLICE_LIT("5 minutes"), &ms, &err), -1);
    assert_int_equal(err.code, ERR_INVALID);
    assert_string_equal(err.message,
                        "\"5 minutes\" is no duration: write a number with ms, s, m, h, d or w, as "
                        "in \"200ms\" or \"1.5h\" (seconds without a unit)");
    assert_int_equal(text_parse_duration(SLICE_LIT("99999999999d"), &ms, &err), -1);
    assert_string_equal(err.message, "the duration \"99999999999d\" is longer than 1000 years");
}

static void sizes_take_every_unit_in_any_case(void **state)
{
    (void)state;
    assert_int_equal(size("4096"), 4096);
    assert_int_equal(size("12B"), 12);
    assert_int_equal(size("64KB"), 65536);
    assert_int_equal(size("64KiB"), 65536);
    assert_int_equal(size("1MB"), 1048576);
    assert_int_equal(size("1mb"), 1048576);
    assert_int_equal(size("1MiB"), 1048576);
    assert_true(size("10GB") == INT64_C(10) << 30);
    assert_true(size("10GiB") == INT64_C(10) << 30);
    assert_true(size("3TB") == INT64_C(3) << 40);
    assert_true(size("3TiB") == INT64_C(3) << 40);
    assert_true(size("1.5GB") == INT64_C(3) << 29);
}

static void sizes_end_at_2_to_the_60(void **state)
{
    (void)state;
    assert_true(size("1152921504606846976") == INT64_C(1) << 60);
    assert_int_equal(size("1152921504606846977"), -1);
    assert_true(size("1048576TB") == INT64_C(1) << 60);
    assert_int_equal(size("1048577TB"), -1);
    assert_int_equal(size("18446744073709551616B"), -1);
    assert_int_equal(size("16777216TB"), -1);
    struct err err = {0};
    int64_t bytes;
    assert_int_equal(text_parse_size(SLICE_LIT("8388607TB"), &bytes, &err), -1);
    assert_string_equal(err.message, "the size \"8388607TB\" is beyond 2^60 bytes");
}

static void sizes_refuse_other_notations(void **state)
{
    (void)state;
    static const char *const bad[] = {"",   "MB",    "1 MB", "-1MB", "1PB",
                                      "1K", "1,5MB", "1.MB", "1e6",  "1MBs"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        if (size(bad[i]) != -1)
            fail_msg("\"%s\" was taken", bad[i]);
    }
    struct err err = {0};
    int64_t bytes;
    assert_int_equal(text_parse_size(SLICE_LIT("1PB"), &bytes, &err), -1);
    assert_string_equal(err.message,
                        "\"1PB\" is no size: write a number with B, KB, MB, GB or TB, as in "
                        "\"64KB\" or \"1.5GB\" (bytes without a unit)");
}

static void rates_are_a_number_and_a_unit(void **state)
{
    (void)state;
    int64_t n, ms;
    struct err err = {0};
    assert_int_equal(text_parse_rate(SLICE_LIT("50/s"), &n, &ms, &err), 0);
    assert_true(n == 50 && ms == 1000);
    assert_int_equal(text_parse_rate(SLICE_LIT("1000/m"), &n, &ms, &err), 0);
    assert_true(n == 1000 && ms == 60000);
    assert_int_equal(text_parse_rate(SLICE_LIT("1/h"), &n, &ms, &err), 0);
    assert_true(n == 1 && ms == 3600000);
    static const char *const wrong[] = {"",     "5",    "/s",   "0/s", "-1/s",
                                        "5/ms", "5 /s", "5/s ", "x/s", "99999999999/s"};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        assert_int_equal(text_parse_rate(slice_str(wrong[i]), &n, &ms, &err), -1);
}

static void durations_are_written_exactly_and_read_back(void **state)
{
    (void)state;
    static const struct {
        int64_t ms;
        const char *text;
    } samples[] = {
        {0, "0s"},         {1, "1ms"},        {200, "200ms"},     {1000, "1s"},
        {1500, "1.5s"},    {1001, "1.001s"},  {10010, "10.01s"},  {90000, "90s"},
        {300000, "5m"},    {5400000, "90m"},  {86400000, "1d"},   {259200000, "3d"},
        {604800000, "7d"}, {90000000, "25h"}, {61001, "61.001s"},
    };
    for (size_t i = 0; i < ARRAY_LEN(samples); i++) {
        struct buf b = {0};
        text_add_duration(&b, samples[i].ms);
        assert_string_equal(b.data, samples[i].text);
        assert_int_equal(duration(b.data), samples[i].ms);
        buf_deinit(&b);
    }
}

static void negative_durations_are_written_too(void **state)
{
    (void)state;
    struct buf b = {0};
    text_add_duration(&b, -1500);
    buf_add_char(&b, ' ');
    text_add_duration(&b, INT64_MIN);
    assert_string_equal(b.data, "-1.5s -9223372036854775.808s");
    buf_deinit(&b);
}

static void sizes_are_written_to_a_tenth(void **state)
{
    static const struct {
        int64_t bytes;
        const char *text;
    } samples[] = {
        {0, "0 B"},
        {1023, "1023 B"},
        {1536, "1.5 KB"},
        {(INT64_C(1) << 20) - 1, "1 MB"},
        {INT64_C(500) << 20, "500 MB"},
        {INT64_C(10) << 30, "10 GB"},
        {INT64_MAX, "8388608 TB"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(samples); i++) {
        struct buf b = {0};
        text_add_size(&b, samples[i].bytes);
        assert_string_equal(b.data, samples[i].text);
        buf_deinit(&b);
    }
}

static void times_take_any_offset(void **state)
{
    (void)state;
    assert_int_equal(when("1970-01-01T00:00:00Z"), 0);
    assert_true(when("2026-11-23T18:56:15Z") == INT64_C(1795460175000));
    assert_true(when("2026-11-23T19:56:15+01:00") == INT64_C(1795460175000));
    assert_true(when("2026-11-23T13:26:15-05:30") == INT64_C(1795460175000));
    assert_true(when("2026-11-24T18:55:15+23:59") == INT64_C(1795460175000));
    assert_true(when("2026-11-23t18:56:15z") == INT64_C(1795460175000));
    assert_true(when("2026-11-23 18:56:15-00:00") == INT64_C(1795460175000));
}

static void fractions_of_any_length_are_cut_to_milliseconds(void **state)
{
    (void)state;
    assert_int_equal(when("1970-01-01T00:00:00.5Z"), 500);
    assert_int_equal(when("1970-01-01T00:00:00.042Z"), 42);
    assert_int_equal(when("1970-01-01T00:00:00.0429999999999999999999999999Z"), 42);
    assert_int_equal(when("1969-12-31T23:59:59.9999Z"), -1);
}

static void times_know_the_lengths_of_months(void **state)
{
    (void)state;
    assert_true(when("2024-02-29T00:00:00Z") != INT64_MIN);
    assert_true(when("2000-02-29T00:00:00Z") != INT64_MIN);
    assert_true(when("2023-02-29T00:00:00Z") == INT64_MIN);
    assert_true(when("1900-02-29T00:00:00Z") == INT64_MIN);
    assert_true(when("2023-04-31T00:00:00Z") == INT64_MIN);
    assert_true(when("2023-12-31T00:00:00Z") != INT64_MIN);
}

static void a_leap_second_ends_a_day_in_utc(void **state)
{
    (void)state;
    assert_true(when("2016-12-31T23:59:60Z") == INT64_C(1483228800000));
    assert_true(when("2017-01-01T00:59:60.5+01:00") == INT64_C(1483228800500));
    assert_true(when("2016-12-31T23:58:60Z") == INT64_MIN);
    assert_true(when("2016-12-31T23:59:60+01:00") == INT64_MIN);
    assert_true(when("2016-12-31T23:59:61Z") == INT64_MIN);
}

static void times_refuse_other_notations(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "2026-11-23",
        "2026-11-23T18:56:15",
        "2026-11-23T18:56Z",
        "2026-11-23T18:56:15.Z",
        "2026-11-23T18:56:15,5Z",
        "2026-11-23T24:00:00Z",
        "2026-11-23T18:60:00Z",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-01-00T00:00:00Z",
        "2026-1-1T00:00:00Z",
        "26-01-01T00:00:00Z",
        "+2026-01-01T00:00:00Z",
        "20260101T000000Z",
        "2026-11-23T18:56:15+0100",
        "2026-11-23T18:56:15+24:00",
        "2026-11-23T18:56:15+01:60",
        "2026-11-23T18:56:15 Z",
        "2026-11-23T18:56:15ZZ",
        " 2026-11-23T18:56:15Z",
        "Mon, 23 Nov 2026 18:56:15 GMT",
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        if (when(bad[i]) != INT64_MIN)
            fail_msg("\"%s\" was taken", bad[i]);
    }
    struct err err = {0};
    int64_t ms;
    assert_int_equal(text_parse_time(SLICE_LIT("yesterday"), &ms, &err), -1);
    assert_int_equal(err.code, ERR_INVALID);
    assert_non_null(strstr(err.message, "\"yesterday\" is no time"));
}

static void no_beginning_of_a_time_is_one(void **state)
{
    (void)state;
    static const char whole[] = "2026-11-23T18:56:15.042+01:00";
    struct err err = {0};
    int64_t ms;
    for (size_t len = 0; len < sizeof(whole) - 1; len++)
        assert_int_equal(text_parse_time(slice_of(whole, len), &ms, &err), -1);
    assert_int_equal(text_parse_time(slice_str(whole), &ms, &err), 0);
    assert_int_equal(text_parse_time(slice_of(whole, sizeof(whole)), &ms, &err), -1);
}

static void times_are_written_in_utc_with_milliseconds(void **state)
{
    (void)state;
    char text[TEXT_TIME_LEN + 1];
    text_format_time(text, INT64_C(1795460175042));
    assert_string_equal(text, "2026-11-23T18:56:15.042Z");
    text_format_time(text, 0);
    assert_string_equal(text, "1970-01-01T00:00:00.000Z");
    text_format_time(text, -1);
    assert_string_equal(text, "1969-12-31T23:59:59.999Z");
    struct buf b = {0};
    text_add_time(&b, INT64_C(951782400000));
    assert_string_equal(b.data, "2000-02-29T00:00:00.000Z");
    buf_deinit(&b);
}

static void times_of_day_are_written_alone(void **state)
{
    (void)state;
    struct buf b = {0};
    text_add_time_of_day(&b, INT64_C(1795460175042));
    text_add_time_of_day(&b, -1);
    assert_string_equal(b.data, "18:56:15.04223:59:59.999");
    buf_deinit(&b);
}

static void integers_are_written_in_full(void **state)
{
    (void)state;
    char text[TEXT_INTEGER_SIZE];
    assert_int_equal(text_format_integer(text, 0), 1);
    assert_string_equal(text, "0");
    assert_int_equal(text_format_integer(text, INT64_MAX), 19);
    assert_string_equal(text, "9223372036854775807");
    assert_int_equal(text_format_integer(text, INT64_MIN), 20);
    assert_string_equal(text, "-9223372036854775808");
}

static void times_outside_four_digit_years_become_the_last_that_fit(void **state)
{
    (void)state;
    char text[TEXT_TIME_LEN + 1];
    text_format_time(text, INT64_MAX);
    assert_string_equal(text, "9999-12-31T23:59:59.999Z");
    text_format_time(text, INT64_MIN);
    assert_string_equal(text, "0000-01-01T00:00:00.000Z");
    assert_true(when("9999-12-31T23:59:59.999Z") == INT64_C(253402300799999));
    assert_true(when("0000-01-01T00:00:00Z") == INT64_C(-62167219200000));
}

static void days_of_known_dates(void **state)
{
    (void)state;
    assert_int_equal(text_days_from_civil(1970, 1, 1), 0);
    assert_int_equal(text_days_from_civil(1969, 12, 31), -1);
    assert_int_equal(text_days_from_civil(2000, 2, 29), 11016);
    assert_int_equal(text_days_from_civil(2000, 3, 1), 11017);
    assert_int_equal(text_days_from_civil(0, 3, 1), -719468);
    assert_int_equal(text_days_from_civil(-1, 12, 31), -719529);
}

/* Counts day by day through two eras, over the year 0 and 1970. */
static void dates_follow_each_other_without_a_gap(void **state)
{
    (void)state;
    static const unsigned lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t days = text_days_from_civil(-200, 1, 1);
    for (int64_t year = -200; year <= 2401; year++) {
        for (unsigned month = 1; month <= 12; month++) {
            bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
            unsigned n = lengths[month - 1] + (month == 2 && is_leap);
            for (unsigned day = 1; day <= n; day++, days++) {
                int64_t y;
                unsigned m, d;
                text_civil_from_days(days, &y, &m, &d);
                if (y != year || m != month || d != day)
                    fail_msg("day %d is no %d-%u-%u", (int)days, (int)year, month, day);
                assert_int_equal(text_days_from_civil(year, month, day), days);
            }
        }
    }
}

static const char *nearest(const char *word)
{
    static const char *const names[] = {"connector", "transformer", "data",
                                        "delay",     "key",         "expires"};
    return text_nearest(slice_str(word), names, ARRAY_LEN(names));
}

static void nearest_finds_what_was_meant(void **state)
{
    (void)state;
    assert_string_equal(nearest("conector"), "connector");
    assert_string_equal(nearest("CONNECTOR"), "connector");
    assert_string_equal(nearest("transfromer"), "transformer");
    assert_string_equal(nearest("date"), "data");
    assert_string_equal(nearest("kye"), "key");
    assert_string_equal(nearest("expiry"), "expires");
}

static void nearest_gives_nothing_for_what_is_far(void **state)
{
    (void)state;
    assert_null(nearest("timeout"));
    assert_null(nearest("dt"));
    assert_null(nearest(""));
    assert_null(nearest("kxy-and-much-more"));
    assert_null(text_nearest(SLICE_LIT("key"), NULL, 0));
}

/* One edit and, from four letters on, one more for each four. */
static void nearest_allows_one_edit_and_a_quarter_of_the_word(void **state)
{
    (void)state;
    static const char *const names[] = {"abcdefgh"};
    assert_non_null(text_nearest(SLICE_LIT("abcdeXYZ"), names, 1));
    assert_null(text_nearest(SLICE_LIT("abcdWXYZ"), names, 1));
    static const char *const brief[] = {"abc"};
    assert_non_null(text_nearest(SLICE_LIT("abX"), brief, 1));
    assert_null(text_nearest(SLICE_LIT("aXY"), brief, 1));
}

static void nearest_prefers_the_nearer_then_the_first(void **state)
{
    (void)state;
    static const char *const names[] = {"cart", "card", "care", "cared"};
    assert_string_equal(text_nearest(SLICE_LIT("care"), names, 4), "care");
    assert_string_equal(text_nearest(SLICE_LIT("carx"), names, 4), "cart");
}

static void nearest_bounds_its_work_on_long_words(void **state)
{
    (void)state;
    char word[1000], name[100];
    memset(word, 'a', sizeof(word));
    memset(name, 'a', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    const char *names[] = {name};
    assert_null(text_nearest(slice_of(word, sizeof(word)), names, 1));
    assert_null(text_nearest(slice_of(word, 64), names, 1));
    name[64] = '\0';
    assert_ptr_equal(text_nearest(slice_of(word, 64), names, 1), name);
}

static void hex_goes_both_ways(void **state)
{
    (void)state;
    struct buf b = {0};
    unsigned char bytes[4];
    text_add_hex(&b, "\x00\x9a\xff", 3);
    text_add_hex(&b, NULL, 0);
    assert_string_equal(b.data, "009aff");
    assert_int_equal(text_parse_hex(SLICE_LIT("00DEadFf"), bytes, 4), 0);
    assert_memory_equal(bytes, "\x00\xde\xad\xff", 4);
    assert_int_equal(text_parse_hex(SLICE_NULL, bytes, 0), 0);
    buf_deinit(&b);
}

static void hex_refuses_other_lengths_and_digits(void **state)
{
    (void)state;
    unsigned char bytes[4];
    assert_int_equal(text_parse_hex(SLICE_LIT("00dead"), bytes, 4), -1);
    assert_int_equal(text_parse_hex(SLICE_LIT("00deadff0"), bytes, 4), -1);
    assert_int_equal(text_parse_hex(SLICE_LIT("00deadfg"), bytes, 4), -1);
    assert_int_equal(text_parse_hex(SLICE_LIT("00 eadff"), bytes, 4), -1);
    assert_int_equal(text_hex_digit('f'), 15);
    assert_int_equal(text_hex_digit('G'), -1);
    assert_int_equal(text_hex_digit('@'), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_take_every_unit),
        cmocka_unit_test(durations_take_fractions),
        cmocka_unit_test(durations_round_up_so_that_little_is_not_nothing),
        cmocka_unit_test(durations_refuse_other_notations),
        cmocka_unit_test(durations_end_at_1000_years),
        cmocka_unit_test(duration_errors_show_the_notation),
        cmocka_unit_test(sizes_take_every_unit_in_any_case),
        cmocka_unit_test(sizes_end_at_2_to_the_60),
        cmocka_unit_test(sizes_refuse_other_notations),
        cmocka_unit_test(rates_are_a_number_and_a_unit),
        cmocka_unit_test(durations_are_written_exactly_and_read_back),
        cmocka_unit_test(negative_durations_are_written_too),
        cmocka_unit_test(sizes_are_written_to_a_tenth),
        cmocka_unit_test(times_take_any_offset),
        cmocka_unit_test(fractions_of_any_length_are_cut_to_milliseconds),
        cmocka_unit_test(times_know_the_lengths_of_months),
        cmocka_unit_test(a_leap_second_ends_a_day_in_utc),
        cmocka_unit_test(times_refuse_other_notations),
        cmocka_unit_test(no_beginning_of_a_time_is_one),
        cmocka_unit_test(times_are_written_in_utc_with_milliseconds),
        cmocka_unit_test(times_of_day_are_written_alone),
        cmocka_unit_test(integers_are_written_in_full),
        cmocka_unit_test(times_outside_four_digit_years_become_the_last_that_fit),
        cmocka_unit_test(days_of_known_dates),
        cmocka_unit_test(dates_follow_each_other_without_a_gap),
        cmocka_unit_test(nearest_finds_what_was_meant),
        cmocka_unit_test(nearest_gives_nothing_for_what_is_far),
        cmocka_unit_test(nearest_allows_one_edit_and_a_quarter_of_the_word),
        cmocka_unit_test(nearest_prefers_the_nearer_then_the_first),
        cmocka_unit_test(nearest_bounds_its_work_on_long_words),
        cmocka_unit_test(hex_goes_both_ways),
        cmocka_unit_test(hex_refuses_other_lengths_and_digits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
