/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The headers that a description of http/auth.h comes to for one request, at the moment when it is
 * sent. For the client and its streams.
 */
#ifndef LIAISON_HTTP_AUTHORIZE_H
#define LIAISON_HTTP_AUTHORIZE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "http/client.h"
#include "http/url.h"

/* Whether a token has to be had before it is sent. */
bool authorize_needs_token(const struct http_request *request);

/* The request's own headers and what its `auth` adds to them; in `arena`, and borrowed from the
   request, its auth and `token`, which is that of authorize_needs_token or absent. `url` is the
   request's. -1 with ERR_INVALID where nothing can be signed by a secret. */
int authorize(const struct http_request *request, const struct http_url *url, struct slice token,
              int64_t unix_s, struct arena *arena, struct http_headers *headers,
              struct err *err) must_check;

/* Appends "Basic …" (RFC 7617). */
void authorize_add_basic(struct buf *out, struct slice user, struct slice password);

#endif
