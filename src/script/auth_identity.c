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

/* Three files, of which nothing is kept yet. */
struct files {
    struct slice paths[3]; /* cert, key, ca; absent: not asked for */
    struct buf texts[3];
};
static const char *const names[] = {"cert", "key", "ca"};

static void files_deinit(struct files *files)
{
    for (size_t i = 0; i < ARRAY_LEN(files->texts); i++)
        buf_deinit(&files->texts[i]);
}

static int read_file(const char *project, const char *name, struct slice path, struct buf *text,
                     struct err *err)
{
    struct buf whole = {0};
    if (path.len > 0 && path.data[0] != '/')
        buf_printf(&whole, "%s/", project);
    buf_add_slice(&whole, path);
    int rc = buf_read_file(text, whole.data ? whole.data : "", PEM_MAX, err);
    if (rc < 0)
        err_prefix(err, "auth.tls.%s", name);
    buf_deinit(&whole);
    return rc;
}

static int check(const struct files *files, struct err *err)
{
    static const char begin[] = "-----BEGIN CERTIFICATE-----";
    struct slice cert = buf_slice(&files->texts[0]), key = buf_slice(&files->texts[1]);
    struct slice ca = buf_slice(&files->texts[2]);
    if (files->paths[0].data && certificate_check_pair(cert, key, err) < 0) {
        err_prefix(err, "auth.tls");
        return -1;
    }
    if (files->paths[2].data && (!ca.data || !memmem(ca.data, ca.len, begin, sizeof(begin) - 1)))
        return err_set(err, ERR_INVALID, "auth.tls.ca: %.*s holds no certificate in PEM: %s",
                       SLICE_FMT(files->paths[2]), begin);
    return 0;
}

static int files_read(struct files *files, const char *project, struct err *err)
{
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (files->paths[i].data &&
            read_file(project, names[i], files->paths[i], &files->texts[i], err) < 0)
            return -1;
    return check(files, err);
}

static struct slice keep(struct script_machine *m, struct slice s)
{
    return s.data ? machine_keep(m, s) : SLICE_NULL;
}

static const struct identity *identity_new(struct script_machine *m, const struct files *files)
{
    struct identity *identity = mem_alloc(sizeof(*identity));
    struct slice texts[3];
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) /* a path stands in for a file that isn't read */
        texts[i] = keep(m, m->has_stand_ins ? files->paths[i] : buf_slice(&files->texts[i]));
    *identity = (struct identity){
        .next = m->identities,
        .public = {.cert = texts[0],
                   .key = texts[1],
                   .authorities = texts[2],
                   .cert_path = keep(m, files->paths[0]),
                   .key_path = keep(m, files->paths[1]),
                   .authorities_path = keep(m, files->paths[2])},
    };
    m->identities = identity;
    return identity;
}

int auth_read_identity(struct script_machine *m, struct slice cert, struct slice key,
                       struct slice authorities, struct script_identity *out, struct err *err)
{
    struct files files = {.paths = {cert, key, authorities}};
    const struct identity *identity = find(m, cert, key, authorities);
    if (!identity &&
        (m->has_stand_ins || files_read(&files, sources_project(m->sources), err) == 0))
        identity = identity_new(m, &files);
    if (identity)
        *out = identity->public;
    files_deinit(&files);
    return identity ? 0 : -1;
}
