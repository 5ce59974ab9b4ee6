/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * SHA-256 identities and random bytes. What OpenSSL refuses here can't be mended by anyone
 * (no memory, no entropy): it ends the process.
 */
/* By hand: EVP takes longer for its contexts on the heap than to hash what is short. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "crypto/hash.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include "base/err.h"

static void add(SHA256_CTX *sha, const void *data, size_t len)
{
    if (len > 0 && SHA256_Update(sha, data, len) != 1)
        die("SHA-256 failed");
}

static void store_be64(unsigned char out[8], uint64_t value)
{
    for (int i = 7; i >= 0; i--, value >>= 8)
        out[i] = (unsigned char)value;
}

struct hash128 hash_parts(const struct slice *parts, size_t n_parts)
{
    SHA256_CTX sha;
    if (SHA256_Init(&sha) != 1)
        die("SHA-256 is not available");
    for (size_t i = 0; i < n_parts; i++) {
        unsigned char len[8];
        store_be64(len, parts[i].len);
        add(&sha, len, sizeof(len));
        add(&sha, parts[i].data, parts[i].len);
    }
    unsigned char digest[SHA256_DIGEST_LENGTH];
    if (SHA256_Final(digest, &sha) != 1)
        die("SHA-256 failed");
    struct hash128 hash;
    memcpy(hash.bytes, digest, sizeof(hash.bytes));
    return hash;
}

void crypto_random(void *out, size_t len)
{
    unsigned char *p = out;
    while (len > 0) {
        int n = len < 4096 ? (int)len : 4096; /* RAND_bytes counts in int */
        if (RAND_bytes(p, n) != 1)
            die("OpenSSL gives no random bytes");
        p += n;
        len -= (size_t)n;
    }
}

_Bool crypto_is_equal(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || CRYPTO_memcmp(a.data, b.data, a.len) == 0);
}
