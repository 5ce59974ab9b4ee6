/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The time of a callback, over a clock that counts how often it is read.
 */
#include "loop/moment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/attr.h"
#include "base/buf.h"
#include "loop/loop.h"

#define WALL_MS 1700000000000

struct counted {
    struct clock_fake time;
    int reads;
};

static int64_t read_wall_ms(void *ctx)
{
    struct counted *c = ctx;
    c->reads++;
    return c->time.wall_ms;
}

static int64_t read_mono_us(void *ctx)
{
    struct counted *c = ctx;
    c->reads++;
    return c->time.mono_ms * 1000;
}

struct fixture {
    struct counted c;
    struct moment m;
    struct clock clock;
};

static int setup(void **state)
{
    struct fixture *f = mem_calloc(1, sizeof(*f));
    f->c = (struct counted){.time = {.wall_ms = WALL_MS, .mono_ms = 5000}};
    moment_init(&f->m,
                (struct clock){.wall_ms = read_wall_ms, .mono_us = read_mono_us, .ctx = &f->c});
    f->clock = moment_clock(&f->m);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    free(*state);
    return 0;
}

static void outside_of_callbacks_time_goes_on(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(clock_mono_ms(&f->clock), 5000);
    clock_fake_advance(&f->c.time, 7);
    assert_int_equal(clock_mono_ms(&f->clock), 5007);
    assert_int_equal(clock_wall_ms(&f->clock), WALL_MS + 7);
}

static void in_a_callback_it_is_read_once(void **state)
{
    struct fixture *f = *state;
    bool stood = moment_begin(&f->m);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(clock_mono_ms(&f->clock), 5000);
        assert_int_equal(clock_wall_ms(&f->clock), WALL_MS);
        clock_fake_advance(&f->c.time, 7);
    }
    assert_int_equal(f->c.reads, 2);
    moment_end(&f->m, stood);
    assert_int_equal(clock_mono_ms(&f->clock), 5021);
}

static void each_callback_has_its_own_time(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 3; i++) {
        bool stood = moment_begin(&f->m);
        assert_int_equal(clock_mono_ms(&f->clock), 5000 + 7 * i);
        assert_int_equal(clock_wall_ms(&f->clock), WALL_MS + (int64_t)7 * i);
        clock_fake_advance(&f->c.time, 7);
        moment_end(&f->m, stood);
    }
}

static void what_took_long_moves_it_on(void **state)
{
    struct fixture *f = *state;
    bool stood = moment_begin(&f->m);
    assert_int_equal(clock_wall_ms(&f->clock), WALL_MS);
    clock_fake_advance(&f->c.time, 90);
    clock_renew(&f->clock);
    assert_int_equal(clock_mono_ms(&f->clock), 5090);
    assert_int_equal(clock_wall_ms(&f->clock), WALL_MS + 90);
    assert_int_equal(f->c.reads, 3); /* wall time goes on with the other */
    moment_end(&f->m, stood);
}

static void a_callback_within_another_has_its_own_and_leaves_the_outer_one_later(void **state)
{
    struct fixture *f = *state;
    bool outer = moment_begin(&f->m);
    assert_int_equal(clock_mono_ms(&f->clock), 5000);
    clock_fake_advance(&f->c.time, 7);
    bool inner = moment_begin(&f->m);
    assert_int_equal(clock_mono_ms(&f->clock), 5007);
    moment_end(&f->m, inner);
    clock_fake_advance(&f->c.time, 7);
    assert_int_equal(clock_mono_ms(&f->clock), 5014);
    clock_fake_advance(&f->c.time, 7);
    assert_int_equal(clock_mono_ms(&f->clock), 5014);
    moment_end(&f->m, outer);
    assert_int_equal(clock_mono_ms(&f->clock), 5021);
}

struct reading {
    struct clock clock;
    int64_t ms;
};

static void *read_elsewhere(void *ctx)
{
    struct reading *reading = ctx;
    reading->ms = clock_mono_ms(&reading->clock);
    return NULL;
}

static void other_threads_are_told_the_real_time(void **state)
{
    struct fixture *f = *state;
    struct reading elsewhere = {.clock = f->clock};
    bool stood = moment_begin(&f->m);
    assert_int_equal(clock_mono_ms(&elsewhere.clock), 5000);
    clock_fake_advance(&f->c.time, 7);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, read_elsewhere, &elsewhere), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(elsewhere.ms, 5007);
    moment_end(&f->m, stood);
}

static void spin_a_millisecond(void)
{
    struct clock clock = clock_system();
    int64_t until = clock_mono_us(&clock) + 1000;
    while (clock_mono_us(&clock) < until)
        ;
}

struct seen {
    struct loop *loop;
    int64_t first_us, second_us, third_us;
};

static void look(void *ctx)
{
    struct seen *seen = ctx;
    struct clock clock = loop_clock(seen->loop);
    seen->first_us = clock_mono_us(&clock);
    spin_a_millisecond();
    seen->second_us = clock_mono_us(&clock);
    clock_renew(&clock);
    seen->third_us = clock_mono_us(&clock);
    loop_stop(seen->loop);
}

static void a_loops_clock_stands_in_its_callbacks(void **state)
{
    (void)state;
    struct err err = {0};
    struct seen seen = {.loop = loop_new(&err)};
    assert_non_null(seen.loop);
    struct loop_timer *timer = loop_timer_new(seen.loop, look, &seen);
    loop_timer_start(timer, 0);
    loop_run(seen.loop);
    assert_true(seen.first_us > 0);
    assert_int_equal(seen.second_us, seen.first_us);
    assert_true(seen.third_us >= seen.first_us + 1000);
    loop_timer_free(timer);
    loop_free(seen.loop);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(outside_of_callbacks_time_goes_on),
        TEST(in_a_callback_it_is_read_once),
        TEST(each_callback_has_its_own_time),
        TEST(what_took_long_moves_it_on),
        TEST(a_callback_within_another_has_its_own_and_leaves_the_outer_one_later),
        TEST(other_threads_are_told_the_real_time),
        cmocka_unit_test(a_loops_clock_stands_in_its_callbacks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
