/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* Percent-encoding. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/percent.h"

static void every_byte_comes_back(void **state)
{
    (void)state;
    struct buf encoded = {0}, decoded = {0};
    char all[256];
    size_t at;
    for (size_t i = 0; i < sizeof(all); i++)
        all[i] = (char)i;
    percent_add(&encoded, slice_of(all, sizeof(all)), false);
    assert_int_equal(encoded.len, 66 + (sizeof(all) - 66) * 3);
    assert_int_equal(percent_parse(&decoded, buf_slice(&encoded), &at), 0);
    assert_int_equal(decoded.len, sizeof(all));
    assert_memory_equal(decoded.data, all, sizeof(all));
    buf_deinit(&encoded);
    buf_deinit(&decoded);
}

static void a_form_has_plus_for_a_space(void **state)
{
    (void)state;
    struct buf b = {0};
    percent_add(&b, SLICE_LIT("a b+"), true);
    assert_string_equal(b.data, "a+b%2B");
    buf_deinit(&b);
}

static void a_broken_escape_is_shown(void **state)
{
    (void)state;
    static const char *const broken[] = {"abc%", "abc%4", "abc%g0", "abc%0g"};
    for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
        struct buf b = {0};
        size_t at = 0;
        assert_int_equal(percent_parse(&b, slice_str(broken[i]), &at), -1);
        assert_int_equal(at, 3);
        assert_string_equal(b.data, "abc");
        buf_deinit(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_comes_back),
        cmocka_unit_test(a_form_has_plus_for_a_space),
        cmocka_unit_test(a_broken_escape_is_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
