/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Answers kept for a while, for what is looked up again and again: a request that is like one that was
 * answered not long ago has that answer, and those that come while one is under way share its end.
 *
 *     struct http_cache *cache = http_cache_new(client, loop, 16 * 1024 * 1024);
 *     struct http_lookup *lookup =
 *         http_cache_send(cache, &request, 60000, on_answer, self, &err);
 *
 * Requests are alike that have the same method, URL, headers (but for those of traces), body and auth,
 * and are treated alike (follow, compressed). Kept are answers of 2xx; how old one may be is for who
 * asks to say: what the answer's own headers say of it (Cache-Control) is of no account.
 */
#ifndef LIAISON_HTTP_CACHE_H
#define LIAISON_HTTP_CACHE_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "http/client.h"
#include "loop/loop.h"

struct http_cache;
struct http_lookup;

/* Keeps answers of `max` bytes in all, those that were used last. Both outlive it. */
struct http_cache *http_cache_new(struct http_client *client, struct loop *loop, size_t max);
/* Cancels what still runs, without callbacks; not from within one. Accepts NULL. */
void http_cache_free(struct http_cache *cache);

/* As http_client_send, for a request that changes nothing. An answer that is at most `max_age_ms` old is
   taken in place of a new one; its `is_kept` is set then. A request that others share ends at the
   timeout of each, for that one. */
struct http_lookup *http_cache_send(struct http_cache *cache, const struct http_request *request,
                                    int64_t max_age_ms, http_answer_fn done, void *ctx,
                                    struct err *err) must_check;
/* As http_call_cancel: the request goes on where others share it. */
void http_lookup_cancel(struct http_lookup *lookup);

#endif
