/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * http/client: streams, against bare sockets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "http/client.h"
#include "wire.h"

#include <cmocka.h>

#define HEAD "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"

enum act { ACT_NOTHING, ACT_CLOSE, ACT_PAUSE, ACT_PAUSE_AND_RESUME, ACT_REFUSE, ACT_FREE_CLIENT };

struct fixture {
    struct loop *loop;
    struct http_client *client;
    struct wire peer;
    struct http_stream *stream;
    enum act on_head, on_bytes, on_end; /* what the callbacks do */
    int n_heads, n_ends;
    int status;
    enum http_failure failure;
    struct buf type, bytes;
};

static void act(struct fixture *f, enum act what)
{
    switch (what) {
    case ACT_CLOSE:
        http_stream_close(f->stream);
        f->stream = NULL;
        break;
    case ACT_PAUSE:
        http_stream_pause(f->stream);
        break;
    case ACT_PAUSE_AND_RESUME:
        http_stream_pause(f->stream);
        http_stream_resume(f->stream);
        break;
    case ACT_FREE_CLIENT:
        http_client_free(f->client);
        f->client = NULL;
        f->stream = NULL;
        break;
    case ACT_REFUSE:
    case ACT_NOTHING:
        break;
    }
}

static bool on_head(void *ctx, int status, struct http_headers headers)
{
    struct fixture *f = ctx;
    f->n_heads++;
    f->status = status;
    buf_clear(&f->type);
    buf_add_slice(&f->type, http_header_get(headers, "content-type"));
    act(f, f->on_head);
    if (f->on_head == ACT_REFUSE)
        f->stream = NULL;
    return f->on_head != ACT_REFUSE;
}

static void on_bytes(void *ctx, struct slice bytes)
{
    struct fixture *f = ctx;
    assert_true(bytes.len > 0);
    assert_int_equal(f->n_heads, 1);
    assert_int_equal(f->n_ends, 0);
    act(f, f->on_bytes);
    /* After it acted: the bytes stay valid. */
    buf_add_slice(&f->bytes, bytes);
}

static void on_end(void *ctx, enum http_failure failure, struct slice error)
{
    struct fixture *f = ctx;
    f->n_ends++;
    f->failure = failure;
    assert_int_equal(failure == HTTP_OK, error.len == 0);
    act(f, f->on_end);
    f->stream = NULL;
}

static const struct http_stream_events events = {on_head, on_bytes, on_end};

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

static int teardown(void **state)
{
    struct fixture *f = *state;
    http_client_free(f->client);
    wire_deinit(&f->peer);
    loop_free(f->loop);
    buf_deinit(&f->type);
    buf_deinit(&f->bytes);
    free(f);
    return 0;
}

static struct http_stream_request to_peer(const struct fixture *f)
{
    return (struct http_stream_request){.url = slice_str(f->peer.url), .connect_timeout_ms = 5000};
}

static void open_stream(struct fixture *f, const struct http_stream_request *request)
{
    struct err err = {0};
    f->stream = http_stream_open(f->client, request, &events, f, &err);
    if (!f->stream)
        fail_msg("%s", err.message);
}

/* Opens a stream and reads its request; returns the connection. */
static int open_and_accept(struct fixture *f, const struct http_stream_request *request)
{
    open_stream(f, request);
    int fd = wire_accept(&f->peer);
    buf_clear(&f->peer.got);
    wire_expect(&f->peer, fd, "\r\n\r\n");
    return fd;
}

static void expect_bytes(struct fixture *f, const char *text)
{
    wire_wait(&f->peer, f->bytes.len >= strlen(text));
    assert_string_equal(f->bytes.data, text);
}

static void expect_end(struct fixture *f, enum http_failure failure)
{
    wire_wait(&f->peer, f->n_ends > 0);
    assert_int_equal(f->n_ends, 1);
    assert_string_equal(http_failure_name(f->failure), http_failure_name(failure));
}

/* ---- Bytes ---- */

static void test_bytes_are_given_as_they_come(void **state)
{
    struct fixture *f = *state;
    struct http_header header = {SLICE_LIT("Last-Event-ID"), SLICE_LIT("42")};
    struct http_stream_request request = to_peer(f);
    request.headers = (struct http_headers){&header, 1};
    int fd = open_and_accept(f, &request);
    assert_memory_equal(f->peer.got.data, "GET /hook HTTP/1.1\r\n", 20);
    assert_non_null(strstr(f->peer.got.data, "Last-Event-ID: 42\r\n"));
    wire_send(fd, HEAD);
    wire_wait(&f->peer, f->n_heads == 1);
    assert_int_equal(f->status, 200);
    assert_string_equal(f->type.data, "text/event-stream");
    wire_send(fd, "one");
    expect_bytes(f, "one");
    wire_send(fd, "two");
    expect_bytes(f, "onetwo");
    close(fd);
    expect_end(f, HTTP_OK);
}

static void test_a_head_and_bytes_that_come_together_are_given_in_order(void **state)
{
    struct fixture *f = *state;
    struct http_stream_request request = to_peer(f);
    int fd = open_and_accept(f, &request);
    wire_send(fd, HEAD "bytes");
    close(fd);
    expect_end(f, HTTP_OK);
    expect_bytes(f, "bytes");
}

static void test_trailers_are_no_second_head(void **state)
{
    struct fixture *f = *state;
    struct http_stream_request request = to_peer(f);
    int fd = open_and_accept(f, &request);
    wire_send(fd, "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\n"
                  "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n");
    expect_bytes(f, "ab");
    wire_send(fd, "0\r\nX-Trailer: 1\r\n\r\n");
    expect_end(f, HTTP_OK);
    assert_int_equal(f->n_heads, 1);
    close(fd);
}

static void test_a_head_cut_off_is_a_broken_end(void **state)
{
    struct fixture *f = *state;
    struct http_stream_request request = to_peer(f);
    int fd = open_and_accept(f, &request);
    wire_send(fd, "HTTP/1.1 200 OK\r\nContent-");
    close(fd);
    expect_end(f, HTTP_BROKEN);
    assert_int_equal(f->n_heads, 0);
}

static void test_a_body_cut_off_is_a_broken_end(void **state)
{
    struct fixture *f = *state;
    struct http_stream_request request = to_peer(f);
    int fd = open_and_accept(f, &request);
    wire_send(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab");
    expect_bytes(f, "ab");
    wire_reset(fd);
    expect_end(f, HTTP_BROKEN);
}

static void test_no_connection_ends_the_stream_as_connect(void **state)
{
    struct fixture *f = *state;
    close(f->peer.listen_fd);
    f->peer.listen_fd = -1;
    struct http_stream_request request = to_peer(f);
    open_stream(f, &request);
    assert_int_equal(f->n_ends, 0);
    expect_end(f, HTTP_CONNECT);
}

static void test_what_can_not_be_opened_is_refused(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    struct http_stream_request request = to_peer(f);
    request.url = SLICE_LIT("nats://127.0.0.1/");
    assert_null(http_stream_open(f->client, &request, &events, f, &err));
    assert_int_equal(err.code, ERR_INVALID);
}

static void test_a_stream_follows_redirects_and_tells_its_url(void **state)
{
    struct fixture *f = *state;
    struct http_stream_request request = to_peer(f);
    request.follow = 1;
    int fd = open_and_accept(f, &request);
    wire_send(fd, "HTTP/1.1 307 Temporary Redirect\r\nLocation: /moved\r\nContent-Length: 4\r\n"
                  "Connection: close\r\n\r\nbody");
    close(fd);
    fd = wire_accept(&f->peer);
    wire_expect(&f->peer, fd, "GET /moved ");
    wire_send(fd, HEAD "x");
    expect_bytes(f, "x");
    char url[96];
    snprintf(url, sizeof(url), "http://%s/moved", f->peer.host);
    assert_true(slice_is_equal(http_stream_url(f->stream), slice_str(url)));
    close(fd);
}

/* ---- Pauses ---- */

static char pattern_at(size_t i)
{
    return (char)('a' + i % 23);
}

/* As much as the socket takes; returns how far the pattern has come. */
static size_t send_pattern(int fd, size_t from, size_t to)
{
    char bytes[8192];
    while (from < to) {
        size_t n = to - from < sizeof(bytes) ? to - from : sizeof(bytes);
        for (size_t i = 0; i < n; i++)
            bytes[i] = pattern_at(from + i);
        ssize_t sent = send(fd, bytes, n, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent <= 0)
            break;
        from += (size_t)sent;
    }
    return from;
}

static void expect_pattern(const struct fixture *f, size_t len)
{
    assert_int_equal(f->bytes.len, len);
    for (size_t i = 0; i < len; i++) {
        if (f->bytes.data[i] != pattern_at(i))
            fail_msg("byte %zu is wrong", i);
    }
}

#define PATTERN_LEN ((size_t)24 * 1024 * 1024)

static void test_a_paused_stream_stops_its_sender_and_loses_nothing(void **state)
{
    struct fixture *f = *state;
    f->on_bytes = ACT_PAUSE;
    struct http_stream_request request = to_peer(f);
    int fd = open_and_accept(f, &request);
    wire_send(fd, HEAD);
    size_t sent = 0;
    for (int i = 0; i < 10; i++) {
        sent = send_pattern(fd, sent, PATTERN_LEN);
        wire_spend(&f->peer, 2);
    }
    /* The sockets' buffers are full, and what was taken is a small part: the pause counts at once, also
       where more has come already. */
    assert_true(sent < PATTERN_LEN);
    assert_in_range(f->bytes.len, 1, 64 * 1024);

    f->on_bytes = ACT_NOTHING;
    http_stream_resume(f->stream);
    while (sent < PATTERN_LEN) {
        sent = send_pattern(fd, sent, PATTERN_LEN);
        loop_turn(f->loop, false);
    }
    close(fd);
    expect_end(f, HTTP_OK);
    expect_pattern(f, PATTERN_LEN);
}

static void test_pausing_at_each_piece_loses_nothing(void **state)
{
    struct fixture *f = *state;
    f->on_bytes = ACT_PAUSE;
    struct http_stream_request request = to_peer(f);
    int fd = open_and_accept(f, &request);
    wire_send(fd, HEAD);
    size_t len = 2 * 1024 * 1024;
    for (size_t sent = 0; sent < len;) {
        sent = send_pattern(fd, sent, len);
        loop_turn(f->loop, false);
        http_stream_resume(f->stream);
    }
    close(fd);
    while (f->n_ends == 0) {
        http_stream_resume(f->stream);
        loop_turn(f->loop, true);
    }
    expect_pattern(f, len);
}

static void test_a_pause_and_a_resume_within_a_callback_lose_nothing(void **state)
{
    struct fixture *f = *state;
    f->on_bytes = ACT_PAUSE_AND_RESUME;
    struct http_stream_request request = to_peer(f);
    int fd = open_and_accept(f, &request);
    wire_send(fd, HEAD);
    for (size_t sent = 0; sent < 4 * 1024 * 1024;) {
        sent = send_pattern(fd, sent, 4 * 1024 * 1024);
        loop_turn(f->loop, false);
    }
    close(fd);
    expect_end(f, HTTP_OK);
    expect_pattern(f, 4 * 1024 * 1024);
}

static void test_an_end_waits_while_the_stream_is_paused(void **state)
{
    struct fixture *f = *state;
    f->on_head = ACT_PAUSE;
    struct http_stream_request request = to_peer(f);
    int fd = open_and_accept(f, &request);
    wire_send(fd, HEAD "bytes");
    close(fd);
    wire_wait(&f->peer, f->n_heads == 1);
    wire_spend(&f->peer, 5);
    assert_int_equal(f->bytes.len, 0);
    assert_int_equal(f->n_ends, 0);
    http_stream_resume(f->stream);
    assert_int_equal(f->bytes.len, 0);
    expect_end(f, HTTP_OK);
    expect_bytes(f, "bytes");
}

static void test_a_stream_may_be_paused_before_it_is_connected(void **state)
{
    struct fixture *f = *state;
    struct http_stream_request request = to_peer(f);
    open_stream(f, &request);
    http_stream_pause(f->stream);
    int fd = wire_accept(&f->peer);
    wire_expect(&f->peer, fd, "\r\n\r\n");
    wire_send(fd, HEAD "bytes");
    wire_spend(&f->peer, 5);
    assert_int_equal(f->bytes.len, 0);
    http_stream_resume(f->stream);
    expect_bytes(f, "bytes");
    close(fd);
    expect_end(f, HTTP_OK);
}

/* ---- Time ---- */

static void test_no_head_in_time_is_a_timeout(void **state)
{
    struct fixture *f = *state;
    struct http_stream_request request = to_peer(f);
    request.connect_timeout_ms = 30;
    int fd = open_and_accept(f, &request);
    wire_send(fd, "HTTP/1.1 200 OK\r\n");
    expect_end(f, HTTP_TIMEOUT);
    assert_int_equal(f->n_heads, 0);
    wire_rest(&f->peer, fd);
    close(fd);
}

static void test_silence_ends_the_stream_as_a_timeout(void **state)
{
    struct fixture *f = *state;
    struct http_stream_request request = to_peer(f);
    request.silence_ms = 400;
    int fd = open_and_accept(f, &request);
    wire_send(fd, HEAD);
    wire_wait(&f->peer, f->n_heads == 1);
    for (int i = 0; i < 4; i++) {
        wire_spend(&f->peer, 150);
        wire_send(fd, ":");
    }
    assert_int_equal(f->n_ends, 0);
    expect_end(f, HTTP_TIMEOUT);
    expect_bytes(f, "::::");
    close(fd);
}

static void test_a_pause_is_no_silence(void **state)
{
    struct fixture *f = *state;
    f->on_head = ACT_PAUSE;
    struct http_stream_request request = to_peer(f);
    request.silence_ms = 20;
    int fd = open_and_accept(f, &request);
    wire_send(fd, HEAD);
    wire_wait(&f->peer, f->n_heads == 1);
    wire_spend(&f->peer, 60);
    http_stream_resume(f->stream);
    wire_send(fd, "still here");
    expect_bytes(f, "still here");
    expect_end(f, HTTP_TIMEOUT);
    close(fd);
}

/* ---- Ends made by the user ---- */

static void expect_silence_after_close(struct fixture *f, int fd)
{
    wire_rest(&f->peer, fd);
    close(fd);
    wire_spend(&f->peer, 5);
    assert_int_equal(f->n_ends, 0);
}

static void test_a_stream_may_be_closed_before_the_loop_turned(void **state)
{
    struct fixture *f = *state;
    struct http_stream_request request = to_peer(f);
    open_stream(f, &request);
    http_stream_close(f->stream);
    http_stream_close(NULL);
    wire_spend(&f->peer, 5);
    assert_int_equal(f->n_ends, 0);
}

static void test_a_stream_may_be_closed_from_on_head(void **state)
{
    struct fixture *f = *state;
    f->on_head = ACT_CLOSE;
    struct http_stream_request request = to_peer(f);
    int fd = open_and_accept(f, &request);
    wire_send(fd, HEAD "bytes");
    expect_silence_after_close(f, fd);
    assert_int_equal(f->bytes.len, 0);
}

static void test_on_head_may_refuse_the_stream(void **state)
{
    struct fixture *f = *state;
    f->on_head = ACT_REFUSE;
    struct http_stream_request request = to_peer(f);
    int fd = open_and_accept(f, &request);
    wire_send(fd, "HTTP/1.1 404 Not Found\r\n\r\nbytes");
    expect_silence_after_close(f, fd);
    assert_int_equal(f->status, 404);
    assert_int_equal(f->bytes.len, 0);
}

static void test_a_stream_may_be_closed_from_on_bytes(void **state)
{
    struct fixture *f = *state;
    f->on_bytes = ACT_CLOSE;
    struct http_stream_request request = to_peer(f);
    int fd = open_and_accept(f, &request);
    wire_send(fd, HEAD "bytes");
    expect_silence_after_close(f, fd);
    assert_string_equal(f->bytes.data, "bytes");
}

static void test_a_stream_may_be_closed_from_on_end(void **state)
{
    struct fixture *f = *state;
    f->on_end = ACT_CLOSE;
    struct http_stream_request request = to_peer(f);
    int fd = open_and_accept(f, &request);
    wire_send(fd, HEAD "bytes");
    close(fd);
    expect_end(f, HTTP_OK);
}

static void test_the_client_may_be_freed_from_each_callback(void **state)
{
    struct fixture *f = *state;
    enum act *const places[] = {&f->on_head, &f->on_bytes, &f->on_end};
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        f->on_head = f->on_bytes = f->on_end = ACT_NOTHING;
        f->n_heads = f->n_ends = 0;
        *places[i] = ACT_FREE_CLIENT;
        struct http_stream_request request = to_peer(f);
        int fd = open_and_accept(f, &request);
        wire_send(fd, HEAD "bytes");
        close(fd);
        wire_wait(&f->peer, !f->client);
        wire_spend(&f->peer, 2);
        struct err err = {0};
        f->client = http_client_new(f->loop, "Liaison-Test/1", &err);
    }
}

static void test_freeing_the_client_closes_streams_that_are_open_and_paused(void **state)
{
    struct fixture *f = *state;
    f->on_bytes = ACT_PAUSE;
    struct http_stream_request request = to_peer(f);
    int fd = open_and_accept(f, &request);
    wire_send(fd, HEAD "bytes");
    expect_bytes(f, "bytes");
    wire_send(fd, "more");
    wire_spend(&f->peer, 2);
    http_client_free(f->client);
    f->client = NULL;
    expect_silence_after_close(f, fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    unsetenv("http_proxy");
    unsetenv("all_proxy");
    unsetenv("ALL_PROXY");
    const struct CMUnitTest tests[] = {
        TEST(test_bytes_are_given_as_they_come),
        TEST(test_a_head_and_bytes_that_come_together_are_given_in_order),
        TEST(test_trailers_are_no_second_head),
        TEST(test_a_head_cut_off_is_a_broken_end),
        TEST(test_a_body_cut_off_is_a_broken_end),
        TEST(test_no_connection_ends_the_stream_as_connect),
        TEST(test_what_can_not_be_opened_is_refused),
        TEST(test_a_stream_follows_redirects_and_tells_its_url),
        TEST(test_a_paused_stream_stops_its_sender_and_loses_nothing),
        TEST(test_pausing_at_each_piece_loses_nothing),
        TEST(test_a_pause_and_a_resume_within_a_callback_lose_nothing),
        TEST(test_an_end_waits_while_the_stream_is_paused),
        TEST(test_a_stream_may_be_paused_before_it_is_connected),
        TEST(test_no_head_in_time_is_a_timeout),
        TEST(test_silence_ends_the_stream_as_a_timeout),
        TEST(test_a_pause_is_no_silence),
        TEST(test_a_stream_may_be_closed_before_the_loop_turned),
        TEST(test_a_stream_may_be_closed_from_on_head),
        TEST(test_on_head_may_refuse_the_stream),
        TEST(test_a_stream_may_be_closed_from_on_bytes),
        TEST(test_a_stream_may_be_closed_from_on_end),
        TEST(test_the_client_may_be_freed_from_each_callback),
        TEST(test_freeing_the_client_closes_streams_that_are_open_and_paused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
