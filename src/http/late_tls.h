/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * GnuTLS, by which libmicrohttpd serves HTTPS, set up when something is served so and not at each start of
 * the program: it parses its grammars and looks all of its tables up, which would cost a daemon 0.6 MiB of
 * resident memory, whether or not it has a certificate. For server.c.
 */
#ifndef LIAISON_HTTP_LATE_TLS_H
#define LIAISON_HTTP_LATE_TLS_H

#include "base/err.h"

/* Before the first of libmicrohttpd's daemons that speaks TLS; again is cheap. ERR_IO where it can't. */
must_check int late_tls_open(struct err *err);

#endif
