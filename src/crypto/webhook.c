/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "crypto/webhook.h"

#include <inttypes.h>
#include <openssl/crypto.h>

#include "base/base64.h"
#include "crypto/digest.h"
#include "crypto/ed25519.h"

#define SYMMETRIC SLICE_LIT("whsec_")
#define ASYMMETRIC SLICE_LIT("whsk_")

static bool is_asymmetric(struct slice secret)
{
    return slice_has_prefix(secret, ASYMMETRIC);
}

/* The bytes of the key, which are the caller's to wipe. */
static int read_key(struct slice secret, struct buf *key, struct err *err)
{
    struct slice text = secret;
    if (is_asymmetric(secret))
        text = slice_from(secret, ASYMMETRIC.len);
    else if (slice_has_prefix(secret, SYMMETRIC))
        text = slice_from(secret, SYMMETRIC.len);
    if (base64_parse_loose(text, key) < 0 || key->len == 0)
        return err_set(
            err, ERR_INVALID,
            "a secret to sign by is whsec_ (or whsk_, for Ed25519) and base64 behind it, "
            "as the receiver gives it");
    if (!is_asymmetric(secret))
        return 0;
    /* The public key may stand behind the private one. */
    if (key->len != ED25519_SEED_LEN && key->len != (size_t)2 * ED25519_SEED_LEN)
        return err_set(err, ERR_INVALID,
                       "a whsk_ secret has %d bytes, or %d with the public key; this one has %zu",
                       ED25519_SEED_LEN, 2 * ED25519_SEED_LEN, key->len);
    return 0;
}

static void wipe(struct buf *key)
{
    if (key->data)
        OPENSSL_cleanse(key->data, key->cap);
    buf_deinit(key);
}

int webhook_check_secret(struct slice secret, struct err *err)
{
    struct buf key = {0};
    int rc = read_key(secret, &key, err);
    wipe(&key);
    return rc;
}

static void add_hmac(struct buf *out, struct slice key, struct slice head, struct slice payload)
{
    unsigned char bytes[DIGEST_LEN_MAX];
    struct digest *d = digest_new(DIGEST_SHA256, key);
    if (!d)
        die("SHA-256 is not available");
    digest_add(d, head);
    digest_add(d, payload);
    size_t len = digest_end(d, bytes);
    buf_add_str(out, "v1,");
    base64_add(out, slice_of((const char *)bytes, len));
}

static int add_ed25519(struct buf *out, struct slice key, struct buf *head, struct slice payload,
                       struct err *err)
{
    unsigned char bytes[ED25519_SIGNATURE_LEN];
    buf_add_slice(head, payload);
    if (ed25519_sign(slice_upto(key, ED25519_SEED_LEN), buf_slice(head), bytes) < 0)
        return err_set(err, ERR_INVALID, "this machine's OpenSSL doesn't offer Ed25519");
    buf_add_str(out, "v1a,");
    base64_add(out, slice_of((const char *)bytes, sizeof(bytes)));
    return 0;
}

int webhook_add_signature(struct buf *out, struct slice secret, struct slice id, int64_t unix_s,
                          struct slice payload, struct err *err)
{
    struct buf key = {0}, head = {0};
    int rc = read_key(secret, &key, err);
    if (rc == 0) {
        buf_printf(&head, "%.*s.%" PRId64 ".", SLICE_FMT(id), unix_s);
        if (is_asymmetric(secret))
            rc = add_ed25519(out, buf_slice(&key), &head, payload, err);
        else
            add_hmac(out, buf_slice(&key), buf_slice(&head), payload);
    }
    wipe(&key);
    buf_deinit(&head);
    return rc;
}
