/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Waiting is turning the loop under test, with the bare socket watched by it.
 */
#include "wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE_MS 10000

static void do_nothing(void *ctx)
{
    (void)ctx;
}

struct loop_timer *wire_start_wait(const struct wire *w)
{
    struct loop_timer *late = loop_timer_new(w->loop, do_nothing, NULL);
    loop_timer_start(late, PATIENCE_MS);
    return late;
}

void wire_spend(const struct wire *w, int64_t ms)
{
    struct loop_timer *end = loop_timer_new(w->loop, do_nothing, NULL);
    loop_timer_start(end, ms);
    while (loop_timer_is_active(end))
        loop_turn(w->loop, true);
    loop_timer_free(end);
}

static void note_ready(void *ctx, int events)
{
    (void)events;
    *(bool *)ctx = true;
}

static void wait_readable(struct wire *w, int fd)
{
    bool is_ready = false;
    struct loop_io *io = loop_io_new(w->loop, fd, LOOP_READ, note_ready, &is_ready);
    struct loop_timer *late = wire_start_wait(w);
    while (!is_ready && loop_timer_is_active(late))
        loop_turn(w->loop, true);
    loop_io_free(io);
    loop_timer_free(late);
    if (!is_ready)
        fail_msg("nothing came within 10 s; so far: \"%s\"", w->got.data ? w->got.data : "");
}

void wire_init(struct wire *w, struct loop *loop)
{
    *w = (struct wire){.loop = loop, .listen_fd = -1};
}

void wire_listen(struct wire *w, struct loop *loop)
{
    wire_init(w, loop);
    w->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct sockaddr_in sa = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof(sa);
    assert_int_equal(bind(w->listen_fd, (struct sockaddr *)&sa, len), 0);
    assert_int_equal(listen(w->listen_fd, 16), 0);
    assert_int_equal(getsockname(w->listen_fd, (struct sockaddr *)&sa, &len), 0);
    snprintf(w->host, sizeof(w->host), "127.0.0.1:%d", ntohs(sa.sin_port));
    snprintf(w->url, sizeof(w->url), "http://%s/hook", w->host);
}

void wire_deinit(struct wire *w)
{
    if (w->listen_fd >= 0)
        close(w->listen_fd);
    buf_deinit(&w->got);
}

int wire_accept(struct wire *w)
{
    wait_readable(w, w->listen_fd);
    int fd = accept4(w->listen_fd, NULL, NULL, SOCK_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

bool wire_has_caller(struct wire *w)
{
    struct pollfd p = {.fd = w->listen_fd, .events = POLLIN};
    return poll(&p, 1, 0) == 1;
}

int wire_connect(const char *address)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in sa = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    sa.sin_port = htons((in_port_t)atoi(strrchr(address, ':') + 1));
    assert_int_equal(connect(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
    return fd;
}

void wire_send(int fd, const char *text)
{
    size_t len = strlen(text);
    assert_int_equal(send(fd, text, len, MSG_NOSIGNAL), len);
}

/* Returns recv's result for one read. */
static ssize_t read_more(struct wire *w, int fd)
{
    wait_readable(w, fd);
    char bytes[16 * 1024];
    ssize_t n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);
    if (n > 0)
        buf_add(&w->got, bytes, (size_t)n);
    return n;
}

void wire_expect(struct wire *w, int fd, const char *text)
{
    while (!w->got.data || !memmem(w->got.data, w->got.len, text, strlen(text))) {
        if (read_more(w, fd) <= 0)
            fail_msg("the other side closed before \"%s\" came; so far: \"%s\"", text,
                     w->got.data ? w->got.data : "");
    }
}

void wire_more(struct wire *w, int fd)
{
    assert_true(read_more(w, fd) > 0);
}

void wire_rest(struct wire *w, int fd)
{
    while (read_more(w, fd) > 0)
        ;
}

void wire_reset(int fd)
{
    struct linger at_once = {1, 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    close(fd);
}
