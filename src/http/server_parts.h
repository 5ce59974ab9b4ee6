/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The server as its parts see it: server.c (the daemon on the loop, and a request's way through it),
 * exchange.c (what routes see of a request, and their answers) and patience.c (requests that wait for
 * these). Nobody else includes this.
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

/* Where an exchange is. */
enum exchange_place {
    EXCHANGE_IDLE,      /* in the pool */
    EXCHANGE_ACTIVE,    /* read, handled or written by the library */
    EXCHANGE_WAITING,   /* for its answer, after which the library asks whenever it is run */
    EXCHANGE_SUSPENDED, /* for its answer, or for more of it; the library doesn't know of it */
    EXCHANGE_GONE,      /* its client is; its route will answer nobody */
    EXCHANGE_PLACES,
};

/* The newest short answer, which the next ones share that say the same, as those to events that were
   kept do: to make one takes the library five allocations. */
struct shared_answer {
    struct MHD_Response *response; /* NULL: none yet */
    struct buf type, body;
    size_t n_held; /* by exchanges that haven't queued it yet */
};

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
    struct shared_answer shared;
    char *tls_cert, *tls_key;
    bool has_new_pair;               /* another daemon has to take over */
    struct list former;              /* daemons that have been replaced, see handover.h */
    struct list at[EXCHANGE_PLACES]; /* the exchanges; of those that wait, the oldest first */
    size_t n_at[EXCHANGE_PLACES];
    struct loop_timer *patience; /* runs while some wait */
    size_t n_pending;
    unsigned n_connections;
    int64_t crowd_told_ms; /* when it was said last that all are taken */
    bool has_resumed;      /* exchanges were answered since the daemon ran last */
    bool has_dispatched;   /* a route was called since it began to run */
    bool has_moved;        /* a request got further since then */
    bool has_room;    /* a connection has ended: where there was no room, the library accepts others
                              from its next run on, and doesn't ask for that */
    bool is_running;  /* inside of it */
    bool is_stopping; /* for good */
};

enum exchange_state {
    EXCHANGE_NEW,       /* its head is being read */
    EXCHANGE_RECEIVING, /* its body is */
    EXCHANGE_PENDING,   /* its route was called and hasn't answered yet */
    EXCHANGE_ANSWERED,  /* the answer stands in `response` or has been queued */
};

struct http_exchange {
    struct list link; /* in the server's list of its place */
    enum exchange_place place;
    struct http_server *server;
    struct MHD_Connection *connection; /* NULL once its client has gone */
    struct deadline *deadline;         /* the connection's */
    enum exchange_state state;
    int64_t waits_since_ms;
    bool is_too_large; /* the body: what comes is thrown away */
    const char *method;
    struct target target;
    bool is_bad_target;
    const struct http_route *route;
    struct buf body;
    size_t body_seen;            /* bytes of the body that came */
    struct http_header *headers; /* as they stand in the library's memory */
    size_t n_headers, headers_cap;
    struct buf reply_headers; /* name, NUL, value, NUL, and so on */
    int status;
    struct MHD_Response *response; /* until it is queued */
    bool is_shared;                /* it is the server's */
    bool is_long;                  /* to take it may take its time */
    struct http_feed feed;         /* `gone` NULL: the answer is none */
};

/* From the server's pool, and back. */
struct http_exchange *exchange_take(struct http_server *server);
void exchange_release(struct http_exchange *x);
/* Frees the pool and what is shared. */
void exchange_free_all(struct http_server *server);
void exchange_move(struct http_exchange *x, enum exchange_place place);
/* The client of one whose route has yet to answer has gone: what is the connection's is no more. */
void exchange_leave(struct http_exchange *x);

/* Its head is here. */
void exchange_note_headers(struct http_exchange *x);

/* Hands the answer to the connection, whose handler is running. */
enum MHD_Result exchange_queue(struct http_exchange *x);

void patience_init(struct http_server *server);
void patience_deinit(struct http_server *server);
/* The route was called, and will answer later. */
void patience_begin(struct http_exchange *x);
/* When the library wants to be run next: 0 at once, -1 when something happens. */
int64_t patience_wait_ms(struct http_server *server);

#endif
