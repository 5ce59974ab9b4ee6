/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * UTF-8 by the character: measured, encoded, repaired, cut.
 */
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void every_scalar_value_is_encoded_and_measured(void **state)
{
    (void)state;
    for (uint32_t c = 0; c <= 0x10FFFF; c++) {
        if (c >= 0xD800 && c <= 0xDFFF)
            continue;
        char text[UTF8_LEN_MAX];
        size_t len = utf8_encode(text, c);
        assert_int_equal(len, c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4);
        assert_int_equal(utf8_len(slice_of(text, len)), len);
        assert_true(slice_is_utf8(slice_of(text, len)));
        for (size_t cut = 0; cut < len; cut++)
            assert_int_equal(utf8_len(slice_of(text, cut)), 0);
    }
}

/* The two were written apart: what one takes, the other takes. */
static void agrees_with_slice_is_utf8_on_all_texts_of_three_bytes(void **state)
{
    (void)state;
    for (uint32_t bits = 0; bits < 1U << 24; bits++) {
        char text[3] = {(char)(bits >> 16), (char)(bits >> 8), (char)bits};
        struct slice rest = slice_of(text, sizeof(text));
        for (size_t len = 1; len > 0 && rest.len > 0; rest = slice_from(rest, len))
            len = utf8_len(rest);
        if ((rest.len == 0) != slice_is_utf8(slice_of(text, sizeof(text))))
            fail_msg("%06x", bits);
    }
}

static void assert_repaired(struct slice s, const char *expected)
{
    struct buf b = {0};
    utf8_add_repaired(&b, s);
    assert_string_equal(b.data ? b.data : "", expected);
    buf_deinit(&b);
}

#define R "\xEF\xBF\xBD"

static void replaces_each_maximal_broken_part_once(void **state)
{
    (void)state;
    assert_repaired(SLICE_NULL, "");
    assert_repaired(SLICE_LIT("a\xC3\xA9\xE2\x82\xAC\xF0\x9D\x84\x9E"),
                    "a\xC3\xA9\xE2\x82\xAC\xF0\x9D\x84\x9E");
    /* Unicode 15, tables 3-8 to 3-11 */
    assert_repaired(SLICE_LIT("\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41"), R R R R R R R R "A");
    assert_repaired(SLICE_LIT("\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41"), R R R R R R R R "A");
    assert_repaired(SLICE_LIT("\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42"), R R R R R "A" R R "B");
    assert_repaired(SLICE_LIT("\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41"), R R R R "A");
    assert_repaired(SLICE_LIT("\xE2\x82"), R);
    assert_repaired(SLICE_LIT("\xF0\x9D\x84"), R);
}

static void cuts_no_character_in_two(void **state)
{
    (void)state;
    struct slice s = SLICE_LIT("a\xE2\x82\xAC\xF0\x9D\x84\x9E");
    static const size_t kept[] = {0, 1, 1, 1, 4, 4, 4, 4, 8, 8};
    for (size_t len = 0; len < sizeof(kept) / sizeof(kept[0]); len++)
        assert_int_equal(utf8_cut(s, len).len, kept[len]);
    assert_int_equal(utf8_cut(SLICE_LIT("\x80\x80\x80\x80\x80\x80"), 5).len, 5);
}

static void assert_common(const char *a, const char *b, size_t n)
{
    assert_int_equal(utf8_common(slice_str(a), slice_str(b)), n);
    assert_int_equal(utf8_common(slice_str(b), slice_str(a)), n);
}

static void a_common_beginning_has_whole_characters(void **state)
{
    (void)state;
    assert_common("", "", 0);
    assert_common("abc", "abd", 2);
    assert_common("abc", "abc", 3);
    assert_common("abc", "ab", 2);
    assert_common("aÜ", "aß", 1);
    assert_common("a\xc3", "aß", 1);
}

static void assert_around(const char *s, size_t at, const char *expected)
{
    struct buf out = {0};
    utf8_add_around(&out, slice_str(s), at, 3, 4);
    assert_string_equal(out.data, expected);
    buf_deinit(&out);
}

static void what_stands_around_a_place_is_cut_between_characters(void **state)
{
    (void)state;
    assert_around("abcdefghij", 5, "…cdefghi…");
    assert_around("abcdefghij", 3, "abcdefg…");
    assert_around("abcdefghij", 6, "…defghij");
    assert_around("abc", 3, "abc");
    assert_around("éééééé", 4, "…ééé…");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_scalar_value_is_encoded_and_measured),
        cmocka_unit_test(agrees_with_slice_is_utf8_on_all_texts_of_three_bytes),
        cmocka_unit_test(replaces_each_maximal_broken_part_once),
        cmocka_unit_test(cuts_no_character_in_two),
        cmocka_unit_test(a_common_beginning_has_whole_characters),
        cmocka_unit_test(what_stands_around_a_place_is_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
