/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * A URL to be requested, taken apart as curl does; for the client and its parts. The newest one is
 * kept, for many requests in a row have it.
 */
#ifndef LIAISON_HTTP_URL_H
#define LIAISON_HTTP_URL_H

#include <stdbool.h>

#include <curl/curl.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

/* In place. All strings are NUL-terminated. */
struct http_url {
    CURLU *parser;
    struct buf text;   /* as it was given; empty before the first and after one that is none */
    struct buf origin; /* "https://example.org:443": its connections can be shared */
    struct buf host;   /* for the Host header: with a port that isn't the scheme's own */
    struct buf path;   /* with the query */
    bool is_https;
    /* It has nothing to it that is better left to curl's own transfers: no credentials, no host that
       would have to be written otherwise, no proxy of the environment that plain requests go to. */
    bool is_plain;
};

int http_url_init(struct http_url *u, struct err *err) must_check;
void http_url_deinit(struct http_url *u);
/* -1 with ERR_INVALID for what is no URL of scheme http or https. */
int http_url_set(struct http_url *u, struct slice text, struct err *err) must_check;

#endif
