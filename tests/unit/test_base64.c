/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * base/base64: bytes as text and back, strictly and as people cut it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/base64.h"

#include <cmocka.h>

static void assert_slice(struct slice s, const char *expected)
{
    assert_int_equal(s.len, strlen(expected));
    assert_memory_equal(s.data, expected, s.len);
}

static void base64_stands_for_its_bytes_and_back(void **state)
{
    static const char *const pairs[][2] = {
        {"", ""},        {"f", "Zg=="},        {"fo", "Zm8="},
        {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"\xFB\xFF", "+/8="}};
    struct buf out = {0};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        buf_clear(&out);
        base64_add(&out, slice_str(pairs[i][0]));
        assert_slice(buf_slice(&out), pairs[i][1]);
        buf_clear(&out);
        assert_int_equal(base64_parse(slice_str(pairs[i][1]), &out), 0);
        assert_slice(buf_slice(&out), pairs[i][0]);
    }
    buf_deinit(&out);
}

static void what_isnt_base64_is_refused_and_adds_nothing(void **state)
{
    static const char *const bad[] = {"Zg",   "Zg=",  "Z===", "====", "Zg==Zg==", "Zm9v!m9v",
                                      "Zm 9", "Zh==", "Zm9=", "Z-9_", "Zm9vZg==="};
    struct buf out = {0};
    (void)state;
    buf_add_str(&out, "x");
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_int_equal(base64_parse(slice_str(bad[i]), &out), -1);
        assert_slice(buf_slice(&out), "x");
    }
    buf_deinit(&out);
}

static void loosely_it_is_read_as_people_cut_it(void **state)
{
    static const char *const pairs[][2] = {
        {"Zg", "f"},     {"Zm8", "fo"},       {"Zm8=", "fo"}, {"Zh", "f"},
        {"Zm9v", "foo"}, {"-_8", "\xFB\xFF"}, {"", ""},
    };
    struct buf out = {0};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        buf_clear(&out);
        assert_int_equal(base64_parse_loose(slice_str(pairs[i][0]), &out), 0);
        assert_slice(buf_slice(&out), pairs[i][1]);
    }
    buf_clear(&out);
    assert_int_equal(base64_parse_loose(SLICE_LIT("Z"), &out), -1);
    assert_int_equal(base64_parse_loose(SLICE_LIT("Zm9vZ"), &out), -1);
    assert_int_equal(base64_parse_loose(SLICE_LIT("Zm 9"), &out), -1);
    assert_int_equal(base64_parse_loose(SLICE_LIT("Zm9v="), &out), 0);
    buf_deinit(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base64_stands_for_its_bytes_and_back),
        cmocka_unit_test(what_isnt_base64_is_refused_and_adds_nothing),
        cmocka_unit_test(loosely_it_is_read_as_people_cut_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
