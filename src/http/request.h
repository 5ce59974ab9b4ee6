/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What a request must be to be sent, whichever carrier takes it, and how it stands on a connection;
 * for the client and its parts.
 */
#ifndef LIAISON_HTTP_REQUEST_H
#define LIAISON_HTTP_REQUEST_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "http/client.h"
#include "http/url.h"

/* Refuses methods and headers that would break the request's head, or say where its body ends;
   -1 with ERR_INVALID. The URL is http_url_set's to check. */
int request_check(const struct http_request *request, struct err *err) must_check;
/* Whether a Content-Length is owed: it has a body, or its method has one by its meaning (RFC 9110,
   8.6). */
bool request_has_length(const struct http_request *request);
/* May be written once more when a connection closed without an answer. */
bool request_is_safe(const struct http_request *request);
/* Appends all that is to be written, head and body. The request was checked. */
void request_frame(const struct http_request *request, const struct http_url *url,
                   const char *user_agent, struct buf *out);

#endif
