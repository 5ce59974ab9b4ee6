/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * One request that `liaison sink` got, as a line for people or for programs. Pure.
 */
#ifndef LIAISON_CLI_RECEIPT_H
#define LIAISON_CLI_RECEIPT_H

#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"
#include "http/message.h"

/* Borrowed. */
struct receipt {
    int64_t at_ms;
    struct slice method;
    struct slice path; /* with its query */
    struct http_headers headers;
    struct slice body;
    int status; /* of the answer, 0: never answered */
};

/* 18:56:15.042 POST /api/update 200  {"eventId":7}  #1204-0123456…
   The body on one line and cut, then the beginning of its Idempotency-Key. */
void receipt_add_line(struct buf *out, const struct receipt *r);

/* {"at":…,"method":…,"path":…,"headers":{…},"body":…,"status":200}
   Header names in small letters; a body that is JSON as it is without white space, any other as a
   string, an empty one as null. */
void receipt_add_json(struct buf *out, const struct receipt *r);

#endif
