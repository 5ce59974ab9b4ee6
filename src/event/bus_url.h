/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The URL of a bus, "http://user:password@host/path", taken apart only as far as is needed to keep
 * credentials out of sight (RFC 3986, 3.2); who connects judges the rest.
 */
#ifndef LIAISON_EVENT_BUS_URL_H
#define LIAISON_EVENT_BUS_URL_H

#include "base/buf.h"
#include "base/slice.h"

/* Borrowed from the URL: it is `scheme` and `rest` but for the credentials between them. */
struct bus_url {
    struct slice scheme;      /* with "://"; empty where there is no such */
    struct slice credentials; /* "user:password", percent-encoded; absent without an '@' */
    struct slice rest;        /* from the host on */
};
struct bus_url bus_url_split(struct slice url);

/* Appends the value of an Authorization header (RFC 7617) for such credentials. */
void bus_url_add_basic(struct buf *out, struct slice credentials);

#endif
