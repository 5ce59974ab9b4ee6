/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What a stream of server-sent events is asked for with: the URL without its credentials, and the
 * headers, of which only Last-Event-ID differs from one connection to the next.
 */
#ifndef LIAISON_CHANNEL_SSE_REQUEST_H
#define LIAISON_CHANNEL_SSE_REQUEST_H

#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/slice.h"
#include "channel/channel.h"

struct sse_request {
    char *url; /* without credentials and fragment: may be shown */
    /* A Last-Event-ID of the options: where to begin at the very first time; NULL without one. */
    char *first_event_id;
    /* Names and values on the heap; room for Last-Event-ID behind them. */
    struct http_header *items;
    size_t n_items;
    struct http_auth *auth; /* a copy; NULL: none */
};

/* -1 with ERR_INVALID when the URL can't be one. *r is to be freed in any case. */
int sse_request_init(struct sse_request *r, const struct channel_options *options,
                     struct err *err) must_check;
void sse_request_deinit(struct sse_request *r);

/* With Last-Event-ID unless it is empty; borrows from both. */
struct http_headers sse_request_headers(struct sse_request *r, struct slice last_event_id);

#endif
