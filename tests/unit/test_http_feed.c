/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * http/server: answers that go on, and how long a request may take, against bare sockets.
 */
#include "http/server.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "server_fixture.h"

#include <cmocka.h>

struct fixture {
    struct server_fixture http;
    struct http_exchange *x; /* the newest that is fed */
    struct buf stock;        /* what it may read */
    size_t n_reads, n_gone;
    size_t largest; /* that was ever read at once */
    bool is_over;   /* when the stock is used up … */
    bool is_broken; /* … or it should have gone on */
};

static ssize_t read_stock(void *ctx, char *out, size_t max)
{
    struct fixture *f = ctx;
    struct slice stock = buf_slice(&f->stock);
    size_t n = stock.len < max ? stock.len : max;
    f->n_reads++;
    if (n == 0 && f->is_broken)
        return HTTP_FEED_BROKEN;
    if (n == 0)
        return f->is_over ? HTTP_FEED_END : 0;
    memcpy(out, stock.data, n);
    memmove(f->stock.data, f->stock.data + n, f->stock.len - n);
    buf_truncate(&f->stock, f->stock.len - n);
    f->largest = n > f->largest ? n : f->largest;
    return (ssize_t)n;
}

static void stock_gone(void *ctx)
{
    struct fixture *f = ctx;
    f->n_gone++;
}

static void feed(void *ctx, struct http_exchange *x)
{
    struct fixture *f = ctx;
    f->x = x;
    http_exchange_add_header(x, "X-One", "1");
    http_exchange_feed(x, 200, "text/plain",
                       &(struct http_feed){.read = read_stock, .gone = stock_gone, .ctx = f});
}

static void take(void *ctx, struct http_exchange *x)
{
    (void)ctx;
    http_exchange_reply(x, 200, "text/plain", http_exchange_body(x));
}

static const struct http_route routes[] = {{"GET", "/feed", feed}, {"POST", "/take", take}};

static int setup(void **state)
{
    struct fixture *f = mem_calloc(1, sizeof(*f));
    server_setup(&f->http, routes, ARRAY_LEN(routes), f);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    server_teardown(&f->http);
    buf_deinit(&f->stock);
    free(f);
    return 0;
}

/* ---- A feed ---- */

static void test_what_is_there_goes_out_and_what_comes_later_follows(void **state)
{
    struct fixture *f = *state;
    buf_add_str(&f->stock, "first");
    wire_send(f->http.fd, GET("/feed"));
    wire_expect(&f->http.wire, f->http.fd, "\r\nfirst\r\n");
    assert_non_null(strstr(f->http.wire.got.data, "HTTP/1.1 200 "));
    assert_non_null(strstr(f->http.wire.got.data, "X-One: 1\r\n"));
    assert_non_null(strstr(f->http.wire.got.data, "Transfer-Encoding: chunked\r\n"));
    buf_clear(&f->http.wire.got);
    buf_add_str(&f->stock, "second");
    http_exchange_feed_more(f->x);
    wire_expect(&f->http.wire, f->http.fd, "6\r\nsecond\r\n");
    assert_int_equal(f->n_gone, 0);
    assert_int_equal(http_server_pending(f->http.server), 0);
}

static void test_the_head_comes_before_there_is_anything(void **state)
{
    struct fixture *f = *state;
    wire_send(f->http.fd, GET("/feed"));
    wire_expect(&f->http.wire, f->http.fd, "\r\n\r\n");
}

static void test_nobody_is_asked_while_there_is_nothing(void **state)
{
    struct fixture *f = *state;
    wire_send(f->http.fd, GET("/feed"));
    wire_expect(&f->http.wire, f->http.fd, "\r\n\r\n");
    wire_wait(&f->http.wire, f->n_reads > 0);
    size_t before = f->n_reads;
    wire_spend(&f->http.wire, 20);
    assert_int_equal(f->n_reads, before);
}

static void test_the_end_ends_the_body_and_the_connection_lives_on(void **state)
{
    struct fixture *f = *state;
    buf_add_str(&f->stock, "all");
    f->is_over = true;
    wire_send(f->http.fd, GET("/feed"));
    wire_expect(&f->http.wire, f->http.fd, "3\r\nall\r\n0\r\n\r\n");
    wire_wait(&f->http.wire, f->n_gone == 1);
    buf_clear(&f->http.wire.got);
    wire_send(f->http.fd, "POST /take HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nok");
    wire_expect(&f->http.wire, f->http.fd, "\r\n\r\nok");
}

static void test_it_may_end_while_it_waits(void **state)
{
    struct fixture *f = *state;
    wire_send(f->http.fd, GET("/feed"));
    wire_expect(&f->http.wire, f->http.fd, "\r\n\r\n");
    wire_wait(&f->http.wire, f->n_reads > 0);
    f->is_over = true;
    http_exchange_feed_more(f->x);
    wire_expect(&f->http.wire, f->http.fd, "0\r\n\r\n");
    wire_wait(&f->http.wire, f->n_gone == 1);
}

static void test_what_breaks_off_has_no_end(void **state)
{
    struct fixture *f = *state;
    buf_add_str(&f->stock, "half");
    f->is_broken = true;
    wire_send(f->http.fd, GET("/feed"));
    wire_rest(&f->http.wire, f->http.fd);
    assert_non_null(strstr(f->http.wire.got.data, "4\r\nhalf\r\n"));
    assert_null(strstr(f->http.wire.got.data, "0\r\n\r\n"));
    assert_int_equal(f->n_gone, 1);
}

static void test_an_old_client_reads_to_the_end_of_its_connection(void **state)
{
    struct fixture *f = *state;
    buf_add_str(&f->stock, "all");
    f->is_over = true;
    wire_send(f->http.fd, "GET /feed HTTP/1.0\r\nHost: x\r\n\r\n");
    wire_rest(&f->http.wire, f->http.fd);
    assert_non_null(strstr(f->http.wire.got.data, "\r\n\r\nall"));
    assert_null(strstr(f->http.wire.got.data, "chunked"));
    assert_int_equal(f->n_gone, 1);
}

static void test_head_reads_nothing(void **state)
{
    struct fixture *f = *state;
    buf_add_str(&f->stock, "all");
    wire_send(f->http.fd, "HEAD /feed HTTP/1.1\r\nHost: x\r\n\r\n");
    wire_expect(&f->http.wire, f->http.fd, "\r\n\r\n");
    wire_wait(&f->http.wire, f->n_gone == 1);
    assert_int_equal(f->n_reads, 0);
}

static void test_a_client_that_leaves_is_noticed_when_something_is_sent(void **state)
{
    struct fixture *f = *state;
    wire_send(f->http.fd, GET("/feed"));
    wire_expect(&f->http.wire, f->http.fd, "\r\n\r\n");
    wire_wait(&f->http.wire, f->n_reads > 0);
    wire_reset(f->http.fd);
    f->http.fd = wire_connect(http_server_address(f->http.server));
    for (int i = 0; i < 1000 && f->n_gone == 0; i++) {
        buf_add_str(&f->stock, "are you there?");
        http_exchange_feed_more(f->x);
        wire_spend(&f->http.wire, 1);
    }
    assert_int_equal(f->n_gone, 1);
}

/* What the client doesn't take isn't read, but for what the sockets hold. */
static void test_a_client_that_reads_nothing_is_read_little_for(void **state)
{
    struct fixture *f = *state;
    const size_t stock = (size_t)32 << 20;
    buf_reserve(&f->stock, stock);
    memset(f->stock.data, 'x', stock);
    f->stock.len = stock;
    wire_send(f->http.fd, GET("/feed"));
    wire_wait(&f->http.wire, f->n_reads > 0);
    wire_spend(&f->http.wire, 50);
    assert_in_range(f->stock.len, stock / 2, stock);
    assert_in_range(f->largest, 1, 64 * 1024);
}

static void test_freeing_the_server_tells_that_all_is_over(void **state)
{
    struct fixture *f = *state;
    int other = wire_connect(http_server_address(f->http.server));
    wire_send(f->http.fd, GET("/feed"));
    wire_send(other, GET("/feed"));
    wire_wait(&f->http.wire, f->n_reads >= 2);
    http_server_free(f->http.server);
    f->http.server = NULL;
    assert_int_equal(f->n_gone, 2);
    close(other);
}

/* ---- How long a request may take ---- */

static void restart(struct fixture *f, int64_t receive_ms)
{
    f->http.options.receive_ms = receive_ms;
    server_restart(&f->http);
}

/* Sends a byte now and then; how many it came to. */
static size_t trickle(struct fixture *f, const char *text)
{
    size_t n = 0;
    for (; text[n] && send(f->http.fd, text + n, 1, MSG_NOSIGNAL) == 1; n++)
        wire_spend(&f->http.wire, 5);
    return n;
}

static void test_a_request_that_trickles_in_is_ended(void **state)
{
    struct fixture *f = *state;
    static const char *const requests[] = {
        "POST /take HTTP/1.1\r\nHost: x\r\nX-Long: %s\r\n\r\n",
        "POST /take HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n%s",
    };
    char filling[801];
    memset(filling, 'x', sizeof(filling) - 1);
    filling[sizeof(filling) - 1] = '\0';
    for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
        struct buf request = {0};
        struct slice before = slice_str(requests[i]);
        restart(f, 50);
        buf_add_slice(&request, slice_upto(before, slice_find(before, '%')));
        buf_add_str(&request, filling);
        assert_in_range(trickle(f, request.data), 1, request.len - 1);
        buf_deinit(&request);
    }
}

static void test_an_answer_may_take_longer_than_its_request(void **state)
{
    struct fixture *f = *state;
    restart(f, 50);
    wire_send(f->http.fd, GET("/feed"));
    wire_expect(&f->http.wire, f->http.fd, "\r\n\r\n");
    wire_spend(&f->http.wire, 150);
    buf_add_str(&f->stock, "late");
    f->is_over = true;
    http_exchange_feed_more(f->x);
    wire_expect(&f->http.wire, f->http.fd, "late\r\n0\r\n\r\n");
}

static void test_a_client_that_says_nothing_is_ended_too(void **state)
{
    struct fixture *f = *state;
    restart(f, 50);
    wire_rest(&f->http.wire, f->http.fd);
    assert_int_equal(f->http.wire.got.len, 0);
}

/* Goes on where it stopped, with one request after the other. */
static bool can_send(int fd, const struct buf *request, size_t *at)
{
    ssize_t n = send(fd, request->data + *at, request->len - *at, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n > 0)
        *at = (*at + (size_t)n) % request->len;
    return n >= 0 || errno == EAGAIN;
}

static void test_a_client_that_takes_no_answers_is_ended(void **state)
{
    struct fixture *f = *state;
    struct buf request = {0};
    size_t at = 0;
    buf_printf(&request, POST("/take", "Content-Length: %d\r\n", "%*d"), SERVER_BODY_MAX,
               SERVER_BODY_MAX, 1);
    restart(f, 50);
    wire_wait(&f->http.wire, !can_send(f->http.fd, &request, &at));
    buf_deinit(&request);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_what_is_there_goes_out_and_what_comes_later_follows),
        TEST(test_the_head_comes_before_there_is_anything),
        TEST(test_nobody_is_asked_while_there_is_nothing),
        TEST(test_the_end_ends_the_body_and_the_connection_lives_on),
        TEST(test_it_may_end_while_it_waits),
        TEST(test_what_breaks_off_has_no_end),
        TEST(test_an_old_client_reads_to_the_end_of_its_connection),
        TEST(test_head_reads_nothing),
        TEST(test_a_client_that_leaves_is_noticed_when_something_is_sent),
        TEST(test_a_client_that_reads_nothing_is_read_little_for),
        TEST(test_freeing_the_server_tells_that_all_is_over),
        TEST(test_a_request_that_trickles_in_is_ended),
        TEST(test_an_answer_may_take_longer_than_its_request),
        TEST(test_a_client_that_says_nothing_is_ended_too),
        TEST(test_a_client_that_takes_no_answers_is_ended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
