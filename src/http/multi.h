/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * curl's multi handle on the loop, for client.c and its parts alone. curl forbids calls of its own
 * from within its callbacks; `turned` is called outside of them, each time after curl has run, and
 * is the place where what came of it is handed on: from there http_multi_settle tells each handle's
 * user that it has ended.
 */
#ifndef LIAISON_HTTP_MULTI_H
#define LIAISON_HTTP_MULTI_H

#include <curl/curl.h>

#include "base/attr.h"
#include "base/err.h"
#include "loop/loop.h"

struct http_multi;

/* Who has a handle in the multi handle. In place. */
struct multi_user {
    /* What the handle does has ended; it isn't removed yet. Not called from within curl. */
    void (*ended)(struct multi_user *user, CURLcode code);
};

struct http_multi *http_multi_new(struct loop *loop, loop_fn turned, void *ctx,
                                  struct err *err) must_check;
/* Closes all connections; every handle has been removed before. */
void http_multi_free(struct http_multi *m);

/* Sets what all handles have in common; after each curl_easy_reset. `user` is borrowed until the
   handle is removed. */
void http_multi_set_up(struct http_multi *m, CURL *easy, struct multi_user *user);
void http_multi_add(struct http_multi *m, CURL *easy);
void http_multi_remove(struct http_multi *m, CURL *easy);
/* Tells all users whose handles have ended, those that end meanwhile too. */
void http_multi_settle(struct http_multi *m);

/* For a connection that curl has made and was told to keep its hands off (CURLOPT_CONNECT_ONLY).
   Its descriptor is the caller's to watch from here on. */
void http_multi_unwatch(struct http_multi *m, int fd);
/* And the caller's to close as well: it stays open when the handle is removed. */
void http_multi_detach(struct http_multi *m, int fd);

#endif
