/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* The files of auth.tls. What is renewed on disk is used from the next reload on. */
#include <stdlib.h>

#include "base/buf.h"
#include "crypto/certificate.h"
#include "script/auth.h"
#include "script/machine.h"
#include "script/sources.h"

#define PEM_MAX ((size_t)1 << 20)

/* Of one machine; the texts are machine_keep's. */
struct identity {
    struct identity *next;
    struct script_identity public;
};

void auth_free_identities(struct identity *first)
{
    for (struct identity *next; first; first = next) {
        next = first->next;
        free(first);
    }
}

static const struct identity *find(const struct script_machine *m, struct slice cert,
                                   struct slice key, struct slice authorities)
{
    for (const struct identity *i = m->identities; i; i = i->next)
        if (slice_is_equal(i->public.cert_path, cert) && slice_is_equal(i->public.key_path, key) &&
            slice_is_equal(i->public.authorities_path, authorities))
            return i;
    return NULL;
}

static int read_file(struct script_machine *m, const char *what, struct slice path,
                     struct slice *kept, struct slice *text, struct err *err)
{
    struct buf whole = {0}, bytes = {0};
    if (!path.data)
        return 0;
    *kept = machine_keep(m, path);
    if (m->has_stand_ins) {
        *text = *kept;
        return 0;
    }
    if (path.len > 0 && path.data[0] != '/')
        buf_printf(&whole, "%s/", sources_project(m->sources));
    buf_add_slice(&whole, path);
    int rc = buf_read_file(&bytes, whole.data ? whole.data : "", PEM_MAX, err);
    if (rc == 0)
        *text = machine_keep(m, buf_slice(&bytes));
    else
        err_prefix(err, "auth.tls.%s", what);
    buf_deinit(&whole);
    buf_deinit(&bytes);
    return rc;
}

static int check(const struct script_identity *identity, struct err *err)
{
    static const char begin[] = "-----BEGIN CERTIFICATE-----";
    const struct slice ca = identity->authorities;
    if (identity->cert.data && certificate_check_pair(identity->cert, identity->key, err) < 0) {
        err_prefix(err, "auth.tls");
        return -1;
    }
    if (ca.data && !memmem(ca.data, ca.len, begin, sizeof(begin) - 1))
        return err_set(err, ERR_INVALID, "auth.tls.ca: %.*s holds no certificate in PEM: %s",
                       SLICE_FMT(identity->authorities_path), begin);
    return 0;
}

int auth_read_identity(struct script_machine *m, struct slice cert, struct slice key,
                       struct slice authorities, struct script_identity *out, struct err *err)
{
    const struct identity *known = find(m, cert, key, authorities);
    struct script_identity fresh = {.cert = SLICE_NULL};
    if (known) {
        *out = known->public;
        return 0;
    }
    if (read_file(m, "cert", cert, &fresh.cert_path, &fresh.cert, err) < 0 ||
        read_file(m, "key", key, &fresh.key_path, &fresh.key, err) < 0 ||
        read_file(m, "ca", authorities, &fresh.authorities_path, &fresh.authorities, err) < 0 ||
        (!m->has_stand_ins && check(&fresh, err) < 0))
        return -1;
    struct identity *identity = mem_alloc(sizeof(*identity));
    *identity = (struct identity){m->identities, fresh};
    m->identities = identity;
    *out = fresh;
    return 0;
}
