/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * UUIDs (RFC 9562), as 36 characters.
 */
#ifndef LIAISON_CRYPTO_UUID_H
#define LIAISON_CRYPTO_UUID_H

#include <stdint.h>

#include "base/attr.h"
#include "base/rng.h"
#include "base/slice.h"

#define UUID_LEN 36
#define UUID_SIZE 16 /* bytes of one that isn't text */

/* Random bytes for UUIDs, drawn for many at once: a draw costs as much as many of them. In place, zero
   at first. */
struct uuid_source {
    struct rng *rng; /* draws by it, so that a seed repeats them; NULL: from OpenSSL */
    unsigned char bytes[1280];
    size_t left;
};

/* Each writes a NUL behind it. Version 4 is random; version 7 begins with the time. */
void uuid_v4(struct uuid_source *source, char out[static UUID_LEN + 1]);
void uuid_v7(struct uuid_source *source, char out[static UUID_LEN + 1], int64_t unix_ms);
/* The same for the same name within a namespace, which is a UUID itself. -1 where OpenSSL has no
   SHA-1. */
int uuid_v5(const unsigned char space[static UUID_SIZE], struct slice name,
            char out[static UUID_LEN + 1]) must_check;

/* The bytes of a UUID's text, in capitals or small letters; -1 when it is none. */
int uuid_parse(struct slice text, unsigned char out[static UUID_SIZE]) must_check;

#endif
