/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * Certificates as they stand in PEM files (RFC 7468).
 */
#ifndef LIAISON_CRYPTO_CERTIFICATE_H
#define LIAISON_CRYPTO_CERTIFICATE_H

#include "base/attr.h"
#include "base/err.h"
#include "base/slice.h"

/* Whether `cert`, its first certificate, is one that `key`, without a passphrase, belongs to. -1 with
   ERR_INVALID: either isn't what it should be, or they are no pair. Dates aren't looked at. */
int certificate_check_pair(struct slice cert, struct slice key, struct err *err) must_check;

#endif
