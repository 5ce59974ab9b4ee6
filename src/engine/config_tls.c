/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * The certificate and key that `listen` is served with.
 */
#include "crypto/certificate.h"
#include "engine/config.h"

#define PEM_MAX ((size_t)1 << 20)

static int read_pem(const char *name, const char *path, struct buf *pem, struct err *err)
{
    if (buf_read_file(pem, path, PEM_MAX, err) == 0)
        return 0;
    err->code = ERR_INVALID;
    err_prefix(err, "%s", name);
    return -1;
}

int config_read_tls(const struct config *config, struct buf *cert, struct buf *key, struct err *err)
{
    if (!config->tls_cert)
        return 0;
    if (read_pem("tls.cert", config->tls_cert, cert, err) < 0 ||
        read_pem("tls.key", config->tls_key, key, err) < 0)
        return -1;
    if (certificate_check_pair(buf_slice(cert), buf_slice(key), err) == 0)
        return 0;
    err_prefix(err, "tls: %s, %s", config->tls_cert, config->tls_key);
    return -1;
}
