/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "server_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct http_server *server_open(struct server_fixture *f, const char *address)
{
    struct http_server_options options = f->options;
    options.listen = address;
    struct err err = {0};
    struct http_server *server = http_server_new(f->loop, &options, &err);
    if (!server)
        fail_msg("%s", err.message);
    return server;
}

static void start(struct server_fixture *f)
{
    f->server = server_open(f, f->options.listen);
    f->fd = wire_connect(http_server_address(f->server));
}

void server_setup(struct server_fixture *f, const struct http_route *routes, size_t n_routes,
                  void *ctx)
{
    struct err err = {0};
    f->loop = loop_new(&err);
    f->options = (struct http_server_options){
        .listen = "127.0.0.1:0",
        .routes = routes,
        .n_routes = n_routes,
        .ctx = ctx,
        .body_max = SERVER_BODY_MAX,
    };
    wire_init(&f->wire, f->loop);
    start(f);
}

void server_teardown(struct server_fixture *f)
{
    close(f->fd);
    http_server_free(f->server);
    wire_deinit(&f->wire);
    loop_free(f->loop);
}

void server_restart(struct server_fixture *f)
{
    close(f->fd);
    http_server_free(f->server);
    start(f);
}

void server_reconnect(struct server_fixture *f)
{
    close(f->fd);
    f->fd = wire_connect(http_server_address(f->server));
}

const char *server_ask(struct server_fixture *f, const char *request, const char *text)
{
    buf_clear(&f->wire.got);
    wire_send(f->fd, request);
    wire_expect(&f->wire, f->fd, text);
    return f->wire.got.data;
}

void server_expect(struct server_fixture *f, const char *request, const char *status,
                   const char *text)
{
    const char *got = server_ask(f, request, text);
    if (strncmp(got + strlen("HTTP/1.1 "), status, strlen(status)) != 0)
        fail_msg("no %s: %s", status, got);
}
