/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * HTTP in, on the loop: whole requests in, whole answers out, now or later. libmicrohttpd stands
 * behind it.
 *
 *     static void post_events(void *ctx, struct http_exchange *x)
 *     {
 *         …                                     // x->body is here whole
 *         http_exchange_reply(x, 202, "application/json", body);   // or from a later callback
 *     }
 *     static const struct http_route routes[] = {{"POST", "/events", post_events}, …};
 *
 * A path segment "*" matches any one segment; the matched text is http_exchange_segment(x, 0…).
 * A row {"*", "**", fn} takes every request that no other row takes, whatever its method and path.
 * A path that has routes for other methods is answered by 405 with Allow, an unknown one by 404,
 * both as RFC 9457 problem documents. HEAD is answered as GET without its body.
 */
#ifndef LIAISON_HTTP_SERVER_H
#define LIAISON_HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/log.h"
#include "base/slice.h"
#include "http/message.h"
#include "loop/loop.h"

struct http_server;
struct http_exchange; /* one request and its answer; lives until the answer has gone or the client
                         has */

typedef void (*http_route_fn)(void *ctx, struct http_exchange *x);

/* Flat literal rows; patterns and methods are NUL-terminated and static. */
struct http_route {
    const char *method;
    const char *pattern;
    http_route_fn fn;
};

struct http_server_options {
    const char *listen;              /* "127.0.0.1:8750", "[::1]:8750", "*:8750", "unix:PATH";
                                        port 0 takes a free one */
    const struct http_route *routes; /* kept, so static */
    size_t n_routes;
    void *ctx;                /* handed to the route functions */
    size_t body_max;          /* bytes; beyond it 413, also for chunked uploads */
    int64_t receive_ms;       /* for a request to come whole from its first line on; 0: a minute */
    unsigned connections_max; /* at once; more wait to be accepted; 0: 2,048 */
    /* PEM: with them HTTPS is spoken, TLS 1.2 and up. Copied; NULL: plain HTTP. */
    const char *tls_cert; /* its chain behind it */
    const char *tls_key;
    struct log *log;
    /* Called for each request before its body is read; NULL lets all pass. Returns 0, or an
       answer's status with *detail set to a sentence, to refuse it (Host, Origin, tokens, media
       types). */
    int (*admit)(void *ctx, struct http_exchange *x, const char **detail);
};

/* Fails with ERR_EXISTS naming the address and what to do when the port is in use, with ERR_INVALID
   for an address that is none. A left-over socket file nobody listens on is replaced. */
struct http_server *http_server_new(struct loop *loop, const struct http_server_options *options,
                                    struct err *err) must_check;
/* HTTPS by this certificate and key, PEM, copied, for connections that are made from the next turn of the
   loop on; those that there are end with the answers under way. Only for a server that speaks it
   already; one that is the same changes nothing. */
void http_server_set_tls(struct http_server *server, const char *cert, const char *key);
/* For requests that begin from now on. */
void http_server_set_body_max(struct http_server *server, size_t body_max);
/* Stops accepting; exchanges under way go on. */
void http_server_quiesce(struct http_server *server);
/* Closes all connections. Exchanges never answered are dropped. Not from within
   a route function. */
void http_server_free(struct http_server *server);
/* "127.0.0.1:40213" as bound, for what port 0 became. */
const char *http_server_address(const struct http_server *server);
/* Requests whose answer has not been given yet. */
size_t http_server_pending(const struct http_server *server);

struct slice http_exchange_method(const struct http_exchange *x);
struct slice http_exchange_path(const struct http_exchange *x);
/* As it was sent, its query included: "/api/update?x=1". */
struct slice http_exchange_target(const struct http_exchange *x);
struct slice http_exchange_segment(const struct http_exchange *x, size_t n); /* percent-decoded */
/* A query parameter, percent-decoded; data NULL when it isn't there. */
struct slice http_exchange_query(const struct http_exchange *x, const char *name);
/* The n-th of them, from 0; false beyond the last. */
bool http_exchange_query_at(const struct http_exchange *x, size_t n, struct slice *name,
                            struct slice *value);
struct slice http_exchange_header(const struct http_exchange *x, const char *name);
struct http_headers http_exchange_headers(const struct http_exchange *x);
struct slice http_exchange_body(const struct http_exchange *x);

/* Answers, once; everything is copied. `content_type` NULL sends no body. May be called from the
   route function or any time later on the loop thread. A client that went away meanwhile is no
   error: nothing happens. */
void http_exchange_reply(struct http_exchange *x, int status, const char *content_type,
                         struct slice body);
/* A header for the coming reply, both copied. */
void http_exchange_add_header(struct http_exchange *x, const char *name, const char *value);
/* A body that goes on for as long as the client takes it: chunked, or up to the end of an HTTP/1.0
   client's connection. */
struct http_feed {
    /* Writes at most `max` bytes to `out` and returns how many; 0: there are none at present, and
       http_exchange_feed_more will tell of more; HTTP_FEED_END: those were all; HTTP_FEED_BROKEN: there should have been more, and the client
       sees that they don't come. Called when the client can take some, so that a slow one is asked
       slowly. It may answer no exchange. */
    ssize_t (*read)(void *ctx, char *out, size_t max);
    /* The client has gone, or took all, or the server is freed: nothing is read any more. */
    void (*gone)(void *ctx);
    void *ctx;
};
#define HTTP_FEED_END ((ssize_t)-1)
#define HTTP_FEED_BROKEN ((ssize_t)-2)
/* Answers by a feed, which is the exchange's from now on: `gone` is called once, whatever happens,
   and the exchange is no more after it. */
void http_exchange_feed(struct http_exchange *x, int status, const char *content_type,
                        const struct http_feed *feed);
/* There is more to read. Not from within `read`. */
void http_exchange_feed_more(struct http_exchange *x);
/* An RFC 9457 problem document: title by status, detail by the caller. */
void http_exchange_problem(struct http_exchange *x, int status, const char *detail_fmt, ...)
    printf_like(3, 4);
/* The same with a member of its own, `json` being well-formed (RFC 9457, 3.2). */
void http_exchange_problem_with(struct http_exchange *x, int status, const char *member,
                                struct slice json, const char *detail_fmt, ...) printf_like(5, 6);

#endif
