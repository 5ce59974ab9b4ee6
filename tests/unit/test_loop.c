/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * loop/: timers, descriptors, signals, wake-ups, prepare hooks.
 */
#include "loop/loop.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"

struct fixture {
    struct loop *loop;
    struct buf trace; /* a letter for each callback that ran */
    struct loop_timer *timer;
    struct loop_prepare *hooks[3];
    struct loop_wake *wake;
    int pipe[2];
    struct loop_io *io;
    int turns;
    int64_t started_at_ms;
};

/* What the callbacks of one test are told apart by. */
struct mark {
    struct fixture *f;
    char letter;
};

static int setup(void **state)
{
    struct fixture *f = mem_calloc(1, sizeof(*f));
    struct err err = {0};
    f->loop = loop_new(&err);
    assert_non_null(f->loop);
    assert_int_equal(pipe(f->pipe), 0);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    loop_timer_free(f->timer);
    loop_io_free(f->io);
    loop_wake_free(f->wake);
    for (size_t i = 0; i < ARRAY_LEN(f->hooks); i++)
        loop_prepare_free(f->hooks[i]);
    loop_free(f->loop);
    close(f->pipe[0]);
    close(f->pipe[1]);
    buf_deinit(&f->trace);
    free(f);
    return 0;
}

static void note(void *ctx)
{
    struct mark *mark = ctx;
    buf_add_char(&mark->f->trace, mark->letter);
}

static void note_and_stop(void *ctx)
{
    struct mark *mark = ctx;
    note(mark);
    loop_stop(mark->f->loop);
}

static void test_timers_fire_in_the_order_of_their_times(void **state)
{
    struct fixture *f = *state;
    struct mark a = {f, 'a'}, b = {f, 'b'}, c = {f, 'c'};
    struct loop_timer *late = loop_timer_new(f->loop, note_and_stop, &c);
    struct loop_timer *early = loop_timer_new(f->loop, note, &a);
    struct loop_timer *middle = loop_timer_new(f->loop, note, &b);
    loop_timer_start(late, 9);
    loop_timer_start(early, 0);
    loop_timer_start(middle, 4);
    loop_run(f->loop);
    assert_string_equal(f->trace.data, "abc");
    assert_false(loop_timer_is_active(early));
    loop_timer_free(late);
    loop_timer_free(early);
    loop_timer_free(middle);
}

static void test_starting_a_running_timer_moves_it(void **state)
{
    struct fixture *f = *state;
    struct mark a = {f, 'a'}, b = {f, 'b'};
    struct loop_timer *moved = loop_timer_new(f->loop, note_and_stop, &b);
    struct loop_timer *other = loop_timer_new(f->loop, note, &a);
    loop_timer_start(moved, 0);
    loop_timer_start(other, 2);
    loop_timer_start(moved, 6);
    loop_run(f->loop);
    assert_string_equal(f->trace.data, "ab");
    loop_timer_free(moved);
    loop_timer_free(other);
}

static void start_after_long_work(void *ctx)
{
    struct fixture *f = ctx;
    struct clock clock = clock_system();
    int64_t began_at = clock_mono_ms(&clock);
    while (clock_mono_ms(&clock) < began_at + 20)
        ;
    f->started_at_ms = clock_mono_ms(&clock);
    loop_timer_start(f->timer, 15);
}

static void test_a_timer_counts_from_its_start_and_not_from_the_turns_beginning(void **state)
{
    struct fixture *f = *state;
    struct mark a = {f, 'a'};
    struct clock clock = clock_system();
    f->timer = loop_timer_new(f->loop, note_and_stop, &a);
    struct loop_timer *work = loop_timer_new(f->loop, start_after_long_work, f);
    loop_timer_start(work, 0);
    loop_run(f->loop);
    assert_true(clock_mono_ms(&clock) >= f->started_at_ms + 14);
    loop_timer_free(work);
}

static void test_a_stopped_timer_does_not_fire(void **state)
{
    struct fixture *f = *state;
    struct mark a = {f, 'a'};
    f->timer = loop_timer_new(f->loop, note, &a);
    loop_timer_start(f->timer, 0);
    assert_true(loop_timer_is_active(f->timer));
    loop_timer_stop(f->timer);
    assert_false(loop_timer_is_active(f->timer));
    loop_turn(f->loop, false);
    loop_turn(f->loop, false);
    assert_int_equal(f->trace.len, 0);
}

static void free_own_timer(void *ctx)
{
    struct fixture *f = ctx;
    loop_timer_free(f->timer);
    f->timer = NULL;
    loop_stop(f->loop);
}

static void test_a_timer_may_free_itself(void **state)
{
    struct fixture *f = *state;
    f->timer = loop_timer_new(f->loop, free_own_timer, f);
    loop_timer_start(f->timer, 0);
    loop_run(f->loop);
    assert_null(f->timer);
}

static void test_a_stop_before_run_returns_at_once_and_the_next_run_turns(void **state)
{
    struct fixture *f = *state;
    struct mark a = {f, 'a'};
    f->timer = loop_timer_new(f->loop, note_and_stop, &a);
    loop_timer_start(f->timer, 0);
    loop_stop(f->loop);
    loop_run(f->loop);
    assert_int_equal(f->trace.len, 0);
    loop_run(f->loop);
    assert_string_equal(f->trace.data, "a");
}

static void read_one(void *ctx, int events)
{
    struct fixture *f = ctx;
    assert_int_equal(events, LOOP_READ);
    char c;
    assert_int_equal(read(f->pipe[0], &c, 1), 1);
    buf_add_char(&f->trace, c);
    if (f->trace.len == 2)
        loop_stop(f->loop);
}

static void test_a_readable_descriptor_is_told_until_it_is_drained(void **state)
{
    struct fixture *f = *state;
    f->io = loop_io_new(f->loop, f->pipe[0], LOOP_READ, read_one, f);
    assert_int_equal(write(f->pipe[1], "xy", 2), 2);
    loop_run(f->loop);
    assert_string_equal(f->trace.data, "xy");
}

static void test_a_descriptor_set_to_nothing_is_silent_until_set_again(void **state)
{
    struct fixture *f = *state;
    f->io = loop_io_new(f->loop, f->pipe[0], LOOP_READ, read_one, f);
    loop_turn(f->loop, false);
    assert_int_equal(write(f->pipe[1], "xy", 2), 2);
    loop_io_set(f->io, 0);
    loop_turn(f->loop, false);
    assert_int_equal(f->trace.len, 0);
    loop_io_set(f->io, LOOP_READ);
    loop_run(f->loop);
    assert_string_equal(f->trace.data, "xy");
}

static void note_events(void *ctx, int events)
{
    struct fixture *f = ctx;
    buf_add_char(&f->trace, (char)('0' + events));
    loop_io_free(f->io);
    f->io = NULL;
}

static void test_a_writable_descriptor_is_told_and_may_be_freed_then(void **state)
{
    struct fixture *f = *state;
    f->io = loop_io_new(f->loop, f->pipe[1], LOOP_WRITE, note_events, f);
    loop_turn(f->loop, true);
    loop_turn(f->loop, false);
    assert_string_equal(f->trace.data, "2");
}

static void test_a_signal_arrives_on_the_loop(void **state)
{
    struct fixture *f = *state;
    struct mark a = {f, 's'};
    struct loop_signal *sig = loop_signal_new(f->loop, SIGUSR2, note_and_stop, &a);
    raise(SIGUSR2);
    assert_int_equal(f->trace.len, 0);
    loop_run(f->loop);
    assert_string_equal(f->trace.data, "s");
    loop_signal_free(sig);
}

static void *send_thrice(void *ctx)
{
    struct fixture *f = ctx;
    for (int i = 0; i < 3; i++)
        loop_wake_send(f->wake);
    return NULL;
}

static void test_wakes_sent_by_a_thread_before_a_turn_are_one(void **state)
{
    struct fixture *f = *state;
    struct mark a = {f, 'w'};
    f->wake = loop_wake_new(f->loop, note, &a);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, send_thrice, f), 0);
    pthread_join(thread, NULL);
    loop_turn(f->loop, true);
    loop_turn(f->loop, false);
    assert_string_equal(f->trace.data, "w");
}

static void test_a_wake_ends_the_sleep_of_the_loop(void **state)
{
    struct fixture *f = *state;
    struct mark a = {f, 'w'};
    f->wake = loop_wake_new(f->loop, note_and_stop, &a);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, send_thrice, f), 0);
    loop_run(f->loop);
    pthread_join(thread, NULL);
    assert_string_equal(f->trace.data, "w");
}

static void test_prepare_hooks_run_each_turn_in_the_order_of_creation(void **state)
{
    struct fixture *f = *state;
    struct mark marks[3] = {{f, 'a'}, {f, 'b'}, {f, 'c'}};
    for (size_t i = 0; i < 3; i++)
        f->hooks[i] = loop_prepare_new(f->loop, note, &marks[i]);
    loop_turn(f->loop, false);
    loop_turn(f->loop, false);
    assert_string_equal(f->trace.data, "abcabc");
}

static void free_first_two(void *ctx)
{
    struct fixture *f = ctx;
    loop_prepare_free(f->hooks[0]);
    loop_prepare_free(f->hooks[1]);
    f->hooks[0] = f->hooks[1] = NULL;
}

static void test_a_prepare_hook_may_free_itself_and_the_next(void **state)
{
    struct fixture *f = *state;
    struct mark b = {f, 'b'}, c = {f, 'c'};
    f->hooks[0] = loop_prepare_new(f->loop, free_first_two, f);
    f->hooks[1] = loop_prepare_new(f->loop, note, &b);
    f->hooks[2] = loop_prepare_new(f->loop, note, &c);
    loop_turn(f->loop, false);
    assert_string_equal(f->trace.data, "c");
}

static void turn_inside(void *ctx)
{
    struct fixture *f = ctx;
    if (f->turns++ == 0)
        loop_turn(f->loop, false);
}

static void test_a_turn_within_a_prepare_hook_runs_all_hooks_and_returns_to_its_own(void **state)
{
    struct fixture *f = *state;
    struct mark b = {f, 'b'}, c = {f, 'c'};
    f->hooks[0] = loop_prepare_new(f->loop, turn_inside, f);
    f->hooks[1] = loop_prepare_new(f->loop, note, &b);
    f->hooks[2] = loop_prepare_new(f->loop, note, &c);
    loop_turn(f->loop, false);
    assert_string_equal(f->trace.data, "bcbc");
    assert_int_equal(f->turns, 2);
}

static void hurry(void *ctx)
{
    struct fixture *f = ctx;
    if (f->turns++ < 3)
        loop_hurry(f->loop);
}

static void test_a_hurried_turn_does_not_sleep(void **state)
{
    struct fixture *f = *state;
    struct mark a = {f, 'a'};
    f->timer = loop_timer_new(f->loop, note, &a);
    loop_timer_start(f->timer, 60000);
    f->hooks[0] = loop_prepare_new(f->loop, hurry, f);
    for (int i = 0; i < 3; i++)
        loop_turn(f->loop, true);
    assert_int_equal(f->turns, 3);
    assert_int_equal(f->trace.len, 0);
}

static void test_hurry_ends_with_its_turn(void **state)
{
    struct fixture *f = *state;
    struct mark a = {f, 'a'};
    f->timer = loop_timer_new(f->loop, note, &a);
    loop_timer_start(f->timer, 5);
    loop_hurry(f->loop);
    loop_turn(f->loop, true);
    assert_int_equal(f->trace.len, 0);
    loop_turn(f->loop, true);
    assert_string_equal(f->trace.data, "a");
}

static void test_two_loops_live_side_by_side(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    struct loop *other = loop_new(&err);
    assert_non_null(other);
    struct mark a = {f, 'a'}, b = {f, 'b'};
    struct loop_timer *here = loop_timer_new(f->loop, note, &a);
    struct loop_timer *there = loop_timer_new(other, note, &b);
    loop_timer_start(here, 0);
    loop_timer_start(there, 0);
    loop_turn(other, true);
    assert_string_equal(f->trace.data, "b");
    loop_turn(f->loop, true);
    assert_string_equal(f->trace.data, "ba");
    loop_timer_free(here);
    loop_timer_free(there);
    loop_free(other);
}

static void test_destructors_accept_null(void **state)
{
    (void)state;
    loop_free(NULL);
    loop_timer_free(NULL);
    loop_io_free(NULL);
    loop_signal_free(NULL);
    loop_wake_free(NULL);
    loop_prepare_free(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_timers_fire_in_the_order_of_their_times),
        TEST(test_starting_a_running_timer_moves_it),
        TEST(test_a_timer_counts_from_its_start_and_not_from_the_turns_beginning),
        TEST(test_a_stopped_timer_does_not_fire),
        TEST(test_a_timer_may_free_itself),
        TEST(test_a_stop_before_run_returns_at_once_and_the_next_run_turns),
        TEST(test_a_readable_descriptor_is_told_until_it_is_drained),
        TEST(test_a_descriptor_set_to_nothing_is_silent_until_set_again),
        TEST(test_a_writable_descriptor_is_told_and_may_be_freed_then),
        TEST(test_a_signal_arrives_on_the_loop),
        TEST(test_wakes_sent_by_a_thread_before_a_turn_are_one),
        TEST(test_a_wake_ends_the_sleep_of_the_loop),
        TEST(test_prepare_hooks_run_each_turn_in_the_order_of_creation),
        TEST(test_a_prepare_hook_may_free_itself_and_the_next),
        TEST(test_a_turn_within_a_prepare_hook_runs_all_hooks_and_returns_to_its_own),
        TEST(test_a_hurried_turn_does_not_sleep),
        TEST(test_hurry_ends_with_its_turn),
        TEST(test_two_loops_live_side_by_side),
        TEST(test_destructors_accept_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
