/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * http/client: calls, against bare sockets.
 */
#include "http/client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "http/server.h"
#include "wire.h"

#include <cmocka.h>

#define OK_ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

/* What a call came to. */
struct outcome {
    int n; /* times that `done` was called */
    enum http_failure failure;
    bool was_written;
    int status;
    struct buf body, error, header; /* `header`: the answer's X-Test */
};

struct fixture {
    struct loop *loop;
    struct http_client *client;
    struct wire peer;
    struct outcome outcome;
    struct http_call *call;
    struct fixture *next; /* what a callback is to send then */
};

static int setup(void **state)
{
    struct fixture *f = mem_calloc(1, sizeof(*f));
    struct err err = {0};
    f->loop = loop_new(&err);
    f->client = http_client_new(f->loop, "Liaison-Test/1", &err);
    assert_non_null(f->client);
    wire_listen(&f->peer, f->loop);
    *state = f;
    return 0;
}

static void outcome_reset(struct outcome *o)
{
    buf_deinit(&o->body);
    buf_deinit(&o->error);
    buf_deinit(&o->header);
    *o = (struct outcome){0};
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    http_client_free(f->client);
    wire_deinit(&f->peer);
    loop_free(f->loop);
    outcome_reset(&f->outcome);
    free(f);
    return 0;
}

static void note(void *ctx, const struct http_answer *answer)
{
    struct outcome *o = ctx;
    o->n++;
    o->failure = answer->failure;
    o->was_written = answer->was_written;
    o->status = answer->status;
    buf_add_slice(&o->body, answer->body);
    buf_add_slice(&o->error, answer->error);
    buf_add_slice(&o->header, http_header_get(answer->headers, "x-test"));
    assert_true(answer->ms >= 0);
    assert_int_equal(answer->failure == HTTP_OK, answer->error.len == 0);
}

static struct http_request post(const struct fixture *f, const char *body)
{
    return (struct http_request){
        .method = SLICE_LIT("POST"),
        .url = slice_str(f->peer.url),
        .body = slice_str(body),
        .has_body = true,
        .timeout_ms = 10000,
    };
}

static struct http_request get(const struct fixture *f)
{
    return (struct http_request){
        .method = SLICE_LIT("GET"), .url = slice_str(f->peer.url), .timeout_ms = 10000};
}

static void start(struct fixture *f, const struct http_request *request)
{
    struct err err = {0};
    outcome_reset(&f->outcome);
    buf_clear(&f->peer.got);
    f->call = http_client_send(f->client, request, note, &f->outcome, &err);
    if (!f->call)
        fail_msg("%s", err.message);
    assert_int_equal(f->outcome.n, 0);
}

/* Starts the request and reads its head from a new connection, which it returns. */
static int start_and_accept(struct fixture *f, const struct http_request *request)
{
    start(f, request);
    int fd = wire_accept(&f->peer);
    wire_expect(&f->peer, fd, "\r\n\r\n");
    return fd;
}

static void await(struct fixture *f)
{
    wire_wait(&f->peer, f->outcome.n > 0);
    assert_int_equal(f->outcome.n, 1);
}

static void expect_failure(struct fixture *f, enum http_failure failure, bool was_written)
{
    await(f);
    assert_string_equal(http_failure_name(f->outcome.failure), http_failure_name(failure));
    assert_int_equal(f->outcome.was_written, was_written);
}

static void expect_answer(struct fixture *f, int status, const char *body)
{
    await(f);
    assert_string_equal(http_failure_name(f->outcome.failure), "");
    assert_int_equal(f->outcome.status, status);
    buf_add_char(&f->outcome.body, '\0');
    assert_string_equal(f->outcome.body.data, body);
}

static bool got(const struct fixture *f, const char *text)
{
    return f->peer.got.data && strstr(f->peer.got.data, text);
}

/* ---- Requests as they are sent ---- */

static void test_a_post_is_sent_with_its_headers_and_body_and_no_others(void **state)
{
    struct fixture *f = *state;
    const struct http_header headers[] = {
        {SLICE_LIT("X-One"), SLICE_LIT(" a b ")},
        {SLICE_LIT("X-Empty"), SLICE_LIT("")},
        {SLICE_LIT("Accept"), SLICE_LIT("text/plain")},
    };
    struct http_request request = post(f, "{\"a\":1}");
    request.headers = (struct http_headers){headers, ARRAY_LEN(headers)};
    start(f, &request);
    int fd = wire_accept(&f->peer);
    wire_expect(&f->peer, fd, "{\"a\":1}");
    char expected[512];
    snprintf(expected, sizeof(expected),
             "POST /hook HTTP/1.1\r\nHost: %s\r\nX-One: a b\r\nX-Empty:\r\nAccept: text/plain\r\n"
             "User-Agent: Liaison-Test/1\r\nContent-Length: 7\r\n\r\n{\"a\":1}",
             f->peer.host);
    assert_string_equal(f->peer.got.data, expected);
    wire_send(fd, OK_ANSWER);
    expect_answer(f, 200, "ok");
    assert_true(f->outcome.was_written);
    close(fd);
}

static void test_each_method_is_sent_as_it_is(void **state)
{
    struct fixture *f = *state;
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
        struct http_request request = post(f, cases[i].has_body ? "x" : "");
        request.method = slice_str(cases[i].method);
        request.has_body = cases[i].has_body;
        int fd = start_and_accept(f, &request);
        assert_memory_equal(f->peer.got.data, cases[i].line, strlen(cases[i].line));
        assert_int_equal(got(f, "Content-Length"), cases[i].length != NULL);
        assert_true(!cases[i].length || got(f, cases[i].length));
        assert_false(got(f, "Content-Type"));
        wire_send(fd, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
        expect_answer(f, 204, "");
        close(fd);
    }
}

static void test_a_head_request_waits_for_no_body(void **state)
{
    struct fixture *f = *state;
    struct http_request request = get(f);
    request.method = SLICE_LIT("HEAD");
    int fd = start_and_accept(f, &request);
    wire_send(fd, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
    expect_answer(f, 200, "");
    close(fd);
}

static void test_an_answers_headers_are_given_and_folded_lines_joined(void **state)
{
    struct fixture *f = *state;
    struct http_request request = get(f);
    int fd = start_and_accept(f, &request);
    wire_send(fd, "HTTP/1.1 100 Continue\r\nX-Test: no\r\n\r\n"
                  "HTTP/1.1 418 Teapot\r\nx-TEST:  a\r\n  b \r\nContent-Length: 0\r\n\r\n");
    expect_answer(f, 418, "");
    assert_int_equal(f->outcome.header.len, 3);
    assert_memory_equal(f->outcome.header.data, "a b", 3);
    close(fd);
}

static void test_a_chunked_answer_is_whole(void **state)
{
    struct fixture *f = *state;
    struct http_request request = get(f);
    int fd = start_and_accept(f, &request);
    wire_send(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n");
    wire_spend(&f->peer, 5);
    assert_int_equal(f->outcome.n, 0);
    wire_send(fd, "3\r\ncde\r\n0\r\n\r\n");
    expect_answer(f, 200, "abcde");
    close(fd);
}

static void test_compression_is_offered_only_when_asked_for(void **state)
{
    struct fixture *f = *state;
    struct http_request request = get(f);
    int fd = start_and_accept(f, &request);
    assert_false(got(f, "Accept-Encoding"));
    wire_send(fd, OK_ANSWER);
    expect_answer(f, 200, "ok");
    close(fd);
    request.compressed = true;
    fd = start_and_accept(f, &request);
    assert_true(got(f, "Accept-Encoding: ") && got(f, "gzip"));
    wire_send(fd, OK_ANSWER);
    expect_answer(f, 200, "ok");
    close(fd);
}

/* ---- What can't be sent ---- */

static void expect_refused(struct fixture *f, const struct http_request *request, const char *what)
{
    struct err err = {0};
    if (http_client_send(f->client, request, note, &f->outcome, &err))
        fail_msg("was sent: %.*s", SLICE_FMT(request->url));
    assert_int_equal(err.code, ERR_INVALID);
    if (!strstr(err.message, what))
        fail_msg("\"%s\" doesn't say \"%s\"", err.message, what);
}

static void test_headers_that_would_break_the_head_are_refused(void **state)
{
    struct fixture *f = *state;
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
        struct http_request request = post(f, "x");
        request.headers = (struct http_headers){&cases[i].header, 1};
        expect_refused(f, &request, cases[i].what);
    }
}

static void test_what_is_no_url_is_refused(void **state)
{
    struct fixture *f = *state;
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
        struct http_request request = get(f);
        request.url = urls[i];
        expect_refused(f, &request, "is no URL");
    }
}

static void test_a_method_that_is_none_and_a_body_of_head_are_refused(void **state)
{
    struct fixture *f = *state;
    struct http_request request = post(f, "x");
    request.method = SLICE_LIT("GET / HTTP/1.1\r\nX:");
    expect_refused(f, &request, "no HTTP method");
    request.method = SLICE_LIT("HEAD");
    expect_refused(f, &request, "can't have a body");
}

static void test_a_refused_request_leaves_the_next_one_clean(void **state)
{
    struct fixture *f = *state;
    struct http_header bad = {SLICE_LIT("X-Bad"), SLICE_LIT("\n")};
    struct http_request request = post(f, "x");
    request.headers = (struct http_headers){&bad, 1};
    expect_refused(f, &request, "X-Bad");
    request = get(f);
    int fd = start_and_accept(f, &request);
    assert_false(got(f, "X-Bad") || got(f, "Content-Length"));
    wire_send(fd, OK_ANSWER);
    expect_answer(f, 200, "ok");
    close(fd);
}

/* ---- Failures ---- */

static void test_a_refused_connection_is_a_connect_failure(void **state)
{
    struct fixture *f = *state;
    close(f->peer.listen_fd);
    f->peer.listen_fd = -1;
    struct http_request request = post(f, "x");
    start(f, &request);
    expect_failure(f, HTTP_CONNECT, false);
}

static void test_a_peer_that_hangs_is_a_timeout_after_the_request_was_written(void **state)
{
    struct fixture *f = *state;
    struct http_request request = post(f, "x");
    request.timeout_ms = 40;
    int fd = start_and_accept(f, &request);
    expect_failure(f, HTTP_TIMEOUT, true);
    wire_rest(&f->peer, fd);
    close(fd);
}

static void test_a_timeout_before_anything_could_be_written_says_so(void **state)
{
    struct fixture *f = *state;
    /* A TLS server that never says hello: the request waits for the handshake. */
    char url[64];
    snprintf(url, sizeof(url), "https://%s/", f->peer.host);
    struct http_request request = post(f, "x");
    request.url = slice_str(url);
    request.timeout_ms = 40;
    start(f, &request);
    expect_failure(f, HTTP_TIMEOUT, false);
}

static void test_a_peer_that_speaks_no_tls_is_a_tls_failure(void **state)
{
    struct fixture *f = *state;
    char url[64];
    snprintf(url, sizeof(url), "https://%s/", f->peer.host);
    struct http_request request = post(f, "x");
    request.url = slice_str(url);
    start(f, &request);
    int fd = wire_accept(&f->peer);
    wire_send(fd, "HTTP/1.1 400 Bad Request\r\n\r\n");
    expect_failure(f, HTTP_TLS, false);
    close(fd);
}

static void test_a_name_without_an_address_is_a_dns_failure(void **state)
{
    struct fixture *f = *state;
    struct http_request request = post(f, "x");
    request.url = SLICE_LIT("http://name.invalid/");
    start(f, &request);
    expect_failure(f, HTTP_DNS, false);
}

static void test_ends_within_an_answer_are_broken_ones(void **state)
{
    struct fixture *f = *state;
    static const char *const beginnings[] = {
        "",
        "HTT",
        "HTTP/1.1 200 OK\r\nContent-Le",
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
    };
    for (size_t i = 0; i < ARRAY_LEN(beginnings); i++) {
        struct http_request request = post(f, "x");
        int fd = start_and_accept(f, &request);
        wire_send(fd, beginnings[i]);
        close(fd);
        expect_failure(f, HTTP_BROKEN, true);
    }
}

static void test_what_is_not_http_is_a_broken_answer(void **state)
{
    struct fixture *f = *state;
    struct http_request request = post(f, "x");
    int fd = start_and_accept(f, &request);
    wire_send(fd, "220 mail.example.org ESMTP\r\n");
    close(fd);
    expect_failure(f, HTTP_BROKEN, true);
}

static void test_a_reset_after_the_request_is_a_broken_answer(void **state)
{
    struct fixture *f = *state;
    struct http_request request = post(f, "x");
    wire_reset(start_and_accept(f, &request));
    expect_failure(f, HTTP_BROKEN, true);
}

static void test_an_answer_beyond_its_limit_is_too_big(void **state)
{
    struct fixture *f = *state;
    struct http_request request = get(f);
    request.answer_max = 4;
    int fd = start_and_accept(f, &request);
    wire_send(fd, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nabcd");
    expect_answer(f, 200, "abcd");
    close(fd);
    fd = start_and_accept(f, &request);
    wire_send(fd, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabcde");
    expect_failure(f, HTTP_TOO_BIG, true);
    assert_int_equal(f->outcome.status, 200);
    close(fd);
}

/* ---- Connections ---- */

static void test_a_connection_is_used_again(void **state)
{
    struct fixture *f = *state;
    struct http_request request = post(f, "x");
    int fd = start_and_accept(f, &request);
    wire_send(fd, OK_ANSWER);
    expect_answer(f, 200, "ok");
    for (int i = 0; i < 20; i++) {
        start(f, &request);
        wire_expect(&f->peer, fd, "\r\n\r\nx");
        wire_send(fd, OK_ANSWER);
        expect_answer(f, 200, "ok");
    }
    assert_false(wire_has_caller(&f->peer));
    close(fd);
}

static void test_a_connection_that_was_closed_while_idle_is_not_used_again(void **state)
{
    struct fixture *f = *state;
    struct http_request request = post(f, "x");
    int fd = start_and_accept(f, &request);
    wire_send(fd, OK_ANSWER);
    expect_answer(f, 200, "ok");
    close(fd);
    wire_spend(&f->peer, 5);
    fd = start_and_accept(f, &request);
    wire_send(fd, OK_ANSWER);
    expect_answer(f, 200, "ok");
    close(fd);
}

/* Gets an answer on a new connection, then reads a second request there and closes it. */
static void close_a_used_connection(struct fixture *f, const struct http_request *request)
{
    int fd = start_and_accept(f, request);
    wire_send(fd, OK_ANSWER);
    expect_answer(f, 200, "ok");
    start(f, request);
    wire_expect(&f->peer, fd, "\r\n\r\n");
    close(fd);
}

static void test_a_post_that_was_written_to_a_closing_connection_is_not_repeated(void **state)
{
    struct fixture *f = *state;
    struct http_request request = post(f, "x");
    close_a_used_connection(f, &request);
    expect_failure(f, HTTP_BROKEN, true);
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
    struct fixture *f = *state;
    struct http_request request = get(f);
    close_a_used_connection(f, &request);
    buf_clear(&f->peer.got);
    int fd = wire_accept(&f->peer);
    wire_expect(&f->peer, fd, "\r\n\r\n");
    wire_send(fd, OK_ANSWER);
    expect_answer(f, 200, "ok");
    assert_true(f->outcome.was_written);
    close(fd);
}

static void
test_what_was_written_shows_only_the_request_and_not_the_way_through_a_proxy(void **state)
{
    struct fixture *f = *state;
    setenv("https_proxy", f->peer.host, 1);
    struct http_request request = post(f, "x");
    request.url = SLICE_LIT("https://receiver.example/");
    int fd = start_and_accept(f, &request);
    unsetenv("https_proxy");
    assert_memory_equal(f->peer.got.data, "CONNECT receiver.example:443 ", 29);
    wire_send(fd, "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
    expect_failure(f, HTTP_CONNECT, false);
    close(fd);
}

/* ---- Cancelling ---- */

static void test_a_cancelled_call_is_silent_and_its_connection_closed(void **state)
{
    struct fixture *f = *state;
    struct http_request request = post(f, "x");
    int fd = start_and_accept(f, &request);
    http_call_cancel(f->call);
    wire_rest(&f->peer, fd);
    close(fd);
    assert_int_equal(f->outcome.n, 0);
}

static void test_a_call_may_be_cancelled_before_the_loop_turned(void **state)
{
    struct fixture *f = *state;
    struct http_request request = post(f, "x");
    start(f, &request);
    http_call_cancel(f->call);
    wire_spend(&f->peer, 5);
    assert_int_equal(f->outcome.n, 0);
    assert_false(wire_has_caller(&f->peer));
}

static void test_freeing_the_client_cancels_what_runs(void **state)
{
    struct fixture *f = *state;
    struct http_request request = post(f, "x");
    int fd = start_and_accept(f, &request);
    http_client_free(f->client);
    f->client = NULL;
    wire_rest(&f->peer, fd);
    close(fd);
    assert_int_equal(f->outcome.n, 0);
}

static void free_client(void *ctx, const struct http_answer *answer)
{
    struct fixture *f = ctx;
    http_client_free(f->client);
    f->client = NULL;
    note(&f->outcome, answer);
}

static void test_a_callback_may_free_the_client(void **state)
{
    struct fixture *f = *state;
    struct http_request request = get(f);
    struct err err = {0};
    assert_non_null(http_client_send(f->client, &request, free_client, f, &err));
    start(f, &request);
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
    struct fixture *f = ctx;
    http_call_cancel(f->call);
    assert_int_equal(answer->status, 200);
    struct http_request request = get(f);
    start(f, &request);
    assert_memory_equal(answer->body.data, "ok", 2);
}

static void test_a_callback_may_send_the_next_request(void **state)
{
    struct fixture *f = *state;
    struct http_request request = get(f);
    struct err err = {0};
    f->call = http_client_send(f->client, &request, cancel_self_and_send, f, &err);
    assert_non_null(f->call);
    int fd = wire_accept(&f->peer);
    wire_expect(&f->peer, fd, "\r\n\r\n");
    buf_clear(&f->peer.got);
    wire_send(fd, OK_ANSWER);
    wire_expect(&f->peer, fd, "\r\n\r\n");
    wire_send(fd, OK_ANSWER);
    expect_answer(f, 200, "ok");
    close(fd);
}

/* ---- Redirects ---- */

static void redirect(int fd, const char *status, const char *location)
{
    char text[256];
    snprintf(text, sizeof(text),
             "HTTP/1.1 %s\r\nLocation: %s\r\nContent-Length: 4\r\nConnection: close\r\n\r\nmove",
             status, location);
    wire_send(fd, text);
    close(fd);
}

static int accept_next(struct fixture *f)
{
    buf_clear(&f->peer.got);
    int fd = wire_accept(&f->peer);
    wire_expect(&f->peer, fd, "\r\n\r\n");
    return fd;
}

static void test_a_redirect_is_the_answer_unless_it_is_to_be_followed(void **state)
{
    struct fixture *f = *state;
    struct http_request request = get(f);
    redirect(start_and_accept(f, &request), "302 Found", "/else");
    expect_answer(f, 302, "move");
}

static void test_redirects_are_followed_up_to_the_limit(void **state)
{
    struct fixture *f = *state;
    struct http_request request = get(f);
    request.follow = 2;
    redirect(start_and_accept(f, &request), "302 Found", "one?a=b");
    int fd = accept_next(f);
    assert_memory_equal(f->peer.got.data, "GET /one?a=b ", 13);
    redirect(fd, "307 Temporary Redirect", "/two");
    fd = accept_next(f);
    assert_memory_equal(f->peer.got.data, "GET /two ", 9);
    redirect(fd, "301 Moved Permanently", "/three");
    expect_answer(f, 301, "move");
}

static void test_a_redirect_changes_the_method_as_browsers_do(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *method, *status, *then;
    } cases[] = {
        {"POST", "301 Moved", "GET"}, {"POST", "302 Found", "GET"},  {"POST", "303 Other", "GET"},
        {"PUT", "303 Other", "GET"},  {"POST", "307 Temp", "POST"},  {"POST", "308 Perm", "POST"},
        {"PUT", "302 Found", "PUT"},  {"HEAD", "303 Other", "HEAD"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct http_header type = {SLICE_LIT("Content-Type"), SLICE_LIT("text/plain")};
        struct http_request request = post(f, "body");
        request.method = slice_str(cases[i].method);
        request.has_body = cases[i].method[0] == 'P';
        request.headers = (struct http_headers){&type, 1};
        request.follow = 1;
        redirect(start_and_accept(f, &request), cases[i].status, "/else");
        int fd = accept_next(f);
        assert_memory_equal(f->peer.got.data, cases[i].then, strlen(cases[i].then));
        bool keeps_body = cases[i].then[0] == 'P';
        assert_int_equal(got(f, "Content-Length: 4"), keeps_body);
        assert_true(strcmp(cases[i].then, "GET") != 0 || !got(f, "Content-Type"));
        wire_send(fd, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
        expect_answer(f, 204, "");
        close(fd);
    }
}

static const struct http_header credentials[] = {
    {SLICE_LIT("Authorization"), SLICE_LIT("Bearer t0ken")},
    {SLICE_LIT("cookie"), SLICE_LIT("a=b")},
    {SLICE_LIT("X-Kept"), SLICE_LIT("yes")},
};

static void test_credentials_stay_within_an_origin(void **state)
{
    struct fixture *f = *state;
    struct http_request request = get(f);
    request.headers = (struct http_headers){credentials, ARRAY_LEN(credentials)};
    request.follow = 1;
    redirect(start_and_accept(f, &request), "302 Found", "/else");
    int fd = accept_next(f);
    assert_true(got(f, "Authorization: Bearer t0ken\r\n") && got(f, "cookie: a=b\r\n"));
    wire_send(fd, OK_ANSWER);
    expect_answer(f, 200, "ok");
    close(fd);
}

static void expect_credentials_dropped(struct fixture *f, struct wire *other, const char *location)
{
    struct http_request request = get(f);
    request.headers = (struct http_headers){credentials, ARRAY_LEN(credentials)};
    request.follow = 2;
    redirect(start_and_accept(f, &request), "302 Found", location);
    buf_clear(&other->got);
    int fd = wire_accept(other);
    wire_expect(other, fd, "\r\n\r\n");
    assert_null(strstr(other->got.data, "t0ken"));
    assert_null(strcasestr(other->got.data, "cookie"));
    assert_non_null(strstr(other->got.data, "X-Kept: yes\r\n"));
    /* Nor do they come back on the way back. */
    redirect(fd, "302 Found", f->peer.url);
    fd = accept_next(f);
    assert_false(got(f, "t0ken"));
    assert_true(got(f, "X-Kept"));
    wire_send(fd, OK_ANSWER);
    expect_answer(f, 200, "ok");
    close(fd);
}

static void test_credentials_are_dropped_for_another_port(void **state)
{
    struct fixture *f = *state;
    struct wire other;
    wire_listen(&other, f->loop);
    expect_credentials_dropped(f, &other, other.url);
    wire_deinit(&other);
}

static void test_credentials_are_dropped_for_another_host(void **state)
{
    struct fixture *f = *state;
    char location[64];
    snprintf(location, sizeof(location), "http://localhost:%s/", strrchr(f->peer.host, ':') + 1);
    expect_credentials_dropped(f, &f->peer, location);
}

static void test_a_redirect_to_what_is_no_url_of_http_is_a_failure(void **state)
{
    struct fixture *f = *state;
    static const char *const locations[] = {"file:///etc/passwd", "ftp://127.0.0.1/", "http://"};
    for (size_t i = 0; i < ARRAY_LEN(locations); i++) {
        struct http_request request = get(f);
        request.follow = 3;
        redirect(start_and_accept(f, &request), "302 Found", locations[i]);
        expect_failure(f, HTTP_BAD_URL, true);
    }
}

static void test_a_timeout_counts_over_all_redirects(void **state)
{
    struct fixture *f = *state;
    struct http_request request = get(f);
    request.follow = 5;
    request.timeout_ms = 60;
    redirect(start_and_accept(f, &request), "302 Found", "/else");
    int fd = accept_next(f);
    expect_failure(f, HTTP_TIMEOUT, true);
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
    struct fixture *f = *state;
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
    struct http_request request = post(f, "hello");
    request.url = SLICE_LIT("http://liaison/hook");
    request.unix_socket = slice_str(path);
    start(f, &request);
    expect_answer(f, 200, "hello");
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
    struct fixture *f = *state;
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
    struct http_request request = post(f, "x");
    request.url = slice_str(url);
    for (int i = 0; i < 200; i++)
        assert_non_null(http_client_send(f->client, &request, count, &n_answers, &err));
    wire_wait(&f->peer, n_answers == 200);
    assert_int_equal(n_served, 200);
    http_server_free(server);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    static const char *const proxies[] = {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy",
                                          "ALL_PROXY"};
    for (size_t i = 0; i < ARRAY_LEN(proxies); i++)
        unsetenv(proxies[i]);
    const struct CMUnitTest tests[] = {
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
        TEST(test_a_post_that_was_written_to_a_closing_connection_is_not_repeated),
        TEST(test_a_get_that_was_written_to_a_closing_connection_is_repeated),
        TEST(test_what_was_written_shows_only_the_request_and_not_the_way_through_a_proxy),
        TEST(test_a_cancelled_call_is_silent_and_its_connection_closed),
        TEST(test_a_call_may_be_cancelled_before_the_loop_turned),
        TEST(test_freeing_the_client_cancels_what_runs),
        TEST(test_a_callback_may_free_the_client),
        TEST(test_a_callback_may_send_the_next_request),
        TEST(test_a_redirect_is_the_answer_unless_it_is_to_be_followed),
        TEST(test_redirects_are_followed_up_to_the_limit),
        TEST(test_a_redirect_changes_the_method_as_browsers_do),
        TEST(test_credentials_stay_within_an_origin),
        TEST(test_credentials_are_dropped_for_another_port),
        TEST(test_credentials_are_dropped_for_another_host),
        TEST(test_a_redirect_to_what_is_no_url_of_http_is_a_failure),
        TEST(test_a_timeout_counts_over_all_redirects),
        TEST(test_a_socket_file_is_connected_to_whatever_the_url_names),
        TEST(test_many_calls_at_once_all_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
