/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Growing bytes, and reading files within a limit.
 */
#include "base/buf.h"
#include "base/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void starts_as_nothing_and_frees_as_nothing(void **state)
{
    (void)state;
    struct buf b = {0};
    buf_clear(&b);
    buf_truncate(&b, 0);
    buf_consume(&b, 0);
    assert_null(b.data);
    buf_deinit(&b);
}

static void keeps_a_nul_behind_the_last_byte(void **state)
{
    (void)state;
    struct buf b = {0};
    for (size_t i = 0; i < 1000; i++) {
        buf_add_char(&b, 'x');
        assert_int_equal(b.len, i + 1);
        assert_int_equal(b.data[b.len], '\0');
    }
    buf_add(&b, NULL, 0);
    assert_int_equal(b.len, 1000);
    buf_truncate(&b, 3);
    assert_string_equal(b.data, "xxx");
    buf_clear(&b);
    assert_string_equal(b.data, "");
    buf_deinit(&b);
}

static void adds_bytes_strings_and_slices(void **state)
{
    (void)state;
    struct buf b = {0};
    buf_add(&b, "a\0b", 3);
    buf_add_str(&b, "cd");
    buf_add_slice(&b, SLICE_LIT("ef"));
    buf_add_slice(&b, SLICE_NULL);
    assert_int_equal(b.len, 7);
    assert_memory_equal(b.data, "a\0bcdef", 8);
    buf_deinit(&b);
}

static void reserve_keeps_what_stands(void **state)
{
    (void)state;
    struct buf b = {0};
    buf_add_str(&b, "kept");
    buf_reserve(&b, 100000);
    assert_true(b.cap > 100004);
    assert_string_equal(b.data, "kept");
    buf_deinit(&b);
}

static void printf_appends_whatever_the_length(void **state)
{
    (void)state;
    char expected[401] = "";
    for (int len = 0; len <= 200; len++) {
        struct buf b = {0};
        buf_add_str(&b, "ab");
        buf_printf(&b, "%*s|%d", len, "", 42);
        snprintf(expected, sizeof(expected), "ab%*s|%d", len, "", 42);
        assert_string_equal(b.data, expected);
        assert_int_equal(b.len, strlen(expected));
        buf_deinit(&b);
    }
}

static void consume_drops_from_the_front(void **state)
{
    (void)state;
    struct buf b = {0};
    buf_add_str(&b, "hello");
    buf_consume(&b, 2);
    assert_string_equal(b.data, "llo");
    buf_consume(&b, 3);
    assert_int_equal(b.len, 0);
    assert_string_equal(b.data, "");
    buf_deinit(&b);
}

static void take_hands_over_and_leaves_nothing(void **state)
{
    (void)state;
    struct buf b = {0};
    buf_add_str(&b, "mine");
    char *taken = buf_take(&b);
    assert_string_equal(taken, "mine");
    assert_null(b.data);
    assert_int_equal(b.len, 0);
    free(taken);
    taken = buf_take(&b);
    assert_string_equal(taken, "");
    free(taken);
}

static void memory_of_no_bytes_is_no_failure(void **state)
{
    (void)state;
    void *a = mem_alloc(0), *b = mem_calloc(0, 8), *c = mem_realloc(mem_alloc(8), 0);
    assert_non_null(a);
    assert_non_null(b);
    assert_non_null(c);
    free(a);
    free(b);
    free(c);
}

static char path[] = "/tmp/liaison-test-buf-XXXXXX";

static void write_sample(size_t len)
{
    strcpy(path + sizeof(path) - 7, "XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    for (size_t i = 0; i < len; i++)
        assert_int_equal(write(fd, &"abcdefghij"[i % 10], 1), 1);
    close(fd);
}

static void a_grown_array_has_room_for_one_more_and_keeps_what_it_has(void **state)
{
    (void)state;
    size_t *items = NULL;
    for (size_t n = 0; n < 100; n++) {
        items = mem_grow(items, n, sizeof(*items));
        items[n] = n; /* beyond its room a sanitizer would say so */
        for (size_t i = 0; i <= n; i++)
            assert_int_equal(items[i], i);
    }
    free(items);
}

static void reads_a_file_of_just_the_limit(void **state)
{
    (void)state;
    struct buf b = {0};
    struct err err = {0};
    write_sample(20000);
    buf_add_str(&b, ">");
    assert_int_equal(buf_read_file(&b, path, 20000, &err), 0);
    assert_int_equal(b.len, 20001);
    assert_memory_equal(b.data, ">abcdefghij", 11);
    assert_int_equal(b.data[b.len], '\0');
    unlink(path);
    buf_deinit(&b);
}

static void refuses_a_file_over_the_limit_and_keeps_the_buffer(void **state)
{
    (void)state;
    struct buf b = {0};
    struct err err = {0};
    write_sample(20000);
    buf_add_str(&b, ">");
    assert_int_equal(buf_read_file(&b, path, 19999, &err), -1);
    assert_int_equal(err.code, ERR_FULL);
    assert_non_null(strstr(err.message, path));
    assert_string_equal(b.data, ">");
    unlink(path);
    buf_deinit(&b);
}

static void reads_an_empty_file(void **state)
{
    (void)state;
    struct buf b = {0};
    struct err err = {0};
    write_sample(0);
    assert_int_equal(buf_read_file(&b, path, 0, &err), 0);
    assert_int_equal(b.len, 0);
    unlink(path);
    buf_deinit(&b);
}

static void tells_a_missing_file_from_an_unreadable_one(void **state)
{
    (void)state;
    struct buf b = {0};
    struct err err = {0};
    assert_int_equal(buf_read_file(&b, "/nonexistent/file", 10, &err), -1);
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_string_equal(err.message, "cannot open /nonexistent/file: No such file or directory");
    assert_int_equal(buf_read_file(&b, "/tmp", 10, &err), -1);
    assert_int_equal(err.code, ERR_IO);
    assert_string_equal(err.message, "cannot read /tmp: Is a directory");
    buf_deinit(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starts_as_nothing_and_frees_as_nothing),
        cmocka_unit_test(keeps_a_nul_behind_the_last_byte),
        cmocka_unit_test(adds_bytes_strings_and_slices),
        cmocka_unit_test(reserve_keeps_what_stands),
        cmocka_unit_test(printf_appends_whatever_the_length),
        cmocka_unit_test(consume_drops_from_the_front),
        cmocka_unit_test(take_hands_over_and_leaves_nothing),
        cmocka_unit_test(memory_of_no_bytes_is_no_failure),
        cmocka_unit_test(a_grown_array_has_room_for_one_more_and_keeps_what_it_has),
        cmocka_unit_test(reads_a_file_of_just_the_limit),
        cmocka_unit_test(refuses_a_file_over_the_limit_and_keeps_the_buffer),
        cmocka_unit_test(reads_an_empty_file),
        cmocka_unit_test(tells_a_missing_file_from_an_unreadable_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
