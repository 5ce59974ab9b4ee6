/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * How messages are filled, put before each other, and cut.
 */
#include "base/err.h"
#include "base/slice.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void set_fills_code_and_message_and_gives_minus_one(void **state)
{
    (void)state;
    struct err err = {0};
    assert_int_equal(err_set(&err, ERR_INVALID, "%d is %s", 7, "odd"), -1);
    assert_int_equal(err.code, ERR_INVALID);
    assert_string_equal(err.message, "7 is odd");
}

static void all_take_null_for_an_error_nobody_wants(void **state)
{
    (void)state;
    assert_int_equal(err_set(NULL, ERR_IO, "x"), -1);
    assert_int_equal(err_set_errno(NULL, ERR_IO, EPERM, "x"), -1);
    assert_int_equal(err_prefix(NULL, "x"), -1);
}

static void set_errno_appends_the_reason(void **state)
{
    (void)state;
    struct err err = {0};
    assert_int_equal(err_set_errno(&err, ERR_IO, ENOSPC, "cannot write %s", "f"), -1);
    assert_string_equal(err.message, "cannot write f: No space left on device");
    err_set_errno(&err, ERR_IO, 99999, "cannot write");
    assert_string_equal(err.message, "cannot write: unknown error 99999");
}

static void prefix_goes_before_and_keeps_the_code(void **state)
{
    (void)state;
    struct err err = {0};
    err_set(&err, ERR_CORRUPT, "page 3 is torn");
    assert_int_equal(err_prefix(&err, "journal %s", "j.db"), -1);
    assert_string_equal(err.message, "journal j.db: page 3 is torn");
    assert_int_equal(err.code, ERR_CORRUPT);
}

static void a_message_may_be_made_from_itself(void **state)
{
    (void)state;
    struct err err = {0};
    err_set(&err, ERR_INVALID, "inner");
    err_set(&err, ERR_SCRIPT, "outer (%s)", err.message);
    assert_string_equal(err.message, "outer (inner)");
}

static void a_long_message_is_cut_at_the_end_of_a_character(void **state)
{
    (void)state;
    char text[2 * ERR_MESSAGE_MAX];
    for (size_t before = 0; before < 4; before++) {
        memset(text, 'x', before);
        size_t len = before;
        while (len < sizeof(text) - 5) {
            memcpy(text + len, "\xF0\x9F\x98\x80", 4);
            len += 4;
        }
        text[len] = '\0';
        struct err err = {0};
        err_set(&err, ERR_INVALID, "%s", text);
        size_t kept = strlen(err.message);
        assert_true(kept < ERR_MESSAGE_MAX && kept + 4 >= ERR_MESSAGE_MAX);
        assert_true(slice_is_utf8(slice_str(err.message)));
    }
}

static void prefixes_without_end_stay_within_the_message(void **state)
{
    (void)state;
    struct err err = {0};
    err_set(&err, ERR_INVALID, "end");
    for (int i = 0; i < 500; i++)
        err_prefix(&err, "\xC3\xA4nother");
    assert_true(strlen(err.message) >= ERR_MESSAGE_MAX - 3);
    assert_true(slice_is_utf8(slice_str(err.message)));
}

static void die_says_why_and_aborts(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        signal(SIGABRT, SIG_DFL);
        dup2(ends[1], STDERR_FILENO);
        die("lane %d is torn", 3);
    }
    close(ends[1]);
    char text[200] = "";
    assert_true(read(ends[0], text, sizeof(text) - 1) > 0);
    close(ends[0]);
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
    assert_string_equal(text, "liaison: fatal: lane 3 is torn\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(set_fills_code_and_message_and_gives_minus_one),
        cmocka_unit_test(all_take_null_for_an_error_nobody_wants),
        cmocka_unit_test(set_errno_appends_the_reason),
        cmocka_unit_test(prefix_goes_before_and_keeps_the_code),
        cmocka_unit_test(a_message_may_be_made_from_itself),
        cmocka_unit_test(a_long_message_is_cut_at_the_end_of_a_character),
        cmocka_unit_test(prefixes_without_end_stay_within_the_message),
        cmocka_unit_test(die_says_why_and_aborts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
