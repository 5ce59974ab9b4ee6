/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"

static void test_what_is_taken_is_zero_aligned_and_stays(void **state)
{
    (void)state;
    struct arena a = {0};
    unsigned char *taken[300];
    for (size_t i = 0; i < 300; i++) {
        size_t size = i * 37 % 5000;
        taken[i] = arena_alloc(&a, size);
        assert_int_equal((uintptr_t)taken[i] % alignof(max_align_t), 0);
        for (size_t k = 0; k < size; k++)
            assert_int_equal(taken[i][k], 0);
        memset(taken[i], (int)(i % 255) + 1, size);
    }
    for (size_t i = 0; i < 300; i++)
        for (size_t k = 0; k < i * 37 % 5000; k++)
            assert_int_equal(taken[i][k], i % 255 + 1);
    arena_deinit(&a);
    assert_int_equal(a.used, 0);
}

static void test_copies_end_with_a_nul_and_absent_stays_absent(void **state)
{
    (void)state;
    struct arena a = {0};
    struct slice copy = arena_copy(&a, slice_of("abcdef", 3));
    assert_string_equal(copy.data, "abc");
    assert_int_equal(copy.len, 3);
    assert_non_null(arena_copy(&a, SLICE_LIT("")).data);
    assert_null(arena_copy(&a, SLICE_NULL).data);
    arena_deinit(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_taken_is_zero_aligned_and_stays),
        cmocka_unit_test(test_copies_end_with_a_nul_and_absent_stays_absent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
