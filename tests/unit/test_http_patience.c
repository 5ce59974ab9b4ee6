/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * http/server: requests that wait for their answers, against bare sockets.
 */
#include "http/server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "server_fixture.h"

#include <cmocka.h>

#define CLIENTS 200 /* more than wait without being suspended */
/* In which a loop that has nothing to do turns seldom, and one that goes in circles thousands of
   times. */
#define WATCHED_MS 100
#define TURNS_MAX 60

struct fixture {
    struct server_fixture http;
    struct http_exchange *waiting[CLIENTS];
    size_t n_waiting;
    size_t n_gone; /* feeds */
};

static void reply_later(void *ctx, struct http_exchange *x)
{
    struct fixture *f = ctx;
    f->waiting[f->n_waiting++] = x;
}

static void reply_echo(void *ctx, struct http_exchange *x)
{
    (void)ctx;
    http_exchange_reply(x, 200, "text/plain", http_exchange_body(x));
}

static const struct http_route routes[] = {{"GET", "/later", reply_later},
                                           {"POST", "/echo", reply_echo}};

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
    free(f);
    return 0;
}

static void ask_later(struct fixture *f)
{
    wire_send(f->http.fd, GET("/later"));
    wire_wait(&f->http.wire, f->n_waiting == 1);
}

static void answer(struct http_exchange *x)
{
    http_exchange_reply(x, 202, "text/plain", SLICE_LIT("done"));
}

static void expect_echo(struct fixture *f)
{
    server_expect(&f->http, POST("/echo", "Content-Length: 1\r\n", "x"), "200 ", "\r\n\r\nx");
}

static void do_nothing(void *ctx)
{
    (void)ctx;
}

static int turns_while_watched(struct fixture *f)
{
    struct loop_timer *end = loop_timer_new(f->http.loop, do_nothing, NULL);
    loop_timer_start(end, WATCHED_MS);
    int turns = 0;
    for (; loop_timer_is_active(end); turns++)
        loop_turn(f->http.loop, true);
    loop_timer_free(end);
    return turns;
}

static void test_nobody_goes_in_circles_while_one_waits(void **state)
{
    struct fixture *f = *state;
    ask_later(f);
    assert_in_range(turns_while_watched(f), 1, TURNS_MAX);
    answer(f->waiting[0]);
    wire_expect(&f->http.wire, f->http.fd, "\r\n\r\ndone");
    expect_echo(f);
}

static void test_nobody_goes_in_circles_beside_a_slow_sender(void **state)
{
    struct fixture *f = *state;
    static const char *const beginnings[] = {"PO", "POST /echo HTTP/1.1\r\nHo",
                                             POST("/echo", "Content-Length: 10\r\n", "abc")};
    int slow[ARRAY_LEN(beginnings)];
    for (size_t i = 0; i < ARRAY_LEN(slow); i++) {
        slow[i] = wire_connect(http_server_address(f->http.server));
        wire_send(slow[i], beginnings[i]);
    }
    ask_later(f);
    assert_in_range(turns_while_watched(f), 1, TURNS_MAX);
    wire_send(slow[2], "defghij");
    wire_expect(&f->http.wire, slow[2], "\r\n\r\nabcdefghij");
    answer(f->waiting[0]);
    wire_expect(&f->http.wire, f->http.fd, "\r\n\r\ndone");
    for (size_t i = 0; i < ARRAY_LEN(slow); i++)
        close(slow[i]);
}

/* The first lines are longer than what is read at once. */
static void test_a_long_head_is_read_beside_one_that_waits(void **state)
{
    struct fixture *f = *state;
    int other = wire_connect(http_server_address(f->http.server));
    struct buf head = {0};
    buf_add_str(&head, "POST /echo?");
    for (int i = 0; i < 9000; i++)
        buf_add_str(&head, "x");
    buf_add_str(&head, " HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nok");
    ask_later(f);
    wire_send(other, head.data);
    wire_expect(&f->http.wire, other, "\r\n\r\nok");
    answer(f->waiting[0]);
    wire_expect(&f->http.wire, f->http.fd, "\r\n\r\ndone");
    buf_deinit(&head);
    close(other);
}

static void test_many_wait_and_are_answered(void **state)
{
    struct fixture *f = *state;
    int clients[CLIENTS];
    for (size_t round = 0; round < 3; round++) {
        f->n_waiting = 0;
        for (size_t i = 0; i < CLIENTS; i++) {
            if (round == 0)
                clients[i] = wire_connect(http_server_address(f->http.server));
            wire_send(clients[i], GET("/later"));
        }
        wire_wait(&f->http.wire, f->n_waiting == CLIENTS);
        assert_int_equal(http_server_pending(f->http.server), CLIENTS);
        for (size_t i = CLIENTS; i-- > 0;)
            answer(f->waiting[i]);
        for (size_t i = 0; i < CLIENTS; i++) {
            buf_clear(&f->http.wire.got);
            wire_expect(&f->http.wire, clients[i], "\r\n\r\ndone");
        }
    }
    for (size_t i = 0; i < CLIENTS; i++)
        close(clients[i]);
}

static void test_a_client_that_leaves_at_once_is_noticed(void **state)
{
    struct fixture *f = *state;
    ask_later(f);
    assert_true(http_exchange_header(f->waiting[0], "Host").len > 0);
    wire_reset(f->http.fd);
    f->http.fd = wire_connect(http_server_address(f->http.server));
    wire_wait(&f->http.wire, http_server_pending(f->http.server) == 0);
    /* What stood in its connection is no more. */
    assert_null(http_exchange_header(f->waiting[0], "Host").data);
    assert_int_equal(http_exchange_headers(f->waiting[0]).len, 0);
    assert_int_equal(http_exchange_method(f->waiting[0]).len, 0);
    answer(f->waiting[0]);
    expect_echo(f);
}

static ssize_t read_nothing(void *ctx, char *out, size_t max)
{
    (void)ctx;
    memset(out, 0, max);
    fail();
    return HTTP_FEED_END;
}

static void count_gone(void *ctx)
{
    struct fixture *f = ctx;
    f->n_gone++;
}

static void test_a_feed_for_a_client_that_has_left_is_over_at_once(void **state)
{
    struct fixture *f = *state;
    ask_later(f);
    wire_reset(f->http.fd);
    f->http.fd = wire_connect(http_server_address(f->http.server));
    wire_wait(&f->http.wire, http_server_pending(f->http.server) == 0);
    http_exchange_feed(f->waiting[0], 200, "text/plain",
                       &(struct http_feed){.read = read_nothing, .gone = count_gone, .ctx = f});
    assert_int_equal(f->n_gone, 1);
    expect_echo(f);
}

static void test_freeing_the_server_drops_them_wherever_they_are(void **state)
{
    struct fixture *f = *state;
    int long_ago = wire_connect(http_server_address(f->http.server));
    int left = wire_connect(http_server_address(f->http.server));
    wire_send(long_ago, GET("/later"));
    wire_wait(&f->http.wire, f->n_waiting == 1);
    turns_while_watched(f);
    wire_send(left, GET("/later"));
    wire_wait(&f->http.wire, f->n_waiting == 2);
    wire_reset(left);
    wire_wait(&f->http.wire, http_server_pending(f->http.server) == 1);
    wire_send(f->http.fd, GET("/later"));
    wire_wait(&f->http.wire, f->n_waiting == 3);
    http_server_free(f->http.server);
    f->http.server = NULL;
    close(long_ago);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_nobody_goes_in_circles_while_one_waits),
        TEST(test_nobody_goes_in_circles_beside_a_slow_sender),
        TEST(test_a_long_head_is_read_beside_one_that_waits),
        TEST(test_many_wait_and_are_answered),
        TEST(test_a_client_that_leaves_at_once_is_noticed),
        TEST(test_a_feed_for_a_client_that_has_left_is_over_at_once),
        TEST(test_freeing_the_server_drops_them_wherever_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
