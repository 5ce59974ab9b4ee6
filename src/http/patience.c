/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Requests whose answers come later. Most come with the next commit, within a few milliseconds: to
 * suspend a request for that, and to resume it, would cost two changes of the library's epoll set and
 * a vain look for the next request. So it isn't suspended at first. The library then asks for its
 * answer whenever it is run, and wants to be run again at once as long as there is one such request,
 * which isn't done where that is all that there is to do. Who waits for long is suspended.
 */
#include "http/server_parts.h"

#define WAITING_MAX 64 /* more are suspended at once: the library looks at all in each run */
#define PATIENCE_MS 20

static void suspend(struct http_exchange *x)
{
    exchange_move(x, EXCHANGE_SUSPENDED);
    MHD_suspend_connection(x->connection);
}

static void suspend_all(struct http_server *server)
{
    list_each (it, &server->at[EXCHANGE_WAITING])
        suspend(list_entry(it, struct http_exchange, link));
}

static int64_t now_ms(struct http_server *server)
{
    struct clock clock = loop_clock(server->loop);
    return clock_mono_ms(&clock);
}

/* The timer is never moved: when it is due, it is set for who is the first then. */
static void on_due(void *ctx)
{
    struct http_server *server = ctx;
    int64_t now = now_ms(server);
    list_each (it, &server->at[EXCHANGE_WAITING]) {
        struct http_exchange *x = list_entry(it, struct http_exchange, link);
        if (x->waits_since_ms + PATIENCE_MS > now) {
            loop_timer_start(server->patience, x->waits_since_ms + PATIENCE_MS - now);
            return;
        }
        suspend(x);
    }
}

void patience_init(struct http_server *server)
{
    server->patience = loop_timer_new(server->loop, on_due, server);
}

void patience_deinit(struct http_server *server)
{
    loop_timer_free(server->patience);
    server->patience = NULL;
}

void patience_begin(struct http_exchange *x)
{
    struct http_server *server = x->server;
    if (server->n_at[EXCHANGE_WAITING] == WAITING_MAX) {
        suspend(x);
        return;
    }
    exchange_move(x, EXCHANGE_WAITING);
    x->waits_since_ms = now_ms(server);
    if (!loop_timer_is_active(server->patience))
        loop_timer_start(server->patience, PATIENCE_MS);
}

static int64_t library_wait_ms(struct http_server *server)
{
    MHD_UNSIGNED_LONG_LONG ms;
    if (MHD_get_timeout(server->daemon, &ms) != MHD_YES)
        return -1;
    return ms > INT32_MAX ? INT32_MAX : (int64_t)ms;
}

int64_t patience_wait_ms(struct http_server *server)
{
    if (server->has_resumed)
        return 0;
    int64_t ms = library_wait_ms(server);
    if (ms != 0 || server->n_at[EXCHANGE_WAITING] == 0)
        return ms;
    if (server->n_at[EXCHANGE_ACTIVE] == 0)
        return -1; /* it asks for the sake of those that wait, alone */
    if (server->has_moved)
        return 0;
    /* Perhaps there is more to do, perhaps others are slow: without those that wait, it knows. */
    suspend_all(server);
    return library_wait_ms(server);
}
