/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "http/held.h"

#include <stdlib.h>

struct held *held_new(struct tokens *tokens, const struct http_request *request, token_done_fn done,
                      void *ctx)
{
    struct held *h = mem_calloc(1, sizeof(*h));
    h->request = *request;
    h->request.method = arena_copy(&h->arena, request->method);
    h->request.url = arena_copy(&h->arena, request->url);
    h->request.headers = http_headers_copy(request->headers, &h->arena);
    h->request.body = arena_copy(&h->arena, request->body);
    h->request.unix_socket = arena_copy(&h->arena, request->unix_socket);
    h->request.certificate = arena_copy(&h->arena, request->certificate);
    h->request.auth = http_auth_copy(request->auth);
    h->token = token_ref(tokens, &request->auth->oauth2);
    h->wait.done = done;
    h->wait.ctx = ctx;
    list_init(&h->wait.link);
    return h;
}

void held_free(struct held *h)
{
    if (!h)
        return;
    token_unwait(&h->wait);
    token_unref(h->token);
    http_auth_free((struct http_auth *)h->request.auth);
    arena_deinit(&h->arena);
    buf_deinit(&h->sent);
    free(h);
}
