/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * http/client: requests with large bodies, against bare sockets that read them or don't. Each test
 * runs over both carriers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include "call_fixture.h"

#include <cmocka.h>

static void test_a_large_body_is_written_as_it_is_read(void **state)
{
    struct call_fixture *f = *state;
    struct buf body = {0};
    for (int i = 0; body.len < 8000000; i++)
        buf_printf(&body, "%d ", i);
    struct http_request request = call_post(f, "");
    request.body = buf_slice(&body);
    call_start(f, &request);
    int fd = wire_accept(&f->peer);
    wire_expect(&f->peer, fd, "\r\n\r\n");
    wire_spend(&f->peer, 5);
    size_t head_len = (size_t)(strstr(f->peer.got.data, "\r\n\r\n") + 4 - f->peer.got.data);
    while (f->peer.got.len < head_len + body.len)
        wire_more(&f->peer, fd);
    assert_int_equal(f->outcome.n, 0);
    assert_memory_equal(f->peer.got.data + head_len, body.data, body.len);
    wire_send(fd, OK_ANSWER);
    call_expect_answer(f, 200, "ok");
    buf_clear(&f->peer.got);
    request = call_post(f, "x");
    call_start(f, &request);
    wire_expect(&f->peer, fd, "\r\n\r\nx");
    wire_send(fd, OK_ANSWER);
    call_expect_answer(f, 200, "ok");
    close(fd);
    buf_deinit(&body);
}

static void test_an_answer_that_comes_before_the_body_was_read_is_taken(void **state)
{
    struct call_fixture *f = *state;
    struct buf body = {0};
    buf_reserve(&body, 8000000);
    memset(body.data, 'x', 8000000);
    struct http_request request = call_post(f, "");
    request.body = slice_of(body.data, 8000000);
    int fd = call_start_and_accept(f, &request);
    wire_send(fd, "HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno");
    call_expect_answer(f, 413, "no");
    assert_true(f->outcome.was_written);
    wire_rest(&f->peer, fd);
    close(fd);
    buf_deinit(&body);
}

static void test_a_peer_that_reads_nothing_is_a_timeout(void **state)
{
    struct call_fixture *f = *state;
    struct buf body = {0};
    buf_reserve(&body, 8000000);
    memset(body.data, 'x', 8000000);
    struct http_request request = call_post(f, "");
    request.body = slice_of(body.data, 8000000);
    request.timeout_ms = 100;
    call_start(f, &request);
    int fd = wire_accept(&f->peer);
    call_expect_failure(f, HTTP_TIMEOUT, true);
    close(fd);
    buf_deinit(&body);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, call_setup, call_teardown)

int main(void)
{
    call_forget_proxies();
    struct CMUnitTest tests[] = {
        TEST(test_a_large_body_is_written_as_it_is_read),
        TEST(test_an_answer_that_comes_before_the_body_was_read_is_taken),
        TEST(test_a_peer_that_reads_nothing_is_a_timeout),
    };
    int n_failed = cmocka_run_group_tests_name("by hand", tests, NULL, NULL);
    for (size_t i = 0; i < ARRAY_LEN(tests); i++)
        tests[i].setup_func = call_setup_transfers;
    return n_failed + cmocka_run_group_tests_name("curl's transfers", tests, NULL, NULL);
}
