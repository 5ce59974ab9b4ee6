/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * curl's multi handle on the loop, for client.c and its parts alone. curl forbids calls of its own
 * from within its callbacks; `turned` is called outside of them, each time after curl has run, and
 * is the place where what came of it is handed on.
 */
#ifndef LIAISON_HTTP_MULTI_H
#define LIAISON_HTTP_MULTI_H

#include <curl/curl.h>

#include "base/attr.h"
#include "base/err.h"
#include "loop/loop.h"

struct http_multi;

struct http_multi *http_multi_new(struct loop *loop, loop_fn turned, void *ctx,
                                  struct err *err) must_check;
/* Closes all connections; every handle has been removed before. */
void http_multi_free(struct http_multi *m);

/* Has the connections that `easy` opens watched by `m`; after each curl_easy_reset. */
void http_multi_set_up(struct http_multi *m, CURL *easy);
void http_multi_add(struct http_multi *m, CURL *easy);
void http_multi_remove(struct http_multi *m, CURL *easy);

/* A handle whose transfer has ended, not removed yet, with how it ended; NULL when
   there is none. */
CURL *http_multi_next_ended(struct http_multi *m, CURLcode *code);

#endif
