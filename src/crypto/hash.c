/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * SHA-256 identities and random bytes. What OpenSSL refuses here can't be mended by anyone
 * (no memory, no entropy): it ends the process.
 */
/* By hand: EVP takes longer for its contexts on the heap than to hash what is short. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "crypto/hash.h"

#include <endian.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include "base/err.h"

/* Parts are put together here: a call of OpenSSL for each costs more than to hash what is short. */
#define GATHERED 512

struct gatherer {
    SHA256_CTX sha;
    size_t len;
    unsigned char bytes[GATHERED];
};

static void pass_on(struct gatherer *g, const void *data, size_t len)
{
    if (len > 0 && SHA256_Update(&g->sha, data, len) != 1)
        die("SHA-256 failed");
}

static void flush(struct gatherer *g)
{
    pass_on(g, g->bytes, g->len);
    g->len = 0;
}

static void add(struct gatherer *g, const void *data, size_t len)
{
    if (len > GATHERED - g->len)
        flush(g);
    if (len > GATHERED) {
        pass_on(g, data, len);
    } else if (len > 0) {
        memcpy(g->bytes + g->len, data, len);
        g->len += len;
    }
}

struct hash128 hash_parts(const struct slice *parts, size_t n_parts)
{
    struct gatherer g;
    g.len = 0;
    if (SHA256_Init(&g.sha) != 1)
        die("SHA-256 is not available");
    for (size_t i = 0; i < n_parts; i++) {
        uint64_t len = htobe64(parts[i].len);
        add(&g, &len, sizeof(len));
        add(&g, parts[i].data, parts[i].len);
    }
    flush(&g);
    unsigned char digest[SHA256_DIGEST_LENGTH];
    if (SHA256_Final(digest, &g.sha) != 1)
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
