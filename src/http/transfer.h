/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * One exchange over curl, redirects included: what calls and streams have in common. The request is
 * copied into buffers that a pooled transfer keeps, so that a usual one allocates nothing here.
 *
 *     transfer_init(&t, client, &call_kind);
 *     transfer_set_request(&t, &request);
 *     transfer_start(&t);             // kind->bytes as they come, then kind->ended, once
 *     …
 *     transfer_stop(&t);              // after its end or before: free to be used again
 *     transfer_deinit(&t);
 */
#ifndef LIAISON_HTTP_TRANSFER_H
#define LIAISON_HTTP_TRANSFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <curl/curl.h>

#include "base/buf.h"
#include "http/client.h"
#include "http/head.h"
#include "http/multi.h"

struct http_transfer;

struct transfer_kind {
    /* From within a curl callback: bytes of the answer's body; returns as CURLOPT_WRITEFUNCTION. */
    size_t (*bytes)(struct http_transfer *t, struct slice bytes);
    /* From within a curl callback: the final answer's head is complete. */
    void (*head)(struct http_transfer *t);
    /* From settle: it is over. */
    void (*ended)(struct http_transfer *t, enum http_failure failure);
};

/* In place. */
struct http_transfer {
    const struct transfer_kind *kind;
    struct http_client *client;
    struct multi_user user;
    CURL *easy; /* made at its first start */
    bool is_running;

    /* the request; all strings are NUL-terminated */
    struct buf method, url, unix_path, certificate, body;
    struct buf identity, identity_key, authorities; /* of auth.tls, PEM; empty: none */
    struct buf lines;                               /* header lines, each with its NUL */
    size_t n_lines;
    struct curl_slist *list; /* points into `lines`; its nodes are ours */
    size_t list_cap;
    bool has_body;
    bool is_safe; /* may be made again when its connection closed without an answer */
    bool is_compressed;
    unsigned follow;   /* redirects that may still be followed */
    int64_t end_at_ms; /* on the client's monotonic clock; 0: none */

    /* the answer */
    int status;
    struct head head;
    bool has_head;    /* all of it, and not that of a 1xx */
    bool is_redirect; /* a redirect that is to be followed: its body is dropped */

    /* what was written */
    bool is_issued; /* the request was begun on some connection */
    bool was_written;
    long written_before; /* bytes that went out before it was begun there (a proxy's CONNECT) */

    const char *failure_text; /* takes the place of curl's when set */
    char error[CURL_ERROR_SIZE];
};

void transfer_init(struct http_transfer *t, struct http_client *client,
                   const struct transfer_kind *kind);
void transfer_deinit(struct http_transfer *t);

/* Copies the request, which was checked. */
void transfer_set_request(struct http_transfer *t, const struct http_request *request);
void transfer_start(struct http_transfer *t);
/* Ends it without a word; nothing when it isn't running. */
void transfer_stop(struct http_transfer *t);
/* Lets go of large buffers. */
void transfer_trim(struct http_transfer *t);

/* Borrowed until the transfer is started again. */
struct slice transfer_error(const struct http_transfer *t);

/* What a failure of curl's is to us. */
enum http_failure transfer_failure(CURLcode code, bool was_written);

#endif
