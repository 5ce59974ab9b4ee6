/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* rate = "50/s", "1000/m", "10/h", or false. */
#include "script/connector_job.h"

#include "base/err.h"
#include "base/text.h"

void connector_read_rate(struct connector_job *job, int index)
{
    lua_State *L = job->L;
    struct script_connector *c = &job->connector->public;
    struct err err = {0};
    struct slice text = SLICE_NULL;
    if (lua_isnil(L, index) || (lua_isboolean(L, index) && !lua_toboolean(L, index)))
        return;
    if (lua_type(L, index) == LUA_TSTRING)
        text.data = lua_tolstring(L, index, &text.len);
    if (!text.data)
        connector_tell(job, "rate",
                       "`rate` must be a string as in \"50/s\", \"1000/m\" or \"10/h\", or false");
    else if (text_parse_rate(text, &c->rate_n, &c->rate_ms, &err) < 0)
        connector_tellf(job, "rate", "rate: %s", err.message);
}
