/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * HTTP out: requests and answers, never a curl handle: two carriers stand behind this header and
 * obey the same contract. Everything runs on the loop; nothing blocks. How many requests run at
 * once is the caller's business.
 *
 *     struct http_request req = {.method = SLICE_LIT("POST"), .url = url, .body = body,
 *                                .headers = headers, .timeout_ms = 10000};
 *     struct http_call *call = http_client_send(client, &req, on_answer, self, &err);
 *
 *     static void on_answer(void *ctx, const struct http_answer *answer) { … }
 */
#ifndef LIAISON_HTTP_CLIENT_H
#define LIAISON_HTTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/mask.h"
#include "base/slice.h"
#include "http/auth.h"
#include "http/message.h"
#include "loop/loop.h"

/* Where a request ended that brought no usable answer. */
enum http_failure {
    HTTP_OK = 0,  /* an answer came: see its status */
    HTTP_CONNECT, /* no connection, or it broke before the request was written */
    HTTP_DNS,     /* the name has no address */
    HTTP_TLS,     /* certificate or handshake */
    HTTP_TIMEOUT, /* timeout_ms passed */
    HTTP_BROKEN,  /* the connection broke after the request was written, or the answer isn't HTTP */
    HTTP_TOO_BIG, /* the answer passes answer_max */
    HTTP_BAD_URL, /* not a URL of scheme http or https */
    HTTP_TOKEN,   /* no token could be had, and nothing was sent */
};

/* "connect", "dns", "tls", "timeout", "broken", "tooBig", "url", "token"; "" for HTTP_OK. */
const char *http_failure_name(enum http_failure failure);

/* Copied by http_client_send: nothing of it need outlive the call. */
struct http_request {
    struct slice method; /* GET POST PUT PATCH DELETE HEAD … */
    struct slice url;
    struct http_headers headers; /* sent as they stand; an empty value sends an empty header */
    struct slice body;
    bool has_body;      /* an empty body with Content-Length: 0 is sent when body is empty */
    int64_t timeout_ms; /* for the whole exchange; 0: none */
    const struct http_auth *auth; /* who it comes from; NULL: nobody in particular */
    unsigned follow;              /* redirects followed at most; 0: a 3xx is the answer. Credentials
                                 (Authorization, Cookie, signatures, a client's certificate) never go
                                 on to another origin */
    size_t answer_max;            /* bytes of an answer's body, after decompression; 0: 16 MiB */
    bool compressed;              /* offers gzip, deflate, br as the library can */
    struct slice unix_socket; /* the path of a socket to connect to, whatever host the URL names;
                                 empty: none */
    struct slice certificate; /* the path of a PEM file: the only certificate that is trusted,
                                 whatever host it was made for; empty: those of authorities */
};

/* Valid during the callback only. */
struct http_answer {
    enum http_failure failure;
    bool was_written; /* the request may have reached the other side: its end is unknown when
                         failure isn't HTTP_OK. It is never written twice behind the caller's back,
                         but for GET and HEAD on a connection that turned out to be closed */
    int status;       /* of the last answer, 0 without one */
    struct http_headers headers;
    struct slice body;
    struct slice error; /* a sentence for a human when failure isn't HTTP_OK */
    int64_t ms;         /* from send to end */
    bool is_kept;       /* of an earlier request like it (http/cache.h): nothing was sent */
};

typedef void (*http_answer_fn)(void *ctx, const struct http_answer *answer);

struct http_client;
struct http_call;

/* `user_agent` is copied. Of the environment it takes proxies, as curl does, and SSL_CERT_FILE, a
   file of certificate authorities in place of the system's. */
struct http_client *http_client_new(struct loop *loop, const char *user_agent,
                                    struct err *err) must_check;
/* Tokens that are obtained from now on are known to `mask`, which outlives the client, as long as they
   may be of use. */
void http_client_mask_tokens(struct http_client *client, struct mask *mask);
/* Cancels what still runs, without callbacks. */
void http_client_free(struct http_client *client);

/* Starts the request. `done` is called exactly once, from the loop, never from within this
   function, unless the call is cancelled before. Returns NULL with ERR_INVALID for what can't be
   sent (a URL that is none, a header with a line break). */
struct http_call *http_client_send(struct http_client *client, const struct http_request *request,
                                   http_answer_fn done, void *ctx, struct err *err) must_check;
/* Ends a call without its callback; the connection is closed if the request was under way. */
void http_call_cancel(struct http_call *call);

/* An answer taken as it comes, for event streams: no overall timeout. Callbacks run on the loop;
   after on_end nothing follows, and the stream is gone, as it is when on_head returned false. */
struct http_stream_events {
    /* The final answer's head. Return false to end the stream (on_end isn't called then). */
    bool (*on_head)(void *ctx, int status, struct http_headers headers);
    void (*on_bytes)(void *ctx, struct slice bytes);
    void (*on_end)(void *ctx, enum http_failure failure, struct slice error);
};

struct http_stream_request {
    struct slice url;
    struct http_headers headers;
    const struct http_auth *auth; /* as in http_request; a token that is refused by a 401 isn't used
                                     for the next stream */
    unsigned follow;              /* as in http_request */
    int64_t connect_timeout_ms;   /* until the head has come */
    int64_t silence_ms; /* ends as HTTP_TIMEOUT when no byte came for so long (pauses don't
                                   count); 0: never */
};

struct http_stream;
struct http_stream *http_stream_open(struct http_client *client,
                                     const struct http_stream_request *request,
                                     const struct http_stream_events *events, void *ctx,
                                     struct err *err) must_check;
/* While paused no bytes are taken from the socket, so that the sender feels it; may be called from
   on_bytes. Nothing is lost. */
void http_stream_pause(struct http_stream *stream);
void http_stream_resume(struct http_stream *stream);
/* Ends it without on_end; may be called from its callbacks. Accepts NULL. */
void http_stream_close(struct http_stream *stream);
/* The URL after redirects; borrowed until the stream ends. */
struct slice http_stream_url(const struct http_stream *stream);

#endif
