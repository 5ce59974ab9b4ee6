/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "http/late_tls.h"

#include <dlfcn.h>
#include <stdbool.h>

#include <gnutls/gnutls.h>

/* What the library itself would do when it is loaded. */
GNUTLS_SKIP_GLOBAL_INIT

/* The program's constructors run after those of its libraries, and before main: it doesn't change after. */
static bool are_libraries_loaded;

__attribute__((constructor)) static void note_loaded(void)
{
    are_libraries_loaded = true;
}

/* Stands before the library's own: libmicrohttpd calls it when it is loaded. Whoever calls it later
   means it. */
int gnutls_global_init(void)
{
    if (!are_libraries_loaded)
        return GNUTLS_E_SUCCESS;
    int (*init)(void) = NULL;
    *(void **)&init = dlsym(RTLD_NEXT, "gnutls_global_init");
    return init ? init() : GNUTLS_E_UNIMPLEMENTED_FEATURE;
}

int late_tls_open(struct err *err)
{
    int code = gnutls_global_init();
    return code == GNUTLS_E_SUCCESS
               ? 0
               : err_set(err, ERR_IO, "GnuTLS can't be set up: %s", gnutls_strerror(code));
}
