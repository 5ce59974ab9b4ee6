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

/* Whether a and b are the same bytes, in time that depends on their lengths alone. */
_Bool crypto_is_equal(struct slice a, struct slice b);

#endif
