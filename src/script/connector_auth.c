/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "script/connector_auth.h"

#include "script/auth.h"
#include "script/check.h"

/* An option_offence_fn: at the line of the option, or where `auth` is written. */
static void offence(void *ctx, const char *name, const char *text)
{
    struct connector_job *job = ctx;
    int line = name ? check_find_assignment(job->source->text, name) : 0;
    connector_tell_at(job, line ? line : check_find_assignment(job->source->text, "auth"), text);
}

void connector_read_auth(struct connector_job *job, int index)
{
    struct auth auth;
    lua_State *L = job->L;
    bool is_none = lua_isnil(L, index) || (lua_isboolean(L, index) && !lua_toboolean(L, index));
    if (is_none)
        return;
    if (!lua_istable(L, index))
        connector_tell(job, "auth",
                       "a connector: `auth` must be a table as in { bearer = secret \"TOKEN\" }");
    else if (auth_read(L, index, offence, job, &auth))
        job->connector->auth = auth_keep(job->l->m, &auth);
}
