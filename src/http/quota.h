/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What an answer's fields say of how much its sender still takes: RateLimit and RateLimit-Policy
 * (draft-ietf-httpapi-ratelimit-headers, structured fields of RFC 9651), what drafts before had, and
 * the X-RateLimit-… that many use. Pure; values are read where they are.
 *
 *     int64_t wait_ms = http_quota_wait_ms(answer->headers, now_ms);   // 0: go on
 */
#ifndef LIAISON_HTTP_QUOTA_H
#define LIAISON_HTTP_QUOTA_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "http/message.h"

/* For how long nothing more is taken, in ms, since nothing is left; 0: something is, or nothing is said
   of it. `now_ms` is wall time; a moment in epoch seconds is counted from the answer's own Date. Not
   bounded, but by what fits. */
int64_t http_quota_wait_ms(struct http_headers headers, int64_t now_ms);

/* One member of a field's list: "burst";q=100;w=60, or of older drafts remaining=0. */
struct http_quota {
    struct slice name; /* between its quotes, or as it is */
    int64_t value;     /* NAME=value; as the others -1 where it isn't there */
    int64_t q, w;      /* the quota, and the seconds that it is for */
    int64_t r, t;      /* what is left of it, and the seconds until it is whole again */
    struct slice pk;   /* base64: whose it is; data NULL */
};

/* Walks over a field's value; borrowed. One that is no such list says nothing at all (RFC 9651, 4.2):
   is_bad is known at its end. */
struct http_quotas {
    struct slice rest;
    bool is_bad;
};
/* False at the end. */
bool http_quotas_next(struct http_quotas *q, struct http_quota *out);

#endif
