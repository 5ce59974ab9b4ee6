/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
/* breaker = { failures = 5, open = "30s" }, or false. */
#include "script/connector_job.h"

#include "base/attr.h"
#include "script/options.h"

/* As many as are counted. */
#define FAILURES_MAX 1000

enum {
    BREAKER_FAILURES,
    BREAKER_OPEN,
};
static const struct option breaker_rows[] = {
    {"failures", OPTION_ANY, NULL},
    {"open", OPTION_DURATION, NULL},
};
static const struct option_set breaker_options = OPTION_SET("breaker", breaker_rows);

static void read_table(struct connector_job *job, int index)
{
    lua_State *L = job->L;
    struct script_connector *c = &job->connector->public;
    int base = lua_gettop(L) + 1;
    options_read(L, index, &breaker_options, connector_offence, job);
    unsigned failures = c->breaker_failures;
    bool is_count = lua_isnil(L, base + BREAKER_FAILURES) ||
                    connector_read_count(L, base + BREAKER_FAILURES, &failures);
    if (!is_count || failures > FAILURES_MAX)
        connector_tellf(job, "failures", "breaker.failures must be a whole number from 1 to %d",
                        FAILURES_MAX);
    c->breaker_failures = failures;
    connector_read_duration(job, base + BREAKER_OPEN, "breaker.open", 1, &c->breaker_open_ms);
    lua_settop(L, base - 1);
}

void connector_read_breaker(struct connector_job *job, int index)
{
    lua_State *L = job->L;
    if (lua_isnil(L, index))
        return;
    if (lua_istable(L, index))
        read_table(job, index);
    else if (lua_isboolean(L, index) && !lua_toboolean(L, index))
        job->connector->public.breaker_failures = 0;
    else
        connector_tell(
            job, "breaker",
            "`breaker` must be a table as in { failures = 5, open = \"30s\" }, or false");
}
