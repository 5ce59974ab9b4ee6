/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/*
 * What scripts say in `auth`, as http takes it.
 */
#include "engine/parts.h"

const struct http_auth *auth_of(const struct script_auth *said, struct http_auth *auth)
{
    static_assert(sizeof(struct script_header) == sizeof(struct http_header),
                  "a header is a name and a value on both sides");
    if (!said)
        return NULL;
    *auth = (struct http_auth){
        .bearer = said->bearer,
        .basic = {said->user, said->password},
        .oauth2 =
            {
                .token_url = said->token_url,
                .client_id = said->client_id,
                .client_secret = said->client_secret,
                .scope = said->scope,
                .params = {(const struct http_header *)said->params, said->n_params},
                .is_in_body = said->is_in_body,
            },
        .sigv4 = {said->aws_key, said->aws_secret, said->aws_token, said->aws_region,
                  said->aws_service},
        .secrets = said->secrets,
        .n_secrets = said->n_secrets,
        .tls = {said->identity.cert, said->identity.key, said->identity.authorities},
    };
    return auth;
}
