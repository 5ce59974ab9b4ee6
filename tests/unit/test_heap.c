/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The min-heap, checked against a plain search.
 */
#include "base/heap.h"
#include "base/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void gives_the_smallest_rank_first(void **state)
{
    (void)state;
    struct heap h = {0};
    struct heap_node nodes[5] = {0};
    static const int64_t ranks[] = {5, INT64_MIN, 3, INT64_MAX, -1};
    static const size_t order[] = {1, 4, 2, 0, 3};
    assert_null(heap_min(&h));
    for (size_t i = 0; i < 5; i++)
        heap_insert(&h, &nodes[i], ranks[i]);
    for (size_t i = 0; i < 5; i++) {
        assert_ptr_equal(heap_min(&h), &nodes[order[i]]);
        heap_remove(&h, heap_min(&h));
    }
    assert_null(heap_min(&h));
    heap_deinit(&h);
}

static void equal_ranks_come_in_the_order_of_insertion(void **state)
{
    (void)state;
    struct heap h = {0};
    struct heap_node nodes[100] = {0};
    for (size_t i = 0; i < 100; i++)
        heap_insert(&h, &nodes[i], 7);
    heap_remove(&h, &nodes[0]);
    heap_insert(&h, &nodes[0], 7);
    for (size_t i = 1; i <= 100; i++) {
        assert_ptr_equal(heap_min(&h), &nodes[i % 100]);
        heap_remove(&h, heap_min(&h));
    }
    heap_deinit(&h);
}

static void removing_what_is_in_no_heap_does_nothing(void **state)
{
    (void)state;
    struct heap h = {0};
    struct heap_node in = {0}, out = {0};
    heap_insert(&h, &in, 1);
    heap_remove(&h, &out);
    assert_int_equal(h.len, 1);
    assert_true(heap_has(&in));
    assert_false(heap_has(&out));
    heap_remove(&h, &in);
    heap_remove(&h, &in);
    assert_false(heap_has(&in));
    assert_int_equal(h.len, 0);
    heap_deinit(&h);
}

static struct heap_node *search_min(struct heap_node *nodes, size_t n)
{
    struct heap_node *min = NULL;
    for (size_t i = 0; i < n; i++) {
        if (heap_has(&nodes[i]) && (!min || nodes[i].rank < min->rank ||
                                    (nodes[i].rank == min->rank && nodes[i].order < min->order)))
            min = &nodes[i];
    }
    return min;
}

static void any_inserts_and_removes_leave_the_minimum_at_the_top(void **state)
{
    (void)state;
    struct heap h = {0};
    struct heap_node nodes[64] = {0};
    struct rng rng;
    rng_init(&rng, 42);
    for (int i = 0; i < 20000; i++) {
        struct heap_node *n = &nodes[rng_upto(&rng, 63)];
        if (heap_has(n))
            heap_remove(&h, n);
        else
            heap_insert(&h, n, (int64_t)rng_upto(&rng, 20));
        assert_ptr_equal(heap_min(&h), search_min(nodes, 64));
    }
    heap_deinit(&h);
}

static void gives_memory_back_when_mostly_empty(void **state)
{
    (void)state;
    static struct heap_node nodes[10000];
    struct heap h = {0};
    memset(nodes, 0, sizeof(nodes));
    for (size_t i = 0; i < 10000; i++)
        heap_insert(&h, &nodes[i], (int64_t)i);
    for (size_t i = 0; i < 9990; i++)
        heap_remove(&h, &nodes[i]);
    assert_true(h.cap <= 128);
    assert_ptr_equal(heap_min(&h), &nodes[9990]);
    heap_deinit(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_the_smallest_rank_first),
        cmocka_unit_test(equal_ranks_come_in_the_order_of_insertion),
        cmocka_unit_test(removing_what_is_in_no_heap_does_nothing),
        cmocka_unit_test(any_inserts_and_removes_leave_the_minimum_at_the_top),
        cmocka_unit_test(gives_memory_back_when_mostly_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
