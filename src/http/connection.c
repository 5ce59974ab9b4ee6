/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Once curl has connected, a plain connection's descriptor is taken from it and the handle let go.
 * Of one with TLS the handle stays, for it holds what encrypts; it is watched by us all the same.
 *
 * While it idles a connection is watched too: whatever comes then, but for TLS's own messages, is
 * the other side's end or belongs to no request, and it is closed.
 */
#include "http/connection.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"

/* As many and as long as curl would keep them, by and large. */
#define IDLE_MAX 1000
#define IDLE_MS 60000

/* What one record of TLS holds (RFC 8446, 5.1). No more is handed to curl at once, for it says that
   nothing was written until all of it was, when the other side may have read much of it already. */
#define TLS_RECORD_MAX ((size_t)16 * 1024)

/* Where connections lead to. */
struct origin {
    struct map_node node;
    char *name;
    struct list idle;     /* the one that was used last first */
    size_t n_connections; /* that lead to it, idle or not */
};

struct connection {
    struct pool *pool;
    struct origin *origin;
    struct list link; /* in the origin's idle */
    struct list age;  /* in the pool's idle */
    struct multi_user connector;
    CURL *easy; /* while it connects, and with TLS as long as it lives */
    int fd;     /* -1 until it is connected */
    struct loop_io *io;
    const struct connection_user *user; /* NULL while it idles */
    void *ctx;
    int64_t idle_since_ms;
    bool is_tls;
    bool is_used;
    bool awaits_room;
    char error[CURL_ERROR_SIZE];
};

/* ---- Origins -------------------------------------------------------------------------------- */

static struct origin *origin_ref(struct pool *pool, struct slice name)
{
    struct map_node *node = map_find(&pool->origins, name);
    struct origin *origin = node ? container_of(node, struct origin, node) : NULL;
    if (!origin) {
        origin = mem_calloc(1, sizeof(*origin));
        origin->name = slice_dup(name);
        origin->node.key = slice_of(origin->name, name.len);
        list_init(&origin->idle);
        map_insert(&pool->origins, &origin->node);
    }
    origin->n_connections++;
    return origin;
}

static void origin_unref(struct pool *pool, struct origin *origin)
{
    if (--origin->n_connections > 0)
        return;
    map_remove(&pool->origins, &origin->node);
    free(origin->name);
    free(origin);
}

/* ---- Bytes ---------------------------------------------------------------------------------- */

static ssize_t result_of(ssize_t n)
{
    if (n >= 0)
        return n;
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? CONNECTION_AGAIN
                                                                     : CONNECTION_FAILED;
}

static ssize_t result_of_curl(CURLcode code, size_t n)
{
    if (code == CURLE_OK)
        return (ssize_t)n;
    return code == CURLE_AGAIN ? CONNECTION_AGAIN : CONNECTION_FAILED;
}

ssize_t connection_send(struct connection *c, struct slice bytes)
{
    if (c->easy) {
        size_t n = 0;
        struct slice record = slice_upto(bytes, TLS_RECORD_MAX);
        CURLcode code = curl_easy_send(c->easy, record.data, record.len, &n);
        return result_of_curl(code, n);
    }
    return result_of(send(c->fd, bytes.data, bytes.len, MSG_NOSIGNAL));
}

ssize_t connection_receive(struct connection *c, char *bytes, size_t size)
{
    if (c->easy) {
        size_t n = 0;
        CURLcode code = curl_easy_recv(c->easy, bytes, size, &n);
        return result_of_curl(code, n);
    }
    return result_of(recv(c->fd, bytes, size, 0));
}

bool connection_has_buffer(const struct connection *c)
{
    return c->easy != NULL;
}

bool connection_is_used(const struct connection *c)
{
    return c->is_used;
}

void connection_await_room(struct connection *c, bool is_awaited)
{
    if (c->awaits_room != is_awaited)
        loop_io_set(c->io, is_awaited ? LOOP_READ | LOOP_WRITE : LOOP_READ);
    c->awaits_room = is_awaited;
}

/* Nothing may come that wasn't asked for, least of all an end. */
static bool is_quiet(struct connection *c)
{
    char byte;
    return connection_receive(c, &byte, 1) == CONNECTION_AGAIN;
}

static void socket_ready(void *ctx, int events)
{
    struct connection *c = ctx;
    if (c->user)
        c->user->ready(c->ctx, events);
    else if (!is_quiet(c))
        connection_close(c);
}

/* ---- Life ----------------------------------------------------------------------------------- */

static void let_curl_go(struct connection *c)
{
    if (!c->easy)
        return;
    http_multi_remove(c->pool->multi, c->easy);
    curl_easy_cleanup(c->easy);
    c->easy = NULL;
}

static void leave_pool(struct connection *c)
{
    if (!c->user)
        c->pool->n_idle--;
    list_remove(&c->link);
    list_remove(&c->age);
}

void connection_close(struct connection *c)
{
    if (!c)
        return;
    leave_pool(c);
    loop_io_free(c->io);
    bool is_ours = c->fd >= 0 && !c->easy;
    let_curl_go(c);
    if (is_ours)
        close(c->fd);
    origin_unref(c->pool, c->origin);
    free(c);
}

static void take_socket(struct connection *c, int fd)
{
    c->fd = fd;
    if (c->is_tls) {
        http_multi_unwatch(c->pool->multi, fd);
    } else {
        http_multi_detach(c->pool->multi, fd);
        let_curl_go(c);
    }
    c->io = loop_io_new(c->pool->loop, fd, LOOP_READ, socket_ready, c);
}

/* curl has connected, or has failed to. */
static void connected(struct multi_user *connector, CURLcode code)
{
    struct connection *c = container_of(connector, struct connection, connector);
    curl_socket_t fd = CURL_SOCKET_BAD;
    if (code == CURLE_OK)
        curl_easy_getinfo(c->easy, CURLINFO_ACTIVESOCKET, &fd);
    if (fd != CURL_SOCKET_BAD) {
        take_socket(c, fd);
        c->user->opened(c->ctx, CURLE_OK, "");
        return;
    }
    if (code == CURLE_OK)
        code = CURLE_COULDNT_CONNECT;
    const struct connection_user *user = c->user;
    void *ctx = c->ctx;
    char error[CURL_ERROR_SIZE];
    memcpy(error, c->error, sizeof(error));
    connection_close(c);
    user->opened(ctx, code, error[0] ? error : curl_easy_strerror(code));
}

struct connection *connection_open(struct pool *pool, struct slice origin,
                                   const struct connection_user *user, void *ctx)
{
    struct connection *c = mem_calloc(1, sizeof(*c));
    c->pool = pool;
    c->origin = origin_ref(pool, origin);
    list_init(&c->link);
    list_init(&c->age);
    c->connector.ended = connected;
    c->fd = -1;
    c->user = user;
    c->ctx = ctx;
    c->is_tls = slice_has_prefix(origin, SLICE_LIT("https:"));
    c->easy = curl_easy_init();
    if (!c->easy)
        die("out of memory for a connection");
    http_multi_set_up(pool->multi, c->easy, &c->connector);
    curl_easy_setopt(c->easy, CURLOPT_ERRORBUFFER, c->error);
    curl_easy_setopt(c->easy, CURLOPT_URL, c->origin->name);
    curl_easy_setopt(c->easy, CURLOPT_CONNECT_ONLY, 1L);
    http_multi_add(pool->multi, c->easy);
    return c;
}

struct connection *connection_replace(struct connection *c)
{
    struct connection *new = connection_open(c->pool, c->origin->node.key, c->user, c->ctx);
    connection_close(c);
    return new;
}

/* ---- The pool ------------------------------------------------------------------------------- */

/* Closes what has idled long enough. The timer isn't moved at each use: when it fires it finds out
   how much is left. */
static void tidy(void *ctx)
{
    struct pool *pool = ctx;
    int64_t now = clock_mono_ms(&pool->clock);
    list_each (it, &pool->idle) {
        struct connection *c = list_entry(it, struct connection, age);
        int64_t left = c->idle_since_ms + pool->idle_ms - now;
        if (left > 0) {
            loop_timer_start(pool->tidy, left);
            return;
        }
        connection_close(c);
    }
}

void pool_init(struct pool *pool, struct loop *loop, struct clock clock, struct http_multi *multi)
{
    *pool = (struct pool){.loop = loop,
                          .clock = clock,
                          .multi = multi,
                          .idle_max = IDLE_MAX,
                          .idle_ms = IDLE_MS,
                          .tidy = loop_timer_new(loop, tidy, pool)};
    map_init(&pool->origins);
    list_init(&pool->idle);
}

void pool_deinit(struct pool *pool)
{
    list_each (it, &pool->idle)
        connection_close(list_entry(it, struct connection, age));
    loop_timer_free(pool->tidy);
    map_deinit(&pool->origins);
}

/* The one that was used last: its path is the likeliest to be open still. */
static struct connection *newest_idle(struct pool *pool, struct slice origin)
{
    struct map_node *node = map_find(&pool->origins, origin);
    struct list *idle = node ? &container_of(node, struct origin, node)->idle : NULL;
    return idle && !list_is_empty(idle) ? list_first(idle, struct connection, link) : NULL;
}

struct connection *pool_take(struct pool *pool, struct slice origin,
                             const struct connection_user *user, void *ctx)
{
    struct connection *c;
    while ((c = newest_idle(pool, origin))) {
        /* The loop may not have come to it yet, so that the watch alone doesn't do. */
        if (is_quiet(c)) {
            leave_pool(c);
            c->user = user;
            c->ctx = ctx;
            return c;
        }
        connection_close(c);
    }
    return NULL;
}

void pool_keep(struct connection *c)
{
    struct pool *pool = c->pool;
    connection_await_room(c, false);
    c->user = NULL;
    c->is_used = true;
    c->idle_since_ms = clock_mono_ms(&pool->clock);
    list_add_head(&c->origin->idle, &c->link);
    list_add_tail(&pool->idle, &c->age);
    if (!loop_timer_is_active(pool->tidy))
        loop_timer_start(pool->tidy, pool->idle_ms);
    if (++pool->n_idle > pool->idle_max)
        connection_close(list_first(&pool->idle, struct connection, age));
}
