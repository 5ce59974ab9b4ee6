/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Tokens of OAuth 2, for client credentials (RFC 6749, 4.4): one for all of a client's requests that
 * have the same credentials, asked for when it is first needed, by one request for all that wait. It
 * is asked for anew at four fifths of its life, while it is still used, and when it is refused.
 *
 *     struct token *t = token_ref(&client->tokens, &auth->oauth2);
 *     struct slice value = token_value(t);
 *     if (!value.data)
 *         token_wait(t, &self->wait);            // wait.done is called later, once
 *     …
 *     token_refuse(t, value);                    // it was answered with 401
 *     token_unref(t);
 *
 * A server that doesn't answer, or answers 5xx, 408 or 429, is asked again as long as somebody waits;
 * who waits knows how long.
 */
#ifndef LIAISON_HTTP_TOKEN_H
#define LIAISON_HTTP_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/list.h"
#include "base/map.h"
#include "base/mask.h"
#include "base/slice.h"
#include "http/auth.h"

struct http_client;
struct token;

/* Of one client. In place. */
struct tokens {
    struct http_client *client;
    struct map map;
    struct mask *mask; /* may be NULL */
};

void tokens_init(struct tokens *tokens, struct http_client *client);
/* After all who wait or refer to one, and after the client's calls. */
void tokens_deinit(struct tokens *tokens);

struct token_wait;
/* `value` is absent where none can be had: then `why` says why. Both are borrowed. */
typedef void (*token_done_fn)(struct token_wait *wait, struct slice value, struct slice why);

/* In place; its link is in no list while it doesn't wait. */
struct token_wait {
    struct list link;
    token_done_fn done;
    void *ctx;
};

/* The one for these credentials; the tokens of others that nobody needs any more may go. */
struct token *token_ref(struct tokens *tokens, const struct http_oauth2 *wish);
void token_unref(struct token *t); /* accepts NULL */

/* What is to be sent, borrowed until the loop turns; absent: it has to be waited for. */
struct slice token_value(struct token *t);
void token_wait(struct token *t, struct token_wait *wait);
/* Ends a wait without its callback; nothing when it doesn't wait. */
void token_unwait(struct token_wait *wait);
/* `value` was refused: unless another is here by now, one is asked for when it is needed next. */
void token_refuse(struct token *t, struct slice value);
/* Why none came so far, in a sentence. */
struct slice token_trouble(const struct token *t);

/* The answer of a token's server (RFC 6749, 5.1): appends the token; *expires_in_s is -1 where it says
   nothing of that. -1 with ERR_INVALID where there is none that could be sent as a bearer's. */
int token_parse(struct slice json, struct buf *value, int64_t *expires_in_s,
                struct err *err) must_check;

#endif
