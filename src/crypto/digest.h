/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Digests of bytes that come in pieces, plain or keyed (HMAC, RFC 2104).
 *
 *     struct digest *d = digest_new(DIGEST_SHA256, key);   // or SLICE_NULL, for no key
 *     digest_add(d, bytes);
 *     unsigned char out[DIGEST_LEN_MAX];
 *     size_t len = digest_end(d, out);                     // frees d
 */
#ifndef LIAISON_CRYPTO_DIGEST_H
#define LIAISON_CRYPTO_DIGEST_H

#include <stddef.h>

#include "base/slice.h"

enum digest_algorithm {
    DIGEST_MD5,  /* RFC 1321 */
    DIGEST_SHA1, /* these FIPS 180-4 */
    DIGEST_SHA256,
    DIGEST_SHA512,
    DIGEST_SHA512_256,
};

#define DIGEST_LEN_MAX 64

struct digest;

/* `key` with data NULL: a plain digest; else an HMAC by that key, which may be empty. NULL when OpenSSL
   has no such algorithm, as MD5 where its configuration allows approved ones alone. */
struct digest *digest_new(enum digest_algorithm algorithm, struct slice key);
void digest_free(struct digest *d);
void digest_add(struct digest *d, struct slice bytes);
/* Writes the digest, and returns its length in bytes; d is freed. */
size_t digest_end(struct digest *d, unsigned char out[static DIGEST_LEN_MAX]);

#endif
