/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Hashes and random bytes over OpenSSL's libcrypto.
 */
#ifndef LIAISON_CRYPTO_HASH_H
#define LIAISON_CRYPTO_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

/* A SHA-256 (FIPS 180-4) over parts, cut to 128 bits: the identity of events and deliveries. Each
   part is preceded by its length, so that parts can't run into each other. In place, reused. */
struct hash128 {
    unsigned char bytes[16];
};

struct hash128 hash_parts(const struct slice *parts, size_t n_parts);

/* Random bytes fit for keys and ids (RAND_bytes). */
void crypto_random(void *out, size_t len);

/* Random bytes for UUIDs, drawn for many at once: a draw costs as much as many of them. In place, zero
   at first. */
struct uuid_source {
    unsigned char bytes[320];
    size_t left;
};

/* A UUIDv7 (RFC 9562) of the given time, as 36 characters and a NUL. */
#define UUID_LEN 36
void uuid_v7(struct uuid_source *source, char out[static UUID_LEN + 1], int64_t unix_ms);

/* Whether a and b are the same bytes, in time that depends on their lengths alone. */
_Bool crypto_is_equal(struct slice a, struct slice b);

#endif
