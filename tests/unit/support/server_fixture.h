/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * An HTTP server on a loop, and a client that is a bare socket.
 *
 *     struct fixture { struct server_fixture http; … };
 *     server_setup(&f->http, routes, ARRAY_LEN(routes), f);
 *     server_expect(&f->http, GET("/items"), "200 ", "\r\n\r\nall of them");
 *     server_teardown(&f->http);
 */
#ifndef LIAISON_SERVER_FIXTURE_H
#define LIAISON_SERVER_FIXTURE_H

#include "http/server.h"
#include "wire.h"

#define SERVER_BODY_MAX 1000

#define GET(target) "GET " target " HTTP/1.1\r\nHost: x\r\n\r\n"
#define POST(target, head, body) "POST " target " HTTP/1.1\r\nHost: x\r\n" head "\r\n" body

struct server_fixture {
    struct loop *loop;
    struct http_server_options options; /* of the next start */
    struct http_server *server;
    struct wire wire;
    int fd; /* of the client */
};

/* A server on a free port of this machine, with a client connected to it. `routes` is kept. */
void server_setup(struct server_fixture *f, const struct http_route *routes, size_t n_routes,
                  void *ctx);
void server_teardown(struct server_fixture *f);
/* Another server by f->options in its place, if there is one, and the client connected to it. */
void server_restart(struct server_fixture *f);
/* Another client in the first one's place. */
void server_reconnect(struct server_fixture *f);
/* One more server, by f->options but on `address`; the test ends when it can't be. */
struct http_server *server_open(struct server_fixture *f, const char *address);

/* Sends what is to be one request or more, and reads until `text` has come: all that came. */
const char *server_ask(struct server_fixture *f, const char *request, const char *text);
/* The same, and the first answer's status begins like `status`. */
void server_expect(struct server_fixture *f, const char *request, const char *status,
                   const char *text);

#endif
