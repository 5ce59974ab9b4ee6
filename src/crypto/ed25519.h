/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Signatures by Ed25519 (RFC 8032).
 */
#ifndef LIAISON_CRYPTO_ED25519_H
#define LIAISON_CRYPTO_ED25519_H

#include "base/attr.h"
#include "base/slice.h"

#define ED25519_SEED_LEN 32 /* bytes of a private key */
#define ED25519_SIGNATURE_LEN 64

/* Signs by the private key that `seed` is, ED25519_SEED_LEN bytes. -1 where OpenSSL has no such
   algorithm, as where its configuration allows approved ones alone. */
int ed25519_sign(struct slice seed, struct slice message,
                 unsigned char out[static ED25519_SIGNATURE_LEN]) must_check;

#endif
