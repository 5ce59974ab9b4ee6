/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Counts by hash: four in place, more in a table, and always the same answers.
 */
#include "engine/counts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/rng.h"

#include <cmocka.h>

static void an_empty_one_has_no_counts(void **state)
{
    (void)state;
    struct counts c = {0};
    assert_int_equal(counts_get(&c, 0), 0);
    assert_int_equal(counts_get(&c, 7), 0);
    counts_deinit(&c);
}

static void adding_tells_the_count_before(void **state)
{
    (void)state;
    struct counts c = {0};
    assert_int_equal(counts_add(&c, 7), 0);
    assert_int_equal(counts_add(&c, 7), 1);
    assert_int_equal(counts_add(&c, 8), 0);
    assert_int_equal(counts_add(&c, 7), 2);
    assert_int_equal(counts_get(&c, 7), 3);
    assert_int_equal(counts_get(&c, 8), 1);
    counts_deinit(&c);
}

static void a_hash_of_zero_is_one_like_others(void **state)
{
    (void)state;
    struct counts c = {0};
    for (uint64_t hash = 0; hash < 100; hash++)
        assert_int_equal(counts_add(&c, hash), 0);
    assert_int_equal(counts_add(&c, 0), 1);
    assert_int_equal(counts_get(&c, 0), 2);
    counts_deinit(&c);
}

static void the_first_few_need_no_memory(void **state)
{
    (void)state;
    struct counts c = {0};
    for (uint64_t hash = 1; hash <= COUNTS_INLINE; hash++) {
        counts_add(&c, hash);
        counts_add(&c, hash);
    }
    assert_null(c.table);
    counts_add(&c, COUNTS_INLINE + 1);
    assert_non_null(c.table);
    counts_deinit(&c);
}

static void counts_move_along_into_the_table(void **state)
{
    (void)state;
    struct counts c = {0};
    for (uint64_t hash = 1; hash <= COUNTS_INLINE; hash++) {
        for (uint64_t n = 0; n < hash; n++)
            counts_add(&c, hash);
    }
    for (uint64_t hash = COUNTS_INLINE + 1; hash <= 1000; hash++)
        counts_add(&c, hash);
    for (uint64_t hash = 1; hash <= COUNTS_INLINE; hash++)
        assert_int_equal(counts_get(&c, hash), hash);
    assert_int_equal(c.len, 1000);
    counts_deinit(&c);
}

static void the_table_keeps_room_for_short_searches(void **state)
{
    (void)state;
    struct counts c = {0};
    for (uint64_t hash = 1; hash <= 5000; hash++) {
        counts_add(&c, hash * 0x9e3779b97f4a7c15);
        assert_true(!c.table || c.len * 2 <= c.cap);
    }
    counts_deinit(&c);
}

/* All of them belong to one place of any table. */
static void hashes_that_clash_are_kept_apart(void **state)
{
    (void)state;
    struct counts c = {0};
    for (uint64_t i = 0; i < 300; i++)
        assert_int_equal(counts_add(&c, i << 32 | 15), 0);
    for (uint64_t i = 0; i < 300; i++)
        assert_int_equal(counts_get(&c, i << 32 | 15), 1);
    assert_int_equal(counts_get(&c, UINT64_C(300) << 32 | 15), 0);
    counts_deinit(&c);
}

static void cleared_it_begins_anew(void **state)
{
    (void)state;
    struct counts c = {0};
    for (uint64_t hash = 1; hash <= 100; hash++)
        counts_add(&c, hash);
    counts_deinit(&c);
    assert_int_equal(counts_get(&c, 1), 0);
    assert_int_equal(counts_add(&c, 1), 0);
    assert_int_equal(c.len, 1);
    counts_deinit(&c);
}

static void random_ones_agree_with_plain_counting(void **state)
{
    (void)state;
    struct counts c = {0};
    struct rng rng;
    uint64_t hashes[200];
    uint32_t counted[ARRAY_LEN(hashes)] = {0};
    rng_init(&rng, 1);
    for (size_t i = 0; i < ARRAY_LEN(hashes); i++)
        hashes[i] = rng_next(&rng);
    for (size_t step = 0; step < 20000; step++) {
        size_t i = (size_t)rng_upto(&rng, ARRAY_LEN(hashes) - 1);
        assert_int_equal(counts_get(&c, hashes[i]), counted[i]);
        assert_int_equal(counts_add(&c, hashes[i]), counted[i]++);
    }
    counts_deinit(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_one_has_no_counts),
        cmocka_unit_test(adding_tells_the_count_before),
        cmocka_unit_test(a_hash_of_zero_is_one_like_others),
        cmocka_unit_test(the_first_few_need_no_memory),
        cmocka_unit_test(counts_move_along_into_the_table),
        cmocka_unit_test(the_table_keeps_room_for_short_searches),
        cmocka_unit_test(hashes_that_clash_are_kept_apart),
        cmocka_unit_test(cleared_it_begins_anew),
        cmocka_unit_test(random_ones_agree_with_plain_counting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
