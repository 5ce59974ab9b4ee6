/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "http/auth.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"

struct owned_auth {
    struct http_auth public;
    struct arena arena;
};

static struct http_headers copy_params(struct arena *arena, struct http_headers params)
{
    struct http_header *items = arena_alloc(arena, (params.len + 1) * sizeof(*items));
    for (size_t i = 0; i < params.len; i++)
        items[i] = (struct http_header){arena_copy(arena, params.items[i].name),
                                        arena_copy(arena, params.items[i].value)};
    return (struct http_headers){items, params.len};
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
    struct slice *const texts[] = {
        &to->bearer,           &to->basic.user,       &to->basic.password,
        &to->oauth2.token_url, &to->oauth2.client_id, &to->oauth2.client_secret,
        &to->oauth2.scope,     &to->sigv4.key,        &to->sigv4.secret,
        &to->sigv4.token,      &to->sigv4.region,     &to->sigv4.service,
        &to->tls.cert,         &to->tls.key,          &to->tls.authorities,
    };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        *texts[i] = arena_copy(&copy->arena, *texts[i]);
    to->oauth2.params = copy_params(&copy->arena, auth->oauth2.params);
    to->secrets = copy_secrets(&copy->arena, auth);
    return to;
}

void http_auth_free(struct http_auth *copy)
{
    if (!copy)
        return;
    struct owned_auth *owned = container_of(copy, struct owned_auth, public);
    arena_deinit(&owned->arena);
    free(owned);
}
