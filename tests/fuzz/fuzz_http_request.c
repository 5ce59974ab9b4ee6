/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The server, by what a client may send on a connection: a route is called only for a request that
 * is whole, named as HTTP has it, and within the limits; and no more often than the bytes hold
 * requests, so that none is smuggled in.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "fuzz.h"
#include "http/server.h"

#define BODY_MAX 512
#define TURNS_MAX 64 /* in a row in which nothing comes */

struct world {
    struct loop *loop;
    struct http_server *server;
    struct sockaddr_un address;
    size_t n_calls;
};

static void check_headers(const struct http_exchange *x)
{
    struct http_headers headers = http_exchange_headers(x);
    size_t n_lengths = 0;
    for (size_t i = 0; i < headers.len; i++) {
        struct slice name = headers.items[i].name;
        require(name.len > 0 && slice_find(name, ' ') == name.len &&
                slice_find(name, '\t') == name.len);
        n_lengths += slice_is_equal_nocase(name, SLICE_LIT("Content-Length")) ||
                     slice_is_equal_nocase(name, SLICE_LIT("Transfer-Encoding"));
    }
    require(n_lengths <= 1);
}

static void take(void *ctx, struct http_exchange *x)
{
    struct world *w = ctx;
    w->n_calls++;
    require(http_exchange_body(x).len <= BODY_MAX);
    check_headers(x);
    http_exchange_reply(x, 200, "application/octet-stream", http_exchange_body(x));
}

static const struct http_route routes[] = {{"*", "**", take}};

static struct world world;
static char dir[] = "/tmp/liaison-fuzz-XXXXXX";

static void world_end(void)
{
    http_server_free(world.server);
    loop_free(world.loop);
    unlink(world.address.sun_path);
    rmdir(dir);
}

static struct world *world_get(void)
{
    struct world *w = &world;
    struct err err = {0};
    char listen[64];
    if (w->loop)
        return w;
    require(mkdtemp(dir));
    atexit(world_end);
    w->address.sun_family = AF_UNIX;
    snprintf(w->address.sun_path, sizeof(w->address.sun_path), "%s/socket", dir);
    snprintf(listen, sizeof(listen), "unix:%s/socket", dir);
    w->loop = loop_new(&err);
    const struct http_server_options options = {
        .listen = listen, .routes = routes, .n_routes = 1, .ctx = w, .body_max = BODY_MAX};
    w->server = http_server_new(w->loop, &options, &err);
    if (!w->server)
        die("%s", err.message);
    return w;
}

/* Sends and reads by turns until the server closes or is silent. */
static void talk(struct world *w, int fd, struct slice request, struct buf *answer)
{
    char piece[4096];
    for (unsigned silent = 0; silent < TURNS_MAX; silent++) {
        ssize_t sent = send(fd, request.data, request.len, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent > 0)
            request = slice_from(request, (size_t)sent);
        if (request.len == 0)
            shutdown(fd, SHUT_WR);
        loop_turn(w->loop, false);
        ssize_t got = recv(fd, piece, sizeof(piece), MSG_DONTWAIT);
        if (got == 0 || (got < 0 && errno != EAGAIN))
            return;
        if (got > 0) {
            buf_add(answer, piece, (size_t)got);
            silent = 0;
        }
    }
}

static size_t count(struct slice text, const char *word)
{
    size_t n = 0, len = strlen(word);
    while (text.len >= len) {
        const char *at = memmem(text.data, text.len, word, len);
        if (!at)
            break;
        n++;
        text = slice_from(text, (size_t)(at - text.data) + len);
    }
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct world *w = world_get();
    struct slice request = slice_of((const char *)data, size);
    struct buf answer = {0};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    require(fd >= 0);
    require(connect(fd, (const struct sockaddr *)&w->address, sizeof(w->address)) == 0);
    w->n_calls = 0;
    talk(w, fd, request, &answer);
    close(fd);
    for (int i = 0; i < 4; i++)
        loop_turn(w->loop, false);
    require(w->n_calls <= count(request, " "));
    require(answer.len == 0 || slice_has_prefix(buf_slice(&answer), SLICE_LIT("HTTP/1.")));
    require(http_server_pending(w->server) == 0);
    buf_deinit(&answer);
    return 0;
}
