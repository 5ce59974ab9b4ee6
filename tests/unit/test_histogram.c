/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * base/histogram: where its bounds lie, and that nothing is lost.
 */
#include "base/histogram.h"

#include <setjmp.h>
#include <stdarg.h>

#include "base/attr.h"

#include <cmocka.h>

static const struct histogram_scale *const scales[] = {&histogram_work, &histogram_calls,
                                                       &histogram_lives};

static void a_bound_belongs_to_what_is_below_it(void **state)
{
    (void)state;
    for (size_t s = 0; s < ARRAY_LEN(scales); s++) {
        for (size_t i = 0; i < scales[s]->n; i++) {
            struct histogram h = {.scale = scales[s]};
            int64_t bound = scales[s]->bounds_us[i];
            histogram_observe(&h, bound);
            assert_int_equal(h.counts[i], 1);
            histogram_observe(&h, bound + 1);
            assert_int_equal(h.counts[i + 1], 1);
            assert_int_equal(h.sum_us, 2 * bound + 1);
            assert_int_equal(histogram_count(&h), 2);
        }
    }
}

static void bounds_rise(void **state)
{
    (void)state;
    for (size_t s = 0; s < ARRAY_LEN(scales); s++) {
        assert_in_range(scales[s]->n, 1, HISTOGRAM_BOUNDS_MAX);
        assert_true(scales[s]->bounds_us[0] > 0);
        for (size_t i = 1; i < scales[s]->n; i++)
            assert_true(scales[s]->bounds_us[i] > scales[s]->bounds_us[i - 1]);
    }
}

static void what_is_above_all_bounds_counts(void **state)
{
    (void)state;
    struct histogram h = {.scale = &histogram_lives};
    histogram_observe(&h, INT64_MAX);
    assert_int_equal(h.counts[h.scale->n], 1);
    assert_int_equal(histogram_count(&h), 1);
    assert_true(h.sum_us == INT64_MAX);
}

static void a_time_below_zero_counts_as_zero(void **state)
{
    (void)state;
    struct histogram h = {.scale = &histogram_calls};
    histogram_observe(&h, -5);
    histogram_observe(&h, INT64_MIN);
    assert_int_equal(h.counts[0], 2);
    assert_int_equal(h.sum_us, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bound_belongs_to_what_is_below_it),
        cmocka_unit_test(bounds_rise),
        cmocka_unit_test(what_is_above_all_bounds_counts),
        cmocka_unit_test(a_time_below_zero_counts_as_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
