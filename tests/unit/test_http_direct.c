/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * http/direct and http/connection: what plain exchanges do with their connections, against bare
 * sockets. What both carriers promise is test_http_client.c's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "call_fixture.h"
#include "http/client_parts.h"
#include "http/head.h"

#include <cmocka.h>

/* A POST whose answer is `answer`; returns its connection, which is a new one. */
static int post_anew(struct call_fixture *f, const char *answer, int status, const char *body)
{
    struct http_request request = call_post(f, "x");
    int fd = call_start_and_accept(f, &request);
    wire_send(fd, answer);
    call_expect_answer(f, status, body);
    return fd;
}

/* That the client closes the connection, with no word more on it. */
static void expect_closed(struct call_fixture *f, int fd)
{
    buf_clear(&f->peer.got);
    wire_rest(&f->peer, fd);
    assert_int_equal(f->peer.got.len, 0);
    close(fd);
}

/* ---- When a connection is used again ---- */

static void test_a_connection_that_is_not_kept_is_closed_by_us(void **state)
{
    struct call_fixture *f = *state;
    static const char *const answers[] = {
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 9\r\n\r\n"
        "2\r\nok\r\n0\r\n\r\n",
    };
    for (size_t i = 0; i < ARRAY_LEN(answers); i++)
        expect_closed(f, post_anew(f, answers[i], 200, "ok"));
}

static void test_an_old_peer_that_keeps_its_connection_is_asked_again_on_it(void **state)
{
    struct call_fixture *f = *state;
    static const char answer[] =
        "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\nok";
    int fd = post_anew(f, answer, 200, "ok");
    struct http_request request = call_post(f, "x");
    call_start(f, &request);
    wire_expect(&f->peer, fd, "\r\n\r\nx");
    wire_send(fd, answer);
    call_expect_answer(f, 200, "ok");
    close(fd);
}

static void test_an_answer_without_a_length_ends_with_its_connection(void **state)
{
    struct call_fixture *f = *state;
    struct http_request request = call_post(f, "x");
    int fd = call_start_and_accept(f, &request);
    wire_send(fd, "HTTP/1.0 200 OK\r\n\r\nto the ");
    wire_spend(&f->peer, 5);
    assert_int_equal(f->outcome.n, 0);
    wire_send(fd, "end");
    shutdown(fd, SHUT_WR);
    call_expect_answer(f, 200, "to the end");
    expect_closed(f, fd);
    fd = call_start_and_accept(f, &request);
    wire_send(fd, "HTTP/1.0 200 OK\r\n\r\nto the ");
    wire_spend(&f->peer, 5);
    wire_reset(fd);
    call_expect_failure(f, HTTP_BROKEN, true);
}

static void test_what_comes_unasked_closes_an_idle_connection(void **state)
{
    struct call_fixture *f = *state;
    int fd = post_anew(f, OK_ANSWER, 200, "ok");
    wire_send(fd, "HTTP/1.1 408 Request Timeout\r\n\r\n");
    expect_closed(f, fd);
    fd = post_anew(f, OK_ANSWER, 200, "ok");
    wire_send(fd, "HTTP/1.1 408 Request Timeout\r\n\r\n");
    /* The loop hasn't seen it yet. */
    close(post_anew(f, OK_ANSWER, 200, "ok"));
    expect_closed(f, fd);
}

static void test_the_other_sides_end_closes_an_idle_connection(void **state)
{
    struct call_fixture *f = *state;
    int fd = post_anew(f, OK_ANSWER, 200, "ok");
    shutdown(fd, SHUT_WR);
    expect_closed(f, fd);
}

static void test_an_answer_before_the_requests_end_closes_the_connection(void **state)
{
    struct call_fixture *f = *state;
    struct buf body = {0};
    buf_reserve(&body, 8000000);
    memset(body.data, 'x', 8000000);
    struct http_request request = call_post(f, "");
    request.body = slice_of(body.data, 8000000);
    int fd = call_start_and_accept(f, &request);
    wire_send(fd, OK_ANSWER);
    call_expect_answer(f, 200, "ok");
    wire_rest(&f->peer, fd);
    assert_true(f->peer.got.len < 8000000);
    close(fd);
    buf_deinit(&body);
}

static void test_an_answer_is_found_before_a_reset(void **state)
{
    struct call_fixture *f = *state;
    struct buf body = {0};
    buf_reserve(&body, 8000000);
    memset(body.data, 'x', 8000000);
    struct http_request request = call_post(f, "");
    request.body = slice_of(body.data, 8000000);
    int fd = call_start_and_accept(f, &request);
    wire_send(fd, "HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno");
    close(fd); /* with most of the body unread */
    call_expect_answer(f, 413, "no");
    fd = call_start_and_accept(f, &request);
    close(fd);
    call_expect_failure(f, HTTP_BROKEN, true);
    buf_deinit(&body);
}

static void test_origins_do_not_share_connections(void **state)
{
    struct call_fixture *f = *state;
    int first = post_anew(f, OK_ANSWER, 200, "ok");
    char url[80];
    snprintf(url, sizeof(url), "http://localhost%s/", strchr(f->peer.host, ':'));
    struct http_request request = call_post(f, "x");
    request.url = slice_str(url);
    int second = call_start_and_accept(f, &request);
    wire_send(second, OK_ANSWER);
    call_expect_answer(f, 200, "ok");
    close(first);
    close(second);
}

/* ---- How many idle, and how long ---- */

static void test_idle_connections_are_closed_after_a_while(void **state)
{
    struct call_fixture *f = *state;
    f->client->pool.idle_ms = 20;
    int first = post_anew(f, OK_ANSWER, 200, "ok");
    expect_closed(f, first);
    assert_int_equal(f->client->pool.n_idle, 0);
    assert_int_equal(f->client->pool.origins.len, 0);
}

static void test_of_too_many_idle_connections_the_oldest_is_closed(void **state)
{
    struct call_fixture *f = *state;
    f->client->pool.idle_max = 1;
    struct http_request request = call_post(f, "x");
    struct call_outcome others = {0};
    struct err err = {0};
    assert_non_null(http_client_send(f->client, &request, call_note, &others, &err));
    int first = wire_accept(&f->peer);
    int second = call_start_and_accept(f, &request);
    buf_clear(&f->peer.got);
    wire_expect(&f->peer, first, "\r\n\r\nx");
    wire_send(first, OK_ANSWER);
    wire_wait(&f->peer, others.n == 1);
    wire_send(second, OK_ANSWER);
    call_expect_answer(f, 200, "ok");
    expect_closed(f, first);
    assert_int_equal(f->client->pool.n_idle, 1);
    close(second);
    buf_deinit(&others.body);
    buf_deinit(&others.error);
    buf_deinit(&others.header);
}

/* ---- Answers ---- */

static void test_an_answer_may_come_byte_by_byte(void **state)
{
    struct call_fixture *f = *state;
    static const char answer[] = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"
                                 "Transfer-Encoding: chunked\r\nX-Test: a\r\n\r\n"
                                 "2;x\r\nok\r\n0\r\nX-Trailer: b\r\n\r\n";
    struct http_request request = call_post(f, "x");
    int fd = call_start_and_accept(f, &request);
    for (size_t i = 0; i < sizeof(answer) - 1; i++) {
        char byte[] = {answer[i], '\0'};
        assert_int_equal(f->outcome.n, 0);
        wire_send(fd, byte);
        wire_spend(&f->peer, 0);
    }
    call_expect_answer(f, 200, "ok");
    assert_int_equal(f->outcome.header.len, 1);
    close(fd);
}

static void test_a_head_without_an_end_is_a_broken_answer(void **state)
{
    struct call_fixture *f = *state;
    struct http_request request = call_post(f, "x");
    int fd = call_start_and_accept(f, &request);
    wire_send(fd, "HTTP/1.1 200 OK\r\n");
    struct buf lines = {0};
    while (lines.len < HEAD_MAX)
        buf_add_str(&lines, "X-Header: again and again\r\n");
    wire_send(fd, lines.data);
    call_expect_failure(f, HTTP_BROKEN, true);
    close(fd);
    buf_deinit(&lines);
}

static void test_what_leaves_its_end_open_is_a_broken_answer(void **state)
{
    struct call_fixture *f = *state;
    struct http_request request = call_post(f, "x");
    int fd = call_start_and_accept(f, &request);
    wire_send(fd, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nok");
    call_expect_failure(f, HTTP_BROKEN, true);
    expect_closed(f, fd);
}

static void test_a_timeout_says_how_far_it_came(void **state)
{
    struct call_fixture *f = *state;
    struct http_request request = call_post(f, "x");
    request.timeout_ms = 20;
    int fd = call_start_and_accept(f, &request);
    call_expect_failure(f, HTTP_TIMEOUT, true);
    assert_string_equal(f->outcome.error.data, "No answer came within 20 ms");
    close(fd);
    fd = call_start_and_accept(f, &request);
    wire_send(fd, "HTTP/1.1 200 OK\r\n");
    call_expect_failure(f, HTTP_TIMEOUT, true);
    assert_string_equal(f->outcome.error.data, "The answer didn't end within 20 ms");
    close(fd);
}

/* ---- Requests that are left to curl ---- */

static void test_credentials_in_a_url_are_sent_as_a_header(void **state)
{
    struct call_fixture *f = *state;
    char url[80];
    snprintf(url, sizeof(url), "http://user:word@%s/", f->peer.host);
    struct http_request request = call_post(f, "x");
    request.url = slice_str(url);
    int fd = call_start_and_accept(f, &request);
    assert_true(call_has_sent(f, "Authorization: Basic dXNlcjp3b3Jk\r\n"));
    wire_send(fd, OK_ANSWER);
    call_expect_answer(f, 200, "ok");
    close(fd);
}

static void test_a_proxy_of_the_environment_is_asked(void **state)
{
    struct call_fixture *f = *state;
    setenv("http_proxy", f->peer.host, 1);
    struct http_request request = call_post(f, "x");
    request.url = SLICE_LIT("http://receiver.example/hook");
    int fd = call_start_and_accept(f, &request);
    unsetenv("http_proxy");
    assert_true(call_has_sent(f, "POST http://receiver.example/hook HTTP/1.1\r\n"));
    wire_send(fd, OK_ANSWER);
    call_expect_answer(f, 200, "ok");
    close(fd);
}

static void test_what_stands_behind_the_host_is_sent_as_curl_would(void **state)
{
    struct call_fixture *f = *state;
    static const struct {
        const char *behind, *line;
    } cases[] = {
        {"", "POST / HTTP/1.1\r\n"},
        {"/a/../b/./c?x=1&y=%20#part", "POST /b/c?x=1&y=%20 HTTP/1.1\r\n"},
        {"?q", "POST /?q HTTP/1.1\r\n"},
        {"/a?", "POST /a? HTTP/1.1\r\n"},
        {"/%2e%2E/\xc3\xa4?\xc3\xa4", "POST /%2e%2E/%c3%a4?\xc3\xa4 HTTP/1.1\r\n"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char url[100];
        snprintf(url, sizeof(url), "http://%s%s", f->peer.host, cases[i].behind);
        for (f->follow = 0; f->follow < 2; f->follow++) {
            struct http_request request = call_post(f, "x");
            request.url = slice_str(url);
            int fd = call_start_and_accept(f, &request);
            if (!call_has_sent(f, cases[i].line))
                fail_msg("%s is sent as %s", url, f->peer.got.data);
            wire_send(fd, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok");
            call_expect_answer(f, 200, "ok");
            close(fd);
        }
    }
}

static void test_a_host_that_the_caller_names_takes_the_place_of_the_urls(void **state)
{
    struct call_fixture *f = *state;
    struct http_header host = {SLICE_LIT("host"), SLICE_LIT("other.example")};
    struct http_request request = call_post(f, "x");
    request.headers = (struct http_headers){&host, 1};
    int fd = call_start_and_accept(f, &request);
    assert_true(call_has_sent(f, "POST /hook HTTP/1.1\r\nHost: other.example\r\nAccept: */*\r\n"
                                 "User-Agent: "));
    wire_send(fd, OK_ANSWER);
    call_expect_answer(f, 200, "ok");
    close(fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, call_setup, call_teardown)

int main(void)
{
    call_forget_proxies();
    const struct CMUnitTest tests[] = {
        TEST(test_a_connection_that_is_not_kept_is_closed_by_us),
        TEST(test_an_old_peer_that_keeps_its_connection_is_asked_again_on_it),
        TEST(test_an_answer_without_a_length_ends_with_its_connection),
        TEST(test_what_comes_unasked_closes_an_idle_connection),
        TEST(test_the_other_sides_end_closes_an_idle_connection),
        TEST(test_an_answer_before_the_requests_end_closes_the_connection),
        TEST(test_an_answer_is_found_before_a_reset),
        TEST(test_origins_do_not_share_connections),
        TEST(test_idle_connections_are_closed_after_a_while),
        TEST(test_of_too_many_idle_connections_the_oldest_is_closed),
        TEST(test_an_answer_may_come_byte_by_byte),
        TEST(test_a_head_without_an_end_is_a_broken_answer),
        TEST(test_what_leaves_its_end_open_is_a_broken_answer),
        TEST(test_a_timeout_says_how_far_it_came),
        TEST(test_credentials_in_a_url_are_sent_as_a_header),
        TEST(test_a_proxy_of_the_environment_is_asked),
        TEST(test_what_stands_behind_the_host_is_sent_as_curl_would),
        TEST(test_a_host_that_the_caller_names_takes_the_place_of_the_urls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
