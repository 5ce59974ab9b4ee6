/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "http/auth.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"

struct owned_auth {
    struct http_auth public;
    struct arena arena;
};

#define TEXTS 15

/* All of it but lists. */
static void list_texts(struct http_auth *auth, struct slice *texts[TEXTS])
{
    struct slice *const all[TEXTS] = {
        &auth->bearer,           &auth->basic.user,       &auth->basic.password,
        &auth->oauth2.token_url, &auth->oauth2.client_id, &auth->oauth2.client_secret,
        &auth->oauth2.scope,     &auth->sigv4.key,        &auth->sigv4.secret,
        &auth->sigv4.token,      &auth->sigv4.region,     &auth->sigv4.service,
        &auth->tls.cert,         &auth->tls.key,          &auth->tls.authorities,
    };
    memcpy(texts, all, sizeof(all));
}

static const struct slice *copy_secrets(struct arena *arena, const struct http_auth *auth)
{
    struct slice *secrets = arena_alloc(arena, (auth->n_secrets + 1) * sizeof(*secrets));
    for (size_t i = 0; i < auth->n_secrets; i++)
        secrets[i] = arena_copy(arena, auth->secrets[i]);
    return secrets;
}

struct http_auth *http_auth_copy(const struct http_auth *auth)
{
    struct owned_auth *copy = mem_calloc(1, sizeof(*copy));
    struct http_auth *to = &copy->public;
    *to = *auth;
    struct slice *texts[TEXTS];
    list_texts(to, texts);
    for (size_t i = 0; i < TEXTS; i++)
        *texts[i] = arena_copy(&copy->arena, *texts[i]);
    to->oauth2.params = http_headers_copy(auth->oauth2.params, &copy->arena);
    to->secrets = copy_secrets(&copy->arena, auth);
    return to;
}

void http_auth_add_key(const struct http_auth *auth, struct buf *key)
{
    struct http_auth all = *auth;
    struct slice *texts[TEXTS];
    const char counts[] = {(char)auth->n_secrets, (char)auth->oauth2.params.len,
                           (char)auth->oauth2.is_in_body};
    list_texts(&all, texts);
    buf_add(key, counts, sizeof(counts));
    for (size_t i = 0; i < TEXTS; i++)
        buf_add_part(key, *texts[i]);
    for (size_t i = 0; i < auth->n_secrets; i++)
        buf_add_part(key, auth->secrets[i]);
    for (size_t i = 0; i < auth->oauth2.params.len; i++) {
        buf_add_part(key, auth->oauth2.params.items[i].name);
        buf_add_part(key, auth->oauth2.params.items[i].value);
    }
}

void http_auth_free(struct http_auth *copy)
{
    if (!copy)
        return;
    struct owned_auth *owned = container_of(copy, struct owned_auth, public);
    arena_deinit(&owned->arena);
    free(owned);
}
