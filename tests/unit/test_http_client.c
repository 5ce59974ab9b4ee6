/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * http/client: calls, against bare sockets. Each test runs over both carriers.
 */
#include "http/client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "call_fixture.h"
#include "http/server.h"

#include <cmocka.h>

/* ---- Requests as they are sent ---- */

static void test_a_post_is_sent_with_its_headers_and_body_and_no_others(void **state)
{
    struct call_fixture *f = *state;
    const struct http_header headers[] = {
        {SLICE_LIT("X-One"), SLICE_LIT(" a b ")},
        {SLICE_LIT("X-Empty"), SLICE_LIT("")},
        {SLICE_LIT("Accept"), SLICE_LIT("text/plain")},
    };
    struct http_request request = call_post(f, "{\"a\":1}");
    request.headers = (struct http_headers){headers, ARRAY_LEN(headers)};
    call_start(f, &request);
    int fd = wire_accept(&f->peer);
    wire_expect(&f->peer, fd, "{\"a\":1}");
    char expected[512];
    snprintf(expected, sizeof(expected),
             "POST /hook HTTP/1.1\r\nHost: %s\r\nX-One: a b\r\nX-Empty:\r\nAccept: text/plain\r\n"
             "User-Agent: Liaison-Test/1\r\nContent-Length: 7\r\n\r\n{\"a\":1}",
             f->peer.host);
    assert_string_equal(f->peer.got.data, expected);
    wire_send(fd, OK_ANSWER);
    call_expect_answer(f, 200, "ok");
    assert_true(f->outcome.was_written);
    close(fd);
}

static void test_each_method_is_sent_as_it_is(void **state)
{
    struct call_fixture *f = *state;
    static const struct {
        const char *method;
        bool has_body;
        const char *line, *length;
    } cases[] = {
        {"GET", false, "GET /hook HTTP/1.1\r\n", NULL},
        {"DELETE", false, "DELETE /hook HTTP/1.1\r\n", NULL},
        {"DELETE", true, "DELETE /hook HTTP/1.1\r\n", "Content-Length: 1\r\n"},
        {"PUT", true, "PUT /hook HTTP/1.1\r\n", "Content-Length: 1\r\n"},
        {"PATCH", true, "PATCH /hook HTTP/1.1\r\n", "Content-Length: 1\r\n"},
        {"GET", true, "GET /hook HTTP/1.1\r\n", "Content-Length: 1\r\n"},
        {"REPORT", true, "REPORT /hook HTTP/1.1\r\n", "Content-Length: 1\r\n"},
        {"POST", false, "POST /hook HTTP/1.1\r\n", "Content-Length: 0\r\n"},
        {"PUT", false, "PUT /hook HTTP/1.1\r\n", "Content-Length: 0\r\n"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct http_request request = call_post(f, cases[i].has_body ? "x" : "");
        request.method = slice_str(cases[i].method);
        request.has_body = cases[i].has_body;
        int fd = call_start_and_accept(f, &request);
        assert_memory_equal(f->peer.got.data, cases[i].line, strlen(cases[i].line));
        assert_int_equal(call_has_sent(f, "Content-Length"), cases[i].length != NULL);
        assert_true(!cases[i].length || call_has_sent(f, cases[i].length));
        assert_false(call_has_sent(f, "Content-Type"));
        wire_send(fd, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
        call_expect_answer(f, 204, "");
        close(fd);
    }
}

static void test_a_head_request_waits_for_no_body(void **state)
{
    struct call_fixture *f = *state;
    struct http_request request = call_get(f);
    request.method = SLICE_LIT("HEAD");
    int fd = call_start_and_accept(f, &request);
    wire_send(fd, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
    call_expect_answer(f, 200, "");
    close(fd);
}

static void test_an_answers_headers_are_given_and_folded_lines_joined(void **state)
{
    struct call_fixture *f = *state;
    struct http_request request = call_get(f);
    int fd = call_start_and_accept(f, &request);
    wire_send(fd, "HTTP/1.1 100 Continue\r\nX-Test: no\r\n\r\n"
                  "HTTP/1.1 418 Teapot\r\nx-TEST:  a\r\n  b \r\nContent-Length: 0\r\n\r\n");
    call_expect_answer(f, 418, "");
    assert_int_equal(f->outcome.header.len, 3);
    assert_memory_equal(f->outcome.header.data, "a b", 3);
    close(fd);
}

static void test_a_chunked_answer_is_whole(void **state)
{
    struct call_fixture *f = *state;
    struct http_request request = call_get(f);
    int fd = call_start_and_accept(f, &request);
    wire_send(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n");
    wire_spend(&f->peer, 5);
    assert_int_equal(f->outcome.n, 0);
    wire_send(fd, "3\r\ncde\r\n0\r\n\r\n");
    call_expect_answer(f, 200, "abcde");
    close(fd);
}

static void test_compression_is_offered_only_when_asked_for(void **state)
{
    struct call_fixture *f = *state;
    struct http_request request = call_get(f);
    int fd = call_start_and_accept(f, &request);
    assert_false(call_has_sent(f, "Accept-Encoding"));
    wire_send(fd, OK_ANSWER);
    call_expect_answer(f, 200, "ok");
    close(fd);
    request.compressed = true;
    fd = call_start_and_accept(f, &request);
    assert_true(call_has_sent(f, "Accept-Encoding: ") && call_has_sent(f, "gzip"));
    wire_send(fd, OK_ANSWER);
    call_expect_answer(f, 200, "ok");
    close(fd);
}

/* ---- What can't be sent ---- */

static void expect_refused(struct call_fixture *f, const struct http_request *request,
                           const char *what)
{
    struct err err = {0};
    if (http_client_send(f->client, request, call_note, &f->outcome, &err))
        fail_msg("was sent: %.*s", SLICE_FMT(request->url));
    assert_int_equal(err.code, ERR_INVALID);
    if (!strstr(err.message, what))
        fail_msg("\"%s\" doesn't say \"%s\"", err.message, what);
}

static void test_headers_that_would_break_the_head_are_refused(void **state)
{
    struct call_fixture *f = *state;
    const struct {
        struct http_header header;
        const char *what;
    } cases[] = {
        {{SLICE_LIT("X-A"), SLICE_LIT("a\r\nX-Evil: 1")}, "line break"},
        {{SLICE_LIT("X-A"), SLICE_LIT("a\nb")}, "line break"},
        {{SLICE_LIT("X-A"), SLICE_LIT("a\0b")}, "control character"},
        {{SLICE_LIT("X-A\r\nX-Evil"), SLICE_LIT("1")}, "no name"},
        {{SLICE_LIT("X A"), SLICE_LIT("1")}, "no name"},
        {{SLICE_LIT("X-A:"), SLICE_LIT("1")}, "no name"},
        {{SLICE_LIT(""), SLICE_LIT("1")}, "no name"},
        {{SLICE_LIT("content-length"), SLICE_LIT("99")}, "leave it out"},
        {{SLICE_LIT("Transfer-Encoding"), SLICE_LIT("chunked")}, "leave it out"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct http_request request = call_post(f, "x");
        request.headers = (struct http_headers){&cases[i].header, 1};
        expect_refused(f, &request, cases[i].what);
    }
}

static void test_what_is_no_url_is_refused(void **state)
{
    struct call_fixture *f = *state;
    static const struct slice urls[] = {
        SLICE_LIT(""),
        SLICE_LIT("example.org/x"),
        SLICE_LIT("/x"),
        SLICE_LIT("ftp://127.0.0.1/x"),
        SLICE_LIT("file:///etc/passwd"),
        SLICE_LIT("http://"),
        SLICE_LIT("http://127.0.0.1:99999/"),
        SLICE_LIT("http://127.0.0.1/a b"),
        SLICE_LIT("http://127.0.0.1/a\r\nX: y"),
        SLICE_LIT("http://127.0.0.1/\0x"),
    };
    for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
        struct http_request request = call_get(f);
        request.url = urls[i];
        expect_refused(f, &request, "is no URL");
    }
}

static void test_a_method_that_is_none_and_a_body_of_head_are_refused(void **state)
{
    struct call_fixture *f = *state;
    struct http_request request = call_post(f, "x");
    request.method = SLICE_LIT("GET / HTTP/1.1\r\nX:");
    expect_refused(f, &request, "no HTTP method");
    request.method = SLICE_LIT("HEAD");
    expect_refused(f, &request, "can't have a body");
}

static void test_a_refused_request_leaves_the_next_one_clean(void **state)
{
    struct call_fixture *f = *state;
    struct http_header bad = {SLICE_LIT("X-Bad"), SLICE_LIT("\n")};
    struct http_request request = call_post(f, "x");
    request.headers = (struct http_headers){&bad, 1};
    expect_refused(f, &request, "X-Bad");
    request = call_get(f);
    int fd = call_start_and_accept(f, &request);
    assert_false(call_has_sent(f, "X-Bad") || call_has_sent(f, "Content-Length"));
    wire_send(fd, OK_ANSWER);
    call_expect_answer(f, 200, "ok");
    close(fd);
}

/* ---- Failures ---- */

static void test_a_refused_connection_is_a_connect_failure(void **state)
{
    struct call_fixture *f = *state;
    close(f->peer.listen_fd);
    f->peer.listen_fd = -1;
    struct http_request request = call_post(f, "x");
    call_start(f, &request);
    call_expect_failure(f, HTTP_CONNECT, false);
}

static void test_a_peer_that_hangs_is_a_timeout_after_the_request_was_written(void **state)
{
    struct call_fixture *f = *state;
    struct http_request request = call_post(f, "x");
    request.timeout_ms = 40;
    int fd = call_start_and_accept(f, &request);
    call_expect_failure(f, HTTP_TIMEOUT, true);
    wire_rest(&f->peer, fd);
    close(fd);
}

static void test_a_timeout_before_anything_could_be_written_says_so(void **state)
{
    struct call_fixture *f = *state;
    /* A TLS server that never says hello: the request waits for the handshake. */
    char url[64];
    snprintf(url, sizeof(url), "https://%s/", f->peer.host);
    struct http_request request = call_post(f, "x");
    request.url = slice_str(url);
    request.timeout_ms = 40;
    call_start(f, &request);
    call_expect_failure(f, HTTP_TIMEOUT, false);
}

static void test_a_peer_that_speaks_no_tls_is_a_tls_failure(void **state)
{
    struct call_fixture *f = *state;
    char url[64];
    snprintf(url, sizeof(url), "https://%s/", f->peer.host);
    struct http_request request = call_post(f, "x");
    request.url = slice_str(url);
    call_start(f, &request);
    int fd = wire_accept(&f->peer);
    wire_send(fd, "HTTP/1.1 400 Bad Request\r\n\r\n");
    call_expect_failure(f, HTTP_TLS, false);
    close(fd);
}

static void test_a_name_without_an_address_is_a_dns_failure(void **state)
{
    struct call_fixture *f = *state;
    struct http_request request = call_post(f, "x");
    request.url = SLICE_LIT("http://name.invalid/");
    call_start(f, &request);
    call_expect_failure(f, HTTP_DNS, false);
    /* The next call may get the descriptors that the resolver had. */
    request.url = slice_str(f->peer.url);
    int fd = call_start_and_accept(f, &request);
    wire_send(fd, OK_ANSWER);
    call_expect_answer(f, 200, "ok");
    close(fd);
}

static void test_ends_within_an_answer_are_broken_ones(void **state)
{
    struct call_fixture *f = *state;
    static const char *const beginnings[] = {
        "",
        "HTT",
        "HTTP/1.1 200 OK\r\nContent-Le",
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
    };
    for (size_t i = 0; i < ARRAY_LEN(beginnings); i++) {
        struct http_request request = call_post(f, "x");
        int fd = call_start_and_accept(f, &request);
        wire_send(fd, beginnings[i]);
        close(fd);
        call_expect_failure(f, HTTP_BROKEN, true);
    }
}

static void test_what_is_not_http_is_a_broken_answer(void **state)
{
    struct call_fixture *f = *state;
    struct http_request request = call_post(f, "x");
    int fd = call_start_and_accept(f, &request);
    wire_send(fd, "220 mail.example.org ESMTP\r\n");
    close(fd);
    call_expect_failure(f, HTTP_BROKEN, true);
}

static void test_a_reset_after_the_request_is_a_broken_answer(void **state)
{
    struct call_fixture *f = *state;
    struct http_request request = call_post(f, "x");
    wire_reset(call_start_and_accept(f, &request));
    call_expect_failure(f, HTTP_BROKEN, true);
}

static void test_an_answer_beyond_its_limit_is_too_big(void **state)
{
    struct call_fixture *f = *state;
    struct http_request request = call_get(f);
    request.answer_max = 4;
    int fd = call_start_and_accept(f, &request);
    wire_send(fd, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nabcd");
    call_expect_answer(f, 200, "abcd");
    close(fd);
    fd = call_start_and_accept(f, &request);
    wire_send(fd, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabcde");
    call_expect_failure(f, HTTP_TOO_BIG, true);
    assert_int_equal(f->outcome.status, 200);
    close(fd);
}

/* ---- Connections ---- */

static void test_a_connection_is_used_again(void **state)
{
    struct call_fixture *f = *state;
    struct http_request request = call_post(f, "x");
    int fd = call_start_and_accept(f, &request);
    wire_send(fd, OK_ANSWER);
    call_expect_answer(f, 200, "ok");
    for (int i = 0; i < 20; i++) {
        call_start(f, &request);
        wire_expect(&f->peer, fd, "\r\n\r\nx");
        wire_send(fd, OK_ANSWER);
        call_expect_answer(f, 200, "ok");
    }
    assert_false(wire_has_caller(&f->peer));
    close(fd);
}

static void test_a_connection_that_was_closed_while_idle_is_not_used_again(void **state)
{
    struct call_fixture *f = *state;
    struct http_request request = call_post(f, "x");
    int fd = call_start_and_accept(f, &request);
    wire_send(fd, OK_ANSWER);
    call_expect_answer(f, 200, "ok");
    close(fd);
    wire_spend(&f->peer, 5);
    fd = call_start_and_accept(f, &request);
    wire_send(fd, OK_ANSWER);
    call_expect_answer(f, 200, "ok");
    close(fd);
}

static void test_a_connection_whose_end_was_not_seen_yet_is_not_used_again(void **state)
{
    struct call_fixture *f = *state;
    struct http_request request = call_post(f, "x");
    int fd = call_start_and_accept(f, &request);
    for (int i = 0; i < 2; i++) {
        wire_send(fd, OK_ANSWER);
        call_expect_answer(f, 200, "ok");
        if (i == 0)
            close(fd);
        else
            wire_reset(fd);
        fd = call_start_and_accept(f, &request);
    }
    wire_send(fd, OK_ANSWER);
    call_expect_answer(f, 200, "ok");
    close(fd);
}

static void count_turn(void *ctx)
{
    (*(int *)ctx)++;
}

static void test_an_idle_connection_that_was_closed_lets_the_loop_sleep(void **state)
{
    struct call_fixture *f = *state;
    struct http_request request = call_post(f, "x");
    int fd = call_start_and_accept(f, &request);
    wire_send(fd, OK_ANSWER);
    call_expect_answer(f, 200, "ok");
    close(fd);
    int n_turns = 0;
    struct loop_prepare *hook = loop_prepare_new(f->loop, count_turn, &n_turns);
    wire_spend(&f->peer, 30);
    loop_prepare_free(hook);
    assert_in_range(n_turns, 1, 10);
}

/* Gets an answer on a new connection, then reads a second request there and closes it. */
static void close_a_used_connection(struct call_fixture *f, const struct http_request *request)
{
    int fd = call_start_and_accept(f, request);
    wire_send(fd, OK_ANSWER);
    call_expect_answer(f, 200, "ok");
    call_start(f, request);
    wire_expect(&f->peer, fd, "\r\n\r\n");
    close(fd);
}

static void test_a_post_that_was_written_to_a_closing_connection_is_not_repeated(void **state)
{
    struct call_fixture *f = *state;
    struct http_request request = call_post(f, "x");
    close_a_used_connection(f, &request);
    call_expect_failure(f, HTTP_BROKEN, true);
    wire_spend(&f->peer, 5);
    if (wire_has_caller(&f->peer)) {
        int fd = wire_accept(&f->peer);
        buf_clear(&f->peer.got);
        wire_rest(&f->peer, fd);
        assert_int_equal(f->peer.got.len, 0);
        close(fd);
    }
}

static void test_a_get_that_was_written_to_a_closing_connection_is_repeated(void **state)
{
    struct call_fixture *f = *state;
    struct http_request request = call_get(f);
    close_a_used_connection(f, &request);
    buf_clear(&f->peer.got);
    int fd = wire_accept(&f->peer);
    wire_expect(&f->peer, fd, "\r\n\r\n");
    wire_send(fd, OK_ANSWER);
    call_expect_answer(f, 200, "ok");
    assert_true(f->outcome.was_written);
    close(fd);
}

static void
test_what_was_written_shows_only_the_request_and_not_the_way_through_a_proxy(void **state)
{
    struct call_fixture *f = *state;
    setenv("https_proxy", f->peer.host, 1);
    struct http_request request = call_post(f, "x");
    request.url = SLICE_LIT("https://receiver.example/");
    int fd = call_start_and_accept(f, &request);
    unsetenv("https_proxy");
    assert_memory_equal(f->peer.got.data, "CONNECT receiver.example:443 ", 29);
    wire_send(fd, "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
    call_expect_failure(f, HTTP_CONNECT, false);
    close(fd);
}

static void test_a_new_connection_that_closes_without_an_answer_is_a_failure(void **state)
{
    struct call_fixture *f = *state;
    struct http_request request = call_get(f);
    close(call_start_and_accept(f, &request));
    call_expect_failure(f, HTTP_BROKEN, true);
    assert_false(wire_has_caller(&f->peer));
    close_a_used_connection(f, &request);
    close(wire_accept(&f->peer));
    call_expect_failure(f, HTTP_BROKEN, true);
    assert_false(wire_has_caller(&f->peer));
}

/* ---- Cancelling ---- */

static void test_a_cancelled_call_is_silent_and_its_connection_closed(void **state)
{
    struct call_fixture *f = *state;
    struct http_request request = call_post(f, "x");
    int fd = call_start_and_accept(f, &request);
    http_call_cancel(f->call);
    wire_rest(&f->peer, fd);
    close(fd);
    assert_int_equal(f->outcome.n, 0);
}

static void test_a_call_may_be_cancelled_before_the_loop_turned(void **state)
{
    struct call_fixture *f = *state;
    struct http_request request = call_post(f, "x");
    call_start(f, &request);
    http_call_cancel(f->call);
    wire_spend(&f->peer, 5);
    assert_int_equal(f->outcome.n, 0);
    assert_false(wire_has_caller(&f->peer));
}

static void test_freeing_the_client_cancels_what_runs(void **state)
{
    struct call_fixture *f = *state;
    struct http_request request = call_post(f, "x");
    int fd = call_start_and_accept(f, &request);
    http_client_free(f->client);
    f->client = NULL;
    wire_rest(&f->peer, fd);
    close(fd);
    assert_int_equal(f->outcome.n, 0);
}

static void free_client(void *ctx, const struct http_answer *answer)
{
    struct call_fixture *f = ctx;
    http_client_free(f->client);
    f->client = NULL;
    call_note(&f->outcome, answer);
}

static void test_a_callback_may_free_the_client(void **state)
{
    struct call_fixture *f = *state;
    struct http_request request = call_get(f);
    struct err err = {0};
    assert_non_null(http_client_send(f->client, &request, free_client, f, &err));
    call_start(f, &request);
    int first = wire_accept(&f->peer), second = wire_accept(&f->peer);
    wire_send(first, OK_ANSWER);
    wire_send(second, OK_ANSWER);
    wire_wait(&f->peer, !f->client);
    wire_spend(&f->peer, 5);
    assert_in_range(f->outcome.n, 1, 2);
    close(first);
    close(second);
}

static void cancel_self_and_send(void *ctx, const struct http_answer *answer)
{
    struct call_fixture *f = ctx;
    http_call_cancel(f->call);
    assert_int_equal(answer->status, 200);
    struct http_request request = call_get(f);
    call_start(f, &request);
    assert_memory_equal(answer->body.data, "ok", 2);
}

static void test_a_callback_may_send_the_next_request(void **state)
{
    struct call_fixture *f = *state;
    struct http_request request = call_get(f);
    struct err err = {0};
    f->call = http_client_send(f->client, &request, cancel_self_and_send, f, &err);
    assert_non_null(f->call);
    int fd = wire_accept(&f->peer);
    wire_expect(&f->peer, fd, "\r\n\r\n");
    buf_clear(&f->peer.got);
    wire_send(fd, OK_ANSWER);
    wire_expect(&f->peer, fd, "\r\n\r\n");
    wire_send(fd, OK_ANSWER);
    call_expect_answer(f, 200, "ok");
    close(fd);
}

/* ---- Sockets files, and our own server ---- */

static void reply_hello(void *ctx, struct http_exchange *x)
{
    int *n = ctx;
    (*n)++;
    http_exchange_reply(x, 200, "text/plain", http_exchange_body(x));
}

static void test_a_socket_file_is_connected_to_whatever_the_url_names(void **state)
{
    struct call_fixture *f = *state;
    static const struct http_route routes[] = {{"POST", "/hook", reply_hello}};
    char dir[] = "/tmp/liaison-test-XXXXXX", path[64], listen[80];
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/s", dir);
    snprintf(listen, sizeof(listen), "unix:%s", path);
    int n = 0;
    struct http_server_options options = {
        .listen = listen, .routes = routes, .n_routes = 1, .ctx = &n, .body_max = 100};
    struct err err = {0};
    struct http_server *server = http_server_new(f->loop, &options, &err);
    assert_non_null(server);
    struct http_request request = call_post(f, "hello");
    request.url = SLICE_LIT("http://liaison/hook");
    request.unix_socket = slice_str(path);
    call_start(f, &request);
    call_expect_answer(f, 200, "hello");
    http_server_free(server);
    assert_int_equal(n, 1);
    assert_int_equal(access(path, F_OK), -1);
    rmdir(dir);
}

static void count(void *ctx, const struct http_answer *answer)
{
    assert_int_equal(answer->status, 200);
    (*(int *)ctx)++;
}

static void test_many_calls_at_once_all_end(void **state)
{
    struct call_fixture *f = *state;
    static const struct http_route routes[] = {{"POST", "/hook", reply_hello}};
    int n_served = 0, n_answers = 0;
    struct http_server_options options = {.listen = "127.0.0.1:0",
                                          .routes = routes,
                                          .n_routes = 1,
                                          .ctx = &n_served,
                                          .body_max = 1 << 20};
    struct err err = {0};
    struct http_server *server = http_server_new(f->loop, &options, &err);
    assert_non_null(server);
    char url[64];
    snprintf(url, sizeof(url), "http://%s/hook", http_server_address(server));
    struct http_request request = call_post(f, "x");
    request.url = slice_str(url);
    for (int i = 0; i < 200; i++)
        assert_non_null(http_client_send(f->client, &request, count, &n_answers, &err));
    wire_wait(&f->peer, n_answers == 200);
    assert_int_equal(n_served, 200);
    http_server_free(server);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, call_setup, call_teardown)

int main(void)
{
    call_forget_proxies();
    struct CMUnitTest tests[] = {
        TEST(test_a_post_is_sent_with_its_headers_and_body_and_no_others),
        TEST(test_each_method_is_sent_as_it_is),
        TEST(test_a_head_request_waits_for_no_body),
        TEST(test_an_answers_headers_are_given_and_folded_lines_joined),
        TEST(test_a_chunked_answer_is_whole),
        TEST(test_compression_is_offered_only_when_asked_for),
        TEST(test_headers_that_would_break_the_head_are_refused),
        TEST(test_what_is_no_url_is_refused),
        TEST(test_a_method_that_is_none_and_a_body_of_head_are_refused),
        TEST(test_a_refused_request_leaves_the_next_one_clean),
        TEST(test_a_refused_connection_is_a_connect_failure),
        TEST(test_a_peer_that_hangs_is_a_timeout_after_the_request_was_written),
        TEST(test_a_timeout_before_anything_could_be_written_says_so),
        TEST(test_a_peer_that_speaks_no_tls_is_a_tls_failure),
        TEST(test_a_name_without_an_address_is_a_dns_failure),
        TEST(test_ends_within_an_answer_are_broken_ones),
        TEST(test_what_is_not_http_is_a_broken_answer),
        TEST(test_a_reset_after_the_request_is_a_broken_answer),
        TEST(test_an_answer_beyond_its_limit_is_too_big),
        TEST(test_a_connection_is_used_again),
        TEST(test_a_connection_that_was_closed_while_idle_is_not_used_again),
        TEST(test_a_connection_whose_end_was_not_seen_yet_is_not_used_again),
        TEST(test_an_idle_connection_that_was_closed_lets_the_loop_sleep),
        TEST(test_a_post_that_was_written_to_a_closing_connection_is_not_repeated),
        TEST(test_a_get_that_was_written_to_a_closing_connection_is_repeated),
        TEST(test_a_new_connection_that_closes_without_an_answer_is_a_failure),
        TEST(test_what_was_written_shows_only_the_request_and_not_the_way_through_a_proxy),
        TEST(test_a_cancelled_call_is_silent_and_its_connection_closed),
        TEST(test_a_call_may_be_cancelled_before_the_loop_turned),
        TEST(test_freeing_the_client_cancels_what_runs),
        TEST(test_a_callback_may_free_the_client),
        TEST(test_a_callback_may_send_the_next_request),
        TEST(test_a_socket_file_is_connected_to_whatever_the_url_names),
        TEST(test_many_calls_at_once_all_end),
    };
    int n_failed = cmocka_run_group_tests_name("by hand", tests, NULL, NULL);
    for (size_t i = 0; i < ARRAY_LEN(tests); i++)
        tests[i].setup_func = call_setup_transfers;
    return n_failed + cmocka_run_group_tests_name("curl's transfers", tests, NULL, NULL);
}
