/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * One state a connection: reading the request, then a part at a time, then the end.
 */
#include "scripted_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/list.h"

#include <cmocka.h>

/* A reset throws away what the other side has not read yet: it waits so long for it to do so. */
#define RESET_DELAY_MS 60

struct request {
    struct buf head;
    int64_t at_ms;
};

struct scripted_server {
    struct loop *loop;
    const struct script_answer *answers;
    size_t n_answers;
    int fd;
    struct loop_io *io;
    char host[32], url[64];
    struct list connections;
    struct request *requests;
    size_t n_requests;
};

struct connection {
    struct list link;
    struct scripted_server *server;
    int fd;
    struct loop_io *io;
    struct loop_timer *timer;
    struct buf in, out;
    size_t sent;                        /* bytes of `out` */
    const struct script_answer *answer; /* NULL until the request has come */
    size_t request, part;
    bool is_resetting;
};

/* ---- what is sent ---- */

static struct slice header_of(struct slice head, struct slice name)
{
    if (slice_is_equal(name, SLICE_LIT("method")))
        return slice_upto(head, slice_find(head, ' '));
    slice_split(&head, '\n');
    while (head.data) {
        struct slice value = slice_split(&head, '\n');
        if (slice_is_equal_nocase(slice_split(&value, ':'), name))
            return slice_trim(value);
    }
    return SLICE_NULL;
}

static void add_placeholder(struct connection *c, struct slice name)
{
    if (slice_is_equal(name, SLICE_LIT("self")))
        buf_add_str(&c->out, c->server->url);
    else
        buf_add_slice(&c->out, header_of(buf_slice(&c->server->requests[c->request].head), name));
}

static void add_text(struct connection *c, struct slice text)
{
    while (text.len > 0) {
        const char *open = memmem(text.data, text.len, "{{", 2);
        const char *close =
            open ? memmem(open, text.len - (size_t)(open - text.data), "}}", 2) : NULL;
        if (!close) {
            buf_add_slice(&c->out, text);
            return;
        }
        buf_add(&c->out, text.data, (size_t)(open - text.data));
        add_placeholder(c, slice_of(open + 2, (size_t)(close - open) - 2));
        text = slice_from(text, (size_t)(close - text.data) + 2);
    }
}

/* ---- a connection ---- */

static void connection_free(struct connection *c)
{
    list_remove(&c->link);
    loop_io_free(c->io);
    loop_timer_free(c->timer);
    if (c->is_resetting) {
        struct linger linger = {1, 0};
        setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
    }
    close(c->fd);
    buf_deinit(&c->in);
    buf_deinit(&c->out);
    free(c);
}

static void step(struct connection *c);

/* False when the connection is gone. */
static bool flush(struct connection *c)
{
    while (c->sent < c->out.len) {
        ssize_t n = send(c->fd, c->out.data + c->sent, c->out.len - c->sent, MSG_NOSIGNAL);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            break;
        if (n < 0) {
            connection_free(c);
            return false;
        }
        c->sent += (size_t)n;
    }
    loop_io_set(c->io, c->sent < c->out.len ? LOOP_READ | LOOP_WRITE : LOOP_READ);
    return true;
}

static void end(struct connection *c)
{
    switch (c->answer->end) {
    case SCRIPT_HOLD:
        return;
    case SCRIPT_CLOSE:
        connection_free(c);
        return;
    case SCRIPT_RESET:
        c->is_resetting = true;
        loop_timer_start(c->timer, RESET_DELAY_MS);
        return;
    }
}

/* Sends what is due, up to the next part that has to wait. */
static void step(struct connection *c)
{
    if (!flush(c) || c->sent < c->out.len)
        return;
    if (c->part == c->answer->n_parts) {
        end(c);
        return;
    }
    int64_t delay_ms = c->answer->parts[c->part].delay_ms;
    loop_timer_start(c->timer, delay_ms);
}

static void on_timer(void *ctx)
{
    struct connection *c = ctx;
    if (c->is_resetting) {
        connection_free(c);
        return;
    }
    const struct script_part *part = &c->answer->parts[c->part++];
    for (size_t i = 0; i < part->count; i++)
        add_text(c, part->bytes);
    step(c);
}

static void begin(struct connection *c)
{
    struct scripted_server *s = c->server;
    size_t n = s->n_requests++;
    s->requests = mem_realloc(s->requests, s->n_requests * sizeof(*s->requests));
    struct clock clock = clock_system();
    s->requests[n] = (struct request){c->in, clock_mono_ms(&clock)};
    c->in = (struct buf){0};
    c->request = n;
    c->answer = &s->answers[n < s->n_answers ? n : s->n_answers - 1];
    add_text(c, slice_str(c->answer->head));
    step(c);
}

static void on_io(void *ctx, int events)
{
    struct connection *c = ctx;
    if (events & LOOP_READ) {
        char bytes[4096];
        ssize_t n = recv(c->fd, bytes, sizeof(bytes), 0);
        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
            connection_free(c);
            return;
        }
        if (n > 0)
            buf_add(&c->in, bytes, (size_t)n);
        if (!c->answer && c->in.len > 0 && memmem(c->in.data, c->in.len, "\r\n\r\n", 4)) {
            begin(c);
            return;
        }
    }
    if (events & LOOP_WRITE && c->answer)
        step(c);
}

static void on_accept(void *ctx, int events)
{
    (void)events;
    struct scripted_server *s = ctx;
    int fd = accept4(s->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return;
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    struct connection *c = mem_calloc(1, sizeof(*c));
    c->server = s;
    c->fd = fd;
    c->io = loop_io_new(s->loop, fd, LOOP_READ, on_io, c);
    c->timer = loop_timer_new(s->loop, on_timer, c);
    list_add_tail(&s->connections, &c->link);
}

/* ---- the server ---- */

struct scripted_server *scripted_server_new(struct loop *loop, const struct script_answer *answers,
                                            size_t n_answers)
{
    struct scripted_server *s = mem_calloc(1, sizeof(*s));
    s->loop = loop;
    s->answers = answers;
    s->n_answers = n_answers;
    list_init(&s->connections);
    s->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_true(s->fd >= 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof(address);
    assert_int_equal(bind(s->fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(s->fd, 64), 0);
    assert_int_equal(getsockname(s->fd, (struct sockaddr *)&address, &len), 0);
    snprintf(s->host, sizeof(s->host), "127.0.0.1:%d", ntohs(address.sin_port));
    snprintf(s->url, sizeof(s->url), "http://%s/events", s->host);
    s->io = loop_io_new(loop, s->fd, LOOP_READ, on_accept, s);
    return s;
}

void scripted_server_free(struct scripted_server *s)
{
    list_each (it, &s->connections)
        connection_free(container_of(it, struct connection, link));
    loop_io_free(s->io);
    close(s->fd);
    for (size_t i = 0; i < s->n_requests; i++)
        buf_deinit(&s->requests[i].head);
    free(s->requests);
    free(s);
}

const char *scripted_server_url(const struct scripted_server *s)
{
    return s->url;
}

const char *scripted_server_host(const struct scripted_server *s)
{
    return s->host;
}

size_t scripted_server_requests(const struct scripted_server *s)
{
    return s->n_requests;
}

struct slice scripted_server_header(const struct scripted_server *s, size_t n, const char *name)
{
    assert_true(n < s->n_requests);
    return header_of(buf_slice(&s->requests[n].head), slice_str(name));
}

int64_t scripted_server_at_ms(const struct scripted_server *s, size_t n)
{
    assert_true(n < s->n_requests);
    return s->requests[n].at_ms;
}

size_t scripted_server_stuck(const struct scripted_server *s)
{
    size_t stuck = 0;
    list_each (it, &s->connections) {
        const struct connection *c = container_of(it, struct connection, link);
        stuck += c->out.len - c->sent;
    }
    return stuck;
}

size_t scripted_server_open(const struct scripted_server *s)
{
    size_t n = 0;
    list_each (it, &s->connections)
        n++;
    return n;
}
