/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * AWS Signature Version 4 ("Signing AWS API requests" of the AWS General Reference): the value of a
 * request's Authorization header. Pure; authorize.c gives it what is sent.
 *
 * libcurl 7.88 has it too (CURLOPT_AWS_SIGV4), but signs other than what it sends where a query isn't
 * in order or a path has more than letters.
 */
#ifndef LIAISON_HTTP_SIGV4_H
#define LIAISON_HTTP_SIGV4_H

#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"
#include "http/auth.h"
#include "http/message.h"

#define SIGV4_TIME_LEN 16
#define SIGV4_HASH_LEN 64

/* Borrowed. */
struct sigv4_request {
    struct slice method;
    struct slice target;         /* path and query as they are sent */
    struct http_headers headers; /* all that are signed, Host and X-Amz-Date among them */
    struct slice time;           /* the value of X-Amz-Date */
    struct slice body_hash;      /* as of sigv4_format_hash */
};

/* "20150830T123600Z" */
void sigv4_format_time(char out[static SIGV4_TIME_LEN + 1], int64_t unix_s);
/* SHA-256 in hex. */
void sigv4_format_hash(char out[static SIGV4_HASH_LEN + 1], struct slice body);

/* Appends "AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…". */
void sigv4_add_authorization(struct buf *out, const struct http_sigv4 *by,
                             const struct sigv4_request *request);

#endif
