/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "crypto/certificate.h"

#include <limits.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

static BIO *open_text(struct slice text)
{
    BIO *bio = BIO_new_mem_buf(text.data ? text.data : "", text.len > INT_MAX ? 0 : (int)text.len);
    if (!bio)
        die("out of memory for a certificate");
    return bio;
}

static X509 *read_certificate(struct slice text)
{
    BIO *bio = open_text(text);
    X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    BIO_free(bio);
    return cert;
}

/* Nobody is there to be asked for a passphrase, in place of which an empty one is given. */
static EVP_PKEY *read_key(struct slice text)
{
    char none[] = "";
    BIO *bio = open_text(text);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, none);
    BIO_free(bio);
    return key;
}

int certificate_check_pair(struct slice cert, struct slice key, struct err *err)
{
    X509 *x509 = read_certificate(cert);
    EVP_PKEY *pkey = read_key(key);
    const char *wrong = !x509   ? "the certificate is none in PEM: -----BEGIN CERTIFICATE-----"
                        : !pkey ? "the key is none in PEM, or needs a passphrase: write it without"
                        : X509_check_private_key(x509, pkey) != 1
                            ? "the key doesn't belong to the certificate"
                            : NULL;
    X509_free(x509);
    EVP_PKEY_free(pkey);
    ERR_clear_error();
    return wrong ? err_set(err, ERR_INVALID, "%s", wrong) : 0;
}
