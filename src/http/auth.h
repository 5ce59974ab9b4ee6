/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Who a request says that it comes from, for those who send requests (client.h): a description, from
 * which the client makes what each request needs at the moment when it is sent. Several parts may
 * stand together, but only one of those that make the Authorization header: bearer, basic, oauth2
 * and sigv4. A request that has that header already keeps its own.
 *
 *     const struct http_auth auth = {.bearer = token, .tls = {.cert = pem, .key = key_pem}};
 *     struct http_request req = {…, .auth = &auth};
 */
#ifndef LIAISON_HTTP_AUTH_H
#define LIAISON_HTTP_AUTH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/slice.h"
#include "http/message.h"

/* RFC 7617. */
struct http_basic {
    struct slice user; /* absent: none */
    struct slice password;
};

/* Client credentials (RFC 6749, 4.4): a token is asked for by them, and sent as RFC 6750 says. It is
   kept in the client for all that have the same, and asked for anew before it expires, and once
   when a request is answered 401. */
struct http_oauth2 {
    struct slice token_url; /* absent: none */
    struct slice client_id, client_secret;
    struct slice scope;         /* absent: none */
    struct http_headers params; /* more of what the token's server wants to know, as `audience` */
    bool is_in_body;            /* the credentials stand in the form (client_secret_post), not in
                                   the head (client_secret_basic) */
};

/* AWS Signature Version 4. */
struct http_sigv4 {
    struct slice key; /* the access key's id; absent: none */
    struct slice secret;
    struct slice token; /* of a session; absent: none */
    struct slice region, service;
};

/* A certificate of the client, all in PEM. */
struct http_identity {
    struct slice cert; /* with those that it is signed by; absent: none */
    struct slice key;
    struct slice authorities; /* the only ones that the server is trusted by; absent: the usual */
};

/* Borrowed. */
struct http_auth {
    struct slice bearer; /* absent: none */
    struct http_basic basic;
    struct http_oauth2 oauth2;
    struct http_sigv4 sigv4;
    /* Standard Webhooks: a request that has a header webhook-id is signed by each of these, see
       crypto/webhook.h. */
    const struct slice *secrets;
    size_t n_secrets;
    struct http_identity tls;
};

/* A copy of all of it, to be freed. */
struct http_auth *http_auth_copy(const struct http_auth *auth);
/* Appends all of it, for who has to tell one from another; secrets as they are. */
void http_auth_add_key(const struct http_auth *auth, struct buf *key);
/* Accepts NULL. */
void http_auth_free(struct http_auth *copy);

#endif
