/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * admin/process: what the system says of this one.
 */
#include "admin/process.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

static struct process_figures look(void)
{
    struct process_figures figures;
    process_look(&figures);
    return figures;
}

static void memory_and_time_are_those_of_a_process(void **state)
{
    (void)state;
    struct process_figures figures = look();
    assert_true(figures.resident_bytes >= sysconf(_SC_PAGESIZE));
    assert_true(figures.virtual_bytes >= figures.resident_bytes);
    assert_true(figures.cpu_us >= 0);
    assert_true(look().cpu_us >= figures.cpu_us);
}

static void each_descriptor_counts(void **state)
{
    (void)state;
    int64_t before = look().open_fds;
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(look().open_fds, before + 1);
    close(fd);
    assert_int_equal(look().open_fds, before);
}

static void the_limit_is_the_one_in_force(void **state)
{
    (void)state;
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    const struct rlimit lower = {.rlim_cur = 77, .rlim_max = limit.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &lower), 0);
    assert_int_equal(look().max_fds, 77);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_and_time_are_those_of_a_process),
        cmocka_unit_test(each_descriptor_counts),
        cmocka_unit_test(the_limit_is_the_one_in_force),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
