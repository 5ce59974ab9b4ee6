/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The server as its parts see it: server.c (the daemon on the loop, and a request's way through it)
 * and exchange.c (what routes see of a request, and their answers). Nobody else includes this.
 */
#ifndef LIAISON_HTTP_SERVER_PARTS_H
#define LIAISON_HTTP_SERVER_PARTS_H

#include <stdbool.h>
#include <stddef.h>

#include <microhttpd.h>

#include "base/buf.h"
#include "base/list.h"
#include "http/deadline.h"
#include "http/drain.h"
#include "http/listen.h"
#include "http/server.h"
#include "http/target.h"

struct http_server {
    struct http_server_options options;
    struct loop *loop;
    struct listener listener;
    struct MHD_Daemon *daemon;
    struct loop_io *io;
    struct loop_timer *timer;
    struct loop_prepare *prepare;
    struct drain drain;
    struct deadlines deadlines;
    char *tls_cert, *tls_key;
    struct list exchanges; /* under way */
    struct list idle;      /* those that wait for use */
    size_t n_idle;
    size_t n_pending;
    bool has_resumed;    /* exchanges were answered since the daemon ran last */
    bool has_dispatched; /* a route was called since it began to run */
    bool is_running;     /* inside of it */
};

enum exchange_state {
    EXCHANGE_NEW,       /* its head is being read */
    EXCHANGE_RECEIVING, /* its body is */
    EXCHANGE_PENDING,   /* its route was called and hasn't answered yet */
    EXCHANGE_ANSWERED,  /* the answer stands in `response` or has been queued */
};

struct http_exchange {
    struct list link; /* in the server's exchanges or idle */
    struct http_server *server;
    struct MHD_Connection *connection;
    struct deadline *deadline; /* the connection's, for sending a request */
    enum exchange_state state;
    bool is_suspended;
    bool is_too_large; /* the body: what comes is thrown away */
    const char *method;
    struct target target;
    bool is_bad_target;
    const struct http_route *route;
    struct buf body;
    size_t body_seen;            /* bytes of the body that came */
    struct http_header *headers; /* made when asked for */
    size_t n_headers, headers_cap;
    struct buf reply_headers; /* name, NUL, value, NUL, and so on */
    int status;
    struct MHD_Response *response; /* until it is queued */
    struct http_feed feed;         /* `gone` NULL: the answer is none */
};

/* From the server's pool, and back. */
struct http_exchange *exchange_take(struct http_server *server);
void exchange_release(struct http_exchange *x);
void exchange_free_idle(struct http_server *server);

/* Hands the answer to the connection, whose handler is running. */
enum MHD_Result exchange_queue(struct http_exchange *x);

#endif
