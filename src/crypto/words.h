/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The words of OpenSSL's errors: "wrong version number" and three thousand others. Found out by the
 * library when it is set up, they take 400 KiB of resident memory, in every process that might speak
 * TLS one day. So they are left out until it does.
 */
#ifndef LIAISON_CRYPTO_WORDS_H
#define LIAISON_CRYPTO_WORDS_H

/* Before anything else sets up OpenSSL's libssl (libcurl does); afterwards it does nothing. */
void words_leave_out(void);

/* Before TLS is spoken: from now on its errors have words. All calls but the first do nothing. */
void words_load(void);

#endif
