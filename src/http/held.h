/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * A request that has to wait for a token, or may have to be made once more with another: a copy of
 * it, with its token. For client.c and stream.c.
 */
#ifndef LIAISON_HTTP_HELD_H
#define LIAISON_HTTP_HELD_H

#include "base/arena.h"
#include "base/buf.h"
#include "http/client.h"
#include "http/token.h"

struct held {
    struct http_request request; /* all of it in the arena; its auth is an http_auth_copy */
    struct arena arena;
    struct token *token;
    struct token_wait wait;
    struct buf sent;  /* the token's value that it was sent with */
    bool is_repeated; /* with another token than at first */
};

/* authorize_needs_token(request) is true. It waits for nothing yet; `done` and `ctx` are the wait's. */
struct held *held_new(struct tokens *tokens, const struct http_request *request, token_done_fn done,
                      void *ctx);
/* Ends its wait; accepts NULL. */
void held_free(struct held *h);

#endif
