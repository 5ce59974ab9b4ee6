/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * SHA-256 identities and random bytes. What OpenSSL refuses here can't be mended by anyone
 * (no memory, no entropy): it ends the process.
 */
#include "crypto/hash.h"

#include <assert.h>
#include <pthread.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "base/err.h"

/* The algorithm as OpenSSL's provider has it, found once for the process and never changed: looking
   it up by EVP_sha256() at each hash costs more than a short hash does. */
static EVP_MD *sha256;
static pthread_once_t sha256_once = PTHREAD_ONCE_INIT;

static void fetch_sha256(void)
{
    sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    if (!sha256)
        die("SHA-256 is not available");
}

static void digest_add(EVP_MD_CTX *ctx, const void *data, size_t len)
{
    if (EVP_DigestUpdate(ctx, data, len) != 1)
        die("SHA-256 failed");
}

static void store_be64(unsigned char out[8], uint64_t value)
{
    for (int i = 7; i >= 0; i--, value >>= 8)
        out[i] = (unsigned char)value;
}

/* Short parts are gathered: OpenSSL takes longer to be handed a few bytes than to hash them. */
struct gathered {
    EVP_MD_CTX *ctx;
    size_t len;
    unsigned char bytes[1024];
};

static void flush(struct gathered *g)
{
    digest_add(g->ctx, g->bytes, g->len);
    g->len = 0;
}

static void gather(struct gathered *g, const void *data, size_t len)
{
    if (len > sizeof(g->bytes) - g->len)
        flush(g);
    if (len > sizeof(g->bytes)) {
        digest_add(g->ctx, data, len);
    } else if (len > 0) {
        memcpy(g->bytes + g->len, data, len);
        g->len += len;
    }
}

struct hash128 hash_parts(const struct slice *parts, size_t n_parts)
{
    pthread_once(&sha256_once, fetch_sha256);
    struct gathered gathered;
    gathered.ctx = EVP_MD_CTX_new();
    gathered.len = 0;
    if (!gathered.ctx || EVP_DigestInit_ex(gathered.ctx, sha256, NULL) != 1)
        die("SHA-256 is not available");
    for (size_t i = 0; i < n_parts; i++) {
        unsigned char len[8];
        store_be64(len, parts[i].len);
        gather(&gathered, len, sizeof(len));
        gather(&gathered, parts[i].data, parts[i].len);
    }
    flush(&gathered);
    unsigned char digest[EVP_MAX_MD_SIZE];
    if (EVP_DigestFinal_ex(gathered.ctx, digest, NULL) != 1)
        die("SHA-256 failed");
    EVP_MD_CTX_free(gathered.ctx);
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
