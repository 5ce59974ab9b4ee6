/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * A pause by itself: what it gives way to, and how long it was in all. What calls for one is in
 * test_lanes_pause.c.
 */
#include "delivery/pause.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/heap.h"

#include <cmocka.h>

static void it_gives_way_to_graver_reasons_alone(void **state)
{
    (void)state;
    struct heap probes = {0};
    for (int first = PAUSE_AUTH; first <= PAUSE_GONE; first++) {
        for (int next = PAUSE_AUTH; next <= PAUSE_GONE; next++) {
            struct pause p = {0};
            assert_true(pause_begin(&p, (enum target_pause)first, "first", 10, &probes));
            assert_int_equal(pause_begin(&p, (enum target_pause)next, "next", 20, &probes),
                             next > first);
            assert_int_equal(p.why, next > first ? next : first);
            assert_string_equal(p.reason, next > first ? "next" : "first");
            assert_int_equal(heap_has(&p.probe_at), pause_is_probed(&p));
            assert_true(pause_end(&p, 30, &probes));
            assert_null(heap_min(&probes));
            pause_deinit(&p);
        }
    }
    heap_deinit(&probes);
}

static void all_pauses_count_together(void **state)
{
    (void)state;
    struct heap probes = {0};
    struct pause p = {0};
    assert_int_equal(pause_total_ms(&p, 5), 0);
    assert_false(pause_end(&p, 5, &probes));
    pause_begin(&p, PAUSE_AUTH, "refused", 10, &probes);
    assert_int_equal(pause_total_ms(&p, 17), 7);
    pause_begin(&p, PAUSE_GONE, "gone", 20, &probes);
    pause_end(&p, 30, &probes);
    assert_int_equal(pause_total_ms(&p, 1000), 20);
    pause_begin(&p, PAUSE_AUTH, "refused", 1000, &probes);
    assert_int_equal(pause_total_ms(&p, 1001), 21);
    pause_end(&p, 1001, &probes);
    heap_deinit(&probes);
}

static void a_persons_pause_stands_beside_the_others(void **state)
{
    (void)state;
    struct heap probes = {0};
    struct pause p = {0};
    pause_hold(&p, 10);
    assert_true(pause_is_on(&p));
    pause_begin(&p, PAUSE_AUTH, "refused", 20, &probes);
    pause_hold(&p, 25);
    assert_int_equal(p.held_at, 10);
    assert_int_equal(pause_total_ms(&p, 30), 20);
    pause_end(&p, 30, &probes);
    assert_true(pause_is_on(&p));
    pause_release(&p, 40);
    assert_false(pause_is_on(&p));
    assert_int_equal(pause_total_ms(&p, 1000), 30);
    pause_begin(&p, PAUSE_AUTH, "refused", 1000, &probes);
    pause_hold(&p, 1010);
    pause_release(&p, 1020);
    assert_true(pause_is_on(&p));
    pause_end(&p, 1030, &probes);
    pause_release(&p, 1040);
    assert_int_equal(pause_total_ms(&p, 2000), 60);
    heap_deinit(&probes);
}

static void only_the_probe_in_progress_ends_as_one(void **state)
{
    (void)state;
    struct heap probes = {0};
    struct pause p = {0};
    struct delivery probe = {0}, other = {0};
    pause_begin(&p, PAUSE_AUTH, "refused", 0, &probes);
    assert_false(pause_probe_end(&p, &probe));
    pause_probe_due(&p, &probes);
    pause_probe_start(&p, &probe);
    assert_false(pause_probe_end(&p, &other));
    assert_true(pause_probe_end(&p, &probe));
    assert_false(pause_probe_end(&p, &probe));
    pause_end(&p, 0, &probes);
    heap_deinit(&probes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_gives_way_to_graver_reasons_alone),
        cmocka_unit_test(all_pauses_count_together),
        cmocka_unit_test(a_persons_pause_stands_beside_the_others),
        cmocka_unit_test(only_the_probe_in_progress_ends_as_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
