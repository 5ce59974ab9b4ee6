/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "crypto/ed25519.h"

#include <openssl/err.h>
#include <openssl/evp.h>

int ed25519_sign(struct slice seed, struct slice message,
                 unsigned char out[static ED25519_SIGNATURE_LEN])
{
    size_t len = ED25519_SIGNATURE_LEN;
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL,
                                                 (const unsigned char *)seed.data, seed.len);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool is_signed =
        key && ctx && EVP_DigestSignInit(ctx, NULL, NULL, NULL, key) == 1 &&
        EVP_DigestSign(ctx, out, &len, (const unsigned char *)message.data, message.len) == 1;
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(key);
    ERR_clear_error();
    return is_signed ? 0 : -1;
}
