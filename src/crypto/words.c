/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */

/* OpenSSL 3 has no other call that loads what was left out at first. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "crypto/words.h"

#include <pthread.h>

#include <openssl/cryptoerr_legacy.h>
#include <openssl/ssl.h>
#include <openssl/sslerr_legacy.h>

#include "base/err.h"

void words_leave_out(void)
{
    const uint64_t without = OPENSSL_INIT_NO_LOAD_SSL_STRINGS | OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS;
    if (OPENSSL_init_ssl(without, NULL) != 1)
        die("OpenSSL can't be set up");
}

static pthread_once_t load_once = PTHREAD_ONCE_INIT;

static void load(void)
{
    ERR_load_SSL_strings();
    ERR_load_X509_strings();
    ERR_load_PEM_strings();
    ERR_load_EVP_strings();
    ERR_load_RSA_strings();
    ERR_load_EC_strings();
}

void words_load(void)
{
    pthread_once(&load_once, load);
}
