/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "script/connector_batch.h"

#include <math.h>

#include "base/text.h"
#include "script/options.h"

#define SIZE_DEFAULT 500
#define SIZE_MAX_ROWS 10000
#define BYTES_DEFAULT (INT64_C(1) << 20)
#define BYTES_MAX (INT64_C(16) << 20)
#define WAIT_DEFAULT_MS 200

enum { BATCH_SIZE, BATCH_BYTES, BATCH_WAIT };
static const struct option rows[] = {
    {"size", OPTION_NUMBER, "a whole number of rows"},
    {"bytes", OPTION_ANY, NULL},
    {"wait", OPTION_DURATION, NULL},
};
static const struct option_set options = OPTION_SET("batch", rows);

static void read_size(struct connector_job *job, int index)
{
    struct script_connector *c = &job->connector->public;
    if (lua_isnil(job->L, index))
        return;
    if (!connector_read_count(job->L, index, &c->batch_size) || c->batch_size > SIZE_MAX_ROWS) {
        c->batch_size = SIZE_DEFAULT;
        connector_tellf(job, "size", "batch.size must be a whole number of rows from 1 to %d",
                        SIZE_MAX_ROWS);
    }
}

static bool read_bytes_value(lua_State *L, int index, int64_t *bytes)
{
    struct slice text;
    if (lua_type(L, index) == LUA_TNUMBER) {
        lua_Number n = lua_tonumber(L, index);
        *bytes = n >= 1 && n <= (lua_Number)BYTES_MAX && n == floor(n) ? (int64_t)n : 0;
    } else {
        text.data = lua_tolstring(L, index, &text.len);
        if (!text.data || text_parse_size(text, bytes, NULL) < 0)
            return false;
    }
    return *bytes >= 1 && *bytes <= BYTES_MAX;
}

static void read_bytes(struct connector_job *job, int index)
{
    int64_t bytes;
    if (lua_isnil(job->L, index))
        return;
    if (read_bytes_value(job->L, index, &bytes))
        job->connector->public.batch_bytes = bytes;
    else
        connector_tell(job, "bytes", "batch.bytes must be a size up to 16MB, as in \"1MB\"");
}

static void read_rows(struct connector_job *job, int index)
{
    lua_State *L = job->L;
    int base = lua_gettop(L) + 1;
    options_read(L, index, &options, connector_offence, job);
    read_size(job, base + BATCH_SIZE);
    read_bytes(job, base + BATCH_BYTES);
    connector_read_duration(job, base + BATCH_WAIT, "batch.wait", 0,
                            &job->connector->public.batch_wait_ms);
    lua_settop(L, base - 1);
}

void connector_read_batch(struct connector_job *job, int index)
{
    lua_State *L = job->L;
    struct script_connector *c = &job->connector->public;
    bool is_table = lua_istable(L, index);
    if (!is_table && !lua_toboolean(L, index))
        return;
    c->batch_size = SIZE_DEFAULT;
    c->batch_bytes = BYTES_DEFAULT;
    c->batch_wait_ms = WAIT_DEFAULT_MS;
    if (is_table)
        read_rows(job, index);
    else if (!lua_isboolean(L, index))
        connector_tell(
            job, "batch",
            "`batch` must be true or false, or a table as in { size = 500, bytes = \"1MB\", "
            "wait = \"200ms\" }");
}
