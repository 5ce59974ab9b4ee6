/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Cutting and comparing borrowed bytes, and telling UTF-8 from what is none.
 */
#include "base/slice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define assert_slice(s, expected)                                                                  \
    do {                                                                                           \
        struct slice got_ = (s);                                                                   \
        assert_int_equal(got_.len, strlen(expected));                                              \
        assert_memory_equal(got_.len > 0 ? got_.data : "", expected, got_.len);                    \
    } while (0)

static void equal_means_the_same_bytes(void **state)
{
    (void)state;
    assert_true(slice_is_equal(SLICE_LIT("a\0b"), SLICE_LIT("a\0b")));
    assert_false(slice_is_equal(SLICE_LIT("a\0b"), SLICE_LIT("a\0c")));
    assert_false(slice_is_equal(SLICE_LIT("ab"), SLICE_LIT("abc")));
    assert_true(slice_is_equal(SLICE_NULL, SLICE_LIT("")));
}

static void nocase_folds_ascii_letters_only(void **state)
{
    (void)state;
    assert_true(slice_is_equal_nocase(SLICE_LIT("Content-TYPE"), SLICE_LIT("content-type")));
    assert_false(slice_is_equal_nocase(SLICE_LIT("@[`{"), SLICE_LIT("`{@[")));
    assert_false(slice_is_equal_nocase(SLICE_LIT("\xC4"), SLICE_LIT("\xE4")));
    assert_false(slice_is_equal_nocase(SLICE_LIT("a"), SLICE_LIT("aa")));
}

static void prefix_and_suffix_may_be_all_or_nothing(void **state)
{
    (void)state;
    struct slice s = SLICE_LIT("schedule.updated");
    assert_true(slice_has_prefix(s, SLICE_LIT("schedule.")));
    assert_true(slice_has_prefix(s, s));
    assert_true(slice_has_prefix(s, SLICE_NULL));
    assert_true(slice_has_prefix(SLICE_NULL, SLICE_NULL));
    assert_false(slice_has_prefix(SLICE_LIT("sch"), s));
    assert_false(slice_has_prefix(s, SLICE_LIT("Schedule")));
    assert_true(slice_has_prefix_nocase(s, SLICE_LIT("SCHEDULE")));
    assert_false(slice_has_prefix_nocase(s, SLICE_LIT("SCHEDULES")));
    assert_true(slice_has_suffix(s, SLICE_LIT(".updated")));
    assert_true(slice_has_suffix(s, SLICE_NULL));
    assert_false(slice_has_suffix(s, SLICE_LIT(".deleted")));
    assert_false(slice_has_suffix(SLICE_LIT("d"), SLICE_LIT("ed")));
}

static void compare_orders_by_bytes_then_length(void **state)
{
    (void)state;
    assert_true(slice_compare(SLICE_LIT("a"), SLICE_LIT("b")) < 0);
    assert_true(slice_compare(SLICE_LIT("\x80"), SLICE_LIT("a")) > 0);
    assert_true(slice_compare(SLICE_LIT("a"), SLICE_LIT("ab")) < 0);
    assert_true(slice_compare(SLICE_LIT("b"), SLICE_LIT("ab")) > 0);
    assert_true(slice_compare(SLICE_NULL, SLICE_LIT("")) == 0);
    assert_true(slice_compare(SLICE_NULL, SLICE_LIT("a")) < 0);
}

static void find_gives_the_length_when_there_is_none(void **state)
{
    (void)state;
    assert_int_equal(slice_find(SLICE_LIT("a,b,c"), ','), 1);
    assert_int_equal(slice_find(SLICE_LIT("abc"), ','), 3);
    assert_int_equal(slice_find(SLICE_NULL, ','), 0);
}

static void cuts_stay_within_the_slice(void **state)
{
    (void)state;
    assert_slice(slice_from(SLICE_LIT("abc"), 1), "bc");
    assert_slice(slice_from(SLICE_LIT("abc"), 4), "");
    assert_slice(slice_from(SLICE_NULL, 1), "");
    assert_slice(slice_upto(SLICE_LIT("abc"), 2), "ab");
    assert_slice(slice_upto(SLICE_LIT("abc"), 9), "abc");
}

static void trim_takes_white_space_at_both_ends(void **state)
{
    (void)state;
    assert_slice(slice_trim(SLICE_LIT(" \t\r\n\v\fa b ")), "a b");
    assert_slice(slice_trim(SLICE_LIT("   ")), "");
    assert_slice(slice_trim(SLICE_NULL), "");
    assert_slice(slice_trim(SLICE_LIT("\xC2\xA0x")), "\xC2\xA0x");
}

static void split_walks_a_list_with_its_empty_parts(void **state)
{
    (void)state;
    struct slice list = SLICE_LIT("a,,b,");
    assert_slice(slice_split(&list, ','), "a");
    assert_slice(slice_split(&list, ','), "");
    assert_slice(slice_split(&list, ','), "b");
    assert_non_null(list.data);
    assert_slice(slice_split(&list, ','), "");
    assert_null(list.data);
    assert_slice(slice_split(&list, ','), "");
}

static void utf8_takes_the_first_and_last_of_each_length(void **state)
{
    (void)state;
    assert_true(slice_is_utf8(SLICE_NULL));
    assert_true(slice_is_utf8(SLICE_LIT("\0\x7F")));
    assert_true(slice_is_utf8(SLICE_LIT("\xC2\x80 \xDF\xBF")));
    assert_true(slice_is_utf8(SLICE_LIT("\xE0\xA0\x80 \xED\x9F\xBF \xEE\x80\x80 \xEF\xBF\xBF")));
    assert_true(slice_is_utf8(SLICE_LIT("\xF0\x90\x80\x80 \xF4\x8F\xBF\xBF")));
}

static void utf8_refuses_overlongs_surrogates_and_stray_bytes(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "\x80",
        "\xBF",
        "\xC0\xAF",
        "\xC1\xBF",
        "\xC2",
        "\xC2\x41",
        "\xE0\x9F\xBF",
        "\xED\xA0\x80",
        "\xED\xBF\xBF",
        "\xE2\x82",
        "\xE2\x82\x41",
        "\xF0\x8F\xBF\xBF",
        "\xF4\x90\x80\x80",
        "\xF5\x80\x80\x80",
        "\xF0\x9F\x98",
        "\xFE",
        "\xFF",
        "ok\xC3",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (slice_is_utf8(slice_str(bad[i])))
            fail_msg("sample %zu was taken for UTF-8", i);
    }
}

static void utf8_reads_not_behind_the_slice(void **state)
{
    (void)state;
    assert_false(slice_is_utf8(slice_of("\xE2\x82\xAC", 2)));
    assert_true(slice_is_utf8(slice_of("\xE2\x82\xAC", 3)));
}

static void dup_ends_in_a_nul(void **state)
{
    (void)state;
    char *copy = slice_dup(slice_of("abcdef", 3));
    char *empty = slice_dup(SLICE_NULL);
    assert_string_equal(copy, "abc");
    assert_string_equal(empty, "");
    free(copy);
    free(empty);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_means_the_same_bytes),
        cmocka_unit_test(nocase_folds_ascii_letters_only),
        cmocka_unit_test(prefix_and_suffix_may_be_all_or_nothing),
        cmocka_unit_test(compare_orders_by_bytes_then_length),
        cmocka_unit_test(find_gives_the_length_when_there_is_none),
        cmocka_unit_test(cuts_stay_within_the_slice),
        cmocka_unit_test(trim_takes_white_space_at_both_ends),
        cmocka_unit_test(split_walks_a_list_with_its_empty_parts),
        cmocka_unit_test(utf8_takes_the_first_and_last_of_each_length),
        cmocka_unit_test(utf8_refuses_overlongs_surrogates_and_stray_bytes),
        cmocka_unit_test(utf8_reads_not_behind_the_slice),
        cmocka_unit_test(dup_ends_in_a_nul),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
