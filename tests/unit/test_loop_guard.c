/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * loop/guard: a loop that hangs ends its process, one that only sleeps doesn't.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "loop/guard.h"

#define LIMIT_MS 300

/* What a child's loop does, with its guard over it. */
typedef void (*life_fn)(struct loop *loop);

static void hang(void *ctx)
{
    (void)ctx;
    for (;;)
        pause();
}

static void stop(void *ctx)
{
    loop_stop(ctx);
}

static void turn_and_hang(struct loop *loop)
{
    struct loop_timer *timer = loop_timer_new(loop, hang, NULL);
    loop_timer_start(timer, 50);
    loop_run(loop);
}

static void sleep_long(struct loop *loop)
{
    struct loop_timer *timer = loop_timer_new(loop, stop, loop);
    loop_timer_start(timer, 3 * LIMIT_MS);
    loop_run(loop);
    loop_timer_free(timer);
}

/* Starts a child; what it says on standard error can be read from *out. */
static pid_t start(life_fn life, int *out)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        struct err err = {0};
        const struct rlimit no_core = {0, 0};
        setrlimit(RLIMIT_CORE, &no_core);
        signal(SIGABRT, SIG_DFL);
        dup2(ends[1], STDERR_FILENO);
        struct loop *loop = loop_new(&err);
        struct loop_guard *guard = loop ? loop_guard_new(loop, LIMIT_MS, &err) : NULL;
        if (!guard)
            _exit(1);
        life(loop);
        loop_guard_free(guard);
        loop_free(loop);
        _exit(0);
    }
    close(ends[1]);
    *out = ends[0];
    return child;
}

static void a_loop_that_hangs_ends_its_process(void **state)
{
    (void)state;
    int out, status;
    char said[256] = "";
    pid_t child = start(turn_and_hang, &out);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
    assert_true(read(out, said, sizeof(said) - 1) > 0);
    assert_non_null(strstr(said, "the loop has not turned for 300 ms"));
    close(out);
}

static void a_loop_that_only_sleeps_lives(void **state)
{
    (void)state;
    int out, status;
    pid_t child = start(sleep_long, &out);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    close(out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_loop_that_hangs_ends_its_process),
        cmocka_unit_test(a_loop_that_only_sleeps_lives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
