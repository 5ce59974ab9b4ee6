/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "stand_in.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS_MAX 4096
#define READ_MAX ((size_t)65536)
#define REQUEST_MAX ((size_t)64 << 20)

struct bytes {
    char *data;
    size_t len, cap;
};

struct connection {
    struct stand_in *owner;
    int fd;
    unsigned serial;
    bool is_watched_for_room;
    struct bytes in, out;
    size_t out_sent;
};

struct stand_in {
    int listener, epoll;
    request_fn fn;
    void *ctx;
    unsigned serial;
    struct connection *connections[CONNECTIONS_MAX]; /* by descriptor */
};

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static void bytes_reserve(struct bytes *b, size_t more)
{
    if (b->len + more <= b->cap)
        return;
    b->cap = (b->len + more) * 2;
    b->data = realloc(b->data, b->cap);
    if (!b->data)
        fail("realloc");
}

/* ---- connections ---- */

static void connection_open(struct stand_in *s, int fd)
{
    if (fd >= CONNECTIONS_MAX) {
        close(fd);
        return;
    }
    struct connection *c = calloc(1, sizeof(*c));
    if (!c)
        fail("calloc");
    *c = (struct connection){.owner = s, .fd = fd, .serial = ++s->serial};
    s->connections[fd] = c;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    struct epoll_event e = {.events = EPOLLIN, .data.fd = fd};
    if (epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &e) < 0)
        fail("epoll_ctl");
}

static void connection_close(struct connection *c)
{
    c->owner->connections[c->fd] = NULL;
    close(c->fd);
    free(c->in.data);
    free(c->out.data);
    free(c);
}

static void watch_for_room(struct connection *c, bool is_wanted)
{
    if (c->is_watched_for_room == is_wanted)
        return;
    c->is_watched_for_room = is_wanted;
    struct epoll_event e = {.events = EPOLLIN | (is_wanted ? (unsigned)EPOLLOUT : 0U),
                            .data.fd = c->fd};
    epoll_ctl(c->owner->epoll, EPOLL_CTL_MOD, c->fd, &e);
}

static void connection_flush(struct connection *c)
{
    while (c->out_sent < c->out.len) {
        ssize_t n = send(c->fd, c->out.data + c->out_sent, c->out.len - c->out_sent,
                         MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0) {
            /* What is broken shows when it is read, where nobody holds the connection. */
            watch_for_room(c, errno == EAGAIN);
            return;
        }
        c->out_sent += (size_t)n;
    }
    c->out_sent = c->out.len = 0;
    watch_for_room(c, false);
}

struct connection_ref connection_ref(const struct connection *c)
{
    return (struct connection_ref){.fd = c->fd, .serial = c->serial};
}

struct connection *connection_find(struct stand_in *s, struct connection_ref ref)
{
    struct connection *c = ref.fd >= 0 ? s->connections[ref.fd] : NULL;
    return c && c->serial == ref.serial ? c : NULL;
}

void connection_write(struct connection *c, const char *data, size_t len)
{
    bytes_reserve(&c->out, len);
    memcpy(c->out.data + c->out.len, data, len);
    c->out.len += len;
    connection_flush(c);
}

void connection_answer(struct connection *c, int status, const char *body, size_t len)
{
    char head[128];
    int n = snprintf(head, sizeof(head),
                     "HTTP/1.1 %d Answer\r\nContent-Type: application/json\r\n"
                     "Content-Length: %zu\r\n\r\n",
                     status, len);
    bytes_reserve(&c->out, (size_t)n + len);
    memcpy(c->out.data + c->out.len, head, (size_t)n);
    c->out.len += (size_t)n;
    connection_write(c, body, len);
}

size_t connection_backlog(const struct connection *c)
{
    return c->out.len - c->out_sent;
}

/* ---- requests ---- */

/* The value of a header in the NUL-terminated head, up to its line's end; NULL: it isn't there. */
static char *head_value(char *head, const char *name)
{
    char *at = strcasestr(head, name);
    if (!at)
        return NULL;
    at += strlen(name);
    return at + strspn(at, " ");
}

/* Serves the first request in c->in. Returns its length; 0: more has to come; -1: broken. */
static ssize_t serve_first(struct connection *c)
{
    struct stand_in *s = c->owner;
    char *data = c->in.data;
    char *end = memmem(data, c->in.len, "\r\n\r\n", 4);
    if (!end)
        return c->in.len > READ_MAX ? -1 : 0;
    size_t head_len = (size_t)(end - data) + 4;
    end[2] = '\0'; /* the last line keeps its end */
    char *length = head_value(data, "\r\ncontent-length:");
    size_t body_len = length ? strtoul(length, NULL, 10) : 0;
    if (body_len > REQUEST_MAX)
        return -1;
    if (c->in.len < head_len + body_len) {
        end[2] = '\r';
        return 0;
    }

    char *last_event_id = head_value(data, "\r\nlast-event-id:");
    char *target = strchr(data, ' ');
    char *target_end = target ? strchr(target + 1, ' ') : NULL;
    if (!target_end)
        return -1;
    *target_end = '\0';
    const struct request request = {
        .is_post = strncmp(data, "POST ", 5) == 0,
        .target = target + 1,
        .last_event_id = last_event_id,
        .body = data + head_len,
        .body_len = body_len,
    };
    s->fn(s->ctx, c, &request);
    return (ssize_t)(head_len + body_len);
}

static void connection_read(struct connection *c)
{
    bytes_reserve(&c->in, READ_MAX);
    ssize_t n = recv(c->fd, c->in.data + c->in.len, c->in.cap - c->in.len, MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN)
        return;
    if (n <= 0) {
        connection_close(c);
        return;
    }
    c->in.len += (size_t)n;
    ssize_t used = 0;
    while (c->in.len > 0 && (used = serve_first(c)) > 0) {
        c->in.len -= (size_t)used;
        memmove(c->in.data, c->in.data + used, c->in.len);
    }
    if (used < 0)
        connection_close(c);
}

/* ---- the server ---- */

static int listen_on(uint16_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
        listen(fd, CONNECTIONS_MAX) < 0)
        fail("listening");
    return fd;
}

struct stand_in *stand_in_new(uint16_t port, request_fn fn, void *ctx)
{
    struct stand_in *s = calloc(1, sizeof(*s));
    if (!s)
        fail("calloc");
    *s = (struct stand_in){
        .listener = listen_on(port), .epoll = epoll_create1(EPOLL_CLOEXEC), .fn = fn, .ctx = ctx};
    struct epoll_event e = {.events = EPOLLIN, .data.fd = s->listener};
    if (s->epoll < 0 || epoll_ctl(s->epoll, EPOLL_CTL_ADD, s->listener, &e) < 0)
        fail("epoll");
    return s;
}

static void accept_all(struct stand_in *s)
{
    int fd;
    while ((fd = accept4(s->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0)
        connection_open(s, fd);
}

void stand_in_turn(struct stand_in *s, int timeout_ms)
{
    struct epoll_event events[256];
    int n = epoll_wait(s->epoll, events, 256, timeout_ms);
    for (int i = 0; i < n; i++) {
        if (events[i].data.fd == s->listener) {
            accept_all(s);
            continue;
        }
        struct connection *c = s->connections[events[i].data.fd];
        if (c && events[i].events & EPOLLOUT)
            connection_flush(c);
        if (c && events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))
            connection_read(c);
    }
}

/* ---- events, time, arguments ---- */

int64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

size_t event_data(char out[static EVENT_MAX], int64_t n, int64_t keys, int64_t sent_at_us)
{
    int len =
        snprintf(out, EVENT_MAX,
                 "{\"id\":\"schedule-%06" PRId64 "\",\"n\":%" PRId64 ",\"sentAt\":%" PRId64
                 ",\"title\":\"Team sync %05" PRId64 "\",\"startTime\":\"2026-12-01T09:00:00Z\","
                 "\"endTime\":\"2026-12-01T09:30:00Z\",\"location\":\"Building 4, Room 201\","
                 "\"organizer\":\"user-%04" PRId64 "@example.com\",\"attendees\":17,"
                 "\"status\":\"confirmed\",\"version\":3}",
                 n % keys, n, sent_at_us, n % 100000, n % 10000);
    return (size_t)len;
}

int64_t argument(int argc, char **argv, const char *name, int64_t otherwise)
{
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strncmp(argv[i], "--", 2) != 0 || strcmp(argv[i] + 2, name) != 0)
            continue;
        char *end;
        int64_t value = strtoll(argv[i + 1], &end, 10);
        if (end == argv[i + 1] || *end || value < 0) {
            fprintf(stderr, "--%s: not a number: %s\n", name, argv[i + 1]);
            exit(2);
        }
        return value;
    }
    return otherwise;
}
