/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Over OpenSSL's EVP_MAC for keyed digests, EVP_MD for plain ones.
 */
#include "crypto/digest.h"

#include <stdbool.h>
#include <stdlib.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"

static const char *const names[] = {
    [DIGEST_MD5] = "MD5",
    [DIGEST_SHA1] = "SHA1",
    [DIGEST_SHA256] = "SHA256",
    [DIGEST_SHA512] = "SHA512",
    [DIGEST_SHA512_256] = "SHA512-256",
};

/* One of the two. */
struct digest {
    EVP_MD_CTX *plain;
    EVP_MAC_CTX *keyed;
};

static bool begin_plain(struct digest *d, const char *name)
{
    EVP_MD *md = EVP_MD_fetch(NULL, name, NULL);
    d->plain = EVP_MD_CTX_new();
    bool is_ready = md && d->plain && EVP_DigestInit_ex(d->plain, md, NULL) == 1;
    EVP_MD_free(md);
    return is_ready;
}

static bool begin_keyed(struct digest *d, const char *name, struct slice key)
{
    EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    d->keyed = hmac ? EVP_MAC_CTX_new(hmac) : NULL;
    EVP_MAC_free(hmac);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)name, 0),
        OSSL_PARAM_construct_end(),
    };
    return d->keyed &&
           EVP_MAC_init(d->keyed, (const unsigned char *)key.data, key.len, params) == 1;
}

struct digest *digest_new(enum digest_algorithm algorithm, struct slice key)
{
    struct digest *d = mem_calloc(1, sizeof(*d));
    const char *name = names[algorithm];
    if (key.data ? begin_keyed(d, name, key) : begin_plain(d, name))
        return d;
    digest_free(d);
    return NULL;
}

void digest_free(struct digest *d)
{
    if (!d)
        return;
    EVP_MD_CTX_free(d->plain);
    EVP_MAC_CTX_free(d->keyed);
    free(d);
}

void digest_add(struct digest *d, struct slice bytes)
{
    int rc = d->keyed ? EVP_MAC_update(d->keyed, (const unsigned char *)bytes.data, bytes.len)
                      : EVP_DigestUpdate(d->plain, bytes.data, bytes.len);
    if (rc != 1)
        die("a digest failed");
}

size_t digest_end(struct digest *d, unsigned char out[static DIGEST_LEN_MAX])
{
    size_t len = 0;
    unsigned plain_len = 0;
    int rc = d->keyed ? EVP_MAC_final(d->keyed, out, &len, DIGEST_LEN_MAX)
                      : EVP_DigestFinal_ex(d->plain, out, &plain_len);
    if (rc != 1)
        die("a digest failed");
    digest_free(d);
    return len + plain_len;
}
