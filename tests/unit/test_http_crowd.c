/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * http/server: more clients than there is room for wait for it, and are served when there is some.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "http/server.h"
#include "server_fixture.h"

#include <cmocka.h>

#define PLACES 3u
#define CLIENTS 12
#define SPENT_MS 20

struct fixture {
    struct server_fixture http;
    int clients[CLIENTS]; /* -1: closed */
    size_t n_calls;
    struct rlimit files; /* as they were */
    int log_fd;
    struct log *log;
};

static void reply(void *ctx, struct http_exchange *x)
{
    struct fixture *f = ctx;
    f->n_calls++;
    http_exchange_reply(x, 200, "text/plain", SLICE_LIT("served"));
}

static const struct http_route routes[] = {{"GET", "/", reply}};

static int setup(void **state)
{
    struct fixture *f = mem_calloc(1, sizeof(*f));
    for (size_t i = 0; i < CLIENTS; i++)
        f->clients[i] = -1;
    server_setup(&f->http, routes, ARRAY_LEN(routes), f);
    getrlimit(RLIMIT_NOFILE, &f->files);
    f->log_fd = memfd_create("log", MFD_CLOEXEC);
    f->log =
        log_new(&(struct log_options){.fd = f->log_fd, .level = LOG_WARN, .clock = clock_system()});
    f->http.options.log = f->log;
    *state = f;
    return 0;
}

static void close_clients(struct fixture *f, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (f->clients[i] >= 0)
            close(f->clients[i]);
        f->clients[i] = -1;
    }
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    setrlimit(RLIMIT_NOFILE, &f->files);
    close_clients(f, CLIENTS);
    server_teardown(&f->http);
    log_free(f->log);
    close(f->log_fd);
    free(f);
    return 0;
}

/* All ask, and the server has had its time. */
static void come(struct fixture *f)
{
    for (size_t i = 0; i < CLIENTS; i++)
        f->clients[i] = wire_connect(http_server_address(f->http.server));
}

static void ask(struct fixture *f)
{
    for (size_t i = 0; i < CLIENTS; i++)
        wire_send(f->clients[i], GET("/"));
    wire_spend(&f->http.wire, SPENT_MS);
}

static void expect_served(struct fixture *f, int fd)
{
    buf_clear(&f->http.wire.got);
    wire_expect(&f->http.wire, fd, "\r\n\r\nserved");
}

static void expect_a_newcomer_served(struct fixture *f)
{
    int fd = wire_connect(http_server_address(f->http.server));
    wire_send(fd, GET("/"));
    expect_served(f, fd);
    close(fd);
}

static void test_who_finds_no_place_is_served_when_another_leaves(void **state)
{
    struct fixture *f = *state;
    f->http.options.connections_max = PLACES;
    server_restart(&f->http); /* with one client, which keeps its place */
    come(f);
    ask(f);
    assert_int_equal(f->n_calls, PLACES - 1);
    for (size_t i = 0; i < CLIENTS; i++) {
        expect_served(f, f->clients[i]);
        close(f->clients[i]);
        f->clients[i] = -1;
    }
    assert_int_equal(f->n_calls, CLIENTS);
}

/* Without room for another descriptor the library accepts nobody, until one of its connections ends. */
static void test_who_comes_when_files_are_used_up_is_served_when_there_are_some(void **state)
{
    struct fixture *f = *state;
    come(f); /* the system has accepted them */
    int next = dup(f->http.fd);
    assert_true(next >= 0);
    close(next);
    const struct rlimit few = {(rlim_t)next + 1, f->files.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    ask(f);
    assert_int_equal(f->n_calls, 0); /* the one place is held by a client that says nothing */
    close_clients(f, CLIENTS);
    shutdown(f->http.fd, SHUT_RDWR);
    wire_spend(&f->http.wire, SPENT_MS);
    expect_a_newcomer_served(f);
}

/* How often the log says it. */
static size_t count_told(const struct fixture *f)
{
    char text[4096];
    ssize_t len = pread(f->log_fd, text, sizeof(text) - 1, 0);
    size_t n = 0;
    assert_true(len >= 0);
    text[len] = '\0';
    for (const char *at = text; (at = strstr(at, "all connections are taken")); at++)
        n++;
    return n;
}

static void test_that_there_is_no_place_is_told_but_not_all_the_time(void **state)
{
    struct fixture *f = *state;
    f->http.options.connections_max = PLACES;
    server_restart(&f->http);
    wire_spend(&f->http.wire, SPENT_MS);
    assert_int_equal(count_told(f), 0);
    for (size_t times = 0; times < 2; times++) {
        come(f);
        wire_spend(&f->http.wire, SPENT_MS);
        assert_int_equal(count_told(f), 1);
        close_clients(f, CLIENTS);
        wire_spend(&f->http.wire, SPENT_MS);
        expect_a_newcomer_served(f);
    }
}

/* They keep their places for as long as they may: the library doesn't see an end that comes together
   with what was sent last. */
static void test_who_asks_by_halves_gives_way_to_others(void **state)
{
    struct fixture *f = *state;
    f->http.options.connections_max = PLACES;
    f->http.options.receive_ms = 12000; /* more than a test waits */
    server_restart(&f->http);
    for (size_t i = 0; i < PLACES; i++) {
        f->clients[i] = wire_connect(http_server_address(f->http.server));
        wire_send(f->clients[i], "GET / HTTP/1.1\r\n");
        shutdown(f->clients[i], SHUT_WR);
    }
    expect_a_newcomer_served(f);
}

static void test_who_asks_slowly_has_time_while_there_is_room(void **state)
{
    struct fixture *f = *state;
    f->http.options.receive_ms = 2400;
    server_restart(&f->http);
    wire_send(f->http.fd, "GET / HTTP/1.1\r\n");
    wire_spend(&f->http.wire, 400);
    wire_send(f->http.fd, "Host: x\r\n\r\n");
    expect_served(f, f->http.fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_who_finds_no_place_is_served_when_another_leaves),
        TEST(test_that_there_is_no_place_is_told_but_not_all_the_time),
        TEST(test_who_asks_by_halves_gives_way_to_others),
        TEST(test_who_asks_slowly_has_time_while_there_is_room),
        TEST(test_who_comes_when_files_are_used_up_is_served_when_there_are_some),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
