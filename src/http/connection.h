/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * A connection that curl makes (names, addresses, TLS, a proxy's tunnel) and we write to and read
 * from, for direct.c. Connections that idle are kept in a pool, by the origin that they lead to.
 *
 *     c = pool_take(&pool, origin);                 // one that idles, or NULL
 *     c = connection_open(&pool, origin, &user, ctx);   // user.opened is called from the loop
 *     n = connection_send(c, bytes);
 *     …  user.ready is called when something came, or there is room: connection_receive
 *     pool_keep(c);  or  connection_close(c);
 */
#ifndef LIAISON_HTTP_CONNECTION_H
#define LIAISON_HTTP_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <curl/curl.h>

#include "base/clock.h"
#include "base/list.h"
#include "base/map.h"
#include "http/multi.h"
#include "loop/loop.h"

struct connection;

/* Who has a connection. The functions are called from the loop; after a failed `opened` the
   connection is gone. */
struct connection_user {
    void (*opened)(void *ctx, CURLcode code, const char *error);
    void (*ready)(void *ctx, int events);
};

/* In place. */
struct pool {
    struct loop *loop;
    struct clock clock;
    struct http_multi *multi;
    struct map origins;
    struct list idle; /* the one that has idled longest first */
    size_t n_idle;
    size_t idle_max;         /* more aren't kept */
    int64_t idle_ms;         /* nor longer */
    struct loop_timer *tidy; /* runs while any idles */
};

void pool_init(struct pool *pool, struct loop *loop, struct clock clock, struct http_multi *multi);
/* Closes what idles; nobody has a connection any more. */
void pool_deinit(struct pool *pool);
/* One to that origin that idles and hasn't been closed by the other side, or NULL. */
struct connection *pool_take(struct pool *pool, struct slice origin,
                             const struct connection_user *user, void *ctx);
/* Gives it back, after an exchange that came to its end. */
void pool_keep(struct connection *c);

/* `origin` is "https://example.org:443". */
struct connection *connection_open(struct pool *pool, struct slice origin,
                                   const struct connection_user *user, void *ctx);
/* Opens another one to the same origin for the same user in place of `c`, which is closed. */
struct connection *connection_replace(struct connection *c);
/* At any time; accepts NULL. */
void connection_close(struct connection *c);

/* Less than nothing was sent or received. */
enum {
    CONNECTION_AGAIN = -1,  /* not now: `ready` says when */
    CONNECTION_FAILED = -2, /* it broke */
};

/* How many bytes were taken, or one of the above. After CONNECTION_AGAIN the next call must begin
   with the same bytes. */
ssize_t connection_send(struct connection *c, struct slice bytes);
/* How many bytes came, 0 when no more will come, or one of the above. */
ssize_t connection_receive(struct connection *c, char *bytes, size_t size);
/* Whether there may be more to receive than the loop can see, so that it must be received until
   CONNECTION_AGAIN. */
bool connection_has_buffer(const struct connection *c);
/* Whether `ready` is to be called when there is room to send, too. */
void connection_await_room(struct connection *c, bool is_awaited);
/* Whether it has carried an exchange before. */
bool connection_is_used(const struct connection *c);

#endif
