/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The system's clocks and the one that stands still.
 */
#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

static void the_systems_wall_clock_is_unix_time(void **state)
{
    (void)state;
    struct clock clock = clock_system();
    int64_t before = (int64_t)time(NULL) * 1000;
    int64_t now = clock_wall_ms(&clock);
    assert_true(now >= before && now < before + 60000);
}

static void the_systems_monotonic_clock_never_goes_back(void **state)
{
    (void)state;
    struct clock clock = clock_system();
    int64_t last = clock_mono_us(&clock);
    assert_true(last > 0);
    for (int i = 0; i < 1000; i++) {
        int64_t now = clock_mono_us(&clock);
        assert_true(now >= last);
        last = now;
    }
    int64_t ms = clock_mono_ms(&clock);
    assert_true(ms >= last / 1000 && ms <= clock_mono_us(&clock) / 1000);
}

static void a_fake_stands_still_until_it_is_told(void **state)
{
    (void)state;
    struct clock_fake fake = {.wall_ms = 1000, .mono_ms = 5};
    struct clock clock = clock_of_fake(&fake);
    assert_int_equal(clock_wall_ms(&clock), 1000);
    assert_int_equal(clock_mono_ms(&clock), 5);
    clock_fake_advance(&fake, 250);
    assert_int_equal(clock_wall_ms(&clock), 1250);
    assert_int_equal(clock_mono_ms(&clock), 255);
    assert_int_equal(clock_mono_us(&clock), 255000);
}

static void a_fakes_wall_clock_may_jump_alone(void **state)
{
    (void)state;
    struct clock_fake fake = {.wall_ms = 1000, .mono_ms = 5};
    struct clock clock = clock_of_fake(&fake);
    fake.wall_ms = 10;
    assert_int_equal(clock_wall_ms(&clock), 10);
    assert_int_equal(clock_mono_ms(&clock), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_systems_wall_clock_is_unix_time),
        cmocka_unit_test(the_systems_monotonic_clock_never_goes_back),
        cmocka_unit_test(a_fake_stands_still_until_it_is_told),
        cmocka_unit_test(a_fakes_wall_clock_may_jump_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
