/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Signatures of Standard Webhooks (github.com/standard-webhooks/standard-webhooks, its specification):
 * of a message's id, the time of the attempt and the bytes that are sent, by a secret that both sides
 * have. For who reads secrets (script/) and who signs (http/).
 *
 *     webhook_add_signature(&value, secret, id, unix_s, body, &err);   // "v1,K5oZfzN95Z9…="
 */
#ifndef LIAISON_CRYPTO_WEBHOOK_H
#define LIAISON_CRYPTO_WEBHOOK_H

#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

/* Whether messages can be signed by it: "whsec_" and base64, or the base64 alone, for HMAC-SHA256;
   "whsk_" and base64 for Ed25519. -1 with ERR_INVALID, which says nothing of the secret itself. */
int webhook_check_secret(struct slice secret, struct err *err) must_check;

/* Appends "v1,…", of an Ed25519 key "v1a,…". -1 with ERR_INVALID as above, and nothing added. */
int webhook_add_signature(struct buf *out, struct slice secret, struct slice id, int64_t unix_s,
                          struct slice payload, struct err *err) must_check;

#endif
