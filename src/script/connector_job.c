/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "script/connector_job.h"

#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "base/buf.h"
#include "script/check.h"
#include "script/options.h"

/* ---- problems, with the line where the option is written ---- */

void connector_tell_at(struct connector_job *job, int line, const char *text)
{
    loader_tell(job->l, false, job->source->name.data, line, "%s", text);
    job->is_ok = false;
}

void connector_tell(struct connector_job *job, const char *option, const char *text)
{
    struct slice file = job->source->text;
    connector_tell_at(job, option ? check_find_assignment(file, option) : check_find_return(file),
                      text);
}

void connector_offence(void *ctx, const char *name, const char *text)
{
    connector_tell(ctx, name, text);
}

void connector_tellf(struct connector_job *job, const char *option, const char *fmt, ...)
{
    struct buf text = {0};
    va_list args;
    va_start(args, fmt);
    buf_vprintf(&text, fmt, args);
    va_end(args);
    connector_tell(job, option, text.data);
    buf_deinit(&text);
}

/* ---- values ---- */

/* `what` is shown, "retry.base"; its last part is searched for. */
static const char *last_part(const char *what)
{
    const char *dot = strchr(what, '.');
    return dot ? dot + 1 : what;
}

void connector_read_duration(struct connector_job *job, int index, const char *what, int64_t min,
                             int64_t *ms)
{
    struct err err = {0};
    int64_t value;
    if (lua_isnil(job->L, index))
        return;
    if (option_duration(job->L, index, &value, &err) < 0)
        connector_tellf(job, last_part(what), "%s: %s", what, err.message);
    else if (value < min)
        connector_tellf(job, last_part(what), "%s must be more than 0", what);
    else
        *ms = value;
}

/* A whole number from 1 up. */
bool connector_read_count(lua_State *L, int index, unsigned *count)
{
    lua_Number n = lua_type(L, index) == LUA_TNUMBER ? lua_tonumber(L, index) : 0;
    if (!(n >= 1 && n <= INT_MAX && n == floor(n)))
        return false;
    *count = (unsigned)n;
    return true;
}

/* The place of the string at `index` among `words`, or -1 when that is none of them,
   which is told. */
int connector_read_choice(struct connector_job *job, int index, const char *what,
                          const char *expects, const char *const *words, int n_words)
{
    const char *word = lua_tostring(job->L, index);
    for (int i = 0; i < n_words; i++)
        if (strcmp(words[i], word) == 0)
            return i;
    connector_tellf(job, last_part(what), "%s must be %s, not \"%s\"", what, expects, word);
    return -1;
}
